"""Periods: every cadence cuts the days without gap or overlap, and labels are names that lead back."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.periods import DAY, AsOf, Cadence, Calendar, Period

CALENDARS = st.builds(Calendar, st.integers(0, 6), st.integers(1, 12))
CADENCES = st.sampled_from(list(Cadence))
DAYS = st.dates(date(1970, 1, 1), date(2199, 12, 31))


@given(CALENDARS, CADENCES, st.integers(1970, 2199))
def test_every_cadence_tiles_the_year(calendar: Calendar, cadence: Cadence, label: int) -> None:
    """The periods of a year follow each other without gap or overlap, and labels differ and increase."""
    year = calendar.year(label)
    periods = list(calendar.between(cadence, year.start, year.end - DAY))
    assert all(a.end == b.start for a, b in pairwise(periods))
    assert year.start in periods[0] and year.end - DAY in periods[-1]
    labels = [period.label for period in periods]
    assert labels == sorted(set(labels))
    if cadence is not Cadence.WEEK:
        assert periods[0].start == year.start and periods[-1].end == year.end
    many = {Cadence.DAY: (365, 366), Cadence.WEEK: (53, 54), Cadence.MONTH: (12,), Cadence.QUARTER: (4,)}
    assert len(periods) in many.get(cadence, (1,))


@given(CALENDARS, CADENCES, DAYS)
def test_a_day_is_in_exactly_one_period(calendar: Calendar, cadence: Cadence, day: date) -> None:
    """The period that holds a day does, its neighbours do not, and every day of it gives the same one."""
    period = calendar.containing(cadence, day)
    assert day in period and day not in calendar.next(period) and day not in calendar.previous(period)
    assert calendar.next(calendar.previous(period)) == period
    assert calendar.containing(cadence, period.start) == calendar.containing(cadence, period.end - DAY) == period
    assert period.days == (period.end - period.start).days > 0


@given(CALENDARS, CADENCES, DAYS)
def test_labels_lead_back(calendar: Calendar, cadence: Cadence, day: date) -> None:
    """A label parses to its own period, however its letters are cased and with blanks around."""
    period = calendar.containing(cadence, day)
    assert calendar.parse(period.label) == period
    assert calendar.parse(f" {period.label.lower()} ") == period


@given(CALENDARS, DAYS)
def test_quarters_and_months_nest_in_the_year(calendar: Calendar, day: date) -> None:
    """A month lies in one quarter and a quarter in one fiscal year, which has the year's name."""
    month, quarter, year = (calendar.containing(c, day) for c in (Cadence.MONTH, Cadence.QUARTER, Cadence.YEAR))
    assert year.start <= quarter.start <= month.start and month.end <= quarter.end <= year.end
    assert quarter.label.startswith(f"{year.label}-Q")
    assert int(year.label) == (year.end - DAY).year
    assert calendar.year(int(year.label)) == year


@given(DAYS)
def test_monday_weeks_are_iso_weeks(day: date) -> None:
    """For weeks from Monday the label is that of ISO 8601."""
    year, week, _ = day.isocalendar()
    assert Calendar().containing(Cadence.WEEK, day).label == f"{year}-W{week:02}"


@given(st.integers(0, 6), DAYS)
def test_a_week_is_numbered_by_its_fourth_day(week_starts: int, day: date) -> None:
    """It begins on the chosen weekday, and its year is the one that holds most of it."""
    week = Calendar(week_starts).containing(Cadence.WEEK, day)
    fourth = week.start + timedelta(days=3)
    assert week.start.weekday() == week_starts and week.days == 7
    assert week.label == f"{fourth.year}-W{(fourth.timetuple().tm_yday + 6) // 7:02}"


@given(CALENDARS, st.text(max_size=12))
def test_parsing_a_label_never_raises(calendar: Calendar, text: str) -> None:
    """Any text is a period's label or none."""
    assert calendar.parse(text) is None or isinstance(calendar.parse(text), Period)


@given(CALENDARS, st.text("0123456789-WwQq", max_size=12))
def test_what_looks_like_a_label_never_raises(calendar: Calendar, text: str) -> None:
    """A period that is found holds its own first day under its own label."""
    found = calendar.parse(text)
    if found and found.start.year < 9998:
        assert calendar.containing(found.cadence, found.start) == found


@pytest.mark.parametrize(
    "label", ["2026-W54", "2025-W53", "2026-W00", "2026-Q5", "2026-Q0", "2026-13", "2026-00", "2026-02-30",
              "0000", "9999-12-31", "26", "2026-1", "2026/02", "", "W07", "Q1"],
)  # fmt: skip
def test_labels_of_periods_that_do_not_exist(label: str) -> None:
    """2025 had 52 weeks, there is no fifth quarter: such labels are none, rather than another period's."""
    assert Calendar().parse(label) is None


def test_a_fiscal_year_is_named_after_the_year_it_ends_in() -> None:
    """From April, 2026-Q1 is April to June 2025, and March 2026 is in 2026-Q4."""
    calendar = Calendar(year_starts=4)
    assert (calendar.year(2026).start, calendar.year(2026).end) == (date(2025, 4, 1), date(2026, 4, 1))
    quarter = calendar.parse("2026-Q1")
    assert quarter and (quarter.start, quarter.end) == (date(2025, 4, 1), date(2025, 7, 1))
    assert calendar.containing(Cadence.QUARTER, date(2026, 3, 31)).label == "2026-Q4"
    assert calendar.containing(Cadence.MONTH, date(2026, 3, 31)).label == "2026-03"


def test_the_boundary_is_the_first_day_that_is_not_finished() -> None:
    """Today under way is not finished; with `--as-of` the day is."""
    day = date(2026, 2, 14)
    assert AsOf(day, under_way=True).boundary == day
    assert AsOf(day, under_way=False).boundary == day + DAY


def test_cadences_are_ordered_from_fine_to_coarse() -> None:
    """A day is finer than a week, a week than a month ..."""
    assert [cadence.rank for cadence in Cadence] == [0, 1, 2, 3, 4]
