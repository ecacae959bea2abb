"""Blocks of plain values: reading them out of a grid, writing them into it.

Decided here: reads drop trailing blanks; a one-cell range anchors a write of any size, a larger one bounds
it; null skips a cell and is not counted, an empty string clears it and is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from tests.google_server.a1 import Area, area_text, column_letters
from tests.google_server.cells import EMPTY, Cell, with_value
from tests.google_server.edit import Edit
from tests.google_server.entered import typed
from tests.google_server.errors import Refused
from tests.google_server.locales import ENGLISH, Locale
from tests.google_server.rendering import rendered
from tests.google_server.sheet import Sheet
from tests.google_server.wire import Json

Rows = list[list[Any]]


@dataclass(frozen=True)
class Reading:
    """How values are wanted."""

    render: str = "FORMATTED_VALUE"
    dates: str = "SERIAL_NUMBER"
    major: str = "ROWS"
    locale: Locale = ENGLISH


@dataclass(frozen=True)
class Written:
    """What a write touched; `area` is the shape of the data, the rest counts what was really set."""

    sheet: Sheet
    area: Area
    rows: frozenset[int]
    columns: frozenset[int]
    cells: int

    def counts(self) -> Json:
        counts = {"updatedRows": len(self.rows), "updatedColumns": len(self.columns), "updatedCells": self.cells}
        return {name: count for name, count in counts.items() if count}


def read_block(sheet: Sheet, area: Area, reading: Reading) -> Json:
    """A ValueRange; `values` is missing when the whole area is blank."""
    used = sheet.used(area)
    rows: Rows = [_read_line(sheet.line(row), used, reading) for row in range(area.top, used.bottom)]
    major = "COLUMNS" if reading.major == "COLUMNS" else "ROWS"
    if major == "COLUMNS":
        rows = [list(column) for column in zip_longest(*rows)]
    values = trimmed(rows)
    result: Json = {"range": area_text(sheet.title, area), "majorDimension": major}
    return {**result, "values": values} if values else result


def _read_line(line: Mapping[int, Cell], used: Area, reading: Reading) -> list[Any]:
    if not line:
        return []
    render, dates, locale = reading.render, reading.dates, reading.locale
    cells = [line.get(column, EMPTY) for column in range(used.left, used.right)]
    return [
        # Most cells are texts, which show as they are.
        cell.value if type(cell.value) is str and cell.formula is None else rendered(cell, render, dates, locale)
        for cell in cells
    ]


def trimmed(rows: Rows) -> Rows:
    """The rows, which are cut, without trailing blanks and trailing empty rows; inner blanks are ""."""
    cut = []
    for row in rows:
        while row and row[-1] in (None, ""):
            row.pop()
        cut.append(["" if value is None else value for value in row] if None in row else row)
    while cut and not cut[-1]:
        cut.pop()
    return cut


def rows_of(value_range: Json) -> Rows:
    """The rows of a ValueRange to write; COLUMNS is turned round."""
    values: Rows = value_range.get("values", [])
    for i, line in enumerate(values):
        for j, value in enumerate(line):
            _check_scalar(value, i, j)
    if value_range.get("majorDimension") == "COLUMNS":
        return [list(row) for row in zip_longest(*values)]
    return values


def target_area(sheet: Sheet, text: str, area: Area, single: bool, rows: Rows) -> Area:
    """Where the rows will lie, refused when they leave the range or the grid."""
    height, width = len(rows), max((len(row) for row in rows), default=0)
    limit = Area(area.top, area.left, sheet.rows, sheet.columns) if single else area
    if height > limit.rows:
        raise Refused(_too_far(text, f"row [{limit.bottom + 1}]"))
    if width > limit.columns:
        raise Refused(_too_far(text, f"column [{column_letters(limit.right)}]"))
    return Area(area.top, area.left, area.top + max(height, 1), area.left + max(width, 1))


def write_block(edit: Edit, sheet: Sheet, target: Area, rows: Rows, option: str) -> Written:
    edit.guard(sheet, target)
    locale = edit.book.conventions
    parsing = option == "USER_ENTERED"
    columns: set[int] = set()
    written, count = set(), 0
    for row, values in enumerate(rows, start=target.top):
        line = sheet.line(row)
        new: dict[int, Cell] = {}
        for column, value in enumerate(values, start=target.left):
            if value is not None:
                old = line.get(column, EMPTY)
                new[column] = typed(old, value, locale) if parsing else with_value(old, value)
        if new:
            sheet.put_line(row, new)
            columns.update(new)
            written.add(row)
            count += len(new)
    return Written(sheet, target, frozenset(written), frozenset(columns), count)


def clear_block(edit: Edit, sheet: Sheet, area: Area) -> str:
    """Clear the values and keep formats, notes and validation."""
    edit.guard(sheet, area)
    for place in sheet.places(area):
        sheet.put(*place, with_value(sheet.cell(*place), None))
    return area_text(sheet.title, area)


def _too_far(text: str, where: str) -> str:
    return f"Requested writing within range [{text}], but tried writing to {where}"


def _check_scalar(value: Any, i: int, j: int) -> None:
    if isinstance(value, dict):
        inner = "".join(f'  fields {{\n    key: "{key}"\n  }}\n' for key in value)
        raise Refused(f"Invalid values[{i}][{j}]: struct_value {{\n{inner}}}\n")
    if isinstance(value, list):
        raise Refused(f"Invalid values[{i}][{j}]: list_value {{\n}}\n")
