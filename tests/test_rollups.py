"""Rollups: equal to the naive recomputation, and the promises of docs/formulas.md one by one.

Thousands of random plans, by hand: SHEETSYNC_EXAMPLES=5000 pytest tests/test_rollups.py tests/test_plan.py
"""

import os
from datetime import date, timedelta
from fractions import Fraction
from math import isnan
from typing import Any

import holidays as public
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.goals import Kind
from sheetsync.periods import Cadence
from sheetsync.rollups import pace_line, roll_up, shares_until
from sheetsync.scores import scores
from tests import naive
from tests.builders import as_of, plans, rows_of, settings_of, understood

COMPARED = (
    "start", "end", "native", "actual", "target", "expected", "attainment", "pace", "slack", "behind_by",
    "required_rate", "projection", "status", "streak", "best_streak", "quality", "amount",
)  # fmt: skip
EXAMPLES = int(os.environ.get("SHEETSYNC_EXAMPLES", "40"))
FEW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def rolled_up(plan: naive.Plan, holidays: str = "") -> Any:
    """The rollups of a plan typed into a workbook, as a frame, and the plan as it was understood."""
    rows, tallied = rows_of(plan)
    found = understood(rows, settings_of(plan, holidays), date(2199, 1, 1), {"tally": tallied})
    return roll_up(found.plan, found.logged.activities, as_of(plan))


def by_key(frame: Any) -> dict[naive.Key, Any]:
    """The rows of a frame by cadence, period, person, kind and name."""
    found = {(r.cadence, r.period, r.person, r.kind, r.name): r for r in frame.itertuples(index=False)}
    assert len(found) == len(frame), "two rollups of the same thing"
    return found


def same(got: Any, wanted: Any) -> bool:
    """Whether a cell of the frame is what the oracle says."""
    if wanted is None:
        return bool(isnan(got))
    if isinstance(wanted, Fraction | int) and not isinstance(wanted, bool):
        return bool(got == pytest.approx(float(wanted), rel=1e-9, abs=1e-9))
    return bool(got == wanted)


def compare(frame: Any, plan: naive.Plan) -> None:
    """Every rollup and score is what the oracle says."""
    oracle, found = plan.roll_up(), by_key(frame)
    assert set(found) == set(oracle)
    for key, wanted in oracle.items():
        for column in COMPARED:
            got = getattr(found[key], column)
            assert same(got, wanted[column]), f"{key} {column}: {got!r}, the oracle says {wanted[column]!r}"
    scored = scores(frame)
    for who in plan.people:
        for cadence, label in {(key[0], key[1]) for key in oracle if key[2] == who.name}:
            wanted_score, got_score = plan.score(who, cadence, label, oracle), scored[label, who.name].score
            assert (got_score is None) == (wanted_score is None), (label, got_score, wanted_score)
            if wanted_score is not None:
                assert got_score == pytest.approx(float(wanted_score), abs=1e-9), label


@FEW
@given(plan=plans())
def test_equal_to_the_naive_recomputation(plan: naive.Plan) -> None:
    """Every number of every rollup and score equals the oracle's, whatever the plan."""
    compare(rolled_up(plan), plan)


@settings(FEW, max_examples=EXAMPLES * 3 // 8)
@given(plan=plans())
def test_equal_with_public_holidays(plan: naive.Plan) -> None:
    """Public holidays are no working days."""
    plan.holidays = frozenset(public.country_holidays("GB", subdiv="ENG", years=range(2022, 2028)))
    compare(rolled_up(plan, "GB-ENG"), plan)


# -- facts -------------------------------------------------------------------------------------------------------


def ann(
    aims: list[naive.Aim], as_of_day: date, log: list[naive.Entry] | None = None, **more: Any
) -> dict[naive.Key, Any]:
    """The rollups of Ann alone, by key."""
    plan = naive.Plan([naive.Who("Ann")], aims, as_of_day, log=log or [], **more)
    return by_key(rolled_up(plan))


def calls(*counts: tuple[date, int | Fraction]) -> list[naive.Entry]:
    """Log rows of Ann's calls."""
    return [naive.Entry(day, "Ann", "Call", Fraction(count)) for day, count in counts]


def call_aim(target: float, every: str) -> naive.Aim:
    """So many calls in every such period."""
    return naive.Aim("activity", "Call", target=Fraction(target), every=every)


def test_the_worked_example() -> None:
    """October 2026, off on the 8th and 9th, T = 40, 14 done by Friday the 16th, as in docs/formulas.md."""
    row = ann(
        [call_aim(40, "month")],
        date(2026, 10, 16),
        calls((date(2026, 10, 1), 6), (date(2026, 10, 14), 8)),
        off=[naive.Off("Ann", date(2026, 10, 8), date(2026, 10, 9))],
    )["month", "2026-10", "Ann", "activity", "Call"]
    assert round(row.target, 2) == 36.36 and round(row.expected, 2) == 18.18
    assert round(row.pace, 2) == 0.77 and round(row.required_rate, 2) == 2.24 and row.projection == 28
    assert row.status == "at risk" and round(row.behind_by, 2) == 4.18 and row.slack == 0


def test_a_new_rhythm_takes_nothing_from_the_old_one() -> None:
    """Weekly until June, monthly from then on: the weeks before keep their streaks, the months begin theirs."""
    weekly = naive.Aim("activity", "Call", target=Fraction(1), every="week", last=date(2026, 5, 31))
    monthly = naive.Aim("activity", "Call", who="Ann", target=Fraction(1), every="month", first=date(2026, 6, 1))
    log = [naive.Entry(date(2026, 1, 1) + timedelta(days=7 * n), "Ann", "Call", Fraction(1)) for n in range(30)]
    found = ann([weekly, monthly], date(2026, 7, 31), log)
    of_weeks, of_months = ({k[1]: r for k, r in found.items() if k[0] == c} for c in ("week", "month"))
    assert of_weeks["2026-W20"].native and of_weeks["2026-W20"].streak == 20
    assert not of_weeks["2026-W25"].native and np.isnan(of_weeks["2026-W25"].streak)
    assert not of_months["2026-05"].native and of_months["2026-07"].native
    assert of_months["2026-07"].streak == 2


@pytest.mark.parametrize("every", ["week", "month", "quarter", "year", "working day"])
@pytest.mark.parametrize("target", [1, 7, 40, 0.1, 33.3])
def test_reaching_exactly_the_target_is_met(every: str, target: float) -> None:
    """40 of 40 is met in its own period, whatever days it is spread over, and the streak adds it."""
    exact = Fraction(str(target))
    found = ann([naive.Aim("activity", "Call", target=exact, every=every)], date(2026, 12, 31),
                calls((date(2026, 2, 11), exact)))  # fmt: skip
    native = [row for key, row in found.items() if row.native and row.start <= date(2026, 2, 11) < row.end]
    assert [(row.status, row.streak) for row in native] == [("met", 1)]
    assert native[0].attainment == pytest.approx(1, abs=1e-12)


def test_the_sum_of_uneven_weeks_is_met_in_the_month() -> None:
    """10 a week, done to the cent of each week's share of the month: the month is met as well."""
    days = [date(2026, 10, n) for n in range(1, 32) if date(2026, 10, n).weekday() < 5]
    row = ann([call_aim(10, "week")], date(2026, 10, 31), calls(*((day, Fraction(2)) for day in days)))
    assert row["month", "2026-10", "Ann", "activity", "Call"].status == "met"


def test_nobody_is_behind_at_nine_in_the_morning() -> None:
    """With today under way nothing is expected of it, but what is logged today counts and can meet."""
    monday = date(2026, 2, 9)
    row = ann([call_aim(10, "week")], monday, under_way=True)["week", "2026-W07", "Ann", "activity", "Call"]
    assert (row.expected, row.status) == (0, "on track")
    row = ann([call_aim(10, "week")], monday, calls((monday, 10)), under_way=True)[
        "week", "2026-W07", "Ann", "activity", "Call"
    ]
    assert (row.actual, row.finished, row.status) == (10, 0, "met")


def test_an_outcome_of_two_a_year_is_expected_late_also_with_time_off() -> None:
    """Time off moves an outcome to other days: two houses a year stay two, and are not expected in March."""
    row = ann(
        [naive.Aim("goal", "Houses", target=Fraction(2), measured_by="Sale")],
        date(2026, 3, 31),
        off=[naive.Off("Ann", date(2026, 1, 5), date(2026, 1, 16))],
    )["year", "2026", "Ann", "goal", "Houses"]
    assert (row.target, row.expected) == (2, 0)


def test_before_the_plan_begins_only_what_was_logged_is_there() -> None:
    """Looked at before the plan's first day, a person has rollups only from a first row on."""
    plan = naive.Plan(
        [naive.Who("Ann"), naive.Who("Ben")],
        [naive.Aim("activity", "Call", target=Fraction(10), every="week")],
        date(2025, 12, 20),
        log=calls((date(2025, 12, 3), 1)),
    )
    found = by_key(rolled_up(plan))
    assert {key[2] for key in found} == {"Ann"}
    assert min(row.start for key, row in found.items() if key[0] == "week") == date(2025, 12, 1)


def test_an_activity_that_is_not_ones_own_counts_untargeted() -> None:
    """Ben's calls count for him though only Ann has the goal, also where Targets names them."""
    plan = naive.Plan(
        [naive.Who("Ann"), naive.Who("Ben")],
        [naive.Aim("activity", "Call", who="Ann", target=Fraction(10), every="week")],
        date(2026, 2, 15),
        dated=[naive.Dated("Call", "", "2026-W07", Fraction(5))],
        log=[naive.Entry(date(2026, 2, 10), "Ben", "Call", Fraction(3))],
    )
    found = by_key(rolled_up(plan))
    row = found["week", "2026-W07", "Ben", "activity", "Call"]
    assert (row.actual, row.target, row.status, row.native) == (3, 0, "untargeted", False)
    assert ("week", "2026-W06", "Ben", "activity", "Call") not in found
    assert found["week", "2026-W07", "Ann", "activity", "Call"].target == 5


@FEW
@given(plan=plans())
def test_days_add_up_to_every_period(plan: naive.Plan) -> None:
    """Targets and actuals of closed periods are the sums of their days'."""
    frame = rolled_up(plan)
    days = frame[frame["cadence"] == "day"]
    for row in frame[frame["cadence"] != "day"].itertuples(index=False):
        its = days[(days["person"] == row.person) & (days["kind"] == row.kind) & (days["name"] == row.name)]
        its = its[(its["start"] >= row.start) & (its["start"] < row.end)]
        assert its["actual"].sum() == pytest.approx(row.actual)
        if len(its) == (row.end - row.start).days:
            assert its["target"].sum() == pytest.approx(row.target)


@FEW
@given(plan=plans(), cadence=st.sampled_from(list(Cadence)), into=st.integers(0, 400))
def test_a_pace_line_is_the_sum_of_the_shares_so_far(plan: naive.Plan, cadence: Cadence, into: int) -> None:
    """At the end of every day of any period, also one to come; it ends at the period's target."""
    rows, tallied = rows_of(plan)
    understood_plan = understood(rows, settings_of(plan), date(2199, 1, 1), {"tally": tallied}).plan
    first = plan.year_start(plan.as_of) + timedelta(days=into)
    period = understood_plan.calendar.containing(cadence, first)
    days = [period.start + timedelta(days=n) for n in range(period.days)]
    for who in plan.people:
        for aims, theirs in plan.aims_of(who):
            if not theirs:
                continue
            goal: tuple[Kind, str] = ("goal" if aims[0].kind == "goal" else "activity", aims[0].name)
            line = pace_line(understood_plan, who.name, goal, period, days)
            total, wanted = Fraction(0), []
            for day in days:
                total += plan.share(who, aims, day)
                wanted.append(float(total))
            assert line == pytest.approx(wanted, rel=1e-9, abs=1e-9)
            some = days[:: 1 + into % 7]
            assert pace_line(understood_plan, who.name, goal, period, some) == pytest.approx(line[:: 1 + into % 7])
            working = shares_until(understood_plan, who.name, goal, period, days)
            assert all(line[days.index(day)] == pytest.approx(share) for day, share in working)
            assert pace_line(understood_plan, who.name, goal, period, []) == []


def test_a_pace_line_rests_on_days_off() -> None:
    """Ten a week: two more each working day, none at the weekend, exactly the target at the end."""
    plan = naive.Plan([naive.Who("Ann")], [call_aim(10, "week")], date(2026, 2, 11))
    rows, _ = rows_of(plan)
    read = understood(rows, settings_of(plan)).plan
    week = read.calendar.containing(Cadence.WEEK, plan.as_of)
    days = [week.start + timedelta(days=n) for n in range(7)]
    assert pace_line(read, "Ann", ("activity", "Call"), week, days) == [2, 4, 6, 8, 10, 10, 10]
