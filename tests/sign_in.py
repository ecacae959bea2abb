"""Signing in, for the tests: desks whose Google is the local one, and a person who opens the address shown."""

import json
import re
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

import requests

from sheetsync.cli import run
from tests.cli import Desk, Result, new_desk
from tests.google_server import GoogleServer

DRIVE_FILE = "https://www.googleapis.com/auth/drive.file"
SPREADSHEETS = "https://www.googleapis.com/auth/spreadsheets"
NOWHERE = "1" + "x9" * 21 + "x"

Browse = Callable[[str], object]


def desk_of(folder: Path, google: GoogleServer, workbook: str = "goals.xlsx") -> Desk:
    desk = new_desk(folder, "--workbook", workbook)
    desk.configure("api_endpoint: null", f"api_endpoint: {google.endpoint}")
    desk.file("client.json", json.dumps(google.workspace.accounts.oauth_client(google.endpoint)))
    return desk


def visit(url: str) -> requests.Response:
    """Open the address, as a browser does, and go where it leads."""
    return requests.get(url, timeout=10)


def asked_in(text: str) -> str | None:
    """The address that a command shows."""
    found = re.search(r"^http://\S+$", text, re.MULTILINE)
    return found[0] if found else None


def login(desk: Desk, *arguments: str | Path, browse: Browse = visit, browser: bool = False) -> Result:
    """Run `auth login`, while a thread plays the person at the browser."""
    out, err, done = StringIO(), StringIO(), Event()

    def person() -> None:
        while not done.wait(0.01):
            url = asked_in(out.getvalue())
            if url:
                browse(url)
                return

    thread = Thread(target=person, daemon=True)
    thread.start()
    options = [] if browser else ["--no-browser"]
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["-c", str(desk.config), "auth", "login", *map(str, arguments), *options])
    done.set()
    thread.join(10)
    return Result(code, out.getvalue(), err.getvalue())


def token_of(desk: Desk, name: str = "token.json") -> Any:
    return json.loads((desk.folder / name).read_text(encoding="utf-8"))
