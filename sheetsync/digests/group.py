"""The monthly email to the members of a group: everyone's month in three lines, and what they wrote about it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sheetsync.cells import fold
from sheetsync.digests.frame import STOP_OWN, Digest, Said, answers, in_period, score_of
from sheetsync.digests.lines import of_person
from sheetsync.digests.sheets import Question, Sheets
from sheetsync.findings import Findings
from sheetsync.people import Person
from sheetsync.periods import Cadence, Period
from sheetsync.plan import Plan
from sheetsync.reviews import Review
from sheetsync.sentences import about, counted, number
from sheetsync.summaries import in_words

_NEXT = "next"  # the key of what somebody means to do in the month after
_SHORT_NAMED = 3


@dataclass(frozen=True, slots=True)
class Member:
    """One member's month: the score, 0 to 1, three lines, what they typed, and what they had meant to do.

    A month in which nothing was logged has no score.
    """

    name: str
    score: float | None
    last_score: float | None
    lines: tuple[str, ...]
    meant: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMonthly(Digest):
    """What a member reads. `members` are all with mail on, the reader first; `absent` are the others' names.

    `questions` are those of the reader's own monthly review that have no answer yet.
    """

    group: str
    month: str
    members: tuple[Member, ...]
    absent: tuple[str, ...]
    questions: tuple[Question, ...]


def group_digest(
    findings: Findings, reader: Person, month: Period, reviews: Sequence[Review], sheets: Sheets
) -> GroupMonthly:
    """What a member reads about their group's month, from findings for a day in or after it."""
    everyone = [reader, *(p for p in members_of(findings.plan, reader, month) if p.name != reader.name)]
    shown = [person for person in everyone if person.mail == "on"]
    mine = answers(reviews, reader.name, Cadence.MONTH, month.label)
    fields: dict[str, Any] = in_period(month, findings.as_of)
    return GroupMonthly(
        kind="group-monthly",
        reader=reader.name,
        person=reader.name,
        person_email=reader.email,
        headline=_headline(findings, shown, month),
        link=sheets.monthly.link,
        link_to=sheets.monthly.title,
        home=sheets.home.link,
        reason=f"sheetsync sends this once a month to each member of the group {reader.group}, before you meet.",
        stop=STOP_OWN,
        group=reader.group,
        month=f"{month.start:%B} {month.start.year}",
        members=tuple(_member(findings, person, month, reviews, sheets) for person in shown),
        absent=tuple(person.name for person in everyone if person.mail != "on"),
        questions=sheets.monthly.open(mine),
        **fields,
    )


def _headline(findings: Findings, members: Sequence[Person], month: Period) -> str:
    """What they did together, if they have an outcome in common: a group is no ranking."""
    rollups = findings.rollups
    names = [person.name for person in members]
    rows: list[Any] = []
    if len(rollups):
        chosen = (rollups["period"] == month.label).to_numpy() & (rollups["kind"] == "goal").to_numpy()
        rows = list(rollups[chosen & rollups["person"].isin(names).to_numpy()].itertuples(index=False))
    for name in dict.fromkeys(row.name for row in rows):
        same = [row for row in rows if row.name == name and row.target > 0]
        if len({row.person for row in same}) == len(names):
            return f"{name} {number(sum(r.actual for r in same))} of {about(sum(r.target for r in same))} together"
    return f"the month of {counted(len(names), 'member')}"


def members_of(plan: Plan, reader: Person, month: Period) -> list[Person]:
    """Those in the same group who took part in a month, the reader among them, in the order of the plan."""
    return [
        person
        for person in plan.people
        if reader.group
        and fold(person.group) == fold(reader.group)
        and not (person.start and person.start >= month.end)
        and not (person.end and person.end <= month.start)
    ]


def _member(findings: Findings, person: Person, month: Period, reviews: Iterable[Review], sheets: Sheets) -> Member:
    reviews = list(reviews)
    before = findings.plan.calendar.previous(month)
    said = answers(reviews, person.name, Cadence.MONTH, month.label)
    meant = answers(reviews, person.name, Cadence.MONTH, before.label)
    return Member(
        name=person.name,
        score=_score(findings, person, month),
        last_score=_score(findings, person, before),
        lines=tuple(_three_lines(findings, person, month)),
        meant=meant.get(_NEXT, ""),
        said=tuple(Said(q.title, said[q.key]) for q in sheets.monthly.questions if said.get(q.key)),
    )


def _score(findings: Findings, person: Person, month: Period) -> float | None:
    return None if _is_silent(findings, person, month) else score_of(findings, person, month.label)


def _is_silent(findings: Findings, person: Person, month: Period) -> bool:
    """Whether nothing was logged in a month: 0 % would say something of the work, and nothing is known of it."""
    rollups = of_person(findings, person)
    return rollups.empty or not rollups["actual"][(rollups["period"] == month.label).to_numpy()].any()


def _three_lines(findings: Findings, person: Person, month: Period) -> Iterator[str]:
    """The outcome of the month, its activities, and where the year is going."""
    rollups = of_person(findings, person)
    if _is_silent(findings, person, month):
        yield f"Nothing was logged in {month.start:%B}; some months get away. What would help now?"
        return
    year = findings.plan.calendar.containing(Cadence.YEAR, month.start)
    rows: list[Any] = list(rollups[rollups["period"].isin([month.label, year.label])].itertuples(index=False))
    outcomes = [row for row in rows if row.kind == "goal" and row.target > 0]
    for row in [row for row in outcomes if row.period == month.label][:1]:
        yield f"{row.name}: {in_words(row, findings)}."
    yield _activities([r for r in rows if r.kind == "activity" and r.period == month.label])
    for row in [row for row in outcomes if row.period == year.label][:1]:
        yield f"The year: {in_words(row, findings)}."


def _activities(rows: Sequence[Any]) -> str:
    judged = [row for row in rows if row.target > 0 and row.rank <= Cadence.MONTH.rank]
    if not judged:
        logged = [f"{number(row.actual)} × {row.name}" for row in rows if row.actual]
        return f"Logged: {', '.join(logged[:_SHORT_NAMED])}." if logged else "No targets this month."
    short = sorted((row for row in judged if row.status != "met"), key=lambda row: row.attainment)
    text = f"{len(judged) - len(short)} of {counted(len(judged), 'activity target')} reached"
    named = [f"{row.name} {number(row.actual)} of {about(row.target)}" for row in short[:_SHORT_NAMED]]
    more = f" and {len(short) - _SHORT_NAMED} more" if len(short) > _SHORT_NAMED else ""
    return f"{text}; short: {', '.join(named)}{more}." if named else f"{text}."
