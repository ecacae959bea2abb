"""The local workbook: the shared contract, and what only a file on disk can promise."""

import datetime
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from sheetsync.cells import Cell
from sheetsync.errors import Busy, ConfigError, GuardTripped
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import TabWrite
from sheetsync.workbook.xlsx import XlsxWorkbook, create, open_workbook
from tests.workbook_contract import ACTIVITIES, ROWS, WorkbookContract, replaced, same


class Excel:
    """A person with a spreadsheet program, which openpyxl stands for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """The workbook, saved afterwards."""
        book = openpyxl.load_workbook(self.path)
        yield book
        book.save(self.path)

    def type(self, tab: str, row: int, column: int, value: Cell) -> None:
        """Type a value into a cell."""
        with self.opened() as book:
            book[tab].cell(row, column).value = value

    def values(self, tab: str) -> list[list[Cell]]:
        """What the tab shows."""
        book = openpyxl.load_workbook(self.path, data_only=True)
        return [list(row) for row in book[tab].iter_rows(values_only=True)]

    def rename_tab(self, old: str, new: str) -> None:
        """Rename a tab; a spreadsheet program changes the names that point into it, openpyxl does not."""
        with self.opened() as book:
            book[old].title = new
            for name in book.defined_names.values():
                if re.match(rf"'?{re.escape(old)}'?!", name.attr_text or ""):
                    name.attr_text = "'" + new.replace("'", "''") + "'!$A$1"

    def delete_tab(self, tab: str) -> None:
        """Delete a tab, which leaves names without a place."""
        with self.opened() as book:
            del book[tab]
            for name in book.defined_names.values():
                if re.match(rf"'?{re.escape(tab)}'?!", name.attr_text or ""):
                    name.attr_text = "#REF!$A$1"


@pytest.fixture
def path(tmp_path: Path, sales: WorkbookTemplate) -> Path:
    """A workbook with the rows of the contract."""
    path = tmp_path / "goals.xlsx"
    create(path, sales, 2026, "Sales goals 2026", ROWS, ACTIVITIES)
    return path


@pytest.fixture
def workbook(path: Path, sales: WorkbookTemplate) -> XlsxWorkbook:
    """The workbook, open."""
    return open_workbook(path, sales)


@pytest.fixture
def person(path: Path) -> Excel:
    """Somebody who edits the file."""
    return Excel(path)


class TestXlsxWorkbook(WorkbookContract):
    """The local file keeps the contract."""
