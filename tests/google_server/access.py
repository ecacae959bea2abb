"""What a call may reach: token, scopes, and the roles on one file.

Decided here: a file that is not shared answers 403 on Sheets and 404 on Drive; a token with no more than
`drive.file` reaches only what its own app created, and anything else is 404 for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.google_server.accounts import Token
from tests.google_server.book import Book
from tests.google_server.calculation import calculate
from tests.google_server.discovery import Method
from tests.google_server.drive_state import WRITERS, DriveFile, Workspace
from tests.google_server.errors import (
    drive_error,
    file_not_found,
    forbidden,
    insufficient_scopes,
    not_found,
    sheets_error,
)
from tests.google_server.protection import Actor
from tests.google_server.wire import Json, Query

PER_FILE = "drive.file"


@dataclass
class Call:
    """One authorised, schema-checked API call on its way to its method."""

    method: Method
    parameters: dict[str, str]
    query: Query
    body: Json
    token: Token
    workspace: Workspace
    raw: bytes = b""

    def option(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[-1]

    def flag(self, name: str) -> bool:
        return self.option(name, "false").lower() in ("true", "1")

    def book(self, write: bool = False) -> tuple[DriveFile, Book]:
        """The spreadsheet of the path, checked for the caller."""
        file = self.workspace.files.get(self.parameters["spreadsheetId"])
        if file is None or hidden_from_app(self.token, self.method, file):
            raise not_found()
        role = file.role(self.token.email)
        if role is None or (write and role not in WRITERS):
            raise forbidden()
        if file.book is None:
            raise sheets_error(400, "This operation is not supported for this document")
        calculate(file.book)
        return file, file.book

    def file(self, write: bool = False) -> DriveFile:
        """The Drive file of the path, checked for the caller."""
        file_id = self.parameters["fileId"]
        file = self.workspace.files.get(file_id)
        hidden = file is not None and file.drive_id and not self.flag("supportsAllDrives")
        if file is None or hidden or not self.sees(file):
            raise file_not_found(file_id)
        if write and file.role(self.token.email) not in WRITERS:
            raise drive_error(
                403, "insufficientFilePermissions", "The user does not have sufficient permissions for this file."
            )
        return file

    def sees(self, file: DriveFile) -> bool:
        return file.role(self.token.email) is not None and not hidden_from_app(self.token, self.method, file)

    def actor(self, file: DriveFile) -> Actor:
        return file.actor(self.token.email)


def check_scopes(token: Token, method: Method) -> None:
    if not token.scopes & method.scopes:
        raise insufficient_scopes()


def hidden_from_app(token: Token, method: Method, file: DriveFile) -> bool:
    useful = token.scopes & method.scopes
    return useful <= {PER_FILE} and token.app not in file.apps
