"""Weeks of a simulated team, run as cron would: around the turns of the clock, the quarter and the year.

Years of it, by hand: python -m tests.years --days 3000
"""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sheetsync.cells import Cell, serial
from sheetsync.errors import Problem
from sheetsync.ledger import sqlite
from tests.builders import understood
from tests.cli import small_desk
from tests.years import Setting, Years, years

# The clocks go forward and a quarter ends; a leap day and a fiscal year that begins in April, with weeks from Sunday;
# week 53 and the new year, with public holidays and somebody who adds the rows of the next year.
TURNS = {
    "clocks and quarter": Setting(seed=1, days=8, runs=1.5, first=date(2026, 3, 26)),
    "leap day, fiscal year": Setting(
        seed=2, days=6, runs=1.5, first=date(2028, 2, 27), zone="America/New_York", week_starts=6, year_starts=4
    ),
    "week 53, new year": Setting(seed=3, days=8, runs=1.5, first=date(2026, 12, 27), holidays="GB-ENG"),
}


def lived(setting: Setting, folder: Path) -> tuple[Years, str]:
    """A team whose days have passed, and what was seen of them."""
    with years(setting, folder) as simulated:
        *_, line = simulated.live()
    return simulated, line


@pytest.mark.parametrize("turn", TURNS)
def test_weeks_around_a_turn(turn: str, tmp_path: Path) -> None:
    """Every email that is due arrives once and no other; closed periods and what was reported of them are right."""
    simulated, _ = lived(TURNS[turn], tmp_path)
    assert len(simulated.team.sent) >= 5
    assert len(simulated.reported) >= 30


def test_nobody_adds_the_rows_of_the_new_year(tmp_path: Path) -> None:
    """The keeper hears of it once, two weeks ahead; everything goes on without them."""
    setting = Setting(seed=4, days=6, first=date(2026, 12, 16), runs=1, extends=False)
    simulated, _ = lived(setting, tmp_path)
    told = [mail.period for mail in simulated.team.sent if mail.kind == "problems"]
    assert told and told[0] in ("2026-12-18", "2026-12-19")


def test_the_same_on_google(tmp_path: Path) -> None:
    """A team whose workbook is a spreadsheet on Google, over a weekend in which a quarter ends."""
    setting = Setting(seed=5, days=4, first=date(2026, 9, 30), runs=1, backend="google")
    simulated, _ = lived(setting, tmp_path)
    assert simulated.team.sent and simulated.reported


def told(people: list[dict[str, Cell]], today: date = date(2026, 3, 2), **reviews: list[str | None]) -> list[Problem]:
    """What is said of rows for reviews: by tab, for whom there is one."""
    periods: dict[str, Cell] = {"weekly": "2026-W10", "monthly": "2026-03", "annual": "2026"}
    rows: dict[str, list[dict[str, Cell]]] = {
        key: [{"period": periods[key], "who": who} for who in names] for key, names in reviews.items()
    }
    found = understood({"people": people, **rows}, today=today)
    return [problem for problem in found.problems if "reviews" in problem.what]


def test_who_joined_and_has_no_rows_for_reviews() -> None:
    """One problem names all who take part and the command; not who is gone or to come, nor where rows were typed."""
    early, late = serial(date(2026, 1, 31)), serial(date(2026, 4, 1))
    team: list[dict[str, Cell]] = [
        {"name": "Ann"}, {"name": "Ben", "until": early}, {"name": "Cy"},
        {"name": "Di", "from": late}, {"name": "Ed"},
    ]  # fmt: skip
    (problem,) = told(team, weekly=["ann"], monthly=["Ann"])
    assert (problem.tab, problem.row, problem.column, problem.typed) == ("People", 4, "Name", "Cy")
    assert problem.what == "Cy and Ed have no rows in the tabs for reviews"
    assert "`sheetsync extend`" in problem.hint
    (later,) = told(team, date(2026, 4, 1), weekly=["Ann", "Cy"], monthly=["Ann", "Ed"])
    assert (later.row, later.what) == (5, "Di has no rows in the tabs for reviews")
    assert told(team, weekly=["Ann", "Cy"], monthly=["Ed"]) == []
    assert told(team, weekly=["Ann"]) == told(team) == []
    assert told([{"name": "Ann"}], weekly=[None], monthly=[None]) == []


def test_doctor_asks_the_rows_whether_the_year_was_extended(tmp_path: Path) -> None:
    """In the second year it warns until `extend` has run, and is content from then on."""
    desk, later = small_desk(tmp_path), datetime(2027, 3, 3, 8, tzinfo=UTC)

    def year() -> tuple[str, str]:
        (check,) = [c for c in json.loads(desk.run("doctor", "--json", at=later).out) if c["name"] == "year"]
        return check["state"], check["found"] + check["remedy"]

    state, said = year()
    assert state == "warning" and "extend --year 2027" in said
    desk.ok("extend", "--year", "2027", at=later)
    assert year() == ("ok", "2027; the workbook was made for 2026")


def test_a_large_ledger_is_looked_over_by_doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs look at every page of a small one; of a large one doctor does, and says that it is damaged."""
    desk = small_desk(tmp_path)
    with closing(sqlite3.connect(desk.ledger)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_typed_over_workbook'")
        number = page.fetchone()[0]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with desk.ledger.open("r+b") as file:
        file.seek((number - 1) * 4096)
        file.write(b"\xff" * 200)
    assert "damaged" in desk.run("sync").err
    monkeypatch.setattr(sqlite, "_SMALL", 1000)
    (check,) = [c for c in json.loads(desk.run("doctor", "--json").out) if c["name"] == "ledger"]
    assert check["state"] == "failed" and "damaged" in check["found"]
