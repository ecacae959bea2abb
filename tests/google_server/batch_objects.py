"""Requests on what lies over the cells: rules, protections, names, merges, bands, filters.

Decided here: an object without an id gets a random one (named ranges as text, the others as numbers); who
adds a protection becomes its editor; the reply of an add does not list the editors yet, the next read does.
"""

from __future__ import annotations

from tests.google_server.a1 import Area
from tests.google_server.canonical import canonical
from tests.google_server.cells import with_value
from tests.google_server.edit import Edit
from tests.google_server.errors import Refused
from tests.google_server.fields import checked_update_mask, overlay
from tests.google_server.protection import PROTECTED_TEXT, covers_sheet, may_edit
from tests.google_server.sheet import Sheet
from tests.google_server.wire import Json


def add_conditional_format_rule(edit: Edit, body: Json) -> None:
    rule = canonical("ConditionalFormatRule", body.get("rule", {}))
    if not rule.get("ranges"):
        raise Refused("Must specify at least one range.")
    if ("booleanRule" in rule) == ("gradientRule" in rule):
        raise Refused("Must specify exactly one of booleanRule and gradientRule.")
    sheets = {edit.guarded_area(each)[0].id for each in rule["ranges"]}
    if len(sheets) > 1:
        raise Refused("All ranges must be on the same sheet.")
    rules = edit.book.sheet(sheets.pop()).objects["conditionalFormats"]
    index = body.get("index", 0)
    if not 0 <= index <= len(rules):
        raise Refused(f"No conditional format at index: {index}")
    rules.insert(index, rule)


def delete_conditional_format_rule(edit: Edit, body: Json) -> Json:
    rules = edit.book.sheet(body.get("sheetId", 0)).objects["conditionalFormats"]
    index = body.get("index", 0)
    if not 0 <= index < len(rules):
        raise Refused(f"No conditional format on sheet: {body.get('sheetId', 0)} at index: {index}")
    return {"rule": rules.pop(index)}


def update_conditional_format_rule(edit: Edit, body: Json) -> Json:
    """A new rule in the place of an old one, or an old one moved."""
    sheet_id, index = body.get("sheetId", 0), body.get("index", 0)
    if "rule" in body:
        sheet_id = body["rule"].get("ranges", [{}])[0].get("sheetId", sheet_id)
    rules = edit.book.sheet(sheet_id).objects["conditionalFormats"]
    new_index = index if "rule" in body else body.get("newIndex", 0)
    if not (0 <= index < len(rules) and 0 <= new_index < len(rules)):
        raise Refused(f"No conditional format on sheet: {sheet_id} at index: {index}")
    old = rules.pop(index)
    new = canonical("ConditionalFormatRule", body["rule"]) if "rule" in body else old
    rules.insert(new_index, new)
    places = {name: place for name, place in (("oldIndex", index), ("newIndex", new_index)) if place}
    return {"newRule": new, "oldRule": old, **places}


def update_protected_range(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "ProtectedRange")
    wanted = body.get("protectedRange", {})
    for sheet in edit.book.sheets:
        for place, protected in enumerate(sheet.objects["protectedRanges"]):
            if protected["protectedRangeId"] == wanted.get("protectedRangeId", 0):
                if not may_edit(protected, edit.actor):
                    raise Refused(PROTECTED_TEXT)
                new = overlay(protected, canonical("ProtectedRange", wanted), mask)
                if new.get("warningOnly") and wanted.get("editors"):
                    raise Refused("ProtectedRange is warningOnly. Editors cannot be set on it.")
                sheet.objects["protectedRanges"][place] = _with_editor(edit, protected, new)
                return
    raise Refused(f"No protected range with id: {wanted.get('protectedRangeId', 0)}")


def _with_editor(edit: Edit, old: Json, new: Json) -> Json:
    """Nobody can take the right to edit from themselves."""
    editors = new.get("editors", {})
    users = list(dict.fromkeys([*editors.get("users", []), edit.actor.email]))
    kept = {name: item for name, item in new.items() if name != "requestingUserCanEdit"}
    return {**kept, "protectedRangeId": old["protectedRangeId"], "editors": {**editors, "users": users}}


def add_protected_range(edit: Edit, body: Json) -> Json:
    wanted = dict(body.get("protectedRange", {}))
    editors = {name: item for name, item in wanted.pop("editors", {}).items() if item}
    if wanted.get("warningOnly") and editors:
        raise Refused("ProtectedRange is warningOnly. Editors cannot be set on it.")
    if "namedRangeId" in wanted:
        sheet = edit.book.grid_area(_named_range(edit, wanted["namedRangeId"])["range"])[0]
    else:
        sheet = edit.guarded_area(wanted.get("range", {}))[0]
        wanted.setdefault("range", {})
    if covers_sheet(wanted) and "namedRangeId" not in wanted:
        _check_one_protection(sheet)
    elif wanted.get("unprotectedRanges"):
        raise Refused("Unprotected ranges are only supported on protected sheets.")
    wanted.setdefault("protectedRangeId", edit.workspace.new_number())
    wanted.pop("requestingUserCanEdit", None)
    clean = canonical("ProtectedRange", wanted)
    users = list(dict.fromkeys([*editors.get("users", []), edit.actor.email]))
    sheet.objects["protectedRanges"].append({**clean, "editors": {**editors, "users": users}})
    return {"protectedRange": {**clean, "requestingUserCanEdit": True, "editors": editors}}


def delete_protected_range(edit: Edit, body: Json) -> None:
    wanted = body.get("protectedRangeId", 0)
    for sheet in edit.book.sheets:
        for protected in sheet.objects["protectedRanges"]:
            if protected["protectedRangeId"] == wanted:
                if not may_edit(protected, edit.actor):
                    raise Refused(PROTECTED_TEXT)
                sheet.objects["protectedRanges"].remove(protected)
                return
    raise Refused(f"No protected range with id: {wanted}")


def add_named_range(edit: Edit, body: Json) -> Json:
    wanted = dict(body.get("namedRange", {}))
    edit.book.grid_area(wanted.get("range", {}))
    name = wanted.get("name", "")
    if not name:
        raise Refused("A named range must have a name.")
    if any(item["name"].casefold() == name.casefold() for item in edit.book.named_ranges):
        raise Refused(f'A named range with the name "{name}" already exists.')
    wanted.setdefault("namedRangeId", str(edit.workspace.new_number()))
    clean = canonical("NamedRange", wanted)
    edit.book.named_ranges.append(clean)
    return {"namedRange": clean}


def update_named_range(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "NamedRange")
    wanted = body.get("namedRange", {})
    old = _named_range(edit, wanted.get("namedRangeId", ""))
    new = overlay(old, canonical("NamedRange", wanted), mask)
    edit.book.named_ranges[edit.book.named_ranges.index(old)] = {**new, "namedRangeId": old["namedRangeId"]}


def delete_named_range(edit: Edit, body: Json) -> None:
    edit.book.named_ranges.remove(_named_range(edit, body.get("namedRangeId", "")))


def merge_cells(edit: Edit, body: Json) -> None:
    sheet, area = edit.guarded_area(body.get("range", {}))
    for part in _merge_parts(area, body.get("mergeType", "MERGE_ALL")):
        for old in list(sheet.objects["merges"]):
            if (other := edit.book.grid_area(old)[1]).meets(part):
                if not other.inside(part):
                    raise Refused("You must select all cells in a merged range to merge or unmerge them.")
                sheet.objects["merges"].remove(old)
        if part.rows * part.columns > 1:
            _keep_first_value(sheet, part)
            sheet.objects["merges"].append(canonical("GridRange", grid_range(sheet, part)))


def unmerge_cells(edit: Edit, body: Json) -> None:
    sheet, area = edit.guarded_area(body.get("range", {}))
    for old in list(sheet.objects["merges"]):
        if (other := edit.book.grid_area(old)[1]).meets(area):
            if not other.inside(area):
                raise Refused("You must select all cells in a merged range to merge or unmerge them.")
            sheet.objects["merges"].remove(old)


def add_banding(edit: Edit, body: Json) -> Json:
    wanted = dict(body.get("bandedRange", {}))
    sheet, area = edit.guarded_area(wanted.get("range", {}))
    if any(edit.book.grid_area(item["range"])[1].meets(area) for item in sheet.objects["bandedRanges"]):
        raise Refused(
            "You cannot add alternating background colors to a range that already has alternating background colors."
        )
    _new_id(edit, sheet, "bandedRanges", "bandedRangeId", wanted)
    clean = canonical("BandedRange", wanted)
    sheet.objects["bandedRanges"].append(clean)
    return {"bandedRange": clean}


def delete_banding(edit: Edit, body: Json) -> None:
    wanted = body.get("bandedRangeId", 0)
    for sheet in edit.book.sheets:
        for item in sheet.objects["bandedRanges"]:
            if item["bandedRangeId"] == wanted:
                sheet.objects["bandedRanges"].remove(item)
                return
    raise Refused(f"No banding with id: {wanted}")


def update_banding(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "BandedRange")
    wanted = body.get("bandedRange", {})
    for sheet in edit.book.sheets:
        for place, item in enumerate(sheet.objects["bandedRanges"]):
            if item["bandedRangeId"] == wanted.get("bandedRangeId", 0):
                new = overlay(item, canonical("BandedRange", wanted), mask)
                sheet.objects["bandedRanges"][place] = {**new, "bandedRangeId": item["bandedRangeId"]}
                return
    raise Refused(f"No banding with id: {wanted.get('bandedRangeId', 0)}")


def set_basic_filter(edit: Edit, body: Json) -> None:
    """A filter on a whole sheet is kept with the grid's full bounds, as recorded."""
    wanted = dict(body.get("filter", {}))
    sheet, area = edit.guarded_area(wanted.get("range", {}))
    wanted["range"] = grid_range(sheet, area)
    sheet.basic_filter = canonical("BasicFilter", wanted)


def clear_basic_filter(edit: Edit, body: Json) -> None:
    edit.book.sheet(body.get("sheetId", 0)).basic_filter = None


def grid_range(sheet: Sheet, area: Area) -> Json:
    return {
        "sheetId": sheet.id,
        "startRowIndex": area.top,
        "endRowIndex": area.bottom,
        "startColumnIndex": area.left,
        "endColumnIndex": area.right,
    }


def _named_range(edit: Edit, wanted: str) -> Json:
    for item in edit.book.named_ranges:
        if item["namedRangeId"] == wanted:
            return item
    raise Refused(f"No named range with id: {wanted}")


def _check_one_protection(sheet: Sheet) -> None:
    if any(covers_sheet(each) and "namedRangeId" not in each for each in sheet.objects["protectedRanges"]):
        raise Refused(f'Sheet "{sheet.title}" already has sheet protection.')


def _new_id(edit: Edit, sheet: Sheet, kind: str, name: str, wanted: Json) -> None:
    wanted.setdefault(name, edit.workspace.new_number())
    if any(item[name] == wanted[name] for other in edit.book.sheets for item in other.objects[kind]):
        raise Refused(f"The {name} {wanted[name]} already exists.")


def _merge_parts(area: Area, merge_type: str) -> list[Area]:
    if merge_type == "MERGE_ROWS":
        return [Area(row, area.left, row + 1, area.right) for row in range(area.top, area.bottom)]
    if merge_type == "MERGE_COLUMNS":
        return [Area(area.top, column, area.bottom, column + 1) for column in range(area.left, area.right)]
    return [area]


def _keep_first_value(sheet: Sheet, area: Area) -> None:
    """A merged range keeps its upper-left value; the others are lost."""
    for place in sheet.places(area):
        if place != (area.top, area.left):
            sheet.put(*place, with_value(sheet.cell(*place), None))


KINDS = {
    "addConditionalFormatRule": add_conditional_format_rule,
    "deleteConditionalFormatRule": delete_conditional_format_rule,
    "updateConditionalFormatRule": update_conditional_format_rule,
    "updateProtectedRange": update_protected_range,
    "updateBanding": update_banding,
    "addProtectedRange": add_protected_range,
    "deleteProtectedRange": delete_protected_range,
    "addNamedRange": add_named_range,
    "updateNamedRange": update_named_range,
    "deleteNamedRange": delete_named_range,
    "mergeCells": merge_cells,
    "unmergeCells": unmerge_cells,
    "addBanding": add_banding,
    "deleteBanding": delete_banding,
    "setBasicFilter": set_basic_filter,
    "clearBasicFilter": clear_basic_filter,
}
