"""Rollups: what was done against what was meant to be, for each person, goal and period that has begun.

Pure functions from a plan and activities to one tidy pandas frame; docs/formulas.md gives each column its formula.
Numbers stay unrounded, None (NaN) means undefined. Comparisons allow for the last digits of a float, so that hitting
a target exactly counts as hit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sheetsync.activities import Activity
from sheetsync.cells import EPOCH, serial
from sheetsync.goals import Goal, Kind
from sheetsync.people import Person
from sheetsync.periods import AsOf, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.shares import Shares, daily_shares
from sheetsync.statuses import Measures, statuses
from sheetsync.workdays import Horizon, Workdays, public_holidays, workdays

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SUMS = ("quantity", "quantity_before", "amount", "amount_before", "amounts", "rated", "rating")


def roll_up(plan: Plan, activities: Sequence[Activity], as_of: AsOf) -> "pd.DataFrame":
    """One row for each person, goal or activity, and period that has begun.

    A row exists from the period that holds the plan's first day, or the person's first logged row for it if that is
    earlier (for an activity that is not the person's goal: from that row on), to the period that holds the as-of day.
    Columns: those of the export contract (docs/rollups.schema.json) without `reported`, and `finished` (the actual
    before the boundary), `closed`, `weight` and `rank` (of the native cadence; finer is smaller).
    """
    import pandas as pd

    logged = _logged(activities, as_of)
    first = min([plan.first_day, *(EPOCH + timedelta(days=int(day)) for day in logged["day"].head(1))])
    if first > as_of.day:
        return pd.DataFrame(columns=_columns())
    horizon = Horizon.around(plan.calendar, first, as_of.day)
    timelines = [_timeline(plan, cadence, first, as_of, horizon) for cadence in Cadence]
    for timeline in timelines:
        timeline.add(logged)
    begun = {key: EPOCH + timedelta(days=int(day)) for key, day in _first_days(logged).items()}
    setting = _Setting(plan, as_of, horizon, timelines, begun)
    parts = [part for person in plan.people for part in setting.roll_up(person)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_columns())


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


def _columns() -> list[str]:
    head = ["cadence", "period", "start", "end", "person", "kind", "name", "native"]
    return [*head, *Measures.columns(), "closed", "weight", "rank"]


def _logged(activities: Sequence[Activity], as_of: AsOf) -> "pd.DataFrame":
    """What was logged up to the as-of day, a row a person, activity and day, in the order of days."""
    import pandas as pd

    frame = pd.DataFrame.from_records(activities, columns=list(Activity._fields), exclude=["contact", "notes"])
    frame = frame[frame["day"] <= serial(as_of.day)]
    frame = frame.astype({"quantity": float, "amount": float, "quality": float})
    before = frame["day"] < serial(as_of.boundary)
    frame["quantity_before"] = frame["quantity"].where(before, 0.0)
    frame["amounts"] = frame["amount"].notna().astype(float)
    frame["amount"] = frame["amount"].fillna(0.0)
    frame["amount_before"] = frame["amount"].where(before, 0.0)
    frame["rated"] = frame["quantity"].where(frame["quality"].notna(), 0.0)
    frame["rating"] = (frame["quality"] * frame["quantity"]).fillna(0.0)
    daily = frame.groupby(["who", "activity", "day"], sort=False, as_index=False)[list(_SUMS)].sum()
    return daily.sort_values("day", kind="stable", ignore_index=True)


def _first_days(logged: "pd.DataFrame") -> dict[tuple[str, str], int]:
    firsts = logged.groupby(["who", "activity"], sort=False, as_index=False)["day"].min()
    return {(who, name): int(day) for who, name, day in firsts.itertuples(index=False, name=None)}


@dataclass(slots=True)
class _Timeline:
    """The periods of one cadence, and what was logged in each.

    `starts` are days of the horizon, one a period and the end of the last; `first` is the horizon's first day as a
    serial number; `sums` and `rows` hold what was logged, by person and activity, and by person.
    """

    cadence: Cadence
    periods: list[Period]
    starts: "NDArray[np.int64]"
    first: int
    labels: "NDArray[np.object_]"
    sums: dict[tuple[str, str], tuple["NDArray[np.int64]", "Floats"]]
    rows: dict[str, "Floats"]

    def add(self, logged: "pd.DataFrame") -> None:
        """Sum the logged rows by period."""
        import numpy as np

        if logged.empty:
            return
        index = np.searchsorted(self.starts, logged["day"].to_numpy() - self.first, side="right") - 1
        keyed = logged.assign(index=index)
        sums = keyed.groupby(["who", "activity", "index"], sort=False)[list(_SUMS)].sum()
        for (who, activity), group in sums.groupby(level=["who", "activity"], sort=False):
            self.sums[str(who), str(activity)] = (group.index.get_level_values("index").to_numpy(), group.to_numpy())
        for who, counted in keyed.groupby("who", sort=False)["index"]:
            self.rows[str(who)] = np.bincount(counted.to_numpy(), minlength=len(self.periods)).astype(float)

    def position(self, day: date) -> int:
        """The index of the period that holds a day."""
        return next(i for i, period in enumerate(self.periods) if day < period.end)

    def summed(self, who: str, activity: str) -> "Floats":
        """What was logged, a row a period, a column for each of `_SUMS`."""
        import numpy as np

        dense = np.zeros((len(self.periods), len(_SUMS)))
        index, values = self.sums.get((who, activity), (np.zeros(0, dtype=np.int64), np.zeros((0, len(_SUMS)))))
        dense[index] = values
        return dense


def _timeline(plan: Plan, cadence: Cadence, first: date, as_of: AsOf, horizon: Horizon) -> _Timeline:
    import numpy as np

    periods = list(plan.calendar.between(cadence, first, as_of.day))
    bounds = [(p.start - horizon.start).days for p in periods] + [(periods[-1].end - horizon.start).days]
    labels = np.array([p.label for p in periods], dtype=object)
    return _Timeline(cadence, periods, np.array(bounds), serial(horizon.start), labels, {}, {})


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all people share: the plan, the day, the periods, and when each person first logged each activity."""

    plan: Plan
    as_of: AsOf
    horizon: Horizon
    timelines: Sequence[_Timeline]
    begun: dict[tuple[str, str], date]

    def roll_up(self, person: Person) -> Iterator["pd.DataFrame"]:
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
                yield of_goal.frame(timeline, timeline.position(first))

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

    def frame(self, timeline: _Timeline, begin: int) -> "pd.DataFrame":
        """The rollups of one cadence, from period number `begin` on."""
        import numpy as np
        import pandas as pd

        starts = timeline.starts[begin:]
        periods = timeline.periods[begin:]
        sums = dict(zip(_SUMS, timeline.summed(self.person.name, self.measured_by)[begin:].T, strict=True))
        of = self.typical.of if self.typical else "count"
        actual, before = ("amount", "amount_before") if of == "amount" else ("quantity", "quantity_before")
        native = self.typical is not None and timeline.cadence is self.typical.native
        measures = Measures(
            actual=sums[actual],
            finished=sums[before],
            target=self.shares.sums(self.days.w, starts)[:-1],
            expected=self.shares.sums(self.finished, starts)[:-1],
            untouched=self.untouched.sums(self.days.w0, starts)[:-1],
            days=_summed(self.days.w, starts),
            days_finished=_summed(self.finished, starts),
            rows=timeline.rows.get(self.person.name, np.zeros(len(timeline.periods)))[begin:],
            closed=np.array([p.end <= self.as_of.boundary for p in periods]),
            native=native,
            small=native and timeline.cadence is not Cadence.DAY,
            quality=np.divide(
                sums["rating"], sums["rated"], out=np.full(len(periods), np.nan), where=sums["rated"] > 0
            ),
            amount=np.where(sums["amounts"] > 0, sums["amount"], np.nan),
        )
        head: dict[str, Any] = {
            "cadence": timeline.cadence.value,
            "period": timeline.labels[begin:],
            "start": np.array([p.start for p in periods], dtype=object),
            "end": np.array([p.end for p in periods], dtype=object),
            "person": self.person.name,
            "kind": self.kind,
            "name": self.name,
            "native": native,
        }
        tail: dict[str, Any] = {
            "closed": measures.closed,
            "weight": self.typical.weight if self.typical else 0.0,
            "rank": self.typical.native.rank if self.typical else len(Cadence),
        }
        return pd.DataFrame(head | statuses(measures) | tail)


def _summed(half_days: "NDArray[np.int64]", starts: "NDArray[np.int64]") -> "Floats":
    """Working days (not half days) in each range but the open last one."""
    import numpy as np

    return np.add.reduceat(np.append(half_days, 0), starts)[:-1] / 2
