"""USER_ENTERED: what typing a string into a sheet makes of it, by the spreadsheet's locale.

Decided here: numbers (grouped, percent, scientific), TRUE/FALSE, ISO dates and date-times, dates in the locale's
order, formulas and the leading apostrophe. Everything else stays text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from tests.google_server.cells import Cell, Value, with_formula, with_value
from tests.google_server.locales import ENGLISH, Locale
from tests.google_server.wire import Json

EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_DATE_TIME = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[ T](\d{1,2}:\d{2})(:\d{2})?")
_LOCAL_DATE = re.compile(r"(\d{1,4})([./-]) ?(\d{1,2})\2 ?(\d{1,4})")


def typed(cell: Cell, value: Value, locale: Locale = ENGLISH) -> Cell:
    """The cell after a person typed this."""
    if not isinstance(value, str):
        return with_value(cell, value)
    if value.startswith("'"):
        return with_value(cell, value[1:])
    if value.startswith("=") and len(value) > 1:
        return with_formula(cell, value)
    parsed, number_format = parsed_text(value.strip(), locale)
    if parsed is None:
        return with_value(cell, value)
    result = with_value(cell, parsed)
    if number_format and "numberFormat" not in (cell.format or {}):
        result = replace(result, format={**(cell.format or {}), "numberFormat": number_format})
    return result


def parsed_text(text: str, locale: Locale = ENGLISH) -> tuple[Value, Json | None]:
    """The value and the number format that typing brings; (None, None) when it stays text."""
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE", None
    # Only what begins like a number or a date can be one.
    if not text[:1].isdigit() and text[:1] not in ("+", "-", locale.decimal):
        return None, None
    plain, grouped = _number_patterns(locale)
    bare, percent = (text[:-1], True) if text.endswith("%") else (text, False)
    if not (plain.fullmatch(bare) or grouped.fullmatch(bare)):
        return _parsed_date(text, locale)
    english = bare.replace(locale.group, "") if grouped.fullmatch(bare) else bare
    number = float(english.replace(locale.decimal, "."))
    decimals = locale.decimal in bare
    if percent:
        return number / 100, {"type": "PERCENT", "pattern": "0.00%" if decimals else "0%"}
    if "e" in bare.lower():
        return number, {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    if not plain.fullmatch(bare):
        return number, {"type": "NUMBER", "pattern": "#,##0.00" if decimals else "#,##0"}
    return number, None


@lru_cache
def _number_patterns(locale: Locale) -> tuple[re.Pattern[str], re.Pattern[str]]:
    point, group = re.escape(locale.decimal), re.escape(locale.group)
    plain = rf"[+-]?(\d+{point}?\d*|{point}\d+)|[+-]?\d+({point}\d+)?[eE][+-]?\d+"
    return re.compile(plain), re.compile(rf"[+-]?\d{{1,3}}({group}\d{{3}})+({point}\d+)?")


def _parsed_date(text: str, locale: Locale) -> tuple[Value, Json | None]:
    try:
        if _DATE.fullmatch(text):
            return serial(_moment(text, "%Y-%m-%d")), {"type": "DATE", "pattern": "yyyy-mm-dd"}
        if match := _DATE_TIME.fullmatch(text):
            moment = _moment(f"{match[1]} {match[2]}{match[3] or ':00'}", "%Y-%m-%d %H:%M:%S")
            pattern = "yyyy-mm-dd h:mm:ss" if match[3] else "yyyy-mm-dd h:mm"
            return serial(moment), {"type": "DATE_TIME", "pattern": pattern}
        if match := _LOCAL_DATE.fullmatch(text):
            return _local_date(match, locale)
    except ValueError:
        pass
    return None, None


def _local_date(match: re.Match[str], locale: Locale) -> tuple[Value, Json | None]:
    """A date in the locale's order with any of the three separators, if its year is at its place."""
    parts = dict(zip(locale.order, (match[1], match[3], match[4]), strict=True))
    if len(parts["y"]) not in (2, 4) or len(parts["m"]) > 2 or len(parts["d"]) > 2:
        return None, None
    year = int(parts["y"]) + (0 if len(parts["y"]) == 4 else 2000 if int(parts["y"]) < 30 else 1900)
    moment = datetime(year, int(parts["m"]), int(parts["d"]), tzinfo=UTC)
    pattern = match[2].join(letter * len(parts[letter]) for letter in locale.order)
    return serial(moment), {"type": "DATE", "pattern": pattern}


def serial(moment: datetime) -> float:
    """Days since 1899-12-30, time as the fraction."""
    return (moment - EPOCH).total_seconds() / 86400


def _moment(text: str, pattern: str) -> datetime:
    # A sheet's dates have no zone; UTC only keeps the arithmetic free of clock changes.
    return datetime.strptime(text, pattern).replace(tzinfo=UTC)
