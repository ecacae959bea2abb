"""New files in Drive: a blank spreadsheet, and a copy of one.

A file is tagged, so that one whose answer was lost is found and not made twice.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sheetsync.errors import AuthorizationError, ConfigError, Unfinished
from sheetsync.workbook.google.connection import DRIVE_FILES, Connection
from sheetsync.workbook.google.refusals import Refusal

_MIME_TYPE = "application/vnd.google-apps.spreadsheet"
_NOT_OURS = frozenset((403, 404))


def address(spreadsheet_id: str) -> str:
    """Where a browser opens a spreadsheet."""
    return f"https://docs.google.com/spreadsheets/d/{spreadsheet_id}/edit"


def new_file(connection: Connection, title: str) -> str:
    """The id of a new, blank spreadsheet."""
    return _made(connection, DRIVE_FILES, {"name": title, "mimeType": _MIME_TYPE}, about=None)


def copied_file(connection: Connection, spreadsheet_id: str, title: str) -> str:
    """The id of a copy. Raises `Unfinished` when the account may edit the spreadsheet, but not copy it.

    A service account has no storage for a copy, and what it was merely let into it cannot see in Drive.
    """
    try:
        return _made(connection, f"{DRIVE_FILES}/{spreadsheet_id}/copy", {"name": title}, about=spreadsheet_id)
    except (AuthorizationError, ConfigError) as error:
        cause = error.__cause__
        if not isinstance(cause, Refusal) or cause.status not in _NOT_OURS:
            raise
        raise Unfinished(
            f"{connection.account} cannot copy {address(spreadsheet_id)} (Google: {cause.message}); "
            f"copy it by hand: open it, File > Make a copy"
        ) from error


def _made(connection: Connection, url: str, file: Mapping[str, Any], about: str | None) -> str:
    tag = uuid4().hex

    def made() -> dict[str, Any] | None:
        fields = {
            "q": f"appProperties has {{ key='sheetsync' and value='{tag}' }}",
            "fields": "files(id)",
            "supportsAllDrives": "true",
            "includeItemsFromAllDrives": "true",
        }
        found = connection.call("get", DRIVE_FILES, about=None, params=fields)
        return next(iter(found.get("files", [])), None)

    answer = connection.call(
        "post",
        url,
        about=about,
        json={**file, "appProperties": {"sheetsync": tag}},
        params={"supportsAllDrives": "true", "fields": "id"},
        applied=made,
    )
    return str(answer["id"])
