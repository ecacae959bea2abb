"""People type while runs, crashes, faults and clock jumps happen: when it has settled, everything adds up."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest

from tests.beside_people import Walk
from tests.beside_sheets import Grid, Sheets, Tab, label, sums, told
from tests.beside_studio import Studio

TODAY = date(2026, 3, 18)


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    """The servers, and the desks to copy."""
    with Studio.opened() as opened:
        yield opened


@pytest.mark.parametrize(
    ("backend", "seeds"),
    [
        ("xlsx", range(1, 14)),
        ("google", range(1, 5)),
        ("xlsx-postgres", range(1, 3)),
        ("google-postgres", range(1, 2)),
    ],
)
def test_beside_people_nothing_is_lost_doubled_or_wrong(studio: Studio, backend: str, seeds: range) -> None:
    """Walks of 1,000 steps: rows read = accepted + refused, the ledger forgets no row, a second sync changes nothing,
    no run writes where people type, the guard trips when it should and only then, no email comes twice.
    """
    if "postgres" in backend and not studio.has_postgres:
        pytest.skip("PostgreSQL is not installed")
    done: Counter[str] = Counter()
    for seed in seeds:
        done += Walk(studio, seed, backend).go(1000)
    assert done["steps"] == 1000 * len(seeds)
    assert done["runs"] >= 15 * len(seeds)


def test_the_naive_reader_says_what_a_log_holds() -> None:
    """The oracle itself: one row that counts, one for each way to be wrong, and a tally's cells."""
    log: Grid = [
        ["Date", "Who", "Activity", "Count", "Amount", "Quality", "Contact", "Notes"],
        ["2026-03-17", " ANN ", "cold call", None, None, None, "Acme", "a  b"],
        [46098, "Ann", "Cold call", "4", -5, 6],
        [],
        ["tomorrow", "Ann", "Cold call"],
        [46099, "Zed", "Cold call"],
        [46200, "Ann", "Cold call"],
        [46099, "Ann", "Cold call", -1],
    ]
    tally: Grid = [["Date", "Who", "Cold call", "Other"], [46099, "Ann", 2, 9], ["?", "Ann", 1]]
    names: dict[str, Grid] = {
        "people": [["Name"], ["Ann"], ["Ben"]],
        "activities": [["Activity"], ["Cold call"]],
    }
    grids = {"log": log, "tally": tally, **names}
    found = told(Sheets({key: Tab(key, grid) for key, grid in grids.items()}), TODAY)
    assert found.rows == 8
    assert set(found.refused) == {("log", row) for row in (3, 5, 6, 7, 8)} | {("tally", 3)}
    assert sums(found.facts)["week", "2026-W12", "Ann", "Cold call"] == 3
    assert label("quarter", 46099) == "2026-Q1"
