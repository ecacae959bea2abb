"""Shares as bars: percentages for HTML cells, block characters for plain text. 1.0 is the target."""

from collections.abc import Sequence
from typing import Literal

Part = Literal["done", "pace", "rest"]


def segments(share: float | None, pace: float | None) -> list[tuple[Part, int]]:
    """The parts of a bar from left to right with their widths in percent, 100 in all.

    "pace" is a thin mark where an even pace would stand; there is none without pace, or at either end.
    """
    done = _percent(share)
    mark = _percent(pace)
    if not 1 < mark < 99:
        parts: list[tuple[Part, int]] = [("done", done), ("rest", 100 - done)]
    elif done >= mark:
        parts = [("done", mark - 1), ("pace", 1), ("done", done - mark), ("rest", 100 - done)]
    else:
        parts = [("done", done), ("rest", max(mark - 1 - done, 0)), ("pace", 1)]
        parts.append(("rest", 100 - sum(width for _, width in parts)))
    return [(part, width) for part, width in parts if width > 0]


def text_bar(share: float | None, pace: float | None, width: int = 24) -> str:
    """The bar as `width` characters: █ done, ░ to do, │ the even pace where it lies ahead."""
    done = _percent(share) * width // 100
    cells = "█" * done + "░" * (width - done)
    mark = round(_percent(pace) * width / 100)
    return cells[:mark] + "│" + cells[mark + 1 :] if done <= mark < width and mark else cells


def heights(history: Sequence[float | None]) -> list[int | None]:
    """Each week's height in percent, 100 for a target reached or more; None where there was no target."""
    return [None if share is None else _percent(share) for share in history]


def _percent(share: float | None) -> int:
    """0 to 100; only a target truly reached is 100."""
    if share is None or not share > 0:
        return 0
    return 100 if share >= 1 else min(99, max(1, round(share * 100)))
