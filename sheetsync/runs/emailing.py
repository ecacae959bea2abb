"""The review emails: rendering those that are due, queueing each once, and sending what waits.

Emails are made from the ledger, so they say what the last sync knew, whatever happens to the workbook meanwhile.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta, timezone
from pathlib import Path

from sheetsync.cells import fold
from sheetsync.config import Config
from sheetsync.digests.problems import marks_of
from sheetsync.digests.samples import samples
from sheetsync.errors import ConfigError, UsageError
from sheetsync.kinds import KINDS
from sheetsync.ledger.outbox import WAITING, Letter, Outbox
from sheetsync.ledger.told import remember_told, told
from sheetsync.mail import Email, check_overrides, render, valid_address
from sheetsync.mail.cleaning import header_text
from sheetsync.periods import Period
from sheetsync.reading import Understood
from sheetsync.runs.delivering import Delivery, clock_went_back, deliver, why_not_queue
from sheetsync.runs.due import Due, expiry, is_past, silenced, too_late, whats_due, why_not
from sheetsync.runs.opening import Opened
from sheetsync.runs.recalling import recall
from sheetsync.runs.writing import Addressed, Writer, message_of, template_folders

NOTHING_NEW = "nothing is new"
_EASTERNMOST = timezone(timedelta(hours=14))  # where every day begins first


@dataclass(frozen=True, slots=True)
class Choice:
    """What to narrow the emails to; None: all. `kind` is the name of a kind."""

    to: str | None = None
    period: str | None = None
    kind: str | None = None


def send(run: Opened, choice: Choice) -> list[Delivery]:
    """Queue the emails that are due and not queued yet, then send what waits and is allowed.

    Raises `ConfigError` for a mistake in a template of any scheduled kind, before anything is queued.
    """
    outbox, understood, period = Outbox(run.ledger), recall(run), chosen_period(run, choice)
    check_templates(run.config)
    writer = Writer(run, understood)
    dues = [due for due in chosen_dues(run, understood, choice) if due.kind.name in run.config.email.schedule]
    asked = choice.kind is not None or period is not None
    news = [due for due in dues if asked or not is_past(due, run.now)]
    done = list(_enqueue(run, writer, outbox, news, period))
    wanted = None if choice.to is None else {due.person.name for due in dues}

    def is_chosen(letter: Letter) -> bool:
        narrowed = wanted is None or letter.person in wanted
        return narrowed and (period is None or letter.period == period.label) and choice.kind in (None, letter.kind)

    return done + deliver(run, outbox, is_chosen, lambda letter: _no_longer_wanted(run, writer, letter))


def send_waiting(run: Opened) -> list[Delivery]:
    """Send what waits and queue nothing new: after a sync that failed, old numbers would pass for today's."""
    known = run.ledger.remembered()
    if known is None or not known.definitions:
        return []
    writer = Writer(run, recall(run))
    return deliver(run, Outbox(run.ledger), still_wanted=lambda letter: _no_longer_wanted(run, writer, letter))


def _enqueue(
    run: Opened, writer: Writer, outbox: Outbox, dues: Iterable[Due], period: Period | None
) -> Iterator[Delivery]:
    """Queue what may be; tells of what is not queued and does not wait, for what waits is told when it is sent."""
    for due in dues:
        kind, who, to, label = due.kind.name, due.person.name, due.to, due.period.label
        address = valid_address(due.to)
        if period not in (None, due.period):
            yield Delivery(kind, who, to, str(period), "skipped", f"due now is {label}")
        elif address is not None and (before := outbox.known(kind, label, who, address)):
            yield from _queued_before(run, writer, outbox, due, before)
        elif why := why_not_due(run, writer, due):
            if why == NOTHING_NEW:  # what went away meanwhile is new when it comes back
                remember_told(run.ledger, kind, marks_of(writer.problems))
            yield Delivery(kind, who, to, label, "skipped", why)
        elif why := _why_not_queue(outbox, due, asked=period is not None):
            wrong = outbox.latest(kind, who) > label and clock_went_back(outbox, run.now)
            yield Delivery(kind, who, to, label, "clock" if wrong else "skipped", why)
        elif address is None:
            column = "Partner email" if due.kind.to == "partner" else "Email"
            why = f"“{header_text(to, 80)}” is not one address" if to else f"no {column}"
            yield Delivery(kind, who, to, label, "skipped", why)
        else:
            addressed = Addressed(due, writer.write(due), address)
            message, expires = message_of(run, addressed), expiry(due, run.now)
            letter = Letter(kind, label, who, address, addressed.email.subject, message, expires_at=expires)
            outbox.enqueue([letter], run.now)
            if due.kind.to == "keeper":
                remember_told(run.ledger, kind, marks_of(writer.problems))


def _queued_before(run: Opened, writer: Writer, outbox: Outbox, due: Due, letter: Letter) -> Iterator[Delivery]:
    """What is told of an email that was queued before; one that was cancelled and is wanted again waits again."""
    place = (letter.kind, letter.person, letter.recipient, letter.period)
    if letter.state in WAITING:
        return
    in_time = letter.expires_at is None or run.now < letter.expires_at
    if letter.state == "cancelled" and in_time and not why_not_due(run, writer, due):
        outbox.mark(letter, "queued", "it is wanted again")
    elif letter.state == "sent":
        yield Delivery(*place, "already sent", f"this {due.kind.cadence}’s was sent")
    else:
        reply = f" ({letter.reply})" if letter.reply else ""
        yield Delivery(*place, "skipped", f"{letter.state}{reply}; `email resend {letter.id}` sends it all the same")


def check_templates(config: Config) -> None:
    """Find mistakes in people's own templates with sample emails of all scheduled kinds."""
    own, built_in = template_folders(config)
    check_overrides(own, built_in)
    for digest in (d for kind in config.email.schedule for d in samples(kind)) if own.is_dir() else ():
        check_subject(render(digest, [own, built_in]), digest.kind, own)


def check_subject(email: Email, kind: str, own: Path) -> None:
    """Raises `ConfigError` for an email without a subject."""
    if not email.subject:
        raise ConfigError(f"{own / kind}.subject.txt.j2: the subject is empty; write one, or delete the file")


def why_not_due(run: Opened, writer: Writer, due: Due) -> str:
    """Why an email is not sent, in words; "" when it is due and has something to say."""
    if why := too_late(due, run.now):
        return why
    if due.kind.to == "keeper":
        return "" if set(marks_of(writer.problems)) - told(run.ledger, due.kind.name) else NOTHING_NEW
    return why_not(due, writer.plan, writer.logged)


def _why_not_queue(outbox: Outbox, due: Due, *, asked: bool) -> str:
    place = (due.kind.name, due.period.label, due.person.name, valid_address(due.to) or "")
    return why_not_queue(outbox, *place, due=due.came, asked=asked)


def _no_longer_wanted(run: Opened, writer: Writer, letter: Letter) -> str:
    """Why an email that waits is wanted no longer, or "": what people decided since it was queued holds."""
    if letter.kind not in run.config.email.schedule:
        return f"{letter.kind} is no longer scheduled"
    dues = whats_due(run, writer.plan, KINDS[letter.kind])
    due = next((due for due in dues if due.person.name == letter.person), None)
    if due is None:
        return f"it no longer concerns {letter.person}"
    # What is about problems is news to the keeper only once, and the keeper was told when it was queued.
    same_time = due.period.label == letter.period and due.kind.to != "keeper"
    if why := why_not(due, writer.plan, writer.logged) if same_time else silenced(due, writer.plan.people):
        return why
    same = (valid_address(due.to) or "").lower() == letter.recipient.lower()
    return "" if same else f"{letter.recipient} is no longer the address"


def chosen_dues(run: Opened, understood: Understood, choice: Choice) -> list[Due]:
    """The latest email of each kind and person, about or to whom was asked for."""
    period = chosen_period(run, choice)
    kinds = [
        k for k in KINDS.values() if choice.kind in (None, k.name) and (not period or k.cadence is period.cadence)
    ]
    dues = [due for kind in kinds for due in whats_due(run, understood.plan, kind)]
    if choice.to is None:
        return dues
    wanted = fold(choice.to)
    found = [due for due in dues if wanted in {fold(due.person.name), fold(due.to), fold(due.reader)} - {""}]
    if not found and not any(wanted == fold(person.name) for person in understood.plan.people):
        raise UsageError(f"--to: no person or partner is called “{choice.to}”")
    return found


def chosen_period(run: Opened, choice: Choice) -> Period | None:
    """The period that was asked for. Raises `UsageError` for one that is none, or none of the chosen kind."""
    if choice.period is None:
        return None
    period = run.config.calendar.parse(choice.period)
    if period is None:
        raise UsageError(f"--period: “{choice.period}” is no period; such as 2026-W07 or 2026-Q1")
    if period.start > run.now.astimezone(_EASTERNMOST).date():
        raise UsageError(f"--period: {period} is still to come")
    if choice.kind and KINDS[choice.kind].cadence is not period.cadence:
        raise UsageError(f"--period: {choice.kind} is about a {KINDS[choice.kind].cadence}, and {period} is none")
    return period
