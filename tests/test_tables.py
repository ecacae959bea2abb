"""Tables: columns are found by their titles, wherever they are, and a required one that is gone is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.cells import Cell
from sheetsync.tables import Table, find_columns
from sheetsync.tabs import TabContents
from tests.builders import SALES, contents

LOG = SALES.tab("log")
TITLES = [column.title for column in LOG.columns]


def found(grid: list[list[Cell]]) -> Table | str:
    """What is found in a grid of the Log tab, which people call "My log"."""
    return find_columns(LOG, TabContents("log", "My log", grid, 100, 20))


@given(st.permutations(range(len(TITLES))), st.integers(0, 3), st.booleans())
def test_order_blanks_and_case_of_titles_do_not_matter(order: list[int], above: int, shout: bool) -> None:
    """Columns may stand in any order, titles in any case with blanks around, and lines may stand above."""
    titles: list[Cell] = [f"  {TITLES[n].upper() if shout else TITLES[n]}\u00a0" for n in order]
    row: list[Cell] = [f"cell of {LOG.columns[n].key}" for n in order]
    note: list[Cell] = ["a note"]
    table = found([note] * above + [titles, row])
    assert isinstance(table, Table)
    assert list(table.rows()) == [(above + 2, {c.key: f"cell of {c.key}" for c in LOG.columns})]


def test_extra_columns_are_left_alone_and_known() -> None:
    """A column that the template does not know changes nothing; a title that is there twice counts once."""
    table = found([["Mood", *TITLES, "Date"], ["good", 46000, "Ann"]])
    assert isinstance(table, Table)
    assert table.extra == {0: "Mood", len(TITLES) + 1: "Date"}
    assert table.column("date") == [46000] and table.place(2, "date") == "B2"


@pytest.mark.parametrize("typo", ["Dat", "Dates", "date done"])
def test_a_renamed_required_column_names_the_nearest_title(typo: str) -> None:
    """When Date is called otherwise the line says so: which tab, which column, what is nearest and where."""
    said = found([[typo, *TITLES[1:]]])
    assert isinstance(said, str)
    assert "My log" in said and "“Date”" in said and len(said.splitlines()) == 1
    if typo != "date done":
        assert f"“{typo}” in column A" in said


@pytest.mark.parametrize("grid", [[], [[]], [[None]], [["nothing", "like", "a", "log"]]])
def test_a_tab_without_its_header_is_unreadable(grid: list[list[Cell]]) -> None:
    """No header: a required column is gone, nothing is guessed."""
    assert isinstance(found(grid), str)


def test_of_two_columns_with_one_title_the_one_with_cells_is_read() -> None:
    """A blank copy to the left changes nothing; where both hold something, what is not read is said."""
    table = found([["Date", "Activity", *TITLES], [None, None, 46000, "Ann", "Cold call"]])
    assert isinstance(table, Table)
    assert table.column("activity") == ["Cold call"] and table.column("date") == [46000]
    assert table.doubled() == []
    both = found([["Who", *TITLES], ["Ben", 46000, "Ann"]])
    assert isinstance(both, Table)
    assert both.column("who") == ["Ben"]
    (problem,) = both.doubled()
    assert (problem.tab, problem.row, problem.column) == ("My log", 1, "Who")
    assert problem.what == "“Who” is here twice, and column C is not read"


@pytest.mark.parametrize(("left", "right", "read"), [(39, 1, 39), (1, 39, 39), (3, 3, 3)])
def test_of_two_columns_with_one_title_the_fuller_one_is_read(left: int, right: int, read: int) -> None:
    """A cell in a copy does not empty the column that people fill, wherever the copy stands; of equals the first."""
    rows: list[list[Cell]] = [["left" if n < left else None, 46000, "right" if n < right else " "] for n in range(40)]
    table = found([["Who", "Date", "Who", "Activity", "Count", "Amount"], *rows])
    assert isinstance(table, Table)
    side = "right" if right > left else "left"
    assert [cell for cell in table.column("who") if cell == side] == [side] * read
    assert [problem.what[-20:] for problem in table.doubled()] == [
        f"column {'A' if side == 'right' else 'C'} is not read"
    ]


@pytest.mark.parametrize(
    ("row", "is_data"),
    [
        (["2026-10-12", None, "Cold call"], True), (["12 Oct 2026", "Ann"], True), ([46000, "Ann"], True),
        (["Ann", 3], True), (["03/04/2026", "Ann", "Cold call"], True),
        (["Sales", "2026-10-12"], False), (["Our log", "of 2026"], False), (["2026-10-12"], False),
    ],
)  # fmt: skip
def test_a_row_of_data_above_the_titles_is_a_problem(row: list[Cell], is_data: bool) -> None:
    """Two cells are data if one is a number, or a day where days belong, typed as text too; a heading is none."""
    table = found([row, [*TITLES]])
    assert isinstance(table, Table)
    assert [problem.row for problem in table.above()] == [1] * is_data


def test_optional_columns_may_be_absent() -> None:
    """Without Quality or Contact a log is a log; their cells are blank."""
    table = found([["Date", "Who", "Activity", "Count", "Amount"], [46000, "Ann"]])
    assert isinstance(table, Table)
    assert table.column("quality") == [None]
    assert table.place(2, "quality") == "row 2"


def test_rows_that_are_blank_for_people_are_no_rows() -> None:
    """Blank rows between others are skipped, and computed columns alone do not make a row."""
    daily = SALES.tab("daily")
    grid = contents(daily, [{"period": 46000, "done": 3}, {"done": 0, "due": 2.5}, {"who": " "}, {"who": "Ann"}])
    table = find_columns(daily, grid)
    assert isinstance(table, Table)
    assert [number - daily.header_row for number, _ in table.rows()] == [1, 4]


@given(
    st.lists(st.lists(st.one_of(st.none(), st.text(max_size=8), st.floats(), st.booleans()), max_size=9), max_size=9)
)
def test_any_grid_is_a_table_or_a_reason(grid: list[list[Cell]]) -> None:
    """Whatever stands in a tab, looking for columns never raises."""
    result = found(grid)
    assert isinstance(result, Table | str) and result
