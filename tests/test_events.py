"""Events: a day, whose it is and what it was; a slip is a problem row."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.cells import Cell, serial
from sheetsync.events import Event, parse_events
from sheetsync.names import Names
from tests.builders import SALES, table
from tests.test_cells import CELLS

NAMES = Names("person", ["Ann", "Ben"])
DAY = date(2026, 3, 16)


def test_an_event_of_one_and_one_of_all() -> None:
    """A blank Who means everyone; a day may be typed as text and lie ahead."""
    rows: list[dict[str, Cell]] = [
        {"date": serial(DAY), "who": " ann", "event": "Phone training", "note": "two days"},
        {"date": "2099-01-02", "event": "New tool"},
    ]
    events, problems = parse_events(table(SALES.tab("events"), rows), NAMES)
    assert events == [Event(DAY, "Ann", "Phone training", "two days"), Event(date(2099, 1, 2), None, "New tool")]
    assert not problems
    assert [events[0].concerns(name) for name in ("Ann", "Ben")] == [True, False]
    assert events[1].concerns("Ben")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"event": "Training"}, "Date"),
        ({"date": "soon", "event": "Training"}, "Date"),
        ({"date": serial(DAY)}, "Event"),
        ({"date": serial(DAY), "who": "Anm", "event": "Training"}, "Who"),
    ],
)
def test_a_flawed_row_counts_for_nothing(row: dict[str, Cell], column: str) -> None:
    """It is said once, at the cell that is wrong; the row below is read."""
    events, problems = parse_events(table(SALES.tab("events"), [row, {"date": serial(DAY), "event": "Tool"}]), NAMES)
    assert [event.name for event in events] == ["Tool"]
    assert [(problem.row, problem.column) for problem in problems] == [(2, column)]


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=4))
def test_nothing_typed_stops_the_reading(cells: list[tuple[Cell, Cell, Cell, Cell]]) -> None:
    """Whatever the cells hold, each row that is not blank is an event or has a problem."""
    rows: list[dict[str, Cell]] = [dict(zip(("date", "who", "event", "note"), row, strict=True)) for row in cells]
    found = table(SALES.tab("events"), rows)
    events, problems = parse_events(found, NAMES)
    assert len(events) + len({problem.row for problem in problems}) == len(list(found.rows()))
