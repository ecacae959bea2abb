"""Reading tabs with calamine, and its values turned into the alphabet of cells.

A log may have 100,000 rows, so whole columns are looked at for what needs turning, and most need nothing.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sheetsync.cells import EPOCH, Cell, serial
from sheetsync.workbook.xlsx.sheet_part import column_of

_DAY = timedelta(days=1)
_MIDNIGHT = datetime.combine(EPOCH, time())
_PLAIN = frozenset((str, float, int, bool))
_ERROR_CELL = re.compile(
    rb"<(?:\w+:)?c\s([^>]*\st=[\"']e[\"'][^>]*|t=[\"']e[\"'][^>]*)>(.*?)</(?:\w+:)?c>", re.DOTALL
)
_REFERENCE = re.compile(rb"\br=[\"']([A-Z]+)([0-9]+)[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]*)<")


def grid_of(sheet: Any, xml: bytes) -> list[list[Cell]]:
    """The cells of a calamine sheet from A1 on, trailing blanks trimmed; `xml` is the tab's part."""
    grid: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    for at, column in enumerate(zip(*grid, strict=True)):
        if (turned := _turned(column)) is not None:
            for row, cell in zip(grid, turned, strict=True):
                row[at] = cell
    for row_at, at, text in _errors(xml):
        if row_at < len(grid) and at < len(grid[row_at]):
            grid[row_at][at] = text
    return _trim(grid)


def _turned(column: Sequence[Any]) -> list[Cell] | None:
    """The cells of a column as our alphabet spells them, or None when they are already."""
    types = set(map(type, column))
    if types <= _PLAIN:
        return [None if value == "" else value for value in column] if "" in column else None
    # A year has few days, so each is turned once. The type is part of the key because 1 == 1.0 == True.
    known = {(type(value), value): _cell(value) for value in set(column)}
    return [value if type(value) is str and value else known.get((type(value), value)) for value in column]


def _trim(grid: list[list[Cell]]) -> list[list[Cell]]:
    """As `cells.trimmed`, in place: a copy of 100,000 rows would be felt."""
    for row in grid:
        while row and row[-1] is None:
            row.pop()
    while grid and not grid[-1]:
        grid.pop()
    return grid


def _cell(value: Any) -> Cell:
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) - _MIDNIGHT) / _DAY
    if isinstance(value, date):
        return serial(value)
    if isinstance(value, time):
        return (datetime.combine(EPOCH, value) - _MIDNIGHT) / _DAY
    if isinstance(value, timedelta):
        return value / _DAY
    return None if value == "" else value


def _errors(xml: bytes) -> Iterable[tuple[int, int, str]]:
    """The cells that show an error, which calamine reads as blank: 0-based row and column, and the error's text."""
    if b't="e"' not in xml and b"t='e'" not in xml:
        return
    for cell in _ERROR_CELL.finditer(xml):
        reference, value = _REFERENCE.search(cell[1]), _VALUE.search(cell[2])
        if reference and value:
            yield int(reference[2]) - 1, column_of(reference[1].decode()), value[1].decode()
