"""The outbox: each email once a kind, period, person and recipient, its final bytes kept, its way marked.

Waiting: `queued`, `held` (not yet allowed), `connecting` (surely not accepted), `committing` (maybe accepted).
Ends: `sent`, `failed`, `unknown`, `expired`, `superseded` by a later period's, `cancelled`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from sheetsync.ledger import Ledger
from sheetsync.ledger.tables import approvals, mailing, outbox

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

WAITING = ("queued", "held", "connecting", "committing")
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_ELSEWHERE = "the workbook knows a later sync than this ledger: it may have been sent from there"


@dataclass(frozen=True, slots=True)
class Letter:
    """One email to one recipient; `message` is what goes out, byte for byte. `id` is 0 before it is queued.

    `attempts` counts the tries, `unclear` those after which nobody can know whether it was accepted. It is not tried
    before `not_before` nor after `expires_at`. `approved` says that a person let it go.
    """

    kind: str
    period: str
    person: str
    recipient: str
    subject: str
    message: bytes
    state: str = "queued"
    attempts: int = 0
    id: int = 0
    expires_at: datetime | None = None
    not_before: datetime | None = None
    unclear: int = 0
    approved: bool = False
    reply: str = ""
    queued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when nothing is sent, and why; `FOR_EVER` until a person says so."""

    until: datetime
    why: str


class Outbox:
    """The emails of one workbook."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def known(self, kind: str, period: str, person: str, recipient: str) -> Letter | None:
        """This email, if it was ever queued; an address in other capitals is the same one."""
        where = (outbox.c.kind == kind) & (outbox.c.period == period) & (outbox.c.person == person)
        return next(reversed(self._letters(where & same_address(recipient))), None)

    def latest(self, kind: str, person: str, *, after: int = 0) -> str:
        """The label of the latest period of which an email of this kind about this person was queued, or "".

        `after` leaves out those that were queued up to the email of that id.
        """
        where = (outbox.c.kind == kind) & (outbox.c.person == person) & (outbox.c.id > after)
        query = select(func.max(outbox.c.period)).where(self._own, where)
        with self._ledger.transaction() as connection:
            return connection.execute(query).scalar() or ""

    def last_queued(self) -> datetime | None:
        """When the latest email was queued, by the clock of then; None: none was."""
        with self._ledger.transaction() as connection:
            return _aware(connection.execute(select(func.max(outbox.c.queued_at)).where(self._own)).scalar())

    def enqueue(self, letters: Sequence[Letter], now: datetime) -> None:
        """Keep new emails; one that is there already raises."""
        rows = [
            {
                "workbook": self._ledger.workbook, "kind": letter.kind, "period": letter.period,
                "person": letter.person, "recipient": letter.recipient, "subject": letter.subject,
                "message": letter.message, "state": letter.state, "queued_at": now.astimezone(UTC),
                "attempts": 0, "reply": "",
                "expires_at": letter.expires_at and letter.expires_at.astimezone(UTC),
            }
            for letter in letters
        ]  # fmt: skip
        if rows:
            with self._ledger.transaction() as connection:
                connection.execute(insert(outbox), rows)

    def waiting(self) -> list[Letter]:
        """The emails that are not at an end, oldest first."""
        return self._letters(outbox.c.state.in_(WAITING))

    def letter(self, number: int) -> Letter | None:
        """The email of that id, whatever became of it."""
        return next(iter(self._letters(outbox.c.id == number)), None)

    def every(self, since: datetime | None = None) -> list[Letter]:
        """All emails, or those that wait or were queued since a moment, oldest first, without their bytes."""
        chosen = (
            outbox.c.state.in_(WAITING) | (outbox.c.queued_at >= since.astimezone(UTC)) if since else outbox.c.id > 0
        )
        return self._letters(chosen, bytes_wanted=False)

    def begin(self, letter: Letter, next_try: datetime) -> bool:
        """Mark an attempt before the connection is made, and when to try again should this process die.

        False when another process was faster: it has the email in hand.
        """
        as_seen = (outbox.c.state == letter.state) & (outbox.c.attempts == letter.attempts)
        values = {"state": "connecting", "attempts": letter.attempts + 1, "not_before": next_try.astimezone(UTC)}
        with self._ledger.transaction() as connection:
            query = update(outbox).where(outbox.c.id == letter.id, as_seen, outbox.c.unclear == letter.unclear)
            return connection.execute(query.values(values)).rowcount == 1

    def commit(self, letter: Letter) -> None:
        """Mark that its text is about to leave: from now on until the reply nobody can know what became of it."""
        self._set(letter, state="committing", unclear=letter.unclear + 1)

    def mark(self, letter: Letter, state: str, reply: str | None = None, **values: Any) -> None:
        """Mark how far an email has come, with the server's words if there are any."""
        if reply is not None:
            values["reply"] = reply[:500]
        self._set(letter, state=state, **values)

    def give_back(self, letter: Letter) -> None:
        """Undo `begin`: what happened was not about this email, so it costs no attempt and no wait."""
        self._set(
            letter, state="queued", attempts=letter.attempts, not_before=letter.not_before, unclear=letter.unclear
        )

    def sent_to(self, kind: str) -> dict[str, int]:
        """How many recipients each period's emails of a kind went to."""
        recipients = func.count(func.distinct(outbox.c.recipient))
        query = select(outbox.c.period, recipients).where(self._own, outbox.c.kind == kind, outbox.c.state == "sent")
        with self._ledger.transaction() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(outbox.c.period))}

    def refused(self, recipient: str, most: int) -> bool:
        """Whether the last `most` emails to an address that came to an end were all refused."""
        ends = ("sent", "failed", "unknown")
        query = select(outbox.c.state).where(self._own, same_address(recipient), outbox.c.state.in_(ends))
        with self._ledger.transaction() as connection:
            last = connection.execute(query.order_by(outbox.c.id.desc()).limit(most)).scalars().all()
        return len(last) == most and set(last) == {"failed"}

    # ---- what a person decides ----------------------------------------------------------------------------------

    def approved(self) -> set[str]:
        """The addresses that a person approved, in lower case."""
        query = select(approvals.c.address).where(approvals.c.workbook == self._ledger.workbook)
        with self._ledger.transaction() as connection:
            return set(connection.execute(query).scalars())

    def approve(self, address: str, now: datetime) -> int:
        """Allow an address from now on, and let go what is held for it; answers how many emails that are."""
        line = {"workbook": self._ledger.workbook, "address": address.lower()}
        with self._ledger.transaction() as connection:
            known = (approvals.c.workbook == line["workbook"]) & (approvals.c.address == line["address"])
            connection.execute(delete(approvals).where(known))
            connection.execute(insert(approvals).values(**line, at=now.astimezone(UTC)))
            held = update(outbox).where(self._own, same_address(address), outbox.c.state == "held")
            return connection.execute(held.values(state="queued", approved=True, reply="approved")).rowcount

    def pause(self) -> Pause | None:
        """The pause that was set last; it may be over."""
        row = self._mailing()
        until = _aware(row.paused_until) if row else None
        return Pause(until, row.paused_why) if row and until else None

    def set_pause(self, pause: Pause | None) -> None:
        """Send nothing until then; None: go on."""
        self._set_mailing(paused_until=pause and pause.until.astimezone(UTC), paused_why=pause.why if pause else "")

    # ---- ledgers that are lost, and come back -------------------------------------------------------------------

    def history_until(self) -> datetime | None:
        """What was due up to then is another ledger's business; None: nothing is."""
        row = self._mailing()
        return _aware(row.history_until) if row else None

    def start_over(self, now: datetime) -> None:
        """Another ledger has served this workbook: what was due up to now, or waits here, it may have mailed."""
        self._set_mailing(history_until=now.astimezone(UTC))
        with self._ledger.transaction() as connection:
            waits = update(outbox).where(self._own, outbox.c.state.in_(WAITING))
            connection.execute(waits.values(state="unknown", reply=_ELSEWHERE))

    @property
    def _own(self) -> "ColumnElement[bool]":
        return outbox.c.workbook == self._ledger.workbook

    def _letters(self, chosen: "ColumnElement[bool]", *, bytes_wanted: bool = True) -> list[Letter]:
        columns = [
            c for c in outbox.c if c.name not in ("workbook", "message") or (bytes_wanted and c.name == "message")
        ]
        with self._ledger.transaction() as connection:
            rows = (
                connection.execute(select(*columns).where(self._own, chosen).order_by(outbox.c.id)).mappings().all()
            )
        moments = ("expires_at", "not_before", "queued_at")
        return [Letter(**{"message": b"", **row, **{name: _aware(row[name]) for name in moments}}) for row in rows]

    def _mailing(self) -> Any:
        with self._ledger.transaction() as connection:
            query = select(mailing).where(mailing.c.workbook == self._ledger.workbook)
            return connection.execute(query).one_or_none()

    def _set_mailing(self, **values: object) -> None:
        with self._ledger.transaction() as connection:
            own = mailing.c.workbook == self._ledger.workbook
            if connection.execute(update(mailing).where(own).values(**values)).rowcount == 0:
                connection.execute(insert(mailing).values(workbook=self._ledger.workbook, **values))

    def _set(self, letter: Letter, **values: object) -> None:
        with self._ledger.transaction() as connection:
            connection.execute(update(outbox).where(outbox.c.id == letter.id).values(**values))


def same_address(recipient: str) -> "ColumnElement[bool]":
    """Emails to this mailbox: no server that is in use tells capitals apart."""
    return func.lower(outbox.c.recipient) == recipient.lower()


def _aware(moment: datetime | None) -> datetime | None:
    """SQLite forgets that moments are kept in UTC."""
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
