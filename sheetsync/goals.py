"""The Goals, Activities and Targets tabs: what is to be reached, and from when on which target holds.

Outcome goals and activity goals are one type, `Goal`; they differ in how a target is spread (see `shares`).
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sheetsync.cells import Misread, day_of, fold, is_blank, is_error, read_date, text_of
from sheetsync.errors import Problem
from sheetsync.names import Names
from sheetsync.periods import DAY, Cadence, Calendar, Period
from sheetsync.rows import Place, RowReader
from sheetsync.tables import Table

Kind = Literal["activity", "goal"]
_EVERY = {
    "working day": Cadence.DAY,
    "workday": Cadence.DAY,
    "day": Cadence.DAY,
    "week": Cadence.WEEK,
    "month": Cadence.MONTH,
    "quarter": Cadence.QUARTER,
    "year": Cadence.YEAR,
}
_LABEL_YEARS = range(1970, 2200)
_AT_MOST = re.compile(r"(<|≤|(at most|no more than|not more than|less than|fewer than|under|below|up to|max)\b)")
_NO_AT_MOST = "“at most” goals are not supported; count what you want more of"
_ALMOST_LABEL = re.compile(r"(?:(\d{4})[-/ ]?)?(?:(Q)|(W)|(?<=[-/]))(\d{1,2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Goal:
    """One row of Goals or Activities. `who` None: each person; `target` None: only tracked.

    `native` is the cadence of the target; `every_day`: it counts calendar days, not working days. `measured_by` is
    the activity whose rows count, `of` what of them. `[start, end)` is where the row is in force; None: open.
    `place` is where it was typed, as in the other values of the plan; it does not tell two goals apart.
    """

    kind: Kind
    name: str
    who: str | None
    target: float | None
    native: Cadence
    measured_by: str
    of: Literal["count", "amount"] = "count"
    every_day: bool = False
    serves: str = ""
    minutes: float | None = None
    weight: float = 1.0
    baseline: float | None = None
    why: str = ""
    start: date | None = None
    end: date | None = None
    place: Place = field(default=Place(), compare=False)


@dataclass(frozen=True, slots=True)
class DatedTarget:
    """One row of Targets: `period` is a label's period (its total), or None when it holds from `start` on."""

    name: str
    who: str | None
    start: date
    period: Period | None
    target: float
    place: Place = field(default=Place(), compare=False)


def parse_goals(table: Table, people: Names, activities: Names) -> tuple[list[Goal], list[Problem]]:
    """The outcome goals, and what could not be read. A flawed row counts for nothing."""
    goals: list[Goal] = []
    problems: list[Problem] = []
    names = Names("goal", [*goal_names(table), *activities])
    for number, cells in table.rows():
        row = RowReader(table, number, cells, problems)
        name = _as_written(row.new_name("goal"), names)
        who, measured_by = row.name("who", people), row.name("measured_by", activities)
        if measured_by is None and not row.flawed:
            row.refuse("measured_by", "no activity measures this goal", "type the activity whose rows count")
        of = fold(row.text("of")) or "count"
        if of not in {"count", "amount"}:
            row.refuse(
                "of", f"“{row.text('of')}” is neither count nor amount", "count the rows, or add up their Amount"
            )
        target = _target(row)
        start, end = _range(row)
        if row.flawed or measured_by is None:
            continue
        _about_zero(row, target)
        goals.append(
            Goal(
                kind="goal", name=name, who=who, target=target, native=Cadence.YEAR, measured_by=measured_by,
                of="amount" if of == "amount" else "count", baseline=row.number("baseline"), why=row.text("why"),
                start=start, end=end, place=row.place,
            )
        )  # fmt: skip
    return goals, problems


def goal_names(table: Table) -> Names:
    """The names in the Goals tab, flawed rows included."""
    return Names("goal", [n for n in map(text_of, table.column("goal")) if n and not is_error(n)])


def activity_names(table: Table) -> Names:
    """The names in the Activities tab, flawed rows included: a flaw elsewhere must not orphan the log."""
    return Names("activity", [n for n in map(text_of, table.column("activity")) if n and not is_error(n)])


def parse_activity_goals(table: Table, people: Names, served: Names | None) -> tuple[list[Goal], list[Problem]]:
    """The activity goals, and what could not be read. A flawed row counts for nothing.

    `served` are the goals and activities that one may serve; None: whatever is typed there.
    """
    goals: list[Goal] = []
    problems: list[Problem] = []
    names = activity_names(table)
    for number, cells in table.rows():
        row = RowReader(table, number, cells, problems)
        name, who = _as_written(row.new_name("activity"), names), row.name("who", people)
        every = fold(row.text("every")) or "week"
        if every not in _EVERY:
            hint = _NO_AT_MOST if _AT_MOST.match(every) else "working day, day, week, month, quarter or year"
            row.refuse("every", f"“{row.text('every')}” is no rhythm", hint)
        target, weight = _target(row), row.number("weight")
        if weight is not None and weight < 0:
            row.refuse("weight", "a weight below 0", "0 leaves the activity out of the score, 1 is usual")
        start, end = _range(row)
        if row.flawed:
            continue
        _about_zero(row, target)
        goals.append(
            Goal(
                kind="activity", name=name, who=who, target=target,
                native=_EVERY[every], measured_by=name,
                every_day=every == "day", serves=_served(row, served), minutes=_minutes(row),
                weight=1.0 if weight is None else weight, start=start, end=end, place=row.place,
            )
        )  # fmt: skip
    return goals, problems


def parse_targets(
    table: Table, people: Names, names: Names, calendar: Calendar
) -> tuple[list[DatedTarget], list[Problem]]:
    """The dated targets in order, and what could not be read. A flawed row counts for nothing."""
    targets: list[DatedTarget] = []
    problems: list[Problem] = []
    for number, cells in table.rows():
        row = RowReader(table, number, cells, problems)
        name, who = row.name("name", names), row.name("who", people)
        if name is None and not row.flawed:
            row.refuse("name", "the name is missing", "type the goal or activity that the target is for")
        target = _target(row)
        if target is None and not row.flawed:
            row.refuse("target", "the target is missing", "type a number; 0 is fine")
        if is_blank(cells.get("period")):
            row.refuse("period", "the period is missing", "a label such as 2026-Q1, or a date")
            continue
        period = _period(cells.get("period"), calendar)
        if isinstance(period, Misread):
            row.refuse("period", period.what, period.hint)
        elif not row.flawed and name is not None and target is not None:
            label = None if period.cadence is Cadence.DAY else period
            targets.append(DatedTarget(name, who, period.start, label, target, row.place))
    return targets, problems


def _period(cell: object, calendar: Calendar) -> Period | Misread:
    """A label's period, or the day of a date."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if cell in _LABEL_YEARS:
            return calendar.year(int(cell))
        day = day_of(cell)
        if day:
            return calendar.containing(Cadence.DAY, day)
    text = text_of(cell) if isinstance(cell, str) else ""
    period = calendar.parse(text)
    if period:
        return period
    read = read_date(text)
    if isinstance(read, date):
        return calendar.containing(Cadence.DAY, read)
    return _no_period(text or text_of(cell), calendar)  # type: ignore[arg-type]


def _no_period(text: str, calendar: Calendar) -> Misread:
    """Why a text is no label, and which one is meant or which there are."""
    almost = _ALMOST_LABEL.fullmatch(text)
    if not almost:
        return Misread(f"“{text}” is no period", "such as 2026-Q1, 2026-W07, 2026-03, 2026, or a date")
    year, quarter, week, number = almost.groups()
    example = year or "2026"
    kind, letter, most = ("quarter", "Q", 4) if quarter else ("week", "W", 53) if week else ("month", "", 12)
    if week and not calendar.parse(f"{example}-W53"):
        most = 52
    first, last, meant = (f"{example}-{letter}{n:0{len(str(most))}}" for n in (1, most, int(number)))
    if not 1 <= int(number) <= most:
        return Misread(f"there is no {kind} “{text}”", f"{first} to {last}")
    return Misread(f"“{text}” is no period", f"type {meant}" if year else f"type it with its year, such as {meant}")


def _as_written(name: str, names: Names) -> str:
    """One way of writing a name that stands in several rows, so that they are one goal."""
    written = names.find(name)
    return written if isinstance(written, str) else name


def _target(row: RowReader) -> float | None:
    typed = row.text("target")
    if _AT_MOST.match(fold(typed)):
        row.refuse("target", f"“{typed}” is no target to reach", _NO_AT_MOST)
        return None
    target = row.number("target")
    if target is not None and target < 0:
        row.refuse("target", "a target below 0", _NO_AT_MOST)
    return target


def _about_zero(row: RowReader, target: float | None) -> None:
    if target == 0:
        row.remark("target", "a target of 0 asks for nothing", "type how many, or clear the cell: it is only tracked")


def _minutes(row: RowReader) -> float | None:
    minutes = row.number("minutes")
    if minutes is None or minutes >= 0:
        return minutes
    row.remark("minutes", f"{minutes:g} minutes", "type how long one takes; the cell counts as blank meanwhile")
    return None


def _served(row: RowReader, served: Names | None) -> str:
    """The goal or activity that this one serves, as it is written; "" when it is blank or unknown."""
    if served is None:
        return row.text("serves")
    return row.name("serves", served) or ""


def _range(row: RowReader) -> tuple[date | None, date | None]:
    start, last = row.day("from"), row.day("until")
    if start and last and last < start:
        row.refuse("until", f"Until {last} is before From {start}", "correct one of them")
    return start, last + DAY if last else None
