"""A team with its workbook on the local Google: the desk with its commands, and what people do in the browser."""

import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sheetsync.workbook.google.connection import SHEETS
from tests.cli import LOG_COLUMNS, Desk, days_before, lean_template, new_desk
from tests.google_server import GoogleServer, OpenBook

ROBOT = "robot@demo.iam.gserviceaccount.com"
ANN = "ann@example.com"
READ, WRITE, LOOK = "values:batchGetByDataFilter", ":batchUpdate", "look"


class Team:
    """A desk whose workbook is a spreadsheet, and what its people do in the browser."""

    def __init__(self, desk: Desk, server: GoogleServer, spreadsheet: str) -> None:
        self.desk, self.server, self.spreadsheet = desk, server, spreadsheet

    @property
    def browser(self) -> OpenBook:
        """The spreadsheet, open in a person's browser."""
        return self.server.spreadsheet(self.spreadsheet)

    def calls(self, *arguments: str | Path, code: int = 0) -> list[str]:
        """Run a command; which calls Google saw."""
        self.server.clear_requests()
        result = self.desk.run(*arguments)
        assert result.code == code, result
        return [
            READ if request.path.endswith(READ) else WRITE if request.path.endswith(WRITE) else LOOK
            for request in self.server.requests
        ]

    def in_browser(self, *requests: dict[str, Any]) -> None:
        """What Ann does with the mouse, as the requests that her browser sends."""
        from sheetsync.workbook.google import connect

        file = self.desk.folder / "ann.json"
        file.write_text(json.dumps(self.server.authorized_user(ANN)))
        url = f"{SHEETS}/{self.spreadsheet}:batchUpdate"
        connect(file, self.server.endpoint).call("post", url, about=self.spreadsheet, json={"requests": requests})

    def sheet_id(self, title: str) -> int:
        """The id of a tab."""
        return next(sheet.id for sheet in self.browser.book.sheets if sheet.title == title)

    def rollups(self) -> Any:
        """What other tools get."""
        return self.desk.ok("export", "rollups", "--format", "json").json

    def seen(self) -> dict[str, list[list[Any]]]:
        """What stands in every tab."""
        return {title: self.browser.values(title) for title in self.browser.titles()}


def desk_at(folder: Path, server: GoogleServer, spreadsheet: str, template: str = "sales") -> Desk:
    """A desk with a robot's key, and the server in place of Google."""
    desk = new_desk(folder, "--workbook", spreadsheet, "--credentials", "robot.json", "--template", template)
    desk.configure("api_endpoint: null", f"api_endpoint: {server.endpoint}")
    desk.file("robot.json", json.dumps(server.service_account(ROBOT)))
    return desk


class MadeTeam:
    """A team, and its spreadsheet as it was when everything was in order."""

    def __init__(self, team: Team, book: bytes) -> None:
        self.team, self._book = team, book

    def again(self, folder: Path) -> Team:
        """The team as it was made, at a desk in this folder."""
        team = self.team
        team.server.workspace.files[team.spreadsheet].book = pickle.loads(self._book)
        team.server.clear_faults()
        return Team(team.desk.copy(folder), team.server, team.spreadsheet)


@contextmanager
def made_team() -> Iterator[MadeTeam]:
    """Ann's blank spreadsheet, shared with the robot, created, filled with 60 rows and synced."""
    with GoogleServer() as server, TemporaryDirectory() as folder:
        spreadsheet = server.create_spreadsheet("Goals", owner=ANN, share={ROBOT: "writer"})
        desk = desk_at(Path(folder) / "desk", server, spreadsheet, lean_template(Path(folder) / "desk"))
        desk.ok("create", "--into", spreadsheet, "--examples", "--person", "Ann", "--person", "Ben")
        rows = [
            (days_before(n // 2), "Ann" if n % 3 else "Ben", "Cold call" if n % 4 else "Order won", 1 + n % 2,
             "" if n % 4 else 1000 + n, "", f"Contact {n}", "")
            for n in range(60)
        ]  # fmt: skip
        desk.ok("import", desk.csv("log.csv", LOG_COLUMNS, rows))
        desk.ok("sync")
        book = pickle.dumps(server.workspace.files[spreadsheet].book)
        yield MadeTeam(Team(desk, server, spreadsheet), book)
