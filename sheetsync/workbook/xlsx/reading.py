"""Reading tabs with calamine, and its values turned into the alphabet of cells.

A log may have 100,000 rows, so whole columns are looked at for what needs turning, and most need nothing.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sheetsync.cells import EPOCH, Cell, serial, trimmed
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
    """The cells of a calamine sheet from A1 on, trimmed; `xml` is the tab's part."""
    rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    columns = [_normalised(column) for column in zip(*rows, strict=True)]
    grid: list[list[Cell]] = [list(row) for row in zip(*columns, strict=True)]
    for row, column, text in _errors(xml):
        if row < len(grid) and column < len(grid[row]):
            grid[row][column] = text
    return trimmed(grid)


def _normalised(column: Sequence[Any]) -> Iterable[Cell]:
    types = set(map(type, column))
    if types <= _PLAIN and "" not in column:
        return column
    if types <= _PLAIN:
        return [None if value == "" else value for value in column]
    # A year has few days, so each is turned once. The type is part of the key because 1 == 1.0 == True.
    known = {(type(value), value): _cell(value) for value in set(column)} if date in types else {}
    return [
        value if type(value) is str and value else known.get((type(value), value)) or _cell(value) for value in column
    ]


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
