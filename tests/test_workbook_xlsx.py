"""The local workbook: the shared contract, and what only a file on disk can promise."""

import os
import re
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import openpyxl.chart
import openpyxl.styles
import pytest

from sheetsync.cells import Moment, column_letters, serial
from sheetsync.errors import ConfigError
from sheetsync.formulas import row_formula
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook.xlsx import XlsxWorkbook, create, open_workbook
from tests.local_files import (
    Excel,
    LocalFile,
    edited,
    part_of,
)
from tests.workbook_contract import WorkbookContract


class TestXlsxWorkbook(LocalFile, WorkbookContract):
    """The local file keeps the contract."""


class TestCreate(LocalFile):
    """The generated file."""

    def test_refuses_a_path_that_exists(self, path: Path, sales: WorkbookTemplate) -> None:
        """An existing file is never replaced, not even by the same workbook."""
        before = path.read_bytes()
        with pytest.raises(ConfigError, match=r"goals\.xlsx exists already; choose another name or move it away"):
            create(path, sales, 2026, "x", {})
        assert path.read_bytes() == before

    def test_refuses_a_missing_folder(self, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """The folder must be there: a mistyped path makes no folders."""
        with pytest.raises(ConfigError, match=r"the folder .*nowhere does not exist"):
            create(tmp_path / "nowhere" / "goals.xlsx", sales, 2026, "x", {})

    def test_leaves_nothing_beside_it(self, path: Path) -> None:
        """Only the workbook is left in the folder."""
        assert [p.name for p in path.parent.iterdir()] == ["goals.xlsx"]

    def test_formulas_stand_in_computed_columns(self, path: Path, sales: WorkbookTemplate) -> None:
        """Each review row has the formulas of its own row."""
        sheet = openpyxl.load_workbook(path)["Weekly"]
        tab = sales.tab("weekly")
        assert sheet["C4"].value == row_formula(sales, tab, tab.column("score"), 4)
        assert sheet["D7"].value == row_formula(sales, tab, tab.column("behind_on"), 7)

    def test_typed_text_is_no_formula(self, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """Text in the rows given to `create` stays text, whatever it looks like."""
        path = tmp_path / "goals.xlsx"
        create(path, sales, 2026, "x", {"log": [[46_000, "=1+1", "http://x.example", None, None, None, "007"]]})
        row = open_workbook(path, sales).read()["log"].grid[1]
        assert row == [46_000, "=1+1", "http://x.example", None, None, None, "007"]

    def test_looks(self, path: Path, sales: WorkbookTemplate) -> None:
        """Tabs have the template's colours, widths, frozen panes, notes and hidden columns."""
        book = openpyxl.load_workbook(path)
        for tab in sales.tabs:
            sheet = book[tab.title]
            assert sheet.sheet_properties.tabColor.rgb == "FF" + tab.color.removeprefix("#").upper()
            frozen = sheet.cell(tab.header_row + 1, tab.frozen_columns + 1).coordinate
            assert sheet.freeze_panes == (None if tab.charts else frozen)
            assert sheet.page_setup.orientation == "landscape"
            for at, column in enumerate(tab.columns, start=1):
                header = sheet.cell(tab.header_row, at)
                assert header.font.bold
                assert column.note in (header.comment.text if header.comment else "")
        hidden = column_letters(sales.tab("weekly_summary").position("progress"))
        assert book["Weekly summary"].column_dimensions[hidden].hidden
        assert "Only sheetsync writes" in book["Team"]["A1"].comment.text
        assert book.active.title == "Dashboard"

    def test_lists_and_warnings(self, path: Path) -> None:
        """Choices are offered from other tabs, and nothing is forbidden."""
        rules = {
            str(rule.sqref): rule for rule in openpyxl.load_workbook(path)["Log"].data_validations.dataValidation
        }
        assert rules["B2:B1048576"].formula1.startswith("'People'!$A$2:")
        assert rules["C2:C1048576"].formula1.startswith("'Activities'!$A$2:")
        assert rules["F2:F1048576"].formula1 == "1"
        assert {rule.errorStyle for rule in rules.values()} == {"warning"}

    def test_marks_are_hidden_names(self, path: Path, sales: WorkbookTemplate) -> None:
        """Each tab has a hidden defined name; the year, the template's name and its version have one as well."""
        names = openpyxl.load_workbook(path).defined_names
        assert names["_sheetsync.log"].attr_text == "'Log'!$A$1"
        assert (names["_sheetsync.plan"].attr_text, names["_sheetsync.template"].attr_text) == ("2026", '"sales"')
        assert names["_sheetsync.version"].attr_text == str(sales.version)
        assert all(name.hidden for name in names.values())

    def test_a_tab_key_that_is_a_mark_is_refused(self, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """A template's tab cannot take the names that hold the year and the template."""
        tabs = (*sales.tabs[:-1], sales.tabs[-1].model_copy(update={"key": "plan"}))
        with pytest.raises(ConfigError, match="key plan"):
            create(tmp_path / "goals.xlsx", sales.model_copy(update={"tabs": tabs}), 2026, "x", {})
        assert list(tmp_path.iterdir()) == []


class TestOpen(LocalFile):
    """What cannot be opened, and why."""

    def test_missing(self, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """A missing file says how to make one."""
        with pytest.raises(ConfigError, match="sheetsync create"):
            open_workbook(tmp_path / "goals.xlsx", sales)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "not an .xlsx file"),
            (b"Date,Who\n", "not an .xlsx file"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
        ],
    )
    def test_something_else(self, tmp_path: Path, sales: WorkbookTemplate, content: bytes, said: str) -> None:
        """A file that is no workbook says what it is, in one line."""
        path = tmp_path / "goals.xlsx"
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=said) as caught:
            open_workbook(path, sales)
        assert "\n" not in str(caught.value)

    def test_a_folder(self, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """A folder is no workbook."""
        with pytest.raises(ConfigError, match="not a file"):
            open_workbook(tmp_path, sales)

    def test_another_zip(self, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """Nor is any other zip file."""
        path = tmp_path / "goals.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("hello.txt", "hello")
        with pytest.raises(ConfigError, match=r"not an \.xlsx file"):
            open_workbook(path, sales)

    def test_somebody_elses_workbook(self, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """A workbook without our marks is left alone."""
        path = tmp_path / "goals.xlsx"
        book = openpyxl.Workbook()
        book.save(path)
        with pytest.raises(ConfigError, match="was not made by `sheetsync create`"):
            open_workbook(path, sales)

    def test_cut_short(self, path: Path, sales: WorkbookTemplate) -> None:
        """A file that lost its end, or whose bytes were damaged, says so."""
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
        with pytest.raises(ConfigError, match="restore an earlier version"):
            open_workbook(path, sales)
        path.write_bytes(data.replace(b"PK\x03\x04", b"PK\x03\x05"))
        with pytest.raises(ConfigError, match="restore an earlier version"):
            open_workbook(path, sales)

    @pytest.mark.skipif(os.name != "posix", reason="rights work differently on Windows")
    def test_unreadable(self, path: Path, sales: WorkbookTemplate) -> None:
        """A file without the right to read it is a matter of configuration."""
        path.chmod(0)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # root may read everything, nobody may not
        try:
            with pytest.raises(ConfigError, match="cannot be read"):
                open_workbook(path, sales)
        finally:
            if root:
                os.seteuid(0)


class TestReading(LocalFile):
    """Values of a spreadsheet program, in our alphabet."""

    def test_dates_times_and_durations_are_numbers(self, workbook: XlsxWorkbook, person: Excel) -> None:
        """Days are serial numbers, times fractions of a day, durations days."""
        evening = datetime(2026, 2, 14, 18)  # noqa: DTZ001  a sheet knows no time zones
        typed = [date(2026, 2, 14), evening, time(6), timedelta(hours=36)]
        with person.opened() as book:
            for column, value in enumerate(typed, start=1):
                book["Events"].cell(2, column).value = value
        day = serial(date(2026, 2, 14))
        assert workbook.read()["events"].grid[1] == pytest.approx([day, day + 0.75, 0.25, 1.5])

    def test_a_count_in_a_cell_that_shows_days_is_that_count(self, workbook: XlsxWorkbook, person: Excel) -> None:
        """Whoever moves columns by their contents leaves formats behind; Excel's February of 1900 had 29 days."""
        typed = [-1, 0, 0.5, 1, 3, 3.25, 59, 60, 60.5, 61, 62, 366]
        with person.opened() as book:
            for style in ("yyyy-mm-dd", "hh:mm"):
                row = 2 if style == "hh:mm" else 3
                for column, value in enumerate(typed, start=1):
                    cell = book["Events"].cell(row, column)
                    cell.value, cell.number_format = value, style
        found = workbook.read()["events"].grid[1:3]
        assert found == [pytest.approx(typed)] * 2
        # Half a day, or twelve o'clock: what looks like a time is taken for one.
        assert [cell for row in found for cell in row if type(cell) is Moment] == [0.5, 0.5]

    def test_a_number_that_looks_like_a_day_or_a_time_is_told_apart(
        self, workbook: XlsxWorkbook, person: Excel
    ) -> None:
        """A program that takes 3/4 for a day stores a number; only its look says so. In tabs of the tool it may."""
        typed = [(date(2026, 4, 3), "d mmm"), (time(1, 30), "h:mm"), (timedelta(hours=90), "[h]:mm"), (46_115, "0")]
        with person.opened() as book:
            for tab in ("Log", "Problems"):
                for column, (value, style) in enumerate(typed, start=4):
                    book[tab].cell(6, column).value = value
                    book[tab].cell(6, column).number_format = style
        contents, numbers = workbook.read(), [46_115, 0.0625, 3.75, 46_115]
        for key, kind in (("log", Moment), ("problems", float)):
            found = [cell for cell in contents[key].grid[5][3:7] if isinstance(cell, float)]
            assert [float(cell) for cell in found] == pytest.approx(numbers)
            assert [type(cell) for cell in found] == [kind, kind, kind, float]

    def test_tick_boxes_and_numbers_are_told_apart_beside_days(self, workbook: XlsxWorkbook, person: Excel) -> None:
        """True is 1 and False is 0 to Python, and to nobody who typed them; a day in the column changes nothing."""
        typed = [False, 0, True, 1, 0, date(2026, 4, 3), False, 1, True]
        with person.opened() as book:
            for row, value in enumerate(typed, start=2):
                book["Events"].cell(row, 4).value = value
        column = [row[3] for row in workbook.read()["events"].grid[1:]]
        days = [serial(cell) if isinstance(cell, date) else cell for cell in typed]
        assert [(type(cell) is bool, cell) for cell in column] == [(type(cell) is bool, cell) for cell in days]

    def test_errors_are_their_text(self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate) -> None:
        """A formula's error is seen, though calamine reads it as blank."""
        part = part_of(path, sales, "log")
        broken = b'<c r="D4" t="e"><f>1/0</f><v>#DIV/0!</v></c><c t="e" r="E4"><v>#REF!</v></c></row>'

        def edit(name: str, content: bytes) -> bytes:
            if name != part:
                return content
            return re.sub(rb'(<row r="4".*?)<c r="D4".*?</row>', rb"\1" + broken, content, flags=re.DOTALL)

        edited(path, edit)
        assert workbook.read()["log"].grid[3] == [46_029, "Ann", "Cold call", "#DIV/0!", "#REF!"]

    @pytest.mark.parametrize("error", ["#SPILL!", "#CALC!", "#GETTING_DATA", "#BUSY!", "Err:502"])
    def test_errors_that_only_some_programs_know(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate, error: str
    ) -> None:
        """They are their text like the others; the rest of the tab is read, and nothing is called damaged."""
        part = part_of(path, sales, "log")
        broken = f'<c r="D4" t="e"><v>{error}</v></c><c r="E4" t="e"><v>#REF!</v></c><c r="F4"><v>7</v></c></row>'

        def edit(name: str, content: bytes) -> bytes:
            cut = re.compile(rb'(<row r="4".*?)<c r="D4".*?</row>', re.DOTALL)
            return cut.sub(rb"\1" + broken.encode(), content) if name == part else content

        edited(path, edit)
        assert workbook.read()["log"].grid[3] == [46_029, "Ann", "Cold call", error, "#REF!", 7]

    def test_a_copied_tab_is_nobodys_tab(self, path: Path, workbook: XlsxWorkbook) -> None:
        """Excel copies a tab's names with it, for the copy alone; the original keeps its role."""

        def edit(name: str, content: bytes) -> bytes:
            copied = b'<definedNames><definedName name="_sheetsync.log" localSheetId="2">\'Goals\'!$A$1</definedName>'
            return content.replace(b"<definedNames>", copied) if name == "xl/workbook.xml" else content

        edited(path, edit)
        assert workbook.read()["log"].title == "Log"

    def test_a_tab_whose_first_row_was_deleted_is_found(self, path: Path, workbook: XlsxWorkbook) -> None:
        """The name then points nowhere, but still into that tab."""
        edited(
            path, lambda _, content: content.replace(b"Log!$A$1", b"Log!#REF!").replace(b"'Log'!$A$1", b"Log!#REF!")
        )
        assert workbook.read()["log"].title == "Log"
