"""The log: rows read = accepted + refused, and every refusal says which cell and what to do."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.activities import Activity, Vocabulary, fingerprint, gathered, parse_log, parse_tally
from sheetsync.cells import Cell, serial
from sheetsync.names import Names
from tests.builders import SALES, table
from tests.test_cells import CELLS

TODAY = date(2026, 2, 14)
DAY = serial(TODAY)
VOCABULARY = Vocabulary(Names("person", ["Ann", "Ben"]), Names("activity", ["Call", "Visit"]), TODAY)
ALONE = Vocabulary(Names("person", ["Ann"]), Names("activity", ["Call", "Visit"]), TODAY)
LOG, TALLY = SALES.tab("log"), SALES.tab("tally")
GOOD: dict[str, Cell] = {"date": DAY, "who": "Ann", "activity": "Call"}
LIKELY = st.one_of(CELLS, st.just(DAY), st.sampled_from(["Ann", "ann ", "Call", 1, 2.5, "3", ""]))


def test_a_row() -> None:
    """A blank Count is 1, a blank Amount or Quality none; names come out as they are written."""
    row: dict[str, Cell] = {"date": DAY, "who": " ANN", "activity": "call", "contact": 274.0, "notes": " hi  there "}
    logged = parse_log(table(LOG, [row]), VOCABULARY)
    assert logged.activities == [Activity(DAY, "Ann", "Call", 1.0, None, None, "274", "hi there")]


def test_zero_is_none_and_fractions_and_refunds_count() -> None:
    """A row with 0 stands for none that day; half counts are fine; amounts may be negative."""
    rows = [GOOD | {"count": 0}, GOOD | {"count": 0.5}, GOOD | {"amount": -20}]
    logged = parse_log(table(LOG, rows), VOCABULARY)
    assert [(a.quantity, a.amount) for a in logged.activities] == [(0, None), (0.5, None), (1, -20)]


@pytest.mark.parametrize(
    ("cells", "columns"),
    [
        ({"date": None}, ["Date"]),
        ({"date": "3/5/2026"}, ["Date"]),
        ({"date": DAY + 1}, ["Date"]),
        ({"who": None}, ["Who"]),
        ({"who": "Zoe"}, ["Who"]),
        ({"activity": None}, ["Activity"]),
        ({"activity": "Cal"}, ["Activity"]),
        ({"count": -1}, ["Count"]),
        ({"count": "ten"}, ["Count"]),
        ({"count": 1e13}, ["Count"]),
        ({"count": True}, ["Count"]),
        ({"amount": "9" * 400}, ["Amount"]),
        ({"quality": 6}, ["Quality"]),
        ({"quality": "#DIV/0!"}, ["Quality"]),
        ({"date": None, "who": "Zoe", "count": "x"}, ["Date", "Who", "Count"]),
    ],
)
def test_a_flawed_row_is_refused_whole(cells: dict[str, Cell], columns: list[str]) -> None:
    """Nothing of the row counts; each flawed cell is named with its place and a hint."""
    logged = parse_log(table(LOG, [GOOD, GOOD | cells, GOOD]), VOCABULARY)
    assert len(logged.activities) == 2 and (logged.rows, logged.refused) == (3, 1)
    assert [(p.tab, p.row, p.column) for p in logged.problems] == [("Log", 3, column) for column in columns]
    assert all(p.what and p.hint for p in logged.problems)


def test_a_blank_who_is_the_only_person() -> None:
    """With one person nobody needs to type the name."""
    row: dict[str, Cell] = {"date": DAY, "activity": "Call"}
    assert parse_log(table(LOG, [row]), ALONE).activities[0].who == "Ann"


def test_blank_rows_are_no_rows() -> None:
    """Spaces in any cell do not make a row, notes alone do: they ask for what is missing."""
    logged = parse_log(table(LOG, [{}, {"date": " "}, {"notes": "\u00a0"}, {"notes": "call Bo"}, GOOD]), VOCABULARY)
    assert (logged.rows, logged.refused) == (2, 1)


@given(st.lists(st.fixed_dictionaries({c.key: LIKELY for c in LOG.columns}), max_size=6))
def test_rows_read_are_accepted_plus_refused(rows: list[dict[str, Cell]]) -> None:
    """Nothing is dropped silently, whatever is typed; a refused row has a problem, an accepted one none."""
    read = table(LOG, rows)
    logged = parse_log(read, VOCABULARY)
    assert logged.rows == len(list(read.rows())) == len(logged.activities) + logged.refused
    assert len({p.row for p in logged.problems}) == logged.refused
    # Each row alone says the same as among the others.
    alone = gathered(parse_log(table(LOG, [row]), VOCABULARY) for row in rows)
    assert Counter(map(repr, alone.activities)) == Counter(map(repr, logged.activities))
    assert alone.refused == logged.refused


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(("date", "who", "Call", "VISIT ", "Mood"), LIKELY)), max_size=6))
def test_filled_tally_cells_are_accepted_plus_refused(rows: list[dict[str, Cell]]) -> None:
    """A Tally counts by filled cell under an activity's title."""
    logged = parse_tally(table(TALLY, rows, ["Call", "VISIT ", "Mood"]), VOCABULARY)
    assert logged.rows == len(logged.activities) + logged.refused
    assert {a.activity for a in logged.activities} <= {"Call", "Visit"}


def test_a_tally_counts_like_the_log() -> None:
    """A cell under an activity is a row of the log; blank is not logged, 0 is none."""
    rows: list[dict[str, Cell]] = [{"date": DAY, "who": "Ann", "Call": 3, "Visit": 0}, {"date": DAY, "who": "Ben"}]
    logged = parse_tally(table(TALLY, rows, ["Call", "Visit"]), VOCABULARY)
    assert [(a.who, a.activity, a.quantity) for a in logged.activities] == [("Ann", "Call", 3), ("Ann", "Visit", 0)]


def test_numbers_under_an_unknown_title_are_said() -> None:
    """A Tally column that is no activity, or is there twice, is a problem as soon as numbers stand in it."""
    rows: list[dict[str, Cell]] = [{"date": DAY, "who": "Ann", "Cals": 3, "Mood": "good", "Call": 1}]
    logged = parse_tally(table(TALLY, rows, ["Cals", "Mood", "Call"]), VOCABULARY)
    assert [(p.row, p.column, p.hint) for p in logged.problems] == [(1, "Cals", "did you mean “Call”?")]
    twice = parse_tally(
        table(TALLY, [{"date": DAY, "who": "Ann", "Call": 2, "call": 3}], ["Call", "call"]), VOCABULARY
    )
    assert [a.quantity for a in twice.activities] == [2] and "twice" in twice.problems[0].what


def test_fingerprints_are_of_what_a_person_sees() -> None:
    """Rows that differ in case or blanks only are the same, rows that differ in a number are not."""
    (a, b, c) = parse_log(
        table(LOG, [GOOD | {"notes": "Hi"}, GOOD | {"who": "ANN", "notes": " hi "}, GOOD | {"count": 2}]), VOCABULARY
    ).activities
    assert fingerprint(a) == fingerprint(b) != fingerprint(c)


@pytest.mark.realdata
def test_naughty_notes_never_crash(data: Path) -> None:
    """Each of the Big List of Naughty Strings may stand in any column; in Notes and Contact every row counts."""
    naughty = json.loads((data / "naughty" / "blns.json").read_text(encoding="utf-8-sig"))
    rows = [GOOD | {"notes": text, "contact": text} for text in naughty]
    logged = parse_log(table(LOG, rows), VOCABULARY)
    assert logged.refused == 0 and len({fingerprint(a) for a in logged.activities}) > 400
    for key in ("date", "who", "activity", "count", "amount", "quality"):
        logged = parse_log(table(LOG, [GOOD | {key: text} for text in naughty]), ALONE)
        assert logged.rows == len(naughty) == len(logged.activities) + logged.refused
