"""One sheet: its grid of cells, its dimensions and the objects that lie on it.

Decided here: only cells that hold something are kept, row by row, and a copy shares the rows it has not yet
changed; stored objects are the API's own JSON in canonical form, so a read gives them back as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    "filterViews",
    "slicers",
    "tables",
    "rowGroups",
    "columnGroups",
)
COUNT_NAMES = {"ROWS": "rowCount", "COLUMNS": "columnCount"}
FROZEN_NAMES = {"ROWS": "frozenRowCount", "COLUMNS": "frozenColumnCount"}
_NO_CELLS: Mapping[int, Cell] = {}
Place = tuple[int, int]
Grid = dict[int, dict[int, Cell]]


@dataclass
class Sheet:
    """One tab. `properties` is SheetProperties without `index`, which is the tab's place in the book."""

    properties: Json
    grid: Grid = field(default_factory=dict)
    objects: dict[str, list[Json]] = field(default_factory=lambda: {kind: [] for kind in OBJECT_KINDS})
    dimensions: dict[str, dict[int, Json]] = field(default_factory=lambda: {"ROWS": {}, "COLUMNS": {}})
    basic_filter: Json | None = None
    formulas: set[Place] = field(default_factory=set)
    _own: set[int] = field(default_factory=set)

    @property
    def id(self) -> int:
        return int(self.properties["sheetId"])

    @property
    def title(self) -> str:
        return str(self.properties["title"])

    @property
    def rows(self) -> int:
        return int(self._grid_properties.get("rowCount", 0))

    @property
    def columns(self) -> int:
        return int(self._grid_properties.get("columnCount", 0))

    @property
    def _grid_properties(self) -> Json:
        """Empty for a sheet that is a chart."""
        properties: Json = self.properties.get("gridProperties", {})
        return properties

    @property
    def whole(self) -> Area:
        return Area(0, 0, self.rows, self.columns)

    def size(self, dimension: str) -> int:
        return self.rows if dimension == "ROWS" else self.columns

    def copy(self) -> Sheet:
        """A copy that can be edited without touching this one; cells and JSON are never changed in place."""
        self._own = set()
        return Sheet(
            dict(self.properties),
            dict(self.grid),
            {kind: list(items) for kind, items in self.objects.items()},
            {name: dict(items) for name, items in self.dimensions.items()},
            self.basic_filter,
            set(self.formulas),
        )

    def line(self, row: int) -> Mapping[int, Cell]:
        """The kept cells of a row by column."""
        return self.grid.get(row, _NO_CELLS)

    def cell(self, row: int, column: int) -> Cell:
        return self.line(row).get(column, EMPTY)

    def put(self, row: int, column: int, cell: Cell) -> None:
        self.put_line(row, {column: cell})

    def put_line(self, row: int, cells: Mapping[int, Cell]) -> None:
        """Cells of one row by column; the others of the row stay."""
        line = self.grid.get(row)
        if line is None or row not in self._own:
            line = self.grid[row] = dict(line or ())
            self._own.add(row)
        for column, cell in cells.items():
            if cell.value is None and cell.bare:
                line.pop(column, None)
            else:
                line[column] = cell
            if cell.formula is not None:
                self.formulas.add((row, column))
            elif self.formulas:
                self.formulas.discard((row, column))
        if not line:
            del self.grid[row]

    def lines(self, area: Area) -> Iterator[tuple[int, dict[int, Cell]]]:
        """The rows of an area that keep cells, in no promised order, with all their cells."""
        if area.rows < len(self.grid):
            return ((row, self.grid[row]) for row in range(area.top, area.bottom) if row in self.grid)
        return ((row, line) for row, line in self.grid.items() if area.top <= row < area.bottom)

    def places(self, area: Area) -> list[Place]:
        """The kept cells of an area, in no promised order; a list, so that the grid may change meanwhile."""
        left, right = area.left, area.right
        return [(row, column) for row, line in self.lines(area) for column in line if left <= column < right]

    def used(self, area: Area, values_only: bool = True) -> Area:
        """The part of an area up to its last row and column that hold something."""
        bottom, right = area.top, area.left
        for row, line in self.lines(area):
            for column, cell in line.items():
                if area.left <= column < area.right and not (values_only and cell.blank):
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
        self.grid = _moved_rows(self.grid, shift) if shift.dimension == "ROWS" else _moved_columns(self.grid, shift)
        self._own = set()
        places = [
            (shift.index(row), column) if shift.dimension == "ROWS" else (row, shift.index(column))
            for row, column in self.formulas
        ]
        self.formulas = {(row, column) for row, column in places if row is not None and column is not None}
        names = self.dimensions[shift.dimension]
        pairs = [(shift.index(index), item) for index, item in names.items()]
        self.dimensions[shift.dimension] = {index: item for index, item in pairs if index is not None}
        change = (shift.count, 0) if shift.dimension == "ROWS" else (0, shift.count)
        self._set_size(self.rows + change[0], self.columns + change[1])
        self._shift_frozen(shift)

    def _shift_frozen(self, shift: Shift) -> None:
        if not shift.count:
            return
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


def object_sheet(sheet_id: int, title: str) -> Sheet:
    """A sheet that is nothing but a chart."""
    return Sheet({"sheetId": sheet_id, "title": title, "sheetType": "OBJECT"})


def _moved_rows(grid: Grid, shift: Shift) -> Grid:
    pairs = [(shift.index(row), line) for row, line in grid.items()]
    return {row: line for row, line in pairs if row is not None}


def _moved_columns(grid: Grid, shift: Shift) -> Grid:
    result: Grid = {}
    for row, line in grid.items():
        pairs = [(shift.index(column), cell) for column, cell in line.items()]
        moved = {column: cell for column, cell in pairs if column is not None}
        if moved:
            result[row] = moved
    return result


def new_sheet(sheet_id: int, title: str, rows: int = 1000, columns: int = 26) -> Sheet:
    grid = {"rowCount": rows, "columnCount": columns}
    return Sheet({"sheetId": sheet_id, "title": title, "sheetType": "GRID", "gridProperties": grid})
