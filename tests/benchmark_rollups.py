"""How fast rollups are: all metrics of all cadences against one pandas groupby-sum per cadence over the same rows.

`python -m tests.benchmark_rollups [ACTIVITIES] [PEOPLE]` rolls up that many logged rows (1,000,000 of 200 people if
left out), then a tenth and a hundredth of them, so that growth can be seen. The floor sums a frame with string keys.
"""

import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import numpy as np
import pandas as pd

from sheetsync.activities import Activity
from sheetsync.cells import EPOCH, serial
from sheetsync.goals import Goal
from sheetsync.people import Person
from sheetsync.periods import AsOf, Cadence, Calendar
from sheetsync.plan import Plan
from sheetsync.rollups import roll_up
from sheetsync.scores import scores

_ACTIVITIES = ("Cold call", "Invitation", "Meeting", "Order won")
_YEAR, _LAST = 2026, date(2026, 11, 20)


def main(rows: int, people: int) -> None:
    """Measure, and print the ratios."""
    for part in (rows, rows // 10, rows // 100):
        plan, activities = _made(part, people)
        frame = _keyed(activities, plan.calendar)
        floor = _fastest(partial(_floor, frame))
        ours = _fastest(partial(_all_metrics, plan, activities))
        print(f"{part:>9,} rows: floor {floor:.2f} s, all metrics {ours:.2f} s = {ours / floor:.1f} x the floor")


def _floor(frame: pd.DataFrame) -> None:
    for cadence in Cadence:
        frame.groupby(["who", "activity", cadence.value])["quantity"].sum()


def _all_metrics(plan: Plan, activities: list[Activity]) -> None:
    scores(roll_up(plan, activities, AsOf(_LAST, under_way=True)))


def _fastest(action: Callable[[], object]) -> float:
    spent = []
    for _ in range(3):
        begun = time.perf_counter()
        action()
        spent.append(time.perf_counter() - begun)
    return min(spent)


def _made(rows: int, people: int) -> tuple[Plan, list[Activity]]:
    random = np.random.default_rng(1)
    names = [f"Person {number}" for number in range(people)]
    days = serial(date(_YEAR, 1, 1)) + random.integers(0, (_LAST - date(_YEAR, 1, 1)).days, rows)
    who, what = random.integers(0, people, rows), random.integers(0, len(_ACTIVITIES), rows)
    counts = random.integers(1, 5, rows)
    activities = [
        Activity(day, names[person], _ACTIVITIES[name], float(count), None, None, "", "")
        for day, person, name, count in zip(days.tolist(), who.tolist(), what.tolist(), counts.tolist(), strict=True)
    ]
    return _plan(names), activities


def _keyed(activities: list[Activity], calendar: Calendar) -> pd.DataFrame:
    frame = pd.DataFrame.from_records(activities, columns=list(Activity._fields))[
        ["who", "activity", "day", "quantity"]
    ]
    days = {day: EPOCH + timedelta(days=day) for day in frame["day"].unique().tolist()}
    for cadence in Cadence:
        frame[cadence.value] = frame["day"].map({n: calendar.containing(cadence, d).label for n, d in days.items()})
    return frame


def _plan(names: list[str]) -> Plan:
    calendar = Calendar()
    goals = [
        Goal("goal", "Revenue", None, 500.0, Cadence.YEAR, "Order won"),
        Goal("activity", "Cold call", None, 10.0, Cadence.WEEK, "Cold call"),
        Goal("activity", "Invitation", None, 1.0, Cadence.DAY, "Invitation"),
        Goal("activity", "Meeting", None, 12.0, Cadence.MONTH, "Meeting"),
    ]
    year = calendar.year(_YEAR)
    return Plan(calendar, year, "", tuple(Person(name) for name in names), tuple(goals), activities=_ACTIVITIES)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 200)
