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
from tests.google_server.shifting import Move, Shift
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
        old = sheet.cell(row, column)
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


def move_dimension(edit: Edit, body: Json) -> None:
    sheet, dimension, start, end = _span(edit, body.get("source", {}))
    target = body.get("destinationIndex", 0)
    _check_inside(sheet, dimension, max(end, target))
    edit.guard(sheet, _strip(sheet, dimension, min(start, target), max(end, target)))
    if not start <= target <= end:
        edit.book.shift(Move(sheet.id, dimension, start, 0, end - start, target))


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
    sheet, dimension, start, end = _span(edit, body.get("range", {}))
    _check_inside(sheet, dimension, end)
    groups = _regrouped(sheet, dimension, range(start, end), 1)
    control = "rowGroupControlAfter" if dimension == "ROWS" else "columnGroupControlAfter"
    sheet.properties["gridProperties"] = {**sheet.properties["gridProperties"], control: True}
    return {"dimensionGroups": groups}


def delete_dimension_group(edit: Edit, body: Json) -> Json:
    sheet, dimension, start, end = _span(edit, body.get("range", {}))
    grouped = {index for group in sheet.objects[_group_kind(dimension)] for index in _indexes(group)}
    if not grouped & set(range(start, end)):
        raise Refused("Could not find a group in the given range.")
    groups = _regrouped(sheet, dimension, range(start, end), -1)
    return {"dimensionGroups": groups} if groups else {}


def update_dimension_group(edit: Edit, body: Json) -> None:
    """Only whether a group is collapsed can be changed; its range and depth say which group is meant."""
    checked_update_mask(body.get("fields"), "DimensionGroup")
    wanted = canonical("DimensionGroup", body.get("dimensionGroup", {}))
    kind = _group_kind(_dimension(wanted.get("range", {})))
    groups = edit.book.sheet(wanted["range"].get("sheetId", 0)).objects[kind]
    for place, group in enumerate(groups):
        if (group["range"], group["depth"]) == (wanted["range"], wanted.get("depth", 0)):
            kept = {name: item for name, item in group.items() if name != "collapsed"}
            groups[place] = {**kept, **({"collapsed": True} if wanted.get("collapsed") else {})}
            return
    raise Refused("Could not find a group with the given range and depth.")


def _regrouped(sheet: Sheet, dimension: str, span: range, change: int) -> list[Json]:
    """The groups after the lines of a span got deeper or less deep by one; a group is a run of one depth or more."""
    kind = _group_kind(dimension)
    depths: dict[int, int] = {}
    for group in sheet.objects[kind]:
        for index in _indexes(group):
            depths[index] = max(depths.get(index, 0), group["depth"])
    for index in span:
        depths[index] = max(0, depths.get(index, 0) + change)
    old = {(tuple(_indexes(group)), group["depth"]): group for group in sheet.objects[kind]}
    groups = []
    for depth in range(1, max(depths.values(), default=0) + 1):
        for start, end in _runs(sorted(index for index, own in depths.items() if own >= depth)):
            place = {"sheetId": sheet.id, "dimension": dimension, "startIndex": start, "endIndex": end}
            new = canonical("DimensionGroup", {"range": place, "depth": depth})
            groups.append(old.get((tuple(range(start, end)), depth), new))
    sheet.objects[kind] = groups
    return groups


def _indexes(group: Json) -> range:
    return range(group["range"].get("startIndex", 0), group["range"]["endIndex"])


def _runs(indexes: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index in indexes:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


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
    "moveDimension": move_dimension,
    "updateDimensionProperties": update_dimension_properties,
    "autoResizeDimensions": auto_resize_dimensions,
    "addDimensionGroup": add_dimension_group,
    "deleteDimensionGroup": delete_dimension_group,
    "updateDimensionGroup": update_dimension_group,
}
