"""A tab as it was read, and what to write to a tab of the tool's: only the rows that differ."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sheetsync.cells import Cell, trimmed


@dataclass(frozen=True, slots=True)
class TabContents:
    """A tab as it was read: `grid` is ragged (trailing blanks trimmed), row 1 of the tab is `grid[0]`.

    `key` is the tab's key in the template, `title` what people see today. `rows` x `columns` is the size of the
    grid in the workbook, blank cells included (Google refuses writes outside it).
    """

    key: str
    title: str
    grid: list[list[Cell]]
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class TabWrite:
    """The new contents of a tab that only the tool writes.

    `grid` is the whole tab from row 1, without trailing blanks, rows padded to one width. `changed` holds half-open
    0-based row ranges `[start, end)` that differ from what was read; they may reach beyond `grid` (rows to blank).
    """

    key: str
    grid: list[list[Cell]]
    changed: list[tuple[int, int]]


def differing(key: str, read: Sequence[Sequence[Cell]], wanted: Sequence[Sequence[Cell]]) -> TabWrite | None:
    """What to write so that a tab that reads as `read` holds `wanted`; None when it does already."""
    before, after = trimmed(read), trimmed(wanted)
    if before == after:
        return None
    width = max((len(row) for row in (*before, *after)), default=0)
    rows = max(len(before), len(after))
    changed: list[tuple[int, int]] = []
    for index in range(rows):
        if _same(before[index] if index < len(before) else [], after[index] if index < len(after) else []):
            continue
        if changed and changed[-1][1] == index:
            changed[-1] = (changed[-1][0], index + 1)
        else:
            changed.append((index, index + 1))
    if not changed:
        return None
    return TabWrite(key, [row + [None] * (width - len(row)) for row in after], changed)


def _same(before: Sequence[Cell], after: Sequence[Cell]) -> bool:
    """Whether two rows hold the same; a number that went through a spreadsheet may have lost its last digit."""
    if len(before) != len(after):
        return False
    return all(a is b or a == b or _nearly(a, b) for a, b in zip(before, after, strict=True))


def _nearly(a: Cell, b: Cell) -> bool:
    if isinstance(a, bool) or isinstance(b, bool) or not isinstance(a, int | float) or not isinstance(b, int | float):
        return False
    return abs(a - b) <= 1e-12 * max(abs(a), abs(b))


def typed_cells(
    read: Sequence[Sequence[Cell]], ours: Iterable[Sequence[Sequence[Cell]]]
) -> Iterator[tuple[int, int, Cell]]:
    """The cells (0-based row and column) that hold something none of our own grids holds there.

    A whole row of ours that stands elsewhere was sorted, not typed.
    """
    grids = [grid for grid in (trimmed(own) for own in ours) if grid]
    if not grids or trimmed(read) in grids:
        return
    rows = {tuple(map(_key, row)) for grid in grids for row in grid}
    for index, row in enumerate(trimmed(read)):
        if not row or tuple(map(_key, row)) in rows:
            continue
        for column, cell in enumerate(row):
            if cell is None or cell == "":
                continue
            held = [g[index][column] for g in grids if index < len(g) and column < len(g[index])]
            if not any(_same([cell], [other]) for other in held):
                yield index, column, cell


def _key(cell: Cell) -> Cell:
    """Equal for numbers that differ in the digits a spreadsheet may lose."""
    return float(f"{cell:.12g}") if isinstance(cell, float) else cell
