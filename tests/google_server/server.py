"""GoogleServer: the whole thing as a context manager, and what a test may ask of it.

Decided here: API calls run one at a time under one lock, which the browser side shares.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from tests.google_server import service
from tests.google_server.accounts import plain_scopes
from tests.google_server.browser import OpenBook
from tests.google_server.drive_state import SPREADSHEET, Workspace
from tests.google_server.listener import Listener
from tests.google_server.wire import Answer, HttpRequest, Json, Recorded

TOKEN_PATH = "/token"
DEFAULT_SCOPES = (
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive",
)
DEFAULT_CLIENT = "764086051850-sheetsync.apps.googleusercontent.com"


class GoogleServer:
    """A Google of one's own on 127.0.0.1."""

    def __init__(self) -> None:
        self.workspace = Workspace()
        self._lock = threading.RLock()
        self._recorded: list[Recorded] = []
        self._listener = Listener(self._respond)
        # The default polling interval of half a second would be paid at the end of every test.
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> GoogleServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._listener.server_port}"

    @property
    def token_uri(self) -> str:
        return self.endpoint + TOKEN_PATH

    def service_account(self, email: str) -> Json:
        """A key file of a service account; the account exists from now on."""
        with self._lock:
            return self.workspace.accounts.service_account(email, self.token_uri)

    def authorized_user(
        self, email: str, scopes: Iterable[str] = DEFAULT_SCOPES, client_id: str = DEFAULT_CLIENT
    ) -> Json:
        """An authorized_user file of a person who consented to these scopes for one OAuth client."""
        granted = plain_scopes(list(scopes))
        with self._lock:
            return self.workspace.accounts.authorized_user(email, granted, self.token_uri, client_id)

    def revoke(self, email: str) -> None:
        """The account's keys, refresh tokens and access tokens stop working."""
        with self._lock:
            self.workspace.accounts.revoke(email)

    def create_spreadsheet(self, title: str, owner: str, share: Mapping[str, str] | None = None) -> str:
        """A blank file made by a person in the browser, shared as they wish; gives its id."""
        with self._lock:
            file = self.workspace.add_file(title, SPREADSHEET, owner)
            for email, role in (share or {}).items():
                file.permissions.append(self.workspace.permission(email, role))
            return file.id

    def share(self, file_id: str, email: str, role: str) -> None:
        """The owner shares a file in the browser; role "" takes the access away."""
        with self._lock:
            file = self.workspace.files[file_id]
            file.permissions = [each for each in file.permissions if each.get("emailAddress") != email]
            if role:
                file.permissions.append(self.workspace.permission(email, role))

    def spreadsheet(self, file_id: str) -> OpenBook:
        return OpenBook(self.workspace, self.workspace.files[file_id], self._lock)

    @property
    def requests(self) -> list[Recorded]:
        """The API requests so far, oldest first, without token requests."""
        with self._lock:
            return list(self._recorded)

    def clear_requests(self) -> None:
        with self._lock:
            self._recorded.clear()

    def _respond(self, request: HttpRequest) -> Answer:
        with self._lock:
            if request.path == TOKEN_PATH and request.method == "POST":
                return self.workspace.accounts.answer(request.body)
            answer = service.answer(self.workspace, request)
            self._recorded.append(_record(request, answer))
            return answer


def _record(request: HttpRequest, answer: Answer) -> Recorded:
    response: Any = json.loads(json.dumps(answer.body))
    return Recorded(request.method, request.path, request.query, _parsed(request.body), answer.status, response)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")
