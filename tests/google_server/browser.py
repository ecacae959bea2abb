"""What a person sees and does in the browser, for tests: no API, no permissions, no request is recorded.

Decided here: every call reads the file's present state, because an API write replaces the whole book.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from tests.google_server.a1 import Area, parse_reference
from tests.google_server.batch_cells import sort_area
from tests.google_server.batch_dimensions import insert_lines
from tests.google_server.book import Book
from tests.google_server.calculation import calculate
from tests.google_server.cells import Cell, with_value
from tests.google_server.drive_state import DriveFile, Workspace
from tests.google_server.entered import typed
from tests.google_server.sheet import Sheet
from tests.google_server.shifting import Shift
from tests.google_server.value_blocks import Reading, read_block


class OpenBook:
    """One spreadsheet, open in a person's browser."""

    def __init__(self, workspace: Workspace, file: DriveFile, lock: threading.RLock) -> None:
        self._workspace = workspace
        self._file = file
        self._lock = lock

    @property
    def book(self) -> Book:
        """The whole present state, for what this class has no word for."""
        assert self._file.book is not None
        calculate(self._file.book)
        return self._file.book

    def titles(self) -> list[str]:
        with self._lock:
            return [sheet.title for sheet in self.book.sheets]

    def values(self, title: str) -> list[list[Any]]:
        """Unformatted values of the whole tab, trimmed like `values.get`."""
        with self._lock:
            sheet = self._sheet(title)
            block = read_block(sheet, sheet.whole, Reading(render="UNFORMATTED_VALUE"))
            values: list[list[Any]] = block.get("values", [])
            return values

    def cell(self, title: str, place: str) -> Cell:
        with self._lock:
            return self._sheet(title).cell(*_place(place))

    def type(self, title: str, anchor: str, rows: Sequence[Sequence[Any]]) -> None:
        """Raw values as a script writes them; None skips a cell, "" clears it; the grid grows if needed."""

        def write(sheet: Sheet) -> None:
            self._write(sheet, anchor, rows, with_value)

        self._change(title, write)

    def enter(self, title: str, anchor: str, rows: Sequence[Sequence[Any]]) -> None:
        """Like `type`, but parsed as typing is: "2026-01-05" becomes a date, "=A1" a formula."""

        def write(sheet: Sheet) -> None:
            locale = self.book.conventions
            self._write(sheet, anchor, rows, lambda cell, value: typed(cell, value, locale))

        self._change(title, write)

    def rename_tab(self, title: str, new: str) -> None:
        def rename(sheet: Sheet) -> None:
            self.book.check_new_title(new, renamed=sheet)
            self.book.rename_in_formulas(title, new)
            sheet.properties = {**sheet.properties, "title": new}

        self._change(title, rename)

    def delete_tab(self, title: str) -> None:
        self._change(title, self.book.remove_sheet)

    def insert_column(self, title: str, column: int) -> None:
        """A blank column before the zero-based index."""
        self._change(title, lambda sheet: insert_lines(self.book, sheet, "COLUMNS", column, 1, column > 0))

    def delete_column(self, title: str, column: int) -> None:
        self._change(title, lambda sheet: self.book.shift(Shift(sheet.id, "COLUMNS", column, -1)))

    def insert_rows(self, title: str, start: int, count: int) -> None:
        """Blank rows before the zero-based index."""
        self._change(title, lambda sheet: insert_lines(self.book, sheet, "ROWS", start, count, start > 0))

    def delete_rows(self, title: str, start: int, count: int) -> None:
        """Rows from the zero-based index on."""
        self._change(title, lambda sheet: self.book.shift(Shift(sheet.id, "ROWS", start, -count)))

    def sort(self, title: str, column: int, descending: bool = False) -> None:
        """Sort the rows below the frozen ones (or below a first header row) by a zero-based column."""

        def sort(sheet: Sheet) -> None:
            top = sheet.properties["gridProperties"].get("frozenRowCount", 0) or 1
            area = Area(top, 0, sheet.rows, sheet.columns)
            order = "DESCENDING" if descending else "ASCENDING"
            sort_area(sheet, area, [{"dimensionIndex": column, "sortOrder": order}])

        self._change(title, sort)

    def _write(
        self, sheet: Sheet, anchor: str, rows: Sequence[Sequence[Any]], put: Callable[[Cell, Any], Cell]
    ) -> None:
        top, left = _place(anchor)
        sheet.grow(top + len(rows), left + max((len(row) for row in rows), default=0))
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if value is not None:
                    sheet.put(top + i, left + j, put(sheet.cell(top + i, left + j), value))

    def _sheet(self, title: str) -> Sheet:
        sheet = next((sheet for sheet in self.book.sheets if sheet.title == title), None)
        if sheet is None:
            raise KeyError(f"no tab {title!r}; there are {[each.title for each in self.book.sheets]}")
        return sheet

    def _change(self, title: str, action: Callable[[Sheet], None]) -> None:
        with self._lock:
            action(self._sheet(title))
            self.book.stale = True
            self._workspace.touched(self._file)


def _place(text: str) -> tuple[int, int]:
    reference = parse_reference(text)
    if reference is None or not reference.single or reference.top is None or reference.left is None:
        raise ValueError(f"not one cell in A1 notation: {text!r}")
    return reference.top, reference.left
