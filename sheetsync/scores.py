"""A person's period as a whole: the weighted score, what is behind, and how the first goal stands."""

from dataclasses import dataclass
from datetime import date
from math import isnan
from typing import TYPE_CHECKING

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
    import numpy as np

    if rollups.empty:
        return {}
    ranks = rollups["cadence"].map({cadence.value: cadence.rank for cadence in Cadence}).to_numpy()
    activity = (rollups["kind"] == "activity").to_numpy()
    closed = rollups["closed"].to_numpy(dtype=bool)
    target = rollups["target"].to_numpy()
    counted = activity & (target > 0)
    scored = counted & (rollups["rank"].to_numpy() <= ranks)
    done = np.where(closed, rollups["actual"], rollups["finished"])
    wanted = np.where(closed, target, np.nan_to_num(rollups["expected"].to_numpy()))
    weight = np.where(scored & (wanted > 0), rollups["weight"], 0.0)
    reached = np.clip(np.divide(done, wanted, out=np.zeros(len(done)), where=wanted > 0), 0.0, 1.0)
    parts = rollups[["period", "person", "cadence", "start"]].assign(
        weight=weight,
        reached=weight * reached,
        due=np.where(counted, target, 0.0),
        done=np.where(activity, rollups["actual"], 0.0),
    )
    grouped = parts.groupby(["period", "person"], sort=False)
    sums = grouped.agg(
        {"cadence": "first", "start": "first", "reached": "sum", "weight": "sum", "due": "sum", "done": "sum"}
    )
    behind = _behind(rollups[scored & rollups["status"].isin(BEHIND).to_numpy()])
    progress = _progress(rollups)
    return {
        key: Score(
            cadence, key[0], start, key[1], total / weights if weights else None,
            tuple(behind.get(key, ())), progress.get(key), due, logged,
        )
        for key, cadence, start, total, weights, due, logged in zip(
            sums.index.tolist(), map(Cadence, sums["cadence"].tolist()), sums["start"].tolist(),
            *(sums[name].tolist() for name in ("reached", "weight", "due", "done")), strict=True,
        )
    }  # fmt: skip


def _behind(rows: "pd.DataFrame") -> dict[tuple[str, str], list[str]]:
    names: dict[tuple[str, str], list[str]] = {}
    for label, person, name in zip(rows["period"], rows["person"], rows["name"], strict=True):
        names.setdefault((label, person), []).append(name)
    return names


def _progress(rollups: "pd.DataFrame") -> dict[tuple[str, str], float | None]:
    """The attainment of each person's first goal; None while undefined."""
    goals = rollups[rollups["kind"] == "goal"].drop_duplicates(["period", "person"])
    return {
        (label, person): None if isnan(share) else share
        for label, person, share in zip(goals["period"], goals["person"], goals["attainment"], strict=True)
    }
