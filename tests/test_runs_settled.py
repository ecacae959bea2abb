"""A sync that is not done again says and leaves what it would have, were it done: tried on random edits."""

import shutil
import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli import NOW, Desk, small_desk

Edit = Callable[[Desk], None]
_numbers = count()


def _forget(desk: Desk) -> None:
    """Make the next sync read everything."""
    ledger = sqlite3.connect(desk.ledger)
    with ledger:
        ledger.execute("DELETE FROM settled")
    ledger.close()


def _remembered(desk: Desk) -> dict[str, list[Any]]:
    """All that the ledger holds, but for what is only there to save work."""
    ledger = sqlite3.connect(desk.ledger)
    tables = [name for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    held = {name: ledger.execute(f"SELECT * FROM {name}").fetchall() for name in tables if name != "settled"}
    ledger.close()
    return held


def _typed(tab: str, cell: str, value: object) -> Edit:
    def edit(desk: Desk) -> None:
        with desk.edited() as book:
            book[tab][cell] = value

    return edit


def _logged(desk: Desk) -> None:
    with desk.edited() as book:
        book["Log"].append([date(2026, 10, 13), "Ann", "Cold call", 3, None, None, "Dana", "again"])


def _configured(old: str, new: str) -> Edit:
    def edit(desk: Desk) -> None:
        text = desk.config.read_text(encoding="utf-8")
        desk.config.write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def _templated(desk: Desk) -> None:
    template = desk.folder / "lean.yaml"
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("window: 31", "window: 10", 1), encoding="utf-8")


def _ledger_lost(desk: Desk) -> None:
    desk.ledger.unlink()


def _ledger_kept(desk: Desk) -> None:
    shutil.copy(desk.ledger, desk.folder / "kept.db")


def _ledger_restored(desk: Desk) -> None:
    if (desk.folder / "kept.db").exists():
        shutil.copy(desk.folder / "kept.db", desk.ledger)


EDITS: dict[str, Edit] = {
    "nothing": lambda desk: None,
    "nothing again": lambda desk: None,
    "saved": _typed("Log", "A1", "Date"),
    "a row": _logged,
    "a wrong date": _typed("Log", "A5", "no day"),
    "a row less": _typed("Log", "C7", None),
    "a renamed activity": _typed("Activities", "A2", "Phone call"),
    "a target": _typed("Activities", "C2", 77),
    "a summary": _typed("Weekly summary", "C4", "typed here"),
    "weeks": _configured("week_starts: monday", "week_starts: sunday"),
    "weeks again": _configured("week_starts: sunday", "week_starts: monday"),
    "a template": _templated,
    "a ledger lost": _ledger_lost,
    "a ledger kept": _ledger_kept,
    "a ledger restored": _ledger_restored,
}
COMMANDS = (
    ("sync", "--json"),
    ("sync", "--json"),
    ("sync", "--dry-run", "--json"),
    ("sync", "--as-of", "2026-10-01", "--json"),
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(sorted(EDITS)), st.sampled_from(COMMANDS), st.integers(0, 1)), max_size=5))
def test_as_if_it_were_done(tmp_path: Path, steps: list[tuple[str, tuple[str, ...], int]]) -> None:
    """Whatever was edited in between: output, workbook and ledger are those of a sync that reads everything."""
    folder = tmp_path / str(next(_numbers))
    desk, now = small_desk(folder), NOW
    desk.ok("sync")
    for number, (edit, command, days) in enumerate(steps):
        EDITS[edit](desk)
        now += timedelta(days=days, minutes=15)
        full = desk.copy(folder / f"full{number}")
        if full.ledger.exists():
            _forget(full)
        got, wanted = desk.run(*command, at=now), full.run(*command, at=now)
        assert (got.code, got.out, got.err) == (
            wanted.code,
            wanted.out.replace(str(full.folder), str(desk.folder)),
            wanted.err.replace(str(full.folder), str(desk.folder)),
        )
        assert desk.workbook.read_bytes() == full.workbook.read_bytes()
        assert _remembered(desk) == _remembered(full)


@pytest.fixture
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk at which nothing is left to do, and at which reading everything fails from now on."""
    monkeypatch.setattr("sheetsync.runs.settled._code", lambda: iter(["this version"]))
    desk = small_desk(tmp_path)
    desk.ok("sync")
    desk.ok("sync")

    def read_in_full(*_: object, **__: object) -> None:
        raise AssertionError("it was read in full")

    monkeypatch.setattr("sheetsync.runs.syncing.plan_sync", read_in_full)
    return desk


def _is_read_in_full(desk: Desk, *arguments: str) -> bool:
    return "it was read in full" in desk.run(*arguments).err


def test_nothing_is_read_again(settled: Desk) -> None:
    """While nothing changes, a sync says what the last one said, in all its forms."""
    before = settled.state()
    assert settled.ok("sync").out.splitlines()[1:] == [
        "  log       60 rows read, 60 count; 0 new, 0 gone since the last sync",
        "  nothing to write: every tab is up to date",
    ]
    assert settled.ok("sync", "--json").json["written"] == {}
    assert settled.ok("sync", "--dry-run", "--accept-removals", "--strict").out.endswith("nothing was touched.\n")
    assert settled.state() == before


@pytest.mark.parametrize(
    "edit", sorted(EDITS.keys() - {"nothing", "nothing again", "weeks again", "a ledger kept", "a ledger restored"})
)
def test_what_is_read_again(settled: Desk, edit: str) -> None:
    """Whatever changes of what a sync depends on, all is read."""
    EDITS[edit](settled)
    assert _is_read_in_full(settled, "sync")


def test_another_day_is_read_again(settled: Desk) -> None:
    """The day is among what a sync depends on, and whether it is under way."""
    assert _is_read_in_full(settled, "sync", "--as-of", "2026-10-14")
    assert "it was read in full" in settled.run("sync", at=NOW + timedelta(days=1)).err
    assert not _is_read_in_full(settled, "sync")


def test_other_code_reads_again(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an update of sheetsync or a library, all is read."""
    monkeypatch.setattr("sheetsync.runs.settled._code", lambda: iter(["another version"]))
    assert _is_read_in_full(settled, "sync")
