"""The local Google server against the real gspread and google-auth, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gspread
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account

from tests.google_server import GoogleServer
from tests.google_server.replay import replay

ROBOT = "robot@demo.iam.gserviceaccount.com"
ANN = "ann@example.com"
SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
DRIVE_SCOPE = "https://www.googleapis.com/auth/drive"
FILE_SCOPE = "https://www.googleapis.com/auth/drive.file"
BOTH = (SHEETS_SCOPE, DRIVE_SCOPE)
RECORDINGS = Path(__file__).parents[2] / "shared" / "data" / "google-recordings"
# CSV export, measured column widths, copy and paste of cells: not modelled (google_server/README.md).
KNOWN_GAPS = {
    "ClientTest.test_client_export_spreadsheet",
    "WorksheetTest.test_auto_resize_columns",
    "WorksheetTest.test_copy_cut_range",
}
HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    with GoogleServer() as server:
        yield server


@pytest.fixture
def log_id(google: GoogleServer) -> str:
    """Ann's spreadsheet with a tab Log of three rows, shared with the robot as writer."""
    file_id = google.create_spreadsheet("Goals 2026", owner=ANN, share={ROBOT: "writer"})
    book = google.spreadsheet(file_id)
    book.rename_tab("Sheet1", "Log")
    book.type("Log", "A1", [["Date", "Who", "Count"], ["2026-01-05", "Ann", 3], ["2026-01-06", "Bo", 4.5]])
    return file_id


def local_client(google: GoogleServer, credentials: Any) -> gspread.Client:
    """A gspread client whose calls go to the server instead of Google."""

    class Local(gspread.HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
            for host in HOSTS:
                endpoint = endpoint.replace(host, google.endpoint)
            return super().request(method, endpoint, *args, **kwargs)

    return gspread.Client(auth=credentials, http_client=Local)


def robot_credentials(key: dict[str, Any], scopes: tuple[str, ...] = BOTH) -> Any:
    credentials = service_account.Credentials.from_service_account_info(key, scopes=list(scopes))  # type: ignore[no-untyped-call]
    credentials._is_regional_access_boundary_lookup_required = lambda: False
    return credentials


def robot(google: GoogleServer, scopes: tuple[str, ...] = BOTH) -> gspread.Client:
    return local_client(google, robot_credentials(google.service_account(ROBOT), scopes))


def person(google: GoogleServer, email: str = ANN, scopes: tuple[str, ...] = BOTH) -> gspread.Client:
    info = google.authorized_user(email, scopes=scopes)
    credentials = user_credentials.Credentials(  # type: ignore[no-untyped-call]
        None,
        refresh_token=info["refresh_token"],
        token_uri=info["token_uri"],
        client_id=info["client_id"],
        client_secret=info["client_secret"],
        scopes=list(scopes),
    )
    return local_client(google, credentials)


def access_token(google: GoogleServer, email: str) -> str:
    info = google.authorized_user(email)
    form = {name: info[name] for name in ("client_id", "client_secret", "refresh_token")}
    answer = requests.post(google.token_uri, data={"grant_type": "refresh_token", **form}, timeout=10)
    return str(answer.json()["access_token"])


def post(client: gspread.Client, google: GoogleServer, path: str, body: Any) -> Any:
    return client.http_client.request("post", f"{google.endpoint}/v4/spreadsheets{path}", json=body).json()


def batch(client: gspread.Client, google: GoogleServer, file_id: str, *requests_: Any) -> Any:
    return post(client, google, f"/{file_id}:batchUpdate", {"requests": list(requests_)})


def refusal(action: Callable[[], object]) -> dict[str, Any]:
    """The `error` of the APIError an action ends in."""
    with pytest.raises(gspread.exceptions.APIError) as caught:
        action()
    error: dict[str, Any] = caught.value.response.json()["error"]
    return error


def rows(*lines: list[str]) -> list[Any]:
    return [{"values": [{"userEnteredValue": {"stringValue": text}} for text in line]} for line in lines]


def test_a_robot_gets_a_token_and_opens_a_shared_book(google: GoogleServer, log_id: str) -> None:
    """A signed JWT buys a token; open_by_key reads the recorded metadata shape; tokens are not recorded."""
    book = robot(google).open_by_key(log_id)
    assert (book.title, book.locale, book.timezone) == ("Goals 2026", "en_US", "Etc/GMT")
    assert [(tab.title, tab.id, tab.row_count, tab.col_count) for tab in book.worksheets()] == [("Log", 0, 1000, 26)]
    assert [(each.method, each.status) for each in google.requests] == [("GET", 200), ("GET", 200)]
    google.clear_requests()
    assert google.requests == []


def test_a_wrong_signature_gets_no_token(google: GoogleServer, log_id: str) -> None:
    """A JWT signed by another account's key is an invalid_grant, as is any after revocation."""
    key = google.service_account(ROBOT)
    other = google.service_account("other@demo.iam.gserviceaccount.com")
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        local_client(google, robot_credentials({**key, "private_key": other["private_key"]})).open_by_key(log_id)
    google.revoke(ROBOT)
    with pytest.raises(RefreshError, match="invalid_grant"):
        local_client(google, robot_credentials(key)).open_by_key(log_id)
    assert google.requests == []


def test_a_person_works_with_a_refresh_token_until_it_is_revoked(google: GoogleServer, log_id: str) -> None:
    """grant_type=refresh_token gives tokens; after revoke the token endpoint says so."""
    assert person(google).open_by_key(log_id).title == "Goals 2026"
    late = person(google)
    google.revoke(ANN)
    with pytest.raises(RefreshError, match="Token has been expired or revoked"):
        late.open_by_key(log_id)


def test_a_call_without_a_live_token_is_401(google: GoogleServer, log_id: str) -> None:
    """No token and an unknown token are both UNAUTHENTICATED."""
    url = f"{google.endpoint}/v4/spreadsheets/{log_id}"
    for headers in ({}, {"Authorization": "Bearer ya29.nothing"}):
        answer = requests.get(url, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_scopes_bound_to_the_token_are_enforced(google: GoogleServer, log_id: str) -> None:
    """A read-only token can't write; a drive.file token reaches only what its own app made."""
    reader = robot(google, (SHEETS_SCOPE + ".readonly",)).open_by_key(log_id)
    assert refusal(lambda: reader.sheet1.update([["x"]], "A1"))["status"] == "PERMISSION_DENIED"
    own_app = person(google, scopes=(FILE_SCOPE,))
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        own_app.open_by_key(log_id)
    made = own_app.create("Made by the app")
    assert own_app.open_by_key(made.id).title == "Made by the app"


def test_files_not_shared_and_readers(google: GoogleServer, log_id: str) -> None:
    """Not shared: 403 for reading; a reader reads but a write is 403; an unknown id is 404."""
    private = google.create_spreadsheet("Private", owner=ANN)
    client = robot(google)
    with pytest.raises(PermissionError):
        client.open_by_key(private)
    google.share(log_id, ROBOT, "reader")
    sheet = client.open_by_key(log_id).sheet1
    assert sheet.acell("B2").value == "Ann"
    error = refusal(lambda: sheet.update([["x"]], "A1"))
    assert error == {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        client.open_by_key("1unknown")


def test_a_service_account_can_create_nothing(google: GoogleServer) -> None:
    """Drive answers storageQuotaExceeded with the newer text, Sheets the plain 403."""
    client = robot(google)
    error = refusal(lambda: client.create("Mine"))
    assert error["errors"][0]["reason"] == "storageQuotaExceeded"
    assert error["errors"][0]["domain"] == "usageLimits"
    assert error["message"].startswith("Service Accounts do not have storage quota.")
    assert refusal(lambda: post(client, google, "", {}))["message"] == "The caller does not have permission"


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
    """Numbers, booleans, ISO dates and formulas; the formula is kept, only literals have a result."""
    sheet = robot(google).open_by_key(log_id).sheet1
    sheet.update(
        [["2020-01-01", "2,000,000.01", "true", "=4/2", "=SUM(A1)", "'007"]],
        "A9",
        value_input_option=gspread.utils.ValueInputOption.user_entered,
    )
    line = google.spreadsheet(log_id).values("Log")[8]
    assert line == [43831, 2000000.01, True, 2, "", "007"]
    assert sheet.get("A9:F9") == [["2020-01-01", "2,000,000.01", "TRUE", "2", "", "007"]]
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
    assert "does not know" in send({"trimWhitespace": {"range": {"sheetId": 0}}})
    assert send() == "Must specify at least one request."


def test_limits_of_cells_and_characters(google: GoogleServer, log_id: str) -> None:
    """10,000,000 cells a workbook and 50,000 characters a cell."""
    client = robot(google)
    big = {"addSheet": {"properties": {"title": "Big", "gridProperties": {"rowCount": 500_000, "columnCount": 20}}}}
    assert refusal(lambda: batch(client, google, log_id, big))["message"].endswith(
        "above the limit of 10000000 cells."
    )
    sheet = client.open_by_key(log_id).sheet1
    assert "50000 characters" in refusal(lambda: sheet.update([["x" * 50_001]], "A1"))["message"]


def test_protected_ranges_stop_other_editors(google: GoogleServer, log_id: str) -> None:
    """The owner's protection refuses the robot with 400 unless it is warning-only or the robot is listed."""
    ann, client = person(google), robot(google)
    grid = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1}
    protect = {"addProtectedRange": {"protectedRange": {"range": grid}}}
    added = batch(ann, google, log_id, protect)["replies"][0]["addProtectedRange"]["protectedRange"]
    assert added["editors"] == {}
    sheet = client.open_by_key(log_id).sheet1
    error = refusal(lambda: sheet.update([["x"]], "A1"))
    assert error["code"] == 400
    assert error["message"].startswith("You are trying to edit a protected cell or object.")
    in_batch = refusal(lambda: sheet.batch_update([{"range": "A1", "values": [["x"]]}]))
    assert in_batch["message"].startswith("Invalid data[0]: You are trying to edit a protected cell or object.")
    person(google).open_by_key(log_id).sheet1.update([["Day"]], "A1")
    seen = client.open_by_key(log_id).fetch_sheet_metadata()["sheets"][0]["protectedRanges"][0]
    assert "requestingUserCanEdit" not in seen
    assert "editors" not in seen
    batch(ann, google, log_id, {"deleteProtectedRange": {"protectedRangeId": added["protectedRangeId"]}})
    warning = {"addProtectedRange": {"protectedRange": {"range": grid, "warningOnly": True}}}
    batch(ann, google, log_id, warning)
    sheet.update([["x"]], "A1")
    assert google.spreadsheet(log_id).values("Log")[0][0] == "x"


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


def test_drive_lists_shares_and_deletes(google: GoogleServer) -> None:
    """A person creates, finds by title, shares with the robot and deletes; Drive's 404 is its own shape."""
    ann = person(google)
    book = ann.create("Team goals")
    book.share(ROBOT, perm_type="user", role="writer", notify=False)
    assert robot(google).open("Team goals").id == book.id
    permissions = book.list_permissions()
    assert {each["emailAddress"]: each["role"] for each in permissions} == {ANN: "owner", ROBOT: "writer"}
    ann.del_spreadsheet(book.id)
    deleted = google.requests[-1]
    assert (deleted.method, deleted.status, deleted.response) == ("DELETE", 204, None)
    error = refusal(lambda: ann.del_spreadsheet(book.id))
    assert error == {
        "code": 404,
        "message": f"File not found: {book.id}.",
        "errors": [
            {
                "message": f"File not found: {book.id}.",
                "domain": "global",
                "reason": "notFound",
                "location": "fileId",
                "locationType": "parameter",
            }
        ],
    }


def test_answers_are_pretty_utf8_json(google: GoogleServer, log_id: str) -> None:
    """Two spaces, a final newline, unescaped characters and Google's content type, as recorded."""
    client = robot(google)
    google.spreadsheet(log_id).rename_tab("Log", "🌵 log")
    answer = client.http_client.request(
        "get", f"{google.endpoint}/v4/spreadsheets/{log_id}/values/%27%F0%9F%8C%B5%20log%27!A1"
    )
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.text.startswith('{\n  "range": "\'🌵 log\'!A1",\n') and answer.text.endswith("}\n")
    assert json.loads(answer.text)["values"] == [["Date"]]


def test_an_answer_against_the_schema_is_a_loud_500(google: GoogleServer, log_id: str) -> None:
    """State the API could never show makes the server fail its own answer instead of passing it on."""
    google.spreadsheet(log_id).book.named_ranges.append({"nonsense": True})
    answer = refusal(lambda: robot(google).open_by_key(log_id))
    assert answer["code"] == 500
    assert "breaks its schema" in answer["message"]
    assert google.requests[-1].status == 500


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


def test_a_stopped_server_answers_no_more() -> None:
    """Leaving the context closes kept-alive connections as well as the port."""
    with requests.Session() as session:
        with GoogleServer() as server:
            url = f"{server.endpoint}/v4/spreadsheets/x"
            assert session.get(url, timeout=5).status_code == 401
        with pytest.raises(requests.ConnectionError):
            session.get(url, timeout=5)


def test_objects_over_the_cells_are_read_back(google: GoogleServer, log_id: str) -> None:
    """Chart, banding, filter, merge, borders, widths and rules come back in a read with grid data."""
    client = robot(google)
    grid = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 3}
    below = {**grid, "startRowIndex": 5, "endRowIndex": 7}
    source = {"sourceRange": {"sources": [{**grid, "startColumnIndex": 2}]}}
    chart = {
        "spec": {"title": "Counts", "basicChart": {"chartType": "LINE", "series": [{"series": source}]}},
        "position": {"overlayPosition": {"anchorCell": {"sheetId": 0, "rowIndex": 9, "columnIndex": 4}}},
    }
    replies = batch(
        client,
        google,
        log_id,
        {"addChart": {"chart": chart}},
        {"addBanding": {"bandedRange": {"range": grid, "rowProperties": {"firstBandColor": {"red": 0.5}}}}},
        {"setBasicFilter": {"filter": {"range": {"sheetId": 0}}}},
        {"mergeCells": {"range": below, "mergeType": "MERGE_ALL"}},
        {"updateBorders": {"range": grid, "top": {"style": "SOLID"}}},
        {
            "updateDimensionProperties": {
                "range": {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1},
                "properties": {"pixelSize": 210},
                "fields": "pixelSize",
            }
        },
    )["replies"]
    assert replies[0]["addChart"]["chart"]["chartId"] > 0
    read = client.http_client.spreadsheets_get(log_id, params={"includeGridData": "true"})
    sheet = read["sheets"][0]
    assert sheet["charts"][0]["spec"]["title"] == "Counts"
    assert sheet["bandedRanges"][0]["rowProperties"]["firstBandColorStyle"] == {"rgbColor": {"red": 0.5}}
    assert sheet["basicFilter"]["range"]["endRowIndex"] == 1000
    assert sheet["merges"] == [{name: value for name, value in below.items() if name != "sheetId"}]
    data = sheet["data"][0]
    assert [item["pixelSize"] for item in data["columnMetadata"][:2]] == [210, 100]
    first = data["rowData"][0]["values"][0]
    assert first["userEnteredFormat"]["borders"]["top"]["style"] == "SOLID"
    assert first["formattedValue"] == "Date"


def test_conditional_formats_keep_their_order(google: GoogleServer, log_id: str) -> None:
    """An index puts a rule before others, deleting answers the rule, a wrong index is refused."""
    client = robot(google)
    rules = [
        {
            "ranges": [{"sheetId": 0, "startColumnIndex": i, "endColumnIndex": i + 1}],
            "booleanRule": {"condition": {"type": "BLANK"}, "format": {"textFormat": {"bold": True}}},
        }
        for i in range(2)
    ]
    added = [{"addConditionalFormatRule": {"rule": rule, "index": 0}} for rule in rules]
    batch(client, google, log_id, *added)
    remove = {"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}}
    reply = batch(client, google, log_id, remove)["replies"][0]["deleteConditionalFormatRule"]["rule"]
    assert reply["ranges"] == [{"startColumnIndex": 1, "endColumnIndex": 2}]
    wrong = {"deleteConditionalFormatRule": {"sheetId": 0, "index": 5}}
    assert "No conditional format" in refusal(lambda: batch(client, google, log_id, wrong))["message"]


def test_metadata_is_updated_searched_and_deleted(google: GoogleServer, log_id: str) -> None:
    """Metadata on a sheet finds the sheet's values, changes its value and goes; writes by filter land there."""
    client = robot(google)
    tag = {"metadataKey": "tab", "metadataValue": "log", "visibility": "DOCUMENT", "location": {"sheetId": 0}}
    batch(client, google, log_id, {"createDeveloperMetadata": {"developerMetadata": tag}})
    lookup = {"developerMetadataLookup": {"metadataKey": "tab", "locationType": "SHEET"}}
    found = post(client, google, f"/{log_id}/developerMetadata:search", {"dataFilters": [lookup]})
    assert found["matchedDeveloperMetadata"][0]["developerMetadata"]["metadataValue"] == "log"
    change = {"dataFilters": [lookup], "developerMetadata": {"metadataValue": "v2"}, "fields": "metadataValue"}
    reply = batch(client, google, log_id, {"updateDeveloperMetadata": change})["replies"][0]
    assert reply["updateDeveloperMetadata"]["developerMetadata"][0]["metadataValue"] == "v2"
    by_filter = post(client, google, f"/{log_id}:getByDataFilter", {"dataFilters": [lookup]})
    assert [sheet["properties"]["title"] for sheet in by_filter["sheets"]] == ["Log"]
    batch(client, google, log_id, {"deleteDeveloperMetadata": {"dataFilter": lookup}})
    assert post(client, google, f"/{log_id}/developerMetadata:search", {"dataFilters": [lookup]}) == {}


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


def test_many_clients_at_once_lose_nothing(google: GoogleServer, log_id: str) -> None:
    """Ten connections append ten rows each; all hundred are there."""
    clients = [robot(google) for _ in range(10)]
    sheets = [client.open_by_key(log_id).sheet1 for client in clients]

    def work(number: int) -> None:
        for i in range(10):
            sheets[number].append_row([f"{number}-{i}", "x", "y"])

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(work, range(10)))
    assert len({line[0] for line in google.spreadsheet(log_id).values("Log")}) == 103


@pytest.mark.realdata
def test_recorded_traffic_replays_equal(google: GoogleServer) -> None:
    """All self-contained life cycles recorded from the real Google answer alike, but for three known gaps."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings of real Google traffic are not beside this checkout (../shared/data)")
    outcome = replay(RECORDINGS, google.endpoint, access_token(google, ANN), ANN)
    assert outcome.played > 1000
    assert {each.file for each in outcome.differences} == KNOWN_GAPS, outcome.differences
    assert outcome.percent > 98
