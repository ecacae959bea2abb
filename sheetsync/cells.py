"""The one alphabet of cells that both backends speak, and how typed cells are read.

A cell is what a spreadsheet stores: `None` (blank), text, a truth value, or a number. Days are serial numbers (1 is
1899-12-31, as in Excel from March 1900 on and in Google Sheets always), so a date cell is a number in a date column.
A formula's error is its text (`#REF!`). Reading returns the value, or a `Misread` that says why there is none.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeGuard

from sheetsync import dates

Cell = str | bool | float | int | None

EPOCH = date(1899, 12, 30)
EARLIEST, LATEST = dates.EARLIEST, dates.LATEST
ERRORS = frozenset(
    (
        "#REF!",
        "#N/A",
        "#DIV/0!",
        "#VALUE!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#ERROR!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
        "#FIELD!",
        "#BUSY!",
        "#CONNECT!",
        "#BLOCKED!",
        "#UNKNOWN!",
        "#PYTHON!",
    )
)
_BLANK_CHARACTERS = re.compile(r"[\s\u00a0\u200b\u2060\ufeff]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # no database takes them
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}([ ,.'’]\d{3})+)([.,]\d+)?")
_LEADING_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
_LINES = re.compile("[\n\r\t\u2028\u2029]")  # what stands on two lines is two numbers
_LARGEST = 1e12  # beyond it sums lose their cents, and products overflow
_CURRENCY = "$€£¥₹ "


class Moment(float):
    """A serial number that its cell shows as a day or a time: where a number belongs it is none to who typed it."""

    __slots__ = ()

    def __str__(self) -> str:
        day = day_of(self)
        if day is not None:
            return day.isoformat()
        hours, minutes = divmod(round(self * 24 * 60), 60)
        return f"{hours}:{minutes:02}"


@dataclass(frozen=True, slots=True)
class Misread:
    """Why a cell has no value: what is wrong with it, and a hint what to type instead."""

    what: str
    hint: str = ""


def serial(day: date) -> int:
    """The serial number of a day."""
    return (day - EPOCH).days


def day_of(number: float) -> date | None:
    """The day of a serial number (a time of day is dropped), or None outside 1970-2199."""
    if not math.isfinite(number) or not serial(EARLIEST) <= number < serial(LATEST) + 1:
        return None
    return EPOCH + timedelta(days=math.floor(number))


def text_of(cell: Cell) -> str:
    """A cell as trimmed text, runs of blanks folded: 274.0 is "274", a day 2026-02-14, blank is ""."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15 and not isinstance(cell, Moment):
        return str(int(cell))
    text = str(cell)
    if text.isprintable():
        return " ".join(text.split()) if "  " in text else text.strip()
    return _BLANK_CHARACTERS.sub(" ", _UNSTORABLE.sub("\ufffd", text)).strip()


def fold(text: str) -> str:
    """The form in which names and titles are compared: case and blanks do not matter, nor how an accent is made."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _BLANK_CHARACTERS.sub(" ", text).strip().casefold()


def is_blank(cell: Cell) -> bool:
    """Whether a person would call the cell empty."""
    return cell is None or (isinstance(cell, str) and not text_of(cell))


def is_error(cell: Cell) -> TypeGuard[str]:
    """Whether the cell shows a formula's error."""
    return isinstance(cell, str) and cell.strip().upper() in ERRORS


def column_letters(index: int) -> str:
    """The letters of a 0-based column: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def trimmed(grid: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """The grid without trailing blank cells in rows and trailing blank rows, as Google answers a read."""
    rows = []
    for row in grid:
        end = len(row)
        while end and (row[end - 1] is None or row[end - 1] == ""):
            end -= 1
        rows.append(list(row[:end]))
    while rows and not rows[-1]:
        rows.pop()
    return rows


def read_number(cell: Cell) -> float | Misread:
    """The number in a non-blank cell, up to 10^12. Text counts when it can mean one number only."""
    number = _number(cell)
    if isinstance(number, float) and abs(number) > _LARGEST:
        return Misread(f"{number:g} is too large to be true", "correct the number")
    return number


def _number(cell: Cell) -> float | Misread:
    if isinstance(cell, Moment):
        return _no_number(cell)
    # Numbers before text: nearly all cells of a long log are.
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell) if math.isfinite(cell) else Misread("not a finite number", "type a number")
    if refused := _neither(cell, "number", "type a number"):
        return refused
    text = text_of(cell).strip(_CURRENCY)
    readings = [] if _LINES.search(str(cell).strip()) else _number_readings(text)
    if len(readings) == 1:
        return readings[0]
    if readings:
        return Misread(f"“{text}” can mean {readings[0]:.15g} or {readings[1]:.15g}", "type it without separators")
    found = _LEADING_NUMBER.findall(text)
    hint = f"type {found[0]} alone, words belong in Notes" if len(found) == 1 else "type a number alone"
    return Misread(f"“{text}” is no number", hint)


def _no_number(moment: Moment) -> Misread:
    """That a day or a time is no number, though programs keep it as one."""
    if day_of(moment) is not None:
        hint = "type the number; if it turns into a date again, give the cell a number format"
        return Misread(f"the date {moment} is no number", hint)
    hint = f"type {moment * 24:.4g} for hours or {moment * 24 * 60:.4g} for minutes, with a number format"
    return Misread(f"the time {moment} is no number", hint)


def _neither(cell: Cell, kind: str, hint: str) -> Misread | None:
    """Why a cell is neither a number nor a date, for one of the reasons that both have."""
    if isinstance(cell, bool):
        return Misread(f"a tick box is no {kind}", hint)
    if is_error(cell):
        return Misread(f"the cell shows the error {text_of(cell)}", f"mend its formula or {hint}")
    if isinstance(cell, str) and text_of(cell).startswith("="):
        return Misread(f"the formula {text_of(cell)} has no lasting result", hint)
    return None


def _number_readings(text: str) -> list[float]:
    """What a text can mean as a number: with a point or with a comma before the fraction."""
    if not text.isascii() and "’" not in text:
        return []
    if not _NUMBER.fullmatch(text):
        return []
    readings = set()
    for point, separators in ((".", " ,'’"), (",", " .'’")):
        grouped = rf"[+-]?(\d+|\d{{1,3}}(?P<sep>[{re.escape(separators)}])\d{{3}}(?:(?P=sep)\d{{3}})*)"
        if re.fullmatch(rf"{grouped}({re.escape(point)}\d+)?", text):
            plain = "".join(c for c in text if c not in separators)
            readings.add(float(plain.replace(point, ".")))
    return sorted(reading for reading in readings if math.isfinite(reading))


def read_date(cell: Cell) -> date | Misread:
    """The day in a non-blank cell. Text counts when it can mean one day only, whoever wrote it; so does 20260214."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and (day := day_of(cell)):
        return day
    if refused := _neither(cell, "date", "type a date, such as 2026-02-14"):
        return refused
    text = text_of(cell)
    days = dates.readings(text)
    if len(days) == 1:
        return days[0]
    if len(days) > 1:
        first, second = days[:2]
        return Misread(f"“{text}” can mean {first} or {second}", f"type {first} or {second}")
    return Misread(f"“{text}” is no date", "type a date with its year, such as 2026-02-14")


class Memo(dict[Any, Any]):
    """Reads each distinct cell once: a log of 100,000 rows has few distinct days, names and counts."""

    def __init__(self, read: Callable[[Cell], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: Cell) -> Any:
        value = self[cell] = self._read(cell)
        return value


def hashable(column: Sequence[Cell]) -> Sequence[Cell]:
    """A column to be looked up in a `Memo`: what is equal to a number there, but not to a person, becomes text.

    That are tick boxes, for True is 1.0, and days and times where there are numbers that are none.
    """
    types = set(map(type, column))
    told = {kind for kind in (bool, Moment) if kind in types and (kind is bool or types & {int, float})}
    return [text_of(cell) if cell.__class__ in told else cell for cell in column] if told else column
