"""Goals, activities and dated targets: what a row means, and that a flawed one counts for nothing."""

from datetime import date

import pytest
from hypothesis import given

from sheetsync.cells import Cell, serial
from sheetsync.goals import DatedTarget, parse_activity_goals, parse_goals, parse_targets
from sheetsync.names import Names
from sheetsync.periods import Cadence, Calendar
from tests.builders import SALES, table
from tests.test_cells import CELLS

PEOPLE = Names("person", ["Ann", "Ben"])
ACTIVITIES = Names("activity", ["Call", "Order won"])
NAMES = Names("goal or activity", ["Call", "Revenue"])


def dated(period: Cell, target: Cell = 10, calendar: Calendar | None = None) -> list[DatedTarget] | str:
    """The targets of one row of Targets, or what is wrong with it."""
    row: dict[str, Cell] = {"name": "Call", "period": period, "target": target}
    targets, problems = parse_targets(table(SALES.tab("targets"), [row]), PEOPLE, NAMES, calendar or Calendar())
    assert bool(targets) != bool(problems)
    return targets or problems[0].column


@pytest.mark.parametrize(
    ("every", "native", "every_day"),
    [("", Cadence.WEEK, False), ("working day", Cadence.DAY, False), ("Day", Cadence.DAY, True),
     (" WEEK ", Cadence.WEEK, False), ("month", Cadence.MONTH, False), ("quarter", Cadence.QUARTER, False),
     ("year", Cadence.YEAR, False)],
)  # fmt: skip
def test_every(every: str, native: Cadence, every_day: bool) -> None:
    """Blank Every is a week; only `day` counts calendar days."""
    rows: list[dict[str, Cell]] = [{"activity": "Call", "target": 3, "every": every}]
    (goal,), problems = parse_activity_goals(table(SALES.tab("activities"), rows), PEOPLE, None)
    assert not problems
    assert (goal.native, goal.every_day, goal.weight, goal.who) == (native, every_day, 1.0, None)


def test_an_outcome_goal() -> None:
    """Blank Of counts rows, blank Who is each person, and the year is its rhythm."""
    rows: list[dict[str, Cell]] = [{"goal": "Revenue", "measured_by": "order WON", "of": "", "target": 240000}]
    (goal,), problems = parse_goals(table(SALES.tab("goals"), rows), PEOPLE, ACTIVITIES)
    assert not problems
    assert (goal.measured_by, goal.of, goal.who, goal.native) == ("Order won", "count", None, Cadence.YEAR)


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"activity": None, "target": 1}, "Activity"),
        ({"activity": "#REF!", "target": 1}, "Activity"),
        ({"who": "Zoe"}, "Who"),
        ({"target": -1}, "Target"),
        ({"target": "a few"}, "Target"),
        ({"target": "9" * 400}, "Target"),
        ({"target": 1e200}, "Target"),
        ({"every": "fortnight"}, "Every"),
        ({"weight": -1}, "Weight"),
        ({"from": serial(date(2026, 5, 1)), "until": serial(date(2026, 4, 30))}, "Until"),
    ],
)
def test_a_flawed_activity_goal_counts_for_nothing(cells: dict[str, Cell], column: str) -> None:
    """The row is a problem that names the column; no half goal is made of the rest."""
    goals, problems = parse_activity_goals(
        table(SALES.tab("activities"), [{"activity": "Call", **cells}]), PEOPLE, None
    )
    assert goals == [] and [p.column for p in problems] == [column]


@pytest.mark.parametrize(
    ("cells", "column"),
    [({"measured_by": None}, "Measured by"), ({"measured_by": "Order"}, "Measured by"), ({"of": "sum"}, "Of")],
)
def test_a_flawed_outcome_goal_counts_for_nothing(cells: dict[str, Cell], column: str) -> None:
    """A goal that nothing measures is said, not shown as zero."""
    row = {"goal": "Revenue", "measured_by": "Order won", "target": 5, **cells}
    goals, problems = parse_goals(table(SALES.tab("goals"), [row]), PEOPLE, ACTIVITIES)
    assert goals == [] and [p.column for p in problems] == [column]


@pytest.mark.parametrize(
    ("typed", "label"),
    [("2026-Q1", "2026-Q1"), ("2026-w7", "2026-W07"), ("2026-03", "2026-03"), ("2026", "2026"), (2026, "2026"),
     (2026.0, "2026")],
)  # fmt: skip
def test_a_label_is_the_total_of_its_period(typed: Cell, label: str) -> None:
    """Labels are read as text, and a year as a number too."""
    targets = dated(typed)
    assert isinstance(targets, list) and targets[0].period and targets[0].period.label == label


@pytest.mark.parametrize("typed", ["2026-02-14", serial(date(2026, 2, 14)), "14 Feb 2026"])
def test_a_date_is_in_force_from_that_day_on(typed: Cell) -> None:
    """A date, however it is typed, has no period of its own."""
    assert dated(typed) == [DatedTarget("Call", None, date(2026, 2, 14), None, 10.0)]


@pytest.mark.parametrize("typed", [None, "", "soon", "2026-Q5", "3/5/2026", True, -1, 1e300])
def test_a_period_that_is_none(typed: Cell) -> None:
    """What is neither label nor date, or two dates, is a problem."""
    assert dated(typed) == "Period"


def test_labels_follow_the_fiscal_year() -> None:
    """With a year from April, 2026-Q1 begins in April 2025."""
    targets = dated("2026-Q1", calendar=Calendar(year_starts=4))
    assert isinstance(targets, list) and targets[0].start == date(2025, 4, 1)


def test_a_target_of_zero_is_a_target_and_a_blank_one_is_missing() -> None:
    """0 says none in that period; blank says nothing, so it is asked for."""
    assert isinstance(dated("2026-Q1", 0), list)
    assert dated("2026-Q1", None) == "Target"


@given(*[CELLS] * 5)
def test_any_row_is_read_or_refused(a: Cell, b: Cell, c: Cell, d: Cell, e: Cell) -> None:
    """Whatever stands in the cells, parsing never raises, and a row is a value or a problem."""
    rows: list[dict[str, Cell]] = [{"name": "Call", "who": a, "period": b, "target": c}]
    targets, problems = parse_targets(table(SALES.tab("targets"), rows), PEOPLE, NAMES, Calendar())
    assert len(targets) + bool(problems) == 1
    rows = [{"activity": a, "who": b, "target": c, "every": d, "weight": e, "from": b, "until": d, "minutes": a}]
    goals, problems = parse_activity_goals(table(SALES.tab("activities"), rows), PEOPLE, None)
    # Serves, Minutes and a target of 0 are said, but the goal stands.
    assert not (goals and problems) or {p.column for p in problems} <= {"Minutes", "Target"}
    rows = [{"goal": a, "measured_by": b, "of": c, "target": d, "from": e, "until": a, "baseline": b}]
    goals, problems = parse_goals(table(SALES.tab("goals"), rows), PEOPLE, ACTIVITIES)
    # An unreadable baseline is said, but the goal stands: it is only shown beside the target.
    assert not (goals and problems) or {p.column for p in problems} <= {"Baseline", "Target"}
