"""Tool tabs made anew in their places: sheet, charts and notes are those of a workbook generated anew, and the parts
that only the old tab used leave the file.
"""

from collections.abc import Mapping
from typing import Any

from sheetsync.cells import Cell, column_letters
from sheetsync.live import live_cells
from sheetsync.periods import Calendar
from sheetsync.template import Tab, WorkbookTemplate
from sheetsync.workbook.xlsx.archive import Archive
from sheetsync.workbook.xlsx.package import CONTENT_TYPES, Package, relations_of
from sheetsync.workbook.xlsx.parts import MAIN, Transplant, bytes_of, name_in, reached, tree_of
from sheetsync.workbook.xlsx.restoring import MadeTabs, TabList

Choices = Mapping[tuple[int, int], Cell]
"""What people chose, by 0-based row and column."""


def choices_of(template: WorkbookTemplate, tab: Tab, calendar: Calendar, grid: list[list[Cell]]) -> Choices:
    """What people chose in a tab that reads as `grid`, at the places it has in the tab as it is made.

    A choice is found by the text before it, for the lines above a header may have been others.
    """
    cells = live_cells(template, tab, calendar)
    kept = {}
    for (row, column), cell in cells.items():
        if cell.look == "choice":
            label = cells[row, column - 1].text
            there = (cells for cells in grid if len(cells) > column and cells[column - 1] == label)
            kept[row, column] = next(there, [None] * (column + 1))[column]
    return {place: value for place, value in kept.items() if value is not None}


def with_tabs_remade(
    archive: Archive,
    package: Package,
    fresh: tuple[Archive, Package],
    choices: Mapping[str, Choices],
    *,
    version: int,
    base: Mapping[str, bytes],
) -> tuple[dict[str, bytes], frozenset[str]]:
    """The members that change or are new, and those that go, when the tabs with the keys of `choices` are made anew.

    The workbook says then that it is of this version of its template. `base` are members that change already.
    """
    made, listed = MadeTabs(archive, package, fresh), TabList(archive, package, base)
    brought = Transplant(fresh[0], archive)
    parts = {key: package.parts[package.titles[key]] for key in choices}
    for key, part in parts.items():
        sheet, place = made.sheet(key), listed.place(package.titles[key])
        _choose(sheet, choices[key])
        brought.bring(made.part(key), bytes_of(sheet), part)
        listed.dress(place, hidden=made.is_hidden(key))
        listed.name(key, made.names(key), place)
    listed.set_version(version)
    gone = _used_by_these_alone(archive, frozenset(parts.values())) - brought.contents.keys()
    content_types = tree_of(base.get(CONTENT_TYPES) or archive.read(CONTENT_TYPES), CONTENT_TYPES)
    for declared in list(content_types):
        if name_in(declared) == "Override" and declared.get("PartName").lstrip("/") in gone:
            content_types.remove(declared)
    brought.declared_in(content_types)
    return {**base, **listed.members, **brought.contents, CONTENT_TYPES: bytes_of(content_types), **made.styles}, gone


def _used_by_these_alone(archive: Archive, parts: frozenset[str]) -> frozenset[str]:
    """What only these parts lead to, relations included."""
    others = reached(archive, "", stop=parts)
    alone = {part for own in parts for part in reached(archive, own)} - others
    relations = {relations_of(part) for part in alone | parts}
    return frozenset(member for member in (alone | relations) - parts if member in archive)


def _choose(sheet: Any, choices: Choices) -> None:
    names = {f"{column_letters(column)}{row + 1}": value for (row, column), value in choices.items()}
    for cell in sheet.iterfind("{*}sheetData/{*}row/{*}c"):
        if cell.get("r") in names:
            value = names[cell.get("r")]
            text = cell.makeelement(f"{{{MAIN}}}is", {})
            text.append(text.makeelement(f"{{{MAIN}}}t", {}))
            text[0].text = str(value)
            cell.append(text)
            cell.set("t", "inlineStr")
