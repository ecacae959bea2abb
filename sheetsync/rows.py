"""Reading one row of a table: values come out, whatever cannot be read becomes a problem with its place."""

from datetime import date
from typing import NamedTuple, TypeVar

from sheetsync.cells import Cell, Misread, day_of, is_blank, is_error, read_date, read_number, text_of
from sheetsync.errors import Problem
from sheetsync.names import Names
from sheetsync.tables import Table

T = TypeVar("T")
_LONGEST_NAME = 200


class Place(NamedTuple):
    """Where something was typed: the tab's title and the 1-based row."""

    tab: str = ""
    row: int = 0


def as_seen(table: Table, key: str, cell: Cell) -> str:
    """A cell as the person sees it: a serial number in a column of dates or periods looks like a date."""
    is_day = isinstance(cell, int | float) and table.tab.column(key).type in {"date", "period"}
    day = day_of(cell) if is_day else None  # type: ignore[arg-type]
    return str(day) if day else text_of(cell)


class RowReader:
    """Reads one row's cells; what cannot be read becomes a problem with its place, and the row is flawed."""

    def __init__(self, table: Table, row: int, cells: dict[str, Cell], problems: list[Problem]) -> None:
        self._table, self._cells, self._problems = table, cells, problems
        self.place = Place(table.title, row)
        self.flawed = False

    def text(self, key: str) -> str:
        """The trimmed text of a cell; "" when blank."""
        return text_of(self._cells.get(key))

    def new_name(self, key: str) -> str:
        """The name of something new; "" when there is none that could stand in titles and keys."""
        name = self.text(key)
        if not name:
            self.refuse(key, "the name is missing", "type a name, or clear the row")
        elif is_error(name):
            self.refuse(key, f"the cell shows the error {name}", "mend its formula or type the name")
        elif len(name) > _LONGEST_NAME:
            self.refuse(key, f"the name has {len(name):,} characters", f"shorten it to {_LONGEST_NAME}")
        else:
            return name
        return ""

    def number(self, key: str) -> float | None:
        """The number of a cell; None when blank or unreadable."""
        cell = self._cells.get(key)
        return None if is_blank(cell) else self._checked(key, read_number(cell))

    def day(self, key: str) -> date | None:
        """The day of a cell; None when blank or unreadable."""
        cell = self._cells.get(key)
        return None if is_blank(cell) else self._checked(key, read_date(cell))

    def name(self, key: str, names: Names) -> str | None:
        """The known name in a cell; None when blank or unknown."""
        cell = self._cells.get(key)
        return None if is_blank(cell) else self._checked(key, names.find(cell))

    def refuse(self, key: str, what: str, hint: str) -> None:
        """Note a problem with a cell of this row."""
        self.flawed = True
        self.remark(key, what, hint)

    def remark(self, key: str, what: str, hint: str) -> None:
        """Note something a person should look at; the row still counts."""
        typed = as_seen(self._table, key, self._cells.get(key))
        self._problems.append(Problem(*self.place, self._table.heading(key), what, hint, typed))

    def _checked(self, key: str, read: T | Misread) -> T | None:
        if isinstance(read, Misread):
            self.refuse(key, read.what, read.hint)
            return None
        return read
