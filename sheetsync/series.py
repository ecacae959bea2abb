"""The values of the charts: for each person, and for everyone together, the last 13 weeks of each activity, and the
first outcome goal through the year with its even pace and its forecast.

A chart shows the rows whose key is what was chosen (`live.series_key`); everyone has a blank name, and a person's
first activity stands under a blank one as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import hypot, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from sheetsync.cells import Cell, serial
from sheetsync.findings import Findings
from sheetsync.live import TREND_WEEKS, series_key
from sheetsync.periods import DAY, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.rollups import pace_line
from sheetsync.sentences import full_day
from sheetsync.template import MOST_VALUES

if TYPE_CHECKING:
    import pandas as pd

EVERYONE = ""
Row = list[Cell]


def series_rows(findings: Findings) -> Iterator[Row]:
    """The rows of a tab with the role series, in the order that `live` looks for the first three: when it was
    synced, the names of the weeks, those of the year.
    """
    plan, today = findings.plan, findings.as_of.day
    weeks = last_weeks(plan, today)
    year = plan.calendar.containing(Cadence.YEAR, today)
    ends = week_ends(plan, year)
    yield ["as_of", None, serial(today), full_day(today)]
    yield ["weeks", None, *(week.label for week in weeks)]
    yield ["year", None, *(plan.calendar.containing(Cadence.WEEK, end).label for end in ends)]
    yield from _trends(findings, weeks)
    yield from _outcomes(findings, year, ends)


def last_weeks(plan: Plan, day: date) -> list[Period]:
    """The 13 weeks up to the one that holds a day, oldest first."""
    weeks = [plan.calendar.containing(Cadence.WEEK, day)]
    while len(weeks) < TREND_WEEKS:
        weeks.append(plan.calendar.previous(weeks[-1]))
    return weeks[::-1]


def week_ends(plan: Plan, year: Period) -> list[date]:
    """The last day of each week of a year, the year's own last day for the week that it cuts."""
    weeks = plan.calendar.between(Cadence.WEEK, year.start, year.end - DAY)
    return [min(week.end, year.end) - DAY for week in weeks][:MOST_VALUES]


def _trends(findings: Findings, weeks: Sequence[Period]) -> Iterator[Row]:
    done: dict[tuple[str, str], list[float]] = {}
    target: dict[tuple[str, str], list[float]] = {}
    places = {week.label: at for at, week in enumerate(weeks)}
    rows: Iterator[Any] = _of(findings.rollups, "activity", Cadence.WEEK, places).itertuples(index=False)
    for row in rows:
        for who in (EVERYONE, str(row.person)):
            for values, value in ((done, row.actual), (target, row.target)):
                values.setdefault((who, str(row.name)), [0.0] * TREND_WEEKS)[places[str(row.period)]] += float(value)
    first: set[str] = set()
    for who, activity in _in_order(findings.plan, done):
        keys = [activity]
        # What nobody has a target for is nobody's first choice.
        if who not in first and any(target[who, activity]):
            first.add(who)
            keys = ["", activity]
        for key in keys:
            yield [series_key("done", who, key), activity, *_rounded(done[who, activity])]
            if any(target[who, activity]):
                yield [series_key("target", who, key), activity, *_rounded(target[who, activity])]


def _rounded(values: Sequence[float]) -> Row:
    return [round(value, 2) for value in values]


def _in_order(plan: Plan, found: Mapping[tuple[str, str], object]) -> list[tuple[str, str]]:
    people = [EVERYONE, *(person.name for person in plan.people)]
    place = {name: at for at, name in enumerate(plan.activities)}
    return sorted(found, key=lambda key: (people.index(key[0]), place.get(key[1], len(place)), key[1]))


def _of(rollups: "pd.DataFrame", kind: str, cadence: Cadence, labels: Mapping[str, int]) -> "pd.DataFrame":
    if rollups.empty:
        return rollups
    wanted = (rollups["kind"] == kind) & (rollups["cadence"] == cadence.value)
    return rollups[wanted & rollups["period"].isin(labels.keys())]


class _Outcome(NamedTuple):
    """A goal's way through a year at each week's end: what is done by then (while it is past), and what an even pace
    would be. `band` is the forecast of the year's end, if there is one: low, point and high.
    """

    so_far: list[float]
    pace: list[float]
    band: tuple[float, float, float] | None


def _outcomes(findings: Findings, year: Period, ends: Sequence[date]) -> Iterator[Row]:
    plan = findings.plan
    firsts = {p.name: next((n for kind, n in plan.goals_of(p.name) if kind == "goal"), None) for p in plan.people}
    whole = next((goal for goal in firsts.values() if goal), None)
    if whole is None:
        return
    today = findings.as_of.day
    past = [end for end in ends if plan.calendar.containing(Cadence.WEEK, end).start <= today]
    done = _done_by(findings, year, past)
    found = {
        (person, goal): _Outcome(
            done.get((person, goal), [0.0] * len(past)),
            pace_line(plan, person, ("goal", goal), year, ends),
            _band(findings, year.label, person, goal),
        )
        for person, goal in firsts.items()
        if goal
    }
    everyone = [outcome for (_, goal), outcome in found.items() if goal == whole]
    yield from _drawn(EVERYONE, whole, _together(everyone), ends, findings)
    for (person, goal), outcome in found.items():
        yield from _drawn(person, goal, outcome, ends, findings)


def _done_by(findings: Findings, year: Period, past: Sequence[date]) -> dict[tuple[str, str], list[float]]:
    """What each person's goals had come to by the ends of the weeks that have begun."""
    import numpy as np

    days = {year.start.fromordinal(n).isoformat(): n for n in range(year.start.toordinal(), year.end.toordinal())}
    daily = _of(findings.rollups, "goal", Cadence.DAY, days)
    upto = np.array([end.toordinal() for end in past])
    found: dict[tuple[str, str], list[float]] = {}
    for (person, goal), rows in daily.groupby(["person", "name"], sort=False) if len(daily) else ():
        ordinals = rows["period"].map(days).to_numpy()
        order = np.argsort(ordinals)
        sums = np.concatenate([[0.0], np.cumsum(rows["actual"].to_numpy(dtype=float)[order])])
        found[str(person), str(goal)] = sums[np.searchsorted(ordinals[order], upto, side="right")].tolist()
    return found


def _band(findings: Findings, label: str, person: str, goal: str) -> tuple[float, float, float] | None:
    chance = findings.chances.get((label, person, goal))
    return (chance.forecast.low, chance.forecast.point, chance.forecast.high) if chance else None


def _together(outcomes: Sequence[_Outcome]) -> _Outcome:
    """The sum of several people's; how far each will be off is taken to be independent of the others."""
    so_far = [sum(values) for values in zip(*(one.so_far for one in outcomes), strict=True)]
    pace = [sum(values) for values in zip(*(one.pace for one in outcomes), strict=True)]
    bands = [one.band for one in outcomes]
    known = [band for band in bands if band is not None]
    if len(known) < len(bands):
        return _Outcome(so_far, pace, None)
    point = sum(middle for _, middle, _ in known)
    below, above = hypot(*(m - low for low, m, _ in known)), hypot(*(high - m for _, m, high in known))
    return _Outcome(so_far, pace, (point - below, point, point + above))


def _drawn(who: str, goal: str, outcome: _Outcome, ends: Sequence[date], findings: Findings) -> Iterator[Row]:
    begun = len(outcome.so_far)
    yield [series_key("so_far", who, ""), goal, *_rounded(outcome.so_far)]
    if outcome.pace and outcome.pace[-1] > 0:
        yield [series_key("pace", who, ""), goal, *_rounded(outcome.pace)]
    if outcome.band is None or not 0 < begun < len(ends):
        return
    blank: Row = [None] * (begun - 1)
    for line, values in _fan(outcome.so_far[-1], outcome.band, findings.as_of.day, ends[begun:]).items():
        yield [series_key(line, who, ""), goal, *blank, *_rounded(values)]


def _fan(now: float, band: tuple[float, float, float], today: date, ends: Sequence[date]) -> dict[str, list[float]]:
    """A forecast of the last day's value, opened from today's. What is uncertain adds up day by day, so the width
    grows with the root of time.
    """
    low, point, high = band
    parts = [0.0, *((end - today).days / (ends[-1] - today).days for end in ends)]
    likely = [now + (point - now) * part for part in parts]
    # What only grows cannot end below what is there.
    least = min(now, low)
    lows = [max(least, middle - (point - low) * sqrt(part)) for middle, part in zip(likely, parts, strict=True)]
    highs = [middle + (high - point) * sqrt(part) for middle, part in zip(likely, parts, strict=True)]
    spread = [above - below for below, above in zip(lows, highs, strict=True)]
    return {"likely": likely, "low": lows, "high": highs, "spread": spread}
