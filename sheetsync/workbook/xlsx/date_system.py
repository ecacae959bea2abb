"""Days in a file that counts them from 1904, as old Macs did and an option of Excel still does.

Everybody else here counts from 1900. What the file shows as a day is turned by whoever reads it; a day in a cell
without a day's format is a mere number there, and only its column tells what it means.
"""

from collections.abc import Sequence
from typing import TypeGuard

from sheetsync.cells import Cell, Moment, day_of
from sheetsync.tables import known_columns
from sheetsync.tabs import TabContents
from sheetsync.template import Tab

_DAYS = 1462


def counted_from_1904(tab: Tab, rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """The rows of a tab, laid out as the template has it, with the days of its date columns as the file counts."""
    dates = {at for at, column in enumerate(tab.columns) if column.type == "date"}
    return [
        [cell - _DAYS if at in dates and _is_number(cell) else cell for at, cell in enumerate(row)] for row in rows
    ]


def count_from_1900(tab: Tab, contents: TabContents) -> None:
    """Turn, in place, the days of a tab as it stands that its file does not show as days."""
    table = known_columns(tab, contents)
    dates = [at for key, at in table.positions.items() if tab.column(key).type == "date"]
    for row in table.grid[table.header + 1 :]:
        for at in dates:
            cell = row[at] if at < len(row) else None
            # Not 20260214, which is a day in digits.
            if _is_number(cell) and not isinstance(cell, Moment) and day_of(cell):
                row[at] = cell + _DAYS


def _is_number(cell: Cell) -> TypeGuard[int | float]:
    return isinstance(cell, int | float) and not isinstance(cell, bool)
