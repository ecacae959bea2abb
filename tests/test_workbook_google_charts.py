"""What a workbook on Google shows by itself: charts of what is chosen, a banner, links, colours; and its warnings."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from sheetsync.cells import Cell, column_letters, serial
from sheetsync.charts import drawings, rows_covered
from sheetsync.live import FIRST_VALUE, FRESH, YEAR, choice_cell, live_cells, series_key
from sheetsync.periods import Calendar
from sheetsync.tabs import differing
from sheetsync.template import MOST_VALUES, PIXELS_A_ROW, Column, Rule, Tab, WorkbookTemplate
from sheetsync.workbook.google import Connection, GoogleWorkbook, create
from sheetsync.workbook.google.appearance import color
from sheetsync.workbook.google.blueprint import Blueprint, Sheet
from sheetsync.workbook.google.protection import protections
from sheetsync.workbook.google.rules import conditional_formats
from tests.cli import days_before
from tests.google_server import GoogleServer, OpenBook
from tests.google_team import READ, Team

TODAY = date(2026, 10, 14)
NOW = datetime(2026, 10, 14, 9, tzinfo=ZoneInfo("UTC"))
SERIES: list[list[Cell]] = [
    ["as_of", None, serial(TODAY), "Wed 14 Oct 2026"],
    ["weeks", None, "2026-W30", "2026-W31"],
    ["year", None, "2026-W01", "2026-W02", "2026-W03"],
    [series_key("done", "", ""), "Cold call", 3, 4],
    [series_key("target", "", ""), "Cold call", 10, 10],
    [series_key("done", "Ann", ""), "Cold call", 1, 2],
    [series_key("done", "Ann", "Article"), "Article", 7, 8],
    [series_key("so_far", "", ""), "Revenue", 100, 250],
    [series_key("so_far", "Ann", ""), "Revenue", 50, 60, None, 70],
]


def sync(workbook: GoogleWorkbook, template: WorkbookTemplate, rows: Sequence[list[Cell]] = SERIES) -> None:
    """Write the values of charts as a sync does: below the header of the tab with the role series."""
    tab = template.tab("series")
    read = workbook.read()["series"].grid
    write = differing("series", read, [*read[: tab.header_row], *rows])
    if write:
        workbook.write([write])


def with_tabs(template: WorkbookTemplate, *tabs: Tab) -> WorkbookTemplate:
    """The template with these tabs."""
    values = {**template.model_dump(), "tabs": [tab.model_dump() for tab in tabs]}
    return WorkbookTemplate.model_validate(values)


def choose(browser: OpenBook, template: WorkbookTemplate, line: str, chosen: str) -> None:
    """Choose in the dashboard what the charts are to show."""
    place = choice_cell(template, line)
    assert place is not None
    browser.type("Dashboard", f"{column_letters(place[2])}{place[1] + 1}", [[chosen]])


def drawn(browser: OpenBook, chart: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The values that a chart shows, by the name in its legend."""
    names = {}
    for series in chart["spec"]["basicChart"]["series"]:
        (where,) = series["series"]["sourceRange"]["sources"]
        sheet = browser.book.sheet(where["sheetId"])
        cells = [
            sheet.cell(where["startRowIndex"], column).value
            for column in range(where["startColumnIndex"], where["endColumnIndex"])
        ]
        names[str(cells[0])] = [cell for cell in cells[1:] if isinstance(cell, int | float)]
    return names


def charts(browser: OpenBook, title: str = "Dashboard") -> list[Any]:
    """The charts of a tab."""
    sheet = next(sheet for sheet in browser.book.sheets if sheet.title == title)
    return sheet.objects["charts"]


@pytest.fixture
def browser(google: GoogleServer, workbook: GoogleWorkbook) -> OpenBook:
    """The spreadsheet in Ann's browser."""
    return google.spreadsheet(workbook.id)


# --- charts -------------------------------------------------------------------------------------------------------


def test_charts_draw_the_rows_of_the_hidden_tab(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """Columns and lines over the live rows, named by the cell before them, in the order and looks of the template."""
    made = charts(browser)
    series = browser.book.sheet(int(workbook.layout.marks["series"]))
    assert series.properties["hidden"]
    assert [chart["spec"]["title"] for chart in made] == [chart.title for chart in sales.tab("dashboard").charts]
    for chart, drawing in zip(made, drawings(sales, sales.tab("dashboard")), strict=True):
        spec = chart["spec"]["basicChart"]
        assert chart["spec"]["hiddenDimensionStrategy"] == "SHOW_ALL"
        assert chart["spec"]["altText"].startswith(drawing.chart.title)
        assert (spec["chartType"], spec["headerCount"], spec["legendPosition"]) == ("COMBO", 1, "BOTTOM_LEGEND")
        (domain,) = spec["domains"][0]["domain"]["sourceRange"]["sources"]
        assert domain["startRowIndex"] == drawing.categories
        rows = [each["series"]["sourceRange"]["sources"][0] for each in spec["series"]]
        names = [series.cell(row["startRowIndex"], 1).value for row in rows]
        assert names == [line.name for line in drawing.lines if line.key != "spread"]
        for where in (domain, *rows):
            assert where["sheetId"] == series.id
            assert (where["startColumnIndex"], where["endColumnIndex"]) == (1, FIRST_VALUE + drawing.values)
            assert where["endRowIndex"] == where["startRowIndex"] + 1


def test_lines_are_told_apart_without_seeing_colours(workbook: GoogleWorkbook, browser: OpenBook) -> None:
    """By kind, dashes and thickness; no two lines of a chart look alike but the edges of the band."""
    for chart in charts(browser):
        looks = [
            (each["type"], each.get("lineStyle", {}).get("type"), each.get("lineStyle", {}).get("width"))
            for each in chart["spec"]["basicChart"]["series"]
        ]
        edges = [look for look in looks if look[1] == "DOTTED"]
        assert len(edges) in {0, 2}
        assert len(set(looks)) == len(looks) - (1 if edges else 0)
        assert all("rgbColor" in each["colorStyle"] for each in chart["spec"]["basicChart"]["series"])


def test_charts_cover_the_rows_left_for_them(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """Side by side from the first of these rows on, which are as high as was reckoned; nothing above is frozen."""
    tab = sales.tab("dashboard")
    sheet = browser.book.sheet(int(workbook.layout.marks["dashboard"]))
    covered = rows_covered(tab)
    assert [sheet.dimensions["ROWS"][row]["pixelSize"] for row in covered] == [PIXELS_A_ROW] * len(covered)
    assert "frozenRowCount" not in sheet.properties["gridProperties"]
    right = 0
    for chart in charts(browser):
        place = chart["position"]["overlayPosition"]
        assert place["anchorCell"].get("columnIndex", 0) == 0
        assert place["anchorCell"]["rowIndex"] == covered.start
        assert place["heightPixels"] <= len(covered) * PIXELS_A_ROW
        assert place["offsetXPixels"] > right
        right = place["offsetXPixels"] + place["widthPixels"]
    assert not any(sheet.line(row) for row in covered)


def test_a_chart_shows_who_is_chosen(workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate) -> None:
    """Everyone's together at first, then the person's, then another activity of theirs; without any sync between."""
    sync(workbook, sales)
    year, weeks = charts(browser)
    assert drawn(browser, weeks) == {"Done": [3, 4], "Target": [10, 10]}
    assert drawn(browser, year)["So far"] == [100, 250]
    choose(browser, sales, "choose_who", "Ann")
    assert drawn(browser, weeks) == {"Done": [1, 2], "Target": []}
    assert drawn(browser, year)["So far"] == [50, 60, 70]
    choose(browser, sales, "choose_activity", "article")
    assert drawn(browser, weeks)["Done"] == [7, 8]
    assert drawn(browser, year)["So far"] == [50, 60, 70]
    choose(browser, sales, "choose_activity", "Nap")
    assert drawn(browser, weeks)["Done"] == []
    assert browser.values("Dashboard")[choose_row(sales)][2] == "nothing to draw for this choice"


def choose_row(template: WorkbookTemplate) -> int:
    """The 0-based row in which people choose an activity."""
    place = choice_cell(template, "choose_activity")
    assert place is not None
    return place[1]


def test_a_choice_outlives_a_sync_and_asks_for_no_write(
    workbook: GoogleWorkbook, browser: OpenBook, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """What stands below the header is the same for every choice."""
    sync(workbook, sales)
    choose(browser, sales, "choose_who", "Ann")
    google.clear_requests()
    sync(workbook, sales)
    assert [request.path.rpartition(":")[2] for request in google.requests] == ["batchGetByDataFilter"]
    assert drawn(browser, charts(browser)[1])["Done"] == [1, 2]


def test_the_hidden_tab_has_room_for_every_week(workbook: GoogleWorkbook, sales: WorkbookTemplate) -> None:
    """Charts refer to columns that are there from the first day on; a full year is no reason to widen the grid."""
    tab = workbook.read()["series"]
    assert (tab.rows, tab.columns) == (1000, FIRST_VALUE + MOST_VALUES)
    sync(workbook, sales, [[*SERIES[YEAR][:2], *range(MOST_VALUES)]])
    assert workbook.read()["series"].columns == tab.columns


# --- live cells ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["en_US", "de_DE"])
def test_live_formulas_are_understood_in_every_locale(
    robot: Connection, blank: str, google: GoogleServer, sales: WorkbookTemplate, locale: str
) -> None:
    """No argument is separated by a comma, and none of them is an error but the gaps in charts."""
    google.spreadsheet(blank).book.locale = locale
    workbook = create(robot, sales, 2026, "x", {}, into=blank)
    for key in ("dashboard", "series"):
        tab, sheet = sales.tab(key), google.spreadsheet(blank).book.sheet(int(workbook.layout.marks[key]))
        cells = live_cells(sales, tab, Calendar(), {each.key: 0 for each in sales.tabs})
        assert cells
        for (row, column), cell in cells.items():
            shown = sheet.cell(row, column)
            assert bool(shown.formula) == bool(cell.formula)
            text = getattr(shown.value, "text", shown.value)
            assert text == (cell.text or None) or (cell.look == "hint" and cell.formula), (key, row, column)


def test_the_banner_says_that_no_sync_has_run_and_when_it_stops(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """It goes by the clock alone; the day after a sync is no alarm yet."""
    row = next(row for row, line in sales.tab("dashboard").lines.items() if line == "banner")

    def banner() -> str:
        return str(browser.cell("Dashboard", f"A{row + 1}").value)

    with time_machine.travel(NOW) as clock:
        assert banner().startswith("⚠ No sync has run yet")
        sync(workbook, sales)
        assert banner() == FRESH
        clock.move_to(NOW.replace(day=15))
        assert banner() == FRESH
        clock.move_to(NOW.replace(day=17))
        assert banner().startswith("⚠ These numbers are 3 days old: they are of Wed 14 Oct 2026.")


def test_links_lead_to_the_period_under_way(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """To its row in the review tab, by the tab's id; where there is no such row the name alone stands there."""
    row = next(row for row, line in sales.tab("dashboard").lines.items() if line == "links")
    browser.type("Weekly", "A4", [["2026-W40"], ["2026-W42"]])
    with time_machine.travel(NOW):
        shown = browser.values("Dashboard")[row]
        assert shown[:2] == ["▸ Daily", "▸ Weekly"]
        formula = str(browser.cell("Dashboard", f"B{row + 1}").formula)
        assert f"#gid={workbook.layout.marks['weekly']}&range=A" in formula
        where = formula[formula.index("MATCH(") : formula.index(';"▸ Weekly")')]
        browser.enter("Events", "K1", [["=" + where]])
        assert browser.cell("Events", "K1").value == 5


def test_choices_are_offered_and_look_like_fields(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """People from their tab, activities from theirs; nothing is refused, and a word says what it is for."""
    for line, source in (("choose_who", "='People'!$A$2:$A"), ("choose_activity", "='Activities'!$A$2:$A")):
        place = choice_cell(sales, line)
        assert place is not None
        cell = browser.cell("Dashboard", f"{column_letters(place[2])}{place[1] + 1}")
        rule = cell.validation
        assert rule is not None
        assert rule["condition"] == {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": source}]}
        assert rule["showCustomUi"]
        assert "strict" not in rule or not rule["strict"]
        assert "blank" in rule["inputMessage"]
        assert cell.format is not None
        assert cell.format["borders"].keys() == {"top", "bottom", "left", "right"}


def test_lines_that_a_sync_writes_are_blank_until_then(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """Nobody sees {as_of}; and no line of a tool tab is in braces."""
    for tab in sales.tabs:
        shown = [row[:1] for row in browser.values(tab.title)[: len(tab.intro)]]
        assert not any(str(cell[0]).startswith("{") for cell in shown if cell), tab.title


# --- rules, formats, warnings -------------------------------------------------------------------------------------


def blueprint(template: WorkbookTemplate) -> Blueprint:
    """What the tabs of a template are made after."""
    return Blueprint(template, 2026, Calendar(), {tab.key: 1000 + n for n, tab in enumerate(template.tabs)})


def rules(template: WorkbookTemplate, tab: Tab) -> list[Any]:
    """The conditional formats of a tab, the strongest first."""
    requests = [each["addConditionalFormatRule"] for each in conditional_formats(blueprint(template), Sheet(tab, 7))]
    assert [request["index"] for request in requests] == list(range(len(requests)))
    return [request["rule"] for request in requests]


def test_the_rules_of_a_template_come_first(sales: WorkbookTemplate) -> None:
    """Each as Google says it; fractions have neither point nor comma, which not every locale takes."""
    wanted = (
        Rule(when="equals", value="met", columns=("status",), fill="#ffffff"),
        Rule(when="equals", value=3, columns=("actual",), ink="#9a3412"),
        Rule(when="at_least", value=0.85, columns=("pace", "attainment"), bold=True),
        Rule(when="below", value=-1.5, columns=("pace", "no such column")),
        Rule(when="filled", columns=("behind_on",), fill="#fed7aa"),
        Rule(when="blank", columns=("name",), fill="#fed7aa"),
    )
    tab = sales.tab("weekly_summary").model_copy(update={"rules": wanted})
    made = rules(sales, tab)
    assert [rule["booleanRule"]["condition"] for rule in made[:6]] == [
        {"type": "TEXT_EQ", "values": [{"userEnteredValue": "met"}]},
        {"type": "NUMBER_EQ", "values": [{"userEnteredValue": "3"}]},
        {"type": "NUMBER_GREATER_THAN_EQ", "values": [{"userEnteredValue": "=17/20"}]},
        {"type": "NUMBER_LESS", "values": [{"userEnteredValue": "=-3/2"}]},
        {"type": "NOT_BLANK"},
        {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": "=AND(LEN(C2)=0;COUNTA($A2:$S2)>0)"}]},
    ]
    assert [len(rule["ranges"]) for rule in made[:6]] == [1, 1, 2, 1, 1, 1]
    assert made[0]["ranges"][0]["startColumnIndex"] == tab.position("status")
    assert made[0]["booleanRule"]["format"] == {"backgroundColor": color("#ffffff")}
    assert made[2]["booleanRule"]["format"] == {"textFormat": {"bold": True}}
    assert made[6]["booleanRule"]["condition"]["values"][0]["userEnteredValue"] == "met"
    assert made[-1]["gradientRule"]["maxpoint"]["value"] == "1"


def test_rules_of_every_kind_are_accepted(ann: Connection, sales: WorkbookTemplate, google: GoogleServer) -> None:
    """Also of numbers, and in tabs that people type in."""
    wanted = (
        Rule(when="below", value=0.5, columns=("count",), ink="#9a3412"),
        Rule(when="equals", value="x"),
        Rule(when="blank", columns=("date",), bold=True),
    )
    tabs = [
        tab.model_copy(update={"rules": wanted, "protected": True}) if tab.key == "log" else tab for tab in sales.tabs
    ]
    workbook = create(ann, with_tabs(sales, *tabs), 2026, "x", {})
    sheet = google.spreadsheet(workbook.id).book.sheet(int(workbook.layout.marks["log"]))
    assert len(sheet.objects["conditionalFormats"]) == 3
    assert len(sheet.objects["protectedRanges"]) == 1


@pytest.mark.parametrize("title", ["Daily", "Weekly", "Monthly", "Quarterly", "Annual"])
def test_the_row_of_the_period_under_way_stands_out(workbook: GoogleWorkbook, browser: OpenBook, title: str) -> None:
    """Today's, this week's ... and no other; the whole row, whoever's it is."""
    labels: dict[str, list[Cell]] = {
        "Daily": [serial(TODAY) - 1, serial(TODAY), serial(TODAY) + 1],
        "Weekly": ["2026-W41", "2026-W42", "2026-W43"],
        "Monthly": ["2026-09", "2026-10", "2026-11"],
        "Quarterly": ["2026-Q3", "2026-Q4", "2027-Q1"],
        "Annual": [2025, 2026, "2027"],
    }
    sheet = next(sheet for sheet in browser.book.sheets if sheet.title == title)
    rule = sheet.objects["conditionalFormats"][0]
    (where,) = rule["ranges"]
    assert where["startRowIndex"] == 3
    assert where["endColumnIndex"] - where["startColumnIndex"] > 5
    assert rule["booleanRule"]["format"]["backgroundColor"]
    formula = rule["booleanRule"]["condition"]["values"][0]["userEnteredValue"]
    with time_machine.travel(NOW):
        browser.type(title, "A4", [[label] for label in labels[title]])
        browser.enter(title, "P4", [[formula.replace("$A4", f"$A{row}")] for row in (4, 5, 6)])
        assert [browser.cell(title, f"P{row}").value for row in (4, 5, 6)] == [False, True, False]


def test_the_lines_of_a_dashboard_have_the_colour_of_what_they_say(
    workbook: GoogleWorkbook, browser: OpenBook, sales: WorkbookTemplate
) -> None:
    """The banner fills its line when it warns; the line about problems is an alarm or is not."""
    made = rules(sales, sales.tab("dashboard"))
    says = {rule["ranges"][0]["startRowIndex"]: rule["booleanRule"] for rule in made if "booleanRule" in rule}
    lines = {line: row for row, line in sales.tab("dashboard").lines.items()}
    assert says[lines["banner"]]["format"]["backgroundColor"] == color("#fed7aa")
    banner = f'=LEFT($A${lines["banner"] + 1};1)="⚠"'
    assert says[lines["banner"]]["condition"]["values"][0]["userEnteredValue"] == banner
    problems = [
        (rule["booleanRule"]["condition"]["values"][0]["userEnteredValue"], rule["booleanRule"]["format"])
        for rule in made
        if "booleanRule" in rule and rule["ranges"][0]["startRowIndex"] == lines["problems"]
    ]
    assert [sign for sign, _ in problems] == ["⚠", "✓"]
    assert problems[0][1]["textFormat"] == {"foregroundColor": color("#9a3412"), "bold": True}


def test_a_columns_own_format_is_shown(ann: Connection, google: GoogleServer, sales: WorkbookTemplate) -> None:
    """In place of its type's: of numbers, per cents and dates."""
    formats = {"count": "0.0", "amount": '"£"#,##0', "date": "dd.mm.yyyy"}
    log = sales.tab("log")
    columns = tuple(column.model_copy(update={"format": formats.get(column.key, "")}) for column in log.columns)
    tabs = tuple(tab.model_copy(update={"columns": columns}) if tab.key == "log" else tab for tab in sales.tabs)
    workbook = create(ann, with_tabs(sales, *tabs), 2026, "x", {})
    row = google.spreadsheet(workbook.id)
    shown = [(row.cell("Log", place).format or {})["numberFormat"] for place in ("A2", "D9", "E3")]
    assert shown == [
        {"type": "DATE", "pattern": "dd.mm.yyyy"},
        {"type": "NUMBER", "pattern": "0.0"},
        {"type": "NUMBER", "pattern": '"£"#,##0'},
    ]


def warned(template: WorkbookTemplate, tab: Tab) -> list[Any]:
    """The ranges of a tab of which Google warns."""
    ranges = [each["addProtectedRange"]["protectedRange"] for each in protections(blueprint(template), Sheet(tab, 7))]
    assert all(each["warningOnly"] and each["description"] and "editors" not in each for each in ranges)
    return [each["range"] for each in ranges]


def test_people_are_warned_where_typing_breaks_something(sales: WorkbookTemplate) -> None:
    """In tool tabs, and in columns that one formula fills; a template may say so of any tab, or of none."""
    assert warned(sales, sales.tab("team")) == [{"sheetId": 7}]
    assert warned(sales, sales.tab("log")) == []
    assert warned(sales, sales.tab("log").model_copy(update={"protected": True})) == [{"sheetId": 7}]
    assert warned(sales, sales.tab("team").model_copy(update={"protected": False})) == []
    weekly = sales.tab("weekly")
    assert warned(sales, weekly) == [
        {"sheetId": 7, "startRowIndex": 2, "startColumnIndex": place, "endColumnIndex": place + 1}
        for place, column in enumerate(weekly.columns)
        if column.computed
    ]
    assert warned(sales, weekly.model_copy(update={"protected": False})) == []


def test_nobody_is_warned_of_choosing(sales: WorkbookTemplate) -> None:
    """The cells of choices are outside of every range; all others of the dashboard are inside of one."""
    tab = sales.tab("dashboard")
    ranges = warned(sales, tab)
    places = [choice_cell(sales, line) for line in ("choose_who", "choose_activity")]
    chosen = {(place[1], place[2]) for place in places if place}
    assert len(chosen) == 2
    for row in range(40):
        for column in range(20):
            inside = [
                each
                for each in ranges
                if each["startRowIndex"] <= row < each.get("endRowIndex", 999)
                and each["startColumnIndex"] <= column < each.get("endColumnIndex", 999)
            ]
            assert len(inside) == (0 if (row, column) in chosen else 1)


def test_a_narrow_dashboard_has_room_for_its_live_cells(
    ann: Connection, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """Two columns below, six links above."""
    narrow = sales.tab("dashboard").model_copy(
        update={"columns": (Column(key="who", title="Who"), Column(key="name", title="What"))}
    )
    tabs = tuple(narrow if tab.key == "dashboard" else tab for tab in sales.tabs)
    workbook = create(ann, with_tabs(sales, *tabs), 2026, "x", {})
    links = next(row for row, line in narrow.lines.items() if line == "links")
    assert google.spreadsheet(workbook.id).values("Dashboard")[links][-1] == "▸ Annual"


def test_without_the_tab_of_values_there_are_no_charts(
    ann: Connection, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """A template of one's own may do without; everything else is made."""
    dashboard = sales.tab("dashboard").model_copy(update={"intro": ("Dashboard",), "charts": ()})
    tabs = tuple(dashboard if tab.key == "dashboard" else tab for tab in sales.tabs if tab.key != "series")
    workbook = create(ann, with_tabs(sales, *tabs), 2026, "x", {})
    browser = google.spreadsheet(workbook.id)
    assert charts(browser) == []
    assert browser.book.sheets[0].properties["gridProperties"]["frozenRowCount"] == 2


def test_the_first_tab_is_never_hidden(ann: Connection, google: GoogleServer, sales: WorkbookTemplate) -> None:
    """Somebody has to see it when the workbook opens."""
    tabs = tuple(tab.model_copy(update={"hidden": tab.key in {"dashboard", "events"}}) for tab in sales.tabs)
    workbook = create(ann, with_tabs(sales, *tabs), 2026, "x", {})
    shown = {sheet.title: not sheet.properties.get("hidden") for sheet in google.spreadsheet(workbook.id).book.sheets}
    assert shown["Dashboard"]
    assert not shown["Events"]


# --- the whole command --------------------------------------------------------------------------------------------


def written(team: Team) -> dict[int, set[int]]:
    """The rows that the calls on record wrote, by sheet id."""
    rows: dict[int, set[int]] = {}
    for request in team.server.requests:
        for each in (request.body or {}).get("requests", []):
            if "updateCells" in each:
                where = each["updateCells"]["range"]
                rows.setdefault(where["sheetId"], set()).update(range(where["startRowIndex"], where["endRowIndex"]))
    return rows


def test_a_sync_writes_no_live_line_and_no_row_under_a_chart(team: Team, sales: WorkbookTemplate) -> None:
    """Whatever is new: the lines around them are written, and the values below."""
    team.browser.type("Log", "A70", [[serial(days_before(1)), "Ann", "Cold call", 30]])
    team.calls("sync")
    rows = written(team)
    for key in ("dashboard", "series"):
        tab = sales.tab(key)
        found = rows[team.sheet_id(tab.title)]
        assert found
        assert not found & tab.live_rows
        assert not found & set(rows_covered(tab))


def test_choosing_changes_the_charts_and_the_next_sync_changes_nothing(team: Team, sales: WorkbookTemplate) -> None:
    """What people choose is no problem, no change, and still chosen afterwards."""
    browser = team.browser
    everyone = [drawn(browser, chart) for chart in charts(browser)]
    choose(browser, sales, "choose_who", "Ben")
    bens = [drawn(browser, chart) for chart in charts(browser)]
    assert all(one != other for one, other in zip(everyone, bens, strict=True))
    assert bens[0]["So far"]
    assert team.calls("sync") == [READ]
    assert [drawn(browser, chart) for chart in charts(browser)] == bens
    assert team.desk.ok("sync", "--json").json["problems"] == []
