"""Time, said once: a period is a half-open range of days `[start, end)` of one cadence, with a label.

Labels: `2026-02-14`, `2026-W07`, `2026-02`, `2026-Q1`, `2026`. Week start and fiscal year start are settings of the
`Calendar`. A week is numbered by its fourth day (for Monday that is ISO 8601); a fiscal year is named after the
calendar year in which it ends; months keep their calendar labels. No other module does arithmetic with periods.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAY = timedelta(days=1)


class Cadence(StrEnum):
    """A review rhythm, from the finest to the coarsest."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def rank(self) -> int:
        """0 for a day to 4 for a year: finer is smaller."""
        return list(Cadence).index(self)


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip

_LABELS = {
    Cadence.DAY: re.compile(r"(\d{4})-(\d\d)-(\d\d)"),
    Cadence.WEEK: re.compile(r"(\d{4})-?W(\d{1,2})", re.IGNORECASE),
    Cadence.MONTH: re.compile(r"(\d{4})-(\d\d)"),
    Cadence.QUARTER: re.compile(r"(\d{4})-?Q([1-4])", re.IGNORECASE),
    Cadence.YEAR: re.compile(r"(\d{4})"),
}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One concrete range of days `[start, end)` of a cadence."""

    start: date
    end: date
    cadence: Cadence
    label: str

    @property
    def days(self) -> int:
        """How many calendar days it has."""
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __str__(self) -> str:
        return self.label


def _month_after(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """How time is cut: `week_starts` is 0 for Monday to 6 for Sunday, `year_starts` the first month, 1 to 12."""

    week_starts: int = 0
    year_starts: int = 1

    def containing(self, cadence: Cadence, day: date) -> Period:
        """The period of this cadence that holds the day."""
        match cadence:
            case Cadence.DAY:
                return Period(day, day + DAY, cadence, day.isoformat())
            case Cadence.WEEK:
                return self._week(day - timedelta(days=(day.weekday() - self.week_starts) % 7))
            case Cadence.MONTH:
                first = day.replace(day=1)
                return Period(first, _month_after(first, 1), cadence, f"{first:%Y-%m}")
            case Cadence.QUARTER:
                into = (day.month - self.year_starts) % 12
                return self._quarter(_month_after(day.replace(day=1), -(into % 3)))
            case Cadence.YEAR:
                into = (day.month - self.year_starts) % 12
                return self._year(_month_after(day.replace(day=1), -into))

    def next(self, period: Period) -> Period:
        """The period that follows."""
        return self.containing(period.cadence, period.end)

    def previous(self, period: Period) -> Period:
        """The period before."""
        return self.containing(period.cadence, period.start - DAY)

    def between(self, cadence: Cadence, first: date, last: date) -> Iterator[Period]:
        """The periods from the one holding `first` to the one holding `last`, both inclusive, in order."""
        period = self.containing(cadence, first)
        while period.start <= last:
            yield period
            period = self.next(period)

    def year(self, label: int) -> Period:
        """The fiscal year with this label."""
        return self._year(date(label if self.year_starts == 1 else label - 1, self.year_starts, 1))

    def parse(self, label: str) -> Period | None:
        """The period with this label, or None when it is no label or names a period that does not exist."""
        text = label.strip()
        for cadence, pattern in _LABELS.items():
            found = pattern.fullmatch(text)
            if not found:
                continue
            numbers = [int(group) for group in found.groups()]
            try:
                return self._labelled(cadence, numbers)
            except (ValueError, OverflowError):
                return None
        return None

    def _labelled(self, cadence: Cadence, numbers: list[int]) -> Period | None:
        match cadence:
            case Cadence.DAY:
                return self.containing(cadence, date(*numbers))
            case Cadence.WEEK:
                year, week = numbers
                # The fourth day of week 1 is the first such weekday of the year, so 4 January is always in it.
                first = self.containing(Cadence.WEEK, date(year, 1, 4)).start
                period = self._week(first + timedelta(weeks=week - 1))
                return period if period.label == f"{year:04}-W{week:02}" else None
            case Cadence.MONTH:
                return self.containing(cadence, date(numbers[0], numbers[1], 1))
            case Cadence.QUARTER:
                return self._quarter(_month_after(self.year(numbers[0]).start, 3 * (numbers[1] - 1)))
            case Cadence.YEAR:
                return self.year(numbers[0])

    def _week(self, first: date) -> Period:
        fourth = first + timedelta(days=3)
        number = (fourth.timetuple().tm_yday - 1) // 7 + 1
        return Period(first, first + timedelta(days=7), Cadence.WEEK, f"{fourth.year:04}-W{number:02}")

    def _year(self, first: date) -> Period:
        end = _month_after(first, 12)
        return Period(first, end, Cadence.YEAR, f"{(end - DAY).year:04}")

    def _quarter(self, first: date) -> Period:
        into = (first.month - self.year_starts) % 12
        year = self._year(_month_after(first, -into)).label
        return Period(first, _month_after(first, 3), Cadence.QUARTER, f"{year}-Q{into // 3 + 1}")


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day a computation is made for.

    `day` is the last day whose rows count. When it is `under_way` (today, without `--as-of`), its rows count as
    actual but it is not expected yet, so that nobody is behind at nine in the morning; else it is finished.
    """

    day: date
    under_way: bool

    @property
    def boundary(self) -> date:
        """The first day that is not finished: what is expected counts the days before it."""
        return self.day if self.under_way else self.day + DAY
