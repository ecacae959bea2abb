"""Generating the workbook with XlsxWriter: tabs, header, columns, formulas, and the names that mark the tabs."""

import os
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from sheetsync.cells import Cell
from sheetsync.errors import ConfigError
from sheetsync.formulas import quoted, row_formula
from sheetsync.periods import Calendar
from sheetsync.template import Column, Tab, WorkbookTemplate
from sheetsync.workbook.xlsx.archive import replace_file
from sheetsync.workbook.xlsx.charts import add_charts
from sheetsync.workbook.xlsx.lines import write_lines
from sheetsync.workbook.xlsx.looks import POINTS_A_LINE, Looks, dress, lines_of, wraps
from sheetsync.workbook.xlsx.package import MARK, TEMPLATE, VERSION, YEAR
from sheetsync.workbook.xlsx.rules import add_colors, add_validation

USUAL = Calendar()
"""Weeks from Monday, years from January."""

_ACTIVITY_WIDTH = 110
_TOOL_NOTE = "Only sheetsync writes in this tab: what is typed here is replaced by the next sync."


def create(  # noqa: PLR0917  a workbook is described by all of these
    path: Path,
    template: WorkbookTemplate,
    year: int,
    title: str,
    rows: Mapping[str, Sequence[Sequence[Cell]]],
    activity_titles: Sequence[str] = (),
    *,
    calendar: Calendar = USUAL,
    first: Callable[[], None] = lambda: None,
) -> None:
    """Generate the workbook of a template for the fiscal year `year`; `calendar` tells which periods are under way.

    `first` is called when the file is whole and about to take its place.

    `rows` holds data rows by tab key, in the template's column order (None for blank and for computed columns);
    `activity_titles` are further columns of tabs with `activity_columns`. Nothing is protected, whatever the template
    says: Excel can forbid a change but not warn of it. Raises `ConfigError` when the file exists or cannot be made.
    """
    _refuse_to_replace(path)
    content = BytesIO()
    book = _book(content, title, template.description)
    _fill(book, template, rows, activity_titles, calendar)
    _mark(book, template, year)
    book.close()

    def about_to_be_there() -> None:
        _refuse_to_replace(path)
        first()

    replace_file(path, lambda target: _write_all(target, content), about_to_be_there)


def _write_all(target: Any, content: BytesIO) -> None:
    target.write(content.getbuffer())


def _refuse_to_replace(path: Path) -> None:
    if os.path.lexists(path):
        raise ConfigError(f"{path} exists already; choose another name or move it away")
    if not path.parent.is_dir():
        raise ConfigError(f"the folder {path.parent} does not exist; make it or choose another one")


def _book(content: BytesIO, title: str, description: str) -> Any:
    import xlsxwriter

    as_typed = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(content, {"in_memory": True, **as_typed})
    book.set_properties({"title": title, "comments": description})
    return book


def _fill(
    book: Any,
    template: WorkbookTemplate,
    rows: Mapping[str, Sequence[Sequence[Cell]]],
    activity_titles: Sequence[str],
    calendar: Calendar,
) -> None:
    looks = Looks(book)
    for place, tab in enumerate(template.tabs):
        sheet = book.add_worksheet(tab.title)
        # A workbook opens at its first tab.
        if tab.hidden and place:
            sheet.hide()
        columns = [*tab.columns, *_activity_columns(tab, activity_titles)]
        dress(sheet, tab, columns, looks)
        add_validation(sheet, template, tab, columns)
        add_colors(sheet, tab, columns, calendar, looks)
        write_lines(sheet, template, tab, calendar, looks)
        add_charts(book, sheet, template, tab)
        _write_header(sheet, tab, columns, looks)
        formats = [looks.cell(tab, column) for column in columns]
        for row, cells in enumerate(rows.get(tab.key, ()), start=tab.header_row):
            formulas = {
                at: row_formula(template, tab, column, row + 1)
                for at, column in enumerate(columns)
                if column.computed
            }
            _make_room(sheet, row, cells, columns)
            _write_row(sheet, row, cells, formats, formulas)


def _activity_columns(tab: Tab, titles: Sequence[str]) -> list[Column]:
    if not tab.activity_columns:
        return []
    return [Column(key=f"activity {at}", title=t, type="count", width=_ACTIVITY_WIDTH) for at, t in enumerate(titles)]


def _write_header(sheet: Any, tab: Tab, columns: Sequence[Column], looks: Looks) -> None:
    for at, column in enumerate(columns):
        sheet.write_string(tab.header_row - 1, at, column.title, looks.header(tab, column))
        note = f"{column.note}\n\n{_TOOL_NOTE}".strip() if tab.is_tool_tab and at == 0 else column.note
        if note:
            sheet.write_comment(tab.header_row - 1, at, note, looks.note(note))


def _make_room(sheet: Any, row: int, cells: Sequence[Cell], columns: Sequence[Column]) -> None:
    """Make a row high enough for its text. Others are left alone, so that they grow as people type."""
    texts = [(cell, column) for cell, column in zip(cells, columns, strict=False) if wraps(column)]
    lines = max((lines_of(cell, column.width / 7) for cell, column in texts if isinstance(cell, str)), default=1)
    if lines > 1:
        sheet.set_row(row, POINTS_A_LINE * lines)


def _write_row(
    sheet: Any, row: int, cells: Sequence[Cell], formats: Sequence[Any], formulas: Mapping[int, str]
) -> None:
    for at, looks in enumerate(formats):
        cell = cells[at] if at < len(cells) else None
        if cell is None and at in formulas:
            sheet.write_formula(row, at, formulas[at], looks, "")
        else:
            _write_cell(sheet, row, at, cell, looks)


def _write_cell(sheet: Any, row: int, at: int, cell: Cell, looks: Any) -> None:
    """Write a cell as what it is: text is never taken for a formula or a number."""
    if isinstance(cell, bool):
        sheet.write_boolean(row, at, cell, looks)
    elif isinstance(cell, str):
        sheet.write_string(row, at, cell, looks)
    elif cell is not None:
        sheet.write_number(row, at, cell, looks)


def _mark(book: Any, template: WorkbookTemplate, year: int) -> None:
    marks = {tab.key: f"={quoted(tab)}!$A$1" for tab in template.tabs}
    taken = sorted({YEAR, TEMPLATE, VERSION} & marks.keys())
    if taken:
        raise ConfigError(f"template {template.name}: a tab cannot have the key {taken[0]}; choose another key")
    name = template.name.replace('"', '""')
    about = {YEAR: f"={year}", TEMPLATE: f'="{name}"', VERSION: f"={template.version}"}
    for key, formula in {**marks, **about}.items():
        book.define_name(MARK + key, formula)
        book.defined_names[-1][-1] = True  # hidden; XlsxWriter has no argument for it
