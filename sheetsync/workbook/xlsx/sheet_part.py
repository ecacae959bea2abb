"""A tab's XML cut into rows, as bytes: everything around the rows stays as other programs wrote it.

Parsing a large tab into a tree and writing it out again would cost seconds and change what nobody asked to change.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sheetsync.cells import column_letters
from sheetsync.errors import ConfigError

# LibreOffice gives a style to all columns to the very last one; no template is that wide.
WIDEST = 1000

_SHEET_DATA = re.compile(rb"<(\w+:)?sheetData(?:\s[^>]*?)?(/)?>")
_ROW = re.compile(rb"<(?:\w+:)?row(\s[^>]*?)?(?:/>|>(.*?)</(?:\w+:)?row>)", re.DOTALL)
_CELL = re.compile(rb"<(?:\w+:)?c(\s[^>]*?)?(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_COLUMN = re.compile(rb"<(?:\w+:)?col(\s[^>]*?)/?>")
_DIMENSION = re.compile(rb'(<(?:\w+:)?dimension\s+ref=")[^"]*(")')
_ATTRIBUTE = re.compile(rb"(?<![\w:.])([\w:.]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)<)")
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)[\s>]")
_NAMESPACE = ' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@dataclass(frozen=True, slots=True)
class StoredCell:
    """One cell as it stands: its attributes (`r`, `s`, `t`) and the XML inside."""

    attributes: Mapping[str, str]
    body: bytes

    @property
    def style(self) -> str:
        """The number of its style."""
        return self.attributes.get("s", "0")

    @property
    def formula(self) -> str | None:
        """The text of its formula as XML (empty when another cell holds it), or None without one."""
        found = _FORMULA.search(self.body)
        return None if found is None else (found[1] or b"").decode()

    @property
    def is_blank(self) -> bool:
        """Whether it holds neither a value nor a formula."""
        return self.formula is None and not _VALUE.search(self.body)


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row as it stands: its 1-based number, its attributes, its XML, and its cells by 0-based column."""

    number: int
    attributes: Mapping[str, str]
    xml: bytes
    cells: Mapping[int, StoredCell]


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A tab's XML: `head`, the element around the rows, `rows`, its end, `tail`.

    `prefix` is the namespace prefix of the part's elements (`x:`, mostly empty). By 0-based column, `styles` holds
    the number of the style that its cells take, `widths` how many digits fit into it.
    """

    head: bytes
    rows: bytes
    tail: bytes
    prefix: bytes
    styles: Mapping[int, str]
    widths: Mapping[int, float]

    @property
    def namespace(self) -> str:
        """What a new row needs to say when the part's own elements have a prefix."""
        return _NAMESPACE if self.prefix else ""

    def from_the_top(self) -> Iterator[StoredRow]:
        """The rows, first to last."""
        return (_stored_row(found) for found in _ROW.finditer(self.rows))

    def from_the_bottom(self) -> Iterator[tuple[int, StoredRow]]:
        """The rows, last to first, each with its offset in `rows`: the end of a long log is found at once."""
        opening, end = b"<" + self.prefix + b"row", len(self.rows)
        while (start := self.rows.rfind(opening, 0, end)) >= 0:
            found = _ROW.match(self.rows, start)
            if found is not None:
                yield start, _stored_row(found)
            end = start

    def with_rows(self, rows: bytes, columns: int, last_row: int) -> bytes:
        """The tab's XML with other rows, which reach to the 1-based `last_row` and are `columns` wide."""
        used = f"A1:{column_letters(max(columns, 1) - 1)}{max(last_row, 1)}".encode()
        head = _DIMENSION.sub(rb"\g<1>" + used + rb"\g<2>", self.head, count=1)
        tag = self.prefix + b"sheetData>"
        return b"".join((head, b"<", tag, rows, b"</", tag, self.tail))


def split(xml: bytes) -> SheetPart:
    """Cut a tab's XML. Raises `ConfigError` when it is none."""
    opening = _SHEET_DATA.search(xml)
    if opening is None:
        raise ConfigError("the workbook holds a tab without cells; restore an earlier version of the file")
    prefix, head = opening[1] or b"", xml[: opening.start()]
    start = end = after = opening.end()
    if not opening[2]:
        closing = b"</" + prefix + b"sheetData>"
        end = xml.rindex(closing)
        after = end + len(closing)
    return SheetPart(head, xml[start:end], xml[after:], prefix, *_columns(head))


def column_of(reference: str) -> int:
    """The 0-based column of a cell's name: that of B7 is 1."""
    column = 0
    for letter in reference:
        if not letter.isalpha():
            break
        column = column * 26 + ord(letter) - 64
    return column - 1


def _columns(head: bytes) -> tuple[dict[int, str], dict[int, float]]:
    styles: dict[int, str] = {}
    widths: dict[int, float] = {}
    for column in _COLUMN.finditer(head):
        found = _attributes(column[1])
        for at in range(int(found["min"]) - 1, min(int(found["max"]), WIDEST)):
            if "style" in found:
                styles[at] = found["style"]
            if "width" in found:
                widths[at] = float(found["width"])
    return styles, widths


def _stored_row(found: re.Match[bytes]) -> StoredRow:
    attributes = _attributes(found[1])
    cells = {}
    for cell in _CELL.finditer(found[2] or b""):
        stored = StoredCell(_attributes(cell[1]), cell[2] or b"")
        cells[column_of(_named(stored.attributes))] = stored
    return StoredRow(int(_named(attributes)), attributes, found[0], cells)


def _attributes(text: bytes | None) -> dict[str, str]:
    return {name.decode(): (double or single).decode() for name, double, single in _ATTRIBUTE.findall(text or b"")}


def _named(attributes: Mapping[str, str]) -> str:
    if "r" not in attributes:
        raise ConfigError(
            "the workbook was saved by a program that leaves out the names of cells; save it once in Excel"
        )
    return attributes["r"]
