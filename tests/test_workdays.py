"""Workdays: half days as whole numbers, less holidays, time off and the days before and after a person's time."""

from collections.abc import Collection
from datetime import date

import pytest

from sheetsync.people import Person, TimeOff
from sheetsync.periods import Calendar
from sheetsync.workdays import Horizon, known_calendar, public_holidays, workdays

HORIZON = Horizon(date(2026, 10, 5), date(2026, 10, 12))  # a week from Monday


def worked(
    person: Person, times_off: list[TimeOff], *, every_day: bool = False, holidays: Collection[date] = ()
) -> list[int]:
    """The half days worked in the week."""
    days: list[int] = workdays(person, HORIZON, times_off, holidays, every_day=every_day).w.tolist()
    return days


def off(who: str | None, first: int, last: int, half_days: int = 2) -> TimeOff:
    """Days off in October, both inclusive."""
    return TimeOff(who, date(2026, 10, first), date(2026, 10, last + 1), half_days)


def test_monday_to_friday() -> None:
    """Two half days a workday, none at the weekend."""
    assert worked(Person("Ann"), []) == [2, 2, 2, 2, 2, 0, 0]


def test_halves_add_up_and_overlaps_cap_at_one_day() -> None:
    """Half a day and half a day are a day; a day off twice is off once; at the weekend nothing is to lose."""
    times_off = [off("Ann", 5, 6, 1), off("Ann", 6, 7, 1), off(None, 8, 10), off("Ann", 8, 8)]
    assert worked(Person("Ann"), times_off) == [1, 0, 1, 0, 0, 0, 0]


def test_only_the_persons_own_and_everyones_time_off_counts() -> None:
    """Ben's holiday is not Ann's; a blank Who is everyone."""
    assert worked(Person("Ann"), [off("Ben", 5, 9), off(None, 9, 9)]) == [2, 2, 2, 2, 0, 0, 0]


def test_from_and_until() -> None:
    """Outside them nothing is worked; before time off the weekdays stand."""
    ann = Person("Ann", start=date(2026, 10, 6), end=date(2026, 10, 8))
    days = workdays(ann, HORIZON, [], set(), every_day=False)
    assert days.w.tolist() == [0, 2, 2, 0, 0, 0, 0] and days.w0.tolist() == [2, 2, 2, 2, 2, 0, 0]


def test_an_until_before_from_is_never() -> None:
    """A person who ends before beginning is never here, rather than always."""
    assert worked(Person("Ann", start=date(2026, 10, 8), end=date(2026, 10, 6)), []) == [0] * 7


def test_public_holidays_are_no_workdays_but_calendar_days() -> None:
    """A goal counted by the calendar day goes on at the weekend and on holidays, time off still lowers it."""
    holidays = {date(2026, 10, 7), date(2027, 1, 1)}
    assert worked(Person("Ann"), [], holidays=holidays) == [2, 2, 0, 2, 2, 0, 0]
    assert worked(Person("Ann"), [off("Ann", 10, 10)], every_day=True, holidays=holidays) == [2, 2, 2, 2, 2, 0, 2]


def test_holidays_of_a_country_and_its_part() -> None:
    """Good Friday 2026 is a holiday in England and in Germany, St Andrew's Day in Scotland only."""
    horizon = Horizon(date(2026, 1, 1), date(2027, 1, 1))
    assert date(2026, 4, 3) in public_holidays("GB-ENG", horizon) & public_holidays("DE", horizon)
    assert date(2026, 11, 30) in public_holidays("GB-SCT", horizon) - public_holidays("GB-ENG", horizon)
    assert public_holidays("", horizon) == frozenset()


@pytest.mark.parametrize("code", ["Atlantis", "GB-XYZ", "BANK", "MON", "PUBLIC", "-", "1", "🎉", "GB ENG"])
def test_what_is_no_calendar_is_not_known(code: str) -> None:
    """Any text a person may type is a calendar or none; constants of the library are none."""
    assert not known_calendar(code) and known_calendar("")
    assert public_holidays(code, HORIZON) == frozenset()


@pytest.mark.parametrize("week_starts", range(7))
@pytest.mark.parametrize("year_starts", [1, 4, 12])
def test_the_horizon_holds_whole_years_and_weeks(week_starts: int, year_starts: int) -> None:
    """Every week of the days' years lies in it, and so does the year that each of its days belongs to."""
    calendar = Calendar(week_starts, year_starts)
    horizon = Horizon.around(calendar, date(2026, 1, 3), date(2026, 12, 30))
    assert horizon.start.month == horizon.end.month == year_starts and horizon.start.day == horizon.end.day == 1
    assert 365 <= len(horizon) <= 5 * 366
    assert horizon.index(date(1990, 1, 1)) == 0 and horizon.index(date(2090, 1, 1)) == len(horizon)
