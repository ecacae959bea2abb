"""`doctor` on Google: credentials, clock, sharing, protection, and tabs and columns that come back."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import SALES
from tests.checkups import checks, failed, states, warned
from tests.cli import TODAY, Desk, Result
from tests.google_server import GoogleServer, OpenBook
from tests.google_team import ROBOT, MadeTeam, Team


@pytest.fixture
def team(made_team: MadeTeam, tmp_path: Path) -> Iterator[Team]:
    """The team as it was made, with nothing left to complain of."""
    team = made_team.again(tmp_path / "desk")
    team.browser.book.time_zone = "Etc/UTC"
    (team.desk.folder / "robot.json").chmod(0o600)
    team.desk.configure("  from: ", "  from: goals@example.org #")
    team.desk.configure("recipients: []", 'recipients: ["*"]')
    team.server.share(team.spreadsheet, ROBOT, "writer")
    team.server.clear_requests()
    yield team
    team.server.clock_offset = timedelta()


def test_a_healthy_set_up_on_google(team: Team) -> None:
    """Nothing to say, few calls, and the one write changes nothing."""
    before, first = team.seen(), team.browser.cell("Problems", "A1")
    found = checks(team.desk)
    assert states(found, "warning", "failed", "skipped") == set()
    assert ROBOT in found["credentials"]["found"]
    assert "of 10,000,000 cells" in found["size"]["found"]
    assert "60 rows" in found["sync"]["found"]
    assert len([r for r in team.server.requests if r.path.endswith(":batchUpdate")]) == 1
    assert len(team.server.requests) <= 6
    assert team.seen() == before
    assert team.browser.cell("Problems", "A1") == first


@pytest.mark.parametrize(
    ("damage", "name", "code", "words"),
    [
        (lambda team: team.server.share(team.spreadsheet, ROBOT, ""), "sharing", 6, (ROBOT, "as editor")),
        (lambda team: team.server.share(team.spreadsheet, ROBOT, "reader"), "writing", 6,
         (ROBOT, "reading only", "as editor")),
        (lambda team: team.desk.configure(team.spreadsheet, "x9" * 22), "sharing", 3, ("no spreadsheet",)),
        (lambda team: team.desk.file("robot.json", "{}"), "credentials", 6, ("robot.json", "neither")),
        (lambda team: (team.desk.folder / "robot.json").unlink(), "credentials", 6, ("no such credentials file",)),
        (lambda team: team.browser.delete_tab("Team"), "tabs", 5, ("“Team”", "--fix")),
        (lambda team: team.browser.type("Log", "C1", [["Activty"]]), "columns", 5, ("“Activty” in column C",)),
    ],
    ids=["not shared", "read only", "wrong id", "no key", "no file", "lost tab", "renamed column"],
)  # fmt: skip
def test_what_can_be_wrong_on_google(
    team: Team, damage: Callable[[Team], object], name: str, code: int, words: tuple[str, ...]
) -> None:
    """Each thing is its own check with its own remedy, and ends as a sync would."""
    damage(team)
    failed(team.desk, name, code, *words)


def test_a_revoked_key(team: Team) -> None:
    """Only the credentials fail: sharing is not looked at."""
    with GoogleServer() as server:
        team.desk.file("robot.json", json.dumps(server.service_account(ROBOT)))
        server.revoke(ROBOT)
        found = failed(team.desk, "credentials", 6, ROBOT, "cannot sign in", "new key")
    assert "credentials comes first" in found["sharing"]["found"]
    assert found["clock"]["state"] == "ok"


def test_no_network(team: Team) -> None:
    """Exit 4, soon; what needs no network is looked at all the same."""
    team.desk.configure(team.server.endpoint, "http://127.0.0.1:9")
    found = checks(team.desk, code=4)
    assert states(found, "failed") == {"credentials", "clock"}
    assert found["ledger"]["state"] == found["mail"]["state"] == "ok"


@pytest.mark.parametrize(
    ("off", "state", "words"),
    [
        (timedelta(seconds=30), "ok", ""),
        (timedelta(minutes=3), "warning", "3 minutes behind"),
        (-timedelta(minutes=3), "warning", "3 minutes ahead of"),
        (timedelta(hours=5), "failed", "5 hours behind"),
    ],
)
def test_the_clock(team: Team, off: timedelta, state: str, words: str) -> None:
    """Google's clock is right: beyond a minute it is said, beyond five nobody could sign in."""
    team.server.clock_offset = off
    found = checks(team.desk, code=6 if state == "failed" else 0)
    assert found["clock"]["state"] == state
    assert words in found["clock"]["found"]


def test_a_key_that_others_may_read(team: Team) -> None:
    """Whoever has it is the robot."""
    (team.desk.folder / "robot.json").chmod(0o644)
    warned(team.desk, "credentials", "others on this machine may read", "chmod 600")


def test_another_time_zone(team: Team) -> None:
    """TODAY() in a formula would be another day than ours; another name for the same zone is fine."""
    team.browser.book.time_zone = "America/New_York"
    warned(team.desk, "time zone", "America/New_York", "File > Settings")


def _protect(browser: OpenBook, title: str) -> None:
    sheet = next(sheet for sheet in browser.book.sheets if sheet.title == title)
    protected = {"protectedRangeId": 5, "range": {"sheetId": sheet.id}, "editors": {"users": ["ann@example.com"]}}
    sheet.objects["protectedRanges"] = [protected]


def test_protection(team: Team) -> None:
    """Against people a tab may be protected, against sheetsync a tool tab may not."""
    _protect(team.browser, "Log")
    warned(team.desk, "protection", "“Log”", "cannot add rows")
    _protect(team.browser, "Dashboard")
    failed(team.desk, "protection", 6, "“Log”", "“Dashboard”", "Protect sheets and ranges")


def test_renamed_and_moved_tabs_are_told(team: Team) -> None:
    """They are fine."""
    team.browser.rename_tab("Log", "What we did")
    sheets = team.browser.book.sheets
    sheets.append(sheets.pop(0))
    found = checks(team.desk)
    assert found["tabs"]["state"] == "ok"
    assert "“Log” is called “What we did”" in found["tabs"]["found"]
    assert "another order" in found["tabs"]["found"]


@pytest.mark.parametrize(
    "title", ["Goals", "People", "Log", "Tally", "Weekly", "Dashboard", "Weekly summary", "Problems"]
)
def test_a_lost_tab_of_a_spreadsheet_comes_back(team: Team, title: str) -> None:
    """--fix ends with 0, and a sync counts what it counted; nothing in it is taken for somebody's typing."""
    team.browser.type("Weekly", "E5", [["A good one"]])
    team.browser.type("Goals", "I2", [["=because"]])
    team.desk.ok("sync")
    rollups = team.desk.ok("export", "rollups", "--format", "json").out
    before = team.seen()
    team.browser.delete_tab(title)
    found = checks(team.desk, "--fix")
    assert f"“{title}”" in found["fix"]["found"]
    assert states(found, "failed", "skipped", "warning") == set()
    assert team.desk.ok("sync", "--json").json["problems"] == []
    assert team.desk.ok("export", "rollups", "--format", "json").out == rollups
    after = team.seen()
    assert sorted(map(str, after[title])) == sorted(map(str, before[title]))
    assert {k: v for k, v in after.items() if k != title} == {k: v for k, v in before.items() if k != title}


def _row_of_titles(team: Team, title: str) -> dict[str, Any]:
    start = SALES.tab(title.lower()).header_row - 1
    return {"sheetId": team.sheet_id(title), "dimension": "ROWS", "startIndex": start, "endIndex": start + 1}


def test_a_lost_row_of_titles_of_a_spreadsheet(team: Team) -> None:
    """Deleted or cleared: --fix writes nothing beside what people typed; with the titles back all is as before."""
    rollups = team.desk.ok("export", "rollups", "--format", "json").out
    seen = team.seen()
    for title in ("People", "Log", "Weekly"):
        team.in_browser({"deleteDimension": {"range": _row_of_titles(team, title)}})
    team.browser.enter("Activities", "A1", [[""] * 9])
    lost = team.seen()
    found = checks(team.desk, "--fix", code=5)
    assert found["fix"]["found"] == "" and team.seen() == lost
    assert found["columns"]["found"].count("has lost its row of titles") == 4
    for words in ("insert a row above row 1 and type there, from column A on: Date, Who", "type into row 1, from"):
        assert words in found["columns"]["remedy"]
    assert team.desk.run("sync").refused(
        5, "“Log” has lost its row of titles: undo that; or insert a row above row 1"
    )
    for title in ("People", "Log"):
        team.in_browser({"insertDimension": {"range": _row_of_titles(team, title)}})
        team.browser.enter(title, "A1", seen[title][:1])
    team.browser.enter("Activities", "A1", seen["Activities"][:1])
    assert [problem["tab"] for problem in team.desk.ok("sync", "--json").json["problems"]] == ["Weekly"]
    assert team.desk.ok("export", "rollups", "--format", "json").out == rollups


def test_a_computed_column_that_has_no_room(team: Team) -> None:
    """Google shows an error in place of its title: what is typed below must go, no second column comes."""
    team.browser.type("Weekly", "C3", [["#REF!"]])
    warned(team.desk, "columns", "“Weekly” shows #REF! in column C, where “Score” should be", "delete what is typed")
    assert checks(team.desk, "--fix")["fix"]["found"] == ""


def test_everything_lost_at_once(team: Team) -> None:
    """Every tab but one, and a column of that one: --fix and a sync, and the numbers are back."""
    rollups = team.desk.ok("export", "rollups", "--format", "json").out
    for title in team.browser.titles():
        if title != "Events":
            team.browser.delete_tab(title)
    team.browser.delete_column("Events", 3)
    order = [tab["title"] for tab in _tabs(team.desk)]
    checks(team.desk, "--fix")
    assert team.browser.titles() == order
    team.desk.ok("sync")
    assert team.desk.ok("export", "rollups", "--format", "json").out == rollups
    team.desk.ledger.unlink()
    assert team.desk.ok("sync", "--json").json["rows"] == 60


def _tabs(desk: Desk) -> list[dict[str, Any]]:
    import yaml

    template = yaml.safe_load((desk.folder / "lean.yaml").read_text(encoding="utf-8"))
    tabs: list[dict[str, Any]] = template["tabs"]
    return tabs


def test_a_fix_that_is_not_allowed_is_said(team: Team) -> None:
    """Exit 6, one check of its own, and nothing was made."""
    team.browser.delete_tab("Log")
    team.server.share(team.spreadsheet, ROBOT, "reader")
    result: Result = team.desk.run("doctor", "--fix", "--json")
    assert result.code == 6
    (fix,) = [check for check in json.loads(result.out) if check["name"] == "fix"]
    assert fix["state"] == "failed"
    assert ROBOT in fix["found"] + fix["remedy"]


def test_rows_logged_since_stay_once(team: Team) -> None:
    """Only rows that are nowhere come back: what the other logging tab has is not doubled."""
    team.browser.enter("Tally", "A2", [[TODAY.isoformat(), "Ann", "5"]])
    team.desk.ok("sync")
    rollups = team.desk.ok("export", "rollups", "--format", "json").out
    team.browser.delete_tab("Log")
    assert "60 rows" in checks(team.desk, "--fix")["fix"]["found"]
    team.desk.ok("sync")
    assert team.desk.ok("export", "rollups", "--format", "json").out == rollups
