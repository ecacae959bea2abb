"""What a workbook can do, whichever way it is stored: the protocol that both backends keep.

A backend moves cells and knows nothing of goals. It finds tabs by their mark, not by their title; columns are the
business of the core, which finds them by title in the first rows of the grid.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sheetsync.cells import Cell
from sheetsync.tabs import TabContents, TabWrite
from sheetsync.template import Column

__all__ = ["Layout", "Progress", "Results", "TabContents", "TabWrite", "Workbook"]

Results = Mapping[tuple[int, int], Cell]
"""Values by 0-based row and column."""

Progress = Callable[[int], None]
"""Called with the number of rows written since the last call."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a workbook's tabs are, so that the next run need not ask.

    `year` is the label of the plan's fiscal year (`create --year`); `marks` maps a tab's key to its mark: the sheet
    id on Google, the defined name locally. `template` is the name of the template it was created from, `version` that
    template's.
    """

    year: int
    template: str
    marks: Mapping[str, str] = field(default_factory=dict)
    version: int = 1


class Workbook(Protocol):
    """An open workbook. All methods raise `SheetsyncError` only."""

    @property
    def location(self) -> str:
        """The URL or path, for people."""

    @property
    def layout(self) -> Layout:
        """Where the tabs are."""

    def read(self) -> dict[str, TabContents]:
        """Read every tab of the template in one round trip, by key.

        Raises `GuardTripped` when a tab is gone, naming it.
        """

    def write(self, writes: Sequence[TabWrite], results: Mapping[str, Results] | None = None) -> None:
        """Write the changed rows of all tabs, all or nothing. Not called when nothing changed.

        `results` are what formulas in review tabs come to, by tab key and place: a backend that does not compute
        stores them beside the formulas, one that does ignores them.
        """

    def append(self, key: str, rows: Sequence[Sequence[Cell]], progress: Progress | None = None) -> None:
        """Add rows after the last row with data in a tab people type in; no other cell changes."""

    def missing_tabs(self) -> list[str]:
        """Keys of the template's tabs that are gone, in the template's order."""

    def restore_tabs(self, rows: Mapping[str, Sequence[Sequence[Cell]]], activity_titles: Sequence[str] = ()) -> None:
        """Make the tabs with these keys again as `create` makes them, with these rows below the header.

        `activity_titles` name the columns of tally tabs. No other tab changes; the layout has the new marks.
        """

    def add_columns(self, key: str, header: int, columns: Mapping[int, Column]) -> None:
        """Title the blank columns at these 0-based positions as `create` does: title, look, width, formulas.

        `header` is the 0-based row of titles.
        """

    def remake_tabs(self, keys: Sequence[str], version: int) -> None:
        """Replace these tool tabs by new ones as `create` makes them, each in its place; what people chose is kept.

        The workbook is of this version of its template then. Raises `ConfigError` when people type in one of them.
        """

    def unmarked(self) -> dict[int, TabContents]:
        """The tabs that are not the template's, by a number of their own: title, size and the first rows at least."""

    def adopt(self, key: str, number: int) -> None:
        """Take one of those tabs for the template's tab `key`, which is gone or was never there.

        Raises `ConfigError` when it is there, or the other one is not.
        """

    def backup(self, name: str) -> str:
        """Copy the whole workbook, with `name` in the copy's own. Answers where it is."""
