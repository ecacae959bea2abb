"""Bars and sparklines never claim more than is there."""

from hypothesis import given
from hypothesis import strategies as st

from sheetsync.mail.bars import heights, segments, text_bar
from sheetsync.sentences import sparkline

SHARES = st.none() | st.floats(min_value=-3, max_value=5)


@given(SHARES, SHARES)
def test_the_parts_of_a_bar_fill_it(share: float | None, pace: float | None) -> None:
    """The widths are positive, 100 in all; "done" is full only when the target is reached; one mark at most."""
    parts = segments(share, pace)
    assert sum(width for _, width in parts) == 100
    assert all(width > 0 for _, width in parts)
    assert [part for part, _ in parts].count("pace") <= 1
    assert any(part == "rest" for part, _ in parts) or (share or 0) >= 0.98


@given(SHARES, SHARES, st.integers(4, 60))
def test_a_text_bar_has_its_width(share: float | None, pace: float | None, width: int) -> None:
    """A bar is exactly as wide as asked for, so that columns line up."""
    bar = text_bar(share, pace, width)
    assert len(bar) == width
    assert set(bar) <= set("█░│")


def test_a_bar_shows_where_an_even_pace_stands() -> None:
    """The mark stands ahead of what is done when behind, inside it when ahead."""
    assert segments(0.4, 0.5) == [("done", 40), ("rest", 9), ("pace", 1), ("rest", 50)]
    assert segments(0.8, 0.5) == [("done", 49), ("pace", 1), ("done", 30), ("rest", 20)]
    assert segments(1.4, None) == [("done", 100)]
    assert text_bar(0.25, 0.5, 8) == "██░░│░░░"
    assert text_bar(0.75, 0.5, 8) == "██████░░"


def test_only_a_target_reached_is_a_full_column() -> None:
    """99.9 % is not full, nothing is the lowest, no target is a dot."""
    assert sparkline((0.0, 0.5, 0.999, 1.0, 2.0, None)) == "▁▄▇██·"
    assert heights((0.0, 0.999, 1.0, None)) == [0, 99, 100, None]
