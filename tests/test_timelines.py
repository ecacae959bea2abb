"""Timelines: what was logged, summed by period, whatever the order of the rows."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.activities import Activity
from sheetsync.cells import EPOCH, serial
from sheetsync.periods import DAY, AsOf, Cadence
from sheetsync.timelines import SUMS, logged_days, timeline_of
from sheetsync.workdays import Horizon
from tests.builders import understood

PLAN = understood({"people": [{"name": "Ann"}]}).plan
FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
rows = st.lists(
    st.builds(
        Activity, st.integers(serial(FIRST), serial(LAST) + 5), st.sampled_from(["Ann", "Ben"]),
        st.sampled_from(["Call", "Order"]), st.integers(0, 5).map(float),
        st.one_of(st.none(), st.integers(-50, 50).map(float)), st.one_of(st.none(), st.integers(1, 5).map(float)),
        st.just(""), st.just(""),
    )
)  # fmt: skip


@given(rows, st.sampled_from(list(Cadence)), st.booleans(), st.randoms())
def test_sums_are_those_of_a_plain_loop(log: list[Activity], cadence: Cadence, under_way: bool, random: Any) -> None:
    """Each person's and activity's rows of each period up to the as-of day, in any order of the rows."""
    as_of = AsOf(LAST, under_way=under_way)
    horizon = Horizon.around(PLAN.calendar, FIRST, LAST)
    timeline = timeline_of(PLAN, cadence, FIRST, as_of, horizon)
    shuffled = random.sample(log, len(log))
    timeline.add(logged_days(shuffled, as_of))
    for who, name in {(a.who, a.activity) for a in log}:
        summed = timeline.summed(who, name)
        for number, period in enumerate(timeline.periods):
            mine = [a for a in log if (a.who, a.activity) == (who, name) and _day(a) in period and _day(a) <= LAST]
            found = dict(zip(SUMS, summed[number], strict=True))
            assert found["quantity"] == sum(a.quantity for a in mine)
            assert found["quantity_before"] == sum(a.quantity for a in mine if _day(a) < as_of.boundary)
            assert found["amount"] == sum(a.amount or 0 for a in mine)
            assert found["amounts"] == sum(a.amount is not None for a in mine)
            assert found["rating"] == pytest.approx(sum((a.quality or 0) * a.quantity for a in mine))
            anything = any(a.who == who and _day(a) in period and _day(a) <= LAST for a in log)
            assert (timeline.rows.get(who, [0] * len(timeline.periods))[number] > 0) == anything


def _day(activity: Activity) -> date:
    return EPOCH + DAY * activity.day


def test_nothing_logged_sums_to_nothing() -> None:
    """An empty log has no pairs and no first days, and adds nothing."""
    as_of = AsOf(LAST, under_way=False)
    log = logged_days([], as_of)
    assert (log.pairs, log.first_days(), list(log.people())) == ([], {}, [])
    timeline = timeline_of(PLAN, Cadence.WEEK, FIRST, as_of, Horizon.around(PLAN.calendar, FIRST, LAST))
    timeline.add(log)
    assert not timeline.summed("Ann", "Call").any()
