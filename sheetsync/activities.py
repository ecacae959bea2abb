"""The log: rows of the Log and Tally tabs become activities, or problems that say what is wrong and where.

Nothing is dropped silently: every row read is accepted or refused (a Tally counts by filled cell). A flawed cell
refuses its row, because half a row would be a number nobody typed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

from sheetsync.cells import (
    EPOCH,
    Cell,
    Memo,
    Misread,
    column_letters,
    day_of,
    hashable,
    is_blank,
    read_date,
    read_number,
    serial,
    text_of,
)
from sheetsync.errors import Problem
from sheetsync.names import Names
from sheetsync.tables import Table

_FEWEST_DAYS = 36_500  # the serial numbers of our days are higher, and hardly a count is
_NEAR = 366  # days around a row's own, in which lies what a program takes for a date without a year


class Activity(NamedTuple):
    """One logged fact. `day` is a serial number, `quantity` is what was typed under Count.

    `amount` and `quality` are None where nothing was typed.
    """

    day: int
    who: str
    activity: str
    quantity: float
    amount: float | None
    quality: float | None
    contact: str
    notes: str


_COUNT = Activity._fields.index("quantity")


@dataclass(frozen=True, slots=True)
class Logged:
    """What was read: `rows` = accepted activities + `refused` rows; a refused row has one problem or more."""

    activities: list[Activity] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0
    refused: int = 0


def gathered(parts: Iterable[Logged]) -> Logged:
    """What several tabs hold together."""
    parts = list(parts)
    return Logged(
        [a for part in parts for a in part.activities],
        [p for part in parts for p in part.problems],
        sum(part.rows for part in parts),
        sum(part.refused for part in parts),
    )


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a row may say: the people, the activities, and the last day that is not in the future."""

    people: Names
    activities: Names
    today: date

    def read_day(self, cell: Cell) -> int | Misread:
        """The serial number of a day that has come, or why there is none."""
        if is_blank(cell):
            return Misread("the date is missing", "type the day it was done")
        day = read_date(cell)
        if isinstance(day, Misread):
            return day
        if day > self.today:
            return Misread(f"{day} is in the future", "correct the date; it counts once the day has come")
        return serial(day)

    def read_person(self, cell: Cell) -> str | Misread:
        """The person; a blank cell means the only one."""
        if not is_blank(cell):
            return self.people.find(cell)
        if len(self.people) == 1:
            return next(iter(self.people))
        return Misread("who did it is missing", "type a name from the People tab")

    def read_activity(self, cell: Cell) -> str | Misread:
        """The activity's name as it is written in the Activities tab."""
        if is_blank(cell):
            return Misread("the activity is missing", "type a name from the Activities tab")
        return self.activities.find(cell)


def read_count(cell: Cell) -> float | Misread:
    """A count: blank is 1, below 0 is wrong."""
    if is_blank(cell):
        return 1.0
    number = read_number(cell)
    if isinstance(number, float) and number < 0:
        return Misread(f"a count below 0: {number:g}", "correct the row it is meant to undo")
    return number


def _no_day(count: float | Misread, cell: Cell, day: int | Misread) -> float | Misread:
    """The count, unless the number is that of a day about its row's: what was typed was then taken for a date.

    3/4 becomes one, and neither Google's answer nor a cell with a number format says so.
    """
    if isinstance(cell, str) or isinstance(count, Misread) or isinstance(day, Misread):
        return count
    if not count.is_integer() or abs(count - day) > _NEAR:
        return count
    hint = "type the number; if it is right, type an apostrophe before it"
    return Misread(f"{count:.0f} is how the date {EPOCH + timedelta(count)} is kept", hint)


def read_amount(cell: Cell) -> float | Misread | None:
    """An amount: blank is none, below 0 is a refund."""
    if is_blank(cell):
        return None
    return read_number(cell)


def read_quality(cell: Cell) -> float | Misread | None:
    """How well it went, from 1 to 5; blank is none."""
    if is_blank(cell):
        return None
    number = read_number(cell)
    if isinstance(number, float) and not 1 <= number <= 5:
        return Misread(f"{number:g} is not between 1 and 5", "5 is best; leave it blank if you don't know")
    return number


def parse_log(table: Table, vocabulary: Vocabulary) -> Logged:
    """The activities of a tab with a row an activity."""
    readers = {
        "date": Memo(vocabulary.read_day),
        "who": Memo(vocabulary.read_person),
        "activity": Memo(vocabulary.read_activity),
        "count": Memo(read_count),
        "amount": Memo(read_amount),
        "quality": Memo(read_quality),
        "contact": Memo(text_of),
        "notes": Memo(text_of),
    }
    columns = [hashable(column) for column in table.columns(readers)]
    read = [[reader[cell] for cell in column] for reader, column in zip(readers.values(), columns, strict=True)]
    any_flaw = any(isinstance(value, Misread) for reader in readers.values() for value in reader.values())
    if any(isinstance(count, float) and count > _FEWEST_DAYS for count in readers["count"].values()):
        read[_COUNT], any_flaw = list(map(_no_day, read[_COUNT], columns[_COUNT], read[0])), True
    accepted: list[Activity] = []
    problems: list[Problem] = []
    rows = refused = 0
    first = table.header + 2
    for row, (cells, values) in enumerate(
        zip(zip(*columns, strict=True), zip(*read, strict=True), strict=True), first
    ):
        if is_blank(cells[0]) and all(map(is_blank, cells)):
            continue
        rows += 1
        if any_flaw and Misread in map(type, values):
            refused += 1
            problems += _problems(table, row, readers, cells, values)
        else:
            accepted.append(Activity._make(values))
    return Logged(accepted, problems, rows, refused)


def _problems(
    table: Table, row: int, keys: Iterable[str], cells: Iterable[Cell], values: Iterable[Any]
) -> list[Problem]:
    return [
        Problem(table.title, row, table.heading(key), value.what, value.hint, _as_seen(key, cell))
        for key, cell, value in zip(keys, cells, values, strict=True)
        if isinstance(value, Misread)
    ]


def _as_seen(key: str, cell: Cell) -> str:
    """What the person sees in the cell: a serial number in the date column looks like a date."""
    day = day_of(cell) if key == "date" and isinstance(cell, int | float) else None
    return str(day) if day else text_of(cell)


def parse_tally(table: Table, vocabulary: Vocabulary) -> Logged:
    """The activities of a tab with a row a day and a column an activity; each filled cell is one."""
    names, problems = _tally_columns(table, vocabulary)
    accepted: list[Activity] = []
    rows = refused = 0
    days, people = Memo(vocabulary.read_day), Memo(vocabulary.read_person)
    dates, whos = hashable(table.column("date")), hashable(table.column("who"))
    for index, cells in enumerate(table.grid[table.header + 1 :]):
        filled = [(p, cells[p]) for p in names if p < len(cells) and not is_blank(cells[p])]
        if not filled:
            continue
        number = table.header + 2 + index
        rows += len(filled)
        day, who = days[dates[index]], people[whos[index]]
        flaws = _problems(table, number, ("date", "who"), (dates[index], whos[index]), (day, who))
        problems += flaws
        for position, cell in filled:
            count = _no_day(read_count(cell), cell, day)
            if isinstance(count, Misread):
                problems.append(
                    Problem(table.title, number, table.extra[position], count.what, count.hint, text_of(cell))
                )
            if flaws or isinstance(count, Misread):
                refused += 1
            else:
                accepted.append(Activity(day, who, names[position], count, None, None, "", ""))
    return Logged(accepted, problems, rows, refused)


def _tally_columns(table: Table, vocabulary: Vocabulary) -> tuple[dict[int, str], list[Problem]]:
    """Which columns are activities. One of numbers under another title, or none, is a problem, of words a note."""
    names: dict[int, str] = {}
    problems: list[Problem] = []
    untitled = set(range(max(map(len, table.grid), default=0))) - table.extra.keys() - set(table.positions.values())
    for position in sorted(untitled):
        if _has_numbers(table, position):
            what = f"column {column_letters(position)} has no title: its numbers do not count"
            problems.append(
                Problem(table.title, table.header + 1, column_letters(position), what, "type an activity")
            )
    for position, title in table.extra.items():
        found = vocabulary.activities.find(title)
        if isinstance(found, str) and found not in names.values():
            names[position] = found
            continue
        if _has_numbers(table, position):
            what = f"“{title}” is here twice" if isinstance(found, str) else f"{found.what}: its numbers do not count"
            hint = "sum them up in one column" if isinstance(found, str) else found.hint
            problems.append(Problem(table.title, table.header + 1, title, what, hint, title))
    return names, problems


def _has_numbers(table: Table, position: int) -> bool:
    cells = (row[position] for row in table.grid[table.header + 1 :] if position < len(row))
    return any(not is_blank(cell) and isinstance(read_number(cell), float) for cell in cells)


def fingerprint(activity: Activity) -> str:
    """Sixteen bytes in hexadecimal that are the same for two rows that a person would call the same."""
    day, who, name, quantity, amount, quality, contact, notes = activity
    same = (day, who, name, quantity, amount, quality, contact.casefold(), notes.casefold())
    return blake2b(repr(same).encode(), digest_size=16).hexdigest()
