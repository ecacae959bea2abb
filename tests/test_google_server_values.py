"""Plain values on the local Google server, through the real gspread."""

from __future__ import annotations

import gspread
import pytest

from tests.google_callers import ANN, ROBOT, batch, make_log, post, refusal, robot, rows
from tests.google_server import GoogleServer


@pytest.fixture
def log_id(google: GoogleServer) -> str:
    return make_log(google)


def test_values_get_trims_and_renders(google: GoogleServer, log_id: str) -> None:
    """Trailing blanks vanish, inner ones are empty; formatted values are texts, unformatted ones typed."""
    google.spreadsheet(log_id).type("Log", "A5", [[None, True]])
    sheet = robot(google).open_by_key(log_id).sheet1
    raw = sheet.spreadsheet.values_get("Log!A2:C9", params={"valueRenderOption": "UNFORMATTED_VALUE"})
    assert raw == {
        "range": "Log!A2:C9",
        "majorDimension": "ROWS",
        "values": [["2026-01-05", "Ann", 3], ["2026-01-06", "Bo", 4.5], [], ["", True]],
    }
    assert sheet.spreadsheet.values_get("Log!C2:C3")["values"] == [["3"], ["4.5"]]
    assert sheet.spreadsheet.values_get("Log!F1:G4") == {"range": "Log!F1:G4", "majorDimension": "ROWS"}
    assert sheet.spreadsheet.values_get("Log!A:B", params={"majorDimension": "COLUMNS"})["values"][1][:2] == [
        "Who",
        "Ann",
    ]


def test_values_update_answers_the_written_shape(google: GoogleServer, log_id: str) -> None:
    """One cell anchors any size; null is skipped and not counted; RAW keeps "=1+1" a text."""
    sheet = robot(google).open_by_key(log_id).sheet1
    answer = sheet.update([["=1+1", None, ""]], "A2")
    assert answer == {
        "spreadsheetId": log_id,
        "updatedRange": "Log!A2:C2",
        "updatedRows": 1,
        "updatedColumns": 2,
        "updatedCells": 2,
    }
    assert google.spreadsheet(log_id).values("Log")[1] == ["=1+1", "Ann"]
    too_wide = refusal(lambda: sheet.update([["a", "b", "c"]], "A1:B1"))
    assert too_wide["message"] == "Requested writing within range ['Log'!A1:B1], but tried writing to column [C]"
    missing = refusal(lambda: sheet.spreadsheet.values_update("Log!A1", params={}, body={"values": [["x"]]}))
    assert missing["message"] == "'valueInputOption' is required but not specified"


def test_user_entered_parses_like_typing(google: GoogleServer, log_id: str) -> None:
    """Numbers, booleans, ISO dates and formulas; the formula is kept; FILTER is not computed."""
    sheet = robot(google).open_by_key(log_id).sheet1
    sheet.update(
        [["2020-01-01", "2,000,000.01", "true", "=4/2", "=SUM(A1)", "'007", "=FILTER(A1:A3,B1:B3)"]],
        "A9",
        value_input_option=gspread.utils.ValueInputOption.user_entered,
    )
    line = google.spreadsheet(log_id).values("Log")[8]
    assert line == [43831, 2000000.01, True, 2, 0, "007"]
    assert sheet.get("A9:G9") == [["2020-01-01", "2,000,000.01", "TRUE", "2", "0", "007"]]
    formulas = sheet.get("D9:E9", value_render_option=gspread.utils.ValueRenderOption.formula)
    assert formulas == [["=4/2", "=SUM(A1)"]]
    assert google.spreadsheet(log_id).cell("Log", "E9").formula == "=SUM(A1)"


def test_append_finds_the_table_and_shifts_right_as_google_does(google: GoogleServer) -> None:
    """The recorded trap of gspread #603: without a range the last table wins and the row lands in C2."""
    file_id = google.create_spreadsheet("T", owner=ANN, share={ROBOT: "writer"})
    sheet = robot(google).open_by_key(file_id).sheet1
    first = sheet.append_row(["x", "", "z"])
    assert "tableRange" not in first
    assert first["updates"]["updatedRange"] == "Sheet1!A1:C1"
    second = sheet.append_row(["x", "", "z"])
    assert (second["tableRange"], second["updates"]["updatedRange"]) == ("Sheet1!C1", "Sheet1!C2:E2")
    third = sheet.append_row(["y"], table_range="A1")
    assert (third["tableRange"], third["updates"]["updatedRange"]) == ("Sheet1!A1", "Sheet1!A2")


def test_leaving_the_grid_is_refused(google: GoogleServer, log_id: str) -> None:
    """Reads and writes beyond the grid have Google's grid-limit text; so has too much data in a batch."""
    client = robot(google)
    batch(
        client,
        google,
        log_id,
        {
            "addSheet": {
                "properties": {"sheetId": 5, "title": "S", "gridProperties": {"rowCount": 2, "columnCount": 3}}
            }
        },
    )
    start = {"sheetId": 5, "rowIndex": 2}
    error = refusal(
        lambda: batch(
            client, google, log_id, {"updateCells": {"start": start, "fields": "*", "rows": rows(["a", "b", "c"])}}
        )
    )
    assert error["message"] == (
        "Invalid requests[0].updateCells: Range (S!A3:C3) exceeds grid limits. Max rows: 2, max columns: 3"
    )
    book = client.open_by_key(log_id)
    read = refusal(lambda: book.values_get("S!D1"))
    assert read["message"] == "Range (S!D1) exceeds grid limits. Max rows: 2, max columns: 3"
    assert refusal(lambda: book.values_get("NOPE!A5:F15"))["message"] == "Unable to parse range: NOPE!A5:F15"


def test_a_grid_range_filter_survives_a_rename_and_names_a_deleted_tab(google: GoogleServer, log_id: str) -> None:
    """batchGetByDataFilter by sheet id reads on after a rename; a deleted tab is a 400."""
    client = robot(google)
    client.open_by_key(log_id).add_worksheet("Other", 5, 5)
    body = {
        "dataFilters": [{"gridRange": {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 2}}],
        "valueRenderOption": "UNFORMATTED_VALUE",
    }
    google.spreadsheet(log_id).rename_tab("Log", "Activity log")
    answer = post(client, google, f"/{log_id}/values:batchGetByDataFilter", body)
    assert answer == {
        "spreadsheetId": log_id,
        "valueRanges": [
            {
                "valueRange": {
                    "range": "'Activity log'!A2:Z2",
                    "majorDimension": "ROWS",
                    "values": [["2026-01-05", "Ann", 3]],
                },
                "dataFilters": [{"gridRange": {"startRowIndex": 1, "endRowIndex": 2}}],
            }
        ],
    }
    google.spreadsheet(log_id).delete_tab("Activity log")
    error = refusal(lambda: post(client, google, f"/{log_id}/values:batchGetByDataFilter", body))
    assert (error["code"], error["message"]) == (400, "Invalid dataFilters[0]: No grid with id: 0")


def test_limits_of_cells_and_characters(google: GoogleServer, log_id: str) -> None:
    """10,000,000 cells a workbook and 50,000 characters a cell."""
    client = robot(google)
    big = {"addSheet": {"properties": {"title": "Big", "gridProperties": {"rowCount": 500_000, "columnCount": 20}}}}
    assert refusal(lambda: batch(client, google, log_id, big))["message"].endswith(
        "above the limit of 10000000 cells."
    )
    sheet = client.open_by_key(log_id).sheet1
    assert "50000 characters" in refusal(lambda: sheet.update([["x" * 50_001]], "A1"))["message"]


def test_values_written_by_grid_range(google: GoogleServer, log_id: str) -> None:
    """batchUpdateByDataFilter writes several rectangles at once and counts rows and columns once."""
    client = robot(google)
    google.spreadsheet(log_id).rename_tab("Log", "Renamed")
    grids = [{"sheetId": 0, "startRowIndex": row, "endRowIndex": row + 1, "endColumnIndex": 2} for row in (4, 5)]
    data = [{"dataFilter": {"gridRange": grid}, "values": [["a", 1]]} for grid in grids]
    body = {"valueInputOption": "RAW", "data": data}
    answer = post(client, google, f"/{log_id}/values:batchUpdateByDataFilter", body)
    assert (answer["totalUpdatedRows"], answer["totalUpdatedColumns"], answer["totalUpdatedCells"]) == (2, 2, 4)
    assert answer["responses"][1]["updatedRange"] == "Renamed!A6:B6"
    assert google.spreadsheet(log_id).values("Renamed")[4:] == [["a", 1], ["a", 1]]


def test_a_mask_for_what_does_not_exist_is_refused(google: GoogleServer, log_id: str) -> None:
    """The recorded 400 for a bad `fields`; masks with brackets and slashes work."""
    http = robot(google).http_client
    error = refusal(lambda: http.spreadsheets_get(log_id, params={"fields": "sheets.sheetProperties"}))
    assert error["message"] == "Request contains an invalid argument."
    assert error["details"][0]["fieldViolations"] == [
        {
            "field": "sheets.sheetProperties",
            "description": "Error expanding 'fields' parameter. Cannot find matching fields for path "
            "'sheets.sheetProperties'.",
        }
    ]
    answer = http.spreadsheets_get(log_id, params={"fields": "sheets/properties(title,sheetId),spreadsheetId"})
    assert answer == {"spreadsheetId": log_id, "sheets": [{"properties": {"sheetId": 0, "title": "Log"}}]}


def test_a_person_edits_in_the_browser(google: GoogleServer, log_id: str) -> None:
    """Typing grows the grid, sorting keeps the header, deleted rows close up; no request is recorded."""
    book = google.spreadsheet(log_id)
    book.type("Log", "A1001", [["late"]])
    book.delete_rows("Log", 3, 997)
    book.sort("Log", 2, descending=True)
    assert [line[:2] for line in book.values("Log")] == [
        ["Date", "Who"],
        ["2026-01-06", "Bo"],
        ["2026-01-05", "Ann"],
        ["late"],
    ]
    assert google.requests == []
