"""Requests that write cells.

Decided here: a masked field that a row does not bring is cleared, also in the part of `range` the rows don't
reach; `appendCells` lands under the last row with data and grows rows but never columns.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cmp_to_key
from typing import Any

from tests.google_server.a1 import Area
from tests.google_server.canonical import canonical
from tests.google_server.cells import EMPTY, Cell, CellError, Value, cell_writer, deep_merged
from tests.google_server.edit import Edit
from tests.google_server.errors import Refused
from tests.google_server.fields import Mask, checked_update_mask
from tests.google_server.sheet import Sheet
from tests.google_server.wire import Json


def update_cells(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "CellData")
    rows = [row.get("values", []) for row in body.get("rows", [])]
    if "range" in body:
        sheet, area = edit.guarded_area(body["range"])
    elif "start" in body:
        sheet, area = _area_from(edit, body["start"], rows)
    else:
        raise Refused("Must specify a range or a start.")
    _check_reach(rows, area)
    _clear_beyond(sheet, area, rows, mask, whole="range" in body)
    _write_rows(sheet, area.top, area.left, rows, mask)


def append_cells(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "CellData")
    sheet = edit.book.sheet(body.get("sheetId", 0))
    rows = [row.get("values", []) for row in body.get("rows", [])]
    top = sheet.used(sheet.whole).bottom
    area = Area(top, 0, top + len(rows), sheet.columns)
    _check_reach(rows, area)
    sheet.grow(area.bottom, sheet.columns)
    edit.book.check_size()
    if rows:
        edit.guard(sheet, area)
    _write_rows(sheet, top, 0, rows, mask)


def repeat_cell(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "CellData")
    sheet, area = edit.guarded_area(body.get("range", {}))
    data, write = body.get("cell", {}), cell_writer(mask)
    for row in range(area.top, area.bottom):
        for column in range(area.left, area.right):
            sheet.put(row, column, write(sheet.cell(row, column), data))


def set_data_validation(edit: Edit, body: Json) -> None:
    sheet, area = edit.guarded_area(body.get("range", {}))
    rule = canonical("DataValidationRule", body["rule"]) if "rule" in body else None
    for row in range(area.top, area.bottom):
        for column in range(area.left, area.right):
            sheet.put(row, column, replace(sheet.cell(row, column), validation=rule))


def update_borders(edit: Edit, body: Json) -> None:
    sheet, area = edit.guarded_area(body.get("range", {}))
    for row in range(area.top, area.bottom):
        for column in range(area.left, area.right):
            sides = _sides(body, area, row, column)
            if sides:
                cell = sheet.cell(row, column)
                form = canonical("CellFormat", deep_merged(cell.format or {}, {"borders": sides}))
                sheet.put(row, column, replace(cell, format=form))


def sort_range(edit: Edit, body: Json) -> None:
    sheet, area = edit.guarded_area(body.get("range", {}))
    sort_area(sheet, area, body.get("sortSpecs", []))


def sort_area(sheet: Sheet, area: Area, specs: list[Json]) -> None:
    """Numbers before texts before booleans, blanks last in both directions."""
    columns = range(area.left, area.right)
    lines = [
        [sheet.cell(row, column) for column in columns] for row in range(area.top, sheet.used(area, False).bottom)
    ]

    def compare(one: list[Cell], other: list[Cell]) -> int:
        for spec in specs:
            index = spec.get("dimensionIndex", 0) - area.left
            order = _ordered(one[index].value, other[index].value, spec.get("sortOrder") == "DESCENDING")
            if order:
                return order
        return 0

    for offset, line in enumerate(sorted(lines, key=cmp_to_key(compare))):
        for column, cell in zip(columns, line, strict=True):
            sheet.put(area.top + offset, column, cell)


def _area_from(edit: Edit, start: Json, rows: list[list[Any]]) -> tuple[Sheet, Area]:
    sheet = edit.book.sheet(start.get("sheetId", 0))
    top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
    width = max((len(row) for row in rows), default=1) or 1
    if top >= sheet.rows or left >= sheet.columns:
        sheet.check_limits(Area(top, left, top + max(len(rows), 1), left + width))
    area = Area(top, left, sheet.rows, sheet.columns)
    edit.guard(sheet, Area(top, left, min(top + max(len(rows), 1), sheet.rows), min(left + width, sheet.columns)))
    return sheet, area


def _check_reach(rows: list[list[Any]], area: Area) -> None:
    if len(rows) > area.rows:
        raise Refused(f"Attempting to write row: {area.bottom}, beyond the last requested row of: {area.bottom - 1}")
    if any(len(row) > area.columns for row in rows):
        raise Refused(
            f"Attempting to write column: {area.right}, beyond the last requested column of: {area.right - 1}"
        )


def _clear_beyond(sheet: Sheet, area: Area, rows: list[list[Any]], mask: Mask, whole: bool) -> None:
    if not whole:
        return
    write = cell_writer(mask)
    for row, column in sheet.places(area):
        covered = row - area.top < len(rows) and column - area.left < len(rows[row - area.top])
        if not covered:
            sheet.put(row, column, write(sheet.cell(row, column), {}))


def _write_rows(sheet: Sheet, top: int, left: int, rows: list[list[Json]], mask: Mask) -> None:
    write = cell_writer(mask)
    for row, values in enumerate(rows, start=top):
        line = sheet.line(row)
        sheet.put_line(row, {j: write(line.get(j, EMPTY), data) for j, data in enumerate(values, start=left)})


def _sides(body: Json, area: Area, row: int, column: int) -> Json:
    names = {
        "top": "top" if row == area.top else "innerHorizontal",
        "bottom": "bottom" if row == area.bottom - 1 else "innerHorizontal",
        "left": "left" if column == area.left else "innerVertical",
        "right": "right" if column == area.right - 1 else "innerVertical",
    }
    return {side: body[name] for side, name in names.items() if name in body}


def _ordered(one: Value, other: Value, descending: bool) -> int:
    if one is None or other is None:
        return (one is None) - (other is None)
    first, second = _sort_key(one), _sort_key(other)
    order = (first > second) - (first < second)
    return -order if descending else order


def _sort_key(value: Value) -> tuple[int, float, str]:
    if isinstance(value, bool):
        return 2, float(value), ""
    if isinstance(value, str):
        return 1, 0.0, value.casefold()
    if isinstance(value, CellError):
        return 3, 0.0, value.text
    return 0, float(value or 0), ""


KINDS = {
    "updateCells": update_cells,
    "appendCells": append_cells,
    "repeatCell": repeat_cell,
    "setDataValidation": set_data_validation,
    "updateBorders": update_borders,
    "sortRange": sort_range,
}
