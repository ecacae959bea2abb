"""What the formulas of computed columns come to, for programs that only show stored results."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sheetsync.activities import Activity
from sheetsync.cells import Cell, Memo, Misread, fold, read_date, serial, text_of
from sheetsync.formulas import LOOKED_UP, lookup_key
from sheetsync.live import (
    CHOOSE,
    FIRST_VALUE,
    HINTED,
    KEY,
    LABEL,
    LINK,
    banner,
    choice_cell,
    hint,
    series_key,
    values_of,
)
from sheetsync.periods import Cadence
from sheetsync.tables import Table
from sheetsync.tabs import TabContents
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
    people = Memo(lambda who: fold(str(who)))
    for activity in activities:
        done[activity.day, people[activity.who]] += activity.quantity  # type: ignore[assignment]
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


def stale_live_results(
    template: WorkbookTemplate,
    contents: Mapping[str, TabContents],
    grids: Mapping[str, list[list[Cell]]],
    today: date,
) -> dict[str, Results]:
    """For each tool tab, the live cells whose stored result is not that of today, what people chose, and `grids`."""
    chosen = {shown: _chosen(template, contents, shown) for shown in ("choose_who", "choose_activity")}
    series = template.first("series")
    rows = {text_of(row[KEY]): row for row in reversed(grids[series.key][series.header_row :])} if series else {}
    links = [LINK + tab.title for tab in template.with_role("review")]
    hinted = [shown for shown in chosen if series and HINTED[shown] in series.lines.values()]
    drawn = _Drawn(chosen, {fold(key): row for key, row in rows.items()}, links, hinted)
    stale: dict[str, Results] = {}
    for tab in template.tabs:
        if tab.key not in contents:
            continue
        read = contents[tab.key].grid
        wanted = _live_results(tab, read, drawn, today)
        changed = {place: value for place, value in wanted.items() if _shown(_stored(read, place)) != value}
        if changed:
            stale[tab.key] = changed
    return stale


class _Drawn(NamedTuple):
    """What people chose, by the line they chose in, the rows of series by folded key, the texts of the links, and the
    lines of choices beside which a hint stands.
    """

    chosen: Mapping[str, str]
    rows: Mapping[str, list[Cell]]
    links: Sequence[str]
    hinted: Collection[str]


def _chosen(template: WorkbookTemplate, contents: Mapping[str, TabContents], shown: str) -> str:
    place = choice_cell(template, shown)
    return text_of(_stored(contents[place[0].key].grid, place[1:])) if place else ""


def _stored(grid: list[list[Cell]], place: tuple[int, int]) -> Cell:
    row, column = place
    return grid[row][column] if row < len(grid) and column < len(grid[row]) else None


def _shown(cell: Cell) -> Cell:
    """A formula that comes to no text may be read as blank."""
    return "" if cell is None else cell


def _live_results(tab: Tab, read: list[list[Cell]], drawn: "_Drawn", today: date) -> Results:
    chosen, rows = drawn.chosen, drawn.rows
    who, activity = chosen["choose_who"], chosen["choose_activity"]
    found: Results = {}
    for at, shown in tab.lines.items():
        if shown == "banner":
            of, said = rows["as_of"][FIRST_VALUE : FIRST_VALUE + 2]
            found[at, 0] = banner(serial(today) - int(of or 0), str(said))
        elif shown == "links":
            # Only what another program left out when it saved the file; their titles are those of creation.
            found |= {(at, n): text for n, text in enumerate(drawn.links) if _stored(read, (at, n)) is None}
        elif shown in drawn.hinted:
            row = rows.get(fold(series_key(HINTED[shown], who, activity)), [])
            what = text_of(row[LABEL]) if row else ""
            found[at, 2] = hint(what, CHOOSE[shown], chosen=bool(chosen[shown]))
        elif at in tab.live_rows and tab.role == "series":
            key = series_key(shown, who, activity)
            values = rows.get(fold(key), [])[FIRST_VALUE:]
            found[at, KEY] = key
            for n in range(values_of(shown)):
                value = values[n] if n < len(values) else None
                found[at, FIRST_VALUE + n] = "#N/A" if value is None else value
    return found


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
            # A blank result is no 0: a week off has no score, a week of nothing has the score 0.
            shown = "" if value is None else value
            if ("" if before is None else before) != shown:
                changed[number - 1, position] = shown
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
