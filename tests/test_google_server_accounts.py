"""Who reaches the local Google server: tokens, scopes, roles, and the sockets."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import gspread
import pytest
import requests
from google.auth.exceptions import RefreshError

from tests.google_callers import (
    ANN,
    FILE_SCOPE,
    ROBOT,
    SHEETS_SCOPE,
    local_client,
    make_log,
    person,
    post,
    refusal,
    robot,
    robot_credentials,
)
from tests.google_server import GoogleServer


@pytest.fixture
def log_id(google: GoogleServer) -> str:
    return make_log(google)


def test_a_robot_gets_a_token_and_opens_a_shared_book(google: GoogleServer, log_id: str) -> None:
    """A signed JWT buys a token; open_by_key reads the recorded metadata shape; tokens are not recorded."""
    book = robot(google).open_by_key(log_id)
    assert (book.title, book.locale, book.timezone) == ("Goals 2026", "en_US", "Etc/GMT")
    assert [(tab.title, tab.id, tab.row_count, tab.col_count) for tab in book.worksheets()] == [("Log", 0, 1000, 26)]
    assert [(each.method, each.status) for each in google.requests] == [("GET", 200), ("GET", 200)]
    google.clear_requests()
    assert google.requests == []


def test_a_wrong_signature_gets_no_token(google: GoogleServer, log_id: str) -> None:
    """A JWT signed by another account's key is an invalid_grant, as is any after revocation."""
    key = google.service_account(ROBOT)
    other = google.service_account("other@demo.iam.gserviceaccount.com")
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        local_client(google, robot_credentials({**key, "private_key": other["private_key"]})).open_by_key(log_id)
    google.revoke(ROBOT)
    with pytest.raises(RefreshError, match="invalid_grant"):
        local_client(google, robot_credentials(key)).open_by_key(log_id)
    assert google.requests == []


def test_a_person_works_with_a_refresh_token_until_it_is_revoked(google: GoogleServer, log_id: str) -> None:
    """grant_type=refresh_token gives tokens; after revoke the token endpoint says so."""
    assert person(google).open_by_key(log_id).title == "Goals 2026"
    late = person(google)
    google.revoke(ANN)
    with pytest.raises(RefreshError, match="Token has been expired or revoked"):
        late.open_by_key(log_id)


def test_a_call_without_a_live_token_is_401(google: GoogleServer, log_id: str) -> None:
    """No token and an unknown token are both UNAUTHENTICATED."""
    url = f"{google.endpoint}/v4/spreadsheets/{log_id}"
    for headers in ({}, {"Authorization": "Bearer ya29.nothing"}):
        answer = requests.get(url, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_scopes_bound_to_the_token_are_enforced(google: GoogleServer, log_id: str) -> None:
    """A read-only token can't write; a drive.file token reaches only what its own app made."""
    reader = robot(google, (SHEETS_SCOPE + ".readonly",)).open_by_key(log_id)
    assert refusal(lambda: reader.sheet1.update([["x"]], "A1"))["status"] == "PERMISSION_DENIED"
    own_app = person(google, scopes=(FILE_SCOPE,))
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        own_app.open_by_key(log_id)
    made = own_app.create("Made by the app")
    assert own_app.open_by_key(made.id).title == "Made by the app"


def test_files_not_shared_and_readers(google: GoogleServer, log_id: str) -> None:
    """Not shared: 403 for reading; a reader reads but a write is 403; an unknown id is 404."""
    private = google.create_spreadsheet("Private", owner=ANN)
    client = robot(google)
    with pytest.raises(PermissionError):
        client.open_by_key(private)
    google.share(log_id, ROBOT, "reader")
    sheet = client.open_by_key(log_id).sheet1
    assert sheet.acell("B2").value == "Ann"
    error = refusal(lambda: sheet.update([["x"]], "A1"))
    assert error == {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        client.open_by_key("1unknown")


def test_a_service_account_can_create_nothing(google: GoogleServer) -> None:
    """Drive answers storageQuotaExceeded with the newer text, Sheets the plain 403."""
    client = robot(google)
    error = refusal(lambda: client.create("Mine"))
    assert error["errors"][0]["reason"] == "storageQuotaExceeded"
    assert error["errors"][0]["domain"] == "usageLimits"
    assert error["message"].startswith("Service Accounts do not have storage quota.")
    assert refusal(lambda: post(client, google, "", {}))["message"] == "The caller does not have permission"


def test_a_stopped_server_answers_no_more() -> None:
    """Leaving the context closes kept-alive connections as well as the port."""
    with requests.Session() as session:
        with GoogleServer() as server:
            url = f"{server.endpoint}/v4/spreadsheets/x"
            assert session.get(url, timeout=5).status_code == 401
        with pytest.raises(requests.ConnectionError):
            session.get(url, timeout=5)


def test_answers_are_pretty_utf8_json(google: GoogleServer, log_id: str) -> None:
    """Two spaces, a final newline, unescaped characters and Google's content type, as recorded."""
    client = robot(google)
    google.spreadsheet(log_id).rename_tab("Log", "🌵 log")
    answer = client.http_client.request(
        "get", f"{google.endpoint}/v4/spreadsheets/{log_id}/values/%27%F0%9F%8C%B5%20log%27!A1"
    )
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.text.startswith('{\n  "range": "\'🌵 log\'!A1",\n') and answer.text.endswith("}\n")
    assert json.loads(answer.text)["values"] == [["Date"]]


def test_an_answer_against_the_schema_is_a_loud_500(google: GoogleServer, log_id: str) -> None:
    """State the API could never show makes the server fail its own answer instead of passing it on."""
    google.spreadsheet(log_id).book.named_ranges.append({"nonsense": True})
    answer = refusal(lambda: robot(google).open_by_key(log_id))
    assert answer["code"] == 500
    assert "breaks its schema" in answer["message"]
    assert google.requests[-1].status == 500


def test_many_clients_at_once_lose_nothing(google: GoogleServer, log_id: str) -> None:
    """Ten connections append ten rows each; all hundred are there."""
    clients = [robot(google) for _ in range(10)]
    sheets = [client.open_by_key(log_id).sheet1 for client in clients]

    def work(number: int) -> None:
        for i in range(10):
            sheets[number].append_row([f"{number}-{i}", "x", "y"])

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(work, range(10)))
    assert len({line[0] for line in google.spreadsheet(log_id).values("Log")}) == 103
