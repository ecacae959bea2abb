"""Summary tabs: what the bracketed columns look up is there, the newest on top, nothing reads better than it is."""

from datetime import date
from typing import Any

import pytest

from sheetsync.cells import Cell, serial
from sheetsync.errors import Problem
from sheetsync.findings import Findings
from sheetsync.formulas import LOOKED_UP, lookup_key
from sheetsync.periods import AsOf, Cadence, Calendar
from sheetsync.reading import find_out
from sheetsync.series import series_rows
from sheetsync.summaries import lay_out, scorecard, with_live_rows
from sheetsync.tabs import TabContents
from tests.builders import SALES, of_tabs, understood

SUMMARIES = {tab.cadence: tab for tab in SALES.with_role("summary")}
FRIDAY = AsOf(date(2026, 2, 13), under_way=False)


def findings(as_of: AsOf = FRIDAY, **rows: list[dict[str, Cell]]) -> Findings:
    """What a sync of Ann's and Ben's workbook found out."""
    base: dict[str, list[dict[str, Cell]]] = {
        "people": [{"name": "Ann", "group": "North"}, {"name": "Ben"}],
        "goals": [{"goal": "Revenue", "measured_by": "Order", "of": "amount", "target": 26100, "baseline": 20000}],
        "activities": [{"activity": "Call", "target": 10}, {"activity": "Order"}],
        "log": [
            {"date": serial(date(2026, 2, 9)), "who": "Ann", "activity": "Call", "count": 4},
            {"date": serial(date(2026, 1, 9)), "who": "Ann", "activity": "Order", "amount": 500},
        ],
    }
    return find_out(understood({**base, **rows}), as_of)


def rows_of(cadence: Cadence, found: Findings) -> list[dict[str, Any]]:
    """The rows of a summary tab by column key."""
    tab = SUMMARIES[cadence]
    grid = lay_out(SALES, found)[tab.key]
    keys = [column.key for column in tab.columns]
    assert grid[tab.header_row - 1] == [column.title for column in tab.columns]
    return [dict(zip(keys, row, strict=True)) for row in grid[tab.header_row :]]


@pytest.mark.parametrize("cadence", list(Cadence))
def test_every_person_and_period_of_the_plans_years_has_one_key(cadence: Cadence) -> None:
    """What a review row looks up is there exactly once, also for periods to come."""
    found = findings()
    keys = [row["key"] for row in rows_of(cadence, found) if row["key"]]
    wanted = {
        lookup_key(cadence, period.label, serial(period.start), person)
        for period in Calendar().between(cadence, date(2026, 1, 1), date(2026, 12, 31))
        for person in ("Ann", "Ben")
    }
    assert len(keys) == len(set(keys)) and wanted <= set(keys)


@pytest.mark.parametrize("cadence", list(Cadence))
def test_the_newest_period_stands_first(cadence: Cadence) -> None:
    """Periods that have begun come newest first, those to come after them in order."""
    found = findings()
    now = Calendar().containing(cadence, FRIDAY.day).label
    labels = list(dict.fromkeys(row["period"] for row in rows_of(cadence, found)))
    begun = [label for label in labels if label <= now]
    assert labels[0] == now
    assert labels == sorted(begun, reverse=True) + sorted(label for label in labels if label > now)


def test_activities_follow_their_person_in_the_window() -> None:
    """In recent periods each goal and activity has a row below its person's; old ones keep the person's only."""
    rows = rows_of(Cadence.DAY, findings(AsOf(date(2026, 6, 30), under_way=False)))
    january = [row for row in rows if row["period"] == "2026-01-09"]
    assert [row["who"] for row in january] == ["Ann", "Ben"] and all(row["key"] for row in january)
    week = [row for row in rows_of(Cadence.WEEK, findings()) if row["period"] == "2026-W07" and row["who"] == "Ann"]
    assert week[0]["key"] and [row["name"] for row in week[1:]] == ["Revenue", "Call"]
    assert not any(row["key"] for row in week[1:])


def test_due_is_known_for_days_to_come() -> None:
    """[Due] of a day next December is that day's share, less time off."""
    off: list[dict[str, Cell]] = [{"who": "Ben", "from": serial(date(2026, 12, 1))}]
    rows = {row["key"]: row for row in rows_of(Cadence.DAY, findings(time_off=off))}
    day = serial(date(2026, 12, 1))
    assert rows[f"{day}|Ann"]["target"] == 2 and rows[f"{day}|Ben"]["target"] is None


def test_the_promise_is_last_weeks() -> None:
    """Beside a week stands what was promised the week before."""
    partner: list[dict[str, Cell]] = [{"period": "2026-W06", "who": "Ann", "next_action": "Ring Bo"}]
    rows = {row["key"]: row for row in rows_of(Cadence.WEEK, findings(partner=partner))}
    assert rows["2026-W07|Ann"]["promise"] == "Ring Bo" and rows["2026-W06|Ann"]["promise"] is None


def test_almost_reached_does_not_read_as_reached() -> None:
    """299 of 300 is shown as 99 %, not as 100 %."""
    activities: list[dict[str, Cell]] = [{"activity": "Call", "target": 300}, {"activity": "Order"}]
    log: list[dict[str, Cell]] = [{"date": serial(FRIDAY.day), "who": "Ann", "activity": "Call", "count": 299}]
    rows = rows_of(Cadence.WEEK, findings(activities=activities, log=log))
    shown = {(row["period"], row["who"], row["name"]): row["attainment"] for row in rows}
    assert shown["2026-W07", "Ann", "Call"] == 0.99


def test_what_formulas_look_up_are_columns_of_every_summary() -> None:
    """Each computed column's source is there, and the key beside it."""
    for tab in SUMMARIES.values():
        assert {"key", *LOOKED_UP.values()} <= {column.key for column in tab.columns}


def test_the_intro_says_how_fresh_and_how_clean_it_is() -> None:
    """The as-of line, and how many cells need a look."""
    good = lay_out(SALES, findings())["dashboard"]
    assert "Fri 13 Feb 2026" in str(good[1][0]) and "Every row" in str(good[2][0])
    bad = lay_out(SALES, findings(log=[{"date": "x"}]))["dashboard"]
    assert "3 cells need" in str(bad[2][0])
    live = lay_out(SALES, findings(AsOf(FRIDAY.day, under_way=True)))["dashboard"]
    assert "end of Thu 12 Feb 2026" in str(live[1][0]) and "under way" in str(live[1][0])


def test_the_scorecard_shows_each_in_its_own_period() -> None:
    """Activities of the week in the week, goals in quarter and year, nothing that is over."""
    rows = scorecard(findings())
    shown = [(row.person, row.name, row.period) for row in rows if row.person == "Ann"]
    assert shown == [("Ann", "Revenue", "2026-Q1"), ("Ann", "Revenue", "2026"), ("Ann", "Call", "2026-W07")]


def test_team_and_insights_name_who_is_silent() -> None:
    """Ben never logged: said in words, and blank, not zero, in the Team tab."""
    grids = lay_out(SALES, findings())
    assert ["Ben", "Log", "Nothing logged yet."] in [row[:3] for row in grids["insights"]]
    team = {row[0]: row for row in grids["team"][1:]}
    assert team["Ann"][-1] == serial(date(2026, 2, 9)) and team["Ben"][-1] is None
    assert team["Ann"][1] == "North"


def test_problems_are_listed_as_they_are() -> None:
    """A row each: where, what, and what to do."""
    found = findings(log=[{"date": "3/5/2026", "who": "Ann", "activity": "Call"}])
    (problem,) = found.problems
    assert isinstance(problem, Problem)
    row = lay_out(SALES, found)["problems"][-1]
    assert row == ["Log", 2, "Date", problem.what, problem.hint, "3/5/2026"]


def test_a_problem_can_be_read_at_a_glance() -> None:
    """Whoever types 50,000 characters into a cell gets the beginning of it, and the row still fits everywhere."""
    log: list[dict[str, Cell]] = [{"date": "x" * 50_000, "who": "Ann", "activity": "Call"}]
    row = lay_out(SALES, findings(log=log))["problems"][-1]
    assert all(len(str(cell)) <= 500 for cell in row)
    assert str(row[-1]).startswith("xxx") and str(row[-1]).endswith("…")


def test_an_empty_workbook_has_tabs_too() -> None:
    """Nobody in it yet: headers stand, nothing crashes."""
    grids = lay_out(SALES, find_out(understood({}), FRIDAY))
    assert set(grids) == {tab.key for tab in SALES.tabs if tab.is_tool_tab}


def test_a_text_that_fits_no_cell_is_cut_before_it_is_written() -> None:
    """What the file would cut by itself would look, at the next sync, like something a person typed."""
    names = [f"{number:03}{'x' * 197}" for number in range(190)]
    rows: list[dict[str, Cell]] = [{"activity": name, "target": 5} for name in names]
    grid = lay_out(SALES, findings(activities=rows, goals=[], log=[]))["weekly_summary"]
    longest = max((cell for row in grid for cell in row if isinstance(cell, str)), key=len)
    assert len(longest) == 32_000 and longest.endswith("…")


def test_what_is_live_is_blank_and_titles_stand_where_the_template_says() -> None:
    """Lines above, room for charts, titles, rows: a sync has nothing to say where formulas and choices stand."""
    grids = lay_out(SALES, findings())
    for tab in (tab for tab in SALES.tabs if tab.is_tool_tab):
        grid = grids[tab.key]
        assert all(cell is None for row in tab.live_rows for cell in grid[row])
        assert grid[len(tab.intro) : tab.header_row - 1] == [[] for _ in range(tab.chart_rows)]
        assert grid[tab.header_row - 1] == [column.title for column in tab.columns]
    board = grids["dashboard"]
    assert board[0] == ["Dashboard"] and board[1][0] and board[2][0]
    assert grids["series"][SALES.tab("series").header_row :] == list(series_rows(findings()))


def test_other_lines_are_the_templates_words() -> None:
    """Any tool tab may say how fresh and how clean it is; where there is no tab for problems, none is named."""
    lines = ("Team, {as_of}", "{problems}", "", "{as_of}")
    tabs = [t.model_copy(update={"intro": lines}) if t.key == "team" else t for t in SALES.tabs]
    template = of_tabs(SALES, [tab for tab in tabs if tab.role != "problems"])
    team = lay_out(template, findings(log=[{"date": "x"}]))["team"]
    assert team[0] == ["Team, {as_of}"] and team[2] == [None] and "Fri 13 Feb 2026" in str(team[3][0])
    assert team[1] == ["⚠ 3 cells need a look"] and team[4][0] == "Who"
    one = lay_out(SALES, findings(log=[{"date": "3/5/2026", "who": "Ann", "activity": "Call"}]))["dashboard"]
    assert one[2] == ["⚠ 1 cell needs a look: see the Problems tab"]


def test_live_rows_stay_as_they_were_read() -> None:
    """Formulas' results and choices are in no difference, so that nobody writes them; other rows are the sync's."""
    grids = lay_out(SALES, findings())
    board, series = SALES.tab("dashboard"), SALES.tab("series")
    read: list[list[Cell]] = [["typed", row, "x"] for row in range(40)]
    contents = {
        key: TabContents(key, SALES.tab(key).title, read if key == "dashboard" else read[:3], 100, 20)
        for key in grids
    }
    merged = with_live_rows(SALES, grids, contents)
    assert merged.keys() == grids.keys()
    for key, grid in merged.items():
        assert len(grid) == len(grids[key])
        live = SALES.tab(key).live_rows
        assert all(cells == grids[key][at] for at, cells in enumerate(grid) if at not in live)
    assert all(merged["dashboard"][at] == read[at] for at in board.live_rows)
    assert [merged["series"][at] for at in sorted(series.live_rows)] == [
        *read[:3],
        *([[]] * (len(series.live_rows) - 3)),
    ]
    merged["dashboard"][min(board.live_rows)].append("more")
    assert all(len(row) == 3 for row in read), "what was read is left alone"


def test_the_dashboard_has_the_trend_of_activities_in_their_own_period() -> None:
    """A block a week in the line of the week; goals have none."""
    log: list[dict[str, Cell]] = [
        {"date": serial(date(2026, 2, 2)), "who": "Ann", "activity": "Call", "count": 10},
        {"date": serial(date(2026, 2, 10)), "who": "Ann", "activity": "Call", "count": 5},
    ]
    board, tab = lay_out(SALES, findings(log=log))["dashboard"], SALES.tab("dashboard")
    rows = {(row[0], row[1], row[2]): row[tab.position("trend")] for row in board[tab.header_row :]}
    assert rows["Ann", "Call", "2026-W07"] == "▁▁▁▁▁█▄" and rows["Ben", "Call", "2026-W07"] == "▁" * 7
    assert rows["Ann", "Revenue", "2026-Q1"] is None and rows["Ann", "Revenue", "2026"] is None
