"""One cell, and its two JSON faces: the plain value of `values.*` and CellData.

Decided here: cells never change, an edit replaces them; so a batch can work on a cheap copy of the grid. What a
formula comes to is `calculation`'s to say: a cell just written has none yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from tests.google_server.canonical import canonical, tidy
from tests.google_server.errors import Refused
from tests.google_server.fields import Mask, overlay
from tests.google_server.wire import Json

MAX_CHARACTERS = 50_000


class CellError(NamedTuple):
    """The value of a formula that fails."""

    type: str
    message: str = ""

    @property
    def text(self) -> str:
        """What the cell shows."""
        return ERROR_TEXTS[self.type]


ERROR_TEXTS = {
    "ERROR": "#ERROR!",
    "NULL_VALUE": "#NULL!",
    "DIVIDE_BY_ZERO": "#DIV/0!",
    "VALUE": "#VALUE!",
    "REF": "#REF!",
    "NAME": "#NAME?",
    "NUM": "#NUM!",
    "N_A": "#N/A",
}
Value = str | float | bool | CellError | None


@dataclass(slots=True)
class Cell:
    """What one cell holds; `value` is the effective value, `formula` what was typed if it was a formula.

    Never changed, always replaced; not frozen only because that would make a large write twice as slow.
    """

    value: Value = None
    formula: str | None = None
    note: str | None = None
    format: Json | None = None
    validation: Json | None = None
    rest: Json | None = None

    @property
    def blank(self) -> bool:
        """No content a reader of values could see."""
        return self.value is None and self.formula is None

    @property
    def bare(self) -> bool:
        """Nothing at all: not worth keeping."""
        return self.blank and not (self.note or self.format or self.validation or self.rest)

    def holding(self, value: Value, formula: str | None = None) -> Cell:
        """The same cell with other content."""
        return Cell(value, formula, self.note, self.format, self.validation, self.rest)


EMPTY = Cell()


def literal(value: Value) -> Value:
    """A value as a cell keeps it; an empty string is none, as in a values.update."""
    if isinstance(value, str):
        check_length(value)
        return value or None
    return tidy(float(value)) if isinstance(value, float | int) and not isinstance(value, bool) else value


def check_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise Refused("Your input contains more than the maximum of 50000 characters in a single cell.")


def with_value(cell: Cell, value: Value) -> Cell:
    """The cell with a literal in it."""
    return cell.holding(literal(value))


def with_formula(cell: Cell, formula: str) -> Cell:
    check_length(formula)
    return cell.holding(None, formula)


def extended_value(value: Value) -> Json | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, CellError):
        return {"errorValue": {"type": value.type, **({"message": value.message} if value.message else {})}}
    return {"stringValue": value} if isinstance(value, str) else {"numberValue": tidy(value)}


def entered_value(cell: Cell) -> Json | None:
    return {"formulaValue": cell.formula} if cell.formula is not None else extended_value(cell.value)


def with_entered_value(cell: Cell, entered: Json | None) -> Cell:
    """The cell with a `userEnteredValue` of the wire, whose strings are never parsed."""
    return cell.holding(*_content(entered))


def _content(entered: Json | None) -> tuple[Value, str | None]:
    """The value and the formula of a `userEnteredValue`."""
    if not entered:
        return None, None
    if len(entered) > 1:
        raise Refused("Only one kind of value can be set.")
    ((kind, value),) = entered.items()
    if kind == "formulaValue":
        check_length(value)
        return None, value if value.startswith("=") else "=" + value
    if kind == "errorValue":
        raise Refused("errorValue is read-only and can't be written.")
    return literal(value), None


def cell_json(cell: Cell) -> Json:
    """The writable half of CellData."""
    parts = {
        "userEnteredValue": entered_value(cell),
        "userEnteredFormat": cell.format,
        "note": cell.note,
        "dataValidation": cell.validation,
        **(cell.rest or {}),
    }
    return {name: part for name, part in parts.items() if part is not None}


READ_ONLY = ("effectiveValue", "formattedValue", "effectiveFormat", "hyperlink")
_COMMON = frozenset({"userEnteredValue", "userEnteredFormat"})
_KNOWN = ("userEnteredValue", "userEnteredFormat", "note", "dataValidation")


def cell_writer(mask: Mask) -> Callable[[Cell, Json], Cell]:
    """How a write of these fields of a CellData changes a cell; masked but missing fields are cleared."""
    asked = {name: inner for name, inner in mask.items() if name not in READ_ONLY}
    if mask and not asked:
        return lambda cell, data: cell
    if not mask:
        canonicals = _Canonicals()
        return lambda cell, data: _whole_cell(data, canonicals)
    if asked.keys() == {"userEnteredValue"}:
        return lambda cell, data: with_entered_value(cell, data.get("userEnteredValue"))
    return lambda cell, data: _merged(cell, data, asked)


class _Canonicals:
    """Canonical forms of messages that many cells of one write share."""

    def __init__(self) -> None:
        self.known: dict[str, Json] = {}

    def __call__(self, schema: str, value: Json | None) -> Json | None:
        if not value:
            return None
        key = schema + repr(value)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = canonical(schema, value)
        return found


def _whole_cell(data: Json, canonicals: _Canonicals) -> Cell:
    value, formula = _content(data.get("userEnteredValue"))
    if data.keys() <= _COMMON:
        return Cell(value, formula, None, canonicals("CellFormat", data.get("userEnteredFormat")))
    rest = {name: item for name, item in data.items() if name not in _KNOWN and name not in READ_ONLY}
    return Cell(
        value,
        formula,
        data.get("note") or None,
        canonicals("CellFormat", data.get("userEnteredFormat")),
        canonicals("DataValidationRule", data.get("dataValidation")),
        canonicals("CellData", rest),
    )


def _merged(cell: Cell, data: Json, asked: Mask) -> Cell:
    clean = canonical("CellData", {name: item for name, item in data.items() if name not in READ_ONLY})
    if asked.get("userEnteredFormat") == {} and clean.get("userEnteredFormat"):
        # A whole format merges into what is there (discovery text); only its absence clears.
        clean["userEnteredFormat"] = deep_merged(cell.format or {}, clean["userEnteredFormat"])
    result = overlay(cell_json(cell), clean, asked)
    if "userEnteredValue" in asked:
        cell = with_entered_value(cell, clean.get("userEnteredValue"))
    form = result.get("userEnteredFormat")
    return replace(
        cell,
        note=result.get("note"),
        format=canonical("CellFormat", form) if form else None,
        validation=result.get("dataValidation"),
        rest={name: item for name, item in result.items() if name not in _KNOWN} or None,
    )


def deep_merged(old: Json, new: Json) -> Json:
    result = dict(old)
    for name, item in new.items():
        both = isinstance(item, dict) and isinstance(result.get(name), dict) and "olor" not in name
        result[name] = deep_merged(result[name], item) if both else item
    return result
