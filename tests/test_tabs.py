"""Tabs: only what differs is written, and what a person typed into a tool tab is seen."""

from hypothesis import given
from hypothesis import strategies as st

from sheetsync.cells import Cell, trimmed
from sheetsync.tabs import TabContents, TabWrite, differing, typed_cells

CELL: st.SearchStrategy[Cell] = st.one_of(
    st.none(), st.sampled_from(["", "a", "b", "1"]), st.integers(0, 3), st.floats(0, 3), st.booleans()
)
GRIDS = st.lists(st.lists(CELL, max_size=4), max_size=6)


def written(read: list[list[Cell]], write: TabWrite | None) -> list[list[Cell]]:
    """A tab after a backend has written the changed rows."""
    rows = [list(row) for row in read]
    for start, end in write.changed if write else ():
        for index in range(start, end):
            rows += [[] for _ in range(index + 1 - len(rows))]
            rows[index] = list(write.grid[index]) if write and index < len(write.grid) else []
    return trimmed(rows)


@given(GRIDS, GRIDS)
def test_writing_what_differs_gives_what_is_wanted(read: list[list[Cell]], wanted: list[list[Cell]]) -> None:
    """After the write the tab holds what it should, and a second look finds nothing to write."""
    after = written(read, differing("key", read, wanted))
    assert differing("key", after, wanted) is None
    assert len(after) == len(trimmed(wanted))


@given(GRIDS)
def test_nothing_differs_from_itself(grid: list[list[Cell]]) -> None:
    """A second sync writes nothing, trailing blanks or not."""
    assert differing("key", grid, grid) is None
    assert differing("key", [[*row, None, ""] for row in grid] + [[None]], grid) is None


def test_only_changed_rows_are_named() -> None:
    """Neighbouring rows are one range; rows that are gone are blanked; the grid is padded to one width."""
    read: list[list[Cell]] = [["a"], ["b"], ["c"], ["d"], ["e"]]
    wanted: list[list[Cell]] = [["a"], ["B", 1], ["C"], ["d"]]
    write = differing("key", read, wanted)
    assert write == TabWrite("key", [["a", None], ["B", 1], ["C", None], ["d", None]], [(1, 3), (4, 5)])


def test_types_differ_though_python_calls_them_equal() -> None:
    """The text "1" is not the number 1; a number that lost its last digit on the way is the same."""
    assert differing("key", [["1"]], [[1]]) and differing("key", [[0]], [[None]])
    assert differing("key", [[0.1 + 0.2]], [[0.3]]) is None


@given(GRIDS)
def test_what_is_ours_was_not_typed(grid: list[list[Cell]]) -> None:
    """Our own rows, in any order, are never taken for something a person typed."""
    assert list(typed_cells(grid, [grid])) == []
    assert list(typed_cells(grid[::-1], [grid])) == []


def test_what_a_person_typed_is_found_with_its_place() -> None:
    """A cell that is in none of our grids there, with row and column; an emptied cell is nothing typed."""
    ours: list[list[Cell]] = [["a", 1], ["b", 2]]
    found = typed_cells([["a", 1], ["b", "mine"], [None, None, "note"]], [ours])
    assert list(found) == [(1, 1, "mine"), (2, 2, "note")]
    assert list(typed_cells([["a"], ["b", 2]], [ours])) == []
    assert list(typed_cells([["anything"]], [])) == []


def test_a_tab_is_a_value() -> None:
    """Two reads of the same tab are equal."""
    assert TabContents("log", "Log", [["a"]], 100, 5) == TabContents("log", "Log", [["a"]], 100, 5)
