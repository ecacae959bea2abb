"""Adding the rows of a CSV or Excel file to a tab, once each: importing a file again adds nothing twice.

Rows are compared as multisets: two equal rows within a file stay two, however often the file is imported, and rows
that are in the tab already (an import that was cut off, say) count as imported.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from sheetsync.activities import Vocabulary, parse_log, parse_tally
from sheetsync.cells import Cell, Memo, Misread, fold, hashable, is_blank, read_date, read_number, serial, text_of
from sheetsync.errors import ConfigError, GuardTripped, Problem, UsageError
from sheetsync.names import Names
from sheetsync.plan import parse_plan
from sheetsync.reading import LOGGING_ROLES, find_tables
from sheetsync.runs.opening import Opened
from sheetsync.runs.stopping import unit
from sheetsync.runs.tabular import FileRows
from sheetsync.tables import Table
from sheetsync.template import Column, Role, Tab, WorkbookTemplate
from sheetsync.workbook import Progress, Workbook

# The cells without which a row says nothing.
_ESSENTIAL: Mapping[str, frozenset[str]] = {
    "people": frozenset({"name"}),
    "goals": frozenset({"goal", "measured_by"}),
    "activities": frozenset({"activity"}),
    "targets": frozenset({"name", "period", "target"}),
    "time_off": frozenset({"from"}),
    "events": frozenset({"date", "event"}),
    "log": frozenset({"date", "activity"}),
    "tally": frozenset({"date"}),
    "review": frozenset({"period"}),
}
NAMING_ROLES: tuple[Role, ...] = ("people", "activities")
_NUMBERS = frozenset({"count", "amount", "rating", "number", "percent"})


@dataclass(frozen=True, slots=True)
class Request:
    """What to import: `mapped` is tab column -> file column, `constants` tab column -> text for every row."""

    rows: FileRows
    mapped: Mapping[str, str]
    constants: Mapping[str, str]
    tab: str | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """What an import would do: `new` rows to append, the keys to remember, and what a sync will complain about."""

    workbook: Workbook
    table: Table
    rows: int
    new: Sequence[Sequence[Cell]]
    keys: Sequence[str]
    columns: Sequence[tuple[str, str]]
    problems: Sequence[Problem]
    refused: int

    @property
    def known(self) -> int:
        """How many rows were there already."""
        return self.rows - len(self.new)


def plan_import(run: Opened, request: Request) -> Import:
    """Read the workbook and decide which rows are new, touching nothing.

    Raises `ConfigError` when a column is not mapped, or the file's columns are not those named.
    """
    run, workbook = run.at_work()
    contents = workbook.read()
    tables, gone = find_tables(run.template, contents)
    tab = _tab(run.template.tabs, {key: c.title for key, c in contents.items()}, request.tab)
    logs = tab.role in LOGGING_ROLES
    if tab.key not in tables or (logs and not names_are_known(run.template, tables)):
        raise GuardTripped(f"{workbook.location}: " + " | ".join(gone))
    table = tables[tab.key]
    sources = _sources(table, request)
    rows = list(zip(*(_cells(column, request) for column in sources), strict=True))
    places = table.positions | {_extra(place): place for place in table.extra}
    positions = [places[column.key] for column in sources]
    new, keys = _new_rows(run, table, positions, rows)
    problems, refused = complaints(tables, table, new, run)
    shown = [(column.title, _origin(column, request)) for column in sources]
    return Import(workbook, table, len(rows), new, keys, shown, problems, refused)


@unit("the import")
def carry_out(run: Opened, plan: Import, progress: Progress | None = None) -> None:
    """Append the new rows, then remember them; cut off in between, the next import finds them in the tab."""
    if plan.new:
        plan.workbook.append(plan.table.tab.key, plan.new, progress)
    layout = plan.workbook.layout
    run.ledger.remember(layout.template, layout.year, layout.marks, layout.version)
    run.ledger.remember_imported(plan.table.tab.key, plan.keys)


def _tab(tabs: Sequence[Tab], titles: Mapping[str, str], wanted: str | None) -> Tab:
    if wanted is None:
        return next(tab for tab in tabs if tab.role == "log")
    open_tabs = [tab for tab in tabs if not tab.is_tool_tab]
    for tab in open_tabs:
        if fold(wanted) in {fold(tab.key), fold(tab.title), fold(titles.get(tab.key, ""))}:
            return tab
    known = Names("tab", [titles.get(tab.key, tab.title) for tab in open_tabs]).find(wanted)
    raise UsageError(f"--tab: {known.what if isinstance(known, Misread) else wanted}; {_hint(known)}")


def _hint(found: str | Misread) -> str:
    return found.hint if isinstance(found, Misread) else ""


def _sources(table: Table, request: Request) -> list[Column]:
    """The tab's columns that the file fills, in order. Raises `ConfigError` for what is not mapped or not there."""
    columns = {fold(c.title): c for c in table.tab.columns if c.key in table.positions and not c.computed}
    if table.tab.activity_columns:
        extra = [Column(key=_extra(place), title=title, type="count") for place, title in table.extra.items()]
        columns = {fold(column.title): column for column in extra} | columns
    titles = Names("column", [c.title for c in columns.values()])
    for given in (*request.mapped, *request.constants):
        if fold(given) not in columns:
            found = titles.find(given)
            raise UsageError(f"“{given}” is no column of {table.title}; {_hint(found)}")
    both = {fold(title) for title in request.mapped} & {fold(title) for title in request.constants}
    if both:
        title = columns[min(both)].title
        raise UsageError(f"--map and --set both fill the column “{title}”; leave one out")
    header = Names("column", request.rows.header)
    for title, source in request.mapped.items():
        found = header.find(source)
        if isinstance(found, Misread):
            nearest = header.nearest(source)
            offer = f"did you mean “{nearest}”?" if nearest else f"it has {', '.join(request.rows.header)}"
            raise ConfigError(f"{request.rows.name}: no column “{source}” for {title}; {offer}")
    filled = [c for c in columns.values() if _origin(c, request)]
    needed = _ESSENTIAL.get(table.tab.role, frozenset()) - {c.key for c in filled}
    if needed:
        title = table.heading(min(needed))
        raise ConfigError(
            f"{request.rows.name}: nothing is mapped to the column “{title}” of {table.title}; add "
            f'--map "{title}=COLUMN" or --set "{title}=VALUE" (the file has {", ".join(request.rows.header)})'
        )
    return filled


def _extra(place: int) -> str:
    """The key of a column that the template does not know: an activity of a tally."""
    return f"column {place}"


def _origin(column: Column, request: Request) -> str:
    """Where a column's cells come from: the file's column, a constant, or "" for nowhere."""
    for title, source in request.mapped.items():
        if fold(title) == fold(column.title):
            return next(name for name in request.rows.header if fold(name) == fold(source))
    for title, text in request.constants.items():
        if fold(title) == fold(column.title):
            return f"“{text}”"
    return next((name for name in request.rows.header if fold(name) == fold(column.title)), "")


def _cells(column: Column, request: Request) -> list[Cell]:
    """A column of the tab, one cell a row of the file."""
    memo = Memo(lambda cell: _cell(column, cell))
    for title, text in request.constants.items():
        if fold(title) == fold(column.title):
            return [memo[text]] * len(request.rows.rows)
    position = request.rows.header.index(_origin(column, request))
    return [memo[cell] for cell in hashable([row[position] for row in request.rows.rows])]


def _cell(column: Column, cell: Cell) -> Cell:
    """A cell as the tab's column has it: days and numbers where they can be read, else the text as it is."""
    if is_blank(cell):
        return None
    if column.type == "date":
        day = read_date(cell)
        return text_of(cell) if isinstance(day, Misread) else serial(day)
    if column.type in _NUMBERS:
        number = read_number(cell)
        return text_of(cell) if isinstance(number, Misread) else number
    return text_of(cell) if column.type in {"name", "period", "choice", "email"} else _plain(cell)


def _plain(cell: Cell) -> Cell:
    return text_of(cell) if isinstance(cell, int | float) else cell


def _new_rows(
    run: Opened, table: Table, positions: Sequence[int], rows: Sequence[Sequence[Cell]]
) -> tuple[list[list[Cell]], list[str]]:
    """The rows that are not there yet, placed as the tab has its columns, and the keys of all that were not known."""
    imported = run.ledger.imported(table.tab.key)
    there = Counter(
        _identity(row[p] if p < len(row) else None for p in positions) for row in table.grid[table.header + 1 :]
    )
    width = max([*table.positions.values(), *positions]) + 1
    seen: Counter[str] = Counter()
    new, keys = [], []
    for row in rows:
        identity = _identity(row)
        occurrence = seen[identity]
        seen[identity] += 1
        key = f"{identity}-{occurrence}"
        if key in imported:
            continue
        keys.append(key)
        if occurrence < there[identity]:
            continue
        placed: list[Cell] = [None] * width
        for position, cell in zip(positions, row, strict=True):
            placed[position] = cell
        new.append(placed)
    return new, keys


def _identity(cells: Iterable[Cell]) -> str:
    """The same for rows that hold the same, whichever way numbers and blanks are written."""
    parts = [
        c if isinstance(c, bool) else float(c) if isinstance(c, int | float) else fold(text_of(c)) for c in cells
    ]
    return blake2b(repr(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def names_are_known(template: WorkbookTemplate, tables: Mapping[str, Table]) -> bool:
    """Whether the tabs can be read whose names a log uses; without them every row would look wrong."""
    return all(tab.key in tables for role in NAMING_ROLES for tab in template.with_role(role))


def vocabulary(tables: Mapping[str, Table], run: Opened) -> Vocabulary:
    """The names that rows may use, as the tabs have them now."""
    plan, _ = parse_plan(tables.values(), run.config.calendar, run.config.calendar.year(run.today.year))
    return Vocabulary(Names("person", [p.name for p in plan.people]), Names("activity", plan.activities), run.today)


def complaints(
    tables: Mapping[str, Table], table: Table, new: Sequence[Sequence[Cell]], run: Opened
) -> tuple[list[Problem], int]:
    """What a sync will say of new rows of a log or tally, and how many of them it will not count."""
    if table.tab.role not in {"log", "tally"}:
        return [], 0
    first = len(table.grid)
    grid: list[list[Cell]] = [*([[]] * (first - 1)), [], *map(list, new)]
    arriving = Table(table.tab, table.title, grid, first - 1 if first else 0, table.positions, table.extra)
    parse = parse_log if table.tab.role == "log" else parse_tally
    logged = parse(arriving, vocabulary(tables, run))
    return logged.problems, logged.refused


def read_request(file: Path, mapped: Mapping[str, str], constants: Mapping[str, str], tab: str | None) -> Request:
    """What to import, the file read. Raises `ConfigError` when it cannot be read or is empty."""
    from sheetsync.runs.tabular import read_file

    return Request(read_file(file), mapped, constants, tab)
