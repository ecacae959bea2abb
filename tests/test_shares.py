"""Shares: the one definition of every target. Days add up; docs/formulas.md says which rule is in force."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from sheetsync.goals import DatedTarget, Goal
from sheetsync.people import Person, TimeOff
from sheetsync.periods import Cadence, Calendar
from sheetsync.shares import daily_shares
from sheetsync.workdays import Horizon, workdays

CALENDAR = Calendar()
HORIZON = Horizon(date(2025, 1, 1), date(2027, 1, 1))


def weekly(target: float | None, who: str | None = None, **changes: object) -> Goal:
    """An activity goal with a weekly target."""
    values = {"kind": "activity", "name": "Call", "who": who, "target": target, "native": Cadence.WEEK}
    return Goal(**{**values, "measured_by": "Call", **changes})  # type: ignore[arg-type]


def yearly(target: float, **changes: object) -> Goal:
    """An outcome goal."""
    return weekly(target, **{"kind": "goal", "native": Cadence.YEAR, **changes})  # type: ignore[arg-type]


def dated(period: str, target: float, who: str | None = None) -> DatedTarget:
    """A row of Targets."""
    found = CALENDAR.parse(period)
    assert found
    return DatedTarget("Call", who, found.start, None if found.cadence is Cadence.DAY else found, target)


def target_of(
    label: str, goals: list[Goal], targets: tuple[DatedTarget, ...] = (), off: tuple[TimeOff, ...] = ()
) -> float:
    """The target of one period."""
    days = workdays(Person("Ann"), HORIZON, off, (), every_day=any(g.every_day for g in goals))
    shares = daily_shares(goals, targets, person="Ann", days=days, horizon=HORIZON, calendar=CALENDAR)
    period = CALENDAR.parse(label)
    assert period
    starts = np.array([HORIZON.index(period.start), HORIZON.index(period.end)])
    return float(shares.sums(days.w, starts)[0])


def off(first: date, last: date, half_days: int = 2) -> TimeOff:
    """Ann's days off, `last` not included."""
    return TimeOff("Ann", first, last, half_days)


def test_a_target_changes_within_its_week() -> None:
    """10 a week until Tuesday, 15 from Wednesday on: that week's target is 13."""
    targets = (dated("2026-02-11", 15),)
    assert target_of("2026-W06", [weekly(10)], targets) == 10
    assert target_of("2026-W07", [weekly(10)], targets) == pytest.approx(13)
    assert target_of("2026-W08", [weekly(10)], targets) == 15


def test_time_off_lowers_an_activity_and_moves_an_outcome() -> None:
    """A day off a week is a fifth of the calls less; the year's revenue stays the same, on the other days."""
    week = (off(date(2026, 2, 9), date(2026, 2, 10)), off(date(2026, 2, 10), date(2026, 2, 11), 1))
    assert target_of("2026-W07", [weekly(10)], off=week) == pytest.approx(7)
    assert target_of("2026-W08", [weekly(10)], off=week) == 10
    assert target_of("2026", [yearly(240000)], off=week) == 240000
    assert target_of("2026-W07", [yearly(240000)], off=week) < target_of("2026-W08", [yearly(240000)], off=week)


def test_labels_beat_dates_and_finer_labels_beat_coarser() -> None:
    """Inside its period a label rules, whichever row stands first."""
    for targets in ((dated("2026-W07", 3), dated("2026-02", 40), dated("2026-01-01", 99)),
                    (dated("2026-01-01", 99), dated("2026-02", 40), dated("2026-W07", 3))):  # fmt: skip
        assert target_of("2026-W07", [weekly(10)], targets) == 3
        assert target_of("2026-02-16", [weekly(10)], targets) == pytest.approx(40 / 20)
        assert target_of("2026-W12", [weekly(10)], targets) == 99


def test_a_persons_rows_beat_everyones() -> None:
    """Ann's date beats everyone's label; her own goal row beats everyone's where it is in force."""
    assert target_of("2026-W07", [weekly(10)], (dated("2026-01-01", 5, "Ann"), dated("2026-W07", 50))) == 5
    assert target_of("2026-W07", [weekly(10)], (dated("2026-W07", 5, "Ben"),)) == 10
    own = weekly(20, "Ann", start=date(2026, 2, 9), end=date(2026, 2, 16))
    assert [target_of(f"2026-W0{n}", [own, weekly(10)]) for n in (6, 7, 8)] == [10, 20, 10]


def test_of_equals_the_later_row_is_in_force() -> None:
    """Two rows of the same label: the lower one. Two dates: the later one, wherever it stands."""
    assert target_of("2026-W07", [weekly(1)], (dated("2026-W07", 5), dated("2026-W07", 7))) == 7
    assert target_of("2026-W07", [weekly(1)], (dated("2026-02-02", 5), dated("2026-01-05", 7))) == 5


def test_a_label_is_the_total_of_its_period() -> None:
    """A quarter's total is spread over the quarter, exactly, for both kinds; time off lowers an activity's."""
    targets, week = (dated("2026-Q1", 100),), (off(date(2026, 2, 9), date(2026, 2, 16)),)
    assert target_of("2026-Q1", [weekly(10)], targets) == 100
    assert target_of("2026-Q1", [yearly(1000)], targets, week) == 100
    assert target_of("2026-Q1", [weekly(10)], targets, week) == pytest.approx(100 * 59 / 64)
    assert target_of("2026-Q2", [yearly(1000)], targets) == pytest.approx(1000 * 65 / 261)


def test_outside_from_and_until_there_is_no_share() -> None:
    """An outcome goal from July on is whole in the rest of the year; an activity has no share before it begins."""
    july = date(2026, 7, 1)
    assert target_of("2026-Q1", [yearly(90, start=july)]) == 0
    assert target_of("2026", [yearly(90, start=july)]) == 90
    assert target_of("2026-Q3", [yearly(90, start=july)], (dated("2026", 70),)) == pytest.approx(70 * 66 / 132)
    assert target_of("2026-W27", [weekly(10, start=july)]) == pytest.approx(6)
    assert target_of("2026-W07", [weekly(10, start=july)], (dated("2026-W07", 9),)) == 0


def test_by_the_day() -> None:
    """Every working day is a target a working day; every day is one on Sundays too."""
    assert target_of("2026-W07", [weekly(2, native=Cadence.DAY)]) == 10
    assert target_of("2026-W07", [weekly(2, native=Cadence.DAY, every_day=True)]) == 14
    assert target_of("2026-02-15", [weekly(2, native=Cadence.DAY)]) == 0


def test_without_a_goal_there_is_no_share() -> None:
    """A dated target for an activity that is not the person's goal gives nothing, and does not crash."""
    assert target_of("2026-W07", [], (dated("2026-W07", 5), dated("2026-01-01", 5))) == 0


def test_only_tracked_until_a_date() -> None:
    """A blank target is no target; a date in Targets puts one in force."""
    assert target_of("2026-W06", [weekly(None)], (dated("2026-02-09", 5),)) == 0
    assert target_of("2026-W07", [weekly(None)], (dated("2026-02-09", 5),)) == 5


@pytest.mark.parametrize("cadence", list(Cadence))
def test_days_add_up(cadence: Cadence) -> None:
    """The targets of any cadence's periods are the sums of their days', and whole ones are exact."""
    targets = (dated("2026-02-11", 15), dated("2026-Q2", 77), dated("2026-W30", 1))
    days = workdays(Person("Ann"), HORIZON, (off(date(2026, 3, 3), date(2026, 3, 9), 1),), (), every_day=False)
    shares = daily_shares([weekly(10)], targets, person="Ann", days=days, horizon=HORIZON, calendar=CALENDAR)
    each = shares.sums(days.w, np.arange(len(HORIZON) + 1))[:-1]
    periods = list(CALENDAR.between(cadence, date(2025, 2, 1), date(2026, 11, 30)))
    starts = np.array([HORIZON.index(p.start) for p in periods] + [HORIZON.index(periods[-1].end)])
    sums = shares.sums(days.w, starts)[:-1]
    for total, (start, end) in zip(sums, pairwise(starts), strict=True):
        assert total == pytest.approx(each[start:end].sum(), rel=1e-12)
