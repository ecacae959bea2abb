"""Scores: weighted and capped, of what is native to the period or finer, and fair while the period is open."""

from datetime import date
from typing import Any

import pytest

from sheetsync.cells import Cell, serial
from sheetsync.periods import AsOf
from sheetsync.rollups import roll_up
from sheetsync.scores import Score, scores
from tests.builders import understood

PEOPLE: list[dict[str, Cell]] = [{"name": "Ann"}]
FRIDAY = date(2026, 2, 13)


def scored(
    activities: list[dict[str, Cell]], log: dict[str, tuple[int, int]], as_of: AsOf, **more: Any
) -> dict[tuple[str, str], Score]:
    """Ann's scores; `log` holds (day of February 2026, count) by activity."""
    rows: list[dict[str, Cell]] = [
        {"date": serial(date(2026, 2, day)), "activity": name, "count": count} for name, (day, count) in log.items()
    ]
    found = understood({"people": PEOPLE, "activities": activities, "log": rows, **more})
    return scores(roll_up(found.plan, found.logged.activities, as_of))


def test_weighted_and_capped() -> None:
    """10 of 10, twice of a half done one: (1 x 1 + 2 x 0.5) / 3; more than the target counts as the target."""
    activities: list[dict[str, Cell]] = [
        {"activity": "Call", "target": 10},
        {"activity": "Visit", "target": 4, "weight": 2},
        {"activity": "Chat", "target": 1, "weight": 0},
    ]
    found = scored(activities, {"Call": (9, 30), "Visit": (10, 2)}, AsOf(date(2026, 2, 15), under_way=False))
    week = found["2026-W07", "Ann"]
    assert week.score == pytest.approx((1 + 2 * 0.5) / 3)
    assert week.behind_on == ("Visit", "Chat")


def test_an_open_period_is_scored_against_what_is_expected_by_now() -> None:
    """Wednesday morning with 4 of 10: 4 were expected, so the score is 1; goals not yet expected are left out."""
    activities: list[dict[str, Cell]] = [{"activity": "Call", "target": 10}, {"activity": "Visit", "target": 1}]
    found = scored(activities, {"Call": (10, 4)}, AsOf(date(2026, 2, 11), under_way=True))
    assert found["2026-W07", "Ann"].score == pytest.approx(1)


def test_coarser_goals_do_not_count_in_finer_periods() -> None:
    """An article a month says nothing about a week, but counts in the quarter."""
    activities: list[dict[str, Cell]] = [
        {"activity": "Call", "target": 10},
        {"activity": "Article", "target": 1, "every": "month"},
    ]
    found = scored(activities, {"Call": (9, 10)}, AsOf(date(2026, 3, 31), under_way=False))
    assert found["2026-W07", "Ann"].score == 1
    month = found["2026-02", "Ann"].score
    assert month is not None and month < 0.5


def test_nothing_to_score_is_none() -> None:
    """Without a target in the period there is no score, which is not a score of 0."""
    found = scored([{"activity": "Call"}], {"Call": (9, 3)}, AsOf(FRIDAY, under_way=False))
    assert found["2026-W07", "Ann"].score is None and found["2026-W07", "Ann"].done == 3


def test_progress_is_of_the_first_goal() -> None:
    """The attainment of the first row of Goals, in the very period."""
    goals: list[dict[str, Cell]] = [
        {"goal": "Deals", "measured_by": "Deal", "target": 261},
        {"goal": "Other", "measured_by": "Deal", "target": 1},
    ]
    found = scored([{"activity": "Deal"}], {"Deal": (9, 5)}, AsOf(FRIDAY, under_way=False), goals=goals)
    assert found["2026-W07", "Ann"].progress == pytest.approx(1)
    assert found["2026", "Ann"].progress == pytest.approx(5 / 261)
