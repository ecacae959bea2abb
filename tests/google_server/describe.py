"""A spreadsheet as the Spreadsheet resource.

Decided here: grid data ends at the last row and cell that hold anything, rows without any are `{}`, and
default-sized rows and columns still appear in the metadata lists, as recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.google_server.a1 import Area
from tests.google_server.book import Book, metadata_sheet
from tests.google_server.canonical import canonical
from tests.google_server.cells import EMPTY, Cell, cell_json, deep_merged, extended_value
from tests.google_server.defaults import DEFAULT_FORMAT, SPREADSHEET_THEME
from tests.google_server.fields import Mask, project, reaches
from tests.google_server.filters import location_type, metadata_place
from tests.google_server.locales import Locale
from tests.google_server.protection import Actor, seen_by
from tests.google_server.rendering import formatted
from tests.google_server.sheet import Sheet
from tests.google_server.wire import Json

DEFAULT_PIXELS = {"ROWS": 21, "COLUMNS": 100}
Place = tuple[Sheet, Area]


def spreadsheet_json(book: Book, actor: Actor, places: Sequence[Place] | None, grid_data: bool, mask: Mask) -> Json:
    """The resource, cut to the asked places and to the mask."""
    with_data = reaches(mask, "sheets", "data") if mask else grid_data
    result: Json = {
        "spreadsheetId": book.id,
        "properties": book_properties(book),
        "sheets": [
            sheet_json(book, sheet, actor, areas if with_data else []) for sheet, areas in _areas_of(book, places)
        ],
    }
    if book.named_ranges:
        result["namedRanges"] = book.named_ranges
    result["spreadsheetUrl"] = f"https://docs.google.com/spreadsheets/d/{book.id}/edit"
    own = [item for item in book.metadata if item["location"].get("spreadsheet")]
    if own:
        result["developerMetadata"] = own
    projected: Json = project(result, mask)
    return projected


def book_properties(book: Book) -> Json:
    return {
        "title": book.title,
        "locale": book.locale,
        "autoRecalc": book.auto_recalc,
        "timeZone": book.time_zone,
        "defaultFormat": DEFAULT_FORMAT,
        "spreadsheetTheme": SPREADSHEET_THEME,
    }


def sheet_properties(book: Book, sheet: Sheet) -> Json:
    return canonical("SheetProperties", {**sheet.properties, "index": book.sheets.index(sheet)})


def sheet_json(book: Book, sheet: Sheet, actor: Actor, areas: Sequence[Area]) -> Json:
    result: Json = {"properties": sheet_properties(book, sheet)}
    if areas:
        result["data"] = [grid_data_json(book, sheet, area) for area in areas]
    for kind, items in sheet.objects.items():
        if items:
            result[kind] = [seen_by(item, actor) for item in items] if kind == "protectedRanges" else items
    if sheet.basic_filter is not None:
        result["basicFilter"] = sheet.basic_filter
    own = [item for item in book.metadata if _on_whole_sheet(item, sheet)]
    if own:
        result["developerMetadata"] = own
    return result


def grid_data_json(book: Book, sheet: Sheet, area: Area) -> Json:
    result: Json = {}
    if area.top:
        result["startRow"] = area.top
    if area.left:
        result["startColumn"] = area.left
    rows = _row_data(sheet, area, book.conventions)
    if rows:
        result["rowData"] = rows
    result["rowMetadata"] = _dimension_metadata(book, sheet, "ROWS", range(area.top, area.bottom))
    result["columnMetadata"] = _dimension_metadata(book, sheet, "COLUMNS", range(area.left, area.right))
    return result


def full_cell_json(cell: Cell, locale: Locale) -> Json:
    """CellData with its read-only half."""
    result = cell_json(cell)
    effective = extended_value(cell.value)
    if effective is not None:
        result["effectiveValue"] = effective
        result["formattedValue"] = formatted(cell, locale)
    if cell.format or effective is not None:
        result["effectiveFormat"] = deep_merged(DEFAULT_FORMAT, cell.format or {})
    return result


def _areas_of(book: Book, places: Sequence[Place] | None) -> list[tuple[Sheet, list[Area]]]:
    if places is None:
        return [(sheet, [sheet.whole]) for sheet in book.sheets]
    asked = [(sheet, [area for owner, area in places if owner is sheet]) for sheet in book.sheets]
    return [(sheet, areas) for sheet, areas in asked if areas]


def _row_data(sheet: Sheet, area: Area, locale: Locale) -> list[Json]:
    columns = {
        row: {column: cell for column, cell in line.items() if area.left <= column < area.right}
        for row, line in sheet.lines(area)
    }
    columns = {row: cells for row, cells in columns.items() if cells}
    if not columns:
        return []
    return [_one_row(columns.get(row, {}), area.left, locale) for row in range(area.top, max(columns) + 1)]


def _one_row(cells: dict[int, Cell], left: int, locale: Locale) -> Json:
    if not cells:
        return {}
    return {"values": [full_cell_json(cells.get(column, EMPTY), locale) for column in range(left, max(cells) + 1)]}


def _dimension_metadata(book: Book, sheet: Sheet, dimension: str, indexes: range) -> list[Json]:
    tagged = _tags(book, sheet, dimension)
    stored = sheet.dimensions[dimension]
    result = []
    for index in indexes:
        item: dict[str, Any] = {"pixelSize": DEFAULT_PIXELS[dimension], **stored.get(index, {})}
        if index in tagged:
            item["developerMetadata"] = tagged[index]
        result.append(item)
    return result


def _tags(book: Book, sheet: Sheet, dimension: str) -> dict[int, list[Json]]:
    result: dict[int, list[Json]] = {}
    for item in book.metadata:
        location = item["location"].get("dimensionRange", {})
        if location.get("dimension") == dimension and metadata_place(book, item)[0] is sheet:
            result.setdefault(location.get("startIndex", 0), []).append(item)
    return result


def _on_whole_sheet(item: Json, sheet: Sheet) -> bool:
    location = item["location"]
    return location_type(location) == "SHEET" and metadata_sheet(item) == sheet.id
