"""The lines above a header: what the template says there, what a sync writes, and the live cells."""

from collections.abc import Mapping
from typing import Any

from sheetsync.live import LiveCell, live_cells
from sheetsync.periods import Calendar
from sheetsync.template import Tab, WorkbookTemplate
from sheetsync.workbook.xlsx.looks import ALARM, WELL, Looks
from sheetsync.workbook.xlsx.rules import offered

# What is said beside a choice while people choose.
_CHOICES: Mapping[str, tuple[str, str]] = {
    "choose_who": ("Whose charts?", "Choose a name: the charts below are then that person's. Blank: everyone's."),
    "choose_activity": ("Which activity?", "Choose what the charts of weeks show. Blank: the first activity."),
}
_ALARM_FILL = "#fed7aa"


def write_lines(sheet: Any, template: WorkbookTemplate, tab: Tab, calendar: Calendar, looks: Looks) -> None:
    """Write the lines of a tab. Those that the sync writes are blank until then."""
    for row, line in enumerate(tab.intro):
        text = "" if row in tab.lines else line
        look = looks.intro(tab, row)
        sheet.write_string(row, 0, text, look) if text else sheet.write_blank(row, 0, None, look)
    for (row, column), cell in live_cells(template, tab, calendar).items():
        _write(sheet, row, column, cell, looks.live(tab, cell.look))
        if cell.look == "choice":
            _offer(sheet, row, column, offered(template, cell.choices_from), tab.lines[row])
    for row, shown in tab.lines.items():
        if shown == "banner":
            _sound_alarm(sheet, tab, row, looks)
        elif shown == "problems":
            _tell_apart(sheet, tab, row, looks)


def _write(sheet: Any, row: int, column: int, cell: LiveCell, look: Any) -> None:
    if cell.formula:
        sheet.write_formula(row, column, cell.formula, look, cell.text)
    elif cell.text:
        sheet.write_string(row, column, cell.text, look)
    else:
        sheet.write_blank(row, column, None, look)


def _offer(sheet: Any, row: int, column: int, source: str, shown: str) -> None:
    """A list to choose from. Nothing is forbidden: a name that draws nothing is said beside it."""
    title, message = _CHOICES[shown]
    rule = {"validate": "list", "source": source, "ignore_blank": True, "show_error": False}
    sheet.data_validation(row, column, row, column, rule | {"input_title": title, "input_message": message})


def _sound_alarm(sheet: Any, tab: Tab, row: int, looks: Looks) -> None:
    """Fill the line of the banner while it warns: it must be seen in black and white as well."""
    alarm = looks.made(bg_color=_ALARM_FILL, font_color=ALARM, bold=True)
    rule = {"type": "formula", "criteria": f'=LEFT($A${row + 1},1)="⚠"', "format": alarm}
    sheet.conditional_format(row, 0, row, len(tab.columns) - 1, rule)


def _tell_apart(sheet: Any, tab: Tab, row: int, looks: Looks) -> None:
    """What needs a look stands out; that everything could be read is said calmly."""
    for sign, ink, bold in (("⚠", ALARM, True), ("✓", WELL, False)):
        look = looks.made(font_color=ink, **({"bold": True} if bold else {}))
        rule = {"type": "formula", "criteria": f'=LEFT($A${row + 1},1)="{sign}"', "format": look}
        sheet.conditional_format(row, 0, row, len(tab.columns) - 1, rule)
