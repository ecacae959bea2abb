"""`init`, `create` and `extend` on a local workbook, as a new user meets them."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import Workbook
from openpyxl.cell import Cell

from sheetsync.template import WorkbookTemplate
from tests.cli import NOW, Desk, new_desk, sheetsync, small_desk

TITLES = 3
"""The row of titles in the tabs for reviews, below two lines that say what each asks."""


def below_titles(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows of such a tab."""
    return rows[TITLES:]


def test_init_writes_a_commented_configuration(tmp_path: Path) -> None:
    """Flags end up in the file, the comments stay, and it can be loaded: `create` finds nothing wrong with it."""
    path = tmp_path / "my.yaml"
    said = sheetsync(
        "-c", path, "init", "--workbook", "team.xlsx", "--timezone", "America/New_York", "--week-starts", "sunday",
        "--year-starts", "april", "--holidays", "us",
    )  # fmt: skip
    assert (said.code, said.err) == (0, "")
    assert f"sheetsync -c {path} create" in said.out
    text = path.read_text(encoding="utf-8")
    assert text.count("#") > 20
    written = yaml.safe_load(text)
    assert [written[k] for k in ("workbook", "timezone", "week_starts", "year_starts")] == [
        "team.xlsx", "America/New_York", "sunday", "april",
    ]  # fmt: skip
    assert sheetsync("-c", path, "create").code == 0


def test_init_never_overwrites(tmp_path: Path) -> None:
    """A configuration that is there stays as it is."""
    desk = new_desk(tmp_path)
    before = desk.config.read_bytes()
    desk.run("init").refused(3, str(desk.config), "-c")
    assert desk.config.read_bytes() == before


@pytest.mark.parametrize(
    ("flag", "value", "nearest"),
    [
        ("--timezone", "Europe/Londn", "Europe/London"),
        ("--week-starts", "mondy", "monday"),
        ("--year-starts", "jan", "january"),
        ("--holidays", "GB-EGN", "GB-ENG"),
        ("--template", "salse", "sales"),
        ("--workbook", "goals.ods", "goals.xlsx"),
    ],
)
def test_init_refuses_a_wrong_value(tmp_path: Path, flag: str, value: str, nearest: str) -> None:
    """A wrong flag is named with the nearest right one, and no file is left."""
    sheetsync("-c", tmp_path / "config.yaml", "init", flag, value).refused(3, value, nearest)
    assert not (tmp_path / "config.yaml").exists()


def test_create_makes_every_tab_and_column(tmp_path: Path, sales: WorkbookTemplate) -> None:
    """All tabs in the template's order, each column under its title, the year's review rows for each person."""
    desk = new_desk(tmp_path)
    said = desk.ok("create", "--year", "2027", "--person", "Ann <ann@example.com>", "--person", "Ben")
    assert f"{len(sales.tabs)} tabs" in said.out
    cells = desk.cells()
    assert list(cells) == [tab.title for tab in sales.tabs]
    for tab in sales.tabs:
        header = next(row for row in cells[tab.title] if row[0] == tab.columns[0].title)
        assert list(header[: len(tab.columns)]) == [column.title for column in tab.columns]
    assert [row[:2] for row in cells["People"][1:]] == [("Ann", "ann@example.com"), ("Ben", None)]
    assert len(below_titles(cells["Daily"])) == 2 * 365
    assert below_titles(cells["Weekly"])[0][:2] == ("2026-W53", "Ann")
    assert [row[:2] for row in below_titles(cells["Quarterly"])] == [
        (f"2027-Q{n}", who) for n in (1, 2, 3, 4) for who in ("Ann", "Ben")
    ]


def test_create_takes_the_fiscal_year_under_way(tmp_path: Path) -> None:
    """Without --year it is the year that holds today, named after the calendar year in which it ends."""
    desk = new_desk(tmp_path, "--year-starts", "july")
    desk.ok("create")
    assert [row[0] for row in below_titles(desk.cells()["Annual"])] == ["2027"]
    assert below_titles(desk.cells()["Monthly"])[0][0] == "2026-07"


def test_create_with_examples_syncs_at_once(tmp_path: Path) -> None:
    """The template's examples are a plan that a sync understands without a problem."""
    desk = new_desk(tmp_path)
    desk.ok("create", "--examples")
    assert desk.ok("sync", "--strict", "--json").json["problems"] == []


@pytest.mark.parametrize("kind", ["ours", "theirs", "no workbook"])
def test_create_refuses_a_file_that_is_there(tmp_path: Path, kind: str) -> None:
    """Whatever the file is, it keeps its bytes."""
    desk = new_desk(tmp_path)
    if kind == "ours":
        desk.ok("create")
    elif kind == "theirs":
        Workbook().save(desk.workbook)
    else:
        desk.workbook.write_text("my notes")
    before = desk.workbook.read_bytes()
    result = desk.run("create")
    assert result.code in {3, 5}, result
    result.refused(result.code, "goals.xlsx")
    assert desk.workbook.read_bytes() == before


@pytest.mark.parametrize("person", ["", "  ", "<ann@example.com>", "Ann <ann@example.com"])
def test_create_refuses_a_person_without_a_name(tmp_path: Path, person: str) -> None:
    """A --person that cannot be read leaves no file."""
    desk = new_desk(tmp_path)
    desk.run("create", "--person", person).refused(2, "--person", "Ann Lee <ann@example.com>")
    assert not desk.workbook.exists()


def test_create_share_is_for_google(tmp_path: Path) -> None:
    """A local file cannot be shared: asking for it is said to be wrong, and nothing is made."""
    desk = new_desk(tmp_path)
    desk.run("create", "--share", "ann@example.com:reader").refused(2, "--share")
    assert not desk.workbook.exists()


def test_create_writes_names_as_text(tmp_path: Path) -> None:
    """A hostile name becomes no formula."""
    desk = new_desk(tmp_path)
    name = '=HYPERLINK("http://evil.example","x")'
    desk.ok("create", "--person", name)
    cell = desk_cell(desk, "People", 2)
    assert (cell.data_type, cell.value) == ("s", name)
    assert desk.ok("sync", "--strict", "--json").json["problems"] == []


def desk_cell(desk: Desk, tab: str, row: int) -> Cell:
    """The first cell of a row, as openpyxl has it."""
    with desk.edited() as book:
        return book[tab].cell(row, 1)


def test_extend_adds_the_rows_of_a_new_person_and_year(tmp_path: Path) -> None:
    """Only what is missing is added, below what is there; a second time there is nothing to add."""
    desk = small_desk(tmp_path)
    with desk.edited() as book:
        book["People"].append(["Cleo", "cleo@example.com"])
    before = desk.cells()
    assert "Weekly: 53 rows added" in desk.ok("extend").out
    after = desk.cells()
    for tab in ("Weekly", "Partner", "Monthly", "Quarterly", "Annual"):
        rows = len(before[tab])
        assert after[tab][:rows] == before[tab]
        assert {row[1] for row in after[tab][rows:]} == {"Cleo"}
    assert all(after[tab] == before[tab] for tab in before if tab in {"People", "Log", "Tally", "Dashboard"})
    assert "Nothing to add" in desk.ok("extend").out
    desk.ok("extend", "--year", "2027")
    assert {row[0] for row in below_titles(desk.cells()["Quarterly"])} == {
        f"{y}-Q{q}" for y in (2026, 2027) for q in range(1, 5)
    }


def test_extended_rows_have_live_formulas(tmp_path: Path) -> None:
    """A new row's computed cells hold the formulas of the rows above, for their own row."""
    desk = small_desk(tmp_path)
    desk.ok("extend", "--year", "2027")
    rows = desk.cells()["Weekly"]
    (first, *_, last), row = below_titles(rows), len(rows)
    assert first[2].startswith(f'=IF($A{TITLES + 1}="",')
    assert last[2] == first[2].replace(f"$A{TITLES + 1}", f"$A{row}").replace(f"$B{TITLES + 1}", f"$B{row}")


def test_extend_keeps_what_is_typed_in_review_rows(tmp_path: Path) -> None:
    """Sorting, deleting and writing in a review tab is a person's right: only missing rows come back, at the end."""
    desk = small_desk(tmp_path)
    with desk.edited() as book:
        sheet = book["Quarterly"]
        sheet.cell(TITLES + 1, 4).value = "Win the north"
        sheet.delete_rows(TITLES + 3)
    rows = desk.cells()["Quarterly"]
    assert "Quarterly: 1 row added" in desk.ok("extend").out
    assert desk.cells()["Quarterly"][: len(rows)] == rows
    assert desk.cells()["Quarterly"][-1][:2] == ("2026-Q2", "Ann")


def test_extend_knows_periods_however_they_are_typed(tmp_path: Path) -> None:
    """A label in capitals, a year as a number, a month as a date: no row twice; without its column it stops."""
    desk = small_desk(tmp_path)
    desk.ok("extend")
    with desk.edited() as book:
        week = book["Weekly"].cell(TITLES + 1, 1)
        week.value = str(week.value).lower()
        book["Annual"].cell(TITLES + 1, 1).value = 2026
    assert "Nothing to add" in desk.ok("extend").out
    with desk.edited() as book:
        book["Weekly"].cell(TITLES, 1).value = "Wk"
    desk.run("extend").refused(5, "“Week” is gone")


def test_extend_is_for_the_year_under_way(tmp_path: Path) -> None:
    """Who joins in the plan's third year gets the rows of that year; a plan still to come keeps its own."""
    desk = small_desk(tmp_path)
    with desk.edited() as book:
        book["People"].append(["Cleo", "cleo@example.com"])
    desk.ok("extend", at=NOW.replace(year=2028))
    assert {row[0] for row in below_titles(desk.cells()["Annual"]) if row[1] == "Cleo"} == {"2028"}
    desk.ok("extend", at=NOW.replace(year=2025))
    assert {row[0] for row in below_titles(desk.cells()["Annual"]) if row[1] == "Cleo"} == {"2026", "2028"}
