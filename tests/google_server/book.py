"""One spreadsheet's whole state, and the rules that hold for all of it.

Decided here: sheet ids and titles are unique (titles without regard to case), one visible sheet remains,
10,000,000 cells in all; a range given as JSON or text resolves to a sheet and a rectangle on it. When a tab is
deleted, formulas that referred to it read #REF! from then on, and charts stay and have lost those values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tests.google_server.a1 import Area, parse_reference, split_title
from tests.google_server.errors import Refused
from tests.google_server.formulas import renamed_sheet, shifted_formula, without_sheet
from tests.google_server.locales import Locale, locale_of
from tests.google_server.sheet import Sheet
from tests.google_server.shifting import VANISHED, Shift, shifted, without_sources
from tests.google_server.wire import Json

MAX_CELLS = 10_000_000
MAX_COLUMNS = 18_278


@dataclass
class Book:
    """A spreadsheet. Lists are replaced or edited, the JSON inside them never is."""

    id: str
    title: str
    locale: str = "en_US"
    time_zone: str = "Etc/GMT"
    auto_recalc: str = "ON_CHANGE"
    sheets: list[Sheet] = field(default_factory=list)
    named_ranges: list[Json] = field(default_factory=list)
    metadata: list[Json] = field(default_factory=list)
    stale: bool = True
    """Whether formulas may have other values by now; `calculation` looks at it before every read."""
    calculated: date | None = None
    """The day on which they were computed the last time."""

    def copy(self) -> Book:
        sheets = [sheet.copy() for sheet in self.sheets]
        settings = (self.id, self.title, self.locale, self.time_zone, self.auto_recalc)
        return Book(*settings, sheets, list(self.named_ranges), list(self.metadata), self.stale, self.calculated)

    @property
    def conventions(self) -> Locale:
        """How this spreadsheet's locale writes numbers and dates."""
        return locale_of(self.locale)

    def sheet(self, sheet_id: int) -> Sheet:
        for sheet in self.sheets:
            if sheet.id == sheet_id:
                return sheet
        raise Refused(f"No grid with id: {sheet_id}")

    def titled(self, title: str) -> Sheet | None:
        exact = [sheet for sheet in self.sheets if sheet.title == title]
        folded = [sheet for sheet in self.sheets if sheet.title.casefold() == title.casefold()]
        return next(iter(exact + folded), None)

    def first_visible(self) -> Sheet:
        """The tab a range without a title means."""
        return next(sheet for sheet in self.sheets if not sheet.properties.get("hidden"))

    def check_new_title(self, title: str, renamed: Sheet | None = None) -> None:
        other = self.titled(title)
        if other is not None and other is not renamed:
            raise Refused(f'A sheet with the name "{title}" already exists. Please enter another name.')

    def check_new_id(self, sheet_id: int) -> None:
        if sheet_id < 0:
            raise Refused("SheetId must be non-negative.")
        if any(sheet.id == sheet_id for sheet in self.sheets):
            raise Refused(f"A sheet with the ID {sheet_id} already exists.")

    def check_size(self) -> None:
        for sheet in self.sheets:
            if sheet.columns > MAX_COLUMNS:
                raise Refused(f"Sheet {sheet.title} can't have more than {MAX_COLUMNS} columns.")
        if sum(sheet.rows * sheet.columns for sheet in self.sheets) > MAX_CELLS:
            raise Refused(
                "This action would increase the number of cells in the workbook above the limit of "
                f"{MAX_CELLS} cells."
            )

    def check_visible(self, verb: str) -> None:
        if not any(not sheet.properties.get("hidden") for sheet in self.sheets):
            raise Refused(f"You can't {verb} all the sheets in a document.")

    def remove_sheet(self, sheet: Sheet) -> None:
        """The sheet, its named ranges and metadata; what other sheets refer to on it is lost to them."""
        self.sheets.remove(sheet)
        self.check_visible("remove")
        self._rewrite(lambda _, formula: without_sheet(formula, sheet.title))
        for other in self.sheets:
            other.objects["charts"] = [without_sources(chart, sheet.id) for chart in other.objects["charts"]]
        self.named_ranges = [item for item in self.named_ranges if item["range"].get("sheetId", 0) != sheet.id]
        self.metadata = [item for item in self.metadata if metadata_sheet(item) != sheet.id]

    def resize(self, sheet: Sheet, rows: int, columns: int) -> None:
        """Set a grid's size; what lies outside afterwards is lost, with the names and tags it had."""
        for dimension, new in (("ROWS", rows), ("COLUMNS", columns)):
            if new < sheet.size(dimension):
                self.shift(Shift(sheet.id, dimension, new, new - sheet.size(dimension)))
        sheet.grow(rows, columns)

    def shift(self, shift: Shift) -> None:
        """Move all that names a place on one sheet, in every sheet."""
        title = self.sheet(shift.sheet_id).title
        for sheet in self.sheets:
            sheet.shift(shift)
        self._rewrite(lambda sheet, formula: shifted_formula(formula, sheet.title, title, shift))
        self.named_ranges = _kept(self.named_ranges, shift)
        self.metadata = _kept(self.metadata, shift)

    def rename_in_formulas(self, old: str, new: str) -> None:
        """Formulas follow a tab that gets another name."""
        self._rewrite(lambda sheet, formula: renamed_sheet(formula, old, new))

    def _rewrite(self, change: Callable[[Sheet, str], str]) -> None:
        for sheet in self.sheets:
            for row, column in list(sheet.formulas):
                cell = sheet.cell(row, column)
                text = change(sheet, cell.formula or "")
                if text != cell.formula:
                    sheet.put(row, column, replace(cell, formula=text))

    def grid_area(self, grid_range: Json) -> tuple[Sheet, Area]:
        """The sheet and rectangle of a GridRange, refused when it leaves the grid."""
        sheet = self.sheet(grid_range.get("sheetId", 0))
        area = Area(
            grid_range.get("startRowIndex", 0),
            grid_range.get("startColumnIndex", 0),
            grid_range.get("endRowIndex", sheet.rows),
            grid_range.get("endColumnIndex", sheet.columns),
        )
        if min(area.top, area.left) < 0 or area.bottom <= area.top or area.right <= area.left:
            raise Refused(_disorder(area))
        sheet.check_limits(area)
        return sheet, area

    def text_area(self, text: str) -> tuple[Sheet, Area, bool]:
        """The sheet and rectangle of an A1 text; the last item tells a single cell, which may anchor a write."""
        title, rest = split_title(text)
        sheet = self.first_visible() if title is None else self.titled(title)
        if sheet is None:
            raise Refused(f"Unable to parse range: {text}")
        if rest is None:
            return sheet, sheet.whole, False
        if reference := parse_reference(rest):
            area = reference.area(sheet.rows, sheet.columns)
            sheet.check_limits(area)
            return sheet, area, reference.single
        return self._named_area(text, rest, title is None)

    def _named_area(self, text: str, name: str, bare: bool) -> tuple[Sheet, Area, bool]:
        for item in self.named_ranges:
            if item["name"] == name:
                return *self.grid_area(item["range"]), False
        titled = self.titled(name) if bare else None
        if titled is None:
            raise Refused(f"Unable to parse range: {text}")
        return titled, titled.whole, False


def metadata_sheet(item: Json) -> int | None:
    """The sheet a piece of developer metadata lies on; None for the spreadsheet's own."""
    location: Json = item.get("location", {})
    if "dimensionRange" in location:
        return int(location["dimensionRange"].get("sheetId", 0))
    return location.get("sheetId")


def _kept(items: list[Json], shift: Shift) -> list[Json]:
    moved: list[Any] = [shifted(item, shift) for item in items]
    return [item for item in moved if item is not VANISHED]


def _disorder(area: Area) -> str:
    if area.right <= area.left:
        return f"endColumnIndex {area.right} must be greater than startColumnIndex {area.left}"
    return f"endRowIndex {area.bottom} must be greater than startRowIndex {area.top}"
