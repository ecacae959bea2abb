"""Charts: each line is a row of the tab of values, and every backend draws the same ones."""

import pytest

from sheetsync.charts import GAP, drawings, rows_covered
from sheetsync.config import find_template
from sheetsync.live import OUTCOME_LINES, TREND_LINES, WEEKS, YEAR, live_cells, values_of
from sheetsync.periods import Calendar
from sheetsync.summaries import lay_out
from sheetsync.template import PIXELS_A_ROW, Chart, Tab, WorkbookTemplate
from tests.conftest import PROJECT
from tests.test_summaries import findings

BUILT_IN = [find_template(name, PROJECT) for name in ("sales", "solo", "job-search")]


def boards(template: WorkbookTemplate) -> list[Tab]:
    """The dashboards of a template."""
    return list(template.with_role("dashboard"))


def other(template: WorkbookTemplate, key: str, **changes: object) -> WorkbookTemplate:
    """The template with one tab changed."""
    tabs = tuple(tab.model_copy(update=changes) if tab.key == key else tab for tab in template.tabs)
    return WorkbookTemplate(name=template.name, title=template.title, tabs=tabs)


@pytest.mark.parametrize("template", BUILT_IN, ids=lambda template: template.name)
def test_every_line_is_a_row_of_values(template: WorkbookTemplate) -> None:
    """In the order of the legend: the row that shows it in the tab of values, called as its label cell says."""
    (board,) = boards(template)
    found = list(drawings(template, board))
    assert [drawing.chart for drawing in found] == list(board.charts) and found
    for drawing in found:
        series = drawing.series
        assert series is template.first("series")
        keys = TREND_LINES if drawing.chart.kind == "trend" else OUTCOME_LINES
        assert tuple(line.key for line in drawing.lines) == keys
        cells = live_cells(template, series, Calendar())
        for line in drawing.lines:
            assert series.lines[line.row] == line.key and cells[line.row, 1].text == line.name
            assert drawing.values == values_of(line.key)


@pytest.mark.parametrize("template", BUILT_IN, ids=lambda template: template.name)
def test_charts_stand_between_intro_and_header(template: WorkbookTemplate) -> None:
    """Side by side with room between them, in rows of their own: none covers a line, a title or another chart."""
    (board,) = boards(template)
    left = 0
    for drawing in drawings(template, board):
        assert drawing.top == len(board.intro) == rows_covered(board).start
        assert drawing.left == left + GAP
        left = drawing.left + drawing.chart.width
        assert drawing.chart.height < len(rows_covered(board)) * PIXELS_A_ROW
    assert rows_covered(board).stop == board.header_row - 1


@pytest.mark.parametrize(("height", "rows"), [(120, 7), (121, 8), (300, 16), (900, 46)])
def test_the_tallest_chart_makes_the_room(height: int, rows: int) -> None:
    """And a blank row below it."""
    sales = BUILT_IN[0]
    charts = tuple(Chart(kind="trend", title="x", height=tall) for tall in (120, height))
    board = other(sales, "dashboard", charts=charts).tab("dashboard")
    assert board.chart_rows == len(rows_covered(board)) == rows
    assert board.header_row == len(board.intro) + rows + 1


def test_categories_are_the_weeks_that_a_sync_writes() -> None:
    """The row of names that belongs to the values: 13 weeks for a trend, the weeks of the year for an outcome."""
    sales = BUILT_IN[0]
    grid = lay_out(sales, findings())["series"]
    named = {drawing.chart.kind: grid[drawing.categories] for drawing in drawings(sales, sales.tab("dashboard"))}
    assert named["trend"][0] == "weeks" and named["outcome"][0] == "year"
    assert named["trend"][-1] == "2026-W07" and len(named["trend"]) == 2 + 13
    assert named["outcome"][2] == "2026-W01" and named["outcome"][-1] == "2026-W53"
    header = sales.tab("series").header_row
    assert {d.categories - header for d in drawings(sales, sales.tab("dashboard"))} == {WEEKS, YEAR}


def test_lines_of_a_chart_look_different() -> None:
    """Without seeing colours: columns, a thick line, a thin one, dashes and a band; what makes a band looks alike."""
    sales = BUILT_IN[0]
    for drawing in drawings(sales, sales.tab("dashboard")):
        looks = [line.look for line in drawing.lines if line.look != "band"]
        assert len(set(looks)) == len(looks) > 1
        assert len({line.color for line in drawing.lines if line.look == "band"}) <= 1


def test_what_has_no_values_is_not_drawn() -> None:
    """A line that the tab of values does not show is left out, and without that tab there is no chart."""
    sales = BUILT_IN[0]
    few = other(sales, "series", intro=("{so_far}", "{done}", "{target}"))
    shown = {d.chart.kind: [line.key for line in d.lines] for d in drawings(few, few.tab("dashboard"))}
    assert shown == {"outcome": ["so_far"], "trend": ["done", "target"]}
    none = WorkbookTemplate(name="x", title="x", tabs=tuple(tab for tab in sales.tabs if tab.role != "series"))
    assert not list(drawings(none, none.tab("dashboard"))) and not list(drawings(sales, sales.tab("log")))
    assert not rows_covered(sales.tab("log"))
