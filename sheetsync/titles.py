"""A tab whose row of titles is gone: how that is told from titles that were changed, and how a person puts it back.

Nothing is put into such a tab: titles would come to stand beside the first row of data, and hide what is there.
"""

from collections.abc import Sequence

from sheetsync.cells import Cell, column_letters, is_blank, text_of
from sheetsync.tables import Table

_SIMILAR = 70


def no_titles(table: Table, last: Table | None) -> tuple[str, str] | None:
    """That the row of titles is gone, and what to do; None: it is there, or the tab is blank.

    `table` has the columns that are known, whichever are gone; `last` is the tab as the last sync read it.
    """
    if all(is_blank(cell) for row in table.grid for cell in row) or _is_header(table):
        return None
    last = last if last and last.positions else None
    at = last.header if last else table.tab.header_row - 1
    cells = table.grid[at] if at < len(table.grid) else []
    first, titles = _titles(table, last)
    below = f"from column {column_letters(first)} on: {', '.join(titles)}"
    if all(map(is_blank, cells)):
        do = f"type into row {at + 1}, {below}"
    else:
        over = " (or type over it, if it holds other titles)" if all(isinstance(c, str) for c in cells if c) else ""
        do = f"insert a row above row {at + 1}{over} and type there, {below}"
    doubt = "" if last else "; that is the template’s order: see that it fits what stands below"
    return f"“{table.title}” has lost its row of titles", f"undo that; or {do}{doubt}"


def _is_header(table: Table) -> bool:
    """Whether the row that was taken for the titles is one: it has, in the same or like words, half of what must be.

    A row of data may say one or two of them.
    """
    from rapidfuzz import fuzz, process

    cells = [text_of(cell) for cell in table.grid[table.header] if not is_blank(cell)]
    required = [column for column in table.tab.columns if column.required]
    if len(table.positions) * 2 >= len(cells) or (table.positions and not required):
        return bool(table.positions)
    lacking = [column.title for column in required if column.key not in table.positions]
    like = [title for title in lacking if process.extractOne(title, cells, scorer=fuzz.ratio, score_cutoff=_SIMILAR)]
    return (len(required) - len(lacking) + len(like)) * 2 >= len(required) > 0


def _titles(table: Table, last: Table | None) -> tuple[int, Sequence[str]]:
    """The 0-based column in which the titles began, and all of them in their order."""
    header: Sequence[Cell] = last.grid[last.header] if last else [column.title for column in table.tab.columns]
    filled = [place for place, cell in enumerate(header) if not is_blank(cell)]
    titles = [text_of(cell) or "(nothing)" for cell in header[filled[0] : filled[-1] + 1]]
    return filled[0], [*titles, "and the activities as they stood"] if table.tab.role == "tally" else titles
