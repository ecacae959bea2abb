"""Spreadsheets as people leave them: what is only moved changes nothing, the rest is one clear problem or message."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli import TODAY
from tests.google_team import READ, WRITE, MadeTeam, Team

Change = Callable[[Team], None]
TABS = ("People", "Goals", "Activities", "Targets", "Log", "Tally", "Partner", "Weekly")


def _range(team: Team, title: str, **where: int) -> dict[str, int]:
    return {"sheetId": team.sheet_id(title), **where}


def _columns(team: Team, title: str, start: int, count: int = 1) -> dict[str, Any]:
    return {"sheetId": team.sheet_id(title), "dimension": "COLUMNS", "startIndex": start, "endIndex": start + count}


def _rename_tab(team: Team, title: str, _place: int) -> None:
    properties = {"sheetId": team.sheet_id(title), "title": f"{title} (ours)"}
    team.in_browser({"updateSheetProperties": {"properties": properties, "fields": "title"}})


def _move_tab(team: Team, title: str, place: int) -> None:
    properties = {"sheetId": team.sheet_id(title), "index": place}
    team.in_browser({"updateSheetProperties": {"properties": properties, "fields": "index"}})


def _hide_tab(team: Team, title: str, _place: int) -> None:
    properties = {"sheetId": team.sheet_id(title), "hidden": True}
    team.in_browser({"updateSheetProperties": {"properties": properties, "fields": "hidden"}})


def _insert_column(team: Team, title: str, place: int) -> None:
    team.in_browser({"insertDimension": {"range": _columns(team, title, place), "inheritFromBefore": place > 0}})


def _move_column(team: Team, title: str, place: int) -> None:
    team.in_browser({"moveDimension": {"source": _columns(team, title, 0), "destinationIndex": place + 1}})


def _blank_copy(team: Team, title: str, place: int) -> None:
    """A copied title over an empty column."""
    _insert_column(team, title, place)
    header = next(n for n, row in enumerate(team.browser.values(title)) if len(row) > 2)
    copied = team.browser.values(title)[header][place + 1]
    team.browser.type(title, f"{'ABCDEF'[place]}{header + 1}", [[copied]])


def _filter(team: Team, title: str, place: int) -> None:
    where = _range(team, title)
    criteria = {str(place): {"hiddenValues": ["Ann", "Cold call"]}}
    team.in_browser({"setBasicFilter": {"filter": {"range": where, "criteria": criteria}}})


def _sort(team: Team, title: str, place: int) -> None:
    team.browser.sort(title, place, descending=True)


REARRANGEMENTS = [_rename_tab, _move_tab, _hide_tab, _insert_column, _move_column, _blank_copy, _filter]
CHANGES = st.tuples(st.sampled_from(REARRANGEMENTS), st.sampled_from(TABS), st.integers(0, 3))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.sampled_from(REARRANGEMENTS), st.sampled_from(TABS), st.integers(0, 3)), max_size=4)
)
def test_rearranging_changes_no_number(
    made_team: MadeTeam, tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[Any, str, int]]
) -> None:
    """Tabs renamed, moved, hidden, columns moved, inserted, copied, filters: one read, the same rollups, no write."""
    team = made_team.again(tmp_path_factory.mktemp("team") / "desk")
    before = team.rollups()
    for change, tab, place in changes:
        if tab in team.browser.titles():
            change(team, tab, place)
    assert team.calls("sync") == [READ]
    assert team.rollups() == before
    assert team.calls("log", "Meeting", "--who", "Ann") == [READ, WRITE]
    assert team.desk.ok("sync", "--json").json["rows"] == 61


def test_the_order_of_the_log_changes_no_number(team: Team) -> None:
    """Sorted by any column."""
    before = team.rollups()
    for column in range(5):
        _sort(team, "Log", column)
        assert team.calls("sync") == [READ]
    assert team.rollups() == before


# --- what is told -----------------------------------------------------------------------------------------------


def _merge(team: Team) -> None:
    where = _range(team, "Log", startRowIndex=1, endRowIndex=4, startColumnIndex=1, endColumnIndex=2)
    team.in_browser({"mergeCells": {"range": where, "mergeType": "MERGE_ALL"}})


def _errors(team: Team) -> None:
    team.browser.enter("Log", "C2", [["=#REF!"]])


def _long_text(team: Team) -> None:
    team.browser.type("Log", "C2", [["x" * 50_000]])


def _long_name(team: Team) -> None:
    team.browser.type("People", "A4", [["y" * 50_000]])


def _doubled(team: Team) -> None:
    team.browser.type("Log", "I1", [["Count"], [5]])


def _comma_decimals(team: Team) -> None:
    team.browser.type("Log", "E2", [["1.234"]])


def _no_header_below(team: Team) -> None:
    team.browser.insert_rows("Log", 0, 2)
    team.browser.type("Log", "A1", [["Our log, please fill in!"]])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_merge, [(3, "Who", "who did it is missing"), (4, "Who", "who did it is missing")]),
        (_errors, [(2, "Activity", "the cell shows the error #REF!")]),
        (_long_text, [(2, "Activity", "unknown activity “xxx")]),
        (_long_name, [(4, "Name", "the name has 50,000 characters")]),
        (_doubled, [(1, "Count", "“Count” is here twice, and column I is not read")]),
        (_comma_decimals, [(2, "Amount", "“1.234” can mean")]),
        (_no_header_below, []),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_used_is_one_clear_problem(
    team: Team, change: Change, told: list[tuple[int, str, str]]
) -> None:
    """Row, column and reason, in the Problems tab too; all else counts, and the next sync has nothing to do."""
    change(team)
    said = team.desk.ok("sync", "--json").json
    assert [(p["row"], p["column"]) for p in said["problems"]] == [(row, column) for row, column, _ in told]
    for problem, (_, _, what) in zip(said["problems"], told, strict=True):
        assert problem["what"].startswith(what)
    assert said["rows"] == 60
    shown = [row for row in team.browser.values("Problems") if len(row) > 3][1:]
    assert len(shown) == len(told)
    assert all(len(str(cell)) <= 500 for row in shown for cell in row)
    assert team.calls("sync") == [READ]


def test_numbers_are_numbers_in_every_locale_and_time_zone(team: Team) -> None:
    """Where people write 1,5 and live elsewhere: typed numbers and days are read as what they are."""
    team.in_browser(
        {
            "updateSpreadsheetProperties": {
                "properties": {"locale": "de_DE", "timeZone": "Pacific/Auckland"},
                "fields": "locale,timeZone",
            }
        }
    )
    before = team.desk.ok("sync", "--json").json["rows"]
    team.browser.enter("Log", "A62", [["14.10.2026", "Ann", "Order won", "1,5", "1.234,50"]])
    said = team.desk.ok("sync", "--json").json
    assert (said["rows"], said["problems"]) == (before + 1, [])
    (added,) = [a for a in team.desk.ok("export", "activities", "--format", "json").json if a["amount"] == 1234.5]
    assert (added["date"], added["count"]) == (TODAY.isoformat(), 1.5)


def test_a_log_grown_beyond_its_grid(team: Team) -> None:
    """Rows that people added at the bottom are read, and rows are added below them."""
    grid = next(sheet for sheet in team.browser.book.sheets if sheet.title == "Log")
    end = grid.rows
    team.in_browser({"appendDimension": {"sheetId": grid.id, "dimension": "ROWS", "length": 5}})
    team.browser.type("Log", f"A{end + 5}", [[46309, "Ann", "Meeting", 1]])
    assert team.desk.ok("sync", "--json").json["rows"] == 61
    assert team.calls("log", "Meeting", "--who", "Ben") == [READ, WRITE]
    assert team.browser.values("Log")[end + 5][:3] == [46309, "Ben", "Meeting"]
    assert team.desk.ok("sync", "--json").json["rows"] == 62


def test_validation_formats_and_protection_survive(team: Team) -> None:
    """Whatever is synced, logged and imported, what `create` set up stays: rules, looks, widths, protection."""
    before = _set_up(team)
    _rename_tab(team, "Log", 0)
    _insert_column(team, "Weekly", 0)
    changed = _set_up(team)
    for _ in range(3):
        team.desk.ok("log", "Meeting", "--who", "Ann")
        team.desk.ok("sync")
    assert _set_up(team) == changed
    assert {key: value for key, value in changed.items() if key != "Weekly"} == {
        {"Log": "Log (ours)"}.get(key, key): value for key, value in before.items() if key != "Weekly"
    }


def _set_up(team: Team) -> dict[str, Any]:
    """What the spreadsheet's tabs look like but for values, by title."""
    from sheetsync.workbook.google import connect
    from sheetsync.workbook.google.connection import SHEETS

    file = team.desk.folder / "robot.json"
    fields = (
        "sheets(properties.title,conditionalFormats,protectedRanges,data(columnMetadata,"
        "rowData.values(userEnteredFormat,dataValidation,note)))"
    )
    found = connect(file, team.server.endpoint).call(
        "get", f"{SHEETS}/{team.spreadsheet}", about=team.spreadsheet, params={"fields": fields}
    )
    return {
        sheet["properties"]["title"]: {k: v for k, v in sheet.items() if k != "properties"}
        for sheet in found["sheets"]
    }
