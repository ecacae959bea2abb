"""Bringing deleted rows back into the log, only adding: which ones the ledger knows that the workbook has not.

Rows are compared by content, as multisets, so whatever was brought back, by hand or by us, is not brought back again.
A row that was changed has a successor there, and a row that a sync refuses stands there too: neither is missing.
Which rows were left out for that is told, for nobody can be sure of it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from sheetsync.activities import (
    Activity,
    Vocabulary,
    fingerprint,
    gathered,
    parse_log,
    parse_tally,
    read_amount,
    read_count,
    read_quality,
)
from sheetsync.cells import Cell, Memo, Misread, hashable, is_blank, read_date, serial, text_of
from sheetsync.errors import Busy, ConfigError, GuardTripped, Problem
from sheetsync.history import CHANGED, GONE, Chosen, Entry, Event, Life, lives, paired, with_reading
from sheetsync.ledger.history import Run, all_runs, ever_seen
from sheetsync.names import Names
from sheetsync.reading import LOGGING_ROLES, find_tables
from sheetsync.runs.importing import complaints, names_are_known, vocabulary
from sheetsync.runs.looking_back import refuse_unknown
from sheetsync.runs.opening import Opened
from sheetsync.runs.stopping import unit
from sheetsync.tables import Table
from sheetsync.workbook import Workbook

# The columns of a log, in the order of an activity's fields.
_KEYS = ("date", "who", "activity", "count", "amount", "quality", "contact", "notes")
_UNREADABLE = -1  # no accepted row has such a day or count


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a restore would add to the log: `rows`, oldest first, and the same as `cells`.

    `why` says which rows these are. `problems` are those a sync will have with `refused` of them; `without` counts
    the rows that lose something for want of a column, by its title. `mark` is kept in the ledger first. `unusable`
    rows stand in the log, but a sync refuses them. `changed` rows are left out: each stands there as what it became.
    """

    workbook: Workbook
    table: Table
    rows: Sequence[Activity]
    cells: Sequence[Sequence[Cell]]
    why: str
    problems: Sequence[Problem]
    refused: int
    without: Mapping[str, int]
    mark: str | None
    unusable: int
    changed: Sequence[Event]


class _Standing(NamedTuple):
    """The rows that stand in the workbook: those that count, those of the log that are refused, and all refusals."""

    accepted: Sequence[Activity]
    refused: Sequence[Activity]
    refusals: int


class _Missing(NamedTuple):
    """The rows to bring back, which ones these are in words, what is to be kept of it, and what was left out."""

    rows: Sequence[Activity]
    why: str
    mark: str | None
    changed: Sequence[Event] = ()


def plan_restore(run: Opened, chosen: Chosen, since: date | None = None, *, ever: bool = False) -> Restoration:
    """Read the workbook and decide which rows are missing, touching nothing.

    Those that the last sync knew; if none of them is missing, those that vanished at the last run in which any did.
    Or all that vanished since a day, or `ever`. Raises `GuardTripped` when the log cannot be read, `ConfigError` when
    nothing was synced yet.
    """
    run, workbook = run.at_work()
    tables, gone = find_tables(run.template, workbook.read())
    logs = [tab for tab in run.template.tabs if tab.role in LOGGING_ROLES]
    if not all(tab.key in tables for tab in logs) or not names_are_known(run.template, tables):
        raise GuardTripped(f"{workbook.location}: " + " | ".join(gone) + "; see `sheetsync doctor --fix`")
    entries = ever_seen(run.ledger)
    refuse_unknown(entries, chosen)
    table = tables[next(run.template.with_role("log")).key]
    standing = _standing(tables, run, entries)
    missing = _missing(run, table, entries, standing, since, ever=ever)
    rows = sorted(filter(chosen.takes, missing.rows), key=_in_order)
    cells, without = _placed(rows, table)
    problems, refused = complaints(tables, table, cells, run)
    unusable = sum(map(chosen.takes, standing.refused))
    changed = [event for event in missing.changed if event.before and chosen.takes(event.before)]
    return Restoration(
        workbook, table, rows, cells, missing.why, problems, refused, without, missing.mark, unusable, changed
    )


def plan_again(
    run: Opened, shown: Restoration, chosen: Chosen, since: date | None = None, *, ever: bool = False
) -> Restoration:
    """The plan as it is now, under the lock. Raises `Busy` when it is no longer what was shown."""
    plan = plan_restore(run, chosen, since, ever=ever)
    if (plan.cells, plan.table.title) != (shown.cells, shown.table.title):
        raise Busy("the log changed meanwhile; nothing was added, look again")
    return plan


@unit("the restore")
def carry_out(run: Opened, plan: Restoration) -> None:
    """Append the rows in one write. Killed after it, they are there, and a second restore finds nothing missing."""
    if not plan.rows:
        return
    key = plan.table.tab.key
    # Else a second restore, to which nothing is missing any more, would look for what vanished before.
    if plan.mark is not None and plan.mark not in run.ledger.imported(key):
        run.ledger.remember_imported(key, {plan.mark})
    plan.workbook.append(key, plan.cells)
    layout = plan.workbook.layout
    run.ledger.remember(layout.template, layout.year, layout.marks, layout.version)


def _missing(
    run: Opened,
    table: Table,
    entries: Sequence[Entry],
    standing: _Standing,
    since: date | None,
    *,
    ever: bool,
) -> _Missing:
    """Which rows have vanished, as far back as is asked for; what vanished after the last sync did so just now."""
    runs = all_runs(run.ledger)
    if not runs:
        raise ConfigError(f"{run.config.workbook}: nothing was synced yet, so nothing is known that could be missing")
    latest, this = max(runs), max(runs) + 1
    mark = f"restored after run {latest}"
    there = {entry.mark for entry in entries}
    known = [row for row in standing.refused if fingerprint(row) in there]
    lived = lives(with_reading(entries, [*standing.accepted, *known], this))
    gone, mended = _unless_mended(lived, standing, runs, this)
    if ever or since is not None:
        days = {number: one.at.astimezone(run.config.zone).date() for number, one in runs.items()}
        wanted = {number for number, day in days.items() if since is None or day >= since} | {this}
        return _Missing(
            _at(wanted, gone), "that ever vanished" if ever else f"that vanished since {since}", mark, mended
        )
    just_now = _at({this}, gone)
    changed = [event for life in lived for event in life.events if event.kind == CHANGED and event.run == this]
    if just_now or mark in run.ledger.imported(table.tab.key):
        return _Missing(just_now, "that the last sync knew", mark, [*changed, *mended])
    last = max(
        (event.run for life in lived for event in life.events if event.kind == GONE and event.run in runs),
        default=None,
    )
    if last is None:
        return _Missing((), "that ever vanished", None)
    at = runs[last].at.astimezone(run.config.zone)
    return _Missing(_at({last}, gone), f"that the sync of {at:%a %d %b %Y, %H:%M} missed", None)


def _unless_mended(
    lived: Iterable[Life], standing: _Standing, runs: Mapping[int, Run], this: int
) -> tuple[list[Life], list[Event]]:
    """The lives that ended, and what a few of them look like now: rows refused since they were changed.

    Of those that a run missed there can be no more than rows which it refused, and the one before it did not: the
    others stood beside them.
    """
    refusals = [*((number, one.refused) for number, one in sorted(runs.items())), (this, standing.refusals)]
    more = {number: after - before for (_, before), (number, after) in pairwise([(0, 0), *refusals])}
    ended: dict[int, list[Life]] = {}
    for life in lived:
        if life.is_gone:
            ended.setdefault(life.events[-1].run, []).append(life)
    gone: list[Life] = []
    mended: list[Event] = []
    refused = list(standing.refused)
    for run in sorted(ended, reverse=True):
        pairs = dict(paired([life.row for life in ended[run]], refused)[: max(more.get(run, 0), 0)])
        gone += (life for at, life in enumerate(ended[run]) if at not in pairs)
        mended += (Event(this, CHANGED, ended[run][old].row, refused[new]) for old, new in pairs.items())
        refused = [row for at, row in enumerate(refused) if at not in pairs.values()]
    return gone, mended


def _at(runs: set[int], gone: Iterable[Life]) -> list[Activity]:
    return [life.row for life in gone if life.events[-1].run in runs]


def _in_order(row: Activity) -> tuple[Any, ...]:
    return row.day, row.who, row.activity, row.quantity, row.contact, row.notes


def _placed(rows: Sequence[Activity], table: Table) -> tuple[list[list[Cell]], dict[str, int]]:
    """The rows as the tab has its columns, and how many lose something for want of a column, by its title."""
    titles = {column.key: column.title for column in table.tab.columns if not column.computed}
    width = max(table.positions.values()) + 1
    cells: list[list[Cell]] = []
    without: Counter[str] = Counter()
    for row in rows:
        placed: list[Cell] = [None] * width
        for key, value in zip(_KEYS, row, strict=True):
            if value in ("", None):
                continue
            if key in titles and key in table.positions:
                placed[table.positions[key]] = (
                    int(value) if isinstance(value, float) and value.is_integer() else value
                )
            elif key != "count" or value != 1:  # a blank count is 1
                without[titles.get(key, key.title())] += 1
        cells.append(placed)
    return cells, dict(without)


# ---- what stands there now ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _PastToo(Vocabulary):
    """Knows the names of the past too, and the future: a row that is refused for those is there all the same.

    `only` is the one person whom a blank cell means, "" where there are several.
    """

    only: str = ""

    def read_day(self, cell: Cell) -> int | Misread:
        """The serial number of a day, whenever that is."""
        day = read_date(cell)
        return day if isinstance(day, Misread) else serial(day)

    def read_person(self, cell: Cell) -> str | Misread:
        """A person of now or then."""
        return self.only if is_blank(cell) and self.only else Vocabulary.read_person(self, cell)


def _standing(tables: Mapping[str, Table], run: Opened, entries: Sequence[Entry]) -> _Standing:
    """The rows of the log and tally tabs, as far as they can be read."""
    known = vocabulary(tables, run)
    people = dict.fromkeys(entry.activity.who for entry in entries)
    activities = dict.fromkeys(entry.activity.activity for entry in entries)
    names = _PastToo(
        Names("person", [*people, *known.people]),
        Names("activity", [*activities, *known.activities]),
        run.today,
        next(iter(known.people)) if len(known.people) == 1 else "",
    )
    logs = [table for table in tables.values() if table.tab.role == "log"]
    tallies = [table for table in tables.values() if table.tab.role == "tally"]
    logged = gathered(parse_log(table, known) for table in logs)
    counting = Counter(map(fingerprint, logged.activities))
    refused = []
    for row in (row for table in logs for row in _log_rows(table, names)):
        if counting[mark := fingerprint(row)] > 0:
            counting[mark] -= 1
        else:
            refused.append(row)
    tallied = gathered(parse_tally(table, names) for table in tallies)
    refusals = logged.refused + gathered(parse_tally(table, known) for table in tallies).refused
    return _Standing([*logged.activities, *tallied.activities], refused, refusals)


def _log_rows(table: Table, names: _PastToo) -> Iterator[Activity]:
    readers = {
        "date": _either(names.read_day, lambda _: _UNREADABLE),
        "who": _either(names.read_person, text_of),
        "activity": _either(names.read_activity, text_of),
        "count": _either(read_count, lambda _: float(_UNREADABLE)),
        "amount": _either(read_amount, lambda _: None),
        "quality": _either(read_quality, lambda _: None),
        "contact": Memo(text_of),
        "notes": Memo(text_of),
    }
    columns = [hashable(column) for column in table.columns(readers)]
    for cells in zip(*columns, strict=True):
        if not all(map(is_blank, cells)):
            yield Activity._make(reader[cell] for reader, cell in zip(readers.values(), cells, strict=True))


def _either(read: Callable[[Cell], Any], otherwise: Callable[[Cell], Any]) -> Memo:
    def value(cell: Cell) -> Any:
        found = read(cell)
        return otherwise(cell) if isinstance(found, Misread) else found

    return Memo(value)
