"""What `doctor` says, for the tests: its checks by name, and the one that is expected to complain."""

import json
from typing import Any

from tests.cli import Desk


def checks(desk: Desk, *options: str, code: int = 0) -> dict[str, dict[str, Any]]:
    """What `doctor` says, by check; what --fix did is in "fix", a line each."""
    result = desk.run("doctor", "--json", *options)
    assert (result.code, result.err) == (code, ""), result
    found: list[dict[str, Any]] = json.loads(result.out)
    fixed = "\n".join(check["found"] for check in found if check["name"] == "fix")
    return {check["name"]: check for check in found} | {"fix": {"found": fixed}}


def states(found: dict[str, dict[str, Any]], *wanted: str) -> set[str]:
    """The names of the checks in one of these states."""
    return {name for name, check in found.items() if check.get("state") in wanted}


def failed(desk: Desk, name: str, code: int, *words: str) -> dict[str, dict[str, Any]]:
    """What `doctor` says when this one check fails, with these words in what it found and what to do."""
    found = checks(desk, code=code)
    assert states(found, "failed") == {name}
    said = f"{found[name]['found']} → {found[name]['remedy']}"
    assert not [word for word in words if word not in said], said
    return found


def warned(desk: Desk, name: str, *words: str) -> dict[str, dict[str, Any]]:
    """Likewise for a warning: the exit code is 0."""
    found = checks(desk)
    assert found[name]["state"] == "warning", found[name]
    said = f"{found[name]['found']} → {found[name]['remedy']}"
    assert not [word for word in words if word not in said], said
    return found
