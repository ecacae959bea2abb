"""The functions of formulas that this server computes.

Decided here: an error among the arguments is the result; texts in ranges count for nothing in sums; a picture has
no value. A function that is not here makes its formula unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from math import floor, prod
from typing import Any

from tests.google_server.canonical import tidy
from tests.google_server.cells import CellError

_WILDCARD = re.compile(r"~[~*?]|.", re.DOTALL)
Unknown = object()
"""The value of what we cannot compute."""


def number(value: Any) -> Any:
    """A value as an operand of arithmetic."""
    if isinstance(value, bool):
        return float(value)
    if value is None or isinstance(value, CellError | float | int):
        return 0.0 if value is None else value
    try:
        return float(value)
    except ValueError:
        return CellError("VALUE", f"Function expects number values. But '{value}' is a text and cannot be coerced.")


def text(value: Any) -> str:
    """A value as a part of a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(tidy(value)) if isinstance(value, float | int) else str(value)


def flat(values: list[Any]) -> Iterator[Any]:
    """All values, those of ranges one by one."""
    for value in values:
        if isinstance(value, list):
            yield from flat(value)
        else:
            yield value


def _first_error(values: list[Any]) -> CellError | None:
    return next((value for value in flat(values) if isinstance(value, CellError)), None)


def _numbers(values: list[Any]) -> list[float]:
    found: list[float] = []
    for value in values:
        if isinstance(value, list):
            found += [each for each in flat(value) if isinstance(each, int | float) and not isinstance(each, bool)]
        elif not isinstance(reckoned := number(value), CellError):
            found.append(reckoned)
    return found


def _of_numbers(reckon: Callable[[list[float]], Any]) -> Callable[[list[Any]], Any]:
    return lambda values: _first_error(values) or reckon(_numbers(values))


def _of_single(reckon: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    def call(values: list[Any]) -> Any:
        singles = [value[0][0] if isinstance(value, list) else value for value in values]
        if error := _first_error(values):
            return error
        try:
            return reckon(*singles)
        except (TypeError, ValueError):
            return Unknown

    return call


def _average(found: list[float]) -> Any:
    if not found:
        return CellError("DIVIDE_BY_ZERO", "Evaluation of function AVERAGE caused a divide by zero error.")
    return sum(found) / len(found)


def _rounded(value: Any, places: Any = 0) -> float:
    factor = 10.0 ** int(number(places))
    scaled = abs(number(value)) * factor
    return float(int(scaled + 0.5) / factor) * (-1 if number(value) < 0 else 1)


_EPOCH = date(1899, 12, 30)


def serial_number(day: date) -> float:
    """A day as a number."""
    return float((day - _EPOCH).days)


def _day(value: Any) -> date:
    return _EPOCH + timedelta(days=floor(number(value)))


def _weekday(value: Any, kind: Any = 1) -> float:
    """Sunday is 1, or with the kind 2 Monday."""
    return float(_day(value).isoweekday() if kind == 2 else _day(value).isoweekday() % 7 + 1)


def _formatted(value: Any, pattern: Any) -> Any:
    """Zeros ask for so many digits; no other pattern is known here."""
    return f"{round(number(value)):0{len(pattern)}}" if set(pattern) == {"0"} else Unknown


def _match(values: list[Any]) -> Any:
    """The place of the first cell that is the same; texts without regard to case, with * and ? for other text."""
    wanted, cells, order = values[0], list(flat(values[1:2])), values[2:3]
    wanted = wanted[0][0] if isinstance(wanted, list) else wanted
    if isinstance(wanted, CellError) or order != [0.0]:
        return wanted if isinstance(wanted, CellError) else Unknown
    if isinstance(wanted, str):
        pattern = re.compile(_WILDCARD.sub(_as_pattern, wanted), re.IGNORECASE | re.DOTALL)
        places = (at for at, cell in enumerate(cells, start=1) if isinstance(cell, str) and pattern.fullmatch(cell))
    else:
        places = (at for at, cell in enumerate(cells, start=1) if cell is not None and _alike(cell) == _alike(wanted))
    return float(next(places, 0)) or CellError("N_A", f"Did not find value '{text(wanted)}' in MATCH evaluation.")


def _as_pattern(found: re.Match[str]) -> str:
    return {"*": ".*", "?": "."}.get(found[0], re.escape(found[0][-1]))


def _alike(value: Any) -> tuple[str, Any]:
    if isinstance(value, str):
        return "text", value.casefold()
    return ("truth" if isinstance(value, bool) else "number"), value


def _index(values: list[Any]) -> Any:
    """A cell of a range; what lies beyond the last one with a value is blank."""
    cells, row, column = (*values, 1.0)[:3]
    failed = next((place for place in (row, column) if isinstance(place, CellError)), None)
    if failed or not isinstance(cells, list):
        return failed or Unknown
    line = cells[int(row) - 1] if int(row) <= len(cells) else []
    return line[int(column) - 1] if int(column) <= len(line) else None


def _is_missing(values: list[Any]) -> bool:
    value = values[0][0][0] if isinstance(values[0], list) else values[0]
    return isinstance(value, CellError) and value.type == "N_A"


FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "IF": lambda values: Unknown,  # these three look at one side only: calculation._choice
    "IFERROR": lambda values: Unknown,
    "IFNA": lambda values: Unknown,
    "SUM": _of_numbers(sum),
    "PRODUCT": _of_numbers(prod),
    "AVERAGE": _of_numbers(_average),
    "MIN": _of_numbers(lambda found: min(found, default=0.0)),
    "MAX": _of_numbers(lambda found: max(found, default=0.0)),
    "COUNT": lambda values: float(len(_numbers(values))),
    "COUNTA": lambda values: float(sum(value is not None for value in flat(values))),
    "AND": lambda values: _first_error(values) or all(bool(value) for value in flat(values) if value is not None),
    "OR": lambda values: _first_error(values) or any(bool(value) for value in flat(values) if value is not None),
    "NOT": _of_single(lambda value: not value),
    "TRUE": lambda values: True,
    "FALSE": lambda values: False,
    "NA": lambda values: CellError("N_A", ""),
    "TODAY": lambda values: Unknown,  # calculation knows the day
    "INDEX": _index,
    "MATCH": _match,
    "ISNA": _is_missing,
    "INT": _of_single(lambda value: float(floor(number(value)))),
    "MOD": _of_single(lambda value, by: number(value) % number(by)),
    "YEAR": _of_single(lambda value: float(_day(value).year)),
    "MONTH": _of_single(lambda value: float(_day(value).month)),
    "DATE": _of_single(lambda *parts: serial_number(date(*(int(number(part)) for part in parts)))),
    "WEEKDAY": _of_single(_weekday),
    "TEXT": _of_single(_formatted),
    "ABS": _of_single(lambda value: abs(number(value))),
    "ROUND": _of_single(_rounded),
    "CONCATENATE": lambda values: _first_error(values) or "".join(text(value) for value in flat(values)),
    "CONCAT": lambda values: _first_error(values) or "".join(text(value) for value in flat(values)),
    "LEN": _of_single(lambda value: float(len(text(value)))),
    "UPPER": _of_single(lambda value: text(value).upper()),
    "LOWER": _of_single(lambda value: text(value).lower()),
    "SUBSTITUTE": _of_single(lambda value, old, new: text(value).replace(text(old), text(new))),
    "TRIM": _of_single(lambda value: " ".join(text(value).split())),
    "HYPERLINK": _of_single(lambda address, label=None: address if label is None else label),
    "IMAGE": lambda values: None,
}
