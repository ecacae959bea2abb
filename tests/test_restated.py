"""Frozen periods: what was reported stays beside what it became, and only closed periods are reported."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sheetsync.activities import Activity
from sheetsync.cells import serial
from sheetsync.periods import AsOf
from sheetsync.restated import is_restated, newly_closed, with_reported
from sheetsync.rollups import roll_up
from tests.builders import understood
from tests.cli import NOW, Desk, small_desk

if TYPE_CHECKING:
    import pandas as pd

WEEK = ("week", "2026-W07")
CALLS = ("Ann", "activity", "Call")


def rollups(count: float, day: date = date(2026, 2, 17)) -> "pd.DataFrame":
    """Ann's calls, so many of them in week 7, as at the morning of a day."""
    found = understood({"people": [{"name": "Ann"}], "activities": [{"activity": "Call", "target": 10}]})
    calls = [Activity(serial(date(2026, 2, 11)), "Ann", "Call", count, None, None, "", "")]
    return roll_up(found.plan, calls, AsOf(day, under_way=True))


def test_only_closed_periods_are_reported_and_only_once() -> None:
    """The week that is over is stored, the one under way is not; what is known is not stored again."""
    closed = newly_closed(rollups(8), {})
    assert closed[WEEK] == {CALLS: 8.0}
    assert ("week", "2026-W08") not in closed and ("day", "2026-02-16") in closed
    assert newly_closed(rollups(10), closed) == {}


def test_later_entries_show_as_restated() -> None:
    """Actual is live, reported is what was said; both are there, and equal numbers are no news."""
    closed = newly_closed(rollups(8), {})
    for count, restated in ((10, True), (8, False), (8 + 1e-12, False)):
        frame = with_reported(rollups(count), closed)
        rows: list[Any] = list(frame.itertuples())
        (row,) = [r for r in rows if (r.cadence, r.period, r.name) == (*WEEK, "Call")]
        assert (row.reported, row.actual, is_restated(row)) == (8.0, count, restated)
        (now,) = [r for r in rows if (r.cadence, r.period, r.name) == ("week", "2026-W08", "Call")]
        assert now.reported != now.reported and not is_restated(now)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann and Ben, 60 rows, synced on Wednesday 14 October 2026."""
    return small_desk(tmp_path)


def of_last_week(desk: Desk) -> Any:
    """The rollup of Ann's calls in the week before."""
    found = desk.ok("export", "rollups", "--format", "json").json
    wanted = ("week", "2026-W41", "Ann", "Cold call")
    (row,) = [r for r in found if (r["cadence"], r["period"], r["person"], r["name"]) == wanted]
    return row


def test_both_numbers_are_shown(desk: Desk) -> None:
    """A row that comes late changes the actual, not what was reported; the summary tab says so."""
    before = of_last_week(desk)["actual"]
    assert of_last_week(desk)["reported"] == before
    with desk.edited() as book:
        book["Log"].append([date(2026, 10, 8), "Ann", "Cold call", 2])
    desk.ok("sync")
    after = of_last_week(desk)
    assert (after["reported"], after["actual"]) == (before, before + 2)
    titles, *rows = desk.cells()["Weekly summary"]
    shown = [dict(zip(titles, row, strict=False)) for row in rows]
    assert f"{before:g} → {before + 2:g}" in {row.get("Restated") for row in shown}


def test_a_look_back_reports_nothing(desk: Desk) -> None:
    """A backdated sync stores nothing of the periods that were closed then; the next ordinary one does."""
    desk.ledger.unlink()
    desk.ok("sync", "--as-of", "2026-10-12")
    assert of_last_week(desk)["reported"] is None
    desk.ok("sync")
    assert of_last_week(desk)["reported"] == of_last_week(desk)["actual"]


def test_a_dry_run_reports_nothing(desk: Desk) -> None:
    """It touches nothing, the ledger included."""
    desk.ledger.unlink()
    desk.ok("sync", "--dry-run")
    desk.ok("sync", "--as-of", "2026-10-12")
    assert of_last_week(desk)["reported"] is None


def test_a_clock_ahead_of_time_reports_nothing_that_stays(desk: Desk) -> None:
    """What it reported of weeks that were not over is not believed by the right clock, and gives way to the truth."""
    ahead, later = datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)

    def of_this_week(at: datetime) -> Any:
        rows = desk.run("export", "rollups", "--format", "json", at=at).json
        return next(r for r in rows if (r["period"], r["person"], r["name"]) == ("2026-W42", "Ann", "Cold call"))

    desk.ok("sync", at=ahead)
    early = of_this_week(ahead)["reported"]
    assert early is not None
    desk.ok("sync")
    assert of_this_week(NOW)["reported"] is None
    desk.ok("log", "Cold call", "7", "--who", "Ann")
    desk.ok("sync", at=later)
    assert of_this_week(later)["reported"] == of_this_week(later)["actual"] == early + 7


def test_an_evening_in_the_west_is_still_today(desk: Desk) -> None:
    """In Los Angeles it is Tuesday evening when UTC has Wednesday: what was reported then is there, and stays."""
    desk.ledger.unlink()
    desk.configure("timezone: UTC", "timezone: America/Los_Angeles")
    evening = datetime(2026, 10, 14, 3, 0, tzinfo=UTC)
    desk.ok("sync", at=evening)
    objects = desk.run("export", "rollups", "--format", "json", at=evening).json
    assert any(o["reported"] is not None for o in objects)
    desk.ok("sync", at=evening)
    assert desk.run("export", "rollups", "--format", "json", "--as-of", "2026-10-13", at=evening).json
