"""The whole job without an account: a sample year in a local workbook, synced, its partner emails rendered."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sheetsync.config import load_config, write_config
from sheetsync.errors import ConfigError
from sheetsync.runs.creating import Wanted, create
from sheetsync.runs.emailing import Choice, send
from sheetsync.runs.opening import opened
from sheetsync.runs.syncing import carry_out, plan_sync
from sheetsync.sample import sample_rows, sample_year


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What was made: the files (of each email its HTML), and how many rows and problems the log has."""

    workbook: Path
    config: Path
    emails: list[Path]
    rows: int
    problems: int


def demonstrate(folder: Path, now: datetime) -> Demonstration:
    """Make everything in a new folder. Raises `ConfigError` when there is something in it already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is there already; name a new folder with --dir, or remove that one")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made ({error.strerror})") from None
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
