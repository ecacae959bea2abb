"""What the formulas of computed columns come to, for programs that only show stored results."""

from collections import Counter
from collections.abc import Iterable, Mapping

from sheetsync.activities import Activity
from sheetsync.cells import Cell, Misread, fold, read_date, serial, text_of
from sheetsync.formulas import LOOKED_UP, lookup_key
from sheetsync.periods import Cadence
from sheetsync.tables import Table
from sheetsync.template import Column, Tab, WorkbookTemplate

Results = dict[tuple[int, int], Cell]


def stale_results(
    template: WorkbookTemplate,
    tables: Mapping[str, Table],
    grids: Mapping[str, list[list[Cell]]],
    activities: Iterable[Activity],
    only_person: str,
) -> dict[str, Results]:
    """For each review tab, the computed cells (0-based row and column) whose stored result is not today's.

    `grids` are the tool tabs as they are to be; a row without a person is `only_person`'s.
    """
    done: Counter[tuple[int, str]] = Counter()
    for activity in activities:
        done[activity.day, fold(activity.who)] += activity.quantity  # type: ignore[assignment]
    stale: dict[str, Results] = {}
    for key, table in tables.items():
        computed = [(c, table.positions[c.key]) for c in table.tab.columns if c.computed and c.key in table.positions]
        if not computed:
            continue
        looked_up = _looked_up(template, table.tab, grids)
        changed = _changed(table, computed, looked_up, done, only_person)
        if changed:
            stale[key] = changed
    return stale


def _changed(
    table: Table,
    computed: list[tuple[Column, int]],
    looked_up: Mapping[str, Mapping[str, Cell]],
    done: Mapping[tuple[int, str], float],
    only_person: str,
) -> Results:
    changed: Results = {}
    for number, cells in table.rows():
        who = text_of(cells.get("who")) or only_person
        start = read_date(cells.get("period")) if table.tab.cadence is Cadence.DAY else None
        day = 0 if start is None or isinstance(start, Misread) else serial(start)
        row = looked_up.get(
            fold(lookup_key(table.tab.cadence or Cadence.WEEK, text_of(cells.get("period")), day, who))
        )
        stored = table.grid[number - 1]
        for column, position in computed:
            value: Cell
            if column.computed == "done":
                value = done.get((day, fold(who)), 0)
            else:
                value = row.get(LOOKED_UP[column.computed or ""]) if row else None
            before = stored[position] if position < len(stored) else None
            if (before or None) != (value or None) or isinstance(before, str) != isinstance(value, str):
                changed[number - 1, position] = "" if value is None else value
    return changed


def _looked_up(
    template: WorkbookTemplate, tab: Tab, grids: Mapping[str, list[list[Cell]]]
) -> dict[str, dict[str, Cell]]:
    """The rows of the summary tab that formulas look up, by their key."""
    summary = template.first("summary", tab.cadence)
    if summary is None or "key" not in [column.key for column in summary.columns]:
        return {}
    position = summary.position("key")
    keys = [column.key for column in summary.columns]
    return {
        fold(str(row[position])): dict(zip(keys, row, strict=False))
        for row in grids[summary.key][summary.header_row :]
        if position < len(row) and row[position]
    }
