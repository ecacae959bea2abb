"""SQLite as the ledger needs it: a commit is on the disk, a transaction is explicit, nobody else reads the file.

Write-ahead log (not on network file systems, which cannot share its memory), every commit synced, and transactions
that take the right to write when they begin: so what was read in one still holds when it writes, and a migration that
is killed has changed nothing.
"""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sheetsync.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

PATIENCE = 20.0  # seconds that a transaction waits for another process's; `?timeout=` in the URL says otherwise
_PRIVATE = 0o600
_SMALL = 32 << 20  # bytes; more is looked over by doctor and backup, lest every run grows with the years
_MOUNTS = Path("/proc/self/mounts")
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "fuse.sshfs", "fuse.gluster", "glusterfs", "lustre")
_ESCAPES = str.maketrans({"%": "%25", "?": "%3f", "#": "%23"})


def file_of(url: "URL") -> Path | None:
    """The database's file; None for one in memory, and for other kinds of database."""
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name == ":memory:" or name.startswith("file:"):
        return None
    return Path(name)


def options(url: "URL", *, reading: bool) -> dict[str, Any]:
    """How an engine connects. Whoever may only read gets a connection that needs no right to write."""
    if reading and (path := file_of(url)) and path.is_file() and not may_be_written(path):
        # Without a log beside it the file is all there is; reading a log needs its shared memory.
        how = "mode=ro" if _log_of(path).exists() else "immutable=1"
        place = f"file:{str(path.absolute()).translate(_ESCAPES)}?{how}"
        return {"creator": lambda: sqlite3.connect(place, uri=True, check_same_thread=False, timeout=PATIENCE)}
    return {} if "timeout" in url.query else {"connect_args": {"timeout": PATIENCE}}


def may_be_written(path: Path) -> bool:
    """Whether this user may change the file, which takes its folder too."""
    return os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK | os.X_OK)


def prepare(engine: "Engine", *, reading: bool) -> None:
    """Have the engine's connections set up so, and its transactions begun so."""
    from sqlalchemy import event

    def begin(connection: "Connection") -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            only_reads = reading and not options.get("writing")
            connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", begin)


def _set_up(connection: Any, _record: Any) -> None:
    # The driver's own transactions begin late and let go of a migration half-way.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=FULL")


def make_private(path: Path) -> None:
    """Make the file if there is none, for this user alone, whatever the umask. Its log takes its mode from it."""
    with suppress(OSError):  # whatever is wrong there, SQLite says it
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE)
        try:
            _for_the_owner_only(descriptor)
        finally:
            os.close(descriptor)


def _for_the_owner_only(descriptor: int) -> None:
    if hasattr(os, "fchmod"):  # Windows has other rights, and got the call late
        os.fchmod(descriptor, _PRIVATE)


def use_write_ahead_log(engine: "Engine", path: Path) -> None:
    """Switch a ledger to the write-ahead log, for ever, unless its file system cannot share memory."""
    from sqlalchemy.exc import OperationalError

    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal" or on_network(path):
            return
        with suppress(OperationalError):  # somebody reads it at this moment: the next run switches
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def on_network(path: Path, mounts: Path = _MOUNTS) -> bool:
    """Whether a file lies on another machine's disk, as far as the list of mounts tells."""
    place, longest, network = f"{os.path.realpath(path)}/", 0, False
    with suppress(OSError):
        for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
            _, where, kind, *_ = f"{line}   ".split(" ")
            where = where.replace("\\040", " ").rstrip("/") + "/"
            if place.startswith(where) and len(where) >= longest:
                longest, network = len(where), kind.startswith(_NETWORK)
    return network


def is_soon_looked_over(path: Path) -> bool:
    """Whether looking at every page costs a run next to nothing: a tenth of a second at most, once it was read."""
    return path.stat().st_size <= _SMALL


def refuse_damage(connection: "Connection", place: str) -> None:
    """Raise `ConfigError` when pages of the file contradict each other; reads all of it."""
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        what = str(found).strip().splitlines()[-1]
        raise ConfigError(unread(place, what) if "unable to get the page" in what else damaged(place, what))


def unread(place: str, what: str) -> str:
    """What is said of a ledger that a disk does not give, and what to do."""
    return (
        f"ledger {place}: {what}; see to the disk (is it full, or failing?) and run again: what was recorded "
        "before is still there"
    )


def damaged(place: str, what: str) -> str:
    """What is said of a damaged ledger, and what to do; `place` is "" where nobody knows which one it is."""
    which = f"ledger {place}" if place else "the ledger"
    return (
        f"{which} is damaged ({what}); put a backup in its place, or move it away: the next sync begins a new one "
        "from the workbook and mails nothing again"
    )


def keep_copy(path: Path, before: str) -> None:
    """Copy a ledger beside itself before it is migrated; its writers are kept out meanwhile.

    Raises `ConfigError` when there is no room.
    """
    target = path.with_name(f"{path.name}.before-{before}")
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        with suppress(FileNotFoundError):
            temporary.unlink()  # of a run that was killed here
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE)
        try:
            _for_the_owner_only(descriptor)
            _copy(path, temporary)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(target)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        with suppress(OSError):
            temporary.unlink()
        raise ConfigError(
            f"{target}: the ledger cannot be copied before it is brought up to date: {reason}"
        ) from None


def _copy(path: Path, target: Path) -> None:
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as old, closing(sqlite3.connect(target)) as new:
        # What goes wrong here leaves a copy that nobody will use, and no journal beside it.
        new.execute("PRAGMA journal_mode=OFF")
        new.execute("PRAGMA synchronous=OFF")
        old.backup(new)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
