"""Makes lost tabs and columns of a spreadsheet again, out of the very requests that `create` makes them with.

Tabs and columns may have been renamed and moved since: lists of choices and formulas are built from the workbook as
it is found. Nothing that a person typed is written; a formula of ours is, where a lost tab has left #REF! in it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from urllib.parse import quote

from sheetsync.cells import Cell, fold, text_of
from sheetsync.formulas import array_formula
from sheetsync.standing import as_it_stands, with_columns_at
from sheetsync.tabs import TabContents
from sheetsync.template import Column, Tab, WorkbookTemplate
from sheetsync.workbook import Layout
from sheetsync.workbook.google import design
from sheetsync.workbook.google.appearance import validation
from sheetsync.workbook.google.connection import SHEETS, Connection
from sheetsync.workbook.google.rows import Json

_HEAD_ROWS = 12
_LONGEST_TITLE = 100
_TAB_FIELDS = "sheets(properties(sheetId,title,index,gridProperties(rowCount,columnCount)))"
_HEAD_FIELDS = "sheets(properties.sheetId,data.rowData.values(userEnteredValue.formulaValue,effectiveValue))"
# The header cell of a computed column: its formula starts with the column's title.
_TITLE = re.compile(r'=VSTACK\("((?:[^"]|"")*)"')
_FIRST_ID, _LAST_SMALL_ID = 1000, 1_000_000


@dataclass(frozen=True, slots=True)
class Head:
    """A tab that is there: its title and number of columns today, its first rows, and the formulas in them.

    `grid` has a computed column's title where its formula stands; `formulas` are by 0-based row and column.
    """

    title: str
    columns: int
    grid: list[list[Cell]] = field(default_factory=list)
    formulas: Mapping[tuple[int, int], str] = field(default_factory=dict)


def heads(connection: Connection, spreadsheet_id: str) -> dict[int, Head]:
    """Every tab by sheet id, in the order of the tabs; two calls."""
    address = f"{SHEETS}/{spreadsheet_id}"
    found = connection.call("get", address, about=spreadsheet_id, params={"fields": _TAB_FIELDS})
    sheets = [sheet["properties"] for sheet in found.get("sheets", [])]
    grids = {int(p.get("sheetId", 0)): p.get("gridProperties", {}) for p in sheets}
    titles = {int(p.get("sheetId", 0)): str(p["title"]) for p in sheets}
    ranges = [_first_rows(titles[key], grid.get("rowCount", 1)) for key, grid in grids.items() if grid]
    query = "&".join(f"ranges={quote(text, safe='')}" for text in ranges)
    answered = connection.call("get", f"{address}?{query}", about=spreadsheet_id, params={"fields": _HEAD_FIELDS})
    data = {int(s["properties"].get("sheetId", 0)): s.get("data", []) for s in answered.get("sheets", [])}
    return {key: _head(titles[key], grid.get("columnCount", 0), data.get(key, [])) for key, grid in grids.items()}


def _first_rows(title: str, rows: int) -> str:
    quoted = title.replace("'", "''")
    return f"'{quoted}'!1:{min(rows, _HEAD_ROWS)}"


def _head(title: str, columns: int, data: Sequence[Json]) -> Head:
    rows = data[0].get("rowData", []) if data else []
    cells = [row.get("values", []) for row in rows]
    formulas = {
        (down, across): formula
        for down, row in enumerate(cells)
        for across, cell in enumerate(row)
        if (formula := cell.get("userEnteredValue", {}).get("formulaValue"))
    }
    return Head(title, columns, [[_shown(cell) for cell in row] for row in cells], formulas)


def _shown(cell: Json) -> Cell:
    title = _TITLE.match(cell.get("userEnteredValue", {}).get("formulaValue", ""))
    if title:
        return title[1].replace('""', '"')
    value = cell.get("effectiveValue", {})
    shown: Cell = value.get("stringValue", value.get("numberValue", value.get("boolValue")))
    return shown


@dataclass(frozen=True, slots=True)
class Found:
    """A template, where the workbook's tabs are, and every tab that is there by sheet id."""

    template: WorkbookTemplate
    layout: Layout
    there: Mapping[int, Head]

    def head(self, key: str) -> Head | None:
        """The tab with this key, if it is there."""
        return self.there.get(int(self.layout.marks.get(key, -1)))


@dataclass(frozen=True, slots=True)
class Restoration:
    """The requests that make tabs again, and where the tabs are afterwards."""

    requests: list[Json]
    layout: Layout


def lost_tabs(found: Found, rows: Mapping[str, Sequence[Sequence[Cell]]], titles: Sequence[str]) -> Restoration:
    """What makes the tabs with the keys of `rows` again, each in its place among the tabs that are there.

    `titles` name the columns of tally tabs.
    """
    keys = [tab.key for tab in found.template.tabs if tab.key in rows]
    ids = dict(zip(keys, _free_ids(found), strict=False))
    template = _as_found(found)
    made = [
        design.Sheet(tab, ids[tab.key], rows[tab.key], titles if tab.activity_columns else ())
        for tab in template.tabs
        if tab.key in ids
    ]
    layout = replace(found.layout, marks={**found.layout.marks, **{key: str(number) for key, number in ids.items()}})
    requests = [r for r in design.requests(template, layout.year, made) if not _marks_the_spreadsheet(r)]
    _put_in_place(requests, template, layout.marks, list(found.there))
    for tab in template.tabs:
        head = found.head(tab.key)
        if head is not None and not tab.is_tool_tab:
            requests += _mended(template, tab, int(layout.marks[tab.key]), head, keys)
    return Restoration(requests, layout)


def _free_ids(found: Found) -> Iterator[int]:
    """Ids beyond those of `create`: of two tabs with one mark, the original is the one with the smaller id."""
    taken = {*found.there, *map(int, found.layout.marks.values())}
    start = max((number + 1 for number in taken if number < _LAST_SMALL_ID), default=_FIRST_ID)
    return (number for number in count(max(start, _FIRST_ID)) if number not in taken)


def _marks_the_spreadsheet(request: Json) -> bool:
    mark = request.get("createDeveloperMetadata", {}).get("developerMetadata", {})
    return "spreadsheet" in mark.get("location", {})


def _put_in_place(
    requests: Sequence[Json], template: WorkbookTemplate, marks: Mapping[str, str], order: list[int]
) -> None:
    """Each new tab goes behind the tab that is before it in the template."""
    new = {r["addSheet"]["properties"]["sheetId"]: r["addSheet"]["properties"] for r in requests if "addSheet" in r}
    place = 0
    for tab in template.tabs:
        number = int(marks.get(tab.key, -1))
        if number in new:
            new[number]["index"] = place
            order.insert(place, number)
        if number in order:
            place = order.index(number) + 1


def _mended(template: WorkbookTemplate, tab: Tab, sheet_id: int, head: Head, lost: Sequence[str]) -> Iterator[Json]:
    """The lists of choices that pointed into a lost tab, and the formulas that did."""
    header = tab.header_row - 1
    titles = head.grid[header] if header < len(head.grid) else []
    for place, column in enumerate(tab.columns[: len(titles)]):
        if not column.title or fold(text_of(titles[place])) != fold(column.title):
            continue
        if column.choices_from and column.choices_from.partition(".")[0] in lost:
            rule = validation(template, column)
            yield {"setDataValidation": {"range": design.Sheet(tab, sheet_id, (), ()).below(place), "rule": rule}}
        if column.computed and "#REF!" in head.formulas.get((header, place), ""):
            cell = {"userEnteredValue": {"formulaValue": array_formula(template, tab, column)}}
            yield _cell(sheet_id, header, place, cell, "userEnteredValue")


def added_columns(found: Found, key: str, header: int, columns: Mapping[int, Column]) -> list[Json]:
    """What makes these columns in blank ones of a tab, at 0-based positions below the 0-based row `header`."""
    sheet_id = int(found.layout.marks[key])
    head = found.there[sheet_id]
    template = with_columns_at(_as_found(found), key, header, columns)
    tab = template.tab(key)
    requests: list[Json] = []
    if max(columns) >= head.columns:
        longer = {"sheetId": sheet_id, "dimension": "COLUMNS", "length": max(columns) + 1 - head.columns}
        requests.append({"appendDimension": longer})
    for request in design.requests(template, found.layout.year, [design.Sheet(tab, sheet_id, (), ())]):
        requests += _within(request, sheet_id, header, columns)
    return requests


def _within(request: Json, sheet_id: int, header: int, places: Mapping[int, Column]) -> Iterator[Json]:
    """The part of a request of `create`'s that is about these columns."""
    ((kind, body),) = request.items()
    if kind == "updateCells":
        titles = body["rows"][-1]["values"]
        for place in places:
            yield _cell(sheet_id, header, place, titles[place], body["fields"])
    elif kind in {"repeatCell", "setDataValidation"}:
        if body["range"]["startColumnIndex"] in places:
            yield request
    elif kind == "updateDimensionProperties" and body["range"]["startIndex"] in places:
        yield request


def _cell(sheet_id: int, row: int, column: int, cell: Json, fields: str) -> Json:
    start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": column}
    return {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": fields}}


def _as_found(found: Found) -> WorkbookTemplate:
    contents = {}
    for tab in found.template.tabs:
        head = found.head(tab.key)
        if head is not None:
            contents[tab.key] = TabContents(tab.key, head.title, head.grid, _HEAD_ROWS, head.columns)
    return as_it_stands(found.template, contents, [head.title for head in found.there.values()], _LONGEST_TITLE)
