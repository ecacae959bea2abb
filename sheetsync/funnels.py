"""The funnel from the person's own log: how many outcomes there were for each activity that serves a goal.

Serves names a goal, or an activity; the chain is followed to the activity that measures the goal. Outcomes are
counted some weeks after the activities: the lag at which the two rise and fall together most, if that can be seen.
What is said is what happened side by side, never what caused what.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf, isnan, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from sheetsync.activities import Activity
from sheetsync.cells import fold, serial
from sheetsync.goals import Goal
from sheetsync.payoffs import Daily, by_day, first_days, ratio_interval
from sheetsync.periods import DAY, AsOf
from sheetsync.plan import Plan
from sheetsync.sentences import about, counted, number

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST_TRIALS = 30
# An average amount of fewer says little about the next one.
FEWEST_AMOUNTS = 5
WINDOW = 52
_LAGS = range(9)
_FEWEST_PAIRS = 26
_ERROR = 0.05
# Less variation than this is that of a float's last digits.
_FLAT = 1e-6
_WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Gap:
    """What a goal still lacks: `missing` outcomes until the year's end, `each` the average amount of one.

    `each` is None for a goal that counts; `per_day` are needed each working day that is left, None: no day is.
    """

    missing: float
    per_day: float | None
    each: float | None = None


@dataclass(frozen=True, slots=True)
class Funnel:
    """One person, goal and activity that serves it.

    `path` leads from the activity to `outcome`, both included. `trials` activities and `outcomes` were counted over
    equally many days, outcomes `lag` weeks later. `low` and `high` bound the rate with 95 % confidence.
    """

    person: str
    goal: str
    path: tuple[str, ...]
    lag: int
    days: int
    trials: float
    outcomes: float
    low: float
    high: float
    gap: Gap | None = None

    @property
    def activity(self) -> str:
        """Where the path begins."""
        return self.path[0]

    @property
    def outcome(self) -> str:
        """The activity that measures the goal."""
        return self.path[-1]

    @property
    def rate(self) -> float | None:
        """Outcomes for each activity; None below 30 activities."""
        return self.outcomes / self.trials if self.trials >= FEWEST_TRIALS else None

    @property
    def needed(self) -> tuple[float, float, float] | None:
        """How many more of the activity go with the gap at this rate: the number, its least and its most (or inf)."""
        if self.gap is None or not self.rate:
            return None
        missing = self.gap.missing
        return missing / self.rate, missing / self.high, missing / self.low if self.low > 0 else inf

    @property
    def sentence(self) -> str:
        """The conversion, and what it would take, in plain words."""
        if self.rate is None:
            return f"{number(self.trials)} of “{self.activity}”: too few to say ({FEWEST_TRIALS} are needed)."
        per = 1 if self.rate >= 1 else 100
        each = "each" if per == 1 else f"every {per} of"
        found = f"{about(self.rate * per)} of “{self.outcome}” ({about(self.low * per)} to {about(self.high * per)})"
        later = f", counted {counted(self.lag, 'week')} later" if self.lag else ""
        weeks = f"in {counted(max(1, round(self.days / 7)), 'week')}"
        return f"For {each} “{self.activity}” there were {found}{later}, {weeks}.{self._what_it_takes()}"

    def _what_it_takes(self) -> str:
        if self.gap is None or self.needed is None or not self.rate:
            return ""
        best, least, most = self.needed
        each = f" (of about {about(self.gap.each)} each)" if self.gap.each else ""
        between = f"{about(least)} to {about(most)}" if most < inf else f"at least {about(least)}"
        missing = f"The {about(self.gap.missing)} of “{self.outcome}” still missing{each}"
        text = f" {missing} would go with {about(best)} more “{self.activity}” ({between})"
        return text + (f": {about(self.gap.per_day / self.rate)} a working day." if self.gap.per_day else ".")


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson, Journal of the American Statistical Association 22, 1927).

    (p + z^2/2n -+ z sqrt(p(1 - p)/n + z^2/4n^2)) / (1 + z^2/n), for 0 <= successes <= trials, trials > 0.
    """
    z = NormalDist().inv_cdf(1 - _ERROR / 2)
    share, z2 = successes / trials, z * z / trials
    half = z * sqrt(share * (1 - share) / trials + z2 / (4 * trials))
    low, high = ((share + z2 / 2 + side * half) / (1 + z2) for side in (-1, 1))
    # At 0 and 1 the bound is exact but for the last digit.
    return min(max(0.0, low), share), max(min(1.0, high), share)


def conversion_interval(outcomes: float, trials: float) -> tuple[float, float]:
    """The 95 % interval of outcomes / trials: Wilson's, or that of two Poisson rates where one brings several."""
    return wilson(outcomes, trials) if outcomes <= trials else ratio_interval(outcomes, 1.0, trials, 1.0)


def best_lag(trials: Sequence[float], outcomes: Sequence[float]) -> int:
    """After how many weeks, 0 to 8, outcomes rise and fall with activities most; 0 when none can be told.

    Of the weekly counts, the oldest first, less their straight trend (all that fades, fades together), every lag is
    judged by the same number of pairs, at least 26. The highest correlation must be one that nine unrelated lags
    would reach in 5 % of cases (standard error 1 / sqrt(n); Bonferroni).
    """
    import numpy as np

    longest = _LAGS[-1]
    pairs = len(trials) - longest
    if pairs < _FEWEST_PAIRS:
        return 0
    later = _without_trend(np.asarray(outcomes[longest:], dtype=float))
    best, highest = 0, NormalDist().inv_cdf(1 - _ERROR / len(_LAGS)) / sqrt(pairs)
    for lag in _LAGS:
        earlier = _without_trend(np.asarray(trials[longest - lag : len(trials) - lag], dtype=float))
        size = float(np.sqrt((earlier @ earlier) * (later @ later)))
        if size > _FLAT and float(earlier @ later) / size > highest + 1e-9:
            best, highest = lag, float(earlier @ later) / size
    return best


def _without_trend(counts: "Floats") -> "Floats":
    """What is left of weekly counts above and below their straight line."""
    import numpy as np

    weeks = np.arange(len(counts)) - (len(counts) - 1) / 2
    rest: Floats = counts - counts.mean() - weeks * (weeks @ counts) / (weeks @ weeks)
    return rest


def funnels(
    plan: Plan, activities: Sequence[Activity], rollups: "pd.DataFrame", as_of: AsOf, weeks: int | None = WINDOW
) -> list[Funnel]:
    """The funnel of each person, outcome goal and activity that serves it, of finished days.

    The window is the last `weeks` weeks (None: the whole log), or what the person's log holds of them. The gap is the
    goal's in its year that is open at the as-of day; of an amount it is counted in outcomes of the average amount in
    the window, if there were five.
    """
    serving = {person.name: list(_paths(plan, person.name)) for person in plan.people}
    if not any(serving.values()):
        return []
    daily = by_day(activities, as_of.boundary)
    first = first_days(daily)
    window = _Window(as_of.boundary, weeks)
    of_amounts = any(goal.of == "amount" for paths in serving.values() for goal, _ in paths)
    each = _average_amounts(activities, window) if of_amounts else {}
    gaps = _gaps(rollups, as_of)
    found: list[Funnel] = []
    for who in (person.name for person in plan.people if person.name in first):
        for goal, path in serving[who]:
            funnel = _funnel((who, goal, path), daily, first[who], window)
            if funnel:
                average = each.get((who, path[-1])) if goal.of == "amount" else None
                gap = _gap(goal, gaps.get((who, goal.name)), average)
                found.append(Funnel(who, goal.name, path, *funnel, gap))
    return found


def _paths(plan: Plan, person: str) -> Iterator[tuple[Goal, tuple[str, ...]]]:
    """Each outcome goal of a person with the activities that serve it, each as the path to what measures the goal."""
    goals = plan.goals_of(person)
    typical = {key: max(rows, key=lambda row: row.who is not None) for key, rows in goals.items()}
    outcomes = {fold(name): goal for (kind, name), goal in typical.items() if kind == "goal"}
    actions = {fold(name): goal for (kind, name), goal in typical.items() if kind == "activity"}
    for target in outcomes.values():
        for action in actions.values():
            path = _path(action, target, outcomes, actions)
            if len(path) > 1:
                yield target, path


def _path(action: Goal, target: Goal, outcomes: Mapping[str, Goal], actions: Mapping[str, Goal]) -> tuple[str, ...]:
    """From an activity to what measures the goal; empty when it does not lead there, or round in circles."""
    path = [action.name]
    while path[-1] != target.measured_by:
        served = fold(action.serves)
        through = fold(outcomes[served].measured_by) if served in outcomes else served
        following = actions.get(through)
        if through == fold(target.measured_by):
            path.append(target.measured_by)
        elif following is None or following.name in path:
            return ()
        else:
            path.append(following.name)
            action = following
    return tuple(path)


@dataclass(frozen=True, slots=True)
class _Window:
    """The last `weeks` weeks before `end`; None: all."""

    end: date
    weeks: int | None

    def length(self, first: date, lag: int) -> int:
        """How many days of a log that begins on `first` can be compared, outcomes `lag` weeks later."""
        days = (self.end - first).days - 7 * lag
        return days if self.weeks is None else min(days, 7 * self.weeks)


def _funnel(
    key: tuple[str, Goal, tuple[str, ...]], daily: Daily, first: date, window: _Window
) -> tuple[int, int, float, float, float, float] | None:
    """Lag, days, trials, outcomes and the bounds of the rate; None when the activity was never logged."""
    who, _, path = key
    trials, outcomes = (daily.get((who, name), {}) for name in (path[0], path[-1]))
    end = serial(window.end)
    weeks = window.length(first, 0) // 7
    recent = range(max(0, weeks), 0, -1)
    lag = best_lag(*([_sum(counts, end - 7 * n, 7) for n in recent] for counts in (trials, outcomes)))
    days = window.length(first, lag)
    tried, reached = _sum(trials, end - 7 * lag - days, days), _sum(outcomes, end - days, days)
    return (lag, days, tried, reached, *conversion_interval(reached, tried)) if tried > 0 else None


def _sum(counts: Mapping[int, float], start: int, days: int) -> float:
    return sum(counts.get(day, 0.0) for day in range(start, start + days)) if counts else 0.0


def _average_amounts(activities: Iterable[Activity], window: _Window) -> dict[tuple[str, str], float]:
    """The amount of one, by person and activity, where the window has enough."""
    end = serial(window.end)
    start = -inf if window.weeks is None else end - 7 * window.weeks
    sums: dict[tuple[str, str], tuple[float, float]] = {}
    for activity in activities:
        if activity.amount is not None and start <= activity.day < end:
            amount, count = sums.get((activity.who, activity.activity), (0.0, 0.0))
            sums[activity.who, activity.activity] = (amount + activity.amount, count + activity.quantity)
    return {key: amount / count for key, (amount, count) in sums.items() if count >= FEWEST_AMOUNTS and amount > 0}


def _gaps(rollups: "pd.DataFrame", as_of: AsOf) -> dict[tuple[str, str], Any]:
    """The rollup of each person's outcome goal in the year that is open."""
    if rollups.empty:
        return {}
    native = rollups["native"].to_numpy(dtype=bool) & (rollups["kind"] == "goal").to_numpy()
    rows: Iterable[Any] = rollups[native & (rollups["end"] > as_of.day).to_numpy()].itertuples(index=False)
    return {(row.person, row.name): row for row in rows if row.status not in {"off", "untargeted"}}


def _gap(goal: Goal, row: Any, average: float | None) -> Gap | None:
    """The goal's gap in outcomes; None when it is reached, or the size of an outcome is unknown."""
    each = average if goal.of == "amount" else 1.0
    if row is None or each is None or row.target <= row.actual:
        return None
    per_day = None if isnan(row.required_rate) else row.required_rate / each
    return Gap((row.target - row.actual) / each, per_day, average)
