"""How much room a tab takes once it is read, told from its XML before calamine reads it.

calamine makes room for every cell up to the last used one, and for as many texts as the file says it has; when there
is none left, the process dies without a word. One word typed in XFD1048576 would do.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from sheetsync.cells import column_letters
from sheetsync.workbook.xlsx.sheet_part import column_of

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
# A log with all the rows that Excel has, 19 columns wide.
MOST_CELLS = 20_000_000
# What a tab's texts come to, counted where they are shown: each cell gets a text of its own.
MOST_TEXT = 1 << 30

# A cell that is not in columns A to S and row 1 to 999,999, or not written as all programs write it. Most tabs hold
# none, which one quick pass tells.
_FAR_OR_ODD = re.compile(rb'<c[\s/>](?!r="[A-S][0-9]{1,6}")')
_PREFIXED = re.compile(rb":c[\s/>]")
_ROW_START = re.compile(rb"<(?:\w+:)?row\b")
_CELL = re.compile(rb"<(?:\w+:)?c(?:\s([^>]*))?>")
_NAME = re.compile(rb"(?:^|\s)r\s*=\s*[\"']([A-Za-z]*)([0-9]+)[\"']")
_TEXTS = re.compile(rb"<(?:\w+:)?sst\b[^>]*>")
_UNIQUE = re.compile(rb"niqueCount\s*=\s*[\"']([0-9]+)")
_TEXT = re.compile(rb"<(?:\w+:)?si[\s/>]")
_SHORTEST_TEXT, _SHORTEST_CELL = len(b"<si/>"), len(b"<c t='s'><v>0</v></c>")
_SHOWN = re.compile(
    rb"<(?:\w+:)?c\s(?:[^>]*\s)?t\s*=\s*[\"']s[\"'][^>]*>(?:\s*<(?:\w+:)?v(?:\s[^>]*)?>\s*([0-9]{1,9})\s*<)?"
)


def text_lengths(xml: bytes) -> list[int]:
    """How long each shared text is at most, in bytes. Raises `ValueError` when there cannot be as many as it says."""
    opening = _TEXTS.search(xml)
    said = _UNIQUE.search(opening[0]) if opening else None
    if said and int(said[1]) > len(xml) // _SHORTEST_TEXT:
        raise ValueError(f"it says that it holds {int(said[1]):,} texts")
    starts = [found.start() for found in _TEXT.finditer(xml)]
    return [end - start for start, end in pairwise([*starts, len(xml)])]


def check_extent(xml: bytes, texts: Sequence[int]) -> None:
    """Raise `ValueError`, in words that follow a tab's title, when the tab with these texts needs too much room."""
    if _FAR_OR_ODD.search(xml) or _PREFIXED.search(xml):
        rows, columns = _used(xml)
        if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
            last = f"{column_letters(min(columns, MOST_COLUMNS) - 1)}{rows}"
            raise ValueError(f"reaches to {last}; delete what stands far away from the rest")
    longest = max(texts, default=0)
    if longest * (len(xml) // _SHORTEST_CELL) > MOST_TEXT and _text_shown(xml, texts, longest) > MOST_TEXT:
        raise ValueError("shows more text than fits into the memory; shorten it")


def _used(xml: bytes) -> tuple[int, int]:
    """The rows and columns up to the last cell that holds something."""
    rows = columns = row = 0
    for part in _ROW_START.split(xml):
        named = _NAME.search(part, 0, part.find(b">"))
        row, column = int(named[2]) if named else row + 1, -1
        for cell in _CELL.finditer(part):
            attributes = cell[1] or b""
            if attributes.count(b'"') % 2 or attributes.count(b"'") % 2:
                raise ValueError("is damaged; restore an earlier version of the file")
            name = _NAME.search(attributes)
            at, column = (int(name[2]), column_of(name[1].decode().upper())) if name else (row, column + 1)
            if not attributes.endswith(b"/"):
                rows, columns = max(rows, at), max(columns, column + 1)
    return rows, columns


def _text_shown(xml: bytes, texts: Sequence[int], longest: int) -> int:
    """What the shared texts come to, in bytes, counted wherever a cell shows them."""
    shown = 0
    for cell in _SHOWN.finditer(xml):
        at = int(cell[1]) if cell[1] else len(texts)
        shown += texts[at] if at < len(texts) else longest
    return shown
