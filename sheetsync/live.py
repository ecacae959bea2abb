"""The live cells of tool tabs: what stands there from creation on, follows the clock and people's choices by itself,
and is never written by a sync.

A banner that says how old the numbers are, links to the periods under way, the choice of whose charts to show, and
the values of the charts, looked up for that choice. Formulas are in the words of an `.xlsx` file, with functions that
Excel 2010, LibreOffice 7 and Google Sheets share; `formulas.with_semicolons` turns them into Google's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sheetsync.cells import column_letters
from sheetsync.formulas import literally, quoted
from sheetsync.periods import Cadence, Calendar
from sheetsync.template import MOST_VALUES, Tab, WorkbookTemplate

TREND_LINES = ("done", "target")
OUTCOME_LINES = ("so_far", "pace", "likely", "low", "high", "spread")
TREND_WEEKS = 13
# The line of the charts whose name is said beside each choice.
HINTED = {"choose_who": "so_far", "choose_activity": "done"}
# The first rows below the header of a tab with the role series, and the columns of every row there.
AS_OF, WEEKS, YEAR = 0, 1, 2
KEY, LABEL, FIRST_VALUE = 0, 1, 2
NEVER_SYNCED = "⚠ No sync has run yet: `sheetsync sync` fills this tab"
LINK = "▸ "
OUR_SIGNS = (LINK.strip(), "⚠", "✓")
"""What live text of ours begins with that may have changed since it was last seen."""
# Said, so that a banner that somebody deleted is missed.
FRESH = "✓ These numbers are fresh"
NOTHING_YET, NOTHING_CHOSEN = "nothing to draw yet", "nothing to draw for this choice"
CHOOSE = {"choose_who": " of everyone; or choose a person", "choose_activity": "; or choose another"}
_OLD = ("⚠ These numbers are ", " days old: they are of ", ". Does the sync still run?")
_FRESH_FOR = 1  # days: who syncs once a day is never told off
_LAST_ROW = 20_000
_NAMES = {
    "done": "Done",
    "target": "Target",
    "so_far": "So far",
    "pace": "Even pace",
    "likely": "At this rate",
    "low": "Four of five cases: from",
    "high": "to",
    "spread": "Four of five cases",
}


@dataclass(frozen=True, slots=True)
class LiveCell:
    """A cell as it is made: a text, or a formula with the `text` that it comes to before the first sync.

    Into a choice people type; `choices_from` names the column that offers (people.name).
    """

    look: Literal["label", "banner", "link", "choice", "hint", "value"]
    text: str = ""
    formula: str = ""
    choices_from: str = ""


def live_cells(
    template: WorkbookTemplate, tab: Tab, calendar: Calendar, sheet_ids: Mapping[str, int] | None = None
) -> dict[tuple[int, int], LiveCell]:
    """The live cells of a tab by 0-based row and column.

    `sheet_ids` are those of Google's tabs by key, to which links lead there; None for a local workbook.
    """
    cells: dict[tuple[int, int], LiveCell] = {}
    for row, shown in tab.lines.items():
        if shown == "banner":
            cells[row, 0] = LiveCell("banner", NEVER_SYNCED, _banner(template))
        elif shown == "links":
            cells |= {(row, at): link for at, link in enumerate(_links(template, calendar, sheet_ids))}
        elif shown in {"choose_who", "choose_activity"}:
            cells |= {(row, at): cell for at, cell in enumerate(_choice(template, shown))}
        elif row in tab.live_rows:
            cells |= {(row, at): cell for at, cell in enumerate(_values(template, tab, row, shown))}
    return cells


def is_current(tab: Tab, calendar: Calendar, row: int) -> str:
    """The condition that a 1-based row's period is under way today."""
    cell = f"${column_letters(tab.position('period'))}{row}"
    if tab.cadence is Cadence.DAY:
        return f"=INT({cell})=TODAY()"
    return f'={cell}&""={_label_today(tab.cadence or Cadence.WEEK, calendar)}'


def _label_today(cadence: Cadence, calendar: Calendar) -> str:
    """What today's period is called; `periods` says how periods are named."""
    into = f"MOD(MONTH(TODAY())-{calendar.year_starts},12)"
    # A fiscal year is named after the calendar year in which it ends.
    year = "YEAR(TODAY())" if calendar.year_starts == 1 else f"YEAR(TODAY())+(MONTH(TODAY())>={calendar.year_starts})"
    match cadence:
        case Cadence.DAY:
            return "TODAY()"
        case Cadence.WEEK:
            fourth = f"(TODAY()-MOD(WEEKDAY(TODAY(),2)-1-{calendar.week_starts},7)+3)"
            return f'YEAR({fourth})&"-W"&TEXT(INT(({fourth}-DATE(YEAR({fourth}),1,1))/7)+1,"00")'
        case Cadence.MONTH:
            return 'YEAR(TODAY())&"-"&TEXT(MONTH(TODAY()),"00")'
        case Cadence.QUARTER:
            return f'({year})&"-Q"&(INT({into}/3)+1)'
        case Cadence.YEAR:
            return f'({year})&""'


def _banner(template: WorkbookTemplate) -> str:
    series = template.first("series")
    if series is None:
        return ""
    at = f"{quoted(series)}!${column_letters(FIRST_VALUE)}${series.header_row + 1 + AS_OF}"
    said = f"{quoted(series)}!${column_letters(FIRST_VALUE + 1)}${series.header_row + 1 + AS_OF}"
    old = f'"{_OLD[0]}"&(TODAY()-{at})&"{_OLD[1]}"&{said}&"{_OLD[2]}"'
    return f'=IF({at}="","{NEVER_SYNCED}",IF(TODAY()-{at}>{_FRESH_FOR},{old},"{FRESH}"))'


def banner(days: int, said: str) -> str:
    """What the banner comes to so many days after the day of the numbers, which is `said`."""
    return f"{_OLD[0]}{days}{_OLD[1]}{said}{_OLD[2]}" if days > _FRESH_FOR else FRESH


def _links(template: WorkbookTemplate, calendar: Calendar, sheet_ids: Mapping[str, int] | None) -> Iterator[LiveCell]:
    """A link to the period under way in each review tab, which survives renaming, sorting and new rows."""
    for tab in template.with_role("review"):
        letters, text = column_letters(tab.position("period")), LINK + tab.title
        column = f"{quoted(tab)}!${letters}:${letters}"
        row = f"MATCH({_label_today(tab.cadence or Cadence.WEEK, calendar)},{column},0)"
        if sheet_ids is None:
            target = f'"#"&CELL("address",INDEX({column},{row}))'
        else:
            target = f'"#gid={sheet_ids[tab.key]}&range={letters}"&{row}'
        shown = '"' + text.replace('"', '""') + '"'
        yield LiveCell("link", text, f"=IFERROR(HYPERLINK({target},{shown}),{shown})")


def _choice(template: WorkbookTemplate, shown: str) -> Iterator[LiveCell]:
    role, key = ("people", "name") if shown == "choose_who" else ("activities", "activity")
    alone = shown == "choose_who" or choice_cell(template, "choose_who") is None
    yield LiveCell("label", "Charts of" if alone else "and of")
    yield LiveCell("choice", choices_from=f"{next(template.with_role(role)).key}.{key}")  # type: ignore[arg-type]
    formula = _hint(template, shown)
    if formula:
        yield LiveCell("hint", hint("", CHOOSE[shown], chosen=False), formula)


def hint(drawn: str, more: str, *, chosen: bool) -> str:
    """What stands beside a choice: what is `drawn` ("" for nothing), and while nothing is chosen what one may do."""
    if not drawn:
        return NOTHING_CHOSEN if chosen else NOTHING_YET
    return "← " + drawn + ("" if chosen else more)


def _hint(template: WorkbookTemplate, shown: str) -> str:
    series, line = template.first("series"), HINTED[shown]
    row = next((r for r, there in series.lines.items() if there == line), None) if series else None
    if series is None or row is None:
        return ""
    there = f"{quoted(series)}!"
    wanted = literally(f"{there}$A${row + 1}")
    found = f"INDEX({there}{_below(series, LABEL)},MATCH({wanted},{there}{_below(series, KEY)},0))"
    blank = f'{_chosen(template, shown)}=""'
    drawn = f'"← "&{found}&IF({blank},"{CHOOSE[shown]}","")'
    return f'=IFERROR({drawn},IF({blank},"{NOTHING_YET}","{NOTHING_CHOSEN}"))'


def choice_cell(template: WorkbookTemplate, shown: str) -> tuple[Tab, int, int] | None:
    """Where people choose: the tab, and the 0-based row and column."""
    for tab in template.with_role("dashboard"):
        for row, line in tab.lines.items():
            if line == shown:
                return tab, row, 1
    return None


def series_key(line: str, who: str, activity: str) -> str:
    """What a row of series is found by: whose and what it is; "" for everyone, and for a person's first activity."""
    return f"{who}|{activity if line in TREND_LINES else ''}|{line}"


def name_of(template: WorkbookTemplate, line: str) -> str:
    """What a line of a chart is called: as the template says, or in plain English."""
    charts = (chart for tab in template.with_role("dashboard") for chart in tab.charts)
    return next((chart.names[line] for chart in charts if line in chart.names), _NAMES[line])


def _values(template: WorkbookTemplate, tab: Tab, row: int, line: str) -> Iterator[LiveCell]:
    """A row of values for the charts: its key, its name, then the values of the row below that has the key."""
    who, activity = _chosen(template, "choose_who"), _chosen(template, "choose_activity")
    key = f'={who}&"|"&{activity if line in TREND_LINES else chr(34) * 2}&"|{line}"'
    yield LiveCell("value", series_key(line, "", ""), key)
    yield LiveCell("label", name_of(template, line))
    match = f"MATCH({literally(f'$A{row + 1}')},{_below(tab, KEY)},0)"
    for at in range(FIRST_VALUE, FIRST_VALUE + values_of(line)):
        found = f"INDEX({_below(tab, at)},{match})"
        yield LiveCell("value", "#N/A", f'=IFERROR(IF({found}="",NA(),{found}),NA())')


def values_of(line: str) -> int:
    """How many values a line of a chart has: a quarter's weeks, or a year's."""
    return TREND_WEEKS if line in TREND_LINES else MOST_VALUES


def _below(tab: Tab, column: int) -> str:
    letters = column_letters(column)
    return f"${letters}${tab.header_row + 1}:${letters}${_LAST_ROW}"


def _chosen(template: WorkbookTemplate, shown: str) -> str:
    place = choice_cell(template, shown)
    if place is None:
        return '""'
    tab, row, column = place
    # A name that was typed with a blank too many is offered with it, and stands without it in the rows below.
    return f"TRIM({quoted(tab)}!${column_letters(column)}${row + 1})"
