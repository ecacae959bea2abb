"""What a person's own days say about days to come: four rates, and how far such a sum scatters (docs/forecast.md).

Everything is computed for many points at once, a point being a day of some period, and looks at no day from the point
on: sums up to a day make every rate of every past point a difference of two sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

LEAST_DAYS = 90
YEAR = 365
HALF_LIFE = 90
EARLIER = 8  # closed periods that are looked back on
STRETCHES = 4  # of them, those whose closing stretch is looked at
# History weighs as much as so many working days of the period itself, while fewer than two periods are closed;
USUAL_WEIGHT = 60.0
# from then on as the differences between periods say, within bounds.
WEIGHTS = (5.0, 10_000.0)
# How much more, or less, than a year ago is believed.
GROWTH = (0.5, 2.0)
LEAST_SEASON = 0.1  # of the recent rate


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What is to come after each of n points: `means` has a column for each rate, that of the season last.

    `left` are the working days to the period's end. The variance of what is to come around a mean m is
    `scatter` x (|m| + `churn` x `left`); churn is what comes and goes again a working day, 0 where nothing shrinks.
    """

    means: "Floats"
    left: "Floats"
    scatter: "Floats"
    churn: "Floats"

    def variances(self, means: "Floats") -> "Floats":
        """The variance around one mean a point."""
        variances: Floats = self.scatter * (abs(means) + self.churn * self.left)
        return variances


class Track:
    """The days of one person and the periods that cut them, the last of which is open; `a_year` are a year.

    `values` and `workdays` have one element a day from the person's first to the end of the open period; `starts` and
    `ends` are days of it, one a period, oldest first (negative: before the first day).
    """

    def __init__(
        self, values: "Floats", workdays: "Floats", starts: Sequence[int], ends: Sequence[int], a_year: int
    ) -> None:
        import numpy as np

        self.a_year = a_year
        fading = 2.0 ** ((np.arange(len(values)) - len(values)) / HALF_LIFE)
        self.values, self.workdays = _up_to(values), _up_to(workdays)
        self.gross, self.squares = _up_to(abs(values)), _up_to(values * values)
        self.fading_values, self.fading_workdays = _up_to(values * fading), _up_to(workdays * fading)
        self.starts, self.ends = np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)

    def so_far(self, period: "Integers", day: "Integers") -> "Floats":
        """What was done in each point's period before its day."""
        done: Floats = self.values[day] - self.values[self.starts[period].clip(0)]
        return done

    def to_come(self, period: "Integers", day: "Integers") -> "Floats":
        """What was done from each point's day to the end of its period; only closed periods know."""
        return self.values[self.ends[period]] - self.values[day]

    def eventful(self, day: "Integers") -> "NDArray[np.bool_]":
        """Whether anything was done in the year before each day."""
        eventful: NDArray[np.bool_] = self.gross[day] > self.gross[(day - YEAR).clip(0)]
        return eventful

    def outlook(self, period: "Integers", day: "Integers") -> Outlook:
        """What each rate expects at points whose last year is eventful; two arrays of one length."""
        import numpy as np

        year_ago = (day - YEAR).clip(0)
        gross = self.gross[day] - self.gross[year_ago]
        net = self.values[day] - self.values[year_ago]
        event = (self.squares[day] - self.squares[year_ago]) / gross
        weight = self._weight_of_history(period, event)
        worked = self.workdays[day] - self.workdays[self.starts[period].clip(0)]
        left = self.workdays[self.ends[period]] - self.workdays[day]
        shrunk = (weight * self._before(period, day) + self.so_far(period, day)) / (weight + worked) * left
        recent = _ratio(self.fading_values[day], self.fading_workdays[day]) * left
        closing = (self._closing(period, day, left, recent) + recent) / 2
        churn = _ratio((gross - abs(net)).clip(0), self.workdays[day] - self.workdays[year_ago])
        # Without refunds the difference of the two sums is rounding.
        churn[gross - abs(net) <= 1e-9 * gross] = 0.0
        means = np.stack([shrunk, recent, closing, self._season(period, day, left, recent)], axis=1)
        return Outlook(means, left, event * (1 + left / (weight + worked)), churn)

    def _before(self, period: "Integers", day: "Integers") -> "Floats":
        """The rate a working day in the year before the period; in a person's first days, up to the point's day."""
        import numpy as np

        start = self.starts[period]
        end = np.where(start >= LEAST_DAYS, start, day)
        begin = (end - YEAR).clip(0)
        return _ratio(self.values[end] - self.values[begin], self.workdays[end] - self.workdays[begin])

    def _earlier(self, period: "Integers", many: int) -> tuple["Integers", "Integers", "NDArray[np.bool_]"]:
        """Begin and end of the periods before each point's, latest first, and in which the person was there."""
        import numpy as np

        before = period[:, None] - 1 - np.arange(many)
        known = before >= 0
        begin, end = self.starts[before.clip(0)], self.ends[before.clip(0)]
        known &= begin >= 0
        return np.where(known, begin, 0), np.where(known, end, 0), known

    def _weight_of_history(self, period: "Integers", event: "Floats") -> "Floats":
        """How many working days history counts for: event x rate / the variance of the rate between periods."""
        import numpy as np

        begin, end, known = self._earlier(period, EARLIER)
        done, worked = self.values[end] - self.values[begin], self.workdays[end] - self.workdays[begin]
        many = known.sum(axis=1)
        rate = _ratio(done.sum(axis=1), worked.sum(axis=1))
        gross = _ratio((self.gross[end] - self.gross[begin]).sum(axis=1), worked.sum(axis=1))
        among = ((done - rate[:, None] * worked) ** 2).sum(axis=1) / (many - 1).clip(1)
        by_chance = event * gross * worked.sum(axis=1) / many.clip(1)
        between = _ratio((among - by_chance).clip(0), (worked**2).sum(axis=1) / many.clip(1))
        weight = np.full(len(period), WEIGHTS[1])
        np.divide(event * gross, between, out=weight, where=between > event * gross / WEIGHTS[1])
        return np.where(many >= 2, weight.clip(*WEIGHTS), USUAL_WEIGHT)

    def _closing(self, period: "Integers", day: "Integers", left: "Floats", otherwise: "Floats") -> "Floats":
        """What the last periods' stretches of as many days to the end come to, for the working days left."""
        import numpy as np

        begin, end, known = self._earlier(period, STRETCHES)
        stretch = np.maximum(end - (self.ends[period] - day)[:, None], begin)
        done = (self.values[end] - self.values[stretch]).sum(axis=1, where=known)
        worked = (self.workdays[end] - self.workdays[stretch]).sum(axis=1, where=known)
        return np.where(worked > 0, _ratio(done, worked) * left, otherwise)

    def _season(self, period: "Integers", day: "Integers", left: "Floats", otherwise: "Floats") -> "Floats":
        """What the rest of the period brought last year, times the recent rate against that of the same day then."""
        import numpy as np

        before = period - self.a_year
        begin, end = self.starts[before.clip(0)], self.ends[before.clip(0)]
        known = (before >= 0) & (begin >= 0)
        begin, end = np.where(known, begin, 0), np.where(known, end, 0)
        then = np.maximum(end - (self.ends[period] - day), begin)
        worked = self.workdays[end] - self.workdays[then]
        now_rate, then_rate = (_ratio(self.fading_values[d], self.fading_workdays[d]) for d in (day, then))
        growth = np.ones_like(left)
        np.divide(now_rate, then_rate, out=growth, where=(then >= LEAST_DAYS) & (then_rate > 0))
        rest = _ratio(self.values[end] - self.values[then], worked) * left * growth.clip(*GROWTH)
        # Nothing at all last year is no proof that nothing comes.
        rest = np.where(abs(rest) < abs(otherwise) * LEAST_SEASON, otherwise * LEAST_SEASON, rest)
        return np.where(known & (worked > 0), rest, otherwise)


def _up_to(values: "Floats") -> "Floats":
    """Element i is the sum of the elements before i."""
    import numpy as np

    return np.append(0.0, np.cumsum(values))


def _ratio(above: "Floats", below: "Floats") -> "Floats":
    """The quotient, 0 where nothing is below."""
    import numpy as np

    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
