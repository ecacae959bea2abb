"""What all commands share: the configuration's path, the clock's one reading, and how things are said."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sheetsync.cli.saying import Log, is_quiet_place

if TYPE_CHECKING:
    from rich.console import Console

    from sheetsync.config import Config
    from sheetsync.runs.opening import Opened


@dataclass(frozen=True, slots=True)
class Context:
    """The options before the command."""

    config: str
    verbose: bool = False
    quiet: bool = False
    log: Log = field(default_factory=Log)

    @property
    def config_path(self) -> Path:
        """Where the configuration is."""
        return Path(self.config).expanduser()

    @contextmanager
    def opened(self, *, exclusive: bool = True, config: "Config | None" = None) -> Iterator["Opened"]:
        """Open the workbook's ledger behind the configuration, which may have been read; here the clock is, once."""
        from sheetsync.config import load_config
        from sheetsync.runs.opening import opened

        with opened(config or load_config(self.config_path), now(), exclusive=exclusive) as run:
            yield run

    def say(self, text: str = "") -> None:
        """Print a line, unless asked to be quiet. What cannot be shown is told at the end: the work goes on."""
        if self.quiet:
            return
        try:
            click.echo(self.log.clean(text))
        except BrokenPipeError:
            raise
        except OSError as error:
            self.log.unshown = error.strerror or type(error).__name__

    def warn(self, text: str | None) -> None:
        """Print a warning to stderr, if there is one."""
        if text:
            self.log.warned(text)

    def console(self) -> "Console":
        """Where tables and colours go; as wide as the terminal, and wide enough in a pipe."""
        from sheetsync.cli.tables import CleanConsole

        width = 140 if is_quiet_place() else None
        return CleanConsole(self.log.clean, quiet=self.quiet, width=width, highlight=False, soft_wrap=False)


def now() -> datetime:
    """The clock, with its time zone."""
    return datetime.now(UTC)


def say_json(value: Any) -> None:
    """Print a value as JSON; days and moments in ISO form."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain)
    if not text.replace("\n", "").isprintable():
        # What a terminal would obey, and lone surrogates, are escaped, which is the same JSON.
        text = "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)
    click.echo(text)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def parse_day(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | None:
    """The day in an option's text, such as 2026-02-14."""
    if value is None:
        return None
    from sheetsync.cells import EARLIEST, LATEST

    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no day; write it as 2026-02-14") from None
    if not EARLIEST <= day <= LATEST:
        raise click.BadParameter(f"{value} is not between {EARLIEST} and {LATEST}")
    return day


pass_context = click.make_pass_decorator(Context)
as_json = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
