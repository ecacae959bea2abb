"""How a command says what happened on stderr: lines for people, or JSON lines for programs (`--log-format json`).

Whatever a cell, a server or a library says: no secret of the configuration gets out, nothing moves the cursor or ends
a line, and a line of JSON is JSON.
"""

import contextlib
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import click

from sheetsync import printable

Level = Literal["info", "warning", "error"]


class Log:
    """What one command tells while it runs; `arguments` are those of the command line."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        # Looked for here, so that a mistake in the command line is told that way too.
        self.is_json = ("--log-format", "json") in pairwise(arguments) or "--log-format=json" in arguments
        self.config_path: Path | None = None
        self.command = ""
        self.unshown = ""  # why something could not be written to stdout
        self._run = uuid4().hex[:12]
        self._began: float | None = None

    def start(self, command: str) -> None:
        """Tell that a run begins; `end` tells the rest."""
        self.command, self._began = command, time.monotonic()
        self.event("start")

    def end(self, code: int) -> None:
        """Tell how a run ended that was begun."""
        if self._began is not None:
            level: Level = "error" if code else "info"
            self.event("end", level, exit_code=code, seconds=round(time.monotonic() - self._began, 3))

    def event(self, event: str, level: Level = "info", **values: Any) -> None:
        """Tell programs what happened; people are told otherwise."""
        if self.is_json:
            self._write_json({"level": level, **values}, event)

    def failed(self, text: str, code: int, details: Sequence[str] = (), traceback: str = "") -> int:
        """Tell an error: its line, one more for each detail, and where it happened. Answers the code."""
        if self.is_json:
            more: dict[str, Any] = {"details": list(details)} if details else {}
            more |= {"traceback": traceback} if traceback else {}
            self._write_json({"level": "error", "exit_code": code, "message": _line(text), **more}, "error")
        else:
            if traceback:
                self._write(traceback.rstrip("\n"))
            self._write_block(text, details)
        return code

    def warned(self, text: str, details: Sequence[str] = ()) -> None:
        """Tell a warning: its line, and one more for each detail."""
        if self.is_json:
            more = {"details": list(details)} if details else {}
            self._write_json({"level": "warning", "message": _line(text), **more}, "warning")
        else:
            self._write_block(text, details)

    def clean(self, text: str) -> str:
        """Text as it may be shown: its line feeds are kept."""
        return printable.lines(printable.redacted(text, self._secrets))

    @cached_property
    def _secrets(self) -> frozenset[str]:
        if self.config_path is None or not self.config_path.is_file():
            return frozenset()
        from sheetsync.config.secrets import known_secrets

        return known_secrets(self.config_path)

    def _write_block(self, text: str, details: Sequence[str]) -> None:
        self._write("\n".join([f"sheetsync: {_line(text)}", *(f"  {_line(detail)}" for detail in details)]))

    def _write(self, text: str) -> None:
        self._echo(self.clean(text))

    def _echo(self, text: str) -> None:
        # Whoever read stderr may be gone, or its disk full; the exit code still tells.
        with contextlib.suppress(OSError, ValueError):
            click.echo(text, err=True)

    def _write_json(self, values: dict[str, Any], event: str) -> None:
        import json

        about = {"event": event, "at": datetime.now(UTC).isoformat(), "run": self._run, "command": self.command}
        self._echo(json.dumps(self._plain({**values, **about})))

    def _plain(self, value: Any) -> Any:
        """A value as it goes into JSON: texts without secrets and what is no text."""
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, dict):
            return {key: self._plain(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(each) for each in value]
        return value


def is_quiet_place() -> bool:
    """Whether nobody watches: under cron, in a pipe, in a journal."""
    return sys.stdout is None or not sys.stdout.isatty()


def _line(text: str) -> str:
    return " ".join(text.splitlines())
