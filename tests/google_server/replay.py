"""Recorded real traffic played against the server, one person a recording.

Decided here: ids, random numbers and times of a recording are mapped to the server's own at their first sight,
then every status and body must be equal. Files that were there before a recording starts are put there as its
later reads describe them; what no read can tell (etags, signed links) is not compared.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.google_server.drive_state import SPREADSHEET
from tests.google_server.server import GoogleServer
from tests.google_server.sheets_methods import fill_book
from tests.google_server.wire import Json

HOSTS = ("sheets.googleapis.com", "www.googleapis.com")
STRANGER = "stranger@example.com"
# Numbers this long are random ids in the recordings (sheet, protection, named range).
_RANDOM_NUMBER = re.compile(r"\d{6,10}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_FILE_ID = re.compile(r"/(?:spreadsheets|files)/([A-Za-z0-9_-]+)")
_ROBOT = re.compile(r"[\w.-]+@[\w.-]+\.iam\.gserviceaccount\.com")
_OPAQUE = ("etag", "thumbnailLink", "embedLink", "version", "fileSize", "quotaBytesUsed")


@dataclass(frozen=True)
class Difference:
    """One answer that differs from the recording; the answers are (status, body)."""

    file: str
    request: str
    body: str
    recorded: Any
    answered: Any

    def __str__(self) -> str:
        sent = [f"  sent      {self.body}"] if self.body else []
        answers = [f"  recorded  {self.recorded}", f"  answered  {self.answered}"]
        return "\n".join([f"{self.file}: {self.request}", *sent, *answers])


@dataclass
class Outcome:
    """How much of the recordings came out equal; `left_out` are calls to other services."""

    equal: int = 0
    left_out: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def played(self) -> int:
        return self.equal + len(self.differences)

    @property
    def percent(self) -> float:
        return 100 * self.equal / self.played if self.played else 0.0


def replay(google: GoogleServer, folder: Path) -> Outcome:
    """Play every recording of a folder."""
    outcome = Outcome()
    for number, path in enumerate(sorted(folder.glob("*.json"))):
        _Recording(google, path, f"player{number}@example.com").play(outcome)
    return outcome


class _Recording:
    """One recording and the person who plays it; `known` maps what is random there to what is here."""

    def __init__(self, google: GoogleServer, path: Path, email: str) -> None:
        text = path.read_text(encoding="utf-8")
        self.google = google
        self.name = path.stem
        self.email = email
        self.calls: list[Json] = json.loads(text)["interactions"]
        self.known = dict.fromkeys(_ROBOT.findall(text), email)
        self.foreign: set[str] = set()
        self.created = {made["id"] for call in self.calls if (made := _created(call))}

    def play(self, outcome: Outcome) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {_access_token(self.google, self.email)}"
            for call in self.calls:
                if urlsplit(call["request"]["uri"]).hostname in HOSTS:
                    self._prepare(call)
                    self._compare(call, session, outcome)
                else:
                    outcome.left_out += 1

    def _compare(self, call: Json, session: requests.Session, outcome: Outcome) -> None:
        request, response = call["request"], call["response"]
        parts = urlsplit(request["uri"])
        target = self._mapped(parts.path + (f"?{parts.query}" if parts.query else ""))
        body = self._mapped(request["body"] or "")
        kinds = {name: request["headers"][name][0] for name in ("Content-Type",) if name in request["headers"]}
        url = self.google.endpoint + target
        answer = session.request(request["method"], url, data=body.encode(), headers=kinds, timeout=30)
        answer_text, recorded_text = answer.content.decode(), response["body"]["string"]
        self._learn(_loaded(recorded_text), _loaded(answer_text))
        recorded = response["status"]["code"], _comparable(_loaded(self._mapped(recorded_text)))
        answered = answer.status_code, _comparable(_loaded(answer_text))
        if recorded == answered:
            outcome.equal += 1
        else:
            line = f"{request['method']} {target}"
            outcome.differences.append(Difference(self.name, line, request["body"] or "", recorded, answered))

    def _prepare(self, call: Json) -> None:
        """Put the files there that the call meets and the recording did not create."""
        found = _FILE_ID.search(call["request"]["uri"])
        if found and call["response"]["status"]["code"] != 404:
            self._put(found[1], STRANGER if call["response"]["status"]["code"] == 403 else self.email)
        listed = _listed(call)
        if listed is None:
            return
        for item in listed:
            self._put(item["id"], self.email, item)
        if "name" not in call["request"]["uri"].partition("fields=")[0]:
            for gone in self.foreign - {item["id"] for item in listed}:
                self.google.workspace.files.pop(self.known[gone], None)

    def _put(self, file_id: str, owner: str, listed: Json | None = None) -> None:
        if file_id in self.created or file_id in self.known:
            return
        shown = [shape for call in self.calls if (shape := _answer_for(call, file_id))]
        book_shape = next((shape for shape in shown if "sheets" in shape), {})
        listed = listed or next((shape for shape in shown if "name" in shape), {})
        title = book_shape.get("properties", {}).get("title") or listed.get("name", "Foreign")
        file = self.google.workspace.add_file(title, SPREADSHEET, owner)
        if file.book is not None and book_shape:
            fill_book(file.book, book_shape, self.google.workspace)
        if "modifiedTime" in listed:
            file.created, file.modified = _moment(listed["createdTime"]), _moment(listed["modifiedTime"])
        self.foreign.add(file_id)
        self.known[file_id] = file.id

    def _mapped(self, text: str) -> str:
        for old, new in self.known.items():
            text = text.replace(old, new)
        return text

    def _learn(self, recorded: Any, answered: Any) -> None:
        """Pair the random values that stand at the same place of both answers."""
        if isinstance(recorded, dict) and isinstance(answered, dict):
            for key in recorded.keys() & answered.keys():
                if _random(key, recorded[key]) and str(recorded[key]) != str(answered[key]):
                    self.known.setdefault(str(recorded[key]), str(answered[key]))
                self._learn(recorded[key], answered[key])
        elif isinstance(recorded, list) and isinstance(answered, list):
            for one, other in zip(recorded, answered, strict=False):
                self._learn(one, other)


def _access_token(google: GoogleServer, email: str) -> str:
    info = google.authorized_user(email)
    form = {name: info[name] for name in ("client_id", "client_secret", "refresh_token")}
    answer = requests.post(google.token_uri, data={"grant_type": "refresh_token", **form}, timeout=10)
    return str(answer.json()["access_token"])


def _created(call: Json) -> Json | None:
    """The file a call made: by a Drive create or copy, or a spreadsheets.create."""
    path = urlsplit(call["request"]["uri"]).path
    made = _loaded(call["response"]["body"]["string"])
    if call["request"]["method"] != "POST" or not isinstance(made, dict):
        return None
    if path == "/v4/spreadsheets":
        return {"id": made.get("spreadsheetId")}
    return made if re.fullmatch(r"/drive/v3/files(/[^/]+/copy)?", path) and "id" in made else None


def _listed(call: Json) -> list[Json] | None:
    if call["request"]["method"] != "GET" or urlsplit(call["request"]["uri"]).path != "/drive/v3/files":
        return None
    answer = _loaded(call["response"]["body"]["string"])
    files: list[Json] = answer.get("files", []) if isinstance(answer, dict) else []
    return [item for item in files if "id" in item]


def _answer_for(call: Json, file_id: str) -> Json | None:
    """What a read of one file showed of it."""
    path = urlsplit(call["request"]["uri"]).path
    answer = _loaded(call["response"]["body"]["string"])
    whole = path.endswith(f"/{file_id}") and call["request"]["method"] == "GET"
    return answer if whole and isinstance(answer, dict) else None


def _random(key: str, value: Any) -> bool:
    if key in ("sheetId", "protectedRangeId"):
        return _RANDOM_NUMBER.fullmatch(str(value)) is not None
    return key in ("id", "spreadsheetId", "namedRangeId", "permissionId") and isinstance(value, str)


def _comparable(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: "OPAQUE" if key in _OPAQUE else _comparable(item) for key, item in node.items()}
    if isinstance(node, list):
        return [_comparable(item) for item in node]
    return "TIME" if isinstance(node, str) and _TIME.fullmatch(node) else node


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _report(outcome: Outcome, width: int = 300) -> Iterator[str]:
    total = outcome.played + outcome.left_out
    yield f"{total} pairs, {outcome.equal} equal ({outcome.percent:.2f} %), {outcome.left_out} left out"
    for each in outcome.differences:
        yield "\n".join(line[:width] for line in str(each).splitlines())


def main(arguments: list[str]) -> int:
    """Play a folder of recordings and print what differs; 1 when something does."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("usage: python -m tests.google_server.replay FOLDER", file=sys.stderr)
        return 2
    with GoogleServer() as google:
        outcome = replay(google, Path(arguments[0]))
    print(*_report(outcome), sep="\n")
    return 1 if outcome.differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
