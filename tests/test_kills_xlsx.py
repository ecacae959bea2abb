"""Each command, killed at a sample of the calls that change something, with a local workbook and both databases.

All of them: `python -m tests.kills`.
"""

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.kills import BRIEF, RARE, Case, Scenario, benches, play, play_many, undisturbed
from tests.kills_desks import Bench
from tests.kills_tracer import is_possible

pytestmark = pytest.mark.skipif(not is_possible(), reason="system calls are counted on Linux, x86-64, only")
# Kills of each command; of the rare ones two.
KILLS = {"SQLite": 13, "PostgreSQL": 5}
fired: list[int] = []


@pytest.fixture(scope="module")
def desks() -> Iterator[dict[str, Bench]]:
    """The desks by their database."""
    with benches(on_google=(False,)) as made:
        yield {bench.name[1]: bench for bench in made}


@pytest.fixture
def local(desks: dict[str, Bench]) -> Bench:
    """A local workbook with an SQLite ledger."""
    return desks["SQLite"]


@pytest.mark.parametrize("scenario", BRIEF, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("database", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.postgres)])
def test_killed_anywhere_the_next_run_ends_as_if_nothing_had_happened(
    desks: dict[str, Bench], database: str, scenario: Scenario
) -> None:
    """Ledger, workbook, files and mails are those of an undisturbed run; one more email only where nobody knew."""
    if database not in desks:
        pytest.skip("PostgreSQL is not installed")
    most = 2 if scenario.name in RARE else KILLS[database]
    tally = play_many(desks[database], scenario, most, seed=len(fired))
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.fired >= most - 1
    fired.append(tally.fired)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 1.0])
def test_a_process_of_its_own_may_be_killed(local: Bench, share: float) -> None:
    """From Python's start to its end, as cron starts it: the kills above are not a matter of how they are made."""
    sync = next(scenario for scenario in BRIEF if scenario.name == "sync, the first")
    wanted = undisturbed(local, sync)
    case = Case(round(len(wanted.calls) * share), "before")
    outcome = play(local, sync, wanted, case, started=True)
    assert outcome.fired
    assert not outcome.wrong, outcome.wrong


def test_enough_were_killed() -> None:
    """Many kills fired, and not only a few commands' (together with the other backend's, 300 or more)."""
    if len(fired) < 2 * len(BRIEF):
        pytest.skip("only a part of them was asked for" if postgres.initdb() else "PostgreSQL is not installed")
    assert sum(fired) >= 196
