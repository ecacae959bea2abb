"""What in the tabs that are there must be set again, because a tab to which it points was made again.

Google leaves #REF! behind in formulas, and nothing in charts and lists of choices. Only formulas of ours that still
stand where they were made are set: what a person took away stays away.
"""

from collections.abc import Collection, Iterator

from sheetsync.cells import Cell, fold, text_of
from sheetsync.formulas import array_formula, quoted
from sheetsync.template import Column, Tab
from sheetsync.workbook.google.appearance import validation
from sheetsync.workbook.google.blueprint import Blueprint, Sheet
from sheetsync.workbook.google.charts import specs
from sheetsync.workbook.google.heads import Found, Head
from sheetsync.workbook.google.intro import Place, choices, live, live_value, offer
from sheetsync.workbook.google.rows import Json


def mended(blueprint: Blueprint, found: Found, made: Collection[str]) -> Iterator[Json]:
    """The requests that make all other tabs point into the tabs `made`. The template is as it stands."""
    titles = [quoted(blueprint.template.tab(key)) for key in made]
    for tab in blueprint.template.tabs:
        head = found.head(tab.key)
        if head is None or tab.key in made:
            continue
        there = _There(blueprint, tab, int(found.layout.marks[tab.key]), head)
        if tab.is_tool_tab:
            yield from there.live_cells(made, titles)
            yield from there.charts(made)
        else:
            yield from there.columns(made, titles)


class _There:
    """A tab that stays as it is, but for what points into others."""

    def __init__(self, blueprint: Blueprint, tab: Tab, sheet_id: int, head: Head) -> None:
        self._blueprint = blueprint
        self._tab = tab
        self._id = sheet_id
        self._head = head

    def columns(self, made: Collection[str], titles: Collection[str]) -> Iterator[Json]:
        """The lists of choices and the formulas of a tab that people type in."""
        header = self._tab.header_row - 1
        for place, column in enumerate(self._tab.columns):
            if not column.title or fold(text_of(self._shown(header, place))) != fold(column.title):
                continue
            if column.choices_from and column.choices_from.partition(".")[0] in made:
                rule = validation(self._blueprint.template, column)
                yield {"setDataValidation": {"range": Sheet(self._tab, self._id).below(place), "rule": rule}}
            if column.computed:
                yield from self._formula((header, place), self._computed(column), titles)

    def _computed(self, column: Column) -> Json:
        formula = array_formula(self._blueprint.template, self._tab, column)
        return {"userEnteredValue": {"formulaValue": formula}}

    def live_cells(self, made: Collection[str], titles: Collection[str]) -> Iterator[Json]:
        """The formulas and choices above the header of a tool tab."""
        cells = live(self._blueprint, self._tab)
        for place, cell in cells.items():
            yield from self._formula(place, live_value(cell), titles)
        for (row, column), rule in choices(self._blueprint, self._tab).items():
            source = cells[row, column].choices_from.partition(".")[0]
            label = cells.get((row, column - 1))
            if source in made and label and self._shown(row, column - 1) == label.text:
                yield offer(self._id, (row, column), rule)

    def _formula(self, place: Place, wanted: Json, titles: Collection[str]) -> Iterator[Json]:
        formula = wanted.get("userEnteredValue", {}).get("formulaValue", "")
        if place in self._head.formulas and any(title in formula for title in titles):
            yield cell_request(self._id, place, wanted, "userEnteredValue")

    def charts(self, made: Collection[str]) -> Iterator[Json]:
        """The charts that draw from a tab made again, if they are still there."""
        if any(self._blueprint.template.tab(key).role == "series" for key in made):
            for number, spec in specs(self._blueprint, self._tab, self._id).items():
                if number in self._head.charts:
                    yield {"updateChartSpec": {"chartId": number, "spec": spec}}

    def _shown(self, row: int, column: int) -> Cell:
        grid = self._head.grid
        return grid[row][column] if row < len(grid) and 0 <= column < len(grid[row]) else None


def cell_request(sheet_id: int, place: Place, cell: Json, fields: str) -> Json:
    """The request that sets these fields of one cell."""
    start = {"sheetId": sheet_id, "rowIndex": place[0], "columnIndex": place[1]}
    return {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": fields}}
