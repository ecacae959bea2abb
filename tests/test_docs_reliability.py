"""docs/reliability.md and docs/security.md name tests that exist; the first one goes through every failure."""

import re

import pytest

from tests.conftest import PROJECT

PAGES = ("reliability.md", "security.md")
DEFINED = {
    name
    for path in (PROJECT / "tests").glob("*.py")  # contracts too, which other modules take over
    for name in (path.stem, *re.findall(r"^ *def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
}


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page: str) -> None:
    """Whoever looks for the proof finds it."""
    named = set(re.findall(r"`(test_\w+)`", (PROJECT / "docs" / page).read_text(encoding="utf-8")))
    assert len(named) > 10
    assert named - DEFINED == set()


def test_every_failure_has_its_row() -> None:
    """None of the catalogue's 108 is left out; a row may stand for several."""
    text = (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")
    numbers: list[int] = []
    for first, joint, last in re.findall(r"^\| F-(\d+)(?:( to |, )F-(\d+))? \|", text, re.MULTILINE):
        numbers += [int(first)] if not joint else range(int(first), int(last) + 1)
    assert numbers == [*range(1, 109)]
