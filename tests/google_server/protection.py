"""Who may change what: protected ranges.

Decided here: the file's owner always may; others only when listed as editors of the range, when it is
warning-only, or inside an unprotected part of a protected sheet. The refusal is a 400, not a 403.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.google_server.a1 import Area
from tests.google_server.book import Book
from tests.google_server.errors import Refused
from tests.google_server.sheet import Sheet
from tests.google_server.wire import Json

PROTECTED_TEXT = (
    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove "
    "protection if you need to edit."
)
BOUNDS = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")


@dataclass(frozen=True)
class Actor:
    """Who acts on a file."""

    email: str
    owner: bool


def may_edit(protected: Json, actor: Actor) -> bool:
    if actor.owner or protected.get("warningOnly"):
        return True
    return actor.email in protected.get("editors", {}).get("users", [])


def guard_area(book: Book, sheet: Sheet, area: Area, actor: Actor) -> None:
    """Refuse when the actor may not edit some cell of the area."""
    for protected in sheet.objects["protectedRanges"]:
        if may_edit(protected, actor) or not protected_area(book, sheet, protected).meets(area):
            continue
        free = [book.grid_area(part)[1] for part in protected.get("unprotectedRanges", [])]
        if not any(area.inside(part) for part in free):
            raise Refused(PROTECTED_TEXT)


def guard_sheet(sheet: Sheet, actor: Actor) -> None:
    """Refuse a change of the tab itself when the whole sheet is protected."""
    for protected in sheet.objects["protectedRanges"]:
        if covers_sheet(protected) and not may_edit(protected, actor):
            raise Refused(PROTECTED_TEXT)


def guard_removal(sheet: Sheet, actor: Actor) -> None:
    """A tab with any range the actor may not edit can't be deleted by them."""
    if any(not may_edit(protected, actor) for protected in sheet.objects["protectedRanges"]):
        raise Refused(PROTECTED_TEXT)


def covers_sheet(protected: Json) -> bool:
    return not any(name in protected.get("range", {}) for name in BOUNDS)


def protected_area(book: Book, sheet: Sheet, protected: Json) -> Area:
    if "namedRangeId" in protected:
        for item in book.named_ranges:
            if item["namedRangeId"] == protected["namedRangeId"]:
                return book.grid_area(item["range"])[1]
    return book.grid_area(protected["range"])[1] if "range" in protected else sheet.whole


def seen_by(protected: Json, actor: Actor) -> Json:
    """A protected range as one caller reads it: only those who may edit see the editors."""
    allowed = actor.owner or actor.email in protected.get("editors", {}).get("users", [])
    result = {name: item for name, item in protected.items() if name != "editors"}
    if allowed or protected.get("warningOnly"):
        result["requestingUserCanEdit"] = True
    if allowed:
        result["editors"] = protected.get("editors", {})
    return result
