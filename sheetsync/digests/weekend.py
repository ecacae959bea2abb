"""The weekend email: how the week went, what to write down about it, and what the next one asks for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sheetsync.digests.frame import STOP_OWN, Digest, answers, days_off, in_period, score_of, works
from sheetsync.digests.lines import Line, lines_of, restated, standing, wins_of
from sheetsync.digests.sheets import Question, Sheets
from sheetsync.findings import Findings
from sheetsync.people import Person
from sheetsync.periods import DAY, Cadence, Period
from sheetsync.reviews import Review
from sheetsync.rollups import pace_line
from sheetsync.sentences import about


@dataclass(frozen=True, slots=True)
class Target:
    """What a coming week asks for of one activity."""

    name: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekend(Digest):
    """What a person reads at the weekend. `questions` are those of the weekly review that have no answer yet."""

    score: float | None
    last_score: float | None
    wins: tuple[str, ...]
    restated: tuple[str, ...]
    goals: tuple[Line, ...]
    activities: tuple[Line, ...]
    rhythm: str
    silent_since: date | None
    questions: tuple[Question, ...]
    next_week: str
    targets: tuple[Target, ...]
    time_off: tuple[str, ...]


def weekend_digest(
    findings: Findings, person: Person, week: Period, reviews: Iterable[Review], sheets: Sheets
) -> Weekend:
    """How a person's week went, from findings for a day in or after it."""
    calendar = findings.plan.calendar
    following = calendar.next(week)
    said = answers(reviews, person.name, Cadence.WEEK, week.label)
    lines = lines_of(findings, person, week)
    goals = tuple(line for line in lines if line.kind == "goal")
    activities = tuple(line for line in lines if line.kind == "activity")
    logged = findings.last_logged.get(person.name)
    silent = logged is None or logged < week.start
    is_off = not works(findings.plan, person, week.start, week.end)
    rhythm = findings.rhythms.get(person.name)
    fields: dict[str, Any] = in_period(week, findings.as_of)
    return Weekend(
        kind="weekend",
        reader=person.name,
        person=person.name,
        person_email=person.email,
        headline="a week off" if is_off else "nothing logged" if silent else standing(activities, "week"),
        link=sheets.weekly.link,
        link_to=sheets.weekly.title,
        home=sheets.home.link,
        reason="sheetsync sends you this at the end of each week.",
        stop=STOP_OWN,
        score=None if silent else score_of(findings, person, week.label),
        last_score=score_of(findings, person, calendar.previous(week).label),
        wins=wins_of([*goals, *activities], said),
        restated=restated(findings, person, week),
        goals=goals,
        activities=activities,
        rhythm=rhythm.sentence if rhythm else "",
        silent_since=logged if silent and not is_off else None,
        questions=sheets.weekly.open(said),
        next_week=following.label,
        targets=tuple(_targets(findings, person, following)),
        time_off=days_off(findings.plan.times_off, person.name, following.start, calendar.next(following).end),
        **fields,
    )


def _targets(findings: Findings, person: Person, week: Period) -> Iterator[Target]:
    """What the week to come asks for of each activity that is counted by the week or the day."""
    plan = findings.plan
    for (kind, name), rows in plan.goals_of(person.name).items():
        if kind == "activity" and min(row.native.rank for row in rows) <= Cadence.WEEK.rank:
            amount = pace_line(plan, person.name, (kind, name), week, [week.end - DAY])[-1]
            if amount > 0:
                yield Target(name, about(amount))
