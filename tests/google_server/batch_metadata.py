"""Requests on developer metadata.

Decided here: metadata needs a key, a visibility and a place; a row or column place is one line only; a filter
that matches nothing is refused when updating and harmless when deleting.
"""

from __future__ import annotations

from tests.google_server.canonical import canonical
from tests.google_server.edit import Edit
from tests.google_server.errors import Refused
from tests.google_server.fields import checked_update_mask, overlay
from tests.google_server.filters import dimension_area, filter_metadata, location_type
from tests.google_server.wire import Json


def create_developer_metadata(edit: Edit, body: Json) -> Json:
    wanted = dict(body.get("developerMetadata", {}))
    if not wanted.get("metadataKey"):
        raise Refused("developerMetadata.metadataKey is required.")
    if wanted.get("visibility", "DEVELOPER_METADATA_VISIBILITY_UNSPECIFIED").endswith("UNSPECIFIED"):
        raise Refused("developerMetadata.visibility is required.")
    wanted["location"] = _checked_location(edit, wanted.get("location", {}))
    wanted.setdefault("metadataId", edit.workspace.new_number())
    if any(item["metadataId"] == wanted["metadataId"] for item in edit.book.metadata):
        raise Refused(f"Developer metadata with id {wanted['metadataId']} already exists.")
    clean = canonical("DeveloperMetadata", wanted)
    edit.book.metadata.append(clean)
    return {"developerMetadata": clean}


def update_developer_metadata(edit: Edit, body: Json) -> Json:
    mask = checked_update_mask(body.get("fields"), "DeveloperMetadata")
    wanted = dict(body.get("developerMetadata", {}))
    if "location" in wanted:
        wanted["location"] = _checked_location(edit, wanted["location"])
    found = _found(edit, body.get("dataFilters", []))
    if not found:
        raise Refused("No developer metadata matches the data filters.")
    kept = {name: inner for name, inner in mask.items() if name != "metadataId"}
    kept = kept or {name: {} for name in wanted if name != "metadataId"}
    updated = []
    for old in found:
        new = canonical("DeveloperMetadata", overlay(old, wanted, kept))
        edit.book.metadata[edit.book.metadata.index(old)] = new
        updated.append(new)
    return {"developerMetadata": updated}


def delete_developer_metadata(edit: Edit, body: Json) -> Json:
    found = _found(edit, [body.get("dataFilter", {})])
    edit.book.metadata = [item for item in edit.book.metadata if item not in found]
    return {"deletedDeveloperMetadata": found} if found else {}


def _found(edit: Edit, data_filters: list[Json]) -> list[Json]:
    found: list[Json] = []
    for data_filter in data_filters:
        found += [item for item in filter_metadata(edit.book, data_filter) if item not in found]
    return found


def _checked_location(edit: Edit, location: Json) -> Json:
    """The location with its type, which Google fills in itself."""
    if not location:
        raise Refused("developerMetadata.location is required.")
    result = {name: item for name, item in location.items() if name != "locationType"}
    kind = location_type(result)
    if "dimensionRange" in result:
        dimension_range = result["dimensionRange"]
        sheet, _ = dimension_area(edit.book, dimension_range)
        start, end = dimension_range.get("startIndex", 0), dimension_range.get("endIndex", 0)
        if end - start != 1:
            raise Refused("Developer metadata can be associated with a single row or column only.")
        if end > sheet.size(dimension_range["dimension"]):
            raise Refused("The dimension range lies outside the grid.")
    elif kind == "SHEET":
        edit.book.sheet(result.get("sheetId", 0))
    return {"locationType": kind, **result}


KINDS = {
    "createDeveloperMetadata": create_developer_metadata,
    "updateDeveloperMetadata": update_developer_metadata,
    "deleteDeveloperMetadata": delete_developer_metadata,
}
