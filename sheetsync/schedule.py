"""Whose turn it is: every period of a cadence has one due day, and a local time on it; which of them came last?

A local time that a clock change skips comes as much later as the clock jumped; one that comes twice is the first.
Of what comes at one moment only the later counts: where a zone skipped a whole day (Samoa its 30 December 2011), that
day has no daily email, while the weekly one that was due on it comes a day later.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sheetsync.periods import Cadence, Calendar, Period


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the clocks of a zone reach a local time."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def latest_turn(
    cadence: Cadence,
    due_day: Callable[[Period], date],
    at: time,
    *,
    now: datetime,
    zone: ZoneInfo,
    calendar: Calendar,
) -> Period:
    """The last period of the cadence whose due day, at the local time `at`, has come by `now` (an aware datetime).

    `due_day` gives a period's day, which lies in it. As `now` goes on, the answer never goes back.
    """
    # Where a clock jumps by a day, or its time is skipped, a period's moment may lie outside the period itself.
    turn = calendar.next(calendar.containing(cadence, now.astimezone(zone).date()))
    while moment(due_day(turn), at, zone) > now:
        turn = calendar.previous(turn)
    return turn
