"""A tab copied, within its spreadsheet or into another one.

Decided here: cells, sizes and what lies over the cells come along under new ids; protections and named ranges stay
behind; formulas keep their text.
"""

from __future__ import annotations

from typing import Any

from tests.google_server.access import Call
from tests.google_server.book import Book
from tests.google_server.describe import sheet_properties
from tests.google_server.drive_state import Workspace
from tests.google_server.edit import Edit
from tests.google_server.errors import forbidden, not_found
from tests.google_server.sheet import Sheet
from tests.google_server.wire import Json

_PLACE_KEYS = {
    "startRowIndex",
    "endRowIndex",
    "startColumnIndex",
    "endColumnIndex",
    "rowIndex",
    "columnIndex",
    "dimension",
}
_IDS = {
    "charts": "chartId",
    "slicers": "slicerId",
    "filterViews": "filterViewId",
    "bandedRanges": "bandedRangeId",
    "tables": "tableId",
}


def duplicate_sheet(edit: Edit, body: Json) -> Json:
    source = edit.book.sheet(body.get("sourceSheetId", 0))
    new_id = body.get("newSheetId", edit.workspace.new_number())
    edit.book.check_new_id(new_id)
    title = body.get("newSheetName") or _copy_title(edit.book, source.title)
    edit.book.check_new_title(title)
    copy = _copied(source, new_id, title, edit.workspace)
    edit.book.sheets.insert(min(body.get("insertSheetIndex", 0), len(edit.book.sheets)), copy)
    return {"properties": sheet_properties(edit.book, copy)}


def copy_to(call: Call) -> Json:
    """`spreadsheets.sheets.copyTo`: the tab at the end of another spreadsheet, or of its own."""
    _, source_book = call.book()
    source = source_book.sheet(int(call.parameters["sheetId"]))
    target = call.workspace.files.get(call.body.get("destinationSpreadsheetId", ""))
    if target is None or target.book is None:
        raise not_found()
    if target.role(call.token.email) not in ("owner", "organizer", "fileOrganizer", "writer"):
        raise forbidden()
    book = target.book.copy()
    copy = _copied(source, call.workspace.new_number(), _copy_title(book, source.title), call.workspace)
    book.sheets.append(copy)
    book.stale = True
    book.check_size()
    target.book = book
    call.workspace.touched(target)
    return sheet_properties(book, copy)


def _copied(source: Sheet, new_id: int, title: str, workspace: Workspace) -> Sheet:
    copy = source.copy()
    copy.properties = {**source.properties, "sheetId": new_id, "title": title}
    copy.properties.pop("hidden", None)
    for kind, items in source.objects.items():
        moved = [_retargeted(item, source.id, new_id) for item in items] if kind != "protectedRanges" else []
        for item in moved if kind in _IDS else []:
            number = workspace.new_number()
            item[_IDS[kind]] = str(number) if kind == "tables" else number
        copy.objects[kind] = moved
    if source.basic_filter is not None:
        copy.basic_filter = _retargeted(source.basic_filter, source.id, new_id)
    return copy


def _retargeted(node: Any, old: int, new: int) -> Any:
    """The node with every place on the old sheet on the new one."""
    if isinstance(node, list):
        return [_retargeted(item, old, new) for item in node]
    if not isinstance(node, dict):
        return node
    result = {name: _retargeted(item, old, new) for name, item in node.items()}
    place = _PLACE_KEYS & node.keys() or "sheetId" in node
    return {**result, "sheetId": new} if place and node.get("sheetId", 0) == old else result


def _copy_title(book: Book, title: str) -> str:
    wanted, number = f"Copy of {title}", 1
    while book.titled(wanted):
        number += 1
        wanted = f"Copy of {title} {number}"
    return wanted


KINDS = {"duplicateSheet": duplicate_sheet}
