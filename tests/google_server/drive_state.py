"""The files of the whole Google, who may reach them, and the ids and times given out.

Decided here: a spreadsheet's file name and its title are one thing; ids are random but the same in every
run, so a failing test can be repeated.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.google_server.accounts import Accounts, Token
from tests.google_server.book import Book
from tests.google_server.protection import Actor
from tests.google_server.sheet import new_sheet
from tests.google_server.wire import Json

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
FOLDER = "application/vnd.google-apps.folder"
ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
WRITERS = ("owner", "organizer", "fileOrganizer", "writer")
# A recorded new file shows a modification this much after its creation.
CREATION_TAKES = timedelta(milliseconds=20)


@dataclass
class DriveFile:
    """One file; `apps` are the projects and clients that created or opened it (scope drive.file)."""

    id: str
    plain_name: str
    mime_type: str
    created: datetime
    modified: datetime
    permissions: list[Json]
    parents: list[str] = field(default_factory=list)
    apps: set[str] = field(default_factory=set)
    book: Book | None = None
    trashed: bool = False

    @property
    def name(self) -> str:
        return self.book.title if self.book else self.plain_name

    def rename(self, name: str) -> None:
        if self.book:
            self.book.title = name
        self.plain_name = name

    def role(self, email: str) -> str | None:
        """The strongest role an account has here, by name or because anyone may."""
        for permission in self.permissions:
            if permission.get("emailAddress", "").casefold() == email.casefold():
                return str(permission["role"])
        return next((str(each["role"]) for each in self.permissions if each["type"] == "anyone"), None)

    def actor(self, email: str) -> Actor:
        return Actor(email, self.role(email) == "owner")


@dataclass
class Workspace:
    """All state of the server."""

    accounts: Accounts = field(default_factory=Accounts)
    files: dict[str, DriveFile] = field(default_factory=dict)
    random: random.Random = field(default_factory=lambda: random.Random(2026))
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def new_file_id(self) -> str:
        return "1" + "".join(self.random.choices(ID_LETTERS, k=43))

    def new_number(self) -> int:
        """A random positive int32, as sheets, charts and rules get."""
        return self.random.randint(1, 2**31 - 1)

    def permission(self, email: str, role: str, kind: str = "user") -> Json:
        number = str(int.from_bytes(email.casefold().encode(), "big") % 10**20).rjust(20, "0")
        return {"id": number, "type": kind, "emailAddress": email, "role": role}

    def add_file(self, name: str, mime_type: str, owner: str, parents: list[str] | None = None) -> DriveFile:
        now = self.now()
        new = DriveFile(
            self.new_file_id(), name, mime_type, now, now + CREATION_TAKES, [self.permission(owner, "owner")]
        )
        new.parents = parents or [f"root-of-{owner}"]
        if mime_type == SPREADSHEET:
            new.book = Book(new.id, name, sheets=[new_sheet(0, "Sheet1")])
        self.files[new.id] = new
        return new

    def touched(self, file: DriveFile) -> None:
        file.modified = max(self.now(), file.modified)

    def created_by(self, file: DriveFile, token: Token) -> None:
        file.apps.add(token.app)
