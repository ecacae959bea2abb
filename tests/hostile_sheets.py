"""Whole workbooks as hostile as can be, made from a seed: every tab people type in, and what its author knows of it.

What is in a tab is counted here, by a blankness of its own, so that a test can tell whether anything was dropped.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from sheetsync.cells import Cell, trimmed
from sheetsync.tabs import TabContents
from sheetsync.template import Tab, WorkbookTemplate
from tests import naughty

NAMES = ("Ann", "Ben", "ann ", "BEN\u00a0", "Zoe\u0308", "Zoë", "")
ACTIVITIES = ("Cold call", "Order won", "cold  call", "Article", "")
PLAUSIBLE: dict[str, tuple[Cell, ...]] = {
    "name": ("Ann", "Ben", "Zoë"), "who": (*NAMES, None), "email": ("ann@example.com", None),
    "partner_email": ("eve@example.com", None), "mail": ("on", "stop", None), "workdays": ("Mon-Fri", None),
    "date": (46_300, 46_290.5, 46_250, "2026-09-01", "1 Sep 2026"), "from": (46_023, None), "until": (46_380, None),
    "activity": ACTIVITIES, "measured_by": ("Order won", "Cold call"), "goal": ("Revenue", "Orders"),
    "event": ("Training",), "of": ("count", "amount", None), "every": ("week", "day", "month", None),
    "target": (5, 40.0, "12", None), "count": (1, 2.0, "3", None), "amount": (100, -5, "1 000", None),
    "quality": (1, 5, 3.5, None), "part": (1, 0.5, None), "minutes": (10, None), "weight": (1, 0, None),
    "hours": (40, None), "zone": ("Europe/London", None), "serves": ("Revenue", None),
}  # fmt: skip
# Without them the titles of Events would be fewer than those that one may find in a row of data.
NEEDED = frozenset(("date", "event", "period", "who"))
BASE = {"people": ("Ann", "Ben"), "activities": ("Cold call", "Order won", "Article")}
PERIODS: dict[str, tuple[Cell, ...]] = {
    "targets": ("2026-Q4", "2026-W40", "2026-10", 2026, 46_300), "daily": (46_300, 46_299),
    "weekly": ("2026-W40", "2026-W41"), "partner": ("2026-W40", 46_300), "monthly": ("2026-09", "2026-10"),
    "quarterly": ("2026-Q3",), "annual": (2026, "2026"),
}  # fmt: skip


def seems_blank(cell: Any) -> bool:
    """Whether nobody would see anything in the cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip("\u200b\u2060\ufeff\u00a0" + _SPACES))


_SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())


@dataclass(frozen=True, slots=True)
class Hostile:
    """A tab as it stands: `header` is the 0-based row of titles, `keys` the column's key at each position, or None.

    In a Tally a key beyond the tab's own is an activity's title.
    """

    tab: Tab
    contents: TabContents
    header: int
    keys: tuple[str | None, ...]

    def filled(self) -> dict[int, list[str]]:
        """The rows (1-based) with anything in known columns, and in which ones."""
        found: dict[int, list[str]] = {}
        for number, row in enumerate(self.contents.grid[self.header + 1 :], start=self.header + 2):
            keys = [key for key, cell in zip(self.keys, row, strict=False) if key and not seems_blank(cell)]
            if keys:
                found[number] = keys
        return found


def hostile_workbook(template: WorkbookTemplate, random: Random, rows: int = 5) -> dict[str, Hostile]:
    """Every tab that people type in, by key, with up to so many rows each."""
    return {tab.key: _hostile_tab(tab, random, rows) for tab in template.tabs if not tab.is_tool_tab}


def _hostile_tab(tab: Tab, random: Random, most: int) -> Hostile:
    keys: list[str | None] = [
        column.key for column in tab.columns if column.required or column.key in NEEDED or random.random() < 0.9
    ]
    if tab.role == "tally":
        keys += [title for title in ("Cold call", "ARTICLE ", "order\u00a0won") if random.random() < 0.8]
    keys += [None] * random.choice((0, 0, 1, 3))
    if random.random() < 0.5:
        random.shuffle(keys)
    if random.random() < 0.02:
        keys += [None] * 2_000
    titles = {column.key: column.title for column in tab.columns}
    header = [_title(titles.get(key, key), random) if key else _stray_title(titles, random) for key in keys]
    above: list[list[Cell]] = [[line or None] for line in tab.intro]
    if random.random() < 0.3:
        above += [[], ["Our numbers, " + random.choice(naughty.TWISTED)]]
    body = [_base_row(keys, name) for name in BASE.get(tab.role, ())]
    body += [_row(tab, keys, random) for _ in range(random.randint(0, most))]
    if random.random() < 0.05:
        body = [*body, *([[]] * 300), [None] * 50, _row(tab, keys, random)]
    grid = trimmed([*above, header, *body])
    return Hostile(tab, TabContents(tab.key, tab.title, grid, 5_000, 3_000), len(above), tuple(keys))


def _base_row(keys: list[str | None], name: str) -> list[Cell]:
    """A row without a flaw, so that some of the rest makes sense."""
    return [name if key in {"name", "activity"} else None for key in keys]


def _title(title: str, random: Random) -> Cell:
    return random.choice(
        (title, title, title.upper(), f" {title}\u00a0", title.replace(" ", "  "), title.swapcase() + "\n")
    )


def _stray_title(titles: dict[str, str], random: Random) -> Cell:
    """A title that the template does not know; never one that it knows, or an activity's."""
    known = {title.casefold() for title in titles.values()} | {"cold call", "order won", "article", "cold cal"}
    cell = random.choice([None, "", "My own", 5, True, 46_300.0, *naughty.TEXTS[:120]])
    folded = " ".join(str(cell).replace("\u200b", " ").split()).casefold()
    return None if folded in known else cell


def _row(tab: Tab, keys: list[str | None], random: Random) -> list[Cell]:
    """A row, more or less sane; some are ragged, some are blank."""
    kind = random.random()
    if kind < 0.1:
        return [random.choice((None, "", " ", "\u00a0")) for _ in keys[: random.randint(0, len(keys))]]
    sanity = 0.97 if kind < 0.6 else 0.5
    row = [_sane(tab, key, random) if random.random() < sanity else hostile_cell(random) for key in keys]
    return row[: random.randint(1, len(row))] if random.random() < 0.15 else row


def _sane(tab: Tab, key: str | None, random: Random) -> Cell:
    if key is None or key in PLAUSIBLE or key == "period":
        choices = PERIODS.get(tab.key, (46_300,)) if key == "period" else PLAUSIBLE.get(key or "", (None, "x", 7))
        return random.choice(PLAUSIBLE["activity"] if key == "name" and tab.role == "targets" else choices)
    return random.choice((3, None)) if tab.role == "tally" else random.choice(("said so", None))


def hostile_cell(random: Random) -> Cell:
    """Anything, of the collection or of its pieces."""
    kind = random.random()
    if kind < 0.25:
        return random.choice(naughty.OTHERS)
    if kind < 0.85:
        return random.choice(naughty.TEXTS)
    if kind < 0.95:
        return random.choice(naughty.TEXTS)[:200] + random.choice(naughty.TEXTS)[:200]
    return "".join(chr(random.randrange(0x11000)) for _ in range(random.randint(1, 9)))
