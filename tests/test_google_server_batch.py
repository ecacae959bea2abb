"""batchUpdate on the local Google server: atomicity, refusals, cells, tabs, lines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.google_callers import batch, make_log, person, post, refusal, robot, rows
from tests.google_server import GoogleServer


@pytest.fixture
def log_id(google: GoogleServer) -> str:
    return make_log(google)


def test_batch_update_is_all_or_nothing(google: GoogleServer, log_id: str) -> None:
    """The second request fails, so the first leaves no trace; the refusal names the request."""
    client = robot(google)
    error = refusal(
        lambda: batch(
            client,
            google,
            log_id,
            {"addSheet": {"properties": {"title": "Weekly"}}},
            {"updateCells": {"start": {"sheetId": 77}, "fields": "*", "rows": rows(["x"])}},
        )
    )
    assert error == {
        "code": 400,
        "message": "Invalid requests[1].updateCells: No grid with id: 77",
        "status": "INVALID_ARGUMENT",
    }
    assert google.spreadsheet(log_id).titles() == ["Log"]


def test_an_unknown_field_is_refused_in_googles_words(google: GoogleServer, log_id: str) -> None:
    """Message, snake_case path and BadRequest details are Google's; nothing is written."""
    error = refusal(
        lambda: batch(
            robot(google),
            google,
            log_id,
            {"updateSheetProperties": {"properties": {"titel": "x"}, "fields": "title"}},
        )
    )
    text = (
        'Invalid JSON payload received. Unknown name "titel" at '
        "'requests[0].update_sheet_properties.properties': Cannot find field."
    )
    assert error == {
        "code": 400,
        "message": text,
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "requests[0].update_sheet_properties.properties", "description": text}],
            }
        ],
    }


def test_wrong_types_and_query_parameters_are_refused(google: GoogleServer, log_id: str) -> None:
    """The recorded ListValue text, a bad enum, an unknown query parameter, an object as a cell value."""
    client = robot(google)
    url = f"{google.endpoint}/v4/spreadsheets/{log_id}"
    call = client.http_client.request
    recorded = refusal(
        lambda: call("put", f"{url}/values/Log!A1", params={"valueInputOption": "RAW"}, json={"values": "A1:D4"})
    )
    assert recorded["message"] == (
        "Invalid value at 'data.values' (type.googleapis.com/google.protobuf.ListValue), \"A1:D4\""
    )
    bad = refusal(lambda: call("get", f"{url}/values/Log!A1", params={"valueRenderOption": "PLAIN"}))
    assert bad["details"][0]["fieldViolations"][0]["field"] == "value_render_option"
    unknown = refusal(lambda: call("get", url, params={"includeGrid": "true"}))
    assert 'Unknown name "includeGrid": Cannot bind query parameter.' in unknown["message"]
    cell = refusal(
        lambda: call("put", f"{url}/values/Log!A1", params={"valueInputOption": "RAW"}, json={"values": [[1, {}]]})
    )
    assert cell["message"] == "Invalid values[0][1]: struct_value {\n}\n"


def test_append_cells_grows_rows_and_never_columns(google: GoogleServer, log_id: str) -> None:
    """Rows land under the last row with data wherever it is; a row too wide is refused."""
    client = robot(google)
    batch(
        client,
        google,
        log_id,
        {
            "updateSheetProperties": {
                "properties": {"gridProperties": {"rowCount": 3, "columnCount": 3}},
                "fields": "gridProperties(rowCount,columnCount)",
            }
        },
    )
    batch(client, google, log_id, {"appendCells": {"rows": rows(["a", "b"], ["c"]), "fields": "userEnteredValue"}})
    assert google.spreadsheet(log_id).values("Log")[3:] == [["a", "b"], ["c"]]
    assert client.open_by_key(log_id).sheet1.row_count == 5
    wide = {"appendCells": {"rows": rows(["a", "b", "c", "d"]), "fields": "userEnteredValue"}}
    assert refusal(lambda: batch(client, google, log_id, wide))["message"] == (
        "Invalid requests[0].appendCells: Attempting to write column: 3, beyond the last requested column of: 2"
    )


def test_update_cells_replaces_a_range(google: GoogleServer, log_id: str) -> None:
    """Cells of the range that the rows don't cover lose the masked fields and keep the others."""
    client = robot(google)
    client.open_by_key(log_id).sheet1.update_note("B3", "kept")
    grid = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 3}
    batch(
        client, google, log_id, {"updateCells": {"range": grid, "rows": rows(["only"]), "fields": "userEnteredValue"}}
    )
    book = google.spreadsheet(log_id)
    assert book.values("Log") == [["Date", "Who", "Count"], ["only"]]
    assert book.cell("Log", "B3").note == "kept"


def test_tab_rules(google: GoogleServer, log_id: str) -> None:
    """Titles and ids are unique, the last tab stays, an unknown kind and an empty batch are refused."""
    client = robot(google)

    def send(*requests_: Any) -> str:
        return str(refusal(lambda: batch(client, google, log_id, *requests_))["message"])

    assert send({"addSheet": {"properties": {"title": "log"}}}) == (
        'Invalid requests[0].addSheet: A sheet with the name "log" already exists. Please enter another name.'
    )
    assert "already exists" in send({"addSheet": {"properties": {"sheetId": 0, "title": "B"}}})
    assert "You can't remove all the sheets" in send({"deleteSheet": {"sheetId": 0}})
    hide = {"properties": {"sheetId": 0, "hidden": True}, "fields": "hidden"}
    assert send({"updateSheetProperties": hide}) == (
        "Invalid requests[0].updateSheetProperties: You can't hide all the sheets in a document."
    )
    assert "does not know" in send({"randomizeRange": {"range": {"sheetId": 0}}})
    assert send() == "Must specify at least one request."


def test_dimensions_move_everything_that_names_a_place(google: GoogleServer, log_id: str) -> None:
    """A new column and deleted rows move values, named ranges and metadata; deleted lines take theirs along."""
    client = robot(google)
    column = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 3}
    tag = {
        "metadataKey": "field",
        "metadataValue": "count",
        "visibility": "DOCUMENT",
        "location": {"dimensionRange": column},
    }
    named = {"name": "Counts", "range": {"sheetId": 0, "startColumnIndex": 2, "endColumnIndex": 3}}
    batch(
        client,
        google,
        log_id,
        {"createDeveloperMetadata": {"developerMetadata": tag}},
        {"addNamedRange": {"namedRange": named}},
    )
    google.spreadsheet(log_id).insert_column("Log", 1)
    lookup = {"developerMetadataLookup": {"metadataKey": "field"}}
    answer = post(client, google, f"/{log_id}/values:batchGetByDataFilter", {"dataFilters": [lookup]})
    assert answer["valueRanges"][0]["valueRange"]["range"] == "Log!D1:D1000"
    assert answer["valueRanges"][0]["valueRange"]["values"] == [["Count"], ["3"], ["4.5"]]
    assert client.open_by_key(log_id).values_get("Counts")["range"] == "Log!D1:D1000"
    google.spreadsheet(log_id).delete_column("Log", 3)
    assert post(client, google, f"/{log_id}/developerMetadata:search", {"dataFilters": [lookup]}) == {}
    assert "namedRanges" not in client.open_by_key(log_id).fetch_sheet_metadata()


def test_shrinking_a_grid_takes_names_and_tags_along(google: GoogleServer, log_id: str) -> None:
    """A named range outside the new grid vanishes, one across its edge is cut."""
    client = robot(google)
    outside = {"name": "Far", "range": {"sheetId": 0, "startRowIndex": 500, "endRowIndex": 600}}
    across = {"name": "Edge", "range": {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 600}}
    size = {"properties": {"gridProperties": {"rowCount": 10}}, "fields": "gridProperties.rowCount"}
    batch(
        client,
        google,
        log_id,
        {"addNamedRange": {"namedRange": outside}},
        {"addNamedRange": {"namedRange": across}},
        {"updateSheetProperties": size},
    )
    book = client.open_by_key(log_id)
    (left,) = book.list_named_ranges()
    assert (left["name"], left["range"]) == ("Edge", {"startRowIndex": 1, "endRowIndex": 10})


def test_a_whole_workbook_in_one_create(google: GoogleServer) -> None:
    """spreadsheets.create by a person takes tabs, cells, validation, rules, protection and names at once."""
    grid = {"sheetId": 7, "startRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}
    rule = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "Ann"}]}, "strict": True}
    red = {"booleanRule": {"condition": {"type": "BLANK"}, "format": {"backgroundColor": {"red": 1}}}}
    cell = {"userEnteredValue": {"stringValue": "Who"}, "dataValidation": rule, "note": "n"}
    body = {
        "properties": {"title": "All at once", "timeZone": "Europe/Madrid"},
        "namedRanges": [{"name": "People", "range": grid}],
        "sheets": [
            {
                "properties": {"sheetId": 7, "title": "Log", "gridProperties": {"frozenRowCount": 1}},
                "data": [{"rowData": [{"values": [cell]}]}],
                "conditionalFormats": [{"ranges": [grid], **red}],
                "protectedRanges": [{"range": {"sheetId": 7}, "warningOnly": True}],
            }
        ],
    }
    client = person(google)
    made = post(client, google, "", body)
    assert made["properties"]["timeZone"] == "Europe/Madrid"
    sheet = made["sheets"][0]
    assert sheet["properties"]["gridProperties"] == {"rowCount": 1000, "columnCount": 26, "frozenRowCount": 1}
    assert sheet["conditionalFormats"][0]["booleanRule"]["format"]["backgroundColorStyle"] == {"rgbColor": {"red": 1}}
    book = google.spreadsheet(made["spreadsheetId"])
    assert (book.titles(), book.values("Log")) == (["Log"], [["Who"]])
    assert book.cell("Log", "A1").validation == rule
    got = client.http_client.spreadsheets_get(
        made["spreadsheetId"], params={"fields": "sheets.data.rowData.values(dataValidation,effectiveValue)"}
    )
    assert got["sheets"][0]["data"][0]["rowData"] == [
        {"values": [{"dataValidation": rule, "effectiveValue": {"stringValue": "Who"}}]}
    ]


def test_moved_columns_take_all_along(google: GoogleServer, log_id: str) -> None:
    """Values, widths, tags and formulas go with a column wherever it is moved; its size and frozen lines stay."""
    client = robot(google)
    google.spreadsheet(log_id).enter("Log", "D1", [["=C2"]])
    column = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 3}
    tag = {"metadataKey": "field", "visibility": "DOCUMENT", "location": {"dimensionRange": column}}
    batch(
        client,
        google,
        log_id,
        {"createDeveloperMetadata": {"developerMetadata": tag}},
        {"updateDimensionProperties": {"range": column, "properties": {"pixelSize": 70}, "fields": "pixelSize"}},
        {"moveDimension": {"source": column, "destinationIndex": 0}},
    )
    lookup = {"developerMetadataLookup": {"metadataKey": "field"}}
    answer = post(client, google, f"/{log_id}/values:batchGetByDataFilter", {"dataFilters": [lookup]})
    assert answer["valueRanges"][0]["valueRange"]["range"] == "Log!A1:A1000"
    book = google.spreadsheet(log_id)
    assert book.values("Log")[:2] == [["Count", "Date", "Who", 3], [3, "2026-01-05", "Ann"]]
    assert book.cell("Log", "D1").formula == "=A2"
    assert book.book.sheets[0].dimensions["COLUMNS"] == {0: {"pixelSize": 70}}
    back = {"source": {**column, "startIndex": 0, "endIndex": 1}, "destinationIndex": 3}
    batch(client, google, log_id, {"moveDimension": back})
    assert book.values("Log")[0] == ["Date", "Who", "Count", 3]
