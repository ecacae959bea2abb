"""The diagnosis: wrong activities or too few of them, with the numbers in the sentence."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from sheetsync.cells import Cell, serial
from sheetsync.diagnoses import Diagnosis, Weakest, diagnoses
from sheetsync.periods import AsOf, Cadence
from sheetsync.rhythms import rhythms
from sheetsync.rollups import roll_up
from sheetsync.scores import scores
from tests import naive
from tests.builders import as_of, plans, rows_of, settings_of, understood

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
QUARTER_END = AsOf(date(2026, 3, 31), under_way=False)


def found(log: Mapping[str, float], day: AsOf = QUARTER_END, **more: Any) -> list[Diagnosis]:
    """Ann's diagnosis: 64 orders a quarter (261 working days a year), 100 calls and 50 visits a quarter of hers."""
    tabs: dict[str, Any] = {
        "people": [{"name": "Ann"}],
        "goals": [{"goal": "Orders", "measured_by": "Order", "target": 261}],
        "activities": [
            {"activity": "Call", "target": 100, "every": "quarter"},
            {"activity": "Visit", "target": 50, "every": "quarter", "weight": 2},
            {"activity": "Order"},
        ],
        "log": [{"date": serial(date(2026, 1, 7)), "activity": name, "count": count} for name, count in log.items()],
    }
    read = understood(tabs | more)
    rollups = roll_up(read.plan, read.logged.activities, day)
    kept = rhythms(read.plan, read.logged.activities, read.reviews, day)
    return diagnoses(read.plan, rollups, scores(rollups), kept, day)


def test_the_activities_are_done_and_the_outcome_is_not_there() -> None:
    """64 working days, so 64 orders expected: 32 of them are half."""
    (diagnosis,) = found({"Call": 100, "Visit": 45, "Order": 32})
    assert diagnosis.verdict == "change the activities" and diagnosis.pace == pytest.approx(0.5)
    assert diagnosis.score == pytest.approx((1 + 2 * 0.9) / 3)
    assert diagnosis.sentence == (
        "Orders is at 50 % of what was expected in 2026-Q1, although 93 % of the activities were done: "
        "change the activities."
    )


def test_the_rhythm_first() -> None:
    """The visits cost the score most; the week's review and the partner never happened."""
    (diagnosis,) = found({"Call": 40, "Visit": 10, "Order": 32})
    assert diagnosis.verdict == "restore the rhythm"
    assert diagnosis.weakest == Weakest("Visit", 10, 50)
    assert diagnosis.sentence == (
        "Orders is at 50 % of what was expected in 2026-Q1, and 27 % of the activities were done: restore the rhythm "
        "first; the weakest is Visit (10 of 50); missing most often: the weekly review (0 of 12 weeks)."
    )
    (diagnosis,) = found({"Call": 0, "Visit": 40, "Order": 32})
    assert diagnosis.weakest == Weakest("Call", 0, 100)


def test_on_course() -> None:
    """70 % of the outcome is enough, and says so when the activities were not done."""
    (good,) = found({"Call": 100, "Visit": 50, "Order": 64})
    assert good.sentence == (
        "On course: Orders is at 100 % of what was expected in 2026-Q1, and 100 % of the activities were done."
    )
    assert good.weakest is None
    (lucky,) = found({"Call": 100, "Order": 64})
    assert lucky.verdict == "on course"
    assert lucky.sentence.endswith("although only 33 % of the activities were done; the weakest is Visit (0 of 50).")


@pytest.mark.parametrize(
    ("orders", "calls", "verdict"),
    [
        (44.8, 100, "on course"),
        (44.79, 100, "change the activities"),
        (44.79, 85, "change the activities"),
        (44.79, 84.9, "restore the rhythm"),
    ],
)
def test_the_bounds_belong_to_the_better_side(orders: float, calls: float, verdict: str) -> None:
    """Exactly 70 % and exactly 85 % are reached, whatever the last digits of a float."""
    activities: list[dict[str, Cell]] = [
        {"activity": "Call", "target": 100, "every": "quarter"}, {"activity": "Order"}
    ]  # fmt: skip
    (diagnosis,) = found({"Call": calls, "Order": orders}, activities=activities)
    assert diagnosis.verdict == verdict


def test_a_young_quarter_says_less_than_the_one_before() -> None:
    """In its first four weeks the closed quarter speaks, then the open one, measured by what is expected by now."""
    log = {"Call": 100, "Visit": 50, "Order": 32}
    assert [d.period for d in found(log, AsOf(date(2026, 4, 27), under_way=False))] == ["2026-Q1"]
    (now,) = found(log, AsOf(date(2026, 4, 28), under_way=False))
    assert (now.period, now.pace, now.closed) == ("2026-Q2", 0, False)
    assert "expected by now in 2026-Q2" in now.sentence
    assert [d.period for d in found(log, AsOf(date(2026, 1, 14), under_way=False))] == ["2026-Q1"]


def test_without_a_goal_a_score_or_a_log_there_is_nothing_to_say() -> None:
    """No diagnosis is better than a made-up one."""
    assert found({"Call": 9}, goals=[]) == []
    assert found({"Order": 9}, activities=[{"activity": "Order"}]) == []
    assert found({"Order": 9}, AsOf(date(2025, 6, 30), under_way=False)) == []
    assert found({}, people=[]) == []


@FEW
@given(random_plan=plans())
def test_nothing_crashes(random_plan: naive.Plan) -> None:
    """At most one sentence a person, of any plan and in any cadence."""
    rows, tallied = rows_of(random_plan)
    read = understood(rows, settings_of(random_plan), date(2199, 1, 1), {"tally": tallied})
    day = as_of(random_plan)
    rollups = roll_up(read.plan, read.logged.activities, day)
    kept = rhythms(read.plan, read.logged.activities, read.reviews, day)
    for cadence in Cadence:
        result = diagnoses(read.plan, rollups, scores(rollups), kept, day, cadence=cadence)
        assert len({diagnosis.person for diagnosis in result}) == len(result)
        assert all(diagnosis.sentence.endswith(".") for diagnosis in result)
