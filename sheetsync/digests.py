"""A digest is what a review email says: values only, every sentence ready, no markup and no clock."""

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Line:
    """One goal or activity in a digest.

    `every` is its rhythm in words ("week"), `period` the period that the numbers are of. `share` is attainment,
    0 to 1 and beyond; `pace_share` is expected / target, where an even pace would stand on the same bar.
    `change` is this period's actual less that of the period before; `history` the attainment of the last 13 weeks,
    oldest first, None where there was no target. `sentence` says it all in plain words.
    """

    name: str
    kind: Literal["activity", "goal"]
    every: str
    period: str
    actual: float
    target: float | None
    share: float | None
    pace_share: float | None
    status: str
    change: float | None
    history: tuple[float | None, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything a weekly partner email says about one person and one week.

    `so_far` is true while the week is under way. `score` is 0 to 1, `last_score` the week before's. `silent_since`
    is the last day with a logged row when the week has none. `promise` is last week's next action and `kept` what
    was typed about it; `hassles` and `next_action` are this week's, as typed. `link` leads to the workbook, if it
    is on the web.
    """

    person: str
    person_email: str
    partner: str
    partner_email: str
    week: str
    start: date
    last_day: date
    so_far: bool
    headline: str
    score: float | None
    last_score: float | None
    wins: tuple[str, ...]
    goals: tuple[Line, ...]
    activities: tuple[Line, ...]
    progress: str
    hassles: str
    promise: str
    kept: str
    next_action: str
    questions: tuple[str, ...]
    silent_since: date | None
    time_off: tuple[str, ...]
    link: str | None
