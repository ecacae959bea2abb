"""A newer version of a template reaches a workbook that exists: a copy first, then what is new, and nothing of
people's is touched; until then the workbook goes on as it was. Tabs that others made are taken for the template's.
"""

from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from sheetsync.live import FRESH
from tests.cli import Desk, day_cell, new_desk
from tests.google_server import GoogleServer
from tests.google_team import ANN, ROBOT, desk_at

# A small workbook as an earlier release made it: no charts, no hints, two tabs and a column less.
BEFORE = """
extends: sales
name: mine
version: 1
drop: [series, insights, events, targets, time_off, partner, monthly, quarterly, annual, tally, daily,
       daily_summary, monthly_summary, quarterly_summary, annual_summary, activities.minutes]
tabs:
  - key: dashboard
    intro: ["Dashboard", "{as_of}", "{problems}"]
    charts: []
  - key: weekly
    intro: []
"""
AFTER = (
    BEFORE.replace("version: 1", "version: 2")
    .replace("series, insights, events", "insights")
    .replace(", activities.minutes", "")
    .replace('"{problems}"]\n    charts: []', '"{problems}", "{banner}", "{links}", "{choose_who}"]')
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A local workbook of the earlier version, synced, with a row; the configuration's template is the newer one."""
    desk = new_desk(tmp_path / "desk")
    desk.configure("template: sales", "template: mine.yaml")
    desk.file("mine.yaml", BEFORE)
    desk.ok("create", "--examples", "--year", "2026")
    desk.ok("log", "Cold call", "3", "--date", "2026-10-12")
    desk.ok("sync")
    desk.file("mine.yaml", AFTER)
    return desk


def parts(path: Path) -> dict[str, bytes]:
    """Every part of a workbook file."""
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_workbook_of_an_earlier_version_goes_on(desk: Desk) -> None:
    """A sync neither stops for what it never had nor writes where its tabs have no room; doctor knows."""
    desk.ok("log", "Meeting", "--date", "2026-10-13")
    assert "Dashboard" in desk.ok("sync").out
    header = [row[0] for row in desk.values("Dashboard")].index("Who")
    assert header == 3 and "Chart data" not in desk.cells()
    assert desk.ok("sync", "--json").json["written"] == {}
    checks = {one["name"]: one for one in desk.run("doctor", "--json").json}
    assert checks["version"]["state"] == "warning" and "sheetsync upgrade" in checks["version"]["remedy"]
    assert [name for name, one in checks.items() if one["state"] == "failed"] == []


@pytest.mark.parametrize("command", [("upgrade",), ("doctor", "--fix")])
def test_what_is_new_is_added_after_a_copy(desk: Desk, command: tuple[str, ...]) -> None:
    """Missing tabs and columns come, the tool's tabs are new, the copy is the file as it was; a sync fills all."""
    before = desk.workbook.read_bytes()
    said = desk.ok(*command).out
    (copy,) = desk.folder.glob("goals (before version 2*.xlsx")
    assert copy.read_bytes() == before and copy.name in said
    cells = desk.cells()
    assert {"Events", "Chart data"} <= cells.keys()
    assert cells["Activities"][0][-1] == "Minutes"
    desk.ok("sync", "--strict")
    assert desk.ok("sync", "--json").json["written"] == {}
    shown = desk.values("Dashboard")
    assert shown[3][0] == FRESH and str(shown[4][0]).endswith("Weekly")
    assert "Nothing to do" in desk.ok("upgrade").out
    assert len(list(desk.folder.glob("goals (before*.xlsx"))) == 1


def test_no_part_of_peoples_tabs_changes_that_gets_nothing_new(desk: Desk) -> None:
    """Of all tabs that people type in only the one with a new column differs, and there only that column does."""
    people = {"People", "Goals", "Log", "Weekly"}
    before = {title: rows for title, rows in desk.cells().items() if title in people}
    old = parts(desk.workbook)
    desk.ok("upgrade")
    assert {title: rows for title, rows in desk.cells().items() if title in people} == before
    new = parts(desk.workbook)
    same = [name for name in old if name.startswith("xl/worksheets/sheet") and new.get(name) == old[name]]
    assert len(same) >= len(people)


def test_what_people_moved_stays_where_it_is(desk: Desk) -> None:
    """A renamed tab, a column of their own and a tab of their own are as they were after an upgrade."""
    with desk.edited() as book:
        book["Log"].title = "Journal"
        book["People"].cell(1, 20, "Shoe size")
        book.create_sheet("Mine", 0)["A1"] = "hands off"
    desk.ok("upgrade")
    cells = desk.cells()
    assert next(iter(cells)) == "Mine" and cells["Mine"] == [("hands off",)]
    assert "Shoe size" in cells["People"][0] and "Journal" in cells
    desk.ok("sync", "--strict")


def test_an_upgrade_that_was_cut_off_is_done_again(desk: Desk) -> None:
    """The workbook is of the new version only when all is done: half of it syncs on, and the next one ends it."""
    half = desk.file("half.yaml", AFTER.replace("version: 2", "version: 1"))
    desk.configure("template: mine.yaml", "template: half.yaml")
    desk.run("doctor", "--fix")
    desk.configure("template: half.yaml", "template: mine.yaml")
    half.unlink()
    desk.ok("sync", "--strict")
    desk.ok("upgrade")
    desk.ok("sync", "--strict")
    assert desk.ok("sync", "--json").json["written"] == {}


def test_what_stood_in_the_old_tabs_is_not_taken_for_typing(desk: Desk) -> None:
    """After an upgrade nothing of the tool's own is listed in Problems."""
    desk.ok("upgrade")
    assert desk.ok("sync", "--json").json["problems"] == []


def test_a_tab_that_somebody_made_is_taken_for_the_template_s(desk: Desk) -> None:
    """One with the title and the columns of a missing tab is adopted as it is; one without them is not."""
    with desk.edited() as book:
        events = book.create_sheet("Events")
        events.append(["Who", "Event", "Date"])
        events.append([None, "Training", day_cell("2026-09-01")])
    assert "Took the tab “Events”" in desk.ok("upgrade").out
    cells = desk.cells()
    assert cells["Events"][1][1] == "Training" and "Events (2)" not in cells
    desk.ok("sync", "--strict")


def test_lost_chart_data_brings_the_dashboard_back_as_well(desk: Desk) -> None:
    """When the hidden tab behind the charts is deleted, doctor --fix makes it again and what led to it."""
    desk.ok("upgrade")
    desk.ok("sync")
    with desk.edited() as book:
        del book["Chart data"]
    desk.ok("doctor", "--fix")
    desk.ok("sync")
    assert not [cell for row in desk.cells()["Dashboard"] for cell in row if "#REF!" in str(cell)]
    assert desk.ok("sync", "--json").json["written"] == {}


@pytest.fixture
def far_desk(tmp_path: Path) -> Iterator[tuple[Desk, GoogleServer]]:
    """The same workbook on Google, filled by a robot."""
    with GoogleServer() as server:
        spreadsheet = server.create_spreadsheet("Goals", owner=ANN, share={ROBOT: "writer"})
        desk = desk_at(tmp_path, server, spreadsheet)
        desk.configure("template: sales", "template: mine.yaml")
        (desk.folder / "robot.json").chmod(0o600)
        desk.file("mine.yaml", BEFORE)
        desk.ok("create", "--examples", "--year", "2026")
        desk.ok("log", "Cold call", "3", "--date", "2026-10-12")
        desk.ok("sync")
        desk.file("mine.yaml", AFTER)
        yield desk, server


def test_on_google_a_robot_asks_for_a_copy_by_hand(far_desk: tuple[Desk, GoogleServer]) -> None:
    """It has no storage: without a copy nothing is touched (exit 1); with --no-copy the upgrade runs."""
    desk, _ = far_desk
    desk.ok("sync")
    desk.run("upgrade").refused(1, "by hand", "--no-copy")
    assert "version 1" in str(desk.run("doctor", "--json").json)
    said = desk.ok("upgrade", "--no-copy").out
    assert "Events" in said and "Chart data" in said
    desk.ok("sync", "--strict")
    assert desk.ok("sync", "--json").json["written"] == {}
    assert "Nothing to do" in desk.ok("upgrade").out
