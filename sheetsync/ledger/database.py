"""Opening the ledger's database: SQLite beside the configuration, or PostgreSQL; migrated before first use."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sheetsync.errors import Busy, ConfigError, SheetsyncError, Unavailable
from sheetsync.ledger import server, sqlite

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.exc import DBAPIError

HEAD = "0007"


def open_engine(url: str, *, reading: bool = False) -> "Engine":
    """An engine for the URL, its tables up to date. With `reading`, transactions leave room for writers.

    Raises `ConfigError` when the URL is wrong, the folder is missing or the file is damaged or no ledger,
    `Unavailable` when the server does not answer, and `Busy` when another program keeps the file locked.
    """
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        parsed = make_url(url)
        engine = create_engine(parsed, **_options(parsed, reading=reading))
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        hint = "use sqlite:///sheetsync.db or postgresql+psycopg://..."
        if isinstance(error, ImportError) and error.name == "psycopg":
            hint = 'PostgreSQL needs another library: pip install "sheetsync[postgres]"'
        raise ConfigError(f"ledger: {error}; {hint}") from None
    try:
        with translated(engine):
            _prepare(engine, reading=reading)
    except BaseException:
        engine.dispose()
        raise
    return engine


def ledger_file(url: str) -> Path | None:
    """The file that holds a ledger; None for one on a server, in memory, or nowhere."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return sqlite.file_of(make_url(url))
    except (ArgumentError, ValueError):
        return None  # opening it says what is wrong


def _options(url: "URL", *, reading: bool) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return sqlite.options(url, reading=reading)
    if url.get_backend_name() == "postgresql" and url.get_driver_name() in {"psycopg", "psycopg2"}:
        return server.options(url)
    return {}


def _prepare(engine: "Engine", *, reading: bool) -> None:
    path = sqlite.file_of(engine.url)
    if engine.dialect.name == "sqlite":
        sqlite.prepare(engine, reading=reading)
    if path:
        sqlite.make_private(path)
    with begun(engine) as connection:
        if path and not reading and sqlite.is_soon_looked_over(path):
            sqlite.refuse_damage(connection, shown(engine))
        ready = _version(connection) == HEAD
    if not ready:
        if path and not sqlite.may_be_written(path):
            raise ConfigError(_closed(engine))
        with begun(engine, writing=True) as connection:
            _migrate(connection, path)
    if path and sqlite.may_be_written(path):
        sqlite.use_write_ahead_log(engine, path)


@contextmanager
def begun(engine: "Engine", **options: Any) -> Iterator["Connection"]:
    """One transaction, with these options of SQLAlchemy's; a server has its time for it."""
    with engine.connect().execution_options(**options) as connection, server.bounded(connection), connection.begin():
        yield connection


def look_over(engine: "Engine") -> None:
    """Read a whole ledger file. Raises `ConfigError` when it is damaged; a server looks after its own."""
    if sqlite.file_of(engine.url):
        with translated(engine), begun(engine) as connection:
            sqlite.refuse_damage(connection, shown(engine))


def _version(connection: "Connection") -> str | None:
    """The version of a ledger; None where there is none. Raises `ConfigError` when it is of a newer sheetsync."""
    from sqlalchemy import inspect, text

    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is not None and not (version.isdecimal() and len(version) == len(HEAD)):
        raise ConfigError(sqlite.damaged(shown(connection.engine), f"its version is “{version}”"))
    if version is not None and version > HEAD:
        raise ConfigError(f"the ledger is of a newer sheetsync (version {version}); update sheetsync")
    return version


def _migrate(connection: "Connection", path: Path | None) -> None:
    """Bring the tables up to date, all or nothing; one process does it, others wait."""
    if connection.dialect.name == "postgresql":
        from sheetsync.ledger.locks import keep_out_others

        keep_out_others(connection, "migrations")
    version = _version(connection)
    if version == HEAD:
        return
    if path and version:
        sqlite.keep_copy(path, HEAD)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def shown(engine: "Engine") -> str:
    """The database's URL without what may be secret: a password may stand in the query too."""
    return engine.url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def translated(engine: "Engine") -> Iterator[None]:
    """Database errors as one line with an exit code."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        raise (_of_sqlite if engine.dialect.name == "sqlite" else _of_server)(error, engine) from None
    except (ValueError, TypeError) as error:
        if not _came_from_a_cell(error):
            raise
        raise ConfigError(sqlite.damaged(shown(engine), str(error))) from None


def _came_from_a_cell(error: Exception) -> bool:
    """Whether SQLAlchemy found in a cell what cannot be there, such as a moment that is none."""
    *_, (innermost, _) = traceback.walk_tb(error.__traceback__)
    return str(innermost.f_globals.get("__name__", "")).startswith("sqlalchemy.")


def _of_sqlite(error: "DBAPIError", engine: "Engine") -> SheetsyncError:
    name, place, reason = getattr(error.orig, "sqlite_errorname", ""), shown(engine), _reason(error)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return ConfigError(_closed(engine))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")):
        return Busy(f"ledger {place}: another program keeps it locked; run again when that is done")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return ConfigError(sqlite.unread(place, reason))
    if name.startswith("SQLITE_CORRUPT") or reason.startswith("Could not decode"):
        return ConfigError(sqlite.damaged(place, reason))
    if name.startswith(("SQLITE_NOTADB", "SQLITE_ERROR")):
        return ConfigError(f"ledger {place}: {reason}; move the file away if it is none of ours")
    return SheetsyncError(f"ledger {place}: {reason}; nothing was recorded, report it")


def _of_server(error: "DBAPIError", engine: "Engine") -> SheetsyncError:
    from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

    line = f"ledger {shown(engine)}: {_reason(error)}"
    if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
        return Unavailable(f"{line}; the next run may succeed")
    if isinstance(error, IntegrityError):
        return SheetsyncError(f"{line}; nothing was recorded, report it")
    return ConfigError(f"{line}; is the database this tool's own, and may its user write there?")


def _closed(engine: "Engine") -> str:
    return f"ledger {shown(engine)}: cannot be opened; does its folder exist and may you write?"


def _reason(error: "DBAPIError") -> str:
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return lines[0].strip()
