"""How the terminal shows what the ledger remembers of the log: runs, rows, and the lives of rows; or as JSON."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sheetsync.cli.context import Context

if TYPE_CHECKING:
    from rich.text import Text

    from sheetsync.activities import Activity
    from sheetsync.history import Event, Life
    from sheetsync.runs.looking_back import History, RunEvents

_STYLES = {"new": "green", "changed": "yellow", "gone": "bold red", "back": "cyan"}
_SIGNS = {"new": "+", "changed": "~", "gone": "−", "back": "↩"}
_FIELDS = ("date", "who", "activity", "count", "amount", "quality", "contact", "notes")
_MOST = 20


def runs_as_json(history: "History") -> dict[str, Any]:
    """What each sync found out, newest first, with every field of every row."""
    return {
        "since": history.since,
        "runs": [
            {
                "run": told.number, "at": told.at.isoformat(), "as_of": told.run.as_of, "rows": told.run.rows,
                "refused": told.run.refused, **{kind: told.counts.get(kind, 0) for kind in _STYLES},
                "events": [_event(event) for event in told.events],
            }
            for told in history.runs
        ],
    }  # fmt: skip


def lives_as_json(history: "History") -> list[dict[str, Any]]:
    """Each row with its life."""
    return [
        {
            **_fields(life.row), "gone": life.is_gone, "first_seen": history.moments[life.events[0].run].isoformat(),
            "events": [
                {"at": history.moments[event.run].isoformat(), "run": event.run, **_event(event)}
                for event in life.events
            ],
        }
        for life in history.lives
    ]  # fmt: skip


def _event(event: "Event") -> dict[str, Any]:
    before, after = (row and _fields(row) for row in (event.before, event.after))
    return {"what": event.kind, "before": before, "after": after}


def _fields(row: "Activity") -> dict[str, Any]:
    from sheetsync.cells import EPOCH
    from sheetsync.periods import DAY

    return dict(zip(_FIELDS, ((EPOCH + DAY * row.day).isoformat(), *row[1:]), strict=True))


def print_runs(context: Context, history: "History") -> None:
    """Print what each sync found out, newest first."""
    if not history.runs:
        since = f" since {history.since}" if history.since else ""
        context.say(f"Nothing changed in the log{since}; --since DAY looks back further, --all shows every row.")
        return
    console, most = context.console(), sys.maxsize if context.verbose else _MOST
    for told in history.runs:
        console.print(_heading(told))
        table = _table("", "Date", "Who", "Activity", "Count", "Amount", "Details")
        for event in told.events[:most]:
            table.add_row(_styled(_SIGNS[event.kind], event.kind), *_cells(event.row), _details(event))
        console.print(table)
        if len(told.events) > most:
            console.print(f"  … and {len(told.events) - most:,} more; -v shows them", style="dim")
        console.print()
    totals = _totals({kind: sum(told.counts.get(kind, 0) for told in history.runs) for kind in _STYLES})
    since = f"Since {history.since}: " if history.since else ""
    console.print(since, totals, ".", sep="")


def print_lives(context: Context, history: "History") -> None:
    """Print each row, as it was seen last, with its life."""
    if not history.lives:
        context.say("No such row was ever seen.")
        return
    console, most = context.console(), sys.maxsize if context.verbose else _MOST
    table = _table("", "Date", "Who", "Activity", "Count", "Amount", "First seen, and since")
    for life in history.lives[:most]:
        kind = life.events[-1].kind
        table.add_row(_styled(_SIGNS[kind], kind), *_cells(life.row), _life(life, history))
    console.print(table)
    if len(history.lives) > most:
        console.print(f"  … and {len(history.lives) - most:,} more; -v shows them, --json has all", style="dim")
    gone = sum(life.is_gone for life in history.lives)
    console.print(
        f"{len(history.lives):,} rows were ever seen, {gone:,} of them {'is' if gone == 1 else 'are'} gone."
    )


def print_rows(context: Context, rows: "Sequence[Activity]") -> None:
    """Print rows that are coming back."""
    table = _table("", "Date", "Who", "Activity", "Count", "Amount", "Contact and notes")
    most = len(rows) if context.verbose else _MOST
    for row in rows[:most]:
        table.add_row(_styled(_SIGNS["back"], "back"), *_cells(row), _contact_and_notes(row))
    context.console().print(table)
    if len(rows) > most:
        context.say(f"  … and {len(rows) - most:,} more; -v shows them")


def print_changes(context: Context, events: "Sequence[Event]") -> None:
    """Print rows as they were, each with what became of it."""
    table = _table("", "Date", "Who", "Activity", "Count", "Amount", "What it is now")
    most = len(events) if context.verbose else _MOST
    for event in events[:most]:
        if event.before is not None:
            table.add_row(_styled(_SIGNS[event.kind], event.kind), *_cells(event.before), _details(event))
    context.console().print(table)
    if len(events) > most:
        context.say(f"  … and {len(events) - most:,} more; -v shows them")


def _heading(told: "RunEvents") -> "Text":
    from rich.text import Text

    from sheetsync.sentences import counted, full_day

    heading = Text(f"{full_day(told.at.date())}, {told.at:%H:%M}", style="bold")
    return heading.append("  ").append_text(_totals(told.counts)).append(
        f"; the log has {counted(told.run.rows, 'row')}", style="dim"
    )  # fmt: skip


def _totals(counts: Any) -> "Text":
    from rich.text import Text

    parts = [_styled(f"{counts[kind]:,} {kind}", kind) for kind in _STYLES if counts.get(kind)]
    return Text(", ").join(parts)


def _table(*titles: str) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1), header_style="dim")
    for title in titles:
        right = title in {"Count", "Amount"}
        wraps = title == titles[-1] or title in {"Who", "Activity"}
        table.add_column(title, justify="right" if right else "left", no_wrap=not wraps, overflow="fold")
    return table


def _styled(text: str, kind: str) -> "Text":
    from rich.text import Text

    return Text(text, style=_STYLES[kind])


def _cells(row: "Activity") -> "Iterator[Text]":
    from rich.text import Text

    for value in (_shown("date", row.day), row.who, row.activity, _exact(row.quantity), _exact(row.amount)):
        yield Text(clean(value, 40))


def _details(event: "Event") -> "Text":
    from rich.text import Text

    if event.before is not None and event.after is not None:
        changed = [
            f"{name.title()}: {_shown(name, old) or 'blank'} → {_shown(name, new) or 'blank'}"
            for name, old, new in zip(_FIELDS, event.before, event.after, strict=True)
            if old != new
        ]
        return Text("; ".join(changed))
    return _contact_and_notes(event.row)


def _contact_and_notes(row: "Activity") -> "Text":
    from rich.text import Text

    return Text(" · ".join(clean(text, 120) for text in (row.contact, row.notes) if text), style="dim")


def _life(life: "Life", history: "History") -> "Text":
    from rich.text import Text

    line = Text(", ").join(
        _styled(f"{'' if at == 0 else event.kind} {history.moments[event.run]:%Y-%m-%d}".strip(), event.kind)
        for at, event in enumerate(life.events)
    )
    changed = [str(_details(event)) for event in life.events if event.kind == "changed"]
    return line.append(f" ({'; '.join(changed)})", style="dim") if changed else line


def _shown(name: str, value: Any) -> str:
    """A field of a row as people see it."""
    from sheetsync.cells import EPOCH
    from sheetsync.periods import DAY

    if name in ("date", "count") and value < 0:
        return "not readable"
    if name == "date":
        return str(EPOCH + DAY * value)
    return _exact(value) if isinstance(value, int | float) else clean(value or "", 60)


def _exact(value: float | None) -> str:
    """A number to its last digit, for who looks for what changed; "" where nothing is."""
    return "" if value is None else f"{value:,}".removesuffix(".0").replace("-", "−")


def clean(text: str, most: int) -> str:
    """The text on one line of at most so many characters, without what would move the cursor."""
    from sheetsync.printable import one_line

    line = one_line(text)
    return line if len(line) <= most else line[: most - 1] + "…"
