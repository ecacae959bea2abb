"""`history`: what each sync found out about the log, and the life of each row."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli import NOW, TODAY, Desk, day_cell, days_before, small_desk

LATER = NOW + timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann and Ben, 60 rows, synced."""
    return small_desk(tmp_path)


def told(desk: Desk, *options: str, at: datetime = LATER) -> Any:
    """The history as JSON."""
    return desk.run("history", "--json", *options, at=at).json


def edited(desk: Desk) -> None:
    """Three rows deleted, one changed, one added; synced the next morning."""
    with desk.edited() as book:
        sheet = book["Log"]
        sheet.delete_rows(2, 3)
        sheet["D5"] = 9
        sheet.append([TODAY, "ann", "Cold call", 4, None, None, "[bold]Zoë\u202e", "=1+1"])
    desk.ok("sync", at=LATER)


def test_what_each_sync_found_out(desk: Desk) -> None:
    """Newest first: what is new, changed and gone, with the moment, the log's size and every field."""
    edited(desk)
    history = told(desk)
    newest, first = history["runs"]
    assert history["since"] == "2026-09-15"
    assert (newest["new"], newest["changed"], newest["gone"], newest["back"], newest["rows"]) == (1, 1, 3, 0, 58)
    assert (first["new"], first["rows"], len(first["events"])) == (60, 60, 60)
    assert newest["at"] == "2026-10-15T08:00:00+00:00"
    (change,) = [event for event in newest["events"] if event["what"] == "changed"]
    assert {**change["before"], "count": 9.0} == change["after"]
    (new,) = [event["after"] for event in newest["events"] if event["what"] == "new"]
    assert (new["date"], new["who"], new["activity"], new["count"]) == ("2026-10-14", "Ann", "Cold call", 4.0)


def test_sorting_and_typing_again_changes_nothing(desk: Desk) -> None:
    """Rows in reverse, dates typed as text, names in capitals: the same rows, and no line more in the ledger."""
    before = told(desk)
    with desk.edited() as book:
        sheet = book["Log"]
        rows = [[cell.value for cell in row[:8]] for row in sheet.iter_rows(min_row=2, max_row=61)]
        for number, row in enumerate(reversed(rows), 2):
            day = row[0]
            assert isinstance(day, datetime)
            typed = [day.strftime("%d %B %Y"), str(row[1]).upper(), f" {row[2]} ", *row[3:]]
            for column, value in enumerate(typed, 1):
                sheet.cell(number, column).value = value
    said = desk.run("sync", "--json", at=LATER).json
    assert (said["added"], said["removed"], said["refused"]) == (0, 0, 0)
    assert told(desk)["runs"] == before["runs"]


def test_the_life_of_each_row(desk: Desk) -> None:
    """With --all: every row ever seen, when it was first seen, changed, gone and back."""
    edited(desk)
    desk.run("restore", "--yes", at=LATER + timedelta(days=1))
    desk.ok("sync", at=LATER + timedelta(days=1))
    rows = told(desk, "--all")
    kinds = sorted(tuple(event["what"] for event in row["events"]) for row in rows)
    assert len(rows) == 61
    assert not any(row["gone"] for row in rows)
    assert kinds.count(("new", "gone", "back")) == 3
    assert kinds.count(("new", "changed")) == 1
    (back, *_) = [row for row in rows if len(row["events"]) == 3]
    assert back["first_seen"] == "2026-10-14T08:00:00+00:00"
    assert [event["at"][:10] for event in back["events"]] == ["2026-10-14", "2026-10-15", "2026-10-16"]


def test_what_is_asked_for(desk: Desk) -> None:
    """By person, activity, day of the row, and day on which it happened."""
    edited(desk)
    for option, names in (("--who", ("ben", "Ben")), ("--activity", ("order  won", "Order won"))):
        events = [event for run in told(desk, option, names[0])["runs"] for event in run["events"]]
        assert events
        assert {event[side][option[2:]] for event in events for side in ("before", "after") if event[side]} == {
            names[1]
        }
    day = days_before(3).isoformat()
    events = [event for run in told(desk, "--from", day, "--until", day)["runs"] for event in run["events"]]
    assert events
    assert {event[side]["date"] for event in events for side in ("before", "after") if event[side]} == {day}
    assert [run["gone"] for run in told(desk, "--since", "2026-10-15")["runs"]] == [3]
    assert told(desk, "--since", "2026-10-16")["runs"] == []
    assert told(desk, at=NOW + timedelta(days=60))["runs"] == []


def test_on_the_terminal(desk: Desk) -> None:
    """Newest first, totals by run, what changed from what to what; no cell is markup or turns text around."""
    edited(desk)
    out = desk.ok("history", at=LATER).out
    assert out.startswith("Thu 15 Oct 2026, 08:00  1 new, 1 changed, 3 gone; the log has 58 rows\n")
    assert "Count: 1 → 9" in out
    assert "[bold]Zoë" in out
    assert "\u202e" not in out
    assert "… and 40 more" in out
    assert out.rstrip().endswith("Since 2026-09-15: 61 new, 1 changed, 3 gone.")
    assert max(map(len, out.splitlines())) <= 100
    assert len(desk.ok("-v", "history", at=LATER).out.splitlines()) > 65
    every = desk.ok("history", "--all", "--who", "Ann", at=LATER).out
    assert "2026-10-14, gone 2026-10-15" in every
    assert "41 rows were ever seen, 2 of them are gone." in every


def test_to_the_cent_and_newest_first(desk: Desk) -> None:
    """An amount of thousands that changed by cents shows how; --all begins with the newest day of the newest sync."""
    with desk.edited() as book:
        book["Log"].append([days_before(0), "Ann", "Order won", 1, 1234567.25, None, "", ""])
    desk.ok("sync")
    with desk.edited() as book:
        book["Log"].cell(book["Log"].max_row, 5).value = 1234567.5
    desk.ok("sync", at=LATER)
    assert "Amount: 1,234,567.25 → 1,234,567.5" in desk.ok("history", at=LATER).out
    days = [row["date"] for row in told(desk, "--all")][1:]
    assert days == sorted(days, reverse=True)


def test_nothing_to_show_and_what_is_wrong(desk: Desk) -> None:
    """A quiet month says so; names that never were, and days the wrong way round, are refused in one line."""
    assert "Nothing changed in the log since 2026-11-14" in desk.ok("history", at=NOW + timedelta(days=61)).out
    desk.run("history", "--who", "Ana").refused(2, "Ana", "did you mean “Ann”?")
    desk.run("history", "--activity", "Juggling").refused(2, "Juggling")
    desk.run("history", "--from", "2026-02-02", "--until", "2026-02-01").refused(2, "--until")
    desk.run("history", "--all", "--since", "2026-02-01").refused(2, "--since")


def test_a_person_who_left_is_remembered(desk: Desk) -> None:
    """Whoever is no longer in the People tab can still be asked for."""
    with desk.edited() as book:
        for sheet in (book["People"], book["Log"]):
            for row in sheet.iter_rows(min_row=2):
                if any(cell.value == "Ben" for cell in row):
                    for cell in row:
                        cell.value = None
    desk.ok("sync", at=LATER)
    (newest, first) = told(desk, "--who", "Ben")["runs"]
    assert (newest["gone"], first["new"]) == (20, 20)


def test_one_hand_for_another(desk: Desk) -> None:
    """A row that was given to another person changed; a new row of that person's is new."""
    with desk.edited() as book:
        sheet = book["Log"]
        sheet["B2"] = "Ben" if sheet["B2"].value == "Ann" else "Ann"
        sheet.append([day_cell("2026-10-01"), "Ben", "Cold call", 7])
    desk.ok("sync", at=LATER)
    (newest, _) = told(desk)["runs"]
    assert (newest["new"], newest["changed"], newest["gone"]) == (1, 1, 0)
