"""The files of the whole Google, who may reach them, and the ids and times given out.

Decided here: a spreadsheet's file name and its title are one thing; ids are random but the same in every run,
so a failing test can be repeated; what lies in a folder is reached by those who reach the folder, and what lies
in a shared drive by the drive's members, and has no owner.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
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
# A recorded new file shows a modification this much after its creation; a recorded copy none.
CREATION_TAKES = timedelta(milliseconds=20)


@dataclass
class DriveFile:
    """One file; `apps` are the projects and clients that created or opened it (scope drive.file).

    `properties` are the public ones under "" and each app's own under its name.
    """

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
    starred: bool = False
    description: str = ""
    drive_id: str = ""
    properties: dict[str, dict[str, str]] = field(default_factory=dict)
    comments: list[Json] = field(default_factory=list)

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
        return Actor(email, self.role(email) in ("owner", "organizer"))


@dataclass
class SharedDrive:
    """A drive that belongs to an organisation; `members` are roles by address."""

    id: str
    name: str
    members: Mapping[str, str]


@dataclass
class Workspace:
    """All state of the server."""

    accounts: Accounts = field(default_factory=Accounts)
    files: dict[str, DriveFile] = field(default_factory=dict)
    drives: dict[str, SharedDrive] = field(default_factory=dict)
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

    def add_drive(self, name: str, members: Mapping[str, str]) -> str:
        """A shared drive with its members' roles (organizer, fileOrganizer, writer, reader); gives its id."""
        drive = SharedDrive("0A" + "".join(self.random.choices(ID_LETTERS, k=15)) + "PVA", name, members)
        self.drives[drive.id] = drive
        return drive.id

    def add_file(self, name: str, mime_type: str, owner: str, parents: list[str] | None = None) -> DriveFile:
        """A new file of `owner`, or of the shared drive it is put into."""
        now = self.now()
        new = DriveFile(self.new_file_id(), name, mime_type, now, now + CREATION_TAKES, [])
        self.place(new, owner, parents or [f"root-of-{owner}"])
        if mime_type == SPREADSHEET:
            new.book = Book(new.id, name, sheets=[new_sheet(0, "Sheet1")])
        self.files[new.id] = new
        return new

    def place(self, file: DriveFile, owner: str, parents: list[str]) -> None:
        """Put a file into its folders, with the permissions that come with them."""
        file.parents = parents
        folder = self.files.get(parents[0])
        drive = self.drives.get(folder.drive_id if folder else parents[0])
        if drive is not None:
            file.drive_id = drive.id
            file.permissions = [self.permission(email, role) for email, role in drive.members.items()]
            return
        file.drive_id = ""
        file.permissions = [self.permission(owner, "owner")]
        for each in folder.permissions if folder else []:
            role = "writer" if each["role"] == "owner" else each["role"]
            if each.get("emailAddress") != owner:
                file.permissions.append({**each, "role": role})

    def touched(self, file: DriveFile) -> None:
        file.modified = max(self.now(), file.modified)

    def created_by(self, file: DriveFile, token: Token) -> None:
        file.apps.add(token.app)
