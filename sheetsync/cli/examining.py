"""`doctor`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sheetsync.cli.context import Context, as_json, now, pass_context, say_json

if TYPE_CHECKING:
    from sheetsync.runs.checking import Check

_SIGNS = {"ok": ("✔", "green"), "warning": ("▲", "yellow"), "failed": ("✘", "bold red"), "skipped": ("·", "dim")}
_STATES = ("ok", "warning", "failed", "skipped")


@click.command("doctor")
@click.option("--fix", is_flag=True, help="Put back tabs and columns that are gone; nothing typed is touched.")
@as_json
@pass_context
def doctor_command(context: Context, fix: bool, json_wanted: bool) -> int:
    """Look at everything a set-up needs, and say what is wrong and what to do about it."""
    from sheetsync.runs.examining import examine, exit_code, mendable

    checks = examine(context.config_path, now())
    if fix and mendable(checks):
        done = _mended(context)
        checks = [*done, *examine(context.config_path, now())]
    if json_wanted:
        from dataclasses import asdict

        say_json([asdict(check) for check in checks])
    elif context.quiet:
        for check in checks:
            context.warn(_line(check) if check.state == "failed" else None)
    else:
        _print(context, checks)
    return exit_code(checks)


def _mended(context: Context) -> "list[Check]":
    """What was put back, as checks of their own."""
    from sheetsync.errors import SheetsyncError
    from sheetsync.runs.checking import Check, said_of
    from sheetsync.runs.mending import mend
    from sheetsync.runs.upgrading import is_due, upgrade

    try:
        with context.opened() as run:
            return [Check("fix", "ok", done) for done in (upgrade(run) if is_due(run) else mend(run))]
    except SheetsyncError as error:
        said = said_of(error)
        return [Check("fix", "failed", said.found, said.remedy, error.exit_code)]


def _print(context: Context, checks: "Sequence[Check]") -> None:
    console = context.console()
    if not console.is_terminal:
        for check in checks:
            context.say(f"{check.state:<8} {_line(check)}")
    else:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
        for no_wrap in (True, True, False):
            table.add_column(no_wrap=no_wrap)
        for check in (check for check in checks if check.state != "skipped"):
            sign, style = _SIGNS[check.state]
            text = Text("\n".join(check.found.split(" | ")))
            for remedy in check.remedy.split(" | ") if check.remedy else ():
                text.append(f"\n→ {remedy}", style="cyan")
            table.add_row(Text(sign, style=style), Text(check.name, style="bold"), text)
        skipped = [check for check in checks if check.state == "skipped"]
        for why in dict.fromkeys(check.found for check in skipped):
            names = ", ".join(check.name for check in skipped if check.found == why)
            table.add_row(_SIGNS["skipped"][0], Text("skipped", style="dim"), Text(f"{names}: {why}", style="dim"))
        console.print(table)
    counts = {state: sum(check.state == state for check in checks) for state in _STATES}
    context.say(", ".join(f"{count} {state}" for state, count in counts.items() if count))


def _line(check: "Check") -> str:
    return f"{check.name}: {check.found}" + (f" → {check.remedy}" if check.remedy else "")
