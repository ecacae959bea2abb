"""Prospects: what is due when, how fast the best four weeks were, how many of the last 13 periods were kept."""

from datetime import date
from math import ceil, isnan, nan
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.cells import Cell, serial
from sheetsync.periods import DAY, AsOf, Cadence
from sheetsync.prospects import Prospect, beyond_best, due_in_words, prospects
from sheetsync.rollups import roll_up
from tests import naive
from tests.builders import as_of, plans, rows_of, settings_of, understood

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
CALLS = ("Ann", "activity", "Call")
TUESDAY = AsOf(date(2026, 2, 10), under_way=False)


def found(
    log: list[tuple[date, float]], at: AsOf = TUESDAY, every: str = "week", target: float = 10, **tabs: Any
) -> Prospect | None:
    """Ann's prospect of her calls."""
    rows: dict[str, Any] = {
        "people": [{"name": "Ann"}],
        "activities": [{"activity": "Call", "target": target, "every": every}],
        "log": [{"date": serial(day), "activity": "Call", "count": count} for day, count in log],
    }
    read = understood(rows | tabs)
    return prospects(read.plan, roll_up(read.plan, read.logged.activities, at), at).get(CALLS)


def due(*args: Any, **more: Any) -> tuple[tuple[date, float], ...]:
    """What is due of Ann's calls, and by when."""
    prospect = found(*args, **more)
    assert prospect
    return prospect.due


def of_plan(plan: naive.Plan) -> tuple[Any, dict[Any, Prospect]]:
    """The rollups of a random plan, and its prospects."""
    rows, tallied = rows_of(plan)
    read = understood(rows, settings_of(plan), date(2199, 1, 1), {"tally": tallied})
    rollups = roll_up(read.plan, read.logged.activities, as_of(plan))
    return rollups, prospects(read.plan, rollups, as_of(plan))


# -- due ---------------------------------------------------------------------------------------------------------


def test_what_is_due_until_the_weeks_end() -> None:
    """Two a day are wanted: on Tuesday evening, with one done, 5, 7 and 9 are due, and nothing more on Saturday."""
    assert due([(date(2026, 2, 9), 1)]) == (
        (date(2026, 2, 11), 5), (date(2026, 2, 12), 7), (date(2026, 2, 13), 9)
    )  # fmt: skip
    assert due([(date(2026, 2, 9), 6)]) == ((date(2026, 2, 12), 2), (date(2026, 2, 13), 4))


def test_todays_rows_are_done() -> None:
    """While Wednesday is under way, it is the first day to be due by, and what is logged on it is not due again."""
    wednesday = AsOf(date(2026, 2, 11), under_way=True)
    log = [(date(2026, 2, 9), 1.0)]
    assert due(log, wednesday) == due(log)
    assert due([*log, (date(2026, 2, 11), 5.0)], wednesday) == ((date(2026, 2, 12), 2), (date(2026, 2, 13), 4))


def test_only_seven_days_are_looked_at() -> None:
    """Of a month's 22 in October, one each working day: those of the week to come, and none beyond the month."""
    assert due([], AsOf(date(2026, 10, 13), under_way=True), "month", 22)[-1] == (date(2026, 10, 19), 13)
    assert due([], AsOf(date(2026, 10, 29), under_way=True), "month", 22)[-1] == (date(2026, 10, 30), 22)


def test_time_off_takes_its_share() -> None:
    """Nothing becomes due on a day off."""
    off: list[dict[str, Cell]] = [{"who": "Ann", "from": serial(date(2026, 2, 12))}]
    assert due([], time_off=off) == ((date(2026, 2, 11), 6), (date(2026, 2, 13), 8))


def test_a_rare_goal_is_due_at_its_end() -> None:
    """One article a month: no twentieth of it is due on the second; when the end is near it is due whole."""
    assert due([], AsOf(date(2026, 10, 5), under_way=True), "month", 1) == ()
    assert [amount for _, amount in due([], AsOf(date(2026, 10, 28), under_way=True), "month", 1)] == [1]


def test_nothing_is_due_of_what_is_reached_over_or_counted_by_the_day() -> None:
    """Met, closed and daily goals have no due-by; without a target there is no prospect at all."""
    assert due([(date(2026, 2, 9), 10)]) == ()
    assert due([], AsOf(date(2026, 2, 15), under_way=False)) == ()
    assert due([], every="working day", target=2) == ()
    assert found([(date(2026, 2, 9), 1)], activities=[{"activity": "Call"}]) is None
    assert found([], AsOf(date(2025, 5, 5), under_way=False)) is None


@FEW
@given(plans())
def test_due_grows_with_the_days_and_never_counts_what_is_done(plan: naive.Plan) -> None:
    """Whole things, more each day, never more than what is left of the period, on days that are still to come."""
    rollups, ahead = of_plan(plan)
    rows: list[Any] = list(rollups.itertuples(index=False))
    now = {(r.person, r.kind, r.name): r for r in rows if r.native and r.end > as_of(plan).day}
    for key, prospect in ahead.items():
        row, days, amounts = now[key], [d for d, _ in prospect.due], [a for _, a in prospect.due]
        assert days == sorted(set(days)) and amounts == sorted(set(amounts))
        assert all(as_of(plan).boundary <= day < min(row.end, as_of(plan).boundary + 7 * DAY) for day in days)
        assert all(amount > 0 and amount == int(amount) for amount in amounts)
        left = ceil(row.target - row.actual - 1e-6)
        assert not amounts or amounts[-1] <= left
        to_come = row.end > as_of(plan).boundary and not isnan(row.required_rate)  # a working day is left
        if row.status != "met" and row.cadence != "day" and row.end - DAY < as_of(plan).boundary + 7 * DAY:
            assert (amounts[-1] if amounts else 0) == (left if to_come else 0)


@FEW
@given(st.integers(1, 40), st.integers(0, 12), st.integers(1, 12))
def test_each_one_that_is_done_is_one_less_to_do(target: int, before: int, more: int) -> None:
    """What is logged today is taken off every day's amount."""
    wednesday = AsOf(date(2026, 2, 11), under_way=True)
    log = [(date(2026, 2, 9), float(before))]
    first = dict(due(log, wednesday, target=target))
    then = dict(due([*log, (date(2026, 2, 11), float(more))], wednesday, target=target))
    assert then == {day: amount - more for day, amount in first.items() if amount > more}


def test_due_in_words() -> None:
    """The first and the last step; one, or nothing, where there is no more."""
    steps = tuple((date(2026, 2, 11) + n * DAY, 5.0 + 2 * n) for n in range(3))
    assert due_in_words(steps) == "5 by Wed 11 Feb, 9 by Fri 13 Feb"
    assert due_in_words(steps[:1]) == "5 by Wed 11 Feb" and due_in_words(()) == ""


# -- the best four weeks -----------------------------------------------------------------------------------------


def test_the_best_four_weeks_are_in_a_row() -> None:
    """20, 0, 20, 20, 0 and 0 calls in six weeks: at best 60 in four weeks of five days."""
    weeks = [20.0, 0.0, 20.0, 20.0, 0.0, 0.0]
    log = [(date(2026, 1, 5) + 7 * n * DAY, count) for n, count in enumerate(weeks)]
    prospect = found(log, AsOf(date(2026, 2, 15), under_way=False))
    assert prospect and prospect.best_rate == pytest.approx(3)


def test_it_is_a_rate_a_working_day() -> None:
    """A week off makes the best four weeks shorter, not slower."""
    log = [(date(2026, 1, 5) + 7 * n * DAY, count) for n, count in enumerate([10.0, 10, 10, 0, 10, 10])]
    off: list[dict[str, Cell]] = [{"from": serial(date(2026, 1, 26)), "until": serial(date(2026, 1, 30))}]
    prospect = found(log, AsOf(date(2026, 2, 15), under_way=False), time_off=off)
    assert prospect and prospect.best_rate == pytest.approx(2)


def test_under_four_closed_weeks_nothing_is_best() -> None:
    """Three weeks from the first row on say nothing, the fourth does; what was before is not known."""
    log = [(date(2026, 1, 5), 10.0)]
    third = found(log, AsOf(date(2026, 1, 31), under_way=False))
    fourth = found(log, AsOf(date(2026, 2, 1), under_way=False))
    assert third and third.best_rate is None and fourth and fourth.best_rate


@FEW
@given(plans())
def test_the_best_rate_is_a_maximum(plan: naive.Plan) -> None:
    """No four closed weeks in a row of a goal's weeks were faster, and some were as fast."""
    rollups, ahead = of_plan(plan)
    rows: list[Any] = list(rollups.itertuples(index=False))
    for key, prospect in ahead.items():
        weeks = [
            r for r in rows
            if (r.person, r.kind, r.name) == key and r.cadence == Cadence.WEEK.value and r.closed
        ]  # fmt: skip
        fours = [weeks[n : n + 4] for n in range(len(weeks) - 3)]
        rates = [
            sum(r.actual for r in four) / sum(r.days for r in four) if any(r.days for r in four) else 0.0
            for four in fours
        ]
        if prospect.best_rate is not None:
            assert len(weeks) >= 4 and prospect.best_rate <= max(rates) + 1e-9
            assert any(prospect.best_rate == pytest.approx(rate) for rate in rates)


@pytest.mark.parametrize(
    ("needed", "best", "beyond"), [(2.1, 2.0, True), (2.0, 2.0, False), (1.0, 2.0, False), (nan, 2.0, False)]
)
def test_beyond_the_best(needed: float, best: float, beyond: bool) -> None:
    """Only more than the best is beyond it; what is unknown is not."""
    row = SimpleNamespace(required_rate=needed)
    assert beyond_best(row, Prospect(best_rate=best)) is beyond
    assert not beyond_best(row, Prospect()) and not beyond_best(row, None)


# -- kept --------------------------------------------------------------------------------------------------------


def test_kept_of_those_that_were_judged() -> None:
    """Met in weeks 3, 5 and 6; 1 and 2 missed, 4 off; the open week counts once it is met."""
    log = [(date(2026, 1, 12), 10.0), (date(2026, 1, 26), 11.0), (date(2026, 2, 2), 10.0)]
    off: list[dict[str, Cell]] = [{"from": serial(date(2026, 1, 19)), "until": serial(date(2026, 1, 25))}]
    prospect = found(log, time_off=off)
    assert prospect and (prospect.kept, prospect.judged) == (3, 5)
    prospect = found([*log, (date(2026, 2, 9), 10.0)], time_off=off)
    assert prospect and (prospect.kept, prospect.judged) == (4, 6)


def test_thirteen_are_enough() -> None:
    """What was missed in the winter is forgotten in the summer."""
    log = [(date(2026, 4, 6) + 7 * n * DAY, 10.0) for n in range(13)]
    prospect = found(log, AsOf(date(2026, 7, 5), under_way=False))
    assert prospect and (prospect.kept, prospect.judged) == (13, 13)


@FEW
@given(plans())
def test_kept_is_at_most_judged_is_at_most_thirteen(plan: naive.Plan) -> None:
    """And what is kept in a row is kept."""
    rollups, ahead = of_plan(plan)
    rows: list[Any] = list(rollups.itertuples(index=False))
    now = [row for row in rows if row.native and row.end > as_of(plan).day]
    streaks = {(r.person, r.kind, r.name): r.streak for r in now}
    for key, prospect in ahead.items():
        assert 0 <= prospect.kept <= prospect.judged <= 13
        assert not isnan(streaks[key]) and prospect.kept >= min(streaks[key], 13)


# -- trend -------------------------------------------------------------------------------------------------------


def test_a_trend_is_the_last_thirteen_periods() -> None:
    """Oldest first, the open one last; None where a week was off, and never more than thirteen."""
    log = [(date(2026, 1, 5), 5.0), (date(2026, 1, 12), 10.0), (date(2026, 2, 9), 12.0)]
    off: list[dict[str, Cell]] = [{"from": serial(date(2026, 1, 19)), "until": serial(date(2026, 1, 25))}]
    prospect = found(log, time_off=off)
    assert prospect
    assert list(prospect.trend) == [0, 0.5, 1, None, 0, 0, 1.2]  # from the week that holds New Year on
    later = found(log, AsOf(date(2026, 7, 1), under_way=True), time_off=off)
    assert later and list(later.trend) == [0.0] * 13
    monthly = found(log, AsOf(date(2026, 3, 1), under_way=True), "month", 20)
    assert monthly and list(monthly.trend) == [0.75, 0.6, 0]


@FEW
@given(plans())
def test_a_trend_ends_with_the_period_under_way(plan: naive.Plan) -> None:
    """Its values are the attainments of the goal's own periods, in order, as the naive recomputation has them."""
    _, ahead = of_plan(plan)
    oracle = plan.roll_up()
    for (person, kind, name), prospect in ahead.items():
        rows = [
            (result["start"], naive.CADENCES.index(key[0]), result["attainment"])
            for key, result in oracle.items()
            if key[2:] == (person, kind, name) and result["native"]
        ]
        wanted = [share for _, _, share in sorted(rows, key=lambda row: row[:2])[-13:]]
        assert len(prospect.trend) == len(wanted) and 1 <= len(wanted) <= 13
        for share, right in zip(prospect.trend, wanted, strict=True):
            assert share == (right if right is None else pytest.approx(float(right)))
