"""What becomes of an email when the mail server, or sheetsync itself, fails at any point of the dialogue.

    python -m tests.mail_matrix            # every cell, real processes, SQLite and PostgreSQL; a few minutes

Each cell is one email: the real command sends it to a real server that misbehaves once, at one phase; then clean runs
follow until nothing waits. Lost is what neither arrived nor is shown as failed. The tables in
docs/mail-reliability.md are this output.
"""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from sqlalchemy import create_engine, text

from sheetsync.config import load_config
from sheetsync.ledger import Ledger
from sheetsync.ledger.outbox import WAITING, Outbox
from tests import postgres
from tests.cli import NOW, PROJECT, Desk, new_desk
from tests.mail_sender import MARKS, MOMENTS
from tests.smtp_server import Fault, SmtpServer, Stage, smtp_server

FAULTS: tuple[Fault, ...] = get_args(Fault)
STAGES: tuple[Stage, ...] = get_args(Stage)
# How long after the first run the next ones are: beyond every wait, and beyond the pause after a daily limit.
LATER = (timedelta(minutes=31), timedelta(hours=2), timedelta(hours=7), timedelta(hours=26))
SHOWN = {"failed", "unknown", "expired"}


@dataclass(frozen=True, slots=True)
class Case:
    """One cell: a `fault` at a `stage` of the dialogue, or a `death` of the sender at a mark of the outbox.

    `keeps`: the server stores a mail that is in by then, although it never says so.
    """

    stage: Stage | None = None
    fault: Fault | None = None
    keeps: bool = False
    death: str = ""

    @property
    def ambiguous(self) -> bool:
        """Whether the text had left and no answer had been kept, so that nobody could know."""
        kept = self.keeps and self.fault in ("disconnect", "stall", "kill")
        return kept or self.death in ("before sent", "unsettled sent")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the exit code of the first run, the email's last state, the copies that arrived."""

    code: int
    state: str
    copies: int
    identical: bool

    @property
    def lost(self) -> bool:
        """Neither there nor shown."""
        return self.copies == 0 and self.state not in SHOWN

    def __str__(self) -> str:
        killed = "killed" if self.code < 0 else f"exit {self.code}"
        arrived = {0: "none", 1: "**1 copy**"}.get(self.copies, f"**{self.copies} copies**")
        return f"{killed}; {self.state}, {arrived}"


Send = Callable[[Desk, datetime, str, SmtpServer], int]


def by_process(desk: Desk, at: datetime, death: str, server: SmtpServer) -> int:
    """Run `email send` as a process of its own, which the server may kill."""
    command = [sys.executable, "-m", "tests.mail_sender", at.isoformat(), death, "--"]
    command += ["-c", str(desk.config), "email", "send", "--to", "Dana"]
    env = {**os.environ, "SMTP_PASSWORD": "secret", "SSL_CERT_FILE": str(desk.folder / "ca.pem")}
    server.victim = None
    with subprocess.Popen(command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        server.victim = process.pid
        process.communicate()
    return process.returncode


def mailing_desk(folder: Path, ledger: str = "sqlite:///sheetsync.db") -> Desk:
    """A desk at which one email is due: about Ann, to Dana."""
    desk = new_desk(folder)
    desk.configure("ledger: sqlite:///sheetsync.db", f"ledger: {ledger}")
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    desk.configure("transport: file", "transport: smtp")
    desk.configure("smtp.example.com", "localhost")
    desk.ok("create", "--examples", "--person", "Ann <ann@example.com>")
    desk.ok("log", "Cold call", "3", "--date", "2026-10-07")
    with desk.edited() as book:
        book["People"]["D2"], book["People"]["E2"] = "Dana", "dana@example.com"
    desk.ok("sync")
    return desk


def play(case: Case, desk: Desk, send: Send) -> Outcome:
    """One cell, at a desk of its own."""
    with smtp_server("starttls", user="goals", password="secret") as server:
        authority = "".join(map(_pem, server.context.get_ca_certs(binary_form=True)))
        (desk.folder / "ca.pem").write_text(authority)
        desk.configure("port: 587", f"port: {server.port}")
        if case.stage and case.fault:
            server.fault, server.keeps = (case.stage, case.fault), case.keeps
        code = send(desk, NOW, case.death, server)
        assert server.fault is None, f"{case}: never came to that phase, exit {code}"
        for later in LATER:
            if not _waits(desk):
                break
            send(desk, NOW + later, "", server)
        states = _states(desk)
        return Outcome(code, states[0] if states else "never queued", len(server.messages), _same(server))


def _pem(certificate: bytes) -> str:
    import ssl

    return ssl.DER_cert_to_PEM_cert(certificate)


def _states(desk: Desk) -> list[str]:
    ledger = Ledger(load_config(desk.config).ledger_url, "goals.xlsx")
    try:
        return [letter.state for letter in Outbox(ledger).every()]
    finally:
        ledger.close()


def _waits(desk: Desk) -> bool:
    states = _states(desk)
    return not states or bool(set(states) & set(WAITING))


def _same(server: SmtpServer) -> bool:
    return len({received.content for received in server.messages}) <= 1


def dialogue_cases() -> list[Case]:
    """Every phase crossed with every fault; after the final dot also with a server that kept the mail."""
    cases = [Case(stage, fault) for stage in STAGES for fault in FAULTS]
    return cases + [Case("message", fault, keeps=True) for fault in ("disconnect", "stall", "kill")]


def death_cases() -> list[Case]:
    """The sender's death before, in and after every commit of the outbox."""
    return [Case(death=f"{moment} {mark}") for mark in MARKS for moment in MOMENTS]


@contextmanager
def desks(folder: Path, server: str | None) -> Iterator[Callable[[int], Desk]]:
    """Copies of one desk, each with a ledger of its own: a file, or a database on a PostgreSQL server."""
    if server is None:
        made = mailing_desk(folder / "made")
        yield lambda number: made.copy(folder / str(number))
        return
    made = mailing_desk(folder / "made", f"{server}/postgres")
    engine = create_engine(f"{server}/template1", isolation_level="AUTOCOMMIT")

    def copy(number: int) -> Desk:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE cell{number} TEMPLATE postgres"))
        desk = made.copy(folder / str(number))
        desk.configure(f"{server}/postgres", f"{server}/cell{number}")
        return desk

    yield copy
    engine.dispose()


def play_all(cases: Sequence[Case], database: str) -> dict[Case, Outcome]:
    """All cells, two at a time."""
    program = postgres.initdb()
    if database == "PostgreSQL" and program is None:
        return {}
    serving = postgres.postgres_server(program) if database == "PostgreSQL" and program else nullcontext()
    with (
        TemporaryDirectory(prefix="sheetsync-matrix-") as name,
        serving as server,
        desks(Path(name), server) as copy,
        ThreadPoolExecutor(2) as pool,
    ):
        outcomes = pool.map(lambda at: _cell(cases[at], copy(at)), range(len(cases)))
        return dict(zip(cases, outcomes, strict=True))


def _cell(case: Case, desk: Desk) -> Outcome:
    try:
        return play(case, desk, by_process)
    finally:
        shutil.rmtree(desk.folder)


def table(heading: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Outcome]]]) -> str:
    """A Markdown table of outcomes."""
    lines = [f"| {' | '.join((heading, *columns))} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(map(str, outcomes))} |" for name, outcomes in rows]
    return "\n".join(lines)


def verdict(outcomes: dict[Case, Outcome]) -> str:
    """Lost mails and copies, counted."""
    lost = sum(outcome.lost for outcome in outcomes.values())
    twice = [case for case, outcome in outcomes.items() if outcome.copies > 1]
    outside = sum(not case.ambiguous for case in twice)
    alike = all(outcome.identical and outcome.copies <= 2 for outcome in outcomes.values())
    same = ", each one extra copy, byte for byte the same" if alike and twice else ""
    return (
        f"{len(outcomes)} cells: {lost} lost; duplicates: {outside} outside the ambiguous window, "
        f"{len(twice) - outside} inside it{same}."
    )


def main() -> int:
    """Print the tables; 1 when a mail was lost, or doubled where that could be avoided."""
    logging.disable(logging.WARNING)  # aiosmtpd's about itself
    wrong = 0
    for database in ("SQLite", "PostgreSQL"):
        outcomes = play_all([*dialogue_cases(), *death_cases()], database)
        if not outcomes:
            print(f"{database} is not installed: left out")
            continue
        rows: list[tuple[str, list[Outcome]]] = [
            (stage, [outcomes[Case(stage, fault)] for fault in FAULTS]) for stage in STAGES
        ]
        kept = [outcomes[Case("message", fault, keeps=fault in FAULTS[2:])] for fault in FAULTS]
        rows.append(("message, stored", kept))
        print(f"\n### {database}\n\n{table('phase', FAULTS, rows)}\n")
        deaths = [(mark, [outcomes[Case(death=f"{moment} {mark}")] for moment in MOMENTS]) for mark in MARKS]
        print(f"{table('SIGKILL at the mark', MOMENTS, deaths)}\n\n{verdict(outcomes)}")
        bad = [c for c, o in outcomes.items() if o.lost or o.copies > 2 or (o.copies > 1 and not c.ambiguous)]
        wrong += len(bad) + sum(not outcome.identical for outcome in outcomes.values())
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
