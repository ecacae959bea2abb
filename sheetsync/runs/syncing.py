"""A sync: read, check, guard, record, roll up, lay out, write what differs. `plan_sync` decides, `carry_out` does."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice

from sheetsync.cells import Cell, column_letters, text_of
from sheetsync.errors import GuardTripped, Problem
from sheetsync.findings import Findings
from sheetsync.ledger import Difference, Reading
from sheetsync.ledger.outbox import Outbox
from sheetsync.live import OUR_SIGNS
from sheetsync.periods import AsOf
from sheetsync.provenance import is_another_copy, served_elsewhere
from sheetsync.reading import Understood, definitions, find_out, find_tables, understand
from sheetsync.restated import Reported, newly_closed
from sheetsync.results import stale_live_results, stale_results
from sheetsync.runs.opening import Opened
from sheetsync.runs.stopping import unit
from sheetsync.standing import displaced
from sheetsync.summaries import lay_out, with_live_rows
from sheetsync.tables import Table, find_columns, known_columns
from sheetsync.tabs import TabContents, TabWrite, differing, typed_cells
from sheetsync.template import Tab
from sheetsync.titles import no_titles
from sheetsync.workbook import Workbook

_KEPT_FOR = timedelta(days=30)
_GUARDED_ROWS = 20
# So many cells, in so many of the tool's tabs, are typed by nobody.
_COPIED = ((100, 3), (12, 4))
_NAMING_ROLES = frozenset({"people", "activities"})


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """What a sync found and what it would do.

    `writes` are the tool tabs that differ, `results` the stored results of formulas that do, `typed` what people
    typed into tool tabs and is about to be written over, `closed` what is reported of periods that have just closed,
    `displaced` the tool tabs whose live rows somebody moved: they are made anew first. `warning` is what a person
    should hear of all this, "" for nothing. `is_copy`: the workbook or the ledger is an earlier one, put back.
    """

    workbook: Workbook
    as_of: AsOf
    understood: Understood
    findings: Findings
    reading: Reading
    difference: Difference
    writes: Sequence[TabWrite]
    results: Mapping[str, Mapping[tuple[int, int], Cell]]
    typed: Sequence[Problem]
    contents: Mapping[str, TabContents]
    closed: Reported
    displaced: Sequence[str] = ()
    warning: str = ""
    is_copy: bool = False
    grids: Mapping[str, list[list[Cell]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TabChange:
    """The rows of one tool tab that change: how many, and the first cells, before and after."""

    tab: str
    rows: int
    cells: Sequence[tuple[str, str, str]]


def plan_sync(run: Opened, as_of: AsOf, *, accept_removals: bool = False) -> SyncPlan:
    """Read the workbook and decide what to do, touching nothing.

    Raises `GuardTripped` when a required column or tab is gone, the log lost more than half of its rows, or people or
    activities all of theirs.
    """
    run, workbook = run.at_work()
    contents = workbook.read()
    tables, gone = find_tables(run.template, contents)
    if gone:
        raise GuardTripped(f"{workbook.location}: " + " | ".join(_unreadable(run, contents)))
    understood = understand(tables, run.settings(workbook.layout.year), max(run.today, as_of.day))
    if not accept_removals:
        _guard(run.ledger.last_rows(), understood.logged.rows, workbook.location)
        _guard_names(run, tables, workbook.location)
    moved = displaced(run.template, contents)
    typed = _typed(run, contents, moved)
    is_copy = _is_another_copy(run, contents, typed)
    typed = [] if is_copy else typed
    reported = run.reported(as_of)
    findings = _with_typed(find_out(understood, as_of, reported), typed, run)
    grids = with_live_rows(run.template, lay_out(run.template, findings), contents)
    writes = [w for key, grid in grids.items() if (w := differing(key, contents[key].grid, grid))]
    difference = run.ledger.compare(understood.logged.activities)
    warning = _no_longer_count(run, understood, difference)
    unsure = _GUARDED_ROWS <= understood.logged.refused > understood.logged.rows / 2
    only_person = understood.plan.people[0].name if len(understood.plan.people) == 1 else ""
    return SyncPlan(
        workbook=workbook,
        as_of=as_of,
        understood=understood,
        findings=findings,
        reading=Reading(
            run.now, as_of.day, understood.logged.rows, understood.logged.refused,
            understood.logged.activities, definitions(run.template, contents),
        ),
        difference=difference,
        writes=writes,
        results={
            **stale_results(run.template, tables, grids, understood.logged.activities, only_person),
            **stale_live_results(run.template, contents, grids, run.today),
        },
        typed=typed,
        is_copy=is_copy,
        contents=contents,
        # A look back at an earlier day reports nothing, nor do rows of which most cannot be used.
        closed=newly_closed(findings.rollups, reported) if as_of.under_way and not (warning or unsure) else {},
        displaced=moved,
        warning=warning,
        grids=grids,
    )  # fmt: skip


@unit("the sync")
def carry_out(run: Opened, plan: SyncPlan) -> None:
    """Record the reading, then write what differs. Killed in between, the next sync ends in the same state."""
    _notice_another_ledger(run, plan)
    if plan.displaced:
        plan = _put_in_place(run, plan)
    layout = plan.workbook.layout
    run.ledger.remember(layout.template, layout.year, layout.marks, layout.version)
    run.ledger.record(plan.reading, plan.difference, plan.closed)
    written = {write.key: write.grid for write in plan.writes}
    confirmed = run.ledger.confirmed()
    # What a run that was killed left open is settled too: else a later `confirm` would say what never came about.
    stands = {key: grid for key, grid in plan.grids.items() if key not in confirmed}
    if plan.writes or plan.results or stands:
        grids = {key: _as_shown(grid, plan.results.get(key, {})) for key, grid in {**stands, **written}.items()}
        run.ledger.intend(grids, plan.typed, run.today)
        if plan.writes or plan.results:
            plan.workbook.write(plan.writes, plan.results)
        run.ledger.confirm()


def _as_shown(grid: list[list[Cell]], results: Mapping[tuple[int, int], Cell]) -> list[list[Cell]]:
    """A tab as it is read after the write: with what its live formulas come to then."""
    shown = [list(cells) for cells in grid]
    for (at, place), value in results.items():
        if at < len(shown):
            shown[at] += [None] * (place + 1 - len(shown[at]))
            shown[at][place] = value
    return shown


def _put_in_place(run: Opened, plan: SyncPlan) -> SyncPlan:
    """Make tool tabs anew whose live rows were moved, and plan again; what was typed there is kept first."""
    run.ledger.intend({}, plan.typed, run.today)
    plan.workbook.remake_tabs(plan.displaced, plan.workbook.layout.version)
    layout, contents = plan.workbook.layout, plan.workbook.read()
    run.ledger.remember(layout.template, layout.year, layout.marks, layout.version)
    run.ledger.intend({key: contents[key].grid for key in plan.displaced}, [], run.today)
    run.ledger.confirm()
    return plan_sync(run, plan.as_of, accept_removals=True)


def _notice_another_ledger(run: Opened, plan: SyncPlan) -> None:
    """When a ledger that is gone, or later than ours, has served the workbook, what it mailed is not mailed again."""
    if not plan.is_copy and run.ledger.last_rows() is not None:
        return  # its as-of line would look as if it had been typed
    ours = run.ledger.written()
    read = {
        tab.key: plan.contents[tab.key].grid
        for tab in run.template.tabs
        if tab.is_tool_tab and tab.key in plan.contents
    }
    if served_elsewhere(read.values(), (grid for grids in ours.values() for grid in grids)):
        with run.ledger.together():  # killed in between, the next run would start over once more, and later
            Outbox(run.ledger).start_over(run.now)
            run.ledger.intend(read, [], run.today)
            run.ledger.confirm()


def _guard(before: int | None, now: int, where: str) -> None:
    """A log that suddenly lost its rows stops the run: it was emptied, filtered into another tab, or cut."""
    if not before or now >= before:
        return
    lost = before - now
    if now == 0 or (lost >= _GUARDED_ROWS and lost * 2 > before):
        raise GuardTripped(
            f"{where}: the log has {now:,} rows, {before:,} at the last sync; bring them back with "
            "`sheetsync restore`, or sync once with --accept-removals if that is right"
        )


def _guard_names(run: Opened, tables: Mapping[str, Table], where: str) -> None:
    """Without people, or activities, no row counts: a tab of theirs that is suddenly blank stops the run too."""
    blank = [t for t in tables.values() if t.tab.role in _NAMING_ROLES and next(t.rows(), None) is None]
    before = _last_tables(run) if blank else {}
    for table in blank:
        rows = sum(1 for _ in before[table.tab.key].rows()) if table.tab.key in before else 0
        if rows:
            raise GuardTripped(
                f"{where}: the tab “{table.title}” has no rows, {rows:,} at the last sync; undo that, "
                "or sync once with --accept-removals if that is right"
            )


def _unreadable(run: Opened, contents: Mapping[str, TabContents]) -> Iterator[str]:
    """A line for each tab without all the columns that must be there."""
    before = _last_tables(run)
    for tab in run.template.tabs:
        if tab.is_tool_tab or tab.key not in contents:
            continue
        found = find_columns(tab, contents[tab.key])
        if isinstance(found, str):
            lost = no_titles(known_columns(tab, contents[tab.key]), before.get(tab.key))
            yield "tab " + ": ".join(lost) if lost else found


def _last_tables(run: Opened) -> Mapping[str, Table]:
    from sheetsync.runs.mending import last_tables

    return last_tables(run)


def _no_longer_count(run: Opened, understood: Understood, difference: Difference) -> str:
    """That most rows which counted at the last sync still stand there and cannot be used; "" when they can.

    Bad rows never stop a sync, but so many at once are one change elsewhere: of a name, or of a date format.
    """
    before = run.ledger.last_rows()
    if before is None or not difference.removed:
        return ""
    logged = understood.logged
    counted = len(logged.activities) - len(difference.added) + len(difference.removed)
    if counted > before:  # the rows of another workbook, in whose place this one was made
        return ""
    lost = min(len(difference.removed), logged.refused - (before - counted))
    if lost < _GUARDED_ROWS or lost * 2 <= counted:
        return ""
    return (
        f"{lost:,} of {counted:,} rows that counted at the last sync no longer do; see Problems: "
        "were names changed in People or Activities?"
    )


def _typed(run: Opened, contents: Mapping[str, TabContents], moved: Collection[str]) -> list[Problem]:
    """What people typed into tool tabs: whatever is neither what was last written nor what was about to be.

    `moved` are the tabs whose rows or columns do not stand where they were written.
    """
    found: list[Problem] = []
    for key, (grid, intended) in run.ledger.written().items():
        if key not in contents:
            continue
        tab, read = run.template.tab(key), contents[key]
        if key in moved:
            found += _typed_among_moved(tab, read, (grid, intended))
            continue
        # What people choose, and what live formulas come to, is theirs.
        ours = [[] if at in tab.live_rows else cells for at, cells in enumerate(read.grid)]
        for row, column, cell in typed_cells(ours, (grid, intended)):
            title = tab.columns[column].title if column < len(tab.columns) else column_letters(column)
            found.append(Problem(read.title, row + 1, title, "", "", text_of(cell)))
    kept = _kept_already(run, contents) if found else set()
    return [problem for problem in found if problem not in kept]


def _kept_already(run: Opened, contents: Mapping[str, TabContents]) -> set[Problem]:
    """What a run that was killed before it wrote has kept of what was typed, maybe on another day."""
    unsettled = run.ledger.written().keys() - run.ledger.confirmed()
    titles = {contents[key].title for key in unsettled if key in contents}
    return {typed for _, typed in run.ledger.typed_over(run.today - _KEPT_FOR) if typed.tab in titles}


def _is_another_copy(run: Opened, contents: Mapping[str, TabContents], typed: Sequence[Problem]) -> bool:
    """Whether an earlier workbook or ledger was put back: then what differs in tool tabs was typed by nobody."""
    if not typed:
        return False
    tabs = len({problem.tab for problem in typed})
    if any(len(typed) >= cells and tabs >= least for cells, least in _COPIED):
        return True
    ours = run.ledger.written()
    grids = (contents[key].grid for key in ours if key in contents)
    return is_another_copy(grids, (grid for both in ours.values() for grid in both))


def _typed_among_moved(tab: Tab, read: TabContents, ours: Sequence[Sequence[Sequence[Cell]]]) -> Iterator[Problem]:
    """What people typed where rows were put in: in rows whose first cell none of our rows begins with.

    Where columns were put in, no row is as it was, and nothing can be told.
    """
    begins = {text_of(row[0]) for grid in ours for row in grid if row}
    if not any(text_of(cell) == tab.columns[-1].title for row in read.grid for cell in row[len(tab.columns) - 1 :]):
        return
    for number, row in enumerate(read.grid, start=1):
        first = text_of(row[0]) if row else ""
        if first and first not in begins and not first.startswith(OUR_SIGNS):
            yield Problem(read.title, number, tab.columns[0].title, "", "", first)


def _with_typed(findings: Findings, typed: Sequence[Problem], run: Opened) -> Findings:
    """The findings with what was typed into tool tabs in the last 30 days among the problems."""
    from dataclasses import replace

    earlier = run.ledger.typed_over(run.today - _KEPT_FOR)
    # A run that stopped before it wrote has kept today's already.
    kept = [*dict.fromkeys((*earlier, *((run.today, problem) for problem in typed)))]
    if not kept:
        return findings
    said = [_in_words(seen_on, problem) for seen_on, problem in kept]
    return replace(findings, problems=(*findings.problems, *said))


def _in_words(seen_on: date, typed: Problem) -> Problem:
    what = "was typed where only sheetsync writes, and has been written over"
    hint = f"type it in a tab of your own; it is kept here until {seen_on + _KEPT_FOR}"
    return Problem(typed.tab, typed.row, typed.column, what, hint, typed.typed)


def tab_changes(plan: SyncPlan, most: int = 4) -> list[TabChange]:
    """What the writes change, for people: the rows of each tab, and its first `most` cells."""
    return [
        TabChange(
            plan.contents[write.key].title,
            sum(end - start for start, end in write.changed),
            list(islice(_changed_cells(write, plan.contents[write.key].grid), most)),
        )
        for write in plan.writes
    ]


def _changed_cells(write: TabWrite, grid: list[list[Cell]]) -> Iterator[tuple[str, str, str]]:
    for row in (row for start, end in write.changed for row in range(start, end)):
        before = grid[row] if row < len(grid) else []
        after = write.grid[row] if row < len(write.grid) else []
        for column in range(max(len(before), len(after))):
            old, new = (text_of(cells[column]) if column < len(cells) else "" for cells in (before, after))
            if old != new:
                yield f"{column_letters(column)}{row + 1}", old, new
