"""Removing a person from the ledger for good: the one place where what was seen, reported or mailed is deleted.

What is deleted is written over, and the file made anew, so that the bytes are gone as well. Of the definitions, which
the next sync reads again, the rows that name the person are left blank.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from sheetsync.cells import Cell, fold, text_of
from sheetsync.errors import Busy
from sheetsync.kinds import KINDS
from sheetsync.ledger import Grid, Ledger
from sheetsync.ledger.database import translated
from sheetsync.ledger.packing import packed, unpacked
from sheetsync.ledger.tables import (
    approvals,
    entries,
    metadata,
    outbox,
    reported,
    settled,
    typed_over,
    workbooks,
    written,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_AT_ONCE = 500  # ids, fewer than the parameters that a database takes


@dataclass(frozen=True, slots=True)
class Traces:
    """What the ledger has of a person: how many of each, and what it has that is another's (`mentions`, `mails`).

    `mentions` counts others' rows that name the person in contact or notes, `mails` the emails to others that do.
    """

    rows: int
    emails: int
    approvals: int
    periods: int
    typed: int
    definitions: int
    mentions: int
    mails: int

    @property
    def own(self) -> int:
        """How many of all these are the person's own, to be removed."""
        return self.rows + self.emails + self.approvals + self.periods + self.typed + self.definitions


def names_in(ledger: Ledger) -> list[str]:
    """Everybody who logged something, or whom an email is about."""
    with ledger.transaction() as connection:
        logged = connection.execute(select(entries.c.who).where(entries.c.workbook == ledger.workbook).distinct())
        mailed = connection.execute(select(outbox.c.person).where(outbox.c.workbook == ledger.workbook).distinct())
        return [name for (name,) in (*logged, *mailed) if name]


def addresses_of(ledger: Ledger, name: str) -> set[str]:
    """The addresses, in lower case, to which emails went that are for the person alone."""
    personal = [kind.name for kind in KINDS.values() if kind.to == "person"]
    query = select(outbox.c.person, outbox.c.recipient).where(
        outbox.c.workbook == ledger.workbook, outbox.c.kind.in_(personal)
    )
    with ledger.transaction() as connection:
        return {row.recipient.lower() for row in connection.execute(query) if fold(row.person) == fold(name)}


def forget(ledger: Ledger, name: str, addresses: Collection[str], *, dry_run: bool = False) -> Traces:
    """Remove a person, and emails to these addresses (in lower case), in one transaction; answers what there was.

    Raises `Busy` when another program reads the ledger, so that its log keeps what was removed.
    """
    with ledger.transaction() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
        traces = _Removal(connection, ledger.workbook, name, addresses, dry_run=dry_run).everything()
    if not dry_run:
        _make_anew(ledger)
    return traces


class _Removal:
    """One removal in its transaction."""

    def __init__(
        self, connection: "Connection", workbook: str, name: str, addresses: Collection[str], *, dry_run: bool
    ) -> None:
        self._connection, self._workbook, self._dry_run = connection, workbook, dry_run
        self._name, self._addresses = fold(name), addresses
        words = "|".join(re.escape(word) for word in (self._name, *addresses))
        self._named = re.compile(rf"(?<!\w)(?:{words})(?!\w)")

    def everything(self) -> Traces:
        """Remove it all; answers how much that is."""
        rows, mentions = self._entries()
        emails, mails = self._outbox()
        traces = Traces(
            rows=rows, emails=emails, approvals=self._approvals(), periods=self._reported(), typed=self._typed_over(),
            definitions=self._definitions(), mentions=mentions, mails=mails,
        )  # fmt: skip
        self._forget_grids()
        return traces

    def _entries(self) -> tuple[int, int]:
        query = select(entries.c.id, entries.c.who, entries.c.contact, entries.c.notes)
        theirs, mentions = [], 0
        for row in self._rows(query, entries):
            if fold(row.who) == self._name:
                theirs.append(row.id)
            elif self._names(row.contact) or self._names(row.notes):
                mentions += 1
        self._delete(entries, theirs)
        return len(theirs), mentions

    def _outbox(self) -> tuple[int, int]:
        theirs, mails = [], 0
        for row in self._rows(select(outbox.c.id, outbox.c.person, outbox.c.recipient, outbox.c.message), outbox):
            if fold(row.person) == self._name or row.recipient.lower() in self._addresses:
                theirs.append(row.id)
            elif self._names(_text(row.message)):
                mails += 1
        self._delete(outbox, theirs)
        return len(theirs), mails

    def _approvals(self) -> int:
        theirs = (approvals.c.workbook == self._workbook) & approvals.c.address.in_(list(self._addresses))
        found = len(self._connection.execute(select(approvals.c.address).where(theirs)).all())
        self._do(delete(approvals).where(theirs))
        return found

    def _reported(self) -> int:
        periods = 0
        for row in self._rows(select(reported), reported):
            actuals = unpacked(row.actuals)
            others = [line for line in actuals if fold(line[0]) != self._name]
            if others != actuals:
                periods += 1
                own = (reported.c.workbook == self._workbook) & (reported.c.cadence == row.cadence)
                self._do(update(reported).where(own, reported.c.period == row.period).values(actuals=packed(others)))
        return periods

    def _typed_over(self) -> int:
        theirs = [row.id for row in self._rows(select(typed_over), typed_over) if self._names(row.typed)]
        self._delete(typed_over, theirs)
        return len(theirs)

    def _definitions(self) -> int:
        own = workbooks.c.workbook == self._workbook
        kept = self._connection.execute(select(workbooks.c.definitions).where(own)).scalar()
        before = unpacked(kept) if kept else {}
        after = {key: [title, [self._without(row) for row in grid]] for key, (title, grid) in before.items()}
        # The rows that are present have changed: the next sync compares them one by one.
        self._do(update(workbooks).where(own).values(log=None, definitions=packed(after) if kept else None))
        return sum(
            old != new
            for key, (_, grid) in before.items()
            for old, new in zip(grid, after[key][1], strict=True)
        )  # fmt: skip

    def _without(self, row: Sequence[Cell]) -> Sequence[Cell]:
        return [] if any(isinstance(cell, str) and self._is_theirs(cell) for cell in row) else row

    def _is_theirs(self, cell: str) -> bool:
        return fold(text_of(cell)) in {self._name, *self._addresses}

    def _forget_grids(self) -> None:
        """What was written to tool tabs, where it names the person; and what the last sync said."""
        for row in self._rows(select(written), written):
            grids: list[Grid] = [unpacked(each) for each in (row.grid, row.intended) if each]
            if any(self._names(cell) for grid in grids for line in grid for cell in line if isinstance(cell, str)):
                own = (written.c.workbook == self._workbook) & (written.c.tab == row.tab)
                self._do(delete(written).where(own))
        self._do(delete(settled).where(settled.c.workbook == self._workbook))

    def _names(self, text: str) -> bool:
        return self._named.search(fold(text)) is not None

    def _rows(self, query: Any, table: Any) -> Sequence[Any]:
        return self._connection.execute(query.where(table.c.workbook == self._workbook)).all()

    def _delete(self, table: Any, numbers: Sequence[int]) -> None:
        for start in range(0, len(numbers), _AT_ONCE):
            self._do(delete(table).where(table.c.id.in_(numbers[start : start + _AT_ONCE])))

    def _do(self, statement: Any) -> None:
        if not self._dry_run:
            self._connection.execute(statement)


def _text(message: bytes) -> str:
    """What an email says, headers and all."""
    parsed = message_from_bytes(message, policy=policy.default)
    headers = [str(parsed[name] or "") for name in ("Subject", "To")]
    parts = [part.get_content() for part in parsed.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*headers, *map(str, parts)])


def _make_anew(ledger: Ledger) -> None:
    """Have the database written anew without what was deleted. Raises `Busy` when another program is in the way."""
    with ledger.transaction() as connection:
        engine = connection.engine
    try:
        with translated(engine):
            _vacuum(engine)
    except Busy:
        raise Busy(
            "removed, but another program uses the ledger, so its files keep what was there; run it again"
        ) from None


def _vacuum(engine: "Engine") -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("VACUUM")
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
            if busy:
                raise Busy("the log could not be cleared")
        else:
            for table in metadata.sorted_tables:
                connection.exec_driver_sql(f'VACUUM FULL "{table.name}"')
