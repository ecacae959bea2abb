"""Local workbooks in tests: one with the rows of the contract, somebody who edits it, and what its parts are."""

import re
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import openpyxl.chart
import openpyxl.styles
import pytest
from lxml import etree

from sheetsync.cells import Cell
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook.xlsx import XlsxWorkbook, create, open_workbook
from tests.workbook_contract import ACTIVITIES, ROWS

SOFFICE = shutil.which("soffice")


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


def members(path: Path) -> dict[str, tuple[bytes, bytes]]:
    """Each member of the file: its local header with the stored bytes, and its contents."""
    found = {}
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name, extra = struct.unpack_from("<HH", data, info.header_offset + 26)
            end = info.header_offset + 30 + name + extra + info.compress_size
            found[info.filename] = (data[info.header_offset : end], archive.read(info))
    return found


def changed_members(before: dict[str, tuple[bytes, bytes]], path: Path) -> set[str]:
    """The members whose stored bytes differ, in the same order and under the same names."""
    after = members(path)
    assert list(after) == list(before)
    return {name for name, stored in after.items() if stored != before[name]}


def edited(path: Path, edit: Callable[[str, bytes], bytes | None]) -> None:
    """Rewrite each member of the file the way another program might; None drops it."""
    with zipfile.ZipFile(path) as archive:
        contents = [(info.filename, edit(info.filename, archive.read(info))) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents:
            if content is not None:
                archive.writestr(name, content)


def part_of(path: Path, sales: WorkbookTemplate, key: str) -> str:
    """The member that holds a tab, in a file as `create` made it."""
    return f"xl/worksheets/sheet{[tab.key for tab in sales.tabs].index(key) + 1}.xml"


def sheet_xml(path: Path, part: str) -> str:
    """The XML of a part."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(part).decode()


def converted(path: Path, format_: str, folder: Path) -> Path:
    """The file as LibreOffice saves it in another format or folder."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [SOFFICE or "", profile, "--headless", "--convert-to", format_, "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return folder / path.with_suffix(f".{format_}").name


class LocalFile:
    """What tests of a local workbook begin with."""

    @pytest.fixture
    def path(self, tmp_path: Path, sales: WorkbookTemplate) -> Path:
        """A workbook with the rows of the contract."""
        path = tmp_path / "goals.xlsx"
        create(path, sales, 2026, "Sales goals 2026", ROWS, ACTIVITIES)
        return path

    @pytest.fixture
    def workbook(self, path: Path, sales: WorkbookTemplate) -> XlsxWorkbook:
        """The workbook, open."""
        return open_workbook(path, sales)

    @pytest.fixture
    def person(self, path: Path) -> Excel:
        """Somebody who edits the file."""
        return Excel(path)


def everything(sheet: Any) -> dict[str, Any]:
    """What a tab holds and looks like, as openpyxl sees it."""
    cells = {cell.coordinate: (cell.value, look(cell)) for row in sheet.iter_rows() for cell in row}
    notes = {c.coordinate: c.comment.text for row in sheet.iter_rows() for c in row if c.comment}
    columns = {
        name: (column.min, column.max, round(column.width, 2), column.hidden, look(column))
        for name, column in sheet.column_dimensions.items()
    }
    checks = sorted(
        (str(v.sqref), v.type, v.formula1, v.formula2, v.error, v.prompt, v.errorStyle)
        for v in sheet.data_validations.dataValidation
    )
    rules = sorted(
        (str(area.sqref), rule.type, rule.priority, rule.formula, shown(rule.dxf))
        for area in sheet.conditional_formatting
        for rule in area.rules
    )
    page = (sheet.print_title_rows, sheet.page_setup.orientation, sheet.oddFooter.center.text)
    view = (sheet.freeze_panes, sheet.sheet_view.showGridLines, sheet.sheet_properties.tabColor.rgb)
    filtered = sheet.auto_filter.ref
    heights = {number: row.height for number, row in sheet.row_dimensions.items() if row.height}
    return {
        "cells": cells, "notes": notes, "columns": columns, "checks": checks, "rules": rules, "page": page,
        "view": view, "filtered": filtered, "heights": heights,
    }  # fmt: skip


def look(styled: Any) -> tuple[str, ...]:
    """A cell's or column's style."""
    return (styled.number_format, *(shown(part) for part in (styled.font, styled.fill, styled.border)))


def shown(part: Any) -> str:
    """A piece of a style as text, without the numbers that each file gives to its formats."""
    return re.sub(r"numFmtId=\d+", "", repr(part))


def own_styles(path: Path) -> dict[str, list[bytes]]:
    """The sections of the style table, element by element."""
    table = etree.fromstring(members(path)["xl/styles.xml"][1])
    return {
        etree.QName(section).localname: [etree.tostring(child, method="c14n", exclusive=True) for child in section]
        for section in table
    }


def changed_since(before: Mapping[str, tuple[bytes, bytes]], path: Path) -> tuple[set[str], set[str]]:
    """The members whose stored bytes differ, and the new ones, which stand after all others."""
    after = members(path)
    assert list(after)[: len(before)] == list(before)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    return {name for name in before if after[name] != before[name]}, after.keys() - before.keys()


def parts_by_title(path: Path) -> dict[str, str]:
    """Which member holds which tab."""
    contents = members(path)
    targets = {r.get("Id"): r.get("Target") for r in etree.fromstring(contents["xl/_rels/workbook.xml.rels"][1])}
    sheets = etree.fromstring(contents["xl/workbook.xml"][1]).iterfind(".//{*}sheet")
    parts = {s.get("name"): targets[next(v for k, v in s.items() if k.endswith("}id"))] for s in sheets}
    return {title: "xl/" + target.removeprefix("/xl/").removeprefix("xl/") for title, target in parts.items()}
