"""What lies ahead of each goal: what is due when, whether the rate needed was ever reached, how often it was kept.

Due by a day: the shares of its period up to the end of that day, less what is done, as whole things; a goal of one or
two in its period is due at its end. The best four weeks: the highest
rate a working day over four closed weeks in a row. Kept: met periods among the last 13 that were judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil, isnan
from typing import TYPE_CHECKING, Any

from sheetsync.periods import DAY, AsOf, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.rollups import shares_until
from sheetsync.sentences import about, day

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, str, str]
"""Person, kind and name."""

DAYS_AHEAD, BEST_OF, LAST = 7, 4, 13
_NOT_JUDGED = frozenset({"off", "untargeted"})


@dataclass(frozen=True, slots=True)
class Prospect:
    """One person and goal, in the goal's own period that is open.

    `due` is what is to be done by the end of each of the next days on which it grows; `best_rate` a working day, None
    under four closed weeks; `kept` of the last `judged` periods (13 at most) were met; `trend` is the attainment of
    each of the last 13 periods, oldest first, the open one included, None where there was no target.
    """

    due: tuple[tuple[date, float], ...] = ()
    best_rate: float | None = None
    kept: int = 0
    judged: int = 0
    trend: tuple[float | None, ...] = ()


def prospects(plan: Plan, rollups: "pd.DataFrame", as_of: AsOf) -> dict[Key, Prospect]:
    """The prospect of every goal and activity with a target in its own open period."""
    if rollups.empty:
        return {}
    native = rollups[rollups["native"].to_numpy(dtype=bool)]
    open_rows: list[Any] = list(native[(native["end"] > as_of.day).to_numpy()].itertuples(index=False))
    kept, best, trends = _kept(native), _best_rates(rollups), _trends(native)
    found = {}
    for row in open_rows:
        key = (row.person, row.kind, row.name)
        if row.status not in _NOT_JUDGED:
            found[key] = Prospect(
                _due(plan, row, as_of), best.get(key), *kept.get(key, (0, 0)), trend=trends.get(key, ())
            )
    return found


def beyond_best(row: Any, prospect: Prospect | None) -> bool:
    """Whether a rollup needs more a day than its person ever did over four weeks."""
    best = prospect.best_rate if prospect else None
    return best is not None and not isnan(row.required_rate) and row.required_rate > best + 1e-9


def due_in_words(due: tuple[tuple[date, float], ...]) -> str:
    """The first and the last thing due: 3 by Mon 16 Nov, 8 by Fri 20 Nov; "" for nothing."""
    ends = due[:1] + due[-1:] if len(due) > 1 else due
    return ", ".join(f"{about(amount)} by {day(until)}" for until, amount in ends)


def _due(plan: Plan, row: Any, as_of: AsOf) -> tuple[tuple[date, float], ...]:
    cadence = Cadence(row.cadence)
    last = min(row.end, as_of.boundary + DAYS_AHEAD * DAY)
    days = [as_of.boundary + n * DAY for n in range((last - as_of.boundary).days)]
    if cadence is Cadence.DAY or row.status == "met" or not days:
        return ()
    period = Period(row.start, row.end, cadence, row.period)
    wanted = shares_until(plan, row.person, (row.kind, row.name), period, days)
    if row.rare:
        wanted = [(wanted[-1][0], row.target)] if wanted and row.end - DAY in days else []
    found: list[tuple[date, float]] = []
    for until, total in wanted:
        missing = ceil(total - row.actual - 1e-9)
        if missing > (found[-1][1] if found else 0):
            found.append((until, missing))
    return tuple(found)


def _kept(native: "pd.DataFrame") -> dict[Key, tuple[int, int]]:
    judged = native[~native["status"].isin(_NOT_JUDGED).to_numpy()]
    judged = judged[(judged["closed"].to_numpy(dtype=bool)) | (judged["status"] == "met").to_numpy()]
    judged = judged.sort_values("start", kind="stable")
    groups = judged.assign(met=(judged["status"] == "met").to_numpy()).groupby(["person", "kind", "name"], sort=False)
    recent = groups.tail(LAST).groupby(["person", "kind", "name"], sort=False)["met"].agg(["sum", "count"])
    return {key: (int(met), int(count)) for key, met, count in recent.itertuples(name=None)}


def _trends(native: "pd.DataFrame") -> dict[Key, tuple[float | None, ...]]:
    recent = native.sort_values("start", kind="stable").groupby(["person", "kind", "name"], sort=False).tail(LAST)
    found: dict[Key, list[float | None]] = {}
    for *key, share in recent[["person", "kind", "name", "attainment"]].itertuples(index=False, name=None):
        found.setdefault((key[0], key[1], key[2]), []).append(None if isnan(share) else share)
    return {key: tuple(shares) for key, shares in found.items()}


def _best_rates(rollups: "pd.DataFrame") -> Mapping[Key, float]:
    import numpy as np

    weeks = rollups[(rollups["cadence"] == Cadence.WEEK.value).to_numpy() & rollups["closed"].to_numpy(dtype=bool)]
    found: dict[Key, float] = {}
    for key, group in weeks.groupby(["person", "kind", "name"], sort=False):
        # Before the first row nothing is known, and nothing ever done is no best.
        begun = group["actual"].to_numpy(dtype=float).cumsum() > 0
        actual, days = (group[name].to_numpy(dtype=float)[begun] for name in ("actual", "days"))
        if len(actual) >= BEST_OF:
            done, worked = (np.convolve(part, np.ones(BEST_OF), "valid") for part in (actual, days))
            rates = np.divide(done, worked, out=np.zeros(len(done)), where=worked > 0)
            if rates.max() > 0:
                found[key] = float(rates.max())
    return found
