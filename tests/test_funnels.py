"""The funnel: conversions out of one's own log, with lag and interval, and what the gap comes to at that rate."""

import csv
import random
from datetime import date, timedelta
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.activities import Activity
from sheetsync.cells import Cell, serial
from sheetsync.funnels import Funnel, Gap, best_lag, conversion_interval, funnels, wilson
from sheetsync.payoffs import ratio_interval
from sheetsync.periods import AsOf, Calendar
from sheetsync.reading import Settings
from sheetsync.rollups import roll_up
from tests import naive
from tests.builders import as_of, plans, rows_of, settings_of, understood

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
FIRST = date(2026, 1, 5)
CHAIN: dict[str, Any] = {
    "people": [{"name": "Ann"}],
    "goals": [
        {"goal": "Revenue", "measured_by": "Order won", "of": "amount", "target": 100_000},
        {"goal": "Talks", "measured_by": "Meeting", "target": 100},
    ],
    "activities": [
        {"activity": "Call", "target": 10, "serves": "talks"},
        {"activity": "Invitation", "serves": "Meeting"},
        {"activity": "Meeting", "serves": "Revenue"},
        {"activity": "Order won", "serves": "Revenue"},
        {"activity": "Tea", "serves": "Nothing known"},
    ],
}


def row(day: date, name: str, count: float, amount: float | None = None, who: str = "Ann") -> Activity:
    """A row of the log."""
    return Activity(serial(day), who, name, count, amount, None, "", "")


def weekly(name: str, counts: list[int], amount: float | None = None) -> list[Activity]:
    """A row each week from the first one on."""
    return [row(FIRST + timedelta(weeks=n), name, count, amount if count else None) for n, count in enumerate(counts)]


def found(tabs: dict[str, Any], log: list[Activity], last: date = date(2026, 12, 6), **more: Any) -> list[Funnel]:
    """The funnels at the end of a day."""
    plan, day = understood(tabs).plan, AsOf(last, under_way=False)
    return funnels(plan, log, roll_up(plan, log, day), day, **more)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_that_of_newcombe(successes: int, trials: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5000), st.integers(0, 5000), st.integers(2, 9))
def test_intervals_hold_the_rate_and_narrow(trials: int, outcomes: int, more: int) -> None:
    """Also where an activity brings several outcomes; more of the same narrows them."""
    low, high = conversion_interval(outcomes, trials)
    assert 0 <= low <= outcomes / trials * (1 + 1e-12) and outcomes / trials <= high * (1 + 1e-12)
    narrow = conversion_interval(outcomes * more, trials * more)
    assert narrow[1] - narrow[0] <= high - low + 1e-12
    if outcomes > trials:
        assert (low, high) == ratio_interval(outcomes, 1, trials, 1)


def test_the_chain_from_activity_to_goal() -> None:
    """Serves names a goal or an activity; what measures a goal is no step towards it, circles lead nowhere."""
    log = [a for name in ("Call", "Invitation", "Meeting", "Order won", "Tea") for a in weekly(name, [3] * 40)]
    assert {(f.goal, f.path) for f in found(CHAIN, log)} == {
        ("Revenue", ("Call", "Meeting", "Order won")),
        ("Revenue", ("Invitation", "Meeting", "Order won")),
        ("Revenue", ("Meeting", "Order won")),
        ("Talks", ("Call", "Meeting")),
        ("Talks", ("Invitation", "Meeting")),
    }
    circle: list[dict[str, Cell]] = [{"activity": "Call", "serves": "Tea"}, {"activity": "Tea", "serves": "Call"}]
    circle += [{"activity": "Order won"}, {"activity": "Meeting"}]
    assert found(CHAIN | {"activities": circle}, log) == []


def test_conversion_and_what_the_gap_comes_to() -> None:
    """120 meetings, 24 orders of 1,000: 20 in 100; 76 orders missing, 380 meetings, over the 19 working days left."""
    log = [*weekly("Meeting", [3] * 40), *weekly("Order won", [1, 0, 1, 0, 1] * 8, 1000.0)]
    (funnel,) = [f for f in found(CHAIN, log) if f.goal == "Revenue"]
    assert (funnel.trials, funnel.outcomes, funnel.rate, funnel.lag) == (120, 24, 0.2, 0)
    assert (funnel.low, funnel.high) == wilson(24, 120)
    assert isinstance(funnel.gap, Gap) and funnel.gap.each == 1000
    assert (funnel.gap.missing, funnel.gap.per_day) == pytest.approx((76, 76 / 19))
    assert funnel.needed == pytest.approx((380, 76 / funnel.high, 76 / funnel.low))
    assert funnel.sentence == (
        "For every 100 of “Meeting” there were 20 of “Order won” (14 to 28), in 48 weeks. "
        "The 76 of “Order won” still missing (of about 1,000 each) would go with 380 more “Meeting” "
        "(271 to 550): 20 a working day."
    )


def test_no_rate_below_30() -> None:
    """29 say too little; with 30 and no outcome there is a rate, but nothing to divide the gap by."""
    counted = {"goals": [{"goal": "Orders", "measured_by": "Order won", "target": 10}]}
    tabs = CHAIN | counted | {"activities": [{"activity": "Call", "serves": "Orders"}, {"activity": "Order won"}]}
    (few,) = found(tabs, weekly("Call", [1] * 29))
    assert (few.rate, few.needed) == (None, None)
    assert few.sentence == "29 of “Call”: too few to say (30 are needed)."
    (enough,) = found(tabs, weekly("Call", [1] * 30))
    assert (enough.rate, enough.needed) == (0, None) and enough.gap is not None
    assert enough.sentence == "For every 100 of “Call” there were 0 of “Order won” (0 to 11), in 48 weeks."
    assert found(tabs, weekly("Call", [0] * 30)) == [] == found(tabs, [])


def test_several_outcomes_for_one_activity() -> None:
    """A trade fair that brings three orders each time is told per fair."""
    tabs = CHAIN | {"goals": [{"goal": "Orders", "measured_by": "Order won", "target": 10}]}
    tabs["activities"] = [{"activity": "Fair", "serves": "Order won"}, {"activity": "Order won", "serves": "Orders"}]
    (funnel,) = found(tabs, [*weekly("Fair", [1] * 40), *weekly("Order won", [3] * 40)])
    assert funnel.sentence == "For each “Fair” there were 3 of “Order won” (2.1 to 4.4), in 48 weeks."
    assert funnel.gap is None  # the goal is reached


def test_an_unknown_size_of_an_order_says_nothing_about_the_gap() -> None:
    """Four orders are too few for an average."""
    log = [*weekly("Meeting", [3] * 40), *weekly("Order won", [1] * 4, 1000.0)]
    assert [f.gap for f in found(CHAIN, log) if f.goal == "Revenue"] == [None]


@pytest.mark.parametrize("lag", [0, 3, 8])
def test_the_lag_is_found(lag: int) -> None:
    """Orders follow meetings after some weeks: the conversion counts them that much later."""
    chance = random.Random(lag)
    meetings = [chance.choice((2, 5, 9, 20)) for _ in range(48)]
    orders = [0] * lag + [m // 2 for m in meetings][: 48 - lag]
    tabs = CHAIN | {"goals": [{"goal": "Orders", "measured_by": "Order won", "target": 9999}]}
    log = [*weekly("Meeting", meetings), *weekly("Order won", orders)]
    tabs["activities"] = [{"activity": "Meeting", "serves": "Orders"}, {"activity": "Order won"}]
    (funnel,) = found(tabs, log, date(2026, 12, 6))
    assert funnel.lag == lag and funnel.days == 7 * (48 - lag)
    assert (funnel.trials, funnel.outcomes) == (sum(meetings[: 48 - lag]), sum(orders))
    assert (f"counted {lag} weeks later" in funnel.sentence) == (lag > 0)
    assert best_lag(meetings[:33], orders[:33]) == 0


def test_chance_is_seldom_a_lag() -> None:
    """Of 300 unrelated years, and of 300 that both fade, about 5 % seem to have one."""
    chance = random.Random(3)

    def year(rate: float, end: float) -> list[float]:
        steps = [rate + (end - rate) * n / 51 for n in range(52)]
        return [float(sum(chance.random() < step / 40 for _ in range(40))) for step in steps]

    for end in (1.0, 0.2):
        seen = sum(best_lag(year(20, 20 * end), year(6, 6 * end)) > 0 for _ in range(300))
        assert seen <= 27


def test_flat_counts_have_no_lag() -> None:
    """What never varies correlates with nothing."""
    assert best_lag([5] * 52, [1] * 52) == 0 == best_lag([], [])
    assert best_lag([0.1 * n for n in range(52)], [0.3 * n for n in range(52)]) == 0


def test_only_the_window_counts() -> None:
    """The last 52 weeks unless told otherwise; rows after the as-of day never."""
    tabs = CHAIN | {"goals": [{"goal": "Orders", "measured_by": "Order won", "target": 9999}]}
    tabs["activities"] = [{"activity": "Meeting", "serves": "Orders"}, {"activity": "Order won"}]
    log = [*weekly("Meeting", [9] * 10 + [1] * 52), *weekly("Order won", [0] * 10 + [1] * 60)]
    last = FIRST + timedelta(weeks=62, days=-1)
    rates = [found(tabs, log, last, **more)[-1] for more in ({}, {"weeks": 10}, {"weeks": None})]
    assert [(f.trials, f.outcomes) for f in rates] == [(52, 52), (10, 10), (142, 52)]
    assert found(tabs, log, date(2025, 1, 1)) == []


@FEW
@given(random_plan=plans(), serves=st.lists(st.sampled_from(["Revenue", "Call", "Visit", "Order", ""]), min_size=3))
def test_order_is_irrelevant_and_nothing_crashes(random_plan: naive.Plan, serves: list[str]) -> None:
    """Whatever serves what, shuffled rows give the same sentences, and no bound lies on the wrong side."""
    rows, tallied = rows_of(random_plan)
    for number, activity in enumerate(rows["activities"]):
        activity["serves"] = serves[number % len(serves)]
    read = understood(rows, settings_of(random_plan), date(2199, 1, 1), {"tally": tallied})
    day, log = as_of(random_plan), list(read.logged.activities)
    rollups = roll_up(read.plan, log, day)
    first = funnels(read.plan, log, rollups, day)
    random.Random(len(log)).shuffle(log)
    assert [f.sentence for f in funnels(read.plan, log, rollups, day)] == [f.sentence for f in first]
    for funnel in first:
        assert funnel.low <= funnel.outcomes / funnel.trials <= funnel.high
        assert funnel.needed is None or funnel.needed[1] <= funnel.needed[0] <= funnel.needed[2] <= inf


@pytest.mark.realdata
def test_bank_calls_convert_as_published(data: Path) -> None:
    """5,289 of 45,211 calls were sales, 11.698 %; no lag, because a sale ends the call."""
    with (data / "bank-calls" / "calls.csv").open(encoding="utf-8-sig", newline="") as file:
        calls = [(date.fromisoformat(call["date"]), call["y"]) for call in csv.DictReader(file)]
    log = [row(day, "Call", 1, who="Bank") for day, _ in calls]
    log += [row(day, "Sale", 1, who="Bank") for day, sold in calls if sold == "yes"]
    tabs: dict[str, Any] = {
        "people": [{"name": "Bank"}],
        "goals": [{"goal": "Sales", "measured_by": "Sale", "target": 100}],
        "activities": [{"activity": "Call", "serves": "Sales"}, {"activity": "Sale"}],
    }
    plan = understood(tabs, Settings(Calendar(), 2008)).plan
    day = AsOf(date(2010, 11, 17), under_way=False)
    (funnel,) = funnels(plan, log, roll_up(plan, log, day), day, weeks=None)
    assert (funnel.trials, funnel.outcomes, funnel.lag) == (45_211, 5_289, 0)
    assert funnel.rate == pytest.approx(0.11698, abs=5e-6)
    assert funnel.low < 0.11698 < funnel.high and funnel.high - funnel.low < 0.006
