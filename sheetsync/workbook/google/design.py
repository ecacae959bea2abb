"""The requests that turn a blank spreadsheet into a plan's workbook, each valid when its turn comes.

Sheet ids are chosen here, so that no answer has to be awaited: tabs first (lists of choices point at other tabs),
then their contents and looks, then the marks by which a later sync knows them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sheetsync.cells import Cell
from sheetsync.colors import STATUS_COLORS
from sheetsync.formulas import array_formula
from sheetsync.template import Column, Tab, WorkbookTemplate
from sheetsync.workbook.google.appearance import (
    color,
    column_looks,
    header_format,
    intro_format,
    status_rule,
    validation,
)
from sheetsync.workbook.google.layout import TAB, TEMPLATE, YEAR
from sheetsync.workbook.google.rows import Json, cell_data, cut

# Room to type: rows below the data, and columns for what people want to note besides.
_ROOM, _LONG, _SPARE_COLUMNS = 200, 1000, 8
_VALUE_AND_LOOK = "userEnteredValue,userEnteredFormat,note"


@dataclass(frozen=True)
class Sheet:
    """A tab to be made: its contents below the header are `rows`, `titles` the columns of a tally's activities."""

    tab: Tab
    id: int
    rows: Sequence[Sequence[Cell]]
    titles: Sequence[str]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, the activities' included."""
        activities = (Column(key=f"activity_{n}", title=t, type="count") for n, t in enumerate(self.titles))
        return self.tab.columns + tuple(activities)

    def below(self, place: int) -> Json:
        """The cells below the header in one column."""
        columns = {"startColumnIndex": place, "endColumnIndex": place + 1}
        return {"sheetId": self.id, "startRowIndex": self.tab.header_row, **columns}


def sheets(
    template: WorkbookTemplate, rows: Mapping[str, Sequence[Sequence[Cell]]], titles: Sequence[str], first_id: int
) -> list[Sheet]:
    """The tabs of a template with ids from `first_id` on."""
    return [
        Sheet(tab, first_id + place, rows.get(tab.key, ()), titles if tab.activity_columns else ())
        for place, tab in enumerate(template.tabs)
    ]


def requests(template: WorkbookTemplate, year: int, made: Sequence[Sheet]) -> Iterator[Json]:
    """Everything that makes the workbook, in order."""
    for sheet in made:
        yield {"addSheet": {"properties": _properties(sheet)}}
    for sheet in made:
        yield from _contents(template, sheet)
        yield from _looks(template, sheet)
        if sheet.tab.is_tool_tab:
            yield from _status_colors(sheet)
            yield _protection(sheet)
    for sheet in made:
        yield _mark(TAB, sheet.tab.key, {"sheetId": sheet.id})
    yield _mark(YEAR, str(year), {"spreadsheet": True})
    yield _mark(TEMPLATE, template.name, {"spreadsheet": True})


def _properties(sheet: Sheet) -> Json:
    tab = sheet.tab
    rows = tab.header_row + len(sheet.rows) + _ROOM
    return {
        "sheetId": sheet.id,
        "title": tab.title,
        "tabColor": color(tab.color),
        "gridProperties": {
            "rowCount": max(rows, _LONG) if tab.role in {"log", "tally"} else rows,
            "columnCount": len(sheet.columns) + (0 if tab.is_tool_tab else _SPARE_COLUMNS),
            "frozenRowCount": tab.header_row,
            # Google wants at least one column to scroll.
            "frozenColumnCount": min(tab.frozen_columns, len(sheet.columns) - 1),
        },
    }


def _contents(template: WorkbookTemplate, sheet: Sheet) -> Iterator[Json]:
    tab = sheet.tab
    above = [
        {"values": [{**cell_data(line), "userEnteredFormat": intro_format(place == 0)}]}
        for place, line in enumerate(tab.intro)
    ]
    header = {"values": [_header(template, tab, column) for column in sheet.columns]}
    yield _cells(sheet, 0, [*above, header], _VALUE_AND_LOOK)
    row = tab.header_row
    for piece in cut(_without_computed(sheet)):
        yield _cells(sheet, row, piece, "userEnteredValue")
        row += len(piece)


def _header(template: WorkbookTemplate, tab: Tab, column: Column) -> Json:
    if column.computed:
        cell: Json = {"userEnteredValue": {"formulaValue": array_formula(template, tab, column)}}
    else:
        cell = cell_data(column.title)
    cell["userEnteredFormat"] = header_format(tab)
    return {**cell, "note": column.note} if column.note else cell


def _without_computed(sheet: Sheet) -> Iterator[list[Cell]]:
    """The rows, with nothing where a formula is going to spread: it would not spread over anything."""
    computed = {place for place, column in enumerate(sheet.columns) if column.computed}
    for row in sheet.rows:
        yield [None if place in computed else cell for place, cell in enumerate(row)]


def _cells(sheet: Sheet, row: int, rows: list[Json], fields: str) -> Json:
    start = {"sheetId": sheet.id, "rowIndex": row, "columnIndex": 0}
    return {"updateCells": {"start": start, "rows": rows, "fields": fields}}


def _looks(template: WorkbookTemplate, sheet: Sheet) -> Iterator[Json]:
    yield from column_looks(sheet.id, sheet.tab, sheet.columns, sheet.tab.header_row)
    for place, column in enumerate(sheet.columns):
        rule = None if sheet.tab.is_tool_tab else validation(template, column)
        if rule:
            yield {"setDataValidation": {"range": sheet.below(place), "rule": rule}}
        yield _width(sheet, place, column)


def _width(sheet: Sheet, place: int, column: Column) -> Json:
    size: Json = {"pixelSize": column.width}
    if column.hidden:
        size["hiddenByUser"] = True
    where = {"sheetId": sheet.id, "dimension": "COLUMNS", "startIndex": place, "endIndex": place + 1}
    return {"updateDimensionProperties": {"range": where, "properties": size, "fields": ",".join(size)}}


def _status_colors(sheet: Sheet) -> Iterator[Json]:
    places = [place for place, column in enumerate(sheet.columns) if column.key == "status"]
    for place in places:
        for index, status in enumerate(STATUS_COLORS):
            rule = status_rule(sheet.below(place), status)
            yield {"addConditionalFormatRule": {"rule": rule, "index": index}}


def _protection(sheet: Sheet) -> Json:
    warning = {
        "range": {"sheetId": sheet.id},
        "description": "Written by sheetsync; what is typed here is written over.",
        "warningOnly": True,
    }
    return {"addProtectedRange": {"protectedRange": warning}}


def _mark(key: str, value: str, location: Json) -> Json:
    mark = {"metadataKey": key, "metadataValue": value, "visibility": "DOCUMENT", "location": location}
    return {"createDeveloperMetadata": {"developerMetadata": mark}}
