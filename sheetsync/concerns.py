"""Concerns: cells that can be read one by one, but do not go together: a plan that does not fit, add up or apply.

Each becomes a problem at the row that counts for less than a person may think; everything is computed all the same.
docs/formulas.md says which row counts.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from math import isclose
from typing import NamedTuple

from sheetsync.cells import fold, is_blank
from sheetsync.errors import Problem
from sheetsync.goals import DatedTarget, Goal
from sheetsync.people import Person, TimeOff
from sheetsync.periods import DAY, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.review_tabs import lacks, without_titles
from sheetsync.rows import Place, as_seen
from sheetsync.sentences import number
from sheetsync.shares import strength
from sheetsync.tables import Table
from sheetsync.workdays import FULL_DAY, Horizon, known_calendar, public_holidays, workdays

_PRIORITIES = 3
_PRIORITY = re.compile(r"priority_\d+")
_ITEMS = re.compile(r"[;\n]|(?:^|\s)[1-9][.)](?=\s)")
_WEEKS = {Cadence.WEEK: 1.0, Cadence.MONTH: 52 / 12, Cadence.QUARTER: 13.0, Cadence.YEAR: 52.0}


class _Concern(NamedTuple):
    """What is wrong with the cell in the column `key` of a row, and what to do."""

    place: Place
    key: str
    what: str
    hint: str


def concerns(plan: Plan, tables: Iterable[Table], today: date) -> list[Problem]:
    """What does not go together in a plan, as problems. `tables` are all tabs people type in.

    What depends on the day (whether the week's hours suffice) is judged from `today` on.
    """
    by_title = {table.title: table for table in tables}
    found = [
        *_unknown_calendars(plan), *_days_off_twice(plan.times_off), *_overlapping(plan), *_idle(plan),
        *_outdone(plan), *_sums(plan, today), *_unserved(plan), *_beyond_hours(plan, today),
        *_quarters_of_many_goals(plan), *(c for table in by_title.values() for c in _many_priorities(table)),
        *map(_Concern._make, lacks(plan, by_title.values(), today)),
        *map(_Concern._make, without_titles(by_title.values())),
    ]  # fmt: skip
    return [_problem(concern, by_title[concern.place.tab]) for concern in found]


def _problem(concern: _Concern, table: Table) -> Problem:
    place, key, what, hint = concern
    position, cells = table.positions.get(key), table.grid[place.row - 1]
    cell = cells[position] if position is not None and position < len(cells) else None
    return Problem(*place, table.heading(key), what, hint, as_seen(table, key, cell))


def _row_of(other: Place, place: Place) -> str:
    return f"row {other.row}" if other.tab == place.tab else f"row {other.row} of “{other.tab}”"


def _dates(start: date | None, end: date | None) -> str:
    """The days `[start, end)` in words, with a blank before them; None: open."""
    first, last = f"from {start}" if start else "", f"until {end - DAY}" if end else ""
    return f" on {start}" if start and end == start + DAY else " ".join(("", first, last)).replace("  ", " ").rstrip()


# -- people and their days ------------------------------------------------------------------------------------------


def _unknown_calendars(plan: Plan) -> Iterator[_Concern]:
    hint = "a country such as DE, or a part of it such as GB-ENG; none count meanwhile"
    for person in plan.people:
        if person.holidays and not known_calendar(person.holidays):
            what = f"no public holidays are known for “{person.holidays}”"
            yield _Concern(person.place, "holidays", what, hint)


def _days_off_twice(times_off: Iterable[TimeOff]) -> Iterator[_Concern]:
    """Rows of one person (or of everyone) that are off on days that are off already.

    Two halves with different notes are a morning and an afternoon; with the same note one of them is typed twice.
    """
    by_who: dict[str | None, list[TimeOff]] = {}
    for row in times_off:
        by_who.setdefault(row.who, []).append(row)
    for rows in by_who.values():
        lasting: list[TimeOff] = []  # of the rows so far: the whole day, and the two half days, that end last
        for row in sorted(rows, key=lambda row: (row.start, row.place)):
            active = [earlier for earlier in lasting if earlier.end > row.start]
            other = next((a for a in active if a.half_days + row.half_days > FULL_DAY or a.note == row.note), None)
            other = other or (active[0] if len(active) > 1 else None)
            if other:
                days = _dates(row.start, min(row.end, other.end))
                what = f"off already{days}, by {_row_of(other.place, row.place)}"
                half = len(active) == 1 and other.half_days + row.half_days == FULL_DAY
                hint = "two halves are a whole day: say in Note which is which, or clear one row"
                yield _Concern(
                    row.place, "from", what, hint if half else "a day is off once; correct or clear one row"
                )
            kept = sorted([*lasting, row], key=lambda row: row.end, reverse=True)
            whole, halves = ([r for r in kept if (r.half_days == FULL_DAY) is full] for full in (True, False))
            lasting = [*whole[:1], *halves[:2]]


# -- rows of one goal -----------------------------------------------------------------------------------------------


def _overlapping(plan: Plan) -> Iterator[_Concern]:
    """Of rows for one person on the same days the later counts; one goal is measured in one way."""
    groups: dict[tuple[str, str, str | None], list[Goal]] = {}
    for goal in plan.goals:
        groups.setdefault((goal.kind, goal.name, goal.who), []).append(goal)
    for rows in groups.values():
        for index, row in enumerate(rows):
            key = "goal" if row.kind == "goal" else "activity"
            later = next((r for r in rows[index + 1 :] if _meet(row, r.start, r.end)), None)
            if later:
                start, end = max(row.start or date.min, later.start or date.min), _earlier(row.end, later.end)
                days = _dates(None if start == date.min else start, end)
                at = _row_of(later.place, row.place)
                what = f"“{row.name}” is also in {at}, which counts instead{days}"
                yield _Concern(row.place, key, what, "end one before the other begins (From, Until), or clear one")
            elif (row.measured_by, row.of, row.every_day) != (rows[0].measured_by, rows[0].of, rows[0].every_day):
                at = _row_of(rows[0].place, row.place)
                what = f"“{row.name}” is counted otherwise in {at}, which says how for all its rows"
                yield _Concern(row.place, key, what, "count it in one way, or give this row another name")


def _meet(goal: Goal, start: date | None, end: date | None) -> bool:
    """Whether a row holds on a day of `[start, end)`."""
    return not ((goal.end and start and goal.end <= start) or (goal.start and end and end <= goal.start))


def _earlier(a: date | None, b: date | None) -> date | None:
    return min((day for day in (a, b) if day), default=None)


def _unserved(plan: Plan) -> Iterator[_Concern]:
    """An outcome with a target that no activity leads to, where the column Serves is used at all."""
    actions = [goal for goal in plan.goals if goal.kind == "activity"]
    used = any(action.serves for action in actions)
    for goal in plan.goals if used else ():
        if goal.kind == "activity" or not goal.target:
            continue
        theirs = [action for action in actions if None in (action.who, goal.who) or action.who == goal.who]
        leads = {fold(goal.name), fold(goal.measured_by)}
        served = any(fold(a.serves) in leads or (a.target and fold(a.name) in leads) for a in theirs)
        if not served:
            hint = "choose it under Serves for an activity that leads to it, or add one"
            yield _Concern(goal.place, "goal", f"nothing that is planned serves “{goal.name}”", hint)


# -- dated targets --------------------------------------------------------------------------------------------------


def _outdone(plan: Plan) -> Iterator[_Concern]:
    """Of two targets for the same thing, person and period the later row counts."""
    later: dict[tuple[str, str | None, str], DatedTarget] = {}
    for target in reversed(plan.targets):
        when = target.period.label if target.period else f"from {target.start} on"
        other = later.setdefault((target.name, target.who, when), target)
        if other is not target:
            what = f"“{target.name}” has two targets {'for ' if target.period else ''}{when}"
            hint = f"clear one of them; {_row_of(other.place, target.place)} counts ({number(other.target)})"
            yield _Concern(target.place, "target", what, hint)


def _idle(plan: Plan) -> Iterator[_Concern]:
    """Rows that hold on no day of the plan."""
    begins = f"the plan begins on {plan.first_day}"
    by_name: dict[str, list[Goal]] = {}
    for goal in plan.goals:
        by_name.setdefault(goal.name, []).append(goal)
        if goal.end and goal.end <= plan.first_day:
            yield _Concern(goal.place, "until", f"it ended on {goal.end - DAY}, and {begins}", "is it another year?")
    for target in plan.targets:
        rows = by_name.get(target.name)
        if not rows:  # all its rows are flawed, which is said there
            continue
        why = _why_idle(plan, target, rows)
        if why:
            yield _Concern(
                target.place, why[0], f"the target counts for nothing: {why[1]}", "correct or clear the row"
            )
        elif target.period and target.period.end <= plan.first_day:
            yield _Concern(target.place, "period", f"{target.period} is over, and {begins}", "is it another year?")
        elif len({row.kind for row in rows}) > 1:
            what = f"“{target.name}” is a goal and an activity, and the target is set for both"
            yield _Concern(target.place, "name", what, "give one of them another name")


def _why_idle(plan: Plan, target: DatedTarget, rows: Sequence[Goal]) -> tuple[str, str] | None:
    """The column to look at, and why no day has a share of the target."""
    period = target.period
    theirs = [row for row in rows if None in (row.who, target.who) or row.who == target.who]
    if not theirs:
        return "who", f"{target.who} has no goal or activity “{target.name}”"
    theirs = [row for row in theirs if _meet(row, target.start, period.end if period else None)]
    if not theirs:
        return "period", f"no row of “{target.name}” holds {f'in {period}' if period else 'from that day on'}"
    people = [person for person in plan.people if target.who in (None, person.name)]
    if target.target and period and people and not any(_works(plan, p, period, theirs[-1].every_day) for p in people):
        return "period", f"{period} has no working day{f' of {target.who}' if target.who else ''}"
    return None


def _works(plan: Plan, person: Person, period: Period, every_day: bool) -> bool:
    """Whether a person works on any day of a period."""
    horizon = Horizon(period.start, period.end)
    holidays = public_holidays(plan.holidays if person.holidays is None else person.holidays, horizon)
    return bool(workdays(person, horizon, plan.times_off, holidays, every_day=every_day).w.any())


def _sums(plan: Plan, today: date) -> Iterator[_Concern]:
    """Totals of a quarter or a year that those of all its months or quarters do not add up to."""
    labels: dict[tuple[str, str | None], dict[str, DatedTarget]] = {}
    for target in plan.targets:
        if target.period:
            labels.setdefault((target.name, target.who), {})[target.period.label] = target
    year = plan.calendar.containing(Cadence.YEAR, max(today, plan.first_day))
    for (name, who), by_label in labels.items():
        wholes = [(t.period, t.target, t.place) for t in by_label.values() if t.period]
        if year.label not in by_label:
            goals = (g for g in plan.goals if (g.kind, g.name, g.who) == ("goal", name, who) and g.target)
            wholes += [(year, g.target or 0, g.place) for g in goals if not (g.start or g.end)]
        for whole, total, place in wholes:
            parts = _parts(plan, whole, by_label)
            added = sum(part.target for part in parts)
            if parts and not isclose(added, total, rel_tol=1e-9, abs_tol=1e-6):
                finer = parts[0].period.cadence if parts[0].period else ""
                what = f"the {finer}s of {whole} add up to {number(added)}, not to {number(total)}"
                yield _Concern(place, "target", what, f"the {finer}s count; correct them or this total")


def _parts(plan: Plan, whole: Period, by_label: dict[str, DatedTarget]) -> list[DatedTarget]:
    """The targets of all quarters or else of all months of a period; none when one of them has none."""
    for finer in (Cadence.QUARTER, Cadence.MONTH):
        if finer.rank < whole.cadence.rank and whole.cadence is not Cadence.WEEK:
            periods = plan.calendar.between(finer, whole.start, whole.end - DAY)
            parts = [by_label.get(period.label) for period in periods]
            if all(parts):
                return [part for part in parts if part]
    return []


# -- how much is too much -------------------------------------------------------------------------------------------


def _beyond_hours(plan: Plan, today: date) -> Iterator[_Concern]:
    """A person's week that asks for more hours than they have, today or from a later day of the plan on."""
    begins = max(today, plan.first_day)
    last = max(plan.year.end, plan.calendar.containing(Cadence.YEAR, begins).end)
    for person in plan.people:
        rows = {n: rows for (kind, n), rows in plan.goals_of(person.name).items() if kind == "activity"}
        if person.hours is None or not any(row.minutes for row in chain(*rows.values())):
            continue
        dated = [target for target in plan.targets if target.who in (None, person.name) and target.name in rows]
        changes = [day for row in chain(*rows.values()) for day in (row.start, row.end)] + [person.start, person.end]
        changes += [day for t in dated for day in ((t.period.start, t.period.end) if t.period else (t.start,))]
        for day in sorted({begins, *(day for day in changes if day and begins <= day < last)}):
            hours = sum(_minutes(person, rows[name], [t for t in dated if t.name == name], day) for name in rows) / 60
            if hours >= person.hours + 0.01:
                when = f", from {day} on" if day > begins else ""
                what = f"the plan takes {number(hours)} hours a week{when}; {person.name} has {number(person.hours)}"
                yield _Concern(person.place, "hours", what, "plan less, or correct Minutes or the hours")
                break


def _minutes(person: Person, rows: Sequence[Goal], dated: Sequence[DatedTarget], day: date) -> float:
    """What an activity takes in a usual week, as it is in force on a day: target × minutes."""
    holding = [row for row in sorted(rows, key=lambda row: row.who is not None) if _meet(row, day, day + DAY)]
    here = not ((person.start and day < person.start) or (person.end and day >= person.end))
    if not here or not holding:
        return 0.0
    row = holding[-1]
    holds = [t for t in dated if (day in t.period if t.period else t.start <= day)]
    target = max(reversed(holds), key=strength, default=None)
    total = (row.target if target is None else target.target) or 0.0
    if target and target.period:
        weeks = target.period.days / 7
    elif row.native is Cadence.DAY:
        weeks = 1 / (7 if row.every_day else len(person.workdays))
    else:
        weeks = _WEEKS[row.native]
    return total / weeks * (row.minutes or 0.0)


def _quarters_of_many_goals(plan: Plan) -> Iterator[_Concern]:
    """More than three outcome goals of one person have a target of their own in a quarter."""
    outcomes = {goal.name for goal in plan.goals if goal.kind == "goal"}
    quarters = [t for t in plan.targets if t.period and t.period.cadence is Cadence.QUARTER and t.target]
    said: set[Place] = set()
    for person in plan.people:
        goals: dict[str, dict[str, Place]] = {}
        for target in quarters:
            if target.name in outcomes and target.who in (None, person.name):
                goals.setdefault(str(target.period), {}).setdefault(target.name, target.place)
        for quarter, places in goals.items():
            fourth = list(places.values())[_PRIORITIES:][:1]
            if fourth and fourth[0] not in said:
                said.add(fourth[0])
                yield _Concern(fourth[0], "period", *_too_many(f"{quarter} has targets for {len(places)} goals"))


def _many_priorities(table: Table) -> Iterator[_Concern]:
    """A quarter of a person in whose priorities more than three are listed, also in a column put in for a fourth."""
    if table.tab.role != "review" or table.tab.cadence is not Cadence.QUARTER:
        return
    keys = [key for key in table.positions if _PRIORITY.fullmatch(key)]
    series = {_without_digits(table.heading(key)) for key in keys}
    more = [p for p, title in table.extra.items() if _without_digits(title) in series]
    columns = [*(table.positions[key] for key in keys), *more]
    for row, _ in table.rows():
        typed = [cell for p, cell in enumerate(table.grid[row - 1]) if p in columns and not is_blank(cell)]
        count = sum(_items(str(cell)) for cell in typed)
        if count > _PRIORITIES:
            yield _Concern(
                Place(table.title, row), keys[0], *_too_many(f"{count} priorities are listed for this quarter")
            )


def _too_many(what: str) -> tuple[str, str]:
    return f"{what}, more than three", "keep the three that matter most, and leave the others for later"


def _without_digits(title: str) -> str:
    return fold(title).rstrip("0123456789 ")


def _items(text: str) -> int:
    """How many things a cell lists: one a line, between semicolons, or after a number."""
    return sum(any(c.isalnum() for c in part) for part in _ITEMS.split(text))
