"""`email preview` and `email send`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from sheetsync.cli.context import Context, as_json, pass_context, say_json

if TYPE_CHECKING:
    from sheetsync.runs.emailing import Delivery

_SIGNS = {
    "sent": "✔",
    "already sent": "·",
    "held": "‖",
    "failed": "✘",
    "waiting": "…",
    "unknown": "?",
    "skipped": "·",
}


@click.group("email")
def email_command() -> None:
    """Preview or send the partner emails."""


_to = click.option("--to", metavar="NAME", help="Only about this person, or to this partner.")
_kind = click.option("--kind", type=click.Choice(["partner-weekly"]), default="partner-weekly", show_default=True)
_period = click.option("--period", metavar="WEEK", help="Only this week, such as 2026-W07.")


@email_command.command("preview")
@_to
@_kind
@_period
@click.option("--open", "open_wanted", is_flag=True, help="Open them in the browser.")
@as_json
@pass_context
def preview_command(
    context: Context, to: str | None, kind: str, period: str | None, open_wanted: bool, json_wanted: bool
) -> None:
    """Render the emails into files and send nothing."""
    del kind
    with context.opened(exclusive=False) as run:
        from sheetsync.runs.emailing import Choice, preview

        found = preview(run, Choice(to, period), run.config.outbox_path / "preview")
    if json_wanted:
        say_json([{**asdict(one), "path": str(one.path)} for one in found])
        return
    for one in found:
        context.say(f"{one.person} → {one.recipient or 'no Partner email'}: {one.subject}\n  {one.path}")
        if open_wanted:
            click.launch(str(one.path))
    if len(found) == 1 and not open_wanted:
        context.say(f"\n{found[0].text}")
    if not found:
        context.say("Nobody in People has a partner yet.")


@email_command.command("send")
@_to
@_kind
@_period
@as_json
@pass_context
def send_command(context: Context, to: str | None, kind: str, period: str | None, json_wanted: bool) -> None:
    """Send the emails that are due and were not sent yet."""
    del kind
    with context.opened() as run:
        from sheetsync.runs.emailing import Choice, send, undone

        deliveries = send(run, Choice(to, period))
    if json_wanted:
        say_json([asdict(delivery) for delivery in deliveries])
    else:
        say_deliveries(context, deliveries)
        if not deliveries:
            context.say("Nobody in People has a partner yet.")
    if left := undone(deliveries):
        raise left


def say_deliveries(context: Context, deliveries: "Sequence[Delivery]") -> None:
    """One line an email."""
    for one in deliveries:
        why = f" ({one.why})" if one.why else ""
        context.say(f"{_SIGNS[one.outcome]} {one.person} → {one.recipient or '?'}, {one.period}: {one.outcome}{why}")
