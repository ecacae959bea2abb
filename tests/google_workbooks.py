"""Workbooks on the local Google, for the tests: who connects, what they hold, made once and copied."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from sheetsync.cells import Cell
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import Layout
from sheetsync.workbook.google import Connection, GoogleWorkbook, connect, create, open_workbook
from tests.google_server import GoogleServer
from tests.google_server.book import Book

ROBOT = "robot@goals-test.iam.gserviceaccount.com"
ANN = "ann@example.com"
ROWS: dict[str, list[list[Cell]]] = {
    "people": [["Ann", ANN]],
    "log": [[46023, "Ann", "Cold call", 3, None, None, None, "=HYPERLINK(1)"]],
    "daily": [[46023, "Ann", 99, 99], [46024, "Ann"]],
}
Make = Callable[[dict[str, list[list[Cell]]], tuple[str, ...]], tuple[Book, Layout]]


def json_file(path: Path, contents: Any) -> Path:
    """A file with this JSON value."""
    path.write_text(json.dumps(contents), encoding="utf-8")
    return path


def maker(sales: WorkbookTemplate, folder: Path) -> Make:
    """Creates a workbook with these rows and activities, once each: the local Google takes a second for it."""

    @cache
    def make(contents: str, activities: tuple[str, ...]) -> tuple[Book, Layout]:
        with GoogleServer() as google:
            file = json_file(folder / "ann.json", google.authorized_user(ANN))
            rows = json.loads(contents)
            book = create(connect(file, google.endpoint), sales, 2026, "x", rows, activity_titles=activities)
            return google.spreadsheet(book.id).book, book.layout

    return lambda rows, activities: make(json.dumps(rows), activities)


def copied(
    made: tuple[Book, Layout], connection: Connection, blank: str, template: WorkbookTemplate, google: GoogleServer
) -> GoogleWorkbook:
    """The workbook in the blank spreadsheet; no request is on record."""
    book, layout = made
    google.workspace.files[blank].book = replace(book.copy(), id=blank, title="Ann's sheet")
    return open_workbook(connection, blank, template, layout)
