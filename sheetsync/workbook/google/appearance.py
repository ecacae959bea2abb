"""How cells look and what may be typed into them, a column type each: formats and lists of choices.

Nothing is forbidden (`strict` is false everywhere): what does not fit is told in Problems, not refused while typing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sheetsync.cells import column_letters
from sheetsync.template import Column, ColumnType, Tab, WorkbookTemplate

Json = dict[str, Any]

# Whole numbers and fractions stand in the same columns, and `#,##0.##` would show 3 as “3.”: they stay automatic.
_NUMBER_FORMATS: Mapping[ColumnType, tuple[str, str]] = {
    "date": ("DATE", "yyyy-mm-dd"),
    "percent": ("PERCENT", "0%"),
    "amount": ("NUMBER", "#,##0.00"),
}
_AUTOMATIC = frozenset(("count", "number", "rating"))
_HEADER_TEXT, _COMPUTED_FILL = "#ffffff", "#f8fafc"
MUTED, ALARM = "#64748b", "#9a3412"
CALM = "#115e59"
"""The ink of what is said aside, and of what must not be overlooked."""


def color(hexadecimal: str) -> dict[str, float]:
    """`#0f766e` as Google's colour: parts from 0 to 1."""
    parts = (int(hexadecimal[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return dict(zip(("red", "green", "blue"), parts, strict=True))


def header_format(tab: Tab) -> Json:
    """The look of a column's title."""
    return {
        "backgroundColor": color(tab.color),
        "textFormat": {"bold": True, "foregroundColor": color(_HEADER_TEXT)},
        "verticalAlignment": "MIDDLE",
        "wrapStrategy": "WRAP",
    }


def intro_format(*, first: bool, muted: bool = False) -> Json:
    """The look of the lines above the header: the first is the tab's heading."""
    if first:
        return {"textFormat": {"bold": True, "fontSize": 16}}
    ink = {"foregroundColor": color(MUTED)} if muted else {}
    return {"textFormat": {"fontSize": 10, **ink}}


def body_format(tab: Tab, column: Column) -> Json:
    """The look of a column's cells."""
    look: Json = {
        "verticalAlignment": "TOP",
        "wrapStrategy": "WRAP" if column.type == "long_text" else "CLIP" if tab.is_tool_tab else "OVERFLOW_CELL",
    }
    if column.computed:
        look["backgroundColor"] = color(_COMPUTED_FILL)
    kind, pattern = _NUMBER_FORMATS.get(column.type, ("NUMBER", ""))
    if column.format or pattern:
        look["numberFormat"] = {"type": kind, "pattern": column.format or pattern}
    elif column.type not in _AUTOMATIC and column.computed is None:
        # Typed into a text cell, +44 20 7946 is a phone number and 1/2 no date.
        look["numberFormat"] = {"type": "TEXT", "pattern": "@"}
    return look


def column_looks(sheet_id: int, tab: Tab, columns: Sequence[Column], first_row: int) -> Iterator[Json]:
    """The requests that give the cells from the 0-based `first_row` on the look of their columns."""
    for place, column in enumerate(columns):
        look = body_format(tab, column)
        where = {"sheetId": sheet_id, "startRowIndex": first_row}
        where |= {"startColumnIndex": place, "endColumnIndex": place + 1}
        fields = ",".join(f"userEnteredFormat.{name}" for name in look)
        yield {"repeatCell": {"range": where, "cell": {"userEnteredFormat": look}, "fields": fields}}


def validation(template: WorkbookTemplate, column: Column) -> Json | None:
    """What a column offers or expects, if anything."""
    expected = _expected(template, column)
    if expected is None:
        return None
    rule: Json = {"condition": expected, "strict": False}
    if expected["type"].startswith("ONE_OF"):
        rule["showCustomUi"] = True  # the list to choose from
    if column.note:
        rule["inputMessage"] = column.note
    return rule


def _expected(template: WorkbookTemplate, column: Column) -> Json | None:
    if column.choices:
        return condition("ONE_OF_LIST", *column.choices)
    if column.choices_from:
        key, _, name = column.choices_from.partition(".")
        source = template.tab(key)
        letters = column_letters(source.position(name))
        title = source.title.replace("'", "''")
        return condition("ONE_OF_RANGE", f"='{title}'!${letters}${source.header_row + 1}:${letters}")
    if column.computed:
        return None
    if column.type == "rating":
        return condition("NUMBER_BETWEEN", "1", "5")
    return condition("DATE_IS_VALID") if column.type == "date" else None


def condition(kind: str, *values: str) -> Json:
    """A condition of Google's, of a rule or a validation."""
    found: Json = {"type": kind}
    if values:
        found["values"] = [{"userEnteredValue": value} for value in values]
    return found
