"""The sample year: believable, always the same, and wrong only where it is meant to be."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetsync.cells import Cell, Misread, day_of, read_date, read_number, serial
from sheetsync.periods import DAY, Cadence, Calendar
from sheetsync.sample import Row, sample_rows, sample_year
from sheetsync.template import WorkbookTemplate

TODAY = date(2026, 11, 20)
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
CALENDARS = st.builds(Calendar, st.integers(0, 6), st.integers(1, 12))


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row]]:
    """The sample of one Friday in November."""
    return sample_rows(TODAY, Calendar())


def dated(log: list[Row]) -> list[tuple[date, Row]]:
    """The rows whose date cell is a date, each with its day."""
    days = ((day_of(row["date"]), row) for row in log if isinstance(row["date"], int))
    return [(day, row) for day, row in days if day]


def names(rows: list[Row], key: str) -> set[Cell]:
    """What stands in a column, blanks left out."""
    return {row[key] for row in rows if row.get(key) is not None}


@settings(max_examples=25, deadline=None)
@given(DAYS, CALENDARS)
def test_the_same_day_always_gives_the_same_rows(today: date, calendar: Calendar) -> None:
    """Nothing but the day and the calendar decides."""
    assert sample_rows(today, calendar) == sample_rows(today, calendar)


@settings(max_examples=40, deadline=None)
@given(DAYS, CALENDARS)
def test_any_day_gives_a_year_that_ends_that_morning(today: date, calendar: Calendar) -> None:
    """A year of rows in order; only the one intended slip lies in the future, only the late deal is out of order."""
    sample = sample_rows(today, calendar)
    days = [day for day, _ in dated(sample["log"])]
    assert [day > today for day in days].count(True) == 1
    in_order = [day for day in days[:-1] if day <= today]
    assert in_order == sorted(in_order)
    assert in_order[0] <= today - timedelta(days=350)
    assert days[-1] < in_order[-1] - timedelta(days=20)
    assert 1500 <= len(sample["log"]) <= 2500
    for key in ("tally", "events", "daily", "partner"):
        for row in sample[key]:
            day = day_of(float(row["met_on" if key == "partner" else "period" if key == "daily" else "date"] or 0))
            assert day is not None
            assert day <= today
    assert all(day_of(float(row["from"] or 0)) <= today for row in sample["time_off"])  # type: ignore[operator]


@settings(max_examples=40, deadline=None)
@given(DAYS, CALENDARS)
def test_exactly_the_intended_cells_cannot_be_used(today: date, calendar: Calendar) -> None:
    """Seven slips that a sync must report, and one date typed as text that it must understand."""
    sample = sample_rows(today, calendar)
    people, activities = names(sample["people"], "name"), names(sample["activities"], "activity")
    found: Counter[str] = Counter()
    for row in sample["log"]:
        day, count = read_date(row["date"]), read_number(row.get("count") or 1)
        found["date"] += isinstance(day, Misread)
        found["text date"] += isinstance(row["date"], str) and isinstance(day, date)
        found["future"] += isinstance(day, date) and day > today
        found["who"] += row["who"] not in people
        found["activity"] += row["activity"] is not None and row["activity"] not in activities
        found["blank activity"] += row["activity"] is None
        found["count"] += isinstance(count, Misread)
        found["negative"] += isinstance(count, float) and count < 0
    assert set(found.values()) == {1}


@settings(max_examples=25, deadline=None)
@given(DAYS, CALENDARS)
def test_the_plan_is_consistent(today: date, calendar: Calendar) -> None:
    """Names exist, labels are labels of the calendar, Ben's quarters add up to his year."""
    sample = sample_rows(today, calendar)
    people = names(sample["people"], "name")
    for rows in sample.values():
        assert names(rows, "who") - {"Bne"} <= people
    goals, activities = names(sample["goals"], "goal"), names(sample["activities"], "activity")
    assert names(sample["goals"], "measured_by") <= activities
    assert names(sample["activities"], "serves") <= goals
    assert names(sample["targets"], "name") <= goals | activities
    cadences = {
        "weekly": Cadence.WEEK,
        "monthly": Cadence.MONTH,
        "quarterly": Cadence.QUARTER,
        "annual": Cadence.YEAR,
    }
    for tab, cadence in {**cadences, "partner": Cadence.WEEK}.items():
        periods = [calendar.parse(str(row["period"])) for row in sample[tab]]
        assert all(period and period.cadence is cadence and period.start <= today for period in periods)
        keys = [(row["period"], row["who"]) for row in sample[tab]]
        assert len(set(keys)) == len(keys)
    whole = next(row["target"] for row in sample["goals"] if row["who"] == "Ben")
    year = sample_year(today, calendar)
    labels = {quarter.label for quarter in calendar.between(Cadence.QUARTER, year.start, year.end - DAY)}
    assert sum(float(row["target"] or 0) for row in sample["targets"] if row["period"] in labels) == whole


def test_every_column_is_one_of_the_template(rows: dict[str, list[Row]], sales: WorkbookTemplate) -> None:
    """A tab's rows use its own typed columns; the tally has the activities as further ones."""
    for key, tab_rows in rows.items():
        tab = sales.tab(key)
        typed = {column.key for column in tab.columns if column.computed is None}
        if tab.activity_columns:
            typed |= {str(name) for name in names(rows["activities"], "activity")}
        assert not tab.is_tool_tab
        assert {column for row in tab_rows for column in row} <= typed
        for column in tab.columns:
            if column.choices:
                assert names(tab_rows, column.key) <= set(column.choices)


def test_weekends_and_days_off_are_nearly_empty(rows: dict[str, list[Row]]) -> None:
    """People rest at weekends, on holiday, and when the office is closed."""
    log = dated(rows["log"])
    weekend = sum(day.weekday() > 4 for day, _ in log)
    assert 0 < weekend < 0.01 * len(log)
    assert not any(day == date(2025, 12, 25) for day, _ in log)
    holiday = next(row for row in rows["time_off"] if row["note"] == "Summer holiday")
    first, last = int(str(holiday["from"])), int(str(holiday["until"]))
    assert last - first == 11
    assert not any(first <= serial(day) <= last and row["who"] == "Ann" for day, row in log)
    assert any(row["part"] == 0.5 for row in rows["time_off"])


def test_the_three_people_are_who_they_are_said_to_be(rows: dict[str, list[Row]]) -> None:
    """Ann logs on nearly every working day, Ben fades and has silent weeks, Carla came in summer and tallies."""
    log = dated(rows["log"])
    days = {who: {day for day, row in log if row["who"] == who} for who in ("Ann", "Ben", "Carla")}
    assert len(days["Ann"]) > 220
    january, october = (
        sum(row["who"] == "Ben" and (day.year, day.month) == (2026, month) for day, row in log) for month in (1, 10)
    )
    assert january > 1.5 * october
    weeks = {Calendar().containing(Cadence.WEEK, day).label for day in days["Ben"]}
    assert len(weeks) < 52
    joined = next(row["from"] for row in rows["people"] if row["name"] == "Carla")
    assert serial(min(days["Carla"])) >= int(str(joined)) > serial(date(2026, 4, 1))
    assert all(day.weekday() < 4 or day.weekday() == 5 for day in days["Carla"])
    assert len(rows["tally"]) > 30


def test_texts_vary(rows: dict[str, list[Row]]) -> None:
    """No two weeks of a person read the same."""
    for tab, column in (("weekly", "review"), ("partner", "progress")):
        for who in ("Ann", "Ben"):
            texts = [row[column] for row in rows[tab] if row["who"] == who]
            assert len(texts) > 3
            assert len(set(texts)) >= len(texts) - 1


@pytest.mark.parametrize(
    ("today", "label"), [(date(2026, 2, 3), "2025"), (date(2026, 3, 12), "2026"), (date(2026, 11, 20), "2026")]
)
def test_a_young_year_is_not_the_plans_year(today: date, label: str) -> None:
    """Early in the year the plan is last year's, so that there is something to see."""
    assert sample_year(today, Calendar()).label == label
