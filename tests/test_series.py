"""Series: what the charts draw is what the rollups say, for each person and for everyone together."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from math import hypot
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.cells import Cell, serial
from sheetsync.chances import Chance
from sheetsync.findings import Findings
from sheetsync.forecasts import Forecast, ToCome
from sheetsync.live import FIRST_VALUE, KEY, LABEL
from sheetsync.periods import DAY, AsOf, Cadence, Calendar
from sheetsync.reading import Settings, find_out
from sheetsync.series import last_weeks, series_rows, week_ends
from sheetsync.template import MOST_VALUES
from tests import naive
from tests.builders import as_of, plans, rows_of, settings_of, understood

EXAMPLES = int(os.environ.get("SHEETSYNC_EXAMPLES", "40"))
FEW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
HEADS = ("as_of", "weeks", "year")
CENT = 0.0051
"""How far a value may be from what it shows: it is rounded to cents."""

Values = dict[str, list[Any]]


def drawn(findings: Findings) -> Values:
    """The values of each row by its key; no key is there twice."""
    found: Values = {}
    for row in series_rows(findings):
        key = str(row[KEY])
        assert key not in found and len(row) <= FIRST_VALUE + MOST_VALUES
        found[key] = list(row[FIRST_VALUE:])
    assert tuple(found)[:3] == HEADS
    return found


def workbook(
    day: date,
    calendar: Calendar | None = None,
    year: int = 2026,
    under_way: bool = True,
    **rows: Sequence[Mapping[str, Cell]],
) -> Findings:
    """What a sync of Ann's and Ben's workbook finds out: each is to sell for 26,000, and calls ten times a week."""
    base: dict[str, Sequence[Mapping[str, Cell]]] = {
        "people": [{"name": "Ann"}, {"name": "Ben"}],
        "goals": [{"goal": "Revenue", "measured_by": "Order", "of": "amount", "target": 26000}],
        "activities": [{"activity": "Order"}, {"activity": "Call", "target": 10}],
    }
    read = understood({**base, **rows}, Settings(calendar or Calendar(), year), day)
    return find_out(read, AsOf(day, under_way=under_way))


def orders(*sold: tuple[date, str, float]) -> list[dict[str, Cell]]:
    """Log rows of orders."""
    return [{"date": serial(day), "who": who, "activity": "Order", "amount": amount} for day, who, amount in sold]


def forecast(findings: Findings, *bands: tuple[str, float, float, float], goal: str = "Revenue") -> Findings:
    """The findings with these forecasts of the year: who, low, point and high."""
    label = findings.plan.calendar.containing(Cadence.YEAR, findings.as_of.day).label
    chances = {}
    for who, low, point, high in bands:
        ending = Forecast(0.0, point, low, high, False, to_come(point))
        chances[label, who, goal] = Chance(who, goal, label, 0.0, 1.0, 0.5, ending)
    return replace(findings, chances=chances)


def to_come(point: float) -> ToCome:
    """A distribution; no chart looks at it."""
    return ToCome(point, point, 1.0, whole=False, shrinks=False)


def near(value: Any, wanted: Any, by: float = CENT) -> bool:
    """Whether a value shows a number."""
    return bool(abs(float(value) - float(wanted)) <= by)


# ---- weeks --------------------------------------------------------------------------------------------------------

CALENDARS = st.builds(Calendar, st.integers(0, 6), st.integers(1, 12))
DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@given(CALENDARS, DAYS)
def test_weeks_end_one_after_the_other_until_the_year_ends(calendar: Calendar, day: date) -> None:
    """Every day of a year is in one of its weeks; the first and the last one may be cut, and 54 are enough."""
    plan = understood({}, Settings(calendar, day.year)).plan
    year = calendar.containing(Cadence.YEAR, day)
    ends = week_ends(plan, year)
    assert ends[-1] == year.end - DAY and 52 < len(ends) <= MOST_VALUES
    assert all(later - end == 7 * DAY for end, later in pairwise(ends[:-1]))
    assert 0 < (ends[-1] - ends[-2]).days <= 7 and 0 <= (ends[0] - year.start).days < 7
    named = [calendar.containing(Cadence.WEEK, end).label for end in ends]
    assert len(set(named)) == len(named)
    weeks = last_weeks(plan, day)
    assert len(weeks) == 13 and day in weeks[-1]
    assert all(week.end == after.start for week, after in pairwise(weeks))


# ---- all values, against the oracle -------------------------------------------------------------------------------


class _Oracle:
    """What an independent recomputation draws of a plan."""

    def __init__(self, plan: naive.Plan) -> None:
        self.plan, self.rollups = plan, plan.roll_up()
        first = plan.year_start(plan.as_of)
        self.year = [
            first + timedelta(days=n) for n in range(370) if plan.year_start(first + timedelta(days=n)) == first
        ]
        self.weeks = [plan.label("week", plan.as_of - timedelta(weeks=n)) for n in range(12, -1, -1)]
        self.names = list(dict.fromkeys(plan.label("week", day) for day in self.year))
        begun = {plan.label("week", day) for day in self.year if day <= plan.as_of}
        self.ends = [max(d for d in self.year if plan.label("week", d) == name) for name in self.names]
        self.past = self.ends[: len(begun)]

    def week(self, who: str, activity: str, number: str) -> list[float]:
        """A number of an activity in each of the last 13 weeks."""
        rows = [self.rollups.get(("week", label, who, "activity", activity)) for label in self.weeks]
        return [float(row[number]) if row else 0.0 for row in rows]

    def goal(self, who: naive.Who) -> str | None:
        """A person's first goal."""
        return next((aim.name for aim in self.plan.aims if aim.kind == "goal" and aim.who in ("", who.name)), None)

    def so_far(self, who: str, goal: str) -> list[float]:
        """What a goal had come to at each week's end."""
        daily = {d: self.rollups.get(("day", d.isoformat(), who, "goal", goal)) for d in self.year}
        return [float(sum(row["actual"] for d, row in daily.items() if row and d <= end)) for end in self.past]

    def pace(self, who: naive.Who, goal: str) -> list[float]:
        """What its target came to at each week's end."""
        aims = tuple(a for a in self.plan.aims if (a.kind, a.name) == ("goal", goal) and a.who in ("", who.name))
        shares = {d: self.plan.share(who, aims, d) for d in self.year}
        return [float(sum(share for d, share in shares.items() if d <= end)) for end in self.ends]


def same(found: Values, key: str, wanted: Sequence[float], people: int = 1) -> None:
    """A row has these values."""
    assert len(found[key]) == len(wanted), key
    assert all(near(value, right, CENT * people) for value, right in zip(found[key], wanted, strict=True)), (
        key, found[key], wanted,
    )  # fmt: skip


@FEW
@given(plans())
def test_equal_to_the_naive_recomputation(plan: naive.Plan) -> None:
    """Weeks, their names, what was done and what an even pace would be, for each person and for everyone."""
    rows, tallied = rows_of(plan)
    findings = find_out(understood(rows, settings_of(plan), date(2199, 1, 1), {"tally": tallied}), as_of(plan))
    found, oracle = drawn(findings), _Oracle(plan)
    assert found["as_of"][0] == serial(plan.as_of) and str(plan.as_of.year) in found["as_of"][1]
    assert (found["weeks"], found["year"]) == (oracle.weeks, oracle.names)
    _check_trends(found, oracle)
    _check_outcomes(found, oracle)


def _check_trends(found: Values, oracle: _Oracle) -> None:
    people = [who.name for who in oracle.plan.people]
    logged = {(key[2], key[4]) for key in oracle.rollups if key[0] == "week" and key[3] == "activity"
              and key[1] in oracle.weeks}  # fmt: skip
    keys = {key.rsplit("|", 1)[0] for key in found if key.endswith("|done")}
    assert {key for key in keys if not key.endswith("|")} == (
        {f"{who}|{name}" for who, name in logged} | {f"|{name}" for _, name in logged}
    )
    for name in {name for _, name in logged}:
        for line, number in (("done", "actual"), ("target", "target")):
            each = {who: oracle.week(who, name, number) for who in people if (who, name) in logged}
            total = [sum(values) for values in zip(*each.values(), strict=True)]
            for who, values in {**each, "": total}.items():
                key = f"{who}|{name}|{line}"
                if line == "done" or key in found:
                    same(found, key, values, len(people))
                else:
                    assert not any(values), "a target that is not drawn"
    for who in ("", *people):
        mine = [key.split("|")[1] for key in found if key.startswith(f"{who}|") and key.endswith("|target")]
        firsts = [name for name in mine if name]
        for line in ("done", "target"):
            first = found.get(f"{who}||{line}")
            assert first == (found[f"{who}|{firsts[0]}|{line}"] if firsts else None)


def _check_outcomes(found: Values, oracle: _Oracle) -> None:
    goals = {who: goal for who in oracle.plan.people if (goal := oracle.goal(who))}
    everyones = next(iter(goals.values()), None)
    assert {key for key in found if key.endswith("|so_far")} == (
        {f"{who.name}||so_far" for who in goals} | ({"||so_far"} if goals else set())
    )
    label = str(oracle.plan.year_label(oracle.plan.as_of))
    totals: dict[str, list[list[float]]] = {"so_far": [], "pace": []}
    for who, goal in goals.items():
        so_far, pace = oracle.so_far(who.name, goal), oracle.pace(who, goal)
        same(found, f"{who.name}||so_far", so_far)
        rollup = oracle.rollups.get(("year", label, who.name, "goal", goal))
        assert near(found[f"{who.name}||so_far"][-1], rollup["actual"] if rollup else 0)
        if pace[-1]:
            same(found, f"{who.name}||pace", pace)
            assert not rollup or near(found[f"{who.name}||pace"][-1], rollup["target"])
        else:
            assert f"{who.name}||pace" not in found
        if goal == everyones:
            totals["so_far"].append(so_far)
            totals["pace"].append(pace)
    for line, values in totals.items():
        total = [sum(each) for each in zip(*values, strict=True)]
        if total and (line == "so_far" or total[-1]):
            same(found, f"||{line}", total, len(goals))


# ---- forecasts ----------------------------------------------------------------------------------------------------

LINES = ("likely", "low", "high", "spread")


@settings(FEW, max_examples=EXAMPLES * 2)
@given(CALENDARS, st.integers(0, 365), st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0, 1e5), st.floats(-1e5, 1e5))
def test_a_band_opens_from_today_and_ends_at_the_forecast(
    calendar: Calendar, into: int, more: float, below: float, above: float, sold: float
) -> None:
    """It begins in the week under way with what is done, widens around the likely line, and ends as forecast."""
    year = calendar.year(2026)
    day = min(year.start + timedelta(days=into), year.end - DAY)
    people: list[dict[str, Cell]] = [{"name": "Ann"}]
    findings = workbook(day, calendar, people=people, log=orders((day, "Ann", sold)))
    point = sold + more
    low, high = max(sold, point - below), point + above
    found = drawn(forecast(findings, ("Ann", low, point, high)))
    begun, weeks = len(found["Ann||so_far"]), len(found["year"])
    if begun == weeks:
        assert not any(f"Ann||{line}" in found for line in LINES)
        return
    rows = {line: found[f"Ann||{line}"] for line in LINES}
    for line, values in rows.items():
        assert len(values) == weeks and values[: begun - 1] == [None] * (begun - 1)
        assert values == found[f"||{line}"]  # Ann is everyone
        assert near(values[begun - 1], 0 if line == "spread" else sold)
    ending = {"likely": point, "low": low, "high": high, "spread": high - low}
    assert all(near(rows[line][-1], value, CENT + 1e-9 * abs(value)) for line, value in ending.items())
    parts = list(zip(*(rows[line][begun - 1 :] for line in LINES), strict=True))
    for likely, least, most, spread in parts:
        assert least - CENT <= likely <= most + CENT and near(most - least, spread, 2 * CENT)
        assert least >= sold - CENT, "less than what is done"
    for line in ("likely", "low", "high"):
        values = rows[line][begun - 1 :]
        assert all(later >= value - CENT for value, later in pairwise(values)), line


def test_what_may_shrink_may_end_below_today() -> None:
    """Refunds are negative amounts: a forecast below what is there is drawn as it is."""
    day = date(2026, 7, 1)
    found = drawn(forecast(workbook(day, log=orders((day, "Ann", 500))), ("Ann", 100, 300, 900)))
    low, likely = found["Ann||low"], found["Ann||likely"]
    assert (low[-1], likely[-1], found["Ann||high"][-1]) == (100, 300, 900)
    assert min(value for value in low if value is not None) == 100 and likely[-2] < 500


def test_without_a_forecast_there_is_no_band() -> None:
    """Nobody's while there is none; everyone's only when all who share the goal have one."""
    findings = workbook(date(2026, 7, 1), log=orders((date(2026, 6, 1), "Ann", 500)))
    assert not findings.chances and not {key.split("|")[-1] for key in drawn(findings)} & set(LINES)
    some = drawn(forecast(findings, ("Ann", 600, 700, 900)))
    assert {key for key in some if key.endswith("|likely")} == {"Ann||likely"}
    both = drawn(forecast(findings, ("Ann", 600, 700, 900), ("Ben", 0, 400, 500)))
    assert {key for key in both if key.endswith("|likely")} == {"||likely", "Ann||likely", "Ben||likely"}


def test_everyones_band_is_narrower_than_all_bands_together() -> None:
    """Points add up; how far off each is adds up like independent errors do."""
    findings = forecast(workbook(date(2026, 7, 1)), ("Ann", 600, 1000, 1300), ("Ben", 700, 1000, 1400))
    found = drawn(findings)
    assert found["||likely"][-1] == 2000
    assert near(found["||low"][-1], 2000 - hypot(400, 300)) and near(found["||high"][-1], 2000 + hypot(300, 400))


def test_a_forecast_of_another_year_or_goal_is_not_drawn() -> None:
    """Only that of the year that is drawn, and of the person's first goal."""
    findings = workbook(date(2026, 7, 1))
    other = forecast(findings, ("Ann", 1, 2, 3), goal="Orders")
    quarter = {("2026-Q3", "Ann", "Revenue"): next(iter(forecast(findings, ("Ann", 1, 2, 3)).chances.values()))}
    assert all("||likely" not in key for each in (other, replace(findings, chances=quarter)) for key in drawn(each))


# ---- days that are easily got wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "begun"),
    [
        (date(2026, 1, 1), 1), (date(2026, 1, 4), 1), (date(2026, 1, 5), 2),
        # Monday the 28th begins the last week, which the year's end cuts.
        (date(2026, 12, 21), 52), (date(2026, 12, 25), 52), (date(2026, 12, 27), 52), (date(2026, 12, 28), 53),
        (date(2026, 12, 31), 53),
    ],
)  # fmt: skip
def test_a_week_is_drawn_from_its_first_day_on(day: date, begun: int) -> None:
    """So far ends with the week under way; in the last week nothing is left to forecast."""
    found = drawn(forecast(workbook(day, log=orders((date(2026, 1, 1), "Ann", 5))), ("Ann", 5, 6, 7)))
    assert found["Ann||so_far"] == [5] * begun and len(found["year"]) == 53
    assert ("Ann||likely" in found) == (begun < 53)
    assert len(found["Ann||pace"]) == 53 and found["Ann||pace"][-1] == 26000


def test_a_fiscal_year_runs_from_its_own_first_day() -> None:
    """From April, with weeks from Sunday: what was sold in March belongs to the year before."""
    april = Calendar(week_starts=6, year_starts=4)
    log = orders((date(2025, 3, 31), "Ann", 900), (date(2025, 4, 1), "Ann", 100), (date(2026, 3, 31), "Ben", 50))
    found = drawn(workbook(date(2026, 3, 31), april, log=log))
    assert (found["year"][0], found["year"][-1]) == ("2025-W14", "2026-W13")
    assert (found["Ann||so_far"][0], found["Ann||so_far"][-1], found["Ben||so_far"][-1]) == (100, 100, 50)
    assert found["||so_far"][-2:] == [100, 150]


def test_looking_back_leaves_out_what_came_later() -> None:
    """As of a day in March, later rows are in no line; the year's pace is the same."""
    log = orders((date(2026, 3, 2), "Ann", 100), (date(2026, 6, 1), "Ann", 900))
    then = drawn(workbook(date(2026, 3, 15), under_way=False, log=log[:1]))
    now = drawn(workbook(date(2026, 7, 1), log=log))
    assert then["Ann||so_far"][-1] == 100 and now["Ann||so_far"][-1] == 1000
    assert then["Ann||pace"] == now["Ann||pace"] and then["year"] == now["year"]


def test_before_the_plan_begins_the_year_before_is_drawn() -> None:
    """In December for a plan of next year: nothing is done yet, and nothing breaks."""
    found = drawn(workbook(date(2025, 12, 20), log=[]))
    assert found["year"][0] == "2025-W01" and found["Ann||so_far"] == [0] * 51


def test_time_off_makes_a_pace_stand_still() -> None:
    """The even pace is that of working days: it rests while they are off, and reaches the target all the same."""
    off: list[dict[str, Cell]] = [
        {"who": "Ann", "from": serial(date(2026, 8, 3)), "until": serial(date(2026, 8, 16))}
    ]
    pace = drawn(workbook(date(2026, 7, 1), time_off=off))["Ann||pace"]
    august = week_ends(workbook(date(2026, 7, 1)).plan, Calendar().year(2026)).index(date(2026, 8, 2))
    assert pace[august] == pace[august + 1] == pace[august + 2] < pace[august + 3] and pace[-1] == 26000


# ---- who and what -------------------------------------------------------------------------------------------------


def test_each_draws_the_first_goal_of_their_own() -> None:
    """Everyone together: the first person's goal, of those whose first goal it is."""
    goals: list[dict[str, Cell]] = [
        {"goal": "Orders", "who": "Ben", "measured_by": "Order", "target": 12},
        {"goal": "Revenue", "measured_by": "Order", "of": "amount", "target": 26000},
    ]
    rows = list(series_rows(workbook(date(2026, 7, 1), goals=goals, log=orders((date(2026, 3, 2), "Ben", 100)))))
    goal = {str(row[KEY]): (row[LABEL], row[-1]) for row in rows[3:]}
    assert goal["Ann||so_far"] == ("Revenue", 0) and goal["Ben||so_far"] == ("Orders", 1)
    assert goal["||so_far"] == ("Revenue", 0) and goal["||pace"] == ("Revenue", 26000)


def test_without_goals_there_are_trends_only() -> None:
    """And without anything the three rows that every program looks for."""
    found = drawn(workbook(date(2026, 7, 1), goals=[]))
    assert not {key for key in found if key.rpartition("|")[2] in ("so_far", "pace")} and "||done" in found
    nothing = drawn(find_out(understood({}), AsOf(date(2026, 7, 1), under_way=True)))
    assert tuple(nothing) == HEADS


def test_the_first_choice_is_what_somebody_has_a_target_for() -> None:
    """Orders are only tracked, though they stand first; who has no target has no first choice."""
    activities: list[dict[str, Cell]] = [{"activity": "Order"}, {"activity": "Call", "who": "Ann", "target": 10}]
    day = date(2026, 7, 1)
    found = drawn(workbook(day, activities=activities, log=orders((day, "Ann", 5), (day, "Ben", 5))))
    assert found["||done"] == found["|Call|done"] and found["Ann||target"] == found["Ann|Call|target"]
    assert "Ben||done" not in found and "Ben|Order|done" in found and "Ben|Order|target" not in found
    assert found["|Order|done"][-1] == 2 and found["Ben|Order|done"] == [0] * 12 + [1]
