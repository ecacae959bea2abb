"""Appending review rows: for a new year, or for people who joined after the workbook was created."""

from collections.abc import Mapping

from sheetsync.cells import Cell, fold, text_of
from sheetsync.errors import GuardTripped
from sheetsync.periods import Cadence, Calendar
from sheetsync.reading import find_tables
from sheetsync.reviews import read_label
from sheetsync.runs.creating import with_review_rows
from sheetsync.runs.opening import Opened
from sheetsync.runs.stopping import unit
from sheetsync.tables import Table


def extend(run: Opened, year: int | None) -> dict[str, int]:
    """Append the review rows that are missing for a year and everybody in People.

    The year is today's by default, or the plan's if that is still to come.

    Answers how many rows each tab got, by its title. Raises `GuardTripped` when a required column is gone.
    """
    run, workbook = run.at_work()
    tables, gone = find_tables(run.template, workbook.read())
    if gone:
        raise GuardTripped(f"{workbook.location}: " + " | ".join(gone))
    people = next(run.template.with_role("people")).key
    names = [text_of(cell) for cell in tables[people].column("name")]
    calendar = run.config.calendar
    period = calendar.containing(Cadence.YEAR, max(run.today, calendar.year(workbook.layout.year).start))
    period = calendar.year(year) if year else period
    team: list[Mapping[str, Cell]] = [{"name": name} for name in names if name]
    wanted = with_review_rows(run.template, calendar, period, {people: team})
    added: dict[str, int] = {}
    for tab in run.template.with_role("review"):
        table = tables[tab.key]
        if not {"period", "who"} <= table.positions.keys():
            missing = next(tab.column(key).title for key in ("period", "who") if key not in table.positions)
            raise GuardTripped(
                f"{workbook.location}: tab “{table.title}”: the column “{missing}” is gone; put it back, then extend"
            )
        cadence = tab.cadence or Cadence.WEEK
        there = {_place(cells, cadence, calendar) for _, cells in table.rows()}
        new = [_placed(table, row) for row in wanted[tab.key] if _place(row, cadence, calendar) not in there]
        if new:
            with unit(f"rows were added to {table.title}"):
                workbook.append(tab.key, new)
            added[table.title] = len(new)
    return added


def _place(cells: Mapping[str, Cell], cadence: Cadence, calendar: Calendar) -> tuple[str, str]:
    """What tells review rows apart, however the period is typed: its label, and the person."""
    label = read_label(cells.get("period"), cadence, calendar)
    return label if isinstance(label, str) else text_of(cells.get("period")), fold(text_of(cells.get("who")))


def _placed(table: Table, row: Mapping[str, Cell]) -> list[Cell]:
    cells: list[Cell] = [None] * (max(table.positions.values()) + 1)
    for key, cell in row.items():
        if key in table.positions:
            cells[table.positions[key]] = cell
    return cells
