"""`status` and `export`: what the last sync knew, for people and for other tools, without the workbook."""

import csv
import io
import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli import NOW, PROJECT, TODAY, Desk, days_before, demo_desk, new_desk, small_desk

SCHEMA = json.loads((PROJECT / "docs" / "rollups.schema.json").read_text(encoding="utf-8"))
FIELDS = (
    "cadence", "period", "start", "end", "person", "kind", "name", "native", "actual", "reported", "target",
    "expected", "attainment", "pace", "slack", "behind_by", "required_rate", "projection", "status", "streak",
    "best_streak", "quality", "amount",
)  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann and Ben, 60 rows, synced."""
    return small_desk(tmp_path)


def exported(desk: Desk, *arguments: str) -> list[dict[str, Any]]:
    """The rollups as other tools read them."""
    found: list[dict[str, Any]] = desk.ok("export", "rollups", "--format", "json", *arguments).json
    return found


# ---- export -------------------------------------------------------------------------------------------------------


def test_rollups_follow_their_schema(tmp_path: Path) -> None:
    """A whole year of three people, with time off and people who joined late: each object is as the contract says."""
    desk, _ = demo_desk(tmp_path)
    Draft202012Validator.check_schema(SCHEMA)
    objects = exported(desk)
    assert len(objects) > 5000
    validator = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
    wrong = next(validator.iter_errors(objects), None)
    assert wrong is None, wrong
    assert {row["status"] for row in objects} == set(SCHEMA["$defs"]["rollup"]["properties"]["status"]["enum"])
    assert {row["cadence"] for row in objects} == {"day", "week", "month", "quarter", "year"}


def test_rollups_have_exactly_the_fields_in_order(desk: Desk) -> None:
    """The order too is part of the contract, in JSON and in the CSV's header."""
    assert {tuple(row) for row in exported(desk)} == {FIELDS}
    assert tuple(SCHEMA["$defs"]["rollup"]["required"]) == FIELDS
    assert tuple(SCHEMA["$defs"]["rollup"]["properties"]) == FIELDS
    assert desk.ok("export", "rollups").out.splitlines()[0] == ",".join(FIELDS)


def test_the_schema_refuses_what_is_no_rollup(desk: Desk) -> None:
    """One wrong field is enough: the schema is strict."""
    validator = Draft202012Validator(SCHEMA)
    row = next(r for r in exported(desk) if r["status"] == "met" and r["native"])
    assert validator.is_valid([row])
    for wrong in (
        {"more": 1}, {"status": "fine"}, {"actual": None}, {"streak": None}, {"start": "14.10.2026"}, {"target": 0},
        {"cadence": "decade"}, {"attainment": None}, {"quality": 6}, {"native": "yes"},
    ):  # fmt: skip
        assert not validator.is_valid([row | wrong]), wrong
    assert not validator.is_valid([{k: v for k, v in row.items() if k != "reported"}])


def test_there_is_one_object_a_person_goal_and_period(desk: Desk) -> None:
    """None is there twice, each begins by today, and the periods of each cadence tile the plan up to now."""
    objects = exported(desk)
    keys = [(r["person"], r["kind"], r["name"], r["cadence"], r["period"]) for r in objects]
    assert len(set(keys)) == len(keys)
    assert max(r["start"] for r in objects) == TODAY.isoformat()
    for cadence in ("day", "week", "month", "quarter", "year"):
        mine = [
            (r["start"], r["end"])
            for r in objects
            if (r["person"], r["name"], r["cadence"]) == ("Ann", "Revenue", cadence)
        ]
        assert mine[0][0] <= "2026-01-01" < mine[0][1]
        assert all(before[1] == after[0] for before, after in pairwise(mine))


def test_csv_holds_the_same_as_json(desk: Desk) -> None:
    """The same rows and values, blank for null."""
    rows = list(csv.DictReader(io.StringIO(desk.ok("export", "rollups", "--format", "csv").out)))
    objects = exported(desk)
    assert len(rows) == len(objects)
    assert [r["period"] for r in rows] == [o["period"] for o in objects]
    assert [float(r["target"]) for r in rows] == [o["target"] for o in objects]
    assert [float(r["reported"]) if r["reported"] else None for r in rows] == [o["reported"] for o in objects]
    assert {o["reported"] is None for o in objects} == {True, False}


def test_as_of_leaves_out_what_came_later(desk: Desk) -> None:
    """Rows after the day do not count, periods after it are not there, and the day itself is finished."""
    day = days_before(20)
    objects = exported(desk, "--as-of", day.isoformat())
    assert max(r["start"] for r in objects) == day.isoformat()
    year = next(
        r for r in objects if (r["person"], r["kind"], r["name"], r["period"]) == ("Ann", "goal", "Revenue", "2026")
    )
    assert year["actual"] == 1040 + 1044 + 1052 + 1056
    rows = desk.ok("export", "activities", "--format", "json", "--as-of", day.isoformat()).json
    assert len(rows) == 20
    assert max(row["date"] for row in rows) == day.isoformat()


def test_activities_are_the_accepted_rows(desk: Desk) -> None:
    """Each row of the log comes out with its values, and no refused one."""
    with desk.edited() as book:
        book["Log"].append([TODAY, "Ann", "cold cal"])
        book["Log"].append([TODAY, "Ann", "Meeting", 2, None, 4, "Zoë", "+44 says, “=1+1”"])
    desk.ok("sync")
    rows = desk.ok("export", "activities", "--format", "json").json
    assert len(rows) == 61
    assert rows[-1] == {
        "date": "2026-10-14", "who": "Ann", "activity": "Meeting", "count": 2.0, "amount": None, "quality": 4.0,
        "contact": "Zoë", "notes": "+44 says, “=1+1”",
    }  # fmt: skip
    assert "'+44 says" in desk.ok("export", "activities").out.splitlines()[-1]


def test_exporting_changes_nothing(desk: Desk) -> None:
    """Reading commands leave every file as it is."""
    before = desk.state()
    for arguments in (
        ["export", "rollups"],
        ["export", "activities"],
        ["status"],
        ["status", "--as-of", "2026-09-01"],
    ):
        desk.ok(*arguments)
    assert desk.state() == before


# ---- status -------------------------------------------------------------------------------------------------------


def test_status_shows_each_goal_in_words(desk: Desk) -> None:
    """A line for each person and goal with its period, numbers and a sentence."""
    said = desk.ok("status").out
    for shown in ("Ann", "Ben", "Revenue", "2026-Q4", "Cold call", "2026-W42", "Article", "expected by the"):
        assert shown in said


def test_status_json_of_one_person(desk: Desk) -> None:
    """--who takes the name as people type it; the JSON has the numbers behind the words."""
    rows = desk.ok("status", "--who", "ann", "--json").json
    assert {row["person"] for row in rows} == {"Ann"}
    calls = next(row for row in rows if row["name"] == "Cold call")
    assert calls == {
        "person": "Ann", "kind": "activity", "name": "Cold call", "period": "2026-W42", "actual": 5.0,
        "target": 10.0, "attainment": 0.5, "pace": calls["pace"], "status": "at risk", "kept": "4 in a row, 4 of 13",
            "chance": None, "sentence": calls["sentence"],
    }  # fmt: skip
    assert calls["sentence"].startswith("5 of 10 so far")


def test_status_fits_a_pipe_of_any_width(desk: Desk) -> None:
    """No colour codes and no cut-off lines in a pipe."""
    result = desk.spawn("status", env={"COLUMNS": "20", "TERM": "dumb"})
    assert result.code == 0, result
    assert "\x1b" not in result.out
    assert "Revenue" in result.out


def test_status_of_an_empty_plan_says_what_to_do(tmp_path: Path) -> None:
    """Nobody and no goals yet: a sentence, no table."""
    desk = new_desk(tmp_path)
    desk.ok("create")
    desk.ok("sync")
    assert "No goals yet" in desk.ok("status").out
    assert exported(desk) == []


def test_names_with_markup_are_shown_as_they_are(tmp_path: Path) -> None:
    """Square brackets in names are no styles of the terminal."""
    desk = new_desk(tmp_path)
    desk.ok("create", "--examples", "--person", "[bold]Ann[/bold]")
    desk.ok(
        "import",
        desk.csv("a.csv", ["Activity", "Target", "Every"], [["[red]Calls[/]", 5, "week"]]),
        "--tab",
        "Activities",
    )
    desk.ok("sync")
    said = desk.ok("status").out
    assert "[bold]Ann[/bold]" in said
    assert "[red]Calls[/]" in said


def test_the_clock_is_the_workbooks(tmp_path: Path) -> None:
    """At 23:30 in London it is tomorrow in Auckland: today is the configured zone's."""
    desk = small_desk(tmp_path)
    desk.configure("timezone: UTC", "timezone: Pacific/Auckland")
    late = NOW.replace(hour=23, minute=30)
    assert desk.run("sync", "--json", at=late).json["as_of"] == date(2026, 10, 15).isoformat()


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_beyond_the_calendar_is_a_slip(desk: Desk, day: str) -> None:
    """No calendar has room for it: one line, exit 2."""
    desk.run("status", "--as-of", day).refused(2, day, "between 1970-01-01 and 2199-12-31")


def test_what_was_reported_later_is_not_shown_as_of_before(desk: Desk) -> None:
    """The desk was synced on 14 October: as of the 12th nothing had been reported yet."""
    assert all(o["reported"] is None for o in exported(desk, "--as-of", "2026-10-12"))
    assert any(o["reported"] is not None for o in exported(desk))
