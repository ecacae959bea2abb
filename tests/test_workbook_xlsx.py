"""The local workbook: the shared contract, and what only a file on disk can promise."""

import os
import re
import shutil
import stat
import struct
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import openpyxl.chart
import openpyxl.styles
import pytest
from openpyxl.comments import Comment

from sheetsync.cells import Cell, Moment, column_letters, serial
from sheetsync.errors import Busy, ConfigError, GuardTripped
from sheetsync.formulas import row_formula
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import Workbook
from sheetsync.workbook.xlsx import XlsxWorkbook, create, open_workbook
from tests.workbook_contract import ACTIVITIES, ROWS, WorkbookContract, replaced, same


class Excel:
    """A person with a spreadsheet program, which openpyxl stands for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """The workbook, saved afterwards."""
        book = openpyxl.load_workbook(self.path)
        yield book
        book.save(self.path)

    def type(self, tab: str, row: int, column: int, value: Cell) -> None:
        """Type a value into a cell."""
        with self.opened() as book:
            book[tab].cell(row, column).value = value

    def values(self, tab: str) -> list[list[Cell]]:
        """What the tab shows."""
        book = openpyxl.load_workbook(self.path, data_only=True)
        return [list(row) for row in book[tab].iter_rows(values_only=True)]

    def rename_tab(self, old: str, new: str) -> None:
        """Rename a tab; a spreadsheet program changes the names that point into it, openpyxl does not."""
        with self.opened() as book:
            book[old].title = new
            for name in book.defined_names.values():
                if re.match(rf"'?{re.escape(old)}'?!", name.attr_text or ""):
                    name.attr_text = "'" + new.replace("'", "''") + "'!$A$1"

    def delete_tab(self, tab: str) -> None:
        """Delete a tab, which leaves names without a place."""
        with self.opened() as book:
            del book[tab]
            for name in book.defined_names.values():
                if re.match(rf"'?{re.escape(tab)}'?!", name.attr_text or ""):
                    name.attr_text = "#REF!$A$1"


@pytest.fixture
def path(tmp_path: Path, sales: WorkbookTemplate) -> Path:
    """A workbook with the rows of the contract."""
    path = tmp_path / "goals.xlsx"
    create(path, sales, 2026, "Sales goals 2026", ROWS, ACTIVITIES)
    return path


@pytest.fixture
def workbook(path: Path, sales: WorkbookTemplate) -> XlsxWorkbook:
    """The workbook, open."""
    return open_workbook(path, sales)


@pytest.fixture
def person(path: Path) -> Excel:
    """Somebody who edits the file."""
    return Excel(path)


class TestXlsxWorkbook(WorkbookContract):
    """The local file keeps the contract."""


def members(path: Path) -> dict[str, tuple[bytes, bytes]]:
    """Each member of the file: its local header with the stored bytes, and its contents."""
    found = {}
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name, extra = struct.unpack_from("<HH", data, info.header_offset + 26)
            end = info.header_offset + 30 + name + extra + info.compress_size
            found[info.filename] = (data[info.header_offset : end], archive.read(info))
    return found


def changed_members(before: dict[str, tuple[bytes, bytes]], path: Path) -> set[str]:
    """The members whose stored bytes differ, in the same order and under the same names."""
    after = members(path)
    assert list(after) == list(before)
    return {name for name, stored in after.items() if stored != before[name]}


def edited(path: Path, edit: Callable[[str, bytes], bytes | None]) -> None:
    """Rewrite each member of the file the way another program might; None drops it."""
    with zipfile.ZipFile(path) as archive:
        contents = [(info.filename, edit(info.filename, archive.read(info))) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents:
            if content is not None:
                archive.writestr(name, content)


def part_of(path: Path, sales: WorkbookTemplate, key: str) -> str:
    """The member that holds a tab, in a file as `create` made it."""
    return f"xl/worksheets/sheet{[tab.key for tab in sales.tabs].index(key) + 1}.xml"


def sheet_xml(path: Path, part: str) -> str:
    """The XML of a part."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(part).decode()


class TestCreate:
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


class TestOpen:
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


class TestReading:
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


class TestOtherMembers:
    """Whatever is not ours keeps its very bytes."""

    @pytest.fixture
    def furnished(self, path: Path, person: Excel) -> Path:
        """The workbook after a person added a tab, a comment and a chart; another program saved a picture."""
        with person.opened() as book:
            extra = book.create_sheet("My notes", 3)
            extra["B2"] = "=SUM(Log!D2:D9)"
            extra["B2"].comment = Comment("remember", "Ann")
            chart = openpyxl.chart.BarChart()
            chart.add_data(openpyxl.chart.Reference(book["Log"], min_col=4, min_row=1, max_row=4))
            extra.add_chart(chart, "D2")
            book["Dashboard"].add_chart(openpyxl.chart.LineChart(), "L2")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("xl/media/image1.png", os.urandom(5000))
            archive.writestr(zipfile.ZipInfo("xl/slicers/slicer1.xml", (2001, 2, 3, 4, 5, 6)), "<slicers/>")
            with archive.open(zipfile.ZipInfo("xl/streamed.bin"), "w", force_zip64=True) as streamed:
                streamed.write(b"zip64 " * 100)
            archive.comment = b"a comment"
        return path

    def test_a_write_replaces_its_tabs_only(self, furnished: Path, workbook: XlsxWorkbook) -> None:
        """Two tabs are written: two members change, the rest is the same to the byte, in the same order."""
        before = members(furnished)
        workbook.write([replaced(workbook, key, [["Ann", "x", "y"]]) for key in ("team", "insights")])
        changed = changed_members(before, furnished)
        with zipfile.ZipFile(furnished) as archive:
            assert archive.testzip() is None
            assert archive.comment == b"a comment"
            assert archive.getinfo("xl/slicers/slicer1.xml").date_time == (2001, 2, 3, 4, 5, 6)
        titles = openpyxl.load_workbook(furnished).sheetnames
        assert changed == {f"xl/worksheets/sheet{titles.index(title) + 1}.xml" for title in ("Team", "Insights")}

    def test_around_the_cells_a_tab_keeps_everything(self, furnished: Path, workbook: XlsxWorkbook) -> None:
        """Charts, panes, rules and comments of a tool tab stay: only its cells are replaced."""
        part = "xl/worksheets/sheet1.xml"
        before = sheet_xml(furnished, part)
        workbook.write([replaced(workbook, "dashboard", [["Ann", "Cold call"]])])
        after = sheet_xml(furnished, part)
        assert "<drawing" in after
        assert "<conditionalFormatting" in after
        cells_and_size = re.compile(r"<dimension[^>]*>|<sheetData.*</sheetData>", re.DOTALL)
        assert cells_and_size.sub("", after) == cells_and_size.sub("", before)

    def test_an_append_replaces_one_tab_only(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate
    ) -> None:
        """Rows are added to one member."""
        before = members(path)
        workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert changed_members(before, path) == {part_of(path, sales, "log")}

    def test_results_change_and_nothing_else(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate
    ) -> None:
        """Stored results of formulas change in their place; formulas, styles and people's cells do not."""
        part, before = part_of(path, sales, "weekly"), members(path)
        xml = sheet_xml(path, part)
        results: dict[tuple[int, int], Cell] = {
            (3, 2): 0.85,
            (3, 3): "a & <b>",
            (4, 2): True,
            (5, 2): "#N/A",
            (3, 4): "x",
        }
        workbook.write([], {"weekly": results})
        assert changed_members(before, path) == {part}
        grid = workbook.read()["weekly"].grid
        assert grid[3] == ["2026-W02", "Ann", 0.85, "a & <b>"]
        assert (grid[4][2], grid[5][2]) == (True, "#N/A")

        def without_results(text: str) -> str:
            return re.sub(r"</f><v>[^<]*</v>", "</f>", re.sub(r'(<c r="[CD]\d+" s="\d+") t="\w+"', r"\1", text))

        assert without_results(sheet_xml(path, part)) == without_results(xml)
        workbook.write([], {"weekly": {(3, 2): None, (3, 3): "", (4, 2): "", (5, 2): ""}})
        assert not any(cell for row in workbook.read()["weekly"].grid[3:] for cell in row[2:])

    def test_results_that_stand_already_change_nothing(self, path: Path, workbook: XlsxWorkbook) -> None:
        """A number is the same however it is written; then the file is not replaced at all."""
        workbook.write([], {"weekly": {(3, 2): 0.5}})
        edited(path, lambda _, content: content.replace(b"<v>0.5</v>", b"<v>0.50</v>"))
        before = path.stat()
        workbook.write([], {"weekly": {(3, 2): 0.5}})
        after = path.stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_header_cells_and_columns_keep_their_styles(self, path: Path, workbook: XlsxWorkbook) -> None:
        """The header looks as before, and new cells look like their column."""
        workbook.write([replaced(workbook, "weekly_summary", [["2026-W02", "Ann", "Cold call", 3, 10, 5, 0.3]])])
        sheet = openpyxl.load_workbook(path)["Weekly summary"]
        assert sheet["A1"].font.bold
        assert sheet.row_dimensions[1].height == pytest.approx(34, abs=1)
        assert (sheet["G2"].number_format, sheet["D2"].number_format) == ("0%", "#,##0")

    def test_long_text_gets_room(self, path: Path, workbook: XlsxWorkbook) -> None:
        """A row with wrapped text is high enough, for programs that compute no heights."""
        workbook.append("log", [[46_000, "Ann", "Cold call", 1, None, None, None, "word " * 40]])
        sheet = openpyxl.load_workbook(path)["Log"]
        assert sheet.row_dimensions[5].height >= 60
        assert sheet.row_dimensions[4].height is None


class TestExcelsOwnMembers:
    """What Excel adds when it saves, and what it needs in return."""

    CHAIN = (
        b'<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="C2" i="1"/></calcChain>'
    )

    @pytest.fixture
    def saved_by_excel(self, path: Path) -> Path:
        """The file as Excel leaves it: with an order of calculation, and trusting its own results."""

        def edit(name: str, content: bytes) -> bytes:
            if name == "xl/workbook.xml":
                return re.sub(rb"<calcPr[^>]*>", b'<calcPr calcId="191029"/>', content)
            if name == "xl/_rels/workbook.xml.rels":
                type_ = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain"
                chain = b'<Relationship Id="rId999" Type="%b" Target="calcChain.xml"/></Relationships>' % type_
                return content.replace(b"</Relationships>", chain)
            if name == "[Content_Types].xml":
                chain = b'<Override PartName="/xl/calcChain.xml" ContentType="application/x"/></Types>'
                return content.replace(b"</Types>", chain)
            return content

        edited(path, edit)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("xl/calcChain.xml", self.CHAIN)
        return path

    def test_excel_is_told_to_calculate(self, saved_by_excel: Path, workbook: XlsxWorkbook) -> None:
        """People's own formulas that look at our tabs are computed anew; the order of calculation stays."""
        before = members(saved_by_excel)
        workbook.write([replaced(workbook, "team", [["Ann"]])])
        changed = changed_members(before, saved_by_excel)
        assert "xl/workbook.xml" in changed
        assert len(changed) == 2
        assert b'<calcPr fullCalcOnLoad="1" calcId="191029"/>' in members(saved_by_excel)["xl/workbook.xml"][1]
        workbook.write([replaced(workbook, "team", [["Ben"]])])
        assert len(changed_members(members(saved_by_excel), saved_by_excel)) == 0

    def test_order_of_calculation_goes_when_formulas_do(self, saved_by_excel: Path, workbook: XlsxWorkbook) -> None:
        """Excel calls a file damaged whose order of calculation names a cell without a formula."""
        workbook.append("weekly", [["2027-W01", "Ann"]])
        stored = members(saved_by_excel)
        assert "xl/calcChain.xml" not in stored
        assert b"calcChain" not in stored["[Content_Types].xml"][1] + stored["xl/_rels/workbook.xml.rels"][1]
        assert openpyxl.load_workbook(saved_by_excel)["Weekly"]["A8"].value == "2027-W01"


class TestAppend:
    """Where rows land and what they bring."""

    def test_new_review_rows_have_formulas(self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate) -> None:
        """The formulas are those of the template, for the new row."""
        workbook.append("weekly", [["2027-W01", "Ann"], ["2027-W01", "Ben"]])
        workbook.append("monthly", [["2027-01", "Ann"]])
        book, tab = openpyxl.load_workbook(path), sales.tab("weekly")
        for row in (8, 9):
            assert book["Weekly"].cell(row, 3).value == row_formula(sales, tab, tab.column("score"), row)
            assert book["Weekly"].cell(row, 4).value == row_formula(sales, tab, tab.column("behind_on"), row)
        monthly = sales.tab("monthly")
        assert book["Monthly"]["D4"].value == row_formula(sales, monthly, monthly.column("forecast"), 4)

    def test_formulas_follow_columns_that_moved(self, path: Path, workbook: XlsxWorkbook, person: Excel) -> None:
        """A person moved the columns: new rows do as the rows above do."""
        with person.opened() as book:
            sheet = book["Weekly"]
            for row in range(3, 8):
                sheet.cell(row, 9).value = sheet.cell(row, 3).value and str(sheet.cell(row, 3).value)
                sheet.cell(row, 3).value = None
        workbook.append("weekly", [["2027-W01", "Ann", None, None, "review"]])
        sheet = openpyxl.load_workbook(path)["Weekly"]
        assert sheet["C8"].value is None
        assert sheet["I8"].value == sheet["I7"].value.replace("$A7", "$A8").replace("$B7", "$B8")

    def test_formatted_blank_rows_are_filled(self, path: Path, workbook: XlsxWorkbook, person: Excel) -> None:
        """Rows that hold formats only are used, with the looks they have; none is there twice."""
        with person.opened() as book:
            for row in range(5, 30):
                book["Log"].cell(row, 2).font = openpyxl.styles.Font(bold=True)
            book["Log"].row_dimensions[6].height = 40
        workbook.append("log", [[46_000 + n, "Ann", "Cold call"] for n in range(4)])
        sheet = openpyxl.load_workbook(path)["Log"]
        assert [sheet.cell(row, 1).value is not None for row in range(1, 11)] == [True] * 8 + [False] * 2
        assert sheet["B6"].font.bold
        assert sheet["B20"].font.bold
        assert sheet.row_dimensions[6].height == 40
        assert sheet["A6"].number_format == "yyyy-mm-dd"

    def test_a_persons_formula_is_data(self, workbook: XlsxWorkbook, person: Excel) -> None:
        """A total that somebody put under the log is not written over."""
        person.type("Log", 7, 4, "=SUM(D2:D5)")
        workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert workbook.read()["log"].grid[7] == [46_000, "Ann", "Cold call"]

    def test_into_an_empty_tab(self, workbook: XlsxWorkbook) -> None:
        """The first rows land below the header."""
        workbook.append("events", [[46_000, "Ann", "Training"]])
        assert same(workbook.read()["events"].grid[1:], [[46_000, "Ann", "Training"]])

    def test_many_rows(self, path: Path, workbook: XlsxWorkbook) -> None:
        """100,000 rows are appended and read back, cell for cell."""
        rows: list[list[Cell]] = [
            [
                serial(date(2026, 1, 1)) + n % 365,
                ("Ann", None)[n % 2],
                "Cold call",
                n % 9 or None,
                n / 4,
                None,
                None,
                f"note {n}",
            ]
            for n in range(100_000)
        ]
        told: list[int] = []
        workbook.append("log", rows, told.append)
        assert sum(told) == len(rows)
        assert len(told) > 5
        assert workbook.read()["log"].grid[4:] == rows


class TestReplacing:
    """The file is replaced in one step, and never under somebody's hands."""

    @staticmethod
    def libreoffice(path: Path) -> None:
        """LibreOffice has the file open."""
        lock = b",ann,desk,22.11.2026 08:31,file:///home/ann/.config;"
        path.with_name(f".~lock.{path.name}#").write_bytes(lock)

    @staticmethod
    def excel(path: Path) -> None:
        """Excel has the file open."""
        name = "Ann Lee"
        padded = (bytes([len(name)]) + name.encode()).ljust(55, b" ")
        path.with_name(f"~${path.name}").write_bytes(padded + bytes([len(name), 0]) + name.encode("utf-16-le"))

    @pytest.mark.parametrize(
        ("open_in", "said"),
        [
            ("libreoffice", r"goals\.xlsx is open in LibreOffice \(by ann\); close it"),
            ("excel", r"Excel \(by Ann Lee\)"),
        ],
    )
    def test_open_elsewhere(self, path: Path, workbook: XlsxWorkbook, open_in: str, said: str) -> None:
        """A file that is open in another program is read, but not written."""
        getattr(self, open_in)(path)
        before = path.read_bytes()
        write = replaced(workbook, "team", [["Ann"]])
        with pytest.raises(Busy, match=said):
            workbook.write([write])
        with pytest.raises(Busy, match=said):
            workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert path.read_bytes() == before
        assert len(list(path.parent.iterdir())) == 2

    def test_saved_by_somebody_meanwhile(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What a person saved while we were busy is not lost."""
        sync = os.fsync

        def saved_before(descriptor: int) -> None:
            sync(descriptor)
            monkeypatch.setattr(os, "fsync", sync)
            person.type("Log", 9, 8, "typed just now")

        monkeypatch.setattr(os, "fsync", saved_before)
        with pytest.raises(Busy, match="saved by another program"):
            workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert workbook.read()["log"].grid[8][7] == "typed just now"

    def test_killed_before_the_end(self, path: Path, workbook: XlsxWorkbook, monkeypatch: pytest.MonkeyPatch) -> None:
        """Until the last step the old file is whole; afterwards nothing is left lying about."""
        before = path.read_bytes()

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert path.read_bytes() == before
        assert [p.name for p in path.parent.iterdir()] == ["goals.xlsx"]

    def test_a_full_disk(self, path: Path, workbook: XlsxWorkbook, monkeypatch: pytest.MonkeyPatch) -> None:
        """A disk that is full is said in one line, and the old file stays."""
        before = path.read_bytes()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ConfigError, match="cannot be written: No space left"):
            workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert path.read_bytes() == before

    def test_a_link_stays_a_link(self, path: Path, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """A symbolic link is followed: the file that it names is replaced, and its lock counts."""
        (tmp_path / "links").mkdir()
        link = tmp_path / "links" / "current.xlsx"
        link.symlink_to("../goals.xlsx")
        workbook = open_workbook(link, sales)
        workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert link.is_symlink()
        assert len(open_workbook(path, sales).read()["log"].grid) == 5
        self.libreoffice(path)
        with pytest.raises(Busy):
            workbook.append("log", [[46_000, "Ann", "Cold call"]])

    def test_the_mode_is_kept(self, path: Path, workbook: XlsxWorkbook) -> None:
        """Who may read the file may read it afterwards, and nobody else."""
        path.chmod(0o640)
        workbook.append("log", [[46_000, "Ann", "Cold call"]])
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_a_missing_tab_stops_writing(self, path: Path, workbook: XlsxWorkbook, person: Excel) -> None:
        """A tool tab that is gone is named; nothing is written."""
        write = replaced(workbook, "team", [["Ann"]])
        person.delete_tab("Team")
        before = path.read_bytes()
        with pytest.raises(GuardTripped, match=r'the tab "Team" is gone from goals\.xlsx; restore it'):
            workbook.write([write])
        assert path.read_bytes() == before


SOFFICE = shutil.which("soffice")


def converted(path: Path, format_: str, folder: Path) -> Path:
    """The file as LibreOffice saves it in another format or folder."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [SOFFICE or "", profile, "--headless", "--convert-to", format_, "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return folder / path.with_suffix(f".{format_}").name


@pytest.mark.libreoffice
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")
class TestLibreOffice:
    """After LibreOffice opened and saved the file, everything works as before."""

    def test_sync_still_works(self, path: Path, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """Tabs are found; rows are read, written and appended with their formats and formulas."""
        saved = converted(path, "xlsx", tmp_path / "saved")
        workbook = open_workbook(saved, sales)
        assert (workbook.layout.year, workbook.layout.template) == (2026, "sales")
        assert same(workbook.read()["log"].grid[1:], ROWS["log"])
        before = members(saved)
        workbook.append("log", [[46_000, "Ann", "Cold call", 2.5]])
        workbook.append("weekly", [["2027-W01", "Ann"]])
        rows: list[list[Cell]] = [["2026-W02", "Ann", "Cold call", 3, 10, 5, 0.3]]
        workbook.write([replaced(workbook, "weekly_summary", rows)], {"weekly": {(3, 2): 0.75, (7, 2): 0.5}})
        assert len(changed_members(before, saved)) == 3
        contents = workbook.read()
        assert same(contents["log"].grid[1:], [*ROWS["log"], [46_000, "Ann", "Cold call", 2.5]])
        assert same(contents["weekly_summary"].grid[1:], rows)
        assert (contents["weekly"].grid[3][2], contents["weekly"].grid[7][:3]) == (0.75, ["2027-W01", "Ann", 0.5])
        book = openpyxl.load_workbook(saved)
        assert book["Log"]["A5"].number_format.replace("\\", "") == "yyyy-mm-dd"
        assert book["Weekly summary"]["G2"].number_format == "0%"
        assert "$A8" in book["Weekly"]["C8"].value

    def test_what_we_wrote_opens(self, path: Path, workbook: Workbook, tmp_path: Path) -> None:
        """LibreOffice reads our files, and computes our formulas to what people logged."""
        day = serial(date(2026, 1, 5))
        workbook.append("daily", [[day, "Ann"]])
        workbook.append("log", [[day, "Ann", "Invitation", 4, None, None, None, "=1+1"]])
        again = converted(converted(path, "ods", tmp_path / "ods"), "xlsx", tmp_path / "again")
        book = openpyxl.load_workbook(again, data_only=True)
        assert book["Daily"]["C4"].value == 7
        assert book["Log"]["H5"].value == "=1+1"
