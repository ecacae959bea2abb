"""The rhythm: weeks in which a person logged something, wrote the weekly review and met their partner.

A week is kept when all three happened, however bad its numbers: it is the practice that counts. Weeks without a
working day are off: they neither count nor break a run. Only closed weeks count, from the person's first row or
review on (from the plan's first day while there is none).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sheetsync.activities import Activity
from sheetsync.cells import EPOCH, serial
from sheetsync.people import Person
from sheetsync.periods import DAY, AsOf, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.reviews import Review
from sheetsync.sentences import counted
from sheetsync.workdays import Horizon, public_holidays, workdays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LAST = 13
# The key of the tab for the talk with the partner; any other weekly review tab is a look back, and with a day under
# this key of a column it is both: who works alone may keep one tab for the two.
PARTNER, MET_ON = "partner", "met_on"
ELEMENTS = ("log", "weekly review", "partner meeting")


@dataclass(frozen=True, slots=True)
class Week:
    """One closed week with a working day in it, and which of the three elements happened."""

    label: str
    start: date
    logged: bool
    reviewed: bool
    met: bool

    @property
    def kept(self) -> bool:
        """Whether all happened that the workbook has a place for."""
        return self.logged and self.reviewed and self.met


@dataclass(frozen=True, slots=True)
class WeeklyTabs:
    """What a workbook's weekly tabs have a place for: a look back at the week, the talk with the partner."""

    review: bool = True
    partner: bool = True

    @property
    def elements(self) -> tuple[str, ...]:
        """What a week consists of in a workbook with these tabs."""
        there = (True, self.review, self.partner)
        return tuple(element for element, is_there in zip(ELEMENTS, there, strict=True) if is_there)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """One person's rhythm.

    `weeks` are those among the last 13 closed weeks that count, oldest first; `run` is how many weeks in a row were
    kept up to the last one that counts, `best` the longest run ever.
    """

    person: str
    weeks: tuple[Week, ...]
    run: int
    best: int
    elements: tuple[str, ...] = ELEMENTS

    @property
    def kept(self) -> int:
        """How many of `weeks` were kept."""
        return sum(week.kept for week in self.weeks)

    @property
    def happened(self) -> dict[str, int]:
        """In how many of `weeks` each element happened, in the order of `ELEMENTS`."""
        parts = ((week.logged, week.reviewed, week.met) for week in self.weeks)
        sums = [sum(column) for column in zip(*parts, strict=True)] or [0] * len(ELEMENTS)
        return {element: n for element, n in zip(ELEMENTS, sums, strict=True) if element in self.elements}

    @property
    def missing(self) -> str | None:
        """The element that was missing most often; None when none ever was."""
        rarest = min(self.elements, key=self.happened.__getitem__)
        return rarest if self.happened[rarest] < len(self.weeks) else None

    @property
    def sentence(self) -> str:
        """The rhythm in plain words."""
        total = len(self.weeks)
        if not total:
            return "No full week yet."
        of = f"the last {total} weeks" if total > 1 else "1 week"
        *first, last = self.elements
        what = {1: "a row in the ", 2: "both: ", 3: "all three: "}[len(self.elements)]
        text = f"{self.kept} of {of} had {what}{', '.join(first)}{' and ' if first else ''}{last}"
        if self.run > 1 or self.best > self.run:
            text += f"; {counted(self.run, 'week')} in a row now, {self.best} at best"
        if self.missing and self.kept < total:
            text += f"; missing most often: the {self.missing} ({self.happened[self.missing]} of {total})"
        return text + "."


def rhythms(
    plan: Plan,
    activities: Iterable[Activity],
    reviews: Iterable[Review],
    as_of: AsOf,
    tabs: WeeklyTabs = WeeklyTabs(),
) -> dict[str, Rhythm]:
    """The rhythm of every person in the plan, by name, over the weeks that are closed at the as-of day.

    Any row of the log counts, one with Count 0 too: somebody wrote that there was nothing. A review counts with any
    answer in it, one in the partner tab with the day of the meeting or any answer.
    """
    logged: defaultdict[str, set[str]] = defaultdict(set)
    first: dict[str, date] = {}
    labels: dict[int, Period] = {}
    end = serial(as_of.boundary)
    for who, number in {(activity.who, activity.day) for activity in activities if activity.day < end}:
        if number not in labels:
            labels[number] = plan.calendar.containing(Cadence.WEEK, EPOCH + timedelta(days=number))
        week = labels[number]
        logged[who].add(week.label)
        first[who] = min(first.get(who, week.start), week.start)
    written: defaultdict[tuple[str, bool], set[str]] = defaultdict(set)
    for review in reviews:
        named = plan.calendar.parse(review.period) if review.cadence is Cadence.WEEK else None
        if named:
            if review.tab == PARTNER or MET_ON in review.answers:
                written[review.who, True].add(named.label)
            if review.tab != PARTNER and review.answers.keys() - {MET_ON}:
                written[review.who, False].add(named.label)
            first[review.who] = min(first.get(review.who, named.start), named.start)
    found = {}
    for person in plan.people:
        name = person.name
        looked_back, met = written[name, False], written[name, True]
        weeks = [
            Week(
                w.label,
                w.start,
                w.label in logged[name],
                not tabs.review or w.label in looked_back,
                not tabs.partner or w.label in met,
            )
            for w in _weeks(plan, person, first.get(name, plan.first_day), as_of)
        ]
        found[name] = replace(_rhythm(plan, name, weeks, as_of), elements=tabs.elements)
    return found


def worked(plan: Plan, person: Person, horizon: Horizon) -> "NDArray[np.int64]":
    """The half days that a person works, one element a day of the horizon."""
    code = plan.holidays if person.holidays is None else person.holidays
    return workdays(person, horizon, plan.times_off, public_holidays(code, horizon), every_day=False).w


def _weeks(plan: Plan, person: Person, first: date, as_of: AsOf) -> list[Period]:
    """The closed weeks from `first` on in which the person works."""
    if first >= as_of.boundary:
        return []
    between = plan.calendar.between(Cadence.WEEK, first, as_of.boundary)
    weeks = [week for week in between if week.end <= as_of.boundary]
    if not weeks:
        return []
    horizon = Horizon(weeks[0].start, weeks[-1].end)
    days = worked(plan, person, horizon)
    return [week for week in weeks if days[horizon.index(week.start) : horizon.index(week.end)].any()]


def _rhythm(plan: Plan, person: str, weeks: Sequence[Week], as_of: AsOf) -> Rhythm:
    run = best = 0
    for week in weeks:
        run = run + 1 if week.kept else 0
        best = max(best, run)
    current = plan.calendar.containing(Cadence.WEEK, as_of.boundary).start
    recent = tuple(week for week in weeks if week.start >= current - LAST * 7 * DAY)
    return Rhythm(person, recent, run, best)
