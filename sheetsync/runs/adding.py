"""One row for the log, from the terminal: names as they are written in the tabs, and only a row that will count."""

from collections.abc import Callable, Mapping, Sequence

from sheetsync.cells import Cell, Misread, is_blank, text_of
from sheetsync.errors import GuardTripped, UsageError
from sheetsync.names import Names
from sheetsync.reading import find_tables
from sheetsync.runs.importing import complaints, names_are_known, vocabulary
from sheetsync.runs.opening import Opened
from sheetsync.runs.stopping import unit
from sheetsync.tables import Table

# What fits into a cell of either kind of workbook.
_LONGEST_TEXT = 32_000

Choose = Callable[[str, str, Sequence[str]], str | None]
"""Asks which of some names is meant, given their kind ("activity") and what was typed; None is none of them."""


def add_activity(run: Opened, cells: Mapping[str, Cell], choose: Choose | None) -> tuple[str, Mapping[str, Cell]]:
    """Add a row to the log, given by column key: one read, one write. Answers where, and the row as it was logged.

    `choose` is asked about a name that is like a known one; without it such a name is refused. Raises `UsageError`
    when a sync would not count the row, and `GuardTripped` when the log cannot be found.
    """
    run, workbook = run.at_work()
    tables, gone = find_tables(run.template, workbook.read())
    table = tables.get(next(run.template.with_role("log")).key)
    if table is None or not names_are_known(run.template, tables):
        raise GuardTripped(f"{workbook.location}: " + " | ".join(gone))
    _refuse_what_has_no_room(cells, table)
    known = vocabulary(tables, run)
    named = {**cells}
    for key, names in (("activity", known.activities), ("who", known.people)):
        named[key] = _meant(names, cells.get(key), choose)
    row: list[Cell] = [None] * (max(table.positions.values()) + 1)
    for key, cell in named.items():
        if cell is not None and key in table.positions:
            row[table.positions[key]] = cell
    problems, _ = complaints(tables, table, [row], run)
    if problems:
        raise UsageError("not logged: " + "; ".join(f"{p.what} ({p.hint})" for p in problems))
    with unit("it was logged"):
        workbook.append(table.tab.key, [row])
        layout = workbook.layout
        run.ledger.remember(layout.template, layout.year, layout.marks, layout.version)
    return f"{table.title} in {workbook.location}", named


def _refuse_what_has_no_room(cells: Mapping[str, Cell], table: Table) -> None:
    for key, cell in cells.items():
        if cell is not None and key not in table.positions:
            title = table.heading(key)
            raise UsageError(f"not logged: {table.title} has no column “{title}”; put it back, or leave it out")
        if isinstance(cell, str) and len(cell) > _LONGEST_TEXT:
            found = f"{table.heading(key)} has {len(cell):,} characters"
            raise UsageError(f"not logged: {found}; shorten it to {_LONGEST_TEXT:,}")


def _meant(names: Names, typed: Cell, choose: Choose | None) -> Cell:
    """The name that is meant; as it was typed when it is blank or nobody knows, for the row's check to say so."""
    found = names.find(typed) if not is_blank(typed) else typed
    if not isinstance(found, Misread):
        return found
    offered = names.similar(text_of(typed))
    chosen = choose(names.kind, text_of(typed), offered) if choose and offered else None
    return chosen if chosen is not None else typed
