"""Local workbooks with charts in tests: what a sync writes for them, and what is drawn from what."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from sheetsync.cells import Cell, serial
from sheetsync.live import series_key
from sheetsync.template import Tab, WorkbookTemplate
from sheetsync.workbook import TabWrite
from sheetsync.workbook.xlsx import create, open_workbook
from tests.local_files import (
    Excel,
    LocalFile,
    converted,
    edited,
    members,
    parts_by_title,
    sheet_xml,
)
from tests.workbook_contract import ACTIVITIES, ROWS

DONE: dict[str, list[float]] = {"": [7.0, 8, 9], "Ann": [3.0, 4, 0]}


def choose(path: Path, who: str) -> None:
    """Choose a person, the way a spreadsheet program stores it; openpyxl would drop what formulas came to."""
    chosen = rf'\1 t="inlineStr"><is><t>{who}</t></is></c>'.encode()
    part = parts_by_title(path)["Dashboard"]
    before = sheet_xml(path, part)
    edited(
        path, lambda name, content: re.sub(rb'(<c r="B6" s="\d+")/>', chosen, content) if name == part else content
    )
    assert sheet_xml(path, part) != before


def values_written(sales: WorkbookTemplate) -> TabWrite:
    """What a sync writes for the charts: what is done, for everyone together and for Ann."""
    tab = sales.tab("series")
    rows: list[list[Cell]] = [
        ["as_of", None, serial(date(2026, 1, 5)), "Mon 5 Jan 2026"],
        ["weeks", None, "2026-W01", "2026-W02", "2026-W03"],
        ["year"],
    ]
    rows += [[series_key("done", who, ""), "Cold call", *values] for who, values in DONE.items()]
    grid: list[list[Cell]] = [["not", "ours"] for _ in tab.intro]
    grid += [[column.title for column in tab.columns], *rows]
    return TabWrite("series", [[*row, *[None] * (5 - len(row))] for row in grid], [(0, len(grid))])


def chart_parts(path: Path) -> dict[str, Any]:
    """The charts of the file as trees."""
    return {name: etree.fromstring(xml) for name, (_, xml) in members(path).items() if "/charts/chart" in name}


def drawn_from(chart: Any) -> list[str]:
    """The references to cells in a chart."""
    return [str(formula.text) for formula in chart.iter("{*}f")]


def saved_with_charts(sales: WorkbookTemplate, folder: Path) -> Path:
    """A synced workbook in which Ann was chosen, saved by LibreOffice."""
    (folder / "made").mkdir()
    path = folder / "made" / "goals.xlsx"
    create(path, sales, 2026, "x", ROWS, ACTIVITIES)
    open_workbook(path, sales).write([values_written(sales)])
    choose(path, "Ann")
    with Excel(path).opened():
        pass  # openpyxl drops what formulas came to, so that LibreOffice computes
    return converted(path, "xlsx", folder / "saved")


class ChartedFile(LocalFile):
    """What tests of a workbook's charts begin with."""

    @pytest.fixture
    def board(self, sales: WorkbookTemplate) -> Tab:
        """The tab with choices and charts."""
        return sales.tab("dashboard")

    @pytest.fixture
    def series(self, sales: WorkbookTemplate) -> Tab:
        """The tab with their values."""
        return sales.tab("series")
