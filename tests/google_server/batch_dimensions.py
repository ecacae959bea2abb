"""Requests on rows and columns.

Decided here: inserting and deleting moves everything that names a place, in every sheet; a new row or column
takes its format from its neighbour; columns auto-sized here get the default width (nothing is measured).
"""

from __future__ import annotations

from tests.google_server.a1 import Area
from tests.google_server.book import Book
from tests.google_server.canonical import canonical
from tests.google_server.cells import Cell
from tests.google_server.edit import Edit
from tests.google_server.errors import Refused
from tests.google_server.fields import checked_update_mask, overlay
from tests.google_server.sheet import Sheet
from tests.google_server.shifting import Shift
from tests.google_server.wire import Json


def append_dimension(edit: Edit, body: Json) -> None:
    sheet = edit.book.sheet(body.get("sheetId", 0))
    length = body.get("length", 0)
    if length < 1:
        raise Refused("length must be greater than 0.")
    rows = sheet.rows + (length if _dimension(body) == "ROWS" else 0)
    columns = sheet.columns + (length if _dimension(body) == "COLUMNS" else 0)
    sheet.grow(rows, columns)


def insert_dimension(edit: Edit, body: Json) -> None:
    sheet, dimension, start, end = _span(edit, body.get("range", {}))
    size = sheet.size(dimension)
    if start > size:
        raise Refused(f"range.startIndex[{start}] must be less than or equal to the grid size[{size}].")
    if body.get("inheritFromBefore") and start == 0:
        raise Refused("inheritFromBefore cannot be true if inserting at the first row or column.")
    if start < size:
        edit.guard(sheet, _strip(sheet, dimension, start, start + 1))
    insert_lines(edit.book, sheet, dimension, start, end - start, bool(body.get("inheritFromBefore")))


def insert_lines(book: Book, sheet: Sheet, dimension: str, start: int, count: int, before: bool) -> None:
    """New rows or columns with the format and validation of the line before or after them."""
    book.shift(Shift(sheet.id, dimension, start, count))
    source = start - 1 if before else start + count
    for row, column in sheet.places(_strip(sheet, dimension, source, source + 1)):
        old = sheet.cells[row, column]
        heir = Cell(format=old.format, validation=old.validation)
        for offset in range(count):
            place = (start + offset, column) if dimension == "ROWS" else (row, start + offset)
            sheet.put(*place, heir)


def delete_dimension(edit: Edit, body: Json) -> None:
    sheet, dimension, start, end = _span(edit, body.get("range", {}))
    size, word = sheet.size(dimension), "row" if dimension == "ROWS" else "column"
    if end > size:
        raise Refused(
            f"Cannot delete a {word} that doesn't exist. Tried to delete {word} index {end - 1} "
            f"but there are only {size} {word}s."
        )
    if end - start >= size:
        raise Refused(f"You can't delete all the {word}s on the sheet.")
    edit.guard(sheet, _strip(sheet, dimension, start, end))
    edit.book.shift(Shift(sheet.id, dimension, start, start - end))


def update_dimension_properties(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "DimensionProperties")
    sheet, dimension, start, end = _span(edit, body.get("range", {}))
    _check_inside(sheet, dimension, end)
    wanted = canonical("DimensionProperties", body.get("properties", {}))
    stored = sheet.dimensions[dimension]
    for index in range(start, end):
        item = overlay(stored.get(index, {}), wanted, mask)
        stored[index] = item
        if not item:
            del stored[index]


def auto_resize_dimensions(edit: Edit, body: Json) -> None:
    sheet, dimension, start, end = _span(edit, body.get("dimensions", {}))
    _check_inside(sheet, dimension, end)
    for index in range(start, end):
        item = sheet.dimensions[dimension].get(index, {})
        sheet.dimensions[dimension][index] = {name: value for name, value in item.items() if name != "pixelSize"}


def add_dimension_group(edit: Edit, body: Json) -> Json:
    sheet, dimension, _, end = _span(edit, body.get("range", {}))
    _check_inside(sheet, dimension, end)
    kind = _group_kind(dimension)
    group = canonical("DimensionGroup", {"range": body["range"], "depth": 1})
    sheet.objects[kind] = [*sheet.objects[kind], group]
    control = "rowGroupControlAfter" if dimension == "ROWS" else "columnGroupControlAfter"
    sheet.properties["gridProperties"] = {**sheet.properties["gridProperties"], control: True}
    return {"dimensionGroups": sheet.objects[kind]}


def delete_dimension_group(edit: Edit, body: Json) -> Json:
    sheet, dimension, _, _ = _span(edit, body.get("range", {}))
    kind = _group_kind(dimension)
    wanted = canonical("DimensionRange", body["range"])
    kept = [group for group in sheet.objects[kind] if group["range"] != wanted]
    if len(kept) == len(sheet.objects[kind]):
        raise Refused("Could not find a group in the given range.")
    sheet.objects[kind] = kept
    return {"dimensionGroups": kept} if kept else {}


def _group_kind(dimension: str) -> str:
    return "rowGroups" if dimension == "ROWS" else "columnGroups"


def _dimension(body: Json) -> str:
    dimension = str(body.get("dimension", "DIMENSION_UNSPECIFIED"))
    if dimension == "DIMENSION_UNSPECIFIED":
        raise Refused("Dimension must be specified.")
    return dimension


def _span(edit: Edit, dimension_range: Json) -> tuple[Sheet, str, int, int]:
    sheet = edit.book.sheet(dimension_range.get("sheetId", 0))
    dimension = _dimension(dimension_range)
    start = dimension_range.get("startIndex", 0)
    end = dimension_range.get("endIndex", sheet.size(dimension))
    if start < 0 or end < 0:
        raise Refused("DimensionRange indexes must be >= 0")
    if end <= start:
        raise Refused(f"endIndex {end} must be greater than startIndex {start}")
    return sheet, dimension, start, end


def _check_inside(sheet: Sheet, dimension: str, end: int) -> None:
    if end > sheet.size(dimension):
        raise Refused(f"endIndex[{end}] must be less than or equal to the grid size[{sheet.size(dimension)}].")


def _strip(sheet: Sheet, dimension: str, start: int, end: int) -> Area:
    return Area(start, 0, end, sheet.columns) if dimension == "ROWS" else Area(0, start, sheet.rows, end)


KINDS = {
    "appendDimension": append_dimension,
    "insertDimension": insert_dimension,
    "deleteDimension": delete_dimension,
    "updateDimensionProperties": update_dimension_properties,
    "autoResizeDimensions": auto_resize_dimensions,
    "addDimensionGroup": add_dimension_group,
    "deleteDimensionGroup": delete_dimension_group,
}
