"""Runs that are killed, with a Google Sheet and both databases."""

from typing import ClassVar

from tests.kill_contract import KillContract, traceable


@traceable
class TestKills(KillContract):
    """A Google Sheet keeps the promise."""

    ON_GOOGLE = True
    KILLS: ClassVar = {"SQLite": 6, "PostgreSQL": 4}
    FEWEST = 110
    FIRED: ClassVar = []
