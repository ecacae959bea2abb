"""The weekly partner emails: which are due, rendering, queueing each once, and sending what waits.

Emails are made from the ledger, so they say what the last sync knew, whatever happens to the workbook meanwhile.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from hashlib import blake2b
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from sheetsync.cells import fold
from sheetsync.config import Config, SendTime, secret, templates_folder
from sheetsync.digests import weekly_digest
from sheetsync.errors import AuthorizationError, SheetsyncError, Unavailable, Unfinished, UsageError
from sheetsync.findings import Findings
from sheetsync.ledger.outbox import Letter, Outbox
from sheetsync.mail import (
    Ambiguous,
    Email,
    FileTransport,
    SmtpTransport,
    Transport,
    compose,
    render,
    valid_address,
)
from sheetsync.people import Person
from sheetsync.periods import DAY, AsOf, Cadence, Period
from sheetsync.reading import Understood, find_out
from sheetsync.runs.opening import Opened
from sheetsync.runs.recalling import recall
from sheetsync.schedule import latest_slot

KIND = "partner-weekly"
_USUAL = SendTime(4, time(16))
_ATTEMPTS_IF_AMBIGUOUS = 2

Outcome = Literal["sent", "already sent", "held", "failed", "waiting", "unknown", "skipped"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What to narrow the emails to; None: all."""

    to: str | None = None
    period: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one email, and why."""

    person: str
    recipient: str
    period: str
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """One rendered email and where its HTML, text and message were written."""

    person: str
    recipient: str
    period: str
    subject: str
    text: str
    path: Path


def preview(run: Opened, choice: Choice, folder: Path) -> list[Preview]:
    """Render the emails of the latest due week (or the chosen one) into a folder; nothing is queued or sent."""
    chosen_week = _chosen_week(run, choice)
    understood = recall(run)
    writer = _Writer(run, understood)
    found = []
    for person in _chosen(understood, choice):
        week = chosen_week or _due_week(run, person)
        email = writer.write(person, week)
        stem = "-".join((week.label, *fold(person.name).split()))
        path = folder / f"{''.join(c if c.isalnum() or c in '-_' else '_' for c in stem)}.html"
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(email.html, encoding="utf-8")
        path.with_suffix(".txt").write_text(f"Subject: {email.subject}\n\n{email.text}", encoding="utf-8")
        found.append(Preview(person.name, person.partner_email, week.label, email.subject, email.text, path))
    return found


def send(run: Opened, choice: Choice) -> list[Delivery]:
    """Queue the emails that are due and not queued yet, then send what waits and is allowed."""
    outbox = Outbox(run.ledger)
    understood, week = recall(run), _chosen_week(run, choice)
    people = _chosen(understood, choice)
    done = list(_enqueue_due(run, understood, outbox, people, week))
    wanted = None if choice.to is None else {person.name for person in people}
    delivered = _deliver(run, outbox, wanted, week)
    told = {(d.person, d.recipient, d.period) for d in delivered}
    return [d for d in done if (d.person, d.recipient, d.period) not in told] + delivered


def _enqueue_due(
    run: Opened, understood: Understood, outbox: Outbox, people: Sequence[Person], chosen_week: Period | None
) -> Iterator[Delivery]:
    writer = _Writer(run, understood)
    for person in people if KIND in run.config.email.schedule else ():
        week = _due_week(run, person)
        if chosen_week not in (None, week):
            yield Delivery(person.name, person.partner_email, str(chosen_week), "skipped", f"due now is {week.label}")
            continue
        why_not = _why_not(understood, person, week)
        address = valid_address(person.partner_email)
        if why_not:
            yield Delivery(person.name, person.partner_email, week.label, "skipped", why_not)
        elif address is None:
            why = f"“{person.partner_email}” is not one address" if person.partner_email else "no Partner email"
            yield Delivery(person.name, person.partner_email, week.label, "skipped", why)
        elif outbox.known(KIND, week.label, person.name, address):
            yield Delivery(person.name, address, week.label, "already sent", "this week's is done or waiting")
        else:
            email = writer.write(person, week)
            message = _message(run, person, week, address, email)
            outbox.enqueue([Letter(KIND, week.label, person.name, address, email.subject, message)], run.now)


def _why_not(understood: Understood, person: Person, week: Period) -> str:
    """Why no email is due, in words; "" when one is. A blank report is never sent."""
    if person.mail != "on":
        return f"Mail is {person.mail}"
    if person.start and person.start >= week.end:
        return f"{person.name} starts on {person.start}"
    if not any(fold(a.who) == fold(person.name) for a in understood.logged.activities):
        return "nothing was logged yet"
    if week.end <= understood.plan.first_day:
        return "the plan begins later"
    return ""


def _deliver(run: Opened, outbox: Outbox, people: Collection[str] | None, week: Period | None) -> list[Delivery]:
    """Send what waits: about these people (None: anybody), of this week (None: any)."""
    done: list[Delivery] = []
    transport: Transport | None = None
    for letter in outbox.waiting():
        if (people is not None and letter.person not in people) or (week and letter.period != week.label):
            continue
        if not run.config.email.allows(letter.recipient):
            outbox.mark(letter, "held")
            why = "not among email.recipients; add the address there, then send again"
            done.append(Delivery(letter.person, letter.recipient, letter.period, "held", why))
            continue
        if letter.state == "committing" and letter.attempts >= _ATTEMPTS_IF_AMBIGUOUS:
            outbox.mark(letter, "unknown")
            why = "the connection died twice while it was sent; it may or may not have arrived"
            done.append(Delivery(letter.person, letter.recipient, letter.period, "unknown", why))
            continue
        transport = transport or transport_of(run.config)
        done.append(_send_one(run, outbox, letter, transport))
    return done


def _send_one(run: Opened, outbox: Outbox, letter: Letter, transport: Transport) -> Delivery:
    outbox.begin(letter)
    outcome: Outcome
    try:
        why = transport.send(
            letter.message,
            run.config.email.sender_address,
            letter.recipient,
            lambda state: outbox.mark(letter, state),
        )
        outcome = "sent"
        outbox.mark(letter, "sent", why)
    except AuthorizationError:
        raise
    except Ambiguous as error:
        outcome, why = "waiting", f"{error}; it is sent once more, byte for byte the same"
    except Unavailable as error:
        outcome, why = "waiting", str(error)
        outbox.mark(letter, "queued", why)
    except SheetsyncError as error:
        outcome, why = "failed", str(error)
        outbox.mark(letter, "failed", why)
    return Delivery(letter.person, letter.recipient, letter.period, outcome, why)


def transport_of(config: Config) -> Transport:
    """The configured way out."""
    email = config.email
    if email.transport == "file":
        return FileTransport(config.outbox_path)
    smtp = email.smtp
    return SmtpTransport(
        smtp.host or "localhost",
        smtp.port,
        smtp.security,
        secret(smtp.username) if smtp.username else None,
        secret(smtp.password) if smtp.password else None,
    )


def template_folders(config: Config) -> list[Path]:
    """Where email templates are looked for: beside the configuration first."""
    return [config.folder / "emails", templates_folder() / "emails"]


def _chosen(understood: Understood, choice: Choice) -> list[Person]:
    people = [person for person in understood.plan.people if person.partner_email or person.partner]
    if choice.to is None:
        return people
    wanted = fold(choice.to)
    found = [p for p in people if wanted in {fold(p.name), fold(p.partner_email), fold(p.partner)}]
    if not found:
        raise UsageError(f"--to: no person or partner is called “{choice.to}”")
    return found


def _chosen_week(run: Opened, choice: Choice) -> Period | None:
    if choice.period is None:
        return None
    period = run.config.calendar.parse(choice.period)
    if period is None or period.cadence is not Cadence.WEEK:
        raise UsageError(f"--period: “{choice.period}” is no week; such as 2026-W07")
    return period


def _due_week(run: Opened, person: Person) -> Period:
    """The week of the person's latest sending time."""
    due = run.config.email.schedule.get(KIND, _USUAL)
    weekday = due.weekday if person.partner_day is None else person.partner_day
    zone = ZoneInfo(person.zone) if person.zone else run.config.zone
    return run.config.calendar.containing(Cadence.WEEK, latest_slot(weekday, due.at, run.now, zone))


class _Writer:
    """Writes the emails of one run; what was found out for a day serves everybody."""

    def __init__(self, run: Opened, understood: Understood) -> None:
        self._run, self._understood = run, understood
        self._found: dict[AsOf, Findings] = {}

    def write(self, person: Person, week: Period) -> Email:
        """The email about a person's week: as of today while it is under way, else of its last day."""
        today, last = self._run.today, week.end - DAY
        as_of = AsOf(today, under_way=True) if last >= today else AsOf(last, under_way=False)
        if as_of not in self._found:
            self._found[as_of] = find_out(self._understood, as_of, self._run.ledger.reported())
        sheet = self._run.config.spreadsheet_id
        link = f"https://docs.google.com/spreadsheets/d/{sheet}/edit" if sheet else None
        digest = weekly_digest(self._found[as_of], person, week, self._understood.reviews, link)
        return render(digest, template_folders(self._run.config))


def _message(run: Opened, person: Person, week: Period, address: str, email: Email) -> bytes:
    sender = run.config.email.sender_address
    host = sender.rpartition("@")[2]
    mark = blake2b("|".join((run.ledger.workbook, KIND, week.label, person.name, address)).encode(), digest_size=16)
    return compose(
        email,
        sender=run.config.email.sender,
        recipient=address,
        recipient_name=person.partner,
        reply_to=valid_address(person.email) or sender,
        unsubscribe=sender,
        message_id=f"<{mark.hexdigest()}@{host}>",
        date=run.now,
    )


def undone(deliveries: Sequence[Delivery]) -> SheetsyncError | None:
    """What to raise when something was left undone: a server that was not there is worth another run."""
    outcomes = {delivery.outcome for delivery in deliveries}
    if outcomes & {"failed", "unknown"}:
        return Unfinished("some emails were not sent; see why above")
    if "waiting" in outcomes:
        return Unavailable("some emails were not sent, the mail server was not there; the next run tries again")
    return None
