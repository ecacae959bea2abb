"""Results: what the formulas of the bracketed columns come to, for programs that only show stored results."""

from datetime import date

from sheetsync.cells import Cell, serial
from sheetsync.periods import AsOf, Calendar
from sheetsync.reading import Settings, find_out, find_tables, understand
from sheetsync.results import Results, stale_results
from sheetsync.summaries import lay_out
from tests.builders import SALES, workbook

DAY = serial(date(2026, 2, 10))
BASE: dict[str, list[dict[str, Cell]]] = {
    "people": [{"name": "Ann"}],
    "activities": [{"activity": "Call", "target": 10}],
    "log": [{"date": DAY, "activity": "Call", "count": 2}, {"date": DAY, "who": "ann", "activity": "Call"}],
}


def stale(rows: dict[str, list[dict[str, Cell]]]) -> dict[str, dict[str, Cell]]:
    """The stale results of a workbook as of Wednesday morning, by tab and place such as `2:done`."""
    tables, gone = find_tables(SALES, workbook({**BASE, **rows}))
    assert not gone
    found = understand(tables, Settings(Calendar(), 2026), date(2026, 2, 11))
    grids = lay_out(SALES, find_out(found, AsOf(date(2026, 2, 11), under_way=True)))
    results: dict[str, Results] = stale_results(SALES, tables, grids, found.logged.activities, "Ann")
    return {
        key: {f"{row + 1}:{SALES.tab(key).columns[column].key}": value for (row, column), value in cells.items()}
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
