"""The schedule: every local send time comes once a week, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from sheetsync.schedule import latest_slot

ZONES = (
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/Asuncion",
)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [time(0, 0), time(1, 30), time(2, 15), time(16, 0), time(23, 59)])
@pytest.mark.parametrize("weekday", [4, 5, 6])
def test_each_weeks_slot_comes_once_and_in_order(zone: str, at: time, weekday: int) -> None:
    """Asked every half hour of a year with all its clock changes, each week's day comes up once, a week apart."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    seen = [latest_slot(weekday, at, now, ZoneInfo(zone))]
    for _ in range(2 * 24 * 365):
        now += timedelta(minutes=30)
        slot = latest_slot(weekday, at, now, ZoneInfo(zone))
        if slot != seen[-1]:
            seen.append(slot)
    assert 52 <= len(seen) <= 54 and all(day.weekday() == weekday for day in seen)
    assert all(b - a == timedelta(days=7) for a, b in pairwise(seen))


def test_the_moment_itself_is_due() -> None:
    """At 16:00:00 it is due, a second before it is not."""
    zone = ZoneInfo("Europe/London")
    moment = datetime(2026, 7, 3, 15, 0, tzinfo=UTC)
    assert latest_slot(4, time(16, 0), moment, zone) == date(2026, 7, 3)
    assert latest_slot(4, time(16, 0), moment - timedelta(seconds=1), zone) == date(2026, 6, 26)


def test_a_skipped_moment_comes_right_after_the_gap() -> None:
    """01:30 did not exist in London on 29 March 2026: it is due by 02:30 summer time that day."""
    zone = ZoneInfo("Europe/London")
    assert latest_slot(6, time(1, 30), datetime(2026, 3, 29, 0, 59, tzinfo=UTC), zone) == date(2026, 3, 22)
    assert latest_slot(6, time(1, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC), zone) == date(2026, 3, 29)
