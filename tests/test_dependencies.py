"""What the project stands on: no version with a known hole is allowed, and none is installed."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
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
