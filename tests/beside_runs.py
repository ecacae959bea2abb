"""Runs beside people: commands at random moments, some killed, some with a server that fails, each looked at.

After every run people's tabs hold what people typed and what was added; after an undisturbed one the ledger holds
what the log says, and the guard tripped if, and only if, it should have.
"""

import os
import random
import signal
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import NullPool, create_engine, inspect, select, text

from sheetsync.ledger.tables import outbox
from tests.beside_sheets import LOG, Fact, serial, told, trimmed
from tests.beside_studio import Studio
from tests.beside_typists import Typist
from tests.beside_worlds import BEGIN, Google
from tests.cli import Result
from tests.smtp_server import Stage

_LONDON = ZoneInfo("Europe/London")
_GUARDED = 20
# Calls at which a process may die: what changes something, or says so to another machine.
_MARKS = frozenset(
    (
        "execute", "executemany", "commit", "write", "fsync", "replace", "rename", "link", "unlink", "sendall",
        "send", "close", "open", "flush", "recv",
    )
)  # fmt: skip
_PASSING = frozenset(("settled", "fences", "alembic_version"))
_MAIL_REPLIES: tuple[tuple[Stage, str], ...] = (
    ("rcpt", "450 not now"),
    ("mail", "451 not now"),
    ("connect", "421 busy"),
    ("data", "452 full"),
)


class Runs:
    """A world with people, a clock and runs. `wrong` is by how many hours the machine's clock is off."""

    def __init__(self, studio: Studio, seed: int, backend: str) -> None:
        self.studio, self.seed, self.backend = studio, seed, backend
        self.random = random.Random(f"{seed} {backend}")
        self.world, url = studio.world(backend)
        self._engine = create_engine(url, poolclass=NullPool)
        self._url = url
        self.sheets = self.world.opened()
        self.typist = Typist(self.random, self.sheets)
        self.moment, self.wrong = BEGIN, 0.0
        self.done: Counter[str] = Counter()
        self.seen: Counter[Fact] = Counter()
        self.pending = ""
        self.ambiguous = 0
        self._told: list[str] = []
        self._number = 0

    def close(self) -> None:
        """The walk is over."""
        self._engine.dispose()
        self.world.heal()
        self._mend_mail()
        self.studio.close(self.world)

    def note(self, what: str) -> None:
        """Remember a step, to tell it when something does not hold."""
        self._told = [*self._told[-11:], what]

    def require(self, holds: bool, what: str) -> None:
        """Fail with the way to see it again."""
        if not holds:
            replay = f"python -m tests.beside_people --seed {self.seed} --backend {self.backend}"
            raise AssertionError(f"{what}\n  after: {'; '.join(self._told)}\n  again: {replay}")

    # ---- clocks ---------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """What the machine's clock says."""
        return self.moment + timedelta(hours=self.wrong)

    @property
    def today(self) -> date:
        """The day that it is in London by the machine's clock."""
        return self.now.astimezone(_LONDON).date()

    def pass_time(self, hours: float) -> None:
        """Some hours go by."""
        self.moment += timedelta(hours=hours)

    # ---- the ledger, seen without sheetsync -----------------------------------------------------------------------

    def _select(self, query: str) -> list[Any]:
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def dump(self) -> dict[str, list[Any]]:
        """All that the ledger holds, but for what only makes the next sync quicker."""
        names = [name for name in inspect(self._engine).get_table_names() if name not in _PASSING]
        return {name: sorted(self._select(f'SELECT * FROM "{name}"'), key=repr) for name in names}

    def entered(self, where: str = "") -> Counter[Fact]:
        """The rows of the ledger."""
        columns = "day, who, activity, quantity, amount, quality, contact, notes"
        rows = self._select(f"SELECT {columns} FROM entries {where}")
        return Counter((*row[:6], row[6].casefold(), row[7].casefold()) for row in rows)

    def queued(self) -> set[bytes]:
        """The emails of the outbox, as they are sent."""
        with self._engine.connect() as connection:
            messages = connection.execute(select(outbox.c.message)).scalars()
            return {message.replace(b"\r\n", b"\n") for message in messages}

    def _last_rows(self) -> int:
        rows = self._select("SELECT rows FROM runs ORDER BY id DESC LIMIT 1")
        return rows[0][0] if rows else 0

    @contextmanager
    def fresh_ledger(self) -> Iterator[None]:
        """As if the ledger had been lost, and as it was afterwards."""
        desk, before = self.world.desk, self.world.desk.config.read_text(encoding="utf-8")
        line = next(line for line in before.splitlines() if line.startswith("ledger:"))
        url = "sqlite:///fresh.db" if "sqlite" in line else self.studio.fresh()
        desk.configure(line, f"ledger: {url}")
        desk.configure("transport: smtp", "transport: file")
        try:
            yield
        finally:
            desk.config.write_text(before, encoding="utf-8")

    def _said(self) -> Counter[Fact]:
        """The rows of the tabs that count, as `entered` has them."""
        said: Counter[Fact] = Counter()
        for fact, times in told(self.sheets, self.today).facts.items():
            said[(*fact[:6], fact[6].casefold(), fact[7].casefold())] += times
        return said

    # ---- commands -------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """What people have typed is there."""
        self.world.save(self.sheets)

    def command(self, *arguments: str) -> Result:
        """Run a command to its end."""
        self.save()
        self.done["runs"] += 1
        result = self.world.desk.run(*arguments, at=self.now)
        self.note(f"{' '.join(arguments)} -> {result.code}")
        told_of_itself = "error in sheetsync itself" in result.err or "Traceback" in result.err
        self.require(not told_of_itself, f"{arguments} broke: {result.err}")
        return result

    def some_run(self) -> None:
        """One run of some command, in some weather."""
        chance = self.random.random()
        kind = self.random.choices(("sync", "run", "log", "import", "restore"), (8, 5, 3, 2, 1.5))[0]
        if chance < 0.17:
            self._crashed(kind)
        elif chance < 0.27 and isinstance(self.world, Google):
            self.done["network faults"] += 1
            self.note(self.world.fail(self.random))
            self._disturbed(kind)
        elif chance < 0.32:
            self.done["mail faults"] += 1
            self._spoil_mail()
            self._disturbed("run")
        else:
            self._undisturbed(kind)
        self.tabs_are_as_typed()

    def _undisturbed(self, kind: str) -> None:
        if kind in ("log", "import"):
            self._adding(kind)
            return
        if kind == "restore":
            self._restoring()
            return
        self.save()
        due = self.guard_is_due()
        result = self.command(kind)
        self.done[kind] += 1
        self.require((result.code == 5) == due, f"the guard should {'' if due else 'not '}have tripped: {result}")
        if due:
            self.done["guard trips"] += 1
            if self.sheets.whole and self.random.random() < 0.5:
                result = self.command("sync", "--accept-removals")
                self.require(result.code == 0, str(result))
                self.saw()
            return
        self.require(result.code == 0 or (kind == "run" and result.code in (1, 4)), str(result))
        self.saw()

    def guard_is_due(self) -> bool:
        """Whether a person has to decide before the next sync, by the naive count."""
        if not self.sheets.whole:
            return True
        before, now = self._last_rows(), told(self.sheets, self.today).rows
        lost = before - now
        return bool(before) and lost > 0 and (now == 0 or (lost >= _GUARDED and 2 * lost > before))

    def saw(self) -> None:
        """A sync has seen the tabs as they are: the ledger has every row of them, and keeps it for ever."""
        naive = self._said()
        present = self.entered("WHERE removed_run IS NULL")
        self.require(present == naive, f"only in the ledger {present - naive}, only in the log {naive - present}")
        self.seen |= naive
        if self.pending:
            kept = {row[0] for row in self._select("SELECT typed FROM typed_over")}
            there = any(
                self.pending in row for title in ("Weekly summary", "Problems") for row in self.world.load(title)[1:]
            )
            self.require(
                self.pending in kept, f"{self.pending!r} was typed into a tool tab and is lost; there: {there}"
            )
            self.pending = ""

    def tabs_are_as_typed(self) -> None:
        """People's tabs hold what people typed, and nothing else."""
        for tab in self.sheets.tabs.values():
            if not tab.dirty:
                found, wanted = self.world.load(tab.title), trimmed(tab.grid)
                self.require(found == wanted, f"{tab.title} was changed: {_first(found, wanted)}")

    def same_book(self, before: Any) -> bool:
        """Whether the workbook holds what it held."""
        if not isinstance(self.world, Google):
            return bool(self.world.state() == before)
        writes = [request for request in self.world.server.requests if request.path.endswith(":batchUpdate")]
        return not writes or self.world.server.requests[-1].path.endswith("batchGetByDataFilter")

    # ---- log and import -------------------------------------------------------------------------------------------

    def _adding(self, kind: str, crash: bool = False) -> None:
        """`log` or `import`: exactly the rows that were asked for come to the end of the log, once."""
        arguments, rows = self._asked(kind)
        self.save()
        if crash:
            self._forked(*arguments)
            if kind == "log":  # nobody can know; a person would look
                self._take_over(rows, some=True)
                return
        whole = self.sheets.whole
        result = self.command(*arguments)
        self.done[kind] += 1
        self.require(result.code == 0 if whole else result.code in (0, 2, 3, 5), f"{result} whole: {whole}")
        self._take_over(rows if result.code == 0 else [])

    def _asked(self, kind: str) -> tuple[list[str], list[list[Any]]]:
        pick, day = self.random.choice, self.today
        rows: list[list[Any]] = []
        for _ in range(1 if kind == "log" else pick((1, 2, 5))):
            self._number += 1
            who = pick(self.sheets.names("people"))
            what = pick(self.sheets.names("activities"))
            rows.append(
                [serial(day), who, what, float(pick((1, 2, 3))), None, None, "Acme", f"{kind} {self._number}"]
            )
        if kind == "log":
            (_, who, what, count, _, _, contact, notes) = rows[0]
            return ["log", what, str(count), "--who", who, "--contact", contact, "--note", notes], rows
        columns = ("Date", "Who", "Activity", "Count", "Contact", "Notes")
        cells = [[str(day), row[1], row[2], row[3], row[6], row[7]] for row in rows]
        return ["import", str(self.world.desk.csv(f"{self._number}.csv", columns, cells))], rows

    def _restoring(self, crash: bool = False) -> None:
        """`restore`: what people typed stays, and nothing comes back that the ledger has not seen as often."""
        self.save()
        if crash:
            self._forked("restore", "--yes")
        known, before = self.entered(), self._said()
        result = self.command("restore", "--yes")
        self.done["restore"] += 1
        self.require(result.code in ((0,) if self.sheets.whole else (0, 2, 3, 5)), str(result))
        tab = self.sheets.tabs["log"]
        found, typed = self.world.load(tab.title), trimmed(tab.grid)
        self.require(found[: len(typed)] == typed, f"restore changed {_first(found, typed)}")
        self.done["rows restored"] += len(found) - len(typed)
        tab.grid = found
        doubled = self._said() - before - known
        self.require(not doubled, f"restored, but never seen so often: {doubled}")

    def _take_over(self, rows: list[list[Any]], some: bool = False) -> None:
        """The log with these rows at its end is what people have before them now; with `some`, or without them."""
        tab = self.sheets.tabs["log"]
        found, before = self.world.load(tab.title), trimmed(tab.grid)
        placed = []
        for row in rows:
            cells: list[Any] = [None] * len(tab.grid[0])
            for title, cell in zip(LOG, row, strict=True):
                at = tab.position(title)
                if at is not None:
                    cells[at] = cell
            placed.append(cells)
        wanted = [before] if some else []
        wanted.append(trimmed([*before, *placed]))
        self.require(found in wanted, f"added {rows}: {_first(found, wanted[-1])}")
        tab.grid = found

    # ---- disturbances ---------------------------------------------------------------------------------------------

    def _disturbed(self, kind: str) -> None:
        """A run with a server that fails: it may end in any of our ways, and the next one makes good."""
        if kind in ("log", "import"):
            arguments, rows = self._asked(kind)
            result = self.command(*arguments)
            if kind == "import" and self.sheets.whole:
                self.world.heal()
                again = self.command(*arguments)
                self.require(again.code == 0, str(again))
                self._take_over(rows)
            else:
                self._take_over(rows, some=True)
        else:
            result = self.command("sync" if kind == "restore" else kind)
        self.require(result.code in (0, 1, 2, 3, 4, 5, 6, 75), str(result))
        self.world.heal()
        self._mend_mail()

    def _spoil_mail(self) -> None:
        server = self.studio.mail
        if self.random.random() < 0.5:
            server.replies = dict([self.random.choice(_MAIL_REPLIES)])
        else:
            server.drop_after = self.random.choice(("mail", "data", "message"))
            self.ambiguous += 10 if server.drop_after == "message" else 0

    def _mend_mail(self) -> None:
        self.studio.mail.replies, self.studio.mail.drop_after = {}, None

    def _crashed(self, kind: str) -> None:
        if kind in ("log", "import"):
            self._adding(kind, crash=True)
            return
        if kind == "restore":
            self._restoring(crash=True)
            return
        self.save()
        self.ambiguous += kind == "run"
        self._forked(kind)

    def _forked(self, *arguments: str) -> None:
        """A run in a process of its own, which dies at its n-th call that changes something, if it comes to that."""
        at = int(self.random.choice((10, 40, 160)) * self.random.random()) + 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                sys.setprofile(_fatal(at))
                threading.setprofile(_fatal(at))
                self.world.desk.run(*arguments, at=self.now)
            finally:
                os._exit(0)
        deadline = time.monotonic() + 60
        while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.002)
        killed = os.WIFSIGNALED(ended[1])
        self.done["crashes" if killed else "ended before the crash"] += 1
        self.note(f"{' '.join(arguments)} killed at call {at}" if killed else f"{' '.join(arguments)} in a child")


def _fatal(at: int) -> Any:
    """A profiler that kills the process at the n-th call with a telling name."""
    left = [at]

    def profile(_frame: Any, event: str, call: Any) -> None:
        if event == "c_call" and call.__name__ in _MARKS:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return profile


def _first(found: Any, wanted: Any) -> str:
    """Where two grids begin to differ."""
    for number, (a, b) in enumerate(zip(found, wanted, strict=False), start=1):
        if a != b:
            return f"row {number}: found {a}, wanted {b}"
    return f"{len(found)} rows found, {len(wanted)} wanted; then {(found[len(wanted) :] or wanted[len(found) :])[:3]}"
