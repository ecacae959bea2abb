"""The rhythm: log, weekly review and partner meeting in one week, whatever the numbers say."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.cells import Cell, serial
from sheetsync.periods import AsOf, Cadence, Calendar
from sheetsync.reviews import Review
from sheetsync.rhythms import Rhythm, WeeklyTabs, rhythms
from tests import naive
from tests.builders import as_of, plans, rows_of, settings_of, understood

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
MONDAY = date(2026, 1, 5)
PEOPLE: list[dict[str, Cell]] = [{"name": "Ann"}]


def label(week: int) -> str:
    """The label of a week of 2026, the second one of the year being 0."""
    return Calendar().containing(Cadence.WEEK, MONDAY + timedelta(weeks=week)).label


def rows(logged: str, reviewed: str, met: str) -> dict[str, list[dict[str, Cell]]]:
    """What Ann typed: a letter x for each week from the second one on in which she did."""

    def weeks(pattern: str) -> list[int]:
        return [week for week, letter in enumerate(pattern) if letter == "x"]

    return {
        "people": PEOPLE,
        "activities": [{"activity": "Call"}],
        "log": [
            {"date": serial(MONDAY + timedelta(weeks=w, days=w % 7)), "activity": "Call", "count": 0}
            for w in weeks(logged)
        ],
        "weekly": [{"period": label(w), "who": "Ann", "review": "bad, but done"} for w in weeks(reviewed)],
        "partner": [
            {"period": label(w), "who": "Ann", "met_on": serial(MONDAY + timedelta(weeks=w, days=4))}
            for w in weeks(met)
        ],
    }


def of_ann(tabs: dict[str, Any], last: date) -> Rhythm:
    """Ann's rhythm at the end of a day."""
    found = understood(tabs)
    return rhythms(found.plan, found.logged.activities, found.reviews, AsOf(last, under_way=False))["Ann"]


def test_a_week_is_kept_when_all_three_happened() -> None:
    """A row with 0, a review and a day of meeting are enough: the week may have been bad."""
    rhythm = of_ann(rows("xxxx", "xx.x", "xxx."), date(2026, 2, 1))
    assert [week.kept for week in rhythm.weeks] == [True, True, False, False]
    assert (rhythm.kept, rhythm.run, rhythm.best) == (2, 0, 2)
    assert rhythm.happened == {"log": 4, "weekly review": 3, "partner meeting": 3}
    assert rhythm.sentence == (
        "2 of the last 4 weeks had all three: log, weekly review and partner meeting; 0 weeks in a row now, "
        "2 at best; missing most often: the weekly review (3 of 4)."
    )


def test_the_open_week_does_not_count() -> None:
    """On Saturday nobody is late with the week's review; the week counts once it is over."""
    tabs = rows("xx", "x.", "xx")
    assert of_ann(tabs, date(2026, 1, 17)).run == 1
    assert of_ann(tabs, date(2026, 1, 18)).run == 0


def test_a_week_off_neither_counts_nor_breaks() -> None:
    """Two weeks of holiday between kept weeks: a run of four in the six weeks; half a week of work counts."""
    off: dict[str, list[dict[str, Cell]]] = {
        "time_off": [
            {"from": serial(MONDAY + timedelta(weeks=2)), "until": serial(MONDAY + timedelta(weeks=4, days=2))}
        ]
    }
    rhythm = of_ann(rows("xx..xx", "xx..xx", "xx..xx") | off, date(2026, 2, 15))
    assert [week.label for week in rhythm.weeks] == [label(week) for week in (0, 1, 4, 5)]
    assert (rhythm.kept, rhythm.run, rhythm.best, rhythm.missing) == (4, 4, 4, None)


def test_only_the_last_13_weeks_are_shown_and_the_best_run_is_of_all() -> None:
    """Fifteen good weeks, five without a meeting."""
    rhythm = of_ann(rows("x" * 20, "x" * 20, "x" * 15), date(2026, 5, 24))
    assert (len(rhythm.weeks), rhythm.kept, rhythm.run, rhythm.best) == (13, 8, 0, 15)
    assert rhythm.missing == "partner meeting"


def test_it_begins_with_the_first_sign_of_life() -> None:
    """Whoever starts in week 4 has not failed before; whoever never starts has, since the plan's first day."""
    assert len(of_ann(rows("....x", "", ""), date(2026, 2, 15)).weeks) == 2
    assert of_ann({"people": PEOPLE}, date(2026, 1, 11)).sentence == (
        "0 of the last 2 weeks had all three: log, weekly review and partner meeting; "
        "missing most often: the log (0 of 2)."
    )


@pytest.mark.parametrize("last", [date(2025, 1, 1), date(2026, 1, 1)])
def test_without_a_closed_week_there_is_no_rhythm_yet(last: date) -> None:
    """Before the plan's first week is over."""
    rhythm = of_ann({"people": PEOPLE}, last)
    assert (rhythm.weeks, rhythm.run, rhythm.missing, rhythm.sentence) == ((), 0, None, "No full week yet.")


@FEW
@given(plan=plans(), seed=st.integers(0, 99))
def test_order_is_irrelevant_and_runs_are_within_bounds(plan: naive.Plan, seed: int) -> None:
    """Shuffled rows give the same; a run is never longer than the best one, nor than the weeks there were."""
    found = understood(rows_of(plan)[0], settings_of(plan), date(2199, 1, 1), {"tally": rows_of(plan)[1]})
    mixed = list(found.logged.activities)
    random.Random(seed).shuffle(mixed)
    result = rhythms(found.plan, mixed, found.reviews, as_of(plan))
    assert result == rhythms(found.plan, found.logged.activities, found.reviews, as_of(plan))
    for rhythm in result.values():
        assert 0 <= rhythm.run <= rhythm.best and rhythm.kept <= len(rhythm.weeks) <= 13
        assert all(rhythm.kept <= count <= len(rhythm.weeks) for count in rhythm.happened.values())


@pytest.mark.parametrize(
    ("answers", "kept"),
    [({"review": "fine", "met_on": "46030"}, 1), ({"review": "fine"}, 0), ({"met_on": "46030"}, 0)],
)
def test_one_tab_may_hold_both_the_review_and_the_talk(answers: dict[str, str], kept: int) -> None:
    """Who works alone keeps one weekly tab: the day of the talk is the meeting, any other answer the review."""
    found = understood(rows("x", ".", "."))
    reviews = [Review("my_week", Cadence.WEEK, label(0), "Ann", answers)]
    activities = found.logged.activities
    assert rhythms(found.plan, activities, reviews, AsOf(date(2026, 1, 11), under_way=False))["Ann"].kept == kept


def test_a_workbook_without_a_place_for_it_does_not_ask_for_it() -> None:
    """Where there is no tab for the partner, log and weekly review are all of it, and the sentence says so."""
    read = understood(rows("xxxx", "xxx", ""))
    day = AsOf(MONDAY + timedelta(weeks=4) - timedelta(days=1), under_way=False)
    found = rhythms(read.plan, read.logged.activities, read.reviews, day, WeeklyTabs(partner=False))["Ann"]
    assert (found.kept, len(found.weeks), found.missing) == (3, 4, "weekly review")
    assert found.sentence.startswith("3 of the last 4 weeks had both: log and weekly review")
    assert list(found.happened) == ["log", "weekly review"]
