"""Reviews: what people typed about a period, found by period and person."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from sheetsync.activities import Vocabulary
from sheetsync.cells import Cell, serial
from sheetsync.errors import Problem
from sheetsync.names import Names
from sheetsync.periods import Calendar
from sheetsync.reviews import parse_reviews
from tests.builders import SALES, table
from tests.test_cells import CELLS

VOCABULARY = Vocabulary(Names("person", ["Ann", "Ben"]), Names("activity", ["Call"]), date(2026, 12, 31))
DAY = serial(date(2026, 2, 11))


def read(tab: str, *periods: Cell) -> tuple[list[str], list[Problem]]:
    """The labels that rows of a tab are read for, and what is wrong with the others."""
    key = next(c.key for c in SALES.tab(tab).columns if c.type == "long_text")
    rows: list[dict[str, Cell]] = [{"period": period, "who": "ann", key: "words"} for period in periods]
    reviews, problems = parse_reviews([table(SALES.tab(tab), rows)], VOCABULARY, Calendar())
    assert len(reviews) + len(problems) == len(rows)
    return [review.period for review in reviews], problems


def labels(tab: str, *periods: Cell) -> list[str]:
    """The labels that rows of a tab, each alone, are read for."""
    return [label for period in periods for label in read(tab, period)[0]]


def test_two_rows_for_one_week_are_said() -> None:
    """The first one is read, the other is a problem, however its period is typed."""
    found, problems = read("weekly", "2026-W07", DAY, "2026-W08")
    assert found == ["2026-W07", "2026-W08"]
    row = SALES.tab("weekly").header_row + 2
    assert [(p.row, p.what) for p in problems] == [(row, "Ann has another row for 2026-W07, which is read instead")]


def test_a_label_or_a_date_in_the_period() -> None:
    """The week's label, however cased, or any date of it; a year as a number."""
    assert labels("weekly", "2026-W07", " 2026-w7", DAY, "2026-02-11") == ["2026-W07"] * 4
    assert labels("daily", DAY, "2026-02-11") == ["2026-02-11"] * 2
    assert labels("monthly", "2026-02", DAY) == ["2026-02"] * 2
    assert labels("quarterly", "2026-Q1") == ["2026-Q1"]
    assert labels("annual", 2026, "2026", 2026.0) == ["2026"] * 3


def test_another_cadences_label_is_a_problem() -> None:
    """A month's label in the Weekly tab means no week."""
    assert labels("weekly", "2026-02", "soon", None, True) == []


def test_rows_without_words_are_no_reviews() -> None:
    """The year's prepared rows stand empty: neither review nor problem, even for someone who has left."""
    rows: list[dict[str, Cell]] = [
        {"period": "2026-W07", "who": "Ann", "score": 0.8, "behind_on": "Call"},
        {"period": "2026-W07", "who": "Gone"},
        {"period": "2026-W08", "who": "Gone", "review": "words"},
    ]
    reviews, problems = parse_reviews([table(SALES.tab("weekly"), rows)], VOCABULARY, Calendar())
    assert reviews == [] and [(p.row, p.column) for p in problems] == [(SALES.tab("weekly").header_row + 3, "Who")]


@given(st.dictionaries(st.sampled_from([c.key for c in SALES.tab("partner").columns]), CELLS))
def test_any_row_is_read_or_refused(cells: dict[str, Cell]) -> None:
    """Whatever is typed, a row is a review, a problem or empty; answers are texts that are not blank."""
    reviews, problems = parse_reviews([table(SALES.tab("partner"), [cells])], VOCABULARY, Calendar())
    assert not (reviews and problems)
    assert all(text for review in reviews for text in review.answers.values())
