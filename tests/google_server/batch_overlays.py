"""Requests on charts, slicers, filter views and tables.

Decided here: they are kept and given back, and nothing is drawn or filtered; each gets a random id unless it brings
one (a table's is a text); a chart on a sheet of its own makes that sheet, which has no grid.
"""

from __future__ import annotations

from typing import Any

from tests.google_server.a1 import Area
from tests.google_server.canonical import canonical
from tests.google_server.chart_rules import check_basic_chart
from tests.google_server.edit import Edit
from tests.google_server.errors import Refused
from tests.google_server.fields import checked_update_mask, overlay
from tests.google_server.sheet import Sheet, object_sheet
from tests.google_server.wire import Json

_SCHEMAS = {"charts": "EmbeddedChart", "slicers": "Slicer", "filterViews": "FilterView", "tables": "Table"}
_IDS = {"charts": "chartId", "slicers": "slicerId", "filterViews": "filterViewId", "tables": "tableId"}


def add_chart(edit: Edit, body: Json) -> Json:
    wanted = dict(body.get("chart", {}))
    check_basic_chart(wanted.get("spec", {}))
    _check_sources(edit, wanted.get("spec", {}))
    if wanted.get("position", {}).get("newSheet"):
        sheet = object_sheet(edit.workspace.new_number(), _free_title(edit))
        edit.book.sheets.append(sheet)
        wanted["position"] = {"sheetId": sheet.id}
    else:
        sheet = _anchor_sheet(edit, wanted.get("position", {}))
    return {"chart": _stored(edit, sheet, "charts", wanted)}


def update_chart_spec(edit: Edit, body: Json) -> None:
    sheet, chart = _found(edit, "charts", body.get("chartId", 0), "embedded object")
    check_basic_chart(body.get("spec", {}))
    _check_sources(edit, body.get("spec", {}))
    _replace(sheet, "charts", chart, {**chart, "spec": canonical("ChartSpec", body.get("spec", {}))})


def add_slicer(edit: Edit, body: Json) -> Json:
    wanted = dict(body.get("slicer", {}))
    edit.book.grid_area(wanted.get("spec", {}).get("dataRange", {}))
    return {"slicer": _stored(edit, _anchor_sheet(edit, wanted.get("position", {})), "slicers", wanted)}


def update_slicer_spec(edit: Edit, body: Json) -> None:
    sheet, slicer = _found(edit, "slicers", body.get("slicerId", 0), "slicer")
    mask = checked_update_mask(body.get("fields"), "SlicerSpec")
    spec = overlay(slicer.get("spec", {}), canonical("SlicerSpec", body.get("spec", {})), mask)
    _replace(sheet, "slicers", slicer, {**slicer, "spec": spec})


def update_embedded_object_position(edit: Edit, body: Json) -> Json:
    kind, sheet, item = _embedded(edit, body.get("objectId", 0))
    if body.get("newPosition", {}).get("newSheet"):
        raise Refused("this test server moves an object over cells only.")
    mask = checked_update_mask(body.get("fields"), "OverlayPosition")
    old = item["position"].get("overlayPosition", {})
    new = canonical("OverlayPosition", body.get("newPosition", {}).get("overlayPosition", {}))
    moved = {**item, "position": {"overlayPosition": overlay(old, new, mask)}}
    target = _anchor_sheet(edit, moved["position"])
    sheet.objects[kind].remove(item)
    target.objects[kind].append(moved)
    return {"position": moved["position"]}


def update_embedded_object_border(edit: Edit, body: Json) -> None:
    kind, sheet, item = _embedded(edit, body.get("objectId", 0))
    mask = checked_update_mask(body.get("fields"), "EmbeddedObjectBorder")
    border = overlay(item.get("border", {}), canonical("EmbeddedObjectBorder", body.get("border", {})), mask)
    _replace(sheet, kind, item, {**item, "border": border})


def delete_embedded_object(edit: Edit, body: Json) -> None:
    kind, sheet, item = _embedded(edit, body.get("objectId", 0))
    sheet.objects[kind].remove(item)
    if kind == "charts" and "sheetId" in item["position"]:
        edit.book.remove_sheet(sheet)


def add_filter_view(edit: Edit, body: Json) -> Json:
    wanted = dict(body.get("filter", {}))
    sheet = edit.book.grid_area(wanted.get("range", {}))[0]
    wanted.setdefault("title", f"Filter {len(sheet.objects['filterViews']) + 1}")
    return {"filter": _stored(edit, sheet, "filterViews", wanted)}


def update_filter_view(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "FilterView")
    wanted = body.get("filter", {})
    sheet, view = _found(edit, "filterViews", wanted.get("filterViewId", 0), "filter view")
    new = overlay(view, canonical("FilterView", wanted), mask)
    _replace(sheet, "filterViews", view, {**new, "filterViewId": view["filterViewId"]})


def duplicate_filter_view(edit: Edit, body: Json) -> Json:
    sheet, view = _found(edit, "filterViews", body.get("filterId", 0), "filter view")
    copy = {name: item for name, item in view.items() if name != "filterViewId"}
    return {"filter": _stored(edit, sheet, "filterViews", {**copy, "title": f"Copy of {view['title']}"})}


def delete_filter_view(edit: Edit, body: Json) -> None:
    sheet, view = _found(edit, "filterViews", body.get("filterId", 0), "filter view")
    sheet.objects["filterViews"].remove(view)


def add_table(edit: Edit, body: Json) -> Json:
    """A table's columns are called what its header row says, unless the request says."""
    wanted = dict(body.get("table", {}))
    sheet, area = edit.guarded_area(wanted.get("range", {}))
    _check_table(edit, sheet, area, wanted.get("name", ""), None)
    wanted.setdefault("name", f"Table{sum(len(each.objects['tables']) for each in edit.book.sheets) + 1}")
    named = {item.get("columnIndex", 0): item for item in wanted.get("columnProperties", [])}
    wanted["columnProperties"] = [
        {
            "columnIndex": i,
            "columnName": str(sheet.cell(area.top, area.left + i).value or f"Column {i + 1}"),
            **named.get(i, {}),
        }
        for i in range(area.columns)
    ]
    return {"table": _stored(edit, sheet, "tables", wanted)}


def update_table(edit: Edit, body: Json) -> None:
    mask = checked_update_mask(body.get("fields"), "Table")
    wanted = body.get("table", {})
    sheet, table = _found(edit, "tables", wanted.get("tableId", ""), "table")
    new = {**overlay(table, canonical("Table", wanted), mask), "tableId": table["tableId"]}
    _check_table(edit, sheet, edit.book.grid_area(new["range"])[1], new["name"], table)
    _replace(sheet, "tables", table, new)


def delete_table(edit: Edit, body: Json) -> None:
    """The table goes with its cells."""
    sheet, table = _found(edit, "tables", body.get("tableId", ""), "table")
    sheet.objects["tables"].remove(table)
    area = edit.guarded_area(table["range"])[1]
    for row, column in sheet.places(area):
        sheet.put(row, column, sheet.cell(row, column).holding(None))


def _check_table(edit: Edit, sheet: Sheet, area: Area, name: str, own: Json | None) -> None:
    others = [table for each in edit.book.sheets for table in each.objects["tables"] if table is not own]
    if name and any(table["name"].casefold() == name.casefold() for table in others):
        raise Refused(f'A table with the name "{name}" already exists.')
    for table in sheet.objects["tables"]:
        if table is not own and edit.book.grid_area(table["range"])[1].meets(area):
            raise Refused("A table can't overlap another table.")


def _stored(edit: Edit, sheet: Sheet, kind: str, wanted: Json) -> Json:
    name = _IDS[kind]
    number = edit.workspace.new_number()
    wanted.setdefault(name, str(number) if kind == "tables" else number)
    if any(item[name] == wanted[name] for other in edit.book.sheets for item in other.objects[kind]):
        raise Refused(f"The {name} {wanted[name]} already exists.")
    clean = canonical(_SCHEMAS[kind], wanted)
    sheet.objects[kind].append(clean)
    return clean


def _found(edit: Edit, kind: str, wanted: int | str, what: str) -> tuple[Sheet, Json]:
    for sheet in edit.book.sheets:
        for item in sheet.objects[kind]:
            if item[_IDS[kind]] == wanted:
                return sheet, item
    raise Refused(f"No {what} with id: {wanted}")


def _embedded(edit: Edit, wanted: int) -> tuple[str, Sheet, Json]:
    """A chart or a slicer, which share their ids."""
    for kind in ("slicers", "charts"):
        if any(item[_IDS[kind]] == wanted for sheet in edit.book.sheets for item in sheet.objects[kind]):
            return kind, *_found(edit, kind, wanted, "embedded object")
    raise Refused(f"No embedded object with id: {wanted}")


def _replace(sheet: Sheet, kind: str, old: Json, new: Json) -> None:
    sheet.objects[kind] = [new if item is old else item for item in sheet.objects[kind]]


def _anchor_sheet(edit: Edit, position: Json) -> Sheet:
    anchor = position.get("overlayPosition", {}).get("anchorCell")
    if anchor is None:
        raise Refused("Must specify a position: overlayPosition.anchorCell or newSheet.")
    sheet = edit.book.sheet(anchor.get("sheetId", 0))
    row, column = anchor.get("rowIndex", 0), anchor.get("columnIndex", 0)
    sheet.check_limits(Area(row, column, row + 1, column + 1))
    return sheet


def _free_title(edit: Edit) -> str:
    number = 1
    while edit.book.titled(f"Chart{number}"):
        number += 1
    return f"Chart{number}"


def _check_sources(edit: Edit, node: Any) -> None:
    """Every range a chart draws from must be on a grid."""
    if isinstance(node, dict):
        if "startRowIndex" in node or "endRowIndex" in node or "startColumnIndex" in node:
            edit.book.grid_area(node)
        for item in node.values():
            _check_sources(edit, item)
    elif isinstance(node, list):
        for item in node:
            _check_sources(edit, item)


KINDS = {
    "addChart": add_chart,
    "updateChartSpec": update_chart_spec,
    "addSlicer": add_slicer,
    "updateSlicerSpec": update_slicer_spec,
    "updateEmbeddedObjectPosition": update_embedded_object_position,
    "updateEmbeddedObjectBorder": update_embedded_object_border,
    "deleteEmbeddedObject": delete_embedded_object,
    "addFilterView": add_filter_view,
    "updateFilterView": update_filter_view,
    "duplicateFilterView": duplicate_filter_view,
    "deleteFilterView": delete_filter_view,
    "addTable": add_table,
    "updateTable": update_table,
    "deleteTable": delete_table,
}
