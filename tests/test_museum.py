"""A museum of sheets that went wrong: what stands in each, and what must be said of it.

The numbers F-01 to F-18 are those of the kinds of failure that docs/reliability.md lists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pytest

from sheetsync.cells import Cell, Moment, serial
from sheetsync.periods import Calendar
from sheetsync.reading import Settings, Understood, find_tables, understand
from sheetsync.tables import known_columns
from sheetsync.tabs import TabContents
from sheetsync.titles import no_titles
from tests.builders import SALES

TODAY = date(2026, 10, 14)
DAY = serial(date(2026, 10, 12))
Grid = Sequence[Sequence[Cell]]
HEAD = ["Date", "Who", "Activity", "Count", "Amount", "Quality", "Contact", "Notes"]
GOOD: list[Cell] = [DAY, "Ann", "Cold call", 2]
NAMES = ["Name", "Email", "Partner email", "Workdays", "From", "Until"]
DONE = ["Activity", "Who", "Target", "Every", "Weight", "From", "Until"]
AIMS = ["Goal", "Who", "Measured by", "Of", "Target", "From", "Until"]
DATED = ["Name", "Who", "Period", "Target"]
OFF = ["Who", "From", "Until", "Part"]
BASE: Mapping[str, Grid] = {
    "people": [NAMES, ["Ann"], ["Ben"]],
    "activities": [DONE, ["Cold call"], ["Order won"]],
    "log": [HEAD],
}


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Grids by tab, how many activities count, and what is said: (tab, row, words that are in what or hint)."""

    name: str
    tabs: Mapping[str, Grid]
    count: int = 0
    said: Sequence[tuple[str, int, str]] = field(default=())


def understood_of(tabs: Mapping[str, Grid]) -> Understood | list[str]:
    """What the tabs say, or the lines of the guard."""
    contents = {
        tab.key: TabContents(tab.key, tab.title, [list(row) for row in grid], 1_000, 30)
        for tab in SALES.tabs
        if not tab.is_tool_tab and (grid := {**BASE, **tabs}.get(tab.key, [[column.title for column in tab.columns]]))
    }
    tables, gone = find_tables(SALES, contents)
    return gone or understand(tables, Settings(Calendar(), 2026), TODAY)


def cell(name: str, column: int, value: Cell, said: str = "") -> Exhibit:
    """A log of one good row, and another with this cell; refused with these words, if any."""
    row = [*GOOD, None, None, None, None]
    row[column] = value
    return Exhibit(name, {"log": [HEAD, GOOD, row]}, 1 if said else 2, [("Log", 3, said)] if said else [])


def log(name: str, grid: Grid, count: int, *said: tuple[int, str]) -> Exhibit:
    """A Log, how many of its rows count, and what is said of which rows."""
    return Exhibit(name, {"log": grid}, count, [("Log", row, words) for row, words in said])


def tab(name: str, key: str, grid: Grid, *said: tuple[int, str]) -> Exhibit:
    """Another tab, and what is said of which rows."""
    return Exhibit(name, {key: grid}, 0, [(SALES.tab(key).title, row, words) for row, words in said])


DATES = [
    cell("F-13 day and month both ways", 0, "03/04/2025", "can mean 2025-03-04 or 2025-04-03"),
    cell("F-13 a leap day that never was", 0, "29 Feb 2026", "no date"),
    cell("F-13 year 20225", 0, "20225-01-01", "no date"), cell("F-13 the future", 0, "2026-12-24", "in the future"),
    cell("F-13 the far future", 0, 109_575, "no date"), cell("F-13 serial of 1904", 0, 1.0, "no date"),
    cell("F-13 a time without a day", 0, 0.75, "no date"), cell("F-13 a day of 1900", 0, "1/0/1900", "no date"),
    cell("F-13 text with a time", 0, "2026-10-12 17:49"), cell("F-13 a serial with a time", 0, DAY + 0.7),
    cell("F-13 a stamp of a form", 0, "10/13/2026 17:49:19"),
    cell("F-13 the wrong weekday", 0, "Monday 13 Oct 2026", "no date"),
    cell("F-13 the right weekday", 0, "Mon, 12 Oct 2026"), cell("F-13 without a year", 0, "12 Oct", "with its year"),
    cell("F-13 a short year", 0, "12-Oct-11", "can mean 2011-10-12 or 2012-10-11"),
    cell("F-13 a short year, or a day", 0, "07-Aug-30", "can mean 2007-08-30 or 2030-08-07"),
    cell("F-13 a range", 0, "12-13 Oct 2026", "no date"),
    cell("F-13 yesterday", 0, "yesterday", "no date"), cell("F-13 eight digits", 0, 20_261_012),
    cell("F-13 full-width digits", 0, "２０２６－１０－１２"), cell("F-13 Arabic digits", 0, "٢٠٢٦-١٠-١٢"),
    cell("F-13 a tick box", 0, True, "“TRUE” is no date"), cell("no date at all", 0, None, "the date is missing"),
    cell("F-14 today, as text", 0, "=TODAY()", "no lasting result"),
    cell("F-15 a broken reference", 0, "#REF!", "the error #REF!"),
    cell("F-15 loading", 0, "Loading...", "no date"),
    cell("F-17 a day turned round", 0, "2026-10-12\u202e", "no date"),
]  # fmt: skip
COUNTS = [
    cell("F-12 an hour and a half", 3, "1h30", "no number"), cell("F-12 with its unit", 3, "90 min", "type 90 alone"),
    cell("F-12 a decimal comma", 3, "1,5"),
    cell("F-12 a thousand or one and a half", 3, "1.500", "can mean 1.5 or 1500"),
    cell("F-12 an Arabic three", 3, "٣", "no number"), cell("F-12 a full-width five", 3, "５", "no number"),
    cell("F-12 a dash behind", 3, "30-", "no number"),
    cell("F-12 below zero", 3, -2, "below 0"),
    cell("F-12 zero", 3, 0),
    cell("a date for a count", 3, Moment(DAY), "is no number"), cell("a time for a count", 3, Moment(0.0625), "1:30"),
    cell("a date in disguise", 3, DAY - 90, "is how the date"), cell("a count in text", 3, str(DAY - 90)),
    cell("a count far from any date", 3, DAY + 900), cell("a date for an amount", 4, Moment(DAY), "is no number"),
    cell("F-12 too large", 3, 1e13, "too large"), cell("F-12 text too large", 3, "9" * 400, "no number"),
    cell("F-12 not a number", 3, float("nan"), "not a finite number"),
    cell("F-12 endless", 3, float("-inf"), "not a finite"),
    cell("F-12 nan in letters", 3, "nan", "no number"),
    cell("F-12 a half", 3, "½", "no number"),
    cell("blank is one", 3, None),
    cell("F-12 a tick", 3, True, "“TRUE” is no number"),
    cell("F-12 a word", 3, "ten", "no number"),
    cell("F-12 a power", 3, "1e5", "no number"),
    cell("F-15 divided by zero", 3, "#DIV/0!", "the error #DIV/0!"),
    cell("F-14 chance", 3, "=RAND()", "no lasting result"),
    cell("a refund", 4, "-20"), cell("money", 4, "€ 1 000"), cell("words for money", 4, "a lot", "no number"),
    cell("six of five stars", 5, 6, "between 1 and 5"), cell("stars", 5, "★★★", "no number"),
]  # fmt: skip
NAMED = [
    cell("F-18 case and blanks", 1, " aNN\u00a0"), cell("F-18 another name", 1, "Anne", "did you mean “Ann”"),
    cell("F-18 nobody", 1, None, "who did it is missing"), cell("F-18 a number", 1, 7, "unknown person “7”"),
    cell("F-17 a Cyrillic A", 1, "Аnn", "unknown person"), cell("F-17 full-width", 1, "Ａｎｎ", "unknown person"),
    cell("F-17 a zero-width space behind", 1, "Ann\u200b"),
    cell("F-17 a joiner within", 1, "An\u200dn", "unknown person"),
    cell("F-17 turned round", 1, "\u202ennA", "unknown person"), cell("F-17 NUL", 1, "Ann\x00", "unknown person"),
    cell("F-17 half a character", 1, "\ud800", "unknown person"),
    cell("F-18 a slip", 2, "Cold cal", "did you mean “Cold call”"),
    cell("F-18 two blanks", 2, "Cold  call"), cell("F-15 not available", 2, "#N/A", "the error #N/A"),
    cell("F-17 half a character in a note", 7, "x\ud800\x00"), cell("F-17 50,000 letters", 7, "n" * 50_000),
    cell("F-15 an error in a note", 7, "#REF!"), cell("markup", 7, "<script>{{ 7*7 }}=cmd|' /C calc'!A0"),
]  # fmt: skip
SHAPES = [
    log("F-01 columns moved", [["Notes", "Activity", "x", "Count", "Who", "Quality", "Date", "Amount"],
                               [None, "Cold call", 5, 2, "Ann", None, DAY]], 1),
    log("F-02 titles shouted", [[f" {title.upper()}\u00a0" for title in HEAD], GOOD], 1),
    log("F-03 a title row above", [["Sales 2026, merged"], [], HEAD, GOOD], 1),
    log("F-03 a title twice", [[*HEAD, "Who"], [*GOOD, None, None, None, None, "Ben"]], 1, (1, "is here twice")),
    log("F-03 a title twice, one cell in the copy", [["Count", *HEAD], [None, *GOOD], [5, *GOOD], [None, *GOOD]], 3,
        (1, "column A is not read")),
    log("F-03 a title twice, one blank", [["Who", *HEAD], [None, *GOOD]], 1),
    log("F-03 a sort took the titles along", [GOOD, GOOD, HEAD, GOOD], 1, (1, "above the titles"),
        (2, "above the titles")),
    log("F-03 a day in text above the titles", [["2026-10-12", None, "Cold call"], HEAD, GOOD], 1,
        (1, "above the titles")),
    log("F-03 columns without titles", [[*HEAD, None, ""], [*GOOD, None, None, None, None, "mine", 5]], 1),
    log("F-03 titles in a row of data", [HEAD, GOOD, HEAD], 1, (3, "no date"), (3, "unknown person")),
    log("many rows that say Who", [HEAD, ["Who"] * 30, GOOD], 1, (2, "no date"), (2, "unknown person “Who”")),
    log("F-05 the same twice", [HEAD, GOOD, GOOD], 2),
    log("F-16 ragged rows", [HEAD, [DAY, "Ann"], GOOD], 1, (2, "missing")),
    log("F-16 merged: only the first row has a date", [HEAD, GOOD, [None, "Ann", "Cold call"]], 1,
        (3, "the date is missing")),
    log("F-16 blank rows between", [HEAD, GOOD, *[[]] * 500, ["", " ", "\u00a0"], GOOD], 2),
    log("a total below", [HEAD, GOOD, [None, None, "Total", 2]], 1, (3, "the date is missing"),
        (3, "unknown activity “Total”")),
    log("everything wrong at once", [HEAD, ["x", "x", "x", "x", "x", "x"]], 0,
        (2, "no date"), (2, "unknown person"), (2, "unknown activity"), (2, "no number")),
    Exhibit("a Tally without titles", {"tally": [["Date", "Who", "Cold call", None], [DAY, "Ann", 2, 7]]}, 1,
            [("Tally", 1, "has no title")]),
    Exhibit("a Tally with a slip", {"tally": [["Date", "Who", "Cold cal"], [DAY, "Ann", 2]]},
        0, [("Tally", 1, "Cold call")]),
    Exhibit("a Tally of words", {"tally": [["Date", "Who", "Cold call"], [DAY, "Ann", "many"]]},
        0, [("Tally", 2, "no number")]),
    Exhibit("a Tally without a day", {"tally": [["Date", "Who", "Cold call"], [None, "Ann", 2]]},
        0, [("Tally", 2, "missing")]),
]  # fmt: skip
PLANS = [
    tab("two of one name", "people", [NAMES, ["Ann"], ["ANN "]], (3, "here twice")),
    tab("a person without a name", "people", [NAMES, ["Ann"], [None, "x@example.com"]], (3, "name is missing")),
    tab("an error for a name", "people", [NAMES, ["#NAME?"]], (2, "the error #NAME?")),
    tab("half an address", "people", [NAMES, ["Ann", "ann@example"]], (2, "not one mail address")),
    tab("two addresses", "people", [NAMES, ["Ann", None, "a@example.com, b@example.com"]],
        (2, "not one mail address")),
    tab("an error for an address", "people", [NAMES, ["Ann", "#REF!", "b@example.com"]], (2, "not one mail address")),
    tab("a very long name", "people", [NAMES, ["n" * 32_767]], (2, "32,767 characters")),
    tab("gone before she came", "people", [NAMES, ["Ann", None, None, None, "2026-05-01", "2026-04-01"]],
        (2, "is before From")),
    tab("no weekdays", "people", [NAMES, ["Ann", None, None, "when I can"]], (2, "no weekdays")),
    tab("at most", "activities", [DONE, ["Cold call", None, "<5"]], (2, "at most")),
    tab("below zero", "activities", [DONE, ["Cold call", None, -5]], (2, "below 0")),
    tab("no rhythm", "activities", [DONE, ["Cold call", None, 5, "fortnight"]], (2, "no rhythm")),
    tab("a negative weight", "activities", [DONE, ["Cold call", None, 5, "week", -1]], (2, "weight below 0")),
    tab("measured by nothing", "goals", [AIMS, ["Revenue"]], (2, "no activity measures")),
    tab("neither count nor amount", "goals", [AIMS, ["Revenue", None, "Order won", "euros"]],
        (2, "neither count nor amount")),
    tab("a quarter that is none", "targets", [DATED, ["Cold call", None, "2026-Q5", 5]], (2, "there is no quarter")),
    tab("a period without its year", "targets", [DATED, ["Cold call", None, "Q3", 5]], (2, "with its year")),
    tab("a target for nothing", "targets", [DATED, [None, None, "2026-Q3", 5]], (2, "name is missing")),
    tab("no target", "targets", [DATED, ["Cold call", None, "2026-Q3", None]], (2, "target is missing")),
    tab("a third of a day off", "time_off", [OFF, ["Ann", "2026-10-01", None, 0.3]], (2, "neither 1 nor 0.5")),
    tab("off until before", "time_off", [OFF, ["Ann", "2026-10-05", "2026-10-01"]], (2, "is before From")),
    tab("off at some time", "time_off", [OFF, ["Ann"]], (2, "first day off is missing")),
    tab("an event without a day", "events", [["Date", "Who", "Event"], [None, "Ann", "Training"]],
        (2, "date is missing")),
    tab("a review of no week", "weekly", [["Week", "Who", "How did the week go?"], ["soon", "Ann", "fine"]],
        (2, "soon")),
    tab("a review twice", "weekly", [["Week", "Who", "How did the week go?"], *[["2026-W40", "Ann", "fine"]] * 2],
        (3, "another row")),
]  # fmt: skip
EXHIBITS = [*DATES, *COUNTS, *NAMED, *SHAPES, *PLANS]


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
def test_what_is_said(exhibit: Exhibit) -> None:
    """What makes sense counts, what does not is told where it stands and in which words; nothing is lost."""
    understood = understood_of(exhibit.tabs)
    assert isinstance(understood, Understood), understood
    logged = understood.logged
    assert len(logged.activities) == exhibit.count and logged.rows == exhibit.count + logged.refused
    for title, row, words in exhibit.said:
        told = [f"{p.what}; {p.hint}" for p in understood.problems if (p.tab, p.row) == (title, row)]
        assert any(words in line for line in told), understood.problems
    if not exhibit.said:
        assert not [p for p in understood.problems if p.tab in {"Log", "Tally"}]


GUARDED = [
    ("F-02 a slip in a title", ["Date", "Who", "Activty", *HEAD[3:]], "is it “Activty” in column C"),
    ("a title gone", HEAD[1:], "the column “Date” is gone"),
    ("F-08 an empty tab", [], "the column “Date” is gone"),
    ("F-15 titles that broke", ["#REF!"] * 8, "the column “Date” is gone"),
    ("F-14 titles still loading", ["Loading..."], "the column “Date” is gone"),
]


@pytest.mark.parametrize(("name", "titles", "words"), GUARDED, ids=[name for name, *_ in GUARDED])
def test_what_stops_a_sync(name: str, titles: list[Cell], words: str) -> None:
    """Without a title nothing of the tab is read, and the line says which is gone."""
    (line,) = understood_of({"log": [titles, GOOD] if titles else [[]]})  # type: ignore[misc]
    assert words in str(line) and len(str(line).splitlines()) == 1, name


LOST: list[tuple[str, str, list[Cell], str | None]] = [
    ("the first row of data", "log", [DAY, "Ann", "Cold call", 2], "insert a row above row 1 and type there"),
    ("a contact that is like a title", "log", [DAY, "Ann", "Cold call", 2, None, None, "Contact 0"], "insert a row"),
    ("a note that is a title", "log", [DAY, "Ann", "Cold call", 2, None, None, None, "Notes"], "insert a row"),
    ("errors for titles", "log", ["#REF!"] * 8, "type over it"), ("a name", "people", ["Ann"], "type over it"),
    ("blank titles", "people", [None, None], "type into row 1, from column A on: Name, Email"),
    ("a Tally", "tally", [DAY, "Ann", 2], "Who, and the activities as they stood"),
    ("a review", "weekly", ["2026-W41", "Ann", None, None, "fine"], "above row 3"),
    ("one slip", "people", ["Nam", *NAMES[1:]], None),
    ("most slips", "log", ["Dat", "Whom", "Activty", "Conut"], None),
    ("optional ones are left", "log", [*HEAD[5:]], None),
    ("one is left", "events", ["Datum", "Wer", "Event", "x", "y"], None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "key", "titles", "words"), LOST, ids=[name for name, *_ in LOST])
def test_a_lost_row_of_titles(name: str, key: str, titles: list[Cell], words: str | None) -> None:
    """It is told from titles that were changed; what to do names the row and all titles, in their order."""
    grid: list[list[Cell]] = [*[[]] * (SALES.tab(key).header_row - 1), titles, [DAY, "Ben", "Order won"]]
    lost = no_titles(known_columns(SALES.tab(key), TabContents(key, "x", grid, 1_000, 30)), None)
    assert (lost is None) == (words is None), (name, lost)
    assert lost is None or (words or "") in lost[1], lost


def test_blank_tabs_and_the_order_as_it_was() -> None:
    """Of a blank tab nothing is lost; the titles are named as the last sync read them, wherever they stood."""
    people = SALES.tab("people")
    assert no_titles(known_columns(people, TabContents("people", "People", [[], [None]], 9, 9)), None) is None
    mine: list[list[Cell]] = [[], [None, "Mine", "Email", None, "Name", None], [None, "x", None, None, "Ann"]]
    last = known_columns(people, TabContents("people", "People", mine, 9, 9))
    lost = no_titles(known_columns(people, TabContents("people", "People", [[], *mine[2:]], 9, 9)), last)
    assert lost is not None and "above row 2" in lost[1]
    assert lost[1].endswith("from column B on: Mine, Email, (nothing), Name")


def test_the_museum_is_large() -> None:
    """There are sixty exhibits and more, each under a name of its own."""
    assert len({exhibit.name for exhibit in EXHIBITS}) == len(EXHIBITS) >= 60
