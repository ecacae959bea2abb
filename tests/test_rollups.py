"""Rollups: equal to the naive recomputation, and the promises of DESIGN section 3 one by one."""

from datetime import date
from fractions import Fraction
from math import isnan
from typing import Any

import holidays as public
import pytest
from hypothesis import HealthCheck, given, settings

from sheetsync.rollups import roll_up
from sheetsync.scores import scores
from tests import naive
from tests.builders import as_of, plans, rows_of, settings_of, understood

COMPARED = (
    "start", "end", "native", "actual", "target", "expected", "attainment", "pace", "slack", "behind_by",
    "required_rate", "projection", "status", "streak", "best_streak", "quality", "amount",
)  # fmt: skip
FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def rolled_up(plan: naive.Plan, holidays: str = "") -> Any:
    """The rollups of a plan typed into a workbook, as a frame, and the plan as it was understood."""
    rows, tallied = rows_of(plan)
    found = understood(rows, settings_of(plan, holidays), date(2199, 1, 1), {"tally": tallied})
    return roll_up(found.plan, found.logged.activities, as_of(plan))


def by_key(frame: Any) -> dict[naive.Key, Any]:
    """The rows of a frame by cadence, period, person, kind and name."""
    found = {(r.cadence, r.period, r.person, r.kind, r.name): r for r in frame.itertuples(index=False)}
    assert len(found) == len(frame), "two rollups of the same thing"
    return found


def same(got: Any, wanted: Any) -> bool:
    """Whether a cell of the frame is what the oracle says."""
    if wanted is None:
        return bool(isnan(got))
    if isinstance(wanted, Fraction | int) and not isinstance(wanted, bool):
        return bool(got == pytest.approx(float(wanted), rel=1e-9, abs=1e-9))
    return bool(got == wanted)


def compare(frame: Any, plan: naive.Plan) -> None:
    """Every rollup and score is what the oracle says."""
    oracle, found = plan.roll_up(), by_key(frame)
    assert set(found) == set(oracle)
    for key, wanted in oracle.items():
        for column in COMPARED:
            got = getattr(found[key], column)
            assert same(got, wanted[column]), f"{key} {column}: {got!r}, the oracle says {wanted[column]!r}"
    scored = scores(frame)
    for who in plan.people:
        for cadence, label in {(key[0], key[1]) for key in oracle if key[2] == who.name}:
            wanted_score, got_score = plan.score(who, cadence, label, oracle), scored[label, who.name].score
            assert (got_score is None) == (wanted_score is None), (label, got_score, wanted_score)
            if wanted_score is not None:
                assert got_score == pytest.approx(float(wanted_score), abs=1e-9), label


@FEW
@given(plan=plans())
def test_equal_to_the_naive_recomputation(plan: naive.Plan) -> None:
    """Every number of every rollup and score equals the oracle's, whatever the plan."""
    compare(rolled_up(plan), plan)


@settings(FEW, max_examples=15)
@given(plan=plans())
def test_equal_with_public_holidays(plan: naive.Plan) -> None:
    """Public holidays are no working days."""
    plan.holidays = frozenset(public.country_holidays("GB", subdiv="ENG", years=range(2022, 2028)))
    compare(rolled_up(plan, "GB-ENG"), plan)
