"""The lines above the header: texts, lines that a sync writes, and live cells with their formulas and choices.

Formulas are Google's from here on: separated by semicolons, and a range down to a row that no tab has is open at its
end, for what lies outside a grid Google may refuse.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from sheetsync.formulas import with_semicolons
from sheetsync.live import LiveCell, live_cells
from sheetsync.template import WRITTEN_LINES, Column, Tab
from sheetsync.workbook.google.appearance import CALM, MUTED, color, intro_format, validation
from sheetsync.workbook.google.blueprint import Blueprint, one_cell
from sheetsync.workbook.google.rows import Json, cell_data

_FAR = re.compile(r"(\$[A-Z]+\$[0-9]+:\$[A-Z]+)\$[0-9]{5,}")
_CHOICE_FILL = "#f0fdfa"
_MESSAGES = {
    "choose_who": "Whose goals the charts below show; blank: everyone's together.",
    "choose_activity": "Which activity the charts below show; blank: the first one.",
}

Place = tuple[int, int]


def live(blueprint: Blueprint, tab: Tab) -> dict[Place, LiveCell]:
    """The live cells of a tab by 0-based row and column, with formulas as Google takes them."""
    found = live_cells(blueprint.template, tab, blueprint.calendar, blueprint.ids)
    return {place: replace(cell, formula=google_formula(cell.formula)) for place, cell in found.items()}


def google_formula(formula: str) -> str:
    """A formula of an `.xlsx` file in Google's words."""
    return with_semicolons(_FAR.sub(r"\1", formula))


def lines(blueprint: Blueprint, tab: Tab) -> Iterator[Json]:
    """The rows above the charts."""
    cells = live(blueprint, tab)
    for row, text in enumerate(tab.intro):
        if row in tab.live_rows:
            last = max((at for down, at in cells if down == row), default=-1)
            yield {"values": [_live_cell(tab, cells.get((row, at))) for at in range(last + 1)]}
        elif tab.lines.get(row) in WRITTEN_LINES:
            yield {"values": [{"userEnteredFormat": intro_format(first=False, muted=True)}]}
        else:
            yield {"values": [{**cell_data(text), "userEnteredFormat": intro_format(first=row == 0)}]}


def _live_cell(tab: Tab, cell: LiveCell | None) -> Json:
    return {**live_value(cell), "userEnteredFormat": _look(tab, cell.look)} if cell else {}


def live_value(cell: LiveCell) -> Json:
    """What stands in a live cell."""
    return {"userEnteredValue": {"formulaValue": cell.formula}} if cell.formula else cell_data(cell.text)


def _look(tab: Tab, look: str) -> Json:
    match look:
        case "label":
            return intro_format(first=False, muted=True)
        case "hint":
            return {"textFormat": {"fontSize": 10, "italic": True, "foregroundColor": color(MUTED)}}
        case "banner":
            return {"textFormat": {"fontSize": 10, "foregroundColor": color(CALM)}}
        case "link":
            return {"textFormat": {"foregroundColor": color(tab.color), "underline": False}}
        case "choice":
            line = {"style": "SOLID", "color": color(tab.color)}
            return {
                "backgroundColor": color(_CHOICE_FILL),
                "borders": dict.fromkeys(("top", "bottom", "left", "right"), line),
            }
    return {}


def choices(blueprint: Blueprint, tab: Tab) -> dict[Place, Json]:
    """What the cells offer in which people choose what they want to see."""
    offered = {}
    for place, cell in live(blueprint, tab).items():
        if cell.choices_from:
            message = _MESSAGES.get(tab.lines[place[0]], "")
            column = Column(key="choice", title="", choices_from=cell.choices_from, note=message)
            offered[place] = validation(blueprint.template, column) or {}
    return offered


def offer(sheet_id: int, place: Place, rule: Json) -> Json:
    """The request that lets people choose in a cell."""
    row, column = place
    where = one_cell(sheet_id, row, column)
    return {"setDataValidation": {"range": where, "rule": rule}}
