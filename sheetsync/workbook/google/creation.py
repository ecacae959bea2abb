"""Makes the workbook of a plan's year: in a new spreadsheet, or in a blank one that a person shared.

A service account owns no storage and so cannot make files: filling a blank spreadsheet is a first-class way.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sheetsync.cells import Cell, column_letters
from sheetsync.errors import GuardTripped, SheetsyncError, Unfinished, UsageError
from sheetsync.periods import Calendar
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import Layout
from sheetsync.workbook.google import design
from sheetsync.workbook.google.blueprint import Blueprint, Sheet
from sheetsync.workbook.google.connection import DRIVE_FILES, SHEETS, Connection
from sheetsync.workbook.google.files import new_file
from sheetsync.workbook.google.layout import tabs_made
from sheetsync.workbook.google.rows import Json, calls
from sheetsync.workbook.google.spreadsheet import GoogleWorkbook

_FIRST_ID = 1000
_ROLES = {"viewer": "reader", "reader": "reader", "commenter": "commenter", "editor": "writer", "writer": "writer"}
_BLANK_FIELDS = (
    "properties.title,sheets(properties(sheetId,title),data(startRow,startColumn,rowData.values.userEnteredValue))"
)


@dataclass(frozen=True)
class Plan:
    """What a new workbook is made from."""

    template: WorkbookTemplate
    year: int
    title: str
    rows: Mapping[str, Sequence[Sequence[Cell]]]
    activity_titles: Sequence[str]
    calendar: Calendar


def create_spreadsheet(
    connection: Connection,
    plan: Plan,
    into: str | None,
    share: Sequence[tuple[str, str]],
    first: Callable[[str], None],
) -> GoogleWorkbook:
    """Two calls and one a share. Raises `GuardTripped` when `into` names a spreadsheet with any content."""
    roles = [(email, _role(email, role)) for email, role in share]
    if into is None:
        spreadsheet_id, blank = new_file(connection, plan.title), {0: ""}
    else:
        spreadsheet_id = _id_of(into)
        blank = _blank_tabs(connection, spreadsheet_id)
    first_id = max(_FIRST_ID, *(i + 1 for i in blank))
    ids = {tab.key: first_id + place for place, tab in enumerate(plan.template.tabs)}
    marks = {key: str(number) for key, number in ids.items()}
    layout = Layout(plan.year, plan.template.name, marks, plan.template.version)
    workbook = GoogleWorkbook(connection, spreadsheet_id, plan.template, layout, plan.calendar)
    first(spreadsheet_id)
    try:
        for batch in calls(_requests(plan, ids, blank)):
            workbook.update(batch, tabs_made(connection, spreadsheet_id, batch))
    except SheetsyncError as error:
        error.args = (f"{workbook.location} could not be filled: {error}",)
        raise
    for email, role in roles:
        _share(connection, workbook, email, role)
    return workbook


def _id_of(into: str) -> str:
    from sheetsync.workbook.google import spreadsheet_id

    found = spreadsheet_id(into)
    if found is None:
        raise UsageError(
            f"--into {into}: is neither a Google Sheets URL nor a spreadsheet's id; copy it from the browser"
        )
    return found


def _blank_tabs(connection: Connection, spreadsheet_id: str) -> dict[int, str]:
    """The titles of a blank spreadsheet's tabs by sheet id."""
    found = connection.call(
        "get", f"{SHEETS}/{spreadsheet_id}", about=spreadsheet_id, params={"fields": _BLANK_FIELDS}
    )
    name = found["properties"]["title"]
    for sheet in found["sheets"]:
        cell = _first_content(sheet)
        if cell:
            raise GuardTripped(
                f'"{name}" already has content (tab {sheet["properties"]["title"]}, cell {cell}); '
                f"create only fills a blank spreadsheet"
            )
    return {int(s["properties"].get("sheetId", 0)): s["properties"]["title"] for s in found["sheets"]}


def _first_content(sheet: Mapping[str, Any]) -> str | None:
    for block in sheet.get("data", []):
        for down, row in enumerate(block.get("rowData", []), start=block.get("startRow", 0) + 1):
            for across, cell in enumerate(row.get("values", []), start=block.get("startColumn", 0)):
                if cell.get("userEnteredValue"):
                    return f"{column_letters(across)}{down}"
    return None


def _requests(plan: Plan, ids: Mapping[str, int], blank: Mapping[int, str]) -> Iterator[Json]:
    taken = {tab.title.casefold() for tab in plan.template.tabs}
    for sheet_id, title in blank.items():
        if title.casefold() in taken:
            # The blank tab is in the way of the one to be made, until it goes at the end.
            moved = {"sheetId": sheet_id, "title": f"{title} (blank {sheet_id})"}
            yield {"updateSheetProperties": {"properties": moved, "fields": "title"}}
    made = [
        Sheet(tab, ids[tab.key], plan.rows.get(tab.key, ()), plan.activity_titles if tab.activity_columns else ())
        for tab in plan.template.tabs
    ]
    blueprint = Blueprint(plan.template, plan.year, plan.calendar, ids)
    yield from design.requests(blueprint, made)
    yield from design.plan_marks(blueprint)
    for sheet_id in blank:
        yield {"deleteSheet": {"sheetId": sheet_id}}


def _role(email: str, role: str) -> str:
    if role.casefold() not in _ROLES:
        raise UsageError(f"--share {email}:{role}: no such role; use reader, commenter or writer")
    return _ROLES[role.casefold()]


def _share(connection: Connection, workbook: GoogleWorkbook, email: str, role: str) -> None:
    url = f"{DRIVE_FILES}/{workbook.id}/permissions"

    def shared() -> Json | None:
        # Shared twice, somebody would get two emails about it.
        fields = {"fields": "permissions(emailAddress,role)", "supportsAllDrives": "true"}
        found = connection.call("get", url, about=workbook.id, params=fields).get("permissions", [])
        there = [one for one in found if str(one.get("emailAddress", "")).casefold() == email.casefold()]
        return there[0] if there and there[0].get("role") == role else None

    try:
        connection.call(
            "post",
            url,
            about=workbook.id,
            json={"type": "user", "role": role, "emailAddress": email},
            params={"supportsAllDrives": "true", "sendNotificationEmail": "true"},
            applied=shared,
        )
    except SheetsyncError as error:
        raise Unfinished(
            f"{workbook.location} is made, but not shared with {email} ({error}); share it there"
        ) from None
