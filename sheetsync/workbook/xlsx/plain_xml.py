"""Parts as all programs write them, made of what only some do: so that nothing in a cell is passed over.

What reads parts here looks for plain patterns, because a log may have 100,000 rows. Some writers leave out the names
of cells, or put comments and CDATA between; and where a date's format is, a number
that no day has stops calamine.
"""

import re
from contextlib import suppress
from typing import Any

from sheetsync.cells import column_letters
from sheetsync.workbook.xlsx.sheet_part import column_of

_LONG = 4 << 20  # bytes
_BEYOND_DAYS = re.compile(rb"<v>-?(?:\d{11}|\d[.\d]*[eE]\+?[1-9]\d|INF)")
_LARGEST = 1e10


def plain(xml: bytes) -> bytes:
    """The XML of a tab's part, itself if it is plain. What is no XML is left to whoever reads it."""
    if not (_is_odd(xml) or _BEYOND_DAYS.search(xml)):
        return xml
    from lxml import etree

    parser = etree.XMLParser(remove_comments=True, strip_cdata=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        return xml
    at = 0
    for row in root.iterfind(".//{*}sheetData/{*}row"):
        at = int(row.get("r", at + 1))
        _name(row, at)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _is_odd(xml: bytes) -> bool:
    # A program writes all cells alike, so of a long part the beginning tells; people write short ones.
    some = xml if len(xml) < _LONG else xml[: xml.rfind(b"<", 0, _LONG // 4)]
    unnamed = any(some.count(cell) != some.count(cell + b'r="') for cell in (b"<c ", b":c "))
    return unnamed or any(odd in some for odd in (b"<!-", b"<![", b"<c>", b":c>", b't ="', b"t= "))


def _name(row: Any, number: int) -> None:
    across = -1
    for cell in row.iterfind("{*}c"):
        letters = re.match("[A-Za-z]+", cell.get("r", ""))
        across = column_of(letters[0].upper()) if letters else across + 1
        kind, style = cell.get("t"), cell.get("s")
        cell.attrib.clear()
        cell.set("r", f"{column_letters(across)}{number}")
        if style is not None:
            cell.set("s", style)
        if kind is not None:
            cell.set("t", kind)
        if kind in {None, "n"}:
            _tame(cell)


def _tame(cell: Any) -> None:
    """Make a number that no day has a text, which is read as the same number where a number belongs."""
    value = cell.find("{*}v")
    if value is None or not value.text:
        return
    with suppress(ValueError):
        number = float(value.text)
        if not abs(number) < _LARGEST:
            cell.set("t", "str")
            value.text = str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.15g}"
