"""Names: found however they are typed, never guessed, a near miss gets a hint."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.cells import Misread
from sheetsync.names import Names

PEOPLE = Names("person", ["Ann Example", "Ben Straße", "274"])


@pytest.mark.parametrize("typed", ["Ann Example", " ann  example ", "ANN\u00a0EXAMPLE", "\ufeffAnn Example"])
def test_case_and_blanks_do_not_matter(typed: str) -> None:
    """However it is typed, the name comes out as it is written in the People tab."""
    assert PEOPLE.find(typed) == "Ann Example"


def test_letters_and_numbers_as_spreadsheets_store_them() -> None:
    """STRASSE is Straße, and the number 274 is the name "274"."""
    assert PEOPLE.find("BEN STRASSE") == "Ben Straße"
    assert PEOPLE.find(274.0) == "274"


def test_a_near_miss_is_a_hint_not_a_guess() -> None:
    """A typing error is refused, and the answer asks for the name that is meant."""
    read = PEOPLE.find("Ann Exmaple")
    assert isinstance(read, Misread) and "did you mean “Ann Example”" in read.hint


def test_an_unknown_name_is_refused() -> None:
    """Nobody like that: the answer says what to do."""
    read = PEOPLE.find("Zoltan")
    assert isinstance(read, Misread) and "unknown person" in read.what and "add it" in read.hint


def test_an_error_of_a_formula_is_said() -> None:
    """#REF! is not an unknown name but a broken formula."""
    read = PEOPLE.find("#REF!")
    assert isinstance(read, Misread) and "error #REF!" in read.what


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_a_reason(text: str) -> None:
    """Looking a text up never raises, and only known names are found."""
    read = PEOPLE.find(text)
    assert isinstance(read, Misread) or read in list(PEOPLE)


@pytest.mark.realdata
def test_naughty_strings_are_names_too(data: Path) -> None:
    """Each of the Big List of Naughty Strings can be a name, and finds itself again."""
    naughty = json.loads((data / "naughty" / "blns.json").read_text(encoding="utf-8-sig"))
    for text in naughty:
        found = Names("activity", [text]).find(text)
        assert found == text
        assert isinstance(PEOPLE.find(text), Misread)
