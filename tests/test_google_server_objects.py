"""What lies over the cells on the local Google server: rules, protections, charts, metadata."""

from __future__ import annotations

import pytest

from tests.google_callers import batch, make_log, person, post, refusal, robot
from tests.google_server import GoogleServer


@pytest.fixture
def log_id(google: GoogleServer) -> str:
    return make_log(google)


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"axis": [{"position": "BOTTOM_AXIS", "format": {"bold": True}}]}, "the axis of the domain"),
        ({"axis": [{"position": "LEFT_AXIS"}, {"position": "LEFT_AXIS"}]}, "more than one axis"),
        ({"chartType": "LINE", "series": [{"type": "LINE"}]}, "only if the chartType is COMBO"),
        ({"series": [{"type": "SCATTER"}]}, "Only LINE"),
        ({"series": [{"type": "COLUMN", "lineStyle": {"width": 2}}]}, "drawn as lines"),
        ({"domains": [{}, {}]}, "single domain"),
        ({"series": [{"series": {"sourceRange": {"sources": [{"sheetId": 0}]}}}]}, "a length of 1"),
    ],
)
def test_a_chart_whose_parts_do_not_go_together_is_refused(
    google: GoogleServer, log_id: str, change: dict[str, object], said: str
) -> None:
    """What the discovery document calls not valid."""
    chart = {
        "spec": {"basicChart": {"chartType": "COMBO", **change}},
        "position": {"overlayPosition": {"anchorCell": {"sheetId": 0}}},
    }
    error = refusal(lambda: batch(person(google), google, log_id, {"addChart": {"chart": chart}}))
    assert said in error["message"]


def test_parts_of_a_range_cannot_be_left_unprotected(google: GoogleServer, log_id: str) -> None:
    """Only those of a whole tab can."""
    rows, cell = {"sheetId": 0, "startRowIndex": 0}, {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 2}
    protected = {"range": rows, "unprotectedRanges": [cell]}
    protect = {"addProtectedRange": {"protectedRange": protected}}
    error = refusal(lambda: batch(person(google), google, log_id, protect))
    assert "only supported on protected sheets" in error["message"]
    protected["range"] = {"sheetId": 0}
    batch(person(google), google, log_id, protect)


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
