"""Every HTTP call to Google: where it goes, how long it may take, what is tried again.

A call is repeated only when that cannot do anything twice: reads and writes of given cells always, anything else
when Google surely did nothing (a quota refusal, no connection). Failures are classified by HTTP status, since bodies
may be HTML.
"""

import json as json_format
import time
from collections.abc import Callable, Mapping
from typing import Any

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
)
from requests.exceptions import ConnectionError as Disconnected
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, wait_exponential, wait_random
from urllib3.exceptions import MaxRetryError, NewConnectionError

from sheetsync.errors import AuthorizationError, ConfigError
from sheetsync.workbook.google.refusals import Failure, Refusal

HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")
# Google gives up on a call after 180 s.
TIMEOUT = (5.0, 190.0)
# After so many seconds no other try is begun; with the last wait that is less than two minutes.
TRIES, SECONDS = 6, 75.0
# The waits add up to more than a minute, after which the quota of calls a minute is full again.
FIRST_WAIT, LONGEST_WAIT = 2.0, 32.0
_TRANSIENT = frozenset((500, 502, 503, 504))
_REPEATABLE_REQUESTS = frozenset(("updateCells", "repeatCell", "appendDimension"))


class Client(HTTPClient):
    """gspread's HTTP client with another host if need be, with timeouts, and with bounded retries."""

    def __init__(
        self, credentials: Any, endpoint: str | None, tries: int = TRIES, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(credentials)
        self.set_timeout(TIMEOUT)
        self._endpoint = endpoint.rstrip("/") if endpoint else None
        self._tries = tries
        self._sleep = sleep

    def call(
        self, method: str, url: str, params: ParamsType | None = None, json: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The JSON object that Google answers. Raises `Refusal`, `Failure` and `AuthorizationError`."""
        response = self.request(method, url, params=params, json=json)
        try:
            answer = json_format.loads(response.content or b"{}")
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Failure(
                f"{self._host(url)} answered something that is not Google's; check the network", untouched=False
            )
        return answer

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
        repeatable = is_repeatable(method, endpoint, json)
        retrying = Retrying(
            retry=retry_if_exception(lambda e: isinstance(e, Failure) and (repeatable or e.untouched)),
            stop=stop_after_attempt(self._tries) | stop_after_delay(SECONDS),
            wait=wait_exponential(FIRST_WAIT, LONGEST_WAIT) + wait_random(0, FIRST_WAIT),
            sleep=self._sleep,
            reraise=True,
        )
        sent = {"params": params, "data": data, "json": json, "files": files, "headers": headers}
        return retrying(self._once, method, self._placed(endpoint), sent)

    def _once(self, method: str, url: str, sent: Mapping[str, Any]) -> requests.Response:
        # Not HTTPClient.request: gspread's APIError cannot be made from every body that Google sends.
        try:
            response = self.session.request(method, url, timeout=self.timeout, **sent)
        except (Disconnected, Timeout, ChunkedEncodingError, ContentDecodingError) as error:
            raise _unreachable(self._host(url), error) from error
        except (InvalidURL, MissingSchema, InvalidSchema):
            raise ConfigError(f"google.api_endpoint: {self._endpoint} is no address like https://host") from None
        except TransportError as error:
            raise Failure(
                "Google's sign-in cannot be reached; check the network, the next run may succeed", untouched=True
            ) from error
        except RefreshError as error:
            raise _not_signed_in(error) from error
        except GoogleAuthError as error:
            raise AuthorizationError(f"Google does not accept the credentials: {error}") from error
        if response.ok:
            return response
        refusal = Refusal.of(response)
        if refusal.is_quota or refusal.status in _TRANSIENT:
            raise Failure(
                f"Google is not available ({refusal}); the next run may succeed", untouched=refusal.is_quota
            )
        raise refusal

    def _placed(self, url: str) -> str:
        for host in HOSTS:
            if self._endpoint and url.startswith(host + "/"):
                return self._endpoint + url.removeprefix(host)
        return url

    def _host(self, url: str) -> str:
        return "/".join(self._placed(url).split("/")[:3])


def is_repeatable(method: str, url: str, body: Mapping[str, Any] | None) -> bool:
    """Whether a call may be made twice with the same effect as once."""
    if method.lower() == "get" or url.endswith(":batchGetByDataFilter"):
        return True
    if url.endswith(":batchUpdate") and body:
        # A grid that is lengthened twice has blank rows to spare, no more.
        return all(kind in _REPEATABLE_REQUESTS for request in body["requests"] for kind in request)
    return False


def _unreachable(host: str, error: requests.RequestException) -> Failure:
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    never_sent = isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError)
    what = "did not answer in time" if isinstance(error, Timeout) else "cannot be reached"
    return Failure(f"{host} {what}; check the network, the next run may succeed", untouched=never_sent)


def _not_signed_in(error: RefreshError) -> Exception:
    reason = str(error.args[0]) if error.args else "no reason given"
    if error.retryable:
        return Failure(f"Google's sign-in is not available ({reason}); the next run may succeed", untouched=True)
    return AuthorizationError(reason)
