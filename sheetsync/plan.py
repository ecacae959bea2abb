"""The plan: everything typed about people and goals, read from the definition tabs of one workbook."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sheetsync.cells import fold
from sheetsync.errors import Problem
from sheetsync.goals import (
    DatedTarget,
    Goal,
    Kind,
    activity_names,
    goal_names,
    parse_activity_goals,
    parse_goals,
    parse_targets,
)
from sheetsync.names import Names
from sheetsync.people import Person, TimeOff, parse_people, parse_time_off
from sheetsync.periods import Calendar, Period
from sheetsync.tables import Table
from sheetsync.template import Role


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be reached, by whom, and when. `year` is the fiscal year the workbook was created for.

    `holidays` is the workbook's own calendar of public holidays ("": none), for people who name no other.
    """

    calendar: Calendar
    year: Period
    holidays: str = ""
    people: tuple[Person, ...] = ()
    goals: tuple[Goal, ...] = ()
    targets: tuple[DatedTarget, ...] = ()
    times_off: tuple[TimeOff, ...] = ()
    activities: tuple[str, ...] = ()

    @property
    def first_day(self) -> date:
        """The plan's first day."""
        return self.year.start

    def person(self, name: str) -> Person | None:
        """The person with this name, however it is typed."""
        return next((p for p in self.people if fold(p.name) == fold(name)), None)

    def goals_of(self, person: str) -> dict[tuple[Kind, str], list[Goal]]:
        """The goal rows that apply to a person, by kind and name, in the order of the tabs: goals come first."""
        rows: dict[tuple[Kind, str], list[Goal]] = {}
        for goal in self.goals:
            if goal.who in (None, person):
                rows.setdefault((goal.kind, goal.name), []).append(goal)
        return rows


def parse_plan(
    tables: Iterable[Table], calendar: Calendar, year: Period, holidays: str = ""
) -> tuple[Plan, list[Problem]]:
    """The plan in the tables of the definition tabs, and what could not be read."""
    by_role: dict[Role, list[Table]] = {}
    for table in tables:
        by_role.setdefault(table.tab.role, []).append(table)
    problems: list[Problem] = []
    people: list[Person] = []
    for table in by_role.get("people", []):
        parsed, found = parse_people(table)
        people += parsed
        problems += found
    names = Names("person", [person.name for person in people])
    activities = Names("activity", [n for t in by_role.get("activities", []) for n in activity_names(t)])
    outcome_names = [name for table in by_role.get("goals", []) for name in goal_names(table)]
    known = Names("goal or activity", [*outcome_names, *activities])
    goals: list[Goal] = []
    for table in by_role.get("goals", []):
        outcomes, found = parse_goals(table, names, activities)
        goals += outcomes
        problems += found
    for table in by_role.get("activities", []):
        actions, found = parse_activity_goals(table, names, known if outcome_names else None)
        goals += actions
        problems += found
    targets, found = _dated(by_role, names, known, calendar)
    times_off, unread = _times_off(by_role, names)
    plan = Plan(
        calendar, year, holidays, tuple(people), tuple(goals), tuple(targets), tuple(times_off), tuple(activities)
    )
    return plan, problems + found + unread


def _dated(
    by_role: Mapping[Role, list[Table]], people: Names, known: Names, calendar: Calendar
) -> tuple[list[DatedTarget], list[Problem]]:
    targets: list[DatedTarget] = []
    problems: list[Problem] = []
    for table in by_role.get("targets", []):
        parsed, found = parse_targets(table, people, known, calendar)
        targets += parsed
        problems += found
    return targets, problems


def _times_off(by_role: Mapping[Role, list[Table]], people: Names) -> tuple[list[TimeOff], list[Problem]]:
    times_off: list[TimeOff] = []
    problems: list[Problem] = []
    for table in by_role.get("time_off", []):
        parsed, found = parse_time_off(table, people)
        times_off += parsed
        problems += found
    return times_off, problems
