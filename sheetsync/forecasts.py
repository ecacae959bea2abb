"""Where an outcome goal will end: a point, a band that holds four times of five, the chance of reaching a target.

A person's own past decides all of it: which of four rates foresaw their closed periods best, and how wide the band
had to be to hold them. Nothing here looks at a day from the boundary on, and nothing is random (docs/forecast.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from sheetsync.periods import Cadence, Calendar, Period
from sheetsync.rates import EARLIER, LEAST_DAYS, Outlook, Track

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COVERAGE = 0.8
OWN_PERIODS = 4
A_YEAR = {Cadence.MONTH: 12, Cadence.QUARTER: 4, Cadence.YEAR: 1}
# The season has few years to show itself, so chance favours it: its errors count so many times.
SEASON_HANDICAP = 1.2
POSITIONS = 12  # past points in each closed period, a third of them in each third
LEAST_POINTS = 8
MULTIPLIERS = (0.2, 10.0)
# Below this the gamma distribution has its upper decile under its mean.
LEAST_SHAPE = 0.1
# What is not reached yet is not certain while a working day is left.
NEARLY_CERTAIN = 0.99


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """One person's days for one goal; element i is the day `start` + i, `start` being the person's first.

    `values` is what was counted, or the amounts, of each day (days beyond its end had none); `workdays` the part of
    each day that is worked (1, 0.5, 0), up to the end of the open period at least.
    """

    start: date
    values: "Floats"
    workdays: "Floats"
    of: Literal["count", "amount"] = "count"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a period will end: `low` and `high` are quantiles 10 and 90, `so_far` what was done before the boundary.

    `provisional`: fewer than four own periods are closed, the band is as wide as the team's past asks for. `to_come`
    is the distribution that band and chance come from.
    """

    so_far: float
    point: float
    low: float
    high: float
    provisional: bool
    to_come: "ToCome"

    def probability(self, target: float) -> float:
        """The chance that the period ends at the target or above, 0 to 1."""
        return self.to_come.reaches(target - self.so_far, 1e-9 * abs(target))


@dataclass(frozen=True, slots=True)
class ToCome:
    """The distribution of what is to come: a gamma (a normal where values may shrink), stretched around its mean."""

    mean: float
    variance: float
    stretch: float
    whole: bool
    shrinks: bool

    def reaches(self, more: float, rounding: float) -> float:
        """The chance that at least so much more comes, 0 to 1."""
        import math

        from scipy.special import gammaincc, ndtr

        if self.variance <= 0:
            return 1.0 if more <= self.mean + rounding else 0.0
        if self.whole:
            # The next whole number counts, from half below it: 3.2 more are 4 more, and 4 begins at 3.5.
            more = math.ceil(more - rounding) - 0.5
        if more <= rounding and not self.shrinks:
            return 1.0
        unstretched = self.mean + (more - self.mean) / self.stretch
        if self.shrinks:
            chance = float(ndtr((self.mean - unstretched) / math.sqrt(self.variance)))
        else:
            shape = max(self.mean**2 / self.variance, LEAST_SHAPE)
            chance = float(gammaincc(shape, max(unstretched, 0.0) * shape / self.mean))
        return min(chance, NEARLY_CERTAIN)


def forecast(history: History, period: Period, boundary: date, calendar: Calendar) -> Forecast | None:
    """The forecast of a person who has no team; see `forecast_all`."""
    return forecast_all({"": history}, period, boundary, calendar)[""]


def forecast_all(
    team: Mapping[str, History], period: Period, boundary: date, calendar: Calendar
) -> dict[str, Forecast | None]:
    """The forecast of each person for one goal, at the start of the day `boundary` of a month, quarter or year.

    None for a person with under 90 days before the boundary, with none of them worked, or with nothing done in the
    year before it. Raises ValueError for days and weeks, and for workdays that do not reach the period's end.
    """
    import numpy as np

    if period.cadence not in A_YEAR:
        raise ValueError(f"{period} is no month, quarter or year")
    boundary = min(max(boundary, period.start), period.end)
    views = {name: _view(history, period, boundary, calendar) for name, history in team.items()}
    misses = [view.misses for view in views.values() if view]
    of_team = _multiplier(np.concatenate(misses), 1.0) if misses else 1.0
    return {name: view.forecast(of_team) if view else None for name, view in views.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What one person's past says; `misses`: of past points in the same third, in half-widths of the band."""

    so_far: float
    mean: float
    variance: float
    misses: "Floats"
    closed: int
    whole: bool
    shrinks: bool

    def forecast(self, of_team: float) -> Forecast:
        import numpy as np

        provisional = self.closed < OWN_PERIODS
        stretch = of_team if provisional else _multiplier(self.misses, of_team)
        below, above = _half_widths(np.array([self.mean]), np.array([self.variance]), shrinks=self.shrinks)
        low = self.mean - stretch * float(below[0])
        return Forecast(
            so_far=self.so_far,
            point=self.so_far + self.mean,
            low=self.so_far + (low if self.shrinks else max(low, 0.0)),
            high=self.so_far + self.mean + stretch * float(above[0]),
            provisional=provisional,
            to_come=ToCome(self.mean, self.variance, stretch, self.whole, self.shrinks),
        )


def _view(history: History, period: Period, boundary: date, calendar: Calendar) -> _View | None:
    import numpy as np

    now = (boundary - history.start).days
    if now < LEAST_DAYS:
        return None
    done = np.asarray(history.values[:now], dtype=np.float64)
    track = _track(history, done, period, calendar)
    if not track.eventful(np.array([now]))[0] or track.workdays[now] == 0:
        return None
    of, day, third = _past_points(track)
    present = len(track.starts) - 1
    outlook = track.outlook(np.append(of, present), np.append(day, now))
    actual = track.to_come(of, day)
    means = outlook.means[:, _best(outlook, actual)]
    variances = outlook.variances(means)
    shrinks = bool((done < 0).any())
    misses = _misses(means[:-1], variances[:-1], actual, shrinks=shrinks)
    current = min(3 * (now - int(track.starts[-1])) // period.days, 2)
    return _View(
        so_far=float(track.so_far(np.array([present]), np.array([now]))[0]),
        mean=float(means[-1]),
        variance=float(variances[-1]),
        misses=misses[third == current],
        closed=int((track.starts[:-1] >= 0).sum()),
        whole=history.of == "count" and bool((done == np.rint(done)).all()),
        shrinks=shrinks,
    )


def _track(history: History, done: "Floats", period: Period, calendar: Calendar) -> Track:
    """The person's days up to the period's end, and the periods that cut them; only those of `done` have values."""
    import numpy as np

    first, end = history.start, (period.end - history.start).days
    if len(history.workdays) < end:
        raise ValueError(f"workdays end on {first + timedelta(days=len(history.workdays) - 1)}, before {period}")
    periods = _back(period, first, calendar)
    starts, ends = ([(day - first).days for day in days] for days in zip(*periods, strict=True))
    values = np.append(done, np.zeros(end - len(done)))
    return Track(values, np.asarray(history.workdays[:end], dtype=np.float64), starts, ends, A_YEAR[period.cadence])


def _back(period: Period, first: date, calendar: Calendar) -> list[tuple[date, date]]:
    """The period and those before it that are looked at, none that ends before the first day; oldest first."""
    periods = [(period.start, period.end)]
    most = EARLIER + max(EARLIER, A_YEAR[period.cadence])
    while len(periods) <= most and periods[-1][0] > first:
        period = calendar.previous(period)
        periods.append((period.start, period.end))
    return periods[::-1]


def _past_points(track: Track) -> tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.int64]"]:
    """Period, day and third of the points in the last closed periods at which there would have been a forecast."""
    import numpy as np

    present = len(track.starts) - 1
    of = np.repeat(np.arange(max(present - EARLIER, 0), present), POSITIONS)
    position = np.tile(np.arange(POSITIONS), len(of) // POSITIONS)
    length = track.ends[of] - track.starts[of]
    into = np.rint((position + 0.5) / POSITIONS * length).astype(np.int64)
    day = track.starts[of] + into
    there = (day >= LEAST_DAYS) & track.eventful(day.clip(0))
    return of[there], day[there], (position * 3 // POSITIONS)[there]


def _best(outlook: Outlook, actual: "Floats") -> int:
    """The rate with the lowest error at the past points; the first (shrunk to history) while there are none."""
    errors = abs(outlook.means[:-1] - actual[:, None]).sum(axis=0)
    errors[-1] *= SEASON_HANDICAP
    return int(errors.argmin())


def _half_widths(means: "Floats", variances: "Floats", *, shrinks: bool) -> tuple["Floats", "Floats"]:
    """How far quantile 10 lies below each mean, and quantile 90 above it."""
    import numpy as np
    from scipy.special import gammaincinv, ndtri

    if shrinks:
        width = ndtri(0.5 + COVERAGE / 2) * np.sqrt(variances)
        return width, width
    some = variances > 0
    shape = np.divide(means**2, variances, out=np.ones_like(means), where=some).clip(LEAST_SHAPE)
    scale = np.where(some, means / shape, 0.0)
    low, high = (gammaincinv(shape, 0.5 + side * COVERAGE / 2) * scale for side in (-1, 1))
    return np.where(some, means - low, 0.0), np.where(some, high - means, 0.0)


def _misses(means: "Floats", variances: "Floats", actual: "Floats", *, shrinks: bool) -> "Floats":
    """How many half-widths what came lay off what was foreseen; 0 where nothing was to come, and nothing came."""
    import numpy as np

    below, above = _half_widths(means, variances, shrinks=shrinks)
    off = actual - means
    width = np.where(off > 0, above, below)
    largest = np.where(off == 0, 0.0, MULTIPLIERS[1])
    return np.divide(abs(off), width, out=largest, where=width > 0)


def _multiplier(misses: "Floats", otherwise: float) -> float:
    """What half-widths must be multiplied by to hold four of five of so many misses and one more to come."""
    import numpy as np

    many = len(misses)
    if many < LEAST_POINTS:
        return otherwise
    multiplier = float(np.quantile(misses, min(COVERAGE * (many + 1) / many, 1.0)))
    return min(max(multiplier, MULTIPLIERS[0]), MULTIPLIERS[1])
