"""Writing emails: links to the very tab, what the keeper is told, what a message's headers say."""

from pathlib import Path

import pytest

from sheetsync.config import Config
from sheetsync.ledger import Ledger
from sheetsync.ledger.told import remember_told, told
from sheetsync.runs.writing import links

SHEET = "1aBcDeFgHiJkL"


def test_links_lead_to_the_tab_on_google() -> None:
    """By the sheet id that the ledger knows; to the workbook where it knows none."""
    link_of = links(Config(workbook=SHEET), {"weekly": "1234", "odd": "x&y"})
    address = f"https://docs.google.com/spreadsheets/d/{SHEET}/edit"
    assert [link_of(key) for key in ("weekly", "odd", "absent", "")] == [
        f"{address}#gid=1234",
        address,
        address,
        address,
    ]


def test_a_local_workbook_has_no_links() -> None:
    """A file on somebody's machine is no address for a partner."""
    assert links(Config(workbook="goals.xlsx"), {"weekly": "1234"})("weekly") is None


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A new ledger."""
    return Ledger(f"sqlite:///{tmp_path / 'sheetsync.db'}", "goals.xlsx")


def test_what_was_told_is_remembered(ledger: Ledger) -> None:
    """The last one counts, each kind and workbook for itself."""
    assert told(ledger, "problems") == frozenset()
    remember_told(ledger, "problems", ["a", "b"])
    remember_told(ledger, "problems", ["b", "c"])
    assert told(ledger, "problems") == {"b", "c"}
    assert told(ledger, "other") == told(ledger.of("another.xlsx"), "problems") == frozenset()
    ledger.close()
