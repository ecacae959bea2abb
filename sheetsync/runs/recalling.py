"""What the ledger remembers of the last sync, understood as a sync would: for `status`, `export` and the emails."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sheetsync.activities import Activity, Logged
from sheetsync.cells import EPOCH
from sheetsync.errors import ConfigError, UsageError
from sheetsync.periods import DAY, AsOf
from sheetsync.reading import Understood, find_tables, understand
from sheetsync.restated import with_reported
from sheetsync.rollups import roll_up
from sheetsync.runs.opening import Opened
from sheetsync.tabs import TabContents

if TYPE_CHECKING:
    import pandas as pd

ROLLUP_FIELDS = (
    "cadence", "period", "start", "end", "person", "kind", "name", "native", "actual", "reported", "target",
    "expected", "attainment", "pace", "slack", "behind_by", "required_rate", "projection", "status", "streak",
    "best_streak", "quality", "amount",
)  # fmt: skip
ACTIVITY_FIELDS = ("date", "who", "activity", "count", "amount", "quality", "contact", "notes")


@dataclass(frozen=True, slots=True)
class Export:
    """Rows to hand on: JSON values by field name, None where undefined."""

    fields: tuple[str, ...]
    rows: list[Mapping[str, Any]]


def recall(run: Opened) -> Understood:
    """What the last sync read. Raises `ConfigError` when nothing was synced yet."""
    known = run.ledger.remembered()
    if known is None or not known.definitions:
        raise ConfigError(f"{run.config.workbook}: nothing was synced yet; run `sheetsync sync` first")
    contents = {key: TabContents(key, title, grid, 0, 0) for key, (title, grid) in known.definitions.items()}
    contents = {key: tab for key, tab in contents.items() if key in {t.key for t in run.template.tabs}}
    tables, _ = find_tables(run.template, contents)
    understood = understand(tables, run.settings(known.year), run.today)
    return replace(understood, logged=Logged(run.ledger.activities()))


def export_rollups(run: Opened, as_of: AsOf) -> Export:
    """Every rollup object up to the as-of day, by the contract in docs/rollups.schema.json."""
    understood = recall(run)
    rollups = roll_up(understood.plan, understood.logged.activities, as_of)
    return Export(ROLLUP_FIELDS, list(_objects(with_reported(rollups, run.reported(as_of)))))


def _objects(rollups: "pd.DataFrame") -> Iterator[Mapping[str, Any]]:
    if rollups.empty:
        return
    frame = rollups.assign(
        start=[day.isoformat() for day in rollups["start"]],
        end=[day.isoformat() for day in rollups["end"]],
        native=rollups["native"].astype(bool),
    )
    columns = [frame[field].astype(object).where(frame[field].notna(), None).tolist() for field in ROLLUP_FIELDS]
    for values in zip(*columns, strict=True):
        row = dict(zip(ROLLUP_FIELDS, values, strict=True))
        for streak in ("streak", "best_streak"):
            row[streak] = None if row[streak] is None else int(row[streak])
        yield row


def export_activities(run: Opened, as_of: AsOf) -> Export:
    """Every accepted row of the log up to the as-of day."""
    limit = (as_of.day - EPOCH).days
    rows = [_activity(a) for a in run.ledger.activities() if a.day <= limit]
    return Export(ACTIVITY_FIELDS, rows)


def _activity(activity: Activity) -> Mapping[str, Any]:
    day, *rest = activity
    return dict(zip(ACTIVITY_FIELDS, ((EPOCH + DAY * day).isoformat(), *rest), strict=True))


def known_person(understood: Understood, who: str | None) -> str | None:
    """The person's name as it is written. Raises `UsageError` for a name that is nobody's."""
    if who is None:
        return None
    person = understood.plan.person(who)
    if person is None:
        known = ", ".join(p.name for p in understood.plan.people) or "nobody yet"
        raise UsageError(f"--who: nobody is called “{who}”; the People tab has {known}")
    return person.name
