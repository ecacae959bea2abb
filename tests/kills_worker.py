"""A process that has imported all of sheetsync and forks a child for each command, so that one costs no start.

with Worker() as worker:
    worker.run(at, "-c", config, "sync")                          # to its end, in a child of its own
    worker.kill(at, 17, "before", "-c", config, "sync")           # SIGKILL before its 17th call
"""

import gc
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import time_machine

from tests.cli import NOW, PROJECT, Result
from tests.kills_tracer import Moment, Trace, traced

# Commands whose modules are imported before anything is forked.
_WARMING = (
    ("init", "--timezone", "UTC"),
    ("create", "--examples", "--person", "Ann <ann@example.com>"),
    ("log", "Cold call", "3", "--date", "2026-10-12"),
    ("sync",),
    ("sync",),
    ("doctor",),
    ("email", "send"),
    ("run",),
)
_MODULES = (
    "psycopg", "gspread", "google.oauth2.service_account", "sqlalchemy.dialects.postgresql.psycopg",
    "sheetsync.workbook.google", "sheetsync.workbook.google.restoring", "sheetsync.workbook.xlsx.restoring",
    "sheetsync.runs.upgrading", "sheetsync.runs.mending", "sheetsync.runs.examining", "sheetsync.mail.smtp",
    "pyrate_limiter", "tenacity", "requests", "google.auth.transport.requests",
)  # fmt: skip


class Worker:
    """The forking process, from outside."""

    def __init__(self) -> None:
        env = {
            **os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NO_GCE_CHECK": "true",
            "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"):
            env.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kills_worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT, env=env,
        )  # fmt: skip

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, at: datetime, *arguments: str | Path) -> Result:
        """Run a command to its end."""
        return Result(**self._ask(at=at.isoformat(), arguments=list(map(str, arguments))))

    def kill(self, at: datetime, number: int, moment: Moment, *arguments: str | Path, started: bool = False) -> Trace:
        """Kill a command at that of its calls that change something, counted from 1; at 0 it comes to its end.

        `started`: in a process that is started for it, from Python's start to its end, which takes much longer.
        """
        words = list(map(str, arguments))
        told = self._ask(at=at.isoformat(), arguments=words, number=number, moment=moment, started=started)
        return Trace(tuple(told["calls"]), told["code"], told["fired"])

    def _ask(self, **job: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        with time_machine.travel(
            datetime.fromisoformat(job["at"])
        ):  # the servers in this process go by the same clock
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, "the forking process died"
        told: dict[str, Any] = json.loads(answer)
        return told


def _command(arguments: list[str], at: datetime) -> int:
    from sheetsync.cli import run

    gc.disable()
    with time_machine.travel(at):
        return run(arguments)


def _to_its_end(arguments: list[str], at: datetime) -> dict[str, Any]:
    """Run a command in a child; its code and words come back through a pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        out, err = io.StringIO(), io.StringIO()
        code = 70
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = _command(arguments, at)
        except BaseException as error:
            err.write(repr(error))
        finally:
            with os.fdopen(writing, "w") as pipe:
                json.dump({"code": code, "out": out.getvalue(), "err": err.getvalue()}, pipe)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told: dict[str, Any] = json.load(pipe)
    os.waitpid(child, 0)
    return told


def _killed(arguments: list[str], at: datetime, number: int, moment: Moment, *, started: bool) -> dict[str, Any]:
    def work() -> int:
        if started:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
            sender = ["-m", "tests.mail_sender", at.isoformat(), "", "--"]
            os.execv(sys.executable, [sys.executable, *sender, *arguments])
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return _command(arguments, at)

    return asdict(traced(work, number, moment))


def _warm() -> None:
    import importlib

    for name in _MODULES:
        with suppress(ImportError):  # PostgreSQL's is an extra; modules move
            importlib.import_module(name)
    folder = tempfile.mkdtemp(prefix="sheetsync-kills-")
    try:
        for arguments in _WARMING:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                _command(["-c", f"{folder}/config.yaml", *arguments], NOW)
    finally:
        shutil.rmtree(folder)
    gc.collect()
    gc.freeze()


def main(jobs: Iterable[str]) -> None:
    """Answer jobs, a line of JSON each, until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    _warm()
    for line in jobs:
        job = json.loads(line)
        at = datetime.fromisoformat(job["at"])
        if "number" in job:
            told = _killed(job["arguments"], at, job["number"], job["moment"], started=job["started"])
        else:
            told = _to_its_end(job["arguments"], at)
        answers.write(json.dumps(told) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.stdin)
