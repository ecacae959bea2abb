"""Which emails are due, about whom, to whom and until when; and why one that would be is not sent.

What identifies an email is its kind, period, person and recipient. Reminders are for days on which the person works;
whoever has Mail `paused` or `stop` is the subject and the reader of nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sheetsync.cells import fold
from sheetsync.digests.frame import works
from sheetsync.digests.group import members_of
from sheetsync.kinds import Kind, When, latest_due, next_due, personal, told_of
from sheetsync.mail import valid_address
from sheetsync.people import Person
from sheetsync.periods import DAY, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.runs.opening import Opened
from sheetsync.schedule import moment

NOBODY = Person("")
"""Whom the email to the keeper is about."""

_WAITS = timedelta(days=5)  # a mail server that is away for longer needs a person
_LATE = timedelta(days=14)  # after which a monthly, quarterly or yearly email is no news
_MORNING = timedelta(hours=5)  # for which “good morning” is one


@dataclass(frozen=True, slots=True)
class Due:
    """One email that is due: `to` is the address as typed.

    `came` is when it came due, `until` when it is outdated, and `following` when the next one is due.
    """

    kind: Kind
    person: Person
    reader: str
    to: str
    period: Period
    when: When
    came: datetime
    until: datetime
    following: datetime


def whats_due(run: Opened, plan: Plan, kind: Kind) -> list[Due]:
    """The latest email of a kind for each person whom it concerns, by their own zone and Partner day."""
    if kind.to == "keeper":
        return [_due(run, kind, NOBODY, "", run.config.email.keeper)]
    found = []
    for person in plan.people:
        match kind.to:
            case "partner" if person.partner or person.partner_email:
                found.append(_due(run, kind, person, person.partner, person.partner_email))
            case "person":
                found.append(_due(run, kind, person, person.name, person.email))
            case "group" if person.group:
                due = _due(run, kind, person, person.name, person.email)
                if len(members_of(plan, person, due.period)) > 1:
                    found.append(due)
    return found


def _due(run: Opened, kind: Kind, person: Person, reader: str, to: str) -> Due:
    config = run.config
    when = personal(kind, config.email.schedule.get(kind.name, kind.usual), person.partner_day)
    zone = ZoneInfo(person.zone) if person.zone else config.zone
    period = latest_due(kind, when, run.now, zone, config.calendar)
    turn = period if told_of(kind, when, config.calendar) == "this" else config.calendar.next(period)
    came = moment(when.day_in(turn), when.at, zone)
    following = next_due(kind, when, run.now, zone, config.calendar).astimezone(zone)
    return Due(kind, person, reader, to, period, when, came, _until(kind, came, following, zone), following)


def _until(kind: Kind, came: datetime, following: datetime, zone: ZoneInfo) -> datetime:
    """Daily emails are for their day, weekly ones until the next; the others are news for two weeks."""
    match kind.cadence:
        case Cadence.DAY:
            midnight = moment(came.astimezone(zone).date() + DAY, time(), zone)
            return min(midnight, came + _MORNING) if kind.name == "morning" else midnight
        case Cadence.WEEK:
            return following.astimezone(UTC)
        case _:
            return came + _LATE


def expiry(due: Due, now: datetime) -> datetime:
    """When to give an email up that is queued now."""
    return min(due.until, now + _WAITS)


def too_late(due: Due, now: datetime) -> str:
    """Why an email is no news any more, in words; "" while it is."""
    if now < due.until:
        return ""
    moments = (due.came.astimezone(due.following.tzinfo), due.following)
    came, following = (f"{each:%a} {each.day} {each:%b %Y}, {each:%H:%M}" for each in moments)
    return f"it was due on {came}; the next is due on {following}"


def is_past(due: Due, now: datetime) -> bool:
    """Whether an email is so long outdated that nobody expects to hear of it: a month’s, quarter’s or year’s."""
    return now >= due.until and due.kind.cadence.rank > Cadence.WEEK.rank


def silenced(due: Due, people: Iterable[Person]) -> str:
    """Whose Mail keeps an email back, in words: that of whom it is about or, if they are in People, who reads it."""
    if due.person.mail != "on":
        return f"Mail is {due.person.mail}"
    address, name = (valid_address(due.to) or "").lower(), fold(due.reader)
    for person in people if due.kind.to == "partner" else ():
        own = (valid_address(person.email) or "").lower()
        if person.mail != "on" and (own == address != "" or fold(person.name) == name):
            return f"{person.name}’s Mail is {person.mail}"
    return ""


def why_not(due: Due, plan: Plan, logged: Mapping[str, Collection[date]]) -> str:
    """Why an email is not sent to a person or about one, in words; "" when it is. A blank report is never sent.

    `logged` has the days on which each person logged something.
    """
    person, period = due.person, due.period
    reasons = {
        f"{person.name} starts on {person.start}": person.start is not None and person.start >= period.end,
        f"{person.name} left": person.end is not None and person.end <= period.start,
        "the plan begins later": period.end <= plan.first_day,
    }
    away = next((reason for reason, holds in reasons.items() if holds), "")
    return silenced(due, plan.people) or away or _nothing_to_say(due, plan, logged)


def _nothing_to_say(due: Due, plan: Plan, logged: Mapping[str, Collection[date]]) -> str:
    person, period = due.person, due.period
    if due.kind.cadence is Cadence.DAY:
        if not works(plan, person, period.start, period.end):
            return f"{person.name} does not work that day"
        reminds = due.kind.name == "evening"
        return "something was logged that day" if reminds and period.start in logged.get(person.name, ()) else ""
    everyone = members_of(plan, person, period) if due.kind.to == "group" else [person]
    begun = any(day < period.end for each in everyone for day in logged.get(each.name, ()))
    return "" if begun else "nothing was logged yet"
