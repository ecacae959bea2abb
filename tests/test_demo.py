"""`sheetsync demo`: a folder in which a person can look around and go on working."""

import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from sheetsync.ledger.locks import held
from tests.cli import PROJECT, TODAY, Desk, demo_desk, sheetsync

TOOL_TABS = {
    "Dashboard", "Daily summary", "Weekly summary", "Monthly summary", "Quarterly summary", "Annual summary",
    "Insights", "Team", "Problems", "Chart data",
}  # fmt: skip


def test_makes_everything_in_a_new_folder_and_says_where(tmp_path: Path) -> None:
    """The workbook, the configuration and an email for each partner are there, and the output names them."""
    desk, said = demo_desk(tmp_path)
    assert (said.code, said.err) == (0, "")
    assert desk.workbook.is_file()
    assert desk.config.is_file()
    emails = sorted((desk.folder / "outbox").iterdir())
    assert [sum(e.suffix == suffix for e in emails) for suffix in (".eml", ".html", ".txt")] == [3, 3, 3]
    for shown in ("goals.xlsx", "config.yaml", "outbox", " sync", " status", " email preview", emails[1].stem):
        assert shown in said.out


@pytest.mark.parametrize("content", ["file", "folder"])
def test_refuses_a_folder_with_content(tmp_path: Path, content: str) -> None:
    """What is there already is never touched."""
    kept = tmp_path / "mine.txt" if content == "file" else tmp_path / "mine"
    kept.mkdir() if content == "folder" else kept.write_text("mine")
    sheetsync("demo", "--dir", tmp_path).refused(3, str(tmp_path), "--dir")
    assert list(tmp_path.iterdir()) == [kept]


@pytest.mark.parametrize("made", ["config.yaml", ".goals.xlsx.*.tmp", "outbox/*.eml"])
def test_killed_part_way_it_is_made_anew(tmp_path: Path, made: str) -> None:
    """The same command again ends as one that nobody disturbed; what a person put there meanwhile stays."""
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "sheetsync", "demo", "--dir", str(folder)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not any(folder.glob(made)):
            time.sleep(0.001)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    (folder / "outbox").mkdir(exist_ok=True)
    mine = [folder / "mine.txt", folder / "outbox" / "2026-10-14.eml"]
    for path in mine:
        path.write_text("mine")
    again = sheetsync("demo", "--dir", folder)
    assert (again.code, again.err) == (0, "")
    assert [path.read_text() for path in mine] == ["mine", "mine"]
    for path in mine:
        path.unlink()
    undisturbed, _ = demo_desk(tmp_path / "calm")
    assert _names(folder) == _names(undisturbed.folder)
    assert "nothing to write" in Desk(folder).ok("sync").out
    sheetsync("demo", "--dir", folder).refused(3, "is there already")


def _names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_two_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    """While one is at work in a folder, another one in it ends at once and touches nothing."""
    mine = tmp_path / "config.yaml"
    mine.write_text("half")
    with held(tmp_path / ".unfinished-demo", "the demo"):
        sheetsync("demo", "--dir", tmp_path).refused(75, str(tmp_path))
    assert mine.read_text() == "half"


def test_a_second_sync_writes_nothing(tmp_path: Path) -> None:
    """The workbook is up to date from the start: its bytes stay the same."""
    desk, _ = demo_desk(tmp_path)
    before = desk.workbook.read_bytes()
    assert "nothing to write" in desk.ok("sync").out
    assert desk.workbook.read_bytes() == before


def test_lists_the_seven_mistakes_with_place_and_hint(tmp_path: Path) -> None:
    """Each slip is in Problems with tab, row, column, what is wrong, what to do and what is typed there."""
    desk, said = demo_desk(tmp_path)
    assert "7 of them in need of a look" in said.out
    header, *problems = desk.values("Problems")
    assert header == ("Tab", "Row", "Column", "What", "What to do", "What is typed there")
    assert [row[0] for row in problems] == ["Log"] * 7
    log = desk.values("Log")
    for _, row, column, what, hint, typed in problems:
        standing = log[row - 1][log[0].index(column)]
        if isinstance(standing, datetime):
            standing = standing.date()
        assert str(standing or "") == (typed or "")
        assert what
        assert hint
    hints = {typed: hint for *_, hint, typed in problems}
    assert "Cold call" in hints["cold cal"]
    assert "2" in hints["2 calls"]
    assert {"cold cal", "2 calls", "Bne", "-2", None} < set(hints)


def test_a_person_goes_on_working_in_it(tmp_path: Path) -> None:
    """A row added by hand counts in the next sync; no tab people type in changes by a cell."""
    desk, _ = demo_desk(tmp_path)
    with desk.edited() as book:
        book["Log"].append([TODAY, "Ann", "Cold call", 7])
    before = desk.cells()
    dashboard = desk.values("Dashboard")
    assert desk.ok("sync", "--json").json["added"] == 1
    after = desk.cells()
    assert {tab for tab in before if before[tab] != after[tab]} <= TOOL_TABS
    calls = [
        [row[3] for row in rows if row[:2] == ("Ann", "Cold call")] for rows in (dashboard, desk.values("Dashboard"))
    ]
    assert [calls[1][0] - calls[0][0]] == [7]


def test_status_needs_no_workbook(tmp_path: Path) -> None:
    """The scorecard comes from the ledger: it is there when the workbook is out of reach."""
    desk, _ = demo_desk(tmp_path)
    desk.workbook.unlink()
    said = desk.ok("status").out
    for shown in ("Ann", "Ben", "Carla", "Revenue", "Cold call", "2026-W42"):
        assert shown in said


def test_sends_its_emails_once(tmp_path: Path) -> None:
    """The demo's emails are on their way already; sending again adds none."""
    desk, _ = demo_desk(tmp_path)
    before = sorted((desk.folder / "outbox").iterdir())
    assert "already sent" in desk.ok("email", "send").out
    assert sorted((desk.folder / "outbox").iterdir()) == before


@pytest.mark.parametrize("day", ["2026-01-01", "2028-02-29"])
def test_works_on_any_day(tmp_path: Path, day: str) -> None:
    """New Year, a leap day: seven mistakes, and a sync that writes nothing."""
    at = datetime.fromisoformat(f"{day}T07:30:00+00:00")
    said = sheetsync("demo", "--dir", tmp_path / "new", at=at)
    assert said.code == 0, said
    assert "7 of them" in said.out
    again = sheetsync("-c", tmp_path / "new" / "config.yaml", "sync", at=at)
    assert "nothing to write" in again.out
