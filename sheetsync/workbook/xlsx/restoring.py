"""Tabs made again: they come out of a workbook generated anew and are appended to the person's file.

The new tabs stand at the end, so no other tab changes its place, nor what is said about it. What other tabs lost when
a tab was deleted (formulas and lists that became #REF!) is not mended.
"""

import posixpath
from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any

from sheetsync.workbook.xlsx.archive import Archive
from sheetsync.workbook.xlsx.package import CONTENT_TYPES, MARK, Package, relations_of
from sheetsync.workbook.xlsx.parts import MAIN, Transplant, bytes_of, related, tree_of
from sheetsync.workbook.xlsx.styles import Styles

_RELATION_IDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def with_tabs_of(
    archive: Archive,
    package: Package,
    fresh: tuple[Archive, Package],
    keys: Collection[str],
    base: Mapping[str, bytes],
) -> dict[str, bytes]:
    """The members that change or are new when the tabs with these keys come over from a generated workbook.

    `base` are members that change already; all others keep their bytes. Text comes over inline and styles are added
    to the file's own, so the styles and texts of other tabs are what they were.
    """
    source, made = fresh
    listed = _Workbook(archive, package, base)
    table = related(archive, package.workbook_part, "styles")
    styles = Styles(archive.read(table), source.read(related(source, made.workbook_part, "styles")))
    strings = _shared_strings(source, made)
    brought = Transplant(source, archive)
    for key in keys:
        title = made.titles[key]
        part = made.parts[title]
        sheet = tree_of(source.read(part), part)
        _settle(sheet, strings, styles)
        listed.add(title, brought.bring(part, bytes_of(sheet)))
        listed.name(key, _names(source, made, key))
    content_types = tree_of(base.get(CONTENT_TYPES) or archive.read(CONTENT_TYPES), CONTENT_TYPES)
    brought.declared_in(content_types)
    changed = {**base, **listed.members, **brought.contents, CONTENT_TYPES: bytes_of(content_types)}
    return changed if styles.xml == archive.read(table) else {**changed, table: styles.xml}


class _Workbook:
    """The workbook part and its relations, to which tabs are added."""

    def __init__(self, archive: Archive, package: Package, base: Mapping[str, bytes]) -> None:
        self._part, self._relations_part = package.workbook_part, relations_of(package.workbook_part)
        self._tree, self._relations = (
            tree_of(base.get(part) or archive.read(part), part) for part in (self._part, self._relations_part)
        )
        self._sheets = self._tree.find("{*}sheets")

    @property
    def members(self) -> dict[str, bytes]:
        """The two parts as they are now."""
        return {self._part: bytes_of(self._tree), self._relations_part: bytes_of(self._relations)}

    def add(self, title: str, part: str) -> None:
        """List a tab after all others."""
        used = {relation.get("Id") for relation in self._relations}
        id_ = next(id_ for n in range(1, len(used) + 2) if (id_ := f"rId{n}") not in used)
        relation = self._relations.makeelement(self._relations.tag.removesuffix("s"), {})
        target = posixpath.relpath(part, posixpath.dirname(self._part))
        for name, value in (("Id", id_), ("Type", f"{_RELATION_IDS}/worksheet"), ("Target", target)):
            relation.set(name, value)
        self._relations.append(relation)
        number = max((int(sheet.get("sheetId")) for sheet in self._sheets.iterfind("{*}sheet")), default=0) + 1
        sheet = self._sheets.makeelement(f"{{{MAIN}}}sheet", {"name": title, "sheetId": str(number)})
        sheet.set(f"{{{_RELATION_IDS}}}id", id_)
        self._sheets.append(sheet)

    def name(self, key: str, names: Collection[Any]) -> None:
        """Give the tab listed last its defined names: its mark anew, wherever that pointed, and those of its own."""
        defined = self._tree.find("{*}definedNames")
        for name in defined.findall("{*}definedName"):
            if name.get("name") == MARK + key and name.get("localSheetId") is None:
                defined.remove(name)
        last = sum(1 for _ in self._sheets.iterfind("{*}sheet")) - 1
        for name in names:
            new = deepcopy(name)
            if new.get("localSheetId") is not None:
                new.set("localSheetId", str(last))
            defined.append(new)


def _names(source: Archive, made: Package, key: str) -> list[Any]:
    """The defined names of a tab: its mark, and what is printed and filtered."""
    workbook = tree_of(source.read(made.workbook_part), made.workbook_part)
    place = str(list(made.parts).index(made.titles[key]))
    return [
        name
        for name in workbook.iterfind("{*}definedNames/{*}definedName")
        if name.get("localSheetId") == place or name.get("name") == MARK + key
    ]


def _shared_strings(source: Archive, made: Package) -> list[Any]:
    part = related(source, made.workbook_part, "sharedStrings")
    return list(tree_of(source.read(part), part))


def _settle(sheet: Any, strings: list[Any], styles: Styles) -> None:
    """Make a tab independent of the file that it comes from."""
    for view in sheet.iterfind("{*}sheetViews/{*}sheetView"):
        # Two selected tabs would be a group, in which typing changes both.
        view.attrib.pop("tabSelected", None)
    known: dict[str, str] = {}
    for path, attribute in (("{*}cols/{*}col", "style"), ("{*}sheetData/{*}row", "s"), (".//{*}c", "s")):
        for element in sheet.iterfind(path):
            if (number := element.get(attribute)) is not None:
                element.set(attribute, known.get(number) or known.setdefault(number, styles.cell(number)))
    for rule in sheet.iter("{*}cfRule"):
        if rule.get("dxfId") is not None:
            rule.set("dxfId", styles.rule(rule.get("dxfId")))
    for cell in sheet.iterfind("{*}sheetData/{*}row/{*}c[@t='s']"):
        value = cell.find("{*}v")
        text = cell.makeelement(f"{{{MAIN}}}is", {})
        text.extend(deepcopy(list(strings[int(value.text)])))
        cell.replace(value, text)
        cell.set("t", "inlineStr")
