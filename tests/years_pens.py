"""How the people of a simulated team type: into the local file as a spreadsheet program saves it, or in the browser.

Only what they type changes; every other part of the file, formulas and charts included, stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol
from zipfile import ZIP_DEFLATED, ZipFile

from lxml import etree

from tests.google_server import OpenBook

Typed = str | float | int | date | None
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_EPOCH = date(1899, 12, 30)


class Pen(Protocol):
    """What changes the cells of a tab: rows and columns count from 1, None clears a cell."""

    def type(self, tab: str, rows: Mapping[int, Mapping[int, Typed]]) -> None:
        """Type these cells."""

    def save(self) -> None:
        """Save what was typed."""


class Browser:
    """Typing in the browser: it is there at once."""

    def __init__(self, book: OpenBook) -> None:
        self._book = book

    def type(self, tab: str, rows: Mapping[int, Mapping[int, Typed]]) -> None:
        """As `Pen`."""
        for row, cells in rows.items():
            for column, value in cells.items():
                text = "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
                self._book.enter(tab, f"{chr(64 + column)}{row}", [[text]])

    def save(self) -> None:
        """Nothing to do."""


@dataclass
class _Sheet:
    tree: Any
    rows: dict[int, Any]
    styles: dict[int, str]


class Program:
    """A spreadsheet program: what is typed is in the file once it is saved, with a rename as most programs do it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: dict[str, tuple[str, _Sheet]] = {}

    def type(self, tab: str, rows: Mapping[int, Mapping[int, Typed]]) -> None:
        """As `Pen`."""
        if tab not in self._open:
            self._open[tab] = self._read(tab)
        sheet = self._open[tab][1]
        for row, cells in sorted(rows.items()):
            _put(sheet, row, cells)

    def save(self) -> None:
        """Write the tabs that changed; the others keep their bytes."""
        changed = {part: _bytes(sheet) for part, sheet in self._open.values()}
        self._open.clear()
        if not changed:
            return
        beside = self._path.with_suffix(".saving")
        with ZipFile(self._path) as before, ZipFile(beside, "w", ZIP_DEFLATED, compresslevel=1) as after:
            for entry in before.infolist():
                after.writestr(entry, changed.get(entry.filename) or before.read(entry), ZIP_DEFLATED, 1)
        beside.replace(self._path)

    def _read(self, tab: str) -> tuple[str, _Sheet]:
        with ZipFile(self._path) as file:
            book = etree.fromstring(file.read("xl/workbook.xml"))
            links = etree.fromstring(file.read("xl/_rels/workbook.xml.rels"))
            targets = {link.get("Id"): link.get("Target") for link in links}
            found = next(sheet for sheet in book.iter(f"{_MAIN}sheet") if sheet.get("name") == tab)
            part = "xl/" + targets[found.get(_REL)].removeprefix("/xl/")
            tree = etree.fromstring(file.read(part))
        rows = {int(row.get("r")): row for row in tree.iter(f"{_MAIN}row")}
        styles = {
            column: each.get("style", "0")
            for each in tree.iter(f"{_MAIN}col")
            for column in range(int(each.get("min")), min(int(each.get("max")), 60) + 1)
        }
        return part, _Sheet(tree, rows, styles)


def _put(sheet: _Sheet, row: int, cells: Mapping[int, Typed]) -> None:
    line = sheet.rows.get(row)
    if line is None:
        data = sheet.tree.find(f"{_MAIN}sheetData")
        line = etree.SubElement(data, f"{_MAIN}row", r=str(row))
        later = [other for number, other in sheet.rows.items() if number > row]
        if later:
            min(later, key=lambda other: int(other.get("r"))).addprevious(line)
        sheet.rows[row] = line
    there = {ord(cell.get("r")[0]) - 64: cell for cell in line}
    for column, value in cells.items():
        if column in there:
            line.remove(there.pop(column))
        if value is not None:
            there[column] = _cell(f"{chr(64 + column)}{row}", sheet.styles.get(column, "0"), value)
    for column in sorted(there):
        line.append(there[column])  # moves one that is there already


def _cell(place: str, style: str, value: str | float | date) -> Any:
    cell = etree.Element(f"{_MAIN}c", r=place, s=style)
    if isinstance(value, str):
        cell.set("t", "inlineStr")
        etree.SubElement(etree.SubElement(cell, f"{_MAIN}is"), f"{_MAIN}t").text = value
    else:
        serial = (value - _EPOCH).days if isinstance(value, date) else value
        etree.SubElement(cell, f"{_MAIN}v").text = repr(serial)
    return cell


def _bytes(sheet: _Sheet) -> bytes:
    dimension = sheet.tree.find(f"{_MAIN}dimension")
    if dimension is not None:
        first, _, last = dimension.get("ref").partition(":")
        dimension.set("ref", f"{first}:{(last or first).rstrip('0123456789')}{max(sheet.rows)}")
    content: bytes = etree.tostring(sheet.tree, xml_declaration=True, encoding="UTF-8", standalone=True)
    return content
