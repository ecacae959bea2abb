"""What Google's refusals mean for a person: the one place that knows its error bodies.

Bodies come in several shapes (Sheets, Drive with its `errors` list, plain HTML), so every part of them is optional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sheetsync.errors import AuthorizationError, ConfigError, SheetsyncError, Unavailable

if TYPE_CHECKING:
    from requests import Response

_QUOTA_REASONS = frozenset(("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "quotaExceeded"))
_STORAGE_REASONS = frozenset(("storageQuotaExceeded", "teamDriveFileLimitExceeded"))


class Failure(Unavailable):
    """A call that may succeed later.

    `untouched`: Google surely did nothing, so that repeating is safe. `late`: it may still be at it. `retry_after`:
    the seconds it asked to be left alone.
    """

    def __init__(self, text: str, *, untouched: bool, late: bool = False, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.untouched = untouched
        self.late = late
        self.retry_after = retry_after


class Refusal(SheetsyncError):
    """Google said no: the HTTP status, Google's own message, and its reasons (`SERVICE_DISABLED`)."""

    def __init__(self, status: int, message: str, reasons: frozenset[str], activation_url: str | None = None) -> None:
        super().__init__(f"{status} {message}".strip())
        self.status = status
        self.message = message
        self.reasons = reasons
        self.activation_url = activation_url

    @classmethod
    def of(cls, response: Response) -> Refusal:
        """The refusal in an answer that is not 2xx."""
        try:
            error = response.json()["error"]
        except (ValueError, KeyError, TypeError):
            error = None
        if not isinstance(error, dict):
            return cls(response.status_code, error if isinstance(error, str) else response.reason or "", frozenset())
        details = [item for item in _items(error, "details") + _items(error, "errors") if isinstance(item, dict)]
        reasons = frozenset(str(item["reason"]) for item in details if "reason" in item)
        urls = (item["metadata"].get("activationUrl") for item in details if isinstance(item.get("metadata"), dict))
        message = " ".join(str(error.get("message", "")).split())
        return cls(response.status_code, message, reasons, next((str(url) for url in urls if url), None))

    @property
    def is_quota(self) -> bool:
        """Whether it was one call too many in this minute."""
        return self.status == 429 or (self.status == 403 and bool(self.reasons & _QUOTA_REASONS))


def _items(error: dict[str, Any], name: str) -> list[Any]:
    found = error.get(name)
    return found if isinstance(found, list) else []


def in_words(refusal: Refusal, account: str, *, robot: bool, spreadsheet_id: str | None) -> SheetsyncError:
    """The refusal as an error with advice; a 400 stays as it is, for only the caller knows what it asked for.

    `account` is who sheetsync is to Google; `spreadsheet_id` is None while a spreadsheet is being created.
    """
    if refusal.reasons & {"SERVICE_DISABLED", "accessNotConfigured"}:
        where = refusal.activation_url or "https://console.cloud.google.com/apis/library"
        return AuthorizationError(f"the Google API is switched off for {account}'s project; switch it on: {where}")
    if refusal.status == 401:
        return AuthorizationError(f"Google does not accept the credentials of {account}; make new ones")
    if refusal.status == 403:
        return AuthorizationError(_forbidden(refusal, account, robot, spreadsheet_id))
    if refusal.status == 404 and spreadsheet_id:
        return ConfigError(f"no spreadsheet with the id {spreadsheet_id}; check 'workbook' in config.yaml")
    if refusal.status == 400:
        return refusal
    return SheetsyncError(f"Google refused the call ({refusal})")


def _forbidden(refusal: Refusal, account: str, robot: bool, spreadsheet_id: str | None) -> str:
    if refusal.reasons & {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}:
        return f"{account} may not use Google Sheets and Drive files; sign in again and allow both"
    if robot and (spreadsheet_id is None or refusal.reasons & _STORAGE_REASONS):
        return (
            f"{account} cannot create a spreadsheet, for service accounts own no files; create a blank spreadsheet "
            f"yourself, share it with {account} as editor, then: sheetsync create --into ID"
        )
    if spreadsheet_id is None:
        return (
            f"{account} may not create a spreadsheet ({refusal.message}); mend that, or fill a blank one: --into ID"
        )
    if refusal.reasons:
        return f"Google does not allow {account} to do that with {spreadsheet_id} ({refusal.message})"
    return (
        f"the spreadsheet {spreadsheet_id} is not shared with {account}; "
        f"open it and share it with that address as editor"
    )
