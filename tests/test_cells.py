"""Cells: whatever stands in one, reading gives a value or says why not, and never guesses between two."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sheetsync.activities import read_amount, read_count, read_quality
from sheetsync.cells import (
    EARLIEST,
    ERRORS,
    LATEST,
    Cell,
    Memo,
    Misread,
    Moment,
    column_letters,
    day_of,
    fold,
    hashable,
    is_blank,
    is_error,
    read_date,
    read_number,
    serial,
    text_of,
    trimmed,
)

DAYS = st.dates(EARLIEST, LATEST)
DATE_LIKE = st.text("0123456789/-. :,TZ+jJanfFebMrAprayuglSptOcoNvDhMmdWs", max_size=30)
NUMBER_LIKE = st.text("0123456789.,'’ +-eE%$€", max_size=20)
CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(-(10**308), 10**308),
    st.text(max_size=80),
    st.sampled_from(sorted(ERRORS)),
    DATE_LIKE,
    NUMBER_LIKE,
)


@given(CELLS)
@example("9" * 400)
@example("2026-02-14 10:00 ABC")
@example("٣’٠٠٠")
@example("\ud800")
def test_reading_never_raises(cell: Cell) -> None:
    """Any cell reads as a finite number, a day in range, a text without control characters, or as a reason."""
    number, day = read_number(cell), read_date(cell)
    assert isinstance(number, Misread) or math.isfinite(number)
    assert isinstance(day, Misread) or EARLIEST <= day <= LATEST
    text = text_of(cell)
    assert text == text.strip() and "\x00" not in text
    text.encode("utf-8")
    assert fold(fold(text)) == fold(text)
    if not is_blank(cell):
        for read in (read_count, read_amount, read_quality):
            value = read(cell)
            assert isinstance(value, Misread) or (value is not None and math.isfinite(value))


@given(st.one_of(DATE_LIKE, NUMBER_LIKE, st.text(max_size=30)))
def test_a_reason_is_one_line_for_people(text: str) -> None:
    """What is wrong and what to type instead are said, on one line, never empty."""
    for read in (read_number(text), read_date(text)):
        if isinstance(read, Misread):
            assert read.what and read.hint
            assert len(f"{read.what}{read.hint}".splitlines()) == 1


@given(DAYS)
def test_days_and_serial_numbers_are_one_to_one(day: date) -> None:
    """A day survives the way through its serial number, with or without a time of day."""
    assert day_of(serial(day)) == day_of(serial(day) + 0.999) == day
    assert read_date(float(serial(day))) == day


@pytest.mark.parametrize(
    "number", [serial(EARLIEST) - 1, serial(LATEST) + 1, 0, -1, 1e300, math.inf, -math.inf, math.nan, 10**308]
)
def test_numbers_that_are_no_day(number: float) -> None:
    """Serial numbers outside 1970-2199 and things that are not finite are no days."""
    assert day_of(number) is None
    assert isinstance(read_date(number), Misread)


@given(DAYS)
def test_a_written_day_is_read_as_itself(day: date) -> None:
    """Year first, or with the month in letters, a text means one day."""
    for text in (
        day.isoformat(),
        f"{day:%Y/%m/%d}",
        f"{day.year}-{day.month}-{day.day}",
        f"{day.day} {day:%B} {day.year}",
        f"{day:%b} {day.day}, {day.year}",
        f"{day:%A} {day.day} {day:%b} {day.year}",
        f"{day.isoformat()}T18:30:00Z",
        f"{day.isoformat()} 6:30 pm",
    ):
        assert read_date(text) == day, text


@given(DAYS)
def test_day_and_month_in_digits_are_never_guessed(day: date) -> None:
    """3/5/2026 is March or May: the answer names both. It counts only when they are the same day."""
    for separator in "/.- ":
        for first, second in ((day.day, day.month), (day.month, day.day)):
            read = read_date(f"{first}{separator}{second}{separator}{day.year}")
            if day.day <= 12 and day.day != day.month:
                assert isinstance(read, Misread) and day.isoformat() in read.what
            else:
                assert read == day


@pytest.mark.parametrize(
    "text",
    [
        "5/6/26", "260214", "14-Feb-26", "12/13/14", "03/18/40",  # a year of two digits is in which century?
        "November 18-19", "Dec 12 2026 at 4 - 6:30 pm", "2026-02-14 2026-02-15", "14-15 Feb 2026",  # ranges
        "Monday 14 Feb 2026",  # that was a Saturday
        "May 5", "05/2026", "2026-02", "2026", "Monday", "10:30", "now", "tomorrow", "2026-W07",  # not a whole date
        "2026-02-30", "31/02/2026", "2026-13-01", "13/14/2026", "0026-02-14", "2300-01-01",  # no such day
    ],
)  # fmt: skip
def test_texts_that_are_no_single_day(text: str) -> None:
    """A text without its year, with two days in it, or for a day that never was, is never a day."""
    assert isinstance(read_date(text), Misread)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5), (" 12 ", 12), ("1.5", 1.5), ("1,5", 1.5), ("1,234.5", 1234.5), ("1.234,5", 1234.5),
        ("1 234 567", 1234567), ("1’000", 1000), ("1,000,000", 1000000), ("€ 20", 20), ("-3", -3), ("+3", 3),
    ],
)  # fmt: skip
def test_numbers_typed_as_text(text: str, number: float) -> None:
    """With a point or a comma, grouped or not, a text that can mean one number only counts."""
    assert read_number(text) == number


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(".,"))
def test_a_separator_before_three_digits_is_never_guessed(head: int, tail: int, separator: str) -> None:
    """1,234 is a thousand and more to some and one and a bit to others: the answer names both."""
    read = read_number(f"{head}{separator}{tail:03}")
    assert isinstance(read, Misread) and "can mean" in read.what


@pytest.mark.parametrize(
    "text", ["ten", "5 calls", "1e5", "12%", "1,00,000", "1 2", "½", "--5", "1.2.3", "∞", "nan", "5\n000", "3\t200"]
)
def test_texts_that_are_no_number(text: str) -> None:
    """Words, percentages and odd groups are no number; a number among words is offered as what to type."""
    read = read_number(text)
    assert isinstance(read, Misread)
    assert text != "5 calls" or "5" in read.hint


def test_a_truth_value_is_neither_number_nor_date() -> None:
    """A tick box is not 1, and not a day."""
    assert isinstance(read_number(True), Misread) and isinstance(read_date(True), Misread)


@given(st.lists(st.one_of(st.booleans(), st.integers(0, 3).map(float), st.integers(0, 3).map(Moment)), max_size=12))
def test_what_is_equal_to_a_number_is_no_number(column: list[Cell]) -> None:
    """In whatever order they stand, a tick box, a time and a number of the same value are read as what they are."""
    column = [cell if type(cell) is not Moment else Moment(cell + 46_000) for cell in column]
    memo = Memo(read_number)
    read = [memo[cell] for cell in hashable(column)]
    assert [isinstance(value, Misread) for value in read] == [type(cell) is not float for cell in column]
    memo = Memo(read_date)
    days = [memo[cell] for cell in hashable(column)]
    assert [isinstance(day, Misread) for day in days] == [type(cell) is not Moment for cell in column]


def test_days_and_times_as_text() -> None:
    """As people write them: where a cell is a text, and where it is quoted."""
    moments = [Moment(46_115), Moment(46_115.5), Moment(0.0625), Moment(3.75)]
    assert [text_of(moment) for moment in moments] == ["2026-04-03", "2026-04-03", "1:30", "90:00"]
    said = read_number(moments[2])
    assert isinstance(said, Misread) and said.hint.startswith("type 1.5 for hours or 90 for minutes")


def test_errors_of_formulas_are_named() -> None:
    """A formula's error is not blank, and the reason shows which it is."""
    for error in ERRORS:
        assert is_error(error.lower()) and not is_blank(error)
        for read in (read_number(error), read_date(error)):
            assert isinstance(read, Misread) and error in read.what


@pytest.mark.parametrize("cell", [None, "", " ", "\u00a0", "\u200b\ufeff", "\n\t"])
def test_what_a_person_calls_empty_is_blank(cell: Cell) -> None:
    """Spaces of any kind are blank; 0 and False are not."""
    assert is_blank(cell) and text_of(cell) == ""
    assert not is_blank(0) and not is_blank(False)


def test_whole_numbers_as_text_have_no_point() -> None:
    """A salesperson called 274 is "274", also when the spreadsheet stores 274.0."""
    assert text_of(274.0) == text_of(274) == text_of("274") == "274"


def test_column_letters() -> None:
    """A to Z, then AA; the last column of Excel is XFD."""
    assert [column_letters(n) for n in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


@given(st.lists(st.lists(st.one_of(st.none(), st.just(""), st.integers(0, 3)), max_size=5), max_size=5))
def test_trimming_drops_trailing_blanks_only(grid: list[list[Cell]]) -> None:
    """No row ends blank, the grid does not end in a blank row, and every value stays in its place."""
    result = trimmed(grid)
    assert all(not row or row[-1] not in (None, "") for row in result)
    assert not result or result[-1]
    for r, row in enumerate(grid):
        for c, cell in enumerate(row):
            if cell not in (None, ""):
                assert result[r][c] == cell


def test_the_epoch() -> None:
    """Serial 1 is 1899-12-31 and 61 is 1 March 1900, as in Excel and Google Sheets."""
    assert serial(date(1899, 12, 31)) == 1 and serial(date(1900, 3, 1)) == 61
    assert day_of(serial(date(2026, 2, 14))) == date(2026, 2, 13) + timedelta(days=1)
