"""The whole job without an account: a sample year in a local workbook, synced, its partner emails rendered.

The first file in the folder, and the last to go, says that it is unfinished: while it is there all is made anew.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sheetsync.config import load_config, write_config
from sheetsync.errors import ConfigError
from sheetsync.ledger.locks import held
from sheetsync.runs.creating import Wanted, create
from sheetsync.runs.emailing import Choice, send
from sheetsync.runs.opening import opened
from sheetsync.runs.syncing import carry_out, plan_sync
from sheetsync.sample import sample_rows, sample_year

_UNFINISHED = ".unfinished-demo"
_OURS = re.compile(r"config\.yaml|goals\.xlsx|sheetsync\.db(-wal|-shm|-journal)?")
_OUR_EMAILS = re.compile(r"\.?\d{4}-\d\d-\d\d-[a-z0-9-]+-[0-9a-f]{8}\.(eml|html|txt)(\.part)?")


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What was made: the files (of each email its HTML), and how many rows and problems the log has."""

    workbook: Path
    config: Path
    emails: list[Path]
    rows: int
    problems: int


def demonstrate(folder: Path, now: datetime) -> Demonstration:
    """Make everything in a new folder, or anew in one where this was cut off.

    Raises `ConfigError` when there is something else in it already, `Busy` while another one is at work there.
    """
    unfinished = folder / _UNFINISHED
    try:
        is_new = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
        if not is_new and not unfinished.is_file():
            raise ConfigError(f"{folder} is there already; name a new folder with --dir, or remove that one")
        folder.mkdir(parents=True, exist_ok=True)
        with held(unfinished, str(folder)):
            _clear(folder)
            made = _made(folder, now)
        unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made ({error.strerror or error})") from None
    return made


def _clear(folder: Path) -> None:
    """Remove the files of a demonstration that was cut off; whatever else lies there stays."""
    outbox = folder / "outbox"
    found = [path for path in folder.iterdir() if _OURS.fullmatch(path.name)]
    if outbox.is_dir() and not outbox.is_symlink():
        found += [path for path in outbox.iterdir() if _OUR_EMAILS.fullmatch(path.name)]
    for path in found:
        if path.is_file() and not path.is_symlink():
            path.unlink()


def _made(folder: Path, now: datetime) -> Demonstration:
    path = folder / "config.yaml"
    write_config(
        path, workbook="goals.xlsx", template="sales", timezone="Europe/London", holidays="GB-ENG",
        recipients=["*@example.com"],
    )  # fmt: skip
    config = load_config(path)
    with opened(config, now) as run:
        year = sample_year(run.today, config.calendar)
        create(run, Wanted(int(year.label), sample_rows(run.today, config.calendar)))
        plan = plan_sync(run, run.as_of(None))
        carry_out(run, plan)
        send(run, Choice())
    emails = sorted(config.outbox_path.glob("*.html"))
    logged = plan.understood.logged
    return Demonstration(folder / "goals.xlsx", path, emails, logged.rows, logged.refused)
