"""The emails after a quarter and after a year: what was meant, what came of it, and the questions for the next."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sheetsync.cells import read_number
from sheetsync.diagnoses import diagnoses
from sheetsync.digests.frame import STOP_OWN, Digest, Said, answers, in_period, score_of
from sheetsync.digests.lines import Line, lines_of, of_person, wins_of
from sheetsync.digests.sheets import Question, Sheet, Sheets
from sheetsync.findings import Findings
from sheetsync.people import Person
from sheetsync.periods import DAY, Cadence, Period
from sheetsync.reviews import Review
from sheetsync.sentences import about, counted, number, percent

_PRIORITY = re.compile(r"priority_\d+")
_MONTH = re.compile(r"month_([1-3])")


@dataclass(frozen=True, slots=True)
class MonthTarget:
    """What was aimed at in one month of a quarter, and what came of it: "15,000 aimed at, 12,400 came"."""

    month: str
    sentence: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Month:
    """One column of a year's chart: a month's short name, its number in words, its attainment (None: no target)."""

    name: str
    amount: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Year:
    """A year of one goal, activity or the score in months; `total` is the year's sentence."""

    name: str
    total: str
    months: tuple[Month, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarterly(Digest):
    """What a person reads after a quarter.

    `priorities` are those they typed, `months` the targets of its months against the first goal, `said` the rest of
    their review. `diagnosis` and `rhythm` are a sentence each, or "". `next_period` is the quarter under way,
    `next_priorities` its priorities, and `questions` what its review asks and has no answer to yet.
    """

    score: float | None
    last_score: float | None
    priorities: tuple[str, ...]
    months: tuple[MonthTarget, ...]
    said: tuple[Said, ...]
    goals: tuple[Line, ...]
    activities: tuple[Line, ...]
    wins: tuple[str, ...]
    diagnosis: str
    rhythm: str
    next_period: str
    next_priorities: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Annual(Digest):
    """What a person reads after a year: what they wrote about it, what was reached, its months in columns."""

    score: float | None
    said: tuple[Said, ...]
    goals: tuple[Line, ...]
    activities: tuple[Line, ...]
    years: tuple[Year, ...]
    rhythm: str
    next_period: str
    questions: tuple[Question, ...]


def quarterly_digest(
    findings: Findings, person: Person, quarter: Period, reviews: Iterable[Review], sheets: Sheets
) -> Quarterly:
    """What came of a person's quarter, from findings for its last day."""
    calendar, reviews = findings.plan.calendar, list(reviews)
    said = answers(reviews, person.name, Cadence.QUARTER, quarter.label)
    following = calendar.next(quarter)
    coming = answers(reviews, person.name, Cadence.QUARTER, following.label)
    lines = lines_of(findings, person, quarter)
    goals = tuple(line for line in lines if line.kind == "goal")
    activities = tuple(line for line in lines if line.kind == "activity")
    fields: dict[str, Any] = in_period(quarter, findings.as_of)
    return Quarterly(
        kind="quarterly",
        reader=person.name,
        person=person.name,
        person_email=person.email,
        headline=_headline(goals, quarter, score_of(findings, person, quarter.label)),
        link=sheets.quarterly.link,
        link_to=sheets.quarterly.title,
        home=sheets.home.link,
        reason="sheetsync sends you this after each quarter.",
        stop=STOP_OWN,
        score=score_of(findings, person, quarter.label),
        last_score=score_of(findings, person, calendar.previous(quarter).label),
        priorities=_priorities(said),
        months=tuple(_month_targets(findings, person, quarter, said)),
        said=tuple(_rest(sheets.quarterly, said)),
        goals=goals,
        activities=activities,
        wins=wins_of([*goals, *activities]),
        diagnosis=_diagnosis(findings, person, quarter),
        rhythm=_rhythm(findings, person),
        next_period=following.label,
        next_priorities=_priorities(coming),
        questions=sheets.quarterly.open(coming),
        **fields,
    )


def annual_digest(
    findings: Findings, person: Person, year: Period, reviews: Iterable[Review], sheets: Sheets
) -> Annual:
    """What a person's year came to, from findings for its last day."""
    reviews = list(reviews)
    following = findings.plan.calendar.next(year)
    said = answers(reviews, person.name, Cadence.YEAR, year.label)
    lines = lines_of(findings, person, year)
    goals = tuple(line for line in lines if line.kind == "goal")
    activities = tuple(line for line in lines if line.kind == "activity")
    fields: dict[str, Any] = in_period(year, findings.as_of)
    return Annual(
        kind="annual",
        reader=person.name,
        person=person.name,
        person_email=person.email,
        headline=_headline(goals, year, score_of(findings, person, year.label)),
        link=sheets.annual.link,
        link_to=sheets.annual.title,
        home=sheets.home.link,
        reason="sheetsync sends you this after each year.",
        stop=STOP_OWN,
        score=score_of(findings, person, year.label),
        said=tuple(_rest(sheets.annual, said)),
        goals=goals,
        activities=activities,
        years=tuple(_years(findings, person, year)),
        rhythm=_rhythm(findings, person),
        next_period=following.label,
        questions=sheets.annual.open(answers(reviews, person.name, Cadence.YEAR, following.label)),
        **fields,
    )


def _headline(goals: Iterable[Line], period: Period, score: float | None) -> str:
    goals = [goal for goal in goals if goal.target and goal.period == period.label]
    reached = sum(goal.status == "met" for goal in goals)
    if goals:
        return f"{reached} of {counted(len(goals), 'goal')} reached"
    return f"{percent(score)} of the activities done" if score is not None else "nothing to measure"


def _priorities(said: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(text for key, text in sorted(said.items()) if _PRIORITY.fullmatch(key))


def _rest(sheet: Sheet, said: Mapping[str, str]) -> Iterator[Said]:
    """What else was typed, under the titles of its columns."""
    for question in sheet.questions:
        shown = _PRIORITY.fullmatch(question.key) or _MONTH.fullmatch(question.key)
        if said.get(question.key) and not shown:
            amount = read_number(said[question.key])
            yield Said(question.title, number(amount) if isinstance(amount, float) else said[question.key])


def _month_targets(
    findings: Findings, person: Person, quarter: Period, said: Mapping[str, str]
) -> Iterator[MonthTarget]:
    """The typed targets of the quarter's months against what came of the person's first goal."""
    rollups = of_person(findings, person)
    if rollups.empty:
        return
    months = list(findings.plan.calendar.between(Cadence.MONTH, quarter.start, quarter.end - DAY))
    goals = rollups[(rollups["kind"] == "goal").to_numpy() & (rollups["cadence"] == "month").to_numpy()]
    rows: list[Any] = list(goals.itertuples(index=False))
    for key, text in sorted(said.items()):
        found, aimed = _MONTH.fullmatch(key), read_number(text)
        if not found or not isinstance(aimed, float):
            continue
        month = months[int(found[1]) - 1]
        row = next((row for row in rows if row.period == month.label), None)
        if row is not None:
            sentence = f"{about(aimed)} aimed at, {number(row.actual)} came ({row.name})"
            yield MonthTarget(f"{month.start:%B}", sentence, row.actual / aimed if aimed > 0 else None)


def _diagnosis(findings: Findings, person: Person, quarter: Period) -> str:
    found = diagnoses(findings.plan, findings.rollups, findings.scores, findings.rhythms, findings.as_of)
    return next((d.sentence for d in found if d.person == person.name and d.period == quarter.label), "")


def _rhythm(findings: Findings, person: Person) -> str:
    rhythm = findings.rhythms.get(person.name)
    return rhythm.sentence if rhythm and rhythm.weeks else ""


def _years(findings: Findings, person: Person, year: Period) -> Iterator[Year]:
    """The score, then each goal and activity with a target, month by month."""
    months = list(findings.plan.calendar.between(Cadence.MONTH, year.start, year.end - DAY))
    scores = [(month, score_of(findings, person, month.label)) for month in months]
    if any(score is not None for _, score in scores):
        columns = tuple(Month(f"{m.start:%b}", percent(score) or "no targets", score) for m, score in scores)
        yield Year("Score", "How much of each month’s activities was done", columns)
    rollups = of_person(findings, person)
    if rollups.empty:
        return
    for line in (line for line in lines_of(findings, person, year) if line.target):
        same = (rollups["name"] == line.name).to_numpy() & (rollups["kind"] == line.kind).to_numpy()
        of_months = rollups[same & (rollups["cadence"] == "month").to_numpy()]
        rows: list[Any] = list(of_months.itertuples(index=False))
        by_month = {row.period: row for row in rows}
        yield Year(line.name, line.sentence, tuple(_month(m, by_month.get(m.label)) for m in months))


def _month(month: Period, row: Any) -> Month:
    name = f"{month.start:%b}"
    if row is None:
        return Month(name, "nothing", None)
    if not row.target > 0:
        return Month(name, number(row.actual), None)
    return Month(name, f"{number(row.actual)} of {about(row.target)}", row.attainment)
