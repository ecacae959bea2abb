"""What both kinds of workbook promise of a run that is killed: the next one ends as if nothing had happened.

A class of tests takes this one over and says how many kills it wants.
"""

from contextlib import ExitStack
from typing import ClassVar

import pytest

from tests import postgres
from tests.kills import BRIEF, RARE, Scenario, benches, play_many
from tests.kills_desks import Bench
from tests.kills_tracer import is_possible

traceable = pytest.mark.skipif(not is_possible(), reason="system calls are counted on Linux, x86-64, only")


class KillContract:
    """Each command, killed at a sample of the calls that change something; all of them: `python -m tests.kills`.

    `KILLS` are those of each command by database (of the rare commands two), `FEWEST` those that must have fired in
    all. `desks` are by their database.
    """

    ON_GOOGLE: ClassVar[bool]
    KILLS: ClassVar[dict[str, int]]
    FEWEST: ClassVar[int]
    FIRED: ClassVar[list[int]]

    desks: ClassVar[dict[str, Bench]]
    _open: ClassVar[ExitStack]

    @classmethod
    def setup_class(cls) -> None:
        """Make the desks, once for all tests."""
        cls._open = ExitStack()
        made = cls._open.enter_context(benches(on_google=(cls.ON_GOOGLE,)))
        cls.desks = {bench.name[1]: bench for bench in made}

    @classmethod
    def teardown_class(cls) -> None:
        """Take them away."""
        cls._open.close()

    @pytest.mark.parametrize("scenario", BRIEF, ids=lambda scenario: scenario.name)
    @pytest.mark.parametrize("database", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.postgres)])
    def test_killed_anywhere_the_next_run_ends_as_if_nothing_had_happened(
        self, database: str, scenario: Scenario
    ) -> None:
        """Ledger, workbook, files and mails are those of an undisturbed run; one more email where nobody knew."""
        if database not in self.desks:
            pytest.skip("PostgreSQL is not installed")
        most = 2 if scenario.name in RARE else self.KILLS[database]
        tally = play_many(self.desks[database], scenario, most, seed=len(self.FIRED))
        assert not tally.wrong, "\n".join(tally.wrong)
        assert tally.fired >= most - 1
        self.FIRED.append(tally.fired)

    def test_enough_were_killed(self) -> None:
        """Many kills fired, and not only a few commands' (with both kinds of workbook together 300 or more)."""
        if len(self.FIRED) < 2 * len(BRIEF):
            pytest.skip("only a part of them was asked for" if postgres.initdb() else "PostgreSQL is not installed")
        assert sum(self.FIRED) >= self.FEWEST
