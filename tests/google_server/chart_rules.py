"""What a basic chart must be, as the discovery document says it.

Decided here: the wording of the refusals, of which none is on record; only what the document calls an error or not
valid is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.google_server.errors import Refused
from tests.google_server.wire import Json

_LINES = ("AREA", "LINE", "SCATTER")


def check_basic_chart(spec: Json) -> None:
    """Refuse the spec of a chart whose parts do not go together."""
    chart: Json = spec.get("basicChart", {})
    kind = chart.get("chartType", "")
    if len(chart.get("domains", [])) > 1:
        raise Refused("Only a single domain is supported.")
    positions = [axis.get("position") for axis in chart.get("axis", [])]
    if len(set(positions)) < len(positions):
        raise Refused("A chart may not have more than one axis per axis position.")
    domain_axis = "LEFT_AXIS" if kind == "BAR" else "BOTTOM_AXIS"
    if any(axis.get("position") == domain_axis and "format" in axis for axis in chart.get("axis", [])):
        raise Refused("The axis format is not valid on the axis of the domain.")
    for series in chart.get("series", []):
        _check_series(kind, series)
    _check_ranges([*_sources(chart.get("domains", []))], [*_sources(chart.get("series", []))])


def _check_series(kind: str, series: Json) -> None:
    if "type" in series and kind != "COMBO":
        raise Refused("The type of a series is valid only if the chartType is COMBO.")
    if "type" in series and series["type"] not in ("LINE", "AREA", "COLUMN"):
        raise Refused("Only LINE, AREA, and COLUMN are supported.")
    if "lineStyle" in series and (series.get("type", "") if kind == "COMBO" else kind) not in _LINES:
        raise Refused("The lineStyle of a series is valid only if it is drawn as lines.")


def _sources(node: Any) -> Iterator[list[Json]]:
    """The lists of source ranges, one a domain or series."""
    if isinstance(node, dict):
        if "sources" in node:
            yield node["sources"]
        for item in node.values():
            yield from _sources(item)
    elif isinstance(node, list):
        for item in node:
            yield from _sources(item)


def _check_ranges(domains: list[list[Json]], series: list[list[Json]]) -> None:
    if len({len(sources) for sources in (*domains, *series)}) > 1:
        raise Refused("The domain and all series must have the same number of source ranges.")
    for sources in (*domains, *series):
        rows = {_length(each, "Row") == 1 for each in sources}
        columns = {_length(each, "Column") == 1 for each in sources}
        if rows == columns == {False} or len(rows) > 1 or len(columns) > 1:
            raise Refused("Exactly one dimension of a source range must have a length of 1.")


def _length(grid_range: Json, name: str) -> int | None:
    end = grid_range.get(f"end{name}Index")
    return None if end is None else int(end) - int(grid_range.get(f"start{name}Index", 0))
