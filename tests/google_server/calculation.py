"""What formulas come to, for the few that are cheap to say.

Decided here: operators, references and the functions of `calculation_functions` are computed; a formula with
anything else has the value that a test put into its cell, else none, and so has what refers to it: nothing is ever
made up. In a locale with a decimal comma a comma between arguments is a parse error, as Google has it; `;` works
everywhere. TODAY is the day on this machine's clock in the spreadsheet's time zone.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.google_server.a1 import quoted_title
from tests.google_server.book import Book
from tests.google_server.calculation_functions import FUNCTIONS, Unknown, flat, number, serial_number, text
from tests.google_server.canonical import tidy
from tests.google_server.cells import ERROR_TEXTS, CellError, Value
from tests.google_server.errors import Refused
from tests.google_server.formulas import Token, tokens
from tests.google_server.locales import locale_of
from tests.google_server.sheet import Sheet

PARSE_ERROR = CellError("ERROR", "Formula parse error.")
CYCLE = CellError("REF", "Circular dependency detected. To resolve with iterative calculation, see File > Settings.")
_ERROR_TYPES = {shown: name for name, shown in ERROR_TEXTS.items()}
# The levels of binary operators, weakest first; all bind to the left.
_LEVELS = (("=", "<>", "<", ">", "<=", ">="), ("&",), ("+", "-"), ("*", "/"), ("^",))
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def calculate(book: Book) -> None:
    """Give every formula of the book its value, when anything has changed since the last time, or a day is over."""
    today = datetime.now(ZoneInfo(book.time_zone)).date()
    if not book.stale and book.calculated == today:
        return
    book.stale, book.calculated = False, today
    calculator = _Calculator(book, today)
    for sheet in book.sheets:
        for row, column in list(sheet.formulas):
            cell = sheet.cell(row, column)
            value = calculator.value(sheet, row, column)
            if cell.formula is None or _parsed(cell.formula, calculator.decimal) is None:
                continue
            value = None if value is Unknown else tidy(value)
            if value != cell.value or type(value) is not type(cell.value):
                sheet.put(row, column, replace(cell, value=value))


@lru_cache(maxsize=100_000)
def _parsed(formula: str, decimal: str) -> Any:
    """The tree of a formula in nested tuples, PARSE_ERROR, or None when something in it is not computed here."""
    pieces = tokens(formula, decimal)
    if not pieces:
        return None
    if decimal == "," and Token("sign", ",") in pieces:
        return PARSE_ERROR
    try:
        parser = _Parser(list(pieces), decimal)
        tree = parser.level(0)
    except (LookupError, ValueError):
        return None
    return None if parser.tokens else tree


class _Parser:
    """Recursive descent; a tree is (kind, ...) in tuples."""

    def __init__(self, pieces: list[Token], decimal: str) -> None:
        self.tokens = pieces
        self.decimal = decimal

    def level(self, depth: int) -> Any:
        if depth == len(_LEVELS):
            return self.signed()
        tree = self.level(depth + 1)
        while self.tokens and self.tokens[0].kind == "sign" and self.tokens[0].text in _LEVELS[depth]:
            sign = self.tokens.pop(0).text
            tree = ("operator", sign, tree, self.level(depth + 1))
        return tree

    def signed(self) -> Any:
        if self.tokens[0].text in ("-", "+"):
            sign = self.tokens.pop(0).text
            return ("operator", sign, ("value", 0.0), self.signed())
        tree = self.operand()
        while self.tokens and self.tokens[0].text == "%":
            self.tokens.pop(0)
            tree = ("operator", "/", tree, ("value", 100.0))
        return tree

    def operand(self) -> Any:
        kind, shown = self.tokens.pop(0)
        if kind == "number":
            return ("value", float(shown.replace(self.decimal, ".")))
        if kind == "text":
            return ("value", shown[1:-1].replace('""', '"'))
        if kind == "error":
            return ("value", CellError(_ERROR_TYPES[shown], ""))
        if kind == "reference":
            return ("reference", shown)
        if kind == "name":
            return self.named(shown)
        if shown == "(":
            tree = self.level(0)
            self.close()
            return tree
        raise ValueError(shown)

    def named(self, name: str) -> Any:
        if not (self.tokens and self.tokens[0].text == "("):
            return ("value", name.upper() == "TRUE") if name.upper() in ("TRUE", "FALSE") else ("reference", name)
        if name.upper() not in FUNCTIONS:
            raise ValueError(name)
        self.tokens.pop(0)
        arguments: list[Any] = []
        if self.tokens[0].text == ")":
            self.close()
            return ("call", name.upper(), ())
        while True:
            empty = self.tokens[0].text in (",", ";", ")")
            arguments.append(("value", None) if empty else self.level(0))
            if self.tokens[0].text not in (",", ";"):
                self.close()
                return ("call", name.upper(), tuple(arguments))
            self.tokens.pop(0)

    def close(self) -> None:
        if self.tokens.pop(0).text != ")":
            raise ValueError("a bracket is not closed")


class _Calculator:
    """One pass over a book's formulas; each is computed once, what it refers to first."""

    def __init__(self, book: Book, today: date) -> None:
        self.book = book
        self.today = today
        self.decimal = locale_of(book.locale).decimal
        self.done: dict[tuple[int, int, int], Any] = {}
        self.ranges: dict[tuple[int, str], Any] = {}

    def value(self, sheet: Sheet, row: int, column: int) -> Any:
        cell = sheet.cell(row, column)
        if cell.formula is None:
            return cell.value
        key = (sheet.id, row, column)
        if key not in self.done:
            tree = _parsed(cell.formula, self.decimal)
            self.done[key] = CYCLE
            if tree is None:
                self.done[key] = Unknown if cell.value is None else cell.value
            else:
                self.done[key] = tree if isinstance(tree, CellError) else self._result(tree, sheet)
        return self.done[key]

    def _result(self, tree: Any, sheet: Sheet) -> Any:
        try:
            result = self.compute(tree, sheet)
        except RecursionError:
            return Unknown
        if isinstance(result, list):
            result = result[0][0] if len(result) == 1 and len(result[0]) == 1 else Unknown
        return result

    def compute(self, tree: Any, sheet: Sheet) -> Any:
        kind = tree[0]
        if kind == "value":
            return tree[1]
        if kind == "reference":
            return self._seen(tree[1], sheet)
        if kind == "call":
            return self._call(tree[1], tree[2], sheet)
        return _operated(tree[1], self._single(tree[2], sheet), self._single(tree[3], sheet))

    def _call(self, name: str, arguments: tuple[Any, ...], sheet: Sheet) -> Any:
        if name in ("IF", "IFERROR", "IFNA"):
            return self._choice(name, arguments, sheet)
        if name == "TODAY":
            return serial_number(self.today)
        values = [self.compute(argument, sheet) for argument in arguments]
        if any(value is Unknown for value in flat(values)):
            return Unknown
        return FUNCTIONS[name](values)

    def _choice(self, name: str, arguments: tuple[Any, ...], sheet: Sheet) -> Any:
        first = self._single(arguments[0], sheet)
        if first is Unknown:
            return Unknown
        if name != "IF":
            failed = isinstance(first, CellError) and (name == "IFERROR" or first.type == "N_A")
            if not failed:
                return first
            return self._single(arguments[1], sheet) if len(arguments) > 1 else None
        if isinstance(first, CellError):
            return first
        chosen = arguments[1:2] if first else arguments[2:3]
        return self._single(chosen[0], sheet) if chosen else bool(first)

    def _single(self, tree: Any, sheet: Sheet) -> Any:
        value = self.compute(tree, sheet)
        if isinstance(value, list):
            return value[0][0] if len(value) == 1 and len(value[0]) == 1 else Unknown
        return value

    def _seen(self, name: str, sheet: Sheet) -> Any:
        """A range, read once, for many formulas look into the same one; while a circle is being found, again."""
        found = self.ranges.get((sheet.id, name))
        if found is None:
            found = self._range(name, sheet)
            if CYCLE not in flat([found]):
                self.ranges[sheet.id, name] = found
        return found

    def _range(self, name: str, sheet: Sheet) -> Any:
        title, mark, rest = name.rpartition("!")
        place = f"{title if mark else quoted_title(sheet.title)}!{rest.replace('$', '')}"
        try:
            owner, area, _ = self.book.text_area(place)
        except Refused:
            return self._named_range(name)
        used = owner.used(area)
        return [
            [self.value(owner, row, column) for column in range(area.left, max(used.right, area.left + 1))]
            for row in range(area.top, max(used.bottom, area.top + 1))
        ]

    def _named_range(self, name: str) -> Any:
        if any(item["name"].casefold() == name.casefold() for item in self.book.named_ranges):
            return Unknown
        return CellError("REF", "Reference does not exist.") if "!" in name else Unknown


def _operated(sign: str, one: Any, other: Any) -> Any:
    if one is Unknown or other is Unknown:
        return Unknown
    for side in (one, other):
        if isinstance(side, CellError):
            return side
    if sign == "&":
        return text(one) + text(other)
    if sign in _ORDERS:
        return _ordered(sign, one, other)
    left, right = number(one), number(other)
    for side in (left, right):
        if isinstance(side, CellError):
            return side
    return _reckoned(sign, left, right)


def _ordered(sign: str, one: Value, other: Value) -> Any:
    def key(value: Any, beside: Any) -> Any:
        if value is None:
            value = "" if isinstance(beside, str) else 0.0
        rank = 2 if isinstance(value, bool) else 1 if isinstance(value, str) else 0
        return rank, value.casefold() if isinstance(value, str) else value

    return _ORDERS[sign](key(one, other), key(other, one))


def _reckoned(sign: str, left: Any, right: Any) -> Any:
    if sign == "/":
        if right == 0:
            return CellError("DIVIDE_BY_ZERO", "Function DIVIDE parameter 2 cannot be zero.")
        return left / right
    try:
        result = {"+": operator.add, "-": operator.sub, "*": operator.mul, "^": operator.pow}[sign](left, right)
    except (ZeroDivisionError, OverflowError):
        return CellError("NUM", "")
    return CellError("NUM", "") if isinstance(result, complex) else result
