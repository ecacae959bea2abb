"""`sync` and `run`."""

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from sheetsync.cli.context import Context, as_json, parse_day, pass_context, say_json

if TYPE_CHECKING:
    from sheetsync.runs.settled import Outcome


@click.command("sync")
@click.option(
    "--as-of", callback=parse_day, metavar="DAY", help="As at the end of this day; later rows are left out."
)
@click.option("--dry-run", is_flag=True, help="Print what would change and touch nothing.")
@click.option("--accept-removals", is_flag=True, help="Go on although the log lost most of its rows.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a row could not be used.")
@as_json
@pass_context
def sync_command(
    context: Context, as_of: date | None, dry_run: bool, accept_removals: bool, strict: bool, json_wanted: bool
) -> int:
    """Read what people logged, roll it up, write the summary tabs: the cron job."""
    with context.opened() as run:
        from sheetsync.runs.monitoring import ping
        from sheetsync.runs.settled import sync

        most = 0 if not dry_run else 1000 if context.verbose else 3
        outcome = sync(run, run.as_of(as_of), accept_removals=accept_removals, dry_run=dry_run, most_cells=most)
        if not dry_run:
            context.warn(ping(run.config))
    if json_wanted:
        say_json(_report(outcome, dry_run=dry_run))
    else:
        _say(context, outcome, dry_run=dry_run)
    return 1 if strict and outcome.problems else 0


@click.command("run")
@click.option("--accept-removals", is_flag=True, help="Go on although the log lost most of its rows.")
@pass_context
def run_command(context: Context, accept_removals: bool) -> None:
    """Sync, then send the emails that are due: the one cron line."""
    from sheetsync.cli.emailing import say_deliveries

    with context.opened() as run:
        from sheetsync.runs.delivering import undone
        from sheetsync.runs.emailing import Choice, send
        from sheetsync.runs.monitoring import ping
        from sheetsync.runs.settled import sync

        outcome = sync(run, run.as_of(None), accept_removals=accept_removals)
        _say(context, outcome, dry_run=False)
        deliveries = send(run, Choice())
        left = undone(deliveries)
        if left is None:
            context.warn(ping(run.config))
    say_deliveries(context, [d for d in deliveries if d.outcome not in {"already sent", "skipped"}])
    if left is not None:
        raise left


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
        "rows": outcome.rows,
        "accepted": outcome.rows - outcome.refused,
        "refused": outcome.refused,
        "added": outcome.added,
        "removed": outcome.removed,
        "written": {change.tab: change.rows for change in outcome.changes},
        "problems": [asdict(problem) for problem in outcome.problems],
    }
