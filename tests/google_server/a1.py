"""A1 notation and rectangles.

Decided here: an Area is half-open and zero-based with all four ends known; titles are quoted in answers
unless they are plain words that can't be read as a cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_REFERENCE = re.compile(r"\$?([A-Za-z]{0,3})\$?([0-9]*)(?::\$?([A-Za-z]{0,3})\$?([0-9]*))?")
_PLAIN_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CELL_LIKE = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc][0-9]*|TRUE|FALSE|true|false")


@dataclass(frozen=True)
class Area:
    """A rectangle of one sheet."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def rows(self) -> int:
        return self.bottom - self.top

    @property
    def columns(self) -> int:
        return self.right - self.left

    def holds(self, row: int, column: int) -> bool:
        return self.top <= row < self.bottom and self.left <= column < self.right

    def meets(self, other: Area) -> bool:
        rows = self.top < other.bottom and other.top < self.bottom
        return rows and self.left < other.right and other.left < self.right

    def inside(self, other: Area) -> bool:
        rows = other.top <= self.top and self.bottom <= other.bottom
        return rows and other.left <= self.left and self.right <= other.right


@dataclass(frozen=True)
class Reference:
    """The cell part of an A1 range; None is an open end ("A:C", "2:2", "A2:C")."""

    top: int | None
    left: int | None
    bottom: int | None
    right: int | None
    single: bool

    def area(self, rows: int, columns: int) -> Area:
        """The rectangle on a grid; an open end reaches to the grid's edge."""
        top, left = self.top or 0, self.left or 0
        bottom = rows if self.bottom is None else self.bottom
        right = columns if self.right is None else self.right
        return Area(top, left, bottom, right)


def column_letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_index(letters: str) -> int:
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1


def quoted_title(title: str) -> str:
    if _PLAIN_TITLE.fullmatch(title) and not _CELL_LIKE.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def area_text(title: str, area: Area) -> str:
    """The answer form of a rectangle: `Sheet1!A1:B2`, one cell without the colon."""
    first = f"{column_letters(area.left)}{area.top + 1}"
    last = f"{column_letters(area.right - 1)}{area.bottom}"
    return f"{quoted_title(title)}!{first}" + ("" if first == last else f":{last}")


def split_title(text: str) -> tuple[str | None, str | None]:
    """A range's sheet title (unquoted) and the rest; either may be missing."""
    quoted = re.fullmatch(r"'((?:[^']|'')*)'(?:!(.*))?", text, re.S)
    if quoted:
        return quoted[1].replace("''", "'"), quoted[2]
    title, mark, rest = text.rpartition("!")
    return (title, rest) if mark else (None, text)


def parse_reference(text: str) -> Reference | None:
    """The cells of "A1", "A1:C3", "A:C", "2:5", "A2:C"; None when it is no reference."""
    match = _REFERENCE.fullmatch(text)
    if not match or not text:
        return None
    first_column, first_row, last_column, last_row = match.groups()
    if last_column is None:
        if not (first_column and first_row):
            return None
        last_column, last_row = first_column, first_row
    if (first_row and not int(first_row)) or (last_row and not int(last_row)):
        return None
    if not (first_column or first_row) or not (last_column or last_row):
        return None
    single = ":" not in text
    rows = _ends(first_row, last_row, lambda text: int(text) - 1)
    columns = _ends(first_column, last_column, column_index)
    return Reference(rows[0], columns[0], rows[1], columns[1], single)


def _ends(first: str, last: str, number: object) -> tuple[int | None, int | None]:
    assert callable(number)
    low = number(first) if first else None
    high = number(last) if last else None
    if low is not None and high is not None and high < low:
        low, high = high, low
    return low, None if high is None else high + 1
