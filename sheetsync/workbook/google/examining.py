"""What only a spreadsheet on Google can have: who asks for it, sharing, protection, its size, and Google's clock.

Everything is asked in one call; the one write puts into a cell what stands there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from sheetsync.errors import AuthorizationError, SheetsyncError, Unavailable
from sheetsync.workbook.google.connection import SHEETS, Connection
from sheetsync.workbook.google.credentials import read_key
from sheetsync.workbook.google.patience import Patience
from sheetsync.workbook.google.refusals import Refusal

__all__ = [
    "MOST_CELLS", "Seen", "clock_of", "connect_briefly", "is_sign_in", "see", "title_of", "try_writing", "who_is",
]  # fmt: skip

MOST_CELLS = 10_000_000
# A person waits for the answer: a second try for a hiccup, and no more.
_PATIENCE = Patience(tries=2, seconds=30, silence=20, first_wait=1)
_CLOCK_SECONDS = 10
_ABOUT = "https://www.googleapis.com/drive/v3/about"
_FIELDS = (
    "properties(title,timeZone),sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)),"
    "protectedRanges(range,warningOnly,requestingUserCanEdit,description))"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A spreadsheet from outside: `titles` of its tabs by sheet id, in order, and the `cells` of all grids.

    `locked` are the sheet ids of tabs with a range that the account may not edit, each with its description.
    """

    title: str
    time_zone: str
    titles: Mapping[str, str]
    cells: int
    locked: Mapping[str, str]


def connect_briefly(credentials_file: Any, endpoint: str | None) -> Connection:
    """A connection that gives up after half a minute; otherwise like `google.connect`."""
    return Connection(read_key(credentials_file) if credentials_file else None, endpoint, _PATIENCE)


def is_sign_in(error: SheetsyncError) -> bool:
    """Whether a call failed before it came to the spreadsheet: the credentials are not accepted, or not enough."""
    if isinstance(error, AuthorizationError):
        cause = error.__cause__
        return not isinstance(cause, Refusal) or cause.status == 401 or bool(cause.reasons)
    return isinstance(error, Unavailable)


def see(connection: Connection, spreadsheet_id: str) -> Seen:
    """One call, without any cell. Raises as `Connection.call` does."""
    found = connection.call("get", f"{SHEETS}/{spreadsheet_id}", about=spreadsheet_id, params={"fields": _FIELDS})
    sheets = found.get("sheets", [])
    grids = [sheet["properties"].get("gridProperties", {}) for sheet in sheets]
    named = found.get("properties", {})
    return Seen(
        title=str(named.get("title", "")),
        time_zone=str(named.get("timeZone", "")),
        titles={_id(sheet): str(sheet["properties"]["title"]) for sheet in sheets},
        cells=sum(grid.get("rowCount", 0) * grid.get("columnCount", 0) for grid in grids),
        locked=dict(_locked(sheets)),
    )


def _locked(sheets: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for sheet in sheets:
        for protected in sheet.get("protectedRanges", []):
            if not protected.get("warningOnly") and not protected.get("requestingUserCanEdit"):
                yield _id(sheet), str(protected.get("description", ""))


def _id(sheet: Mapping[str, Any]) -> str:
    return str(sheet["properties"].get("sheetId", 0))


def try_writing(connection: Connection, spreadsheet_id: str, sheet_id: str, title: str) -> None:
    """Write into the first cell of a tab what stands there. Raises when the account may not write there."""
    address = f"{SHEETS}/{spreadsheet_id}"
    quoted = title.replace("'", "''")
    place = quote(f"'{quoted}'!A1", safe="")
    fields = {"fields": "sheets.data.rowData.values.userEnteredValue"}
    found = connection.call("get", f"{address}?ranges={place}", about=spreadsheet_id, params=fields)
    cell = _first_cell(found)
    where = {
        "sheetId": int(sheet_id),
        "startRowIndex": 0,
        "endRowIndex": 1,
        "startColumnIndex": 0,
        "endColumnIndex": 1,
    }
    write = {"updateCells": {"range": where, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}}
    try:
        connection.call("post", f"{address}:batchUpdate", about=spreadsheet_id, json={"requests": [write]})
    except Refusal as refusal:
        if "protected cell" in refusal.message:
            raise AuthorizationError(
                f"the tab “{title}” is protected against {connection.account}; lift the protection, or let it edit"
            ) from refusal
        raise


def _first_cell(found: Mapping[str, Any]) -> Any:
    for sheet in found.get("sheets", []):
        for block in sheet.get("data", []):
            for row in block.get("rowData", []):
                for cell in row.get("values", []):
                    return cell
    return {}


def clock_of(connection: Connection | None, endpoint: str | None) -> datetime:
    """What Google's clock says, also to somebody who cannot sign in. Raises `Unavailable`."""
    if connection and connection.last_date:
        return connection.last_date
    import requests

    try:
        answer = requests.get(endpoint or SHEETS, timeout=_CLOCK_SECONDS)
        return parsedate_to_datetime(answer.headers["Date"])
    except (requests.RequestException, KeyError, ValueError):
        raise Unavailable("Google cannot be reached; check the network") from None


def who_is(connection: Connection) -> str:
    """The address of whoever is signed in, as Google knows it. Raises as `Connection.call` does."""
    answer = connection.call("get", _ABOUT, about=None, params={"fields": "user(emailAddress)"})
    return str(answer["user"]["emailAddress"])


def title_of(connection: Connection, spreadsheet_id: str) -> str:
    """The title of a spreadsheet, if it can be opened. Raises as `Connection.call` does."""
    fields = {"fields": "properties.title"}
    found = connection.call("get", f"{SHEETS}/{spreadsheet_id}", about=spreadsheet_id, params=fields)
    return str(found["properties"]["title"])
