"""The tabs people type in, as a test keeps them, and what their rows mean: read naively, by no code of sheetsync.

A grid is a list of rows of cells, the first row the titles. A wrong cell is `WRONG`; a row with one is refused.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

EPOCH = date(1899, 12, 30)
WRONG = object()
LOG = ("Date", "Who", "Activity", "Count", "Amount", "Quality", "Contact", "Notes")
Grid = list[list[Any]]
Fact = tuple[int, str, str, float, float | None, float | None, str, str]
"""An accepted row: day as a serial number, person, activity, count, amount, quality, contact, notes."""


@dataclass
class Tab:
    """One tab: its title today, its cells, and the rows that somebody hid."""

    title: str
    grid: Grid
    hidden: set[int] = field(default_factory=set)
    dirty: bool = True

    def position(self, title: str) -> int | None:
        """Where the column with this title is."""
        found = [at for at, cell in enumerate(self.grid[0]) if folded(text(cell)) == folded(title)]
        return found[0] if found else None


@dataclass
class Sheets:
    """All tabs people type in, by key."""

    tabs: dict[str, Tab]

    def names(self, key: str) -> list[str]:
        """What stands in the first column: the people, or the activities."""
        tab = self.tabs[key]
        at = tab.position({"people": "Name", "activities": "Activity"}[key])
        if at is None:
            return []
        return [text(row[at]) for row in tab.grid[1:] if at < len(row) and text(row[at])]

    @property
    def whole(self) -> bool:
        """Whether every required column is there."""
        needed = {"log": LOG[:5], "people": ("Name",), "activities": ("Activity",), "tally": ("Date", "Who")}
        return all(self.tabs[key].position(title) is not None for key, titles in needed.items() for title in titles)


def trimmed(grid: Sequence[Sequence[Any]]) -> Grid:
    """Without blank cells and rows at the end."""
    rows = []
    for row in grid:
        cells = list(row)
        while cells and cells[-1] in (None, ""):
            cells.pop()
        rows.append([None if cell == "" else cell for cell in cells])
    while rows and not rows[-1]:
        rows.pop()
    return rows


def text(cell: Any) -> str:
    """A cell as people see it."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())


def folded(words: str) -> str:
    """How names are compared."""
    return " ".join(words.split()).casefold()


def serial(day: date) -> int:
    """The number that a spreadsheet keeps for a day."""
    return (day - EPOCH).days


def _day(cell: Any, today: date) -> Any:
    if isinstance(cell, int | float):
        day = EPOCH + timedelta(days=int(cell)) if 25569 <= cell < 109575 else None
    else:
        day = None
        for pattern in ("%Y-%m-%d", "%d %B %Y"):
            try:
                day = datetime.strptime(text(cell), pattern).replace(tzinfo=UTC).date()
            except ValueError:
                continue
    return WRONG if day is None or day > today else serial(day)


def _number(cell: Any, low: float, high: float, blank: Any) -> Any:
    if not text(cell):
        return blank
    try:
        number = float(cell if isinstance(cell, int | float) else _plain_digits(text(cell)))
    except ValueError:
        return WRONG
    return number if low <= number <= high else WRONG


def _plain_digits(words: str) -> str:
    if not words.strip("-+").replace(".", "", 1).isdigit():
        raise ValueError(words)
    return words


def _name(cell: Any, names: Sequence[str], alone: bool) -> Any:
    if not text(cell):
        return names[0] if alone and len(names) == 1 else WRONG
    return next((name for name in names if folded(name) == folded(text(cell))), WRONG)


@dataclass(frozen=True)
class Told:
    """What the log and the tally say: the accepted rows, how many were read, and the refused ones by tab and row."""

    facts: Counter[Fact]
    rows: int
    refused: Counter[tuple[str, int]]


def told(sheets: Sheets, today: date) -> Told:
    """Every row of the log and the tally."""
    people, activities = sheets.names("people"), sheets.names("activities")
    facts: Counter[Fact] = Counter()
    refused: Counter[tuple[str, int]] = Counter()
    for tab, row, fact in (*_log(sheets, people, activities, today), *_tally(sheets, people, activities, today)):
        if WRONG in fact:
            refused[tab, row] += 1
        else:
            facts[fact] += 1
    return Told(facts, facts.total() + refused.total(), refused)


def _log(
    sheets: Sheets, people: Sequence[str], activities: Sequence[str], today: date
) -> Iterator[tuple[str, int, Any]]:
    tab = sheets.tabs["log"]
    places = [tab.position(title) for title in LOG]
    for number, row in enumerate(tab.grid[1:], start=2):
        day, who, what, count, amount, quality, contact, notes = (
            row[at] if at is not None and at < len(row) else None for at in places
        )
        if any(map(text, (day, who, what, count, amount, quality, contact, notes))):
            yield tab.title, number, (
                _day(day, today), _name(who, people, alone=True), _name(what, activities, alone=False),
                _number(count, 0, 1e12, 1.0), _number(amount, -1e12, 1e12, None), _number(quality, 1, 5, None),
                text(contact), text(notes),
            )  # fmt: skip


def _tally(
    sheets: Sheets, people: Sequence[str], activities: Sequence[str], today: date
) -> Iterator[tuple[str, int, Any]]:
    tab = sheets.tabs["tally"]
    day_at, who_at = tab.position("Date"), tab.position("Who")
    columns: dict[int, str] = {}
    for at, title in enumerate(tab.grid[0]):
        name = _name(title, activities, alone=False)
        if name is not WRONG and name not in columns.values():
            columns[at] = name
    for number, row in enumerate(tab.grid[1:], start=2):
        for at, name in columns.items():
            if at < len(row) and text(row[at]):
                day = _day(row[day_at], today) if day_at is not None and day_at < len(row) else WRONG
                who = row[who_at] if who_at is not None and who_at < len(row) else None
                count = _number(row[at], 0, 1e12, 1.0)
                yield tab.title, number, (day, _name(who, people, alone=True), name, count, None, None, "", "")


def label(cadence: str, number: int) -> str:
    """The period of a day: weeks begin on Monday, years in January."""
    day = EPOCH + timedelta(days=number)
    week = day.isocalendar()
    return {
        "day": str(day), "week": f"{week.year}-W{week.week:02}", "month": f"{day:%Y-%m}",
        "quarter": f"{day.year}-Q{(day.month + 2) // 3}", "year": f"{day.year}",
    }[cadence]  # fmt: skip


def sums(facts: Counter[Fact]) -> dict[tuple[str, str, str, str], float]:
    """What was done, by cadence, period, person and activity."""
    found: dict[tuple[str, str, str, str], float] = {}
    for (day, who, activity, count, *_), times in facts.items():
        for cadence in ("day", "week", "month", "quarter", "year"):
            key = (cadence, label(cadence, day), who, activity)
            found[key] = found.get(key, 0.0) + count * times
    return found
