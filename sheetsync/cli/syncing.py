"""`sync` and `run`."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from sheetsync.cli.context import Context, as_json, parse_day, pass_context, say_json
from sheetsync.cli.saying import is_quiet_place
from sheetsync.cli.watching import undone_lines, watched
from sheetsync.errors import SheetsyncError

if TYPE_CHECKING:
    from sheetsync.runs.delivering import Delivery
    from sheetsync.runs.opening import Opened
    from sheetsync.runs.settled import Outcome


@click.command("sync")
@click.option(
    "--as-of", callback=parse_day, metavar="DAY", help="As at the end of this day; later rows are left out."
)
@click.option("--dry-run", is_flag=True, help="Print what would change and touch nothing.")
@click.option("--accept-removals", is_flag=True, help="Go on although most rows of the log, or all people, are gone.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a row could not be used.")
@as_json
@pass_context
def sync_command(
    context: Context, as_of: date | None, dry_run: bool, accept_removals: bool, strict: bool, json_wanted: bool
) -> int:
    """Read what people logged, roll it up, write the summary tabs: the cron job."""

    def work(run: "Opened", _lines: list[str]) -> int:
        from sheetsync.runs.settled import sync

        most = 0 if not dry_run else 1000 if context.verbose else 3
        outcome = sync(run, run.as_of(as_of), accept_removals=accept_removals, dry_run=dry_run, most_cells=most)
        context.log.event("sync", **_counts(outcome))
        context.warn(outcome.warning)
        if json_wanted:
            say_json(_report(outcome, dry_run=dry_run))
        else:
            _say(context, outcome, dry_run=dry_run)
        return 1 if strict and outcome.problems else 0

    if not dry_run:
        return watched(context, "sync", work)
    context.log.start("sync")
    with context.opened() as run:
        return work(run, [])


@click.command("run")
@click.option("--accept-removals", is_flag=True, help="Go on although most rows of the log, or all people, are gone.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a row could not be used.")
@pass_context
def run_command(context: Context, accept_removals: bool, strict: bool) -> int:
    """Sync, then send the emails that are due: the one cron line.

    Where nobody watches, such as under cron, it says nothing when all is well.
    """

    def work(run: "Opened", lines: list[str]) -> int:
        return _run(context, run, lines, accept_removals=accept_removals, strict=strict)

    return watched(context, "run", work)


def _run(context: Context, run: "Opened", lines: list[str], *, accept_removals: bool, strict: bool) -> int:
    from sheetsync.runs.delivering import undone
    from sheetsync.runs.emailing import Choice, send
    from sheetsync.runs.settled import sync

    is_silent = is_quiet_place() and not context.verbose
    try:
        outcome = sync(run, run.as_of(None), accept_removals=accept_removals)
    except SheetsyncError as error:
        _tell_emails(context, _what_waits(run, error, lines), lines, is_silent=is_silent)
        raise
    context.log.event("sync", **_counts(outcome))
    context.warn(outcome.warning)
    if not is_silent:
        _say(context, outcome, dry_run=False)
    deliveries = send(run, Choice())
    _tell_emails(context, deliveries, lines, is_silent=is_silent)
    if left := undone(deliveries):
        raise left
    if not strict or not outcome.problems:
        return 0
    from sheetsync.sentences import counted

    lines.insert(0, f"{outcome.location}: {counted(len(outcome.problems), 'problem')}, listed in the tab Problems")
    return 1


def _what_waits(run: "Opened", error: SheetsyncError, lines: list[str]) -> "list[Delivery]":
    """Send what waits after a sync that failed. No email is made: it would show old numbers as if they were new."""
    from sheetsync.runs.emailing import send_waiting

    lines.append("the summaries stay as they are, and no new email is made until a sync succeeds")
    try:
        return send_waiting(run)
    except SheetsyncError as another:
        if str(another) != str(error):
            lines.append(f"emails that wait were not sent: {another}")
        return []


def _tell_emails(context: Context, deliveries: "Sequence[Delivery]", lines: list[str], *, is_silent: bool) -> None:
    from sheetsync.cli.emailing import log_deliveries, say_deliveries

    log_deliveries(context, deliveries)
    if is_silent:
        lines += undone_lines(deliveries)
    else:
        say_deliveries(context, [d for d in deliveries if d.outcome not in {"already sent", "skipped"}])


def _say(context: Context, outcome: "Outcome", *, dry_run: bool) -> None:
    from sheetsync.sentences import counted
    from sheetsync.summaries import as_of_line

    would = "would be " if dry_run else ""
    context.say(f"{outcome.location}: {as_of_line(outcome.as_of)}")
    news = f"{outcome.added:,} new, {outcome.removed:,} gone since the last sync"
    context.say(f"  log       {counted(outcome.rows, 'row')} read, {outcome.rows - outcome.refused:,} count; {news}")
    if outcome.problems:
        context.say(f"  problems  {len(outcome.problems):,}, listed in the tab Problems")
    for change in outcome.changes:
        context.say(f"  {change.tab}: {counted(change.rows, 'row')} {would}written" + (":" if dry_run else ""))
        for cell, before, after in change.cells if dry_run else ():
            context.say(f"    {cell}: {_shown(before)} → {_shown(after)}")
    if not outcome.changes:
        context.say("  nothing to write: every tab is up to date")
    if dry_run:
        context.say("Dry run: nothing was touched.")


def _shown(text: str) -> str:
    return f"“{text[:60]}{'…' if len(text) > 60 else ''}”" if text else "blank"


def _report(outcome: "Outcome", *, dry_run: bool) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "workbook": outcome.location,
        "as_of": outcome.as_of.day.isoformat(),
        "dry_run": dry_run,
        **_counts(outcome),
        "problems": [asdict(problem) for problem in outcome.problems],
    }


def _counts(outcome: "Outcome") -> dict[str, Any]:
    return {
        "rows": outcome.rows,
        "accepted": outcome.rows - outcome.refused,
        "refused": outcome.refused,
        "added": outcome.added,
        "removed": outcome.removed,
        "written": {change.tab: change.rows for change in outcome.changes},
        "problems": len(outcome.problems),
    }
