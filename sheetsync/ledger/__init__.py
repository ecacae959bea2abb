"""The ledger remembers what was seen: every logged row, for ever, and what was written, imported and mailed.

Append-only: a row that disappears from the workbook keeps its line with the run that missed it. Each method that
changes something is one transaction; a killed run leaves all of it or nothing.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import bindparam, delete, func, insert, select, update

from sheetsync.activities import Activity, fingerprint
from sheetsync.cells import Cell
from sheetsync.errors import Problem
from sheetsync.ledger.database import begun, look_over, open_engine, translated
from sheetsync.ledger.locks import Hold, taken
from sheetsync.ledger.packing import packed, parsed, unpacked
from sheetsync.ledger.tables import entries, imports, reported, runs, settled, typed_over, workbooks, written
from sheetsync.restated import Reported

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Connection

Grid = list[list[Cell]]
Mark = TypeVar("Mark", str, int)

# Stands before the marks of a log's rows; of earlier versions there are sixteen bytes without it.
_MARKS = b"rows"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of a workbook: where its tabs are, and the grids of its definition tabs, by key, as last read.

    `definitions` maps a tab's key to its title and grid; empty before the first sync. `version` is that of the
    template it was made from.
    """

    template: str
    year: int
    marks: Mapping[str, str]
    definitions: Mapping[str, tuple[str, Grid]]
    version: int = 1


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reading has that the ledger has not: positions of new rows, ids of entries that are gone.

    `digest` stands for all rows of the reading, whatever their order: it holds a mark for each.
    """

    added: Sequence[int]
    removed: Sequence[int]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sync read, to be recorded: the accepted rows, the counts, and the definition grids."""

    at: datetime
    as_of: date
    rows: int
    refused: int
    activities: Sequence[Activity]
    definitions: Mapping[str, tuple[str, Grid]]


class Ledger:
    """One workbook's part of the ledger database."""

    def __init__(self, url: str, workbook: str, *, reading: bool = False) -> None:
        """Open the database and bring it up to date. With `reading`, writers are not kept waiting."""
        self.workbook = workbook
        self._engine = open_engine(url, reading=reading)
        self._hold: Hold | None = None
        self._joined: Connection | None = None

    def hold(self) -> None:
        """Keep other runs out, wherever they are. Raises `Busy` when one is at work on the workbook.

        From now on a transaction raises `Busy` when a later run has taken over.
        """
        with translated(self._engine):
            self._hold = taken(self._engine, self.workbook)

    def of(self, workbook: str) -> "Ledger":
        """The part of another workbook in the same database."""
        other = copy(self)
        other.workbook = workbook
        return other

    @contextmanager
    def transaction(self) -> Iterator["Connection"]:
        """One transaction, with errors in our words; within `together` it is that one."""
        if self._joined is not None:
            yield self._joined
            return
        with translated(self._engine), begun(self._engine) as connection:
            if self._hold is not None:
                self._hold.check(connection)
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of all that is done to this ledger meanwhile."""
        with self.transaction() as connection:
            self._joined = connection
            try:
                yield
            finally:
                self._joined = None

    def look_over(self) -> None:
        """Read the whole database, which a run does only while that is quick. Raises `ConfigError` when damaged."""
        look_over(self._engine)

    def close(self) -> None:
        """Let go of the database."""
        if self._hold is not None:
            self._hold.release()
        self._engine.dispose()

    def remembered(self) -> Remembered | None:
        """What is known of the workbook, or None when it was never seen here."""
        with self.transaction() as connection:
            row = connection.execute(select(workbooks).where(self._own)).one_or_none()
        if row is None:
            return None
        known = unpacked(row.definitions) if row.definitions else {}
        definitions = {key: (title, grid) for key, (title, grid) in known.items()}
        return Remembered(row.template, row.year, parsed(row.marks), definitions, row.version)

    def remember(self, template: str, year: int, marks: Mapping[str, str], version: int = 1) -> None:
        """Keep where a workbook's tabs are."""
        values: dict[str, Any] = {"template": template, "year": year, "version": version}
        values["marks"] = json.dumps(dict(marks), sort_keys=True)
        with self.transaction() as connection:
            if connection.execute(update(workbooks).where(self._own).values(values)).rowcount == 0:
                connection.execute(insert(workbooks).values(workbook=self.workbook, **values))

    def begin(self, at: datetime, template: str, year: int, marks: Mapping[str, str], version: int = 1) -> None:
        """Start on a workbook that is about to be there, maybe in the place of one that is known. Twice is as once.

        What was imported into the old one and written to it says nothing of the new one, whose log is empty. Entries,
        runs and emails stay.
        """
        self.remember(template, year, marks, version)
        with self.transaction() as connection:
            for table in (imports, reported, written):
                connection.execute(delete(table).where(table.c.workbook == self.workbook))
            connection.execute(update(workbooks).where(self._own).values(definitions=None))
            if self._counts(connection) not in (None, (0, 0)):
                anew = {"at": at, "as_of": at.date(), "rows": 0, "refused": 0}
                connection.execute(insert(runs).values(workbook=self.workbook, **anew))

    def last_rows(self) -> int | None:
        """How many rows the log had at the last sync; None before the first."""
        with self.transaction() as connection:
            latest = select(runs.c.rows).where(runs.c.workbook == self.workbook).order_by(runs.c.id.desc()).limit(1)
            return connection.execute(latest).scalar()

    def compare(self, activities: Sequence[Activity]) -> Difference:
        """What recording these rows would add and remove."""
        import numpy as np

        marks = _marks(activities)
        digest = _MARKS + np.sort(marks).tobytes()
        with self.transaction() as connection:
            # Most syncs find the log as it was, or longer: that is seen without looking at every row.
            known = connection.execute(select(workbooks.c.log).where(self._own)).scalar()
            if known and len(known) != len(_MARKS) + marks.itemsize * self._present_count(connection):
                known = None  # an older file of the ledger, put back beside a newer write-ahead log, may mix the two
            if known == digest:
                return Difference((), (), digest)
            if known and len(known) % marks.itemsize == len(_MARKS):
                present = [(0, mark) for mark in np.frombuffer(known, marks.dtype, offset=len(_MARKS)).tolist()]
                added, removed = _difference(present, marks.tolist())
                if not removed:
                    return Difference(added, (), digest)
            present = self._present(connection)
        added, removed = _difference(present, map(fingerprint, activities))
        return Difference(added, removed, digest)

    def record(self, reading: Reading, difference: Difference, closed: Reported) -> None:
        """Record a sync, and what is reported of periods that have `closed` since the last one, in one transaction.

        A reading that equals the last one leaves no trace.
        """
        kept = packed({key: list(value) for key, value in reading.definitions.items()})
        values = {"definitions": kept, "log": difference.digest}
        with self.transaction() as connection:
            known = connection.execute(select(workbooks.c.definitions, workbooks.c.log).where(self._own)).one()
            if tuple(known) != (kept, difference.digest):
                connection.execute(update(workbooks).where(self._own).values(values))
            if difference.added or difference.removed or self._counts(connection) != (reading.rows, reading.refused):
                run = self._begin(connection, reading)
                self._append(connection, run, [reading.activities[i] for i in difference.added])
                if difference.removed:
                    gone = update(entries).where(entries.c.id == bindparam("gone")).values(removed_run=run)
                    connection.execute(gone, [{"gone": entry} for entry in difference.removed])
            if closed:
                common = {"workbook": self.workbook, "at": reading.at}
                lines = [
                    {**common, "cadence": cadence, "period": period, "actuals": packed(_listed(actuals))}
                    for (cadence, period), actuals in closed.items()
                ]
                for line in lines:
                    same = [reported.c[name] == line[name] for name in ("workbook", "cadence", "period")]
                    # A line that is there already is of a run whose clock was ahead of time.
                    if connection.execute(update(reported).where(*same).values(line)).rowcount == 0:
                        connection.execute(insert(reported), line)

    def reported(self, before: datetime | None = None) -> Reported:
        """What was reported of each period at the first sync after its end, `before` a moment if one is given."""
        with self.transaction() as connection:
            rows = connection.execute(select(reported).where(reported.c.workbook == self.workbook)).all()
        return {
            (row.cadence, row.period): {(who, kind, name): value for who, kind, name, value in unpacked(row.actuals)}
            for row in rows
            # SQLite forgets that moments are kept in UTC.
            if before is None or row.at.replace(tzinfo=row.at.tzinfo or UTC) < before
        }

    def state(self) -> tuple[bytes, bytes]:
        """A digest of all that a sync reads here, and one of the definitions, which it only keeps.

        The rows of the log are in the first by their marks.
        """
        read = blake2b()
        with self.transaction() as connection:
            read.update(repr((self._counts(connection), self._present_count(connection))).encode())
            for table in (workbooks, reported, typed_over, written):
                columns = [column for column in table.c if column is not workbooks.c.definitions]
                own = select(*columns).where(table.c.workbook == self.workbook).order_by(*table.primary_key)
                read.update(repr(connection.execute(own).all()).encode())
            kept = connection.execute(select(workbooks.c.definitions).where(self._own)).scalar()
        return read.digest(), blake2b(kept or b"").digest()

    def settled(self, seen: bytes) -> Any:
        """What the last sync that found nothing to do said, if all that it depended on was `seen`; else None."""
        query = select(settled.c.said).where(settled.c.workbook == self.workbook, settled.c.seen == seen)
        with self.transaction() as connection:
            said = connection.execute(query).scalar()
        return None if said is None else unpacked(said)

    def settle(self, seen: bytes, said: Any) -> None:
        """Keep what a sync that found nothing to do depended on, and what it said."""
        with self.transaction() as connection:
            connection.execute(delete(settled).where(settled.c.workbook == self.workbook))
            connection.execute(insert(settled).values(workbook=self.workbook, seen=seen, said=packed(said)))

    @property
    def _own(self) -> "ColumnElement[bool]":
        return workbooks.c.workbook == self.workbook

    def _present(self, connection: "Connection") -> list[tuple[int, str]]:
        present = select(entries.c.id, entries.c.fingerprint).where(
            entries.c.workbook == self.workbook, entries.c.removed_run.is_(None)
        )
        return [tuple(row) for row in connection.execute(present)]

    def _present_count(self, connection: "Connection") -> int:
        present = select(func.count()).where(entries.c.workbook == self.workbook, entries.c.removed_run.is_(None))
        return int(connection.execute(present).scalar_one())

    def _counts(self, connection: "Connection") -> tuple[int, int] | None:
        latest = select(runs.c.rows, runs.c.refused).where(runs.c.workbook == self.workbook)
        row = connection.execute(latest.order_by(runs.c.id.desc()).limit(1)).one_or_none()
        return (row.rows, row.refused) if row else None

    def _begin(self, connection: "Connection", reading: Reading) -> int:
        values = {"at": reading.at, "as_of": reading.as_of, "rows": reading.rows, "refused": reading.refused}
        result = connection.execute(insert(runs).values(workbook=self.workbook, **values))
        return int(result.inserted_primary_key[0])  # type: ignore[index]

    def _append(self, connection: "Connection", run: int, rows: Sequence[Activity]) -> None:
        if rows:
            common = {"workbook": self.workbook, "added_run": run}
            connection.execute(
                insert(entries), [{**common, "fingerprint": fingerprint(a), **a._asdict()} for a in rows]
            )

    def activities(self) -> list[Activity]:
        """The rows that the log held at the last sync, by day."""
        columns = [entries.c[name] for name in Activity._fields]
        query = select(*columns).where(entries.c.workbook == self.workbook, entries.c.removed_run.is_(None))
        with self.transaction() as connection:
            return [Activity._make(row) for row in connection.execute(query.order_by(entries.c.day, entries.c.id))]

    def written(self) -> dict[str, tuple[Grid, Grid]]:
        """What each tool tab may hold by our own hand: what was last written, and what was about to be."""
        with self.transaction() as connection:
            rows = connection.execute(select(written).where(written.c.workbook == self.workbook)).all()
        return {
            row.tab: (unpacked(row.grid) if row.grid else [], unpacked(row.intended) if row.intended else [])
            for row in rows
        }

    def intend(self, grids: Mapping[str, Grid], typed: Sequence[Problem], seen_on: date) -> None:
        """Before a write: what the tabs are about to hold, and what people typed there, which goes under."""
        with self.transaction() as connection:
            for tab, grid in grids.items():
                where = (written.c.workbook == self.workbook) & (written.c.tab == tab)
                values = {"intended": packed(grid)}
                if connection.execute(update(written).where(where).values(values)).rowcount == 0:
                    connection.execute(insert(written).values(workbook=self.workbook, tab=tab, **values))
            if typed:
                where = (typed_over.c.workbook == self.workbook) & (typed_over.c.seen_on == seen_on)
                columns = ("tab", "row", "column", "typed")
                # A run that was killed before it wrote has kept them already.
                kept = set(map(tuple, connection.execute(select(*(typed_over.c[c] for c in columns)).where(where))))
                news = [place for p in typed if (place := (p.tab, p.row, p.column, p.typed)) not in kept]
                common = {"workbook": self.workbook, "seen_on": seen_on}
                if news:
                    connection.execute(
                        insert(typed_over), [common | dict(zip(columns, place, strict=True)) for place in news]
                    )

    def confirm(self) -> None:
        """After a write: the tabs hold what was intended."""
        with self.transaction() as connection:
            where = (written.c.workbook == self.workbook) & written.c.intended.is_not(None)
            connection.execute(update(written).where(where).values(grid=written.c.intended, intended=None))

    def confirmed(self) -> set[str]:
        """The tool tabs that hold what was last written to them, for certain."""
        query = select(written.c.tab).where(written.c.workbook == self.workbook, written.c.intended.is_(None))
        with self.transaction() as connection:
            return set(connection.execute(query).scalars())

    def typed_over(self, since: date) -> list[tuple[date, Problem]]:
        """What people typed into tool tabs since a day, and when it was seen."""
        query = select(typed_over).where(typed_over.c.workbook == self.workbook, typed_over.c.seen_on >= since)
        with self.transaction() as connection:
            rows = connection.execute(query.order_by(typed_over.c.id)).all()
        return [(row.seen_on, Problem(row.tab, row.row, row.column, "", "", row.typed)) for row in rows]

    def imported(self, tab: str) -> set[str]:
        """The keys of the rows that were ever imported into a tab."""
        query = select(imports.c.key).where(imports.c.workbook == self.workbook, imports.c.tab == tab)
        with self.transaction() as connection:
            return set(connection.execute(query).scalars())

    def remember_imported(self, tab: str, keys: Collection[str]) -> None:
        """Keep the keys of imported rows."""
        rows = [{"workbook": self.workbook, "tab": tab, "key": key} for key in keys]
        if rows:
            with self.transaction() as connection:
                connection.execute(insert(imports), rows)


def _difference(present: Sequence[tuple[int, Mark]], wanted: Iterable[Mark]) -> tuple[list[int], list[int]]:
    """Multisets: the positions in `wanted` that are new, and the ids of `present` that are gone."""
    left = Counter(mark for _, mark in present)
    added = []
    for position, mark in enumerate(wanted):
        if left[mark] > 0:
            left[mark] -= 1
        else:
            added.append(position)
    removed = []
    for entry, mark in reversed(present):
        if left[mark] > 0:
            left[mark] -= 1
            removed.append(entry)
    return added, removed


def _marks(activities: Sequence[Activity]) -> "NDArray[np.uint64]":
    """Eight bytes a row: equal rows have equal ones."""
    import numpy as np
    import pandas as pd

    if not activities:
        return np.zeros(0, dtype=np.uint64)
    frame = pd.DataFrame.from_records(activities, columns=list(Activity._fields))
    frame = frame.astype({"amount": float, "quality": float})
    return np.asarray(pd.util.hash_pandas_object(frame, index=False), dtype=np.uint64)


def _listed(actuals: Mapping[tuple[str, str, str], float]) -> list[tuple[str, str, str, float]]:
    return [(*key, value) for key, value in actuals.items()]
