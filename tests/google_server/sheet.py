"""One sheet: its grid of cells, its dimensions and the objects that lie on it.

Decided here: only cells that hold something are kept; stored objects are the API's own JSON in canonical
form, so a read gives them back as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.google_server.a1 import Area, area_text
from tests.google_server.cells import EMPTY, Cell
from tests.google_server.errors import Refused
from tests.google_server.shifting import Shift, shifted
from tests.google_server.wire import Json

# The Sheet fields that hold lists of objects with ranges in them.
OBJECT_KINDS = (
    "merges",
    "conditionalFormats",
    "protectedRanges",
    "charts",
    "bandedRanges",
    "rowGroups",
    "columnGroups",
)
COUNT_NAMES = {"ROWS": "rowCount", "COLUMNS": "columnCount"}
FROZEN_NAMES = {"ROWS": "frozenRowCount", "COLUMNS": "frozenColumnCount"}
Grid = dict[tuple[int, int], Cell]


@dataclass
class Sheet:
    """One tab. `properties` is SheetProperties without `index`, which is the tab's place in the book."""

    properties: Json
    cells: Grid = field(default_factory=dict)
    objects: dict[str, list[Json]] = field(default_factory=lambda: {kind: [] for kind in OBJECT_KINDS})
    dimensions: dict[str, dict[int, Json]] = field(default_factory=lambda: {"ROWS": {}, "COLUMNS": {}})
    basic_filter: Json | None = None

    @property
    def id(self) -> int:
        return int(self.properties["sheetId"])

    @property
    def title(self) -> str:
        return str(self.properties["title"])

    @property
    def rows(self) -> int:
        return int(self.properties["gridProperties"]["rowCount"])

    @property
    def columns(self) -> int:
        return int(self.properties["gridProperties"]["columnCount"])

    @property
    def whole(self) -> Area:
        return Area(0, 0, self.rows, self.columns)

    def size(self, dimension: str) -> int:
        return self.rows if dimension == "ROWS" else self.columns

    def copy(self) -> Sheet:
        """A copy that can be edited without touching this one; cells and JSON are never changed in place."""
        return Sheet(
            dict(self.properties),
            dict(self.cells),
            {kind: list(items) for kind, items in self.objects.items()},
            {name: dict(items) for name, items in self.dimensions.items()},
            self.basic_filter,
        )

    def cell(self, row: int, column: int) -> Cell:
        return self.cells.get((row, column), EMPTY)

    def put(self, row: int, column: int, cell: Cell) -> None:
        if cell.bare:
            self.cells.pop((row, column), None)
        else:
            self.cells[row, column] = cell

    def places(self, area: Area) -> Iterator[tuple[int, int]]:
        """The kept cells of an area, in no promised order; a list, so that the grid may change meanwhile."""
        yield from [place for place in self.cells if area.holds(*place)]

    def used(self, area: Area, values_only: bool = True) -> Area:
        """The part of an area up to its last row and column that hold something."""
        bottom, right = area.top, area.left
        for row, column in self.places(area):
            if not (values_only and self.cells[row, column].blank):
                bottom, right = max(bottom, row + 1), max(right, column + 1)
        return Area(area.top, area.left, bottom, right)

    def check_limits(self, area: Area) -> None:
        if area.top >= self.rows or area.left >= self.columns or area.bottom > self.rows or area.right > self.columns:
            raise Refused(
                f"Range ({area_text(self.title, area)}) exceeds grid limits. "
                f"Max rows: {self.rows}, max columns: {self.columns}"
            )

    def grow(self, rows: int, columns: int) -> None:
        """Make room for at least this many rows and columns."""
        self._set_size(max(rows, self.rows), max(columns, self.columns))

    def shift(self, shift: Shift) -> None:
        """Move what lies on this sheet; the book tells every sheet about every shift."""
        for kind, items in self.objects.items():
            self.objects[kind] = shifted(items, shift)
        if self.basic_filter is not None:
            moved = shifted(self.basic_filter, shift)
            self.basic_filter = moved if isinstance(moved, dict) else None
        if shift.sheet_id == self.id:
            self._shift_grid(shift)

    def _shift_grid(self, shift: Shift) -> None:
        moved: Grid = {}
        for (row, column), cell in self.cells.items():
            target = shift.index(row if shift.dimension == "ROWS" else column)
            if target is not None:
                moved[(target, column) if shift.dimension == "ROWS" else (row, target)] = cell
        self.cells = moved
        names = self.dimensions[shift.dimension]
        pairs = [(shift.index(index), item) for index, item in names.items()]
        self.dimensions[shift.dimension] = {index: item for index, item in pairs if index is not None}
        change = (shift.count, 0) if shift.dimension == "ROWS" else (0, shift.count)
        self._set_size(self.rows + change[0], self.columns + change[1])
        self._shift_frozen(shift)

    def _shift_frozen(self, shift: Shift) -> None:
        name = FROZEN_NAMES[shift.dimension]
        grid = self.properties["gridProperties"]
        span = shift.span(0, grid.get(name, 0))
        frozen = span[1] if span else 0
        self.properties["gridProperties"] = {key: value for key, value in grid.items() if key != name}
        if frozen:
            self.properties["gridProperties"][name] = frozen

    def _set_size(self, rows: int, columns: int) -> None:
        grid = self.properties["gridProperties"]
        self.properties["gridProperties"] = {**grid, "rowCount": rows, "columnCount": columns}


def new_sheet(sheet_id: int, title: str, rows: int = 1000, columns: int = 26) -> Sheet:
    grid = {"rowCount": rows, "columnCount": columns}
    return Sheet({"sheetId": sheet_id, "title": title, "sheetType": "GRID", "gridProperties": grid})
