"""DataFilters and developer metadata lookups.

Decided here: a filter names a rectangle by sheet id, by text, or by metadata on rows, columns or sheets;
the refusal of an unknown sheet carries the filter's place in the request.
"""

from __future__ import annotations

from tests.google_server.a1 import Area
from tests.google_server.book import Book, metadata_sheet
from tests.google_server.canonical import canonical
from tests.google_server.errors import Refused
from tests.google_server.sheet import Sheet
from tests.google_server.wire import Json

Place = tuple[Sheet, Area]


def filter_places(book: Book, data_filter: Json, where: str) -> list[Place]:
    """The rectangles a filter matches; only metadata may match none or many."""
    try:
        if "gridRange" in data_filter:
            return [book.grid_area(data_filter["gridRange"])]
        if "a1Range" in data_filter:
            sheet, area, _ = book.text_area(data_filter["a1Range"])
            return [(sheet, area)]
        if "developerMetadataLookup" in data_filter:
            found = matching_metadata(book, data_filter["developerMetadataLookup"])
            return [metadata_place(book, item) for item in found]
    except Refused as refused:
        raise Refused(f"Invalid {where}: {refused}") from None
    raise Refused(f"Invalid {where}: Must specify a filter.")


def echoed(data_filter: Json) -> Json:
    """A filter as an answer gives it back."""
    return canonical("DataFilter", data_filter)


def filter_metadata(book: Book, data_filter: Json) -> list[Json]:
    """The metadata a filter matches: by lookup, or all that lies in a range."""
    if "developerMetadataLookup" in data_filter:
        return matching_metadata(book, data_filter["developerMetadataLookup"])
    sheet, area = filter_places(book, data_filter, "dataFilter")[0]
    return [item for item in book.metadata if _meets(book, item, sheet, area)]


def matching_metadata(book: Book, lookup: Json) -> list[Json]:
    return [item for item in book.metadata if _matches(item, lookup)]


def metadata_place(book: Book, item: Json) -> Place:
    """The rectangle a piece of metadata stands for: a row, a column or a whole sheet."""
    location = item["location"]
    if "dimensionRange" in location:
        return dimension_area(book, location["dimensionRange"])
    if location.get("spreadsheet"):
        raise Refused("Developer metadata of the spreadsheet names no range.")
    sheet = book.sheet(location.get("sheetId", 0))
    return sheet, sheet.whole


def dimension_area(book: Book, dimension_range: Json) -> Place:
    sheet = book.sheet(dimension_range.get("sheetId", 0))
    start = dimension_range.get("startIndex", 0)
    end = dimension_range.get("endIndex", sheet.size(dimension_range["dimension"]))
    if dimension_range["dimension"] == "ROWS":
        return sheet, Area(start, 0, end, sheet.columns)
    return sheet, Area(0, start, sheet.rows, end)


def location_type(location: Json) -> str:
    if "dimensionRange" in location:
        return "ROW" if location["dimensionRange"]["dimension"] == "ROWS" else "COLUMN"
    return "SPREADSHEET" if location.get("spreadsheet") else "SHEET"


def _matches(item: Json, lookup: Json) -> bool:
    for name in ("metadataId", "metadataKey", "metadataValue", "visibility"):
        if name in lookup and lookup[name] != item.get(name):
            return False
    wanted = lookup.get("locationType")
    if wanted and wanted != location_type(item["location"]):
        return False
    return "metadataLocation" not in lookup or _located(item, lookup)


def _located(item: Json, lookup: Json) -> bool:
    wanted, own = lookup["metadataLocation"], item["location"]
    if lookup.get("locationMatchingStrategy") != "INTERSECTING_LOCATION":
        return _bare(wanted) == _bare(own)
    if wanted.get("spreadsheet"):
        return True
    return metadata_sheet({"location": wanted}) == metadata_sheet(item)


def _bare(location: Json) -> Json:
    kept = {name: value for name, value in location.items() if name != "locationType"}
    if "dimensionRange" in kept:
        kept["dimensionRange"] = {"sheetId": 0, **kept["dimensionRange"]}
    return kept


def _meets(book: Book, item: Json, sheet: Sheet, area: Area) -> bool:
    if item["location"].get("spreadsheet"):
        return False
    own_sheet, own_area = metadata_place(book, item)
    return own_sheet is sheet and own_area.meets(area)
