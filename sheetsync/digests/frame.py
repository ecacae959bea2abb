"""What every email says, whatever its kind: to whom, about which period, why it comes and how to stop it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sheetsync.findings import Findings
from sheetsync.people import Person, TimeOff
from sheetsync.periods import DAY, AsOf, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.reviews import Review
from sheetsync.rhythms import worked
from sheetsync.sentences import day
from sheetsync.workdays import Horizon


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What all digests have in common.

    `kind` names the templates. `reader` is who gets it, `person` whom it is about ("" when it is about nobody) and
    `person_email` their address; `period` is the label, `[start, last_day]` its days, and `so_far` is true while
    it is under way. `headline` is short enough for a subject. `link` leads to the tab in question, which is called
    `link_to`, and `home` to the workbook; both are None for a local one. `reason` says why the email comes, `stop`
    how to stop it.
    """

    kind: str
    reader: str
    person: str
    person_email: str
    period: str
    start: date
    last_day: date
    so_far: bool
    headline: str
    link: str | None
    link_to: str
    home: str | None
    reason: str
    stop: str


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody typed in a review, under the title of its column."""

    title: str
    text: str


STOP_PARTNER = "To stop: say so in a reply, or use “unsubscribe” in your mail program; no account needed."
STOP_OWN = "To stop these: type “paused” or “stop” in the column Mail, in your row of the people’s tab."
STOP_KEEPER = "To stop: write “problems: off” into the schedule in the configuration."


def in_period(period: Period, as_of: AsOf) -> dict[str, object]:
    """The fields of a digest that say which period it is about."""
    so_far = period.end > as_of.boundary
    return {"period": period.label, "start": period.start, "last_day": period.end - DAY, "so_far": so_far}


def answers(reviews: Iterable[Review], who: str, cadence: Cadence, label: str) -> dict[str, str]:
    """What a person typed about a period, in all tabs of that rhythm."""
    return {
        key: text
        for review in reviews
        if review.who == who and review.cadence is cadence and review.period == label
        for key, text in review.answers.items()
    }


def days_off(times_off: Iterable[TimeOff], who: str, first: date, end: date) -> tuple[str, ...]:
    """A person's times off that touch the days `[first, end)`, in words."""
    texts = []
    for off in times_off:
        if off.who in (None, who) and off.start < end and off.end > first:
            last = off.end - DAY
            when = day(off.start) if last == off.start else f"{day(off.start)} – {day(last)}"
            texts.append(f"{when}{' (half days)' if off.half_days == 1 else ''}")
    return tuple(texts)


def works(plan: Plan, person: Person, first: date, end: date) -> bool:
    """Whether a person works on any of the days `[first, end)`."""
    return bool(worked(plan, person, Horizon(first, end)).any())


def next_workday(findings: Findings, person: Person, after: date, most: int = 60) -> date | None:
    """The first day after `after` on which a person works, if one comes soon."""
    days = worked(findings.plan, person, Horizon(after + DAY, after + (most + 1) * DAY))
    return next((after + (n + 1) * DAY for n in range(most) if days[n]), None)


def score_of(findings: Findings, person: Person, label: str) -> float | None:
    """A person's score of a period, 0 to 1; None without one."""
    score = findings.scores.get((label, person.name))
    return score.score if score else None


def first_of(said: Mapping[str, str], *keys: str) -> str:
    """The first of these answers that was given, or ""."""
    return next((said[key] for key in keys if said.get(key)), "")
