"""Runs that are killed, with a local workbook and both databases."""

from typing import ClassVar

import pytest

from tests.kill_contract import KillContract, traceable
from tests.kills import BRIEF, Case, play, undisturbed


@traceable
class TestKills(KillContract):
    """A local workbook keeps the promise."""

    ON_GOOGLE = False
    KILLS: ClassVar = {"SQLite": 13, "PostgreSQL": 5}
    FEWEST = 196
    FIRED: ClassVar = []

    @pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 1.0])
    def test_a_process_of_its_own_may_be_killed(self, share: float) -> None:
        """From Python's start to its end, as cron starts it: how a kill is made does not matter."""
        sync = next(scenario for scenario in BRIEF if scenario.name == "sync, the first")
        wanted = undisturbed(self.desks["SQLite"], sync)
        case = Case(round(len(wanted.calls) * share), "before")
        outcome = play(self.desks["SQLite"], sync, wanted, case, started=True)
        assert outcome.fired
        assert not outcome.wrong, outcome.wrong
