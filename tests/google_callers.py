"""Real clients of the local Google server, and what its tests ask them to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gspread
import pytest
import requests
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account

from tests.google_server import GoogleServer

ROBOT = "robot@demo.iam.gserviceaccount.com"
ANN = "ann@example.com"
SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
DRIVE_SCOPE = "https://www.googleapis.com/auth/drive"
FILE_SCOPE = "https://www.googleapis.com/auth/drive.file"
BOTH = (SHEETS_SCOPE, DRIVE_SCOPE)
HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")


def make_log(google: GoogleServer) -> str:
    """Ann's spreadsheet with a tab Log of three rows, shared with the robot as writer."""
    file_id = google.create_spreadsheet("Goals 2026", owner=ANN, share={ROBOT: "writer"})
    book = google.spreadsheet(file_id)
    book.rename_tab("Sheet1", "Log")
    book.type("Log", "A1", [["Date", "Who", "Count"], ["2026-01-05", "Ann", 3], ["2026-01-06", "Bo", 4.5]])
    return file_id


def local_client(google: GoogleServer, credentials: Any) -> gspread.Client:
    """A gspread client whose calls go to the server instead of Google."""

    class Local(gspread.HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
            for host in HOSTS:
                endpoint = endpoint.replace(host, google.endpoint)
            return super().request(method, endpoint, *args, **kwargs)

    return gspread.Client(auth=credentials, http_client=Local)


def robot_credentials(key: dict[str, Any], scopes: tuple[str, ...] = BOTH) -> Any:
    credentials = service_account.Credentials.from_service_account_info(key, scopes=list(scopes))  # type: ignore[no-untyped-call]
    credentials._is_regional_access_boundary_lookup_required = lambda: False
    return credentials


def robot(google: GoogleServer, scopes: tuple[str, ...] = BOTH) -> gspread.Client:
    return local_client(google, robot_credentials(google.service_account(ROBOT), scopes))


def person(google: GoogleServer, email: str = ANN, scopes: tuple[str, ...] = BOTH) -> gspread.Client:
    info = google.authorized_user(email, scopes=scopes)
    credentials = user_credentials.Credentials(  # type: ignore[no-untyped-call]
        None,
        refresh_token=info["refresh_token"],
        token_uri=info["token_uri"],
        client_id=info["client_id"],
        client_secret=info["client_secret"],
        scopes=list(scopes),
    )
    return local_client(google, credentials)


def access_token(google: GoogleServer, email: str) -> str:
    info = google.authorized_user(email)
    form = {name: info[name] for name in ("client_id", "client_secret", "refresh_token")}
    answer = requests.post(google.token_uri, data={"grant_type": "refresh_token", **form}, timeout=10)
    return str(answer.json()["access_token"])


def post(client: gspread.Client, google: GoogleServer, path: str, body: Any) -> Any:
    return client.http_client.request("post", f"{google.endpoint}/v4/spreadsheets{path}", json=body).json()


def batch(client: gspread.Client, google: GoogleServer, file_id: str, *requests_: Any) -> Any:
    return post(client, google, f"/{file_id}:batchUpdate", {"requests": list(requests_)})


def refusal(action: Callable[[], object]) -> dict[str, Any]:
    """The `error` of the APIError an action ends in."""
    with pytest.raises(gspread.exceptions.APIError) as caught:
        action()
    error: dict[str, Any] = caught.value.response.json()["error"]
    return error


def rows(*lines: list[str]) -> list[Any]:
    return [{"values": [{"userEnteredValue": {"stringValue": text}} for text in line]} for line in lines]
