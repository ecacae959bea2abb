"""What a local workbook shows by itself: live cells, charts, conditional formats."""

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree
from openpyxl.utils import range_boundaries

from sheetsync.cells import Cell, column_letters
from sheetsync.charts import drawings, rows_covered
from sheetsync.live import FIRST_VALUE, is_current, live_cells, name_of, values_of
from sheetsync.periods import Calendar
from sheetsync.template import PIXELS_A_ROW, Rule, Tab, WorkbookTemplate
from sheetsync.workbook import TabWrite
from sheetsync.workbook.xlsx import XlsxWorkbook, create, open_workbook
from tests.local_charts import DONE, ChartedFile, chart_parts, choose, drawn_from, saved_with_charts, values_written
from tests.local_files import (
    SOFFICE,
    Excel,
    changed_members,
    members,
    part_of,
    parts_by_title,
    sheet_xml,
)
from tests.workbook_contract import replaced


def rows_of(xml: str, first: int, last: int) -> list[str]:
    """The XML of some 1-based rows that are there."""
    found = {int(number): row for row, number in re.findall(r'(<row r="(\d+)".*?(?:</row>|/>))', xml, re.DOTALL)}
    return [found[number] for number in range(first, last + 1) if number in found]


def rules_of(path: Path, title: str) -> list[tuple[str, int, str, Any]]:
    """The conditional formats of a tab, the strongest first: place, priority, formula, look."""
    areas = openpyxl.load_workbook(path)[title].conditional_formatting
    found = [(str(a.sqref), r.priority, (r.formula or [""])[0], r.dxf) for a in areas for r in a.rules]
    return sorted(found, key=lambda rule: rule[1])


class TestLiveCells(ChartedFile):
    """The lines that follow the clock and what people choose."""

    def test_formulas_stand_with_what_they_come_to(self, path: Path, sales: WorkbookTemplate) -> None:
        """Each live cell is there as the core says it; before the first sync nothing is drawn, and it is said."""
        formulas, shown = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
        for tab in sales.tabs:
            for (row, column), cell in live_cells(sales, tab, Calendar()).items():
                place = formulas[tab.title].cell(row + 1, column + 1)
                assert (place.value or "") == (cell.formula or cell.text)
                assert (shown[tab.title].cell(row + 1, column + 1).value or "") == cell.text
        assert "No sync has run yet" in shown["Dashboard"]["A4"].value

    def test_what_is_not_known_is_an_error(self, path: Path, sales: WorkbookTemplate) -> None:
        """#N/A is stored as the error that it is, not as text, so that charts draw nothing there."""
        xml = sheet_xml(path, part_of(path, sales, "series"))
        assert re.search(r'<c r="C1" s="\d+" t="e"><f>.*?</f><v>#N/A</v></c>', xml)
        assert open_workbook(path, sales).read()["series"].grid[0][FIRST_VALUE] == "#N/A"

    def test_choices(self, path: Path, board: Tab) -> None:
        """A choice offers people or activities, says what it does, and forbids nothing; it looks like a field."""
        sheet = openpyxl.load_workbook(path)["Dashboard"]
        checks = {str(v.sqref): v for v in sheet.data_validations.dataValidation}
        assert checks.keys() == {"B6", "B7"}
        assert checks["B6"].formula1.startswith("'People'!$A$2:")
        assert checks["B7"].formula1.startswith("'Activities'!$A$2:")
        for place, check in checks.items():
            assert not check.showErrorMessage
            assert check.showInputMessage
            assert "Blank" in check.prompt
            look = sheet[place]
            assert look.fill.fgColor.rgb == "FFF0FDFA"
            assert look.border.left.color.rgb == "FF" + board.color.removeprefix("#").upper()

    def test_links_look_like_links(self, path: Path, board: Tab) -> None:
        """In the tab's colour, without a line under each."""
        font = openpyxl.load_workbook(path)["Dashboard"]["B5"].font
        assert (font.color.rgb, font.u) == ("FF" + board.color.removeprefix("#").upper(), None)

    def test_lines_that_a_sync_writes_are_blank(self, path: Path, workbook: XlsxWorkbook) -> None:
        """No {as_of} is shown to anybody."""
        assert workbook.read()["dashboard"].grid[:3] == [["Dashboard"], [], []]
        assert "{" not in str(Excel(path).values("Dashboard")[:8])

    def test_the_banner_cannot_be_overlooked(self, path: Path) -> None:
        """While it warns its whole line is filled; what needs a look is bold."""
        rules = {(place, formula): look for place, _, formula, look in rules_of(path, "Dashboard")}
        assert rules["A4:M4", 'LEFT($A$4,1)="⚠"'].fill.bgColor.rgb == "FFFED7AA"
        alarm = rules["A3:M3", 'LEFT($A$3,1)="⚠"'].font
        assert (alarm.b, alarm.color.rgb) == (True, "FF9A3412")
        assert rules["A3:M3", 'LEFT($A$3,1)="✓"'].font.color.rgb == "FF0F766E"


class TestSync(ChartedFile):
    """What a sync does to them: nothing, but for the results."""

    def test_live_rows_and_charts_keep_their_xml(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate, board: Tab
    ) -> None:
        """Whatever the grid says there, and also when the header of the tab is written anew."""
        choose(path, "Ann")
        parts = [part_of(path, sales, key) for key in ("dashboard", "series")]
        before = [sheet_xml(path, part) for part in parts]
        grid: list[list[Cell]] = [["x"] * 13 for _ in range(board.header_row + 2)]
        workbook.write([TabWrite("dashboard", grid, [(0, len(grid))]), values_written(sales)])
        after = [sheet_xml(path, part) for part in parts]
        first, last = 4, rows_covered(board).stop
        assert rows_of(after[0], first, last) == rows_of(before[0], first, last)
        assert rows_of(after[0], 1, 3) != rows_of(before[0], 1, 3)
        assert rows_of(after[1], 1, 8) == rows_of(before[1], 1, 8)
        assert len(rows_of(after[1], 1, 8)) == 8
        assert workbook.read()["dashboard"].grid[5][:2] == ["Charts of", "Ann"]
        sheet = openpyxl.load_workbook(path)["Dashboard"]
        assert sheet.sheet_format.defaultRowHeight * 4 / 3 == PIXELS_A_ROW
        assert not any(sheet.row_dimensions[row + 1].height for row in rows_covered(board))

    def test_results_of_a_tab_that_is_written_as_well(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate
    ) -> None:
        """In one call a tool tab's rows and the results of its live formulas are stored, errors among them."""
        results: dict[tuple[int, int], Cell] = {
            (0, 0): "Ann||done", (0, 2): 3, (0, 3): 4.5, (0, 4): "#N/A", (1, 2): "", (1, 3): True,
        }  # fmt: skip
        xml = sheet_xml(path, part_of(path, sales, "series"))
        workbook.write([values_written(sales)], {"series": results})
        grid = workbook.read()["series"].grid
        assert grid[0][:5] == ["Ann||done", "Done", 3, 4.5, "#N/A"]
        assert grid[1][2:5] == [None, True, "#N/A"]
        after = sheet_xml(path, part_of(path, sales, "series"))
        assert re.findall("<f>.*?</f>", after) == re.findall("<f>.*?</f>", xml)
        workbook.write([], {"series": {(0, 2): "#N/A", (0, 4): 0}})
        assert workbook.read()["series"].grid[0][2:5] == ["#N/A", 4.5, 0]

    def test_the_file_stays_when_nothing_differs(
        self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate
    ) -> None:
        """Results that stand there already do not touch the file, errors included."""
        workbook.write([values_written(sales)], {"series": {(0, 2): 3}})
        before = path.stat()
        workbook.write([], {"series": {(0, 2): 3, (0, 3): "#N/A"}})
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_charts_are_not_touched(self, path: Path, workbook: XlsxWorkbook, sales: WorkbookTemplate) -> None:
        """Only the tab with the values changes."""
        before = members(path)
        workbook.write([values_written(sales)])
        assert changed_members(before, path) == {part_of(path, sales, "series")}


class TestCharts(ChartedFile):
    """What is drawn, and from where."""

    def test_they_show_cells_that_are_there(self, path: Path, sales: WorkbookTemplate, series: Tab) -> None:
        """Each reference is to the tab with the values: to a live row, its name, or the names of the periods."""
        live = {row + 1 for row in series.live_rows}
        categories = {series.header_row + 2, series.header_row + 3}
        charts = chart_parts(path)
        assert len(charts) == 2
        for chart in charts.values():
            for reference in drawn_from(chart):
                title, _, place = reference.rpartition("!")
                left, top, right, bottom = range_boundaries(place)
                assert title == "'Chart data'"
                assert top == bottom
                assert top in live | categories
                assert (left, right) == (2, 2) or left == FIRST_VALUE + 1
        assert openpyxl.load_workbook(path)["Dashboard"]._charts

    def test_each_line_is_drawn(self, path: Path, sales: WorkbookTemplate, board: Tab) -> None:
        """With as many values as it has, in its colour, and under its name; the covers of the band are unnamed."""
        for drawing, chart in zip(drawings(sales, board), chart_parts(path).values(), strict=True):
            xml = etree.tostring(chart).decode()
            last = column_letters(FIRST_VALUE + drawing.values - 1)
            for line in drawing.lines:
                if line.key != "spread":
                    assert f"$C${line.row + 1}:${last}${line.row + 1}</c:f>" in xml
                assert line.color.removeprefix("#").upper() in xml
            unnamed = [e.get("val") for e in chart.iterfind(".//{*}legendEntry/{*}idx")]
            assert unnamed == (["1", "2"] if drawing.chart.kind == "outcome" else [])
            assert {e.get("val") for e in chart.iter("{*}grouping")} == {"clustered", "standard"}

    def test_they_show_hidden_values_and_no_zeros(self, path: Path) -> None:
        """The tab with the values is hidden, what is not known is not drawn, and no value is made up."""
        for chart in chart_parts(path).values():
            assert chart.find(".//{*}plotVisOnly") is None
            assert chart.find(".//{*}dispBlanksAs").get("val") == "span"
            assert not [cache for cache in chart.iter("{*}numCache") if cache.find("{*}pt") is not None]

    def test_they_cover_blank_rows_only(self, path: Path, board: Tab) -> None:
        """Side by side between the lines and the header, as large as the template says, kept when columns widen."""
        drawing = next(xml for name, (_, xml) in members(path).items() if "/drawings/drawing" in name)
        anchors = list(etree.fromstring(drawing))
        ends = []
        for anchor in anchors:
            first, last = (int(anchor.find(f"{{*}}{end}/{{*}}row").text) for end in ("from", "to"))
            assert first == len(board.intro)
            assert last < rows_covered(board).stop
            assert anchor.get("editAs") == "oneCell"
            ends.append([int(anchor.find(f"{{*}}{end}/{{*}}col").text) for end in ("from", "to")])
        assert ends[0][0] < ends[0][1] <= ends[1][0] < ends[1][1]
        numbers = [e.get("id") for e in etree.fromstring(drawing).iter("{*}cNvPr")]
        assert len(set(numbers)) == len(numbers)

    def test_they_are_told_in_words(self, path: Path, sales: WorkbookTemplate, board: Tab) -> None:
        """For those who cannot see it, each chart says what it draws and where its numbers are."""
        drawing = next(xml for name, (_, xml) in members(path).items() if "/drawings/drawing" in name)
        told = [e.get("descr") for e in etree.fromstring(drawing).iter("{*}cNvPr")]
        for chart, text in zip(board.charts, told, strict=True):
            assert text.startswith(f"{chart.title}. A chart of the ")
            assert "in the tab Chart data" in text
        assert f"a pale band: {name_of(sales, 'spread')}" in told[0]
        assert f"columns: {name_of(sales, 'done')}; a thick line: {name_of(sales, 'target')}" in told[1]

    def test_no_row_is_frozen_above_them(self, path: Path) -> None:
        """A phone whose screen is full of frozen rows cannot scroll."""
        assert openpyxl.load_workbook(path)["Dashboard"].freeze_panes is None

    def test_their_values_are_in_a_hidden_tab(self, path: Path, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """Only the first tab is never hidden: a workbook opens there."""
        assert [s.title for s in openpyxl.load_workbook(path) if s.sheet_state != "visible"] == ["Chart data"]
        hidden = tuple(tab.model_copy(update={"hidden": True}) for tab in sales.tabs)
        create(tmp_path / "hidden.xlsx", sales.model_copy(update={"tabs": hidden}), 2026, "x", {})
        visible = [s.title for s in openpyxl.load_workbook(tmp_path / "hidden.xlsx") if s.sheet_state == "visible"]
        assert visible == ["Dashboard"]


class TestRules(ChartedFile):
    """The template's conditional formats and number formats."""

    @staticmethod
    def made(tmp_path: Path, sales: WorkbookTemplate, key: str, **changes: object) -> Path:
        """A workbook in which a tab of the template is another."""
        tabs = tuple(tab.model_copy(update=changes) if tab.key == key else tab for tab in sales.tabs)
        path = tmp_path / "ruled.xlsx"
        path.unlink(missing_ok=True)
        create(path, sales.model_copy(update={"tabs": tabs}), 2026, "x", {})
        return path

    @pytest.mark.parametrize("calendar", [Calendar(), Calendar(week_starts=6, year_starts=7)])
    def test_the_period_under_way(self, tmp_path: Path, sales: WorkbookTemplate, calendar: Calendar) -> None:
        """In review tabs the whole row is filled whose period is under way, as the calendar has it."""
        path = tmp_path / "goals.xlsx"
        create(path, sales, 2026, "x", {}, calendar=calendar)
        for tab in sales.with_role("review"):
            place, _, formula, look = rules_of(path, tab.title)[0]
            first = tab.header_row + 1
            assert place == f"A{first}:{column_letters(len(tab.columns) - 1)}1048576"
            assert "=" + formula == is_current(tab, calendar, first)
            assert look.fill.bgColor.rgb == "FFFEF9C3"

    @pytest.mark.parametrize(
        ("rule", "formula"),
        [
            (Rule(when="equals", value='a "b"', columns=("what",), bold=True), 'AND(ISTEXT(D2),D2="a ""b""")'),
            (Rule(when="equals", value=0, columns=("row",), bold=True), "AND(ISNUMBER(B2),B2=0.0)"),
            (Rule(when="at_least", value=0.85, columns=("row",), bold=True), "AND(ISNUMBER(B2),B2>=0.85)"),
            (Rule(when="below", value=2, columns=("row",), bold=True), "AND(ISNUMBER(B2),B2<2.0)"),
            (Rule(when="filled", columns=("what",), bold=True), "LEN(D2)>0"),
            (Rule(when="blank", columns=("what",), bold=True), "AND(LEN(D2)=0,COUNTA($A2:$F2)>0)"),
        ],
    )
    def test_conditions(self, tmp_path: Path, sales: WorkbookTemplate, rule: Rule, formula: str) -> None:
        """A blank cell is neither 0 nor below anything, and rows that nobody uses have no gaps."""
        path = self.made(tmp_path, sales, "problems", rules=(rule,))
        place, priority, shown, look = rules_of(path, "Problems")[0]
        assert (priority, shown, look.font.b) == (1, formula, True)
        assert re.fullmatch(rf"{'B' if 'B2' in formula else 'D'}2:[BD]1048576", place)

    def test_the_first_rule_shows(self, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """In their order, before the colours of statuses; without columns they are for each column."""
        rules = (
            Rule(when="filled", fill="#111111"),
            Rule(when="equals", value="met", columns=("status",), fill="#222222", ink="#eeeeee"),
        )
        found = rules_of(self.made(tmp_path, sales, "team", rules=rules[:1]), "Team")
        assert [place for place, *_ in found[:10]] == [
            f"{column_letters(at)}2:{column_letters(at)}1048576" for at in range(10)
        ]
        found = rules_of(self.made(tmp_path, sales, "weekly_summary", rules=rules), "Weekly summary")
        own = [
            (place, look.fill.bgColor.rgb) for place, _, _, look in found if look and look.fill and place[0] == "I"
        ]
        assert [color for _, color in own[:2]] == ["FF111111", "FF222222"]

    def test_a_column_has_its_own_number_format(self, tmp_path: Path, sales: WorkbookTemplate) -> None:
        """It takes the place of the type's own, and of the rule that shows the decimals of fractions."""
        columns = tuple(
            column.model_copy(update={"format": '"£"#,##0'}) if column.key == "target" else column
            for column in sales.tab("goals").columns
        )
        path = self.made(tmp_path, sales, "goals", columns=columns)
        letters = column_letters(sales.tab("goals").position("target"))
        assert openpyxl.load_workbook(path)["Goals"].column_dimensions[letters].number_format == '"£"#,##0'
        assert not [place for place, *_ in rules_of(path, "Goals") if place.startswith(letters)]

    def test_a_column_that_is_put_back_is_highlighted_too(
        self, path: Path, workbook: XlsxWorkbook, person: Excel, sales: WorkbookTemplate
    ) -> None:
        """A rule about whole rows reaches a column that was added behind them."""
        with person.opened() as book:
            book["Weekly"].delete_cols(5)
        workbook.add_columns("weekly", 2, {8: sales.tab("weekly").column("review")})
        places = [place for place, _, formula, _ in rules_of(path, "Weekly") if "TODAY()" in formula]
        assert places == ["A4:G1048576", "I4:I1048576"]


class TestVersion(ChartedFile):
    """Of which version of its template a workbook is."""

    def test_it_is_kept_in_the_file(self, workbook: XlsxWorkbook, sales: WorkbookTemplate) -> None:
        """The version of the day of creation."""
        assert workbook.layout.version == sales.version > 1

    def test_older_files_are_of_the_first(self, path: Path, person: Excel, sales: WorkbookTemplate) -> None:
        """They were made before templates had versions."""
        with person.opened() as book:
            del book.defined_names["_sheetsync.version"]
        assert open_workbook(path, sales).layout.version == 1
        assert "version" not in open_workbook(path, sales).layout.marks


@pytest.fixture(scope="module")
def saved(sales: WorkbookTemplate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What LibreOffice saved."""
    return saved_with_charts(sales, tmp_path_factory.mktemp("charts"))


@pytest.mark.libreoffice
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")
class TestLibreOffice(ChartedFile):
    """Files that LibreOffice saved, and what it makes of ours."""

    @pytest.fixture
    def own(self, saved: Path, tmp_path: Path) -> Path:
        """The saved file, for one test."""
        own = tmp_path / "saved.xlsx"
        own.write_bytes(saved.read_bytes())
        return own

    def test_it_computes_our_formulas(self, saved: Path, sales: WorkbookTemplate) -> None:
        """The charts' values are those of the chosen person, the old sync is noticed, and links have their texts."""
        contents = open_workbook(saved, sales).read()
        rows = contents["series"].grid
        assert rows[0][:6] == ["Ann||done", "Done", *DONE["Ann"], "#N/A"]
        assert rows[1][:3] == ["Ann||target", "Target", "#N/A"]
        assert "days old: they are of Mon 5 Jan 2026" in str(contents["dashboard"].grid[3][0])
        assert contents["dashboard"].grid[4][1] == "▸ Weekly"

    def test_a_sync_leaves_live_cells_alone(self, own: Path, sales: WorkbookTemplate) -> None:
        """Formulas, choices and charts survive LibreOffice and the sync after it; results are brought up to date."""
        workbook, before = open_workbook(own, sales), members(own)
        part = parts_by_title(own)["Chart data"]
        formulas = re.findall("<f[ >].*?</f>", sheet_xml(own, part))
        assert len(formulas) == 8 + sum(values_of(line) for line in sales.tab("series").lines.values())
        write = values_written(sales)
        write.grid[-1][2] = 5
        board = replaced(workbook, "dashboard", [["Ann", "Cold call"]])
        workbook.write([write, board], {"series": {(0, 2): 5, (0, 4): "#N/A"}, "dashboard": {(3, 0): "⚠ old"}})
        assert changed_members(before, own) == {part, parts_by_title(own)["Dashboard"]}
        assert re.findall("<f[ >].*?</f>", sheet_xml(own, part)) == formulas
        contents = workbook.read()
        assert contents["series"].grid[0][2:5] == [5, 4, "#N/A"]
        shown = contents["dashboard"].grid
        assert (shown[3], shown[5][:2]) == (["⚠ old"], ["Charts of", "Ann"])
        assert len(openpyxl.load_workbook(own)["Dashboard"]._charts) == 2

    def test_the_band_is_no_stack(self, saved: Path) -> None:
        """LibreOffice saves all series of a chart as stacked when one is: then lines would show sums."""
        assert {e.get("val") for c in chart_parts(saved).values() for e in c.iter("{*}grouping")} == {
            "clustered",
            "standard",
        }
