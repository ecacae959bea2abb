"""The whole job on Google Sheets, through the real gspread and google-auth, against a local Google over sockets."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli import LOG_COLUMNS, PROJECT, TODAY, new_desk
from tests.google_server import GoogleServer, OpenBook, faults
from tests.google_server.faults import Fault
from tests.google_team import LOOK, READ, ROBOT, WRITE, Team, desk_at

# ---- create -------------------------------------------------------------------------------------------------------


def test_create_fills_a_shared_blank_spreadsheet(tmp_path: Path) -> None:
    """Few calls, whatever is made; the next command finds the workbook without a look round."""
    with GoogleServer() as server:
        spreadsheet = server.create_spreadsheet("Goals", owner="ann@example.com", share={ROBOT: "writer"})
        team = Team(desk_at(tmp_path / "desk", server, spreadsheet), server, spreadsheet)
        made = team.calls("create", "--person", "Ann <ann@example.com>")
        assert len(made) <= 3
        assert team.browser.titles()[0] == "Dashboard"
        assert len(team.browser.titles()) == 24
        assert team.browser.values("People")[1][:2] == ["Ann", "ann@example.com"]
        assert team.calls("sync") == [READ, WRITE]


def test_create_shares_it(tmp_path: Path) -> None:
    """A person who signed in makes a new spreadsheet; --share gives others access, one call each."""
    with GoogleServer() as server:
        desk = desk_at(tmp_path / "desk", server, "1" + "x9" * 21 + "x")
        desk.file("robot.json", json.dumps(server.authorized_user("ann@example.com")))
        said = desk.ok("create", "--new", "--share", "ben@example.com:reader", "--share", "cleo@example.com").out
        (spreadsheet,) = server.workspace.files
        assert f"workbook: {spreadsheet}" in said
        file = server.workspace.files[spreadsheet]
        assert [file.role(f"{who}@example.com") for who in ("ann", "ben", "cleo")] == ["owner", "reader", "writer"]
        assert len(server.requests) <= 4


def test_a_new_spreadsheet_is_named_in_a_fresh_configuration(tmp_path: Path) -> None:
    """`init`, `create --new`, `sync`: nothing has to be copied from one place to another."""
    with GoogleServer() as server:
        desk = new_desk(tmp_path / "desk", "--credentials", "ann.json")
        desk.configure("api_endpoint: null", f"api_endpoint: {server.endpoint}")
        desk.file("ann.json", json.dumps(server.authorized_user("ann@example.com")))
        said = desk.ok("create", "--new", "--person", "Ann").out
        (spreadsheet,) = server.workspace.files
        assert f"config.yaml now says workbook: {spreadsheet}" in said
        desk.ok("sync")
        assert Team(desk, server, spreadsheet).calls("sync") == [READ]


def test_a_robot_cannot_share_what_it_does_not_own(tmp_path: Path) -> None:
    """The workbook is made; the line says with whom it is not shared, and who can do that."""
    with GoogleServer() as server:
        spreadsheet = server.create_spreadsheet("Goals", owner="ann@example.com", share={ROBOT: "writer"})
        desk = desk_at(tmp_path / "desk", server, spreadsheet)
        result = desk.run("create", "--share", "ben@example.com:reader")
        result.refused(result.code, "is made, but not shared with ben@example.com", "share it there")
        assert len(server.spreadsheet(spreadsheet).titles()) == 24
        desk.ok("sync")


def test_create_refuses_a_spreadsheet_with_content(team: Team) -> None:
    """Exit 5, and not one cell of it changes."""
    before = team.seen()
    team.desk.run("create").refused(5, "Goals", "already has content", "blank")
    team.desk.run("create", "--into", team.spreadsheet).refused(5, "already has content")
    assert team.seen() == before


def test_a_robot_cannot_own_a_spreadsheet(tmp_path: Path) -> None:
    """--new with a service account: exit 6 and the way that works."""
    with GoogleServer() as server:
        desk = desk_at(tmp_path / "desk", server, "1" + "x9" * 21 + "x")
        desk.run("create", "--new").refused(6, ROBOT, "--into ID")


def test_create_into_another_one_says_what_to_configure(tmp_path: Path) -> None:
    """When the configuration names another workbook, the line to put there is shown."""
    with GoogleServer() as server:
        spreadsheet = server.create_spreadsheet("Goals", owner="ann@example.com", share={ROBOT: "writer"})
        desk = desk_at(tmp_path / "desk", server, "1" + "x9" * 21 + "x")
        assert f"workbook: {spreadsheet}" in desk.ok("create", "--into", spreadsheet).out


# ---- calls --------------------------------------------------------------------------------------------------------


def test_a_sync_is_one_read_and_one_write_if_needed(team: Team) -> None:
    """1 call when nothing changed, 2 when something did, 1 again; a dry run never writes."""
    assert team.calls("sync") == [READ]
    team.browser.enter("Log", "A62", [[TODAY.isoformat(), "Ann", "Cold call", "7"]])
    assert team.calls("sync", "--dry-run") == [READ]
    assert team.calls("sync") == [READ, WRITE]
    assert team.calls("sync") == [READ]


def test_without_its_ledger_it_looks_once_where_the_tabs_are(team: Team) -> None:
    """Another machine finds the tabs by their marks, whatever they are called, with one call more."""
    before = team.rollups()
    team.browser.rename_tab("Log", "What we did")
    team.desk.ledger.unlink()
    assert team.calls("sync") == [LOOK, READ]
    assert team.rollups() == before
    assert team.calls("sync") == [READ]


def test_status_and_export_need_no_google(team: Team) -> None:
    """They read the ledger: not one call."""
    for arguments in (["status"], ["export", "rollups"], ["export", "activities"], ["email", "preview"]):
        assert team.calls(*arguments) == []


def test_a_write_touches_no_tab_that_people_type_in(team: Team) -> None:
    """Every range in the write lies in a tool tab."""
    people = {"People", "Goals", "Activities", "Targets", "Log", "Tally", "Weekly", "Partner", "Annual"}
    ids = {sheet.id for sheet in team.browser.book.sheets if sheet.title in people}
    team.browser.enter("Log", "A62", [[TODAY.isoformat(), "Ann", "Cold call", "7"]])
    team.calls("sync")
    body = team.server.requests[-1].body
    touched = {
        request["updateCells"]["range"].get("sheetId", 0) for request in body["requests"] if "updateCells" in request
    }
    assert touched
    assert not touched & ids


# ---- what people may do -------------------------------------------------------------------------------------------


def _extra_column(book: OpenBook) -> None:
    book.insert_column("Log", 2)
    book.type("Log", "C1", [["Mood"], ["great"]])


def _reorder(book: OpenBook) -> None:
    rows = book.values("Log")
    width = len(rows[0])
    book.type(
        "Log",
        "A1",
        [[cell if cell is not None else "" for cell in [*row, *[""] * width][:width][::-1]] for row in rows],
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda book: book.sort("Log", 4, descending=True),
        lambda book: book.rename_tab("Log", "My log"),
        lambda book: book.insert_rows("Log", 5, 3),
        _extra_column,
        _reorder,
    ],
    ids=["sort", "rename tab", "blank rows", "extra column", "other order"],
)
def test_rearranging_changes_no_number(team: Team, change: Callable[[OpenBook], None]) -> None:
    """The same rollups, and nothing to write."""
    before = team.rollups()
    change(team.browser)
    assert team.calls("sync") == [READ]
    assert team.rollups() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda book: book.type("Log", "C1", [["Activty"]]), ("“Activity” is gone", "“Activty” in column C")),
        (lambda book: book.delete_column("Log", 2), ("“Activity” is gone",)),
        (lambda book: book.delete_rows("Log", 1, 60), ("0 rows", "--accept-removals")),
        (lambda book: book.delete_rows("Log", 10, 31), ("29 rows", "--accept-removals")),
        (lambda book: book.delete_tab("Log"), ("Log", "is gone", "Version history")),
        (lambda book: book.delete_tab("Team"), ("Team", "is gone")),
    ],
    ids=["renamed column", "deleted column", "emptied log", "cut log", "deleted tab", "deleted tool tab"],
)
def test_the_guard_stops_and_writes_nothing(
    team: Team, change: Callable[[OpenBook], None], words: tuple[str, ...]
) -> None:
    """Exit 5 and what is gone; no write call, and ledger and summaries are as before."""
    before = team.rollups()
    change(team.browser)
    seen = team.seen()
    team.server.clear_requests()
    team.desk.run("sync").refused(5, *words)
    assert not [request for request in team.server.requests if request.path.endswith(WRITE)]
    assert team.seen() == seen
    assert team.rollups() == before


def test_accept_removals_goes_on(team: Team) -> None:
    """A person says that it is right."""
    team.browser.delete_rows("Log", 10, 31)
    assert team.calls("sync", "--accept-removals") == [READ, WRITE]
    assert team.calls("sync") == [READ]


def test_typing_in_a_tool_tab_is_written_over_but_kept(team: Team) -> None:
    """The Dashboard is right again, Problems tells what was typed where."""
    right = team.browser.values("Dashboard")[3:]
    team.browser.type("Dashboard", "D26", [[999_999]])
    (problem,) = team.desk.ok("sync", "--json").json["problems"]
    assert (problem["tab"], problem["row"], problem["column"], problem["typed"]) == (
        "Dashboard",
        26,
        "So far",
        "999999",
    )
    assert team.browser.values("Dashboard")[3:] == right
    assert team.calls("sync") == [READ]


def test_mistakes_are_listed_and_hostile_text_stays_text(team: Team) -> None:
    """What looks like a formula in a name is a text in Problems."""
    team.browser.type("Log", "A62", [[46309, "=IMPORTXML(1)", "Cold call"], [46309, "Ann", "cold cal"]])
    problems = team.desk.ok("sync", "--json").json["problems"]
    assert [problem["row"] for problem in problems] == [62, 63]
    assert problems[1]["hint"] == "did you mean “Cold call”?"
    shown = team.browser.values("Problems")
    assert len(shown) == 3
    for column in "ABCDEF":
        assert team.browser.cell("Problems", f"{column}2").formula is None


# ---- rows ---------------------------------------------------------------------------------------------------------


def test_importing_again_adds_nothing(team: Team) -> None:
    """Two equal rows stay two, also when the ledger never heard of the first import."""
    row = ["2026-10-01", "Ann", "Meeting", 1, "", "", "", ""]
    file = team.desk.csv("a.csv", LOG_COLUMNS, [row, row])
    before = team.desk.ledger.read_bytes()
    assert team.desk.ok("import", file, "--json").json["added"] == 2
    team.desk.ledger.write_bytes(before)
    assert team.desk.ok("import", file, "--json").json["added"] == 0
    assert team.desk.ok("import", file, "--json").json["added"] == 0
    assert team.desk.ok("sync", "--json").json["rows"] == 62


def test_log_adds_one_row_below_the_others(team: Team) -> None:
    """A row from the terminal stands under the last one, as values."""
    team.desk.ok("log", "Meeting", "2", "--who", "Ann", "--note", "=1+1")
    assert team.browser.values("Log")[-1] == [46309, "Ann", "Meeting", 2, "", "", "", "=1+1"]


def test_extend_adds_a_new_persons_rows(team: Team) -> None:
    """Below what is there, once."""
    team.browser.type("People", "A4", [["Cleo"]])
    before = team.browser.values("Weekly")
    team.desk.ok("extend")
    after = team.browser.values("Weekly")
    assert [row[:2] for row in after[: len(before)]] == [row[:2] for row in before]
    assert {row[1] for row in after[len(before) :]} == {"Cleo"}
    assert "Nothing to add" in team.desk.ok("extend").out


def test_a_reader_is_told_to_ask_for_more(team: Team) -> None:
    """When the share is for reading only, a sync reads, and then says whom to make an editor."""
    team.browser.enter("Log", "A62", [[TODAY.isoformat(), "Ann", "Cold call", "7"]])
    team.server.share(team.spreadsheet, ROBOT, "reader")
    try:
        team.desk.run("sync").refused(6, ROBOT)
    finally:
        team.server.share(team.spreadsheet, ROBOT, "writer")
    assert team.calls("sync") == [READ, WRITE]
    assert team.calls("sync") == [READ]


# ---- a Google that does not answer --------------------------------------------------------------------------------


def test_two_minutes_are_the_longest_wait(tmp_path: Path) -> None:
    """A permanent 503, silence, one byte a second, resets: exit 4, one line, within two minutes of real time."""
    moods = {
        "unavailable": faults.UNAVAILABLE,
        "silent": faults.hang(600, applied=False),
        "slow": faults.drip(1),
        "gone": faults.RESET_BEFORE,
    }
    with ExitStack() as stack:
        started = {}
        begun = time.monotonic()
        for name, fault in moods.items():
            server = stack.enter_context(GoogleServer())
            spreadsheet = server.create_spreadsheet("Goals", owner="ann@example.com", share={ROBOT: "writer"})
            desk = desk_at(tmp_path / name, server, spreadsheet)
            server.inject(fault, times=None)
            started[name] = subprocess.Popen(
                [sys.executable, "-m", "sheetsync", "-c", str(desk.config), "sync"],
                env=os.environ | {"PYTHONPATH": str(PROJECT)}, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
        for name, process in started.items():
            _, said = process.communicate(timeout=130)
            assert (process.returncode, said.count("\n")) == (4, 1), (name, said)
            assert said.startswith("sheetsync: ") and "the next run may succeed" in said
        assert time.monotonic() - begun < 120


@pytest.mark.parametrize("fault", [faults.RESET_AFTER, faults.LOST_ANSWER_503, faults.RESET_BEFORE], ids=repr)
def test_log_leaves_one_row_whatever_is_lost(team: Team, fault: Fault) -> None:
    """With the real waits: read, append, read again; two calls when nothing is lost."""
    assert team.calls("log", "Meeting", "--who", "Ann") == [READ, WRITE]
    team.server.inject(fault, on="batchUpdate")
    again = [] if fault.applied else [WRITE]
    assert team.calls("log", "Meeting", "--who", "Ann") == [READ, WRITE, READ, *again]
    assert len(team.browser.values("Log")) == 63


def test_a_dead_refresh_token_needs_a_person(team: Team) -> None:
    """Exit 6 at once, one sentence, and the remedy."""
    team.desk.file("robot.json", json.dumps(team.server.authorized_user("ann@example.com")))
    team.server.inject(faults.INVALID_GRANT, times=None)
    team.server.clear_requests()
    said = team.desk.run("sync").refused(6, "robot.json cannot sign in", "sheetsync auth login")
    assert "Token has been expired or revoked" in said
    assert team.server.requests == []
