"""What people's hands changed in a workbook's layout, and putting back tabs and columns that are gone.

Nothing that was typed is touched. Rows come back from the ledger. A column is not put back where a similar title
stands (it was renamed, and a second one would split the data), nor a required one in which something stood (blank, it
would say something else), nor any where the whole row of titles is gone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sheetsync.activities import Activity, fingerprint
from sheetsync.cells import Cell, column_letters, fold, is_blank, is_error, text_of
from sheetsync.reading import LOGGING_ROLES, find_tables, understand
from sheetsync.runs.creating import rows_by_position, with_review_rows
from sheetsync.runs.opening import Opened
from sheetsync.runs.stopping import unit
from sheetsync.sentences import counted
from sheetsync.tables import Table, find_columns, known_columns
from sheetsync.tabs import TabContents
from sheetsync.template import Column, Tab, WorkbookTemplate
from sheetsync.titles import no_titles
from sheetsync.workbook import Workbook

_SIMILAR = 70


@dataclass(frozen=True, slots=True)
class Absent:
    """A column that a tab does not have. `like` is the place and title of a similar one.

    `addable`: nothing is lost when it is put back blank.
    """

    column: Column
    like: tuple[int, str] | None
    addable: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """How a tab that people type in differs from its template. `no_titles` says so if it has no row of titles."""

    table: Table
    absent: Sequence[Absent]
    no_titles: tuple[str, str] | None = None

    def lines(self, *, required: bool) -> Iterator[tuple[str, str]]:
        """Each finding with its remedy: of the `required` columns, without which no sync runs, or the others."""
        if self.no_titles and required == any(column.required for column in self.table.tab.columns):
            yield self.no_titles
        for absent in self.absent:
            if absent.column.required == required:
                yield self._gone(absent)
        for problem in () if required else self.table.doubled():
            yield f"in “{self.table.title}” {problem.what}", problem.hint

    def _gone(self, absent: Absent) -> tuple[str, str]:
        title = absent.column.title
        found = f"“{self.table.title}” has no column “{title}”"
        if absent.like:
            place, like = absent.like
            if is_error(like):
                found = (
                    f"“{self.table.title}” shows {like} in column {column_letters(place)}, where “{title}” should be"
                )
                return found, "delete what is typed below it: the formula fills that column by itself"
            found += f"; is it “{like}” in column {column_letters(place)}?"
            return found, f"call it “{title}” again (--fix adds no second one beside it)"
        if absent.addable:
            return found, "sheetsync doctor --fix puts it back"
        return found, (
            f"get “{title}” back with what stood in it: undo, or an earlier version of the file "
            f"(--fix adds no blank one beside rows, which would change what they say)"
        )


def drifts(
    template: WorkbookTemplate, contents: Mapping[str, TabContents], before: Mapping[str, Table]
) -> list[Drift]:
    """The tabs that people type in, each with what differs; `before` are the tables of the last sync, by tab key."""
    typed_in = [tab for tab in template.tabs if not tab.is_tool_tab and tab.key in contents]
    return [_drift(tab, contents[tab.key], before.get(tab.key)) for tab in typed_in]


def _drift(tab: Tab, contents: TabContents, before: Table | None) -> Drift:
    table = known_columns(tab, contents)
    if lost := no_titles(table, before):
        return Drift(table, [], lost)
    known = {fold(column.title) for column in tab.columns}
    others = {place: title for place, title in table.extra.items() if fold(title) not in known}
    header = table.grid[table.header] if table.grid else []
    absent = []
    for column in tab.columns:
        if column.key in table.positions:
            continue
        if column.computed is None:
            absent.append(Absent(column, _like(column, others), _loses_nothing(column, table, before)))
        elif _in_trouble(others):
            absent.append(Absent(column, _in_trouble(others), addable=False))
        elif not any(map(is_blank, header)):  # else its formula may stand there, and has come to nothing yet
            absent.append(Absent(column, None, addable=True))
    return Drift(table, absent)


def _like(column: Column, others: Mapping[int, str]) -> tuple[int, str] | None:
    from rapidfuzz import process

    found = process.extractOne(column.title, others, score_cutoff=_SIMILAR)
    return (found[2], found[0]) if found else None


def _in_trouble(others: Mapping[int, str]) -> tuple[int, str] | None:
    """Where an error stands in place of a title: on Google the formula that fills a column begins with its title."""
    return next(((place, title) for place, title in others.items() if is_error(title)), None)


def _loses_nothing(column: Column, table: Table, before: Table | None) -> bool:
    # Also what stands below titles that are not known.
    if not column.required or all(is_blank(cell) for row in table.grid[table.header + 1 :] for cell in row):
        return True
    return before is not None and column.key in before.positions and all(map(is_blank, before.column(column.key)))


def last_tables(run: Opened) -> dict[str, Table]:
    """The tabs that people type in as the last sync read them, but for the log; empty before the first."""
    known = run.ledger.remembered()
    keys = {tab.key for tab in run.template.tabs}
    remembered = known.definitions.items() if known else ()
    return find_tables(
        run.template, {key: TabContents(key, title, grid, 0, 0) for key, (title, grid) in remembered if key in keys}
    )[0]


@unit("mending")
def mend(run: Opened) -> list[str]:
    """Put back the tabs and columns that are gone; answers what was done, a sentence each."""
    workbook, before = run.workbook(), last_tables(run)
    done = [*_adopted(run, workbook), *_tabs(run, workbook, before)]
    contents = workbook.read()
    for drift in drifts(run.template, contents, before):
        wanted = [absent.column for absent in drift.absent if absent.addable and absent.like is None]
        if wanted:
            table = drift.table
            first = max((len(row) for row in table.grid), default=0)
            workbook.add_columns(table.tab.key, table.header, dict(enumerate(wanted, start=first)))
            titles = " and ".join(f"“{column.title}”" for column in wanted)
            done.append(f"tab “{table.title}”: put back the column {titles}")
            contents = workbook.read()
    return [*done, *_logged_rows(run, workbook, contents)]


def _adopted(run: Opened, workbook: Workbook) -> Iterator[str]:
    """Take tabs that somebody made, such as Google for the answers of a form, for those of the template that are gone
    and have the same title and columns.
    """
    gone = [tab for key in workbook.missing_tabs() if not (tab := run.template.tab(key)).is_tool_tab]
    for number, contents in workbook.unmarked().items() if gone else ():
        for tab in gone:
            if fold(contents.title) == fold(tab.title) and isinstance(find_columns(tab, contents), Table):
                workbook.adopt(tab.key, number)
                _remember(run, workbook)
                gone.remove(tab)
                yield f"took the tab “{contents.title}” for the one of the template"
                break


def _remember(run: Opened, workbook: Workbook) -> None:
    layout = workbook.layout
    run.ledger.remember(layout.template, layout.year, layout.marks, layout.version)


def _tabs(run: Opened, workbook: Workbook, before: Mapping[str, Table]) -> Iterator[str]:
    gone = workbook.missing_tabs()
    if not gone:
        return
    rows, titles = _rows(run, workbook.layout.year, before, gone)
    workbook.restore_tabs(rows, titles)
    tool_tabs = [key for key in gone if run.template.tab(key).is_tool_tab]
    if any(run.template.tab(key).role == "series" for key in tool_tabs):
        # What a dashboard draws led to the tab that was lost.
        drawn = [tab.key for tab in run.template.with_role("dashboard") if tab.key not in gone]
        workbook.remake_tabs(drawn, workbook.layout.version)
        tool_tabs += drawn
    _remember(run, workbook)
    contents = workbook.read()
    # The next sync must not take what stands in them now for somebody's typing.
    run.ledger.intend({key: contents[key].grid for key in tool_tabs}, [], run.today)
    for key in gone:
        yield f"put back the tab “{contents[key].title}”{_with(run.template.tab(key), rows[key])}"


def _with(tab: Tab, rows: Sequence[Sequence[Cell]]) -> str:
    if tab.is_tool_tab:
        return "; the next sync fills it"
    return f" with {counted(len(rows), 'row')}" if rows or tab.role not in LOGGING_ROLES else ""


def _rows(
    run: Opened, year: int, before: Mapping[str, Table], gone: Sequence[str]
) -> tuple[dict[str, list[list[Cell]]], list[str]]:
    """The rows of lost tabs as the last sync read them, review tabs with a row for every period and person.

    And the titles of a tally's columns: the activities.
    """
    typed = {key: [cells for _, cells in table.rows()] for key, table in before.items()}
    merged = with_review_rows(run.template, run.config.calendar, run.config.calendar.year(year), typed)
    activities = before.get(next(run.template.with_role("activities")).key)
    titles = [text_of(cell) for cell in activities.column("activity")] if activities else []
    return rows_by_position(run.template, {key: merged.get(key, []) for key in gone}), [
        title for title in dict.fromkeys(titles) if title
    ]


def _logged_rows(run: Opened, workbook: Workbook, contents: Mapping[str, TabContents]) -> Iterator[str]:
    """Put the rows that the ledger has and the workbook has not into a log that is blank.

    It may have been lost a run ago: what was cut off then is done now.
    """
    tables, broken = find_tables(run.template, contents)
    blank = [t for t in tables.values() if t.tab.role == "log" and next(t.rows(), None) is None]
    remembered = run.ledger.activities() if blank else []
    if not remembered:
        return
    if broken and any(_has_rows(tab, tables, contents) for tab in run.template.tabs if tab.role in LOGGING_ROLES):
        yield "the log's rows are still missing: mend the columns below, then run it again: sheetsync doctor --fix"
        return
    # What the other logging tabs hold is not lost; a log and a tally are remembered as one.
    read = [] if broken else understand(tables, run.settings(workbook.layout.year), run.today).logged.activities
    there = Counter(map(fingerprint, read))
    missing = []
    for activity in remembered:
        mark = fingerprint(activity)
        if there[mark]:
            there[mark] -= 1
        else:
            missing.append(_cells(activity, blank[0]))
    if missing:
        workbook.append(blank[0].tab.key, missing)
        yield f"tab “{blank[0].title}”: put back {counted(len(missing), 'row')} that the last sync had read"


def _has_rows(tab: Tab, tables: Mapping[str, Table], contents: Mapping[str, TabContents]) -> bool:
    """Whether anything stands in a tab below its titles, also in one that cannot be read now."""
    if tab.key in tables:
        return next(tables[tab.key].rows(), None) is not None
    if no_titles(known_columns(tab, contents[tab.key]), None):
        return True
    return len(contents[tab.key].grid) > tab.header_row


def _cells(activity: Activity, table: Table) -> list[Cell]:
    values: dict[str, Cell] = {
        "date": activity.day, "who": activity.who, "activity": activity.activity, "count": activity.quantity,
        "amount": activity.amount, "quality": activity.quality, "contact": activity.contact, "notes": activity.notes,
    }  # fmt: skip
    keys = {place: key for key, place in table.positions.items()}
    return [values.get(keys.get(place, "")) for place in range(max(keys) + 1)]
