"""What random people do at the tabs they type in: each action is one that a hand with a mouse and keys can do."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.beside_sheets import LOG, Grid, Sheets, Tab, folded, serial, text

NONSENSE = ("tomorrow", "???", "#REF!", "#N/A", "n/a", "three", "=1+1", "x" * 300, "\u202eabc", "0x10")
WORDS = ("Zoë & <b>", "O'Neil", "=SUM(A1)", "日本", "🙂", "a  b", " spaced ", "'quoted", "@cmd", "-", "NULL", "1e5")


class Typist:
    """Random people at the tabs. Each method is one action; what it did is its answer."""

    def __init__(self, random: Random, sheets: Sheets) -> None:
        self.random, self.sheets = random, sheets
        self._before: list[tuple[str, Grid, bool]] = []
        self._number = 0

    def act(self, today: date) -> str:
        """One action of somebody."""
        does = self.random.choices(list(_ACTIONS), list(_ACTIONS.values()))[0]
        if does == "undo":
            return self._undo()
        key = {"tally": "tally", "person": "people", "activity": "activities"}.get(does.split()[-1], "log")
        tab = self.sheets.tabs[key]
        keep = (key, [list(row) for row in tab.grid], tab.dirty)
        getattr(self, f"_{does.replace(' ', '_')}")(tab, today)
        self._before = [*self._before[-5:], keep]
        tab.dirty = True
        return does

    def mend(self) -> None:
        """Put the titles back that a required column needs."""
        for key, titles in (("log", LOG[:5]),):
            tab = self.sheets.tabs[key]
            for title in titles:
                if tab.position(title) is None:
                    at = next((i for i, cell in enumerate(tab.grid[0]) if text(cell).startswith("ex-")), None)
                    if at is None:
                        tab.grid[0].append(title)
                    else:
                        tab.grid[0][at] = title
                    tab.dirty = True

    def row(self, today: date) -> list[Any]:
        """The cells of a row, in the order of `LOG`; now and then nonsense."""
        pick = self.random.choice
        day = today - timedelta(days=min(int(self.random.expovariate(0.15)), 90))
        number = serial(day)
        self._number += 1
        cells = [
            pick((number, number, number, number + 0.5, day.isoformat(), f"{day.day} {day:%B %Y}")),
            self._written(pick(self.sheets.names("people") or ["Ann"])),
            self._written(pick(self.sheets.names("activities") or ["Cold call"])),
            pick((None, 1, 2, 3, 2.5, "4", 0)),
            pick((None, None, 100, -50, "250", 99.5)),
            pick((None, None, 1, 3, 5)),
            pick((None, "Acme", pick(WORDS))),
            f"n{self._number}" if self.random.random() < 0.7 else pick(WORDS),
        ]
        if self.random.random() < 0.12:
            at = self.random.randrange(6)
            cells[at] = pick((*NONSENSE, "", None, -1, 1e13, number + 400, "2026-13-45"))
        return cells

    def _written(self, name: str) -> str:
        return self.random.choice((name, name, name, f" {name} ", name.upper(), name.lower()))

    def _placed(self, tab: Tab, cells: Sequence[Any]) -> list[Any]:
        row: list[Any] = [None] * len(tab.grid[0])
        for title, cell in zip(LOG, cells, strict=True):
            at = tab.position(title)
            if at is not None:
                row[at] = cell
        return row

    def _type_a_row(self, tab: Tab, today: date) -> None:
        tab.grid.append(self._placed(tab, self.row(today)))

    def _insert_a_row(self, tab: Tab, today: date) -> None:
        at = self.random.randint(1, len(tab.grid))
        tab.grid.insert(at, self._placed(tab, self.row(today)) if self.random.random() < 0.6 else [])

    def _change_a_cell(self, tab: Tab, today: date) -> None:
        if len(tab.grid) > 1:
            row = self.random.randrange(1, len(tab.grid))
            fresh = self._placed(tab, self.row(today))
            at = self.random.randrange(len(fresh))
            tab.grid[row] = [*tab.grid[row], *[None] * (len(fresh) - len(tab.grid[row]))]
            tab.grid[row][at] = fresh[at]

    def _delete_rows(self, tab: Tab, _today: date) -> None:
        if len(tab.grid) > 1:
            at = self.random.randrange(1, len(tab.grid))
            del tab.grid[at : at + self.random.choice((1, 1, 2, 3))]

    def _clear_a_row(self, tab: Tab, _today: date) -> None:
        if len(tab.grid) > 1:
            tab.grid[self.random.randrange(1, len(tab.grid))] = []

    def _empty_most(self, tab: Tab, _today: date) -> None:
        rows = len(tab.grid) - 1
        kept = max(self.random.choice((0, rows // 5, rows * 9 // 20, rows - 19, rows - 20, rows - 22)), 0)
        tab.grid[1:] = tab.grid[1 : 1 + kept]

    def _sort(self, tab: Tab, _today: date) -> None:
        at = self.random.randrange(len(tab.grid[0]))
        key = {id(row): text(row[at]) if at < len(row) else "" for row in tab.grid}
        tab.grid[1:] = sorted(tab.grid[1:], key=lambda row: key[id(row)], reverse=self.random.random() < 0.5)

    def _paste(self, tab: Tab, today: date) -> None:
        if len(tab.grid) > 60:
            self._delete_rows(tab, today)
            return
        start = self.random.randrange(len(tab.grid))
        block = [list(row) for row in tab.grid[1:][start : start + self.random.choice((1, 2, 4))]]
        if self.random.random() < 0.1:
            block = [[None, *row] for row in block]
        tab.grid.extend(block)

    def _move_a_column(self, tab: Tab, _today: date) -> None:
        width = len(tab.grid[0])
        a, b = self.random.randrange(width), self.random.randrange(width)
        for row in tab.grid:
            row.extend([None] * (width - len(row)))
            row.insert(b, row.pop(a))

    def _insert_a_column(self, tab: Tab, _today: date) -> None:
        extra = [at for at, cell in enumerate(tab.grid[0]) if text(cell) in ("", "Mine")]
        width = len(tab.grid[0])
        if extra:
            for row in tab.grid:
                del row[extra[0] : extra[0] + 1]
            return
        at = self.random.randint(0, width)
        title: str | None = self.random.choice(("Mine", None))
        for number, row in enumerate(tab.grid):
            row.extend([None] * (width - len(row)))
            row.insert(at, title if number == 0 else self.random.choice((None, "x", 7)))

    def _recase_a_title(self, tab: Tab, _today: date) -> None:
        at = self.random.randrange(len(tab.grid[0]))
        title = text(tab.grid[0][at])
        if folded(title) in {folded(known) for known in LOG}:
            tab.grid[0][at] = self.random.choice((title.upper(), title.lower(), f"  {title} "))

    def _lose_a_title(self, tab: Tab, _today: date) -> None:
        at = tab.position(self.random.choice(LOG[:5]))
        if at is not None:
            tab.grid[0][at] = f"ex-{self._number}"

    def _rename_a_tab(self, tab: Tab, _today: date) -> None:
        self._number += 1
        tab.title = self.random.choice((f"Log {self._number}", f"Was & {self._number}"))

    def _hide_rows(self, tab: Tab, _today: date) -> None:
        tab.hidden = {self.random.randrange(1, len(tab.grid) + 1) for _ in range(3)} if not tab.hidden else set()

    def _type_into_tally(self, tab: Tab, today: date) -> None:
        if len(tab.grid) > 20:
            del tab.grid[1]
        cells: list[Any] = [None] * len(tab.grid[0])
        row = self.row(today)
        cells[0], cells[1] = row[0], row[1]
        for at in range(2, len(cells)):
            cells[at] = self.random.choice((None, None, 1, 2, "3", row[3]))
        tab.grid.append(cells)

    def _add_a_column_to_tally(self, tab: Tab, _today: date) -> None:
        names = [*self.sheets.names("activities"), "Something else"]
        if len(tab.grid[0]) > 6:
            for row in tab.grid:
                del row[6:]
        else:
            tab.grid[0].append(self.random.choice(names))

    def _rename_a_person(self, tab: Tab, _today: date) -> None:
        self._rename(tab, "Name", ("Ann", "Anna", "Ben", "Benno", "Zoë", "Li Wei"))

    def _rename_an_activity(self, tab: Tab, _today: date) -> None:
        self._rename(tab, "Activity", ("Cold call", "Warm call", "Invitation", "Visit", "Meeting"))

    def _rename(self, tab: Tab, title: str, names: Sequence[str]) -> None:
        at = tab.position(title)
        assert at is not None
        taken = {folded(text(row[at])) for row in tab.grid[1:]}
        free = [name for name in names if folded(name) not in taken]
        row = self.random.choice(tab.grid[1:])
        if free and text(row[at]) != "Order won":
            row[at] = self.random.choice(free)

    def _retarget_an_activity(self, tab: Tab, _today: date) -> None:
        at = tab.position("Target")
        assert at is not None
        self.random.choice(tab.grid[1:])[at] = self.random.choice((None, 1, 5, 12))

    def _undo(self) -> str:
        if self._before:
            key, grid, _ = self._before.pop()
            tab = self.sheets.tabs[key]
            tab.grid, tab.dirty = grid, True
        return "undo"


_ACTIONS = {
    "type a row": 30, "insert a row": 8, "change a cell": 22, "delete rows": 9, "clear a row": 2, "empty most": 0.4,
    "sort": 5, "paste": 5, "move a column": 2, "insert a column": 2, "recase a title": 2, "lose a title": 0.3,
    "rename a tab": 1, "hide rows": 2, "type into tally": 5, "add a column to tally": 1, "rename a person": 0.6,
    "rename an activity": 0.6, "retarget an activity": 1, "undo": 6,
}  # fmt: skip
