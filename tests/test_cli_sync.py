"""`sync` on a local workbook: what it reports, what stops it, and what a person may do to the workbook meanwhile."""

import json
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from openpyxl import Workbook

from tests.builders import SALES
from tests.cli import NOW, TODAY, Desk, days_before, small_desk

SUMMARIES = ("Daily summary", "Weekly summary", "Monthly summary", "Quarterly summary", "Annual summary")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann and Ben, 60 rows, synced."""
    return small_desk(tmp_path)


def rollups(desk: Desk) -> Any:
    """What other tools get."""
    return desk.ok("export", "rollups", "--format", "json").json


def log(desk: Desk, *rows: tuple[object, ...]) -> None:
    """Rows added by hand at the end of the log."""
    with desk.edited() as book:
        for row in rows:
            book["Log"].append(list(row))


# ---- what it reports ----------------------------------------------------------------------------------------------


def test_dry_run_touches_nothing_and_prints_the_changes(desk: Desk) -> None:
    """Every file keeps its bytes, the ledger included; the cells that would change are shown before and after."""
    log(desk, (TODAY, "Ann", "Cold call", 7))
    before = desk.state()
    said = desk.ok("sync", "--dry-run").out
    assert desk.state() == before
    assert "1 new" in said
    assert "Dashboard: 1 row would be written:" in said
    assert "“5” → “12”" in said
    assert "nothing was touched" in said
    assert desk.ok("sync", "--json").json["added"] == 1


def test_dry_run_before_the_first_sync(tmp_path: Path) -> None:
    """A dry run leaves an unsynced desk unsynced: there is still nothing to show."""
    desk = small_desk(tmp_path)
    desk.ledger.unlink()
    desk.ok("sync", "--dry-run")
    desk.run("status").refused(3, "goals.xlsx", "sheetsync sync")


def test_json_says_what_was_read_and_written(desk: Desk) -> None:
    """Counts that add up, the rows written by tab, and each problem with its place."""
    log(desk, (TODAY, "Ann", "Cold call", 2), (TODAY, "Ann", "cold cal", 2))
    said = desk.ok("sync", "--json").json
    problem = {
        "tab": "Log", "row": 63, "column": "Activity", "what": "unknown activity “cold cal”",
        "hint": "did you mean “Cold call”?", "typed": "cold cal",
    }  # fmt: skip
    assert said.pop("written").keys() >= {"Dashboard", "Problems", "Weekly summary"}
    assert said == {
        "workbook": str(desk.workbook), "as_of": "2026-10-14", "dry_run": False, "rows": 62, "accepted": 61,
        "refused": 1, "added": 1, "removed": 0, "problems": [problem],
    }  # fmt: skip


def test_strict_makes_problems_an_exit_code(desk: Desk) -> None:
    """0 while every row can be used, 1 when one cannot; the sync is done all the same."""
    assert desk.run("sync", "--strict").code == 0
    log(desk, (TODAY, "Ann", "Cold call", "2 calls"))
    assert desk.run("sync", "--strict").code == 1
    assert desk.values("Problems")[1][:3] == ("Log", 62, "Count")
    assert desk.run("sync").code == 0


def test_quiet_says_nothing(desk: Desk) -> None:
    """For cron: no output at all when nothing is wrong."""
    result = desk.run("-q", "sync")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_as_of_leaves_later_rows_out_and_comes_back(desk: Desk) -> None:
    """A backdated sync shows that day; the next one without it is where it was before, to the cell."""
    before = {tab: desk.values(tab) for tab in ("Dashboard", *SUMMARIES)}
    desk.ok("sync", "--as-of", days_before(20).isoformat())
    assert desk.values("Dashboard")[1][0] == "Data as of the end of Thu 24 Sep 2026"
    assert [row[3] for row in desk.values("Dashboard") if row[:3] == ("Ann", "Revenue", "2026")] == [
        1040 + 1044 + 1052 + 1056
    ]
    desk.ok("sync")
    assert {tab: desk.values(tab) for tab in before} == before


def test_what_can_be_read_in_one_way_only_is_read(desk: Desk) -> None:
    """Dates and numbers typed as text, names in other case, a blank count; each mistake is a problem of its own."""
    good = [("14 Oct 2026", "ann", "COLD CALL", "3"), ("2026-10-13", " Ben ", "cold  call", None)]
    bad = [
        ("03/04/2026", "Ann", "Cold call", 1), (TODAY.replace(year=2027), "Ann", "Cold call", 1),
        (TODAY, None, "Cold call", 1), (None, "Ann", "Cold call", 1), (TODAY, "Ann", None, 1),
        (TODAY, "Ann", "Cold call", -1), (TODAY, "Ann", "Cold call", True), (TODAY, "Nobody", "Cold call", 1),
        (TODAY, "Ann", "Cold call", 1e300), (TODAY, "Ann", "Cold call", 1, "much"), (TODAY, "#REF!", "Cold call", 1),
        (TODAY, "Ann", "Cold call", 1, None, 6),
    ]  # fmt: skip
    log(desk, *good, *bad)
    said = desk.ok("sync", "--json").json
    assert (said["added"], said["refused"]) == (len(good), len(bad))
    assert [p["row"] for p in said["problems"]] == list(range(64, 64 + len(bad)))
    assert all(p["what"] and p["hint"] for p in said["problems"])
    assert "2026-03-04" in said["problems"][0]["hint"]
    assert "2026-04-03" in said["problems"][0]["hint"]


def test_hostile_cells_stay_text(desk: Desk) -> None:
    """What looks like a formula, markup or a bell goes through the sync as text, and comes out inert."""
    hostile = [
        "=1+1",
        "@SUM(A1)",
        "<script>alert(1)</script>",
        "\N{RIGHT-TO-LEFT OVERRIDE}abc",
        "x" * 32_000,
        "[bold]",
    ]
    log(desk, *((TODAY, text, "Cold call") for text in hostile))
    with desk.edited() as book:
        for row in book["Log"].iter_rows(min_row=62, min_col=2, max_col=2):
            row[0].data_type = "s"
    said = desk.ok("sync", "--json").json
    assert said["refused"] == len(hostile)
    with desk.edited() as book:
        assert {cell.data_type for row in book["Problems"].iter_rows() for cell in row} <= {"s", "n"}
    csv = desk.ok("export", "activities").out
    assert "\n=" not in csv
    assert ",=" not in csv


# ---- what stops it ------------------------------------------------------------------------------------------------


def _empty(book: Workbook) -> None:
    book["Log"].delete_rows(2, 60)


def _cut(book: Workbook) -> None:
    book["Log"].delete_rows(10, 31)


def _rename(book: Workbook) -> None:
    book["Log"]["C1"] = "Activty"


def _drop_header(book: Workbook) -> None:
    book["Log"].delete_rows(1)


def _drop_tab(book: Workbook) -> None:
    del book["Log"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_empty, ("0 rows", "60 at the last sync", "--accept-removals")),
        (_cut, ("29 rows", "60 at the last sync", "--accept-removals")),
        (_rename, ("tab “Log”", "“Activity” is gone", "“Activty” in column C")),
        (_drop_header, ("tab “Log”", "lost its row of titles", "insert a row above row 1", "Date, Who, Activity")),
        (_drop_tab, ("Log", "is gone", "restore it")),
    ],
)
def test_the_guard_stops_and_changes_nothing(
    desk: Desk, change: Callable[[Workbook], None], words: tuple[str, ...]
) -> None:
    """Exit 5 and one line that names the place; summaries and ledger stay as they were, also on a second try."""
    with desk.edited() as book:
        change(book)
    before, exported = desk.workbook.read_bytes(), rollups(desk)
    for _ in range(2):
        desk.run("sync").refused(5, "goals.xlsx", *words)
    assert desk.workbook.read_bytes() == before
    assert rollups(desk) == exported


@pytest.mark.parametrize(("change", "left"), [(_empty, 0), (_cut, 29)])
def test_accept_removals_goes_on(desk: Desk, change: Callable[[Workbook], None], left: int) -> None:
    """A person says that it is right: the rows are gone, and the next sync needs no flag."""
    with desk.edited() as book:
        change(book)
    said = desk.ok("sync", "--accept-removals", "--json").json
    assert (said["rows"], said["removed"]) == (left, 60 - left)
    assert desk.ok("sync", "--json").json["rows"] == left


@pytest.mark.parametrize("title", ["People", "Activities"])
def test_people_and_activities_that_are_gone_stop_a_sync(desk: Desk, title: str) -> None:
    """Without them no row counts: exit 5 until a person says that it is right; the log's rows are refused then."""
    rows = len(desk.values(title)) - 1
    with desk.edited() as book:
        book[title].delete_rows(2, rows)
    before, exported = desk.workbook.read_bytes(), rollups(desk)
    for _ in range(2):
        desk.run("sync").refused(5, f"the tab “{title}” has no rows, {rows} at the last sync", "--accept-removals")
    assert desk.workbook.read_bytes() == before and rollups(desk) == exported
    result = desk.run("sync", "--accept-removals", "--json")
    assert result.code == 0 and json.loads(result.out)["accepted"] == 0
    assert json.loads(desk.ok("sync", "--json").out)["rows"] == 60


@pytest.mark.parametrize("command", ["sync", "run"])
def test_rows_that_no_longer_count_are_told_once(desk: Desk, command: str) -> None:
    """Most rows are of a name that was changed: the sync goes on and warns, and freezes no numbers as reported."""
    with desk.edited() as book:
        names = {row[0].value: row[0] for row in book["People"].iter_rows(min_row=2) if row[0].value}
        names["Ann"].value = "Anna-Lena"
    warned = "goals.xlsx: 40 of 60 rows that counted at the last sync no longer do; see Problems"
    later = NOW + timedelta(days=7)
    result = desk.run(command, at=later)
    assert result.code == 0 and warned in result.err and len(result.err.splitlines()) == 1, result
    assert desk.ok("sync", at=later + timedelta(hours=1)).err == ""
    assert not _reported_on(desk, later)
    with desk.edited() as book:
        next(row[0] for row in book["People"].iter_rows() if row[0].value == "Anna-Lena").value = "Ann"
    desk.ok("sync", at=later + timedelta(hours=2))
    assert _reported_on(desk, later)


def _reported_on(desk: Desk, day: datetime) -> list[Any]:
    """The periods whose numbers were kept as reported on a day."""
    with closing(sqlite3.connect(desk.ledger)) as connection:
        return connection.execute("SELECT period FROM reported WHERE at LIKE ?", (f"{day:%Y-%m-%d}%",)).fetchall()


def test_a_few_rows_that_no_longer_count_are_problems_only(desk: Desk) -> None:
    """Ben's twenty of sixty: no warning; as JSON the warning is an event."""
    calm = desk.copy(desk.folder.parent / "calm")
    for at, name in ((calm, "Ben"), (desk, "Ann")):
        with at.edited() as book:
            for row in book["People"].iter_rows(min_row=2, max_col=1):
                row[0].value = "Xaver" if row[0].value == name else row[0].value
    assert calm.run("sync").err == ""
    events = [json.loads(line) for line in desk.run("--log-format", "json", "sync").err.splitlines()]
    (event,) = [event for event in events if event["event"] == "warning"]
    assert event["level"] == "warning" and "40 of 60 rows" in event["message"]


def test_a_few_rows_may_go(desk: Desk) -> None:
    """Half of the log is not more than half; and a short log may lose what it likes but its last row."""
    with desk.edited() as book:
        book["Log"].delete_rows(2, 30)
    assert desk.ok("sync", "--json").json["removed"] == 30
    with desk.edited() as book:
        book["Log"].delete_rows(2, 19)
    assert desk.ok("sync", "--json").json["removed"] == 19


def test_another_run_is_not_disturbed(desk: Desk) -> None:
    """While a run is at work a second one ends with 75 and touches nothing."""
    before = desk.state()
    with FileLock(desk.folder / ".goals.xlsx.lock"):
        desk.run("sync").refused(75, "another run", str(desk.folder))
        assert desk.spawn("sync").code == 75
        assert desk.ok("status").out
    assert desk.state() == before
    desk.ok("sync")


@pytest.mark.parametrize(
    ("owner_file", "content", "who"),
    [(".~lock.goals.xlsx#", b",dana,host,now,profile;", "dana"), ("~$goals.xlsx", b"\x04Dana" + b" " * 50, "Dana")],
)
def test_a_file_open_elsewhere_is_left_alone(desk: Desk, owner_file: str, content: bytes, who: str) -> None:
    """Open in LibreOffice or Excel: 75, who has it, and the file keeps its bytes; afterwards the sync catches up."""
    log(desk, (TODAY, "Ann", "Cold call", 7))
    before = desk.workbook.read_bytes()
    opened = desk.file(owner_file, content)
    desk.run("sync").refused(75, "goals.xlsx", who, "close it")
    assert desk.workbook.read_bytes() == before
    opened.unlink()
    desk.ok("sync")
    assert [row[3] for row in desk.values("Dashboard") if row[:2] == ("Ann", "Cold call")] == [12]
    assert len(desk.values("Problems")) == 1


# ---- what people may do to the workbook ---------------------------------------------------------------------------


def _sort(book: Workbook) -> None:
    sheet = book["Log"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    random.Random(1).shuffle(rows)
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column).value = value


def _reorder(book: Workbook) -> None:
    sheet = book["Log"]
    for row in sheet.iter_rows():
        values = [cell.value for cell in row]
        for cell, value in zip(row, reversed(values), strict=True):
            cell.value = value


def _extra_column(book: Workbook) -> None:
    book["Log"].insert_cols(3)
    book["Log"]["C1"] = "Mood"
    book["Log"]["C5"] = "great"


def _rename_tab(book: Workbook) -> None:
    book["Log"].title = "What we did"
    for name in book.defined_names.values():
        name.attr_text = name.attr_text.replace("'Log'!", "'What we did'!")


def _extra_tab(book: Workbook) -> None:
    book.create_sheet("Scratch", 0)["A1"] = "=1/0"


def _retitle(book: Workbook) -> None:
    for cell in book["Log"][1]:
        cell.value = f" {str(cell.value).upper()}"


def _blank_rows(book: Workbook) -> None:
    book["Log"].insert_rows(5, 3)
    book["Log"].insert_rows(1)


@pytest.mark.parametrize("change", [_sort, _reorder, _extra_column, _rename_tab, _extra_tab, _retitle, _blank_rows])
def test_rearranging_changes_no_number(desk: Desk, change: Callable[[Workbook], None]) -> None:
    """Sorted rows, moved, added or re-cased columns, a renamed or added tab, blank rows: the same rollups."""
    before = rollups(desk)
    with desk.edited() as book:
        change(book)
    said = desk.ok("sync", "--json").json
    assert (said["added"], said["removed"], said["refused"]) == (0, 0, 0)
    assert rollups(desk) == before


def test_typing_in_a_tool_tab_is_written_over_but_kept(desk: Desk) -> None:
    """The summary is right again, and Problems tells what was typed where, for 30 days."""
    titles = SALES.tab("dashboard").header_row
    right = desk.values("Dashboard")[titles:]
    with desk.edited() as book:
        book["Dashboard"].cell(titles + 2, 4).value = 999_999
        book["Dashboard"].cell(titles + 20, 13).value = "call Dana back"
    assert {p["typed"] for p in desk.ok("sync", "--json").json["problems"]} == {"999999", "call Dana back"}
    assert desk.values("Dashboard")[titles:] == right
    assert [(row[0], row[1], row[2], row[5]) for row in desk.values("Problems")[1:]] == [
        ("Dashboard", titles + 2, "So far", "999999"), ("Dashboard", titles + 20, "In words", "call Dana back"),
    ]  # fmt: skip
    assert "nothing to write" in desk.ok("sync").out
    later = datetime.fromisoformat("2026-11-20T08:00:00+00:00")
    assert desk.run("sync", "--json", at=later).json["problems"] == []


def test_a_date_for_a_number_is_none_offline_either(desk: Desk) -> None:
    """What a sync refuses for how it looks is refused by what reads the ledger alone: status, export, emails."""
    with desk.edited() as book:
        assert book["Activities"]["A2"].value == "Cold call"
        cell = book["Activities"]["C2"]
        cell.value, cell.number_format = datetime(2026, 4, 3), "d mmm"  # noqa: DTZ001  a sheet knows no time zones
    (problem,) = desk.ok("sync", "--json").json["problems"]
    assert "is no number" in problem["what"]
    assert max((row["target"] for row in rollups(desk) if row["name"] == "Cold call"), default=0) < 1000
    assert "46,115" not in desk.ok("status").out


@pytest.mark.parametrize("put_back", ["goals.xlsx", "sheetsync.db"])
@pytest.mark.parametrize("days", [0, 1])
def test_an_earlier_copy_that_is_put_back_was_typed_by_nobody(desk: Desk, put_back: str, days: int) -> None:
    """Of the workbook or the ledger, of the same day or one before: all is as it must be, and no cell is blamed."""
    copy = (desk.folder / put_back).read_bytes()
    log(desk, *((days_before(n), who, "Cold call", 7) for n in range(1, 9) for who in ("Ann", "Ben")))
    at = NOW + timedelta(days=days)
    desk.ok("sync", at=at)
    wanted = 60 if put_back == "goals.xlsx" else 76
    (desk.folder / put_back).write_bytes(copy)
    said = desk.ok("sync", "--json", at=at + timedelta(minutes=5)).json
    assert (said["rows"], said["problems"]) == (wanted, [])
    again = desk.ok("sync", "--json", at=at + timedelta(minutes=6)).json
    assert (again["rows"], again["problems"], again["written"]) == (wanted, [], {})


def test_one_row_less_is_enough_to_know_an_earlier_copy(desk: Desk) -> None:
    """A workbook of an hour ago differs in few cells, but of many tabs."""
    copy = desk.workbook.read_bytes()
    log(desk, (TODAY, "Ann", "Cold call", 7))
    desk.ok("sync")
    desk.workbook.write_bytes(copy)
    assert desk.ok("sync", "--json").json["problems"] == []


def test_sorting_a_tool_tab_is_no_typing(desk: Desk) -> None:
    """Rows of ours that stand elsewhere are put back without a word."""
    with desk.edited() as book:
        sheet = book["Weekly summary"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        for number, row in enumerate(reversed(rows), 2):
            for column, value in enumerate(row, 1):
                sheet.cell(number, column).value = value
    assert desk.ok("sync", "--json").json["problems"] == []


# ---- what may happen to the run -----------------------------------------------------------------------------------


@pytest.mark.parametrize("death", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_killed_before_the_write_the_next_sync_ends_in_the_same_state(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, death: BaseException
) -> None:
    """The ledger has the rows, the workbook not yet: nothing is lost, counted twice or taken for typing."""
    log(desk, (TODAY, "Ann", "Cold call", 7), (TODAY, "Ann", "cold cal"))
    undisturbed = desk.copy(tmp_path / "undisturbed")
    undisturbed.ok("sync")
    before = desk.workbook.read_bytes()

    def die(*_: object) -> None:
        raise death

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", die)
        result = desk.run("sync")
    assert result.code in {3, 130}, result
    assert [line for line in result.err.splitlines() if line] == [result.err.strip()]
    assert desk.workbook.read_bytes() == before
    assert sorted(path.name for path in desk.folder.iterdir()) == sorted(p.name for p in undisturbed.folder.iterdir())
    desk.ok("sync")
    assert desk.cells() == undisturbed.cells()
    assert rollups(desk) == rollups(undisturbed)


def test_what_was_typed_over_is_listed_once_though_a_night_passed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before it wrote, made up for on the next day: listed as it was undisturbed, with the first day."""
    with desk.edited() as book:
        book["Dashboard"].cell(SALES.tab("dashboard").header_row + 20, 13).value = "call Dana back"

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", die)
        assert desk.run("sync").code == 130
    (listed,) = desk.run("sync", "--json", at=NOW + timedelta(days=1)).json["problems"]
    assert listed["typed"] == "call Dana back"
    assert str(NOW.date() + timedelta(days=30)) in listed["hint"]


def test_a_lost_ledger_is_made_anew(desk: Desk) -> None:
    """Without its ledger a sync reads everything again; the workbook's cells stay the same."""
    before, exported = desk.cells(), rollups(desk)
    desk.ledger.unlink()
    assert desk.ok("sync", "--json").json["added"] == 60
    assert desk.cells() == before
    assert rollups(desk) == exported


def test_run_syncs_and_sends(desk: Desk) -> None:
    """The one cron line: what was logged is in the summaries, and the due emails are told about."""
    log(desk, (TODAY, "Ann", "Cold call", 7))
    said = desk.ok("-v", "run").out
    assert "1 new" in said
    assert [row[3] for row in desk.values("Dashboard") if row[:2] == ("Ann", "Cold call")] == [12]


def test_as_a_process_of_its_own(desk: Desk) -> None:
    """`python -m sheetsync` does the same from a shell, with its exit code."""
    assert desk.spawn("sync").code == 0
    result = desk.spawn("sync", "--as-of", "soon")
    result.refused(2, "--as-of", "soon", "2026-02-14")
