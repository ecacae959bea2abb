"""Reading back what the ledger has ever seen: each row with the runs that found and missed it, and the runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select

from sheetsync.activities import Activity
from sheetsync.history import Entry
from sheetsync.ledger import Ledger
from sheetsync.ledger.tables import entries, runs


@dataclass(frozen=True, slots=True)
class Run:
    """A sync that found something new: when, and how many rows the log had, `refused` ones among them."""

    at: datetime
    as_of: date
    rows: int
    refused: int


def ever_seen(ledger: Ledger) -> list[Entry]:
    """Every row that the workbook's log ever had, in the order of its entries."""
    columns = [entries.c[name] for name in Activity._fields]
    kept = (entries.c.id, entries.c.fingerprint, entries.c.added_run, entries.c.removed_run)
    query = select(*kept, *columns).where(entries.c.workbook == ledger.workbook).order_by(entries.c.id)
    with ledger.transaction() as connection:
        return [
            Entry(number, mark, Activity._make(row), added, removed)
            for number, mark, added, removed, *row in connection.execute(query)
        ]


def all_runs(ledger: Ledger) -> Mapping[int, Run]:
    """The runs of the workbook that found something new, by number."""
    query = select(runs).where(runs.c.workbook == ledger.workbook).order_by(runs.c.id)
    with ledger.transaction() as connection:
        # SQLite forgets that moments are kept in UTC.
        return {
            row.id: Run(row.at.replace(tzinfo=row.at.tzinfo or UTC), row.as_of, row.rows, row.refused)
            for row in connection.execute(query)
        }
