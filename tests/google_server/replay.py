"""Recorded real traffic played against the server.

Decided here: a life cycle runs from a recorded Drive create to its DELETE and is played by one person; ids,
random numbers and times of the recording are mapped to the server's own at their first sight, then every
status and body must be equal. Recordings start after a spreadsheet's creation or share one with another
test are left out, because their state is not known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.google_server.wire import Json

# Numbers this long are random ids in the recordings (sheet, protection, named range).
_RANDOM_NUMBER = re.compile(r"\d{6,10}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ROBOT = "robot@example-project.iam.gserviceaccount.com"


@dataclass(frozen=True)
class Difference:
    """One answer that differs from the recording."""

    file: str
    request: str
    body: str
    recorded: Any
    answered: Any


@dataclass
class Outcome:
    """How much of the recordings came out equal."""

    equal: int = 0
    left_out: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def played(self) -> int:
        return self.equal + len(self.differences)

    @property
    def percent(self) -> float:
        return 100 * self.equal / self.played if self.played else 0.0


def replay(folder: Path, endpoint: str, token: str, email: str) -> Outcome:
    """Play every self-contained life cycle of a folder of recordings."""
    outcome = Outcome()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        for path in sorted(folder.glob("*.json")):
            recorded = json.loads(path.read_text(encoding="utf-8"))["interactions"]
            cycles = list(_life_cycles(recorded))
            outcome.left_out += len(recorded) - sum(len(cycle) for cycle in cycles)
            for cycle in cycles:
                _play(path.stem, cycle, session, endpoint, email, outcome)
    return outcome


def _life_cycles(recorded: list[Json]) -> Iterator[list[Json]]:
    """Runs of calls on one file, from its create to its delete."""
    started: dict[str, list[Json]] = {}
    for call in recorded:
        request = call["request"]
        if request["method"] == "POST" and "/drive/v3/files?" in request["uri"]:
            started[json.loads(call["response"]["body"]["string"])["id"]] = [call]
            continue
        owner = next((file_id for file_id in started if file_id in request["uri"]), None)
        if owner is None:
            continue
        started[owner].append(call)
        if request["method"] == "DELETE":
            yield started.pop(owner)


def _play(
    name: str, cycle: list[Json], session: requests.Session, endpoint: str, email: str, outcome: Outcome
) -> None:
    known: dict[str, str] = {_ROBOT: email}
    for call in cycle:
        request = call["request"]
        parts = urlsplit(request["uri"])
        target = _mapped(parts.path + (f"?{parts.query}" if parts.query else ""), known)
        body = _mapped(request["body"] or "", known)
        answer = session.request(request["method"], endpoint + target, data=body.encode(), timeout=30)
        recorded_text = call["response"]["body"]["string"]
        _learn(_loaded(recorded_text), _loaded(answer.text), known)
        recorded = _without_times(_loaded(_mapped(recorded_text, known)))
        answered = _without_times(_loaded(answer.text))
        if (call["response"]["status"]["code"], recorded) == (answer.status_code, answered):
            outcome.equal += 1
        else:
            line = f"{request['method']} {target}"
            outcome.differences.append(Difference(name, line, request["body"] or "", recorded, answered))


def _mapped(text: str, known: dict[str, str]) -> str:
    for old, new in known.items():
        text = text.replace(old, new)
    return text


def _learn(recorded: Any, answered: Any, known: dict[str, str]) -> None:
    """Pair the random values that stand at the same place of both answers."""
    if isinstance(recorded, dict) and isinstance(answered, dict):
        for key in recorded.keys() & answered.keys():
            _pair(key, recorded[key], answered[key], known)
            _learn(recorded[key], answered[key], known)
    elif isinstance(recorded, list) and isinstance(answered, list):
        for one, other in zip(recorded, answered, strict=False):
            _learn(one, other, known)


def _pair(key: str, recorded: Any, answered: Any, known: dict[str, str]) -> None:
    random_id = key in ("id", "spreadsheetId")
    random_number = key in ("sheetId", "protectedRangeId", "namedRangeId") and _RANDOM_NUMBER.fullmatch(str(recorded))
    if (random_id or random_number) and str(recorded) != str(answered):
        known.setdefault(str(recorded), str(answered))


def _without_times(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_times(item) for key, item in node.items()}
    if isinstance(node, list):
        return [_without_times(item) for item in node]
    return "TIME" if isinstance(node, str) and _TIME.fullmatch(node) else node


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
