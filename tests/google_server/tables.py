"""Where `values.append` lands.

Decided here: a table is a block of touching non-empty cells (corners count) with overlapping or touching
blocks joined; of the tables that meet the asked range the last one wins, and the new rows go under its first
column. gspread #603 and the recordings show exactly this.
"""

from __future__ import annotations

from tests.google_server.a1 import Area
from tests.google_server.sheet import Sheet


def table_for(sheet: Sheet, asked: Area) -> Area | None:
    """The table an append to this range extends."""
    met = [table for table in tables(sheet) if table.meets(asked)]
    return max(met, key=lambda table: (table.top, table.left), default=None)


def tables(sheet: Sheet) -> list[Area]:
    """The tables of a sheet."""
    places = {(row, column) for row, line in sheet.grid.items() for column, cell in line.items() if not cell.blank}
    blocks = []
    while places:
        blocks.append(_block(places))
    return _joined(blocks)


def _block(places: set[tuple[int, int]]) -> Area:
    """The bounding box of one connected group, which is taken out of `places`."""
    waiting = [places.pop()]
    found = []
    while waiting:
        row, column = waiting.pop()
        found.append((row, column))
        for near in ((row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)):
            if near in places:
                places.remove(near)
                waiting.append(near)
    rows, columns = zip(*found, strict=True)
    return Area(min(rows), min(columns), max(rows) + 1, max(columns) + 1)


def _joined(blocks: list[Area]) -> list[Area]:
    """Boxes that overlap or touch are one table."""
    result: list[Area] = []
    for block in blocks:
        merged = block
        while near := next((other for other in result if other.meets(_widened(merged))), None):
            result.remove(near)
            merged = Area(
                min(near.top, merged.top),
                min(near.left, merged.left),
                max(near.bottom, merged.bottom),
                max(near.right, merged.right),
            )
        result.append(merged)
    return result


def _widened(area: Area) -> Area:
    return Area(area.top - 1, area.left - 1, area.bottom + 1, area.right + 1)
