"""The formulas of computed columns, keyed by the row's own period and person, so that sorting never breaks them.

One expression serves both backends: locally it stands in every row, on Google one array formula in the header row
fills the column (`MAP` over the rows). Only functions that Excel 2010, LibreOffice 7 and Google Sheets share are used
in the expression itself. Formulas are built once, at creation, when every tab is where the template says.

An `.xlsx` separates arguments by commas. Google reads formulas in the spreadsheet's locale, its API included, and
where 1,5 is a number a comma is no separator; a semicolon is one everywhere. Neither holds a decimal fraction.
"""

import re

from sheetsync.cells import column_letters
from sheetsync.periods import Cadence
from sheetsync.template import Column, Tab, WorkbookTemplate

# Which column of the summary tab a computed column looks up, in the row of the person and period.
LOOKED_UP = {
    "due": "target",
    "score": "attainment",
    "behind_on": "behind_on",
    "progress": "progress",
    "forecast": "forecast",
    "promise": "promise",
}
_TALLY_ROWS, _TALLY_COLUMNS = 2000, 24
_EMPTY_TEXT = '""'
_TRULY_BLANK = '"="'
# Texts and tab titles stand between quotes; a comma outside of them separates arguments.
_COMMA = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*')|,""")


def row_formula(template: WorkbookTemplate, tab: Tab, column: Column, row: int) -> str:
    """The formula of a computed column in one row (1-based)."""
    period, who = (f"${_letters(tab, key)}{row}" for key in ("period", "who"))
    body = _expression(template, tab, column, period, who, blank=_EMPTY_TEXT)
    return f'=IF({period}="","",{body})'


def array_formula(template: WorkbookTemplate, tab: Tab, column: Column) -> str:
    """The formula for the header cell that fills the column below; blank where there is nothing."""
    first = tab.header_row + 1
    periods, people = (f"{letters}{first}:{letters}" for letters in (_letters(tab, "period"), _letters(tab, "who")))
    body = _expression(template, tab, column, "p", "w", blank="")
    title = column.title.replace('"', '""')
    formula = f'=VSTACK("{title}",MAP({periods},{people},LAMBDA(p,w,IF(p="",,{body}))))'
    return with_semicolons(formula)


def with_semicolons(formula: str) -> str:
    """A formula whose arguments are separated as Google takes it in every locale."""
    return _COMMA.sub(lambda found: found[1] or ";", formula)


def _expression(template: WorkbookTemplate, tab: Tab, column: Column, period: str, who: str, *, blank: str) -> str:
    person = _person(template, who)
    if column.computed == "done":
        return _done(template, period, person)
    summary = template.first("summary", tab.cadence)
    if summary is None or column.computed is None:
        return blank or _EMPTY_TEXT
    keys = _whole(summary, "key")
    values = _whole(summary, LOOKED_UP[column.computed])
    wanted = literally(f'{period}&"|"&{person}')
    found = f"INDEX({values},MATCH({wanted},{keys},0))"
    return f'IFERROR(IF({found}="",{blank},{found}),{blank})'


def _person(template: WorkbookTemplate, who: str) -> str:
    """A blank Who means the only person."""
    people = next(template.with_role("people"))
    return f'IF({who}="",{quoted(people)}!${_letters(people, "name")}${people.header_row + 1},{who})'


def _done(template: WorkbookTemplate, day: str, person: str) -> str:
    """The sum of Count in Log and Tally: a blank Count is 1, and a row without Who is the only person's."""
    people = next(template.with_role("people"))
    alone = f"COUNTA({_whole(people, 'name')})<=2"
    parts = []
    for log in template.with_role("log"):
        by_name = _logged(log, day, literally(person))
        parts.append(f"{by_name}+IF({alone},{_logged(log, day, _TRULY_BLANK)},0)")
    parts += [_tallied(tally, day, person, alone) for tally in template.with_role("tally")]
    return "+".join(parts)


def _logged(log: Tab, day: str, who: str) -> str:
    # A form's answer has a time of day.
    days = _whole(log, "date")
    match = f'{days},">="&{day},{days},"<"&{day}+1,{_whole(log, "who")},{who}'
    counts = _whole(log, "count")
    return f'SUMIFS({counts},{match})+COUNTIFS({match},{_whole(log, "activity")},"<>",{counts},"=")'


def _tallied(tally: Tab, day: str, person: str, alone: str) -> str:
    first, last = tally.header_row + 1, tally.header_row + _TALLY_ROWS
    days, people = (
        f"{quoted(tally)}!${letters}${first}:${letters}${last}"
        for letters in (_letters(tally, "date"), _letters(tally, "who"))
    )
    start = len(tally.columns)
    numbers = f"{quoted(tally)}!${column_letters(start)}${first}:${column_letters(start + _TALLY_COLUMNS - 1)}${last}"
    mine = f'(({people}={person})+({people}="")*({alone})>0)'
    # SUMPRODUCT reads text as 0 only in an argument of its own; it runs only on days that have a row.
    return (
        f'IF(COUNTIFS({_whole(tally, "date")},">="&{day},{_whole(tally, "date")},"<"&{day}+1)=0,0,'
        f"SUMPRODUCT(({days}>={day})*({days}<{day}+1)*{mine}*ISNUMBER({numbers}),{numbers}))"
    )


def _letters(tab: Tab, key: str) -> str:
    return column_letters(tab.position(key))


def literally(text: str) -> str:
    """An expression's text where `*`, `?` and `~` would stand for other text, as in MATCH and SUMIFS."""
    for character in "~*?":
        text = f'SUBSTITUTE({text},"{character}","~{character}")'
    return text


def quoted(tab: Tab) -> str:
    """A tab's title as formulas write it."""
    return "'" + tab.title.replace("'", "''") + "'"


def _whole(tab: Tab, key: str) -> str:
    letters = _letters(tab, key)
    return f"{quoted(tab)}!${letters}:${letters}"


def lookup_key(cadence: Cadence, label: str, serial_number: int, who: str) -> str:
    """What a review row's period and person look like to a formula: a day is its serial number."""
    return f"{serial_number if cadence is Cadence.DAY else label}|{who}"
