"""A workbook that counts its days from 1904."""

from datetime import date
from pathlib import Path

import pytest

from sheetsync.cells import Cell, serial
from sheetsync.workbook.xlsx import XlsxWorkbook
from tests.local_files import Excel, LocalFile, edited
from tests.workbook_contract import same

DAY = serial(date(2026, 2, 14))


class TestFrom1904(LocalFile):
    """What is typed, read and appended is the same day all the same."""

    @pytest.fixture(autouse=True)
    def from_1904(self, path: Path) -> None:
        """Somebody told the workbook to count from 1904."""
        edited(path, lambda _, content: content.replace(b"<workbookPr ", b'<workbookPr date1904="1" '))

    def test_dates_counted_from_1904(self, workbook: XlsxWorkbook, person: Excel) -> None:
        """A day that somebody typed, and one that is appended."""
        with person.opened() as book:
            book["Log"]["A2"].value = date(2026, 2, 14)
        assert workbook.read()["log"].grid[1][0] == DAY
        workbook.append("log", [[DAY, "Ann", "Cold call", 100]])
        assert same(workbook.read()["log"].grid[-1:], [[DAY, "Ann", "Cold call", 100]])

    @pytest.mark.parametrize(
        ("typed", "read"),
        [(DAY - 1462, DAY), (DAY - 1462 + 0.5, DAY + 0.5), (20260214, 20260214), (True, True), (7, 7)],
    )
    def test_a_day_without_the_format_of_one(
        self, workbook: XlsxWorkbook, person: Excel, typed: Cell, read: Cell
    ) -> None:
        """A number in a column of dates is counted from 1904 too, if it can be a day; wherever the column stands."""
        with person.opened() as book:
            book["Log"].insert_cols(1)
            book["Log"].cell(2, 2).value = typed
            book["Log"].cell(2, 2).number_format = "General"
            book["Log"].cell(2, 5).value = DAY - 1462
        assert workbook.read()["log"].grid[1][1] == read
        assert workbook.read()["log"].grid[1][4] == DAY - 1462

    def test_counts_beside_them(self, workbook: XlsxWorkbook, person: Excel) -> None:
        """A count in a cell with a day's format is that count, from whichever day days are counted."""
        with person.opened() as book:
            for column, value in enumerate((5, 200, 2000), start=4):
                book["Log"].cell(2, column).value = value
                book["Log"].cell(2, column).number_format = "yyyy-mm-dd"
        assert workbook.read()["log"].grid[1][3:6] == [5, 200, 2000]
