"""Formulas: keyed by the row's own period and person, the same expression for both backends."""

import re

import pytest

from sheetsync.cells import column_letters
from sheetsync.formulas import LOOKED_UP, array_formula, lookup_key, row_formula
from sheetsync.periods import Cadence
from sheetsync.template import Column, Tab
from tests.builders import SALES

COMPUTED = [(tab, column) for tab in SALES.tabs for column in tab.columns if column.computed]


@pytest.mark.parametrize(("tab", "column"), COMPUTED, ids=lambda value: value.key)
def test_a_formula_refers_to_its_own_row_and_whole_columns(tab: Tab, column: Column) -> None:
    """Sorting or deleting rows never breaks it: in its own tab it names its own row only."""
    for row in (tab.header_row + 1, 977):
        formula = row_formula(SALES, tab, column, row)
        assert formula.startswith("=IF($A") and formula.count("(") == formula.count(")")
        own = re.findall(r"(?<![!:$A-Z])\$[A-Z]+(\d+)", re.sub(r"'[^']*'![$A-Z0-9:]+", "", formula))
        assert own and set(own) == {str(row)}


@pytest.mark.parametrize(("tab", "column"), COMPUTED, ids=lambda value: value.key)
def test_what_is_looked_up_stands_where_the_summary_has_it(tab: Tab, column: Column) -> None:
    """The key's column and the value's column are those of the summary of the tab's cadence."""
    if column.computed == "done":
        return
    summary = SALES.first("summary", tab.cadence)
    assert summary and column.computed
    formula = row_formula(SALES, tab, column, 2)
    for key in ("key", LOOKED_UP[column.computed]):
        letters = column_letters(summary.position(key))
        assert f"'{summary.title}'!${letters}:${letters}" in formula


@pytest.mark.parametrize(("tab", "column"), COMPUTED, ids=lambda value: value.key)
def test_the_array_formula_brings_its_own_header(tab: Tab, column: Column) -> None:
    """On Google one formula in the header row fills the column below, blank where there is nothing."""
    formula = array_formula(SALES, tab, column)
    assert formula.startswith(f'=VSTACK("{column.title}";MAP(') and formula.count("(") == formula.count(")")
    assert f"A{tab.header_row + 1}:A" in formula and 'IF(p="";;' in formula


@pytest.mark.parametrize(("tab", "column"), COMPUTED, ids=lambda value: value.key)
def test_the_array_formula_reads_the_same_in_every_locale(tab: Tab, column: Column) -> None:
    """Where 1,5 is a number a comma is no separator: there are only semicolons, and no number has a fraction."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", array_formula(SALES, tab, column))
    assert "," not in bare and "." not in bare and "{" not in bare


def test_a_comma_in_a_title_stays_a_comma() -> None:
    """Only what separates arguments is turned."""
    log = SALES.tab("log").model_copy(update={"title": "Calls, visits"})
    template = SALES.model_copy(update={"tabs": tuple(log if t.key == "log" else t for t in SALES.tabs)})
    done = template.tab("daily").column("done").model_copy(update={"title": "Done, so far"})
    formula = array_formula(template, template.tab("daily"), done)
    assert formula.startswith('=VSTACK("Done, so far";') and "'Calls, visits'!" in formula


def test_the_key_of_a_day_is_its_serial_number() -> None:
    """As a formula joins a date cell with a name; other periods by their label."""
    assert lookup_key(Cadence.DAY, "2026-02-14", 46067, "Ann") == "46067|Ann"
    assert lookup_key(Cadence.WEEK, "2026-W07", 46062, "Ann") == "2026-W07|Ann"


def test_titles_with_quotes_stay_titles() -> None:
    """A tab called Ann's log, or a title with quotation marks, cannot break out of the formula."""
    log = SALES.tab("log").model_copy(update={"title": "Ann's log"})
    template = SALES.model_copy(update={"tabs": tuple(log if t.key == "log" else t for t in SALES.tabs)})
    daily = template.tab("daily")
    done = daily.column("done").model_copy(update={"title": 'Done "well"'})
    assert "'Ann''s log'!" in row_formula(template, daily, done, 2)
    assert array_formula(template, daily, done).startswith('=VSTACK("Done ""well""";')
