"""`import` and `log`."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheetsync.cli.context import Context, as_json, parse_day, pass_context, say_json

if TYPE_CHECKING:
    from sheetsync.cells import Cell
    from sheetsync.errors import Problem
    from sheetsync.workbook import Progress


def _pairs(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for value in values:
        left, equals, right = value.partition("=")
        if not equals or not left.strip():
            raise click.BadParameter(f"{value!r}: write COLUMN=VALUE")
        pairs[left.strip()] = right.strip()
    return pairs


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--map", "mapped", multiple=True, callback=_pairs, metavar="COLUMN=FILE_COLUMN", help="Which is which.")
@click.option(
    "--set", "constants", multiple=True, callback=_pairs, metavar="COLUMN=VALUE", help="The same in every row."
)
@click.option("--tab", help="The tab to add to; the log if left out.")
@click.option("--dry-run", is_flag=True, help="Say what would be added and touch nothing.")
@as_json
@pass_context
def import_command(
    context: Context,
    file: Path,
    mapped: dict[str, str],
    constants: dict[str, str],
    tab: str | None,
    dry_run: bool,
    json_wanted: bool,
) -> None:
    """Add the rows of a CSV or Excel file to a tab; importing it again adds nothing twice.

    Columns with the same title fill each other: --map and --set name the others, such as
    --map Date=OrderDate --set "Activity=Order won".
    """
    with context.opened() as run:
        from sheetsync.runs.importing import carry_out, plan_import, read_request
        from sheetsync.sentences import counted

        plan = plan_import(run, read_request(file, mapped, constants, tab))
        if not dry_run:
            with _progress_bar(context, len(plan.new)) as progress:
                carry_out(run, plan, progress)
    if json_wanted:
        counts = {"rows": plan.rows, "added": len(plan.new), "known": plan.known, "problems": plan.refused}
        say_json({"tab": plan.table.title, **counts, "dry_run": dry_run})
        return
    for column, source in plan.columns:
        context.say(f"  {column} ← {source}")
    added = "would be added" if dry_run else "added"
    known = f"; {plan.known:,} were there already" if plan.known else ""
    context.say(
        f"{file.name}: {counted(plan.rows, 'row')} read, {len(plan.new):,} {added} to {plan.table.title}{known}"
    )
    if plan.refused:
        mended = "it is mended:" if plan.refused == 1 else "they are mended, such as:"
        context.say(f"{plan.refused:,} of them will not count until {mended}")
        for problem in plan.problems[:3]:
            context.say(f"  {_in_words(problem)}")


@contextmanager
def _progress_bar(context: Context, rows: int) -> "Iterator[Progress | None]":
    """A bar on a terminal for more rows than a moment's worth."""
    console = context.console()
    if context.quiet or rows < 1000 or not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Adding rows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("rows", total=rows)
        yield lambda done: bar.update(task, advance=done)


@click.command("log")
@click.argument("activity")
@click.argument("count", type=float, required=False)
@click.option("--who", help="Who did it; not needed when there is only one person.")
@click.option("--date", "day", callback=parse_day, help="When; today if left out.")
@click.option("--amount", type=float, help="How much it is worth.")
@click.option("--quality", type=click.IntRange(1, 5), help="How well it went, 1 to 5.")
@click.option("--contact", help="With whom.")
@click.option("--note", help="Anything else.")
@pass_context
def log_command(
    context: Context,
    activity: str,
    count: float | None,
    who: str | None,
    day: date | None,
    amount: float | None,
    quality: int | None,
    contact: str | None,
    note: str | None,
) -> None:
    """Log one activity, such as: sheetsync log "Cold call" 3 --who Ann"""
    with context.opened() as run:
        from sheetsync.cells import serial
        from sheetsync.runs.adding import add_activity

        when = day or run.today
        cells: dict[str, Cell] = {
            "date": serial(when), "who": who, "activity": activity, "count": count,
            "amount": amount, "quality": quality, "contact": contact, "notes": note,
        }  # fmt: skip
        where, logged = add_activity(run, cells, _which if sys.stdin.isatty() and sys.stdout.isatty() else None)
    times = "" if count is None else f" × {count:g}"
    by = f", {logged['who']}" if logged["who"] else ""
    context.say(f"{logged['activity']}{times} on {when}{by}: logged in {where}")


def _which(kind: str, typed: str, offered: Sequence[str]) -> str | None:
    """Ask at the terminal which name is meant."""
    click.echo(f"No {kind} is called “{typed}”. Is one of these meant?")
    for number, name in enumerate(offered, 1):
        click.echo(f"  {number}  {name}")
    click.echo("  0  none of them")
    answer = click.prompt("Number", type=click.IntRange(0, len(offered)), default=0 if len(offered) > 1 else 1)
    return offered[answer - 1] if answer else None


def _in_words(problem: "Problem") -> str:
    return f"row {problem.row}, {problem.column}: {problem.what} ({problem.hint})"
