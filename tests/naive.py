"""An independent oracle: the rollups of docs/formulas.md recomputed day by day, with plain loops and exact fractions.

It shares no code with sheetsync and knows nothing of its speed; where the two disagree, one of them is wrong. A day
is a `date`, an amount of work is a `Fraction`, and a result is a dictionary keyed by
(cadence, label, person, kind, name).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

DAY = timedelta(days=1)
CADENCES = ("day", "week", "month", "quarter", "year")
NATIVE = {
    "working day": "day",
    "day": "day",
    "": "week",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
    "year": "year",
}
Key = tuple[str, str, str, str, str]


@dataclass(eq=False)
class Who:
    """A person: `weekdays` are 0 (Monday) to 6; `first` and `last` are the days of From and Until."""

    name: str
    weekdays: frozenset[int] = frozenset(range(5))
    first: date | None = None
    last: date | None = None


@dataclass(eq=False)
class Aim:
    """A row of Activities (`kind` activity, with `every`) or of Goals (`kind` goal, with `measured_by` and `of`)."""

    kind: str
    name: str
    who: str = ""
    target: Fraction | None = None
    every: str = ""
    measured_by: str = ""
    of: str = "count"
    first: date | None = None
    last: date | None = None
    weight: Fraction = Fraction(1)


Aims = tuple[Aim, ...]
"""The rows of one name that apply to one person, in order."""


def native_of(aim: Aim) -> str:
    """The native cadence of an aim."""
    return "year" if aim.kind == "goal" else NATIVE[aim.every]


@dataclass(eq=False)
class Dated:
    """A row of Targets."""

    name: str
    who: str
    period: str
    target: Fraction


@dataclass(eq=False)
class Off:
    """A row of Time off; `who` is blank for everyone."""

    who: str
    first: date
    last: date
    part: Fraction = Fraction(1)


@dataclass(eq=False)
class Entry:
    """A row of the log."""

    day: date
    who: str
    activity: str
    count: Fraction = Fraction(1)
    amount: Fraction | None = None
    quality: int | None = None


@dataclass(eq=False)
class Plan:
    """All rows and settings. `as_of` is the last day whose rows count; `under_way` says that it is not finished."""

    people: list[Who]
    aims: list[Aim]
    as_of: date
    under_way: bool = False
    year: int = 2026
    dated: list[Dated] = field(default_factory=list)
    off: list[Off] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)
    holidays: frozenset[date] = frozenset()
    week_starts: int = 0
    year_starts: int = 1

    @property
    def boundary(self) -> date:
        """The first day that is not finished."""
        return self.as_of if self.under_way else self.as_of + DAY

    # -- time ----------------------------------------------------------------------------------------------------

    def year_start(self, day: date) -> date:
        """The first day of the fiscal year that holds the day."""
        first = date(day.year, self.year_starts, 1)
        return first if first <= day else date(day.year - 1, self.year_starts, 1)

    def year_label(self, day: date) -> int:
        """A fiscal year is named after the calendar year in which it ends."""
        first = self.year_start(day)
        return first.year if self.year_starts == 1 else first.year + 1

    def label(self, cadence: str, day: date) -> str:
        """The label of the period of a cadence that holds a day."""
        if cadence == "day":
            return day.isoformat()
        if cadence == "week":
            while day.weekday() != self.week_starts:
                day -= DAY
            fourth = day + 3 * DAY
            number, earlier = 1, fourth - 7 * DAY
            while earlier.year == fourth.year:
                number, earlier = number + 1, earlier - 7 * DAY
            return f"{fourth.year}-W{number:02}"
        if cadence == "month":
            return f"{day.year}-{day.month:02}"
        if cadence == "quarter":
            months = (day.month - self.year_starts) % 12
            return f"{self.year_label(day)}-Q{months // 3 + 1}"
        return str(self.year_label(day))

    @cached_property
    def _kept(self) -> dict[tuple[Any, ...], Any]:
        return {}

    def _once(self, compute: Callable[..., Any], *asked: Any) -> Any:
        """What `compute` says, asked once: exact fractions are slow."""
        key = (compute.__name__, *asked)
        if key not in self._kept:
            self._kept[key] = compute(*asked)
        return self._kept[key]

    def labelled(self, cadence: str, day: date) -> str:
        """As `label`, remembered."""
        return str(self._once(self.label, cadence, day))

    def days_of(self, cadence: str, day: date) -> list[date]:
        """All days of the period of a cadence that holds the day: those around it with the same label."""
        days: list[date] = self._once(self._days_from, cadence, self._first_of(cadence, day))
        return days

    def _first_of(self, cadence: str, day: date) -> date:
        if cadence == "year":
            return self.year_start(day)
        while self.labelled(cadence, day - DAY) == self.labelled(cadence, day):
            day -= DAY
        return day

    def _days_from(self, cadence: str, first: date) -> list[date]:
        days = [first]
        while self.labelled(cadence, days[-1] + DAY) == self.labelled(cadence, first):
            days.append(days[-1] + DAY)
        return days

    # -- days of work --------------------------------------------------------------------------------------------

    def work(self, who: Who, day: date, calendar_days: bool, planned: bool = False) -> Fraction:
        """w(d), or w0(d) when `planned`: before time off and From/Until."""
        return Fraction(self._once(self._work, who, day, calendar_days, planned))

    def _work(self, who: Who, day: date, calendar_days: bool, planned: bool) -> Fraction:
        w0 = Fraction(int(calendar_days or (day.weekday() in who.weekdays and day not in self.holidays)))
        if planned:
            return w0
        if (who.first and day < who.first) or (who.last and day > who.last):
            return Fraction(0)
        away = sum((r.part for r in self.off if r.who in ("", who.name) and r.first <= day <= r.last), Fraction(0))
        return max(Fraction(0), w0 - min(away, Fraction(1)))

    # -- shares --------------------------------------------------------------------------------------------------

    def row_in_force(self, aims: Aims, day: date) -> Aim | None:
        """The row that holds on a day: the person's own before everyone's, then the later row."""
        inside = [a for a in aims if not ((a.first and day < a.first) or (a.last and day > a.last))]
        own = [a for a in inside if a.who]
        return own[-1] if own else inside[-1] if inside else None

    def row_at(self, aims: Aims, last_day: date) -> Aim:
        """The row whose rhythm a period that ends on this day is judged by; on days without one, the person's own."""
        held = self.row_in_force(aims, min(last_day, self.as_of))
        return held or next((aim for aim in aims if aim.who), aims[0])

    def rule(self, who: Who, aim: Aim, day: date) -> tuple[str, Fraction] | None:
        """What is in force on a day: (the cadence whose total it is, "" for the aim's own rhythm; target)."""
        for name in (who.name, ""):
            rows = [r for r in self.dated if r.name == aim.name and r.who == name]
            for cadence in ("week", "month", "quarter", "year"):
                for row in reversed(rows):
                    if row.period == self.labelled(cadence, day):
                        return cadence, row.target
            started = [r for r in rows if len(r.period) == 10 and r.period <= day.isoformat()]
            if started:
                latest = max(r.period for r in started)
                return "", [r for r in started if r.period == latest][-1].target
        return None if aim.target is None else ("", aim.target)

    def share(self, who: Who, aims: Aims, day: date, planned: bool = False) -> Fraction:
        """t(d), or what it would be before time off when `planned`."""
        return Fraction(self._once(self._share, who, aims, day, planned))

    def _share(self, who: Who, aims: Aims, day: date, planned: bool) -> Fraction:
        aim = self.row_in_force(aims, day)
        rule = aim and self.rule(who, aim, day)
        if not aim or not rule:
            return Fraction(0)
        cadence, target = rule
        mine = self.work(who, day, aim.every == "day", planned)
        if not mine or (not cadence and aim.kind == "activity" and NATIVE[aim.every] == "day"):
            return target * mine
        within = aims if cadence else (aim,)
        first = self._first_of(cadence or native_of(aim), day)
        whole: Fraction = self._once(self._whole, who, within, cadence or native_of(aim), first, planned)
        return target * mine / whole

    def _whole(self, who: Who, aims: Aims, cadence: str, first: date, planned: bool) -> Fraction:
        """What a target is spread over: D0 of the period for an activity, D inside its own days for an outcome."""
        outcome, calendar_days = aims[0].kind == "goal", aims[0].every == "day"
        whole = Fraction(0)
        for day in self.days_of(cadence, first):
            if not outcome:
                whole += self.work(who, day, calendar_days, planned=True)
            elif self.row_in_force(aims, day):
                whole += self.work(who, day, calendar_days, planned)
        return whole

    # -- rollups -------------------------------------------------------------------------------------------------

    def rows_of(self, who: Who, aim: Aim) -> list[Entry]:
        """The person's rows for an aim that are not later than the as-of date."""
        activity = aim.measured_by if aim.kind == "goal" else aim.name
        return [e for e in self.log if e.who == who.name and e.activity == activity and e.day <= self.as_of]

    def aims_of(self, who: Who) -> Iterator[tuple[Aims, bool]]:
        """The rows of each aim of a person, and whether it is theirs.

        An activity that is not the person's goal but was logged counts too, without a target.
        """
        names: list[tuple[str, str]] = []
        for aim in self.aims:
            if aim.who in ("", who.name) and (aim.kind, aim.name) not in names:
                names.append((aim.kind, aim.name))
        for kind, name in names:
            yield tuple(a for a in self.aims if (a.kind, a.name) == (kind, name) and a.who in ("", who.name)), True
        for activity in sorted({e.activity for e in self.log if e.who == who.name and e.day <= self.as_of}):
            if ("activity", activity) not in names:
                yield (Aim("activity", activity, last=date.min),), False  # no day has a share

    def roll_up(self) -> dict[Key, dict[str, Any]]:
        """Every rollup of every cadence."""
        results: dict[Key, dict[str, Any]] = {}
        begins = date(self.year if self.year_starts == 1 else self.year - 1, self.year_starts, 1)
        for who in self.people:
            for aims, theirs in self.aims_of(who):
                rows = self.rows_of(who, aims[0])
                starts = [e.day for e in rows] + ([begins] if theirs else [])
                if min(starts) > self.as_of:
                    continue
                for cadence in CADENCES:
                    for label, result in self._cadence(who, aims, theirs, cadence, min(starts), rows):
                        results[cadence, label, who.name, aims[0].kind, aims[0].name] = result
        return results

    def _cadence(
        self, who: Who, aims: Aims, theirs: bool, cadence: str, first: date, rows: list[Entry]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        streak = best = 0
        day = first
        while True:
            days = self.days_of(cadence, day)
            if days[0] > self.as_of:
                return
            native = theirs and cadence == native_of(self.row_at(aims, days[-1]))
            result = self._rollup(who, aims, native, days, rows)
            if native and result["status"] not in ("off", "untargeted"):
                if result["status"] == "met":
                    streak += 1
                elif days[-1] < self.boundary:
                    streak = 0
            best = max(best, streak)
            result |= {
                "native": native,
                "streak": streak if native else None,
                "best_streak": best if native else None,
            }
            yield self.labelled(cadence, day), result
            day = days[-1] + DAY

    def _rollup(self, who: Who, aims: Aims, native: bool, days: list[date], rows: list[Entry]) -> dict[str, Any]:
        def measure(entries: list[Entry]) -> Fraction:
            if aims[0].of == "amount":
                return sum((e.amount for e in entries if e.amount is not None), Fraction(0))
            return sum((e.count for e in entries), Fraction(0))

        calendar_days = aims[0].every == "day"
        inside = [e for e in rows if e.day in days]
        rated = [e for e in inside if e.quality is not None]
        weights = sum((e.count for e in rated), Fraction(0))
        amounts = [e.amount for e in inside if e.amount is not None]
        actual = measure(inside)
        before = measure([e for e in inside if e.day < self.boundary])
        work = {d: self.work(who, d, calendar_days) for d in days}
        shares = {d: self.share(who, aims, d) for d in days}
        done = sum((work[d] for d in days if d < self.boundary), Fraction(0))
        whole = sum(work.values(), Fraction(0))
        target = sum(shares.values(), Fraction(0))
        closed = days[-1] < self.boundary
        result: dict[str, Any] = {
            "start": days[0],
            "end": days[-1] + DAY,
            "actual": actual,
            "target": target,
            "quality": sum(e.quality * e.count for e in rated if e.quality) / weights if weights else None,
            "amount": sum(amounts, Fraction(0)) if amounts else None,
        }
        nothing = ("expected", "attainment", "pace", "slack", "behind_by", "required_rate")
        projection = before * whole / done if done >= 3 else None
        if not whole:
            return result | dict.fromkeys((*nothing, "projection")) | {"status": "off"}
        if not target:
            return result | dict.fromkeys(nothing) | {"status": "untargeted", "projection": projection}
        expected = sum((shares[d] for d in days if d < self.boundary), Fraction(0))
        small = sum((self.share(who, aims, d, planned=True) for d in days), Fraction(0))
        if native and len(days) >= 7 and 0 < small <= 2:
            expected = target * max(Fraction(0), 4 * done / whole - 3)
        pace = before / expected if expected else None
        left = whole - done
        slack: int | None = 0
        if closed:
            slack = None
        elif before >= expected:
            slack = int(min((before - expected) / (target / whole), left) // 1)
        silent = any(work[d] for d in days if d < self.boundary) and not any(
            e.who == who.name and e.day in days and e.day <= self.as_of for e in self.log
        )
        if actual >= target:
            status = "met"
        elif silent:
            status = "silent"
        elif closed:
            status = "missed"
        elif pace is None or pace >= Fraction(99, 100):
            status = "on track"
        elif pace >= Fraction(81, 100) or (target < 5 and expected - before <= 1):
            status = "behind"
        else:
            status = "at risk"
        return result | {
            "expected": expected,
            "attainment": actual / target,
            "pace": pace,
            "slack": slack,
            "behind_by": max(Fraction(0), expected - before),
            "required_rate": max(Fraction(0), target - actual) / left if left else None,
            "projection": projection,
            "status": status,
        }

    # -- scores --------------------------------------------------------------------------------------------------

    def score(self, who: Who, cadence: str, label: str, rollups: dict[Key, dict[str, Any]]) -> Fraction | None:
        """The score of a period: of the activity goals native to its cadence or finer, weighted."""
        total = weights = Fraction(0)
        for aims, theirs in self.aims_of(who):
            aim = next((a for a in aims if a.who), aims[0])
            result = rollups.get((cadence, label, who.name, aim.kind, aim.name))
            if result is None:
                continue
            held = self.row_at(aims, result["end"] - DAY)
            finer = CADENCES.index(native_of(held)) <= CADENCES.index(cadence)
            if aim.kind != "activity" or not theirs or not finer or not result["target"]:
                continue
            closed = result["end"] <= self.boundary
            of = result["target"] if closed else result["expected"]
            if not of:
                continue
            done = result["actual"] if closed else result["pace"] * result["expected"]
            total += aim.weight * min(Fraction(1), done / of)
            weights += aim.weight
        return total / weights if weights else None
