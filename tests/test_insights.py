"""Insights: one finding a line in plain words, person by person; nothing said of nothing, and names stay text."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.cells import Cell, serial
from sheetsync.insights import Insight, insights
from sheetsync.periods import DAY, AsOf
from sheetsync.reading import find_out
from sheetsync.summaries import lay_out
from tests import naive
from tests.builders import SALES, as_of, plans, rows_of, settings_of, understood

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
FRIDAY = AsOf(date(2026, 2, 13), under_way=False)
GOAL: dict[str, Cell] = {"goal": "Orders", "measured_by": "Order", "target": 261, "baseline": 200}


def found(at: AsOf = FRIDAY, **tabs: Any) -> list[Insight]:
    """What stands out in a workbook."""
    return list(insights(find_out(understood(tabs), at)))


def about(subject: str, said: list[Insight]) -> list[str]:
    """What is said about one thing."""
    return [insight.finding for insight in said if insight.about == subject]


def orders(first: date, last: date, who: str = "Ann") -> list[dict[str, Cell]]:
    """An order every Monday to Friday."""
    days = (first + n * DAY for n in range((last - first).days + 1))
    return [{"date": serial(day), "who": who, "activity": "Order"} for day in days if day.weekday() < 5]


def test_an_empty_plan_has_nothing_to_say() -> None:
    """Nobody in it, or nobody's goal: no line, and no line of nobody."""
    assert found() == []
    assert found(goals=[GOAL], activities=[{"activity": "Order"}]) == []


def test_of_one_person_who_did_nothing_yet() -> None:
    """That nothing is logged, what is due, and that there is no rhythm yet to speak of."""
    said = found(
        AsOf(date(2026, 1, 2), False), people=[{"name": "Ann"}], activities=[{"activity": "Call", "target": 5}]
    )
    assert said[0] == Insight("Ann", "Log", "Nothing logged yet.")
    assert about("Rhythm", said) == ["No full week yet."]
    assert {insight.who for insight in said} == {"Ann"}


@pytest.mark.parametrize(("idle", "text"), [(7, None), (8, "Nothing logged since Thu 5 Feb 2026: 8 days.")])
def test_a_week_of_silence_is_said(idle: int, text: str | None) -> None:
    """Seven days may be a week off; from the eighth on it is said, with the day."""
    last = FRIDAY.day - idle * DAY
    said = found(people=[{"name": "Ann"}], activities=[{"activity": "Order"}], log=orders(last, last))
    assert about("Log", said) == ([text] if text else [])


def test_people_come_in_the_order_of_the_plan_and_everyone_last() -> None:
    """Each person's lines stand together; what concerns all is said once."""
    people: list[dict[str, Cell]] = [{"name": "Zoe"}, {"name": "Ann"}]
    events: list[dict[str, Cell]] = [
        {"date": serial(date(2026, 2, 2)), "event": "Move"},
        {"date": serial(date(2026, 1, 19)), "who": "Ann", "event": "Training"},
    ]
    log = [*orders(date(2026, 1, 5), FRIDAY.day), *orders(date(2026, 1, 5), FRIDAY.day, "Zoe")]
    said = found(people=people, activities=[{"activity": "Order", "target": 5}], events=events, log=log)
    assert list(dict.fromkeys(insight.who for insight in said)) == ["Zoe", "Ann", "Everyone"]
    assert [i.who for i in said if i.about == "Is “Move” paying off?"] == ["Everyone"]
    assert [i.who for i in said if i.about == "Is “Training” paying off?"] == ["Ann"]


def test_before_there_is_a_forecast_the_rate_speaks() -> None:
    """Under 90 days an open year has a projection, beside last year's figure."""
    log = orders(date(2026, 1, 1), FRIDAY.day)
    (text,) = about(
        "Orders", found(people=[{"name": "Ann"}], goals=[GOAL], activities=[{"activity": "Order"}], log=log)
    )
    assert text.startswith("At this rate 261 in 2026, against a target of 261.") and "Last year: 200" in text
    goal = {**GOAL, "baseline": None}
    (text,) = about(
        "Orders", found(people=[{"name": "Ann"}], goals=[goal], activities=[{"activity": "Order"}], log=log)
    )
    assert "Last year" not in text


def test_with_ninety_days_the_forecast_speaks() -> None:
    """The quarter and the year, not the month; last year's figure beside the year."""
    at = AsOf(date(2026, 5, 15), under_way=False)
    log = orders(date(2026, 1, 1), at.day)
    quarter, year = about(
        "Orders", found(at, people=[{"name": "Ann"}], goals=[GOAL], activities=[{"activity": "Order"}], log=log)
    )
    assert quarter.startswith("2026-Q2: ") and "a chance of" in quarter and "Last year" not in quarter
    assert year.startswith("2026: ") and "(provisional" in year and "Last year: 200" in year


def test_a_baseline_of_ones_own_beats_everyones() -> None:
    """Ann's 100 of last year, not the team's 200."""
    own = {**GOAL, "who": "Ann", "baseline": 100}
    log = orders(date(2026, 1, 1), FRIDAY.day)
    said = found(people=[{"name": "Ann"}], goals=[GOAL, own], activities=[{"activity": "Order"}], log=log)
    assert "Last year: 100" in about("Orders", said)[0]


HOSTILE = [
    "=HYPERLINK(1)",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "%s %d {0}",
    "’; DROP TABLE",
    "Ann|Ben",
    "💥 Zoë",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    """Names of people, activities, goals and events appear as they were typed, and as one cell each."""
    training = date(2026, 3, 16)
    tabs: dict[str, Any] = {
        "people": [{"name": name}],
        "goals": [{**GOAL, "goal": name}],
        "activities": [{"activity": f"{name} 2", "target": 5, "serves": name}, {"activity": "Order"}],
        "events": [{"date": serial(training), "who": name, "event": name}],
        "log": [
            cells | {"activity": activity}
            for cells in orders(date(2026, 1, 1), date(2026, 5, 15), name)
            for activity in ("Order", f"{name} 2")
        ],
    }
    findings = find_out(understood(tabs), AsOf(date(2026, 5, 15), under_way=False))
    said = list(insights(findings))
    assert {insight.who for insight in said} == {name}
    subjects = [insight.about for insight in said]
    assert {"Rhythm", name, f"{name} 2 → {name}", f"Is “{name}” paying off?"} <= set(subjects)
    assert any(f"“{name} 2”" in insight.finding for insight in said)
    grid = lay_out(SALES, findings)["insights"]
    assert grid[1:] == [[insight.who, insight.about, insight.finding] for insight in said]


@FEW
@given(plan=plans(), days=st.lists(st.integers(-20, 60), max_size=2))
def test_every_finding_is_a_sentence_about_somebody(plan: naive.Plan, days: list[int]) -> None:
    """Whatever the plan: no crash, no blank, no “nan”, no Python, and every line has a person who is in it."""
    rows, tallied = rows_of(plan)
    tabs: dict[str, Any] = rows
    first = date(plan.year, plan.year_starts, 1)
    tabs["events"] = [{"date": serial(first + n * DAY), "event": f"Event {n}"} for n in days]
    read = understood(tabs, settings_of(plan), date(2199, 1, 1), {"tally": tallied})
    known = {person.name for person in read.plan.people} | {"Everyone"}
    for insight in insights(find_out(read, as_of(plan))):
        assert insight.who in known and insight.about
        assert insight.finding.endswith((".", ")")) and insight.finding[0] != " "
        assert not any(word in insight.finding for word in ("nan", "None", "inf ", "  "))
