"""How good the forecast is on days it had not seen: `python -m tests.backtest_forecast [--data DIR]`.

Every week of each quarter, from its seventh day, each person with 90 days and 10 events in the past year is forecast
from earlier days alone, and that is compared with what came. DIR holds `adventureworks/` and `bank-calls/`. Printed
are the tables of docs/forecast.md.
"""

import argparse
import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sheetsync import forecasts, rates
from sheetsync.forecasts import Forecast, History, forecast_all
from sheetsync.periods import Cadence, Calendar, Period
from tests.conftest import DATA

CALENDAR = Calendar()
LEAST_DAYS, LEAST_EVENTS, WEEK = 90, 10, 7
AMBITION = 1.1  # the target whose chance is judged: a quarter of the past year's sum, and 10 % more
RIVALS = {
    "run_rate": "run rate",
    "last_year": "same quarter of last year",
    "rest_of_last_year": "so far + last year's rest",
}
Floats = NDArray[np.float64]
Of = Literal["count", "amount"]
BOTH: tuple[Of, ...] = ("count", "amount")


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """All days of one person: element i of both is the day `start` + i."""

    start: date
    counts: Floats
    amounts: Floats

    def day(self, day: date) -> int:
        """The index of a day, 0 for one before the first."""
        return max((day - self.start).days, 0)

    def between(self, of: Of, first: date, end: date) -> float:
        """What came on the days `[first, end)`."""
        return float((self.counts if of == "count" else self.amounts)[self.day(first) : self.day(end)].sum())

    def history(self, of: Of, known: date, end: date) -> History:
        """What is known at the start of a day: no later value is in it. Working days are Monday to Friday."""
        values = self.counts if of == "count" else self.amounts
        weekday = (np.arange((end - self.start).days) + self.start.weekday()) % 7
        return History(self.start, values[: self.day(known)], (weekday < 5).astype(float), of)


Team = Mapping[str, Series]


# ---- what happened, as others recorded it --------------------------------------------------------------------------


def adventureworks(folder: Path) -> Team:
    """Each salesperson's orders: how many, and their amounts before tax and freight."""
    with (folder / "adventureworks" / "orders.csv").open(encoding="utf-8", newline="") as file:
        orders = [
            (row["SalesPersonID"], date.fromisoformat(row["OrderDate"]), 1.0, float(row["SubTotal"]))
            for row in csv.DictReader(file)
        ]
    return series(orders)


def bank(folder: Path, column: str) -> Team:
    """The bank's calls of each day, or the sales (`yes`) they ended in, as one series."""
    with (folder / "bank-calls" / "daily.csv").open(encoding="utf-8", newline="") as file:
        days = [("bank", date.fromisoformat(row["date"]), float(row[column]), 0.0) for row in csv.DictReader(file)]
    return series(days)


def series(rows: list[tuple[str, date, float, float]]) -> Team:
    """Rows of person, day, count and amount as days; everybody's end on the last day of all."""
    last = max(day for _, day, _, _ in rows)
    people = {}
    for who, group in groupby(sorted(rows), key=lambda row: row[0]):
        _, days, counts, amounts = zip(*group, strict=True)
        at = [(day - days[0]).days for day in days]
        many = (last - days[0]).days + 1
        summed = (np.bincount(at, values, many).astype(np.float64) for values in (counts, amounts))
        people[who] = Series(days[0], *summed)
    return people


# ---- what nobody recorded: series whose nature is known ------------------------------------------------------------

MONTHS = np.array([0.5, 0.5, 1, 0.8, 0.8, 1, 0.8, 0.9, 1.4, 1, 1.7, 1.6])
SYNTHETIC: dict[str, Callable[[np.random.Generator, Floats], Any]] = {
    "Poisson": lambda _, day: np.ones_like(day),
    "few events": lambda _, day: np.full_like(day, 0.1),
    "bursty": lambda rng, day: np.where(rng.random(len(day)) < 0.1, rng.gamma(0.8, 12, len(day)), 0.1),
    "growing by 65 % a year": lambda _, day: np.exp(0.5 * day / 365),
    "shrinking by 40 % a year": lambda _, day: np.exp(-0.5 * day / 365),
    "seasonal, ± 60 %": lambda _, day: 1 + 0.6 * np.sin(2 * np.pi * day / 365.25),
    "strong months, growing by 20 %": lambda _, day: (
        MONTHS[(day // 30.4375).astype(int) % 12] * np.exp(0.18 * day / 365)
    ),
    "wandering level": lambda rng, day: np.exp(rng.normal(0, 0.25, len(day) // 30 + 1).cumsum())[
        np.arange(len(day)) // 30
    ],
    "zero-inflated": lambda rng, day: 2.0 * np.repeat(rng.random(len(day) // 14 + 1) < 0.5, 14)[: len(day)],
    "month ends only": lambda _, day: 21.0 * (day % 30 == 29),
    "one big order": lambda _, day: np.ones_like(day),
}


def synthetic(kind: str, people: int = 10, days: int = 4 * 365) -> Team:
    """A made-up team: rates of 0.1 to 5 a working day, amounts log-normal; a third of them joins later."""
    rng = np.random.default_rng(list(SYNTHETIC).index(kind))
    team = {}
    for person in range(people):
        late = int(rng.integers(0, 500)) if person % 3 == 0 else 0
        start = date(2020, 1, 1) + timedelta(days=late)
        day = np.arange(late, days, dtype=np.float64)
        # Whole blocks of days, as month ends, would seldom meet Monday to Friday.
        worked = np.ones_like(day) if kind == "month ends only" else ((day + 2) % 7 < 5).astype(float)
        rate = np.exp(rng.uniform(np.log(0.1), np.log(5))) * SYNTHETIC[kind](rng, day) * worked
        counts = rng.poisson(rate).astype(float)
        amounts = np.array([rng.lognormal(8, 1, int(count)).sum() for count in counts])
        if kind == "one big order":
            amounts[rng.choice(len(day), 2)] += 30 * np.exp(8.5)
        team[f"{person}"] = Series(start, counts, amounts)
    return team


# ---- looking back --------------------------------------------------------------------------------------------------


def backtest(
    team: Team, of: Of, first: date, *, cadence: Cadence = Cadence.QUARTER, step: int = WEEK
) -> pd.DataFrame:
    """A row for each forecast of a period that begins on `first` or later and is over by the end of the data."""
    last = max(one.start + timedelta(days=len(one.counts)) for one in team.values())
    rows = [
        judged(name, team[name], of, period, day, forecast)
        for period in CALENDAR.between(cadence, first, last)
        if period.start >= first and period.end <= last
        for day in (period.start + timedelta(days=into) for into in range(WEEK, period.days, step))
        for name, forecast in known_at(team, of, period, day).items()
    ]
    return pd.DataFrame(rows)


def known_at(team: Team, of: Of, period: Period, day: date) -> dict[str, Forecast]:
    """The forecasts of those who have 90 days and 10 events in the past year, from what is known on a day."""
    histories = {name: one.history(of, day, period.end) for name, one in team.items() if one.start < day}
    found = forecast_all(histories, period, day, CALENDAR)
    year_ago = day - timedelta(days=365)
    return {
        name: forecast
        for name, forecast in found.items()
        if forecast and team[name].between("count", year_ago, day) >= LEAST_EVENTS
    }


def sees_no_future(team: Team, of: Of, first: date) -> None:
    """Assert that days from the boundary on, were they known, would change no forecast."""
    last = max(one.start + timedelta(days=len(one.counts)) for one in team.values())
    for period in CALENDAR.between(Cadence.QUARTER, first, last):
        day = period.start + timedelta(days=40)
        blind = {n: one.history(of, day, period.end) for n, one in team.items() if one.start < day}
        seeing = {n: replace(h, values=team[n].history(of, last, last).values) for n, h in blind.items()}
        assert forecast_all(blind, period, day, CALENDAR) == forecast_all(seeing, period, day, CALENDAR)


def judged(name: str, one: Series, of: Of, period: Period, day: date, forecast: Forecast) -> dict[str, Any]:
    """A forecast beside what came and what its rivals said (NaN where a rival has nothing to go by)."""
    worked = one.history(of, day, period.end).workdays
    before, whole = (float(worked[one.day(period.start) : one.day(end)].sum()) for end in (day, period.end))
    start, same_day, end = (year_before(when) for when in (period.start, day, period.end))
    there = one.start <= start
    target = AMBITION / 4 * one.between(of, day - timedelta(days=365), day)
    return {
        "who": name,
        "period": period.label,
        "third": min(3 * (day - period.start).days // period.days, 2),
        "actual": one.between(of, period.start, period.end),
        "point": forecast.point,
        "low": forecast.low,
        "high": forecast.high,
        "provisional": forecast.provisional,
        "run_rate": forecast.so_far * whole / before if before else np.nan,
        "last_year": one.between(of, start, end) if there else np.nan,
        "rest_of_last_year": forecast.so_far + one.between(of, same_day, end) if there else np.nan,
        "chance": forecast.probability(target),
        "reached": one.between(of, period.start, period.end) >= target,
    }


def year_before(day: date) -> date:
    """The same day of the year before, 28 February for a leap day."""
    return date(day.year - 1, day.month, min(day.day, 28) if day.month == 2 else day.day)


# ---- judging -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f}–{self.high:.2f})"


def ratio(above: "pd.Series[float]", below: "pd.Series[float]", cluster: "pd.Series[str]") -> Estimate:
    """A ratio of sums; its interval resamples whole periods, whose points hang together (2,000 times, one seed)."""
    sums = pd.DataFrame({"above": above, "below": below}).groupby(cluster).sum().to_numpy()
    drawn = np.random.default_rng(1).integers(0, len(sums), (2000, len(sums)))
    resampled = sums[drawn].sum(axis=1)
    low, high = np.quantile(resampled[:, 0] / resampled[:, 1], [0.025, 0.975])
    return Estimate(float(sums[:, 0].sum() / sums[:, 1].sum()), float(low), float(high))


@dataclass(frozen=True, slots=True)
class Score:
    """How good forecasts were. Error, interval score and width are shares of the mean of what came."""

    points: int
    coverage: Estimate
    thirds: tuple[float, ...]
    provisional: float
    own: float
    error: float
    interval: float
    width: float
    against: dict[str, Estimate]


def score(found: pd.DataFrame) -> Score:
    """Coverage, interval (Winkler) score, width, and the absolute error against each rival's where it has one."""
    rounding = 1e-9 * found["actual"].abs()
    under, over = (found["low"] - found["actual"]).clip(lower=0), (found["actual"] - found["high"]).clip(lower=0)
    covered = ((under <= rounding) & (over <= rounding)).astype(float)
    error, width = (found["point"] - found["actual"]).abs(), found["high"] - found["low"]
    scale = float(found["actual"].mean())
    against = {}
    for rival in RIVALS:
        there = found[rival].notna()
        theirs = (found[rival] - found["actual"]).abs()[there]
        against[rival] = ratio(error[there], theirs, found["period"][there])
    return Score(
        points=len(found),
        coverage=ratio(covered, covered * 0 + 1, found["period"]),
        thirds=tuple(float(covered[found["third"] == third].mean()) for third in range(3)),
        provisional=float(covered[found["provisional"]].mean()),
        own=float(covered[~found["provisional"]].mean()),
        error=float(error.mean()) / scale,
        # A miss costs 2 / (1 - coverage) times what it lies outside.
        interval=float((width + 10 * (under + over)).mean()) / scale,
        width=float(width.mean()) / scale,
        against=against,
    )


FIRST = {"AdventureWorks": date(2011, 7, 1), "bank calls": date(2008, 7, 1)}


def real(folder: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """The forecasts of what others recorded."""
    orders = adventureworks(folder)
    for of in BOTH:
        sees_no_future(orders, of, FIRST["AdventureWorks"])
        yield f"AdventureWorks, {of}s", backtest(orders, of, FIRST["AdventureWorks"])
    for column, name in (("calls", "calls"), ("yes", "sales")):
        yield f"bank, {name}", backtest(bank(folder, column), "count", FIRST["bank calls"])


VARIANTS: dict[str, list[tuple[object, str, object]]] = {
    "as it is": [],
    "half-life 60 days": [(rates, "HALF_LIFE", 60)],
    "half-life 120 days": [(rates, "HALF_LIFE", 120)],
    "2 closing stretches": [(rates, "STRETCHES", 2)],
    "6 closing stretches": [(rates, "STRETCHES", 6)],
    "no season": [(forecasts, "SEASON_HANDICAP", 1e9)],
    "season without handicap": [(forecasts, "SEASON_HANDICAP", 1.0)],
    "season's errors count 1.5 times": [(forecasts, "SEASON_HANDICAP", 1.5)],
    "looking back on 6 periods": [(rates, "EARLIER", 6), (forecasts, "EARLIER", 6)],
    "looking back on 12 periods": [(rates, "EARLIER", 12), (forecasts, "EARLIER", 12)],
    "history weighs 30 days at first": [(rates, "USUAL_WEIGHT", 30.0)],
    "history weighs 120 days at first": [(rates, "USUAL_WEIGHT", 120.0)],
    "6 past points a period": [(forecasts, "POSITIONS", 6)],
    "24 past points a period": [(forecasts, "POSITIONS", 24)],
    "own multiplier from 2 periods on": [(forecasts, "OWN_PERIODS", 2)],
    "own multiplier from 6 periods on": [(forecasts, "OWN_PERIODS", 6)],
    "always the team's multiplier": [(forecasts, "OWN_PERIODS", 99)],
}


@contextmanager
def changed(constants: Iterable[tuple[object, str, object]]) -> Iterator[None]:
    """The forecast with other constants."""
    with ExitStack() as patches:
        for constant in constants:
            patches.enter_context(patch.object(*constant))
        yield


def row(*cells: object) -> None:
    """Print one line of a table."""
    print("|", " | ".join(map(str, cells)), "|")


def head(*titles: str) -> None:
    """Print the first lines of a table."""
    print()
    row(*titles)
    row(*["---"] * len(titles))


def twofold(found: Score) -> tuple[str, str]:
    """The coverage by third of the period, and that of provisional bands and of others."""
    return ", ".join(f"{third:.2f}" for third in found.thirds), f"{found.provisional:.2f} / {found.own:.2f}"


def print_real(folder: Path) -> None:
    """The forecasts on what others recorded, and how often what they gave a chance happened."""
    frames = dict(real(folder))
    head("data", "forecasts", "coverage", "by third", "provisional / own", "error", "interval score", "width")
    scores = {name: score(found) for name, found in frames.items()}
    for name, found in scores.items():
        numbers = (f"{number:.2f}" for number in (found.error, found.interval, found.width))
        row(name, f"{found.points:,}", found.coverage, *twofold(found), *numbers)
    head("data", *RIVALS.values())
    for name, found in scores.items():
        row(name, *found.against.values())
    bins = [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.01]
    head("data", *(f"{low:.0%} to {min(high, 1):.0%}" for low, high in pairwise(bins)))
    for name, frame in frames.items():
        groups = frame.groupby(pd.cut(frame["chance"], bins, right=False), observed=False)["reached"]
        row(name, *(f"{group.mean():.0%} of {len(group)}" if len(group) else "" for _, group in groups))


def print_synthetic() -> None:
    """The forecasts on series whose nature is known; every other week."""
    head("series", "coverage", "by third", "provisional / own", *RIVALS.values())
    for kind in SYNTHETIC:
        team = synthetic(kind)
        for of in BOTH[kind == "one big order" :]:
            found = score(backtest(team, of, date(2020, 7, 1), step=2 * WEEK))
            rivals = (f"{found.against[rival].value:.2f}" for rival in RIVALS)
            row(f"{kind}, {of}s", f"{found.coverage.value:.2f}", *twofold(found), *rivals)


def print_variants(folder: Path) -> None:
    """What other constants would do on AdventureWorks."""
    titles = (f"{of}s: {what}" for of in BOTH for what in ("coverage", "error", "interval score"))
    head("constants", *titles)
    orders = adventureworks(folder)
    for name, constants in VARIANTS.items():
        with changed(constants):
            scores = [score(backtest(orders, of, FIRST["AdventureWorks"])) for of in BOTH]
        row(name, *(f"{n:.2f}" for one in scores for n in (one.coverage.value, one.error, one.interval)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of published data")
    chosen = parser.parse_args().data
    print_real(chosen)
    print_synthetic()
    print_variants(chosen)
