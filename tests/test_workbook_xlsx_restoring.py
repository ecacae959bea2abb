"""Tabs and columns that people deleted come back as `create` makes them, and nothing else in the file changes."""

import re
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import openpyxl
import openpyxl.chart
import pytest
import xlsxwriter
from lxml import etree
from openpyxl.comments import Comment

from sheetsync.cells import Cell, serial
from sheetsync.errors import Busy, ConfigError, GuardTripped
from sheetsync.template import Column, WorkbookTemplate
from sheetsync.workbook.xlsx import XlsxWorkbook, open_workbook
from sheetsync.workbook.xlsx.archive import Archive
from sheetsync.workbook.xlsx.package import relations_of
from sheetsync.workbook.xlsx.parts import Transplant
from tests.cli import small_desk
from tests.local_files import (
    SOFFICE,
    Excel,
    LocalFile,
    changed_since,
    converted,
    edited,
    everything,
    members,
    own_styles,
    parts_by_title,
    sheet_xml,
)
from tests.workbook_contract import ACTIVITIES, ROWS, replaced, same

GONE = ("dashboard", "events", "log", "tally", "daily", "weekly", "weekly_summary", "team")
LISTS = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}


def delete(person: Excel, sales: WorkbookTemplate, *keys: str) -> None:
    """Delete tabs."""
    for key in keys:
        person.delete_tab(sales.tab(key).title)


def restore(workbook: XlsxWorkbook, keys: Sequence[str]) -> None:
    """Restore tabs with the rows that they had."""
    workbook.restore_tabs({key: ROWS.get(key, []) for key in keys}, ACTIVITIES)


def prefixed(xml: bytes) -> bytes:
    """The same part with a prefix for each element."""
    return re.sub(rb"<(/?)(\w)", rb"<\1x:\2", xml).replace(b"xmlns=", b"xmlns:x=")


class TestRestoring(LocalFile):
    """Tabs that are gone, made again."""

    def test_missing_tabs_are_named(self, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate) -> None:
        """In the template's order, also when the name that marks a tab is gone; a renamed tab is not missing."""
        assert workbook.missing_tabs() == []
        person.rename_tab("Team", "Crew")
        with person.opened() as book:
            del book["Weekly"]
            del book.defined_names["_sheetsync.weekly"]
        delete(person, sales, "events")
        assert workbook.missing_tabs() == ["events", "weekly"]

    def test_a_restored_tab_is_the_created_one(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """Cells, formulas, looks, widths, lists, rules, notes, panes, filters and the printed page are the same."""
        before = {sheet.title: everything(sheet) for sheet in openpyxl.load_workbook(path)}
        order = [tab.title for tab in sales.tabs]
        delete(person, sales, *GONE)
        restore(workbook, GONE)
        book = openpyxl.load_workbook(path)
        gone = [sales.tab(key).title for key in GONE]
        assert book.sheetnames == [title for title in order if title not in gone] + gone
        for title in gone:
            assert everything(book[title]) == before[title], title

    def test_it_is_found_read_and_written(
        self, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """The marks point into the new tabs; rows are read, appended and written as before."""
        before = {key: tab.grid for key, tab in workbook.read().items()}
        delete(person, sales, *GONE)
        restore(workbook, GONE)
        assert workbook.missing_tabs() == []
        again = open_workbook(person.path, sales)
        # openpyxl drops what formulas came to.
        after = {key: tab.grid for key, tab in again.read().items()}
        assert {key: grid for key, grid in after.items() if key != "series"} == {
            key: grid for key, grid in before.items() if key != "series"
        }
        assert again.layout == workbook.layout
        workbook.append("weekly", [["2027-W01", "Ann"]])
        workbook.write([replaced(workbook, "team", [["Ann", "North", 0.5]])], {"weekly": {(3, 2): 0.75}})
        assert workbook.read()["weekly"].grid[3][:3] == ["2026-W02", "Ann", 0.75]
        assert openpyxl.load_workbook(person.path)["Weekly"]["C8"].value.startswith('=IF($A8="","",')

    def test_a_lost_mark_is_made_again(self, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate) -> None:
        """The workbook knows a mark that it had not when it was opened."""
        with person.opened() as book:
            del book["Team"]
            del book.defined_names["_sheetsync.team"]
        opened = open_workbook(person.path, sales)
        assert "team" not in opened.layout.marks
        restore(opened, ["team"])
        assert opened.layout.marks["team"] == "_sheetsync.team"
        assert openpyxl.load_workbook(person.path).defined_names["_sheetsync.team"].hidden

    def test_all_other_members_keep_their_bytes(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """Only the lists of parts and the styles change; each style that was there keeps its number."""
        with person.opened() as book:
            extra = book.create_sheet("My notes", 3)
            extra["B2"] = "=SUM(Log!D2:D9)"
            extra["B2"].comment = Comment("remember", "Ann")
            chart = openpyxl.chart.BarChart()
            chart.add_data(openpyxl.chart.Reference(book["Log"], min_col=4, min_row=1, max_row=4))
            extra.add_chart(chart, "D2")
        delete(person, sales, "team", "weekly")
        before, styles = members(path), own_styles(path)
        restore(workbook, ["team", "weekly"])
        changed, new = changed_since(before, path)
        assert changed == {*LISTS, "xl/styles.xml"}
        kinds = sorted(re.sub(r"\d+", "", name.rpartition("/")[2]) for name in new)
        assert kinds == sorted(2 * ["sheet.xml", "sheet.xml.rels", "comments.xml", "vmlDrawing.vml"])
        grown = own_styles(path)
        assert all(grown[section][: len(there)] == there for section, there in styles.items())
        table = etree.fromstring(members(path)["xl/styles.xml"][1])
        assert all(int(s.get("count")) == len(s) for s in table if s.get("count"))
        book = openpyxl.load_workbook(path)
        assert (book["My notes"]["B2"].value, book["My notes"]["B2"].comment.text) == ("=SUM(Log!D2:D9)", "remember")
        assert len(book["My notes"]._charts) == 1

    def test_names_of_other_tabs_stay(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """A mark is one name; each tab has its own print titles and filter; no tab is selected beside another."""
        delete(person, sales, "dashboard", "log")
        restore(workbook, ["dashboard", "log"])
        xml = members(path)["xl/workbook.xml"][1].decode()
        assert xml.count('name="_sheetsync.log"') == xml.count('name="_sheetsync.dashboard"') == 1
        assert "#REF!" not in xml
        titles = openpyxl.load_workbook(path).sheetnames
        for tab in sales.tabs:
            place = titles.index(tab.title)
            named = re.findall(rf'name="_xlnm.Print_Titles" localSheetId="{place}"[^>]*>([^<]*)<', xml)
            assert [name.replace("'", "") for name in named] == [f"{tab.title}!${tab.header_row}:${tab.header_row}"]
        numbers = re.findall(r'sheetId="(\d+)"', xml.partition("<definedNames")[0])
        assert len(set(numbers)) == len(numbers) == len(sales.tabs)
        selected = [title for title, part in parts_by_title(path).items() if "tabSelected" in sheet_xml(path, part)]
        assert "Dashboard" not in selected

    def test_a_title_that_is_taken(self, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate) -> None:
        """A person's own tab keeps its title, whatever its case; the restored one gets a number, its formulas too."""
        delete(person, sales, "weekly_summary", "weekly")
        with person.opened() as book:
            book.create_sheet("weekly SUMMARY")["A1"] = "mine"
        restore(workbook, ["weekly_summary", "weekly"])
        titles = {key: tab.title for key, tab in workbook.read().items()}
        assert (titles["weekly_summary"], titles["weekly"]) == ("Weekly summary (2)", "Weekly")
        book = openpyxl.load_workbook(person.path)
        assert "'Weekly summary (2)'!$G:$G" in book["Weekly"]["C4"].value
        assert book["Weekly summary (2)"].print_title_rows == "$1:$1"
        assert book["weekly SUMMARY"]["A1"].value == "mine"

    def test_it_knows_what_people_renamed_and_moved(
        self, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """Formulas and lists of a restored tab look for tabs and columns where they are today."""
        delete(person, sales, "daily", "goals")
        with person.opened() as book:
            book["Log"].insert_cols(1, 2)
            book["Log"].insert_rows(1, 3)
        person.rename_tab("Log", "What we did (Ann's)")
        person.rename_tab("People", "Team members")
        day: list[list[Cell]] = [[serial(date(2026, 1, 5)), "Ann"]]
        workbook.restore_tabs({"daily": day, "goals": []})
        book = openpyxl.load_workbook(person.path)
        formula = book["Daily"]["C4"].value
        assert "SUMIFS('What we did (Ann''s)'!$F:$F,'What we did (Ann''s)'!$C:$C,\">=\"&$A4," in formula
        assert "'Team members'!$A$2" in formula
        lists = [v.formula1 for v in book["Goals"].data_validations.dataValidation if v.type == "list"]
        assert any("'Team members'!$A$2:INDEX(" in formula for formula in lists)

    def test_a_column_that_is_gone_is_looked_for_behind_all_others(
        self, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """There it is blank, which is what a blank Count means; nobody's other column is taken for it."""
        delete(person, sales, "daily")
        with person.opened() as book:
            book["Log"].delete_cols(4)
            book["Log"]["J1"] = "My own"
        workbook.restore_tabs({"daily": [[serial(date(2026, 1, 5)), "Ann"]]})
        formula = openpyxl.load_workbook(person.path)["Daily"]["C4"].value
        assert "SUMIFS('Log'!$K:$K,'Log'!$A:$A,\">=\"&$A4," in formula

    def test_a_title_that_no_tab_can_have(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """LibreOffice allows longer titles than Excel; what to do is said, and nothing changes."""
        delete(person, sales, "team")
        edited(path, lambda _, content: content.replace(b'name="Log"', b'name="%b"' % (b"Log" * 12)))
        edited(path, lambda _, content: content.replace(b"'Log'!", b"'%b'!" % (b"Log" * 12)))
        before = path.read_bytes()
        with pytest.raises(ConfigError, match="give the tab another title, then run again"):
            restore(workbook, ["team"])
        assert path.read_bytes() == before

    def test_elements_with_prefixes(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """Other programs give the elements of all parts a prefix."""
        before = everything(openpyxl.load_workbook(path)["Weekly"])
        delete(person, sales, "weekly")
        lists = {"xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"}
        edited(path, lambda name, content: prefixed(content) if name in lists else content)
        restore(workbook, ["weekly"])
        assert everything(openpyxl.load_workbook(path)["Weekly"]) == before
        assert workbook.missing_tabs() == []

    def test_a_tab_that_is_there_is_not_restored(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """A second restore is refused, and the file is not touched."""
        delete(person, sales, "team")
        restore(workbook, ["team"])
        before = path.read_bytes()
        with pytest.raises(GuardTripped, match=r'the tab "Team" is in goals\.xlsx already; nothing was restored'):
            restore(workbook, ["team"])
        assert path.read_bytes() == before

    def test_an_open_file_is_left_alone(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """Neither tabs nor columns are restored while somebody has the file open."""
        delete(person, sales, "team")
        before = path.read_bytes()
        path.with_name(f"~${path.name}").write_bytes(b"\x03Ann")
        with pytest.raises(Busy, match="open in Excel"):
            restore(workbook, ["team"])
        with pytest.raises(Busy, match="open in Excel"):
            workbook.add_columns("log", 0, {8: Column(key="extra", title="Extra")})
        assert path.read_bytes() == before

    def test_days_counted_from_1904(self, path: Path, workbook: XlsxWorkbook, person: Excel) -> None:
        """The rows of a restored tab are counted as the file counts."""
        with person.opened() as book:
            book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        person.delete_tab("Log")
        restore(workbook, ["log"])
        assert same(workbook.read()["log"].grid[1:], ROWS["log"])

    def test_excels_order_of_calculation_goes(self, path: Path, workbook: XlsxWorkbook, person: Excel) -> None:
        """The new formulas are not in it; Excel makes it anew."""
        person.delete_tab("Weekly")
        type_ = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain"

        def edit(name: str, content: bytes) -> bytes:
            if name == "xl/workbook.xml":
                return re.sub(rb"<calcPr[^>]*>", b'<calcPr calcId="191029"/>', content)
            chain = b'<Relationship Id="rId999" Type="%b" Target="calcChain.xml"/></Relationships>' % type_
            return content.replace(b"</Relationships>", chain) if name.endswith("workbook.xml.rels") else content

        edited(path, edit)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("xl/calcChain.xml", "<calcChain/>")
        restore(workbook, ["weekly"])
        stored = members(path)
        assert "xl/calcChain.xml" not in stored
        assert b"calcChain" not in stored["xl/_rels/workbook.xml.rels"][1]
        assert b"fullCalcOnLoad" in stored["xl/workbook.xml"][1]
        assert workbook.missing_tabs() == []

    def test_strict_open_xml(self, path: Path, workbook: XlsxWorkbook, person: Excel) -> None:
        """A file whose elements have other names is refused, with what to do."""
        person.delete_tab("Team")
        edited(
            path,
            lambda name, content: (
                content.replace(
                    b"schemas.openxmlformats.org/spreadsheetml/2006", b"purl.oclc.org/ooxml/spreadsheetml"
                )
                if name == "xl/styles.xml"
                else content
            ),
        )
        with pytest.raises(ConfigError, match="Strict Open XML"):
            restore(workbook, ["team"])

    @pytest.mark.parametrize("lost", [("Weekly summary", "Team"), ("Events",)])
    def test_a_sync_goes_on(self, tmp_path: Path, sales: WorkbookTemplate, lost: tuple[str, ...]) -> None:
        """A sync is refused without the tab; with the restored one it writes and reads everything."""
        desk = small_desk(tmp_path / "desk")
        with desk.edited():
            pass  # openpyxl drops texts of no length, which would count as changes below
        before = desk.cells()
        for title in lost:
            Excel(desk.workbook).delete_tab(title)
        desk.run("sync").refused(5, lost[0])
        workbook = open_workbook(desk.workbook, sales)
        # The desk's template has no tab Daily.
        workbook.restore_tabs({key: [] for key in workbook.missing_tabs() if key != "daily"})
        desk.ok("sync")
        after = desk.cells()
        assert after.keys() == before.keys()
        assert {title: rows for title, rows in after.items() if title != "Events"} == {
            title: rows for title, rows in before.items() if title != "Events"
        }
        assert after["Events"][0] == before["Events"][0]
        written = desk.workbook.read_bytes()
        desk.ok("sync")
        assert desk.workbook.read_bytes() == written


class TestTransplant(LocalFile):
    """Parts that come over from another file."""

    PIXEL = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c636060606000000005"
        "0001a5f645400000000049454e44ae426082"
    )

    def test_charts_and_pictures_come_along(self, path: Path, tmp_path: Path) -> None:
        """All that a tab refers to is brought, each part once, under names that are not in use."""
        source = tmp_path / "source.xlsx"
        (tmp_path / "pixel.png").write_bytes(self.PIXEL)
        with xlsxwriter.Workbook(source) as book:
            sheet = book.add_worksheet("Charts")
            chart = book.add_chart({"type": "column"})
            chart.add_series({"values": "=Charts!$A$1:$A$3"})
            sheet.insert_chart("B2", chart)
            sheet.insert_image("B20", str(tmp_path / "pixel.png"))
            sheet.write_url("A9", "https://example.com")
            sheet.write_comment("A1", "a note")
        with Archive(source) as other, Archive(path) as archive:
            transplant = Transplant(other, archive)
            name = transplant.bring("xl/worksheets/sheet1.xml")
            assert transplant.bring("xl/worksheets/sheet1.xml") == name
            assert not any(part in archive for part in transplant.contents)
            types = etree.fromstring(archive.read("[Content_Types].xml"))
            transplant.declared_in(types)
        declared = {o.get("PartName"): o.get("ContentType") for o in types if o.get("PartName")}
        brought = {part for part in transplant.contents if not part.endswith(".rels")}
        assert {part.rpartition(".")[2] for part in brought} == {"xml", "vml", "png"}
        assert sum("chart" in part for part in brought) == 1
        assert all(declared[f"/{part}"] for part in brought)
        assert declared[next(f"/{part}" for part in brought if part.endswith(".png"))] == "image/png"
        relations = etree.fromstring(transplant.contents[relations_of(name)])
        assert any(relation.get("TargetMode") == "External" for relation in relations)


@pytest.mark.libreoffice
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")
class TestLibreOffice(LocalFile):
    """Files that LibreOffice saved, and what it makes of ours."""

    def test_it_saved_the_file_without_the_tabs(
        self, path: Path, person: Excel, sales: WorkbookTemplate, tmp_path: Path
    ) -> None:
        """Tabs and columns are restored in its file, which it opens again and computes."""
        delete(person, sales, "daily", "events")
        with person.opened() as book:
            book["Weekly"].delete_cols(3)
        saved = converted(path, "xlsx", tmp_path / "saved")
        workbook, before = open_workbook(saved, sales), members(saved)
        day: list[list[Cell]] = [[serial(date(2026, 1, 5)), "Ann"]]
        workbook.restore_tabs({"daily": day, "events": []})
        assert changed_since(before, saved)[0] == {*LISTS, "xl/styles.xml"}
        workbook.add_columns("weekly", 2, {6: sales.tab("weekly").column("score")})
        again = converted(converted(saved, "ods", tmp_path / "ods"), "xlsx", tmp_path / "again")
        book = openpyxl.load_workbook(again, data_only=True)
        assert book["Daily"]["C4"].value == 3
        assert book["Daily"]["A4"].number_format.replace("\\", "") == "yyyy-mm-dd"
        assert book["Daily"]["C3"].fill.fgColor.rgb == "FF9333EA"
        assert book["Weekly"]["G3"].value == "Score"
        assert open_workbook(again, sales).missing_tabs() == []
