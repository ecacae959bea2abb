"""Tabs made again: they come out of a workbook generated anew and are appended to the person's file.

The new tabs stand at the end, so no other tab changes its place, nor what is said about it. What other tabs lost when
a tab was deleted (formulas and lists that became #REF!) is not mended.
"""

import posixpath
from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Any

from sheetsync.workbook.xlsx.archive import Archive
from sheetsync.workbook.xlsx.package import CONTENT_TYPES, MARK, VERSION, Package, relations_of
from sheetsync.workbook.xlsx.parts import MAIN, Transplant, bytes_of, related, tree_of
from sheetsync.workbook.xlsx.styles import Styles

_RELATION_IDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_BUILT_IN = "_xlnm."


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
    made, listed = MadeTabs(archive, package, fresh), TabList(archive, package, base)
    brought = Transplant(fresh[0], archive)
    for key in keys:
        place = listed.add(made.title(key), brought.bring(made.part(key), bytes_of(made.sheet(key))))
        listed.dress(place, hidden=made.is_hidden(key))
        listed.name(key, made.names(key), place)
    content_types = tree_of(base.get(CONTENT_TYPES) or archive.read(CONTENT_TYPES), CONTENT_TYPES)
    brought.declared_in(content_types)
    return {**base, **listed.members, **brought.contents, CONTENT_TYPES: bytes_of(content_types), **made.styles}


class MadeTabs:
    """The tabs of a generated workbook, independent of it and with the styles of the file that they go to."""

    def __init__(self, archive: Archive, package: Package, fresh: tuple[Archive, Package]) -> None:
        self._source, self._made = fresh
        self._table = related(archive, package.workbook_part, "styles")
        other = self._source.read(related(self._source, self._made.workbook_part, "styles"))
        self._before = archive.read(self._table)
        self._styles = Styles(self._before, other)
        strings = related(self._source, self._made.workbook_part, "sharedStrings")
        self._strings = list(tree_of(self._source.read(strings), strings))
        self._workbook = tree_of(self._source.read(self._made.workbook_part), self._made.workbook_part)

    @property
    def styles(self) -> dict[str, bytes]:
        """The file's style table, if it has grown."""
        return {} if self._styles.xml == self._before else {self._table: self._styles.xml}

    def title(self, key: str) -> str:
        """A tab's title."""
        return self._made.titles[key]

    def part(self, key: str) -> str:
        """The member that a tab is in."""
        return self._made.parts[self.title(key)]

    def sheet(self, key: str) -> Any:
        """A tab's root element."""
        sheet = tree_of(self._source.read(self.part(key)), self.part(key))
        _settle(sheet, self._strings, self._styles)
        return sheet

    def is_hidden(self, key: str) -> bool:
        """Whether nobody sees the tab."""
        listed = self._workbook.iterfind("{*}sheets/{*}sheet")
        return any(sheet.get("name") == self.title(key) and sheet.get("state") for sheet in listed)

    def names(self, key: str) -> list[Any]:
        """The defined names of a tab: its mark, and what is printed and filtered."""
        place = str(list(self._made.parts).index(self.title(key)))
        return [
            name
            for name in self._workbook.iterfind("{*}definedNames/{*}definedName")
            if name.get("localSheetId") == place or name.get("name") == MARK + key
        ]


class TabList:
    """The workbook part and its relations, which list the tabs."""

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

    def place(self, title: str) -> int:
        """The 0-based place of the tab with this title."""
        return [sheet.get("name") for sheet in self._listed()].index(title)

    def add(self, title: str, part: str) -> int:
        """List a tab after all others. Answers its place."""
        used = {relation.get("Id") for relation in self._relations}
        id_ = next(id_ for n in range(1, len(used) + 2) if (id_ := f"rId{n}") not in used)
        relation = self._relations.makeelement(self._relations.tag.removesuffix("s"), {})
        target = posixpath.relpath(part, posixpath.dirname(self._part))
        for name, value in (("Id", id_), ("Type", f"{_RELATION_IDS}/worksheet"), ("Target", target)):
            relation.set(name, value)
        self._relations.append(relation)
        number = max((int(sheet.get("sheetId")) for sheet in self._listed()), default=0) + 1
        sheet = self._sheets.makeelement(f"{{{MAIN}}}sheet", {"name": title, "sheetId": str(number)})
        sheet.set(f"{{{_RELATION_IDS}}}id", id_)
        self._sheets.append(sheet)
        return len(self._listed()) - 1

    def dress(self, place: int, *, hidden: bool) -> None:
        """Hide the tab at a place, or show it. The tab at which the workbook opens is always seen."""
        sheet, view = self._listed()[place], self._tree.find("{*}bookViews/{*}workbookView")
        opens_at = int(view.get("activeTab", "0")) if view is not None else 0
        sheet.attrib.pop("state", None)
        if hidden and place != opens_at:
            sheet.set("state", "hidden")

    def name(self, key: str, names: Collection[Any], place: int) -> None:
        """Give the tab at a place its defined names: its mark anew, wherever that pointed, and those of its own."""
        defined, at = self._tree.find("{*}definedNames"), str(place)
        for name in defined.findall("{*}definedName"):
            mark = name.get("name") == MARK + key and name.get("localSheetId") is None
            if mark or (name.get("localSheetId") == at and name.get("name").startswith(_BUILT_IN)):
                defined.remove(name)
        for name in names:
            new = deepcopy(name)
            if new.get("localSheetId") is not None:
                new.set("localSheetId", at)
            defined.append(new)

    def mark(self, key: str, title: str) -> None:
        """Let the mark of a tab point to the one with this title."""
        mark = self._tree.makeelement(f"{{{MAIN}}}definedName", {"name": MARK + key, "hidden": "1"})
        mark.text = "'" + title.replace("'", "''") + "'!$A$1"
        self.name(key, [mark], -1)

    def set_version(self, version: int) -> None:
        """Say of which version of its template the workbook is."""
        defined = self._tree.find("{*}definedNames")
        named = [name for name in defined.iterfind("{*}definedName") if name.get("name") == MARK + VERSION]
        if not named:
            named = [defined.makeelement(f"{{{MAIN}}}definedName", {"name": MARK + VERSION, "hidden": "1"})]
            defined.append(named[0])
        named[0].text = str(version)

    def _listed(self) -> list[Any]:
        return list(self._sheets.iterfind("{*}sheet"))


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
