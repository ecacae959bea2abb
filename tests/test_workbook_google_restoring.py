"""Lost tabs and columns of a spreadsheet, made again as `create` makes them, against a local Google."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sheetsync.cells import column_letters
from sheetsync.errors import AuthorizationError, GuardTripped
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import Layout
from sheetsync.workbook.google import GoogleWorkbook, connect, open_workbook
from tests.google_server import GoogleServer, OpenBook
from tests.google_workbooks import ANN, ROBOT, ROWS, Make, copied, json_file, maker

ACTIVITIES = ("Cold call", "Article")


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    """A Google of the test's own."""
    with GoogleServer() as server:
        yield server


@pytest.fixture(scope="module")
def made(sales: WorkbookTemplate, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Creates workbooks, once each."""
    return maker(sales, tmp_path_factory.mktemp("made"))


@pytest.fixture
def workbook(google: GoogleServer, sales: WorkbookTemplate, made: Make, tmp_path: Path) -> GoogleWorkbook:
    """A workbook in Ann's spreadsheet, shared with the robot; no request is on record yet."""
    robot = connect(json_file(tmp_path / "robot.json", google.service_account(ROBOT)), google.endpoint)
    blank = google.create_spreadsheet("Ann's sheet", owner=ANN, share={ROBOT: "writer"})
    return copied(made(ROWS, ACTIVITIES), robot, blank, sales, google)


@pytest.fixture
def browser(google: GoogleServer, workbook: GoogleWorkbook) -> OpenBook:
    """The spreadsheet in Ann's browser."""
    return google.spreadsheet(workbook.id)


def looks(browser: OpenBook, title: str) -> Any:
    """All there is of a tab, but for who made it, its id, and the ids of what is in it."""
    sheet = next(sheet for sheet in browser.book.sheets if sheet.title == title)
    grid = {(row, column): sheet.cell(row, column) for row, column in sheet.places(sheet.whole)}
    grid = {place: cell for place, cell in grid.items() if cell != type(cell)()}
    objects = _without_ids({kind: items for kind, items in sheet.objects.items() if items})
    return grid, sheet.dimensions, objects, _without_ids(sheet.properties)


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: _without_ids(v)
            for k, v in value.items()
            if k not in {"sheetId", "protectedRangeId", "chartId", "index", "editors"}
        }
    return [_without_ids(item) for item in value] if isinstance(value, list) else value


def others(browser: OpenBook, *titles: str) -> dict[str, Any]:
    """All there is of the other tabs, but for the links to tabs, which must change with their ids."""
    found = {title: looks(browser, title) for title in browser.titles() if title not in titles}
    for grid, *_ in found.values():
        for place, cell in grid.items():
            grid[place] = replace(cell, formula=re.sub("#gid=[0-9]+", "#gid", cell.formula or "") or None)
    return found


def validation(browser: OpenBook, title: str, place: str) -> str:
    """The list that a cell offers."""
    rule = browser.cell(title, place).validation
    assert rule is not None
    return str(rule["condition"]["values"][0]["userEnteredValue"])


@pytest.mark.parametrize(
    "key", ["dashboard", "people", "log", "tally", "daily", "weekly_summary", "problems", "series"]
)
def test_a_tab_comes_back_as_it_was_made(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate, key: str
) -> None:
    """The same cells, looks, lists, widths and protection, at the same place; the others are as they were."""
    title, order = sales.tab(key).title, browser.titles()
    before, rest = looks(browser, title), others(browser, title)
    browser.delete_tab(title)
    assert workbook.missing_tabs() == [key]
    workbook.restore_tabs({key: ROWS.get(key, [])}, ACTIVITIES)
    assert looks(browser, title) == before
    assert browser.titles() == order
    assert others(browser, title) == rest
    assert workbook.missing_tabs() == []
    assert workbook.read()[key].title == title


def test_several_tabs_come_back_in_one_atomic_call(
    workbook: GoogleWorkbook, browser: OpenBook, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """In the template's order, whatever order they are asked for in; three reads and one write."""
    order = browser.titles()
    for key in ("dashboard", "goals", "activities", "problems"):
        browser.delete_tab(sales.tab(key).title)
    assert workbook.missing_tabs() == ["dashboard", "goals", "activities", "problems"]
    google.clear_requests()
    workbook.restore_tabs({"problems": [], "activities": [["Cold call"]], "goals": [], "dashboard": []})
    assert [request.method for request in google.requests] == ["GET", "GET", "GET", "POST"]
    assert browser.titles() == order
    assert browser.values("Activities")[1] == ["Cold call"]


def test_the_marks_are_new_for_this_machine_and_for_others(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """The layout has the new sheet id; a machine without a ledger finds the tab by its metadata."""
    old = workbook.layout
    browser.delete_tab("Log")
    workbook.restore_tabs({"log": ROWS["log"]})
    new = workbook.layout
    assert {key for key in new.marks if new.marks[key] != old.marks[key]} == {"log"}
    assert (new.year, new.template) == (old.year, old.template)
    elsewhere = open_workbook(workbook._connection, workbook.id, sales, None)
    assert elsewhere.layout.marks == new.marks
    assert elsewhere.layout.year == old.year
    assert elsewhere.read()["log"].grid == workbook.read()["log"].grid


def test_a_title_that_is_taken_gets_a_number(workbook: GoogleWorkbook, browser: OpenBook) -> None:
    """Somebody else's tab keeps its title and contents; lists of choices point into the new tab."""
    browser.delete_tab("People")
    browser.rename_tab("Events", "people")
    browser.rename_tab("Targets", "People (2)")
    workbook.restore_tabs({"people": ROWS["people"]})
    assert browser.values("People (3)")[1] == ["Ann", ANN]
    assert validation(browser, "Log", "B2") == "='People (3)'!$A$2:$A"
    assert workbook.read()["people"].title == "People (3)"


def test_lists_that_pointed_into_the_lost_tab_are_set_again(workbook: GoogleWorkbook, browser: OpenBook) -> None:
    """Where the column is today; no other list and no cell changes."""
    browser.insert_column("Log", 1)
    browser.type("Log", "B1", [["Mood"]])
    values = browser.values("Log")
    browser.delete_tab("People")
    where = {"sheetId": int(workbook.layout.marks["log"]), "startColumnIndex": 2, "endColumnIndex": 3}
    workbook.update([{"setDataValidation": {"range": where}}])  # Google says #REF! there
    workbook.restore_tabs({"people": ROWS["people"]})
    assert validation(browser, "Log", "C900") == "='People'!$A$2:$A"
    assert validation(browser, "Log", "D2") == "='Activities'!$A$2:$A"
    assert browser.values("Log") == values


def test_formulas_of_ours_that_the_loss_broke_are_set_again(workbook: GoogleWorkbook, browser: OpenBook) -> None:
    """Google writes #REF! into them and leaves it there; a formula that is whole stays as it is."""
    right = str(browser.cell("Weekly", "C3").formula)
    assert "'Weekly summary'" in right
    browser.insert_column("Weekly", 2)
    browser.type("Weekly", "C3", [["My own"]])
    other = browser.cell("Monthly", "C3").formula
    browser.delete_tab("Weekly summary")
    assert "#REF!" in str(browser.cell("Weekly", "D3").formula)
    workbook.restore_tabs({"weekly_summary": []})
    assert browser.cell("Weekly", "D3").formula == right
    assert browser.cell("Monthly", "C3").formula == other
    assert browser.cell("Weekly", "C3").value == "My own"


def test_a_restored_tab_points_to_tabs_and_columns_as_they_are_now(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """Renamed tabs and moved columns are found: lists and formulas of the new tab are right."""
    browser.rename_tab("People", "The team")
    browser.insert_column("The team", 0)
    browser.rename_tab("Log", "What we did")
    browser.insert_column("What we did", 0)
    for title in ("Daily", "Time off"):
        browser.delete_tab(title)
    workbook.restore_tabs({"daily": ROWS["daily"], "time_off": []})
    assert validation(browser, "Time off", "A2") == "='The team'!$B$2:$B"
    formula = str(browser.cell("Daily", "C3").formula)
    assert "'What we did'!$E:$E" in formula
    assert "'The team'!$B:$B" in formula
    assert "ISNUMBER('Tally'!$C$2" in formula


def test_a_tab_that_somebody_had_copied_takes_the_lost_ones_place(
    workbook: GoogleWorkbook, browser: OpenBook
) -> None:
    """A copy has the mark too, and the rows: no second tab is made. So it is after a run that died half-way."""
    browser.delete_tab("Log")
    workbook.restore_tabs({"log": ROWS["log"]})
    titles = browser.titles()
    behind = open_workbook(workbook._connection, workbook.id, workbook._template, _without_log(workbook.layout))
    assert behind.missing_tabs() == ["log"]
    behind.restore_tabs({"log": []})
    assert browser.titles() == titles
    assert behind.layout.marks == workbook.layout.marks


def _without_log(layout: Layout) -> Layout:
    return Layout(layout.year, layout.template, {**layout.marks, "log": "7"})


def test_columns_are_added_where_there_are_none(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """Title, note, look, list and width as at creation; no other cell changes, and a grid is widened if need be."""
    log = sales.tab("log")
    before = {c: _column(browser, "Log", place) for place, c in ((5, "quality"), (1, "who"))}
    browser.delete_column("Log", 5)
    browser.delete_column("Log", 1)
    rest = browser.values("Log")
    wide = next(sheet for sheet in browser.book.sheets if sheet.title == "Log").columns
    workbook.add_columns("log", 0, {6: log.column("who"), wide + 3: log.column("quality")})
    assert _column(browser, "Log", 6) == before["who"]
    assert _column(browser, "Log", wide + 3) == before["quality"]
    assert [row[:6] for row in browser.values("Log")] == [row[:6] for row in rest]
    assert workbook.read()["log"].columns == wide + 4


def _column(browser: OpenBook, title: str, place: int) -> Any:
    sheet = next(sheet for sheet in browser.book.sheets if sheet.title == title)
    cells = [browser.cell(title, f"{column_letters(place)}{row}") for row in (1, 3, 500)]
    return cells, sheet.dimensions["COLUMNS"].get(place)


def test_a_computed_column_is_added_with_its_formula(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """It reads the row's period and person where they are now; Google warns of typing into the column."""
    browser.delete_column("Weekly", 2)
    browser.insert_column("Weekly", 0)
    workbook.add_columns("weekly", 2, {8: sales.tab("weekly").column("score")})
    formula = str(browser.cell("Weekly", "I3").formula)
    assert formula.startswith('=VSTACK("Score"')
    assert "B4:B" in formula
    assert "C4:C" in formula
    sheet = next(sheet for sheet in browser.book.sheets if sheet.title == "Weekly")
    assert sheet.objects["protectedRanges"][-1]["range"]["startColumnIndex"] == 8
    assert "'Weekly summary'" in formula


def test_a_column_is_added_below_lines_that_somebody_put_above_the_titles(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """The header row is given; what stands above stays."""
    browser.insert_rows("People", 0, 2)
    browser.type("People", "A1", [["Our team"]])
    browser.delete_column("People", 10)
    workbook.add_columns("people", 2, {12: sales.tab("people").column("group")})
    assert browser.values("People")[0] == ["Our team"]
    assert browser.values("People")[2][12] == "Group"


def test_a_protected_tab_is_said_to_be(workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate) -> None:
    """Exit 6, and nothing was made."""
    sheet = next(sheet for sheet in browser.book.sheets if sheet.title == "People")
    sheet.objects["protectedRanges"] = [{"protectedRangeId": 1, "range": {"sheetId": sheet.id}}]
    with pytest.raises(AuthorizationError, match="protected range"):
        workbook.add_columns("people", 0, {15: sales.tab("people").column("group")})
    browser.delete_tab("Log")
    with pytest.raises(GuardTripped, match="Log"):
        workbook.read()
