"""Tool tabs made anew in a spreadsheet, what points into them mended, copies, and tabs of others taken in."""

from typing import Any

import pytest

from sheetsync.cells import column_letters
from sheetsync.errors import AuthorizationError, ConfigError, SheetsyncError, Unfinished
from sheetsync.live import choice_cell
from sheetsync.standing import as_it_was_made
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook.google import Connection, GoogleWorkbook, connect, create, open_workbook
from sheetsync.workbook.google.layout import VERSION
from tests.google_server import GoogleServer, OpenBook, faults
from tests.google_workbooks import ANN, ROBOT
from tests.test_workbook_google_charts import charts, choose, drawn, sync, with_tabs
from tests.test_workbook_google_restoring import looks, others

TOOL_TABS = ("dashboard", "weekly_summary", "series", "problems")


@pytest.fixture
def browser(google: GoogleServer, workbook: GoogleWorkbook) -> OpenBook:
    """The spreadsheet in Ann's browser."""
    return google.spreadsheet(workbook.id)


def broken(browser: OpenBook) -> list[str]:
    """The formulas that point to nothing."""
    return [
        str(sheet.cell(row, column).formula)
        for sheet in browser.book.sheets
        for row, column in sheet.formulas
        if "#REF!" in str(sheet.cell(row, column).formula)
    ]


def chosen(browser: OpenBook, template: WorkbookTemplate, line: str) -> Any:
    """What is chosen in the dashboard."""
    place = choice_cell(template, line)
    assert place is not None
    return browser.cell(browser.titles()[0], f"{column_letters(place[2])}{place[1] + 1}").value


# --- lost tabs, and what pointed into them ------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["dashboard", "series", "people", "activities", "weekly", "annual", "weekly_summary"])
def test_charts_and_formulas_work_again_when_a_tab_is_put_back(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate, key: str
) -> None:
    """Whichever tab was lost: no formula of ours points to nothing, and charts show what is chosen."""
    before = len(charts(browser))
    browser.delete_tab(sales.tab(key).title)
    assert broken(browser) or key == "activities"
    workbook.restore_tabs({key: []})
    assert not broken(browser)
    sync(workbook, sales)
    choose(browser, sales, "choose_who", "Ann")
    assert len(charts(browser)) == before
    assert drawn(browser, charts(browser)[1])["Done"] == [1, 2]


def test_links_lead_into_a_review_tab_made_again(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """Its id is another one; links to other tabs stay as they are."""
    row = next(row for row, line in sales.tab("dashboard").lines.items() if line == "links") + 1
    monthly = browser.cell("Dashboard", f"D{row}").formula
    browser.delete_tab("Weekly")
    workbook.restore_tabs({"weekly": []})
    formula = str(browser.cell("Dashboard", f"B{row}").formula)
    assert f"#gid={workbook.layout.marks['weekly']}&" in formula
    assert "'Weekly'!" in formula
    assert browser.cell("Dashboard", f"D{row}").formula == monthly


def test_a_chart_that_a_person_took_away_stays_away(workbook: GoogleWorkbook, browser: OpenBook) -> None:
    """The other one draws again when its values are back; so with a formula that somebody cleared."""
    dashboard = browser.book.sheets[0]
    first, second = charts(browser)
    dashboard.objects["charts"] = [second]
    browser.type("Dashboard", "C7", [[""]])
    browser.delete_tab("Chart data")
    workbook.restore_tabs({"series": []})
    (left,) = charts(browser)
    assert left["chartId"] == second["chartId"] != first["chartId"]
    (where,) = left["spec"]["basicChart"]["domains"][0]["domain"]["sourceRange"]["sources"]
    assert where["sheetId"] == int(workbook.layout.marks["series"])
    assert browser.cell("Dashboard", "C7").formula is None


def test_choices_offer_people_again_when_their_tab_is_back(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """From the tab as it is called now."""
    browser.delete_tab("People")
    browser.rename_tab("Events", "people")
    workbook.restore_tabs({"people": [["Ann"]]})
    place = choice_cell(sales, "choose_who")
    assert place is not None
    rule = browser.cell("Dashboard", f"{column_letters(place[2])}{place[1] + 1}").validation
    assert rule is not None
    assert rule["condition"]["values"] == [{"userEnteredValue": "='People (2)'!$A$2:$A"}]
    assert not broken(browser)


# --- tabs made anew -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [("dashboard",), ("series",), ("weekly_summary", "dashboard"), TOOL_TABS])
def test_tool_tabs_are_replaced_by_new_ones(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate, keys: tuple[str, ...]
) -> None:
    """As `create` makes them, in their places; every other tab is as it was, and nothing points to nothing."""
    titles = [sales.tab(key).title for key in keys]
    made = {title: looks(browser, title) for title in titles}
    order, rest, marks = browser.titles(), others(browser, *titles), dict(workbook.layout.marks)
    for title in titles:
        browser.type(title, "B40", [["typed by somebody"]])
    workbook.remake_tabs(keys, sales.version)
    assert browser.titles() == order
    assert others(browser, *titles) == rest
    assert {key for key, mark in workbook.layout.marks.items() if mark != marks[key]} == set(keys)
    assert not broken(browser)
    for title in titles:
        assert looks(browser, title)[1:] == made[title][1:]
    sync(workbook, sales)
    choose(browser, sales, "choose_who", "Ann")
    assert drawn(browser, charts(browser)[1])["Done"] == [1, 2]


def test_what_people_chose_is_kept(workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate) -> None:
    """Wherever the line of the choice stood before: it is found by its label. The tab keeps the title it has."""
    choose(browser, sales, "choose_who", "Ann")
    choose(browser, sales, "choose_activity", "Article")
    browser.rename_tab("Dashboard", "Cockpit")
    browser.insert_rows("Cockpit", 1, 2)
    workbook.remake_tabs(["dashboard"], 3)
    assert browser.titles()[0] == "Cockpit"
    assert chosen(browser, sales, "choose_who") == "Ann"
    assert chosen(browser, sales, "choose_activity") == "Article"
    assert "'Cockpit'!" in str(browser.cell("Chart data", "A1").formula)


def test_it_is_one_atomic_call_and_marked(
    workbook: GoogleWorkbook, browser: OpenBook, google: GoogleServer, robot: Connection, sales: WorkbookTemplate
) -> None:
    """After three reads; a machine that knows nothing finds the new tabs and the new version."""
    workbook.remake_tabs(TOOL_TABS, 7)
    assert [request.method for request in google.requests] == ["GET", "GET", "GET", "POST"]
    assert workbook.layout.version == 7
    elsewhere = open_workbook(robot, workbook.id, sales, None)
    assert elsewhere.layout == workbook.layout
    assert workbook.missing_tabs() == []
    workbook.remake_tabs([], 8)
    assert open_workbook(robot, workbook.id, sales, None).layout.version == 8


def test_a_lost_answer_does_not_make_tabs_twice(
    workbook: GoogleWorkbook, browser: OpenBook, google: GoogleServer
) -> None:
    """A read finds out that the call was carried out."""
    order = browser.titles()
    google.inject(faults.RESET_AFTER, on=":batchUpdate")
    workbook.remake_tabs(["dashboard", "series"], 2)
    assert browser.titles() == order
    assert workbook.missing_tabs() == []


def test_a_tab_that_people_type_in_is_never_replaced(
    workbook: GoogleWorkbook, browser: OpenBook, google: GoogleServer
) -> None:
    """Nothing is done, not even to the others; Google is not asked to."""
    before = others(browser)
    with pytest.raises(ConfigError, match="people type in it"):
        workbook.remake_tabs(["dashboard", "log"], 2)
    assert others(browser) == before
    assert all(request.method == "GET" for request in google.requests)


def test_a_lost_tool_tab_is_made_along_with_the_others(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """Nothing is there to be replaced; its charts find their values, which are made in the same call."""
    order = browser.titles()
    browser.delete_tab("Chart data")
    workbook.remake_tabs(["dashboard", "series"], 2)
    assert browser.titles() == order
    sync(workbook, sales)
    assert drawn(browser, charts(browser)[1])["Done"] == [3, 4]


def test_a_dashboard_without_values_gets_no_chart(workbook: GoogleWorkbook, browser: OpenBook) -> None:
    """A chart of nothing would be refused, and the whole call with it."""
    browser.delete_tab("Chart data")
    workbook.remake_tabs(["dashboard"], 2)
    assert charts(browser) == []


# --- versions -----------------------------------------------------------------------------------------------------


def test_the_version_of_the_template_is_remembered(
    workbook: GoogleWorkbook, browser: OpenBook, robot: Connection, sales: WorkbookTemplate
) -> None:
    """In the spreadsheet itself; one that says nothing was made before there were versions."""
    assert workbook.layout.version == sales.version
    assert open_workbook(robot, workbook.id, sales, None).layout.version == sales.version
    book = browser.book
    book.metadata = [item for item in book.metadata if item["metadataKey"] != VERSION]
    old = open_workbook(robot, workbook.id, sales, None)
    assert old.layout.version == 1
    old.remake_tabs(["problems"], 2)
    assert open_workbook(robot, workbook.id, sales, None).layout.version == 2


def test_a_workbook_of_an_earlier_version_gets_its_charts(
    ann: Connection, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """The tab of values first, which changes no cell of the old dashboard, then the dashboard itself."""
    keys = {tab.key for tab in sales.tabs}
    old = as_it_was_made(sales, keys, sales.version - 1)
    made = create(ann, old, 2026, "x", {"people": [["Ann"]]})
    browser = google.spreadsheet(made.id)
    assert (charts(browser), "Chart data" in browser.titles()) == ([], False)
    before = looks(browser, "Dashboard")
    workbook = open_workbook(ann, made.id, sales, made.layout)
    assert workbook.missing_tabs() == ["series"]
    workbook.restore_tabs({"series": []})
    assert looks(browser, "Dashboard") == before
    workbook.remake_tabs(["dashboard"], sales.version)
    assert workbook.layout.version == sales.version
    assert browser.titles() == [tab.title for tab in sales.tabs]
    assert not broken(browser)
    sync(workbook, sales)
    choose(browser, sales, "choose_who", "Ann")
    assert drawn(browser, charts(browser)[1])["Done"] == [1, 2]


# --- copies -------------------------------------------------------------------------------------------------------


def test_a_copy_is_made_in_drive(ann: Connection, google: GoogleServer, sales: WorkbookTemplate) -> None:
    """It is called as the workbook is, and for what it was made; the answer is its address. Two calls."""
    workbook = create(ann, sales, 2026, "Goals 2026", {"people": [["Ann"]]})
    google.clear_requests()
    address = workbook.backup("(before upgrade)")
    assert [request.method for request in google.requests] == ["GET", "POST"]
    assert address.startswith("https://docs.google.com/spreadsheets/d/")
    copy = google.spreadsheet(address.split("/")[-2])
    assert copy.book.title == "Goals 2026 (before upgrade)"
    assert copy.values("People")[1] == ["Ann"]
    assert copy.titles() == google.spreadsheet(workbook.id).titles()
    assert workbook.layout.marks


@pytest.mark.parametrize("fault", [faults.LOST_ANSWER_503, faults.RESET_AFTER], ids=repr)
def test_a_lost_answer_does_not_make_two_copies(
    ann: Connection, google: GoogleServer, sales: WorkbookTemplate, fault: faults.Fault
) -> None:
    """The copy that is there is found by its tag, which is not the one of the workbook."""
    workbook = create(ann, sales, 2026, "Goals 2026", {})
    google.inject(fault, on="/copy")
    address = workbook.backup("copy")
    assert workbook.id not in address
    assert len([file for file in google.workspace.files.values() if file.name.startswith("Goals 2026")]) == 2


def test_a_robot_is_told_how_a_copy_is_made(workbook: GoogleWorkbook, google: GoogleServer) -> None:
    """What people shared with it, it cannot see in Drive; and it has no storage. A person has to do it: exit 1."""
    for fault in (None, faults.STORAGE_403):
        if fault:
            google.inject(fault, on="/copy")
        with pytest.raises(Unfinished) as caught:
            workbook.backup("copy")
        assert f"{ROBOT} cannot copy {workbook.location}" in str(caught.value)
        assert "File > Make a copy" in str(caught.value)


def test_a_dead_credential_is_not_taken_for_missing_storage(ann: Connection, google: GoogleServer) -> None:
    """Somebody must sign in again: exit 6."""
    file = google.create_spreadsheet("Goals", owner=ANN)
    template = WorkbookTemplate.model_construct(name="x", title="x", tabs=())
    workbook = open_workbook(ann, file, template, None)
    google.revoke(ANN)
    with pytest.raises(AuthorizationError):
        workbook.backup("copy")


# --- tabs of others -----------------------------------------------------------------------------------------------


def answers(browser: OpenBook, google: GoogleServer, workbook: GoogleWorkbook, tmp_path: Any) -> int:
    """A tab that a form of Ann's fills; its id."""
    from tests.google_workbooks import json_file

    person = connect(json_file(tmp_path / "person.json", google.authorized_user(ANN)), google.endpoint)
    url = f"https://sheets.googleapis.com/v4/spreadsheets/{workbook.id}:batchUpdate"
    made = {"addSheet": {"properties": {"sheetId": 1_877_059_582, "title": "Form Responses 1"}}}
    person.call("post", url, about=workbook.id, json={"requests": [made]})
    browser.type("Form Responses 1", "A1", [["Timestamp", "What did you do?"], [46300.5, "Cold call"]])
    google.clear_requests()
    return 1_877_059_582


def with_form(template: WorkbookTemplate) -> WorkbookTemplate:
    """The template with a second log."""
    form = template.tab("log").model_copy(update={"key": "form", "title": "Form"})
    return with_tabs(template, *template.tabs, form)


def test_tabs_of_others_are_shown(
    workbook: GoogleWorkbook, browser: OpenBook, google: GoogleServer, tmp_path: Any
) -> None:
    """With title, size and first rows; our own are not among them, nor is a copy that somebody made of one."""
    sheet_id = answers(browser, google, workbook, tmp_path)
    (found,) = workbook.unmarked().items()
    assert found[0] == sheet_id
    assert found[1].title == "Form Responses 1"
    assert found[1].grid[:2] == [["Timestamp", "What did you do?"], [46300.5, "Cold call"]]
    assert (found[1].rows, found[1].columns) == (1000, 26)
    assert all(request.method == "GET" for request in google.requests)


def test_a_tab_of_others_becomes_one_of_the_template(
    workbook: GoogleWorkbook,
    browser: OpenBook,
    google: GoogleServer,
    robot: Connection,
    sales: WorkbookTemplate,
    tmp_path: Any,
) -> None:
    """It is marked, here and for other machines, and read from then on; no cell of it changes."""
    sheet_id, template = answers(browser, google, workbook, tmp_path), with_form(sales)
    behind = open_workbook(robot, workbook.id, template, workbook.layout)
    assert behind.missing_tabs() == ["form"]
    values = browser.values("Form Responses 1")
    google.inject(faults.RESET_AFTER, on=":batchUpdate")
    behind.adopt("form", sheet_id)
    assert browser.values("Form Responses 1") == values
    assert behind.missing_tabs() == []
    assert behind.unmarked() == {}
    assert behind.read()["form"].grid[1][1] == "Cold call"
    assert open_workbook(robot, workbook.id, template, None).layout == behind.layout
    marks = [item for item in browser.book.metadata if item["location"].get("sheetId") == sheet_id]
    assert len(marks) == 1


def test_only_what_is_free_can_be_taken_in(
    workbook: GoogleWorkbook, browser: OpenBook, google: GoogleServer, sales: WorkbookTemplate, tmp_path: Any
) -> None:
    """No tab that is not there, none of ours, and no second one for a tab that the workbook has."""
    sheet_id = answers(browser, google, workbook, tmp_path)
    with pytest.raises(ConfigError, match="has the tab “Log” already"):
        workbook.adopt("log", sheet_id)
    behind = open_workbook(workbook._connection, workbook.id, with_form(sales), workbook.layout)
    for wrong in (4711, int(workbook.layout.marks["events"])):
        with pytest.raises(SheetsyncError, match="no tab"):
            behind.adopt("form", wrong)
    assert all(request.method == "GET" for request in google.requests)
