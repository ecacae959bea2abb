"""The charts of a dashboard as Google draws them: columns and lines over the rows of the tab with the role series.

A chart's id follows from its tab's, so that no answer has to be awaited and the chart is found again. A band is drawn
as its two edges, dotted: Google cannot shade the room between two lines, and stacked they would mislead.
"""

from collections.abc import Iterator

from sheetsync.charts import Drawing, Line, Look, drawings, rows_covered
from sheetsync.live import LABEL
from sheetsync.template import PIXELS_A_ROW, Tab
from sheetsync.workbook.google.appearance import MUTED, color
from sheetsync.workbook.google.blueprint import NOWHERE, Blueprint, Sheet
from sheetsync.workbook.google.rows import Json

# The kind of dashes and the thickness in pixels.
_LINES: dict[Look, tuple[str, int]] = {
    "line": ("SOLID", 3),
    "thin": ("SOLID", 1),
    "dashed": ("MEDIUM_DASHED", 2),
    "band": ("DOTTED", 2),
}
_MOST_CHARTS, _MOST_SHEETS = 100, 20_000_000
_INK = "#0f172a"
_STACKED = "spread"


def chart_requests(blueprint: Blueprint, sheet: Sheet) -> Iterator[Json]:
    """What draws the charts of a tab, if the tab that has their values is there."""
    covered = rows_covered(sheet.tab)
    if covered:
        where = {"sheetId": sheet.id, "dimension": "ROWS", "startIndex": covered.start, "endIndex": covered.stop}
        size = {"range": where, "properties": {"pixelSize": PIXELS_A_ROW}, "fields": "pixelSize"}
        yield {"updateDimensionProperties": size}
    for number, drawing, spec in _drawn(blueprint, sheet.tab, sheet.id):
        anchor = {"sheetId": sheet.id, "rowIndex": drawing.top, "columnIndex": 0}
        place = {"anchorCell": anchor, "offsetXPixels": drawing.left}
        place |= {"widthPixels": drawing.chart.width, "heightPixels": drawing.chart.height}
        yield {"addChart": {"chart": {"chartId": number, "spec": spec, "position": {"overlayPosition": place}}}}


def specs(blueprint: Blueprint, tab: Tab, sheet_id: int) -> dict[int, Json]:
    """What the charts of a tab draw, by chart id."""
    return {number: spec for number, _, spec in _drawn(blueprint, tab, sheet_id)}


def _drawn(blueprint: Blueprint, tab: Tab, sheet_id: int) -> Iterator[tuple[int, Drawing, Json]]:
    for number, drawing in enumerate(drawings(blueprint.template, tab)):
        source = blueprint.ids[drawing.series.key]
        if source != NOWHERE:
            yield _id(sheet_id, number), drawing, _spec(drawing, source)


def _id(sheet_id: int, number: int) -> int:
    # Google takes 31 bits.
    return sheet_id % _MOST_SHEETS * _MOST_CHARTS + number + 1


def _spec(drawing: Drawing, source: int) -> Json:
    lines = [line for line in drawing.lines if line.key != _STACKED]
    names = ", ".join(line.name for line in lines)
    small = {"fontSize": 9, "foregroundColorStyle": {"rgbColor": color(MUTED)}}
    return {
        "title": drawing.chart.title,
        "titleTextFormat": {"fontSize": 12, "bold": True, "foregroundColorStyle": {"rgbColor": color(_INK)}},
        "altText": f"{drawing.chart.title}: {names}",
        "hiddenDimensionStrategy": "SHOW_ALL",  # the tab with the values is hidden
        "basicChart": {
            "chartType": "COMBO",
            "legendPosition": "BOTTOM_LEGEND",
            "headerCount": 1,
            # What stands below the categories has no format of its own.
            "axis": [{"position": "BOTTOM_AXIS"}, {"position": "LEFT_AXIS", "format": small}],
            "domains": [{"domain": _row(source, drawing, drawing.categories)}],
            "series": [_series(source, drawing, line) for line in lines],
        },
    }


def _series(source: int, drawing: Drawing, line: Line) -> Json:
    look: Json = {"type": "COLUMN"}
    if line.look in _LINES:
        dashes, width = _LINES[line.look]
        look = {"type": "LINE", "lineStyle": {"type": dashes, "width": width}}
    values = {"series": _row(source, drawing, line.row), "targetAxis": "LEFT_AXIS"}
    return {**values, **look, "colorStyle": {"rgbColor": color(line.color)}}


def _row(source: int, drawing: Drawing, row: int) -> Json:
    """A row of values with its name, which stands before them."""
    columns = {"startColumnIndex": LABEL, "endColumnIndex": LABEL + 1 + drawing.values}
    return {
        "sourceRange": {"sources": [{"sheetId": source, "startRowIndex": row, "endRowIndex": row + 1, **columns}]}
    }
