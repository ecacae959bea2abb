"""Daily shares: the one definition of every target (docs/formulas.md).

Each goal gives each person a share t(d) for each day; the target of any period is the sum of its days' shares, so
days add up to weeks, months, quarters and years, always. A share is t(d) = total x w(d) / whole, with `total` a typed
target and `whole` the half days it is spread over. Sums multiply before they divide, so that a whole period gives
exactly the target that was typed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from sheetsync.goals import DatedTarget, Goal
from sheetsync.periods import DAY, Cadence, Calendar, Period
from sheetsync.workdays import FULL_DAY, Horizon, Workdays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shares:
    """A person's rule for each day of the horizon: t(d) = `total` x w(d) / `whole`; no share where `whole` is 0."""

    horizon: Horizon
    total: "Floats"
    whole: "Integers"

    def sums(self, half_days: "Integers", starts: "Integers") -> "Floats":
        """The shares summed over consecutive ranges of days.

        `half_days` is w (or a part of it) for each day of the horizon; range i begins at day `starts[i]` (increasing)
        and ends where the next one begins, the last at the end of the horizon (where it may also begin).
        """
        import numpy as np

        changes = np.flatnonzero((self.total[1:] != self.total[:-1]) | (self.whole[1:] != self.whole[:-1])) + 1
        pieces = np.union1d(changes, starts)
        pieces = pieces[pieces >= starts[0]]
        worked = np.add.reduceat(np.append(half_days, 0), pieces)
        total, whole = np.append(self.total, 0.0)[pieces], np.append(self.whole, 0)[pieces]
        amounts = np.where(worked == whole, total, total * worked / np.maximum(whole, 1))
        amounts[(worked == 0) | (whole == 0)] = 0.0
        sums: Floats = np.add.reduceat(amounts, np.searchsorted(pieces, starts))
        return sums


def daily_shares(
    goals: Sequence[Goal],
    targets: Iterable[DatedTarget],
    *,
    person: str,
    days: Workdays,
    horizon: Horizon,
    calendar: Calendar,
) -> Shares:
    """The shares of one person for the goal rows of one name (own and everyone's), and its dated targets.

    Weakest first, each overwriting the days before it: the goal rows (everyone's, then the person's own), the dated
    targets of everyone, then those of the person; among them dates before labels, coarse labels before fine ones, and
    of equals the later row last. Days that no goal row covers have no share, without goal rows none has.
    """
    import numpy as np

    goals = sorted(goals, key=lambda goal: goal.who is not None)
    spread = _Spread(days, horizon, calendar, _covered(goals, horizon))
    total, whole = np.zeros(len(horizon)), np.zeros(len(horizon), dtype=np.int64)
    for goal in goals:
        inside = _range(horizon, goal.start, goal.end)
        total[inside] = goal.target or 0.0
        whole[inside] = spread.native(goal)[inside]
    applying = [t for t in targets if goals and t.who in (None, person)]
    for target in sorted(applying, key=strength):
        if target.period is None:
            _from_date(target, goals, total, whole, spread)
        else:
            inside = _range(horizon, target.period.start, target.period.end)
            total[inside] = target.target
            whole[inside] = spread.whole(goals[0], target.period)
    whole[~spread.covered] = 0
    return Shares(horizon, total, whole)


def strength(target: DatedTarget) -> tuple[bool, bool, int, date]:
    """What sorts dated targets so that of those that hold on a day the last one counts."""
    own, label = target.who is not None, target.period is not None
    fineness = -target.period.cadence.rank if target.period else 0
    return (own, label, fineness, date.min if label else target.start)


def _from_date(
    target: DatedTarget, goals: Sequence[Goal], total: "Floats", whole: "Integers", spread: "_Spread"
) -> None:
    """From its day on the target replaces that of the goal row in force, spread as that row spreads it."""
    start = spread.horizon.index(target.start)
    for goal in goals:
        inside = _range(spread.horizon, goal.start, goal.end)
        inside = slice(max(inside.start, start), inside.stop)
        if inside.start < inside.stop:
            total[inside] = target.target
            whole[inside] = spread.native(goal)[inside]


def _range(horizon: Horizon, start: date | None, end: date | None) -> slice:
    return slice(horizon.index(start) if start else 0, horizon.index(end) if end else len(horizon))


def _covered(goals: Iterable[Goal], horizon: Horizon) -> "NDArray[np.bool_]":
    import numpy as np

    covered = np.zeros(len(horizon), dtype=bool)
    for goal in goals:
        covered[_range(horizon, goal.start, goal.end)] = True
    return covered


@dataclass(frozen=True, slots=True)
class _Spread:
    """Over how many half days a target is spread.

    An activity's over D0 of the period (before time off: time off lowers it), an outcome's over D of the period
    inside the goal's own From and Until (time off moves it to the other days).
    """

    days: Workdays
    horizon: Horizon
    calendar: Calendar
    covered: "NDArray[np.bool_]"

    def whole(self, goal: Goal, period: Period) -> int:
        """D0 or D of one period, in half days."""
        inside = _range(self.horizon, period.start, period.end)
        if goal.kind == "activity":
            return int(self.days.w0[inside].sum())
        return int(self.days.w[inside][self.covered[inside]].sum())

    def native(self, goal: Goal) -> "Integers":
        """For each day, the half days of the native period that holds it; a full day for goals by the day."""
        import numpy as np

        if goal.native is Cadence.DAY:
            return np.full(len(self.horizon), FULL_DAY, dtype=np.int64)
        counted = self.days.w0
        if goal.kind == "goal":
            counted = np.where(_covered([goal], self.horizon), self.days.w, 0)
        starts, lengths = _bounds(self.calendar, self.horizon, goal.native)
        return np.repeat(np.add.reduceat(counted, starts), lengths)


@lru_cache(maxsize=64)
def _bounds(calendar: Calendar, horizon: Horizon, cadence: Cadence) -> tuple["Integers", "Integers"]:
    """Where the periods of a cadence begin in a horizon, and how many of its days each has."""
    import numpy as np

    starts = [horizon.index(period.start) for period in calendar.between(cadence, horizon.start, horizon.end - DAY)]
    return np.array(starts), np.diff([*starts, len(horizon)])
