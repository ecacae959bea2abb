"""Finding a tab's columns by their titles: moving, inserting and re-casing columns changes nothing.

The header is the one of the first rows that holds most of the tab's titles; data starts below it, and a row of data
above it is a problem. A required column that is gone makes the whole tab unreadable, because guessing would silently
shift which data means what. Of two columns with one title the one with more cells is read, of equal ones the first;
the other one is a problem if it holds anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest

from sheetsync.cells import Cell, Misread, column_letters, fold, is_blank, read_date, text_of
from sheetsync.errors import Problem
from sheetsync.tabs import TabContents
from sheetsync.template import Tab

_HEADER_SEARCH = 12
_SIMILAR = 70


@dataclass(frozen=True, slots=True)
class Table:
    """A tab with its columns found.

    `positions` maps column keys to 0-based positions; absent optional ones are left out.
    `header` is the 0-based index of the header row in the grid; `extra` holds the titles of columns that the template
    does not know, by position.
    """

    tab: Tab
    title: str
    grid: list[list[Cell]]
    header: int
    positions: dict[str, int]
    extra: dict[int, str]

    def column(self, key: str) -> list[Cell]:
        """The cells below the header in one column, one a row; all blank when the column is absent."""
        rows = self.grid[self.header + 1 :]
        position = self.positions.get(key)
        if position is None:
            return [None] * len(rows)
        return [row[position] if position < len(row) else None for row in rows]

    def columns(self, keys: Iterable[str]) -> list[Sequence[Cell]]:
        """What `column` gives for each of these keys; of a long log, faster than one after the other."""
        rows = self.grid[self.header + 1 :]
        by_position = list(zip_longest(*rows))
        blank: Sequence[Cell] = [None] * len(rows)
        positions = (self.positions.get(key, len(by_position)) for key in keys)
        return [by_position[at] if at < len(by_position) else blank for at in positions]

    def rows(self) -> Iterator[tuple[int, dict[str, Cell]]]:
        """The rows that are not blank in the known columns: (1-based row number, cells by column key)."""
        entered = [k for k in self.positions if not self.tab.column(k).computed]
        for number, row in enumerate(self.grid[self.header + 1 :], start=self.header + 2):
            cells = {key: row[self.positions[key]] if self.positions[key] < len(row) else None for key in entered}
            if not all(is_blank(cell) for cell in cells.values()):
                yield number, cells

    def heading(self, key: str) -> str:
        """The column's title for people."""
        return self.tab.column(key).title

    def place(self, row: int, key: str) -> str:
        """The address of a cell for people: `D7`."""
        position = self.positions.get(key)
        return f"{column_letters(position)}{row}" if position is not None else f"row {row}"

    def doubled(self) -> list[Problem]:
        """A problem for each column with cells whose title another one has that is read instead."""
        titles = {fold(c.title): c.title for c in self.tab.columns}
        return [
            Problem(
                self.title, self.header + 1, titles[fold(title)],
                f"“{title}” is here twice, and column {column_letters(position)} is not read",
                "delete it, or give it another title", title,
            )
            for position, title in self.extra.items()
            if fold(title) in titles and _filled(self.grid, self.header, position)
        ]  # fmt: skip

    def above(self) -> list[Problem]:
        """A problem for each row of data above the titles, where a sort may put them; a heading is none."""
        known = [(key, at) for key, at in self.positions.items() if not self.tab.column(key).computed]
        problems = []
        for number, row in enumerate(self.grid[: self.header], start=1):
            filled = [(key, row[at]) for key, at in known if at < len(row) and not is_blank(row[at])]
            if len(filled) > 2 or (len(filled) == 2 and any(self._is_data(*one) for one in filled)):
                what, hint = "stands above the titles, and is not read", "move it below them, or the titles up"
                key, cell = filled[0]
                problems.append(Problem(self.title, number, self.heading(key), what, hint, text_of(cell)))
        return problems

    def _is_data(self, key: str, cell: Cell) -> bool:
        """Whether a cell that is not blank is no heading: a number, a tick box, or a day where days belong."""
        is_day = self.tab.column(key).type == "date" and not isinstance(read_date(cell), Misread)
        return is_day or not isinstance(cell, str)


def find_columns(tab: Tab, contents: TabContents) -> Table | str:
    """The tab with its columns found, or one line that says which required column is gone."""
    titles = {fold(c.title): c.key for c in tab.columns}
    header = _header_row(titles, contents.grid)
    cells = contents.grid[header] if contents.grid else []
    positions: dict[str, int] = {}
    extra: dict[int, str] = {}
    filled = partial(_filled, contents.grid, header)
    for position, cell in enumerate(cells):
        title = text_of(cell)
        key = titles.get(fold(title))
        if key is not None and key not in positions:
            positions[key] = position
        elif key is not None and filled(position) > filled(positions[key]):
            # Of a column and one that somebody copied, or put in by mistake, the one that people fill is meant.
            extra[positions[key]] = title
            positions[key] = position
        elif title:
            extra[position] = title
    for column in tab.columns:
        if column.required and column.key not in positions:
            return _gone(contents.title, column.title, extra)
    return Table(tab, contents.title, contents.grid, header, positions, extra)


def known_columns(tab: Tab, contents: TabContents) -> Table:
    """The tab with the columns that are there, whichever are gone."""
    columns = tuple(column.model_copy(update={"required": False}) for column in tab.columns)
    table = find_columns(tab.model_copy(update={"columns": columns}), contents)
    assert isinstance(table, Table)  # noqa: S101  no column is required
    return Table(tab, table.title, table.grid, table.header, table.positions, table.extra)


def _header_row(titles: dict[str, str], grid: list[list[Cell]]) -> int:
    # Different titles: a row of data may say one of them again and again.
    matches = [len(titles.keys() & {fold(text_of(cell)) for cell in row}) for row in grid[:_HEADER_SEARCH]]
    return matches.index(max(matches)) if matches else 0


def _filled(grid: list[list[Cell]], header: int, position: int) -> int:
    """How many cells of a column below the titles are not blank."""
    return sum(position < len(row) and not is_blank(row[position]) for row in grid[header + 1 :])


def _gone(tab: str, title: str, extra: dict[int, str]) -> str:
    from rapidfuzz import process

    found = process.extractOne(title, list(extra.values()), score_cutoff=_SIMILAR)
    if found is None:
        return f"tab “{tab}”: the column “{title}” is gone; put it back (the order does not matter), then sync again"
    letters = column_letters(next(p for p, t in extra.items() if t == found[0]))
    return (
        f"tab “{tab}”: the column “{title}” is gone; is it “{found[0]}” in column {letters}? "
        f"Call it “{title}” again, then sync"
    )
