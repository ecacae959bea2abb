"""Formulas and locales on the local Google server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import time_machine
from gspread.utils import ValueInputOption, ValueRenderOption

from tests.google_callers import ANN, batch, make_log, person, refusal
from tests.google_server import GoogleServer
from tests.google_server.formulas import copied, renamed_sheet, shifted_formula
from tests.google_server.shifting import Shift

TYPED = ValueInputOption.user_entered
PLAIN = ValueRenderOption.unformatted
AS_TYPED = ValueRenderOption.formula


@pytest.fixture
def log_id(google: GoogleServer) -> str:
    return make_log(google)


def entered(google: GoogleServer, locale: str, *texts: str) -> Any:
    """A sheet of one's own in a locale with these texts typed into its first column."""
    book = person(google).create("Locale")
    if locale != "en_US":
        book.update_locale(locale)
    book.sheet1.update([[text] for text in texts], "A1", value_input_option=TYPED)
    return book.sheet1


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=4/2", 2),
        ("=1+2*3^2", 19),
        ("=(1+2)*3", 9),
        ("=50%*C2", 1.5),
        ("=C2+C3", 7.5),
        ("=SUM(C2:C3; 1)", 8.5),
        ("=SUM(Log!$C$2:C)", 7.5),
        ("=AVERAGE(C2,C3)", 3.75),
        ("=MAX(C:C)", 4.5),
        ("=COUNTA(B1:B9)", 3),
        ("=B2&\" and \"&'Log'!B3", "Ann and Bo"),
        ('=IF(C2>3,"more","less")', "less"),
        ('=IFERROR(1/0,"none")', "none"),
        ("=ROUND(2.345,2)", 2.35),
        ('=HYPERLINK("https://example.com","here")', "here"),
        ("=AND(TRUE,C2=3)", True),
        ("=1/0", "#DIV/0!"),
        ("=#REF!", "#REF!"),
        ("=NA()", "#N/A"),
        ('="a"+1', "#VALUE!"),
        ("=MATCH(4.5;C:C;0)", 3),
        ('=MATCH("BO";B1:B9;0)', 3),
        ("=MATCH(99;C:C;0)", "#N/A"),
        ('=INDEX(C:C;MATCH("Ann";B:B;0))', 3),
        ("=INDEX(B2:C3;2;1)", "Bo"),
        ('=INDEX(B1:B3;9)&"!"', "!"),
        ("=INDEX(B1:B3;NA())", "#N/A"),
        ("=ISNA(MATCH(99;C:C;0))", True),
        ("=ISNA(1/0)", False),
        ("=INT(-1.5)+MOD(-1;12)", 9),
        ('=TEXT(MONTH(46054.5);"00")&"/"&YEAR(46054)', "02/2026"),
        ("=DATE(2026;2;1)-WEEKDAY(46054)-WEEKDAY(46054;2)", 46046),
        ("=TODAY()-TODAY()", 0),
        ("=C2/0+1", "#DIV/0!"),
        ("=Nowhere!A1", "#REF!"),
    ],
)
def test_formulas_that_are_computed(google: GoogleServer, log_id: str, formula: str, value: Any) -> None:
    """Operators, references, ranges and a few functions have Google's value."""
    sheet = person(google).open_by_key(log_id).sheet1
    sheet.update([[formula]], "E1", value_input_option=TYPED)
    assert sheet.get("E1", value_render_option=PLAIN) == [[value]]
    assert sheet.get("E1", value_render_option=AS_TYPED) == [[formula]]


def test_what_is_not_computed_is_blank_and_spreads(google: GoogleServer, log_id: str) -> None:
    """An unknown function, and all that looks at it, has no value but what a test puts there. A circle is #REF!."""
    sheet = person(google).open_by_key(log_id).sheet1
    cells = [["=QUERY(A1:C3)", "=E1+1", '=IMAGE("x")', "=H1", "=G9:H10"]]
    sheet.update(cells, "E1", value_input_option=TYPED)
    assert sheet.get("E1:I1", value_render_option=PLAIN) == [["", "", "", "#REF!"]]
    book = google.spreadsheet(log_id).book
    book.sheets[0].put(0, 4, replace(book.sheets[0].cell(0, 4), value=7))
    sheet.update([["x"]], "A9")
    assert sheet.get("E1:F1", value_render_option=PLAIN) == [[7, 8]]


def test_values_follow_what_they_refer_to(google: GoogleServer, log_id: str) -> None:
    """A later write, a person's edit and a sort change the values of formulas."""
    sheet = person(google).open_by_key(log_id).sheet1
    sheet.update([["=C2*2", "=D1+1"]], "D1", value_input_option=TYPED)
    sheet.update([[10]], "C2")
    assert google.spreadsheet(log_id).values("Log")[0][3:] == [20, 21]
    google.spreadsheet(log_id).type("Log", "C2", [[1]])
    assert sheet.get("D1:E1") == [["2", "3"]]


def test_formulas_move_with_lines_and_tabs(google: GoogleServer, log_id: str) -> None:
    """Inserted and deleted lines and a renamed tab are followed; a lost cell is #REF!."""
    book = person(google).open_by_key(log_id)
    sheet = book.sheet1
    sheet.update([["=C2+$C$3", "=SUM(Log!C2:C3)"]], "H1", value_input_option=TYPED)
    google.spreadsheet(log_id).insert_column("Log", 1)
    google.spreadsheet(log_id).rename_tab("Log", "New log")
    sheet = book.worksheet("New log")
    assert sheet.get("I1:J1", value_render_option=AS_TYPED) == [["=D2+$D$3", "=SUM('New log'!D2:D3)"]]
    sheet.delete_rows(2)
    assert sheet.get("I1:J1", value_render_option=AS_TYPED) == [["=#REF!+$D$2", "=SUM('New log'!D2:D2)"]]
    assert sheet.get("I1:J1") == [["#REF!", "4.5"]]


def test_today_is_another_day_tomorrow(google: GoogleServer, log_id: str) -> None:
    """Without any change to the spreadsheet; the day is the one of its time zone."""
    google.spreadsheet(log_id).enter("Log", "E1", [["=TODAY()"]])
    with time_machine.travel(datetime(2026, 2, 1, 23, tzinfo=UTC)) as clock:
        assert google.spreadsheet(log_id).values("Log")[0][4] == 46054
        clock.shift(7200)
        assert google.spreadsheet(log_id).values("Log")[0][4] == 46055
        google.spreadsheet(log_id).book.time_zone = "America/New_York"
        google.spreadsheet(log_id).type("Log", "A9", [["x"]])
        assert google.spreadsheet(log_id).values("Log")[0][4] == 46054


def test_a_deleted_tab_is_lost_to_formulas_and_charts(google: GoogleServer, log_id: str) -> None:
    """What referred to it reads #REF! for good; a chart stays, without those values."""
    ann = person(google)
    where = {"sheetId": 7, "startRowIndex": 0, "endRowIndex": 1}
    chart = {
        "spec": {"basicChart": {"chartType": "LINE", "series": [{"series": {"sourceRange": {"sources": [where]}}}]}},
        "position": {"overlayPosition": {"anchorCell": {"sheetId": 0}}},
    }
    batch(ann, google, log_id, {"addSheet": {"properties": {"sheetId": 7, "title": "It's it"}}})
    batch(ann, google, log_id, {"addChart": {"chart": chart}})
    browser = google.spreadsheet(log_id)
    browser.enter("Log", "E1", [["=SUM('It''s it'!$A:$A;C2)", "=C2"]])
    browser.delete_tab("It's it")
    assert [browser.cell("Log", place).formula for place in ("E1", "F1")] == ["=SUM(#REF!;C2)", "=C2"]
    (left,) = browser.book.sheets[0].objects["charts"]
    assert left["spec"]["basicChart"]["series"][0]["series"]["sourceRange"]["sources"] == []


def test_references_in_formulas_are_found() -> None:
    """Texts, functions with digits and quoted tabs are told from references; `$` holds only in copies."""
    formula = "=LOG10(A1)&\"A1\"&'My A1'!$B2:C$3+A:A+5:6"
    assert copied(formula, 1, 1) == "=LOG10(B2)&\"A1\"&'My A1'!$B3:D$3+B:B+6:7"
    assert copied("=A1+B2", -1, 0) == "=#REF!+B1"
    shift = Shift(0, "ROWS", 0, 2)
    assert shifted_formula(formula, "Log", "my a1", shift) == "=LOG10(A1)&\"A1\"&'My A1'!$B4:C$5+A:A+5:6"
    assert renamed_sheet(formula, "My A1", "It's") == "=LOG10(A1)&\"A1\"&'It''s'!$B2:C$3+A:A+5:6"


@pytest.mark.parametrize(
    ("locale", "number", "grouped", "date", "shown"),
    [
        ("de_DE", "1,5", "1.234,5", "1.2.2026", "1.2.2026"),
        ("fr_FR", "1,5", "1\u202f234,5", "01/02/2026", "01/02/2026"),
        ("nl_NL", "1,5", "1.234,5", "1-2-2026", "1-2-2026"),
        ("sv_SE", "1,5", "1\u00a0234,5", "2026-02-01", "2026-02-01"),
        ("en_GB", "1.5", "1,234.5", "1/2/2026", "1/2/2026"),
        ("en_US", "1.5", "1,234.5", "2/1/2026", "2/1/2026"),
    ],
)
def test_typing_follows_the_locale(
    google: GoogleServer, locale: str, number: str, grouped: str, date: str, shown: str
) -> None:
    """The locale's decimal sign, groups and order of a date make numbers; they are shown in the same way."""
    sheet = entered(google, locale, number, grouped, date)
    assert sheet.get("A1:A3", value_render_option=PLAIN) == [[1.5], [1234.5], [46054]]
    assert sheet.get("A1:A1") == [[number]]
    assert sheet.get("A3:A3") == [[shown]]
    other = "1.5" if "," in number else "1,5"
    if locale not in ("de_DE", "nl_NL"):
        sheet.update([[other]], "B1", value_input_option=TYPED)
        assert sheet.get("B1", value_render_option=PLAIN) == [[other]]


def test_a_comma_between_arguments_is_a_parse_error_where_it_is_the_decimal_sign(google: GoogleServer) -> None:
    """`;` works in every locale; a comma inside a text or a number is no separator."""
    texts = ("=SUM(1;2)", "=SUM(B1,B2)", '="a,b"', "=SUM(1,5;2)", '=IFERROR(B1/0,"")')
    sheet = entered(google, "de_DE", *texts)
    assert sheet.get("A1:A5") == [["3"], ["#ERROR!"], ["a,b"], ["3,5"], ["#ERROR!"]]
    got = sheet.spreadsheet.fetch_sheet_metadata(
        params={
            "ranges": "A2",
            "fields": "sheets.data.rowData.values(effectiveValue,formattedValue,userEnteredValue)",
        }
    )
    assert got["sheets"][0]["data"][0]["rowData"][0]["values"] == [
        {
            "userEnteredValue": {"formulaValue": "=SUM(B1,B2)"},
            "effectiveValue": {"errorValue": {"type": "ERROR", "message": "Formula parse error."}},
            "formattedValue": "#ERROR!",
        }
    ]
    assert entered(google, "en_US", "=SUM(1,2)", "=SUM(1;2)").get("A1:A2") == [["3"], ["3"]]


def test_locale_and_zone_are_settings(google: GoogleServer, log_id: str) -> None:
    """Both can be changed and are read back; nonsense is refused."""
    ann = person(google)
    book = ann.open_by_key(log_id)
    book.update_locale("pt_BR")
    book.update_timezone("America/Sao_Paulo")
    properties = book.fetch_sheet_metadata()["properties"]
    assert (properties["locale"], properties["timeZone"]) == ("pt_BR", "America/Sao_Paulo")
    assert book.sheet1.acell("C3").value == "4,5"
    for name, value in (("locale", "Deutsch!"), ("timeZone", "Mars/Base")):
        change = {"updateSpreadsheetProperties": {"properties": {name: value}, "fields": name}}
        assert value in refusal(partial(batch, ann, google, log_id, change))["message"]
    assert ANN in {each["emailAddress"] for each in book.list_permissions()}
