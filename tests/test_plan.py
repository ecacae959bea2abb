"""The plan: what applies to whom, over all definition tabs."""

from sheetsync.cells import Cell
from tests.builders import understood

PEOPLE: list[dict[str, Cell]] = [{"name": "Ann"}, {"name": "Ben"}]


def test_a_goal_without_who_is_each_persons() -> None:
    """Everyone's rows and a person's own apply to that person, nobody else's do."""
    activities: list[dict[str, Cell]] = [
        {"activity": "Call", "target": 10},
        {"activity": "Call", "who": "ann", "target": 15},
    ]
    plan = understood({"people": PEOPLE, "activities": activities}).plan
    assert [g.target for g in plan.goals_of("Ann")["activity", "Call"]] == [10, 15]
    assert [g.target for g in plan.goals_of("Ben")["activity", "Call"]] == [10]


def test_outcome_goals_come_first() -> None:
    """The person's first goal is the first row of Goals, whatever the Activities tab says."""
    rows: dict[str, list[dict[str, Cell]]] = {
        "people": PEOPLE,
        "goals": [{"goal": "Revenue", "measured_by": "Order", "of": "amount", "target": 9}],
        "activities": [{"activity": "Call", "target": 1}, {"activity": "Order"}],
    }
    assert list(understood(rows).plan.goals_of("Ann")) == [
        ("goal", "Revenue"), ("activity", "Call"), ("activity", "Order"),
    ]  # fmt: skip


def test_a_flaw_in_an_activity_does_not_orphan_the_log() -> None:
    """The name of a flawed row is still known: its log rows count, untargeted."""
    rows: dict[str, list[dict[str, Cell]]] = {
        "people": PEOPLE,
        "activities": [{"activity": "Call", "target": "ten"}],
        "log": [{"date": 46000, "who": "Ann", "activity": "call"}],
    }
    found = understood(rows)
    assert found.plan.goals == () and found.plan.activities == ("Call",)
    assert [a.activity for a in found.logged.activities] == ["Call"]


def test_unknown_public_holidays_are_said() -> None:
    """A code that is no country is a problem with its place, also for a person whose name is a number."""
    people: list[dict[str, Cell]] = [
        {"name": 274.0, "holidays": "Atlantis"},
        {"name": "Ben", "holidays": "BANK"},
        {"name": "Cy", "holidays": "none"},
        {"name": "Di", "holidays": "gb-eng"},
    ]
    problems = understood({"people": people}).problems
    assert [(p.tab, p.row, p.column, p.typed) for p in problems] == [
        ("People", 2, "Holidays", "ATLANTIS"),
        ("People", 3, "Holidays", "BANK"),
    ]


def test_a_person_is_found_however_typed() -> None:
    """`plan.person` folds case and blanks."""
    plan = understood({"people": PEOPLE}).plan
    assert plan.person(" ANN ") == plan.people[0] and plan.person("Cy") is None
