"""Statuses: the boundaries of docs/formulas.md, each from both sides."""

from typing import Any

import numpy as np
import pytest

from sheetsync.statuses import Measures, statuses


def judged(**changes: Any) -> Any:
    """The columns of one open period: target 40 of 20 days, 10 of them finished, unless said otherwise."""
    values: dict[str, Any] = {
        "actual": 20.0, "target": 40.0, "expected": 20.0, "untouched": 40.0, "days": 20.0, "days_finished": 10.0,
        "rows": 5.0, "closed": False, "quality": np.nan, "amount": np.nan, **changes,
    }  # fmt: skip
    values.setdefault("finished", values["actual"])
    values = {"native": True, "small": False, "begins": True, **values}
    arrays: dict[str, Any] = {key: np.array([value]) for key, value in values.items()}
    columns = statuses(Measures(**arrays))
    return {key: column[0] for key, column in columns.items()}


@pytest.mark.parametrize(
    ("pace", "status"),
    [
        (1.0, "on track"),
        (0.99, "on track"),
        (0.9899, "behind"),
        (0.81, "behind"),
        (0.8, "at risk"),
        (0.0, "at risk"),
    ],
)
def test_pace_boundaries(pace: float, status: str) -> None:
    """99 % of pace is on track, 81 % is behind, below is at risk; compared unrounded."""
    assert judged(actual=20 * pace)["status"] == status


@pytest.mark.parametrize(
    ("target", "expected", "actual", "status"),
    [(4.0, 2.0, 1.0, "behind"), (4.0, 2.5, 1.0, "at risk"), (5.0, 2.0, 1.0, "at risk"), (4.99, 1.0, 0.0, "behind")],
)
def test_one_short_of_a_small_target_is_only_behind(
    target: float, expected: float, actual: float, status: str
) -> None:
    """Below a target of 5, being one short is behind, not at risk."""
    assert judged(target=target, expected=expected, actual=actual)["status"] == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"days": 0.0, "days_finished": 0.0, "target": 0.0, "actual": 9.0}, "off"),
        ({"target": 0.0, "actual": 9.0}, "untargeted"),
        ({"actual": 40.0, "finished": 0.0, "rows": 1.0}, "met"),
        ({"actual": 0.0, "rows": 0.0}, "silent"),
        ({"actual": 0.0, "rows": 0.0, "closed": True, "days_finished": 20.0}, "silent"),
        ({"actual": 0.0, "rows": 0.0, "days_finished": 0.0, "expected": 0.0}, "on track"),
        ({"actual": 0.0, "rows": 1.0, "closed": True, "days_finished": 20.0, "expected": 40.0}, "missed"),
        ({"actual": 39.99, "closed": True, "days_finished": 20.0, "expected": 40.0}, "missed"),
    ],
)
def test_the_first_that_fits(changes: dict[str, Any], status: str) -> None:
    """Off before untargeted before met before silent before missed; nothing is green for silence."""
    assert judged(**changes)["status"] == status


def test_off_and_untargeted_are_undefined_not_zero() -> None:
    """Off has no expectation and no projection; untargeted has a projection all the same."""
    nothing = ("expected", "attainment", "pace", "slack", "behind_by", "required_rate")
    off = judged(days=0.0, days_finished=0.0, target=0.0)
    untargeted = judged(target=0.0)
    assert all(np.isnan(off[key]) for key in (*nothing, "projection")) and off["target"] == 0
    assert all(np.isnan(untargeted[key]) for key in nothing) and untargeted["projection"] == 40


@pytest.mark.parametrize(("actual", "slack"), [(20.0, 0), (21.9, 0), (22.0, 1), (30.0, 5), (39.0, 9), (19.0, 0)])
def test_slack_is_whole_idle_days(actual: float, slack: int) -> None:
    """Each working day's share is 2: two ahead is one idle day; who is behind has none."""
    assert judged(actual=actual)["slack"] == slack


def test_slack_is_at_most_the_days_left_and_null_when_closed() -> None:
    """Nobody can be idle for longer than the period lasts, nor in one that is over."""
    assert judged(actual=400.0, days_finished=18.0, expected=36.0)["slack"] == 2
    assert np.isnan(judged(closed=True, days_finished=20.0, expected=40.0)["slack"])


def test_required_rate_and_projection() -> None:
    """What is missing over the days left; no rate without a day left, no projection before the third day."""
    assert judged()["required_rate"] == 2 and judged(actual=50.0)["required_rate"] == 0
    assert np.isnan(judged(days_finished=20.0)["required_rate"])
    assert judged(days_finished=3.0, finished=6.0)["projection"] == 40
    assert np.isnan(judged(days_finished=2.5)["projection"])


@pytest.mark.parametrize(("gone", "expected"), [(10.0, 0.0), (15.0, 0.0), (17.5, 1.0), (20.0, 2.0)])
def test_rare_goals_are_expected_in_the_last_quarter(gone: float, expected: float) -> None:
    """One or two a month: nothing is expected in the first three quarters, then it rises to the target."""
    rare = judged(target=2.0, untouched=2.0, days_finished=gone, expected=9.9, actual=0.0, small=True)
    assert rare["expected"] == pytest.approx(expected)


@pytest.mark.parametrize(("untouched", "small"), [(2.001, True), (2.0, False), (0.0, True)])
def test_goals_that_are_not_rare_are_expected_evenly(untouched: float, small: bool) -> None:
    """Above two before time off, or not on its own rhythm, the shares of the finished days are expected."""
    assert judged(target=1.5, untouched=untouched, expected=0.7, small=small)["expected"] == 0.7


def test_hitting_a_target_exactly_is_hit() -> None:
    """The last digits of a float decide nothing: neither met, nor pace, nor behind-by, nor slack."""
    hit = judged(actual=0.1 + 0.2, target=0.3, expected=0.3, finished=0.1 + 0.2)
    assert hit["status"] == "met"
    nearly = judged(actual=0.3, target=0.1 + 0.2, expected=0.1 + 0.2)
    assert (nearly["status"], nearly["behind_by"]) == ("met", 0)


def test_streaks_over_periods_that_do_not_count() -> None:
    """Off and untargeted neither break nor add; a miss breaks; the open period adds when met, never breaks."""

    def run(statuses_: str, *, open_end: bool = False) -> tuple[list[float], list[float]]:
        met = np.array([40.0 if s == "m" else 0.0 for s in statuses_])
        closed = np.ones(len(met), dtype=bool)
        closed[-1] = not open_end
        same = np.full(len(met), 40.0)
        columns = statuses(
            Measures(
                actual=met, finished=met, target=np.array([0.0 if s in "ou" else 40.0 for s in statuses_]),
                expected=same, untouched=same, days=np.array([0.0 if s == "o" else 5.0 for s in statuses_]),
                days_finished=np.array([0.0 if s == "o" else 5.0 for s in statuses_]), rows=met + 1, closed=closed,
                native=np.ones(len(met), dtype=bool), small=np.zeros(len(met), dtype=bool),
                begins=np.arange(len(met)) == 0, quality=same, amount=same,
            )
        )  # fmt: skip
        return columns["streak"].tolist(), columns["best_streak"].tolist()

    assert run("momumx") == ([1, 1, 2, 2, 3, 0], [1, 1, 2, 2, 3, 3])
    assert run("xmmx", open_end=True) == ([0, 1, 2, 2], [0, 1, 2, 2])
    assert run("xmm", open_end=True) == ([0, 1, 2], [0, 1, 2])
    assert np.isnan(judged(native=False)["streak"])


def test_streaks_of_goals_that_stand_one_behind_the_other() -> None:
    """Each begins anew: what an earlier goal reached is not another one's best."""
    met = np.array([40.0, 40.0, 40.0, 0.0, 40.0, 40.0])
    ones, same = np.ones(6), np.full(6, 40.0)
    columns = statuses(
        Measures(
            actual=met, finished=met, target=same, expected=same, untouched=same, days=ones, days_finished=ones,
            rows=ones, closed=ones > 0, native=ones > 0, small=ones < 0, begins=np.array([1, 0, 0, 1, 0, 1]) > 0,
            quality=same, amount=same,
        )
    )  # fmt: skip
    assert columns["streak"].tolist() == [1, 2, 3, 0, 1, 1]
    assert columns["best_streak"].tolist() == [1, 2, 3, 0, 1, 1]
