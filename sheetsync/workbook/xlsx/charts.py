"""The charts of a dashboard, drawn by XlsxWriter: they show the live rows of the tab with the role series."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sheetsync.cells import column_letters
from sheetsync.charts import Drawing, Line, drawings
from sheetsync.formulas import quoted
from sheetsync.live import FIRST_VALUE, LABEL
from sheetsync.template import Tab, WorkbookTemplate
from sheetsync.workbook.xlsx.looks import INK, MUTED

_GRIDLINES, _AXIS, _COVER = "#e2e8f0", "#cbd5e1", "#f0fdfa"
# The names of a year's weeks would not fit; those of a quarter do.
_MOST_NAMES, _EVERY = 13, 4
_MOVES_BUT_KEEPS_ITS_SIZE = 2
_LINES: Mapping[str, Mapping[str, Any]] = {
    "line": {"width": 2.25},
    "thin": {"width": 1.25},
    "dashed": {"width": 2, "dash_type": "dash"},
}
_SAID = {
    "columns": "columns",
    "line": "a thick line",
    "thin": "a thin line",
    "dashed": "a dashed line",
    "band": "a pale band",
}


def add_charts(book: Any, sheet: Any, template: WorkbookTemplate, tab: Tab) -> None:
    """Draw the charts of a tab between its lines and its header, where nothing else stands."""
    for drawing in drawings(template, tab):
        place = {"x_offset": drawing.left, "object_position": _MOVES_BUT_KEEPS_ITS_SIZE}
        sheet.insert_chart(drawing.top, 0, _chart(book, drawing), {**place, "description": _in_words(drawing)})


def _chart(book: Any, drawing: Drawing) -> Any:
    band = list(_band(drawing))
    columns, lines = book.add_chart({"type": "column"}), book.add_chart({"type": "line"})
    for area in band:
        columns.add_series(area)
    for line in drawing.lines:
        if line.look == "columns":
            fill = {"fill": {"color": line.color}, "border": {"none": True}, "gap": 60}
            columns.add_series(_series(drawing, line) | fill)
        elif line.look in _LINES:
            lines.add_series(_series(drawing, line) | {"line": {"color": line.color, **_LINES[line.look]}})
    columns.combine(lines)
    # What covers the room below the band needs no name.
    _dress(columns, drawing, unnamed=range(1, len(band)))
    return columns


def _band(drawing: Drawing) -> Iterator[dict[str, Any]]:
    """The room between low and high, if there is one: columns without gaps up to high, and over them a cover in one
    tone up to low and up to what is done.

    Excel and LibreOffice draw these alike. They do not agree which of two areas lies in front, and LibreOffice saves
    the lines of a chart with stacked areas as stacked upon them.
    """
    lines = {line.key: line for line in drawing.lines}
    if "spread" in lines:
        name = _cells(drawing, lines["spread"].row, LABEL, LABEL)
        for key, color in (("high", lines["high"].color), ("low", _COVER), ("so_far", _COVER)):
            fill = {"fill": {"color": color}, "border": {"none": True}, "gap": 0, "overlap": 100}
            yield {**_series(drawing, lines[key]), **fill, "name": name}


def _series(drawing: Drawing, line: Line) -> dict[str, Any]:
    return {
        "name": _cells(drawing, line.row, LABEL, LABEL),
        "categories": _values(drawing, drawing.categories),
        "values": _values(drawing, line.row),
        # What is not known yet is not drawn by programs that show a chart as it was saved.
        "categories_data": [" "] * drawing.values,
        "values_data": [None] * drawing.values,
        "marker": {"type": "none"},
    }


def _values(drawing: Drawing, row: int) -> str:
    return _cells(drawing, row, FIRST_VALUE, FIRST_VALUE + drawing.values - 1)


def _cells(drawing: Drawing, row: int, first: int, last: int) -> str:
    """The place of cells of the tab with the values, by 0-based row and columns."""
    places = dict.fromkeys(f"${column_letters(column)}${row + 1}" for column in (first, last))
    return f"={quoted(drawing.series)}!{':'.join(places)}"


def _words(title: str) -> str:
    """A title as text: XlsxWriter would take one like `=Log!$A$1` for a place; what parts it there is not seen."""
    return title.replace("!", "!\N{WORD JOINER}")


def _dress(chart: Any, drawing: Drawing, unnamed: Sequence[int]) -> None:
    font = {"name": "Calibri", "size": 9, "color": MUTED}
    names = {"interval_unit": _EVERY} if drawing.values > _MOST_NAMES else {}
    # A year's amounts are large; of what is done in a week there may be half a one.
    amounts = {"num_format": "#,##0"} if drawing.chart.kind == "outcome" else {}
    chart.set_title({
        "name": _words(drawing.chart.title), "name_font": {"name": "Calibri", "size": 12, "bold": True, "color": INK},
        "overlay": False,
    })  # fmt: skip
    chart.set_x_axis({
        "num_font": font, "line": {"color": _AXIS}, "major_tick_mark": "none", "minor_tick_mark": "none", **names,
    })  # fmt: skip
    chart.set_y_axis({
        "num_font": font, "line": {"none": True}, "major_tick_mark": "none", "minor_tick_mark": "none", **amounts,
        "major_gridlines": {"visible": True, "line": {"color": _GRIDLINES, "width": 0.75}},
    })  # fmt: skip
    chart.set_legend({"position": "bottom", "font": font, "delete_series": list(unnamed)})
    chart.set_chartarea({"border": {"none": True}, "fill": {"color": "#ffffff"}})
    chart.set_plotarea({"fill": {"none": True}, "border": {"none": True}})
    chart.set_size({"width": drawing.chart.width, "height": drawing.chart.height})
    # The values are in a hidden tab. Where there is none nothing is drawn: "gap" would be the word for it, but it is
    # left out of the file as if that went without saying, and LibreOffice then takes it for zero.
    chart.show_hidden_data()
    chart.show_blanks_as("span")
    chart.show_na_as_empty_cell()


def _in_words(drawing: Drawing) -> str:
    """What is drawn, for those who cannot see it."""
    lines = [f"{_SAID[line.look]}: {line.name}" for line in drawing.lines if line.key not in {"low", "high"}]
    weeks = "the last 13 weeks" if drawing.chart.kind == "trend" else "the weeks of the year"
    return (
        f"{drawing.chart.title}. A chart of {weeks}, for the person and activity chosen in this tab: "
        f"{'; '.join(lines)}. Its numbers are in the tab {drawing.series.title}."
    )
