"""An independent oracle: the rollups of DESIGN section 3 recomputed day by day, with plain loops and exact fractions.

It shares no code with sheetsync and knows nothing of its speed; where the two disagree, one of them is wrong. A day
is a `date`, an amount of work is a `Fraction`, and a result is a dictionary keyed by
(cadence, label, person, kind, name).
"""

from collections.abc import Iterator
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


@dataclass
class Who:
    """A person: `weekdays` are 0 (Monday) to 6; `first` and `last` are the days of From and Until."""

    name: str
    weekdays: frozenset[int] = frozenset(range(5))
    first: date | None = None
    last: date | None = None


@dataclass
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


@dataclass
class Dated:
    """A row of Targets."""

    name: str
    who: str
    period: str
    target: Fraction


@dataclass
class Off:
    """A row of Time off; `who` is blank for everyone."""

    who: str
    first: date
    last: date
    part: Fraction = Fraction(1)


@dataclass
class Entry:
    """A row of the log."""

    day: date
    who: str
    activity: str
    count: Fraction = Fraction(1)
    amount: Fraction | None = None
    quality: int | None = None


@dataclass
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
    def _labels(self) -> dict[tuple[str, date], str]:
        return {}

    def labelled(self, cadence: str, day: date) -> str:
        """As `label`, remembered."""
        if (cadence, day) not in self._labels:
            self._labels[cadence, day] = self.label(cadence, day)
        return self._labels[cadence, day]

    def days_of(self, cadence: str, day: date) -> list[date]:
        """All days of the period of a cadence that holds the day: those around it with the same label."""
        label = self.labelled(cadence, day)
        days = [day]
        while self.labelled(cadence, days[0] - DAY) == label:
            days.insert(0, days[0] - DAY)
        while self.labelled(cadence, days[-1] + DAY) == label:
            days.append(days[-1] + DAY)
        return days

    # -- days of work --------------------------------------------------------------------------------------------

    def work_planned(self, who: Who, day: date, calendar_days: bool) -> Fraction:
        """w0(d): before time off and From/Until."""
        if calendar_days:
            return Fraction(1)
        return Fraction(int(day.weekday() in who.weekdays and day not in self.holidays))

    def work(self, who: Who, day: date, calendar_days: bool) -> Fraction:
        """w(d): less time off, which is at most the whole day, and nothing outside From/Until."""
        if (who.first and day < who.first) or (who.last and day > who.last):
            return Fraction(0)
        away = Fraction(0)
        for row in self.off:
            if row.who in ("", who.name) and row.first <= day <= row.last:
                away += row.part
        return max(Fraction(0), self.work_planned(who, day, calendar_days) - min(away, Fraction(1)))

    # -- shares --------------------------------------------------------------------------------------------------

    def rule(self, who: Who, aim: Aim, day: date) -> tuple[str, Fraction] | None:
        """What is in force on a day: (cadence whose total it is, or "" for the aim's own target, target)."""
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

    def within(self, aim: Aim, day: date) -> bool:
        """Whether a day is inside an aim's own From and Until."""
        return not ((aim.first and day < aim.first) or (aim.last and day > aim.last))

    def share(self, who: Who, aim: Aim, day: date, *, before_time_off: bool = False) -> Fraction:
        """t(d), or what it would be before time off."""
        rule = self.rule(who, aim, day)
        if rule is None or not self.within(aim, day):
            return Fraction(0)
        cadence, target = rule
        calendar_days = aim.every == "day"
        mine = (self.work_planned if before_time_off else self.work)(who, day, calendar_days)
        if not mine:
            return Fraction(0)
        if aim.kind == "goal":
            days = [d for d in self.days_of(cadence or "year", day) if self.within(aim, d)]
            part = self.work_planned if before_time_off else self.work
            return target * mine / sum(part(who, d, calendar_days) for d in days)
        if not cadence and NATIVE[aim.every] == "day":
            return target * mine
        days = self.days_of(cadence or NATIVE[aim.every], day)
        return target * mine / sum(self.work_planned(who, d, calendar_days) for d in days)

    # -- rollups -------------------------------------------------------------------------------------------------

    def rows_of(self, who: Who, aim: Aim) -> list[Entry]:
        """The person's rows for an aim that are not later than the as-of date."""
        activity = aim.measured_by if aim.kind == "goal" else aim.name
        return [e for e in self.log if e.who == who.name and e.activity == activity and e.day <= self.as_of]

    def aims_of(self, who: Who) -> Iterator[tuple[Aim, bool]]:
        """Each aim of a person, and whether it is theirs: an own row goes before everyone's, a later before an earlier.

        An activity that is not the person's goal but was logged counts too, without a target.
        """
        names: list[tuple[str, str]] = []
        for aim in self.aims:
            if aim.who in ("", who.name) and (aim.kind, aim.name) not in names:
                names.append((aim.kind, aim.name))
        for kind, name in names:
            rows = [a for a in self.aims if (a.kind, a.name) == (kind, name) and a.who in ("", who.name)]
            own = [a for a in rows if a.who]
            yield (own or rows)[-1], True
        for activity in sorted({e.activity for e in self.log if e.who == who.name and e.day <= self.as_of}):
            if ("activity", activity) not in names:
                yield Aim("activity", activity), False

    def roll_up(self) -> dict[Key, dict[str, Any]]:
        """Every rollup of every cadence."""
        results: dict[Key, dict[str, Any]] = {}
        begins = min(d for d in _every_day(date(self.year - 1, 1, 1), 800) if self.year_label(d) == self.year)
        for who in self.people:
            for aim, theirs in self.aims_of(who):
                rows = self.rows_of(who, aim)
                starts = [e.day for e in rows] + ([begins] if theirs else [])
                first = min(starts, default=self.as_of + DAY)
                if first > self.as_of:
                    continue
                for cadence in CADENCES:
                    for label, result in self._cadence(who, aim, theirs, cadence, first, rows):
                        results[cadence, label, who.name, aim.kind, aim.name] = result
        return results

    def _cadence(
        self, who: Who, aim: Aim, theirs: bool, cadence: str, first: date, rows: list[Entry]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        native = theirs and cadence == ("year" if aim.kind == "goal" else NATIVE[aim.every])
        streak = best = 0
        day = first
        while True:
            days = self.days_of(cadence, day)
            if days[0] > self.as_of:
                return
            result = self._rollup(who, aim, native, days, rows)
            if result["status"] not in ("off", "untargeted"):
                if result["status"] == "met":
                    streak += 1
                elif days[-1] < self.boundary:
                    streak = 0
            best = max(best, streak)
            result |= {"native": native, "streak": streak if native else None, "best_streak": best if native else None}
            yield self.labelled(cadence, day), result
            day = days[-1] + DAY

    def _rollup(self, who: Who, aim: Aim, native: bool, days: list[date], rows: list[Entry]) -> dict[str, Any]:
        def measure(entries: list[Entry]) -> Fraction:
            if aim.of == "amount":
                return sum((e.amount for e in entries if e.amount is not None), Fraction(0))
            return sum((e.count for e in entries), Fraction(0))

        calendar_days = aim.every == "day"
        inside = [e for e in rows if e.day in days]
        rated = [e for e in inside if e.quality is not None]
        weights = sum((e.count for e in rated), Fraction(0))
        amounts = [e.amount for e in inside if e.amount is not None]
        actual = measure(inside)
        before = measure([e for e in inside if e.day < self.boundary])
        work = {d: self.work(who, d, calendar_days) for d in days}
        shares = {d: self.share(who, aim, d) for d in days}
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
        small = sum((self.share(who, aim, d, before_time_off=True) for d in days), Fraction(0))
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
        for aim, theirs in self.aims_of(who):
            result = rollups.get((cadence, label, who.name, aim.kind, aim.name))
            finer = CADENCES.index(NATIVE[aim.every]) <= CADENCES.index(cadence)
            if aim.kind != "activity" or not theirs or not finer or result is None or not result["target"]:
                continue
            closed = result["end"] <= self.boundary
            of = result["target"] if closed else result["expected"]
            if not of:
                continue
            done = result["actual"] if closed else result["pace"] * result["expected"]
            total += aim.weight * min(Fraction(1), done / of)
            weights += aim.weight
        return total / weights if weights else None


def _every_day(first: date, count: int) -> Iterator[date]:
    for n in range(count):
        yield first + n * DAY
