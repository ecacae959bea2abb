"""`sync` and `run`."""

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from sheetsync.cli.context import Context, as_json, parse_day, pass_context, say_json

if TYPE_CHECKING:
    from sheetsync.runs.syncing import SyncPlan


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
        from sheetsync.runs.syncing import carry_out, plan_sync

        plan = plan_sync(run, run.as_of(as_of), accept_removals=accept_removals)
        if not dry_run:
            carry_out(run, plan)
            context.warn(ping(run.config))
    if json_wanted:
        say_json(_report(plan, dry_run=dry_run))
    else:
        _say(context, plan, dry_run=dry_run)
    return 1 if strict and plan.findings.problems else 0


@click.command("run")
@click.option("--accept-removals", is_flag=True, help="Go on although the log lost most of its rows.")
@pass_context
def run_command(context: Context, accept_removals: bool) -> None:
    """Sync, then send the emails that are due: the one cron line."""
    from sheetsync.cli.emailing import say_deliveries

    with context.opened() as run:
        from sheetsync.runs.emailing import Choice, send, undone
        from sheetsync.runs.monitoring import ping
        from sheetsync.runs.syncing import carry_out, plan_sync

        plan = plan_sync(run, run.as_of(None), accept_removals=accept_removals)
        carry_out(run, plan)
        _say(context, plan, dry_run=False)
        deliveries = send(run, Choice())
        left = undone(deliveries)
        if left is None:
            context.warn(ping(run.config))
    say_deliveries(context, [d for d in deliveries if d.outcome not in {"already sent", "skipped"}])
    if left is not None:
        raise left


def _say(context: Context, plan: "SyncPlan", *, dry_run: bool) -> None:
    from sheetsync.runs.syncing import tab_changes
    from sheetsync.sentences import counted
    from sheetsync.summaries import as_of_line

    logged = plan.understood.logged
    would = "would be " if dry_run else ""
    context.say(f"{plan.workbook.location}: {as_of_line(plan.as_of)}")
    news = f"{len(plan.difference.added):,} new, {len(plan.difference.removed):,} gone since the last sync"
    context.say(f"  log       {counted(logged.rows, 'row')} read, {logged.rows - logged.refused:,} count; {news}")
    if plan.findings.problems:
        context.say(f"  problems  {len(plan.findings.problems):,}, listed in the tab Problems")
    changes = tab_changes(plan, most=0 if not dry_run else 1000 if context.verbose else 3)
    for change in changes:
        context.say(f"  {change.tab}: {counted(change.rows, 'row')} {would}written" + (":" if dry_run else ""))
        for cell, before, after in change.cells if dry_run else ():
            context.say(f"    {cell}: {_shown(before)} → {_shown(after)}")
    if not changes:
        context.say("  nothing to write: every tab is up to date")
    if dry_run:
        context.say("Dry run: nothing was touched.")


def _shown(text: str) -> str:
    return f"“{text[:60]}{'…' if len(text) > 60 else ''}”" if text else "blank"


def _report(plan: "SyncPlan", *, dry_run: bool) -> dict[str, Any]:
    from dataclasses import asdict

    from sheetsync.runs.syncing import tab_changes

    logged = plan.understood.logged
    return {
        "workbook": plan.workbook.location,
        "as_of": plan.as_of.day.isoformat(),
        "dry_run": dry_run,
        "rows": logged.rows,
        "accepted": logged.rows - logged.refused,
        "refused": logged.refused,
        "added": len(plan.difference.added),
        "removed": len(plan.difference.removed),
        "written": {change.tab: change.rows for change in tab_changes(plan, most=0)},
        "problems": [asdict(problem) for problem in plan.findings.problems],
    }
