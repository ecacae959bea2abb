"""Choosing whose charts to show, from outside: a sync keeps the choice and stores what a program computes."""

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from sheetsync.cells import column_letters
from sheetsync.config import find_template
from sheetsync.live import FIRST_VALUE, FRESH, NEVER_SYNCED, NOTHING_CHOSEN, values_of
from sheetsync.template import Tab
from tests import office
from tests.builders import SALES
from tests.cli import Desk, Result, new_desk, small_desk
from tests.office import needs_office

BOARD, SERIES = SALES.tab("dashboard"), SALES.tab("series")
_CELLS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def at(tab: Tab, line: str) -> int:
    """The 0-based row of a line above a tab's titles."""
    return next(row for row, shown in tab.lines.items() if shown == line)


def choose(desk: Desk, who: str | None, activity: str | None) -> None:
    """Choose in the dashboard."""
    typed = {f"B{at(BOARD, 'choose_who') + 1}": who, f"B{at(BOARD, 'choose_activity') + 1}": activity}
    retype(desk, BOARD.title, typed)


def retype(desk: Desk, title: str, typed: Mapping[str, str | None]) -> None:
    """Type into cells of a tab, as a program does that changes nothing else in the file."""
    members = {}
    with zipfile.ZipFile(desk.workbook) as archive:
        for info in archive.infolist():
            members[info.filename] = archive.read(info)
    part = _part_of(members, title)
    sheet = etree.fromstring(members[part])
    for name, text in typed.items():
        (cell,) = sheet.iterfind(f".//{_CELLS}c[@r='{name}']")
        for child in list(cell):
            cell.remove(child)
        cell.attrib.pop("t", None)
        if text is not None:
            cell.set("t", "inlineStr")
            etree.SubElement(etree.SubElement(cell, f"{_CELLS}is"), f"{_CELLS}t").text = text
    members[part] = etree.tostring(sheet, xml_declaration=True, encoding="UTF-8", standalone=True)
    with zipfile.ZipFile(desk.workbook, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _part_of(members: dict[str, bytes], title: str) -> str:
    book = etree.fromstring(members["xl/workbook.xml"])
    (sheet,) = [s for s in book.iter(f"{_CELLS}sheet") if s.get("name") == title]
    number = sheet.get("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id")
    links = etree.fromstring(members["xl/_rels/workbook.xml.rels"])
    (link,) = [link for link in links if link.get("Id") == number]
    return "xl/" + str(link.get("Target")).removeprefix("/xl/")


Rows = list[tuple[Any, ...]]


def drawn(desk: Desk) -> Rows:
    """What the file has in the tab of the charts' values."""
    return desk.values(SERIES.title)


def stored(rows: Rows, line: str) -> list[Any]:
    """What is stored for a line of a chart: its key, and its values."""
    row = rows[at(SERIES, line)]
    return [row[0], *row[FIRST_VALUE : FIRST_VALUE + values_of(line)]]


def row_of(rows: Rows, key: str, length: int = 13) -> list[Any]:
    """The values that a sync wrote for a key, those that are not there as #N/A."""
    (row,) = [row for row in rows[SERIES.header_row :] if row[0] == key]
    values = [*row[FIRST_VALUE:], *[None] * length][:length]
    return ["#N/A" if value is None else value for value in values]


def hints(desk: Desk) -> list[str]:
    """What stands beside the two choices."""
    rows = desk.values(BOARD.title)
    return [rows[at(BOARD, shown)][2] or "" for shown in ("choose_who", "choose_activity")]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann's and Ben's workbook, synced."""
    return small_desk(tmp_path)


def test_a_fresh_workbook_draws_everyones_first_activity(desk: Desk) -> None:
    """Nothing is chosen: the banner says that all is fresh, and hints what is drawn and what one may choose."""
    board = desk.values(BOARD.title)
    assert board[at(BOARD, "banner")][0] == FRESH
    assert hints(desk) == ["← Revenue of everyone; or choose a person", "← Cold call; or choose another"]
    rows = drawn(desk)
    assert stored(rows, "done") == ["||done", *row_of(rows, "||done")]
    assert sum(row_of(rows, "||done")) > 0 and row_of(rows, "||done") == row_of(rows, "|Cold call|done")
    assert stored(rows, "so_far") == ["||so_far", *row_of(rows, "||so_far", 54)]


def test_a_choice_is_kept_and_drawn(desk: Desk) -> None:
    """It is no typing where only sheetsync writes: no problem, and the stored values are those of the choice."""
    choose(desk, "Ann", "Order won")
    report = desk.ok("sync", "--json").json
    assert report["problems"] == [] and report["written"] == {}
    board = desk.values(BOARD.title)
    assert [board[at(BOARD, shown)][1] for shown in ("choose_who", "choose_activity")] == ["Ann", "Order won"]
    rows = drawn(desk)
    assert stored(rows, "done") == ["Ann|Order won|done", *row_of(rows, "Ann|Order won|done")]
    assert stored(rows, "target") == ["Ann|Order won|target", *["#N/A"] * 13]
    assert stored(rows, "so_far") == ["Ann||so_far", *row_of(rows, "Ann||so_far", 54)]
    assert hints(desk) == ["← Revenue", "← Order won"]


def test_a_second_sync_writes_nothing(desk: Desk) -> None:
    """Neither with a choice nor without one, nor after it was changed and taken back."""
    for who, activity in (("Ben", "Order won"), ("nobody", "nothing"), (None, None)):
        choose(desk, who, activity)
        desk.ok("sync")
        before = desk.workbook.read_bytes()
        assert "nothing to write" in desk.ok("sync").out
        assert desk.workbook.read_bytes() == before


def test_a_choice_that_nobody_has_says_so(desk: Desk) -> None:
    """Beside the choice, in words; the charts are empty, not zero."""
    choose(desk, "Zoe", "Cold call")
    desk.ok("sync")
    assert hints(desk) == [NOTHING_CHOSEN, NOTHING_CHOSEN]
    rows = drawn(desk)
    for line in ("done", "target", "so_far", "pace"):
        assert set(stored(rows, line)[1:]) == {"#N/A"}


def test_a_dry_run_leaves_the_choice_alone(desk: Desk) -> None:
    """Nothing is stored, and nothing is said to be written: a choice is no news."""
    choose(desk, "Ann", None)
    before = desk.state()
    assert "nothing to write" in desk.ok("sync", "--dry-run").out
    assert desk.state() == before


def test_new_rows_move_the_charts(desk: Desk) -> None:
    """What is logged is in the drawn values after the next sync, for whoever is chosen."""
    choose(desk, "Ann", "Cold call")
    desk.ok("sync")
    before = stored(drawn(desk), "done")
    desk.ok("log", "Cold call", "5", "--who", "Ann")
    desk.ok("sync")
    after = stored(drawn(desk), "done")
    assert after[:-1] == before[:-1] and after[-1] == before[-1] + 5


@pytest.mark.parametrize("template", ["solo", "job-search"])
def test_every_built_in_template_settles(tmp_path: Path, template: str) -> None:
    """Created, the banner says that no sync has run; then one sync writes all there is, and a second one nothing."""
    desk = new_desk(tmp_path, "--template", template)
    desk.ok("create", "--examples")
    board = find_template(template, desk.folder).first("dashboard")
    assert board
    assert desk.values(board.title)[at(board, "banner")][0] == NEVER_SYNCED
    desk.ok("sync")
    assert desk.values(board.title)[at(board, "banner")][0] == FRESH
    before = desk.workbook.read_bytes()
    assert "nothing to write" in desk.ok("sync").out
    assert desk.workbook.read_bytes() == before


@needs_office
@pytest.mark.parametrize(("who", "activity"), [(None, None), ("ANN", "cold CALL")])
def test_what_is_stored_is_what_a_program_computes(
    desk: Desk, tmp_path: Path, who: str | None, activity: str | None
) -> None:
    """Every value of the charts, and the hint; links lead to today's rows, and no formula comes to an error."""
    choose(desk, who, activity)
    desk.ok("sync")
    book = office.computed(desk.workbook, tmp_path / "office")
    rows = [list(row) for row in book[SERIES.title].iter_rows(max_row=SERIES.header_row - 1, values_only=True)]
    before = drawn(desk)
    for line in SERIES.lines.values():
        row = rows[at(SERIES, line)]
        assert [row[0], *row[FIRST_VALUE : FIRST_VALUE + values_of(line)]] == stored(before, line), line
    board = [list(row) for row in book[BOARD.title].iter_rows(max_row=BOARD.header_row, values_only=True)]
    assert [board[at(BOARD, shown)][2] or "" for shown in ("choose_who", "choose_activity")] == hints(desk)
    links = [text for text in board[at(BOARD, "links")] if text]
    assert links == [f"▸ {tab.title}" for tab in SALES.with_role("review") if tab.key != "daily"]


@needs_office
def test_a_person_chooses_in_libreoffice(desk: Desk, tmp_path: Path) -> None:
    """It computes and saves the file; the next sync finds the choice, and settles."""
    choose(desk, "Ben", None)
    desk.workbook.write_bytes(office.saved(desk.workbook, tmp_path / "office").read_bytes())
    report = desk.ok("sync", "--json").json
    assert report["problems"] == []
    assert desk.values(BOARD.title)[at(BOARD, "choose_who")][1] == "Ben"
    rows = drawn(desk)
    assert stored(rows, "done") == ["Ben||done", *row_of(rows, "Ben||done")]
    assert "nothing to write" in desk.ok("sync").out
    formula = desk.cells()[SERIES.title][at(SERIES, "done")][FIRST_VALUE]
    assert re.match(rf"=IFERROR\(IF\(INDEX\(\${column_letters(FIRST_VALUE)}\$", str(formula))


def moved(desk: Desk, change: Callable[[Any], None]) -> Result:
    """A sync after somebody changed the Dashboard as a spreadsheet program does."""
    with desk.edited() as book:
        change(book[BOARD.title])
    return desk.ok("sync", "--json")


@pytest.mark.parametrize(
    "change",
    [
        lambda sheet: sheet.insert_rows(2),
        lambda sheet: sheet.delete_rows(at(BOARD, "banner") + 1),
        lambda sheet: sheet.insert_cols(2),
        lambda sheet: sheet.delete_rows(1, 3),
    ],
    ids=["a row put in", "the banner deleted", "a column put in", "three rows deleted"],
)
def test_a_dashboard_that_was_moved_is_made_anew(desk: Desk, change: Callable[[Any], None]) -> None:
    """It reads as before, nothing of it is taken for typing, and the sync after that writes nothing."""
    right = desk.values(BOARD.title)
    assert moved(desk, change).json["problems"] == []
    assert desk.values(BOARD.title) == right
    assert desk.ok("sync", "--json").json["written"] == {}


def test_a_live_cell_that_was_deleted_comes_back(desk: Desk) -> None:
    """Without its banner a dead cron job would look healthy."""
    row = at(BOARD, "banner")
    retype(desk, BOARD.title, {f"A{row + 1}": None})
    desk.ok("sync")
    assert desk.values(BOARD.title)[row][0] == FRESH
    assert "TODAY()" in str(desk.cells()[BOARD.title][row][0])


def test_what_was_typed_in_a_row_put_in_is_kept(desk: Desk) -> None:
    """Also when the tab is made anew: it is listed in Problems."""

    def change(sheet: Any) -> None:
        sheet.insert_rows(2)
        sheet["A2"] = "Ring Bo"

    (problem,) = moved(desk, change).json["problems"]
    assert (problem["tab"], problem["row"], problem["typed"]) == (BOARD.title, 2, "Ring Bo")


def test_a_choice_survives_being_moved(desk: Desk) -> None:
    """It is found by the label before it."""
    choose(desk, "Ann", None)
    desk.ok("sync")
    moved(desk, lambda sheet: sheet.insert_rows(2))
    assert desk.values(BOARD.title)[at(BOARD, "choose_who")][1] == "Ann"


def test_a_dashboard_without_all_lines_is_left_alone(tmp_path: Path) -> None:
    """A choice of people beside weekly charts alone has no hint to miss: a second sync writes nothing."""
    desk = new_desk(tmp_path)
    trend = '[{kind: trend, title: "The last 13 weeks"}]'
    desk.file(
        "mine.yaml",
        "extends: sales\nname: mine\ntabs:\n"
        f"  - {{key: dashboard, charts: {trend}}}\n"
        '  - {key: series, intro: ["{done}", "{target}"]}\n',
    )
    desk.configure("template: sales", "template: mine.yaml")
    desk.ok("create", "--examples")
    desk.ok("sync")
    before = desk.workbook.read_bytes()
    assert "nothing to write" in desk.ok("sync").out
    assert desk.workbook.read_bytes() == before
