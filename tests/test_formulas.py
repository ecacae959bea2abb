"""Formulas: keyed by the row's own period and person, the same expression for both backends."""

import re
from datetime import date
from pathlib import Path

import pytest

from sheetsync.cells import Cell, column_letters, serial
from sheetsync.formulas import LOOKED_UP, array_formula, lookup_key, quoted, row_formula, with_semicolons
from sheetsync.periods import Cadence
from sheetsync.template import Column, Tab
from tests import office
from tests.builders import SALES
from tests.office import needs_office

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


@pytest.mark.parametrize(
    ("formula", "turned"),
    [
        ("=A1", "=A1"),
        ("=IF(A1,1,2)", "=IF(A1;1;2)"),
        ('=IF(A1="a, b",",","")', '=IF(A1="a, b";",";"")'),
        ("=SUM('Ann''s, log'!A1,B1)", "=SUM('Ann''s, log'!A1;B1)"),
        ('=IF(A1="it\'s, so",\'My "log", here\'!A1,"say ""hi, you""")',
         '=IF(A1="it\'s, so";\'My "log", here\'!A1;"say ""hi, you""")'),
    ],
)  # fmt: skip
def test_only_what_separates_arguments_is_turned(formula: str, turned: str) -> None:
    """Commas in texts and in titles of tabs stay, whatever quotes stand in these."""
    assert with_semicolons(formula) == turned


def test_titles_are_quoted_as_formulas_write_them() -> None:
    """An apostrophe is doubled; everything else stands as it is."""
    log = SALES.tab("log").model_copy(update={"title": 'Ann\'s "log", ü'})
    assert quoted(log) == "'Ann''s \"log\", ü'"


@needs_office
def test_done_counts_the_rows_of_a_day(tmp_path: Path) -> None:
    """With a time of day, as a form writes it, or without; not those of the day before and after, nor of others."""
    daily, log, tally, people = (SALES.tab(key) for key in ("daily", "log", "tally", "people"))
    day = serial(date(2026, 2, 10))
    typed: list[list[Cell]] = [
        [day, "Ann", "Call", 2], [day + 0.9, "Ann", "Call", 3], [day + 0.3, "ann", "Call", None],
        [day, "Ben", "Call", 7], [day - 0.01, "Ann", "Call", 100], [day + 1, "Ann", "Call", 100],
        [day, None, "Call", 50], [None, "Ann", "Call", 9],
    ]  # fmt: skip
    tallied: list[list[Cell]] = [[day, "Ann", 1, 0.5], [day + 0.5, "Ben", 3, None], [day + 1, "Ann", 100, "x"]]
    review: list[list[Cell]] = [[None]] * daily.header_row
    for at, who in enumerate(("Ann", "Ben"), start=daily.header_row + 1):
        review.append([day, who, row_formula(SALES, daily, daily.column("done"), at)])
    tabs: dict[str, list[list[Cell]]] = {
        people.title: [["Name"], ["Ann"], ["Ben"]],
        log.title: [["Date", "Who", "Activity", "Count"], *typed],
        tally.title: [["Date", "Who", "Call", "Visit"], *tallied],
        daily.title: review,
    }
    book = office.computed(office.workbook(tmp_path / "done.xlsx", tabs), tmp_path / "office")
    done = [row[2] for row in book[daily.title].iter_rows(min_row=daily.header_row + 1, values_only=True)]
    assert done == [2 + 3 + 1 + 1.5, 7 + 3]


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
