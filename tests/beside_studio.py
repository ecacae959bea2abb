"""What all walks share: a mail server, a Google, a PostgreSQL if there is one, and the desks to make copies of."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import create_engine, text

from sheetsync.mail import smtp
from sheetsync.workbook.google import connection
from sheetsync.workbook.google.patience import Patience
from tests import postgres
from tests.beside_worlds import Google, Local, World, made_google, made_local
from tests.cli import Desk
from tests.google_server import GoogleServer
from tests.smtp_server import SmtpServer, smtp_server

BACKENDS = ("xlsx", "google", "xlsx-postgres", "google-postgres")
_SQLITE = "sqlite:///sheetsync.db"


class Studio:
    """Opens a world for each walk: a copy of one that was made once."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.mail: SmtpServer = stack.enter_context(smtp_server("none"))
        self._made: dict[str, Any] = {}
        self._server: GoogleServer | None = None
        self._database: str | None = None
        self._count = 0

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator["Studio"]:
        """Everything starts when it is first needed, and stops at the end."""
        with TemporaryDirectory(prefix="sheetsync-beside-") as folder, ExitStack() as stack, _hurried():
            yield cls(Path(folder), stack)

    @property
    def has_postgres(self) -> bool:
        """Whether PostgreSQL is installed."""
        return postgres.initdb() is not None

    def world(self, backend: str) -> tuple[World, str]:
        """A world of its own, and the URL of its ledger."""
        kind, _, database = backend.partition("-")
        if database and not self.has_postgres:
            backend, database = kind, ""
        if backend not in self._made:
            self._made[backend] = self._make(kind, backend, self._ledger(backend) if database else _SQLITE)
        made = self._made[backend]
        self._count += 1
        desk: Desk = made[0].copy(self.folder / str(self._count))
        url = f"sqlite:///{desk.ledger}"
        if database:
            url = self._copied(backend)
            desk.configure(self._ledger(backend), url)
        self.mail.messages.clear()
        if kind == "xlsx":
            return Local(desk), url
        assert self._server is not None
        return Google(desk, self._server, *made[1:]), url

    def close(self, world: World) -> None:
        """The walk is over."""
        shutil.rmtree(world.desk.folder)

    def _make(self, kind: str, name: str, ledger: str) -> Any:
        folder = self.folder / f"made-{name}"
        if kind == "xlsx":
            return (made_local(folder, ledger, self.mail.port),)
        if self._server is None:
            self._server = self._stack.enter_context(GoogleServer())
        return made_google(folder, self._server, ledger, self.mail.port)

    def _ledger(self, name: str) -> str:
        """A database of its own on our PostgreSQL."""
        if self._database is None:
            program = postgres.initdb()
            assert program is not None
            self._database = self._stack.enter_context(postgres.postgres_server(program))
        database = f"made_{name.replace('-', '_')}"
        if name not in self._made:
            self._execute(f"CREATE DATABASE {database}")
        return f"{self._database}/{database}"

    def _copied(self, name: str) -> str:
        self._execute(f"DROP DATABASE IF EXISTS walk{self._count - 1} WITH (FORCE)")
        self._execute(f"CREATE DATABASE walk{self._count} TEMPLATE made_{name.replace('-', '_')}")
        return f"{self._database}/walk{self._count}"

    def fresh(self) -> str:
        """A database without anything in it."""
        self._execute("DROP DATABASE IF EXISTS fresh WITH (FORCE)")
        self._execute("CREATE DATABASE fresh")
        return f"{self._database}/fresh"

    def _execute(self, statement: str) -> None:
        engine = create_engine(f"{self._database}/template1", isolation_level="AUTOCOMMIT")
        with engine.connect() as connected:
            connected.execute(text(statement))
        engine.dispose()


@contextmanager
def _hurried() -> Iterator[None]:
    """Servers of our own are waited for only briefly."""
    google: Any = connection
    timeouts, patience = smtp.TIMEOUTS, google.Patience
    smtp.TIMEOUTS = smtp.Timeouts(20, 20, 20)
    google.Patience = partial(
        Patience, tries=3, seconds=60, connect=20, silence=20, first_wait=0.005, longest_wait=0.01
    )
    try:
        yield
    finally:
        smtp.TIMEOUTS, google.Patience = timeouts, patience
