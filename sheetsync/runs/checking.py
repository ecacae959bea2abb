"""What a check of the set-up is: it looks at one thing, says what it found and what to do, and stops no other.

Checks that need what a failed one looked for are skipped and say so.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sheetsync.config import Config
from sheetsync.errors import Busy, SheetsyncError
from sheetsync.ledger import Ledger
from sheetsync.runs.opening import Opened
from sheetsync.tabs import TabContents
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import Workbook

if TYPE_CHECKING:
    from sheetsync.runs.syncing import SyncPlan
    from sheetsync.workbook.google.connection import Connection
    from sheetsync.workbook.google.examining import Seen

State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Said:
    """What a check found: `remedy` is what to do about it, `exit_code` that of a sync which meets the same."""

    found: str
    remedy: str = ""
    state: State = "ok"
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its result; several findings are separated by ` | `."""

    name: str
    state: State
    found: str
    remedy: str = ""
    exit_code: int = 0


@dataclass
class Setup:
    """What the checks have found out so far, for those that come later; `ledger` is None while it cannot be used."""

    path: Path
    now: datetime
    started: float = field(default_factory=time.monotonic)
    config: Config = field(init=False)
    template: WorkbookTemplate = field(init=False)
    workbook: Workbook = field(init=False)
    contents: dict[str, TabContents] = field(init=False)
    ledger: Ledger | None = None
    connection: "Connection | None" = None
    seen: "Seen | None" = None
    refusal: SheetsyncError | None = None
    plan: "SyncPlan | None" = None

    @property
    def on_google(self) -> bool:
        """Whether the configuration could be read and names a spreadsheet."""
        return hasattr(self, "config") and self.config.spreadsheet_id is not None

    @property
    def today(self) -> date:
        """Today, in the workbook's time zone."""
        return self.now.astimezone(self.config.zone).date()

    def run(self) -> Opened:
        """What a command would work with."""
        assert self.ledger is not None  # noqa: S101  the checks that need it come after its own
        return Opened(self.config, self.template, self.ledger, self.now)

    def google(self) -> tuple["Connection", "Seen", str]:
        """The connection, what was seen of the spreadsheet, and its id."""
        assert self.connection and self.seen and self.config.spreadsheet_id  # noqa: S101  as above
        return self.connection, self.seen, self.config.spreadsheet_id


def warning(found: str, remedy: str) -> Said:
    """Something that a sync lives with."""
    return Said(found, remedy, "warning")


def failed(found: str, remedy: str, kind: type[SheetsyncError]) -> Said:
    """Something that stops a sync with an error of this kind."""
    return Said(found, remedy, "failed", kind.exit_code)


@dataclass(frozen=True, slots=True)
class Step:
    """A check to be made after those it `needs`; `google` ones only when the workbook is a spreadsheet there."""

    name: str
    look: Callable[[Setup], Said]
    needs: tuple[str, ...] = ()
    google: bool = False


def look_through(steps: Sequence[Step], setup: Setup) -> Iterator[Check]:
    """Make every check, in order; never raises."""
    broken: dict[str, str] = {}  # by name, the check that failed first
    for step in steps:
        if step.google and not setup.on_google:
            continue
        first = next((broken[name] for name in step.needs if name in broken), None)
        said = Said(f"not looked at, {first} comes first", "", "skipped") if first else _looked(step, setup)
        if said.state in {"failed", "skipped"}:
            broken[step.name] = first or step.name
        yield Check(step.name, said.state, said.found, said.remedy, said.exit_code)


def _looked(step: "Step", setup: Setup) -> Said:
    try:
        return step.look(setup)
    except SheetsyncError as error:
        return said_of(error)
    except Exception as error:  # a check that stumbles must not hide the others
        return failed(f"an error in sheetsync itself, {type(error).__name__}: {error}", "report it", SheetsyncError)


def said_of(error: SheetsyncError) -> Said:
    """An error as a finding: our errors end with what to do, behind the last semicolon."""
    text = " ".join(str(error).split())
    found, _, remedy = text.rpartition("; ")
    if not found or " | " in text:
        found, remedy = text, "correct these, then look again: sheetsync doctor" if " | " in text else ""
    return warning(found, remedy) if isinstance(error, Busy) else failed(found, remedy, type(error))
