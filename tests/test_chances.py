"""Chances: a log becomes a history, and the forecast of each open period stands against its target."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.activities import Activity
from sheetsync.cells import Cell, serial
from sheetsync.chances import Chance, chances, of_first_goal
from sheetsync.periods import DAY, AsOf
from sheetsync.rollups import roll_up
from tests import naive
from tests.builders import as_of, plans, rows_of, settings_of, understood

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
NEW_YEAR = date(2026, 1, 1)
END_OF_APRIL = AsOf(date(2026, 4, 30), under_way=False)
GOAL: dict[str, Cell] = {"goal": "Orders", "measured_by": "Order", "target": 400}


def orders(
    first: date, last: date, count: float = 1, amount: float | None = None, who: str = "Ann", name: str = "Order"
) -> list[Activity]:
    """So many each Monday to Friday."""
    days = (first + n * DAY for n in range((last - first).days + 1))
    return [Activity(serial(d), who, name, count, amount, None, "", "") for d in days if d.weekday() < 5]


ACTIVITIES: list[dict[str, Cell]] = [{"activity": "Order"}, {"activity": "Call", "target": 5}]


def found(log: list[Activity], at: AsOf = END_OF_APRIL, **tabs: Any) -> dict[tuple[str, str, str], Chance]:
    """The chances at the end of a day; Ann is alone and has 400 orders a year to win."""
    rows: dict[str, Any] = {
        "people": [{"name": "Ann"}],
        "goals": [GOAL],
        "activities": ACTIVITIES,
    }
    plan = understood(rows | tabs).plan
    return chances(plan, log, roll_up(plan, log, at), at)


def two_then_one() -> list[Activity]:
    """Two orders a working day in the first quarter, one in April: the example of docs/forecast.md."""
    return orders(NEW_YEAR, date(2026, 3, 31), 2) + orders(date(2026, 4, 1), date(2026, 4, 30))


def test_the_example_of_the_page() -> None:
    """The quarter of docs/forecast.md, out of a log and against a target of 100."""
    dated: list[dict[str, Cell]] = [{"name": "Orders", "period": "2026-Q2", "target": 100}]
    chance = found(two_then_one(), targets=dated)["2026-Q2", "Ann", "Orders"]
    assert (chance.target, chance.forecast.so_far, chance.forecast.provisional) == (100, 22, True)
    assert chance.forecast.point == pytest.approx(96.46, abs=0.005)
    assert chance.probability == pytest.approx(0.393, abs=0.0005)
    assert chance.sentence == (
        "2026-Q2: 96 to be expected, 79 to 116 in four of five cases, against a target of 100: a chance of 39 % "
        "(provisional: fewer than four periods are closed)."
    )


def test_month_quarter_and_year_that_are_open() -> None:
    """One chance each, in the period that holds the day, against that period's own target."""
    at = AsOf(date(2026, 5, 4), under_way=True)
    result = found(two_then_one(), at)
    assert list(result) == [(label, "Ann", "Orders") for label in ("2026-05", "2026-Q2", "2026")]
    assert [chance.target for chance in result.values()] == pytest.approx([400 * n / 261 for n in (21, 65, 261)])


@pytest.mark.parametrize(("days", "some"), [(89, False), (90, True)])
def test_nothing_under_ninety_days(days: int, some: bool) -> None:
    """The person's days begin with their first row, whatever the activity."""
    log = orders(date(2026, 3, 2), END_OF_APRIL.day)
    assert found(log) == {}
    first = Activity(serial(END_OF_APRIL.boundary - days * DAY), "Ann", "Call", 0, None, None, "", "")
    assert bool(found([first, *log])) is some


def test_what_there_is_no_chance_of() -> None:
    """No target, no row, another's rows, a year without one, an activity: nothing is said."""
    log = two_then_one()
    assert found(log, goals=[{**GOAL, "target": None}]) == {} == found([])
    assert found(log, people=[{"name": "Ben"}]) == {}
    assert found(orders(NEW_YEAR, END_OF_APRIL.day, name="Call")) == {}
    assert found(log, goals=[], activities=[{"activity": "Order", "target": 5}]) == {}
    assert found(log, AsOf(date(2025, 6, 1), under_way=False)) == {}


def test_amounts_are_forecast_as_amounts() -> None:
    """A goal of amounts sums them; a row without one brings nothing."""
    goal = {**GOAL, "of": "amount", "target": 40_000}
    log = orders(NEW_YEAR, END_OF_APRIL.day, 1, 100)
    bare = orders(NEW_YEAR, END_OF_APRIL.day)
    paid, both = (found(rows, goals=[goal])["2026-Q2", "Ann", "Orders"] for rows in (log, log + bare))
    assert paid.forecast.so_far == 2200 and both.forecast.point == paid.forecast.point
    assert paid.forecast.point == pytest.approx(6500, rel=0.05)


def test_rows_of_the_boundary_and_later_say_nothing() -> None:
    """Neither today's rows nor those after the as-of day change a forecast."""
    morning = AsOf(date(2026, 5, 1), under_way=True)
    before = found(two_then_one(), morning)
    after = found(two_then_one() + orders(date(2026, 5, 1), date(2026, 6, 30), 9), morning)
    assert [c.probability for c in after.values()] == [c.probability for c in before.values()]


def test_what_is_reached_is_said_to_be() -> None:
    """Done before the boundary: a chance of 1, and no band."""
    log = [*two_then_one(), *orders(date(2026, 4, 20), date(2026, 4, 20), 500)]
    chance = found(log)["2026", "Ann", "Orders"]
    assert chance.probability == 1
    assert chance.sentence.startswith("2026: 650 of 400") and "reached" in chance.sentence


def test_a_row_of_ones_own_says_what_is_counted() -> None:
    """Ann's goal counts calls, everyone's orders."""
    own = {**GOAL, "who": "Ann", "measured_by": "Call"}
    log = two_then_one() + orders(NEW_YEAR, END_OF_APRIL.day, 3, name="Call")
    assert found(log, goals=[GOAL, own])["2026-Q2", "Ann", "Orders"].forecast.so_far == 66


def test_one_persons_days_do_not_change_anothers_point() -> None:
    """Ben's rows may widen a provisional band; what is expected of Ann is hers."""
    people: list[dict[str, Cell]] = [{"name": "Ann"}, {"name": "Ben"}]
    alone = found(two_then_one())
    both = found(two_then_one() + orders(NEW_YEAR, END_OF_APRIL.day, 7, who="Ben"), people=people)
    assert {who for _, who, _ in both} == {"Ann", "Ben"}
    assert all(both[key].forecast.point == alone[key].forecast.point for key in alone)


@FEW
@given(
    st.lists(st.integers(0, 5), min_size=65, max_size=65).filter(any),
    st.lists(st.integers(1, 3000), min_size=2, max_size=4),
)
def test_a_chance_lies_between_0_and_1_and_falls_with_the_target(counts: list[int], targets: list[int]) -> None:
    """Of an open month, quarter and year; a higher one is never likelier, what is not reached never certain."""
    base = orders(NEW_YEAR, END_OF_APRIL.day)[-65:]
    log = [row._replace(quantity=float(count)) for row, count in zip(base, counts, strict=True)]
    log += orders(NEW_YEAR, NEW_YEAR, 0, name="Call")
    at = AsOf(date(2026, 5, 8), under_way=False)
    results = [found(log, at, goals=[{**GOAL, "target": target}]) for target in sorted(targets)]
    assert list(results[0]) == [(label, "Ann", "Orders") for label in ("2026-05", "2026-Q2", "2026")]
    for key in results[0]:
        lines = [result[key] for result in results]
        assert all(0 <= line.probability <= 1 for line in lines)
        assert all(line.probability < 1 or line.forecast.so_far >= line.target - 1e-9 for line in lines)
        steps = [line.probability for line in lines]
        assert steps == sorted(steps, reverse=True)
        assert all(line.sentence.endswith(".") for line in lines)


@FEW
@given(plans())
def test_only_goals_with_a_target_and_a_past_have_one(plan: naive.Plan) -> None:
    """On random plans: each is of a goal of that person, in a period that holds the day, and a number from 0 to 1."""
    rows, tallied = rows_of(plan)
    read = understood(rows, settings_of(plan), date(2199, 1, 1), {"tally": tallied})
    at = as_of(plan)
    rollups = roll_up(read.plan, read.logged.activities, at)
    for (label, who, goal), chance in chances(read.plan, read.logged.activities, rollups, at).items():
        period = read.plan.calendar.parse(label)
        assert period and at.day in period and ("goal", goal) in read.plan.goals_of(who)
        assert 0 <= chance.probability <= 1 and chance.target > 0
        first = min(a.day for a in read.logged.activities if a.who == who)
        assert serial(at.boundary) - first >= 90


def test_the_chance_of_the_first_goal() -> None:
    """The first one of that period and person, in the order of the Goals tab; None where there is none."""
    second: dict[str, Cell] = {"goal": "Calls", "measured_by": "Call", "target": 10_000}
    log = two_then_one() + orders(NEW_YEAR, END_OF_APRIL.day, name="Call")
    for goals in ([GOAL, second], [second, GOAL]):
        result = found(log, goals=goals)
        plan = understood({"people": [{"name": "Ann"}], "goals": goals, "activities": ACTIVITIES}).plan
        first = result["2026", "Ann", str(goals[0]["goal"])]
        assert of_first_goal(plan, result, "2026", "Ann") == first.probability
        others = {key: chance for key, chance in result.items() if key[2] != goals[0]["goal"]}
        assert of_first_goal(plan, others, "2026", "Ann") is None
        assert of_first_goal(plan, result, "2026-05", "Ann") is None
