"""The schedule: every due time comes once and in order, whatever the clocks do."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from sheetsync.kinds import When
from sheetsync.periods import Cadence, Calendar, Period
from sheetsync.schedule import latest_turn, moment
from tests.transitions import FIRST, LAST, Span, Zone, zone_named, zones

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVERYTHING = "SHEETSYNC_ALL_TRANSITIONS"
# How far around a change of the clocks each cadence is followed, so that it comes up before and after.
AROUND = {
    Cadence.DAY: 2 * DAY,
    Cadence.WEEK: 8 * DAY,
    Cadence.MONTH: 32 * DAY,
    Cadence.QUARTER: 93 * DAY,
    Cadence.YEAR: 200 * DAY,
}
CALENDARS = (Calendar(), Calendar(week_starts=6, year_starts=4))


def clock(now: datetime, offset: timedelta) -> datetime:
    """What the clocks show, without a zone."""
    return now.replace(tzinfo=None) + offset


def times(before: Span, after: Span) -> list[time]:
    """The times of day to try: where the clocks jump from and to, what lies between, and some of every day."""
    at, jump = clock(before.end, before.offset), after.offset - before.offset
    near = [at, at + jump / 2, at + jump, at - MINUTE]
    return sorted({moment.time() for moment in near} | {time(0), time(7, 30), time(16), time(23, 59)})


def schedules(before: Span, after: Span, calendar: Calendar) -> Iterator[tuple[Cadence, When]]:
    """At all those times every day and each weekday; at some the ends of longer periods and the day of the change."""
    tried = times(before, after)
    for at in tried:
        yield Cadence.DAY, When(at)
        for weekday in range(7):
            yield Cadence.WEEK, When(at, weekday=weekday)
    day = clock(before.end, before.offset).date()
    for cadence in (Cadence.MONTH, Cadence.QUARTER, Cadence.YEAR):
        into = (day - calendar.containing(cadence, day).start).days + 1
        for number in sorted({1, 28, into, into + 1} & set(range(1, 29))):
            for at in tried[::2]:
                yield cadence, When(at, day=number)


def expected(
    zone: Zone, change: datetime, cadence: Cadence, when: When, calendar: Calendar
) -> dict[datetime, Period]:
    """What comes due around a change, told by the zone's spans alone; of what comes at one moment, the later."""
    around = AROUND[cadence] + 2 * DAY  # a local day may begin and end on the day before, in UTC, or the day after
    periods = calendar.between(cadence, change.date() - around, change.date() + around)
    due = {zone.due(datetime.combine(when.day_in(period), when.at)): period for period in periods}
    return {moment: period for moment, period in due.items() if abs(moment - change) <= AROUND[cadence]}


def follow(zone: Zone, change: datetime, cadence: Cadence, when: When, calendar: Calendar) -> None:
    """Walk over a change of the clocks and note what comes due when: all that should, then, once, and in order."""
    due = expected(zone, change, cadence, when, calendar)
    steps = {change + (AROUND[cadence] / 6) * n for n in range(-6, 7)} | {change - SECOND, change}
    clocks, known = ZoneInfo(zone.name), None
    fired = {}
    for now in sorted({*due, *(at - SECOND for at in due), *steps, min(steps) - 2 * SECOND}):
        turn = latest_turn(cadence, when.day_in, when.at, now=now, zone=clocks, calendar=calendar)
        if known is not None and turn != known:
            assert known < turn
            fired[now] = turn
            local = now.astimezone(clocks).replace(tzinfo=None)
            assert local >= datetime.combine(when.day_in(turn), when.at), "before its time"
        known = turn
    assert fired == due, (zone.name, change, cadence, str(when))


def changes(zone: Zone) -> list[tuple[Span, Span]]:
    """The changes from 1990 to 2037: the spans before and after each."""
    return [(before, after) for before, after in pairwise(zone.spans) if FIRST <= before.end < LAST]


def some_of(zone: Zone) -> list[tuple[Span, Span]]:
    """All changes if everything is asked for; else one by lot, always the same, and those that are not by an hour."""
    found = changes(zone)
    if os.environ.get(EVERYTHING):
        return found
    odd = [(a, b) for a, b in found if abs(b.offset - a.offset) != HOUR]
    return [*odd, *Random(zone.name).sample(found, min(len(found), 1))]


def test_every_due_time_comes_once_in_every_zone() -> None:
    """Over every change of every zone's clocks from 1990 to 2037, all that is due comes at its time, once, in order.

    Here one change a zone and the unusual ones; all of them, some minutes, with
    `SHEETSYNC_ALL_TRANSITIONS=1 pytest tests/test_schedule.py`.
    """
    followed = 0
    for zone in zones():
        for number, (before, after) in enumerate(some_of(zone)):
            calendar = CALENDARS[number % 2]
            for cadence, when in schedules(before, after, calendar):
                follow(zone, before.end, cadence, when, calendar)
                followed += 1
    assert followed > (500_000 if os.environ.get(EVERYTHING) else 20_000)


def test_the_changes_are_all_found() -> None:
    """The oracle knows the changes that a person would name: London's, Lord Howe's half hours, Samoa's lost day."""
    london, lord_howe, apia = map(zone_named, ("Europe/London", "Australia/Lord_Howe", "Pacific/Apia"))
    assert len(changes(london)) == 2 * 48
    assert {abs(b.offset - a.offset) for a, b in changes(lord_howe)} == {HOUR / 2}
    assert max(b.offset - a.offset for a, b in changes(apia)) == DAY
    half_past = [datetime.combine(date(2026, *day), time(1, 30)) for day in ((3, 29), (10, 25))]
    assert [f"{london.due(local):%H:%M}" for local in half_past] == ["01:30", "00:30"]  # in UTC


# ---- single moments -----------------------------------------------------------------------------------------------

LONDON = ZoneInfo("Europe/London")


def weekly(weekday: int, at: time, now: datetime, zone: ZoneInfo = LONDON) -> date:
    """The day on which a weekly slot came last."""
    when = When(at, weekday=weekday)
    return when.day_in(latest_turn(Cadence.WEEK, when.day_in, at, now=now, zone=zone, calendar=Calendar()))


def test_the_moment_itself_is_due() -> None:
    """At 16:00:00 it is due, a second before it is not."""
    at = datetime(2026, 7, 3, 15, 0, tzinfo=UTC)
    assert weekly(4, time(16), at) == date(2026, 7, 3)
    assert weekly(4, time(16), at - SECOND) == date(2026, 6, 26)


def test_a_skipped_moment_comes_right_after_the_gap() -> None:
    """01:30 did not exist in London on 29 March 2026: it is due by 02:30 summer time that day."""
    assert weekly(6, time(1, 30), datetime(2026, 3, 29, 1, 29, 59, tzinfo=UTC)) == date(2026, 3, 22)
    assert weekly(6, time(1, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) == date(2026, 3, 29)


def test_a_moment_that_comes_twice_is_the_first() -> None:
    """01:30 came twice in London on 25 October 2026: it is due at the first, and not again at the second."""
    assert moment(date(2026, 10, 25), time(1, 30), LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert weekly(6, time(1, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == date(2026, 10, 25)
    assert weekly(6, time(1, 30), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == date(2026, 10, 25)


def test_a_day_that_was_skipped_comes_with_the_next() -> None:
    """Samoa had no 30 December 2011, a Friday: the week's email came on the 31st, the day's own not at all."""
    apia, noon = ZoneInfo("Pacific/Apia"), datetime(2011, 12, 30, 22, 0, tzinfo=UTC)
    assert noon.astimezone(apia).date() == date(2011, 12, 31)
    assert weekly(4, time(12), noon, apia) == date(2011, 12, 30)
    assert weekly(4, time(12), noon - SECOND, apia) == date(2011, 12, 23)
    when, calendar = When(time(12)), Calendar()
    days = [
        latest_turn(Cadence.DAY, when.day_in, when.at, now=now, zone=apia, calendar=calendar).label
        for now in (noon - SECOND, noon)
    ]
    assert days == ["2011-12-29", "2011-12-31"]
