"""What the project stands on: no version with a known hole is allowed, and none is installed."""

import os
import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.conftest import PROJECT

ADVISORIES: dict[str, Any] = tomllib.loads((PROJECT / ".ci" / "advisories.toml").read_text(encoding="utf-8"))[
    "packages"
]
_PROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIRED = [
    Requirement(text)
    for group in (_PROJECT["dependencies"], *_PROJECT["optional-dependencies"].values())
    for text in group
]


@pytest.mark.parametrize("requirement", REQUIRED, ids=str)
def test_no_version_with_a_known_hole_is_allowed(requirement: Requirement) -> None:
    """Every dependency has a lower bound, above the last version that is known to be vulnerable."""
    bounds = [Version(one.version) for one in requirement.specifier if one.operator == ">="]
    known = ADVISORIES.get(requirement.name.lower())
    if known is not None:
        assert bounds, requirement
        assert max(bounds) >= Version(known["from"]), f"{requirement} allows {', '.join(known['known'])}"


@pytest.mark.parametrize("name", ADVISORIES)
def test_no_version_with_a_known_hole_is_installed(name: str) -> None:
    """What is required by what we require counts too."""
    try:
        installed = Version(version(name))
    except PackageNotFoundError:
        return  # what is not there has no hole
    assert installed >= Version(ADVISORIES[name]["from"]), ADVISORIES[name]["known"]


def test_the_list_names_its_reasons() -> None:
    """Each bound is there for an advisory that one can look up."""
    for name, known in ADVISORIES.items():
        assert known["known"], name
        assert all(re.fullmatch(r"CVE-\d{4}-\d{4,}", one) for one in known["known"]), name


# What stands for python3, for pip and for the auditor, so that no test asks a network: each says what it is told to.
_PYTHON = """#!/bin/bash
mkdir -p "$3/bin"
printf '#!/bin/bash\\nexit %s\\n' "$PIP_ENDS" > "$3/bin/pip"
printf '#!/bin/bash\\nwhile [ "$1" != --output ]; do shift; done\\nprintf "$FOUND" > "$2"\\n' > "$3/bin/pip-audit"
printf 'exit %s\\n' "$AUDIT_ENDS" >> "$3/bin/pip-audit"
chmod +x "$3"/bin/*
"""


@pytest.mark.parametrize(
    ("pip_ends", "audit_ends", "found", "code", "said"),
    [
        (0, 0, '{"dependencies": []}', 0, "no known hole in what is installed"),
        (0, 1, '{"dependencies": ["jinja2 CVE-2024-1"]}', 1, "jinja2 CVE-2024-1"),
        (0, 1, "", 0, "NOT MADE, the advisory service does not answer"),
        (1, 0, "", 0, "NOT MADE, pip-audit cannot be installed"),
    ],
    ids=["sound", "a hole", "no service", "no auditor"],
)
def test_the_audit_tells_a_hole_from_a_silent_service(
    tmp_path: Path, pip_ends: int, audit_ends: int, found: str, code: int, said: str
) -> None:
    """A known hole fails the build and is shown; that nobody could be asked is said, and fails nothing."""
    python = tmp_path / "python3"
    python.write_text(_PYTHON, encoding="utf-8")
    python.chmod(0o755)
    told = {"PIP_ENDS": str(pip_ends), "AUDIT_ENDS": str(audit_ends), "FOUND": found, "TMPDIR": str(tmp_path)}
    env = {**os.environ, **told, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ended = subprocess.run(
        [PROJECT / ".ci" / "audit", "anywhere"], env=env, capture_output=True, text=True, check=False
    )
    assert ended.returncode == code, ended
    assert said in ended.stdout + ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["python3"]
