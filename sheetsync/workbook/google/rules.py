"""Conditional formats: what a tab colours by itself. Where two rules hold, the one that comes first shows."""

from collections.abc import Iterator
from fractions import Fraction

from sheetsync.cells import column_letters
from sheetsync.colors import STATUS_COLORS
from sheetsync.live import is_current
from sheetsync.template import Rule
from sheetsync.workbook.google.appearance import ALARM, CALM, color, condition
from sheetsync.workbook.google.blueprint import Blueprint, Sheet
from sheetsync.workbook.google.intro import google_formula, live
from sheetsync.workbook.google.rows import Json

_CONDITIONS = {"at_least": "NUMBER_GREATER_THAN_EQ", "below": "NUMBER_LESS"}
_BANNER_FILL = "#fed7aa"
# Paler the less of the target is done.
_SHADES = {"minpoint": ("0", "#ffffff"), "maxpoint": ("1", "#99e0d3")}


def conditional_formats(blueprint: Blueprint, sheet: Sheet) -> Iterator[Json]:
    """The requests that make a tab's rules: the template's, then those of the tool's own tabs."""
    rules = [*_of_template(blueprint, sheet)]
    if sheet.tab.is_tool_tab:
        rules += [*_statuses(sheet), *_shades(sheet), *_lines(blueprint, sheet)]
    for index, rule in enumerate(rules):
        yield {"addConditionalFormatRule": {"rule": rule, "index": index}}


def _of_template(blueprint: Blueprint, sheet: Sheet) -> Iterator[Json]:
    places = {column.key: place for place, column in enumerate(sheet.columns)}
    for rule in sheet.tab.rules:
        keys = [key for key in rule.columns if key in places]
        ranges = [sheet.below(places[key]) for key in keys]
        if not rule.columns:
            ranges = [sheet.cells(sheet.tab.header_row, 0, right=len(sheet.columns))]
        if ranges:
            yield _boolean(ranges, _condition(blueprint, sheet, rule), rule.fill, rule.ink, bold=rule.bold)


def _condition(blueprint: Blueprint, sheet: Sheet, rule: Rule) -> Json:
    if rule.when == "current":
        formula = is_current(sheet.tab, blueprint.calendar, sheet.tab.header_row + 1)
        return condition("CUSTOM_FORMULA", google_formula(formula))
    if rule.when == "filled":
        return condition("NOT_BLANK")
    if rule.when == "blank":
        return condition("CUSTOM_FORMULA", google_formula(_blank_in_use(sheet, rule)))
    if isinstance(rule.value, str) or rule.value is None:
        return condition("TEXT_EQ", rule.value or "")
    return condition(_CONDITIONS.get(rule.when, "NUMBER_EQ"), _number(rule.value))


def _blank_in_use(sheet: Sheet, rule: Rule) -> str:
    """A blank cell in a row that holds something: the rows below are not in use yet."""
    places = {column.key: place for place, column in enumerate(sheet.columns)}
    first, row = min((places[key] for key in rule.columns if key in places), default=0), sheet.tab.header_row + 1
    whole = f"$A{row}:${column_letters(len(sheet.columns) - 1)}{row}"
    return f"=AND(LEN({column_letters(first)}{row})=0,COUNTA({whole})>0)"


def _number(value: float) -> str:
    """A number as it is understood in every locale: 0.85 is seventeen twentieths, with neither point nor comma."""
    parts = Fraction(str(value))
    return str(parts.numerator) if parts.denominator == 1 else f"={parts.numerator}/{parts.denominator}"


def _statuses(sheet: Sheet) -> Iterator[Json]:
    for place, column in enumerate(sheet.columns):
        if column.key == "status":
            for status, (fill, ink) in STATUS_COLORS.items():
                yield _boolean([sheet.below(place)], condition("TEXT_EQ", status), fill, ink)


def _shades(sheet: Sheet) -> Iterator[Json]:
    for place, column in enumerate(sheet.columns):
        if column.key == "attainment":
            ends = {
                end: {"type": "NUMBER", "value": value, "color": color(fill)}
                for end, (value, fill) in _SHADES.items()
            }
            yield {"ranges": [sheet.below(place)], "gradientRule": ends}


def _lines(blueprint: Blueprint, sheet: Sheet) -> Iterator[Json]:
    """A banner that warns fills its line; the line about problems has the colour of what it says."""
    for (row, _), cell in live(blueprint, sheet.tab).items():
        if cell.look == "banner":
            warns = condition("CUSTOM_FORMULA", google_formula(f'=LEFT($A${row + 1},1)="⚠"'))
            yield _boolean([sheet.row(row)], warns, _BANNER_FILL, ALARM, bold=True)
    for row, shown in sheet.tab.lines.items():
        if shown == "problems":
            yield _boolean([sheet.row(row)], condition("TEXT_STARTS_WITH", "⚠"), None, ALARM, bold=True)
            yield _boolean([sheet.row(row)], condition("TEXT_STARTS_WITH", "✓"), None, CALM)


def _boolean(ranges: list[Json], when: Json, fill: str | None, ink: str | None, *, bold: bool = False) -> Json:
    look: Json = {"backgroundColor": color(fill)} if fill else {}
    text = ({"foregroundColor": color(ink)} if ink else {}) | ({"bold": True} if bold else {})
    if text:
        look["textFormat"] = text
    return {"ranges": ranges, "booleanRule": {"condition": when, "format": look}}
