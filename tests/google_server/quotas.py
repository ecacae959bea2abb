"""Google's quotas of requests a minute, and the refusals when they run out.

Decided here: a sliding window, so never more than the limit in any `window` seconds; a refused request costs
nothing; a user counts within the project, and the user's own limit is looked at first. Drive counts its calls by
themselves and refuses with a 403.
"""

from __future__ import annotations

import re
import time
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.google_server.accounts import Token
from tests.google_server.discovery import Method
from tests.google_server.errors import drive_error
from tests.google_server.wire import Answer

# These are sent as POST and change nothing.
POSTED_READS = frozenset(
    (
        "sheets.spreadsheets.getByDataFilter",
        "sheets.spreadsheets.values.batchGetByDataFilter",
        "sheets.spreadsheets.developerMetadata.search",
    )
)
DRIVE_TEXT = (
    "User Rate Limit Exceeded. Rate of requests for user exceed configured project quota, you may consider "
    "re-evaluating expected per-user traffic to the API and adjust project quota limits accordingly."
)
HELP = {
    "description": "Request a higher quota limit.",
    "url": "https://cloud.google.com/docs/quota#requesting_higher_quota",
}


@dataclass
class Quotas:
    """Requests per `window` seconds of `clock`. The defaults are Google's; Drive's is its older figure, in calls."""

    reads_per_user: int = 60
    writes_per_user: int = 60
    reads_per_project: int = 300
    writes_per_project: int = 300
    drive_per_user: int = 12_000
    window: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _spent: dict[tuple[str, ...], deque[float]] = field(default_factory=dict)

    def refusal(self, method: Method, token: Token) -> Answer | None:
        """Takes one request from the caller's quotas; the answer when one has run out, else None."""
        if method.service != "sheets":
            key = ("drive", token.app, token.email)
            return drive_exceeded() if self._take({key: self.drive_per_user}) else None
        reads = method.http_method == "GET" or method.id in POSTED_READS
        kind = "Read" if reads else "Write"
        limits = {
            (kind, token.app, token.email): self.reads_per_user if reads else self.writes_per_user,
            (kind, token.app): self.reads_per_project if reads else self.writes_per_project,
        }
        empty = self._take(limits)
        return exceeded(kind, limits[empty], token.app, per_user=len(empty) == 3) if empty else None

    def _take(self, limits: dict[tuple[str, ...], int]) -> tuple[str, ...] | None:
        """The first quota that is used up; with none, the request is counted in all of them."""
        now = self.clock()
        for key, limit in limits.items():
            spent = self._spent.setdefault(key, deque())
            while spent and spent[0] <= now - self.window:
                spent.popleft()
            if len(spent) >= limit:
                return key
        for key in limits:
            self._spent[key].append(now)
        return None


def exceeded(kind: str, limit: int, app: str, per_user: bool) -> Answer:
    """Sheets' 429 for `kind` "Read" or "Write"; there is no Retry-After."""
    number = _project_number(app)
    whose = " per user" if per_user else ""
    message = (
        f"Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests per minute{whose}' "
        f"of service 'sheets.googleapis.com' for consumer 'project_number:{number}'."
    )
    metadata = {
        "quota_limit": f"{kind}RequestsPerMinutePer{'User' if per_user else 'Project'}",
        "quota_unit": "1/min/{project}" + ("/{user}" if per_user else ""),
        "quota_location": "global",
        "quota_limit_value": str(limit),
        "consumer": f"projects/{number}",
        "service": "sheets.googleapis.com",
        "quota_metric": f"sheets.googleapis.com/{kind.lower()}_requests",
    }
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": metadata,
    }
    links = {"@type": "type.googleapis.com/google.rpc.Help", "links": [HELP]}
    error = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": [info, links]}
    return Answer(429, {"error": error})


def drive_exceeded() -> Answer:
    return drive_error(403, "userRateLimitExceeded", DRIVE_TEXT, domain="usageLimits").answer


def _project_number(app: str) -> str:
    """An OAuth client's id begins with the number; a service account names its project, so one is made up."""
    found = re.match(r"\d+(?=-)", app)
    return found[0] if found else str(zlib.crc32(app.encode()))
