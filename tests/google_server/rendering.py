"""FORMATTED_VALUE, UNFORMATTED_VALUE and FORMULA, and the number formats behind the first.

Decided here: general numbers show ten significant digits; the patterns sheetsync and the recordings use are
rendered (decimals, grouping, percent, scientific, dates and times with English names) with the locale's decimal
sign and groups; any other pattern shows as general.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from tests.google_server.cells import Cell, CellError
from tests.google_server.entered import EPOCH
from tests.google_server.locales import ENGLISH, Locale
from tests.google_server.wire import Json

DEFAULT_PATTERNS = {
    "DATE": "M/d/yyyy",
    "TIME": "h:mm:ss am/pm",
    "DATE_TIME": "M/d/yyyy h:mm:ss",
    "PERCENT": "0.00%",
    "NUMBER": "#,##0.00",
    "CURRENCY": '"$"#,##0.00',
    "SCIENTIFIC": "0.00E+00",
}
DATE_TYPES = ("DATE", "TIME", "DATE_TIME")
_DATE_TOKEN = re.compile(r'"[^"]*"|y+|M+|m+|d+|h+|H+|s+|am/pm|AM/PM|.')
_DECIMAL = re.compile(r'((?:"[^"]*"|[^#0.,"])*)([#0,]+)(?:\.(0+))?((?:"[^"]*"|[^#0.,"])*)')


def rendered(cell: Cell, render: str, dates: str, locale: Locale) -> str | float | bool | None:
    """What a values read shows for a cell; None when there is nothing."""
    value = cell.value
    if render == "FORMULA" and cell.formula is not None:
        return cell.formula
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, CellError):
        return value.text
    if render == "FORMATTED_VALUE":
        return formatted(cell, locale)
    if dates == "FORMATTED_STRING" and _number_format(cell).get("type") in DATE_TYPES:
        return formatted(cell, locale)
    return value


def formatted(cell: Cell, locale: Locale = ENGLISH) -> str | None:
    value = cell.value
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, CellError):
        return value.text
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    form = _number_format(cell)
    kind = form.get("type", "")
    pattern = form.get("pattern") or DEFAULT_PATTERNS.get(kind, "")
    if kind in DATE_TYPES:
        return _date_text(value, form.get("pattern") or pattern.replace(ENGLISH.date, locale.date))
    if kind == "TEXT":
        return _localised(general(value), locale)
    return _localised(_number_text(value, pattern), locale)


def _localised(text: str, locale: Locale) -> str:
    if locale.decimal == "." and locale.group == ",":
        return text
    signs = {".": locale.decimal, ",": locale.group}
    return "".join(signs.get(letter, letter) for letter in text)


def general(value: float) -> str:
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    if abs(value) >= 1e15 or abs(value) < 1e-9:
        return re.sub(r"\.?0*e", "E", f"{value:.5e}")
    text = f"{value:.10g}"
    if "e" in text:
        text = f"{value:.18f}".rstrip("0")
    return text


def _number_format(cell: Cell) -> Json:
    form: Json = (cell.format or {}).get("numberFormat", {})
    return form


def _number_text(value: float, pattern: str) -> str:
    scientific = re.fullmatch(r"0\.(0+)E\+00", pattern)
    if scientific:
        return f"{value:.{len(scientific[1])}E}"
    match = _DECIMAL.fullmatch(pattern)
    if not match:
        return general(value)
    prefix, whole, decimals, suffix = match.groups()
    shown = value * 100 if "%" in suffix else value
    text = f"{abs(shown):{',' if ',' in whole else ''}.{len(decimals or '')}f}"
    sign = "-" if shown < 0 and text.strip("0.,") else ""
    return sign + prefix.replace('"', "") + text + suffix.replace('"', "")


def _date_text(value: float, pattern: str) -> str:
    # Rounded to the second: a serial's binary fraction would otherwise show 11:59:59 for noon.
    moment = EPOCH + timedelta(seconds=round(value * 86400))
    half_day = "am/pm" in pattern.lower()
    shown = []
    previous = ""
    for token in _DATE_TOKEN.findall(pattern):
        shown.append(_date_token(token, moment, half_day, previous))
        previous = token[0] if token[0].isalpha() else previous
    return "".join(shown)


def _date_token(token: str, moment: datetime, half_day: bool, previous: str) -> str:
    minutes = token[0] == "m" and previous in ("h", "H")
    hour = (moment.hour % 12 or 12) if half_day else moment.hour
    numbers = {"d": moment.day, "h": hour, "H": moment.hour, "s": moment.second, "M": moment.month}
    numbers["m"] = moment.minute if minutes else moment.month
    if token[0] == "y":
        return f"{moment.year:04d}" if len(token) > 2 else f"{moment.year % 100:02d}"
    if token.lower() == "am/pm":
        return "AM" if moment.hour < 12 else "PM"
    if token[0] in "mM" and not minutes and len(token) > 2:
        return moment.strftime("%b" if len(token) == 3 else "%B")
    if token[0] == "d" and len(token) > 2:
        return moment.strftime("%a" if len(token) == 3 else "%A")
    if token[0] in numbers:
        return f"{numbers[token[0]]:0{min(len(token), 2)}d}"
    return token.strip('"')
