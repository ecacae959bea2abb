"""Every HTTP call to Google: where it goes, how long it may take, what is tried again.

A call is repeated only when that cannot do anything twice: reads and writes of given cells always, anything else when
Google surely did nothing (a quota refusal, no connection) or when a read has shown that it did nothing. Failures are
classified by HTTP status, since bodies may be HTML.
"""

import json as json_format
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from gspread.http_client import FileType, HTTPClient, ParamsType
from requests.exceptions import (
    ChunkedEncodingError,
    ConnectTimeout,
    ContentDecodingError,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
    Timeout,
    TooManyRedirects,
)
from requests.exceptions import ConnectionError as Disconnected
from urllib3.exceptions import MaxRetryError, NewConnectionError

from sheetsync.errors import AuthorizationError, ConfigError
from sheetsync.workbook.google.patience import Pace, Patience, now, within
from sheetsync.workbook.google.refusals import Failure, Refusal

HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")
_TRANSIENT = frozenset((408, 500, 502, 503, 504))
_REPEATABLE_REQUESTS = frozenset(("updateCells", "repeatCell", "appendDimension"))

T = TypeVar("T")
Json = dict[str, Any]


class Client(HTTPClient):
    """gspread's HTTP client with another host if need be, bounded in tries and time, below Google's quota.

    `server_time` is what Google's clock said in its last answer.
    """

    def __init__(self, credentials: Any, endpoint: str | None, patience: Patience) -> None:
        super().__init__(credentials)
        self.set_timeout((patience.connect, patience.silence))
        self.server_time: datetime | None = None
        self._endpoint = endpoint.rstrip("/") if endpoint else None
        self._patience = patience
        self._pace = Pace(patience)
        self._ends: float | None = None

    def call(
        self,
        method: str,
        url: str,
        params: ParamsType | None = None,
        json: Mapping[str, Any] | None = None,
        applied: Callable[[], Json | None] | None = None,
    ) -> Json:
        """The JSON object that Google answers. Raises `Refusal`, `Failure` and `AuthorizationError`.

        `applied` finds out by a read whether a call whose answer was lost was carried out: it gives what stands for
        the answer, or None when nothing happened and the call is to be made again.
        """
        return self._tried(method, url, {"params": params, "json": json}, self._json_object, applied)

    def request(  # noqa: PLR0917  gspread's signature
        self,
        method: str,
        endpoint: str,
        params: ParamsType | None = None,
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: FileType = None,
        headers: Any = None,
    ) -> requests.Response:
        """gspread's one way out to the network."""
        sent = {"params": params, "data": data, "json": json, "files": files, "headers": headers}
        return self._tried(method, endpoint, sent, lambda response: response, None)

    def _tried(
        self,
        method: str,
        url: str,
        sent: Mapping[str, Any],
        read: Callable[[requests.Response], T],
        applied: Callable[[], T | None] | None,
    ) -> T:
        repeatable = is_repeatable(method, url, sent["json"])
        kind = "read" if is_read(method, url) else "write"
        doubt: Failure | None = None

        def attempt() -> T:
            nonlocal doubt
            if doubt and applied:
                found = applied()
                if found is not None:
                    return found
                if doubt.late:
                    raise doubt  # what hung may still be carried out: look again, but do not repeat it
            try:
                return read(self._once(kind, method, self._placed(url), sent))
            except Failure as failure:
                doubt = None if repeatable or failure.untouched else failure
                raise

        def worthwhile(error: BaseException) -> bool:
            return isinstance(error, Failure) and (applied is not None or repeatable or error.untouched)

        with self._deadline() as seconds_left:
            return self._patience.retrying(seconds_left, worthwhile)(attempt)

    @contextmanager
    def _deadline(self) -> Iterator[float]:
        """The seconds that are left to a call; one that is made while another is in doubt has no time of its own."""
        outermost = self._ends is None
        ends = self._ends = now() + self._patience.seconds if self._ends is None else self._ends
        try:
            yield ends - now()
        finally:
            if outermost:
                self._ends = None

    def _once(self, kind: str, method: str, url: str, sent: Mapping[str, Any]) -> requests.Response:
        # Not HTTPClient.request: gspread's APIError cannot be made from every body that Google sends.
        host = self._host(url)
        ends = self._ends or now() + self._patience.seconds
        if not self._pace.wait(kind, ends - now()):
            raise Failure(f"too many calls to {host} this minute; the next run may succeed", untouched=True)
        try:
            response = within(ends - now(), lambda: self._sent(method, url, sent))
        except TimeoutError as error:
            raise Failure(f"{host} did not answer in time; {_NETWORK}", untouched=False, late=True) from error
        except (Disconnected, Timeout, ChunkedEncodingError, ContentDecodingError, TooManyRedirects) as error:
            raise _unreachable(host, error) from error
        except (InvalidURL, MissingSchema, InvalidSchema):
            raise ConfigError(f"google.api_endpoint: {self._endpoint} is no address like https://host") from None
        except TransportError as error:
            raise Failure(f"Google's sign-in cannot be reached; {_NETWORK}", untouched=True) from error
        except RefreshError as error:
            raise _not_signed_in(error) from error
        except GoogleAuthError as error:
            raise AuthorizationError(f"Google does not accept the credentials: {error}") from error
        self._note_time(response)
        if response.is_redirect:
            raise Failure(f"{host} wants us to go elsewhere, which Google never does; {_NETWORK}", untouched=False)
        if response.ok:
            return response
        raise _refused(response)

    def _sent(self, method: str, url: str, sent: Mapping[str, Any]) -> requests.Response:
        # Wherever a redirection leads would get what the call says, and maybe the token.
        return self.session.request(method, url, timeout=self.timeout, allow_redirects=False, **sent)

    def _json_object(self, response: requests.Response) -> Json:
        try:
            answer = json_format.loads(response.content or b"{}")
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            return answer
        raise Failure(
            f"{self._host(response.url)} answered something that is not Google's; check the network", untouched=False
        )

    def _note_time(self, response: requests.Response) -> None:
        try:
            self.server_time = parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError):
            self.server_time = None

    def _placed(self, url: str) -> str:
        for host in HOSTS:
            if self._endpoint and url.startswith(host + "/"):
                return self._endpoint + url.removeprefix(host)
        return url

    def _host(self, url: str) -> str:
        return "/".join(self._placed(url).split("/")[:3])


_NETWORK = "check the network, the next run may succeed"


def is_read(method: str, url: str) -> bool:
    """Whether a call changes nothing; some reads are too long for a URL and so are posted."""
    return method.lower() == "get" or url.endswith((":batchGetByDataFilter", ":getByDataFilter"))


def is_repeatable(method: str, url: str, body: Mapping[str, Any] | None) -> bool:
    """Whether a call may be made twice with the same effect as once."""
    if is_read(method, url):
        return True
    if url.endswith(":batchUpdate") and body:
        # A grid that is lengthened twice has blank rows to spare, no more.
        return all(kind in _REPEATABLE_REQUESTS for request in body["requests"] for kind in request)
    return False


def _refused(response: requests.Response) -> Refusal | Failure:
    refusal = Refusal.of(response)
    if not refusal.is_quota and refusal.status not in _TRANSIENT:
        return refusal
    asked = response.headers.get("Retry-After", "")
    return Failure(
        f"Google is not available ({refusal}); the next run may succeed",
        untouched=refusal.is_quota,
        retry_after=float(asked) if asked.isdecimal() else 0.0,
    )


def _unreachable(host: str, error: requests.RequestException) -> Failure:
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    never_sent = isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError)
    late = isinstance(error, Timeout) and not never_sent
    what = "did not answer in time" if isinstance(error, Timeout) else "cannot be reached"
    return Failure(f"{host} {what}; {_NETWORK}", untouched=never_sent, late=late)


def _not_signed_in(error: RefreshError) -> Exception:
    reason = str(error.args[0]) if error.args else "no reason given"
    if error.retryable:
        return Failure(f"Google's sign-in is not available ({reason}); the next run may succeed", untouched=True)
    return AuthorizationError(reason)
