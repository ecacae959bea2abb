"""How outcome goals will end: forecasts of the open month, quarter and year, against their targets.

The arithmetic of a forecast is in `forecasts`; here a person's log becomes their history, one value a day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sheetsync.activities import Activity
from sheetsync.cells import EPOCH, serial
from sheetsync.forecasts import Forecast, History, forecast_all
from sheetsync.periods import AsOf, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.rhythms import worked
from sheetsync.sentences import about, percent
from sheetsync.workdays import FULL_DAY, Horizon

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CADENCES = (Cadence.MONTH, Cadence.QUARTER, Cadence.YEAR)


@dataclass(frozen=True, slots=True)
class Chance:
    """The forecast of one person, goal and open period, and the chance (0 to 1) that its target is reached.

    `actual` is what is done, today included; the forecast itself knows finished days only.
    """

    person: str
    goal: str
    period: str
    actual: float
    target: float
    probability: float
    forecast: Forecast

    @property
    def sentence(self) -> str:
        """The forecast in plain words."""
        found = self.forecast
        if is_reached(self.actual, self.target):
            return f"{self.period}: {about(self.actual)} of {about(self.target)}, reached."
        provisional = " (provisional: fewer than four periods are closed)" if found.provisional else ""
        band = f"{about(found.low)} to {about(found.high)} in four of five cases"
        against = f"against a target of {about(self.target)}: a chance of {percent(self.probability)}"
        return f"{self.period}: {about(found.point)} to be expected, {band}, {against}{provisional}."


def chances(
    plan: Plan, activities: Sequence[Activity], rollups: "pd.DataFrame", as_of: AsOf
) -> dict[tuple[str, str, str], Chance]:
    """The chance of every outcome goal with a target, by (period label, person, goal).

    There is none for closed periods, and for people with under 90 days of history (`forecasts.forecast_all`).
    """
    goals = rollups[(rollups["kind"] == "goal").to_numpy()] if len(rollups) else rollups
    if goals.empty:
        return {}
    found: dict[tuple[str, str, str], Chance] = {}
    for cadence in CADENCES:
        period = plan.calendar.containing(cadence, as_of.day)
        if period.end <= as_of.boundary:
            continue
        rows: list[Any] = list(goals[(goals["period"] == period.label).to_numpy()].itertuples(index=False))
        targets = {(row.person, row.name): (row.actual, row.target) for row in rows if row.target > 0}
        for name in dict.fromkeys(goal for _, goal in targets):
            people = [person for person, goal in targets if goal == name]
            logged = _logged(plan, activities, name, people, as_of.boundary)
            histories = {who: _history(plan, who, days, period) for who, days in logged.items()}
            for person, forecast in forecast_all(histories, period, as_of.boundary, plan.calendar).items():
                if forecast is not None:
                    actual, target = targets[person, name]
                    sure = is_reached(actual, target) and not forecast.to_come.shrinks
                    chance = 1.0 if sure else forecast.probability(target)
                    found[period.label, person, name] = Chance(
                        person, name, period.label, actual, target, chance, forecast
                    )
    return found


@dataclass(frozen=True, slots=True)
class _Days:
    """What a person logged for one goal: (day, value) pairs and the first day of the log, as serial numbers."""

    first: int
    of: Literal["count", "amount"]
    values: list[tuple[int, float]]


def _logged(
    plan: Plan, activities: Iterable[Activity], goal: str, people: Sequence[str], end: date
) -> dict[str, _Days]:
    """What each person logged for one goal before `end`; a log begins with its first row of any kind."""
    first: dict[str, int] = {}
    values: dict[str, list[tuple[int, float]]] = {person: [] for person in people}
    rows = {person: max(plan.goals_of(person)["goal", goal], key=lambda g: g.who is not None) for person in people}
    limit = serial(end)
    for activity in activities:
        who = activity.who
        if who not in rows or activity.day >= limit:
            continue
        first[who] = min(first.get(who, activity.day), activity.day)
        if activity.activity == rows[who].measured_by:
            value = activity.quantity if rows[who].of == "count" else activity.amount or 0.0
            values[who].append((activity.day, value))
    return {who: _Days(first[who], rows[who].of, values[who]) for who in people if who in first}


def _history(plan: Plan, who: str, days: _Days, period: Period) -> History:
    import numpy as np

    horizon = Horizon(EPOCH + timedelta(days=days.first), period.end)
    values: Floats = np.zeros(len(horizon))
    np.add.at(values, [day - days.first for day, _ in days.values], [value for _, value in days.values])
    person = next(each for each in plan.people if each.name == who)
    return History(horizon.start, values, worked(plan, person, horizon) / FULL_DAY, days.of)


def is_reached(actual: float, target: float) -> bool:
    """Whether a target is reached, but for the last digits of a float."""
    return actual >= target - 1e-9 * max(1.0, abs(target))


def of_first_goal(plan: Plan, found: Mapping[tuple[str, str, str], Chance], label: str, person: str) -> float | None:
    """The chance that a person's first goal is reached in a period; None where that goal has no forecast."""
    first = next((name for kind, name in plan.goals_of(person) if kind == "goal"), None)
    chance = found.get((label, person, first)) if first else None
    return chance.probability if chance else None
