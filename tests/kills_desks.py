"""The desks at which commands are killed: a backend and a database each, put back to a saved state at once."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import time_machine
from openpyxl import load_workbook
from sqlalchemy import NullPool, create_engine, text

from tests.cli import LOG_COLUMNS, NOW, Desk, Result, days_before
from tests.google_server import GoogleServer
from tests.google_server.book import Book
from tests.google_team import ANN, ROBOT
from tests.kills_states import State, book_state, copies, folder_state, ledger_dump
from tests.kills_worker import Worker
from tests.smtp_server import SmtpServer

BUSY = 75
# A small workbook, as small ones take the least time, and what its next version adds.
TEMPLATE = """
extends: sales
name: mine
version: 2
drop: [insights, events, targets, time_off, monthly, quarterly, annual, tally, daily,
       daily_summary, monthly_summary, quarterly_summary, annual_summary]
tabs:
  - key: weekly
    intro: []
"""
EARLIER = TEMPLATE.replace("version: 2", "version: 1").replace(
    "insights, ", "insights, problems, activities.minutes, "
)


@dataclass(frozen=True, slots=True)
class Saved:
    """All of a desk at one moment: its files, the database on the server, the spreadsheet."""

    files: dict[str, tuple[bytes, int]]
    database: str
    book: Book | None


@dataclass(slots=True)
class Bench:
    """One desk. `google` and `postgres` are None for a local workbook and for SQLite."""

    folder: Path
    worker: Worker
    smtp: SmtpServer
    google: GoogleServer | None = None
    postgres: str | None = None
    spreadsheet: str = ""
    _blank: Book | None = None
    _prepared: "dict[Prepare, Saved]" = field(default_factory=dict)
    _saved: int = 0
    _admin: Any = None

    @property
    def name(self) -> tuple[str, str]:
        """Backend and database."""
        return "Google" if self.google else "xlsx", "PostgreSQL" if self.postgres else "SQLite"

    @property
    def desk(self) -> Desk:
        """The folder."""
        return Desk(self.folder)

    @property
    def url(self) -> str:
        """Where the ledger is."""
        return f"{self.postgres}/desk" if self.postgres else f"sqlite:///{self.folder / 'sheetsync.db'}"

    def arguments(self, *command: str) -> list[str]:
        """A command's arguments here."""
        return ["-c", str(self.desk.config), *command]

    def run(self, at: datetime, *command: str) -> Result:
        """Run a command to its end; when the database still holds what a killed run had, it is tried again."""
        until = time.monotonic() + 10
        while (result := self.worker.run(at, *self.arguments(*command))).code == BUSY and time.monotonic() < until:
            time.sleep(0.02)
        return result

    def ok(self, at: datetime, *command: str) -> Result:
        """Run a command that succeeds."""
        result = self.run(at, *command)
        assert result.code == 0, result
        return result

    # ---- states -------------------------------------------------------------------------------------------------

    def new(self, template: str = TEMPLATE) -> None:
        """Nothing but a configuration and a template."""
        self._anew("template0")
        if self.google:
            self._put_book(self._blank)
        self.desk.file("mine.yaml", template)
        place = ("--workbook", self.spreadsheet, "--credentials", "robot.json") if self.google else ()
        self.ok(NOW, "init", "--timezone", "UTC", "--template", "mine.yaml", *place)
        if self.google:
            self.desk.configure("api_endpoint: null", f"api_endpoint: {self.google.endpoint}")
            self.desk.file("robot.json", json.dumps(self.google.service_account(ROBOT)))
        if self.postgres:
            self.desk.configure("ledger: sqlite:///sheetsync.db", f"ledger: {self.url}")
        for old, new in (
            ("recipients: []", 'recipients: ["*@example.com"]'), ("smtp.example.com", "localhost"),
            ("port: 587", f"port: {self.smtp.port}"), ("security: starttls", "security: none"),
            ("username: goals", "username: null"), ('password: "${SMTP_PASSWORD}"', "password: null"),
        ):  # fmt: skip
            self.desk.configure(old, new)

    def save(self) -> Saved:
        """The desk as it stands."""
        self._saved += 1
        database = f"saved{self._saved}"
        if self.postgres:
            self._admin_says(f"CREATE DATABASE {database} TEMPLATE desk")
        files = {
            str(path.relative_to(self.folder)): (path.read_bytes(), path.stat().st_mode & 0o7777)
            for path in self.folder.rglob("*")
            if path.is_file()
        }
        return Saved(files, database, self._book.copy() if self.google else None)

    def restore(self, saved: Saved) -> None:
        """Put the desk back."""
        self._anew(saved.database)
        for name, (content, mode) in saved.files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)
        if self.google:
            self._put_book(saved.book)
            self.google.clear_requests()
        self.smtp.messages.clear()

    @property
    def _book(self) -> Book:
        assert self.google is not None
        return self.google.spreadsheet(self.spreadsheet).book

    def _put_book(self, book: Book | None) -> None:
        """Copies share the rows that neither has changed."""
        assert self.google is not None and book is not None
        self.google.workspace.files[self.spreadsheet].book = book.copy()

    def prepared(self, prepare: "Prepare") -> Saved:
        """The desk after this, made once."""
        if prepare not in self._prepared:
            prepare(self)
            self._prepared[prepare] = self.save()
        self.restore(self._prepared[prepare])
        return self._prepared[prepare]

    def _anew(self, database: str) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if self.postgres:
            self._admin_says("DROP DATABASE IF EXISTS desk WITH (FORCE)")
            self._admin_says(f"CREATE DATABASE desk TEMPLATE {database}")

    def _admin_says(self, statement: str) -> None:
        if self._admin is None:
            engine = create_engine(f"{self.postgres}/postgres", poolclass=NullPool, isolation_level="AUTOCOMMIT")
            self._admin = engine.connect()
        self._admin.execute(text(statement))

    def state(self, at: datetime, *, by_meaning: bool = False) -> State:
        """All that counts; see `folder_state`. A spreadsheet shows what its formulas come to at that moment."""
        files = folder_state(self.folder, "goals.xlsx", "sheetsync.db", by_meaning=by_meaning)
        if self.google is None:
            return {**files, **ledger_dump(self.url, {})}
        book = self._book
        titles = {str(sheet.id): sheet.title for sheet in book.sheets}
        with time_machine.travel(at):
            shown = book_state(book, numbers=not by_meaning)
        return {**files, **ledger_dump(self.url, titles), **shown}

    def copies(self) -> dict[str, list[bytes]]:
        """The emails that arrived, with all their copies."""
        return copies(message.content for message in self.smtp.messages)

    # ---- what people do -----------------------------------------------------------------------------------------

    def type(self, tab: str, cell: str, *row: object) -> None:
        """Somebody types a row of cells."""
        if self.google:
            self.google.spreadsheet(self.spreadsheet).enter(tab, cell, [list(map(str, row))])
            return
        book = load_workbook(self.desk.workbook)
        sheet = book[tab]
        start = sheet[cell]
        for place, value in enumerate(row):
            sheet.cell(start.row, start.column + place).value = value
        book.save(self.desk.workbook)

    def delete_rows(self, tab: str, first: int, count: int) -> None:
        """Somebody deletes rows; the first is 1."""
        if self.google:
            self.google.spreadsheet(self.spreadsheet).delete_rows(tab, first - 1, count)
            return
        book = load_workbook(self.desk.workbook)
        book[tab].delete_rows(first, count)
        book.save(self.desk.workbook)

    def delete_tab(self, tab: str) -> None:
        """Somebody deletes a tab."""
        if self.google:
            self.google.spreadsheet(self.spreadsheet).delete_tab(tab)
            return
        book = load_workbook(self.desk.workbook)
        del book[tab]
        book.save(self.desk.workbook)


CREATE = ("create", "--examples", "--person", "Ann <ann@example.com>", "--person", "Ben <ben@example.com>")


def created(bench: Bench, template: str = TEMPLATE) -> None:
    """Two people with partners, and twelve rows in the log."""
    bench.new(template)
    bench.ok(NOW, *CREATE)
    write_log(bench, "log.csv", range(12))
    bench.ok(NOW, "import", str(bench.folder / "log.csv"))
    bench.type("People", "D2", "Dana", "dana@example.com")
    bench.type("People", "D3", "Eve", "eve@example.com")


def write_log(bench: Bench, name: str, numbers: range) -> None:
    """A CSV file with rows for the log."""
    rows = [
        (days_before(n // 2), "Ann" if n % 3 else "Ben", "Cold call" if n % 4 else "Order won", 1 + n % 2,
         "" if n % 4 else 1000 + n, "", f"Contact {n}", "")
        for n in numbers
    ]  # fmt: skip
    bench.desk.csv(name, LOG_COLUMNS, rows)


@contextmanager
def bench_at(
    folder: Path, worker: Worker, smtp: SmtpServer, *, on_google: bool, postgres: str | None
) -> Iterator[Bench]:
    """A desk on one backend with one database."""
    with ExitStack() as stack:
        bench = Bench(folder, worker, smtp, postgres=postgres)
        if on_google:
            bench.google = stack.enter_context(GoogleServer())
            bench.spreadsheet = bench.google.create_spreadsheet("Goals", owner=ANN, share={ROBOT: "writer"})
            bench._blank = bench._book.copy()
        yield bench
        if bench._admin is not None:
            bench._admin.close()


Prepare = Callable[[Bench], None]
