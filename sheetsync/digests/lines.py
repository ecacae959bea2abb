"""One goal or activity in an email: its numbers, its sentence, and what a list of them adds up to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, Literal

from sheetsync.findings import Findings
from sheetsync.people import Person
from sheetsync.periods import DAY, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.restated import is_restated
from sheetsync.sentences import about, day, number
from sheetsync.summaries import in_words

if TYPE_CHECKING:
    import pandas as pd

_LAST = 13
_GOOD = frozenset({"met", "on track"})


@dataclass(frozen=True, slots=True)
class Line:
    """One goal or activity in a digest.

    `every` is its rhythm in words ("week"), `period` the period that the numbers are of. `share` is attainment,
    0 to 1 and beyond; `pace_share` is expected / target, where an even pace would stand on the same bar.
    `change` is this period's actual less that of the period before, for weeks and closed periods; `history` the
    attainment of the last 13 periods, oldest first, None where there was no target. `sentence` says it all in plain
    words; `news` what is new about it ("new since Wed 11 Feb"), or "".
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
    news: str = ""


def of_person(findings: Findings, person: Person) -> "pd.DataFrame":
    """The rollups of one person."""
    rollups = findings.rollups
    return rollups[(rollups["person"] == person.name).to_numpy()] if len(rollups) else rollups


def lines_of(findings: Findings, person: Person, period: Period) -> list[Line]:
    """A line a goal and activity of a person: of the period, or of the longer one that is the goal's own.

    An outcome goal has one for its quarter (or the longer period asked for) and one for its year.
    """
    rollups = of_person(findings, person)
    return [line_of(findings, rollups, row, period) for row in _rows(rollups, period, findings)]


def _rows(rollups: "pd.DataFrame", period: Period, findings: Findings) -> Iterator[Any]:
    if rollups.empty:
        return
    last = min(period.end - DAY, findings.as_of.day)
    now = rollups[(rollups["start"] <= last).to_numpy() & (rollups["end"] > last).to_numpy()]
    asked = period.cadence.rank
    outcome = max(asked, Cadence.QUARTER.rank)
    rows: Iterator[Any] = now.itertuples(index=False)
    for row in rows:
        rank = Cadence(row.cadence).rank
        own = row.native and rank > asked
        same = row.kind == "activity" and rank == asked and row.rank <= asked
        goal = row.kind == "goal" and rank == outcome
        if (own or same or goal) and not (row.status in {"off", "untargeted"} and not row.actual):
            yield row


def line_of(findings: Findings, rollups: "pd.DataFrame", row: Any, period: Period) -> Line:
    """The line of one rollup; `rollups` are those of its person, `period` is what the email is about."""
    same = rollups[
        (rollups["name"] == row.name) & (rollups["kind"] == row.kind) & (rollups["cadence"] == row.cadence)
    ]
    rows: Iterator[Any] = same.itertuples(index=False)
    past = [r for r in rows if r.start <= row.start][-_LAST:]
    before = past[-2] if len(past) > 1 else None
    if before is not None and _unlike(row, before):
        before = None
    return Line(
        name=row.name,
        kind=row.kind,
        every=row.cadence,
        period=row.period,
        actual=row.actual,
        target=row.target or None,
        share=None if isnan(row.attainment) else row.attainment,
        pace_share=row.expected / row.target if row.target > 0 and not row.closed else None,
        status=row.status,
        change=None if before is None else row.actual - before.actual,
        history=tuple(None if isnan(r.attainment) else r.attainment for r in past),
        sentence=in_words(row, findings),
        news=_news(findings.plan, row, period),
    )


def _unlike(row: Any, before: Any) -> bool:
    """Whether a period is not to be compared with the one before: another kind of time, or nothing is known of it."""
    # A month or year under way against a whole one would always look like a loss, or like a wonder in the first year.
    under_way = not row.closed and row.cadence not in {"day", "week"}
    return under_way or row.status == "silent" or before.status == "off" or (row.target > 0) != (before.target > 0)


def _news(plan: Plan, row: Any, period: Period) -> str:
    """Since when a goal exists, if it began in this period; the plan's first goals are all new, and none is said."""
    rows = plan.goals_of(row.person).get((row.kind, row.name), [])
    starts = [goal.start for goal in rows if goal.start is not None]
    if not rows or len(starts) < len(rows):
        return ""
    first = min(starts)
    return f"new since {day(first)}" if first in period and first > plan.first_day else ""


def standing(activities: Sequence[Line], period: str) -> str:
    """How many of the activities are on track, for a headline."""
    judged = [line for line in activities if line.target]
    if not judged:
        return f"no targets this {period}"
    good = sum(line.status in _GOOD for line in judged)
    return f"{good} of {len(judged)} on track" if good < len(judged) else "everything on track"


def wins_of(lines: Sequence[Line], said: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """What was met, with its run from the third time on; a kept promise first."""
    wins = []
    if said and said.get("promise_kept", "").casefold() == "yes":
        wins.append("Kept last week’s promise")
    for line in lines:
        if line.status == "met" and line.target:
            run = _run(line.history)
            again = f", {run} {line.every}s in a row" if run > 2 else ""
            wins.append(f"{line.name}: {number(line.actual)} of {about(line.target)} this {line.every}{again}")
    return tuple(wins)


def _run(history: Sequence[float | None]) -> int:
    """How many periods in a row were met, up to and with the last; periods without a target don't count."""
    run = 0
    for share in reversed(history):
        if share is None:
            continue
        if share < 1 - 1e-9:
            break
        run += 1
    return run


def restated(findings: Findings, person: Person, period: Period) -> tuple[str, ...]:
    """What later entries changed about the period before this one, which was reported already."""
    rollups, before = of_person(findings, person), findings.plan.calendar.previous(period)
    if rollups.empty:
        return ()
    rows: Iterator[Any] = rollups[(rollups["period"] == before.label).to_numpy()].itertuples(index=False)
    return tuple(
        f"{row.name}: last {period.cadence} is {number(row.actual)} now, {number(row.reported)} when it was reported"
        for row in rows
        if row.rank <= period.cadence.rank and is_restated(row)
    )
