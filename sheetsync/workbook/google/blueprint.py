"""What the tabs of a spreadsheet are made after: the template as it stands, the plan's year, where all tabs are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sheetsync.cells import Cell
from sheetsync.live import FIRST_VALUE
from sheetsync.periods import Calendar
from sheetsync.template import MOST_VALUES, Column, Tab, WorkbookTemplate
from sheetsync.workbook.google.rows import Json

# Room to type: rows below the data, and columns for what people want to note besides.
_ROOM, _LONG, _SPARE_COLUMNS = 200, 1000, 8
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The workbook that tabs are made for.

    `ids` are the sheet ids of all tabs by key, those to be made included; `NOWHERE` for one that is not there.
    """

    template: WorkbookTemplate
    year: int
    calendar: Calendar
    ids: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A tab to be made: its contents below the header are `rows`, `titles` the columns of a tally's activities."""

    tab: Tab
    id: int
    rows: Sequence[Sequence[Cell]] = ()
    titles: Sequence[str] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, the activities' included."""
        activities = (Column(key=f"activity_{n}", title=t, type="count") for n, t in enumerate(self.titles))
        return self.tab.columns + tuple(activities)

    @property
    def size(self) -> tuple[int, int]:
        """How many rows and columns the grid gets."""
        tab = self.tab
        rows = tab.header_row + len(self.rows) + _ROOM
        columns = len(self.columns) + (0 if tab.is_tool_tab else _SPARE_COLUMNS)
        if tab.role == "series":
            # The charts draw from all of these before a sync has filled them.
            columns = max(columns, FIRST_VALUE + MOST_VALUES)
        return (max(rows, _LONG) if tab.role in {"log", "tally", "series"} else rows), columns

    def cells(self, top: int, left: int, bottom: int | None = None, right: int | None = None) -> Json:
        """A rectangle of cells, 0-based and half open; without an end it goes on to the end of the grid."""
        where = {"sheetId": self.id, "startRowIndex": top, "startColumnIndex": left}
        ends = {"endRowIndex": bottom, "endColumnIndex": right}
        return where | {name: end for name, end in ends.items() if end is not None}

    def below(self, place: int) -> Json:
        """The cells below the header in one column."""
        return self.cells(self.tab.header_row, place, right=place + 1)

    def row(self, row: int) -> Json:
        """The cells of one row in the tab's columns."""
        return self.cells(row, 0, row + 1, len(self.columns))


def one_cell(sheet_id: int, row: int, column: int) -> Json:
    """A cell by its 0-based row and column, as a range."""
    rows, columns = {"startRowIndex": row, "endRowIndex": row + 1}, {"startColumnIndex": column}
    return {"sheetId": sheet_id, **rows, **columns, "endColumnIndex": column + 1}
