"""The whole job on Google Sheets, through the real gspread and google-auth, against a local Google over sockets."""

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.cli import LOG_COLUMNS, TODAY, Desk, days_before, lean_template, new_desk
from tests.google_server import GoogleServer, OpenBook

ROBOT = "robot@demo.iam.gserviceaccount.com"
READ = "values:batchGetByDataFilter"
WRITE = ":batchUpdate"
LOOK = "look"


class Team:
    """A desk whose workbook is a spreadsheet, and what its people do in the browser."""

    def __init__(self, desk: Desk, server: GoogleServer, spreadsheet: str) -> None:
        self.desk, self.server, self.spreadsheet = desk, server, spreadsheet

    @property
    def browser(self) -> OpenBook:
        """The spreadsheet, open in a person's browser."""
        return self.server.spreadsheet(self.spreadsheet)

    def calls(self, *arguments: str | Path, code: int = 0) -> list[str]:
        """Run a command; which calls Google saw."""
        self.server.clear_requests()
        result = self.desk.run(*arguments)
        assert result.code == code, result
        return [
            READ if request.path.endswith(READ) else WRITE if request.path.endswith(WRITE) else LOOK
            for request in self.server.requests
        ]

    def rollups(self) -> Any:
        """What other tools get."""
        return self.desk.ok("export", "rollups", "--format", "json").json

    def seen(self) -> dict[str, list[list[Any]]]:
        """What stands in every tab."""
        return {title: self.browser.values(title) for title in self.browser.titles()}


def desk_at(folder: Path, server: GoogleServer, spreadsheet: str, template: str = "sales") -> Desk:
    """A desk with a robot's key, and the server in place of Google."""
    desk = new_desk(folder, "--workbook", spreadsheet, "--credentials", "robot.json", "--template", template)
    desk.configure("api_endpoint: null", f"api_endpoint: {server.endpoint}")
    desk.file("robot.json", json.dumps(server.service_account(ROBOT)))
    return desk


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[Team, bytes]]:
    """Ann's blank spreadsheet, shared with the robot, created, filled with 60 rows and synced; and its state."""
    with GoogleServer() as server, TemporaryDirectory() as folder:
        spreadsheet = server.create_spreadsheet("Goals", owner="ann@example.com", share={ROBOT: "writer"})
        desk = desk_at(Path(folder) / "desk", server, spreadsheet, lean_template(Path(folder) / "desk"))
        desk.ok("create", "--into", spreadsheet, "--examples", "--person", "Ann", "--person", "Ben")
        rows = [
            (days_before(n // 2), "Ann" if n % 3 else "Ben", "Cold call" if n % 4 else "Order won", 1 + n % 2,
             "" if n % 4 else 1000 + n, "", f"Contact {n}", "")
            for n in range(60)
        ]  # fmt: skip
        desk.ok("import", desk.csv("log.csv", LOG_COLUMNS, rows))
        desk.ok("sync")
        yield Team(desk, server, spreadsheet), pickle.dumps(server.workspace.files[spreadsheet].book)


@pytest.fixture
def team(made: tuple[Team, bytes], tmp_path: Path) -> Team:
    """The team as it was made."""
    team, book = made
    team.server.workspace.files[team.spreadsheet].book = pickle.loads(book)
    return Team(team.desk.copy(tmp_path / "desk"), team.server, team.spreadsheet)


# ---- create -------------------------------------------------------------------------------------------------------


def test_create_fills_a_shared_blank_spreadsheet(tmp_path: Path) -> None:
    """Few calls, whatever is made; the next command finds the workbook without a look round."""
    with GoogleServer() as server:
        spreadsheet = server.create_spreadsheet("Goals", owner="ann@example.com", share={ROBOT: "writer"})
        team = Team(desk_at(tmp_path / "desk", server, spreadsheet), server, spreadsheet)
        made = team.calls("create", "--person", "Ann <ann@example.com>")
        assert len(made) <= 3
        assert team.browser.titles()[0] == "Dashboard"
        assert len(team.browser.titles()) == 23
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


def test_a_robot_cannot_share_what_it_does_not_own(tmp_path: Path) -> None:
    """The workbook is made; the line says with whom it is not shared, and who can do that."""
    with GoogleServer() as server:
        spreadsheet = server.create_spreadsheet("Goals", owner="ann@example.com", share={ROBOT: "writer"})
        desk = desk_at(tmp_path / "desk", server, spreadsheet)
        result = desk.run("create", "--share", "ben@example.com:reader")
        result.refused(result.code, "is made, but not shared with ben@example.com", "share it there")
        assert len(server.spreadsheet(spreadsheet).titles()) == 23
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
    team.browser.type("Dashboard", "D5", [[999_999]])
    (problem,) = team.desk.ok("sync", "--json").json["problems"]
    assert (problem["tab"], problem["row"], problem["column"], problem["typed"]) == (
        "Dashboard",
        5,
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
