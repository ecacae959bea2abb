"""`history`, `restore`, `backup` and `forget`."""

import sys
from datetime import date
from typing import TYPE_CHECKING

import click

from sheetsync.cli.context import Context, as_json, parse_day, pass_context, say_json
from sheetsync.cli.history_tables import (
    clean,
    lives_as_json,
    print_changes,
    print_lives,
    print_rows,
    print_runs,
    runs_as_json,
)

if TYPE_CHECKING:
    from sheetsync.history import Chosen
    from sheetsync.ledger.forgetting import Traces
    from sheetsync.runs.keeping import Backup
    from sheetsync.runs.opening import Opened
    from sheetsync.runs.restoring import Restoration

_FEW = 5

_first_day = click.option("--from", "first", callback=parse_day, metavar="DAY", help="Only rows dated from this day.")
_last_day = click.option("--until", "last", callback=parse_day, metavar="DAY", help="Only rows dated up to this day.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")


def _chosen(who: str | None, activity: str | None, first: date | None, last: date | None) -> "Chosen":
    from sheetsync.cells import serial
    from sheetsync.history import Chosen

    if first and last and last < first:
        raise click.UsageError(f"--until {last} is before --from {first}")
    return Chosen(who, activity, serial(first) if first else None, serial(last) if last else None)


# ---- history ------------------------------------------------------------------------------------------------------


@click.command("history")
@click.option("--who", metavar="NAME", help="Only this person's rows.")
@click.option("--activity", metavar="NAME", help="Only rows of this activity.")
@_first_day
@_last_day
@click.option(
    "--since", callback=parse_day, metavar="DAY", help="What happened from this day on; 30 days if left out."
)
@click.option(
    "--all/--changes",
    "ever",
    help="Each row ever seen, with its life; or what each sync found out, newest first, the default.",
)
@as_json
@pass_context
def history_command(
    context: Context,
    who: str | None,
    activity: str | None,
    first: date | None,
    last: date | None,
    since: date | None,
    ever: bool,
    json_wanted: bool,
) -> None:
    """Show what was logged when: rows that are new, changed, gone and back.

    Whoever sorts the log, or types a row again as it was, changes nothing. A row is changed when one that went is
    like one that came in the same sync: only one field differs, or two differ of the same person's row, and two of
    day, activity, contact, notes and amount agree. Days, people and activities come again and again: where one of
    them differs, a contact, notes or an amount must agree.
    """
    if ever and since:
        raise click.UsageError("--all and --since contradict each other")
    chosen = _chosen(who, activity, first, last)
    with context.opened(exclusive=False) as run:
        from sheetsync.runs.looking_back import look_back

        history = look_back(run, chosen, since, ever=ever)
    if json_wanted:
        say_json(lives_as_json(history) if ever else runs_as_json(history))
    elif ever:
        print_lives(context, history)
    else:
        print_runs(context, history)


# ---- restore ------------------------------------------------------------------------------------------------------


@click.command("restore")
@click.option("--who", metavar="NAME", help="Only this person's rows.")
@_first_day
@_last_day
@click.option("--since", callback=parse_day, metavar="DAY", help="All that vanished on or after this day.")
@click.option("--all", "ever", is_flag=True, help="All that ever vanished.")
@click.option("--dry-run", is_flag=True, help="Say what would come back and touch nothing.")
@_yes
@pass_context
def restore_command(
    context: Context,
    who: str | None,
    first: date | None,
    last: date | None,
    since: date | None,
    ever: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Bring deleted rows back into the log, only adding.

    Those that the last sync knew and that are missing now; if there are none, those that were missing at the last
    sync that missed any. A row that was changed is not brought back, for it is there as what it became; which ones
    were left out for that is said.
    """
    if ever and since:
        raise click.UsageError("--all and --since contradict each other")
    chosen = _chosen(who, None, first, last)
    shown = None
    if dry_run or not yes:
        # Asked without the lock, so that nobody waits for the answer.
        with context.opened(exclusive=False) as run:
            shown = _shown_plan(context, run, chosen, since, ever=ever)
        if dry_run:
            context.say("Dry run: nothing was touched.")
        if dry_run or not shown.rows:
            return
        _make_sure("Bring them back?")
    with context.opened() as run:
        from sheetsync.runs.restoring import carry_out, plan_again

        plan = plan_again(run, shown, chosen, since, ever=ever) if shown else _shown_plan(
            context, run, chosen, since, ever=ever
        )  # fmt: skip
        if not plan.rows:
            return
        carry_out(run, plan)
    count = len(plan.rows)
    context.say(
        f"{count:,} {'row is' if count == 1 else 'rows are'} back in {plan.table.title}; `sheetsync sync` next."
    )


def _shown_plan(
    context: Context, run: "Opened", chosen: "Chosen", since: date | None, *, ever: bool
) -> "Restoration":
    from sheetsync.runs.restoring import plan_restore

    plan = plan_restore(run, chosen, since, ever=ever)
    if plan.rows:
        _say_plan(context, plan)
        return plan
    further = "" if ever or since else " --since DAY or --all looks back further."
    context.say(f"Of the rows {plan.why} none is missing.{further}")
    _say_changed(context, plan)
    if plan.unusable:
        rows = "row stands" if plan.unusable == 1 else "rows stand"
        context.say(
            f"{plan.unusable:,} {rows} in the log but cannot be used: see Problems; `history --since` shows what was "
            "there."
        )
    return plan


def _say_plan(context: Context, plan: "Restoration") -> None:
    from sheetsync.sentences import counted

    context.say(f"{plan.workbook.location}: {counted(len(plan.rows), 'row')} {plan.why} to bring back:")
    print_rows(context, plan.rows)
    for title, count in plan.without.items():
        context.say(f"{counted(count, 'row')} will come back without {title}: {plan.table.title} has no such column.")
    if plan.refused:
        context.say(f"{plan.refused:,} of them will not count until what they name is there again, such as:")
        for what in list(dict.fromkeys(f"  {p.column}: {p.what} ({p.hint})" for p in plan.problems))[:_FEW]:
            context.say(what)
    _say_changed(context, plan)


def _say_changed(context: Context, plan: "Restoration") -> None:
    if plan.changed:
        count = len(plan.changed)
        what = "looks changed rather than deleted, and is" if count == 1 else "look changed, not deleted, and are"
        context.say(f"{count:,} {what} left out; if one was deleted all the same, type it again:")
        print_changes(context, plan.changed)


def _make_sure(question: str) -> None:
    """Ask. Raises `UsageError` where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("nobody can be asked here; say --yes, or look first with --dry-run")
    click.confirm(question, abort=True)


# ---- backup and forget --------------------------------------------------------------------------------------------


@click.command("backup")
@click.argument("file", required=False)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Of our own names keep the newest N.")
@click.option("--no-workbook", is_flag=True, help="Leave out a local workbook.")
@as_json
@pass_context
def backup_command(
    context: Context, file: str | None, force: bool, keep: int | None, no_workbook: bool, json_wanted: bool
) -> None:
    """Copy the ledger, and a local workbook, as they are now, while others may write.

    Into backups/ beside the configuration if FILE is left out. The copy is a ledger itself: name it in the
    configuration to go on from there. FILE may be the URL of an empty database, such as postgresql+psycopg://...
    """
    with context.opened(exclusive=False) as run:
        from sheetsync.runs.keeping import back_up

        made = back_up(run, file, force=force, keep=keep, with_workbook=not no_workbook)
    if json_wanted:
        say_json({"ledger": made.ledger, "workbook": made.workbook, "rows": made.rows, "removed": made.removed})
    else:
        _say_backup(context, made)


def _say_backup(context: Context, made: "Backup") -> None:
    from sheetsync.sentences import counted

    lines = counted(sum(made.rows.values()), "line")
    context.say(f"{made.ledger or 'The database'}: {lines}, looked over: it is whole")
    if made.workbook:
        context.say(f"{made.workbook}: the workbook as it is now")
    if made.removed:
        context.say(f"{counted(len(made.removed), 'older file')} removed")


@click.command("forget")
@click.argument("name")
@click.option("--address", "addresses", multiple=True, help="An address of theirs: emails to it are removed too.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed and touch nothing.")
@_yes
@pass_context
def forget_command(context: Context, name: str, addresses: tuple[str, ...], dry_run: bool, yes: bool) -> None:
    """Remove a person from the ledger, for good: what they logged, what was reported, emails about and to them.

    Clear them from the workbook first, and sync. The workbook, backups, and emails that were sent stay as they are.
    """
    from sheetsync.runs.keeping import forget_person, nearest_to

    # Asked without the lock, so that nobody waits for the answer.
    with context.opened(exclusive=False) as run:
        found = forget_person(run, name, addresses, dry_run=True)
        nearest = None if found.own else nearest_to(run, name)
    _say_traces(context, name, found, nearest)
    if dry_run:
        context.say("Dry run: nothing was touched.")
        return
    if found.own and not yes:
        _make_sure(f"Remove all of it? There is no way back but a backup. Forget {clean(name, 80)}?")
    # Even if nothing is left to remove: a removal that was cut off may not have written the file anew.
    with context.opened() as run:
        forget_person(run, name, addresses, shown=found)
    if found.own:
        context.say(
            f"{clean(name, 80)} is forgotten here. The workbook, backups and sent emails are yours to see to."
        )


def _say_traces(context: Context, name: str, found: "Traces", nearest: str | None) -> None:
    from sheetsync.sentences import counted

    own = {
        "logged row": found.rows, "email": found.emails, "approval": found.approvals,
        "reported period": found.periods, "typed-over cell": found.typed, "defining row": found.definitions,
    }  # fmt: skip
    parts = [counted(count, thing) for thing, count in own.items() if count]
    if parts:
        context.say(f"{clean(name, 80)}: {', '.join(parts)} in the ledger")
    else:
        hint = f"; did you mean “{clean(nearest, 80)}”?" if nearest else "."
        context.say(f"Nothing of “{clean(name, 80)}” is in the ledger{hint}")
    named = {"row": found.mentions, "email": found.mails}
    others = " and ".join(counted(count, thing) for thing, count in named.items() if count)
    if others:
        verbs = "names them as well, and stays as it is" if sum(named.values()) == 1 else (
            "name them as well, and stay as they are"
        )  # fmt: skip
        context.say(f"  {others} of others {verbs}")
