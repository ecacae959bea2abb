"""The kinds of email: how often each comes, when, to whom, about which period, and what it is for.

What identifies an email is its kind and the period it is about, never the moment at which it came due. After a move
to the west, with another Partner day or a clock set back, the latest due period is an earlier one: earlier than the
latest one queued is not mailed. After a move to the east it is due at once: nothing comes twice, nothing is lost.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sheetsync.periods import WEEKDAYS, Cadence, Calendar, Period
from sheetsync.schedule import latest_turn, moment

_HARDLY_BEGUN = 2  # days

Audience = Literal["partner", "person", "group", "keeper"]

_TIME = r"([01]?[0-9]|2[0-3]):([0-5][0-9])"
_FORMS = {
    Cadence.DAY: re.compile(_TIME),
    Cadence.WEEK: re.compile(rf"([a-z]{{3,9}})\s+{_TIME}", re.IGNORECASE),
}
_DAY_AND_TIME = re.compile(rf"(0?[1-9]|1[0-9]|2[0-8])\s+{_TIME}")


@dataclass(frozen=True, slots=True)
class When:
    """A local time, and on which day: `weekday` 0 for Monday to 6, or the `day` of a month, quarter or year, 1 to 28.

    Neither means every day.
    """

    at: time
    weekday: int | None = None
    day: int | None = None

    def __str__(self) -> str:
        if self.weekday is not None:
            return f"{WEEKDAYS[self.weekday][:3].title()} {self.at:%H:%M}"
        return f"{self.at:%H:%M}" if self.day is None else f"{self.day} {self.at:%H:%M}"

    def day_in(self, period: Period) -> date:
        """The day of a period on which this is."""
        if self.weekday is not None:
            return period.start + timedelta(days=(self.weekday - period.start.weekday()) % 7)
        return period.start + timedelta(days=(self.day or 1) - 1)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of email; `about` is the period that holds the due day, or the one before (`told_of`)."""

    name: str
    cadence: Cadence
    to: Audience
    about: Literal["this", "last"]
    usual: When
    purpose: str


_ALL = (
    Kind(
        "partner-weekly", Cadence.WEEK, "partner", "this", When(time(16), weekday=4),
        "what the partner needs for the week’s conversation",
    ),
    Kind("morning", Cadence.DAY, "person", "this", When(time(7, 30)), "what today asks for"),
    Kind("evening", Cadence.DAY, "person", "this", When(time(18)), "a reminder to log, if nothing was logged today"),
    Kind(
        "weekend", Cadence.WEEK, "person", "this", When(time(9), weekday=5),
        "how the week went, and what to write down for the next",
    ),
    Kind(
        "group-monthly", Cadence.MONTH, "group", "last", When(time(9), day=1),
        "everyone’s month, for the group’s meeting",
    ),
    Kind(
        "quarterly", Cadence.QUARTER, "person", "last", When(time(9), day=1),
        "what came of the quarter’s priorities, and which come next",
    ),
    Kind("annual", Cadence.YEAR, "person", "last", When(time(9), day=1), "the year as a whole, and the next one’s"),
    Kind("problems", Cadence.DAY, "keeper", "this", When(time(8)), "what in the workbook needs a look"),
)  # fmt: skip
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}


def read_when(kind: Kind, text: str) -> When:
    """When an email of this kind is due, as typed: `Fri 16:00`, `07:30` or `1 09:00`, whichever fits its cadence.

    Raises ValueError that says which form fits.
    """
    found = _FORMS.get(kind.cadence, _DAY_AND_TIME).fullmatch(text.strip())
    if found and kind.cadence is Cadence.DAY:
        return When(_time(found))
    if found and kind.cadence is Cadence.WEEK:
        days = [n for n, day in enumerate(WEEKDAYS) if day.startswith(found[1].lower())]
        if days:
            return When(_time(found), weekday=days[0])
    elif found:
        return When(_time(found), day=int(found[1]))
    raise ValueError(f"{_needed(kind.cadence)}, such as {kind.usual}, or off")


def _time(found: re.Match[str]) -> time:
    hour, minute = found.groups()[-2:]
    return time(int(hour), int(minute))


def _needed(cadence: Cadence) -> str:
    match cadence:
        case Cadence.DAY:
            return "it comes every day: a time alone is needed"
        case Cadence.WEEK:
            return "it comes every week: a day and a time are needed"
        case _:
            return f"it comes every {cadence}: a day of the {cadence} from 1 to 28 and a time are needed"


def personal(kind: Kind, when: When, partner_day: int | None) -> When:
    """When it is due for a person: their Partner day is the day of their partner's email."""
    if kind.to != "partner" or kind.cadence is not Cadence.WEEK or partner_day is None:
        return when
    return replace(when, weekday=partner_day)


def told_of(kind: Kind, when: When, calendar: Calendar) -> Literal["this", "last"]:
    """Whether an email is about the period in which it is due, or about the one before.

    A week has hardly begun on its first two days: there is nothing to tell of it yet.
    """
    early = when.weekday is not None and (when.weekday - calendar.week_starts) % 7 < _HARDLY_BEGUN
    return "last" if early else kind.about


def latest_due(kind: Kind, when: When, now: datetime, zone: ZoneInfo, calendar: Calendar) -> Period:
    """The period that the latest email due up to `now` (an aware datetime) is about.

    After weeks of sleep that is the last one only.
    """
    turn = latest_turn(kind.cadence, when.day_in, when.at, now=now, zone=zone, calendar=calendar)
    return turn if told_of(kind, when, calendar) == "this" else calendar.previous(turn)


def next_due(kind: Kind, when: When, now: datetime, zone: ZoneInfo, calendar: Calendar) -> datetime:
    """The first moment after `now`, in UTC, at which this kind is due again: then the latest one is out of date."""
    turn = latest_turn(kind.cadence, when.day_in, when.at, now=now, zone=zone, calendar=calendar)
    return moment(when.day_in(calendar.next(turn)), when.at, zone)
