"""Parts of tabs as all programs write them, made of what only some do: so that nothing in a cell is passed over.

What reads parts here looks for plain patterns, because a log may have 100,000 rows. Some writers leave out the names
of cells, or put comments and CDATA between. And a number that no day has, in a cell with a day's format, stops
calamine.
"""

import re
from typing import Any

from sheetsync.cells import column_letters
from sheetsync.workbook.xlsx.sheet_part import column_of

_LONG = 4 << 20  # bytes
_HUGE = rb"-?(?:\d{11,}(?:\.\d*)?|\d[.\d]*[eE]\+?[1-9]\d+|INF)"
_SOME_HUGE = re.compile(rb"v>" + _HUGE)
_HUGE_CELL = re.compile(
    rb"<(?P<cell>(?:\w+:)?c [^>]*)>(?P<formula><(?:\w+:)?f[^>]*/>|<(?:\w+:)?f[^>]*>[^<]*</(?:\w+:)?f>)?"
    rb"(?P<value><(?:\w+:)?v>)(?P<number>" + _HUGE + rb")<"
)
_OF_ANOTHER_KIND = re.compile(rb"\st=[\"'](?!n[\"'])")


def plain(xml: bytes) -> bytes:
    """The XML of a tab's part, itself if it is plain. What is no XML is left to whoever reads it."""
    named = _named(xml) if _is_odd(xml) else xml
    return _HUGE_CELL.sub(_as_text, named) if _SOME_HUGE.search(named) else named


def _is_odd(xml: bytes) -> bool:
    # A program writes all cells alike, so of a long part the beginning tells; people write short ones.
    some = xml if len(xml) < _LONG else xml[: xml.rfind(b"<", 0, _LONG // 4)]
    unnamed = any(some.count(cell) != some.count(cell + b'r="') for cell in (b"<c ", b":c "))
    return unnamed or any(odd in some for odd in (b"<!-", b"<![", b"<c>", b":c>", b't ="', b"t= "))


def _named(xml: bytes) -> bytes:
    """The part without comments and CDATA, each cell with its name, style and type."""
    from lxml import etree

    parser = etree.XMLParser(remove_comments=True, strip_cdata=True, resolve_entities=False, no_network=True)
    at = 0
    try:
        root = etree.fromstring(xml, parser)
        for row in root.iterfind(".//{*}sheetData/{*}row"):
            at = int(row.get("r", at + 1))
            _name_cells(row, at)
    except (etree.XMLSyntaxError, ValueError):
        return xml
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _name_cells(row: Any, number: int) -> None:
    across = -1
    for cell in row.iterfind("{*}c"):
        letters = re.match("[A-Za-z]{1,3}", cell.get("r", ""))
        across = column_of(letters[0].upper()) if letters else across + 1
        kept = {key: cell.get(key) for key in ("s", "t") if cell.get(key) is not None}
        cell.attrib.clear()
        cell.attrib.update({"r": f"{column_letters(across)}{number}", **kept})


def _as_text(cell: re.Match[bytes]) -> bytes:
    """A cell with a huge number as one with text, which is read as the same number where a number belongs."""
    if _OF_ANOTHER_KIND.search(cell["cell"]):
        return cell[0]
    number = float(cell["number"])
    text = str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.15g}"
    name = re.sub(rb"\st=[\"']n[\"']", b"", cell["cell"])
    return b"<" + name + b' t="str">' + (cell["formula"] or b"") + cell["value"] + text.encode() + b"<"
