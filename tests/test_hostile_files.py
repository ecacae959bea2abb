"""Hostile workbooks in real files and on the local Google: from the cells to the summaries, the terminal, the emails.

SHEETSYNC_FUZZ_FILES=200 tries that many of each kind, for a long run by hand.
"""

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from sheetsync.cells import Cell
from sheetsync.template import TOOL_ROLES, WorkbookTemplate
from sheetsync.workbook.xlsx import open_workbook
from tests.builders import SALES, of_tabs
from tests.cli import Desk, Result, small_desk
from tests.hostile_sheets import Hostile, hostile_workbook, seems_blank
from tests.test_workbook_xlsx_hostile import member, part_of, rezip

if TYPE_CHECKING:
    from tests.google_team import Team

EXAMPLES = int(os.environ.get("SHEETSYNC_FUZZ_FILES", "3"))
# The desks' template, which has no tab Daily.
LEAN: WorkbookTemplate = of_tabs(SALES, [tab for tab in SALES.tabs if tab.key != "daily"])
TELLING = re.compile(r"log +([\d,]+) rows? read, ([\d,]+) count")


def storable(cell: Cell, longest: int) -> Cell:
    """The cell as a spreadsheet program would let it in."""
    if isinstance(cell, str):
        text = cell.encode("utf-16-le", "ignore").decode("utf-16-le", "ignore")
        return re.sub("[\ufffe\uffff]", "", str(ILLEGAL_CHARACTERS_RE.sub("", text)))[:longest]
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    return float(cell) if type(cell) is int and abs(cell) >= 1 << 53 else cell


def grids_of(workbook: Mapping[str, Hostile], longest: int) -> dict[str, list[list[Cell]]]:
    """What is typed, by title."""
    return {
        tab.contents.title: [[storable(cell, longest) for cell in row] for row in tab.contents.grid]
        for tab in workbook.values()
    }


def type_into_file(desk: Desk, random: Random) -> None:
    """Somebody pastes all that over the tabs, merges cells, hides rows and columns, and saves."""
    with desk.edited() as book:
        for title, grid in grids_of(hostile_workbook(LEAN, random, rows=8), 32_767).items():
            sheet = book[title]
            sheet.delete_rows(1, sheet.max_row)
            for row, cells in enumerate(grid, start=1):
                for column, cell in enumerate(cells, start=1):
                    if cell is not None:
                        sheet.cell(row, column).value = cell
            if random.random() < 0.3:
                top = len(grid) + random.randint(1, 3)
                sheet.merge_cells(start_row=top, end_row=top + 2, start_column=1, end_column=random.randint(2, 4))
                sheet.cell(top, 1).value = "merged"
            if random.random() < 0.3:
                sheet.row_dimensions[random.randint(1, 5)].hidden = True
                sheet.column_dimensions["B"].hidden = True


def formulas_in(desk: Desk) -> set[tuple[str, str]]:
    """Where formulas stand in the tool's tabs."""
    book = load_workbook(desk.workbook)
    return {
        (title, cell.coordinate)
        for title in (tab.title for tab in LEAN.tabs if tab.role in TOOL_ROLES)
        for row in book[title].iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def rows_read(result: Result) -> tuple[int, int]:
    """How many rows a sync says that it read, and that count."""
    told = TELLING.search(result.out)
    assert told, result
    return int(told[1].replace(",", "")), int(told[2].replace(",", ""))


def no_crash(result: Result) -> None:
    """Done, or one line that says what is wrong."""
    assert "Traceback" not in result.err, result
    if result.code:
        assert len(result.err.splitlines()) == 1 and result.err.startswith("sheetsync: "), result


def everything(desk: Desk) -> Result:
    """A first sync, a second one that changes nothing, and all commands that read what was synced."""
    synced = desk.run("sync", "--accept-removals")
    assert (synced.code, synced.err) == (0, ""), synced
    again = desk.run("sync")
    assert again.code == 0 and "nothing to write" in again.out and "0 new, 0 gone" in again.out, again
    for command in (
        ("status",), ("export", "activities", "--format", "csv"), ("export", "rollups", "--format", "json"),
        ("email", "preview"),
    ):  # fmt: skip
        no_crash(desk.run(*command))
    return synced


def filled_rows(grid: list[list[Any]]) -> int:
    """The rows of the log below its titles in which something stands under one of them."""
    titles = {column.title.casefold(): column.key for column in LEAN.tab("log").columns}
    header = max(range(min(len(grid), 12)), key=lambda at: len({_folded(cell) for cell in grid[at]} & titles.keys()))
    known = [at for at, cell in enumerate(grid[header]) if _folded(cell) in titles]
    return sum(any(at < len(row) and not seems_blank(row[at]) for at in known) for row in grid[header + 1 :])


def _folded(cell: Any) -> str:
    return " ".join(str(cell).replace("\u200b", " ").split()).casefold()


@pytest.mark.parametrize("number", range(EXAMPLES))
def test_a_hostile_file(tmp_path: Path, number: int) -> None:
    """All commands work; every row is counted or told; a second sync changes nothing; no text becomes a formula."""
    desk = small_desk(tmp_path)
    type_into_file(desk, Random(number))
    before = formulas_in(desk)
    synced = everything(desk)
    read, counted = rows_read(synced)
    contents = open_workbook(desk.workbook, LEAN).read()
    assert read >= filled_rows(contents["log"].grid) and counted <= read
    refused = len({row[1] for row in desk.values("Problems") if row[:1] == ("Log",)})
    assert filled_rows(contents["log"].grid) - refused <= counted
    assert formulas_in(desk) == before


@pytest.mark.parametrize("number", range(EXAMPLES))
def test_a_hostile_spreadsheet(team: "Team", number: int) -> None:
    """The same on Google, where a cell holds 50,000 characters."""
    browser, workbook = team.browser, hostile_workbook(LEAN, Random(1_000 + number), rows=8)
    for title, grid in grids_of(workbook, 50_000).items():
        browser.type(title, "A1", [[""] * len(row) for row in browser.values(title)])
        browser.type(title, "A1", grid)
    before = _google_formulas(team)
    read, counted = rows_read(everything(team.desk))
    log = browser.values("Log")
    assert read >= filled_rows(log) and counted <= read
    refused = len({row[1] for row in browser.values("Problems") if row[:1] == ["Log"]})
    assert filled_rows(log) - refused <= counted
    assert _google_formulas(team) == before


def _google_formulas(team: "Team") -> set[tuple[str, Any]]:
    tools = {tab.title for tab in LEAN.tabs if tab.role in TOOL_ROLES}
    return {
        (sheet.title, place) for sheet in team.browser.book.sheets if sheet.title in tools for place in sheet.formulas
    }


FORMULAS = [
    ("=TODAY()", "has no lasting result"), ("=NOW()-1", "has no lasting result"),
    ('=IMPORTRANGE("x","A1")', "has no lasting result"), ("=A2", "has no lasting result"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "told"), FORMULAS)
def test_formulas_that_no_program_has_worked_out(tmp_path: Path, formula: str, told: str) -> None:
    """A formula without a stored result is a problem and no blank cell, at each sync."""
    desk = small_desk(tmp_path)
    with desk.edited() as book:
        book["Log"].append([formula, "Ann", "Cold call", 1])
        book["Log"].append(["2026-10-12", "Ann", "Cold call", "=RAND()"])
    for _ in range(2):
        synced = desk.ok("sync")
        assert rows_read(synced) == (62, 60) and "0 new, 0 gone" in synced.out
    problems = [row for row in desk.values("Problems") if row[0] == "Log"]
    assert [(row[1], row[2]) for row in problems] == [(62, "Date"), (63, "Count")]
    assert told in str(problems[0][3]) and "=RAND()" in str(problems[1][3])


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (b'<c r="A62"><f>TODAY()</f><v>46309</v></c>', "=TODAY()"),
        (b'<c r="A62"><f t="shared" ref="A62:A63" si="7">NOW()</f><v>46309</v></c>', "=NOW()"),
        (b"<c r='A62'><f>&quot;20&quot;&amp;RANDBETWEEN(10,26)</f><v>2026</v></c>", '="20"&RANDBETWEEN(10,26)'),
        (b'<c r="A62"><f>A61</f></c>', "=A61"), (b'<c r="A62"><f>A61</f><v/></c>', "=A61"),
        (b'<c r="A62"><f/></c>', "="),
        (b'<c r="A62"><f>A61</f><v>46309</v></c>', ""), (b'<c r="A62" t="str"><f>IF(1,"")</f><v></v></c>', "missing"),
    ],
)  # fmt: skip
def test_formulas_whose_result_does_not_last(tmp_path: Path, cell: bytes, told: str) -> None:
    """=TODAY() would be another activity every day: a problem, whatever it came to. Others count as they are."""
    desk = small_desk(tmp_path)
    part = part_of(desk.workbook, "Log")
    row = (
        b'<row r="62">%s<c r="B62" t="inlineStr"><is><t>Ann</t></is></c>'
        b'<c r="C62" t="inlineStr"><is><t>Cold call</t></is></c></row></sheetData>' % cell
    )
    rezip(desk.workbook, {part: member(desk.workbook, part).replace(b"</sheetData>", row)})
    synced = desk.ok("sync")
    assert rows_read(synced) == (61, 60 if told else 61)
    assert told in " ".join(str(row[3]) for row in desk.values("Problems") if row[0] == "Log")
