"""Anything in a cell: whatever people, forms and vandals put into the tabs, nothing crashes and nothing is dropped.

Every example is a number from which a whole workbook is made (`hostile_sheets`). SHEETSYNC_FUZZ=100000 tries that
many, for a long run by hand; SHEETSYNC_FUZZ_FROM says with which to begin.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from random import Random

import pytest

from sheetsync.cells import fold, read_number, text_of
from sheetsync.errors import Problem
from sheetsync.goals import DatedTarget, Goal
from sheetsync.people import Person, TimeOff
from sheetsync.periods import AsOf, Calendar
from sheetsync.reading import Settings, Understood, find_out, find_tables, understand
from sheetsync.summaries import lay_out
from sheetsync.tabs import TabContents, differing
from tests.builders import SALES
from tests.hostile_sheets import Hostile, hostile_workbook, seems_blank

TODAY = date(2026, 10, 14)
CHUNKS = 20
EXAMPLES = int(os.environ.get("SHEETSYNC_FUZZ", "1000"))
FIRST = int(os.environ.get("SHEETSYNC_FUZZ_FROM", "0"))
# Laying everything out takes some thirty times as long as understanding it.
LAID_OUT = 25


def examples(chunk: int, share: int = 1) -> range:
    """The numbers of one chunk of the examples, or of each `share`-th of them."""
    return range(FIRST + chunk * share, FIRST + EXAMPLES, CHUNKS * share)


def understood_of(contents: Mapping[str, TabContents]) -> Understood:
    """What these tabs say; all of them have their titles."""
    tables, gone = find_tables(SALES, contents)
    assert not gone
    return understand(tables, Settings(Calendar(), 2026), TODAY)


def contents_of(workbook: Mapping[str, Hostile]) -> dict[str, TabContents]:
    """The tabs as a backend reads them."""
    return {key: tab.contents for key, tab in workbook.items()}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nothing_is_dropped_silently(chunk: int) -> None:
    """No crash; every row with anything in it is read or refused with a reason, by a count of our own."""
    for number in examples(chunk):
        workbook = hostile_workbook(SALES, Random(number))
        understood = understood_of(contents_of(workbook))
        for check in (_log_adds_up, _definitions_add_up, _reviews_add_up, _problems_are_fit_to_print):
            check(workbook, understood)


def _log_adds_up(workbook: Mapping[str, Hostile], understood: Understood) -> None:
    log, tally, logged = workbook["log"], workbook["tally"], understood.logged
    rows = log.filled()
    cells = _tally_cells(tally, understood)
    assert logged.rows == len(rows) + cells
    assert logged.rows == len(logged.activities) + logged.refused
    told = _told(understood.problems, log)
    assert len(rows) - len(told & rows.keys()) + cells >= len(logged.activities)
    assert told <= rows.keys()


def _tally_cells(tally: Hostile, understood: Understood) -> int:
    """The filled cells under activities, each of which is a row; the first of two columns with one name counts."""
    known = {fold(name) for name in understood.plan.activities}
    own = {column.key for column in tally.tab.columns}
    places: dict[str, int] = {}
    for at, title in enumerate(tally.contents.grid[tally.header]):
        if tally.keys[at] not in own and fold(text_of(title)) in known:
            places.setdefault(fold(text_of(title)), at)
    body = tally.contents.grid[tally.header + 1 :]
    return sum(not seems_blank(row[at]) for row in body for at in places.values() if at < len(row))


def _told(problems: Iterable[Problem], tab: Hostile) -> set[int]:
    return {problem.row for problem in problems if problem.tab == tab.contents.title and problem.row > tab.header + 1}


def _definitions_add_up(workbook: Mapping[str, Hostile], understood: Understood) -> None:
    plan = understood.plan
    placed: tuple[Person | Goal | DatedTarget | TimeOff, ...] = (
        *plan.people, *plan.goals, *plan.targets, *plan.times_off
    )  # fmt: skip
    read = {value.place for value in placed}
    for key in ("people", "goals", "activities", "targets", "time_off"):
        tab = workbook[key]
        told = _told(understood.problems, tab)
        for row in tab.filled():
            assert row in told or (tab.contents.title, row) in read, (key, row)
    events = workbook["events"]
    assert len(understood.events) == len(events.filled().keys() - _told(understood.problems, events))


def _reviews_add_up(workbook: Mapping[str, Hostile], understood: Understood) -> None:
    for key, tab in workbook.items():
        if tab.tab.role != "review":
            continue
        passive = {"period", "who", *(column.key for column in tab.tab.columns if column.computed)}
        answered = [row for row, keys in tab.filled().items() if set(keys) - passive]
        read = [review for review in understood.reviews if review.tab == key]
        told = _told(understood.problems, tab)  # what is read may be remarked upon
        assert len(answered) - len(told) <= len(read) <= len(answered), key


def _problems_are_fit_to_print(workbook: Mapping[str, Hostile], understood: Understood) -> None:
    titles = {tab.contents.title for tab in workbook.values()}
    for problem in understood.problems:
        assert problem.tab in titles and problem.row >= 0 and problem.column and problem.what and problem.hint, (
            problem
        )
        assert len(f"{problem.tab} {problem.column} {problem.what} {problem.hint}".splitlines()) == 1, problem
        f"{problem}".encode()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_order_of_rows_does_not_matter(chunk: int) -> None:
    """Sorting the log changes neither what is counted nor what is refused."""
    for number in examples(chunk, share=4):
        workbook, random = hostile_workbook(SALES, Random(number), rows=9), Random(number)
        contents = contents_of(workbook)
        before = understood_of(contents)
        for key in ("log", "tally"):
            contents[key] = _shuffled(workbook[key], random)
        after = understood_of(contents)
        assert _counted(after) == _counted(before)


def _shuffled(tab: Hostile, random: Random) -> TabContents:
    head, body = tab.contents.grid[: tab.header + 1], list(tab.contents.grid[tab.header + 1 :])
    random.shuffle(body)
    return TabContents(tab.tab.key, tab.contents.title, head + body, tab.contents.rows, tab.contents.columns)


def _counted(understood: Understood) -> tuple[Counter[object], Counter[object], int]:
    refused = Counter[object]((p.tab, p.column, p.what, p.hint, p.typed) for p in understood.problems)
    return Counter[object](map(repr, understood.logged.activities)), refused, understood.logged.refused


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_summaries_of_anything_are_laid_out(chunk: int) -> None:
    """What was understood is rolled up and laid out; each problem is shown, and what is laid out is a fixpoint."""
    for number in examples(chunk, share=LAID_OUT):
        understood = understood_of(contents_of(hostile_workbook(SALES, Random(number), rows=9)))
        findings = find_out(understood, AsOf(TODAY, under_way=True))
        grids = lay_out(SALES, findings)
        for key, grid in grids.items():
            assert differing(key, grid, lay_out(SALES, findings)[key]) is None
            assert all(cell is None or isinstance(cell, str | bool | int | float) for row in grid for cell in row)
        shown = grids[next(tab.key for tab in SALES.with_role("problems"))]
        assert sum(len(row) > 3 for row in shown) >= len(understood.problems)


def test_numbers_that_are_read_stand_in_the_cell() -> None:
    """A text that is taken for a number has its digits, in order, and no word."""
    from tests.naughty import TEXTS

    for text in TEXTS:
        number = read_number(text) if text.strip() else None
        if isinstance(number, float) and number:
            digits = "".join(c for c in text if c.isdigit())
            assert f"{abs(number):.15g}".replace(".", "") in digits, text
