"""The text of formulas: its tokens, and the references in it when cells are copied or lines come and go.

Decided here: `$` holds a reference when a formula is copied and never when lines are inserted; a reference that
is lost reads #REF!.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from tests.google_server.a1 import column_index, column_letters, quoted_title
from tests.google_server.shifting import Shift

_SHEET = r"(?:(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)"
_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]*"
_COLUMNS = r"\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}"
_ROWS = r"\$?[1-9][0-9]*:\$?[1-9][0-9]*"
_RANGE = rf"{_CELL}:(?:{_CELL}|\$?[A-Za-z]{{1,3}}|\$?[1-9][0-9]*)"
_REFERENCE = rf"{_SHEET}?(?:{_RANGE}|{_CELL}|{_COLUMNS}|{_ROWS})(?![\w(.])"
_NUMBERS = {".": r"\d+(?:\.\d+)?|\.\d+", ",": r"\d+(?:,\d+)?|,\d+"}
LOST = "#REF!"


class Token(NamedTuple):
    """One piece of a formula; `kind` is text, error, reference, number, name or sign."""

    kind: str
    text: str


def tokens(formula: str, decimal: str = ".") -> tuple[Token, ...] | None:
    """The pieces of a formula after its `=`, without blanks; None when something is no piece at all."""
    found = tuple(_pieces(formula[1:], decimal))
    return None if any(token.kind == "unknown" for token in found) else tuple(t for t in found if t.kind != "blank")


@lru_cache(maxsize=2)
def _pattern(decimal: str) -> re.Pattern[str]:
    parts = {
        "blank": r"\s+",
        "text": r'"(?:[^"]|"")*"',
        "error": r"#(?:REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|ERROR!)",
        "reference": _REFERENCE,
        "number": rf"(?:{_NUMBERS[decimal]})(?:[eE][+-]?\d+)?",
        "name": r"[^\W\d][\w.]*",
        "sign": r"<=|>=|<>|[-+*/^&=<>%(){},;\\:!@]",
        "unknown": r".",
    }
    return re.compile("|".join(f"(?P<{name}>{part})" for name, part in parts.items()), re.S)


def _pieces(text: str, decimal: str) -> Iterator[Token]:
    for match in _pattern(decimal).finditer(text):
        assert match.lastgroup is not None
        yield Token(match.lastgroup, match[0])


def copied(formula: str, rows: int, columns: int) -> str:
    """The formula as a copy so many rows further down and columns further right reads."""

    def move(text: str, is_row: bool) -> str | None:
        name = text.lstrip("$")
        if text.startswith("$"):
            return text
        if is_row:
            return str(int(name) + rows) if int(name) + rows > 0 else None
        return column_letters(column_index(name) + columns) if column_index(name) + columns >= 0 else None

    return _rewritten(
        formula, lambda sheet: True, lambda first, last, is_row: (move(first, is_row), move(last, is_row))
    )


def shifted_formula(formula: str, own_title: str, title: str, shift: Shift) -> str:
    """The formula after rows or columns came to, or went from, the sheet called `title`."""

    def move(first: str, last: str, is_row: bool) -> tuple[str | None, str | None]:
        if is_row != (shift.dimension == "ROWS"):
            return first, last
        start, end = _number(first, is_row), _number(last, is_row)
        span = shift.span(min(start, end), max(start, end) + 1)
        if span is None or span[0] is None or span[1] is None:
            return None, None
        return _named(first, span[0], is_row), _named(last, span[1] - 1, is_row)

    def here(sheet: str) -> bool:
        return (sheet or own_title).casefold() == title.casefold()

    return _rewritten(formula, here, move)


def renamed_sheet(formula: str, old: str, new: str) -> str:
    """The formula after a tab has got another name."""

    def rename(token: Token) -> str:
        sheet, mark, rest = token.text.rpartition("!")
        return quoted_title(new) + mark + rest if mark and _plain(sheet).casefold() == old.casefold() else token.text

    pieces = _pieces(formula[1:], ".")
    return "=" + "".join(rename(token) if token.kind == "reference" else token.text for token in pieces)


def without_sheet(formula: str, title: str) -> str:
    """The formula after the tab with this title was deleted."""

    def lost(token: Token) -> str:
        sheet, mark, _ = token.text.rpartition("!")
        return LOST if mark and _plain(sheet).casefold() == title.casefold() else token.text

    pieces = _pieces(formula[1:], ".")
    return "=" + "".join(lost(token) if token.kind == "reference" else token.text for token in pieces)


Ends = Callable[[str, str, bool], tuple[str | None, str | None]]


def _rewritten(formula: str, concerned: Callable[[str], bool], move: Ends) -> str:
    pieces = _pieces(formula[1:], ".")
    return "=" + "".join(
        _moved(token.text, concerned, move) if token.kind == "reference" else token.text for token in pieces
    )


def _moved(reference: str, concerned: Callable[[str], bool], move: Ends) -> str:
    sheet, mark, rest = reference.rpartition("!")
    if not concerned(_plain(sheet)):
        return reference
    first, colon, last = rest.partition(":")
    parts = [_split(first), _split(last or first)]
    moved: list[list[str]] = [["", ""], ["", ""]]
    for i, is_row in ((0, False), (1, True)):
        ends = parts[0][i], parts[1][i]
        if ends[0] and ends[1]:
            new = move(ends[0], ends[1], is_row)
            if new[0] is None or new[1] is None:
                return sheet + mark + LOST
            moved[0][i], moved[1][i] = new[0], new[1]
        else:
            moved[0][i], moved[1][i] = ((move(end, end, is_row)[0] or end) if end else "" for end in ends)
    return sheet + mark + "".join(moved[0]) + (colon + "".join(moved[1]) if colon else "")


def _split(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"(\$?[A-Za-z]*)(\$?[0-9]*)", text)
    assert match is not None
    letters, digits = match.groups()
    return ("", letters + digits) if letters == "$" else (letters, digits)


def _plain(sheet: str) -> str:
    return sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet


def _number(text: str, is_row: bool) -> int:
    return int(text.lstrip("$")) - 1 if is_row else column_index(text.lstrip("$"))


def _named(old: str, index: int, is_row: bool) -> str:
    return ("$" if old.startswith("$") else "") + (str(index + 1) if is_row else column_letters(index))
