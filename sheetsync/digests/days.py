"""The two emails of a day: in the morning what it asks for, in the evening a kind question if nothing was logged."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

from sheetsync.digests.frame import STOP_OWN, Digest, answers, first_of, in_period, next_workday, score_of
from sheetsync.digests.lines import Line, line_of, of_person
from sheetsync.digests.sheets import Question, Sheet, Sheets
from sheetsync.findings import Findings
from sheetsync.people import Person
from sheetsync.periods import DAY, Cadence, Period
from sheetsync.prospects import due_in_words
from sheetsync.reviews import Review
from sheetsync.rollups import pace_line
from sheetsync.sentences import about, number

_NAMED = 2  # activities in a headline
_QUESTIONS = (
    "What was the best moment of your day?",
    "Which conversation of today would you have again?",
    "What did today teach you?",
    "What got in the way today, if anything did?",
    "Whom did you make progress with today?",
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One activity that a day asks for: how much by its end, and how its own period stands ("6 of 10 this week")."""

    name: str
    amount: str
    standing: str
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning(Digest):
    """What a person reads in the morning.

    `asks` is what is due by the end of the day, `ahead` what is due in the days after it, in words. `planned` is what
    they typed for the day, this morning or the evening before. `promise` is what they promised their partner,
    `deadline` the day on which it is asked about, if that is to come; `score` is the week's so far.
    """

    asks: tuple[Ask, ...]
    ahead: tuple[str, ...]
    planned: str
    promise: str
    partner: str
    deadline: date | None
    score: float | None
    daily: Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening(Digest):
    """What a person reads in the evening of a day on which they worked and logged nothing.

    `planned` is what they meant to do; `steps` say how to log. `next_day` is their next working day, `tomorrow` what
    it asks for, `plan` what they typed for it already; `questions` are those of the day's review without an answer.
    """

    question: str
    planned: str
    steps: tuple[str, ...]
    next_day: date | None
    tomorrow: tuple[str, ...]
    plan: str
    questions: tuple[Question, ...]
    daily: Sheet


def morning_digest(
    findings: Findings, person: Person, today: Period, reviews: Iterable[Review], sheets: Sheets
) -> Morning:
    """What today asks of a person, from findings for today, under way."""
    mine = [review for review in reviews if review.who == person.name]
    asks = tuple(_asks(findings, person, today))
    promise, deadline = _promise(findings, person, today.start, mine)
    week = findings.plan.calendar.containing(Cadence.WEEK, today.start)
    asked = {ask.name for ask in asks}
    fields: dict[str, Any] = in_period(today, findings.as_of)
    return Morning(
        kind="morning",
        reader=person.name,
        person=person.name,
        person_email=person.email,
        headline=_headline(asks),
        link=sheets.daily.link or sheets.log.link,
        link_to=sheets.daily.title or sheets.log.title,
        home=sheets.home.link,
        reason="sheetsync sends you this on the mornings of your working days.",
        stop=STOP_OWN,
        asks=asks,
        ahead=tuple(_ahead(findings, person, asked)),
        planned=_planned(findings, person, today, mine),
        promise=promise,
        partner=person.partner or "your partner",
        deadline=deadline,
        score=score_of(findings, person, week.label) if _logged_since(findings, person, week.start) else None,
        daily=sheets.daily,
        **fields,
    )


def evening_digest(
    findings: Findings, person: Person, today: Period, reviews: Iterable[Review], sheets: Sheets
) -> Evening:
    """A reminder for a day with nothing logged, from findings for that day, under way."""
    mine = [review for review in reviews if review.who == person.name]
    said = answers(mine, person.name, Cadence.DAY, today.label)
    following = next_workday(findings, person, today.start)
    fields: dict[str, Any] = in_period(today, findings.as_of)
    return Evening(
        kind="evening",
        reader=person.name,
        person=person.name,
        person_email=person.email,
        headline="nothing logged yet today",
        link=sheets.tally.link or sheets.log.link,
        link_to=sheets.tally.title or sheets.log.title,
        home=sheets.home.link,
        reason="sheetsync sends you this in the evening of a working day on which nothing was logged.",
        stop=STOP_OWN,
        question=_QUESTIONS[today.start.toordinal() % len(_QUESTIONS)],
        planned=_planned(findings, person, today, mine),
        steps=tuple(_steps(sheets)),
        next_day=following,
        tomorrow=tuple(_due_on(findings, person, following)) if following else (),
        plan=said.get("next", ""),
        questions=sheets.daily.open(said),
        daily=sheets.daily,
        **fields,
    )


def _logged_since(findings: Findings, person: Person, first: date) -> bool:
    """Whether anything was logged from a day on: silence is no 0 %."""
    return findings.last_logged.get(person.name, date.min) >= first


def _asks(findings: Findings, person: Person, today: Period) -> Iterator[Ask]:
    rollups = of_person(findings, person)
    if rollups.empty:
        return
    now = rollups[
        (rollups["kind"] == "activity").to_numpy()
        & rollups["native"].to_numpy(dtype=bool)
        & (rollups["start"] <= today.start).to_numpy()
        & (rollups["end"] > today.start).to_numpy()
    ]
    rows: Iterator[Any] = now.itertuples(index=False)
    for row in rows:
        amount = _amount_due(findings, row, today.start)
        if amount > 0:
            when = "today" if row.cadence == "day" else f"this {row.cadence}"
            standing = f"{number(row.actual)} of {about(row.target)} {when} so far"
            yield Ask(row.name, about(amount), standing, line_of(findings, rollups, row, today))


def _amount_due(findings: Findings, row: Any, today: date) -> float:
    if row.cadence == "day":
        return float(max(0.0, row.target - row.actual)) if row.status not in {"off", "untargeted"} else 0.0
    prospect = findings.prospects.get((row.person, row.kind, row.name))
    return next((amount for until, amount in prospect.due if until == today), 0.0) if prospect else 0.0


def _headline(asks: Sequence[Ask]) -> str:
    if not asks:
        return "nothing is due, you are ahead"
    named = ", ".join(f"{ask.amount} × {ask.name}" for ask in asks[:_NAMED])
    return f"{named} and {len(asks) - _NAMED} more" if len(asks) > _NAMED else named


def _ahead(findings: Findings, person: Person, asked: set[str]) -> Iterator[str]:
    """What comes up in the next days of activities that are not due today."""
    for (who, kind, name), prospect in findings.prospects.items():
        if who == person.name and kind == "activity" and name not in asked and prospect.due:
            yield f"{name}: {due_in_words(prospect.due[:1])}"


def _planned(findings: Findings, person: Person, today: Period, reviews: Sequence[Review]) -> str:
    """What a person typed for today: in today's row, or in that of the last day they wrote something for the next."""
    said = answers(reviews, person.name, Cadence.DAY, today.label)
    if said.get("plan"):
        return said["plan"]
    before = today
    for _ in range(14):
        before = findings.plan.calendar.previous(before)
        said = answers(reviews, person.name, Cadence.DAY, before.label)
        if said.get("next"):
            following = next_workday(findings, person, before.start)
            return said["next"] if following in (None, today.start) else ""
    return ""


def _promise(findings: Findings, person: Person, today: date, reviews: Sequence[Review]) -> tuple[str, date | None]:
    """What is promised to the partner, and the day on which they ask: the week's talk, or the next one's after it."""
    calendar = findings.plan.calendar
    week = calendar.containing(Cadence.WEEK, today)
    said, promised = (
        answers(reviews, person.name, Cadence.WEEK, label) for label in (week.label, calendar.previous(week).label)
    )
    weekday = 4 if person.partner_day is None else person.partner_day
    talk = week.start + ((weekday - week.start.weekday()) % 7) * DAY
    if today > talk and said.get("next_action"):
        return said["next_action"], talk + 7 * DAY
    if said.get("promise_kept"):
        return "", None
    return first_of(promised, "next_action"), talk if talk >= today else None


def _steps(sheets: Sheets) -> Iterator[str]:
    if sheets.tally.title:
        yield f"In “{sheets.tally.title}”: a row with today’s date, and a number below each activity you did. Done."
    if sheets.log.title:
        yield f"Or in “{sheets.log.title}”: date and activity; everything else may stay blank."
    yield "A day without any is fine, too: a 0 says so. A blank says only that nothing was logged."


def _due_on(findings: Findings, person: Person, when: date) -> Iterator[str]:
    """What a coming day asks for, in words."""
    for (kind, name), rows in findings.plan.goals_of(person.name).items():
        if kind == "activity":
            amount = _coming(findings, person, name, rows[-1].native, when)
            if amount > 0:
                yield f"{name}: {about(amount)}"


def _coming(findings: Findings, person: Person, name: str, native: Cadence, when: date) -> float:
    """What is due of an activity by the end of a coming day; a month that begins asks for nothing at first."""
    period = findings.plan.calendar.containing(native, when)
    if period.start <= findings.as_of.day:
        prospect = findings.prospects.get((person.name, "activity", name))
        return next((amount for until, amount in (prospect.due if prospect else ()) if until == when), 0.0)
    if native.rank > Cadence.WEEK.rank:
        return 0.0
    amount = pace_line(findings.plan, person.name, ("activity", name), period, [when])[-1]
    return amount if native is Cadence.DAY else float(ceil(amount - 1e-9))
