"""A digest is what a review email says: values only, every sentence ready, no markup and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isnan
from typing import TYPE_CHECKING, Any, Literal

from sheetsync.findings import Findings
from sheetsync.people import Person, TimeOff
from sheetsync.periods import DAY, AsOf, Cadence, Period
from sheetsync.reviews import Review
from sheetsync.scores import BEHIND
from sheetsync.sentences import about, day, number
from sheetsync.summaries import in_words

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Line:
    """One goal or activity in a digest.

    `every` is its rhythm in words ("week"), `period` the period that the numbers are of. `share` is attainment,
    0 to 1 and beyond; `pace_share` is expected / target, where an even pace would stand on the same bar.
    `change` is this period's actual less that of the period before, for weeks and closed periods; `history` the
    attainment of the last 13 periods, oldest first, None where there was no target. `sentence` says it all in plain
    words.
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


def weekly_digest(
    findings: Findings, person: Person, week: Period, reviews: Iterable[Review], link: str | None
) -> Digest:
    """What the partner of a person reads about one week, from a sync's findings for a day in or after that week."""
    rollups = findings.rollups[findings.rollups["person"] == person.name]
    as_of = findings.as_of
    mine = [r for r in reviews if r.who == person.name]
    before = findings.plan.calendar.previous(week)
    said, promised = _answers(mine, week.label), _answers(mine, before.label)
    lines = [_line(findings, rollups, row) for row in _rows_of_week(rollups, week, as_of)]
    goals = tuple(line for line in lines if line.kind == "goal")
    activities = tuple(line for line in lines if line.kind == "activity")
    score, last = (findings.scores.get((label, person.name)) for label in (week.label, before.label))
    logged = findings.last_logged.get(person.name)
    silent = logged if logged is None or logged < week.start else None
    return Digest(
        person=person.name,
        person_email=person.email,
        partner=person.partner,
        partner_email=person.partner_email,
        week=week.label,
        start=week.start,
        last_day=week.end - DAY,
        so_far=week.end > as_of.boundary,
        headline=_headline(activities, silent=silent is not None or logged is None),
        score=score.score if score else None,
        last_score=last.score if last else None,
        wins=_wins(activities, goals, said),
        goals=goals,
        activities=activities,
        progress=said.get("progress", ""),
        hassles=said.get("hassles", ""),
        promise=promised.get("next_action", ""),
        kept=said.get("promise_kept", ""),
        next_action=said.get("next_action", ""),
        questions=_questions(activities, said, promised),
        silent_since=silent,
        time_off=_time_off(findings.plan.times_off, person, week),
        link=link,
    )


def _answers(reviews: Iterable[Review], label: str) -> dict[str, str]:
    """What a person typed about a week, in all tabs of that rhythm."""
    return {
        key: text
        for review in reviews
        if review.cadence is Cadence.WEEK and review.period == label
        for key, text in review.answers.items()
    }


def _rows_of_week(rollups: pd.DataFrame, week: Period, as_of: AsOf) -> Iterator[Any]:
    """A row a goal and activity: of the week, or of the longer period that is the goal's own and holds its last day.

    An outcome goal has two, its quarter and its year.
    """
    last = min(week.end - DAY, as_of.day)
    now = rollups[(rollups["start"] <= last) & (rollups["end"] > last)]
    rows: Iterator[Any] = now.itertuples(index=False)
    for row in rows:
        own = row.native and row.cadence not in {"day", "week"}
        weekly = row.cadence == "week" and row.rank <= Cadence.WEEK.rank
        quarter = row.kind == "goal" and row.cadence == "quarter"
        if (own or weekly or quarter) and not (row.status in {"off", "untargeted"} and not row.actual):
            yield row


def _line(findings: Findings, rollups: pd.DataFrame, row: Any) -> Line:
    same = rollups[
        (rollups["name"] == row.name) & (rollups["kind"] == row.kind) & (rollups["cadence"] == row.cadence)
    ]
    rows: Iterator[Any] = same.itertuples(index=False)
    past = [r for r in rows if r.start <= row.start][-13:]
    previous = past[-2].actual if len(past) > 1 else None
    # A month or year under way against a whole one would always look like a loss, or like a wonder in the first year.
    unlike = not row.closed and row.cadence not in {"day", "week"}
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
        change=None if previous is None or unlike else row.actual - previous,
        history=tuple(None if isnan(r.attainment) else r.attainment for r in past),
        sentence=in_words(row, findings),
    )


def _headline(activities: Sequence[Line], *, silent: bool) -> str:
    judged = [line for line in activities if line.target]
    if silent:
        return "nothing logged this week"
    if not judged:
        return "no targets this week"
    good = sum(line.status in {"met", "on track"} for line in judged)
    return f"{good} of {len(judged)} on track" if good < len(judged) else "everything on track"


def _wins(activities: Sequence[Line], goals: Sequence[Line], said: Mapping[str, str]) -> tuple[str, ...]:
    wins = []
    if said.get("promise_kept", "").casefold() == "yes":
        wins.append("Kept last week’s promise")
    for line in (*goals, *activities):
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


def _questions(
    activities: Sequence[Line], said: Mapping[str, str], promised: Mapping[str, str]
) -> tuple[str, str, str]:
    """Three questions for the conversation, from what the week shows."""
    behind = [line for line in activities if line.status in BEHIND and line.share is not None]
    worst = min(behind, key=lambda line: line.share or 0.0, default=None)
    if worst is not None:
        first = f"What got in the way of “{worst.name}”, and what would make it easier next week?"
    else:
        first = "What made this week work, and how do you keep it that way?"
    if promised.get("next_action") and not said.get("promise_kept"):
        second = "Did you do what you promised last week? What did you learn?"
    elif said.get("hassles"):
        second = "Which of your hassles is yours to remove, and by when?"
    else:
        second = "What was the best conversation you had, and why did it go well?"
    third = (
        "What else would make your next action certain to happen?"
        if said.get("next_action")
        else "Which one action do you promise for next week?"
    )
    return first, second, third


def _time_off(times_off: Iterable[TimeOff], person: Person, week: Period) -> tuple[str, ...]:
    """Days off in the week and the one after it."""
    soon = week.end + 7 * DAY
    texts = []
    for off in times_off:
        if off.who in (None, person.name) and off.start < soon and off.end > week.start:
            last = off.end - DAY
            when = day(off.start) if last == off.start else f"{day(off.start)} – {day(last)}"
            texts.append(f"{when}{' (half days)' if off.half_days == 1 else ''}")
    return tuple(texts)
