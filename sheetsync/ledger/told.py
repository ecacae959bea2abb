"""What people were told before: whether an email would be somebody's first, and what the keeper knows already."""

import json
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from sheetsync.ledger import Ledger
from sheetsync.ledger.outbox import same_address
from sheetsync.ledger.packing import parsed
from sheetsync.ledger.tables import outbox
from sheetsync.ledger.tables import told as table

_LOST = frozenset({"failed", "expired", "cancelled", "superseded"})


def introduced(ledger: Ledger, kind: str, person: str, recipient: str) -> bool:
    """Whether an email of this kind about this person was ever queued to this address."""
    own = (outbox.c.workbook == ledger.workbook) & (outbox.c.kind == kind) & (outbox.c.person == person)
    with ledger.transaction() as connection:
        return connection.execute(select(outbox.c.id).where(own, same_address(recipient))).first() is not None


def told(ledger: Ledger, kind: str) -> frozenset[str]:
    """The marks of what is known since the last email of this kind; nothing is when that one never arrived."""
    query = select(table.c.marks).where(table.c.workbook == ledger.workbook, table.c.kind == kind)
    own = (outbox.c.workbook == ledger.workbook) & (outbox.c.kind == kind)
    last = select(outbox.c.state).where(own).order_by(outbox.c.id.desc()).limit(1)
    with ledger.transaction() as connection:
        marks = connection.execute(query).scalar()
        lost = connection.execute(last).scalar() in _LOST
    return frozenset() if lost or not marks else frozenset(parsed(marks))


def remember_told(ledger: Ledger, kind: str, marks: Sequence[str]) -> None:
    """Keep what stands now instead of what stood before."""
    own = (table.c.workbook == ledger.workbook) & (table.c.kind == kind)
    with ledger.transaction() as connection:
        connection.execute(delete(table).where(own))
        connection.execute(insert(table).values(workbook=ledger.workbook, kind=kind, marks=json.dumps(list(marks))))
