"""A whole ledger as it is at one moment, while others write: into a new file, or into an empty database.

SQLite is copied page by page under a read transaction, PostgreSQL row by row in one repeatable-read transaction; both
are looked over before anybody relies on them: the copy is whole and has as many rows as there were.
"""

import errno
import os
import re
import secrets
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text

from sheetsync.errors import Busy, ConfigError
from sheetsync.ledger import Ledger
from sheetsync.ledger.database import translated
from sheetsync.ledger.sqlite import PATIENCE, file_of
from sheetsync.ledger.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping

_AT_ONCE = 5_000  # rows
_TABLES = metadata.sorted_tables
_BESIDE = ("", "-journal", "-wal", "-shm")  # what SQLite may lay beside a file
_TEMPORARY = re.compile(rf"\.(.+)\.[0-9a-f]{{16}}\.tmp(?:{'|'.join(_BESIDE)})")
# What file systems answer that cannot have a folder's names kept.
_CANNOT_SYNC_FOLDERS = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM)


def copy_to_file(ledger: Ledger, path: Path, *, replace: bool = False) -> Mapping[str, int]:
    """Copy the ledger's database into a new file; answers how many rows each table has.

    Raises `ConfigError` when the file is there already, unless it may be replaced, or cannot be written.
    """
    counts: dict[str, int] = {}

    def write(temporary: Path) -> None:
        source = file_of(_engine(ledger).url)
        counts.update(
            _copied_pages(source, temporary) if source else copy_to_database(ledger, f"sqlite:///{temporary}")
        )
        _look_over(temporary, counts)

    put_in_place(path, write, replace=replace)
    return counts


def copy_to_database(ledger: Ledger, url: str) -> Mapping[str, int]:
    """Copy the ledger's database into an empty one, all or nothing; answers how many rows each table has.

    Raises `ConfigError` when it is not empty.
    """
    target = Ledger(url, ledger.workbook)
    try:
        with _reading(_engine(ledger)) as source, target.transaction() as copy:
            for table in _TABLES:
                if copy.execute(select(table).limit(1)).first() is not None:
                    raise ConfigError("the database is not empty; name one that holds no ledger yet")
            counts = {table.name: _copied_rows(source, copy, table) for table in _TABLES}
            if copy.dialect.name == "postgresql":
                _number_on(copy)
            found = {table.name: copy.scalar(select(func.count()).select_from(table)) or 0 for table in _TABLES}
            _same(counts, found)
        if file_of(_engine(target).url):
            # One file that is complete by itself.
            with (
                translated(_engine(target)),
                _engine(target).connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
            ):
                connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
    return counts


def put_in_place(path: Path, write: Callable[[Path], None], *, replace: bool) -> None:
    """Have a new file written beside `path`, for this user alone, and give it its name in one step.

    Raises `ConfigError` when the file is there already, unless it may be replaced, or cannot be written.
    """
    taken = ConfigError(f"{path} is there already; name another file, or say --force")
    if path.exists() and not replace:
        raise taken
    temporary = path.with_name(f".{path.name[:80]}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        write(temporary)
        _sync(temporary)
        if replace:
            temporary.replace(path)
        else:
            _name(temporary, path, taken)
        _sync_folder(path.parent)
    except (OSError, sqlite3.Error) as error:
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Busy("another program keeps the ledger locked; run again when that is done") from None
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"{path}: no backup could be written there: {reason}") from None
    finally:
        for ending in _BESIDE:
            with suppress(OSError):
                temporary.with_name(temporary.name + ending).unlink()


def clear_leftovers(folder: Path, ours: re.Pattern[str], before: float) -> None:
    """Remove what killed runs left half-written in a folder, of files with our names, untouched since `before`."""
    with suppress(OSError):  # no such folder yet
        for found in folder.iterdir():
            named = _TEMPORARY.fullmatch(found.name)
            if named and ours.fullmatch(named[1]):
                with suppress(OSError):
                    status = found.lstat()
                    if stat.S_ISREG(status.st_mode) and status.st_mtime < before:
                        found.unlink()


def _name(temporary: Path, path: Path, taken: ConfigError) -> None:
    """Give a new file its name; of two that want the same one only the first gets it."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise taken from None
    except OSError:  # a file system without hard links
        if path.exists():
            raise taken from None
        temporary.replace(path)


def _engine(ledger: Ledger) -> "Engine":
    with ledger.transaction() as connection:
        return connection.engine


@contextmanager
def _reading(engine: "Engine") -> "Iterator[Connection]":
    """A transaction that sees the database as it is at one moment."""
    level = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with translated(engine), engine.connect().execution_options(**level) as connection, connection.begin():
        yield connection


def _copied_pages(source: Path, target: Path) -> Mapping[str, int]:
    with (
        closing(sqlite3.connect(source, timeout=PATIENCE, isolation_level=None)) as old,
        closing(sqlite3.connect(target, isolation_level=None)) as new,
    ):
        old.execute("BEGIN")
        counts = _counts(old)
        old.backup(new)
        old.execute("COMMIT")
        # One file that is complete by itself.
        new.execute("PRAGMA journal_mode=DELETE")
    return counts


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    return {t.name: connection.execute(f'SELECT count(*) FROM "{t.name}"').fetchone()[0] for t in _TABLES}  # noqa: S608


def _look_over(path: Path, counts: Mapping[str, int]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        damage = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if damage != "ok" or connection.execute("PRAGMA foreign_key_check").fetchone():
            raise ConfigError(f"the copy of the ledger is damaged ({damage}); is the ledger? Look at it with doctor")
        _same(counts, _counts(connection))


def _same(counts: Mapping[str, int], found: Mapping[str, int]) -> None:
    if counts != found:
        raise ConfigError("the copy has not as many rows as the ledger; nothing was kept, run it again")


def _copied_rows(source: "Connection", copy: "Connection", table: Any) -> int:
    count = 0
    for part in _parts(source, table):
        copy.execute(insert(table), [{name: _in_utc(value) for name, value in row.items()} for row in part])
        count += len(part)
    return count


def _parts(source: "Connection", table: Any) -> "Iterator[Sequence[RowMapping]]":
    """A table's rows in parts; what goes wrong here is the source's, not the copy's."""
    with translated(source.engine):
        rows = source.execution_options(yield_per=_AT_ONCE).execute(select(table)).mappings()
        yield from rows.partitions(_AT_ONCE)


def _in_utc(value: Any) -> Any:
    """SQLite forgets that moments are kept in UTC, PostgreSQL answers in the zone of its session."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return value


def _number_on(copy: "Connection") -> None:
    """Have the next line that PostgreSQL numbers come after the copied ones."""
    for table in _TABLES:
        numbered = table.autoincrement_column
        if numbered is not None:
            last = copy.scalar(select(func.max(numbered)))
            place = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
            if last is not None:
                copy.execute(place, {"table": table.name, "column": numbered.name, "last": last})


def _sync_folder(folder: Path) -> None:
    """Have the disk keep a new name, where the file system can; elsewhere it comes without a promise."""
    if os.name == "posix":
        try:
            _sync(folder)
        except OSError as error:
            if error.errno not in _CANNOT_SYNC_FOLDERS:
                raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
