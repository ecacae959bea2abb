"""The Google workbook against a local Google, through the real gspread and google-auth."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from sheetsync.cells import Cell, column_letters
from sheetsync.errors import AuthorizationError, ConfigError, GuardTripped, UsageError
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import TabWrite, Workbook
from sheetsync.workbook.google import Connection, GoogleWorkbook, create, open_workbook, spreadsheet_id
from sheetsync.workbook.google.rows import CALL_BYTES, calls, title_and_size
from tests.google_server import GoogleServer
from tests.google_workbooks import ANN, ROBOT, ROWS, Make, copied
from tests.workbook_contract import ACTIVITIES, WorkbookContract
from tests.workbook_contract import ROWS as CONTRACT_ROWS


class Browser:
    """A person with the spreadsheet open in a browser."""

    def __init__(self, google: GoogleServer, workbook: GoogleWorkbook) -> None:
        self.book = google.spreadsheet(workbook.id)

    def type(self, tab: str, row: int, column: int, value: Cell) -> None:
        """Type a value into a cell."""
        self.book.type(tab, f"{column_letters(column - 1)}{row}", [["" if value is None else value]])

    def values(self, tab: str) -> list[list[Cell]]:
        """What the tab shows."""
        return [[None if cell == "" else cell for cell in row] for row in self.book.values(tab)]

    def rename_tab(self, old: str, new: str) -> None:
        """Rename a tab."""
        self.book.rename_tab(old, new)

    def delete_tab(self, tab: str) -> None:
        """Delete a tab."""
        self.book.delete_tab(tab)


def _calculate(google: GoogleServer, workbook: GoogleWorkbook, template: WorkbookTemplate) -> None:
    """Google shows what formulas result in, the local one does not: here, each computed column's title."""
    for tab in template.tabs:
        sheet = google.spreadsheet(workbook.id).book.sheet(int(workbook.layout.marks[tab.key]))
        for place, column in enumerate(tab.columns):
            if column.computed:
                cell = sheet.cell(tab.header_row - 1, place)
                sheet.put(tab.header_row - 1, place, replace(cell, value=column.title))


class TestContract(WorkbookContract):
    """What every backend promises."""

    @pytest.fixture
    def workbook(
        self, robot: Connection, blank: str, sales: WorkbookTemplate, google: GoogleServer, made: Make
    ) -> GoogleWorkbook:
        opened = copied(made(CONTRACT_ROWS, ACTIVITIES), robot, blank, sales, google)
        _calculate(google, opened, sales)
        return opened

    @pytest.fixture
    def person(self, google: GoogleServer, workbook: GoogleWorkbook) -> Browser:
        return Browser(google, workbook)


def _requests(google: GoogleServer) -> list[str]:
    return [f"{request.method} {request.path.rpartition('/')[2].partition(':')[2]}" for request in google.requests]


# --- create -----------------------------------------------------------------------------------------------------


def test_a_person_creates_in_two_calls_and_one_a_share(
    ann: Connection, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """Without `into` a new spreadsheet is made: one Drive call, one batch update, one call a share."""
    made = create(ann, sales, 2026, "Goals 2026", ROWS, share=[(ROBOT, "editor"), ("bo@example.com", "reader")])
    paths = [(request.method, request.path, request.status) for request in google.requests]
    assert paths == [
        ("POST", "/drive/v3/files", 200),
        ("POST", f"/v4/spreadsheets/{made.id}:batchUpdate", 200),
        ("POST", f"/drive/v3/files/{made.id}/permissions", 200),
        ("POST", f"/drive/v3/files/{made.id}/permissions", 200),
    ]
    assert google.requests[0].body["name"] == "Goals 2026"
    assert [request.body["role"] for request in google.requests[2:]] == ["writer", "reader"]
    assert made.location == f"https://docs.google.com/spreadsheets/d/{made.id}/edit"


def test_the_robot_fills_a_blank_spreadsheet_in_two_calls(
    robot: Connection, blank: str, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """With `into` (an id or a URL) the spreadsheet is looked at once and filled at once; its title stays."""
    url = f"https://docs.google.com/spreadsheets/d/{blank}/edit#gid=0"
    made = create(robot, sales, 2026, "Goals 2026", ROWS, into=url)
    assert made.id == blank
    assert _requests(google) == ["GET ", "POST batchUpdate"]
    assert google.spreadsheet(blank).titles() == [tab.title for tab in sales.tabs]
    assert google.spreadsheet(blank).book.title == "Ann's sheet"


def test_every_tab_has_its_titles_and_rows(
    workbook: GoogleWorkbook, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """Column titles stand in the header row below the intro, activity columns after the tab's own."""
    book = google.spreadsheet(workbook.id)
    assert book.values("People") == [[c.title for c in sales.tab("people").columns], ["Ann", ANN]]
    assert book.values("Tally") == [["Date", "Who", "Cold call", "Article"]]
    dashboard = sales.tab("dashboard")
    assert book.values("Dashboard")[dashboard.header_row - 1] == [column.title for column in dashboard.columns]
    assert book.values("Dashboard")[0] == ["Dashboard"]


def test_text_that_looks_like_a_formula_stays_text(workbook: GoogleWorkbook, google: GoogleServer) -> None:
    """Nothing that is not the template's becomes a formula: neither at creation nor later."""
    workbook.append("log", [[46024, "=1+1", "+44 20", "'quoted"]])
    workbook.write([TabWrite("problems", [["=IMPORTXML(1)"]], [(0, 1)])])
    book = google.spreadsheet(workbook.id)
    typed = [("Log", "H2"), ("Log", "B3"), ("Log", "C3"), ("Problems", "A1")]
    assert [book.cell(title, place).formula for title, place in typed] == [None] * 4
    assert book.values("Log")[2] == [46024, "=1+1", "+44 20", "'quoted"]
    assert book.values("Problems")[0] == ["=IMPORTXML(1)"]


def test_a_computed_column_is_one_formula_in_its_header(workbook: GoogleWorkbook, google: GoogleServer) -> None:
    """The array formula fills the column, so nothing stands below it, whatever the rows hold there."""
    book = google.spreadsheet(workbook.id)
    assert (book.cell("Daily", "C3").formula or "").startswith('=VSTACK("Done";MAP(A4:A;B4:B;')
    assert book.values("Daily")[3:] == [[46023, "Ann"], [46024, "Ann"]]


def test_what_people_type_is_shown_and_offered_by_type(workbook: GoogleWorkbook, google: GoogleServer) -> None:
    """Dates look like dates; choices are offered, never enforced."""
    book = google.spreadsheet(workbook.id)
    assert book.cell("Log", "A2").format["numberFormat"] == {"type": "DATE", "pattern": "yyyy-mm-dd"}  # type: ignore[index]
    rules = [cell.validation for cell in (book.cell("Log", "B2"), book.cell("Log", "F9"), book.cell("People", "G3"))]
    conditions = [rule["condition"] for rule in rules if rule]
    assert [condition["type"] for condition in conditions] == ["ONE_OF_RANGE", "NUMBER_BETWEEN", "ONE_OF_LIST"]
    assert conditions[0]["values"] == [{"userEnteredValue": "='People'!$A$2:$A"}]
    assert not any(rule["strict"] for rule in rules if rule and "strict" in rule)


def test_create_refuses_a_spreadsheet_with_any_content(
    robot: Connection, blank: str, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """One typed cell is enough; nothing is written, and the message says where it stands."""
    google.spreadsheet(blank).type("Sheet1", "C5", [["mine"]])
    with pytest.raises(GuardTripped) as caught:
        create(robot, sales, 2026, "Goals 2026", {}, into=blank)
    assert str(caught.value) == (
        '"Ann\'s sheet" already has content (tab Sheet1, cell C5); create only fills a blank spreadsheet'
    )
    assert _requests(google) == ["GET "]


def test_create_refuses_a_workbook_of_its_own(
    workbook: GoogleWorkbook, robot: Connection, sales: WorkbookTemplate
) -> None:
    """Running create twice changes nothing the second time."""
    with pytest.raises(GuardTripped, match="already has content"):
        create(robot, sales, 2026, "Goals 2026", {}, into=workbook.id)


def test_a_blank_tab_with_a_template_title_is_replaced(
    robot: Connection, blank: str, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """The blank tabs go; that one is called Log is no obstacle."""
    google.spreadsheet(blank).rename_tab("Sheet1", "log")
    create(robot, sales, 2026, "Goals 2026", {}, into=blank)
    assert google.spreadsheet(blank).titles() == [tab.title for tab in sales.tabs]


def test_a_service_account_is_told_how_to_create(robot: Connection, sales: WorkbookTemplate) -> None:
    """Service accounts own no files: the error names the way that works, with the address to share with."""
    with pytest.raises(AuthorizationError) as caught:
        create(robot, sales, 2026, "Goals 2026", {})
    assert f"share it with {ROBOT} as editor, then: sheetsync create --into ID" in str(caught.value)


@pytest.mark.parametrize(("into", "share"), [("goals.xlsx", ()), (None, [("bo@example.com", "owner of all")])])
def test_arguments_are_checked_before_the_first_call(
    ann: Connection, google: GoogleServer, sales: WorkbookTemplate, into: str | None, share: Sequence[tuple[str, str]]
) -> None:
    """What is no spreadsheet and what is no role is a usage error; Google is not asked."""
    with pytest.raises(UsageError):
        create(ann, sales, 2026, "Goals 2026", {}, into=into, share=share)
    assert google.requests == []


# --- read, write, append ----------------------------------------------------------------------------------------


def test_a_read_is_one_call(workbook: GoogleWorkbook, google: GoogleServer, sales: WorkbookTemplate) -> None:
    """All tabs come at once, in the alphabet of cells: blank is None, dates are numbers."""
    tabs = workbook.read()
    assert _requests(google) == ["POST batchGetByDataFilter"]
    assert list(tabs) == [tab.key for tab in sales.tabs]
    assert tabs["log"].grid[1] == [46023, "Ann", "Cold call", 3, None, None, None, "=HYPERLINK(1)"]
    assert (tabs["log"].title, tabs["log"].rows, tabs["log"].columns) == ("Log", 1000, 16)


def test_a_renamed_tab_is_still_found(workbook: GoogleWorkbook, google: GoogleServer) -> None:
    """The mark is the sheet id; the title is today's, whatever characters it has."""
    google.spreadsheet(workbook.id).rename_tab("Log", "Ann's log! (new)")
    tab = workbook.read()["log"]
    assert (tab.title, tab.rows) == ("Ann's log! (new)", 1000)
    workbook.append("log", [[46030, "Ann"]])
    assert google.spreadsheet(workbook.id).values("Ann's log! (new)")[-1] == [46030, "Ann"]


def test_a_layout_is_found_without_a_ledger(
    workbook: GoogleWorkbook, robot: Connection, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """A machine that knows nothing but the id finds year, template and tabs in one call more, once."""
    google.spreadsheet(workbook.id).rename_tab("Log", "Diary")
    other = open_workbook(robot, workbook.id, sales, None)
    assert other.read()["log"].title == "Diary"
    other.read()
    assert other.layout == workbook.layout
    assert (other.layout.year, other.layout.template) == (2026, "sales")
    assert [request.method for request in google.requests] == ["GET", "POST", "POST"]


def test_another_spreadsheet_is_not_taken_for_a_workbook(
    robot: Connection, blank: str, sales: WorkbookTemplate
) -> None:
    """A spreadsheet that sheetsync did not make is told so."""
    with pytest.raises(ConfigError, match=r'"Ann\'s sheet" .* was not made by sheetsync'):
        open_workbook(robot, blank, sales, None).read()


@pytest.mark.parametrize("action", ["read", "write", "append"])
def test_a_deleted_tab_is_named(workbook: GoogleWorkbook, google: GoogleServer, action: str) -> None:
    """Google only says that some grid is gone; the error names the tab and the way back."""
    workbook.read()
    google.spreadsheet(workbook.id).delete_tab("Problems" if action == "write" else "Log")
    with pytest.raises(GuardTripped, match=r"is gone from .*restore it") as caught:
        if action == "read":
            workbook.read()
        elif action == "write":
            workbook.write([TabWrite("problems", [["x"]], [(0, 1)])])
        else:
            workbook.append("log", [["x"]])
    assert ('the tab "Problems"' if action == "write" else 'the tab "Log"') in str(caught.value)


def test_a_write_is_one_call_and_touches_changed_rows_only(workbook: GoogleWorkbook, google: GoogleServer) -> None:
    """Several tabs are written at once; rows outside the changed ranges stay, blanks are cleared."""
    book = google.spreadsheet(workbook.id)
    book.type("Problems", "A1", [["a", "b"], ["c", "d"], ["e", "f", "typed"], ["g"]])
    workbook.read()
    google.clear_requests()
    team: list[list[Cell]] = [["Who", None], [True, 0.5]]
    problems: list[list[Cell]] = [["not written", None], ["c", "d"], ["E", None]]
    workbook.write([TabWrite("team", team, [(0, 2)]), TabWrite("problems", problems, [(2, 4)])])
    assert _requests(google) == ["POST batchUpdate"]
    assert book.values("Team") == [["Who"], [True, 0.5]]
    assert [row[:3] for row in book.values("Problems")] == [["a", "b", "Column"], ["c", "d"], ["E"]]


def test_a_write_grows_the_grid(workbook: GoogleWorkbook, google: GoogleServer, sales: WorkbookTemplate) -> None:
    """More rows and columns than the tab has are made room for in the same call; new rows look like the old."""
    before = workbook.read()["team"]
    grid: list[list[Cell]] = [[46023, *range(before.columns + 2)] for _ in range(before.rows + 50)]
    google.clear_requests()
    workbook.write([TabWrite("team", grid, [(0, len(grid))])])
    assert _requests(google) == ["POST batchUpdate"]
    after = workbook.read()["team"]
    assert after.grid == grid
    assert (after.rows, after.columns) == (before.rows + 50, before.columns + 3)
    last_logged = sales.tab("team").position("last_logged")
    cell = google.spreadsheet(workbook.id).cell("Team", f"{chr(65 + last_logged)}{after.rows}")
    assert cell.format is not None
    assert cell.format["numberFormat"]["type"] == "DATE"


def test_a_write_without_a_read_looks_first(
    workbook: GoogleWorkbook, robot: Connection, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """The sizes of the grids are asked for when nobody read them."""
    other = open_workbook(robot, workbook.id, sales, workbook.layout)
    other.write([TabWrite("team", [["x"]] * 500, [(0, 500)])])
    assert [request.method for request in google.requests] == ["GET", "POST"]
    assert len(google.spreadsheet(workbook.id).values("Team")) == 500


def test_a_large_write_is_several_calls(workbook: GoogleWorkbook, google: GoogleServer) -> None:
    """Beyond 2 MB the rows go in order in as few calls as fit; no body is larger than Google recommends."""
    grid: list[list[Cell]] = [["x" * 990, number] for number in range(3000)]
    workbook.read()
    google.clear_requests()
    workbook.write([TabWrite("insights", grid, [(0, len(grid))])])
    assert _requests(google) == ["POST batchUpdate"] * 2
    assert max(len(json.dumps(request.body)) for request in google.requests) < 2_000_000
    assert google.spreadsheet(workbook.id).values("Insights") == grid


def test_append_adds_rows_after_the_last_one(workbook: GoogleWorkbook, google: GoogleServer) -> None:
    """No other cell changes, rows are counted as they are written, and a gap is no end."""
    google.spreadsheet(workbook.id).type("Log", "A9", [[46025, "Ann"]])
    written: list[int] = []
    workbook.append("log", [[46026, "Ann", "Cold call", 2.5, None, 5], [46027, None, "Article"]], written.append)
    assert sum(written) == 2
    assert _requests(google) == ["POST batchUpdate"]
    values = google.spreadsheet(workbook.id).values("Log")
    assert values[8:] == [[46025, "Ann"], [46026, "Ann", "Cold call", 2.5, "", 5], [46027, "", "Article"]]
    assert values[1] == [46023, "Ann", "Cold call", 3, "", "", "", "=HYPERLINK(1)"]


def test_appended_rows_beyond_the_grid_look_like_the_others(workbook: GoogleWorkbook, google: GoogleServer) -> None:
    """When the tab is full it is lengthened, with room to spare; dates in moved columns still look like dates."""
    book = google.spreadsheet(workbook.id)
    book.insert_column("Log", 0)
    workbook.read()
    workbook.append("log", [[None, 46026, "Ann"]] * 1100)
    tab = workbook.read()["log"]
    assert (len(tab.grid), tab.rows) == (1102, 1302)
    assert all(
        (book.cell("Log", f"B{row}").format or {})["numberFormat"]["type"] == "DATE" for row in (2, 1102, 1302)
    )


def test_a_large_append_is_several_calls(workbook: GoogleWorkbook, google: GoogleServer) -> None:
    """Each call stays below 2 MB and reports its rows."""
    written: list[int] = []
    workbook.append("log", [[46026, "Ann", "x" * 1500]] * 2000, written.append)
    assert len(written) == len(google.requests) == 2
    assert sum(written) == 2000
    assert len(google.spreadsheet(workbook.id).values("Log")) == 2002


def test_a_text_too_long_for_a_cell_is_refused_before_the_call(
    workbook: GoogleWorkbook, google: GoogleServer
) -> None:
    """Google holds 50,000 characters a cell; nothing is cut off silently."""
    with pytest.raises(ConfigError, match="50001 characters"):
        workbook.append("log", [["x" * 50_001]])
    assert google.requests == []


def test_it_keeps_the_workbook_protocol(workbook: GoogleWorkbook) -> None:
    """mypy checks the signatures; this line makes it look."""
    kept: Workbook = workbook
    assert kept.layout.marks["log"] == "1007"


# --- pure parts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://docs.google.com/spreadsheets/d/1AbC_dEfGhIjKlMnOpQrStUvWxYz-0123456789/edit#gid=0", True),
        ("https://docs.google.com/spreadsheets/u/1/d/1AbC_dEfGhIjKlMnOpQrStUvWxYz-0123456789", True),
        (" 1AbC_dEfGhIjKlMnOpQrStUvWxYz-0123456789\n", True),
        ("goals.xlsx", False),
        ("/home/ann/1AbC_dEfGhIjKlMnOpQrStUvWxYz-0123456789", False),
        ("https://example.com/d/1AbC_dEfGhIjKlMnOpQrStUvWxYz-0123456789", False),
        ("https://docs.google.com/spreadsheets/", False),
        ("", False),
    ],
)
def test_spreadsheet_id(text: str, expected: bool) -> None:
    """A URL or a bare id is recognised; anything else is a path."""
    assert spreadsheet_id(text) == ("1AbC_dEfGhIjKlMnOpQrStUvWxYz-0123456789" if expected else None)


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        ("Log!A1:H1000", ("Log", 1000, 8)),
        ("'Ann''s log! A1:B2'!A1:AB12", ("Ann's log! A1:B2", 12, 28)),
        ("Log!A1", ("Log", 1, 1)),
    ],
)
def test_title_and_size(answered: str, expected: tuple[str, int, int]) -> None:
    """A range that Google answers tells title and size, whatever the title."""
    assert title_and_size(answered) == expected


def test_requests_are_cut_into_calls_in_order() -> None:
    """No call is larger than recommended unless one request alone is."""
    requests = [{"r": number, "x": "y" * (CALL_BYTES // 3)} for number in range(7)]
    batches = list(calls(requests))
    assert [request for batch in batches for request in batch] == requests
    assert [len(batch) for batch in batches] == [2, 2, 2, 1]
