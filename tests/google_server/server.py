"""GoogleServer: the whole thing as a context manager, and what a test may ask of it.

Decided here: API calls run one at a time under one lock, which the browser side shares; a request that a fault keeps
from being applied costs no quota, and people act on it all the same.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

from tests.google_server import service
from tests.google_server.accounts import plain_scopes
from tests.google_server.browser import OpenBook
from tests.google_server.discovery import find_method
from tests.google_server.drive_state import SPREADSHEET, Workspace
from tests.google_server.faults import PROMPT, TOKEN_PATH, Fault, Planned, is_token
from tests.google_server.listener import Listener, Reply
from tests.google_server.quotas import Quotas
from tests.google_server.wire import Answer, HttpRequest, Json, Recorded

DEFAULT_SCOPES = (
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive",
)
DEFAULT_CLIENT = "764086051850-sheetsync.apps.googleusercontent.com"


class GoogleServer:
    """A Google of one's own on 127.0.0.1.

    `quotas` None: as many requests as one likes. `clock_offset`: by so much the Date header is ahead of the time.
    """

    def __init__(self) -> None:
        self.workspace = Workspace()
        self.quotas: Quotas | None = None
        self.clock_offset = timedelta()
        self._lock = threading.RLock()
        self._recorded: list[Recorded] = []
        self._token_requests = 0
        self._planned: list[Planned] = []
        # By the API request's number and whether they act before it or after it.
        self._people: dict[tuple[int, str], list[Callable[[], object]]] = {}
        self._arrived = 0
        self._stumbles: list[Exception] = []
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
        if self._stumbles and value is None:
            raise self._stumbles[0]

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

    def inject(self, fault: Fault, at: int = 1, times: int | None = 1, on: str = "") -> None:
        """Strike the `at`-th request from now on that matches, and the next until `times` (None: for ever).

        `on` is a part of "POST /v4/spreadsheets/..."; "/token" means token requests. Of two faults for one request
        the one injected first strikes.
        """
        assert at >= 1
        with self._lock:
            self._planned.append(Planned(fault, at, times, on or fault.on))

    def clear_faults(self) -> None:
        with self._lock:
            self._planned.clear()

    def before(self, n: int, action: Callable[[], object]) -> None:
        """Somebody acts just before the n-th API request from now is applied.

        No other request comes in between, so the action must not wait for one. What it raises, leaving this
        server's `with` block raises.
        """
        self._plan(n, "before", action)

    def after(self, n: int, action: Callable[[], object]) -> None:
        """Likewise just after, when the answer has not left yet."""
        self._plan(n, "after", action)

    def expire_tokens(self) -> None:
        """Every access token given out so far has expired; refreshing works."""
        with self._lock:
            self.workspace.accounts.tokens.clear()

    @property
    def requests(self) -> list[Recorded]:
        """The API requests so far, oldest first, without token requests."""
        with self._lock:
            return list(self._recorded)

    @property
    def token_requests(self) -> int:
        """How many requests the token endpoint has had, whatever became of them."""
        with self._lock:
            return self._token_requests

    def clear_requests(self) -> None:
        """Forget them, token requests too."""
        with self._lock:
            self._recorded.clear()
            self._token_requests = 0

    def _plan(self, n: int, when: str, action: Callable[[], object]) -> None:
        assert n >= 1
        with self._lock:
            self._people.setdefault((self._arrived + n, when), []).append(action)

    def _respond(self, request: HttpRequest) -> Reply:
        with self._lock:
            # Every plan counts every request, so all of them are asked.
            striking = [plan.fault for plan in self._planned if plan.strikes(request)]
            fault = striking[0] if striking else None
            if is_token(request):
                self._token_requests += 1
                answer = _outcome(fault, lambda: self.workspace.accounts.answer(request.body))
            else:
                self._arrived += 1
                self._let_act("before")
                answer = _outcome(fault, lambda: self._refusal(request) or service.answer(self.workspace, request))
                self._let_act("after")
                self._recorded.append(_record(request, answer))
            return Reply(answer, datetime.now(UTC) + self.clock_offset, fault.sending if fault else PROMPT)

    def _let_act(self, when: str) -> None:
        for action in self._people.pop((self._arrived, when), []):
            try:
                action()
            except Exception as error:
                self._stumbles.append(error)

    def _refusal(self, request: HttpRequest) -> Answer | None:
        """The refusal of a caller whose quota has run out; who is not known has none."""
        found = find_method(request.method, request.path)
        token = self.workspace.accounts.token(request.headers.get("authorization", ""))
        return self.quotas.refusal(found[0], token) if self.quotas and found and token else None


def _outcome(fault: Fault | None, apply: Callable[[], Answer]) -> Answer | None:
    """The answer that leaves, if one does, after the request had its effect or not."""
    if fault is None:
        return apply()
    own = apply() if fault.applied else None
    return None if fault.sending.reset else fault.answer or own


def _record(request: HttpRequest, answer: Answer | None) -> Recorded:
    response: Any = None
    if answer is not None:
        response = answer.raw.decode("utf-8", "replace") if answer.raw else json.loads(json.dumps(answer.body))
    status = answer.status if answer is not None else 0
    size = len(request.body)
    return Recorded(request.method, request.path, request.query, _parsed(request.body), status, response, size)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")
