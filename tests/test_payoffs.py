"""Is the training paying off: equal windows, per working day, and no more certainty than the log gives."""

import random
from datetime import date, timedelta
from math import inf
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.activities import Activity
from sheetsync.cells import Cell, serial
from sheetsync.events import Event
from sheetsync.payoffs import Payoff, payoffs, ratio_interval
from sheetsync.periods import DAY, AsOf
from sheetsync.plan import Plan
from tests import naive
from tests.builders import as_of, plans, rows_of, settings_of, understood

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
TRAINING = Event(date(2026, 3, 16), None, "Training")
FIRST = date(2026, 1, 5)


def plan(*people: str, **tabs: Any) -> Plan:
    """A plan with ten calls a week for everyone."""
    rows: dict[str, Any] = {"people": [{"name": name} for name in people or ("Ann",)]}
    rows["activities"] = [{"activity": "Call", "target": 10}, {"activity": "Order won"}]
    return understood(rows | tabs).plan


def calls(before: int, after: int, who: str = "Ann", first: date = FIRST, name: str = "Call") -> list[Activity]:
    """So many a working day until the training's day, so many after it, until the end of June."""
    days = [first + n * DAY for n in range((date(2026, 6, 30) - first).days)]
    return [
        Activity(serial(day), who, name, float(before if day <= TRAINING.day else after), None, None, "", "")
        for day in days
        if day.weekday() < 5
    ]


def found(activities: list[Activity], *events: Event, last: date = date(2026, 6, 30), of: Plan | None = None) -> Any:
    """The payoffs at the end of a day."""
    return payoffs(of or plan(), activities, events or [TRAINING], AsOf(last, under_way=False))


@pytest.mark.parametrize(
    ("counts", "times", "low", "high"),
    [
        # R, help page of poisson.test: eba1977, Fredericia against three other cities.
        ((11, 6 + 8 + 7), (800, 1083 + 1050 + 878), 0.8584264, 4.2772659),
        ((10, 2), (20000, 17887), 0.9529548, 41.9743814),
    ],
)
def test_the_interval_is_that_of_r(counts: tuple[int, int], times: tuple[int, int], low: float, high: float) -> None:
    """The exact comparison of two Poisson rates, as R prints it."""
    interval = ratio_interval(counts[0], times[0], counts[1], times[1])
    assert interval == pytest.approx((low, high), abs=5e-8)


@given(
    st.integers(0, 500), st.integers(0, 500), st.floats(0.5, 400), st.floats(0.5, 400), st.integers(2, 9)
)  # fmt: skip
def test_the_interval_holds_the_ratio_and_narrows(x: int, y: int, days: float, base_days: float, more: int) -> None:
    """Whatever the counts; with several times as much of both sides it lies inside the first."""
    low, high = ratio_interval(x, days, y, base_days)
    assert 0 <= low <= high
    if y:
        assert low <= (x / days) / (y / base_days) * (1 + 1e-9) and high >= (x / days) / (y / base_days) * (1 - 1e-9)
        narrow = ratio_interval(x * more, days * more, y * more, base_days * more)
        assert low * (1 - 1e-9) <= narrow[0] and narrow[1] <= high * (1 + 1e-9)
    assert (low == 0) == (x == 0) and (high == inf) == (y == 0)


def test_paying_off() -> None:
    """Two a day before, three after: eight weeks on each side, forty working days, the event's own day in neither."""
    (payoff,) = found(calls(2, 3))
    assert (payoff.before.count, payoff.before.days, payoff.after.count, payoff.after.days) == (80, 40, 120, 40)
    assert (payoff.ratio, payoff.verdict, payoff.people) == (1.5, "paying off", ("Ann",))
    assert (payoff.low, payoff.high) == ratio_interval(120, 40, 80, 40)
    assert payoff.sentence == (
        "Call: 2 a day before, 3 after: 1.5 times as many (1.1 to 2): it seems to be paying off. "
        "8 weeks on each side."
    )


def test_fewer_and_no_difference() -> None:
    """The other two findings; "yet" while the windows can still grow."""
    (payoff,) = found(calls(3, 1))
    assert payoff.verdict == "fewer" and payoff.sentence.endswith("(0.2 to 0.5): fewer since. 8 weeks on each side.")
    (payoff,) = found(calls(2, 2))
    assert payoff.sentence.startswith("Call: 2 a day before, 2 after: no difference can be seen (0.7 to 1.4 times")
    (payoff,) = found(calls(2, 2), last=date(2026, 4, 10))
    assert payoff.weeks == 3 and "no difference can be seen yet" in payoff.sentence


def test_none_before_and_none_after() -> None:
    """Without a rate before there is no ratio, but there may be a finding; nothing on either side is left out."""
    other = calls(1, 1, name="Order won")
    (payoff,) = found([*calls(0, 1), *other])
    assert (payoff.ratio, payoff.high, payoff.verdict) == (None, inf, "paying off")
    assert payoff.sentence.startswith("Call: none before, 1 a day after: it seems to be paying off")
    (payoff,) = found([*calls(1, 0), *other])
    assert (payoff.ratio, payoff.low, payoff.verdict) == (0, 0, "fewer")
    assert payoff.sentence.startswith("Call: 1 a day before, none after: fewer since")
    assert found([*calls(0, 0), *other]) == []


def test_too_early_or_too_little() -> None:
    """Two whole weeks on each side are needed, and six of the activity."""
    assert found(calls(2, 9), last=date(2026, 3, 16))[0].sentence.startswith(
        "Nothing can be said yet: 0 finished days"
    )
    (payoff,) = found(calls(2, 9), last=date(2026, 3, 29))
    assert (payoff.activity, payoff.verdict) == ("", "too early")
    assert payoff.sentence == (
        "Nothing can be said yet: 13 finished days since, and 2 weeks with 5 working days are needed on each side."
    )
    assert found(calls(2, 9), last=date(2026, 3, 30))[0].verdict == "paying off"
    assert found(calls(2, 9), last=date(2026, 3, 15)) == [] == found(calls(2, 9), last=date(2025, 1, 1))
    few = [*calls(0, 0), *calls(1, 1)[50:55]]
    assert found(few)[0].verdict == "too early" and "too few to say" in found(few)[0].sentence


def test_a_log_that_began_shortly_before_shortens_both_windows() -> None:
    """Days before the first row are unknown, not zero; equal windows all the same."""
    (payoff,) = found(calls(2, 2, first=date(2026, 2, 16)))
    assert (payoff.weeks, payoff.before.days, payoff.after.days) == (4, 20, 20)
    assert payoff.sentence.endswith("4 weeks on each side; nothing is known before Mon 16 Feb 2026.")
    (payoff,) = found(calls(2, 2, first=date(2026, 3, 23)))
    assert payoff.activity == "" and "nothing is known before Mon 23 Mar 2026" in payoff.sentence


def test_another_event_shortens_the_windows() -> None:
    """From the other event's day on it is no longer this one alone; another person's event does not matter."""
    tool, bens = Event(date(2026, 4, 20), "Ann", "New tool"), Event(date(2026, 3, 20), "Ben", "Other")
    newest, older = found(calls(2, 3), TRAINING, tool, bens)[0], found(calls(2, 3), TRAINING, tool, bens)[-1]
    assert (newest.event, newest.weeks) == (tool, 4)
    assert (older.event, older.weeks) == (TRAINING, 4)
    assert older.sentence.endswith("4 weeks on each side; “New tool” was on Mon 20 Apr 2026.")
    twins = found(calls(2, 3), TRAINING, Event(TRAINING.day, None, "Move"))
    assert [t.together for t in twins] == [("Training",), ("Move",)]
    assert twins[0].sentence.endswith("“Training” was on the same day.")
    assert len(found(calls(2, 3), TRAINING, Event(TRAINING.day, None, "training", "again"))) == 1


def test_everyone_is_pooled_over_their_own_working_days() -> None:
    """Ben's fortnight off is no fall of his rate; Carla, who came after the training, is not asked."""
    off: list[dict[str, Cell]] = [
        {"who": "Ben", "from": serial(date(2026, 3, 30)), "until": serial(date(2026, 4, 10))}
    ]
    team = plan("Ann", "Ben", "Carla", time_off=off)
    bens = [a for a in calls(2, 2, "Ben") if not serial(date(2026, 3, 30)) <= a.day <= serial(date(2026, 4, 10))]
    log = [*calls(2, 2), *bens, *calls(0, 9, "Carla", date(2026, 3, 17))]
    (payoff,) = found(log, of=team)
    assert (payoff.before.days, payoff.after.days, payoff.ratio) == (80, 70, 1)
    assert payoff.people == ("Ann", "Ben") and "2 people together" in payoff.sentence


def test_what_is_looked_at() -> None:
    """Activities with a target (a dated one too), then what measures a goal, by its rows and not its money."""
    goals: list[dict[str, Cell]] = [{"goal": "Revenue", "measured_by": "Order won", "of": "amount", "target": 100}]
    dated: list[dict[str, Cell]] = [{"name": "Chat", "period": "2026-Q1", "target": 9}]
    activities: list[dict[str, Cell]] = [
        {"activity": name, "target": 10 if name == "Call" else None} for name in ("Order won", "Call", "Chat", "Tea")
    ]
    log = [a for name in ("Call", "Chat", "Tea", "Order won") for a in calls(1, 1, name=name)]
    result = found(log, of=plan(goals=goals, targets=dated, activities=activities))
    assert [payoff.activity for payoff in result] == ["Call", "Chat", "Order won"]


def test_rare_things_are_told_per_week_of_work() -> None:
    """An order a month is 0.05 a day, which nobody can picture."""
    rare = [a for n, a in enumerate(calls(1, 1)) if n % 10 == 0]
    assert "1 in five working days" not in found(rare)[0].sentence
    assert "0.5 in five working days before, 0.5 after" in found(rare)[0].sentence


@pytest.mark.parametrize(("size", "every"), [(10, 5), (1, 1)])
def test_batches_raise_no_false_alarm(size: int, every: int) -> None:
    """Of 300 events that changed nothing about 5 % may look as if they did, also where counts come ten at a time."""
    chance, alarms = random.Random(7), 0
    team = plan()
    for _ in range(300):
        log = [
            a._replace(quantity=float(size * (chance.random() < 0.4) + size * (chance.random() < 0.4)))
            for n, a in enumerate(calls(1, 1))
            if n % every == 0
        ]
        log.append(calls(0, 0)[0])
        alarms += found(log, of=team)[0].verdict in {"paying off", "fewer"}
    assert alarms <= 27


@FEW
@given(random_plan=plans(), seed=st.integers(0, 99), offsets=st.lists(st.integers(-30, 200), max_size=4))
def test_order_is_irrelevant_and_nothing_crashes(random_plan: naive.Plan, seed: int, offsets: list[int]) -> None:
    """Shuffled rows and events give the same payoffs; every interval holds its ratio."""
    rows, tallied = rows_of(random_plan)
    read = understood(rows, settings_of(random_plan), date(2199, 1, 1), {"tally": tallied})
    names = [None, *(person.name for person in read.plan.people)]
    events = [
        Event(read.plan.first_day + timedelta(days=n), names[i % len(names)], f"Event {i % 3}")
        for i, n in enumerate(offsets)
    ]
    log = list(read.logged.activities)
    first = payoffs(read.plan, log, events, as_of(random_plan))
    random.Random(seed).shuffle(log)
    random.Random(seed).shuffle(events)
    again = payoffs(read.plan, log, events, as_of(random_plan))
    assert [p.sentence for p in again] == [p.sentence for p in first]
    assert all(p.ratio is None or p.low <= p.ratio <= p.high for p in first if p.activity)
    assert all(isinstance(p, Payoff) and p.sentence.endswith(".") for p in first)
