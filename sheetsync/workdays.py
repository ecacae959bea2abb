"""How much of each day a person works, in half days: sums are whole numbers, nothing is lost to rounding.

`w0` is 2 on a person's weekdays that are no public holiday; `w` is `w0` less time off, and 0 outside the person's
From and Until. Arrays cover the days of a `Horizon`, one element a day.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from sheetsync.people import Person, TimeOff
from sheetsync.periods import DAY, Cadence, Calendar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    HalfDays = NDArray[np.int64]

FULL_DAY = 2


@dataclass(frozen=True, slots=True)
class Horizon:
    """The days `[start, end)` that arrays cover."""

    start: date
    end: date

    def __len__(self) -> int:
        return (self.end - self.start).days

    def index(self, day: date) -> int:
        """The position of a day, clamped to `[0, len]`."""
        return min(max((day - self.start).days, 0), len(self))

    @classmethod
    def around(cls, calendar: Calendar, first: date, last: date) -> "Horizon":
        """Whole fiscal years: those of the weeks that hold the first and the last day of the days' own years.

        A week may begin in the year before, and a share there is a part of that year's target.
        """
        first_year, last_year = (calendar.containing(Cadence.YEAR, day) for day in (first, last))
        week_before = calendar.containing(Cadence.WEEK, first_year.start)
        week_after = calendar.containing(Cadence.WEEK, last_year.end - DAY)
        return cls(
            calendar.containing(Cadence.YEAR, week_before.start).start,
            calendar.containing(Cadence.YEAR, week_after.end - DAY).end,
        )


@dataclass(frozen=True, slots=True)
class Workdays:
    """One person's half days: worked (`w`) and before time off (`w0`)."""

    w: "HalfDays"
    w0: "HalfDays"


def workdays(
    person: Person, horizon: Horizon, times_off: Iterable[TimeOff], holidays: Collection[date], *, every_day: bool
) -> Workdays:
    """The half days of one person. `every_day`: as for goals counted by the calendar day."""
    import numpy as np

    days = len(horizon)
    if every_day:
        w0 = np.full(days, FULL_DAY, dtype=np.int64)
    else:
        weekday = (np.arange(days) + horizon.start.weekday()) % 7
        w0 = np.where(np.isin(weekday, list(person.workdays)), FULL_DAY, 0).astype(np.int64)
        for holiday in holidays:
            if horizon.start <= holiday < horizon.end:
                w0[horizon.index(holiday)] = 0
    off = np.zeros(days, dtype=np.int64)
    for time_off in times_off:
        if time_off.who in (None, person.name):
            off[horizon.index(time_off.start) : horizon.index(time_off.end)] += time_off.half_days
    w = np.maximum(w0 - np.minimum(off, FULL_DAY), 0)
    if person.start:
        w[: horizon.index(person.start)] = 0
    if person.end:
        w[horizon.index(person.end) :] = 0
    return Workdays(w, w0)


def known_calendar(code: str) -> bool:
    """Whether a code such as GB-ENG names a calendar of public holidays."""
    return code == "" or _public_holidays(code, 2024) is not None


def public_holidays(code: str, horizon: Horizon) -> frozenset[date]:
    """The public holidays of a country (`DE`) or its part (`GB-ENG`); none for "" and for an unknown code."""
    found: Mapping[date, str] | None
    days: set[date] = set()
    for year in range(horizon.start.year, horizon.end.year + 1) if code else ():
        found = _public_holidays(code, year)
        days.update(found or ())
    return frozenset(days)


@cache
def _public_holidays(code: str, year: int) -> Mapping[date, str] | None:
    import holidays

    country, _, part = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=part or None, years=year)
    except (NotImplementedError, TypeError):  # BANK and MON are constants of the package, not countries
        return None
