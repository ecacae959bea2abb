"""Runs a command of sheetsync with a clock that is set, a mail server that is waited for only briefly, and a death.

    python -m tests.mail_sender 2026-10-14T08:00:00+00:00 "after committing" -- -c config.yaml email send

The second argument says at which mark of the outbox the process kills itself, "" at none: before a statement is
executed, `unsettled` between that and its commit, or after the commit.
"""

import os
import signal
import sys
from datetime import datetime
from typing import Any

import time_machine
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from sheetsync.cli import run
from sheetsync.mail import smtp

BRIEF = smtp.Timeouts(connect=2.0, command=2.0, final=2.0)
MARKS = ("queued", "connecting", "committing", "sent")
MOMENTS = ("before", "unsettled", "after")


def main(at: str, death: str, *arguments: str) -> int:
    """Run the command and answer its exit code."""
    smtp.TIMEOUTS = BRIEF
    if death:
        moment, _, mark = death.partition(" ")
        _die(moment, mark)
    with time_machine.travel(datetime.fromisoformat(at)):
        return run(list(arguments))


def _die(moment: str, mark: str) -> None:
    reached = False

    def kill(*_: Any) -> None:
        if reached:
            os.kill(os.getpid(), signal.SIGKILL)

    def look(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        nonlocal reached
        given = parameters.values() if isinstance(parameters, dict) else parameters
        if statement.startswith(("UPDATE outbox", "INSERT INTO outbox")) and mark in list(given):
            reached = True
            if moment == "before":
                kill()

    event.listen(Engine, "before_cursor_execute", look)
    event.listen(Engine, "commit", kill) if moment == "unsettled" else event.listen(Pool, "checkin", kill)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], *sys.argv[4:]))
