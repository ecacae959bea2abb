"""The workbook protocol on Google: tabs are found by sheet id, so that renaming or moving one changes nothing.

No call depends on nobody typing meanwhile, for Google has no precondition: people's tabs only ever get rows appended,
and tool tabs are written whole rows at a time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sheetsync.cells import Cell
from sheetsync.errors import AuthorizationError, ConfigError, GuardTripped, SheetsyncError, Unavailable
from sheetsync.periods import Calendar
from sheetsync.template import Column, WorkbookTemplate
from sheetsync.workbook import Layout, Progress, Results, TabContents, TabWrite
from sheetsync.workbook.google import design
from sheetsync.workbook.google.appearance import column_looks
from sheetsync.workbook.google.connection import SHEETS, Connection
from sheetsync.workbook.google.files import address, copied_file
from sheetsync.workbook.google.heads import Found, heads
from sheetsync.workbook.google.layout import TAB, VERSION, look_at, tabs_made
from sheetsync.workbook.google.refusals import Failure, Refusal
from sheetsync.workbook.google.restoring import added_columns, lost_tabs, remade_tabs, version_mark
from sheetsync.workbook.google.rows import Json, calls, cut, grid_of, title_and_size

# Rows that are added beyond need, so that people have room to go on.
ROOM = 200


@dataclass(slots=True)
class _Extent:
    """What is known of a tab's size: the grid, and how many of its rows hold something (None: not known)."""

    rows: int
    columns: int
    filled: int | None


class GoogleWorkbook:
    """A workbook in a Google spreadsheet."""

    def __init__(
        self,
        connection: Connection,
        spreadsheet_id: str,
        template: WorkbookTemplate,
        layout: Layout | None,
        calendar: Calendar,
    ) -> None:
        self.id = spreadsheet_id
        self._connection = connection
        self._template = template
        self._layout = layout
        self._calendar = calendar
        self._extents: dict[str, _Extent] = {}
        self._grids: dict[str, list[list[Cell]]] = {}

    @property
    def location(self) -> str:
        """The address that opens it in a browser."""
        return address(self.id)

    @property
    def layout(self) -> Layout:
        """Where the tabs are; asks Google once when nobody told."""
        if self._layout is None:
            self._layout = look_at(self._connection, self.id).layout(self.location)
        return self._layout

    def read(self) -> dict[str, TabContents]:
        """Every tab of the template, in one call. Raises `GuardTripped` when a tab is gone, naming it."""
        contents = self._read([tab.key for tab in self._template.tabs])
        self._extents = {key: _Extent(tab.rows, tab.columns, len(tab.grid)) for key, tab in contents.items()}
        self._grids = {key: list(tab.grid) for key, tab in contents.items()}
        return contents

    def _read(self, keys: Sequence[str]) -> dict[str, TabContents]:
        marks = {key: self._sheet_id(key) for key in keys}
        with self._naming_lost_tabs():
            answer = self._connection.call(
                "post",
                f"{SHEETS}/{self.id}/values:batchGetByDataFilter",
                about=self.id,
                json={
                    "dataFilters": [{"gridRange": {"sheetId": mark}} for mark in marks.values()],
                    "majorDimension": "ROWS",
                    "valueRenderOption": "UNFORMATTED_VALUE",
                    "dateTimeRenderOption": "SERIAL_NUMBER",
                },
            )
        found = {_answered_id(item): item["valueRange"] for item in answer.get("valueRanges", [])}
        if not found.keys() >= set(marks.values()):
            raise self._lost_tab() or Unavailable(f"Google did not answer every tab of {self.location}; try again")
        return {key: _contents(key, found[mark]) for key, mark in marks.items()}

    def write(self, writes: Sequence[TabWrite], results: Mapping[str, Results] | None = None) -> None:
        """Write the changed rows, whole, and lengthen grids where they need it: one atomic call below 2 MB.

        Google computes by itself: `results` are not needed.
        """
        del results
        with self._naming_lost_tabs():
            try:
                self._write(writes)
            except Refusal as refusal:
                if "exceeds grid limits" not in refusal.message:
                    raise
                # Somebody deleted rows or columns since the read: the same cells again, on the grid as it is now.
                self._extents.clear()
                self._write(writes)

    def _write(self, writes: Sequence[TabWrite]) -> None:
        self._know_sizes()
        requests = [request for write in writes for request in self._growth(write)]
        requests += [request for write in writes for request in self._changes(write)]
        for batch in calls(requests):
            self.update(batch)

    def append(self, key: str, rows: Sequence[Sequence[Cell]], progress: Progress | None = None) -> None:
        """Add rows after the last row with data; when an answer is lost, a read tells whether they are there."""
        sheet_id = self._sheet_id(key)
        requests = list(self._room_for(key, len(rows)))
        for piece in cut(rows):
            requests.append({"appendCells": {"sheetId": sheet_id, "rows": piece, "fields": "userEnteredValue"}})
        done = 0
        for batch in calls(requests):
            added = sum(len(request["appendCells"]["rows"]) for request in batch if "appendCells" in request)
            self._append(key, batch, rows[done : done + added])
            done += added
            if progress:
                progress(added)

    def update(self, requests: Sequence[Json], applied: Callable[[], Json | None] | None = None) -> None:
        """Carry out these requests in one atomic call; `applied` as in `Connection.call`."""
        self._connection.call(
            "post", f"{SHEETS}/{self.id}:batchUpdate", about=self.id, json={"requests": requests}, applied=applied
        )

    def _append(self, key: str, requests: Sequence[Json], rows: Sequence[Sequence[Cell]]) -> None:
        try:
            with self._naming_lost_tabs():
                self.update(requests, self._added(key, rows[0]) if rows else None)
        except Failure as failure:
            if failure.untouched:
                raise
            title = self._template.tab(key).title
            raise Unavailable(
                f"{failure}; see whether {title} has the new rows before you add them again"
            ) from failure
        if key in self._grids:
            self._grids[key].extend(map(list, rows))

    def _added(self, key: str, row: Sequence[Cell]) -> Callable[[], Json | None] | None:
        """How to find out whether an append was carried out: it is atomic, so its first row tells for all."""
        before = self._grids.get(key)
        if before is None:
            return None

        def added() -> Json | None:
            return {} if _times(row, self._read([key])[key].grid) > _times(row, before) else None

        return added

    def _sheet_id(self, key: str) -> int:
        mark = self.layout.marks.get(key)
        if mark is None:
            raise self._lost(key)
        return int(mark)

    def _know_sizes(self) -> None:
        if self._extents:
            return
        sizes = look_at(self._connection, self.id).sizes
        for key, mark in self.layout.marks.items():
            if int(mark) in sizes:
                self._extents[key] = _Extent(*sizes[int(mark)], filled=None)

    def _growth(self, write: TabWrite) -> Iterator[Json]:
        """Make room for a tool tab's rows; what is added looks like the rest."""
        extent = self._extents.get(write.key)
        if extent is None:
            raise self._lost(write.key)
        tab, sheet_id = self._template.tab(write.key), self._sheet_id(write.key)
        columns = max((len(row) for row in write.grid), default=0)
        if columns > extent.columns:
            yield _longer(sheet_id, "COLUMNS", columns - extent.columns)
            extent.columns = columns
        if len(write.grid) > extent.rows:
            yield _longer(sheet_id, "ROWS", len(write.grid) - extent.rows)
            yield from column_looks(sheet_id, tab, tab.columns, extent.rows)
            extent.rows = len(write.grid)

    def _room_for(self, key: str, count: int) -> Iterator[Json]:
        """Make room in a people's tab, whose columns may have moved: the new rows take after the last one."""
        extent = self._extents.get(key)
        if extent is None or extent.filled is None:
            return  # appendCells lengthens the tab itself
        extent.filled += count
        if extent.filled > extent.rows:
            end = extent.filled + ROOM
            where = {"sheetId": self._sheet_id(key), "dimension": "ROWS", "startIndex": extent.rows, "endIndex": end}
            yield {"insertDimension": {"range": where, "inheritFromBefore": True}}
            extent.rows = end

    def _changes(self, write: TabWrite) -> Iterator[Json]:
        extent, sheet_id = self._extents[write.key], self._sheet_id(write.key)
        for start, end in write.changed:
            row, last = start, min(end, extent.rows)
            for piece in cut(write.grid[start:last]):
                yield _rows(sheet_id, row, row + len(piece), piece)
                row += len(piece)
            if row < last:
                yield _rows(sheet_id, row, last, [])

    @contextmanager
    def _naming_lost_tabs(self) -> Iterator[None]:
        """Google only says that some grid does not exist; a person needs the tab's name."""
        try:
            yield
        except Refusal as refusal:
            raise self._lost_tab() or _refused(refusal, self.location) from refusal

    def _lost_tab(self) -> GuardTripped | None:
        sizes = look_at(self._connection, self.id).sizes
        for tab in self._template.tabs:
            if self._sheet_id(tab.key) not in sizes:
                return self._lost(tab.key)
        return None

    def _lost(self, key: str) -> GuardTripped:
        return GuardTripped(
            f'the tab "{self._template.tab(key).title}" is gone from {self.location}; '
            f"restore it (File > Version history, or undo), or have it made again: sheetsync doctor --fix"
        )

    def missing_tabs(self) -> list[str]:
        """Keys of the template's tabs that are gone, in the template's order; one call."""
        there = {str(sheet_id) for sheet_id in look_at(self._connection, self.id).sizes}
        return [tab.key for tab in self._template.tabs if self.layout.marks.get(tab.key) not in there]

    def restore_tabs(self, rows: Mapping[str, Sequence[Sequence[Cell]]], activity_titles: Sequence[str] = ()) -> None:
        """Make the tabs with these keys again; one that a person copied before, mark and all, takes its place.

        Rows beyond 2 MB go in calls of their own; the marks come last, so that half a tab never counts as one.
        """
        copied = look_at(self._connection, self.id).tabs
        marks = {key: str(copied[key]) for key in rows if key in copied}
        self._layout = replace(self.layout, marks={**self.layout.marks, **marks})
        made = lost_tabs(self._found(), {key: rows[key] for key in rows if key not in marks}, activity_titles)
        for batch in calls(made.requests):
            self._change(batch)
        self._layout = made.layout

    def remake_tabs(self, keys: Sequence[str], version: int) -> None:
        """Replace these tool tabs by new ones as `create` makes them, in one atomic call after three reads.

        Each in its place, and with what people chose in it; the workbook is of this version of its template then.
        Raises `ConfigError` when people type in one of the tabs.
        """
        marked = VERSION in look_at(self._connection, self.id).marks
        made = remade_tabs(self._found(), keys, version)
        self._change([*made.requests, version_mark(version, marked=marked)])
        self._layout = made.layout

    def add_columns(self, key: str, header: int, columns: Mapping[int, Column]) -> None:
        """Title the blank columns at these 0-based positions as `create` does; one atomic call after two reads."""
        self._change(added_columns(self._found(), key, header, columns))

    def backup(self, name: str) -> str:
        """Copy the spreadsheet, with `name` behind the title of the copy; answers its address. One read, one call.

        Raises `Unfinished` when the account may not: a service account has no storage for a copy.
        """
        title = look_at(self._connection, self.id).title
        return address(copied_file(self._connection, self.id, f"{title} {name}"))

    def unmarked(self) -> dict[int, TabContents]:
        """The tabs that sheetsync did not make, by sheet id, in their order: title, size and the first rows."""
        marked = look_at(self._connection, self.id).marked
        return {
            number: TabContents("", head.title, head.grid, head.rows, head.columns)
            for number, head in heads(self._connection, self.id).items()
            if number not in marked
        }

    def adopt(self, key: str, sheet_id: int) -> None:
        """Take an unmarked tab for the template's tab `key`, which this workbook does not have.

        Raises `ConfigError` when it has one, or when the tab is not there or is another one of the template's.
        """
        title, look = self._template.tab(key).title, look_at(self._connection, self.id)
        if key in look.tabs:
            raise ConfigError(f"{self.location} has the tab “{title}” already; no second one can take its place")
        if sheet_id not in look.sizes or sheet_id in look.marked:
            raise ConfigError(f"{self.location} has no tab {sheet_id} that could be taken for “{title}”")

        def marked() -> Json | None:
            return {} if look_at(self._connection, self.id).tabs.get(key) == sheet_id else None

        self.update([design.mark(TAB, key, {"sheetId": sheet_id})], marked)
        self._layout = replace(self.layout, marks={**self.layout.marks, key: str(sheet_id)})
        self._extents, self._grids = {}, {}

    def _found(self) -> Found:
        return Found(self._template, self.layout, heads(self._connection, self.id), self._calendar)

    def _change(self, requests: Sequence[Json]) -> None:
        """Change how the spreadsheet is built: what was known of its tabs is not known any more."""
        try:
            self.update(requests, tabs_made(self._connection, self.id, requests))
        except Refusal as refusal:
            raise _refused(refusal, self.location) from refusal
        finally:
            self._extents, self._grids = {}, {}


def _refused(refusal: Refusal, location: str) -> SheetsyncError:
    if "protected cell" in refusal.message:
        return AuthorizationError(
            f"a protected range in {location} keeps sheetsync from writing; lift the protection"
        )
    return SheetsyncError(f"Google refused the call on {location} ({refusal})")


def _answered_id(item: Json) -> int:
    # Google leaves out what is 0.
    return int(item["dataFilters"][0].get("gridRange", {}).get("sheetId", 0))


def _contents(key: str, answered: Json) -> TabContents:
    title, rows, columns = title_and_size(answered["range"])
    return TabContents(key, title, grid_of(answered.get("values", [])), rows, columns)


def _times(row: Sequence[Cell], grid: Sequence[Sequence[Cell]]) -> int:
    """How often the row stands in the grid; where it is blank there may be a formula of somebody's."""
    filled = [(place, cell) for place, cell in enumerate(row) if cell is not None and cell != ""]
    width = filled[-1][0] + 1 if filled else 0
    return sum(len(there) >= width and all(there[place] == cell for place, cell in filled) for there in grid)


def _longer(sheet_id: int, dimension: str, length: int) -> Json:
    return {"appendDimension": {"sheetId": sheet_id, "dimension": dimension, "length": length}}


def _rows(sheet_id: int, start: int, end: int, rows: list[Json]) -> Json:
    """Whole rows: what the range covers and `rows` does not is cleared."""
    where = {"sheetId": sheet_id, "startRowIndex": start, "endRowIndex": end}
    return {"updateCells": {"range": where, "rows": rows, "fields": "userEnteredValue"}}
