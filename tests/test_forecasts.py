"""What the forecast promises, whatever was logged; and how good it is on Microsoft's sample company (realdata)."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import gamma

from sheetsync.forecasts import Forecast, History, forecast, forecast_all
from sheetsync.periods import Cadence, Calendar, Period
from tests.backtest_forecast import BOTH, FIRST, Of, adventureworks, backtest, score, sees_no_future, synthetic

CALENDAR = Calendar()
BOUNDARY = date(2026, 5, 14)
QUARTER = CALENDAR.containing(Cadence.QUARTER, BOUNDARY)
CADENCES = st.sampled_from([Cadence.MONTH, Cadence.QUARTER, Cadence.YEAR])


def weekdays(start: date, end: date) -> NDArray[np.float64]:
    """1 on Monday to Friday, 0 else, for the days `[start, end)`."""
    day = np.arange((end - start).days) + start.weekday()
    return (day % 7 < 5).astype(np.float64)


def made(start: date, values: NDArray[np.float64], period: Period = QUARTER, of: Of = "count") -> History:
    """A history of a person who works from Monday to Friday."""
    return History(start, values, weekdays(start, period.end), of)


@st.composite
def histories(draw: st.DrawFn, least: int = 90, of: Of | None = None) -> History:
    """Up to five years of some rhythm: quiet or busy, with pauses; workdays beyond the year's end."""
    days = draw(st.integers(least, 1800))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rate = draw(st.floats(0.01, 8))
    busy = rng.random(days) < draw(st.floats(0.05, 1))
    values = rng.poisson(rate * busy).astype(np.float64)
    chosen = draw(st.sampled_from(BOTH) if of is None else st.just(of))
    if chosen == "amount":
        values *= rng.lognormal(draw(st.floats(0, 9)), 1, days).round(2)
    start = BOUNDARY - timedelta(days=days)
    return History(start, values, weekdays(start, date(2027, 1, 1)), chosen)


def of_period(history: History, cadence: Cadence) -> Forecast | None:
    """The forecast of the period that holds the boundary."""
    return forecast(history, CALENDAR.containing(cadence, BOUNDARY), BOUNDARY, CALENDAR)


@given(histories(), CADENCES, st.integers(0, 400), st.floats(0, 1e6))
def test_the_future_changes_nothing(history: History, cadence: Cadence, days: int, value: float) -> None:
    """Values from the boundary on, were there any, are not looked at."""
    seeing = replace(history, values=np.append(history.values, np.full(days, value)))
    assert of_period(seeing, cadence) == of_period(history, cadence)


@given(histories(), CADENCES)
def test_low_point_and_high_are_in_order(history: History, cadence: Cadence) -> None:
    """What is done stays done, and the point is inside the band."""
    found = of_period(history, cadence)
    assume(found)
    assert found is not None
    assert found.so_far <= found.low <= found.point <= found.high
    assert np.isfinite(found.high)


@given(histories(), CADENCES, st.lists(st.floats(-10, 1e5), min_size=2))
def test_the_chance_falls_with_the_target(history: History, cadence: Cadence, more: list[float]) -> None:
    """A higher target is never likelier; what is reached is certain, and nothing else is while days are left."""
    found = of_period(history, cadence)
    assume(found)
    assert found is not None
    chances = [found.probability(found.so_far + each) for each in sorted(more)]
    assert chances == sorted(chances, reverse=True)
    assert all(0 <= chance <= 1 for chance in chances)
    assert found.probability(found.so_far) == 1
    assert found.probability(found.so_far + max(1.0, found.so_far)) < 1


@given(histories(of="amount"), CADENCES)
def test_chance_and_band_are_of_one_distribution(history: History, cadence: Cadence) -> None:
    """One amount of ten ends above the band's high, nine of ten above its low, if low is not what is done already."""
    found = of_period(history, cadence)
    assume(found)
    assert found is not None
    assert found.probability(found.high) == pytest.approx(0.1, abs=1e-6)
    if found.low > found.so_far * (1 + 1e-8):
        assert found.probability(found.low) == pytest.approx(0.9, abs=1e-6)


@given(histories(of="amount"), CADENCES, st.floats(0.001, 1000))
def test_another_currency_changes_only_the_unit(history: History, cadence: Cadence, rate: float) -> None:
    """Amounts in cents have the forecast of amounts in euros, times 100."""
    found, other = (of_period(h, cadence) for h in (history, replace(history, values=history.values * rate)))
    assume(found)
    assert found is not None and other is not None
    expected = [found.point * rate, found.low * rate, found.high * rate]
    # Prefix sums round: a rate that is as good as another to the last digit may win.
    assert [other.point, other.low, other.high] == pytest.approx(expected, rel=1e-6)
    assert other.probability(found.point * rate) == pytest.approx(found.probability(found.point), abs=1e-6)


@given(st.integers(1, 400), CADENCES)
def test_nothing_is_said_before_ninety_days(days: int, cadence: Cadence) -> None:
    """The first forecast is that of the 91st day."""
    start = BOUNDARY - timedelta(days=days)
    history = History(start, np.ones(days), weekdays(start, date(2027, 1, 1)))
    assert (of_period(history, cadence) is None) == (days < 90)


def test_nothing_is_said_with_nothing_to_go_by() -> None:
    """A year without an event says nothing, nor do days of which none was worked; one event says something."""
    start = BOUNDARY - timedelta(days=800)
    values = np.zeros(800)
    values[:400] = 1
    assert of_period(made(start, values), Cadence.QUARTER) is None
    values[500] = 1
    assert of_period(made(start, values), Cadence.QUARTER) is not None
    idle = replace(made(start, values), workdays=np.append(np.zeros(800), np.ones(300)))
    assert of_period(idle, Cadence.QUARTER) is None


@given(st.integers(90, 1500), CADENCES)
def test_provisional_means_fewer_than_four_closed_periods(days: int, cadence: Cadence) -> None:
    """A period counts that the person was there for from its first day."""
    start = BOUNDARY - timedelta(days=days)
    found = of_period(History(start, np.ones(days), weekdays(start, date(2027, 1, 1))), cadence)
    whole = [p for p in CALENDAR.between(cadence, start, BOUNDARY) if p.start >= start and p.end <= BOUNDARY]
    assert found is not None
    assert found.provisional == (len(whole) < 4)


def test_worked_example() -> None:
    """The example of docs/forecast.md: two a working day in the first quarter, one since."""
    start, boundary = date(2026, 1, 1), date(2026, 5, 1)
    worked = weekdays(start, QUARTER.end)
    values = worked * np.where(np.arange(len(worked)) < 90, 2, 1)
    found = forecast(History(start, values, worked), QUARTER, boundary, CALENDAR)
    assert found is not None
    rate = (60 * 2 + 22) / (60 + 22)
    mean = rate * 43
    variance = (64 * 4 + 22 * 1) / (64 * 2 + 22 * 1) * mean * (1 + 43 / (60 + 22))
    scattered = gamma(mean**2 / variance, scale=variance / mean)
    assert (found.so_far, found.provisional) == (22, True)
    assert found.point == pytest.approx(22 + mean) == pytest.approx(96.46, abs=0.01)
    assert found.low == pytest.approx(22 + scattered.ppf(0.1)) == pytest.approx(78.58, abs=0.01)
    assert found.high == pytest.approx(22 + scattered.ppf(0.9)) == pytest.approx(115.55, abs=0.01)
    assert found.probability(100) == pytest.approx(scattered.sf(99.5 - 22)) == pytest.approx(0.39, abs=0.01)


def test_an_even_rhythm_is_foreseen_exactly() -> None:
    """One a working day for three years: one for each working day left, in a narrow band."""
    start = date(2023, 5, 1)
    worked = weekdays(start, QUARTER.end)
    found = forecast(History(start, worked, worked), QUARTER, BOUNDARY, CALENDAR)
    whole = weekdays(QUARTER.start, QUARTER.end).sum()
    assert found is not None
    assert found.point == pytest.approx(whole)
    assert found.high - found.low < 5


def test_orders_on_the_last_day_of_each_month_are_waited_for() -> None:
    """Nothing in the first weeks of a quarter is no bad news where all orders come at month ends."""
    start = date(2022, 1, 1)
    days = [start + timedelta(days=i) for i in range((BOUNDARY - start).days)]
    values = np.array([10.0 * ((day + timedelta(days=1)).day == 1) for day in days])
    early, late = (forecast(made(start, values), QUARTER, day, CALENDAR) for day in (date(2026, 4, 20), BOUNDARY))
    assert early is not None and late is not None
    assert (early.so_far, late.so_far) == (0, 10)
    assert early.low <= 30 <= early.high
    assert late.low <= 30 <= late.high


@given(histories(), CADENCES)
def test_at_the_end_the_forecast_is_what_was_done(history: History, cadence: Cadence) -> None:
    """With no day left nothing is open; a boundary outside the period is its nearest end."""
    period = CALENDAR.previous(CALENDAR.containing(cadence, BOUNDARY))
    found = forecast(history, period, BOUNDARY, CALENDAR)
    assume(found)
    assert found is not None
    assert found == forecast(history, period, period.end, CALENDAR)
    assert found.low == found.point == found.high == found.so_far
    assert found.probability(found.so_far) == 1
    assert found.probability(found.so_far * 1.01 + 1) == 0


def test_refunds_may_take_away_what_was_done() -> None:
    """Where amounts can shrink, the low may lie below what is done, and what is reached is not certain."""
    rng = np.random.default_rng(7)
    start = date(2024, 1, 1)
    values = rng.normal(0.05, 1, (BOUNDARY - start).days) * 100
    found = forecast(made(start, values, of="amount"), QUARTER, BOUNDARY, CALENDAR)
    assert found is not None
    assert found.low < found.so_far
    assert found.low <= found.point <= found.high
    assert 0 < found.probability(found.so_far) < 1
    assert found.probability(found.high) == pytest.approx(0.1)


def test_newcomers_have_the_teams_band() -> None:
    """With a team whose past was hard to foresee a newcomer's band is wider; an old hand's is their own."""
    team = synthetic("bursty", people=6)
    day = date(2022, 11, 10)
    period = CALENDAR.containing(Cadence.QUARTER, day)
    rest = {name: one.history("count", day, period.end) for name, one in team.items()}
    start = date(2022, 7, 1)
    new = History(start, np.ones((day - start).days), weekdays(start, period.end))
    alone = forecast(new, period, day, CALENDAR)
    together = forecast_all(rest | {"new": new}, period, day, CALENDAR)
    amid, old = together["new"], together["1"]
    assert alone is not None and amid is not None and old is not None
    assert amid.provisional and amid.point == alone.point
    assert amid.high > alone.high
    assert old == forecast(rest["1"], period, day, CALENDAR)


def test_only_months_quarters_and_years_are_forecast() -> None:
    """A week is too short for it."""
    history = made(date(2025, 1, 1), np.ones(400))
    with pytest.raises(ValueError, match="2026-W20 is no month, quarter or year"):
        forecast(history, CALENDAR.containing(Cadence.WEEK, BOUNDARY), BOUNDARY, CALENDAR)


def test_a_season_that_comes_every_year_is_foreseen() -> None:
    """Three times as much in the last quarter, each year: its first days suffice to expect it again."""
    start, boundary = date(2022, 1, 1), date(2025, 10, 6)
    days = [start + timedelta(days=i) for i in range((boundary - start).days)]
    worked = weekdays(start, date(2026, 1, 1))
    values = np.array([3.0 if day.month > 9 else 1.0 for day in days]) * worked[: len(days)]
    quarter = CALENDAR.containing(Cadence.QUARTER, boundary)
    found = forecast(History(start, values, worked), quarter, boundary, CALENDAR)
    assert found is not None
    assert found.point == pytest.approx(3 * weekdays(quarter.start, quarter.end).sum(), rel=0.1)


def test_workdays_must_reach_the_periods_end() -> None:
    """The working days left must be known."""
    start = date(2025, 1, 1)
    history = History(start, np.ones(400), np.ones(400))
    with pytest.raises(ValueError, match="workdays end on 2026-02-04, before 2026-Q2"):
        forecast(history, QUARTER, BOUNDARY, CALENDAR)


@pytest.mark.parametrize("kind", ["Poisson", "bursty", "month ends only"])
def test_four_of_five_made_up_quarters_end_inside_the_band(kind: str) -> None:
    """So it is whether events come evenly, in bursts or at month ends alone; every other week."""
    found = score(backtest(synthetic(kind), "count", date(2020, 7, 1), step=14))
    assert 0.75 <= found.coverage.value <= 0.85


@pytest.mark.realdata
@pytest.mark.parametrize("of", BOTH)
def test_salespeople_are_foreseen_better_than_by_rules_of_thumb(data: Path, of: Of) -> None:
    """Of AdventureWorks' quarters 75 to 85 % end inside the band, and the point beats each rule of thumb."""
    orders = adventureworks(data)
    sees_no_future(orders, of, FIRST["AdventureWorks"])
    found = score(backtest(orders, of, FIRST["AdventureWorks"]))
    assert found.points > 1500
    assert 0.75 <= found.coverage.value <= 0.85
    for rival in found.against.values():
        assert rival.value < rival.high < 1
