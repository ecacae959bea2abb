"""`import` and `log`: rows from files other people made, each once, and nothing half-added."""

import os
import sqlite3
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.cli import Desk, day_cell, days_before, new_desk, small_desk

HEADER = ["Date", "Who", "Activity", "Count"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann and Ben, 60 rows, synced."""
    return small_desk(tmp_path)


def rows_of(desk: Desk) -> int:
    """How many rows the log has."""
    count: int = desk.ok("sync", "--json").json["rows"]
    return count


def added(desk: Desk, *arguments: str | Path) -> int:
    """How many rows an import added."""
    count: int = desk.ok("import", *arguments, "--json").json["added"]
    return count


# ---- once each ----------------------------------------------------------------------------------------------------


def test_importing_again_adds_nothing(desk: Desk) -> None:
    """The same file a second time, also after a sync and without a word changed in the workbook."""
    file = desk.csv("a.csv", HEADER, [[days_before(n), "Ann", "Meeting", n] for n in range(1, 6)])
    assert added(desk, file) == 5
    before = desk.workbook.read_bytes()
    assert added(desk, file) == 0
    assert "5 were there already" in desk.ok("import", file).out
    assert desk.workbook.read_bytes() == before
    assert rows_of(desk) == 65
    assert added(desk, file) == 0


def test_two_equal_rows_stay_two(desk: Desk) -> None:
    """Two calls on one day are two calls, however often the file is imported; a third one is one more."""
    row = ["2026-10-01", "Ann", "Meeting", 1]
    assert added(desk, desk.csv("a.csv", HEADER, [row, row])) == 2
    assert added(desk, desk.csv("a.csv", HEADER, [row, row])) == 0
    assert added(desk, desk.csv("b.csv", HEADER, [row, row, row])) == 1
    assert rows_of(desk) == 63


def test_overlapping_files_add_what_is_new(desk: Desk) -> None:
    """Last month's export and this month's, which begins where the other ended, in another order."""
    rows = [[days_before(n), "Ann", "Meeting", 1] for n in range(10)]
    assert added(desk, desk.csv("a.csv", HEADER, rows[:6])) == 6
    assert added(desk, desk.csv("b.csv", HEADER, rows[::-1])) == 4


def test_a_row_that_a_person_deleted_stays_deleted(desk: Desk) -> None:
    """What was imported once does not come back with the next export."""
    file = desk.csv("a.csv", HEADER, [["2026-10-01", "Ann", "Meeting", 1], ["2026-10-02", "Ann", "Meeting", 1]])
    added(desk, file)
    with desk.edited() as book:
        book["Log"].delete_rows(62)
    assert added(desk, file) == 0
    assert rows_of(desk) == 61


def test_a_new_workbook_in_the_place_of_the_old_takes_everything(desk: Desk) -> None:
    """What went into a workbook that is gone is not in the new one; the ledger forgets none of its rows."""
    file = desk.csv("a.csv", HEADER, [[days_before(n), "Ann", "Meeting", n] for n in range(1, 31)])
    assert added(desk, file) == 30
    assert rows_of(desk) == 90
    desk.workbook.unlink()
    desk.ok("create", "--person", "Ann", "--examples")
    desk.run("status").refused(3, "nothing was synced yet")
    assert added(desk, file) == 30
    assert added(desk, file) == 0
    assert rows_of(desk) == 30
    with sqlite3.connect(desk.ledger) as ledger:
        (ever,) = ledger.execute("SELECT count(*) FROM entries").fetchone()
    ledger.close()
    assert ever == 90


def test_a_new_workbook_whose_making_was_cut_off_takes_everything(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that made it died when it had just taken its place: nothing of the old one is in the way."""
    file = desk.csv("a.csv", HEADER, [[days_before(n), "Ann", "Meeting", n] for n in range(1, 31)])
    assert added(desk, file) == 30
    assert rows_of(desk) == 90
    desk.workbook.rename(desk.folder / "old.xlsx")
    replace = os.replace

    def replace_and_die(source: Path, target: Path) -> None:
        replace(source, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace_and_die)
        assert desk.run("create", "--examples", "--person", "Ann").code == 130
    desk.run("create").refused(3, "exists already")
    assert added(desk, file) == 30
    assert rows_of(desk) == 30


def test_rows_typed_by_hand_are_not_added_again(desk: Desk) -> None:
    """A row that stands in the tab already, in other words for the same values, counts as there."""
    with desk.edited() as book:
        book["Log"].append([day_cell("2026-10-01"), "Ann", "Meeting", 2])
    file = desk.csv("a.csv", HEADER, [["1 Oct 2026", "ANN", "meeting", "2.0"], ["2 Oct 2026", "Ann", "Meeting", "2"]])
    assert added(desk, file) == 1


@pytest.mark.parametrize("ledger_knows", [True, False])
def test_an_interrupted_import_adds_nothing_twice(desk: Desk, ledger_knows: bool) -> None:
    """The rows reached the workbook, the ledger never heard: importing again leaves them as they are."""
    row = ["2026-10-01", "Ann", "Meeting", 1]
    file = desk.csv("a.csv", HEADER, [row, row, ["2026-10-02", "Ben", "Meeting", 1]])
    before = desk.ledger.read_bytes()
    assert added(desk, file) == 3
    if not ledger_knows:
        desk.ledger.write_bytes(before)
    assert added(desk, file) == 0
    assert added(desk, file) == 0
    assert rows_of(desk) == 63


def test_killed_while_appending_nothing_is_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is replaced whole or not at all, and importing again adds all of it once."""
    file = desk.csv("a.csv", HEADER, [["2026-10-01", "Ann", "Meeting", n] for n in range(100)])
    before = desk.workbook.read_bytes()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", die)
        assert desk.run("import", file).code == 130
    assert desk.workbook.read_bytes() == before
    assert added(desk, file) == 100


def test_dry_run_says_what_would_come(desk: Desk) -> None:
    """Which column comes from where, how many rows, what will not count; and every file keeps its bytes."""
    file = desk.csv(
        "a.csv", ["Date", "Rep", "What"], [["2026-10-01", "Ann", "Meeting"], ["2026-10-02", "Ann", "Meting"]]
    )
    before = desk.state()
    said = desk.ok("import", file, "--map", "Who=rep", "--map", "Activity=What", "--set", "Count=2", "--dry-run").out
    assert desk.state() == before
    for shown in (
        "Who ← Rep",
        "Activity ← What",
        "Count ← “2”",
        "2 rows read",
        "2 would be added to Log",
        "1 of them",
    ):
        assert shown in said
    assert "did you mean “Meeting”?" in said


# ---- which column is which ----------------------------------------------------------------------------------------


def test_columns_of_the_same_title_fill_each_other(desk: Desk) -> None:
    """Case and blanks do not matter, other columns are left out, values land in the right types."""
    file = desk.csv(
        "a.csv", [" date ", "WHO", "Shoe size", "activity", "amount", "notes"],
        [["13 October 2026", "Ann", 44, "Order won", "1,234.50", "=1+1"]],
    )  # fmt: skip
    assert added(desk, file) == 1
    assert desk.cells()["Log"][-1] == (day_cell("2026-10-13"), "Ann", "Order won", None, 1234.5, None, None, "=1+1")
    with desk.edited() as book:
        assert book["Log"].cell(62, 8).data_type == "s"


def test_moved_columns_get_their_rows(desk: Desk) -> None:
    """A person moved and inserted columns in the log: values follow the titles."""
    with desk.edited() as book:
        book["Log"].insert_cols(1, 2)
        book["Log"]["A1"] = "Mood"
    assert added(desk, desk.csv("a.csv", HEADER, [["2026-10-01", "Ann", "Meeting", 3]])) == 1
    assert desk.cells()["Log"][-1][3:6] == ("Ann", "Meeting", 3)
    desk.ok("sync")
    assert any(
        (row["date"], row["activity"], row["count"]) == ("2026-10-01", "Meeting", 3)
        for row in desk.ok("export", "activities", "--format", "json").json
    )


@pytest.mark.parametrize("tab", ["Activities", "activities", "What we do"])
def test_other_tabs_take_rows_too(desk: Desk, tab: str) -> None:
    """--tab takes the template's title or key, or what the tab is called today."""
    if tab == "What we do":
        with desk.edited() as book:
            book["Activities"].title = tab
            for name in book.defined_names.values():
                name.attr_text = name.attr_text.replace("'Activities'!", f"'{tab}'!")
    assert added(desk, desk.csv("a.csv", ["Activity", "Target"], [["Demo given", 4]]), "--tab", tab) == 1
    assert "Demo given" in desk.ok("sync").out + desk.ok("status").out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 3, ("a.csv", "“Activity” of Log", '--map "Activity=COLUMN"', "Day, What")),
        (["--map", "Date=Day"], 3, ("“Activity”", "--set")),
        (["--map", "Date=Dayy"], 3, ("a.csv", "“Dayy”", "did you mean “Day”?")),
        (["--map", "Dat=Day"], 2, ("“Dat”", "did you mean “Date”?")),
        (["--set", "Colour=red"], 2, ("“Colour”", "Log")),
        (["--tab", "Logs"], 2, ("--tab", "Logs", "did you mean “Log”?")),
        (["--tab", "Dashboard"], 2, ("--tab", "Dashboard")),
        (
            ["--map", "Date=Day", "--set", "Date=2026-10-01", "--set", "Activity=Meeting"],
            2,
            ("Date", "--map", "--set"),
        ),
    ],
)
def test_wrong_columns(desk: Desk, arguments: list[str], code: int, words: tuple[str, ...]) -> None:
    """What is not mapped, or mapped to something that is not there, is named with what would be right."""
    file = desk.csv("a.csv", ["Day", "What"], [["2026-10-01", "Meeting"]])
    before = desk.state()
    desk.run("import", file, *arguments).refused(code, *words)
    assert desk.state() == before


# ---- what a file may be -------------------------------------------------------------------------------------------

TABLE = (
    "Date{0}Who{0}Activity{0}Notes\n"
    "2026-10-01{0}Ann{0}Meeting{0}Žofie, “Kč” \U0001f600\n"
    "2026-10-02{0}Ben{0}Meeting{0}\n"
)


@pytest.mark.parametrize(
    "content",
    [
        TABLE.format(";").encode(),
        TABLE.format("\t").encode(),
        TABLE.format("|").encode(),
        TABLE.format(";").encode("utf-8-sig"),
        TABLE.format("\t").encode("utf-16"),
        b"\xfe\xff" + TABLE.format(";").encode("utf-16-be"),
        TABLE.format(";").replace("\n", "\r\n").encode(),
        TABLE.format(";").replace("\n", "\n\n").encode(),
        TABLE.format(";").rstrip().encode(),
        ("sep=|\r\n" + TABLE.format("|")).encode(),
    ],
    ids=[
        "semicolon",
        "tab",
        "bar",
        "utf-8 bom",
        "utf-16",
        "utf-16 be",
        "crlf",
        "blank lines",
        "no last newline",
        "Excel's first line",
    ],
)
def test_delimiters_and_encodings(desk: Desk, content: bytes) -> None:
    """Whatever a spreadsheet program or a bank saves as CSV comes in the same."""
    assert added(desk, desk.file("a.csv", content)) == 2
    assert [row[7] for row in desk.cells()["Log"][-2:]] == ["Žofie, “Kč” \U0001f600", None]


def test_quoted_cells_keep_delimiters_and_lines(desk: Desk) -> None:
    """A note of two lines with commas is one cell; a title with more semicolons than the table decides nothing."""
    file = desk.file("a.csv", 'Date,Who,Activity,Notes\n2026-10-01,Ann,Meeting,"one; two; three,\nfour ""x"""\n')
    assert added(desk, file) == 1
    assert desk.cells()["Log"][-1][7] == 'one; two; three,\nfour "x"'


def test_an_excel_file(desk: Desk) -> None:
    """The first sheet of an .xlsx, dates and numbers as they are."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (
        HEADER,
        [date(2026, 10, 1), "Ann", "Meeting", 2],
        [day_cell("2026-10-02T13:30"), "Ben", "Meeting", 2.5],
    ):
        sheet.append(row)
    book.save(desk.folder / "a.xlsx")
    assert added(desk, desk.folder / "a.xlsx") == 2
    assert [row[0] for row in desk.cells()["Log"][-2:]] == [day_cell("2026-10-01"), day_cell("2026-10-02")]
    assert added(desk, desk.folder / "a.xlsx") == 0


def test_what_an_excel_file_does_not_say_is_not_made_up(desk: Desk) -> None:
    """A formula that no program worked out, and a time for a count, come in as what they are, to be mended there."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADER)
    for count in ("=2+3", timedelta(hours=1, minutes=30)):
        sheet.append([date(2026, 10, 1), "Ann", "Meeting", count])
    book.save(desk.folder / "a.xlsx")
    assert added(desk, desk.folder / "a.xlsx") == 2
    assert [row[3] for row in desk.cells()["Log"][-2:]] == ["=2+3", "1:30"]
    assert {p["typed"] for p in desk.ok("sync", "--json").json["problems"]} == {"=2+3", "1:30"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("a.csv", "empty")),
        (b"\n\n , ,\n", ("a.csv", "empty")),
        (b"Date,Who,Activity\n", ("a.csv", "no row below")),
        (b"Date,Date,Activity\n1,2,3\n", ("a.csv", "two columns", "Date")),
        (b"Date,Activity\n2026-10-01,Meeting,and,more\n", ("a.csv", "row 2", "quotes")),
        (b'Date,Activity\n2026-10-01,"Meeting\n', ("a.csv", "quotation mark")),
        (b"Date,Activity\n2026-10-01,Caf\xe9\n", ("a.csv", "UTF-8")),
        (b"\x89PNG\r\n\x1a\n\x00\x00", ("a.csv",)),
        (b"Date,Activity\n2026-10-01,\x00\n", ("a.csv", "neither")),
        (b"PK\x03\x04 no zip", ("a.csv", "not an .xlsx file")),
        (b"Date,Activity\n2026-10-01," + b"x" * 40_000 + b"\n", ("a.csv", "row 2", "Activity", "32,767")),
        (b"\xff\xfeD", ("a.csv",)),
    ],
)
def test_a_file_that_is_no_table(desk: Desk, content: bytes, words: tuple[str, ...]) -> None:
    """Exit 3, the file, the place in it, and what to do; the workbook is not touched."""
    file = desk.file("a.csv", content)
    before = desk.state()
    desk.run("import", file).refused(3, *words)
    assert desk.state() == before


def test_no_file_and_no_right_to_read(desk: Desk) -> None:
    """The path, and what is the matter with it."""
    desk.run("import", desk.folder / "none.csv").refused(3, "none.csv", "no such file")
    desk.run("import", desk.folder).refused(3, str(desk.folder))


def test_bad_rows_come_in_and_are_told(desk: Desk) -> None:
    """What a sync will not count is added all the same, for a person to mend in the sheet, and said at once."""
    file = desk.csv("a.csv", HEADER, [["someday", "Ann", "Meeting", 1], ["2026-10-01", "Nobody", "Meting", "many"]])
    said = desk.ok("import", file).out
    assert "2 of them will not count" in said
    assert desk.ok("sync", "--json").json["refused"] == 2


def test_a_renamed_column_stops_it(desk: Desk) -> None:
    """The guard holds for imports too."""
    with desk.edited() as book:
        book["Log"]["C1"] = "Activty"
    desk.run("import", desk.csv("a.csv", HEADER, [["2026-10-01", "Ann", "Meeting", 1]])).refused(5, "“Activty”")


def test_a_hundred_thousand_rows_in_under_a_minute(tmp_path: Path) -> None:
    """A year's export of a big team: imported in under a minute."""
    desk = new_desk(tmp_path)
    desk.ok("create", "--examples", "--person", "Ann", "--person", "Ben")
    rows = [
        [days_before(n % 300), ("Ann", "Ben")[n % 2], "Cold call", 1 + n % 3, f"Contact {n}"] for n in range(100_000)
    ]
    file = desk.csv("big.csv", [*HEADER, "Contact"], rows)
    start = time.perf_counter()
    assert added(desk, file) == 100_000
    seconds = time.perf_counter() - start
    assert seconds < 60
    print(f"100,000 rows imported in {seconds:.1f} s")


def test_a_tally_is_imported_with_its_activities(desk: Desk) -> None:
    """Its columns are the activities: they take their numbers from the file's columns of the same title."""
    file = desk.csv("tally.csv", ["Date", "Who", "Cold call", "Meeting"], [["2026-10-01", "Ann", 3, 2]])
    assert desk.ok("import", file, "--tab", "Tally", "--json").json["added"] == 1
    assert desk.ok("sync", "--json").json["added"] == 2
