"""Writing the emails of one run: from what the last sync knew to digests, and from those to final bytes."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from sheetsync.cells import EPOCH, text_of
from sheetsync.config import Config, templates_folder
from sheetsync.digests import (
    Digest,
    Sheets,
    annual_digest,
    evening_digest,
    find_sheets,
    group_digest,
    morning_digest,
    problems_digest,
    quarterly_digest,
    weekend_digest,
    weekly_digest,
)
from sheetsync.errors import Problem
from sheetsync.findings import Findings
from sheetsync.ledger.told import introduced, told
from sheetsync.mail import Email, compose, render, valid_address
from sheetsync.periods import DAY, WEEKDAYS, AsOf, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.reading import Understood, find_out
from sheetsync.runs.due import Due
from sheetsync.runs.opening import Opened


def template_folders(config: Config) -> list[Path]:
    """Where email templates are looked for: beside the configuration first."""
    return [config.folder / "emails", templates_folder() / "emails"]


class Writer:
    """Writes the emails of one run; what was found out for a day serves everybody."""

    def __init__(self, run: Opened, understood: Understood) -> None:
        self._run, self._understood = run, understood
        self._found: dict[AsOf, Findings] = {}

    def write(self, due: Due) -> Email:
        """The email that is due. Raises `ConfigError` for a template that is wrong."""
        return render(self.digest(due), template_folders(self._run.config))

    def digest(self, due: Due) -> Digest:
        """What the email that is due says."""
        return _MAKERS[due.kind.name](self, due)

    @property
    def plan(self) -> Plan:
        """The plan, as the last sync read it."""
        return self._understood.plan

    @cached_property
    def logged(self) -> Mapping[str, Set[date]]:
        """The days on which each person logged something."""
        days: dict[str, set[int]] = {}
        for activity in self._understood.logged.activities:
            days.setdefault(activity.who, set()).add(activity.day)
        return {who: {EPOCH + DAY * day for day in found} for who, found in days.items()}

    def findings(self, period: Period) -> Findings:
        """What is known about a period: as of today while it is under way, else of its last day.

        A day is looked at from within, so that what it asks for is still to be done.
        """
        today, last = self._run.today, period.end - DAY
        if period.cadence is Cadence.DAY:
            as_of = AsOf(period.start, under_way=True)
        else:
            as_of = AsOf(today, under_way=True) if last >= today else AsOf(last, under_way=False)
        if as_of not in self._found:
            self._found[as_of] = find_out(self._understood, as_of, self._run.ledger.reported())
        return self._found[as_of]

    @cached_property
    def sheets(self) -> Sheets:
        """The tabs of the workbook, with links to each when it is on the web."""
        known = self._run.ledger.remembered()
        titles = {key: title for key, (title, _) in known.definitions.items()} if known else {}
        return find_sheets(self._run.template, titles, links(self._run.config, known.marks if known else {}))

    @cached_property
    def problems(self) -> list[Problem]:
        """What needs a look: what the last sync wrote to the problems tab, or else what the other tabs say."""
        tab = self._run.template.first("problems")
        grid, intended = self._run.ledger.written().get(tab.key, ([], [])) if tab else ([], [])
        if tab is None or not (intended or grid):
            return list(self._understood.problems)
        keys = [column.key for column in tab.columns]
        rows = [dict(zip(keys, row, strict=False)) for row in (intended or grid)[tab.header_row :]]
        return [_problem({key: text_of(cell) for key, cell in row.items()}) for row in rows if any(row.values())]

    def partner_weekly(self, due: Due) -> Digest:
        """The week for the partner, introduced if it is their first."""
        address = valid_address(due.to)
        first = not (address and introduced(self._run.ledger, due.kind.name, due.person.name, address))
        findings, reviews = self.findings(due.period), self._understood.reviews
        day = due.when.weekday
        each = "week" if day is None else WEEKDAYS[day].title()
        return weekly_digest(findings, due.person, due.period, reviews, self.sheets, first=first, each=each)

    def to_the_keeper(self, due: Due) -> Digest:
        """What needs a look."""
        as_of = AsOf(self._run.today, under_way=True)
        known = told(self._run.ledger, due.kind.name)
        return problems_digest(self.problems, known, due.period, as_of, self.sheets)

    def of_reviews(self, due: Due, make: Callable[..., Digest]) -> Digest:
        """Any other email: from findings and reviews."""
        return make(self.findings(due.period), due.person, due.period, self._understood.reviews, self.sheets)


_MAKERS: Mapping[str, Callable[[Writer, Due], Digest]] = {
    "partner-weekly": Writer.partner_weekly,
    "morning": lambda writer, due: writer.of_reviews(due, morning_digest),
    "evening": lambda writer, due: writer.of_reviews(due, evening_digest),
    "weekend": lambda writer, due: writer.of_reviews(due, weekend_digest),
    "group-monthly": lambda writer, due: writer.of_reviews(due, group_digest),
    "quarterly": lambda writer, due: writer.of_reviews(due, quarterly_digest),
    "annual": lambda writer, due: writer.of_reviews(due, annual_digest),
    "problems": Writer.to_the_keeper,
}


def _problem(cells: Mapping[str, str]) -> Problem:
    row = cells.get("row", "")
    texts = {key: cells.get(key, "") for key in ("tab", "column", "what", "hint", "typed")}
    return Problem(row=int(row) if row.isdecimal() else 0, **texts)


def links(config: Config, marks: Mapping[str, str]) -> Callable[[str], str | None]:
    """The address of a tab by its key ("": the workbook's): on Google the sheet id leads to the very tab."""
    sheet = config.spreadsheet_id

    def link_of(key: str) -> str | None:
        if sheet is None:
            return None
        address = f"https://docs.google.com/spreadsheets/d/{sheet}/edit"
        return f"{address}#gid={marks[key]}" if marks.get(key, "").isdecimal() else address

    return link_of


@dataclass(frozen=True, slots=True)
class Addressed:
    """An email with its one recipient, a plain address."""

    due: Due
    email: Email
    recipient: str


def message_of(run: Opened, addressed: Addressed) -> bytes:
    """The final bytes. A partner's reply reaches the person, any other whoever sends."""
    due, sender = addressed.due, run.config.email.sender_address
    host = sender.rpartition("@")[2]
    parts = (run.ledger.workbook, due.kind.name, due.period.label, due.person.name, addressed.recipient.lower())
    mark = blake2b("|".join(parts).encode("utf-8", "replace"), digest_size=16)
    replies_to = valid_address(due.person.email) if due.kind.to == "partner" else None
    return compose(
        addressed.email,
        sender=run.config.email.sender,
        recipient=addressed.recipient,
        recipient_name=due.reader,
        reply_to=replies_to or sender,
        unsubscribe=sender,
        message_id=f"<{mark.hexdigest()}@{host}>",
        date=run.now,
    )
