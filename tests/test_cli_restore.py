"""`restore`: deleted rows come back into the log, once, and nothing else changes."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from sheetsync.cells import Cell
from tests.cli import NOW, PROJECT, Desk, day_cell, small_desk
from tests.google_team import Team

LATER = NOW + timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann and Ben, 60 rows, synced."""
    return small_desk(tmp_path)


def activities(desk: Desk) -> Counter[tuple[Any, ...]]:
    """The rows that count, as a multiset."""
    rows = desk.ok("export", "activities", "--format", "json").json
    return Counter(tuple(row.values()) for row in rows)


def delete(desk: Desk, first: int, count: int) -> None:
    """Delete rows of the log by hand."""
    with desk.edited() as book:
        book["Log"].delete_rows(first, count)


def others(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    """What stands in the tabs other than the log."""
    tabs = {title: rows for title, rows in desk.cells().items() if title != "Log"}
    return {title: [tuple(cell or None for cell in row) for row in rows] for title, rows in tabs.items()}


def test_an_emptied_log_comes_back(desk: Desk) -> None:
    """The classic: emptied, stopped with 5, restored, synced, and every number is as it was."""
    before, tabs = activities(desk), others(desk)
    delete(desk, 2, 60)
    desk.run("sync").refused(5, "the log has 0 rows, 60 at the last sync")
    assert "60 rows are back in Log" in desk.ok("restore", "--yes").out
    said = desk.run("sync", "--json").json
    assert (said["rows"], said["added"], said["removed"], said["written"]) == (60, 0, 0, {})
    assert activities(desk) == before
    assert others(desk) == tabs


def test_restoring_again_adds_nothing(desk: Desk) -> None:
    """Before and after the next sync, and although rows had vanished earlier, in another sync."""
    delete(desk, 2, 2)
    desk.ok("sync")
    delete(desk, 30, 12)
    assert "12 rows are back" in desk.ok("restore", "--yes").out
    state = desk.cells()
    assert "none is missing" in desk.ok("restore", "--yes").out
    assert desk.cells() == state
    desk.ok("sync")
    assert "none is missing" in desk.ok("restore", "--yes").out
    assert "2 rows are back" in desk.ok("restore", "--all", "--yes").out
    assert "none is missing" in desk.ok("restore", "--all", "--yes").out
    assert len(desk.values("Log")) == 61


def test_killed_after_the_append(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies right after the rows were written: they are there once, whatever is run next."""
    from sheetsync.ledger import Ledger

    delete(desk, 2, 2)
    desk.ok("sync")
    delete(desk, 2, 10)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "remember", die)
        assert desk.run("restore", "--yes").code == 130
    assert "none is missing" in desk.ok("restore", "--yes").out
    assert len(desk.values("Log")) == 59


def test_what_a_sync_has_missed_already(desk: Desk) -> None:
    """By default the rows of the last sync that missed any; by day, all since then; then all there ever were."""
    before = activities(desk)
    delete(desk, 2, 3)
    desk.ok("sync")
    delete(desk, 2, 4)
    desk.run("sync", at=LATER)
    assert "4 rows that the sync of Thu 15 Oct 2026, 08:00 missed" in desk.ok("restore", "--dry-run", at=LATER).out
    assert "4 rows" in desk.ok("restore", "--since", "2026-10-15", "--dry-run", at=LATER).out
    assert "7 rows" in desk.ok("restore", "--since", "2026-10-14", "--dry-run", at=LATER).out
    assert "4 rows are back" in desk.ok("restore", "--yes", at=LATER).out
    assert "none is missing" in desk.ok("restore", "--yes", at=LATER).out
    assert "3 rows are back" in desk.ok("restore", "--all", "--yes", at=LATER).out
    desk.run("sync", at=LATER)
    assert activities(desk) == before


def test_only_some(desk: Desk) -> None:
    """By person and by day; the others stay missing, and can still be had."""
    delete(desk, 2, 20)
    dry = desk.ok("restore", "--who", "ben", "--dry-run").out
    assert "Ann" not in dry
    bens = dry.count("Ben")
    assert f"{bens} rows are back" in desk.ok("restore", "--who", "ben", "--yes").out
    assert "none is missing" in desk.ok("restore", "--who", "Ben", "--yes").out
    assert f"{20 - bens} rows are back" in desk.ok("restore", "--yes").out
    desk.run("restore", "--who", "Nobody").refused(2, "Nobody")


def changed_row(book: Workbook) -> None:
    """One count corrected."""
    book["Log"]["D2"] = 9


def refused_row(book: Workbook) -> None:
    """One count that nobody can read, and one day that has not come."""
    book["Log"]["D2"] = "2 calls"
    book["Log"]["A3"] = NOW.date() + timedelta(days=9)


def renamed_person(book: Workbook) -> None:
    """Ben is Benjamin from now on, but not in the log."""
    book["People"]["A3"] = "Benjamin"


def sorted_rows(book: Workbook) -> None:
    """The log upside down."""
    sheet = book["Log"]
    rows = [[cell.value for cell in row[:8]] for row in sheet.iter_rows(min_row=2, max_row=61)]
    for number, row in enumerate(reversed(rows), 2):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column).value = value


@pytest.mark.parametrize("edit", [changed_row, refused_row, renamed_person, sorted_rows])
def test_what_is_there_in_another_form_is_not_missing(desk: Desk, edit: Callable[[Workbook], None]) -> None:
    """A changed row, one that a sync refuses now, one whose person is called otherwise: nothing to bring back."""
    with desk.edited() as book:
        assert book["People"]["A3"].value == "Ben"
        edit(book)
    assert "none is missing" in desk.ok("restore", "--yes").out
    desk.ok("sync", "--accept-removals")
    assert "none is missing" in desk.ok("restore", "--all", "--yes").out


def test_a_tally_counts_too(desk: Desk) -> None:
    """A cell of a tally that was cleared comes back as a row of the log; one with another number now does not."""
    with desk.edited() as book:
        sheet = book["Tally"]
        assert sheet["C1"].value == "Cold call"
        for row in (2, 3):
            sheet.cell(row, 1).value, sheet.cell(row, 2).value = NOW.date() - timedelta(days=row), "Ann"
            sheet.cell(row, 3).value = 40 + row
    desk.ok("sync")
    with desk.edited() as book:
        book["Tally"]["C2"].value = None
        book["Tally"]["C3"].value = 7
    assert "1 row is back in Log" in desk.ok("restore", "--yes").out
    assert [row[:4] for row in desk.values("Log")[-1:]] == [(day_cell("2026-10-12"), "Ann", "Cold call", 42)]
    assert "none is missing" in desk.ok("restore", "--yes").out


def test_who_is_gone_is_said_before(desk: Desk) -> None:
    """Rows of a person who is no longer in the People tab come back as problems, and that is said."""
    with desk.edited() as book:
        for row in book["People"].iter_rows(min_row=3, max_row=3):
            for cell in row:
                cell.value = None
        book["Log"].delete_rows(2, 60)
    out = desk.ok("restore", "--dry-run").out
    assert "20 of them will not count" in out
    assert "unknown person “Ben”" in out


def test_a_column_that_is_gone_is_said_before(desk: Desk) -> None:
    """What has no column is left out, and counted; a second restore adds nothing."""
    with desk.edited() as book:
        sheet = book["Log"]
        assert sheet["G1"].value == "Contact"
        sheet["G1"] = "Colour"
        sheet.delete_rows(2, 5)
    assert "5 rows will come back without Contact" in desk.ok("restore", "--yes").out
    assert "none is missing" in desk.ok("restore", "--yes").out


def test_dates_are_dates(desk: Desk) -> None:
    """What comes back is what was typed: dates as dates, numbers as numbers, texts as texts."""
    before = sorted(desk.values("Log")[1:], key=repr)
    delete(desk, 2, 60)
    desk.ok("restore", "--yes")
    assert [type(cell) for cell in desk.values("Log")[1][:4]] == [type(cell) for cell in before[0][:4]]
    assert sorted((row[:8] for row in desk.values("Log")[1:]), key=repr) == [row[:8] for row in before]


def test_it_asks_first(desk: Desk) -> None:
    """Without a terminal nobody can be asked: refused, and nothing is touched; a dry run touches nothing either."""
    delete(desk, 2, 5)
    state = desk.state()
    result = desk.run("restore")
    assert (result.code, "--yes" in result.err) == (2, True)
    desk.ok("restore", "--dry-run")
    assert desk.state() == state


def test_on_a_terminal_it_asks(desk: Desk) -> None:
    """Whoever says no has touched nothing; whoever says yes has the rows back."""
    delete(desk, 2, 5)
    for answer, code, rows in ((b"n\n", 130, 56), (b"y\n", 0, 61)):
        terminal, its_end = os.openpty()
        command = [sys.executable, "-m", "sheetsync", "-c", str(desk.config), "restore"]
        process = subprocess.Popen(command, stdin=its_end, stdout=its_end, stderr=its_end, cwd=PROJECT)
        os.close(its_end)
        os.write(terminal, answer)
        said = b""
        with suppress(OSError):  # Linux: the other end is closed
            while part := os.read(terminal, 4096):
                said += part
        os.close(terminal)
        assert process.wait() == code, said
        assert b"Bring them back? [y/N]:" in said
        assert len(desk.values("Log")) == rows


def test_a_dry_run_needs_no_lock(desk: Desk) -> None:
    """It looks while another run is at work, and on a desk whose ledger is new."""
    from sheetsync.config import load_config
    from sheetsync.runs.opening import locked

    delete(desk, 2, 5)
    with locked(load_config(desk.config)):
        assert "5 rows that the last sync knew" in desk.ok("restore", "--dry-run").out
        desk.run("restore", "--yes").refused(75, "goals.xlsx")
    for file in desk.folder.glob("sheetsync.db*"):
        file.unlink()
    desk.run("restore", "--dry-run").refused(3, "nothing was synced yet")


def test_rows_that_stand_but_cannot_be_used(desk: Desk) -> None:
    """Whose activity was cleared is not missing, and it is said where to look."""
    with desk.edited() as book:
        for row in range(2, 6):
            book["Log"].cell(row, 3).value = None
    desk.run("sync")
    out = desk.ok("restore", "--all", "--yes").out
    assert "none is missing.\n" in out
    assert "--all" not in out
    assert "4 rows stand in the log but cannot be used: see Problems" in out
    assert "--since DAY or --all looks back further" in desk.ok("restore", "--who", "Ann", "--dry-run").out


@pytest.mark.parametrize("refused", [1, 3])
def test_rows_refused_all_along_stand_for_no_deleted_one(tmp_path: Path, refused: int) -> None:
    """A person who logs the same each day, and has bad rows just like it: every deleted row comes back."""
    desk = _same_each_day(tmp_path, 30, *[("5/6/2026", "Ann", "Cold call", 2)] * refused)
    with desk.edited() as book:
        book["Log"].delete_rows(2, 25)
    assert desk.run("sync").code == 5
    assert "25 rows are back" in desk.ok("restore", "--yes").out
    assert "30 count" in desk.ok("sync").out


@pytest.mark.parametrize("typed", [1, 5])
def test_who_goes_on_logging_loses_nothing(tmp_path: Path, typed: int) -> None:
    """The log is emptied, and people log the same as ever below: every deleted row comes back beside theirs."""
    desk = _same_each_day(tmp_path, 25)
    with desk.edited() as book:
        book["Log"].delete_rows(2, 30)
    for day in range(7, 7 + typed):
        desk.ok("log", "Cold call", "2", "--who", "Ann", "--date", f"2026-10-{day:02}")
    assert "25 rows are back" in desk.ok("restore", "--yes").out
    assert f"{25 + typed} count" in desk.ok("sync").out
    assert len(activities(desk)) == 25 + typed


def test_what_looks_changed_is_left_out_and_told(tmp_path: Path) -> None:
    """Two rows of 30 are deleted, one of the same day is typed with another count: one comes back, one is shown."""
    desk = _same_each_day(tmp_path, 25)
    with desk.edited() as book:
        book["Log"].delete_rows(2, 2)
        book["Log"].append([day_cell("2026-09-11"), "Ann", "Cold call", 9])
    out = desk.ok("restore", "--yes").out
    assert "1 row is back" in out
    assert "1 looks changed rather than deleted, and is left out; if one was deleted all the same, type it" in out
    assert "Count: 2 → 9" in out


def _same_each_day(folder: Path, days: int, *others: tuple[Cell, ...]) -> Desk:
    """A log with the same row for each day up to yesterday, and others, synced."""
    desk = small_desk(folder)
    last = date(2026, 10, 5)
    with desk.edited() as book:
        log = book["Log"]
        log.delete_rows(2, log.max_row)
        for row in ((day_cell(str(last - timedelta(days - 1 - n))), "Ann", "Cold call", 2) for n in range(days)):
            log.append(row)
        for other in others:
            log.append(other)
    desk.ok("sync", "--accept-removals")
    return desk


def test_what_stops_it(desk: Desk) -> None:
    """A log without its header or its tab, and a desk that was never synced: one line, and what to do."""
    with desk.edited() as book:
        book["Log"]["A1"] = "When"
    desk.run("restore", "--yes").refused(5, "Date", "doctor --fix")
    with desk.edited() as book:
        del book["Log"]
    desk.run("restore", "--yes").refused(5, "Log", "doctor --fix")
    desk.ledger.unlink()
    for rest in desk.folder.glob("sheetsync.db-*"):
        rest.unlink()
    desk.run("restore", "--since", "2026-10-15", "--all", "--yes").refused(2, "--since")


def test_never_synced(desk: Desk) -> None:
    """A ledger that has seen nothing knows of nothing that could be missing."""
    for file in desk.folder.glob("sheetsync.db*"):
        file.unlink()
    desk.run("restore", "--yes").refused(3, "nothing was synced yet")


def test_on_google(team: Team) -> None:
    """The same on Google: one read, one write, and the next sync finds what the last one knew."""
    before = activities(team.desk)
    log = team.sheet_id("Log")
    team.in_browser(
        {"deleteDimension": {"range": {"sheetId": log, "dimension": "ROWS", "startIndex": 1, "endIndex": 61}}}
    )
    team.desk.run("sync").refused(5, "0 rows")
    calls = team.calls("restore", "--yes")
    assert calls.count("look") == 0 and len(calls) == 2, calls
    assert "none is missing" in team.desk.ok("restore", "--yes").out
    said = team.desk.run("sync", "--json").json
    assert (said["rows"], said["added"], said["removed"]) == (60, 0, 0)
    assert activities(team.desk) == before


def test_nobody_waits_for_the_answer(desk: Desk) -> None:
    """While the prompt waits others work; when they brought the rows back meanwhile, yes adds nothing twice."""
    before = desk.workbook.read_bytes()
    delete(desk, 2, 5)
    terminal, its_end = os.openpty()
    command = [sys.executable, "-m", "sheetsync", "-c", str(desk.config), "restore"]
    process = subprocess.Popen(command, stdin=its_end, stdout=its_end, stderr=its_end, cwd=PROJECT)
    os.close(its_end)
    said = b""
    while b"[y/N]:" not in said:
        said += os.read(terminal, 4096)
    desk.workbook.write_bytes(before)
    desk.ok("sync")
    os.write(terminal, b"y\n")
    with suppress(OSError):  # Linux: the other end is closed
        while part := os.read(terminal, 4096):
            said += part
    os.close(terminal)
    assert process.wait() == 75, said
    assert b"the log changed meanwhile; nothing was added" in said
    assert len(desk.values("Log")) == 61
