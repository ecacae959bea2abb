"""One all-or-nothing change of a spreadsheet.

Decided here: every write works on a copy of the book; the copy replaces the book only when the whole call
succeeded and the limits still hold. That is what makes each call atomic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.google_server.a1 import Area
from tests.google_server.access import Call
from tests.google_server.book import Book
from tests.google_server.drive_state import Workspace
from tests.google_server.protection import Actor, guard_area
from tests.google_server.sheet import Sheet
from tests.google_server.wire import Json


@dataclass
class Edit:
    """The copy being changed, and for whom."""

    book: Book
    actor: Actor
    workspace: Workspace

    def guarded_area(self, grid_range: Json) -> tuple[Sheet, Area]:
        """A GridRange's rectangle, which the actor must be allowed to edit."""
        sheet, area = self.book.grid_area(grid_range)
        self.guard(sheet, area)
        return sheet, area

    def guard(self, sheet: Sheet, area: Area) -> None:
        guard_area(self.book, sheet, area, self.actor)


def changed(call: Call, action: Callable[[Edit], Json]) -> Json:
    """Run an action on a copy and keep the copy when nothing was refused."""
    file, book = call.book(write=True)
    edit = Edit(book.copy(), call.actor(file), call.workspace)
    edit.book.stale = True
    answer = action(edit)
    file.book = edit.book
    call.workspace.touched(file)
    return answer
