"""Opening the ledger's database: SQLite beside the configuration, or PostgreSQL; migrated before first use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sheetsync.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

HEAD = "0006"


def open_engine(url: str) -> "Engine":
    """An engine for the URL, its tables up to date.

    Raises `ConfigError` when the URL is wrong, the folder is missing or the file is no ledger, and `Unavailable` when
    the server does not answer.
    """
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise ConfigError(f"ledger: {error}; use sqlite:///sheetsync.db or postgresql+psycopg://...") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    with translated(engine), engine.begin() as connection:
        _migrate(connection)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA busy_timeout=20000")


def _migrate(connection: "Connection") -> None:
    from sqlalchemy import inspect, text

    if inspect(connection).has_table("alembic_version"):
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if version == HEAD:
            return
        if version is not None and version > HEAD:
            raise ConfigError(f"the ledger is of a newer sheetsync (version {version}); update sheetsync")
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def translated(engine: "Engine") -> Iterator[None]:
    """Database errors as one line with an exit code."""
    from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

    # A password may stand in the query too.
    place = engine.url.set(query={}).render_as_string(hide_password=True)
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        reason = str(error.orig).strip().splitlines()[0]
        if "unable to open database file" in reason or "readonly database" in reason:
            raise ConfigError(f"ledger {place}: cannot be opened; does its folder exist and may you write?") from None
        raise Unavailable(f"ledger {place}: {reason}; the next run may succeed") from None
    except DatabaseError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise ConfigError(f"ledger {place}: {reason}; move the file away if it is none of ours") from None
