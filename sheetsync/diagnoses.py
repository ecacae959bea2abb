"""Why a goal is not being reached: the wrong activities, or activities that are not being done.

Outcome below 70 % of what was expected and activities done at 85 % or more: change the activities. Outcome below 70 %
and activities below 85 %: restore the rhythm first. Else on course. 85 % is the reference of the 12 Week Year, the
square of two by two is OpenOKR's (its METHOD.md, 8.6), with the pace as the outcome.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isnan
from typing import TYPE_CHECKING, Any, Literal

from sheetsync.periods import DAY, AsOf, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.rhythms import Rhythm
from sheetsync.scores import Score
from sheetsync.sentences import about, number, percent

if TYPE_CHECKING:
    import pandas as pd

DELIVERED, DONE = 0.70, 0.85
# Younger than this, a period says less than the one before.
_OLD_ENOUGH = 28 * DAY

Verdict = Literal["on course", "change the activities", "restore the rhythm"]


@dataclass(frozen=True, slots=True)
class Weakest:
    """The activity that costs the score most: `done` of the `wanted` by now."""

    name: str
    done: float
    wanted: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One person's period: `pace` of the first goal that has one, `score` of the activities, both 1 for 100 %.

    `missing` is the element of the rhythm that was missing most often, in words.
    """

    person: str
    period: str
    goal: str
    pace: float
    score: float
    verdict: Verdict
    closed: bool
    weakest: Weakest | None = None
    missing: str = ""

    @property
    def sentence(self) -> str:
        """The diagnosis in plain words, with its numbers."""
        by_now = "" if self.closed else " by now"
        outcome = f"{self.goal} is at {percent(self.pace)} of what was expected{by_now} in {self.period}"
        done = f"{percent(self.score)} of the activities were done"
        weakest = missing = ""
        if self.weakest:
            weakest = (
                f"the weakest is {self.weakest.name} ({number(self.weakest.done)} of {about(self.weakest.wanted)})"
            )
        if self.missing:
            missing = f"missing most often: {self.missing}"
        match self.verdict:
            case "change the activities":
                return f"{outcome}, although {done}: change the activities."
            case "restore the rhythm":
                hints = "; ".join(hint for hint in (weakest, missing) if hint)
                return f"{outcome}, and {done}: restore the rhythm first" + (f"; {hints}." if hints else ".")
        if _reached(self.score, DONE):
            return f"On course: {outcome}, and {done}."
        return f"On course: {outcome}, although only {done}" + (f"; {weakest}." if weakest else ".")


def diagnoses(
    plan: Plan,
    rollups: "pd.DataFrame",
    scores: Mapping[tuple[str, str], Score],
    rhythms: Mapping[str, Rhythm],
    as_of: AsOf,
    *,
    cadence: Cadence = Cadence.QUARTER,
) -> list[Diagnosis]:
    """One diagnosis a person; nobody without an outcome that is expected by now, or without a score.

    The period is the open one of the cadence, in its first four weeks the one before if that has both numbers.
    """
    if rollups.empty:
        return []
    now = plan.calendar.containing(cadence, as_of.day)
    periods = [now]
    if as_of.boundary - now.start < _OLD_ENOUGH:
        periods.insert(0, plan.calendar.previous(now))
    rows = _by_person(rollups, [period.label for period in periods])
    found: list[Diagnosis] = []
    for person in plan.people:
        mine = rows.get(person.name, [])
        candidates = (_diagnosis(mine, period, scores.get((period.label, person.name))) for period in periods)
        diagnosis = next((d for d in candidates if d), None)
        if diagnosis:
            found.append(_with_missing(diagnosis, rhythms.get(person.name)))
    return found


def _by_person(rollups: "pd.DataFrame", labels: list[str]) -> dict[str, list[Any]]:
    """The rollups of these periods, by person."""
    found: dict[str, list[Any]] = {}
    rows: Iterable[Any] = rollups[rollups["period"].isin(labels)].itertuples(index=False)
    for row in rows:
        found.setdefault(row.person, []).append(row)
    return found


def _diagnosis(rollups: list[Any], period: Period, score: Score | None) -> Diagnosis | None:
    rows = [row for row in rollups if row.period == period.label]
    goal = next((row for row in rows if row.kind == "goal" and not isnan(row.pace)), None)
    if goal is None or score is None or score.score is None:
        return None
    verdict: Verdict = "change the activities" if _reached(score.score, DONE) else "restore the rhythm"
    if _reached(goal.pace, DELIVERED):
        verdict = "on course"
    weakest, closed = _weakest(rows, period), bool(goal.closed)
    return Diagnosis(goal.person, period.label, goal.name, float(goal.pace), score.score, verdict, closed, weakest)


def _reached(share: float, bound: float) -> bool:
    """Whether a share reaches a bound, but for the last digits of a float."""
    return share >= bound - 1e-9


def _weakest(rows: list[Any], period: Period) -> Weakest | None:
    """The activity with the largest weight x (1 - attainment by now) among those in the score; None: all are done."""
    worst, cost = None, 1e-9
    for row in rows:
        done, wanted = (row.actual, row.target) if row.closed else (row.finished, row.expected)
        scored = row.kind == "activity" and row.target > 0 and row.rank <= period.cadence.rank and wanted > 0
        if scored and row.weight * (1 - done / wanted) > cost:
            worst, cost = Weakest(row.name, float(done), float(wanted)), row.weight * (1 - done / wanted)
    return worst


def _with_missing(diagnosis: Diagnosis, rhythm: Rhythm | None) -> Diagnosis:
    if rhythm is None or rhythm.missing is None:
        return diagnosis
    times = f"{rhythm.happened[rhythm.missing]} of {len(rhythm.weeks)} weeks"
    return replace(diagnosis, missing=f"the {rhythm.missing} ({times})")
