"""Whether another ledger has served a workbook."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sheetsync.cells import Cell
from sheetsync.periods import AsOf
from sheetsync.provenance import served_elsewhere
from sheetsync.summaries import as_of_line

DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def grid(day: date, *, under_way: bool = True) -> list[list[Cell]]:
    """A tab with an as-of line."""
    return [["Dashboard"], [], [None, as_of_line(AsOf(day, under_way=under_way))], ["Who", 1.0, True]]


@given(DAYS, st.integers(0, 400), st.booleans())
def test_only_a_later_day_tells(day: date, later: int, under_way: bool) -> None:
    """Whatever the day: our own line and earlier ones say nothing, a later one does."""
    ours, theirs = grid(day, under_way=under_way), grid(day + timedelta(days=later), under_way=under_way)
    assert served_elsewhere([theirs], [ours]) == (later > 0)
    assert not served_elsewhere([ours], [[], theirs, ours])


def test_a_new_ledger_sees_any_line() -> None:
    """Whoever wrote nothing yet did not write it; a workbook without a line was never synced."""
    assert served_elsewhere([[], grid(date(2026, 10, 14))], [])
    assert not served_elsewhere([[["Dashboard"], ["Data as of the end of time"], [3.0]]], [])
