"""What the generated workbook checks and colours by itself: lists to choose from, warnings, status colours."""

from collections.abc import Sequence
from typing import Any

from sheetsync.cells import EARLIEST, LATEST, column_letters, serial
from sheetsync.colors import STATUS_COLORS
from sheetsync.template import Column, Tab, WorkbookTemplate
from sheetsync.workbook.xlsx.looks import FRACTION, LAST_ROW, Looks

_LONGEST_MESSAGE = 255

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
        offered = ", ".join(column.choices)
        return {
            "validate": "list",
            "source": list(column.choices),
            "error_message": f"Choose one of: {offered}"[:255],
        }
    if column.choices_from:
        source = template.tab(column.choices_from.partition(".")[0])
        message = f"This is not in the tab {source.title} yet."
        return {"validate": "list", "source": _offered(source, column.choices_from), "error_message": message}
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


def _offered(tab: Tab, source: str) -> str:
    """The cells of another tab's column, down to the last one used: a list with blanks at its end is a nuisance."""
    title = "'" + tab.title.replace("'", "''") + "'"
    letters = column_letters(tab.position(source.partition(".")[2]))
    first, column = tab.header_row + 1, f"{title}!${letters}:${letters}"
    return f"={title}!${letters}${first}:INDEX({column},MAX({first},COUNTA({column})+{tab.header_row - 1}))"


def add_colors(sheet: Any, tab: Tab, columns: Sequence[Column], looks: Looks) -> None:
    """Colour the statuses, shade attainment, and give fractions their decimals."""
    for at, column in enumerate(columns):
        place = (tab.header_row, at, LAST_ROW, at)
        cell = f"{column_letters(at)}{tab.header_row + 1}"
        if tab.is_tool_tab and column.key == "status":
            _color_statuses(sheet, place, tab, looks)
        if tab.is_tool_tab and column.key == "attainment":
            sheet.conditional_format(*place, _SHADES)
        if column.type in _NUMERIC:
            fraction = f"=ABS({cell}-ROUND({cell},0))>=0.005"
            rule = {"type": "formula", "criteria": fraction, "format": looks.rule(tab, num_format=FRACTION)}
            sheet.conditional_format(*place, rule)
    if tab.is_tool_tab:
        _draw_lines(sheet, tab, len(columns), looks)


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
