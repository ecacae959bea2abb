"""What inserting and deleting rows or columns does to everything that names a place.

Decided here: one walk over any JSON finds the ranges (they are recognised by their keys) and moves them;
a range that is wholly deleted vanishes, and with it the object it was the `range` of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.google_server.wire import Json

GRID_KEYS = {
    "ROWS": ("startRowIndex", "endRowIndex", "rowIndex"),
    "COLUMNS": ("startColumnIndex", "endColumnIndex", "columnIndex"),
}
VANISHED = object()


@dataclass(frozen=True)
class Shift:
    """Rows or columns put in before `at` (count > 0), or taken away from `at` on (count < 0)."""

    sheet_id: int
    dimension: str
    at: int
    count: int

    def index(self, index: int) -> int | None:
        """Where one row or column goes; None when it is deleted."""
        if index < self.at:
            return index
        if self.count < 0 and index < self.at - self.count:
            return None
        return index + self.count

    def span(self, start: int | None, end: int | None) -> tuple[int | None, int | None] | None:
        """Where a half-open span goes; None when nothing of it is left."""
        if self.count > 0:
            moved_start = start + self.count if start is not None and start >= self.at else start
            moved_end = end + self.count if end is not None and end > self.at else end
            return moved_start, moved_end
        gone = self.at - self.count
        moved_start = _pulled(start, self.at, gone)
        moved_end = _pulled(end, self.at, gone)
        if moved_end is not None and (moved_start or 0) >= moved_end:
            return None
        return moved_start, moved_end


@dataclass(frozen=True)
class Move(Shift):
    """`size` rows or columns from `at` on, taken to before `target` as counted before the move; `count` is 0."""

    size: int
    target: int

    def index(self, index: int) -> int:
        """Where one row or column goes."""
        end = self.at + self.size
        if self.at <= index < end:
            return index - self.at + (self.target - self.size if self.target > end else self.target)
        if end <= index < self.target:
            return index - self.size
        return index + self.size if self.target <= index < self.at else index

    def span(self, start: int | None, end: int | None) -> tuple[int | None, int | None]:
        """Where a half-open span goes: it reaches from one of its outermost lines to the other, wherever they go."""
        if start is None or end is None:
            return start, end
        first, last = self.index(start), self.index(end - 1)
        return min(first, last), max(first, last) + 1


def _pulled(index: int | None, at: int, gone: int) -> int | None:
    if index is None or index <= at:
        return index
    return at if index < gone else index - (gone - at)


def shifted(node: Any, shift: Shift) -> Any:
    """The node with all its ranges moved, or VANISHED."""
    if isinstance(node, list):
        return _shifted_list(node, shift)
    if not isinstance(node, dict):
        return node
    if _is_dimension_range(node):
        return _moved_dimension(node, shift)
    if _is_grid_range(node):
        return _moved_grid(node, shift)
    if ("rowIndex" in node or "columnIndex" in node) and node.get("sheetId", 0) == shift.sheet_id:
        key = GRID_KEYS[shift.dimension][2]
        return {**node, key: shift.index(node.get(key, 0)) or 0}
    return _shifted_fields(node, shift)


def without_sources(node: Any, sheet_id: int) -> Any:
    """A chart without the ranges that it drew from a sheet."""
    if isinstance(node, list):
        return [without_sources(item, sheet_id) for item in node]
    if not isinstance(node, dict):
        return node
    if "sources" in node:
        return {**node, "sources": [each for each in node["sources"] if each.get("sheetId", 0) != sheet_id]}
    return {name: without_sources(item, sheet_id) for name, item in node.items()}


def _shifted_list(node: list[Any], shift: Shift) -> Any:
    moved = [shifted(item, shift) for item in node]
    return [item for item in moved if item is not VANISHED]


def _shifted_fields(node: Json, shift: Shift) -> Any:
    result: Json = {}
    for name, item in node.items():
        moved = shifted(item, shift)
        emptied = name == "ranges" and moved == [] and item != []
        if (moved is VANISHED and name in ("range", "location", "dimensionRange")) or emptied:
            return VANISHED
        if moved is not VANISHED:
            result[name] = moved
    return result


def _is_grid_range(node: Json) -> bool:
    return any(key in node for keys in GRID_KEYS.values() for key in keys[:2])


def _is_dimension_range(node: Json) -> bool:
    return "dimension" in node and ("startIndex" in node or "endIndex" in node)


def _moved_grid(node: Json, shift: Shift) -> Any:
    start, end, _ = GRID_KEYS[shift.dimension]
    if node.get("sheetId", 0) != shift.sheet_id or not (start in node or end in node):
        return node
    return _with_span(node, start, end, shift.span)


def _moved_dimension(node: Json, shift: Shift) -> Any:
    if node.get("sheetId", 0) != shift.sheet_id or node["dimension"] != shift.dimension:
        return node
    return _with_span(node, "startIndex", "endIndex", shift.span)


def _with_span(
    node: Json, start: str, end: str, move: Callable[[int | None, int | None], tuple[int | None, int | None] | None]
) -> Any:
    moved = move(node.get(start), node.get(end))
    if moved is None:
        return VANISHED
    result = dict(node)
    for key, value in ((start, moved[0]), (end, moved[1])):
        if value is not None:
            result[key] = value
    return result
