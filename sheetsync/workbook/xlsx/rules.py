"""What the generated workbook checks and colours by itself: lists to choose from, warnings, status colours."""

from collections.abc import Iterator, Sequence
from typing import Any

from sheetsync.cells import EARLIEST, LATEST, column_letters, serial
from sheetsync.colors import STATUS_COLORS
from sheetsync.formulas import quoted
from sheetsync.live import is_current
from sheetsync.periods import Calendar
from sheetsync.template import Column, Rule, Tab, WorkbookTemplate
from sheetsync.workbook.xlsx.looks import FRACTION, LAST_ROW, Looks

_LONGEST_MESSAGE = 255
_LAST_OFFERED = 2000

_NUMERIC = frozenset(("count", "number"))


def add_validation(sheet: Any, template: WorkbookTemplate, tab: Tab, columns: Sequence[Column]) -> None:
    """Offer lists and warn of what cannot be meant. Nothing is forbidden, so pasting works."""
    if tab.is_tool_tab:
        return
    for at, column in enumerate(columns):
        rule = None if column.computed else _rule(template, column)
        if rule is None:
            continue
        rule = rule | {"ignore_blank": True, "error_type": "warning", "error_title": column.title[:32]}
        if column.note:
            rule |= {"input_title": column.title[:32], "input_message": column.note[:_LONGEST_MESSAGE]}
        sheet.data_validation(tab.header_row, at, LAST_ROW, at, rule)


def _rule(template: WorkbookTemplate, column: Column) -> dict[str, Any] | None:
    if column.choices:
        choices = ", ".join(column.choices)
        return {
            "validate": "list",
            "source": list(column.choices),
            "error_message": f"Choose one of: {choices}"[:255],
        }
    if column.choices_from:
        source = template.tab(column.choices_from.partition(".")[0])
        message = f"This is not in the tab {source.title} yet."
        return {"validate": "list", "source": offered(template, column.choices_from), "error_message": message}
    return _RULES.get(column.type)


def _between(kind: str, least: float, most: float, message: str) -> dict[str, Any]:
    return {"validate": kind, "criteria": "between", "minimum": least, "maximum": most, "error_message": message}


_RULES = {
    "rating": _between("integer", 1, 5, "A whole number from 1 to 5."),
    "date": _between("decimal", serial(EARLIEST), serial(LATEST), "A date, such as 2026-02-14."),
    "count": _between("decimal", 0, 1e12, "A number, 0 or more."),
    "number": _between("decimal", 0, 1e12, "A number, 0 or more."),
    "amount": _between("decimal", -1e12, 1e12, "An amount: a number without words."),
}


def offered(template: WorkbookTemplate, source: str) -> str:
    """The cells of a tab's column (people.name), down to the last one used: blanks at a list's end are a nuisance."""
    key, _, column_key = source.partition(".")
    tab = template.tab(key)
    title, letters = quoted(tab), column_letters(tab.position(column_key))
    first, column = tab.header_row + 1, f"{title}!${letters}:${letters}"
    cells = f"{title}!${letters}${first}:${letters}${_LAST_OFFERED}"
    last = f"SUMPRODUCT(MAX((LEN({cells})>0)*ROW({cells})))"
    return f"={title}!${letters}${first}:INDEX({column},MAX({first},{last}))"


def add_colors(sheet: Any, tab: Tab, columns: Sequence[Column], calendar: Calendar, looks: Looks) -> None:
    """Colour what the template's rules say, then the statuses; shade attainment, give fractions their decimals."""
    for rule in tab.rules:
        look = {"bg_color": rule.fill, "font_color": rule.ink, "bold": rule.bold}
        shown = looks.rule(tab, **{name: value for name, value in look.items() if value})
        for left, right, criteria in _applied(rule, tab, len(columns), calendar):
            about = {"type": "formula", "criteria": criteria, "format": shown}
            sheet.conditional_format(tab.header_row, left, LAST_ROW, right, about)
    for at, column in enumerate(columns):
        place = (tab.header_row, at, LAST_ROW, at)
        cell = f"{column_letters(at)}{tab.header_row + 1}"
        if tab.is_tool_tab and column.key == "status":
            _color_statuses(sheet, place, tab, looks)
        if tab.is_tool_tab and column.key == "attainment":
            sheet.conditional_format(*place, _SHADES)
        if column.type in _NUMERIC and not column.format:
            fraction = f"=ABS({cell}-ROUND({cell},0))>=0.005"
            shown = {"type": "formula", "criteria": fraction, "format": looks.rule(tab, num_format=FRACTION)}
            sheet.conditional_format(*place, shown)
    if tab.is_tool_tab:
        _draw_lines(sheet, tab, len(columns), looks)


def _applied(rule: Rule, tab: Tab, width: int, calendar: Calendar) -> Iterator[tuple[int, int, str]]:
    """Where a rule of the template applies: first and last column, and what must hold of the first row of data there.

    It is for each of its columns, or for whole rows where it is about the row.
    """
    first = tab.header_row + 1
    if rule.when == "current" and not rule.columns:
        yield 0, width - 1, is_current(tab, calendar, first)
        return
    row = f"$A{first}:${column_letters(width - 1)}{first}"
    for at in [tab.position(key) for key in rule.columns] or range(len(tab.columns)):
        cell = f"{column_letters(at)}{first}"
        yield at, at, is_current(tab, calendar, first) if rule.when == "current" else _condition(rule, cell, row)


def _condition(rule: Rule, cell: str, row: str) -> str:
    """When a rule holds of a cell. A blank cell is no number, and no gap either in a row that nobody uses."""
    if rule.when == "filled":
        return f"=LEN({cell})>0"
    if rule.when == "blank":
        return f"=AND(LEN({cell})=0,COUNTA({row})>0)"
    sign = {"equals": "=", "at_least": ">=", "below": "<"}[rule.when]
    if isinstance(rule.value, str):
        text = rule.value.replace('"', '""')
        return f'=AND(ISTEXT({cell}),{cell}{sign}"{text}")'
    return f"=AND(ISNUMBER({cell}),{cell}{sign}{rule.value})"


def _color_statuses(sheet: Any, place: tuple[int, int, int, int], tab: Tab, looks: Looks) -> None:
    for status, (fill, ink) in STATUS_COLORS.items():
        colors = {"font_color": ink} | ({"bg_color": fill} if fill else {})
        rule = {"type": "cell", "criteria": "==", "value": f'"{status}"', "format": looks.rule(tab, **colors)}
        sheet.conditional_format(*place, rule)


# Paler the less of the target is done. Bars would need an extension that other programs drop with a warning.
_SHADES = {
    "type": "2_color_scale", "min_type": "num", "min_value": 0, "min_color": "#ffffff",
    "max_type": "num", "max_value": 1, "max_color": "#99e0d3",
}  # fmt: skip


def _draw_lines(sheet: Any, tab: Tab, columns: int, looks: Looks) -> None:
    """A hairline under each row that holds something: rows come and go with every sync."""
    first = tab.header_row + 1
    rule = {
        "type": "formula",
        "criteria": f'=$A{first}&$B{first}<>""',
        "format": looks.rule(tab),
    }
    sheet.conditional_format(tab.header_row, 0, LAST_ROW, columns - 1, rule)
