"""The error bodies of both services.

Decided here: Sheets errors carry `status` and never `errors[]`; Drive errors carry the legacy
`errors[]` and no `status`. gspread's back-off relies on exactly this difference.
"""

from __future__ import annotations

from tests.google_server.wire import Answer, Json

STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
}
BAD_REQUEST_TYPE = "type.googleapis.com/google.rpc.BadRequest"
UNAUTHENTICATED_TEXT = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
STORAGE_QUOTA_TEXT = (
    "Service Accounts do not have storage quota. Leverage shared drives "
    "(https://developers.google.com/workspace/drive/api/guides/about-shareddrives), or use OAuth delegation "
    "(http://support.google.com/a/answer/7281227) instead."
)


class ApiError(Exception):
    """A refusal with the whole answer Google would send."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.body))
        self.answer = answer


class Refused(Exception):
    """A request the rules refuse (400); whoever knows the request's place adds the prefix."""


def sheets_error(code: int, message: str, details: list[Json] | None = None) -> ApiError:
    error: Json = {"code": code, "message": message, "status": STATUS_NAMES[code]}
    if details:
        error["details"] = details
    return ApiError(Answer(code, {"error": error}))


def drive_error(
    code: int, reason: str, message: str, domain: str = "global", parameter: str | None = None
) -> ApiError:
    entry = {"message": message, "domain": domain, "reason": reason}
    if parameter:
        entry |= {"location": parameter, "locationType": "parameter"}
    return ApiError(Answer(code, {"error": {"code": code, "message": message, "errors": [entry]}}))


def violations_error(violations: list[Json], message: str | None = None) -> ApiError:
    """A 400 of the JSON parser: all violations joined, each repeated in the details."""
    text = message or "\n".join(v["description"] for v in violations)
    return sheets_error(400, text, [{"@type": BAD_REQUEST_TYPE, "fieldViolations": violations}])


def unauthenticated() -> ApiError:
    return sheets_error(401, UNAUTHENTICATED_TEXT)


def insufficient_scopes() -> ApiError:
    text = "Request had insufficient authentication scopes."
    error = {
        "code": 403,
        "message": text,
        "errors": [{"message": "Insufficient Permission", "domain": "global", "reason": "insufficientPermissions"}],
        "status": "PERMISSION_DENIED",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                "domain": "googleapis.com",
            }
        ],
    }
    challenge = 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"'
    return ApiError(Answer(403, {"error": error}, {"WWW-Authenticate": challenge}))


def forbidden() -> ApiError:
    return sheets_error(403, "The caller does not have permission")


def not_found() -> ApiError:
    return sheets_error(404, "Requested entity was not found.")


def file_not_found(file_id: str) -> ApiError:
    return drive_error(404, "notFound", f"File not found: {file_id}.", parameter="fileId")


def no_storage_quota() -> ApiError:
    return drive_error(403, "storageQuotaExceeded", STORAGE_QUOTA_TEXT, domain="usageLimits")
