"""docs/google-setup.md lists every message about Google, and none that no longer exists."""

import ast
import re
from collections.abc import Iterator

import pytest

from sheetsync import errors
from tests.conftest import PROJECT

PAGE = PROJECT / "docs" / "google-setup.md"
GOOGLE = PROJECT / "sheetsync" / "workbook" / "google"
# Where people meet them; what `doctor` says it explains itself.
SOURCES = [
    *(path for path in sorted(GOOGLE.glob("*.py")) if path.stem not in {"examining", "restoring"}),
    PROJECT / "sheetsync" / "runs" / "authorizing.py",
]
RAISED = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
RAISED |= {"Failure"}


def written(node: ast.AST) -> str:
    """A text as it stands in the source, with … for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


def messages() -> Iterator[str]:
    """The texts of the errors that are raised, and the sentences that refusals.py makes for them."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in RAISED
                and node.args
            ):
                yield written(node.args[0])
            if isinstance(node, ast.Return) and node.value is not None and path.stem == "refusals":
                yield written(node.value)


# What is only put together from other messages says nothing by itself.
MESSAGES = sorted({text for text in messages() if len(re.findall(r"[a-z]+", text)) >= 3})
ROWS = re.findall(r"^\| `(.+?)` \| \d? ?\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def fits(row: str, message: str) -> bool:
    """Whether the parts of a row stand in the message, in their order."""
    place = 0
    for part in filter(None, (part.strip() for part in row.split("…"))):
        place = message.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_is_explained(message: str) -> None:
    """In the table, by its beginning."""
    assert any(fits(row, message) for row in ROWS), f"docs/google-setup.md does not explain: {message}"


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_a_message(row: str) -> None:
    """A message that was changed or dropped has no row."""
    assert any(fits(row, message) for message in MESSAGES), f"docs/google-setup.md explains what nobody says: {row}"


def test_every_link_inside_the_page_leads_somewhere() -> None:
    """Titles make anchors as GitHub does."""
    text = PAGE.read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
