"""docs/emails.md names every kind, block and value, and none that no longer exists."""

import re
from dataclasses import fields

import pytest

from sheetsync import digests
from sheetsync.digests import Digest
from sheetsync.digests.samples import samples
from sheetsync.kinds import KINDS
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "emails.md").read_text(encoding="utf-8")
TEMPLATES = PROJECT / "templates" / "emails"
COMMON = {field.name for field in fields(Digest)}


def row(kind: str, heading: str) -> set[str]:
    """The names in a kind's row of the table under a heading."""
    table = PAGE.split(heading)[1]
    line = next(line for line in table.splitlines() if line.startswith(f"| `{kind}`"))
    return set(re.findall(r"`(\w+)`", line.split("|")[2]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_values_of_every_kind_are_listed(kind: str) -> None:
    """Exactly the fields that its digest has besides the common ones."""
    assert row(kind, "| kind | besides |") == {f.name for f in fields(samples(kind)[0])} - COMMON


@pytest.mark.parametrize("kind", KINDS)
def test_the_blocks_of_every_kind_are_listed(kind: str) -> None:
    """Exactly those that stand in its own template inside the content."""
    content = (TEMPLATES / f"{kind}.html.j2").read_text(encoding="utf-8").split("{% block content %}")[1]
    assert row(kind, "| kind | blocks |") == set(re.findall(r"{% block (\w+) %}", content))


def test_the_common_values_and_blocks_are_listed() -> None:
    """Those of the frame."""
    said = PAGE.split("In all kinds:")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", said)) == COMMON
    said = PAGE.split("Blocks of every HTML template:")[1].split("\n\n")[0].split("Inside")[0]
    layout = (TEMPLATES / "layout.html.j2").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\w+)`", said)) == set(re.findall(r"{% block (\w+) %}", layout))


@pytest.mark.parametrize(
    "name",
    [
        "Line",
        "Hassle",
        "Ask",
        "Target",
        "Question",
        "Said",
        "Member",
        "MonthTarget",
        "Year",
        "Month",
        "FlawedTab",
        "Flaw",
        "Sheet",
    ],
)
def test_what_lists_hold_is_listed(name: str) -> None:
    """Every field of what stands in a list."""
    said = set(re.findall(r"`(\w+)`", PAGE.split("| in a list of |")[1]))
    assert {field.name for field in fields(getattr(digests, name))} <= said


def test_every_file_is_named() -> None:
    """The blocks that may be replaced."""
    blocks = {path.name.removesuffix(".html.j2") for path in (TEMPLATES / "blocks").glob("*.html.j2")}
    said = next(line for line in PAGE.splitlines() if line.startswith("| `blocks/*.html.j2`"))
    assert set(re.findall(r"`(\w+)`", said)) == blocks
