"""A template as a workbook stands today: the titles that people gave to tabs, and the places they gave to columns.

What is made again (a lost tab, a lost column) must look where things are now. Tabs that only sheetsync writes have
the template's columns at every sync, so of those only the title counts.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sheetsync.cells import Cell, text_of
from sheetsync.live import live_cells
from sheetsync.periods import Calendar
from sheetsync.tables import known_columns
from sheetsync.tabs import TabContents
from sheetsync.template import Column, Tab, WorkbookTemplate

_ALWAYS = frozenset(("people", "activities", "log"))


def as_it_stands(
    template: WorkbookTemplate, contents: Mapping[str, TabContents], titles: Collection[str], longest: int
) -> WorkbookTemplate:
    """The template in which each tab of `contents` has today's title, row of titles and order of columns.

    The other tabs are as they were at creation, each under a title of at most `longest` characters that is not among
    `titles`, those in use.
    """
    taken = {title.casefold() for title in titles}
    tabs = []
    for tab in template.tabs:
        if tab.key in contents:
            tabs.append(_standing(tab, contents[tab.key]))
        else:
            tabs.append(tab.model_copy(update={"title": _free(tab.title, taken, longest)}))
            taken.add(tabs[-1].title.casefold())
    return _of(template, tabs)


def displaced(template: WorkbookTemplate, contents: Mapping[str, TabContents]) -> list[str]:
    """Keys of tabs whose live rows do not stand where they were made: somebody put in or deleted rows or columns.

    Their titles and labels are where they were, and no formula comes to nothing while others come to something (a
    file that was saved without any results says nothing about them).
    """
    found = []
    for tab in template.tabs:
        if tab.live_rows and tab.key in contents:
            grid = contents[tab.key].grid
            titles = [text_of(_at(grid, tab.header_row - 1, at)) for at in range(len(tab.columns))]
            cells = live_cells(template, tab, Calendar(), dict.fromkeys((t.key for t in template.tabs), 0))
            labels = all(text_of(_at(grid, *at)) == cell.text for at, cell in cells.items() if cell.look == "label")
            results = [_at(grid, *at) is not None for at, cell in cells.items() if cell.formula]
            whole = all(results) or not any(results)
            if titles != [column.title for column in tab.columns] or not labels or not whole:
                found.append(tab.key)
    return found


def _at(grid: Sequence[Sequence[Cell]], row: int, column: int) -> Cell:
    return grid[row][column] if row < len(grid) and column < len(grid[row]) else None


def as_it_was_made(template: WorkbookTemplate, made: Collection[str], version: int) -> WorkbookTemplate:
    """The template as far as a workbook goes that was made from an earlier `version` of it, with the tabs `made`.

    Tabs that it never had are left out, but for those that every workbook has; live lines and charts came later. A
    workbook of this version has all.
    """
    if version >= template.version:
        return template
    kept = [tab for tab in template.tabs if tab.role != "series" and (tab.key in made or tab.role in _ALWAYS)]
    return _of(template, [_as_made(tab) for tab in kept])


def _as_made(tab: Tab) -> Tab:
    lines = tuple(line for row, line in enumerate(tab.intro) if row not in tab.live_rows)
    return tab.model_copy(update={"intro": lines, "charts": ()}) if tab.is_tool_tab else tab


def with_columns_at(
    template: WorkbookTemplate, key: str, header: int, columns: Mapping[int, Column]
) -> WorkbookTemplate:
    """The template in which a tab has these columns at 0-based positions, and its titles in the 0-based row `header`.

    The tab's other columns stay where they are, or move behind all others when one of these has taken their place.
    """
    tab = template.tab(key)
    keys = {column.key for column in columns.values()}
    there = {at: column for at, column in enumerate(tab.columns) if column.key not in keys and at not in columns}
    placed = _placed(tab, header, {**there, **columns}, len(tab.columns))
    return _of(template, [placed if other.key == key else other for other in template.tabs])


def _standing(tab: Tab, contents: TabContents) -> Tab:
    titled = tab.model_copy(update={"title": contents.title})
    table = known_columns(tab, contents)
    if tab.is_tool_tab or not table.positions:
        return titled
    at = {position: tab.column(key) for key, position in table.positions.items()}
    # A tally's activities follow its own columns, and formulas take them from there on.
    width = len(table.grid[table.header]) if not tab.activity_columns else max(at) + 1
    return _placed(titled, table.header, at, width)


def _placed(tab: Tab, header: int, at: Mapping[int, Column], width: int) -> Tab:
    """The tab with columns at these positions; its others come behind the last title, where there is nothing yet."""
    keys = {column.key for column in at.values()}
    absent = [column for column in tab.columns if column.key not in keys]
    placed = {**at, **dict(enumerate(absent, start=max(width, *(position + 1 for position in at))))}
    columns = [placed.get(n) or Column(key=f"column {n}", title="") for n in range(max(placed) + 1)]
    return tab.model_copy(update={"intro": ("",) * header, "columns": tuple(columns)})


def _of(template: WorkbookTemplate, tabs: Sequence[Tab]) -> WorkbookTemplate:
    # Not checked again: what people made of a workbook need not be a good template.
    values: dict[str, Any] = {"name": template.name, "title": template.title, "description": template.description}
    return WorkbookTemplate.model_construct(tabs=tuple(tabs), **values)


def _free(title: str, taken: Collection[str], longest: int) -> str:
    endings = ("", *(f" ({number})" for number in range(2, len(taken) + 3)))
    others = (title[: longest - len(ending)] + ending for ending in endings)
    return next(other for other in others if other.casefold() not in taken)
