"""Requests on tabs and on the spreadsheet itself.

Decided here: a new tab without an id gets a random one, without a title "SheetN", and goes to the end; an
`index` counts before the move, as Google documents it.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from tests.google_server.canonical import canonical
from tests.google_server.describe import sheet_properties
from tests.google_server.edit import Edit
from tests.google_server.errors import Refused
from tests.google_server.fields import checked_update_mask, overlay
from tests.google_server.locales import checked_locale
from tests.google_server.protection import guard_removal, guard_sheet
from tests.google_server.sheet import Sheet, new_sheet
from tests.google_server.wire import Json


def add_sheet(edit: Edit, body: Json) -> Json:
    wanted = dict(body.get("properties", {}))
    book = edit.book
    index = wanted.pop("index", len(book.sheets))
    sheet_id = wanted["sheetId"] if "sheetId" in wanted else edit.workspace.new_number()
    book.check_new_id(sheet_id)
    title = wanted.get("title") or _free_title(edit)
    book.check_new_title(title)
    sheet = new_sheet(sheet_id, title)
    grid = {**sheet.properties["gridProperties"], **wanted.get("gridProperties", {})}
    properties = {**sheet.properties, **wanted, "title": title, "gridProperties": grid}
    sheet.properties = canonical("SheetProperties", properties)
    _check_grid(sheet)
    book.sheets.insert(min(index, len(book.sheets)), sheet)
    return {"properties": sheet_properties(book, sheet)}


def delete_sheet(edit: Edit, body: Json) -> None:
    sheet = edit.book.sheet(body.get("sheetId", 0))
    guard_removal(sheet, edit.actor)
    edit.book.remove_sheet(sheet)


def update_sheet_properties(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "SheetProperties")
    wanted = body.get("properties", {})
    sheet = edit.book.sheet(wanted.get("sheetId", 0))
    guard_sheet(sheet, edit.actor)
    if not mask:
        mask = {name: {} for name in wanted}
    mask = {name: inner for name, inner in mask.items() if name not in ("sheetId", "sheetType")}
    if "title" in mask:
        if not wanted.get("title"):
            raise Refused("A sheet must have a title.")
        edit.book.check_new_title(wanted["title"], renamed=sheet)
        edit.book.rename_in_formulas(sheet.title, wanted["title"])
    if "index" in mask:
        _move(edit, sheet, wanted.get("index", 0))
    changed = overlay(sheet.properties, canonical("SheetProperties", wanted), _colour_pairs(mask))
    changed.pop("index", None)
    if "gridProperties" in sheet.properties:
        _apply_grid(edit, sheet, changed)
    else:
        sheet.properties = canonical("SheetProperties", {**changed, "sheetType": "OBJECT"})
    edit.book.check_visible("hide")


def update_spreadsheet_properties(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "SpreadsheetProperties")
    wanted = body.get("properties", {})
    book = edit.book
    names = {"title": "title", "locale": "locale", "timeZone": "time_zone", "autoRecalc": "auto_recalc"}
    for name, attribute in names.items():
        if (not mask and name in wanted) or name in mask:
            if not wanted.get(name):
                raise Refused(f"{name} can't be empty.")
            if name in _SETTING_CHECKS:
                _SETTING_CHECKS[name](wanted[name])
            setattr(book, attribute, wanted[name])


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):
        raise Refused(f"Unsupported time zone: {name}") from None


_SETTING_CHECKS: dict[str, Callable[[str], object]] = {"locale": checked_locale, "timeZone": _check_zone}


def _free_title(edit: Edit) -> str:
    number = len(edit.book.sheets) + 1
    while edit.book.titled(f"Sheet{number}"):
        number += 1
    return f"Sheet{number}"


def _move(edit: Edit, sheet: Sheet, index: int) -> None:
    """The index is where the tab goes among the tabs as they stand before the move."""
    sheets = edit.book.sheets
    if not 0 <= index <= len(sheets):
        raise Refused(f"Sheet index {index} is out of range.")
    old = sheets.index(sheet)
    sheets.remove(sheet)
    sheets.insert(index - 1 if index > old else index, sheet)


def _colour_pairs(mask: Json) -> Json:
    """Asking for one of the two faces of the tab colour sets both."""
    pair = {"tabColor", "tabColorStyle"}
    return {**mask, **{name: {} for name in pair}} if pair & mask.keys() else mask


def _apply_grid(edit: Edit, sheet: Sheet, changed: Json) -> None:
    grid = changed.get("gridProperties", {})
    rows, columns = grid.get("rowCount", 0), grid.get("columnCount", 0)
    if rows < 1 or columns < 1:
        raise Refused("The grid must keep at least one row and one column.")
    edit.book.resize(sheet, rows, columns)
    sheet.properties = canonical("SheetProperties", changed)
    _check_grid(sheet)


def _check_grid(sheet: Sheet) -> None:
    grid = sheet.properties["gridProperties"]
    if grid.get("rowCount", 0) < 1 or grid.get("columnCount", 0) < 1:
        raise Refused("The grid must have at least one row and one column.")
    for frozen, count, what in (
        ("frozenRowCount", "rowCount", "rows"),
        ("frozenColumnCount", "columnCount", "columns"),
    ):
        if grid.get(frozen, 0) >= grid[count]:
            raise Refused(f"You can't freeze all visible {what} on the sheet.")


KINDS = {
    "addSheet": add_sheet,
    "deleteSheet": delete_sheet,
    "updateSheetProperties": update_sheet_properties,
    "updateSpreadsheetProperties": update_spreadsheet_properties,
}
