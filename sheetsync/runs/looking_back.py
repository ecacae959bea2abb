"""What the ledger remembers of the log, for people: what each sync found out, or the life of each row."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sheetsync.cells import fold
from sheetsync.errors import UsageError
from sheetsync.history import Chosen, Entry, Event, Life, lives
from sheetsync.ledger.history import Run, all_runs, ever_seen
from sheetsync.names import Names
from sheetsync.runs.opening import Opened

_SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RunEvents:
    """What one sync found out: when (in the workbook's time zone), the log's size, and what became of its rows."""

    number: int
    at: datetime
    run: Run
    events: Sequence[Event]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows are new, changed, gone and back."""
        return Counter(event.kind for event in self.events)


@dataclass(frozen=True, slots=True)
class History:
    """What was asked for: the runs since a day, and the lives of the chosen rows, both the latest news first.

    `since` is None for all runs; `moments` are those of all runs by number.
    """

    since: date | None
    runs: Sequence[RunEvents]
    lives: Sequence[Life]
    moments: Mapping[int, datetime]


def look_back(run: Opened, chosen: Chosen, since: date | None, *, ever: bool = False) -> History:
    """What became of the chosen rows since a day; the last 30 days if none is given, all time if `ever`.

    Raises `UsageError` for a person or an activity that was never seen.
    """
    entries, runs = ever_seen(run.ledger), all_runs(run.ledger)
    refuse_unknown(entries, chosen)
    moments = {number: one.at.astimezone(run.config.zone) for number, one in runs.items()}
    since = None if ever else since or run.today - _SHOWN_FOR
    found = [life for life in lives(entries) if any(_concerns(event, chosen) for event in life.events)]
    by_run: dict[int, list[Event]] = {}
    for life in found:
        for event in life.events:
            if _concerns(event, chosen) and (since is None or moments[event.run].date() >= since):
                by_run.setdefault(event.run, []).append(event)
    told = [
        RunEvents(number, moments[number], runs[number], sorted(by_run[number], key=_in_order))
        for number in sorted(by_run, reverse=True)
    ]
    found.sort(key=lambda life: (-life.events[-1].run, -life.row.day))
    return History(since, told, found, moments)


def refuse_unknown(entries: Iterable[Entry], chosen: Chosen) -> None:
    """Raise `UsageError` when no row ever had the person or the activity that is asked for."""
    asked = (("--who", "person", chosen.who, "who"), ("--activity", "activity", chosen.activity, "activity"))
    for option, kind, name, field in asked:
        if name is not None:
            known = Names(kind, dict.fromkeys(getattr(entry.activity, field) for entry in entries))
            if fold(name) not in map(fold, known):
                nearest = known.nearest(name)
                hint = f"; did you mean “{nearest}”?" if nearest else ""
                raise UsageError(f"{option}: the log never had the {kind} “{name}”{hint}")


def _concerns(event: Event, chosen: Chosen) -> bool:
    return any(row is not None and chosen.takes(row) for row in (event.before, event.after))


def _in_order(event: Event) -> tuple[str, int, str, str]:
    return event.kind, -event.row.day, event.row.who, event.row.activity
