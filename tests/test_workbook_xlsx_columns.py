"""Columns that people deleted come back as `create` makes them, and nothing else in the file changes."""

import re
from pathlib import Path

import openpyxl
import openpyxl.chart
import pytest

from sheetsync.cells import trimmed
from sheetsync.errors import GuardTripped
from sheetsync.template import Column, WorkbookTemplate
from sheetsync.workbook.xlsx import XlsxWorkbook
from tests.local_files import (
    Excel,
    LocalFile,
    changed_since,
    edited,
    everything,
    members,
    parts_by_title,
    sheet_xml,
)
from tests.workbook_contract import ACTIVITIES, ROWS


def prefixed(xml: bytes) -> bytes:
    """The same part with a prefix for each element."""
    return re.sub(rb"<(/?)(\w)", rb"<\1x:\2", xml).replace(b"xmlns=", b"xmlns:x=")


class TestColumns(LocalFile):
    """Columns that are gone, titled again where the tab is blank."""

    @pytest.fixture
    def amount(self, sales: WorkbookTemplate) -> Column:
        """A column of the log."""
        return sales.tab("log").column("amount")

    def test_a_column_comes_back(self, path: Path, workbook: XlsxWorkbook, person: Excel, amount: Column) -> None:
        """It has title, look, width and warning; no other cell changes, and no member but its tab."""
        with person.opened() as book:
            book["Log"].delete_cols(5)
        before, cells = members(path), {sheet.title: everything(sheet) for sheet in openpyxl.load_workbook(path)}
        workbook.add_columns("log", 0, {7: amount})
        changed, new = changed_since(before, path)
        assert (changed - {"xl/styles.xml"}, new) == ({parts_by_title(path)["Log"]}, set())
        book = openpyxl.load_workbook(path)
        sheet, title = book["Log"], book["Log"]["H1"]
        assert (title.value, title.font.b, title.fill.fgColor.rgb) == ("Amount", True, "FF16A34A")
        assert sheet.column_dimensions["H"].width == pytest.approx(17.14, abs=0.1)
        assert sheet.column_dimensions["H"].number_format == "#,##0.00"
        after = {sheet.title: everything(sheet) for sheet in book}
        assert {t: c for t, c in after.items() if t != "Log"} == {t: c for t, c in cells.items() if t != "Log"}
        assert {n: c for n, c in after["Log"]["cells"].items() if n[0] != "H"} == {
            n: c for n, c in cells["Log"]["cells"].items() if n[0] != "H"
        }
        assert [row[:7] for row in workbook.read()["log"].grid[1:]] == trimmed(
            [row[:4] + row[5:8] for row in ROWS["log"]]
        )

    def test_its_warning_comes_unless_there_is_one(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate, amount: Column
    ) -> None:
        """A column beyond the last gets the template's check and rule; one that is checked already keeps its own."""
        quality, count = (sales.tab("log").column(key) for key in ("quality", "count"))
        workbook.add_columns("log", 0, {9: quality, 10: count})
        sheet = openpyxl.load_workbook(path)["Log"]
        checks = {str(v.sqref): v for v in sheet.data_validations.dataValidation}
        assert checks["J2:J1048576"].error == "A whole number from 1 to 5."
        rules = {str(area.sqref): area.rules[0] for area in sheet.conditional_formatting}
        assert rules["K2:K1048576"].formula == ["ABS(K2-ROUND(K2,0))>=0.005"]
        assert rules["K2:K1048576"].dxf.numFmt.formatCode == "#,##0.0#"
        edited(path, lambda _, content: content.replace(b">Amount<", b"><"))
        before = len(checks)
        workbook.add_columns("log", 0, {4: amount})
        assert len(openpyxl.load_workbook(path)["Log"].data_validations.dataValidation) == before
        assert workbook.read()["log"].grid[0][4] == "Amount"

    def test_formulas_come_in_rows_with_data(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """A computed column has its formula in each row that has data, for the columns where they are today."""
        with person.opened() as book:
            book["Weekly"].delete_cols(3)
            book["Weekly"].insert_cols(1)
            book["Weekly"]["I6"] = "typed"
            book["Weekly"]["A11"].font = openpyxl.styles.Font(bold=True)
        workbook.add_columns("weekly", 2, {8: sales.tab("weekly").column("score")})
        sheet = openpyxl.load_workbook(path)["Weekly"]
        shown = [sheet.cell(row, 9).value for row in range(3, 12)]
        assert (shown[0], shown[3], shown[5:]) == ("Score", "typed", [None] * 4)
        assert [str(text)[:14] for text in (shown[1], shown[2], shown[4])] == [
            f'=IF($B{row}="","",' for row in (4, 5, 7)
        ]
        assert "INDEX('Weekly summary'!$G:$G,MATCH(" in shown[1] and '$B4&"|"&' in shown[1]
        assert (sheet["I4"].number_format, sheet["I4"].font.i) == ("0%", True)
        workbook.write([], {"weekly": {(3, 8): 0.5}})
        assert workbook.read()["weekly"].grid[3][8] == 0.5

    def test_an_activity_becomes_a_column_of_the_tally(self, path: Path, workbook: XlsxWorkbook) -> None:
        """Any column can be added, also one that the template does not know."""
        workbook.add_columns("tally", 0, {4: Column(key="activity 2", title="R&D <new>", type="count", width=110)})
        assert workbook.read()["tally"].grid == [["Date", "Who", *ACTIVITIES, "R&D <new>"]]
        assert openpyxl.load_workbook(path)["Tally"].column_dimensions["E"].number_format == "#,##0"

    def test_what_somebody_typed_is_safe(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, amount: Column
    ) -> None:
        """A title that is there is not written over."""
        person.type("Log", 1, 9, "mine")
        before = path.read_bytes()
        with pytest.raises(GuardTripped, match="somebody typed in I1"):
            workbook.add_columns("log", 0, {8: amount})
        assert path.read_bytes() == before

    def test_titles_below_an_introduction(self, workbook: XlsxWorkbook, person: Excel, amount: Column) -> None:
        """The row of titles is where the caller says, and it is made when it is not there."""
        with person.opened() as book:
            book["Log"].insert_rows(1, 2)
            book["Events"].delete_rows(1, 9)
        workbook.add_columns("log", 2, {8: amount})
        assert workbook.read()["log"].grid[2][8] == "Amount"
        workbook.add_columns("events", 1, {0: Column(key="date", title="Date", type="date")})
        assert workbook.read()["events"].grid == [[], ["Date"]]
        checks = openpyxl.load_workbook(person.path)["Log"].data_validations.dataValidation
        assert "I4:I1048576" in {str(check.sqref) for check in checks}

    def test_wide_columns_and_prefixes(self, path: Path, workbook: XlsxWorkbook, amount: Column) -> None:
        """Other programs describe many columns at once, and give their elements prefixes."""
        part = parts_by_title(path)["Log"]

        def edit(name: str, content: bytes) -> bytes:
            if name != part:
                return content
            wide = b'<col min="9" max="16384" width="11.5" style="0" customWidth="1"/></cols>'
            return prefixed(content.replace(b"</cols>", wide))

        edited(path, edit)
        workbook.add_columns("log", 0, {9: amount})
        columns = re.findall(r'<x:col min="(\d+)" max="(\d+)" width="([\d.]+)"', sheet_xml(path, part))
        assert columns[-3:] == [("9", "9", "11.5"), ("10", "10", "17.140625"), ("11", "16384", "11.5")]
        grid = workbook.read()["log"].grid
        assert (grid[0][9], grid[1][:4]) == ("Amount", ROWS["log"][0][:4])
