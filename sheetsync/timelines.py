"""What was logged, summed by person, activity and period: the part of the rollups that grows with the log.

One pass of pandas sums the rows by day; from then on everything is whole arrays, whatever the number of people.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sheetsync.activities import Activity
from sheetsync.cells import EPOCH, serial
from sheetsync.periods import AsOf, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.workdays import Horizon

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SUMS = ("quantity", "quantity_before", "amount", "amount_before", "amounts", "rated", "rating")


@dataclass(frozen=True, slots=True)
class Log:
    """What was logged up to the as-of day: a row a person, activity and day (a serial number), in this order.

    `pairs` are the persons with their activities, those of a person together; the rows of pair i begin at
    `starts[i]` and end where the next ones begin. `sums` has a column for each of `SUMS`.
    """

    pairs: list[tuple[str, str]]
    starts: "NDArray[np.int64]"
    days: "NDArray[np.int64]"
    sums: "Floats"

    def first_days(self) -> dict[tuple[str, str], date]:
        """The day of the first row of each person and activity."""
        firsts = self.days[self.starts[:-1]].tolist()
        return {pair: EPOCH + timedelta(days=day) for pair, day in zip(self.pairs, firsts, strict=True)}

    def people(self) -> Iterator[tuple[str, int, int]]:
        """Each person with where their rows begin and end."""
        for who, places in groupby(range(len(self.pairs)), key=lambda place: self.pairs[place][0]):
            first, *_, last = [*places] * 2
            yield who, int(self.starts[first]), int(self.starts[last + 1])


def logged_days(activities: Sequence[Activity], as_of: AsOf) -> Log:
    """Sum the activities by person, activity and day, up to the as-of day."""
    import numpy as np
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
    daily = frame.groupby(["who", "activity", "day"], sort=True)[list(SUMS)].sum()
    index: Any = daily.index
    who, activity, day = index.codes
    starts = np.flatnonzero(np.diff(who, prepend=-1) | np.diff(activity, prepend=-1))
    names, actions, days = index.levels
    pairs = [(str(names[who[start]]), str(actions[activity[start]])) for start in starts]
    return Log(pairs, np.append(starts, len(daily)), days.to_numpy(dtype=np.int64)[day], daily.to_numpy())


@dataclass(slots=True)
class Timeline:
    """The periods of one cadence, and what was logged in each.

    `starts` are days of the horizon, one a period and the end of the last; `first` is the horizon's first day as a
    serial number; `labels`, `begins`, `ends` and `closed` have one element a period; `sums` and `rows` hold what was
    logged, by person and activity, and by person.
    """

    cadence: Cadence
    periods: list[Period]
    starts: "NDArray[np.int64]"
    first: int
    labels: "NDArray[np.object_]"
    begins: "NDArray[np.object_]"
    ends: "NDArray[np.object_]"
    closed: "NDArray[np.bool_]"
    sums: dict[tuple[str, str], tuple["NDArray[np.int64]", "Floats"]]
    rows: dict[str, "Floats"]

    def add(self, logged: Log) -> None:
        """Sum the logged rows by period."""
        import numpy as np

        if not logged.pairs:
            return
        index = np.searchsorted(self.starts, logged.days - self.first, side="right") - 1
        changes = np.diff(index, prepend=-1) != 0
        changes[logged.starts[:-1]] = True
        begins = np.flatnonzero(changes)
        summed, periods = np.add.reduceat(logged.sums, begins, axis=0), index[begins]
        bounds = np.searchsorted(begins, logged.starts).tolist()
        for pair, start, end in zip(logged.pairs, bounds, bounds[1:], strict=False):
            self.sums[pair] = (periods[start:end], summed[start:end])
        for who, start, end in logged.people():
            self.rows[who] = np.bincount(index[start:end], minlength=len(self.periods)).astype(float)

    def position(self, day: date) -> int:
        """The index of the period that holds a day."""
        return next(i for i, period in enumerate(self.periods) if day < period.end)

    def summed(self, who: str, activity: str) -> "Floats":
        """What was logged, a row a period, a column for each of `SUMS`."""
        import numpy as np

        dense = np.zeros((len(self.periods), len(SUMS)))
        index, values = self.sums.get((who, activity), (np.zeros(0, dtype=np.int64), np.zeros((0, len(SUMS)))))
        dense[index] = values
        return dense


def timeline_of(plan: Plan, cadence: Cadence, first: date, as_of: AsOf, horizon: Horizon) -> Timeline:
    """The periods of a cadence from the one that holds `first` to that of the as-of day; nothing is summed yet."""
    import numpy as np

    periods = list(plan.calendar.between(cadence, first, as_of.day))
    bounds = [(p.start - horizon.start).days for p in periods] + [(periods[-1].end - horizon.start).days]
    labels, begins, ends = (
        np.array([getattr(p, name) for p in periods], dtype=object) for name in ("label", "start", "end")
    )
    closed = np.array([p.end <= as_of.boundary for p in periods])
    return Timeline(cadence, periods, np.array(bounds), serial(horizon.start), labels, begins, ends, closed, {}, {})
