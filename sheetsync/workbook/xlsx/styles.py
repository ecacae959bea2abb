"""Styles of another file added to a file's own table, whose styles all keep their numbers.

What the table holds already is used again, so that restoring twice does not make it longer.
"""

from copy import deepcopy
from typing import Any

from sheetsync.errors import ConfigError
from sheetsync.workbook.xlsx.parts import MAIN, bytes_of, name_in, tree_of

# The order that the table's sections must have.
_SECTIONS = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")
_LAST_BUILT_IN_FORMAT = 163
_PARTS_OF_A_STYLE = {"fontId": "fonts", "fillId": "fills", "borderId": "borders"}


class Styles:
    """The style table `own`, to which styles of the table `other` are added as they are asked for."""

    def __init__(self, own: bytes, other: bytes) -> None:
        """Raises `ConfigError` for a file whose elements have other names than Excel's usual ones."""
        self._tree, self._other = tree_of(own, "styles"), tree_of(other, "styles")
        if self._tree.tag != f"{{{MAIN}}}styleSheet":
            raise ConfigError('the workbook was saved as "Strict Open XML"; save it as "Excel Workbook (*.xlsx)"')
        self._own, self._grown = own, False
        self._known: dict[str, dict[bytes, int]] = {}
        self._codes = {f.get("numFmtId"): f.get("formatCode") for f in self._other.iterfind("{*}numFmts/{*}numFmt")}

    @property
    def xml(self) -> bytes:
        """The table as it is now: its very bytes if nothing was added."""
        return bytes_of(self._tree) if self._grown else self._own

    def cell(self, number: str) -> str:
        """The number of the cell style that has this number in the other table."""
        style = deepcopy(self._other.find("{*}cellXfs")[int(number)])
        for attribute, section in _PARTS_OF_A_STYLE.items():
            part = self._other.find(f"{{*}}{section}")[int(style.get(attribute, "0"))]
            style.set(attribute, str(self._added(section, part)))
        if style.get("numFmtId") in self._codes:
            style.set("numFmtId", self._format(self._codes[style.get("numFmtId")]))
        style.set("xfId", "0")
        return str(self._added("cellXfs", style))

    def rule(self, number: str) -> str:
        """The number of the format of conditional rules that has this number in the other table."""
        rule = deepcopy(self._other.find("{*}dxfs")[int(number)])
        for format_ in rule.iterfind("{*}numFmt"):
            format_.set("numFmtId", self._format(format_.get("formatCode")))
        return str(self._added("dxfs", rule))

    def _format(self, code: str) -> str:
        formats = self._section("numFmts")
        for format_ in formats.iterchildren("{*}*"):
            if format_.get("formatCode") == code:
                return str(format_.get("numFmtId"))
        used = (int(format_.get("numFmtId")) for format_ in self._tree.iter("{*}numFmt"))
        number = str(max(_LAST_BUILT_IN_FORMAT, *used) + 1)
        self._append(formats, formats.makeelement(f"{{{MAIN}}}numFmt", {"numFmtId": number, "formatCode": code}))
        return number

    def _added(self, name: str, element: Any) -> int:
        """The place of an element in a section, at the end if it was not there."""
        section = self._section(name)
        if name not in self._known:
            places: dict[bytes, int] = {}
            for at, own in enumerate(section.iterchildren("{*}*")):
                places.setdefault(_canonical(own), at)
            self._known[name] = places
        places, canonical = self._known[name], _canonical(element)
        if canonical not in places:
            places[canonical] = self._append(section, deepcopy(element))
        return places[canonical]

    def _append(self, section: Any, element: Any) -> int:
        """The place that the element gets."""
        section.append(element)
        place = sum(1 for _ in section.iterchildren("{*}*")) - 1
        section.set("count", str(place + 1))
        self._grown = True
        return place

    def _section(self, name: str) -> Any:
        found = self._tree.find(f"{{*}}{name}")
        if found is None:
            found = self._tree.makeelement(f"{{{MAIN}}}{name}", {})
            before = _SECTIONS[: _SECTIONS.index(name)]
            self._tree.insert(sum(name_in(child) in before for child in self._tree), found)
        return found


def _canonical(element: Any) -> bytes:
    from lxml import etree

    xml: bytes = etree.tostring(element, method="c14n", exclusive=True, with_tail=False)
    return xml
