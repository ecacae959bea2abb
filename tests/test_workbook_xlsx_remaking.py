"""Tool tabs of a local workbook that are made again, or anew, with their live cells and charts; and its copy."""

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from lxml import etree
from openpyxl.comments import Comment

from sheetsync.errors import ConfigError
from sheetsync.template import Tab, WorkbookTemplate
from sheetsync.workbook.xlsx import XlsxWorkbook, create, open_workbook
from tests.local_charts import ChartedFile, chart_parts, choose, drawn_from, saved_with_charts, values_written
from tests.local_files import (
    SOFFICE,
    Excel,
    changed_since,
    converted,
    everything,
    members,
    own_styles,
    parts_by_title,
)
from tests.workbook_contract import ACTIVITIES, ROWS, replaced

LISTS = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}


def delete(path: Path, *titles: str) -> None:
    """Delete tabs the way a spreadsheet program does, charts and all."""
    person = Excel(path)
    for title in titles:
        person.delete_tab(title)


class TestRestoring(ChartedFile):
    """Lost tabs with charts come back whole."""

    def test_charts_come_along(self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate) -> None:
        """Charts, choices and live cells are those of the day of creation."""
        before = everything(openpyxl.load_workbook(path)["Dashboard"])
        charts = sorted(etree.tostring(chart, method="c14n") for chart in chart_parts(path).values())
        delete(path, "Dashboard")
        assert chart_parts(path) == {}
        workbook.restore_tabs({"dashboard": []})
        book = openpyxl.load_workbook(path)
        assert everything(book["Dashboard"]) == before
        assert len(book["Dashboard"]._charts) == 2
        assert sorted(etree.tostring(chart, method="c14n") for chart in chart_parts(path).values()) == charts
        types = members(path)["[Content_Types].xml"][1].decode()
        assert types.count("drawingml.chart+xml") == 2

    def test_they_name_the_tabs_of_today(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """Somebody called the tab with the values otherwise."""
        person.rename_tab("Chart data", "Ann's numbers")
        delete(path, "Dashboard")
        workbook.restore_tabs({"dashboard": []})
        assert {f.rpartition("!")[0] for c in chart_parts(path).values() for f in drawn_from(c)} == {
            "'Ann''s numbers'"
        }
        assert "'Ann''s numbers'!" in openpyxl.load_workbook(path)["Dashboard"]["A4"].value

    def test_hidden_stays_hidden(self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate) -> None:
        """The tab with the values comes back as hidden as it was."""
        delete(path, "Chart data")
        workbook.restore_tabs({"series": []})
        assert openpyxl.load_workbook(path)["Chart data"].sheet_state == "hidden"
        assert workbook.read()["series"].grid[0][:3] == ["||done", "Done", "#N/A"]


class TestRemaking(ChartedFile):
    """Tool tabs made anew when a newer template gives them another look."""

    KEYS = ("dashboard", "series", "problems")

    def test_a_tab_is_as_created(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate, tmp_path: Path
    ) -> None:
        """In its place, with charts, hidden as before; what the sync had written is gone."""
        before, order = openpyxl.load_workbook(path), openpyxl.load_workbook(path).sheetnames
        workbook.write([replaced(workbook, "problems", [["Log", 2]]), values_written(sales)])
        workbook.remake_tabs(self.KEYS, 7)
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == order
        for title in ("Dashboard", "Chart data", "Problems"):
            assert everything(book[title]) == everything(before[title])
        assert book["Chart data"].sheet_state == "hidden"
        assert len(book["Dashboard"]._charts) == 2
        assert workbook.layout.version == open_workbook(path, sales).layout.version == 7
        assert workbook.missing_tabs() == []

    def test_what_people_chose_is_kept(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate, board: Tab
    ) -> None:
        """Also when the choices stand in other lines of the new tab."""
        choose(path, "Zoë &amp; Co")
        intro = (*board.intro[:2], "A new line", *board.intro[2:])
        tabs = tuple(t.model_copy(update={"intro": intro}) if t.key == "dashboard" else t for t in sales.tabs)
        newer = sales.model_copy(update={"tabs": tabs})
        open_workbook(path, newer).remake_tabs(["dashboard", "series"], 3)
        grid = open_workbook(path, newer).read()["dashboard"].grid
        assert (grid[2], grid[6][:2], grid[7][0]) == (["A new line"], ["Charts of", "Zoë & Co"], "and of")
        assert openpyxl.load_workbook(path)["Dashboard"]["B8"].value is None
        assert "$B$7" in openpyxl.load_workbook(path)["Chart data"]["A1"].value

    def test_other_members_keep_their_bytes(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """The old charts, drawings and notes of the tabs leave the file; everybody else's stay as they are."""
        with person.opened() as book:
            book.create_sheet("My notes", 1)["B2"].comment = Comment("remember", "Ann")
            book["My notes"].add_chart(openpyxl.chart.BarChart(), "D2")
            book["Dashboard"]["A40"].comment = Comment("mine", "Ann")
        before, styles = members(path), own_styles(path)
        workbook.remake_tabs(["dashboard", "problems"], 2)
        after = members(path)
        own = {parts_by_title(path)[title] for title in ("Dashboard", "Problems")}
        relations = {re.sub(r"(\w+\.xml)$", r"_rels/\1.rels", part) for part in own}
        kept = {name for name in before if name in after}
        differing = {name for name in kept if before[name] != after[name]}
        assert differing <= own | relations | LISTS | {"xl/styles.xml"}
        gone = {re.sub(r"\d+", "", name.rpartition("/")[2]) for name in before.keys() - after.keys()}
        assert gone <= {"chart.xml", "drawing.xml", "drawing.xml.rels", "comment.xml", "commentsDrawing.vml"}
        assert len(chart_parts(path)) == 3
        assert {"drawing.xml", "comment.xml"} <= gone
        types = etree.fromstring(after["[Content_Types].xml"][1])
        declared = {o.get("PartName").lstrip("/") for o in types if o.get("PartName")}
        assert declared <= after.keys()
        grown = own_styles(path)
        assert all(grown[section][: len(there)] == there for section, there in styles.items())
        assert openpyxl.load_workbook(path)["My notes"]["B2"].comment.text == "remember"

    def test_twice_is_as_once(self, path: Path, workbook: XlsxWorkbook) -> None:
        """The file does not grow: nothing is left behind, no style is there twice."""
        workbook.remake_tabs(self.KEYS, 2)
        first = members(path)
        workbook.remake_tabs(self.KEYS, 2)
        second = members(path)
        assert len(second) == len(first)
        assert second["xl/styles.xml"] == first["xl/styles.xml"]
        names = re.findall(
            r'<definedName name="([^"]*)"(?: localSheetId="(\d+)")?', second["xl/workbook.xml"][1].decode()
        )
        assert len(set(names)) == len(names)
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None

    def test_not_a_tab_that_people_type_in(self, path: Path, workbook: XlsxWorkbook) -> None:
        """It is refused, and nothing changes."""
        before = path.read_bytes()
        with pytest.raises(ConfigError, match=r'the tab "Log" is one that people type in'):
            workbook.remake_tabs(["dashboard", "log"], 2)
        assert path.read_bytes() == before

    def test_tabs_that_are_gone_stay_gone(self, path: Path, workbook: XlsxWorkbook) -> None:
        """They are the business of restoring."""
        delete(path, "Team")
        workbook.remake_tabs(["team", "problems"], 2)
        assert workbook.missing_tabs() == ["team"]

    def test_a_file_of_an_earlier_version(self, tmp_path: Path, sales: WorkbookTemplate, board: Tab) -> None:
        """Made before there were charts: what is missing is restored, the Dashboard made anew, and drawn."""
        plain = board.model_copy(update={"intro": ("Dashboard", "", ""), "charts": ()})
        tabs = tuple(plain if tab.key == "dashboard" else tab for tab in sales.tabs if tab.key != "series")
        path = tmp_path / "old.xlsx"
        create(path, sales.model_copy(update={"tabs": tabs, "version": 1}), 2026, "x", ROWS, ACTIVITIES)
        workbook = open_workbook(path, sales)
        assert workbook.layout.version == 1
        workbook.restore_tabs({key: [] for key in workbook.missing_tabs()})
        workbook.remake_tabs([tab.key for tab in sales.tabs if tab.is_tool_tab], sales.version)
        new = tmp_path / "new.xlsx"
        create(new, sales, 2026, "x", ROWS, ACTIVITIES)
        titles = [tab.title for tab in sales.tabs if tab.is_tool_tab]
        after, made = openpyxl.load_workbook(path), openpyxl.load_workbook(new)
        assert all(everything(after[title]) == everything(made[title]) for title in titles)
        assert len(chart_parts(path)) == 2
        assert open_workbook(path, sales).layout.version == sales.version


class TestBackup(ChartedFile):
    """A copy before something large."""

    def test_the_whole_file(self, path: Path, workbook: XlsxWorkbook) -> None:
        """Beside the file, under a name that says what it is; an earlier copy is never replaced."""
        copies = [Path(workbook.backup("before version 2")) for _ in range(2)]
        assert [copy.name for copy in copies] == [
            "goals (before version 2).xlsx", "goals (before version 2) 2.xlsx"
        ]  # fmt: skip
        assert {copy.read_bytes() for copy in copies} == {path.read_bytes()}


@pytest.fixture(scope="module")
def saved(sales: WorkbookTemplate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What LibreOffice saved."""
    return saved_with_charts(sales, tmp_path_factory.mktemp("charts"))


@pytest.mark.libreoffice
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")
class TestLibreOffice(ChartedFile):
    """Files that LibreOffice saved."""

    @pytest.fixture
    def own(self, saved: Path, tmp_path: Path) -> Path:
        """The saved file, for one test."""
        own = tmp_path / "saved.xlsx"
        own.write_bytes(saved.read_bytes())
        return own

    def test_a_lost_dashboard_comes_back(self, own: Path, sales: WorkbookTemplate, tmp_path: Path) -> None:
        """In a file that LibreOffice saved, which it opens again with charts."""
        delete(own, "Dashboard", "Chart data")
        without = converted(own, "xlsx", tmp_path / "without")
        workbook, before = open_workbook(without, sales), members(without)
        assert workbook.missing_tabs() == ["dashboard", "series"]
        workbook.restore_tabs({"dashboard": [], "series": []})
        assert changed_since(before, without)[0] <= {*LISTS, "xl/styles.xml"}
        again = converted(without, "xlsx", tmp_path / "again")
        assert len(chart_parts(again)) == 2
        assert {f.rpartition("!")[0] for c in chart_parts(again).values() for f in drawn_from(c)} == {"'Chart data'"}
        assert openpyxl.load_workbook(again)["Chart data"].sheet_state == "hidden"

    def test_tabs_are_made_anew(self, own: Path, sales: WorkbookTemplate, tmp_path: Path) -> None:
        """In place, with the choice kept; the file that LibreOffice makes of it has all again."""
        workbook = open_workbook(own, sales)
        workbook.remake_tabs(["dashboard", "series", "team"], 9)
        book = openpyxl.load_workbook(own)
        assert book.sheetnames == [tab.title for tab in sales.tabs]
        again = converted(own, "xlsx", tmp_path / "again")
        opened = open_workbook(again, sales)
        assert opened.layout.version == 9
        assert opened.read()["dashboard"].grid[5][:2] == ["Charts of", "Ann"]
        assert len(chart_parts(again)) == 2
        assert openpyxl.load_workbook(again)["Chart data"].sheet_state == "hidden"
