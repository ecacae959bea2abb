"""A local workbook after a write: whatever is not ours keeps its bytes, and other programs open it."""

import os
import re
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import openpyxl.chart
import openpyxl.styles
import pytest
from openpyxl.comments import Comment

from sheetsync.cells import Cell, serial
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import Workbook
from sheetsync.workbook.xlsx import XlsxWorkbook, open_workbook
from tests.local_files import (
    SOFFICE,
    Excel,
    LocalFile,
    changed_members,
    converted,
    edited,
    members,
    part_of,
    sheet_xml,
)
from tests.workbook_contract import ROWS, replaced, same


class TestOtherMembers(LocalFile):
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


class TestExcelsOwnMembers(LocalFile):
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


@pytest.mark.libreoffice
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")
class TestLibreOffice(LocalFile):
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
