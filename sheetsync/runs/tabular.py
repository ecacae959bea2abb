"""Reading a table from a file made elsewhere: CSV of any usual delimiter, or the first sheet of an Excel file."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sheetsync.cells import Cell, column_letters, fold, is_blank, text_of
from sheetsync.errors import ConfigError

_LONGEST_CELL = 32_767
_ZIP = b"PK\x03\x04"
# What spreadsheets take for the beginning of a formula, the wide forms too; and the apostrophes before it.
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)  # Excel's first line, for itself
_FORMULA_LIKE = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


@dataclass(frozen=True, slots=True)
class FileRows:
    """The table in a file: its header, and its rows padded to the header's length; `name` is the file's."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def read_file(path: Path) -> FileRows:
    """The table in a CSV or `.xlsx` file. Raises `ConfigError` when there is none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    rows = _excel(path) if content.startswith(_ZIP) else _csv(path.name, content)
    rows = [row for row in rows if not all(map(is_blank, row))]
    if not rows:
        raise ConfigError(f"{path.name}: the file is empty; the first row must hold the column titles")
    header = [text_of(cell) or column_letters(index) for index, cell in enumerate(rows[0])]
    times = Counter(map(fold, header))
    twice = next((title for title in header if times[fold(title)] > 1), None)
    if twice is not None:
        raise ConfigError(f"{path.name}: two columns are called “{twice}”; rename one")
    if len(rows) == 1:
        raise ConfigError(f"{path.name}: there is a header but no row below it")
    return FileRows(
        path.name, header, [_padded(path.name, number, row, header) for number, row in enumerate(rows[1:], 2)]
    )


def inert(text: str) -> str:
    """Text for a CSV file that no spreadsheet runs: an apostrophe comes before what looks like a formula."""
    return f"'{text}" if _FORMULA_LIKE.match(text) else text


def _meant(text: str) -> str:
    """The text that `inert` made harmless; other programs do it in the same way."""
    return text[1:] if text[:1] == "'" and _FORMULA_LIKE.match(text) else text


def _padded(name: str, number: int, row: list[Cell], header: Sequence[str]) -> list[Cell]:
    if len(row) > len(header):
        if not all(map(is_blank, row[len(header) :])):
            raise ConfigError(
                f"{name}: row {number} has {len(row)} cells but the header {len(header)}; "
                "a comma inside a text needs quotes around the text"
            )
        row = row[: len(header)]
    for title, cell in zip(header, row, strict=False):
        if isinstance(cell, str) and len(cell) > _LONGEST_CELL:
            raise ConfigError(
                f"{name}: row {number}, {title}: {len(cell):,} characters; a cell holds {_LONGEST_CELL:,}"
            )
    return row + [None] * (len(header) - len(row))


def _csv(name: str, content: bytes) -> list[list[Cell]]:
    try:
        text = content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 (byte {error.start:,}); save it as “CSV UTF-8”") from None
    if "\x00" in text:
        raise ConfigError(f"{name}: neither a CSV file nor an Excel file")
    csv.field_size_limit(10_000_000)
    if told := _SEPARATOR.match(text):
        text = text[told.end() :]
    delimiter = told[1] if told else max(",;\t|", key=text.split("\n", 1)[0].count)
    try:
        return [
            [_meant(cell) or None for cell in row]
            # Not `splitlines`: to that, line separators and form feeds within a text would end a row.
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        ]
    except csv.Error as error:
        raise ConfigError(f"{name}: {error}; is a quotation mark missing?") from None


def _excel(path: Path) -> list[list[Cell]]:
    from sheetsync.workbook.xlsx import first_tab

    rows = first_tab(path)
    width = max(map(len, rows), default=0)
    return [row + [None] * (width - len(row)) for row in rows]
