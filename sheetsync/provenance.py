"""Whether a workbook and a ledger fit together: by the as-of lines, which every sync writes into the tool's tabs.

A ledger that is new, or restored from a backup, finds a later line there than it ever wrote. Then it cannot know what
was mailed meanwhile. An earlier line means only that a person took back an older version of the workbook.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from sheetsync.cells import Cell
from sheetsync.periods import MONTHS

Grid = Sequence[Sequence[Cell]]

# See `summaries.as_of_line`.
_LINE = re.compile(r"Data as of the end of \w+ (\d{1,2}) (\w{3}) (\d{4})")
_SHORT = [month[:3].lower() for month in MONTHS]


def served_elsewhere(read: Iterable[Grid], ours: Iterable[Grid]) -> bool:
    """Whether the tool's tabs as read are as of a later day than the grids that this ledger wrote."""
    return max(_days(read), default=date.min) > max(_days(ours), default=date.min)


def is_another_copy(read: Iterable[Grid], ours: Iterable[Grid]) -> bool:
    """Whether the tool's tabs as read are as of other days than all grids that this ledger wrote.

    Then an earlier workbook or ledger was put back, and what differs was not typed.
    """
    days = set(_days(read))
    return bool(days) and days.isdisjoint(_days(ours))


def _days(grids: Iterable[Grid]) -> Iterator[date]:
    for grid in grids:
        for cell in (cell for row in grid for cell in row if isinstance(cell, str)):
            if (found := _LINE.match(cell)) and found[2].lower() in _SHORT:
                yield date(int(found[3]), _SHORT.index(found[2].lower()) + 1, int(found[1]))
