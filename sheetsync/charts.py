"""What the charts of a dashboard draw, and how: the same on every backend, told apart without seeing colours.

Each line of a chart is a live row of the tab with the role series; its categories are a row that a sync writes there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sheetsync.live import OUTCOME_LINES, TREND_LINES, WEEKS, YEAR, name_of, values_of
from sheetsync.template import Chart, Tab, WorkbookTemplate

Look = Literal["columns", "line", "thin", "dashed", "band"]
GAP = 16
"""Pixels around a chart."""

# Columns, a thick line, a thin grey one, dashes and a pale band differ in shape; the colours only help.
_LOOKS: Mapping[str, tuple[Look, str]] = {
    "done": ("columns", "#0f766e"),
    "target": ("line", "#b45309"),
    "so_far": ("line", "#0f766e"),
    "pace": ("thin", "#64748b"),
    "likely": ("dashed", "#b45309"),
    "low": ("band", "#99e0d3"),
    "high": ("band", "#99e0d3"),
    "spread": ("band", "#99e0d3"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its 0-based row in the series tab, what it is and is called, and how it looks."""

    key: str
    row: int
    name: str
    look: Look
    color: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart to be drawn in a dashboard.

    `top` is the 0-based row at which it begins, `left` its pixels from the tab's left edge. `series` is the tab its
    values are in; `categories` the 0-based row of their names there, `values` how many there are. A band is the room
    between its two lines, low and high; spread is how far apart they are, and named for the band.
    """

    chart: Chart
    top: int
    left: int
    series: Tab
    categories: int
    values: int
    lines: tuple[Line, ...]


def drawings(template: WorkbookTemplate, tab: Tab) -> Iterator[Drawing]:
    """The charts of a tab, from left to right."""
    series = template.first("series")
    left = GAP
    for chart in tab.charts if series else ():
        assert series is not None  # noqa: S101  for the type checker
        keys = TREND_LINES if chart.kind == "trend" else OUTCOME_LINES
        rows = {shown: row for row, shown in series.lines.items()}
        lines = tuple(Line(key, rows[key], name_of(template, key), *_LOOKS[key]) for key in keys if key in rows)
        categories = series.header_row + (WEEKS if chart.kind == "trend" else YEAR)
        yield Drawing(chart, len(tab.intro), left, series, categories, values_of(keys[0]), lines)
        left += chart.width + GAP


def rows_covered(tab: Tab) -> range:
    """The 0-based rows that the charts of a tab cover, each `template.PIXELS_A_ROW` high."""
    return range(len(tab.intro), len(tab.intro) + tab.chart_rows)
