"""Live cells: they follow the clock and people's choices by themselves, on every backend alike."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from sheetsync.cells import Cell, column_letters, serial
from sheetsync.config import find_template
from sheetsync.formulas import with_semicolons
from sheetsync.live import (
    CHOOSE,
    FIRST_VALUE,
    FRESH,
    NEVER_SYNCED,
    NOTHING_CHOSEN,
    NOTHING_YET,
    OUTCOME_LINES,
    TREND_LINES,
    LiveCell,
    choice_cell,
    is_current,
    live_cells,
    name_of,
    series_key,
    values_of,
)
from sheetsync.periods import DAY, Cadence, Calendar
from sheetsync.template import Tab, WorkbookTemplate, parse_template
from tests import office
from tests.builders import SALES, of_tabs, renamed
from tests.conftest import PROJECT
from tests.office import needs_office

DASHBOARD, SERIES = SALES.tab("dashboard"), SALES.tab("series")
BUILT_IN = [find_template(name, PROJECT) for name in ("sales", "solo", "job-search")]
FISCAL = Calendar(week_starts=6, year_starts=4)
# What Excel 2010, LibreOffice 7 and Google Sheets share.
SHARED = {
    "CELL", "DATE", "HYPERLINK", "IF", "IFERROR", "INDEX", "INT", "ISNA", "MATCH", "MOD", "MONTH", "NA", "SUBSTITUTE",
    "TEXT", "TODAY", "TRIM", "WEEKDAY", "YEAR",
}  # fmt: skip


ODD = renamed(
    SALES, dashboard="Ann's board, übersicht", series='Werte für "Ann\'s" Bild', daily="Ann's Tag",
    weekly='My "week", then', partner="Größe; 1,5", monthly="%$&", quarterly="🎯 Q", annual="=1+1",
)  # fmt: skip


def with_dashboard(template: WorkbookTemplate, *lines: str) -> WorkbookTemplate:
    """The template with other lines above the header of its dashboard, without charts."""
    bare = {"intro": lines, "charts": ()}
    return of_tabs(template, [t.model_copy(update=bare) if t.role == "dashboard" else t for t in template.tabs])


def without_series(template: WorkbookTemplate) -> WorkbookTemplate:
    """The template without the tab of the charts' values, with what needs it left out of its dashboard."""
    linking = with_dashboard(template, "Dashboard", "{as_of}", "{problems}", "{links}")
    return of_tabs(linking, [tab for tab in linking.tabs if tab.role != "series"])


def every_live_cell(template: WorkbookTemplate, calendar: Calendar, google: bool = False) -> Iterator[LiveCell]:
    """The live cells of all tabs of a template."""
    ids = {tab.key: 1000 + at for at, tab in enumerate(template.tabs)} if google else None
    for tab in template.tabs:
        yield from live_cells(template, tab, calendar, ids).values()


def every_formula(google: bool = False) -> Iterator[str]:
    """The live formulas of many templates, and the conditions of their rules."""
    for template, calendar in product((*BUILT_IN, ODD, without_series(SALES)), (Calendar(), FISCAL)):
        yield from (cell.formula for cell in every_live_cell(template, calendar, google) if cell.formula)
        yield from (is_current(tab, calendar, 9) for tab in template.with_role("review"))


def bare(formula: str) -> str:
    """A formula without its texts and the titles of tabs."""
    return re.sub(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'!", "", formula)


def shown_at(tab: Tab, line: str) -> int:
    """The 0-based row of a line of a tab."""
    return next(row for row, shown in tab.lines.items() if shown == line)


# ---- where they stand ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", BUILT_IN, ids=lambda template: template.name)
def test_live_cells_stand_in_live_rows(template: WorkbookTemplate) -> None:
    """A sync leaves live rows alone, so every live cell is in one, and every live row has some."""
    for tab in template.tabs:
        assert {row for row, _ in live_cells(template, tab, Calendar())} == set(tab.live_rows), tab.key
        assert not tab.live_rows or max(tab.live_rows) < tab.header_row - 1


def test_a_row_of_values_is_key_name_and_values() -> None:
    """As many values as its chart has weeks: 13, or those that a year can touch."""
    cells = live_cells(SALES, SERIES, Calendar())
    for line in (*TREND_LINES, *OUTCOME_LINES):
        row = shown_at(SERIES, line)
        mine = {column: cell for (at, column), cell in cells.items() if at == row}
        assert sorted(mine) == list(range(FIRST_VALUE + values_of(line)))
        assert (mine[0].text, mine[1].look, mine[1].text) == (f"||{line}", "label", name_of(SALES, line))
        assert {(cell.look, cell.text) for column, cell in mine.items() if column >= FIRST_VALUE} == {
            ("value", "#N/A")
        }
    assert {values_of(line) for line in TREND_LINES} == {13} and {values_of(line) for line in OUTCOME_LINES} == {54}


def test_choices_offer_people_and_activities() -> None:
    """A list of the column that has them, in the cell that the values are looked up for."""
    cells = live_cells(SALES, DASHBOARD, Calendar())
    for shown, offered in (("choose_who", "people.name"), ("choose_activity", "activities.activity")):
        place = choice_cell(SALES, shown)
        assert place and place[0] is DASHBOARD
        choice = cells[place[1:]]
        assert (choice.look, choice.text, choice.formula, choice.choices_from) == ("choice", "", "", offered)
    who, activity = (cells[shown_at(DASHBOARD, shown), 0].text for shown in ("choose_who", "choose_activity"))
    assert who == "Charts of" and activity == "and of"


def test_without_a_choice_of_people_everyone_is_drawn() -> None:
    """One person's template offers no people: the label begins the sentence, and keys begin with a blank name."""
    solo = find_template("solo", PROJECT)
    assert choice_cell(solo, "choose_who") is None
    place = choice_cell(solo, "choose_activity")
    assert place
    tab, row, _ = place
    assert live_cells(solo, tab, Calendar())[row, 0].text == "Charts of"
    series = solo.first("series")
    assert series
    cells = live_cells(solo, series, Calendar())
    chosen = f"TRIM('{tab.title}'!$B${row + 1})"
    assert cells[shown_at(series, "done"), 0].formula == f'=""&"|"&{chosen}&"|done"'
    assert cells[shown_at(series, "so_far"), 0].formula == '=""&"|"&""&"|so_far"'


def test_a_template_without_lines_has_no_live_cells() -> None:
    """Nor does one whose lines a sync writes."""
    plain = with_dashboard(SALES, "Dashboard", "{as_of}", "{problems}")
    assert not live_cells(plain, plain.tab("dashboard"), Calendar())
    assert not DASHBOARD.live_rows & {0, 1, 2}


def test_without_series_there_are_links_only() -> None:
    """What tells the time or draws needs the tab with the values; links need it not."""
    linking = without_series(SALES)
    cells = live_cells(linking, linking.tab("dashboard"), Calendar())
    assert {cell.look for cell in cells.values()} == {"link"} and len(cells) == 6
    assert parse_template(linking.model_dump(mode="json", exclude_defaults=True), "bare.yaml")


def test_lines_are_called_what_the_template_calls_them() -> None:
    """In plain English, unless a chart has names of its own."""
    assert name_of(SALES, "done") == "Done"
    charts = (DASHBOARD.charts[0], DASHBOARD.charts[1].model_copy(update={"names": {"done": "Erledigt"}}))
    german = of_tabs(
        SALES, [t.model_copy(update={"charts": charts}) if t.key == "dashboard" else t for t in SALES.tabs]
    )
    assert name_of(german, "done") == "Erledigt" and name_of(german, "target") == "Target"
    cells = live_cells(german, german.tab("series"), Calendar())
    assert cells[shown_at(SERIES, "done"), 1].text == "Erledigt"


def test_a_key_is_person_activity_and_line() -> None:
    """A trend is of an activity, an outcome of a person alone."""
    assert series_key("done", "Ann", "Call") == "Ann|Call|done" and series_key("target", "", "") == "||target"
    assert series_key("so_far", "Ann", "Call") == "Ann||so_far"


# ---- what they are written in -------------------------------------------------------------------------------------


def test_every_program_knows_the_functions() -> None:
    """Only functions that Excel 2010, LibreOffice 7 and Google Sheets share, parentheses closed, texts ended."""
    for formula in every_formula():
        assert formula.startswith("=") and len(formula) < 8192
        text = bare(formula)
        assert '"' not in text and "'" not in text and text.count("(") == text.count(")")
        assert set(re.findall(r"([A-Z]+)\(", text)) <= SHARED


def test_google_reads_them_in_every_locale() -> None:
    """With semicolons there is no comma left outside of texts and titles, and those keep theirs."""
    for formula in every_formula(google=True):
        turned = with_semicolons(formula)
        assert "," not in bare(turned) and bare(formula).count(",") == bare(turned).count(";")
        assert re.findall(r"\"[^\"]*\"|'[^']*'", turned) == re.findall(r"\"[^\"]*\"|'[^']*'", formula)


def test_google_links_lead_to_sheet_ids() -> None:
    """There a tab has an address of its own, whatever it is called; locally a link leads to a cell."""
    ids = {tab.key: 7000 + at for at, tab in enumerate(SALES.tabs)}
    links = [c for c in live_cells(SALES, DASHBOARD, Calendar(), ids).values() if c.look == "link"]
    reviews = list(SALES.with_role("review"))
    for link, tab in zip(links, reviews, strict=True):
        assert f'"#gid={ids[tab.key]}&range={column_letters(tab.position("period"))}"&MATCH(' in link.formula
        assert "CELL(" not in link.formula and link.text == f"▸ {tab.title}"
    local = [c for c in live_cells(SALES, DASHBOARD, Calendar()).values() if c.look == "link"]
    assert all("gid" not in link.formula and 'CELL("address"' in link.formula for link in local)


# ---- what they come to --------------------------------------------------------------------------------------------


def label_of(cadence: Cadence, calendar: Calendar) -> str:
    """The formula of what today's period is called, out of the condition that a row's period is under way."""
    condition = is_current(next(SALES.with_role("review", cadence)), calendar, 9)
    assert condition.startswith('=$A9&""=')
    return condition.removeprefix('=$A9&""=')


CASES = [
    *((Cadence.WEEK, Calendar(week_starts=start)) for start in range(7)),
    *(
        (cadence, Calendar(year_starts=month))
        for cadence in (Cadence.QUARTER, Cadence.YEAR)
        for month in range(1, 13)
    ),
    (Cadence.MONTH, Calendar()),
]


@needs_office
def test_todays_period_is_called_what_the_calendar_calls_it(tmp_path: Path) -> None:
    """On every day of twelve years, for every first day of a week and first month of a year."""
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(12 * 365 + 3)]
    formulas = [label_of(*case) for case in CASES]
    # How months make quarters and years is the same every year.
    of_months = [case[0] is not Cadence.WEEK for case in CASES]
    grid: list[list[Cell]] = []
    for row, day in enumerate(days, start=1):
        shown = [not months or 2023 <= day.year <= 2024 for months in of_months]
        cells = [f"={text}".replace("TODAY()", f"$A{row}") for text in formulas]
        grid.append([serial(day), *(cell if show else None for cell, show in zip(cells, shown, strict=True))])
    sheet = office.computed(office.workbook(tmp_path / "days.xlsx", {"Days": grid}), tmp_path / "office")["Days"]
    checked = 0
    for day, row in zip(days, sheet.iter_rows(min_col=2, values_only=True), strict=True):
        for (cadence, calendar), label in zip(CASES, row, strict=True):
            if label is not None:
                assert label == calendar.containing(cadence, day).label, (day, cadence, calendar)
                checked += 1
    assert checked == 7 * len(days) + 25 * 731


@needs_office
def test_only_the_row_under_way_is_current(tmp_path: Path) -> None:
    """Whether a period is a label, a number or a day with a time; blanks, words and other periods are not."""
    today = date(2026, 11, 22)
    tabs: dict[str, list[list[Cell]]] = {}
    wanted: dict[str, list[bool]] = {}
    for cadence in Cadence:
        tab = next(SALES.with_role("review", cadence))
        now = FISCAL.containing(cadence, today)
        other = [FISCAL.next(now).label, FISCAL.previous(now).label, None, "soon", "Ann"]
        typed: list[Cell] = [now.label, *other]
        if cadence is Cadence.DAY:
            typed = [serial(today), serial(today) + 0.6, serial(today) - 0.1, serial(today) + 1, *other]
        elif cadence is Cadence.YEAR:
            typed += [int(now.label), int(now.label) - 1]
        rows: list[list[Cell]] = []
        for row, period in enumerate(typed, start=1):
            condition = is_current(tab, FISCAL, row).replace("TODAY()", "$H$1")
            rows.append([period, f"=IFERROR({condition.removeprefix('=')},FALSE)"])
        rows[0] += [None] * 5 + [serial(today)]
        tabs[cadence.value] = rows
        wanted[cadence.value] = [
            (isinstance(p, str | int) and str(p) == now.label) if cadence is not Cadence.DAY
            else (isinstance(p, int | float) and int(p) == serial(today))
            for p in typed
        ]  # fmt: skip
    book = office.computed(office.workbook(tmp_path / "rows.xlsx", tabs), tmp_path / "office")
    for title, expected in wanted.items():
        assert [row[0] for row in book[title].iter_rows(min_col=2, max_col=2, values_only=True)] == expected, title


def banner(template: WorkbookTemplate) -> str:
    """The formula of the banner."""
    tab = next(template.with_role("dashboard"))
    cell = live_cells(template, tab, Calendar())[shown_at(tab, "banner"), 0]
    assert (cell.look, cell.text) == ("banner", NEVER_SYNCED)
    return cell.formula


@needs_office
@pytest.mark.parametrize("template", [SALES, ODD], ids=["plain", "odd titles"])
def test_the_banner_tells_of_a_sync_that_is_two_days_old(template: WorkbookTemplate, tmp_path: Path) -> None:
    """All is well on the day of the last sync and the day after; then it says how old the numbers are."""
    last = date(2026, 11, 20)
    series = template.tab("series")
    ages = [-1, 0, 1, 2, 3, 30, 400]
    rows: list[list[Cell]] = [
        [serial(last) + age, banner(template).replace("TODAY()", f"A{n}")] for n, age in enumerate(ages, start=1)
    ]
    synced: list[list[Cell]] = [[None] for _ in range(series.header_row)]
    synced.append(["as_of", None, serial(last), "Fri 20 Nov 2026"])
    tabs: dict[str, list[list[Cell]]] = {"Banner": rows, series.title: synced}
    book = office.computed(office.workbook(tmp_path / "banner.xlsx", tabs), tmp_path / "office")
    said = {
        age: row[0] or ""
        for age, row in zip(ages, book["Banner"].iter_rows(min_col=2, values_only=True), strict=True)
    }
    assert all(said[age] == FRESH for age in (-1, 0, 1))
    for age in (2, 3, 30, 400):
        assert f" {age} days old" in said[age] and "Fri 20 Nov 2026" in said[age] and said[age].startswith("⚠")


@needs_office
def test_before_the_first_sync_the_banner_says_so(tmp_path: Path) -> None:
    """A workbook nobody syncs must not look like one without numbers to show."""
    tabs: dict[str, list[list[Cell]]] = {"Banner": [[banner(SALES)]], SERIES.title: [[None]]}
    book = office.computed(office.workbook(tmp_path / "banner.xlsx", tabs), tmp_path / "office")
    assert book["Banner"]["A1"].value == NEVER_SYNCED


@needs_office
@pytest.mark.parametrize("google", [False, True], ids=["local", "google"])
def test_links_lead_to_the_period_under_way(google: bool, tmp_path: Path) -> None:
    """Wherever its row was sorted to; where there is none yet the link is its text, not an error."""
    today = date(2026, 3, 30)  # the last Monday of a fiscal year that begins in April
    ids = {tab.key: at for at, tab in enumerate(ODD.tabs)} if google else None
    links = [c for c in live_cells(ODD, ODD.tab("dashboard"), FISCAL, ids).values() if c.look == "link"]
    reviews = list(ODD.with_role("review"))
    tabs: dict[str, list[list[Cell]]] = {"Links": [[serial(today)], []]}
    places = {}
    for at, (link, tab) in enumerate(zip(links, reviews, strict=True)):
        now = FISCAL.containing(tab.cadence or Cadence.WEEK, today)
        periods = [FISCAL.next(FISCAL.next(now)), FISCAL.next(now), now, FISCAL.previous(now)]
        periods = periods[at % 4 :] + periods[: at % 4]
        cells: list[Cell] = [serial(p.start) if tab.cadence is Cadence.DAY else p.label for p in periods]
        if tab.key == "annual":
            cells = [cell for cell in cells if cell != now.label]
        else:
            places[tab.title] = cells.index(serial(today) if tab.cadence is Cadence.DAY else now.label) + 6
        above: list[list[Cell]] = [[None]] * 4
        tabs[tab.title] = [*above, ["Period"], *([cell] for cell in cells)]
        formula = link.formula.replace("TODAY()", "$A$1")
        target = re.fullmatch(r'=IFERROR\(HYPERLINK\((.*),("▸ (?:[^"]|"")*")\),\2\)', formula)
        assert target, formula
        tabs["Links"] += [[formula, f'=IFERROR({target[1]},"none")']]
    book = office.computed(office.workbook(tmp_path / "links.xlsx", tabs), tmp_path / "office")
    shown = list(book["Links"].iter_rows(min_row=3, max_col=2, values_only=True))
    for tab, (text, target) in zip(reviews, shown, strict=True):
        assert text == f"▸ {tab.title}"
        if tab.title not in places:
            assert target == "none"
        elif google:
            assert target == f"#gid={ids and ids[tab.key]}&range=A{places[tab.title]}"
        else:
            assert leads_to(target) == (tab.title, places[tab.title])


def leads_to(target: str) -> tuple[str, int]:
    """The tab and the row in an address within a workbook: #'Ann''s Tag'!$A$7."""
    found = re.fullmatch(r"#\$?('?)(.*)\1[!.]\$A\$(\d+)", target)
    assert found, target
    return found[2].replace("''", "'"), int(found[3])


# ---- what is chosen -----------------------------------------------------------------------------------------------


VALUES: list[list[Cell]] = [
    ["as_of", None, serial(date.today() - 400 * DAY), "long ago"],  # noqa: DTZ011  the program has its own clock
    ["weeks", None, *(f"W{n}" for n in range(13))],
    ["year", None, *(f"W{n}" for n in range(53))],
    ["||done", "Call", *range(13)],
    ["|Call|done", "Call", *range(13)],
    ["Ann||done", "Call", *range(20, 33)],
    ["Ann|Call|done", "Call", *range(20, 33)],
    ["Ann|Call|target", "Call", *([5] * 13)],
    ["Ann||so_far", "Revenue", 1, 2.5, 4],
    ["Ann||high", "Revenue", None, None, 4, 6, 9],
]


@needs_office
def test_values_are_those_of_the_choice(tmp_path: Path) -> None:
    """Of the person and activity chosen, in whatever case blanks around them do not matter; all else is #N/A."""
    choices: list[tuple[Cell, Cell]] = [
        (None, None), ("Ann", None), (" ANN ", "call  "), ("Zoe", "Call"), (None, "Visit"),
    ]  # fmt: skip
    tabs: dict[str, list[list[Cell]]] = {}
    templates = [renamed(ODD, dashboard=f"Ann's, {n}", series=f'Wert "{n}"') for n in range(len(choices))]
    for template, (who, activity) in zip(templates, choices, strict=True):
        tabs |= office.board(template, {"choose_who": who, "choose_activity": activity}, VALUES)
    book = office.computed(office.workbook(tmp_path / "board.xlsx", tabs), tmp_path / "office")

    def values(number: int, line: str) -> tuple[Any, ...]:
        sheet = book[templates[number].tab("series").title]
        row = next(sheet.iter_rows(min_row=shown_at(SERIES, line) + 1, values_only=True))
        return tuple(row[FIRST_VALUE : FIRST_VALUE + values_of(line)])

    nothing: tuple[Cell, ...] = ("#N/A",)
    assert values(0, "done") == tuple(range(13)) and values(0, "target") == nothing * 13
    assert values(1, "done") == values(2, "done") == tuple(range(20, 33))
    assert values(1, "target") == nothing * 13 and values(2, "target") == (5,) * 13
    assert values(1, "so_far") == values(2, "so_far") == (1, 2.5, 4, *nothing * 51)
    assert values(1, "high") == (*nothing * 2, 4, 6, 9, *nothing * 49)
    assert values(3, "done") == values(4, "done") == nothing * 13 and values(0, "so_far") == nothing * 54

    def hint(number: int, shown: str) -> str:
        sheet = book[templates[number].tab("dashboard").title]
        return sheet.cell(shown_at(DASHBOARD, shown) + 1, 3).value or ""

    people, activities = ([hint(n, shown) for n in range(5)] for shown in ("choose_who", "choose_activity"))
    assert people == [NOTHING_YET, "← Revenue", "← Revenue", NOTHING_CHOSEN, NOTHING_YET]
    assert activities == ["← Call" + CHOOSE["choose_activity"]] * 2 + ["← Call", NOTHING_CHOSEN, NOTHING_CHOSEN]
