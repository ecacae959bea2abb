"""The template as it stands: what is made again looks for tabs and columns where people have put them."""

from hypothesis import given
from hypothesis import strategies as st

from sheetsync.cells import Cell
from sheetsync.formulas import array_formula, row_formula
from sheetsync.standing import as_it_stands, with_columns_at
from sheetsync.tabs import TabContents
from tests.builders import SALES

LOG = SALES.tab("log")


def standing(key: str, title: str, *rows: list[Cell]) -> TabContents:
    """A tab as it was read."""
    return TabContents(key, title, list(rows), 100, 20)


@given(st.permutations(range(len(LOG.columns))), st.integers(0, 3))
def test_columns_are_where_they_were_found(order: list[int], above: int) -> None:
    """In any order, below any number of lines; formulas that sum the log follow."""
    lines: list[list[Cell]] = [["a line"]] * above
    titles: list[Cell] = [LOG.columns[place].title for place in order]
    found = as_it_stands(SALES, {"log": standing("log", "What we did", *lines, titles)}, [], 31)
    log = found.tab("log")
    assert [column.key for column in log.columns] == [LOG.columns[place].key for place in order]
    assert log.header_row == above + 1
    daily = found.tab("daily")
    formula = row_formula(found, daily, daily.column("done"), 2)
    assert "'What we did'!" in formula and "'Log'!" not in formula


def test_a_column_of_somebodys_keeps_its_place() -> None:
    """Extra columns are fillers, and what is gone stands behind all others, where it is blank."""
    titles: list[Cell] = ["Mood", *(column.title for column in LOG.columns if column.key != "count"), "Weather"]
    log = as_it_stands(SALES, {"log": standing("log", "Log", titles)}, [], 31).tab("log")
    assert log.position("date") == 1
    assert log.position("count") == len(titles)


def test_activities_of_a_tally_do_not_shift_it() -> None:
    """Its formulas take the activities from behind its own columns on."""
    tally = SALES.tab("tally")
    titles: list[Cell] = [*(column.title for column in tally.columns), "Cold call", "Meeting"]
    found = as_it_stands(SALES, {"tally": standing("tally", "Tally", titles)}, [], 31)
    assert found.tab("tally").columns == tally.columns
    daily = SALES.tab("daily")
    assert array_formula(found, daily, daily.column("done")) == array_formula(SALES, daily, daily.column("done"))


def test_tool_tabs_have_the_columns_of_the_template() -> None:
    """The next sync writes them so, whatever was done to them; only the title is people's."""
    tool_tab = SALES.tab("weekly_summary")
    read = standing(tool_tab.key, "Ours", ["Mood"], [column.title for column in reversed(tool_tab.columns)])
    found = as_it_stands(SALES, {tool_tab.key: read}, [], 31).tab(tool_tab.key)
    assert (found.title, found.columns) == ("Ours", tool_tab.columns)


def test_a_lost_tab_gets_a_title_that_is_free() -> None:
    """Titles differ by more than case, and none is too long."""
    found = as_it_stands(SALES, {}, ["LOG", "log (2)", "x" * 31], 31)
    assert found.tab("log").title == "Log (3)"
    long = SALES.model_copy(update={"tabs": tuple(t.model_copy(update={"title": "x" * 31}) for t in SALES.tabs[:1])})
    assert as_it_stands(long, {}, ["x" * 31], 31).tabs[0].title == "x" * 27 + " (2)"


def test_added_columns_take_the_places_they_are_given() -> None:
    """The others stay, or move behind when their place is taken."""
    count = LOG.column("count")
    places = with_columns_at(SALES, "log", 0, {12: count}).tab("log")
    assert places.position("count") == 12 and places.position("date") == LOG.position("date")
    taken = with_columns_at(SALES, "log", 0, {0: count}).tab("log")
    assert taken.position("count") == 0 and taken.position("date") > LOG.position("notes")
