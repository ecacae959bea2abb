"""What every backend promises, as a test class: subclass it with the fixtures `workbook` and `person`.

`workbook` was created from the template `sales` for 2026 with `ROWS` and `ACTIVITIES`; `person` types into it the way
somebody with a browser or a spreadsheet program would, behind the backend's back.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

import pytest

from sheetsync.cells import Cell, serial
from sheetsync.errors import GuardTripped
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import TabContents, TabWrite, Workbook

ACTIVITIES = ("Cold call", "Invitation")
ROWS: dict[str, list[list[Cell]]] = {
    "people": [
        ["Ann", "ann@example.com", "Europe/London", "Carl", "carl@example.com", "Friday", "on", "Mon-Fri"],
        ["Ben", "ben@example.com", "Europe/London", "Dora", "dora@example.com", "Friday", "on", "Mon-Fri"],
    ],
    "activities": [["Cold call", None, 10, "week"], ["Invitation", None, 5, "week"]],
    "log": [
        [serial(date(2026, 1, 5)), "Ann", "Cold call", 3, None, 4, "Zoë", "a first call"],
        [serial(date(2026, 1, 6)), "Ben", "Invitation", None, 99.5],
        [serial(date(2026, 1, 7)), "Ann", "Cold call", 0.5],
    ],
    "weekly": [["2026-W02", "Ann"], ["2026-W02", "Ben"], ["2026-W03", "Ann"], ["2026-W03", "Ben"]],
}
TEXTS = (
    "=1+1", '=HYPERLINK("http://example.com")', "007", "+49 30 1234", "-5", "@x", "'quoted", "1e5", "2026-01-05",
    "TRUE", "#REF", "a\nb\n\nc", "  spaces  around  ", "\ttab", "<b>&amp;</b> \"'", "_x0041_", "👩‍👩‍👧‍👦🇩🇪",
    "שלום עולם", "مرحبا", "e\u0301\u0323 a\u030a", "日本語", "zero\u200bwidth", "x" * 32_767,
)  # fmt: skip


class Person(Protocol):
    """Somebody with the workbook open in another program."""

    def type(self, tab: str, row: int, column: int, value: Cell) -> None:
        """Type a value into a cell: today's title of the tab, 1-based row and column."""

    def values(self, tab: str) -> list[list[Cell]]:
        """What the tab shows, row by row; blank cells are None."""

    def rename_tab(self, old: str, new: str) -> None:
        """Give a tab another title."""

    def delete_tab(self, tab: str) -> None:
        """Delete a tab."""


def same(grid: Sequence[Sequence[Cell]], expected: Sequence[Sequence[Cell]]) -> bool:
    """Whether two grids hold the same cells: 1 is 1.0, but never True or "1"."""
    return [[_comparable(cell) for cell in row] for row in grid] == [
        [_comparable(c) for c in row] for row in expected
    ]


def _comparable(cell: Cell) -> tuple[str, Cell]:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return ("number", float(cell))
    return (type(cell).__name__, cell)


def others(contents: Mapping[str, TabContents], key: str) -> dict[str, list[list[Cell]]]:
    """The cells of all tabs but one."""
    return {tab.key: tab.grid for tab in contents.values() if tab.key != key}


def replaced(workbook: Workbook, key: str, rows: list[list[Cell]]) -> TabWrite:
    """A write that puts `rows` below the header of a tool tab, whatever is there now."""
    before = workbook.read()[key].grid
    header = next(at for at, row in enumerate(before) if len([cell for cell in row if cell]) > 2) + 1
    width = max(len(row) for row in [*before[:header], *rows])
    grid = [[*row, *[None] * (width - len(row))] for row in [*before[:header], *rows]]
    return TabWrite(key, grid, [(header, max(len(grid), len(before)))])


class WorkbookContract:
    """The promises of a workbook, whichever way it is stored."""

    def test_reads_every_tab_by_key_with_its_title(self, workbook: Workbook, sales: WorkbookTemplate) -> None:
        """A read gives each tab of the template, in the template's words until somebody renames it."""
        contents = workbook.read()
        assert {key: tab.title for key, tab in contents.items()} == {tab.key: tab.title for tab in sales.tabs}
        for tab in sales.tabs:
            header = contents[tab.key].grid[tab.header_row - 1]
            assert header[: len(tab.columns)] == [column.title for column in tab.columns]
            assert contents[tab.key].rows >= len(contents[tab.key].grid)
            assert contents[tab.key].columns >= max(map(len, contents[tab.key].grid))

    def test_knows_its_layout(self, workbook: Workbook, sales: WorkbookTemplate) -> None:
        """The plan's year, the template's name and a mark for each tab are in the workbook itself."""
        layout = workbook.layout
        assert (layout.year, layout.template) == (2026, "sales")
        assert layout.marks.keys() == {tab.key for tab in sales.tabs}
        assert workbook.location

    def test_reads_back_what_it_was_created_with(self, workbook: Workbook) -> None:
        """Dates are serial numbers, blanks are None, and rows end at their last cell."""
        assert same(workbook.read()["log"].grid[1:], ROWS["log"])
        assert same(workbook.read()["people"].grid[1:], ROWS["people"])

    def test_activities_are_columns_of_the_tally(self, workbook: Workbook) -> None:
        """A tab with activity columns has one for each activity, after its own."""
        assert workbook.read()["tally"].grid == [["Date", "Who", *ACTIVITIES]]

    def test_computed_columns_show_nothing_yet(self, workbook: Workbook, sales: WorkbookTemplate) -> None:
        """A review row has its period and person; its formulas have nothing to show before the first sync."""
        shown = workbook.read()["weekly"].grid[sales.tab("weekly").header_row :]
        assert [[cell or None for cell in row[:2]] for row in shown] == ROWS["weekly"]
        assert not any(cell for row in shown for cell in row[2:])

    def test_sees_what_people_type(self, workbook: Workbook, person: Person) -> None:
        """Numbers, text, truth values and fractions arrive as typed."""
        typed: list[Cell] = [46_037, "Ben", "Invitation", 2.25, -12.5, 5, True, "line\nbreak"]
        for column, value in enumerate(typed, start=1):
            person.type("Log", 5, column, value)
        assert same(workbook.read()["log"].grid[4:], [typed])

    def test_blank_rows_and_columns_between_count(self, workbook: Workbook, person: Person) -> None:
        """Row and column numbers are those that people see, however much is blank before."""
        person.type("Log", 9, 12, "far out")
        grid = workbook.read()["log"].grid
        assert len(grid) == 9
        assert grid[4:] == [[], [], [], [], [*[None] * 11, "far out"]]

    def test_appended_rows_are_read_back(self, workbook: Workbook) -> None:
        """What is appended arrives below the last row with data, cell for cell."""
        rows: list[list[Cell]] = [
            [46_100, "Ann", "Cold call", 2, None, 5],
            [46_101.5, None, "Invitation", 0.1, -7, 1, "c"],
        ]
        workbook.append("log", rows)
        assert same(workbook.read()["log"].grid[1:], [*ROWS["log"], *rows])

    def test_text_stays_text(self, workbook: Workbook) -> None:
        """Whatever text looks like, it is never a formula or a number, and no character is lost."""
        workbook.append("log", [[46_100, "Ann", "Cold call", 1, None, None, None, text] for text in TEXTS])
        assert [row[7] for row in workbook.read()["log"].grid[4:]] == list(TEXTS)

    def test_append_lands_after_the_last_row_with_data(self, workbook: Workbook, person: Person) -> None:
        """Blank rows inside the data stay, and what a person typed far below is not written over."""
        person.type("Log", 8, 8, "a note far below")
        workbook.append("log", [[46_100, "Ann", "Cold call"]])
        grid = workbook.read()["log"].grid
        assert grid[7] == [*[None] * 7, "a note far below"]
        assert same(grid[8:], [[46_100, "Ann", "Cold call"]])

    def test_append_touches_no_other_cell(self, workbook: Workbook) -> None:
        """All other tabs, and the rows above, are as they were."""
        before = workbook.read()
        workbook.append("log", [[46_100, "Ann", "Cold call"]])
        after = workbook.read()
        assert after["log"].grid[:-1] == before["log"].grid
        assert {k: t.grid for k, t in after.items() if k != "log"} == {
            k: t.grid for k, t in before.items() if k != "log"
        }

    def test_append_tells_its_progress(self, workbook: Workbook) -> None:
        """The numbers passed to `progress` sum up to the rows appended."""
        told: list[int] = []
        workbook.append("log", [[46_000 + n, "Ann", "Cold call", n] for n in range(1, 1201)], told.append)
        assert sum(told) == 1200
        assert len(workbook.read()["log"].grid) == 1204

    def test_append_to_a_review_tab(self, workbook: Workbook, sales: WorkbookTemplate) -> None:
        """`extend` adds rows with blank computed columns."""
        workbook.append("weekly", [["2027-W01", "Ann"], ["2027-W01", "Ben"]])
        shown = workbook.read()["weekly"].grid[sales.tab("weekly").header_row :]
        assert [row[:2] for row in shown[4:]] == [["2027-W01", "Ann"], ["2027-W01", "Ben"]]

    def test_a_write_is_read_back(self, workbook: Workbook) -> None:
        """The grid that was written is the grid that is read, text and numbers as they are."""
        rows: list[list[Cell]] = [
            ["2026-W02", "Ann", "Cold call", 3, 10, 8.0, 0.3, None, "behind", 5.5],
            ["2026-W02", "Ben", "=1+1", 0.1 + 0.2, 1e15, -1, None, True, "007", "a\nb & <c>"],
        ]
        write = replaced(workbook, "weekly_summary", rows)
        workbook.write([write])
        grid = workbook.read()["weekly_summary"].grid
        assert same(grid[1:], rows)
        assert grid[0] == [cell for cell in write.grid[0] if cell is not None]

    def test_intro_lines_above_the_header_are_written(self, workbook: Workbook, sales: WorkbookTemplate) -> None:
        """The dashboard's lines above the header are the tool's as well, but for those that live by themselves."""
        tab, before = sales.tab("dashboard"), workbook.read()["dashboard"].grid
        grid: list[list[Cell]] = [["Goals of 2026"], ["As of 2026-01-07"], ["✓ Every row could be read"]]
        grid += [*before[3 : tab.header_row], ["Ann", "Cold call"]]
        width, last = max(map(len, grid)), tab.header_row
        padded = [[*row, *[None] * (width - len(row))] for row in grid]
        workbook.write([TabWrite("dashboard", padded, [(0, 3), (last, last + 1)])])
        assert workbook.read()["dashboard"].grid == grid

    def test_several_tabs_are_written_at_once(self, workbook: Workbook) -> None:
        """All writes of one call arrive."""
        writes = [replaced(workbook, key, [[key, "x", "y"]]) for key in ("team", "problems", "insights")]
        workbook.write(writes)
        after = workbook.read()
        assert [after[key].grid[-1][0] for key in ("team", "problems", "insights")] == [
            "team",
            "problems",
            "insights",
        ]

    def test_a_shorter_write_blanks_the_old_rows(self, workbook: Workbook) -> None:
        """Rows that the new grid does not reach are blank afterwards."""
        workbook.write(
            [replaced(workbook, "problems", [["Log", n, "Count", "what", "hint", "x"] for n in range(40)])]
        )
        workbook.write([replaced(workbook, "problems", [["Log", 2]])])
        assert same(workbook.read()["problems"].grid[1:], [["Log", 2]])
        workbook.write([replaced(workbook, "problems", [])])
        assert len(workbook.read()["problems"].grid) == 1

    def test_a_write_touches_no_other_tab(self, workbook: Workbook, person: Person, sales: WorkbookTemplate) -> None:
        """No cell of another tab changes, also none that the template knows nothing of."""
        person.type("Log", 30, 14, "a private remark")
        before = workbook.read()
        shown = {tab.title: person.values(tab.title) for tab in sales.tabs if tab.key != "team"}
        workbook.write([replaced(workbook, "team", [["Ann", "North", 0.5]])])
        after = workbook.read()
        assert {k: t.grid for k, t in after.items() if k != "team"} == {
            k: t.grid for k, t in before.items() if k != "team"
        }
        assert {tab.title: person.values(tab.title) for tab in sales.tabs if tab.key != "team"} == shown

    def test_a_renamed_tab_is_found(self, workbook: Workbook, person: Person) -> None:
        """Tabs are found by their mark; the title is the people's business."""
        person.rename_tab("Log", "What we did (Ann's & Ben's)")
        person.rename_tab("Team", "Überblick")
        contents = workbook.read()
        assert (contents["log"].title, contents["team"].title) == ("What we did (Ann's & Ben's)", "Überblick")
        assert same(contents["log"].grid[1:], ROWS["log"])
        workbook.append("log", [[46_100, "Ann", "Cold call"]])
        workbook.write([replaced(workbook, "team", [["Ann", "North", 0.5]])])
        assert person.values("Überblick")[1][0] == "Ann"
        assert len(workbook.read()["log"].grid) == 5

    def test_a_deleted_tab_trips_the_guard(self, workbook: Workbook, person: Person) -> None:
        """A tab that is gone stops the run, and the message names it."""
        person.delete_tab("Log")
        with pytest.raises(GuardTripped, match="Log"):
            workbook.read()

    def test_another_tab_may_take_the_title(self, workbook: Workbook, person: Person) -> None:
        """A tab is not found by its title: two that swap titles swap nothing else."""
        person.rename_tab("Log", "Swap")
        person.rename_tab("Events", "Log")
        person.rename_tab("Swap", "Events")
        contents = workbook.read()
        assert (contents["log"].title, contents["events"].title) == ("Events", "Log")
        assert same(contents["log"].grid[1:], ROWS["log"])
