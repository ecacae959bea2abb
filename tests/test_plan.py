"""The plan: what applies to whom, over all definition tabs."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from sheetsync.cells import Cell
from sheetsync.rollups import roll_up
from tests import naive
from tests.builders import as_of, plans, rows_of, settings_of, understood
from tests.test_rollups import FEW

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
        ("People", 2, "Holidays", "Atlantis"),
        ("People", 3, "Holidays", "BANK"),
    ]


def test_a_person_is_found_however_typed() -> None:
    """`plan.person` folds case and blanks."""
    plan = understood({"people": PEOPLE}).plan
    assert plan.person(" ANN ") == plan.people[0] and plan.person("Cy") is None


def closed_periods(plan: naive.Plan) -> list[tuple[str, ...]]:
    """All that is said about the periods that are over, as text."""
    rows, tallied = rows_of(plan)
    found = understood(rows, settings_of(plan), date(2199, 1, 1), {"tally": tallied})
    frame = roll_up(found.plan, found.logged.activities, as_of(plan))
    closed = frame[frame["closed"].astype(bool)]
    return [tuple(map(str, row)) for row in closed.itertuples(index=False)]


@FEW
@given(plan=plans(), after=st.sampled_from((0, 0, 1, 9)), own=st.booleans())
def test_past_periods_are_judged_by_the_targets_of_their_time(plan: naive.Plan, after: int, own: bool) -> None:
    """A target that begins today, or later, changes not a digit of any period that is over."""
    before = closed_periods(plan)
    begins = plan.boundary + timedelta(days=after)
    for aim in plan.aims:
        who = plan.people[0].name if own and not aim.who else aim.who
        plan.dated.append(naive.Dated(aim.name, who, begins.isoformat(), aim.target or Fraction(7)))
    assert closed_periods(plan) == before


def test_a_target_of_today_raises_the_days_from_today_on() -> None:
    """10 a week, 20 from Wednesday 11 February on: the week before stays at 10, the day before at 2."""
    rows: dict[str, list[dict[str, Cell]]] = {
        "people": [{"name": "Ann"}],
        "activities": [{"activity": "Call", "target": 10}],
        "targets": [{"name": "Call", "period": "2026-02-11", "target": 20}],
    }
    frame = roll_up(understood(rows).plan, [], as_of(naive.Plan([], [], date(2026, 2, 15))))
    wanted = {"2026-W06": 10, "2026-W07": 16, "2026-02-10": 2, "2026-02-11": 4}
    assert dict(zip(frame["period"], frame["target"], strict=True)).items() >= wanted.items()
