"""Opening what a run works with: the workbook behind the configuration, its ledger, and the lock around both."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sheetsync.config import Config, find_template
from sheetsync.errors import ConfigError
from sheetsync.ledger import Ledger, Remembered
from sheetsync.ledger.database import ledger_file
from sheetsync.ledger.locks import held
from sheetsync.periods import AsOf
from sheetsync.reading import Settings
from sheetsync.restated import Reported
from sheetsync.standing import as_it_was_made
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import Layout, Workbook


@dataclass(frozen=True, slots=True)
class Opened:
    """What a run works with. `now` is the one reading of the clock, an aware datetime."""

    config: Config
    template: WorkbookTemplate
    ledger: Ledger
    now: datetime

    @property
    def today(self) -> date:
        """Today, in the workbook's time zone."""
        return self.now.astimezone(self.config.zone).date()

    def as_of(self, day: date | None) -> AsOf:
        """The as-of day: the end of `day`, or now, with today under way."""
        return AsOf(self.today, under_way=True) if day is None else AsOf(day, under_way=False)

    def reported(self, as_of: AsOf) -> Reported:
        """What had been reported of closed periods by the end of the as-of day; while it is under way, by now.

        What a run with a clock ahead of time reported is not believed: those periods were not over.
        """
        if as_of.under_way:
            return self.ledger.reported(self.now + timedelta.resolution)
        return self.ledger.reported(datetime.combine(as_of.boundary, time.min, self.config.zone))

    def settings(self, year: int) -> Settings:
        """What the configuration says about time."""
        return Settings(self.config.calendar, year, self.config.holidays or "")

    def at_work(self) -> tuple["Opened", Workbook]:
        """The workbook, and the run with the template as far as that has it: it may be of an earlier version."""
        workbook = self.workbook()
        run = replace(self, template=as_far_as_made(self.template, workbook, self.ledger))
        return run, run.workbook() if run.template is not self.template else workbook

    def workbook(self) -> Workbook:
        """The workbook, where the configuration says it is, with all tabs of the template."""
        config = self.config
        if config.spreadsheet_id is None:
            from sheetsync.workbook import xlsx

            return xlsx.open_workbook(local_path(config), self.template, config.calendar)
        from sheetsync.workbook import google

        known = self.ledger.remembered()
        connection = google.connect(config.credentials_path, config.google.api_endpoint)
        return google.open_workbook(connection, config.spreadsheet_id, self.template, _layout(known), config.calendar)


def as_far_as_made(template: WorkbookTemplate, workbook: Workbook, ledger: Ledger | None) -> WorkbookTemplate:
    """The template as far as the workbook has it. A tab that the ledger has seen is gone, not new."""
    known = ledger.remembered() if ledger and workbook.layout.version < template.version else None
    made = {*workbook.layout.marks, *(known.marks if known else ())}
    return as_it_was_made(template, made, workbook.layout.version)


def _layout(known: Remembered | None) -> Layout | None:
    """Where the ledger remembers the tabs to be."""
    return Layout(known.year, known.template, known.marks, known.version) if known and known.marks else None


def local_path(config: Config) -> Path:
    """The path of a local workbook."""
    path = config.workbook_path
    if path is None:
        raise ConfigError(f"workbook: {config.workbook} is not a local file")
    return path


def identity(config: Config) -> str:
    """The name under which the ledger knows the workbook: the spreadsheet id, or the path as configured."""
    return config.spreadsheet_id or config.workbook


def lock_path(config: Config) -> Path:
    """The file whose lock keeps a second run of the workbook out: one a workbook, whichever configuration names it.

    Beside a local workbook; a Google Sheet's lies beside a ledger that is a file, else beside the configuration.
    """
    if config.spreadsheet_id is None:
        # Wherever a symbolic link leads: that is what gets replaced.
        real = Path(os.path.realpath(local_path(config)))
        return real.with_name(f".{real.name}.lock")
    ledger = ledger_file(config.ledger_url)
    folder = ledger.parent if ledger else config.folder
    return Path(os.path.realpath(folder)) / f".{config.spreadsheet_id}.lock"


@contextmanager
def locked(config: Config) -> Iterator[None]:
    """Keep other runs of the workbook out, on this machine. Raises `Busy` when one is at work.

    What a run left beside a local workbook when it was killed there is removed.
    """
    with held(lock_path(config), str(config.workbook_path or config.spreadsheet_id)):
        if config.workbook_path is not None:
            _clear_leftovers(Path(os.path.realpath(config.workbook_path)))
        yield


def _clear_leftovers(path: Path) -> None:
    with suppress(OSError):
        if any(path.parent.glob(".*.tmp")):  # hardly ever, and what tells whose they are takes a while to load
            from sheetsync.workbook.xlsx.archive import clear_leftovers

            clear_leftovers(path)


@contextmanager
def opened(config: Config, now: datetime, *, exclusive: bool = True) -> Iterator[Opened]:
    """Open the ledger, under a lock that keeps a second run out. Raises `Busy` when another run holds it."""
    template = find_template(config.template, config.folder)
    # What libraries have to say stands in the errors they raise; without a handler Python would print it beside them.
    if not logging.getLogger().hasHandlers():
        logging.getLogger().addHandler(logging.NullHandler())
    with ExitStack() as stack:
        if exclusive:
            stack.enter_context(locked(config))
        ledger = Ledger(config.ledger_url, identity(config), reading=not exclusive)
        stack.callback(ledger.close)
        if exclusive:
            ledger.hold()
        yield Opened(config, template, ledger, now)
