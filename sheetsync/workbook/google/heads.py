"""A spreadsheet as it is found: every tab with its title, its first rows, and the formulas and charts in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from sheetsync.cells import Cell
from sheetsync.periods import Calendar
from sheetsync.standing import as_it_stands
from sheetsync.tabs import TabContents
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import Layout
from sheetsync.workbook.google.connection import SHEETS, Connection
from sheetsync.workbook.google.rows import Json

_HEAD_ROWS = 12
_LONGEST_TITLE = 100
_TAB_FIELDS = "sheets(properties(sheetId,title,index,gridProperties(rowCount,columnCount)),charts.chartId)"
_HEAD_FIELDS = "sheets(properties.sheetId,data.rowData.values(userEnteredValue.formulaValue,effectiveValue))"
# The header cell of a computed column: its formula starts with the column's title.
_TITLE = re.compile(r'=VSTACK\("((?:[^"]|"")*)"')


@dataclass(frozen=True, slots=True)
class Head:
    """A tab that is there: its title and size today, its first rows, the formulas in them, and the ids of its charts.

    `grid` has a computed column's title where its formula stands; `formulas` are by 0-based row and column.
    """

    title: str
    rows: int
    columns: int
    grid: list[list[Cell]] = field(default_factory=list)
    formulas: Mapping[tuple[int, int], str] = field(default_factory=dict)
    charts: frozenset[int] = frozenset()


def heads(connection: Connection, spreadsheet_id: str) -> dict[int, Head]:
    """Every tab by sheet id, in the order of the tabs; two calls."""
    address = f"{SHEETS}/{spreadsheet_id}"
    found = connection.call("get", address, about=spreadsheet_id, params={"fields": _TAB_FIELDS})
    sheets = {int(sheet["properties"].get("sheetId", 0)): sheet for sheet in found.get("sheets", [])}
    grids = {key: sheet["properties"] for key, sheet in sheets.items() if "gridProperties" in sheet["properties"]}
    ranges = [_first_rows(grid["title"], grid["gridProperties"].get("rowCount", 1)) for grid in grids.values()]
    query = "&".join(f"ranges={quote(text, safe='')}" for text in ranges)
    answered = connection.call("get", f"{address}?{query}", about=spreadsheet_id, params={"fields": _HEAD_FIELDS})
    data = {int(s["properties"].get("sheetId", 0)): s.get("data", []) for s in answered.get("sheets", [])}
    return {key: _head(sheet, data.get(key, [])) for key, sheet in sheets.items()}


def _first_rows(title: str, rows: int) -> str:
    quoted = title.replace("'", "''")
    return f"'{quoted}'!1:{min(rows, _HEAD_ROWS)}"


def _head(sheet: Json, data: Sequence[Json]) -> Head:
    rows = data[0].get("rowData", []) if data else []
    cells = [row.get("values", []) for row in rows]
    formulas = {
        (down, across): formula
        for down, row in enumerate(cells)
        for across, cell in enumerate(row)
        if (formula := cell.get("userEnteredValue", {}).get("formulaValue"))
    }
    size = sheet["properties"].get("gridProperties", {})
    return Head(
        str(sheet["properties"]["title"]),
        size.get("rowCount", 0),
        size.get("columnCount", 0),
        [[_shown(cell) for cell in row] for row in cells],
        formulas,
        frozenset(chart["chartId"] for chart in sheet.get("charts", [])),
    )


def _shown(cell: Json) -> Cell:
    title = _TITLE.match(cell.get("userEnteredValue", {}).get("formulaValue", ""))
    if title:
        return title[1].replace('""', '"')
    value = cell.get("effectiveValue", {})
    shown: Cell = value.get("stringValue", value.get("numberValue", value.get("boolValue")))
    return shown


@dataclass(frozen=True, slots=True)
class Found:
    """A template, where the workbook's tabs are, every tab that is there by sheet id, and how time is cut."""

    template: WorkbookTemplate
    layout: Layout
    there: Mapping[int, Head]
    calendar: Calendar

    def head(self, key: str) -> Head | None:
        """The tab with this key, if it is there."""
        return self.there.get(int(self.layout.marks.get(key, -1)))

    def standing(self) -> WorkbookTemplate:
        """The template with the titles, rows of titles and places of columns that the tabs have today."""
        contents = {}
        for tab in self.template.tabs:
            head = self.head(tab.key)
            if head is not None:
                contents[tab.key] = TabContents(tab.key, head.title, head.grid, head.rows, head.columns)
        return as_it_stands(self.template, contents, [head.title for head in self.there.values()], _LONGEST_TITLE)
