"""People and Time off: a slip in one cell is said and costs no more than that cell, a name is never lost."""

from datetime import date

import pytest

from sheetsync.cells import Cell, serial
from sheetsync.names import Names
from sheetsync.people import MONDAY_TO_FRIDAY, Person, TimeOff, parse_people, parse_time_off, parse_workdays
from tests.builders import SALES, table

NAMES = Names("person", ["Ann", "Ben"])


def test_a_person_with_nothing_but_a_name() -> None:
    """Blank cells mean: Monday to Friday, the workbook's holidays, mail on, always here."""
    people, problems = parse_people(table(SALES.tab("people"), [{"name": "Ann"}]))
    assert people == [Person("Ann")] and not problems
    assert people[0].workdays == MONDAY_TO_FRIDAY and people[0].mail == "on" and people[0].holidays is None


def test_until_is_the_last_day() -> None:
    """From and Until as typed are inclusive; inside, the end is the day after."""
    row: dict[str, Cell] = {"name": "Ann", "from": serial(date(2026, 2, 2)), "until": serial(date(2026, 3, 31))}
    (ann,), _ = parse_people(table(SALES.tab("people"), [row]))
    assert (ann.start, ann.end) == (date(2026, 2, 2), date(2026, 4, 1))


def test_a_name_twice_is_a_problem_row() -> None:
    """Two people need two names; case does not tell them apart."""
    people, problems = parse_people(table(SALES.tab("people"), [{"name": "Ann"}, {"name": "ANN "}, {"group": "x"}]))
    assert [p.name for p in people] == ["Ann"]
    assert [(p.row, p.column) for p in problems] == [(3, "Name"), (4, "Name")]


@pytest.mark.parametrize("name", ["x" * 201, "#REF!"])
def test_a_name_that_cannot_stand_in_titles_is_a_problem_row(name: str) -> None:
    """Names become parts of keys and titles: nobody is called #REF!, and 200 characters are enough."""
    people, problems = parse_people(table(SALES.tab("people"), [{"name": name}, {"name": "x" * 200}]))
    assert [len(p.name) for p in people] == [200]
    assert [(p.row, p.column) for p in problems] == [(2, "Name")]


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("zone", "Mars/Olympus", ("zone", "")),
        ("zone", "../../etc/passwd", ("zone", "")),
        ("partner_day", "Someday", ("partner_day", None)),
        ("workdays", "weekdays", ("workdays", MONDAY_TO_FRIDAY)),
        ("mail", "perhaps", ("mail", "paused")),
        ("hours", "many", ("hours", None)),
        ("from", "soon", ("start", None)),
    ],
)
def test_a_slip_is_said_and_the_person_stays(key: str, typed: str, kept: tuple[str, object]) -> None:
    """One bad cell does not remove a person, or their whole log would be problem rows."""
    people, problems = parse_people(table(SALES.tab("people"), [{"name": "Ann", key: typed}]))
    assert getattr(people[0], kept[0]) == kept[1]
    assert [(p.row, p.typed) for p in problems] == [(2, typed)]


@pytest.mark.parametrize("key", ["email", "partner_email"])
@pytest.mark.parametrize(
    "typed",
    ["ann@example", "a@example.com, b@example.com", "#REF!", "Q <q@example.com>", "mailto:q@example.com", "ann", "5"],
)
def test_what_is_not_one_mail_address_is_said(key: str, typed: str) -> None:
    """Nobody is written to there, so it is a problem with place and hint; the person counts, the text stays."""
    people, problems = parse_people(table(SALES.tab("people"), [{"name": "Ann", key: typed}]))
    assert getattr(people[0], key) == typed
    (problem,) = problems
    assert (problem.row, problem.column, problem.typed) == (2, SALES.tab("people").column(key).title, typed)
    assert problem.what == f"“{typed}” is not one mail address" and "such as ann@example.com" in problem.hint


@pytest.mark.parametrize(
    "typed", [None, " ", "ann@example.com", " Ann.O'Hara+x@Example.COM ", "ann@bücher.example.com"]
)
def test_one_plain_mail_address_or_none_is_right(typed: Cell) -> None:
    """Blanks around, capitals and international domains are no slip, and no address at all is none either."""
    assert not parse_people(table(SALES.tab("people"), [{"name": "Ann", "email": typed, "partner_email": typed}]))[1]


@pytest.mark.parametrize(("typed", "mail"), [("", "on"), ("On", "on"), ("STOP", "stop"), ("paused", "paused")])
def test_mail(typed: str, mail: str) -> None:
    """Blank is on; who says stop gets none."""
    people, problems = parse_people(table(SALES.tab("people"), [{"name": "Ann", "mail": typed}]))
    assert people[0].mail == mail and not problems


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon-Fri", {0, 1, 2, 3, 4}), ("mon – thu", {0, 1, 2, 3}), ("Monday to Wednesday", {0, 1, 2}),
        ("Mon Tue Thu", {0, 1, 3}), ("Mon, Wed; Fri", {0, 2, 4}), ("Mon and Tue", {0, 1}),
        ("Sun-Thu", {6, 0, 1, 2, 3}),
        ("Sat", {5}), ("tues thurs", {1, 3}), ("Mon-Wed, Fri", {0, 1, 2, 4}),
    ],
)  # fmt: skip
def test_workdays(text: str, days: set[int]) -> None:
    """Ranges, lists and mixtures of weekdays, over the week's end too."""
    assert parse_workdays(text) == frozenset(days)


@pytest.mark.parametrize("text", ["T", "S-S", "Mon-", "5", "Mon-Xyz", "all", ",", "M T W"])
def test_workdays_that_are_none(text: str) -> None:
    """T is Tuesday or Thursday: nothing is guessed."""
    assert parse_workdays(text) is None


def test_time_off() -> None:
    """A blank Until is that one day, a blank Part the whole of it, a blank Who everyone."""
    day = serial(date(2026, 5, 1))
    rows: list[dict[str, Cell]] = [
        {"from": day},
        {"who": "ann", "from": day, "until": day + 2, "part": 0.5, "note": "course"},
    ]
    times_off, problems = parse_time_off(table(SALES.tab("time_off"), rows), NAMES)
    assert not problems
    assert times_off == [
        TimeOff(None, date(2026, 5, 1), date(2026, 5, 2), 2),
        TimeOff("Ann", date(2026, 5, 1), date(2026, 5, 4), 1, "course"),
    ]


def test_flawed_time_off_counts_for_nothing() -> None:
    """Half a row would be a number nobody typed."""
    day = serial(date(2026, 5, 1))
    rows: list[dict[str, Cell]] = [
        {"who": "Zoe", "from": day},
        {"who": "Ann"},
        {"who": "Ann", "from": day, "until": day - 1},
        {"who": "Ann", "from": day, "part": 0.25},
    ]
    times_off, problems = parse_time_off(table(SALES.tab("time_off"), rows), NAMES)
    assert times_off == [] and [(p.row, p.column) for p in problems] == [
        (2, "Who"), (3, "From"), (4, "Until"), (5, "Part"),
    ]  # fmt: skip
