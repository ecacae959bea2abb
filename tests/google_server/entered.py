"""USER_ENTERED: what typing a string into an en_US sheet makes of it.

Decided here: numbers (grouped, percent, scientific), TRUE/FALSE, ISO dates and date-times, formulas and the
leading apostrophe. Everything else stays text. Other locales are not modelled (README.md).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from tests.google_server.cells import Cell, Value, with_formula, with_value
from tests.google_server.wire import Json

EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_PERCENT = re.compile(r"[+-]?\d+(\.\d+)?%")
_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_DATE_TIME = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[ T](\d{1,2}:\d{2})(:\d{2})?")


def typed(cell: Cell, value: Value) -> Cell:
    """The cell after a person typed this."""
    if not isinstance(value, str):
        return with_value(cell, value)
    if value.startswith("'"):
        return with_value(cell, value[1:])
    if value.startswith("=") and len(value) > 1:
        return with_formula(cell, value)
    parsed, number_format = parsed_text(value.strip())
    if parsed is None:
        return with_value(cell, value)
    result = with_value(cell, parsed)
    if number_format and "numberFormat" not in (cell.format or {}):
        result = replace(result, format={**(cell.format or {}), "numberFormat": number_format})
    return result


def parsed_text(text: str) -> tuple[Value, Json | None]:
    """The value and the number format that typing brings; (None, None) when it stays text."""
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE", None
    if _NUMBER.fullmatch(text):
        return float(text), None
    if _GROUPED.fullmatch(text):
        pattern = "#,##0.00" if "." in text else "#,##0"
        return float(text.replace(",", "")), {"type": "NUMBER", "pattern": pattern}
    if _PERCENT.fullmatch(text):
        pattern = "0.00%" if "." in text else "0%"
        return float(text[:-1]) / 100, {"type": "PERCENT", "pattern": pattern}
    if _SCIENTIFIC.fullmatch(text):
        return float(text), {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    return _parsed_date(text)


def _parsed_date(text: str) -> tuple[Value, Json | None]:
    try:
        if _DATE.fullmatch(text):
            return serial(_moment(text, "%Y-%m-%d")), {"type": "DATE", "pattern": "yyyy-mm-dd"}
        if match := _DATE_TIME.fullmatch(text):
            moment = _moment(f"{match[1]} {match[2]}{match[3] or ':00'}", "%Y-%m-%d %H:%M:%S")
            pattern = "yyyy-mm-dd h:mm:ss" if match[3] else "yyyy-mm-dd h:mm"
            return serial(moment), {"type": "DATE_TIME", "pattern": pattern}
    except ValueError:
        pass
    return None, None


def serial(moment: datetime) -> float:
    """Days since 1899-12-30, time as the fraction."""
    return (moment - EPOCH).total_seconds() / 86400


def _moment(text: str, pattern: str) -> datetime:
    # A sheet's dates have no zone; UTC only keeps the arithmetic free of clock changes.
    return datetime.strptime(text, pattern).replace(tzinfo=UTC)
