"""The workbook as a shared Google Sheet: one call reads it, one call writes what changed, two create it.

Nothing of Google's libraries is imported before the first call to Google: a local workbook never pays for them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sheetsync.cells import Cell
from sheetsync.periods import Calendar
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import Layout
from sheetsync.workbook.google.connection import Connection
from sheetsync.workbook.google.credentials import read_key
from sheetsync.workbook.google.spreadsheet import GoogleWorkbook

__all__ = ["Connection", "GoogleWorkbook", "connect", "create", "open_workbook", "spreadsheet_id"]

_URL = re.compile(r"https?://[^/]+/spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]{6,})(?:[/?#].*)?")
_BARE = re.compile(r"[A-Za-z0-9_-]{6,}")


def connect(credentials_file: Path | None, endpoint: str | None) -> Connection:
    """A connection that signs in at its first call.

    `credentials_file` holds a service account's key or an authorised user's token; None means application default
    credentials. `endpoint` (`http://127.0.0.1:8080`) stands in for Google's own hosts. Raises `AuthorizationError`
    when the file is no credential.
    """
    return Connection(read_key(credentials_file) if credentials_file else None, endpoint)


def create(
    connection: Connection,
    template: WorkbookTemplate,
    year: int,
    title: str,
    rows: Mapping[str, Sequence[Sequence[Cell]]],
    *,
    activity_titles: Sequence[str] = (),
    into: str | None = None,
    share: Sequence[tuple[str, str]] = (),
    calendar: Calendar = Calendar(),  # noqa: B008  nothing changes it
    first: Callable[[str], None] = lambda _: None,
) -> GoogleWorkbook:
    """Make the workbook of a plan's year: in a new spreadsheet, or in the blank one with the id or URL `into`.

    `rows` maps a tab's key to the rows below its header, `activity_titles` name the columns of tally tabs, `share`
    holds email addresses, each with a role (`reader`, `commenter`, `writer`), and `calendar` says how formulas name
    the period under way. `first` is called with the spreadsheet's id before it is filled. Raises `GuardTripped` when
    `into` has any content.
    """
    from sheetsync.workbook.google.creation import Plan, create_spreadsheet

    plan = Plan(template, year, title, rows, activity_titles, calendar)
    return create_spreadsheet(connection, plan, into, share, first)


def open_workbook(
    connection: Connection,
    spreadsheet_id: str,
    template: WorkbookTemplate,
    layout: Layout | None,
    calendar: Calendar = Calendar(),  # noqa: B008  nothing changes it
) -> GoogleWorkbook:
    """The workbook in this spreadsheet; without a `layout` the first use asks where its tabs are (one call).

    `calendar` is needed when tabs are made again.
    """
    return GoogleWorkbook(connection, spreadsheet_id, template, layout, calendar)


def spreadsheet_id(text: str) -> str | None:
    """The spreadsheet's id in a Google Sheets URL or a bare id; None when the text is neither (a path, then)."""
    found = _URL.fullmatch(text.strip())
    if found:
        return found[1]
    return text.strip() if _BARE.fullmatch(text.strip()) else None
