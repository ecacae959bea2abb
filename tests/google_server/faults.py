"""What can go wrong between a client and Google: every fault a test may ask `GoogleServer.inject` for.

Decided here: a fault says whether the request has its effect, what is answered instead, and how that is sent.
Texts of JSON bodies are Google's own where they are known; pages are shortened.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.google_server import quotas
from tests.google_server.errors import forbidden, no_storage_quota, unauthenticated
from tests.google_server.listener import Sending
from tests.google_server.wire import Answer, HttpRequest

TOKEN_PATH = "/token"
PROMPT = Sending()


@dataclass(frozen=True, repr=False)
class Fault:
    """`applied`: the request has its effect. `answer` None: Google's own if applied, else none.

    `on` is where the fault belongs when `inject` does not say.
    """

    name: str
    answer: Answer | None = field(default=None, hash=False)
    applied: bool = False
    sending: Sending = PROMPT
    on: str = ""

    def __repr__(self) -> str:
        return f"faults.{self.name}"


@dataclass
class Planned:
    """A fault for the requests `at` to `at + times - 1` of those that match; `times` None: for ever."""

    fault: Fault
    at: int
    times: int | None
    on: str
    seen: int = 0

    def strikes(self, request: HttpRequest) -> bool:
        """Whether it is this request's turn; to be asked once for each request."""
        # Without a word about tokens, a fault is for the API.
        if self.on not in f"{request.method} {request.path}" or (is_token(request) and TOKEN_PATH not in self.on):
            return False
        self.seen += 1
        return self.seen >= self.at and (self.times is None or self.seen < self.at + self.times)


def is_token(request: HttpRequest) -> bool:
    return request.method == "POST" and request.path == TOKEN_PATH


def quota_after(seconds: float | str) -> Fault:
    """A 429 with Retry-After: seconds, or the text of a date."""
    answer = replace(_EXCEEDED, headers={"Retry-After": str(seconds)})
    return Fault(f"quota_after({seconds!r})", answer)


def drip(seconds: float, headers: bool = False) -> Fault:
    """Applied; the body (with `headers` the whole answer) comes one byte every `seconds`."""
    sending = Sending(pace=seconds, slow_headers=headers)
    return Fault(f"drip({seconds}, headers={headers})", applied=True, sending=sending)


def hang(seconds: float, applied: bool) -> Fault:
    """Not a byte for `seconds`; then Google's answer if the request was applied, else the connection is closed.

    A late answer is on record with its status, whether or not anybody still waits for it.
    """
    return Fault(f"hang({seconds}, applied={applied})", applied=applied, sending=Sending(silence=seconds))


def _json(code: int, status: str, message: str) -> Answer:
    return Answer(code, {"error": {"code": code, "message": message, "status": status}})


def _page(code: int, title: str, text: str) -> Answer:
    html = f"<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n<title>{title}</title>\n<p>{text}\n</html>\n"
    return Answer(code, None, {"Content-Type": "text/html; charset=UTF-8"}, html.encode())


_EXCEEDED = quotas.exceeded("Read", 60, "603366585132-demo", per_user=True)
_UNAVAILABLE = _json(503, "UNAVAILABLE", "The service is currently unavailable.")
_RETRY_TEXT = (
    "The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds."
)
_SORRY_TEXT = (
    "We're sorry... but your computer or network may be sending automated queries. "
    "To protect our users, we can't process your request right now."
)
_REVOKED = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}

UNAVAILABLE = Fault("UNAVAILABLE", _UNAVAILABLE)
INTERNAL = Fault("INTERNAL", _json(500, "INTERNAL", "Internal error encountered."))
BAD_GATEWAY = Fault("BAD_GATEWAY", _page(502, "Error 502 (Server Error)!!1", _RETRY_TEXT))
UNAVAILABLE_HTML = Fault("UNAVAILABLE_HTML", _page(503, "Error 503 (Service Unavailable)!!1", _RETRY_TEXT))
QUOTA = Fault("QUOTA", _EXCEEDED)
QUOTA_HTML = Fault("QUOTA_HTML", _page(429, "Sorry...", _SORRY_TEXT))
RATE_LIMIT_403 = Fault("RATE_LIMIT_403", quotas.drive_exceeded())
PERMISSION_403 = Fault("PERMISSION_403", forbidden().answer)
STORAGE_403 = Fault("STORAGE_403", no_storage_quota().answer)
UNAUTHENTICATED = Fault("UNAUTHENTICATED", unauthenticated().answer)
INVALID_GRANT = Fault("INVALID_GRANT", Answer(400, _REVOKED), on=TOKEN_PATH)
TOKEN_500 = Fault("TOKEN_500", Answer(500, {"error": "internal_failure"}), on=TOKEN_PATH)
NOT_JSON = Fault("NOT_JSON", _page(200, "Sign in to the hotel's network", "Please sign in to use the internet."))
STRING_ERROR = Fault("STRING_ERROR", Answer(400, {"error": "text"}))
RESET_BEFORE = Fault("RESET_BEFORE", sending=Sending(reset=True))
RESET_AFTER = Fault("RESET_AFTER", applied=True, sending=Sending(reset=True))
LOST_ANSWER_503 = Fault("LOST_ANSWER_503", _UNAVAILABLE, applied=True)
HALF_BODY = Fault("HALF_BODY", applied=True, sending=Sending(half=True))
