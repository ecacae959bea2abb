"""Copying, replacing and objects of batchUpdate on the local Google server."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from gspread.utils import MergeType, PasteType, ValueInputOption, ValueRenderOption

from tests.google_callers import ANN, ROBOT, batch, make_log, person, post, refusal, robot, rows
from tests.google_server import GoogleServer


@pytest.fixture
def log_id(google: GoogleServer) -> str:
    return make_log(google)


def grid(top: int, left: int, bottom: int, right: int) -> dict[str, int]:
    """A GridRange of the first tab."""
    names = ("startRowIndex", "startColumnIndex", "endRowIndex", "endColumnIndex")
    return {"sheetId": 0, **dict(zip(names, (top, left, bottom, right), strict=True))}


def test_copy_and_cut(google: GoogleServer, log_id: str) -> None:
    """A copy repeats over a multiple, moves references, and pastes what is asked for; a cut leaves nothing."""
    sheet = robot(google).open_by_key(log_id).sheet1
    sheet.update([["=C2*2"]], "D2", value_input_option=ValueInputOption.user_entered)
    sheet.format("C2", {"textFormat": {"bold": True}})
    sheet.copy_range("C2:D2", "C5:D6")
    formulas = sheet.get("C5:D6", value_render_option=ValueRenderOption.formula)
    assert formulas == [[3, "=C5*2"], [3, "=C6*2"]]
    sheet.copy_range("C2:D2", "F2", paste_type=PasteType.values)
    assert sheet.get("F2:G2", value_render_option=ValueRenderOption.formula) == [[3, 6]]
    book = google.spreadsheet(log_id)
    assert (book.cell("Log", "C6").format or {})["textFormat"] == {"bold": True}
    assert book.cell("Log", "F2").format is None
    sheet.cut_range("A2:B3", "J9")
    assert sheet.get("A2:B3") == [[]]
    assert sheet.get("J9:K10") == [["2026-01-05", "Ann"], ["2026-01-06", "Bo"]]
    error = refusal(lambda: sheet.copy_range("A1:C3", "Z1000"))
    assert "exceeds grid limits" in error["message"]


def test_a_transposed_copy_and_pasted_text(google: GoogleServer, log_id: str) -> None:
    """TRANSPOSE turns the block; pasteData types delimited text; ranges push cells down and pull them up."""
    ann = person(google)
    turn = {"source": grid(0, 0, 2, 3), "destination": grid(4, 0, 5, 1), "pasteOrientation": "TRANSPOSE"}
    batch(ann, google, log_id, {"copyPaste": turn})
    book = google.spreadsheet(log_id)
    assert book.values("Log")[4:] == [["Date", "2026-01-05"], ["Who", "Ann"], ["Count", 3]]
    paste = {"coordinate": {"rowIndex": 8}, "data": "a;1\nb;2", "delimiter": ";"}
    push = {"range": grid(8, 0, 9, 1), "shiftDimension": "ROWS"}
    batch(ann, google, log_id, {"pasteData": paste}, {"insertRange": push})
    assert book.values("Log")[8:] == [["", 1], ["a", 2], ["b"]]
    batch(ann, google, log_id, {"deleteRange": {"range": grid(8, 0, 9, 1), "shiftDimension": "ROWS"}})
    assert book.values("Log")[8:] == [["a", 1], ["b", 2]]


def test_find_and_replace_counts(google: GoogleServer, log_id: str) -> None:
    """Values as they are shown are replaced and typed again; formulas only when asked; the reply counts."""
    ann = person(google)
    sheet = ann.open_by_key(log_id).sheet1
    sheet.update([['="2026"&"!"']], "D1", value_input_option=ValueInputOption.user_entered)

    def replies(**body: Any) -> Any:
        return batch(ann, google, log_id, {"findReplace": body})["replies"][0]["findReplace"]

    assert replies(find="2026", replacement="2027", allSheets=True) == {
        "valuesChanged": 2,
        "occurrencesChanged": 2,
        "rowsChanged": 2,
        "sheetsChanged": 1,
    }
    assert (
        replies(find="([a-z]+)nn", replacement="$1x", searchByRegex=True, range=grid(0, 1, 9, 2))["valuesChanged"]
        == 1
    )
    assert google.spreadsheet(log_id).values("Log")[1] == [46392, "Ax", 3]
    assert replies(find="2026", replacement="2030", sheetId=0, includeFormulas=True) == {
        "formulasChanged": 1,
        "occurrencesChanged": 1,
        "rowsChanged": 1,
        "sheetsChanged": 1,
    }
    assert replies(find="nowhere", allSheets=True) == {}
    assert "Must specify a scope" in refusal(lambda: replies(find="x"))["message"]


def test_duplicates_and_blanks_go(google: GoogleServer, log_id: str) -> None:
    """Repeated rows of a range close up; white space around texts is trimmed."""
    ann = person(google)
    google.spreadsheet(log_id).type("Log", "A4", [[" 2026-01-05", "ANN", 3], ["2026-01-05 ", "Ann", 3]])
    trim, same = {"range": {"sheetId": 0}}, {"range": grid(0, 0, 9, 3)}
    answers = batch(ann, google, log_id, {"trimWhitespace": trim}, {"deleteDuplicates": same})["replies"]
    assert answers == [
        {"trimWhitespace": {"cellsChangedCount": 2}},
        {"deleteDuplicates": {"duplicatesRemovedCount": 2}},
    ]
    assert google.spreadsheet(log_id).values("Log")[1:] == [["2026-01-05", "Ann", 3], ["2026-01-06", "Bo", 4.5]]


def test_tabs_are_duplicated_and_copied_elsewhere(google: GoogleServer, log_id: str) -> None:
    """Cells, merges and filters come along under the new id, also into another spreadsheet one may write to."""
    client = robot(google)
    sheet = client.open_by_key(log_id).sheet1
    sheet.merge_cells("E1:F2", MergeType.merge_all)
    sheet.set_basic_filter("A1:C3")
    copy = sheet.duplicate(new_sheet_name="Second", insert_sheet_index=1)
    assert copy.get("B1:B3") == [["Who"], ["Ann"], ["Bo"]]
    other = google.create_spreadsheet("Other", owner=ANN, share={ROBOT: "writer"})
    reply = sheet.copy_to(other)
    assert (reply["title"], reply["index"]) == ("Copy of Log", 1)
    second = client.open_by_key(other).fetch_sheet_metadata()["sheets"][1]
    assert second["merges"] == [{**grid(0, 4, 2, 6), "sheetId": reply["sheetId"]}]
    assert second["basicFilter"]["range"]["sheetId"] == reply["sheetId"]
    assert google.spreadsheet(other).values("Copy of Log")[1][1] == "Ann"
    private = google.create_spreadsheet("Private", owner=ANN)
    assert refusal(lambda: sheet.copy_to(private))["code"] == 403


def test_the_spreadsheet_comes_with_the_answer(google: GoogleServer, log_id: str) -> None:
    """includeSpreadsheetInResponse shows the state after the batch, cut to ranges, with cells when asked."""
    body = {
        "requests": [{"appendCells": {"rows": rows(["new"]), "fields": "userEnteredValue"}}],
        "includeSpreadsheetInResponse": True,
        "responseRanges": ["Log!A4:B4"],
        "responseIncludeGridData": True,
    }
    answer = post(person(google), google, f"/{log_id}:batchUpdate", body)["updatedSpreadsheet"]
    data = answer["sheets"][0]["data"]
    assert (len(data), data[0]["startRow"]) == (1, 3)
    assert data[0]["rowData"][0]["values"][0]["formattedValue"] == "new"
    bare = post(person(google), google, f"/{log_id}:batchUpdate", {**body, "responseIncludeGridData": False})
    assert "data" not in bare["updatedSpreadsheet"]["sheets"][0]


def test_charts_slicers_views_and_tables_are_kept(google: GoogleServer, log_id: str) -> None:
    """They get ids, come back in a read, change by mask and go; a chart may have a sheet of its own."""
    ann = person(google)
    source = {"sourceRange": {"sources": [grid(0, 2, 3, 3)]}}
    spec = {"title": "Counts", "basicChart": {"chartType": "LINE", "series": [{"series": source}]}}
    place = {"overlayPosition": {"anchorCell": {"sheetId": 0, "rowIndex": 9}}}
    requests = [
        {"addChart": {"chart": {"spec": spec, "position": {"newSheet": True}}}},
        {"addSlicer": {"slicer": {"spec": {"dataRange": grid(0, 0, 3, 3), "title": "Who"}, "position": place}}},
        {"addFilterView": {"filter": {"title": "Mine", "range": grid(0, 0, 3, 3)}}},
        {"addTable": {"table": {"name": "Entries", "range": grid(0, 0, 3, 3)}}},
    ]
    chart, slicer, view, table = (
        next(iter(next(iter(reply.values())).values())) for reply in batch(ann, google, log_id, *requests)["replies"]
    )
    assert [column["columnName"] for column in table["columnProperties"]] == ["Date", "Who", "Count"]
    metadata = ann.open_by_key(log_id).fetch_sheet_metadata()
    log, own = metadata["sheets"]
    assert [log[kind][0] for kind in ("slicers", "filterViews", "tables")] == [slicer, view, table]
    assert own["properties"]["sheetType"] == "OBJECT"
    assert (own["charts"], chart["position"]) == ([chart], {"sheetId": own["properties"]["sheetId"]})
    changes = [
        {"updateChartSpec": {"chartId": chart["chartId"], "spec": {**spec, "title": "New"}}},
        {"updateFilterView": {"filter": {"filterViewId": view["filterViewId"], "title": "Ours"}, "fields": "title"}},
        {"duplicateFilterView": {"filterId": view["filterViewId"]}},
        {"updateSlicerSpec": {"slicerId": slicer["slicerId"], "spec": {"title": "People"}, "fields": "title"}},
        {"updateTable": {"table": {"tableId": table["tableId"], "name": "Log"}, "fields": "name"}},
    ]
    batch(ann, google, log_id, *changes)
    log, own = ann.open_by_key(log_id).fetch_sheet_metadata()["sheets"]
    assert own["charts"][0]["spec"]["title"] == "New"
    assert [each["title"] for each in log["filterViews"]] == ["Ours", "Copy of Ours"]
    assert (log["slicers"][0]["spec"]["title"], log["tables"][0]["name"]) == ("People", "Log")
    gone = [
        {"deleteEmbeddedObject": {"objectId": chart["chartId"]}},
        {"deleteEmbeddedObject": {"objectId": slicer["slicerId"]}},
        {"deleteFilterView": {"filterId": view["filterViewId"]}},
        {"deleteTable": {"tableId": table["tableId"]}},
    ]
    batch(ann, google, log_id, *gone)
    (log,) = ann.open_by_key(log_id).fetch_sheet_metadata()["sheets"]
    assert [kind for kind in ("charts", "slicers", "filterViews", "tables") if kind in log] == ["filterViews"]
    assert google.spreadsheet(log_id).values("Log") == []


def test_rules_protections_and_bands_are_updated(google: GoogleServer, log_id: str) -> None:
    """An update changes what its mask names; a rule may change places; unknown ids are refused."""
    ann = person(google)
    rule = {
        "ranges": [grid(0, 0, 3, 1)],
        "booleanRule": {"condition": {"type": "BLANK"}, "format": {"textFormat": {"bold": True}}},
    }
    other = {**rule, "ranges": [grid(0, 1, 3, 2)]}
    added = batch(
        ann,
        google,
        log_id,
        {"addConditionalFormatRule": {"rule": rule, "index": 0}},
        {"addConditionalFormatRule": {"rule": other, "index": 1}},
        {"addProtectedRange": {"protectedRange": {"range": grid(0, 0, 1, 3)}}},
        {"addBanding": {"bandedRange": {"range": grid(0, 0, 3, 3), "rowProperties": {"firstBandColor": {"red": 1}}}}},
    )["replies"]
    protection = added[2]["addProtectedRange"]["protectedRange"]["protectedRangeId"]
    band = added[3]["addBanding"]["bandedRange"]["bandedRangeId"]
    wanted = {"protectedRangeId": protection, "description": "header", "editors": {"users": [ROBOT]}}
    batch(
        ann,
        google,
        log_id,
        {"updateConditionalFormatRule": {"sheetId": 0, "index": 0, "newIndex": 1}},
        {"updateProtectedRange": {"protectedRange": wanted, "fields": "description,editors"}},
        {"updateBanding": {"bandedRange": {"bandedRangeId": band, "range": grid(0, 0, 9, 3)}, "fields": "range"}},
    )
    sheet = ann.open_by_key(log_id).fetch_sheet_metadata()["sheets"][0]
    assert [each["ranges"][0].get("startColumnIndex") for each in sheet["conditionalFormats"]] == [1, 0]
    assert sheet["protectedRanges"][0]["editors"]["users"] == [ROBOT, ANN]
    assert sheet["bandedRanges"][0]["range"]["endRowIndex"] == 9
    robot(google).open_by_key(log_id).sheet1.update([["Day"]], "A1")
    unknown = [
        {"updateProtectedRange": {"protectedRange": {"protectedRangeId": 1}, "fields": "description"}},
        {"updateBanding": {"bandedRange": {"bandedRangeId": 1}, "fields": "range"}},
        {"deleteFilterView": {"filterId": 1}},
        {"deleteTable": {"tableId": "1"}},
    ]
    for request in unknown:
        assert "with id: 1" in refusal(partial(batch, ann, google, log_id, request))["message"]


def test_a_cell_holds_fifty_thousand_characters_however_written(google: GoogleServer, log_id: str) -> None:
    """Every way of writing refuses one more; columns and cells of the workbook have their limits too."""
    ann = person(google)
    long = "x" * 50_001
    value = {"userEnteredValue": {"stringValue": long}}
    formula = {"userEnteredValue": {"formulaValue": long}}
    line = {"rows": [{"values": [value]}], "fields": "userEnteredValue"}
    requests: list[Any] = [
        {"updateCells": {"start": {"sheetId": 0}, **line}},
        {"updateCells": {"start": {"sheetId": 0}, **line, "fields": "*"}},
        {"appendCells": {"sheetId": 0, **line}},
        {"repeatCell": {"range": grid(0, 0, 1, 1), "cell": value, "fields": "userEnteredValue,note"}},
        {
            "updateCells": {
                "start": {},
                "fields": "*",
                "rows": [{"values": [formula]}],
            }
        },
        {"pasteData": {"coordinate": {}, "data": long, "delimiter": ";"}},
        {"findReplace": {"find": "Ann", "replacement": long, "allSheets": True}},
    ]
    for request in requests:
        assert "50000 characters" in refusal(partial(batch, ann, google, log_id, request))["message"]
    sheet = ann.open_by_key(log_id).sheet1
    writes = (
        partial(sheet.append_row, [long]),
        partial(sheet.update_acell, "A1", long),
        partial(sheet.batch_update, [{"range": "A1", "values": [[long]]}]),
        partial(post, ann, google, "", {"sheets": [{"data": [{"rowData": [{"values": [value]}]}]}]}),
    )
    for write in writes:
        assert "50000 characters" in refusal(write)["message"]
    assert "18278 columns" in refusal(partial(sheet.resize, 1, 18_279))["message"]
    too_many = {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 400_000}}
    assert "limit of 10000000 cells" in refusal(partial(batch, ann, google, log_id, too_many))["message"]
    assert google.spreadsheet(log_id).values("Log")[1][1] == "Ann"


def test_groups_of_lines_nest(google: GoogleServer, log_id: str) -> None:
    """A group in a group is deeper; groups that overlap share a deeper part; a collapsed one stays so."""
    sheet = person(google).open_by_key(log_id).sheet1

    def groups() -> list[Any]:
        found = sheet.list_dimension_group_rows()
        return [
            (each["depth"], each["range"]["startIndex"], each["range"]["endIndex"], each.get("collapsed", False))
            for each in found
        ]

    sheet.add_dimension_group_rows(1, 6)
    sheet.add_dimension_group_rows(4, 9)
    assert groups() == [(1, 1, 9, False), (2, 4, 6, False)]
    place = {"sheetId": 0, "dimension": "ROWS", "startIndex": 4, "endIndex": 6}
    fold = {"dimensionGroup": {"range": place, "depth": 2, "collapsed": True}, "fields": "collapsed"}
    batch(person(google), google, log_id, {"updateDimensionGroup": fold})
    sheet.delete_dimension_group_rows(1, 3)
    assert groups() == [(1, 3, 9, False), (2, 4, 6, True)]
    assert "Could not find a group" in refusal(lambda: sheet.delete_dimension_group_rows(20, 22))["message"]
