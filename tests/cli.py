"""How the tests use sheetsync from outside: a desk is a folder with a configuration, at which commands are run.

    desk = small_desk(tmp_path)           # two people, goals, 60 logged rows, synced: a copy of one made once
    result = desk.run("sync", "--strict") # in this process, on the morning of `NOW`
    assert result.code == 0, result

`Desk.spawn` runs a command as a process of its own instead, with the real clock.
"""

import atexit
import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import time_machine
import yaml
from openpyxl import Workbook, load_workbook

from sheetsync.cli import run

PROJECT = Path(__file__).parent.parent
# A Wednesday morning.
NOW = datetime(2026, 10, 14, 8, 0, tzinfo=UTC)
TODAY = NOW.date()

_once = TemporaryDirectory(prefix="sheetsync-tests-")
atexit.register(_once.cleanup)


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output, read as JSON."""
        assert self.code == 0, self
        return json.loads(self.out)

    def refused(self, code: int, *words: str) -> str:
        """The one line on stderr of a command that ended with `code`; it holds all these words."""
        assert self.code == code, self
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("sheetsync: "), self.err
        assert "Traceback" not in self.err
        missing = [word for word in words if word not in self.err]
        assert not missing, f"{missing} not in {self.err}"
        return lines[0]


def sheetsync(*arguments: str | Path, at: datetime = NOW) -> Result:
    """Run a command in this process, with the clock at `at`."""
    out, err = io.StringIO(), io.StringIO()
    with time_machine.travel(at), redirect_stdout(out), redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Result(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with a configuration and what belongs to it."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.folder / "config.yaml"

    @property
    def workbook(self) -> Path:
        """The local workbook."""
        return self.folder / "goals.xlsx"

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.folder / "sheetsync.db"

    def run(self, *arguments: str | Path, at: datetime = NOW) -> Result:
        """Run a command here, in this process."""
        return sheetsync("-c", self.config, *arguments, at=at)

    def ok(self, *arguments: str | Path, at: datetime = NOW) -> Result:
        """Run a command that must succeed in silence on stderr."""
        result = self.run(*arguments, at=at)
        assert (result.code, result.err) == (0, ""), result
        return result

    def spawn(self, *arguments: str | Path, env: dict[str, str] | None = None) -> Result:
        """Run a command here as a process of its own."""
        command = [sys.executable, "-m", "sheetsync", "-c", str(self.config), *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=PROJECT, env={**os.environ, **(env or {})}, check=False
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def configure(self, old: str, new: str) -> None:
        """Change a line of the configuration."""
        text = self.config.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in the configuration"
        self.config.write_text(text.replace(old, new, 1), encoding="utf-8")

    def file(self, name: str, content: str | bytes) -> Path:
        """A file here, with this content."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def csv(self, name: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
        """A CSV file here."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        return self.file(name, text.getvalue())

    @contextmanager
    def edited(self) -> Iterator[Workbook]:
        """The workbook, open in a person's spreadsheet program; saved at the end."""
        book = load_workbook(self.workbook)
        yield book
        book.save(self.workbook)

    def cells(self) -> dict[str, list[tuple[Any, ...]]]:
        """What stands in every tab, formulas as formulas, without trailing blank rows."""
        return {sheet.title: _filled(sheet) for sheet in load_workbook(self.workbook)}

    def values(self, tab: str) -> list[tuple[Any, ...]]:
        """What a person sees in a tab."""
        book = load_workbook(self.workbook, data_only=True, read_only=True)
        try:
            return _filled(book[tab])
        finally:
            book.close()

    def state(self) -> dict[str, bytes]:
        """Every file here, but for the lock."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".lock")
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def copy(self, folder: Path) -> "Desk":
        """The same desk once more."""
        shutil.copytree(self.folder, folder)
        return Desk(folder)


def _filled(sheet: Any) -> list[tuple[Any, ...]]:
    rows = [tuple(row) for row in sheet.iter_rows(values_only=True)]
    while rows and not any(cell is not None for cell in rows[-1]):
        rows.pop()
    return rows


def day_cell(day: str) -> datetime:
    """A date cell as a spreadsheet library reads it: at midnight, without a time zone."""
    return datetime.fromisoformat(day)


def days_before(count: int) -> date:
    """The day that many days before today."""
    return TODAY - timedelta(days=count)


def new_desk(folder: Path, *init: str) -> Desk:
    """A desk with nothing but a configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    desk = Desk(folder)
    desk.ok("init", "--timezone", "UTC", *init)
    return desk


def lean_template(folder: Path) -> str:
    """The built-in template without its tab Daily, whose 365 rows a person cost most of a test's time."""
    template = yaml.safe_load((PROJECT / "templates" / "workbooks" / "sales.yaml").read_text(encoding="utf-8"))
    template["tabs"] = [tab for tab in template["tabs"] if tab["key"] != "daily"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lean.yaml").write_text(yaml.safe_dump(template, sort_keys=False), encoding="utf-8")
    return "lean.yaml"


@cache
def _small() -> Desk:
    folder = Path(_once.name) / "small"
    desk = new_desk(folder, "--template", lean_template(folder))
    desk.ok("create", "--examples", "--person", "Ann <ann@example.com>", "--person", "Ben <ben@example.com>")
    rows = [
        (days_before(n // 2), "Ann" if n % 3 else "Ben", "Cold call" if n % 4 else "Order won", 1 + n % 2,
         "" if n % 4 else 1000 + n, "", f"Contact {n}", "")
        for n in range(60)
    ]  # fmt: skip
    desk.ok("import", desk.csv("log.csv", LOG_COLUMNS, rows))
    desk.ok("sync")
    return desk


LOG_COLUMNS = ("Date", "Who", "Activity", "Count", "Amount", "Quality", "Contact", "Notes")


def small_desk(folder: Path) -> Desk:
    """A copy of a desk with Ann and Ben, the template's example goals and 60 logged rows, synced."""
    return _small().copy(folder / "small")


@cache
def _demo() -> tuple[Desk, Result]:
    folder = Path(_once.name) / "demo"
    return Desk(folder), sheetsync("demo", "--dir", folder)


def demo_desk(folder: Path) -> tuple[Desk, Result]:
    """A copy of what `sheetsync demo` makes, and what it said."""
    desk, result = _demo()
    return desk.copy(folder / "demo"), result
