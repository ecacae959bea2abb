"""The outbox: each email once a kind, period, person and recipient, its final bytes kept, its way marked.

States: `queued` and `held` (not yet allowed) wait; `connecting` was surely not accepted; `committing` may have been;
`sent`, `failed` and `unknown` are ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from sheetsync.ledger import Ledger
from sheetsync.ledger.tables import outbox

_WAITING = ("queued", "held", "connecting", "committing")


@dataclass(frozen=True, slots=True)
class Letter:
    """One email to one recipient; `message` is what goes out, byte for byte. `id` is 0 before it is queued."""

    kind: str
    period: str
    person: str
    recipient: str
    subject: str
    message: bytes
    state: str = "queued"
    attempts: int = 0
    id: int = 0


class Outbox:
    """The emails of one workbook."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def known(self, kind: str, period: str, person: str, recipient: str) -> bool:
        """Whether this email was ever queued."""
        query = select(outbox.c.id).where(
            outbox.c.workbook == self._ledger.workbook,
            outbox.c.kind == kind,
            outbox.c.period == period,
            outbox.c.person == person,
            outbox.c.recipient == recipient,
        )
        with self._ledger.transaction() as connection:
            return connection.execute(query).first() is not None

    def enqueue(self, letters: Sequence[Letter], now: datetime) -> None:
        """Keep new emails; one that is there already raises."""
        rows = [
            {
                "workbook": self._ledger.workbook, "kind": letter.kind, "period": letter.period,
                "person": letter.person, "recipient": letter.recipient, "subject": letter.subject,
                "message": letter.message, "state": letter.state, "queued_at": now, "attempts": 0, "reply": "",
            }
            for letter in letters
        ]  # fmt: skip
        if rows:
            with self._ledger.transaction() as connection:
                connection.execute(insert(outbox), rows)

    def waiting(self) -> list[Letter]:
        """The emails that are not at an end, oldest first."""
        query = select(outbox).where(outbox.c.workbook == self._ledger.workbook, outbox.c.state.in_(_WAITING))
        with self._ledger.transaction() as connection:
            rows = connection.execute(query.order_by(outbox.c.id)).all()
        return [
            Letter(r.kind, r.period, r.person, r.recipient, r.subject, r.message, r.state, r.attempts, r.id)
            for r in rows
        ]

    def begin(self, letter: Letter) -> None:
        """Mark an attempt before the connection is made."""
        self._set(letter, state="connecting", attempts=letter.attempts + 1)

    def mark(self, letter: Letter, state: str, reply: str = "") -> None:
        """Mark how far an email has come, with the server's words."""
        self._set(letter, state=state, reply=reply[:500])

    def _set(self, letter: Letter, **values: object) -> None:
        with self._ledger.transaction() as connection:
            connection.execute(update(outbox).where(outbox.c.id == letter.id).values(**values))
