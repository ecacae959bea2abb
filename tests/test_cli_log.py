"""`log`: one row from the terminal, names matched tolerantly, and nothing that would not count."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli import PROJECT, Desk, day_cell, small_desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Two people, goals, 60 logged rows, synced."""
    return small_desk(tmp_path)


def test_log_adds_one_row(desk: Desk) -> None:
    """Today's row under the right titles; the next sync counts it."""
    desk.ok("log", "Meeting", "2", "--who", "Ann", "--quality", "4", "--contact", "Zoë", "--note", "=1+1")
    desk.ok("log", "Order won", "--who", "Ben", "--date", "2026-10-01", "--amount", "99.5")
    assert desk.cells()["Log"][-2:] == [
        (day_cell("2026-10-14"), "Ann", "Meeting", 2, None, 4, "Zoë", "=1+1"),
        (day_cell("2026-10-01"), "Ben", "Order won", None, 99.5, None, None, None),
    ]
    assert desk.ok("sync", "--json").json["added"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["Meting", "--who", "Ann"], 2, ("not logged", "did you mean “Meeting”?")),
        (["Meeting"], 2, ("not logged", "who")),
        (["Meeting", "--who", "Nobody"], 2, ("not logged", "Nobody")),
        (["Meeting", "--who", "Ann", "--date", "2027-01-01"], 2, ("not logged", "future")),
        (["Meeting", "many", "--who", "Ann"], 2, ("many",)),
        (["Meeting", "nan", "--who", "Ann"], 2, ("not logged",)),
        (["Meeting", "--who", "Ann", "--quality", "6"], 2, ("--quality", "6")),
        (["Meeting", "--who", "Ann", "--date", "tomorrow"], 2, ("--date", "tomorrow")),
    ],
)
def test_log_refuses_what_would_not_count(
    desk: Desk, arguments: list[str], code: int, words: tuple[str, ...]
) -> None:
    """One line with what is wrong, and no row."""
    before = desk.state()
    desk.run("log", *arguments).refused(code, *words)
    assert desk.state() == before


@pytest.mark.parametrize("typed", ["cold call", " COLD  CALL ", "Cold\u00a0Call"])
def test_case_and_blanks_do_not_matter(desk: Desk, typed: str) -> None:
    """The row has the name as the Activities tab writes it."""
    said = desk.ok("log", typed, "--who", "ANN").out
    assert said.startswith("Cold call on 2026-10-14, Ann: logged in Log")
    assert desk.cells()["Log"][-1][:3] == (day_cell("2026-10-14"), "Ann", "Cold call")


def at_a_terminal(desk: Desk, answer: str, *arguments: str) -> tuple[int, str]:
    """Run `log` at a terminal and type an answer to its first question; the exit code and what was shown."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "sheetsync", "-c", str(desk.folder / "config.yaml"), "log", *arguments]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "TERM": "xterm"}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=desk.folder, close_fds=True
    )
    os.close(theirs)
    shown, until, typed = b"", time.monotonic() + 60, False
    while time.monotonic() < until:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # Linux's way to say that the other side has closed
                break
        if not typed and b"]: " in shown:
            os.write(ours, answer.encode() + b"\n")
            typed = True
    os.close(ours)
    return process.wait(timeout=30), shown.decode()


def test_an_unsure_match_asks_at_a_terminal(desk: Desk) -> None:
    """The similar names are offered; the chosen one is logged."""
    code, shown = at_a_terminal(desk, "1", "Meting", "--who", "Ann", "--date", "2026-10-14")
    assert code == 0, shown
    assert "No activity is called “Meting”" in shown and "1  Meeting" in shown
    assert desk.cells()["Log"][-1][:3] == (day_cell("2026-10-14"), "Ann", "Meeting")


def test_no_answer_logs_nothing(desk: Desk) -> None:
    """None of them is an answer too: the command is refused and the file is as it was."""
    before = desk.state()
    code, shown = at_a_terminal(desk, "0", "Meting", "--who", "Ann", "--date", "2026-10-14")
    assert code == 2, shown
    assert "not logged: unknown activity “Meting”" in shown
    assert desk.state() == before


def test_what_has_no_room_is_refused(desk: Desk) -> None:
    """A note without its column, or longer than a cell, is not dropped in silence."""
    before = desk.state()
    desk.run("log", "Meeting", "--who", "Ann", "--note", "x" * 40_000).refused(2, "Notes has 40,000 characters")
    assert desk.state() == before
    with desk.edited() as book:
        book["Log"].delete_cols(8)
    desk.run("log", "Meeting", "--who", "Ann", "--note", "precious").refused(2, "no column “Notes”")


def test_names_that_cannot_be_read_stop_it(desk: Desk) -> None:
    """Where a sync would stop for a lost title, the activity is not called unknown."""
    with desk.edited() as book:
        book["Activities"]["A1"] = "Aktivität"
    desk.run("log", "Meeting", "--who", "Ann").refused(5, "“Activity” is gone")
