"""The kinds of email: what each is about and when, also for those who travel, sleep, or turn the clock back."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.kinds import KINDS, Kind, When, latest_due, next_due, personal, read_when
from sheetsync.periods import Cadence, Calendar

HOUR = timedelta(hours=1)
LONDON, AUCKLAND, ANGELES = map(ZoneInfo, ("Europe/London", "Pacific/Auckland", "America/Los_Angeles"))
BY_WEEK, MORNING = KINDS["partner-weekly"], KINDS["morning"]


def utc(text: str) -> datetime:
    """A moment such as "2026-07-03 15:00", in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def about(kind: str, now: str, zone: ZoneInfo = LONDON, calendar: Calendar | None = None) -> str:
    """What the latest email of a kind was about, at its usual time."""
    found = KINDS[kind]
    return latest_due(found, found.usual, utc(now), zone, calendar or Calendar()).label


# ---- which period -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "before", "after", "was", "then"),
    [
        ("partner-weekly", "2026-07-03 14:59", "2026-07-03 15:00", "2026-W26", "2026-W27"),
        ("morning", "2026-07-03 06:29", "2026-07-03 06:30", "2026-07-02", "2026-07-03"),
        ("evening", "2026-07-03 16:59", "2026-07-03 17:00", "2026-07-02", "2026-07-03"),
        ("weekend", "2026-07-04 07:59", "2026-07-04 08:00", "2026-W26", "2026-W27"),
        ("group-monthly", "2026-08-01 07:59", "2026-08-01 08:00", "2026-06", "2026-07"),
        ("quarterly", "2026-07-01 07:59", "2026-07-01 08:00", "2026-Q1", "2026-Q2"),
        ("annual", "2027-01-01 08:59", "2027-01-01 09:00", "2025", "2026"),
        ("problems", "2026-07-03 06:59", "2026-07-03 07:00", "2026-07-02", "2026-07-03"),
    ],
)
def test_each_kind_comes_at_its_usual_time(kind: str, before: str, after: str, was: str, then: str) -> None:
    """To the minute, in London's summer time, and about the period it should look at."""
    assert [about(kind, now) for now in (before, after)] == [was, then]


def test_periods_are_those_of_the_calendar() -> None:
    """A year from April has its quarters and its year end there; a week from Sunday holds the Saturday at its end."""
    april = Calendar(week_starts=6, year_starts=4)
    assert about("annual", "2026-04-01 08:00", calendar=april) == "2026"
    assert about("annual", "2026-03-31 23:00", calendar=april) == "2025"
    assert about("quarterly", "2026-07-01 08:00", calendar=april) == "2027-Q1"
    assert about("weekend", "2026-07-04 08:00", calendar=april) == "2026-W26"
    assert about("weekend", "2026-07-04 08:00") == "2026-W27"


@given(
    st.builds(Calendar, st.integers(0, 6), st.integers(1, 12)),
    st.dates(date(1990, 1, 1), date(2037, 1, 1)),
    st.integers(0, 6),
    st.integers(1, 28),
)
def test_the_due_day_lies_in_its_period(calendar: Calendar, day: date, weekday: int, number: int) -> None:
    """However weeks and years begin: the weekday of that week, the n-th day of that month, quarter or year."""
    week = calendar.containing(Cadence.WEEK, day)
    due = When(time(9), weekday=weekday).day_in(week)
    assert due in week
    assert due.weekday() == weekday
    for cadence in (Cadence.MONTH, Cadence.QUARTER, Cadence.YEAR):
        period = calendar.containing(cadence, day)
        due = When(time(9), day=number).day_in(period)
        assert due in period
        assert (due.day, due.replace(day=1)) == (number, period.start)


def test_every_kind_is_known_by_its_name_and_says_what_it_is_for() -> None:
    """The eight kinds; only the partner's goes to the partner."""
    assert list(KINDS) == [
        "partner-weekly", "morning", "evening", "weekend", "group-monthly", "quarterly", "annual", "problems",
    ]  # fmt: skip
    assert all(name == kind.name and kind.purpose for name, kind in KINDS.items())
    assert [kind.name for kind in KINDS.values() if kind.to == "partner"] == ["partner-weekly"]


def test_the_partner_day_moves_the_partners_email_only() -> None:
    """Wednesday as Partner day: the partner's email comes on Wednesday at the same time, the weekend's stays."""
    weekend = KINDS["weekend"]
    assert str(personal(BY_WEEK, BY_WEEK.usual, 2)) == "Wed 16:00"
    assert str(personal(BY_WEEK, BY_WEEK.usual, None)) == "Fri 16:00"
    assert str(personal(weekend, weekend.usual, 2)) == "Sat 09:00"


@given(st.sampled_from(list(KINDS.values())), st.integers(0, 47 * 366 * 24 * 60))
def test_what_is_due_next_makes_the_latest_one_out_of_date(kind: Kind, minutes: int) -> None:
    """Until the next due moment the same period is due, from then on the one after it."""
    now = utc("1990-01-01 00:00") + timedelta(minutes=minutes)
    due = latest_due(kind, kind.usual, now, LONDON, Calendar())
    then = next_due(kind, kind.usual, now, LONDON, Calendar())
    assert then > now
    assert latest_due(kind, kind.usual, then - timedelta(microseconds=1), LONDON, Calendar()) == due
    assert latest_due(kind, kind.usual, then, LONDON, Calendar()) == Calendar().next(due)


# ---- those who travel, sleep, or turn the clock back --------------------------------------------------------------


def mailed(kind: Kind, life: Iterable[tuple[datetime, ZoneInfo, int | None]]) -> list[str]:
    """What is mailed to somebody who is at each of these moments in that zone and has that Partner day.

    The rule of the runs: nothing that was queued before, and nothing earlier than the latest of that.
    """
    queued: list[str] = []
    for now, zone, partner_day in life:
        label = latest_due(kind, personal(kind, kind.usual, partner_day), now, zone, Calendar()).label
        if label > max(queued, default=""):
            queued.append(label)
    return queued


def hours(first: datetime, last: datetime, zone: ZoneInfo) -> list[tuple[datetime, ZoneInfo, int | None]]:
    """Every half hour somewhere."""
    count = int((last - first) / (HOUR / 2))
    return [(first + n * HOUR / 2, zone, None) for n in range(count)]


@pytest.mark.parametrize(("one", "other"), [(AUCKLAND, ANGELES), (ANGELES, AUCKLAND), (LONDON, ANGELES)])
def test_who_moves_is_mailed_every_week_once(one: ZoneInfo, other: ZoneInfo) -> None:
    """Whenever in the week somebody moves, east or west: no week twice, none lost, and in order."""
    start, end = utc("2026-06-24 12:00"), utc("2026-07-15 12:00")
    for moved in range(0, 14 * 24, 3):
        then = start + moved * HOUR
        life = hours(start, then, one) + hours(then, end, other)
        weeks = mailed(BY_WEEK, life)
        assert weeks[-3:] == ["2026-W26", "2026-W27", "2026-W28"], then
        assert len(weeks) == len(set(weeks)) <= 4


def test_who_moves_east_over_the_date_line_may_miss_one_morning() -> None:
    """A day that hardly was brings no reminder after the next day's: at most one is left out, none comes twice."""
    start, end = utc("2026-06-24 12:00"), utc("2026-07-04 12:00")
    far_west, far_east = ZoneInfo("Etc/GMT+12"), ZoneInfo("Pacific/Kiritimati")
    for moved in range(48):
        then = start + (72 + moved) * HOUR
        days = mailed(MORNING, hours(start, then, far_west) + hours(then, end, far_east))
        assert len(days) == len(set(days)) >= 10
        assert days == sorted(days)


def test_another_partner_day_mails_no_week_again() -> None:
    """From Monday to Friday in mid-week, and back: each week once, and no earlier week after a later one."""
    start = utc("2026-06-29 00:00")
    days = [0] * 60 + [4] * 200 + [0] * 100 + [6] * 400
    life = [(start + n * HOUR, LONDON, day) for n, day in enumerate(days)]
    # On a Monday the week before is told of, on a Friday its own.
    assert mailed(BY_WEEK, life) == [f"2026-W{week}" for week in range(25, 31)]


def test_after_weeks_of_sleep_only_the_latest_is_mailed() -> None:
    """The machine was off for six weeks: one email, not six."""
    life = [(utc("2026-06-05 16:00"), LONDON, None), (utc("2026-07-21 09:00"), LONDON, None)]
    assert mailed(BY_WEEK, life) == ["2026-W23", "2026-W29"]


def test_a_clock_set_back_mails_nothing_twice() -> None:
    """Three weeks back, then on again: not one of the weeks that are queued, nor any earlier one."""
    there = hours(utc("2026-06-24 12:00"), utc("2026-07-15 12:00"), LONDON)
    weeks = mailed(BY_WEEK, there)
    assert mailed(BY_WEEK, there + hours(utc("2026-05-20 12:00"), utc("2026-07-15 12:00"), LONDON)) == weeks


# ---- how it is written --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "when"),
    [
        ("partner-weekly", "Fri 16:00", When(time(16), weekday=4)),
        ("weekend", " sunday  8:05 ", When(time(8, 5), weekday=6)),
        ("morning", "07:30", When(time(7, 30))),
        ("problems", "0:00", When(time(0))),
        ("group-monthly", "1 09:00", When(time(9), day=1)),
        ("quarterly", "28 23:59", When(time(23, 59), day=28)),
    ],
)
def test_it_is_read_as_it_is_written(kind: str, text: str, when: When) -> None:
    """Each form, short or long; what is read is written in the usual way and read again."""
    assert read_when(KINDS[kind], text) == when
    assert read_when(KINDS[kind], str(when)) == when


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("partner-weekly", "16:00", "it comes every week: a day and a time are needed, such as Fri 16:00, or off"),
        ("partner-weekly", "1 16:00", "a day and a time are needed"),
        ("weekend", "Sunny 9:00", "such as Sat 09:00"),
        ("morning", "Mon 07:30", "it comes every day: a time alone is needed, such as 07:30, or off"),
        ("morning", "24:00", "a time alone is needed"),
        ("morning", "٧:00", "a time alone is needed"),
        (
            "quarterly",
            "Mon 09:00",
            "a day of the quarter from 1 to 28 and a time are needed, such as 1 09:00, or off",
        ),
        ("annual", "29 09:00", "a day of the year from 1 to 28 and a time are needed"),
        ("annual", "0 09:00", "from 1 to 28"),
        ("group-monthly", "", "it comes every month"),
        ("group-monthly", "1 09:00\n2 10:00", "it comes every month"),
    ],
)
def test_what_does_not_fit_is_said(kind: str, text: str, said: str) -> None:
    """The answer names the form that fits the kind's rhythm, with an example."""
    with pytest.raises(ValueError, match=said):
        read_when(KINDS[kind], text)
