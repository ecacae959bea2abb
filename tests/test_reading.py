"""Reading a whole workbook: what people rearrange changes nothing, and nothing they type stops a sync."""

import random
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.cells import Cell
from sheetsync.reading import definitions, find_out, find_tables, understand
from sheetsync.summaries import lay_out
from sheetsync.tabs import TabContents
from tests import naive
from tests.builders import SALES, as_of, plans, rows_of, settings_of, understood, workbook
from tests.test_cells import CELLS

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
TODAY = date(2199, 1, 1)
# Their order means something: of two equal rows the later one is in force, of the goals the first one leads.
SORTABLE = {"time_off", "log", "tally", "daily", "weekly", "partner"}


def shuffled(contents: TabContents, chance: random.Random) -> TabContents:
    """The same tab under another title, with its columns in another order and one more, and its rows sorted."""
    width = max(map(len, contents.grid))
    order = [*range(width), width]
    chance.shuffle(order)
    rows = [[*row, *[None] * (width - len(row)), "my own" if n else "Mood"] for n, row in enumerate(contents.grid)]
    moved: list[list[Cell]] = [[row[n] for n in order] for row in rows]
    body = moved[1:]
    if contents.key in SORTABLE:
        chance.shuffle(body)
    return replace(contents, title=f"{contents.title} (old)", grid=[moved[0], *body])


def sums(frame: Any) -> list[tuple[Any, ...]]:
    """The rows of a frame, without the digits that the order of summing decides."""
    return [
        tuple(f"{value:.9g}" if isinstance(value, float) else str(value) for value in row)
        for row in frame.itertuples(index=False)
    ]


@FEW
@given(plan=plans(), seed=st.integers(0, 99))
def test_rearranging_changes_nothing(plan: naive.Plan, seed: int) -> None:
    """Row order, column order, renamed tabs and extra columns do not change a single rollup."""
    rows, tallied = rows_of(plan)
    contents = workbook(rows, {"tally": tallied})
    chance = random.Random(seed)
    frames = []
    for grids in (contents, {key: shuffled(tab, chance) for key, tab in contents.items()}):
        tables, gone = find_tables(SALES, grids)
        assert not gone
        found = find_out(understand(tables, settings_of(plan), TODAY), as_of(plan))
        frames.append(sums(found.rollups))
    assert frames[0] == frames[1]


@FEW
@given(st.data())
def test_anything_typed_anywhere_is_understood_or_said(data: st.DataObject) -> None:
    """Any cell in any column of any tab: the sync goes through to the last tab, and no row of the log is lost."""
    good: dict[str, list[dict[str, Cell]]] = {
        "people": [{"name": "Ann"}],
        "goals": [{"goal": "Revenue", "measured_by": "Call", "target": 100}],
        "activities": [{"activity": "Call", "target": 10}],
        "log": [{"date": 46000, "activity": "Call"}],
    }
    rows = {tab.key: list(good.get(tab.key, [])) for tab in SALES.tabs if not tab.is_tool_tab}
    for _ in range(data.draw(st.integers(1, 5))):
        tab = SALES.tab(data.draw(st.sampled_from(sorted(rows))))
        cells = data.draw(st.dictionaries(st.sampled_from([c.key for c in tab.columns]), CELLS, min_size=1))
        rows[tab.key].append({**(good.get(tab.key, [{}])[0]), **cells})
    found = understood(rows, today=date(2026, 12, 31))
    assert found.logged.rows == len(found.logged.activities) + found.logged.refused
    plan = naive.Plan([], [], date(2026, 3, 1))
    assert lay_out(SALES, find_out(found, as_of(plan)))["dashboard"]


def test_problems_are_in_the_order_of_tabs_and_rows() -> None:
    """As a person would go through them."""
    found = understood(
        {
            "people": [{"name": "Ann", "mail": "maybe"}],
            "log": [{"date": "x", "activity": "Call"}, {"date": 46000, "activity": "y"}],
            "activities": [{"activity": "Call", "target": "x"}],
        }
    )
    assert [(p.tab, p.row) for p in found.problems] == [("People", 2), ("Activities", 2), ("Log", 2), ("Log", 3)]


def test_every_gone_column_is_named() -> None:
    """Two tabs without a required column: two lines, and the tables of the others."""
    contents = workbook({})
    for key in ("log", "people"):
        contents[key] = replace(contents[key], grid=[["Something", "else"]])
    tables, gone = find_tables(SALES, contents)
    assert len(gone) == 2 and {"log", "people"}.isdisjoint(tables)


def test_the_log_is_not_kept_twice() -> None:
    """The ledger keeps the grids of what people type, but the log's by rows; tool tabs are not kept."""
    kept = definitions(SALES, workbook({}))
    assert "people" in kept and "weekly" in kept
    assert {"log", "tally", "dashboard"}.isdisjoint(kept)


def test_the_last_logged_day_is_not_after_the_as_of_day() -> None:
    """Looking back, later rows are not there yet."""
    rows: dict[str, list[dict[str, Cell]]] = {
        "people": [{"name": "Ann"}],
        "activities": [{"activity": "Call"}],
        "log": [{"date": "2026-02-03", "activity": "Call"}, {"date": "2026-03-03", "activity": "Call"}],
    }
    found = find_out(understood(rows), as_of(naive.Plan([], [], date(2026, 2, 15))))
    assert found.last_logged == {"Ann": date(2026, 2, 3)}
