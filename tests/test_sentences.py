"""Sentences: numbers in plain words that never say more than is so."""

from datetime import date
from math import nan
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.periods import AsOf
from sheetsync.sentences import about, bar, counted, day, full_day, number, percent, sentence, sparkline

THURSDAY = AsOf(date(2026, 10, 15), under_way=False)


def row(**changes: Any) -> SimpleNamespace:
    """An open week of 36 with 14 done and 18 expected, unless said otherwise."""
    values = {
        "actual": 14.0, "target": 36.0, "expected": 18.0, "status": "at risk", "behind_by": 4.0, "slack": 0.0,
        "required_rate": 2.2, "projection": 28.0, "closed": False, "start": date(2026, 10, 12),
        "reported": nan,
    }  # fmt: skip
    return SimpleNamespace(**{**values, **changes})


def test_the_sentence_of_the_design() -> None:
    """It reads as the design page has it."""
    said = sentence(row(), THURSDAY)
    parts = ("14 of 36 so far", "18 expected by Thursday’s end", "4 behind", "2.2 a day needed", "at this rate 28")
    assert said == "; ".join(parts)


def test_a_restated_period_says_both_numbers() -> None:
    """What was reported, and what it became."""
    closed = row(status="missed", closed=True, reported=8.0, actual=10.0)
    assert sentence(closed, THURSDAY) == "10 of 36; 26 short; restated: 8 → 10"


@pytest.mark.parametrize("status", ["on track", "behind", "at risk"])
def test_an_open_period_says_so_far(status: str) -> None:
    """While it is under way nothing reads as final."""
    assert "so far" in sentence(row(status=status), THURSDAY)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "off", "actual": 0.0}, "off"),
        ({"status": "off", "actual": 2.0}, "2 logged; no working days"),
        ({"status": "untargeted", "actual": 0.0}, "nothing logged, no target"),
        ({"status": "met", "actual": 36.0}, "36 of 36: reached"),
        ({"status": "met", "actual": 40.0}, "40 of 36: reached, 4 more"),
        ({"status": "missed", "closed": True}, "14 of 36; 22 short"),
        ({"status": "silent", "actual": 0.0, "closed": True}, "nothing logged at all; the target was 36"),
    ],
)
def test_what_is_not_open(changes: dict[str, Any], said: str) -> None:
    """Each status in its own words; undefined numbers are never spoken of."""
    undefined = {"expected": nan, "behind_by": nan, "required_rate": nan, "projection": nan, "slack": nan}
    assert sentence(row(**{**undefined, **changes}), THURSDAY) == said


def test_silence_is_not_a_rate() -> None:
    """Nothing logged: the target is named, and no projection of 0."""
    said = sentence(row(status="silent", actual=0.0, behind_by=18.0, projection=0.0), THURSDAY)
    assert said.startswith("nothing logged yet; the target is 36") and "at this rate" not in said


def test_days_to_spare() -> None:
    """On track and ahead: how many idle days that affords."""
    assert "1 idle day to spare" in sentence(row(status="on track", slack=1.0, behind_by=0.0), THURSDAY)
    assert "2 idle days" in sentence(row(status="on track", slack=2.0, behind_by=0.0), THURSDAY)


def test_a_long_period_names_the_date() -> None:
    """ "Thursday's end" is only clear within a week."""
    assert "by the end of 15 Oct" in sentence(row(start=date(2026, 10, 1)), THURSDAY)


@given(st.floats(0, 3))
def test_a_percentage_never_reads_as_reached_before_it_is(share: float) -> None:
    """Below 1 it is at most 99 %, from 1 on at least 100 %."""
    shown = int(percent(share).removesuffix(" %"))
    assert shown >= 100 if share >= 1 else shown <= 99 or share > 1 - 1e-9
    assert abs(shown / 100 - share) <= 0.01 + 1e-9


@given(st.floats(-1e9, 1e9))
def test_a_number_reads_as_about_itself(value: float) -> None:
    """Three digits or more of it, without a point that ends the text."""
    text = number(value).replace(",", "").replace("−", "-")
    assert abs(float(text) - value) <= max(0.005, 0.051 * abs(value))
    assert not text.endswith(".") and text not in {"-0", "-"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(1240.4, "1,240"), (250.5, "250.5"), (14.0, "14"), (0.25, "0.25"), (-3.5, "−3.5"), (0.0, "0"), (-0.0, "0"),
     (99.96, "99.96"), (100.0, "100"), (None, ""), (nan, "")],
)  # fmt: skip
def test_numbers_as_people_write_them(value: float | None, text: str) -> None:
    """What was counted keeps its decimals, thousands stand apart, no trailing zeros; undefined is nothing."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(36.36, "36"), (18.18, "18"), (12.5, "12.5"), (4.18, "4.2"), (2.24, "2.2"), (0.0312, "0.03"), (1240.5, "1,240"),
     (99.96, "100"), (-0.0, "0"), (None, ""), (nan, "")],
)  # fmt: skip
def test_computed_numbers_are_as_exact_as_it_matters(value: float | None, text: str) -> None:
    """What was computed is whole from ten on, unless one decimal says all of it."""
    assert about(value) == text


@given(st.one_of(st.none(), st.floats(-1, 5), st.just(nan)), st.one_of(st.none(), st.floats(-1, 5), st.just(nan)))
def test_a_bar_is_ten_blocks(share: float | None, pace: float | None) -> None:
    """Ten blocks and at most one line, full only when it is reached; nothing for what is undefined."""
    shown = bar(share, pace)
    if shown:
        assert len(shown.replace("┃", "")) == 10 and shown.count("┃") <= 1
        assert ("░" not in shown) == (share is not None and share >= 1 - 1e-9)


def test_days_and_counts() -> None:
    """As people write them; one is singular."""
    assert (day(date(2026, 11, 5)), full_day(date(2026, 11, 5))) == ("Thu 5 Nov", "Thu 5 Nov 2026")
    assert (counted(1, "row"), counted(3806, "row"), counted(0, "row")) == ("1 row", "3,806 rows", "0 rows")


SHARES = st.one_of(st.none(), st.just(nan), st.floats(-1, 3))


@pytest.mark.parametrize(
    ("shares", "shown"),
    [
        ([], ""),
        ([0.0, 0.5, 1.0, 2.5], "▁▄██"),
        ([None, nan, 0.0], "··▁"),
        ([0.999, 1 - 1e-12], "▇█"),
        ([-0.4], "▁"),
        ([n / 7 for n in range(8)], "▁▂▃▄▅▆▇█"),
    ],
)
def test_a_sparkline_is_a_block_a_period(shares: list[float | None], shown: str) -> None:
    """Full for the target or more, lowest for nothing, a dot where there was no target."""
    assert sparkline(shares) == shown


@given(st.lists(SHARES, max_size=13), st.floats(-1, 3), st.floats(-1, 3))
def test_a_higher_block_is_never_less(shares: list[float | None], one: float, other: float) -> None:
    """As many signs as periods; a full block only where the target was met."""
    assert len(sparkline(shares)) == len(shares)
    assert (sparkline([one]) <= sparkline([other])) or one > other
    assert (sparkline([one]) == "█") == (one >= 1 - 1e-9)
