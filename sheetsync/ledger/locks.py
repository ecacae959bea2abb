"""One run a workbook at a time: a lock file that the kernel holds, and on PostgreSQL a lock and a fence besides.

A kernel's lock dies with its process, so none is ever stale. A server's lock may be lost with its connection while
the run goes on: the fence, a number that grows with each run, lets the later one win.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from sheetsync.errors import Busy, ConfigError
from sheetsync.ledger.server import bounded
from sheetsync.ledger.tables import fences

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_PRIVATE = 0o600
_WAIT = "1s"  # a session that was killed a moment ago may take that long to be gone
_SOON = 30.0  # seconds, by which a server has answered that there is a lock, or is no more
_NOT_NOW = "55P03"


@contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file, which stays when it is let go: `Busy` at once when another process has it.

    `what` is what the lock guards, for the message. Raises `ConfigError` when no lock can be made there.
    """
    from filelock import FileLock, Timeout

    if not path.parent.is_dir():  # which would be made
        raise ConfigError(f"the folder {path.parent} does not exist; make it or choose another one")
    lock = FileLock(path, mode=_PRIVATE, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(f"another run is at work on {what}; try again when it is done") from None
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: cannot be opened as a lock file ({reason}); may you write there?") from None
    try:
        yield
    finally:
        with suppress(OSError):  # the end of the process lets go of it as well
            lock.release()


@dataclass(frozen=True, slots=True)
class Hold:
    """A run's hold on a workbook in a database that others reach over the network."""

    workbook: str
    fence: int
    session: "Connection"

    def check(self, connection: "Connection") -> None:
        """Raise `Busy` when a later run has taken over; else none can until this transaction is over."""
        ours = select(fences.c.fence).where(fences.c.workbook == self.workbook).with_for_update(read=True)
        if connection.execute(ours).scalar() != self.fence:
            raise Busy(f"another run took over {self.workbook} meanwhile; nothing more was written, run again")

    def release(self) -> None:
        """Let the next run in, whatever has become of the session."""
        from sqlalchemy.exc import DBAPIError

        with suppress(DBAPIError), bounded(self.session, _SOON):
            self.session.execute(select(func.pg_advisory_unlock(_number(self.workbook))))
        self.session.close()


def taken(engine: "Engine", workbook: str) -> Hold | None:
    """The hold of this run on a workbook; None on SQLite, where the lock file does it.

    Raises `Busy` when another run has it.
    """
    if engine.dialect.name != "postgresql":
        return None  # and its dialect, which takes 30 ms to load, is not
    from sqlalchemy.dialects.postgresql import insert
    from sqlalchemy.exc import DBAPIError

    session = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    mine = insert(fences).values(workbook=workbook, fence=1)
    mine = mine.on_conflict_do_update(index_elements=[fences.c.workbook], set_={"fence": fences.c.fence + 1})
    try:
        with bounded(session, _SOON):
            session.execute(text(f"SET lock_timeout = '{_WAIT}'"))
            session.execute(select(func.pg_advisory_lock(_number(workbook))))
            return Hold(workbook, session.execute(mine.returning(fences.c.fence)).scalar_one(), session)
    except BaseException as error:
        session.invalidate()  # and so is what it may have locked
        session.close()
        if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == _NOT_NOW:
            raise Busy(f"another run is at work on {workbook}, maybe elsewhere; try again when it is done") from None
        raise


def keep_out_others(connection: "Connection", what: str) -> None:
    """Until the transaction ends, let no other one do the same thing in this PostgreSQL database."""
    connection.execute(select(func.pg_advisory_xact_lock(_number(what))))


def _number(name: str) -> int:
    digest = blake2b(f"sheetsync {name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
