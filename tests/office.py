"""LibreOffice as a person's spreadsheet program: it opens a workbook, computes every formula anew, and saves it.

    book = computed(path, tmp_path / "office")    # a workbook of openpyxl, with what the formulas come to

Like Excel, and unlike LibreOffice as it is installed, it trusts no stored result here.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sheetsync.cells import Cell, serial
from sheetsync.live import FIRST_VALUE, choice_cell, live_cells
from sheetsync.periods import Calendar
from sheetsync.template import MOST_VALUES, WorkbookTemplate

SOFFICE = shutil.which("soffice")
_TRUST_NOTHING = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode"><value>0</value></prop>
</item>
</oor:items>
"""


def needs_office(test: Any) -> Any:
    """Mark a test, or a class of them, as one that needs LibreOffice."""
    skipped = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")
    return pytest.mark.libreoffice(skipped(test))


def saved(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it in a folder, all formulas computed."""
    user = folder / "profile" / "user"
    user.mkdir(parents=True, exist_ok=True)
    (user / "registrymodifications.xcu").write_text(_TRUST_NOTHING, encoding="utf-8")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [SOFFICE or "", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return folder / path.name


def computed(path: Path, folder: Path) -> Any:
    """What every cell of the workbook comes to."""
    return openpyxl.load_workbook(saved(path, folder), data_only=True)


def workbook(path: Path, tabs: Mapping[str, Sequence[Sequence[Cell]]]) -> Path:
    """A workbook with these tabs; what begins with = is a formula, and has no stored result."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, grid in tabs.items():
        sheet = book.create_sheet(title)
        for row in grid:
            sheet.append(list(row))
    book.save(path)
    return path


def board(
    template: WorkbookTemplate, chosen: Mapping[str, Cell], rows: Sequence[Sequence[Cell]], day: date | None = None
) -> dict[str, list[list[Cell]]]:
    """The first dashboard and the tab of its values as cells, by title: with choices, and these rows of values.

    `day` is today to its formulas, None: what the program's clock says.
    """
    found: dict[str, list[list[Cell]]] = {}
    dashboard, series = template.first("dashboard"), template.first("series")
    assert dashboard and series
    for tab in (dashboard, series):
        grid: list[list[Cell]] = [[None] * (FIRST_VALUE + MOST_VALUES) for _ in range(tab.header_row)]
        for (row, column), cell in live_cells(template, tab, Calendar()).items():
            formula = cell.formula.replace("TODAY()", str(serial(day))) if day else cell.formula
            grid[row][column] = formula or cell.text or None
        for shown, choice in chosen.items():
            place = choice_cell(template, shown)
            if place and place[0].key == tab.key:
                grid[place[1]][place[2]] = choice
        found[tab.title] = grid
    found[series.title] += [list(row) for row in rows]
    return found
