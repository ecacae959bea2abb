"""A person's period as a whole: the weighted score, what is behind, and how the first goal stands."""

from dataclasses import dataclass
from datetime import date
from math import isnan
from typing import TYPE_CHECKING, Any

from sheetsync.periods import Cadence

if TYPE_CHECKING:
    import pandas as pd

BEHIND = frozenset({"behind", "at risk", "missed", "silent"})


@dataclass(frozen=True, slots=True)
class Score:
    """One person and period.

    `score` is 0 to 1, None when nothing was to be scored; `progress` is the attainment of the person's first goal;
    `due` is what the activity targets of the period come to, `done` what was logged.
    """

    cadence: Cadence
    label: str
    start: date
    person: str
    score: float | None
    behind_on: tuple[str, ...]
    progress: float | None
    due: float
    done: float


def scores(rollups: "pd.DataFrame") -> dict[tuple[str, str], Score]:
    """The score of every person and period in a rollup frame, by (period label, person).

    sum of weight x min(1, attainment) / sum of weight, over the person's activity goals native to that cadence or
    finer; while the period is open, what is expected by now takes the place of the target, and goals of which nothing
    is expected yet are left out.
    """
    found: dict[tuple[str, str], Score] = {}
    if rollups.empty:
        return found
    for (label, person), rows in _grouped(rollups).items():
        first = rows[0]
        cadence = Cadence(first.cadence)
        activities = [r for r in rows if r.kind == "activity" and r.target > 0]
        goal = next((r for r in rows if r.kind == "goal"), None)
        found[label, person] = Score(
            cadence,
            label,
            first.start,
            person,
            _score([r for r in activities if r.rank <= cadence.rank]),
            tuple(r.name for r in activities if r.status in BEHIND and r.rank <= cadence.rank),
            _defined(goal.attainment) if goal is not None else None,
            sum(r.target for r in activities),
            sum(r.actual for r in rows if r.kind == "activity"),
        )
    return found


def _grouped(rollups: "pd.DataFrame") -> dict[tuple[str, str], list[Any]]:
    grouped: dict[tuple[str, str], list[Any]] = {}
    for row in rollups.itertuples(index=False):
        grouped.setdefault((str(row.period), str(row.person)), []).append(row)
    return grouped


def _score(rows: list[Any]) -> float | None:
    reached = weights = 0.0
    for row in rows:
        done, wanted = (row.actual, row.target) if row.closed else (row.finished, row.expected)
        if not wanted > 0:
            continue
        reached += row.weight * min(1.0, max(0.0, done / wanted))
        weights += row.weight
    return reached / weights if weights else None


def _defined(value: float) -> float | None:
    return None if isnan(value) else float(value)
