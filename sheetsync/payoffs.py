"""Is the training paying off? What was done per working day in equal windows before and after an event.

A window is the 2 to 8 whole weeks next to the event's day, which itself counts for neither side. The ratio of the two
rates has a 95 % interval: the exact comparison of two Poisson rates, widened where the weeks differ more than chance
alone would make them (docs/formulas.md). Amounts are no counts: of an outcome the rows are compared, not the money.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from typing import Literal

from sheetsync.activities import Activity
from sheetsync.cells import EPOCH, fold, serial
from sheetsync.events import Event
from sheetsync.people import Person
from sheetsync.periods import DAY, AsOf
from sheetsync.plan import Plan
from sheetsync.rhythms import worked
from sheetsync.sentences import about, counted, full_day
from sheetsync.workdays import FULL_DAY, Horizon

MOST_WEEKS, FEWEST_WEEKS = 8, 2
FEWEST_DAYS = 5
# With fewer than six in both windows not even "all of them after" would be unlikely to be chance (2 x 0.5^5 > 5 %).
FEWEST_COUNTED = 6
_ERROR = 0.05
_WEEK = 7 * DAY

Daily = Mapping[tuple[str, str], Mapping[int, float]]
Verdict = Literal["paying off", "no difference", "fewer", "too early"]


@dataclass(frozen=True, slots=True)
class Side:
    """What was counted in a window, on how many working days."""

    count: float
    days: float

    @property
    def rate(self) -> float:
        """Per working day."""
        return self.count / self.days if self.days else 0.0


@dataclass(frozen=True, slots=True)
class Payoff:
    """One event and activity: of one person (`who`), or of all `people` whom the event concerns (`who` None).

    `activity` is "" when nothing can be compared yet, whatever the activity. `low` and `high` bound the ratio of the
    rates with 95 % confidence; `weeks` is the length of each window (of several people's: the longest), `cut_by` what
    left no room for eight; `together` are other events of the same day, from which this one cannot be told apart.
    """

    event: Event
    activity: str
    verdict: Verdict
    people: tuple[str, ...] = ()
    weeks: int = 0
    before: Side = Side(0.0, 0.0)
    after: Side = Side(0.0, 0.0)
    low: float = 0.0
    high: float = inf
    cut_by: str = ""
    together: tuple[str, ...] = ()

    @property
    def who(self) -> str | None:
        """Whose event it is; None: everyone's."""
        return self.event.who

    @property
    def ratio(self) -> float | None:
        """The rate after as a multiple of the rate before; None when there was none before."""
        return self.after.rate / self.before.rate if self.before.count > 0 else None

    @property
    def sentence(self) -> str:
        """The finding in plain words."""
        if not self.activity:
            return f"Nothing can be said yet: {self.cut_by}."
        text = f"{self.activity}: {_rates(self.before, self.after)}"
        between = f"{_times(self.low)} to {_times(self.high)}" if self.high < inf else f"at least {_times(self.low)}"
        if self.verdict == "too early":
            text += ": too few to say"
        elif self.verdict == "no difference":
            still = "" if self.weeks == MOST_WEEKS or self.cut_by else " yet"
            text += f": no difference can be seen{still} ({between} times as many)"
        else:
            if self.ratio:
                text += f": {_times(self.ratio)} times as many ({between})"
            text += ": it seems to be paying off" if self.verdict == "paying off" else ": fewer since"
        return f"{text}. {self._windows()}."

    def _windows(self) -> str:
        text = f"{counted(self.weeks, 'week')} on each side"
        if self.who is None and len(self.people) > 1:
            text += f", {len(self.people)} people together"
        remarks = [self.cut_by] if self.cut_by else []
        remarks += [f"“{name}” was on the same day" for name in self.together]
        return "; ".join([text, *remarks])


def _times(ratio: float) -> str:
    """A ratio with one decimal, or with two where one would say "the same"."""
    rough = f"{ratio:.1f}"
    return f"{ratio:.2f}" if rough in {"1.0", "0.0"} else about(float(rough))


def _rates(before: Side, after: Side) -> str:
    """Both rates per working day; rare things per five of them, or they would all be 0."""
    rare = max(before.rate, after.rate) < 0.5
    scale, unit = (5, "in five working days") if rare else (1, "a day")
    old, new = (about(side.rate * scale) if side.count else "none" for side in (before, after))
    return f"{old} {unit} before, {new} after" if before.count else f"none before, {new} {unit} after"


def ratio_interval(count: float, days: float, base: float, base_days: float) -> tuple[float, float]:
    """The 95 % interval of the ratio (count / days) / (base / base_days) of two Poisson rates; `high` may be inf.

    Given their sum, `count` is binomial with p / (1 - p) = ratio x days / base_days (Przyborowski and Wilenski,
    Biometrika 31, 1940); p has the interval of Clopper and Pearson (Biometrika 26, 1934), quantiles of beta
    distributions. R's poisson.test gives the same. Counts may be fractions.
    """
    from scipy.special import betaincinv

    low = float(betaincinv(count, base + 1, _ERROR / 2)) if count > 0 else 0.0
    above = float(betaincinv(base, count + 1, _ERROR / 2)) if base > 0 else 0.0  # 1 - the upper bound of p
    scale = base_days / days
    return low / (1 - low) * scale if low < 1 else inf, (1 - above) / above * scale if above > 0 else inf


def by_day(activities: Iterable[Activity], end: date) -> Daily:
    """What was counted before `end`: by person and activity, then by day (a serial number)."""
    days: defaultdict[tuple[str, str], defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
    limit = serial(end)
    for number, who, name, quantity, *_ in activities:
        if number < limit:
            days[who, name][number] += quantity
    return days


def first_days(daily: Daily) -> dict[str, date]:
    """The day of each person's first row, whatever the activity: before it nothing is known."""
    first: dict[str, int] = {}
    for (who, _), days in daily.items():
        earliest = min(days)
        first[who] = min(earliest, first.get(who, earliest))
    return {who: EPOCH + number * DAY for who, number in first.items()}


def payoffs(plan: Plan, activities: Iterable[Activity], events: Iterable[Event], as_of: AsOf) -> list[Payoff]:
    """Every event that has begun, the newest first, with each activity it may have changed.

    Those are the activities with a target, then what measures the outcome goals, of each person whom the event
    concerns; an activity that nobody logged in either window is left out. Only finished days count.
    """
    ordered = sorted(events, key=lambda event: (event.name, event.note))
    begun = {(e.day, e.who, fold(e.name)): e for e in ordered if e.day < as_of.boundary}
    if not begun:
        return []
    daily = by_day(activities, as_of.boundary)
    first = first_days(daily)
    found: list[Payoff] = []
    for event in sorted(begun.values(), key=lambda e: (-e.day.toordinal(), e.who or "", fold(e.name))):
        windows = {
            person.name: _window(plan, person, event, _room(event, person, begun.values(), first[person.name], as_of))
            for person in plan.people
            if event.concerns(person.name) and person.name in first
        }
        same_day = [e for e in begun.values() if e.day == event.day and fold(e.name) != fold(event.name)]
        together = sorted({e.name for e in same_day if None in (e.who, event.who) or e.who == event.who})
        compared = _compared(plan, event, windows, daily, as_of)
        found += [replace(payoff, together=tuple(together)) for payoff in compared]
    return found


@dataclass(frozen=True, slots=True)
class _Window:
    """One person's windows: working days of each of the `weeks` before and after, and what made them short."""

    weeks: int
    cut_by: str
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()


def _room(event: Event, person: Person, events: Iterable[Event], first: date, as_of: AsOf) -> tuple[int, str]:
    """How many whole weeks fit on both sides, and what it is that leaves no room for eight."""
    begun = max(first, person.start or first)
    limits = [(MOST_WEEKS, ""), ((as_of.boundary - event.day - DAY) // _WEEK, "")]
    if person.end:
        limits.append(((person.end - event.day - DAY) // _WEEK, ""))
    limits.append(((event.day - begun) // _WEEK, f"nothing is known before {full_day(begun)}"))
    for other in sorted(events, key=lambda e: (e.day, fold(e.name))):
        if other.concerns(person.name) and other.day != event.day:
            between = (abs(other.day - event.day) - DAY) // _WEEK
            limits.append((between, f"“{other.name}” was on {full_day(other.day)}"))
    weeks, cut_by = min(limits, key=lambda limit: limit[0])
    return max(weeks, 0), cut_by


def _window(plan: Plan, person: Person, event: Event, room: tuple[int, str]) -> _Window:
    weeks, cut_by = room
    if not weeks:
        return _Window(0, cut_by)
    horizon = Horizon(event.day - weeks * _WEEK, event.day + DAY + weeks * _WEEK)
    days = worked(plan, person, horizon) / FULL_DAY
    size = 7 * weeks
    before, after = (
        tuple(float(week.sum()) for week in part.reshape(weeks, 7)) for part in (days[:size], days[size + 1 :])
    )
    return _Window(weeks, cut_by, before, after)


def _compared(
    plan: Plan, event: Event, windows: Mapping[str, _Window], daily: Daily, as_of: AsOf
) -> Iterator[Payoff]:
    enough = {
        who: window
        for who, window in windows.items()
        if window.weeks >= FEWEST_WEEKS and min(sum(window.before), sum(window.after)) >= FEWEST_DAYS
    }
    if not enough:
        yield Payoff(event, "", "too early", cut_by=_too_early(event, windows, as_of))
        return
    chosen = {who: _examined(plan, who) for who in enough}
    for name in dict.fromkeys(name for names in chosen.values() for name in names):
        people = {who: window for who, window in enough.items() if name in chosen[who]}
        payoff = _payoff(event, name, people, daily)
        if payoff.before.count or payoff.after.count:
            yield payoff


def _too_early(event: Event, windows: Mapping[str, _Window], as_of: AsOf) -> str:
    """Why nothing can be compared: the reason of whoever comes closest."""
    longest = max(windows.values(), key=lambda window: window.weeks, default=None)
    if longest is None:
        return "nothing was logged before"
    needed = f"{FEWEST_WEEKS} weeks with {FEWEST_DAYS} working days are needed on each side"
    if longest.cut_by and longest.weeks < FEWEST_WEEKS:
        return f"{longest.cut_by}, and {needed}"
    since = counted((as_of.boundary - event.day).days - 1, "finished day")
    return f"{since} since, and {needed}"


def _examined(plan: Plan, who: str) -> list[str]:
    """The activities that have a target for this person, then those that measure their outcome goals."""
    dated = {target.name for target in plan.targets if target.who in (None, who)}
    goals = plan.goals_of(who)
    aimed = [
        name
        for (kind, name), rows in goals.items()
        if kind == "activity" and (name in dated or any(row.target for row in rows))
    ]
    outcomes = [row.measured_by for (kind, _), rows in goals.items() if kind == "goal" for row in rows]
    return list(dict.fromkeys([*(name for name in aimed if name not in outcomes), *outcomes]))


def _payoff(event: Event, name: str, windows: Mapping[str, _Window], daily: Daily) -> Payoff:
    strata: list[tuple[Sequence[float], Sequence[float]]] = []
    day_of_event = serial(event.day)
    for who, window in windows.items():
        counts = daily.get((who, name), {})
        for first, days in ((day_of_event - 7 * window.weeks, window.before), (day_of_event + 1, window.after)):
            weekly = [sum(counts.get(first + n, 0.0) for n in range(7 * w, 7 * w + 7)) for w in range(window.weeks)]
            strata.append((weekly, days))
    before, after = (
        Side(sum(sum(counts) for counts, _ in half), sum(sum(days) for _, days in half))
        for half in (strata[::2], strata[1::2])
    )
    spread = _dispersion(strata)
    low, high = ratio_interval(after.count / spread, after.days, before.count / spread, before.days)
    verdict: Verdict = "paying off" if low > 1 else "fewer" if high < 1 else "no difference"
    if before.count + after.count < FEWEST_COUNTED:
        verdict = "too early"
    widest = max(windows.values(), key=lambda window: window.weeks)
    return Payoff(event, name, verdict, tuple(windows), widest.weeks, before, after, low, high, widest.cut_by)


def _dispersion(strata: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float:
    """How much more the weeks of one person and side vary than a Poisson rate would: 1 for not at all.

    Pearson's chi-squared over its degrees of freedom, at least 1 (McCullagh and Nelder, Generalized Linear Models,
    1989, 6.2.4); a count that comes in batches of k says as much as count / k that come one by one.
    """
    squares = freedom = 0.0
    for counts, days in strata:
        if not sum(counts) > 0 or not sum(days) > 0:
            continue
        rate = sum(counts) / sum(days)
        weeks = [(count, rate * worked_days) for count, worked_days in zip(counts, days, strict=True) if worked_days]
        squares += sum((count - expected) ** 2 / expected for count, expected in weeks)
        freedom += len(weeks) - 1
    return max(1.0, squares / freedom) if freedom > 0 else 1.0
