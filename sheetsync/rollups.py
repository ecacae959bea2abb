"""Rollups: what was done against what was meant to be, for each person, goal and period that has begun.

Pure functions from a plan and activities to one tidy pandas frame; docs/formulas.md gives each column its formula.
Numbers stay unrounded, None (NaN) means undefined. Comparisons allow for the last digits of a float, so that hitting
a target exactly counts as hit.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sheetsync.activities import Activity
from sheetsync.goals import Goal, Kind
from sheetsync.people import Person
from sheetsync.periods import AsOf, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.shares import Shares, daily_shares
from sheetsync.statuses import Measures, is_rare, statuses
from sheetsync.timelines import SUMS, Timeline, logged_days, timeline_of
from sheetsync.workdays import Horizon, Workdays, public_holidays, workdays

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def roll_up(plan: Plan, activities: Sequence[Activity], as_of: AsOf) -> "pd.DataFrame":
    """One row for each person, goal or activity, and period that has begun.

    A row exists from the period that holds the plan's first day, or the person's first logged row for it if that is
    earlier (for an activity that is not the person's goal: from that row on), to the period that holds the as-of day.
    Columns: those of the export contract (docs/rollups.schema.json) without `reported`, and `finished` (the actual
    before the boundary), `closed`, `weight`, `rank` (of the native cadence; finer is smaller), `days` (worked) and
    `rare` (one or two in the goal's own period).
    """
    import pandas as pd

    logged = logged_days(activities, as_of)
    begun = logged.first_days()
    first = min([plan.first_day, *begun.values()])
    if first > as_of.day:
        return pd.DataFrame(columns=_columns())
    horizon = Horizon.around(plan.calendar, first, as_of.day)
    timelines = [timeline_of(plan, cadence, first, as_of, horizon) for cadence in Cadence]
    for timeline in timelines:
        timeline.add(logged)
    setting = _Setting(plan, as_of, horizon, timelines, begun)
    parts = [part for person in plan.people for part in setting.roll_up(person)]
    return _frame(parts) if parts else pd.DataFrame(columns=_columns())


def planned(plan: Plan, first: date, last: date) -> dict[tuple[str, str], float]:
    """What each person's activity targets of each day come to, from `first` to `last`, by (day's label, person)."""
    import numpy as np

    horizon = Horizon.around(plan.calendar, first, last)
    as_of = AsOf(last, under_way=False)
    setting = _Setting(plan, as_of, horizon, (), {})
    starts = np.arange(horizon.index(first), horizon.index(last) + 1)
    labels = [day.label for day in plan.calendar.between(Cadence.DAY, first, last)]
    found: dict[tuple[str, str], float] = {}
    for person in plan.people:
        days = setting.workdays(person)
        total = np.zeros(len(starts))
        for goal, rows in plan.goals_of(person.name).items():
            if goal[0] == "activity":
                of_goal = _OfGoal(setting, person, goal, rows, days)
                total += of_goal.shares.sums(of_goal.days.w, np.append(starts, starts[-1] + 1))[:-1]
        found.update(zip(((label, person.name) for label in labels), total.tolist(), strict=True))
    return found


def shares_until(
    plan: Plan, person: str, goal: tuple[Kind, str], period: Period, days: Sequence[date]
) -> list[tuple[date, float]]:
    """What a person's target comes to from the start of a period to the end of each of these days, which ascend.

    Days on which they do not work are left out.
    """
    of_goal, horizon = _over(plan, person, goal, period)
    working = [day for day in days if of_goal.days.w[horizon.index(day)]]
    return list(zip(working, _sums(of_goal, horizon, period.start, working), strict=True))


def pace_line(plan: Plan, person: str, goal: tuple[Kind, str], period: Period, days: Sequence[date]) -> list[float]:
    """What a person's target comes to from the start of a period to the end of each of these days, which ascend."""
    of_goal, horizon = _over(plan, person, goal, period)
    return _sums(of_goal, horizon, period.start, days)


def _over(plan: Plan, person: str, goal: tuple[Kind, str], period: Period) -> tuple["_OfGoal", Horizon]:
    horizon = Horizon.around(plan.calendar, period.start, period.end)
    setting = _Setting(plan, AsOf(period.end, under_way=False), horizon, (), {})
    who = next(each for each in plan.people if each.name == person)
    return _OfGoal(setting, who, goal, plan.goals_of(person)[goal], setting.workdays(who)), horizon


def _sums(of_goal: "_OfGoal", horizon: Horizon, start: date, ends: Sequence[date]) -> list[float]:
    import numpy as np

    starts = np.array([horizon.index(start), *(horizon.index(day) + 1 for day in ends)])
    sums: list[float] = np.cumsum(of_goal.shares.sums(of_goal.days.w, starts)[:-1]).tolist()
    return sums


def _columns() -> list[str]:
    head = ["cadence", "period", "start", "end", "person", "kind", "name", "native"]
    return [*head, *Measures.columns(), "closed", "weight", "rank", "days", "rare"]


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all people share: the plan, the day, the periods, and when each person first logged each activity."""

    plan: Plan
    as_of: AsOf
    horizon: Horizon
    timelines: Sequence[Timeline]
    begun: dict[tuple[str, str], date]

    def roll_up(self, person: Person) -> Iterator["_Part"]:
        """The rollups of one person: their goals and activities, then what they logged besides."""
        days = self.workdays(person)
        goals = self.plan.goals_of(person.name)
        for name in self.plan.activities:
            if (person.name, name) in self.begun and ("activity", name) not in goals:
                goals["activity", name] = []
        for goal, rows in goals.items():
            of_goal = _OfGoal(self, person, goal, rows, days)
            first = self.begun.get((person.name, of_goal.measured_by), self.plan.first_day)
            first = min(first, self.plan.first_day) if rows else first
            if first > self.as_of.day:
                continue
            for timeline in self.timelines:
                yield of_goal.part(timeline, timeline.position(first))

    def workdays(self, person: Person) -> dict[bool, Workdays]:
        """The person's half days, for goals by the working day (False) and by the calendar day (True)."""
        holidays = public_holidays(self.plan.holidays if person.holidays is None else person.holidays, self.horizon)
        return {
            every_day: workdays(person, self.horizon, self.plan.times_off, holidays, every_day=every_day)
            for every_day in (False, True)
        }


class _OfGoal:
    """The rollups of one person and one goal; `rows` are those that apply, none for what is logged besides."""

    def __init__(
        self,
        setting: _Setting,
        person: Person,
        goal: tuple[Kind, str],
        rows: Sequence[Goal],
        days: dict[bool, Workdays],
    ) -> None:
        import numpy as np

        self.person, self.as_of = person, setting.as_of
        self.kind, self.name = goal
        self.typical = max(rows, key=lambda row: row.who is not None) if rows else None
        self.measured_by = self.typical.measured_by if self.typical else self.name
        self.days = days[bool(self.typical and self.typical.every_day)]
        targets = [t for t in setting.plan.targets if t.name == self.name]

        def spread(days: Workdays) -> Shares:
            return daily_shares(
                rows, targets, person=person.name, days=days, horizon=setting.horizon, calendar=setting.plan.calendar
            )

        self.shares = spread(self.days)
        # Time off moves an outcome's shares to other days, so that before time off they are others.
        w0 = self.days.w0
        self.untouched = spread(Workdays(w0, w0)) if self.kind == "goal" else self.shares
        finished = np.arange(len(setting.horizon)) < setting.horizon.index(self.as_of.boundary)
        self.finished = np.where(finished, self.days.w, 0)
        self.ranks = self._ranks(rows, setting.horizon)
        self.last = setting.horizon.index(self.as_of.day)

    def _ranks(self, rows: Sequence[Goal], horizon: Horizon) -> "NDArray[np.int64]":
        """The rank of the rhythm in force on each day: a new rhythm takes nothing from the periods of the old one."""
        import numpy as np

        usual = self.typical.native.rank if self.typical else len(Cadence)
        ranks = np.full(len(horizon), usual, dtype=np.int64)
        for row in sorted(rows, key=lambda row: row.who is not None):
            start, end = horizon.index(row.start or horizon.start), horizon.index(row.end or horizon.end)
            ranks[start:end] = row.native.rank
        return ranks

    def part(self, timeline: Timeline, begin: int) -> "_Part":
        """What the rollups of one cadence are made from, from period number `begin` on."""
        import numpy as np

        starts = timeline.starts[begin:]
        rows = timeline.rows.get(self.person.name)
        ranks = self.ranks[np.minimum(starts[1:] - 1, self.last)]
        # The target before time off matters only where a rare goal is expected late.
        native = bool((ranks == timeline.cadence.rank).any())
        untouched = self.untouched.sums(self.days.w0, starts) if native else np.zeros(len(starts))
        target, days = self.shares.sums(self.days.w, starts)[:-1], _summed(self.days.w, starts)
        expected, days_finished = target.copy(), days.copy()
        under_way = int((~timeline.closed[begin:]).sum())
        if under_way:  # in a closed period all days are finished
            last = starts[-under_way - 1 :]
            expected[-under_way:] = self.shares.sums(self.finished, last)[:-1]
            days_finished[-under_way:] = _summed(self.finished, last)
        return _Part(
            self,
            timeline,
            slice(begin, len(timeline.periods)),
            ranks,
            sums=timeline.summed(self.person.name, self.measured_by)[begin:],
            target=target,
            expected=expected,
            untouched=untouched[:-1],
            days=days,
            days_finished=days_finished,
            rows=np.zeros(len(starts) - 1) if rows is None else rows[begin:],
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """One person, goal and cadence: sums, shares and days, one element for each period in `span`.

    `ranks` are those of the goal's own rhythm at each period's end.
    """

    of_goal: _OfGoal
    timeline: Timeline
    span: slice
    ranks: "NDArray[np.int64]"
    sums: "Floats"
    target: "Floats"
    expected: "Floats"
    untouched: "Floats"
    days: "Floats"
    days_finished: "Floats"
    rows: "Floats"


def _frame(parts: Sequence[_Part]) -> "pd.DataFrame":
    """The rollups of all parts, one behind the other."""
    import numpy as np
    import pandas as pd

    lengths = [len(part.target) for part in parts]

    def repeated(pick: Callable[[_Part], Any], kind: Any = object) -> Any:
        return np.repeat(np.array([pick(part) for part in parts], dtype=kind), lengths)

    def joined(pick: Callable[[_Part], Any]) -> Any:
        return np.concatenate([pick(part) for part in parts])

    ranks = joined(lambda part: part.ranks)
    native = ranks == repeated(lambda part: part.timeline.cadence.rank, int)
    measures = _measures(parts, joined, native, repeated(lambda part: part.timeline.cadence is not Cadence.DAY, bool))
    head: dict[str, Any] = {
        "cadence": repeated(lambda part: part.timeline.cadence.value),
        "period": joined(lambda part: part.timeline.labels[part.span]),
        "start": joined(lambda part: part.timeline.begins[part.span]),
        "end": joined(lambda part: part.timeline.ends[part.span]),
        "person": repeated(lambda part: part.of_goal.person.name),
        "kind": repeated(lambda part: part.of_goal.kind),
        "name": repeated(lambda part: part.of_goal.name),
        "native": native,
    }
    tail: dict[str, Any] = {
        "closed": measures.closed,
        "weight": repeated(lambda part: part.of_goal.typical.weight if part.of_goal.typical else 0.0, float),
        "rank": ranks,
        "days": measures.days,
        "rare": is_rare(measures),
    }
    return pd.DataFrame(head | statuses(measures) | tail)


def _measures(
    parts: Sequence[_Part], joined: Callable[[Callable[[_Part], Any]], Any], native: Any, longer: Any
) -> Measures:
    import numpy as np

    sums = dict(zip(SUMS, joined(lambda part: part.sums).T, strict=True))
    by_amount = np.repeat(
        [bool(part.of_goal.typical and part.of_goal.typical.of == "amount") for part in parts],
        [len(part.target) for part in parts],
    )
    rated = sums["rated"] > 0
    return Measures(
        actual=np.where(by_amount, sums["amount"], sums["quantity"]),
        finished=np.where(by_amount, sums["amount_before"], sums["quantity_before"]),
        target=joined(lambda part: part.target),
        expected=joined(lambda part: part.expected),
        untouched=joined(lambda part: part.untouched),
        days=joined(lambda part: part.days),
        days_finished=joined(lambda part: part.days_finished),
        rows=joined(lambda part: part.rows),
        closed=joined(lambda part: part.timeline.closed[part.span]),
        native=native,
        small=native & longer,
        begins=joined(lambda part: np.arange(len(part.target)) == 0),
        quality=np.divide(sums["rating"], sums["rated"], out=np.full(len(rated), np.nan), where=rated),
        amount=np.where(sums["amounts"] > 0, sums["amount"], np.nan),
    )


def _summed(half_days: "NDArray[np.int64]", starts: "NDArray[np.int64]") -> "Floats":
    """Working days (not half days) in each range but the open last one."""
    import numpy as np

    return np.add.reduceat(np.append(half_days, 0), starts)[:-1] / 2
