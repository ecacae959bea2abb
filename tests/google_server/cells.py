"""One cell, and its two JSON faces: the plain value of `values.*` and CellData.

Decided here: cells never change, an edit replaces them; so a batch can work on a cheap copy of the grid.
Formulas are kept but not computed, except sums of literals.
"""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.google_server.canonical import canonical, tidy
from tests.google_server.errors import Refused
from tests.google_server.fields import Mask, overlay
from tests.google_server.wire import Json

Value = str | float | bool | None
MAX_CHARACTERS = 50_000
_OPERATORS: dict[type[ast.operator], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Cell:
    """What one cell holds; `value` is the effective value, `formula` what was typed if it was a formula."""

    value: Value = None
    formula: str | None = None
    note: str | None = None
    format: Json | None = None
    validation: Json | None = None
    rest: Json = field(default_factory=dict)

    @property
    def blank(self) -> bool:
        """No content a reader of values could see."""
        return self.value is None and self.formula is None

    @property
    def bare(self) -> bool:
        """Nothing at all: not worth keeping."""
        return self == EMPTY


EMPTY = Cell()


def with_value(cell: Cell, value: Value) -> Cell:
    """The cell with a literal; an empty string clears, as in a values.update."""
    if isinstance(value, str) and len(value) > MAX_CHARACTERS:
        raise Refused("Your input contains more than the maximum of 50000 characters in a single cell.")
    if isinstance(value, float | int) and not isinstance(value, bool):
        value = tidy(float(value))
    return replace(cell, value=None if value == "" else value, formula=None)


def with_formula(cell: Cell, formula: str) -> Cell:
    return replace(with_value(cell, formula), value=literal_result(formula), formula=formula)


def literal_result(formula: str) -> Value:
    """The result of a formula made of literals only (=4/2, ="a", =TRUE); None for every other."""
    text = formula.lstrip("=").strip()
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    try:
        tree = ast.parse(text, mode="eval").body
        return _literal(tree)
    except (SyntaxError, ValueError, ZeroDivisionError):
        return None


def _literal(node: ast.expr) -> Value:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float):
        return tidy(float(node.value)) if isinstance(node.value, int | float) else node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return tidy(float(_OPERATORS[type(node.op)](_number(node.left), _number(node.right))))
    raise ValueError("not a literal")


def _number(node: ast.expr) -> float:
    value = _literal(node)
    if isinstance(value, str | bool) or value is None:
        raise ValueError("not a number")
    return value


def extended_value(value: Value) -> Json | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"stringValue": value} if isinstance(value, str) else {"numberValue": tidy(value)}


def entered_value(cell: Cell) -> Json | None:
    return {"formulaValue": cell.formula} if cell.formula is not None else extended_value(cell.value)


def with_entered_value(cell: Cell, entered: Json | None) -> Cell:
    """The cell with a `userEnteredValue` of the wire, whose strings are never parsed."""
    if not entered:
        return replace(cell, value=None, formula=None)
    if "errorValue" in entered:
        raise Refused("errorValue is read-only and can't be written.")
    if "formulaValue" in entered:
        formula = entered["formulaValue"]
        return with_formula(cell, formula if formula.startswith("=") else "=" + formula)
    return with_value(cell, next(iter(entered.values())))


def cell_json(cell: Cell) -> Json:
    """The writable half of CellData."""
    parts = {
        "userEnteredValue": entered_value(cell),
        "userEnteredFormat": cell.format,
        "note": cell.note,
        "dataValidation": cell.validation,
        **cell.rest,
    }
    return {name: part for name, part in parts.items() if part is not None}


READ_ONLY = ("effectiveValue", "formattedValue", "effectiveFormat", "hyperlink")


def merged_cell(cell: Cell, data: Json, mask: Mask) -> Cell:
    """The cell after a write of the masked fields of a CellData; masked but missing fields are cleared."""
    clean = canonical("CellData", {name: item for name, item in data.items() if name not in READ_ONLY})
    asked = {name: inner for name, inner in mask.items() if name not in READ_ONLY}
    if mask and not asked:
        return cell
    if asked.get("userEnteredFormat") == {} and clean.get("userEnteredFormat"):
        # A whole format merges into what is there (discovery text); only its absence clears.
        clean["userEnteredFormat"] = deep_merged(cell.format or {}, clean["userEnteredFormat"])
    result = overlay(cell_json(cell), clean, asked)
    if "userEnteredValue" in asked or not mask:
        cell = with_entered_value(cell, clean.get("userEnteredValue"))
    known = ("userEnteredValue", "userEnteredFormat", "note", "dataValidation")
    return replace(
        cell,
        note=result.get("note"),
        format=_mirrored(result.get("userEnteredFormat")),
        validation=result.get("dataValidation"),
        rest={name: item for name, item in result.items() if name not in known},
    )


def deep_merged(old: Json, new: Json) -> Json:
    result = dict(old)
    for name, item in new.items():
        both = isinstance(item, dict) and isinstance(result.get(name), dict) and "olor" not in name
        result[name] = deep_merged(result[name], item) if both else item
    return result


def _mirrored(form: Json | None) -> Json | None:
    return canonical("CellFormat", form) if form else None
