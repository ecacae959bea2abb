"""No regular expression of the package takes long over a long text, whatever is in it."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator

import pytest

import sheetsync

LENGTH = 100_000
SECONDS = 0.5  # of a processor; a text of that length is read in a hundredth of it
# Whose callers bound the text: by how many characters.
BOUNDED = {
    "sheetsync.dates.": 60,  # dates._LONGEST: what is longer is no date
    "sheetsync.ledger.copies.": 255,  # the name of a file
    "sheetsync.runs.examining_modes._PASSWORD_IN_URL": 10_000,  # a value of the configuration
}
# Looked for only at the beginning of a text.
AT_THE_BEGINNING = {
    "sheetsync.runs.examining_modes._PASSWORD_IN_URL",
    "sheetsync.runs.tabular._FORMULA_LIKE",
    "sheetsync.workbook.google.rows._RANGE",
    "sheetsync.workbook.xlsx.refusals._ENCODING",
}


def _patterns() -> Iterator[tuple[str, "re.Pattern[str] | re.Pattern[bytes]"]]:
    for module in pkgutil.walk_packages(sheetsync.__path__, "sheetsync."):
        if ".migrations" in module.name or module.name.endswith("__main__"):
            continue
        found = importlib.import_module(module.name)
        for name, value in vars(found).items():
            for at, one in enumerate(value.values() if isinstance(value, dict) else [value]):
                if isinstance(one, re.Pattern):
                    yield f"{module.name}.{name}" + (f"[{at}]" if isinstance(value, dict) else ""), one


PATTERNS = dict(_patterns())


def _texts(source: str, length: int) -> Iterator[str]:
    """Long repeats of what the expression may look for, each with an end that it does not."""
    letters = sorted({*(one for one in source if not one.isalnum()), *"0a .,-'=\n"})
    pieces = [
        *letters,
        "ab ",
        "1,",
        "1 ",
        "a.",
        "a@",
        "<a ",
        "1-",
        " \n",
        "$A$1",
        "'a'",
        *re.findall("[a-z]{3,}", source),
    ]
    for piece in dict.fromkeys(pieces):
        text = piece * (length // len(piece))
        yield text + "\0!"
    yield "".join(letters) * (length // len(letters)) + "\0!"


def test_they_are_found() -> None:
    """The walk finds the expressions of the package."""
    assert len(PATTERNS) > 40


@pytest.mark.parametrize("name", PATTERNS)
def test_it_ends_soon(name: str) -> None:
    """Half a second of a processor for a text of 100,000 characters, or as long as its caller lets it be."""
    pattern = PATTERNS[name]
    source = pattern.pattern.decode() if isinstance(pattern.pattern, bytes) else pattern.pattern
    length = next((bound for start, bound in BOUNDED.items() if name.startswith(start)), LENGTH)
    use = pattern.match if name in AT_THE_BEGINNING else pattern.search
    for text in _texts(source, length):
        started = time.process_time()
        use(text.encode() if isinstance(pattern.pattern, bytes) else text)  # type: ignore[arg-type]
        used = time.process_time() - started
        assert used < SECONDS, f"{name} {source!r}, {text[:12]!r}: {used:.1f} s"
