"""Emails to look at: rendered into files, with a page that shows them side by side; nothing is queued or sent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from sheetsync.cells import fold
from sheetsync.config import Config
from sheetsync.digests.frame import works
from sheetsync.digests.samples import samples
from sheetsync.errors import ConfigError
from sheetsync.kinds import KINDS
from sheetsync.mail import Email, check_overrides, render, render_index
from sheetsync.mail.transports import private_folder, write_privately
from sheetsync.periods import DAY, Cadence, Period
from sheetsync.runs.due import Due
from sheetsync.runs.emailing import Choice, check_subject, chosen_dues, chosen_period, why_not_due
from sheetsync.runs.opening import Opened
from sheetsync.runs.recalling import recall
from sheetsync.runs.writing import Writer, template_folders

INDEX = "index.html"
_LONGEST = 40  # characters of a name; a file system takes 255 bytes


@dataclass(frozen=True, slots=True)
class Preview:
    """One rendered email, where its HTML (and text, beside it) was written, and why it is not due, or ""."""

    kind: str
    person: str
    recipient: str
    period: str
    subject: str
    text: str
    path: Path
    why_not: str = ""


def preview(run: Opened, choice: Choice, folder: Path) -> list[Preview]:
    """Render every kind's latest emails (or those chosen) into a folder, and an index page beside them.

    Of what is about a time before the plan, the time under way is shown; a day on which nobody works gives way to the
    last one before it. Raises `ConfigError` for a template that is wrong.
    """
    understood, period = recall(run), chosen_period(run, choice)
    writer, found = Writer(run, understood), []
    for due in chosen_dues(run, understood, choice):
        shown = replace(due, period=period or _shown(run, writer, due))
        why = "" if due.kind.name in run.config.email.schedule else "not in email.schedule"
        why = why or ("" if period else why_not_due(run, writer, due))
        place = (shown.kind.name, shown.person.name, shown.to, shown.period.label)
        found.append(_written(folder, place, writer.write(shown), why))
    return _indexed(folder, found, run.config)


def preview_samples(config: Config, choice: Choice, folder: Path) -> list[Preview]:
    """The same with made-up people and numbers, for a workbook that has none yet.

    Raises `ConfigError` for an own template that is wrong, or that nothing would ever use.
    """
    digests = [samples(kind)[0] for kind in KINDS if choice.kind in (None, kind)]
    own, built_in = template_folders(config)
    check_overrides(own, built_in)
    found = []
    for digest in digests:
        email = render(digest, [own, built_in])
        check_subject(email, digest.kind, own)
        place = (digest.kind, digest.person, digest.person_email, "sample")
        found.append(_written(folder, place, email, "a sample"))
    return _indexed(folder, found, config)


def _shown(run: Opened, writer: Writer, due: Due) -> Period:
    """The period that is due, or a better one to look at."""
    calendar, period = run.config.calendar, due.period
    plan = writer.plan
    if period.end <= plan.first_day:
        return calendar.containing(due.kind.cadence, run.today)
    for back in range(7) if due.kind.cadence is Cadence.DAY and due.person.name else ():
        day = calendar.containing(Cadence.DAY, period.start - back * DAY)
        if works(plan, due.person, day.start, day.end):
            return day
    return period


def _written(folder: Path, place: tuple[str, str, str, str], email: Email, why_not: str) -> Preview:
    kind, person, _, period = place
    path = folder / ("-".join(filter(None, (kind, period, _file_part(person)))) + ".html")
    try:
        private_folder(folder.parent)
        private_folder(folder)
        write_privately(path, email.html.encode())
        write_privately(path.with_suffix(".txt"), f"Subject: {email.subject}\n\n{email.text}".encode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); check email.outbox_dir") from None
    return Preview(*place, email.subject, email.text, path, why_not)


def _file_part(person: str) -> str:
    """A name for a file: short enough whatever its alphabet, and each person's own."""
    name = fold(person)
    plain = re.sub(r"[^\w]+", "-", name)[:_LONGEST].strip("-")
    if plain.replace("-", " ") == name:
        return plain
    return f"{plain}-{blake2b(name.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


def _indexed(folder: Path, found: list[Preview], config: Config) -> list[Preview]:
    if found:
        write_privately(folder / INDEX, render_index(_entries(found), template_folders(config)).encode())
    return found


def _entries(found: Sequence[Preview]) -> list[dict[str, str]]:
    return [
        {
            "kind": one.kind, "purpose": KINDS[one.kind].purpose, "person": one.person, "recipient": one.recipient,
            "subject": one.subject, "why_not": one.why_not, "file": one.path.name,
        }
        for one in found
    ]  # fmt: skip
