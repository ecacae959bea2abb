"""Results: what the formulas of the bracketed columns come to, for programs that only show stored results."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sheetsync.cells import Cell, serial, trimmed
from sheetsync.config import find_template
from sheetsync.live import FIRST_VALUE, FRESH, choice_cell, live_cells
from sheetsync.periods import AsOf, Calendar
from sheetsync.reading import Settings, find_out, find_tables, understand
from sheetsync.results import Results, stale_live_results, stale_results
from sheetsync.summaries import lay_out
from sheetsync.tabs import TabContents
from sheetsync.template import MOST_VALUES, WorkbookTemplate
from tests import office
from tests.builders import SALES, of_tabs, renamed, understood, workbook
from tests.conftest import PROJECT
from tests.office import needs_office

DAY = serial(date(2026, 2, 10))
BASE: dict[str, list[dict[str, Cell]]] = {
    "people": [{"name": "Ann"}],
    "activities": [{"activity": "Call", "target": 10}],
    "log": [{"date": DAY, "activity": "Call", "count": 2}, {"date": DAY, "who": "ann", "activity": "Call"}],
}


def stale(rows: dict[str, list[dict[str, Cell]]]) -> dict[str, dict[str, Cell]]:
    """The stale results of a workbook as of Wednesday morning, by tab and place, the titles in row 1: `2:done`."""
    tables, gone = find_tables(SALES, workbook({**BASE, **rows}))
    assert not gone
    found = understand(tables, Settings(Calendar(), 2026), date(2026, 2, 11))
    grids = lay_out(SALES, find_out(found, AsOf(date(2026, 2, 11), under_way=True)))
    results: dict[str, Results] = stale_results(SALES, tables, grids, found.logged.activities, "Ann")
    return {
        key: {
            f"{row + 2 - SALES.tab(key).header_row}:{SALES.tab(key).columns[column].key}": value
            for (row, column), value in cells.items()
        }
        for key, cells in results.items()
    }


def test_done_and_due_of_a_day() -> None:
    """[Done] is the day's counts, a blank Count is 1 and a blank Who the only person; [Due] its share."""
    assert stale({"daily": [{"period": DAY}, {"period": "2026-02-10", "who": "ANN"}]}) == {
        "daily": {"2:done": 3, "2:due": 2, "3:done": 3, "3:due": 2}
    }


def test_what_is_stored_right_is_not_stale() -> None:
    """A second run finds nothing to refresh; a wrong number and a leftover text are refreshed."""
    assert stale({"daily": [{"period": DAY, "done": 3, "due": 2}]}) == {}
    rows: list[dict[str, Cell]] = [{"period": "2026-W07", "who": "Ann", "score": 0.1, "behind_on": "Visit"}]
    assert stale({"weekly": rows}) == {"weekly": {"2:score": 0.75, "2:behind_on": "Call"}}


def test_nothing_is_not_zero() -> None:
    """A 0 where nothing is to be shown is stale, and so is nothing where a 0 is."""
    rows: list[dict[str, Cell]] = [{"period": "2026-W07", "who": "Zoe", "score": 0}]
    assert stale({"weekly": rows}) == {"weekly": {"2:score": ""}}
    assert stale({"daily": [{"period": "2026-02-01", "who": "Ann", "due": 0}]})["daily"]["2:done"] == 0


def test_the_score_and_the_promise_of_a_week() -> None:
    """As the summary tab has them: the score of the open week, and what was promised the week before."""
    partner: list[dict[str, Cell]] = [
        {"period": "2026-W06", "next_action": "Ring Bo", "score": 0.0},
        {"period": "2026-W07"},
    ]
    found = stale({"partner": partner})["partner"]
    assert found["3:last_promise"] == "Ring Bo" and "2:last_promise" not in found


def test_periods_and_people_that_nobody_knows_are_blank() -> None:
    """A row for someone else, or a period that is none, shows nothing rather than another row's number."""
    rows: list[dict[str, Cell]] = [{"period": "2026-W07", "who": "Zoe", "score": 0.5}, {"period": "soon", "score": 1}]
    assert stale({"weekly": rows}) == {"weekly": {"2:score": "", "3:score": ""}}


# ---- live cells ---------------------------------------------------------------------------------------------------

TODAY = date(2026, 7, 1)
TEAM: dict[str, list[dict[str, Cell]]] = {
    "people": [{"name": "Ann"}, {"name": "Jörg Ö'Neill"}, {"name": "Zoe"}],
    "goals": [{"goal": "Revenue", "measured_by": "Order", "of": "amount", "target": 26000}],
    "activities": [{"activity": "Call, cold", "target": 10}, {"activity": "Order"}],
    "log": [
        {"date": serial(TODAY) - 9 * n, "who": ("Ann", "Jörg Ö'Neill")[n % 2], "count": 1 + n % 4,
         "activity": ("Order", "Call, cold")[n % 3 % 2], "amount": 100.25 * n} for n in range(20)
    ],
}  # fmt: skip
WHO, WHAT = "choose_who", "choose_activity"
CHOICES: list[tuple[Cell, Cell]] = [
    (None, None), ("Ann", None), ("Jörg Ö'Neill", "Order"), ("JÖRG Ö'NEILL", "call, COLD"), (" Ann ", "  Order"),
    ("Nobody", None), (None, "Nothing"), ("Zoe", "Order"), ("Zoe", None), (12, "Order"), (None, "Order"), ("", ""),
]  # fmt: skip


def synced(template: WorkbookTemplate) -> dict[str, list[list[Cell]]]:
    """The tool tabs of the team's workbook as a sync lays them out."""
    found = understood(TEAM, Settings(Calendar(), 2026), TODAY)
    return lay_out(template, find_out(found, AsOf(TODAY, under_way=True)))


def read_as(template: WorkbookTemplate, tabs: Mapping[str, list[list[Cell]]]) -> dict[str, TabContents]:
    """What a read of the workbook finds in the tabs with these titles."""
    keys = {tab.title: tab.key for tab in template.tabs}
    return {keys[t]: TabContents(keys[t], t, trimmed(g), 1000, 60) for t, g in tabs.items() if t in keys}


def choosing(template: WorkbookTemplate, who: Cell, what: Cell) -> dict[str, TabContents]:
    """The workbook with a choice, nothing computed yet."""
    grids = synced(template)
    series = template.first("series")
    assert series
    tabs = office.board(template, {WHO: who, WHAT: what}, grids[series.key][series.header_row :])
    nothing: dict[str, list[list[Cell]]] = {
        title: [[None if isinstance(cell, str) and cell.startswith("=") else cell for cell in row] for row in grid]
        for title, grid in tabs.items()
    }
    return read_as(template, nothing)


def refreshed(contents: Mapping[str, TabContents], results: Mapping[str, Results]) -> dict[str, TabContents]:
    """The tabs with these results stored."""
    found = dict(contents)
    for key, cells in results.items():
        grid = [list(row) for row in contents[key].grid]
        for (row, column), value in cells.items():
            grid[row] += [None] * (column + 1 - len(grid[row]))
            grid[row][column] = value
        found[key] = replace(contents[key], grid=grid)
    return found


@needs_office
def test_live_results_are_what_a_spreadsheet_computes(tmp_path: Path) -> None:
    """Whoever is chosen: people who are there and who are not, in capitals, with blanks around them, a number."""
    templates = [renamed(SALES, dashboard=f"Ann's, {n}", series=f'Wert "{n}"') for n in range(len(CHOICES))]
    tabs: dict[str, list[list[Cell]]] = {}
    grids = synced(SALES)
    for template, (who, what) in zip(templates, CHOICES, strict=True):
        rows = grids["series"][SALES.tab("series").header_row :]
        tabs |= office.board(template, {WHO: who, WHAT: what}, rows, TODAY)
    book = office.computed(office.workbook(tmp_path / "boards.xlsx", tabs), tmp_path / "office")
    cells = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
    for template, (who, what) in zip(templates, CHOICES, strict=True):
        assert stale_live_results(template, read_as(template, cells), grids, TODAY) == {}, (who, what)
    # Not for want of anything to compare.
    drawn = [cells[template.tab("series").title][0] for template in templates]
    assert [isinstance(row[FIRST_VALUE], int | float) for row in drawn] == [
        True, True, True, True, True, False, False, True, True, False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(("who", "what"), CHOICES)
def test_a_second_look_finds_nothing_stale(who: Cell, what: Cell) -> None:
    """Once the results are stored, nothing differs, until somebody chooses again."""
    contents, grids = choosing(SALES, who, what), synced(SALES)
    first = stale_live_results(SALES, contents, grids, TODAY)
    assert set(first) <= {"dashboard", "series"} and "series" in first
    settled = refreshed(contents, first)
    assert stale_live_results(SALES, settled, grids, TODAY) == {}
    place = choice_cell(SALES, WHO)
    assert place
    again = refreshed(settled, {"dashboard": {place[1:]: "Somebody else"}})
    assert stale_live_results(SALES, again, grids, TODAY)["series"]


def test_only_live_cells_are_refreshed() -> None:
    """Not the choices, not the labels, and nothing that a sync writes."""
    found = stale_live_results(SALES, choosing(SALES, "Ann", None), synced(SALES), TODAY)
    for key, cells in found.items():
        live = live_cells(SALES, SALES.tab(key), Calendar())
        assert all(live[place].formula for place in cells)
    series = SALES.tab("series")
    done = next(row for row, line in series.lines.items() if line == "done")
    assert found["series"][done, 0] == "Ann||done"


def test_an_old_banner_is_cleared_and_an_error_mended() -> None:
    """A sync makes the numbers new, so the banner says so; #REF! of a tab made again is computed anew."""
    grids, contents = synced(SALES), choosing(SALES, None, None)
    settled = refreshed(contents, stale_live_results(SALES, contents, grids, TODAY))
    board = SALES.tab("dashboard")
    at = next(row for row, line in board.lines.items() if line == "banner")
    broken = refreshed(settled, {"dashboard": {(at, 0): "⚠ 3 days old"}, "series": {(0, FIRST_VALUE): "#REF!"}})
    found = stale_live_results(SALES, broken, grids, TODAY)
    assert found["dashboard"] == {(at, 0): FRESH} and list(found["series"]) == [(0, FIRST_VALUE)]


def test_values_that_are_not_there_are_not_zero() -> None:
    """A choice with nothing to draw, and weeks to come, are #N/A: a chart would draw 0 as a fact."""
    series = SALES.tab("series")
    rows = {line: row for row, line in series.lines.items()}
    nothing = stale_live_results(SALES, refreshed(choosing(SALES, "Nobody", None), {}), synced(SALES), TODAY)
    assert "series" in nothing and "#N/A" in nothing["series"].values()
    chosen = stale_live_results(SALES, choosing(SALES, "Ann", None), synced(SALES), TODAY)["series"]
    so_far = [chosen[rows["so_far"], FIRST_VALUE + n] for n in range(MOST_VALUES)]
    assert so_far[26] not in ("#N/A", 0) and set(so_far[27:]) == {"#N/A"}
    assert chosen[rows["pace"], FIRST_VALUE + 52] == 26000 and chosen[rows["pace"], FIRST_VALUE + 53] == "#N/A"


def test_a_template_without_charts_has_no_live_results() -> None:
    """Only links, which need no refreshing: their text stays."""
    plain = of_tabs(SALES, [tab for tab in SALES.tabs if tab.role != "series"])
    lines = ("Dashboard", "{as_of}", "{links}")
    bare = of_tabs(
        plain,
        [t.model_copy(update={"intro": lines, "charts": ()}) if t.key == "dashboard" else t for t in plain.tabs],
    )
    assert (
        stale_live_results(bare, {}, lay_out(bare, find_out(understood(TEAM), AsOf(TODAY, under_way=True))), TODAY)
        == {}
    )


def test_without_a_choice_of_people_everyone_is_drawn() -> None:
    """As in the template for one person: the key begins with a blank name."""
    solo = find_template("solo", PROJECT)
    series = solo.first("series")
    assert series
    found = stale_live_results(solo, choosing(solo, None, "Call, cold"), synced(solo), TODAY)["series"]
    rows = {line: row for row, line in series.lines.items()}
    assert (found[rows["done"], 0], found[rows["so_far"], 0]) == ("|Call, cold|done", "||so_far")
