"""The methods of `spreadsheets` itself: create, get, getByDataFilter and the metadata search.

Decided here: a service account can't create (it owns no storage); `create` builds the book by the same
canonical rules as later edits.
"""

from __future__ import annotations

from tests.google_server.access import Call
from tests.google_server.book import Book
from tests.google_server.canonical import canonical
from tests.google_server.cells import EMPTY, cell_writer
from tests.google_server.describe import Place, spreadsheet_json
from tests.google_server.drive_state import SPREADSHEET, Workspace
from tests.google_server.errors import Refused, forbidden, sheets_error
from tests.google_server.fields import EVERYTHING, Mask, answer_mask
from tests.google_server.filters import echoed, filter_metadata, filter_places, matching_metadata
from tests.google_server.locales import checked_locale
from tests.google_server.sheet import OBJECT_KINDS, Sheet, new_sheet
from tests.google_server.wire import Json

UNTITLED = "Untitled spreadsheet"


def create(call: Call) -> Json:
    if call.token.service_account:
        raise forbidden()
    properties = call.body.get("properties", {})
    file = call.workspace.add_file(properties.get("title", UNTITLED), SPREADSHEET, call.token.email)
    assert file.book is not None
    try:
        fill_book(file.book, call.body, call.workspace)
    except Refused:
        del call.workspace.files[file.id]
        raise
    call.workspace.created_by(file, call.token)
    return spreadsheet_json(file.book, call.actor(file), None, False, _mask(call))


def get(call: Call) -> Json:
    file, book = call.book()
    mask = _mask(call)
    places: list[Place] | None = [book.text_area(text)[:2] for text in call.query.get("ranges", [])] or None
    return spreadsheet_json(book, call.actor(file), places, call.flag("includeGridData"), mask)


def get_by_data_filter(call: Call) -> Json:
    file, book = call.book()
    mask = _mask(call)
    places: list[Place] = []
    for i, data_filter in enumerate(call.body.get("dataFilters", [])):
        places += filter_places(book, data_filter, f"dataFilters[{i}]")
    grid_data = bool(call.body.get("includeGridData"))
    return spreadsheet_json(book, call.actor(file), places or None, grid_data, mask)


def search_metadata(call: Call) -> Json:
    _, book = call.book()
    matched: dict[int, Json] = {}
    for data_filter in call.body.get("dataFilters", []):
        for item in filter_metadata(book, data_filter):
            entry = matched.setdefault(item["metadataId"], {"developerMetadata": item, "dataFilters": []})
            entry["dataFilters"].append(echoed(data_filter))
    return {"matchedDeveloperMetadata": list(matched.values())} if matched else {}


def get_metadata(call: Call) -> Json:
    _, book = call.book()
    found = matching_metadata(book, {"metadataId": int(call.parameters["metadataId"])})
    if not found:
        raise sheets_error(404, f"No developer metadata with id: {call.parameters['metadataId']}")
    return found[0]


def _mask(call: Call) -> Mask:
    text = call.option("fields")
    return answer_mask("sheets", text, "Spreadsheet") if text else EVERYTHING


def fill_book(book: Book, body: Json, workspace: Workspace) -> None:
    """Give a new book the properties, tabs, names and metadata of a Spreadsheet resource."""
    properties = body.get("properties", {})
    book.locale = checked_locale(properties.get("locale", book.locale))
    book.time_zone = properties.get("timeZone", book.time_zone)
    book.auto_recalc = properties.get("autoRecalc", book.auto_recalc)
    if body.get("sheets"):
        book.sheets = []
    for number, wanted in enumerate(body.get("sheets", []), start=1):
        _add_sheet(book, wanted, f"Sheet{number}", workspace)
    for item in body.get("namedRanges", []):
        book.grid_area(item["range"])
        named = {"namedRangeId": str(workspace.new_number()), **item}
        book.named_ranges.append(canonical("NamedRange", named))
    for item in body.get("developerMetadata", []):
        book.metadata.append(canonical("DeveloperMetadata", {"metadataId": workspace.new_number(), **item}))
    book.check_size()
    book.check_visible("hide")


def _add_sheet(book: Book, wanted: Json, title: str, workspace: Workspace) -> None:
    properties = wanted.get("properties", {})
    first_id = 0 if not book.sheets else workspace.new_number()
    sheet = new_sheet(properties.get("sheetId", first_id), properties.get("title", title))
    book.check_new_id(sheet.id)
    book.check_new_title(sheet.title)
    grid = {**sheet.properties["gridProperties"], **properties.get("gridProperties", {})}
    wanted_properties = {**sheet.properties, **properties, "gridProperties": grid}
    wanted_properties.pop("index", None)
    sheet.properties = canonical("SheetProperties", wanted_properties)
    book.sheets.append(sheet)
    for kind in OBJECT_KINDS:
        schema = OBJECT_SCHEMAS[kind]
        sheet.objects[kind] = [
            canonical(schema, _with_object_id(kind, item, workspace)) for item in wanted.get(kind, [])
        ]
    if "basicFilter" in wanted:
        sheet.basic_filter = canonical("BasicFilter", wanted["basicFilter"])
    for block in wanted.get("data", []):
        _fill_grid(sheet, block)


OBJECT_SCHEMAS = {
    "merges": "GridRange",
    "conditionalFormats": "ConditionalFormatRule",
    "protectedRanges": "ProtectedRange",
    "charts": "EmbeddedChart",
    "bandedRanges": "BandedRange",
    "filterViews": "FilterView",
    "slicers": "Slicer",
    "tables": "Table",
    "rowGroups": "DimensionGroup",
    "columnGroups": "DimensionGroup",
}
OBJECT_IDS = {
    "protectedRanges": "protectedRangeId",
    "charts": "chartId",
    "bandedRanges": "bandedRangeId",
    "filterViews": "filterViewId",
    "slicers": "slicerId",
    "tables": "tableId",
}


def _with_object_id(kind: str, item: Json, workspace: Workspace) -> Json:
    number = workspace.new_number()
    return {OBJECT_IDS[kind]: str(number) if kind == "tables" else number, **item} if kind in OBJECT_IDS else item


def _fill_grid(sheet: Sheet, block: Json) -> None:
    top, left = block.get("startRow", 0), block.get("startColumn", 0)
    rows = block.get("rowData", [])
    width = max((len(row.get("values", [])) for row in rows), default=0)
    sheet.grow(top + len(rows), left + width)
    write = cell_writer(EVERYTHING)
    for i, row in enumerate(rows):
        for j, data in enumerate(row.get("values", [])):
            sheet.put(top + i, left + j, write(EMPTY, data))
    for dimension, name, start in (("ROWS", "rowMetadata", top), ("COLUMNS", "columnMetadata", left)):
        for offset, item in enumerate(block.get(name, [])):
            sheet.dimensions[dimension][start + offset] = canonical("DimensionProperties", item)
