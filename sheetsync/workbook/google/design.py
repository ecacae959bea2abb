"""The requests that make tabs in a spreadsheet, each valid when its turn comes.

Sheet ids are chosen by us, so that no answer has to be awaited: tabs first (lists of choices point at other tabs),
then their contents and looks, then the marks by which a later sync knows them.
"""

from collections.abc import Iterator, Sequence

from sheetsync.cells import Cell
from sheetsync.formulas import array_formula
from sheetsync.template import Column, Tab, WorkbookTemplate
from sheetsync.workbook.google.appearance import color, column_looks, header_format, validation
from sheetsync.workbook.google.blueprint import Blueprint, Sheet
from sheetsync.workbook.google.charts import chart_requests
from sheetsync.workbook.google.intro import choices, lines, live, offer
from sheetsync.workbook.google.layout import TAB, TEMPLATE, VERSION, YEAR
from sheetsync.workbook.google.protection import protections
from sheetsync.workbook.google.rows import Json, cell_data, cut
from sheetsync.workbook.google.rules import conditional_formats

_VALUE_AND_LOOK = "userEnteredValue,userEnteredFormat,note"


def requests(blueprint: Blueprint, made: Sequence[Sheet]) -> Iterator[Json]:
    """Everything that makes these tabs, in order, their marks last."""
    for sheet in made:
        yield {"addSheet": {"properties": _properties(blueprint, sheet)}}
    for sheet in made:
        yield from _contents(blueprint, sheet)
        yield from _looks(blueprint, sheet)
        yield from chart_requests(blueprint, sheet)
        yield from conditional_formats(blueprint, sheet)
        yield from protections(blueprint, sheet)
    for sheet in made:
        yield mark(TAB, sheet.tab.key, {"sheetId": sheet.id})


def plan_marks(blueprint: Blueprint) -> Iterator[Json]:
    """The marks of the spreadsheet as a whole."""
    template = blueprint.template
    for key, value in ((YEAR, str(blueprint.year)), (TEMPLATE, template.name), (VERSION, str(template.version))):
        yield mark(key, value, {"spreadsheet": True})


def mark(key: str, value: str, location: Json) -> Json:
    """The request for a piece of developer metadata."""
    metadata = {"metadataKey": key, "metadataValue": value, "visibility": "DOCUMENT", "location": location}
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def _properties(blueprint: Blueprint, sheet: Sheet) -> Json:
    tab = sheet.tab
    rows, columns = sheet.size
    # Above the header there may be more cells than titles.
    columns = max(columns, *(place + 1 for _, place in live(blueprint, tab)), 0)
    properties: Json = {
        "sheetId": sheet.id,
        "title": tab.title,
        "tabColor": color(tab.color),
        "gridProperties": {
            "rowCount": rows,
            "columnCount": columns,
            # Frozen together with charts, nothing else would fit on a phone, and nothing would scroll.
            "frozenRowCount": 0 if tab.charts else tab.header_row,
            # Google wants at least one column to scroll.
            "frozenColumnCount": min(tab.frozen_columns, len(sheet.columns) - 1),
        },
    }
    # Somebody has to see the first one.
    if tab.hidden and tab.key != blueprint.template.tabs[0].key:
        properties["hidden"] = True
    return properties


def _contents(blueprint: Blueprint, sheet: Sheet) -> Iterator[Json]:
    tab = sheet.tab
    above = [*lines(blueprint, tab), *({"values": []} for _ in range(tab.chart_rows))]
    header = {"values": [_header(blueprint.template, tab, column) for column in sheet.columns]}
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


def _looks(blueprint: Blueprint, sheet: Sheet) -> Iterator[Json]:
    yield from column_looks(sheet.id, sheet.tab, sheet.columns, sheet.tab.header_row)
    for place, column in enumerate(sheet.columns):
        rule = None if sheet.tab.is_tool_tab else validation(blueprint.template, column)
        if rule:
            yield {"setDataValidation": {"range": sheet.below(place), "rule": rule}}
        yield _width(sheet, place, column)
    for cell, offered in choices(blueprint, sheet.tab).items():
        yield offer(sheet.id, cell, offered)


def _width(sheet: Sheet, place: int, column: Column) -> Json:
    size: Json = {"pixelSize": column.width}
    if column.hidden:
        size["hiddenByUser"] = True
    where = {"sheetId": sheet.id, "dimension": "COLUMNS", "startIndex": place, "endIndex": place + 1}
    return {"updateDimensionProperties": {"range": where, "properties": size, "fields": ",".join(size)}}
