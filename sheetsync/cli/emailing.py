"""`email preview` and `email send`; `outbox` has the rest of the group."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import click

from sheetsync.cli.context import Context, as_json, pass_context, say_json
from sheetsync.cli.outbox import approve_command, pause_command, resend_command, status_command
from sheetsync.cli.saying import Level
from sheetsync.kinds import KINDS

if TYPE_CHECKING:
    from sheetsync.runs.delivering import Delivery
    from sheetsync.runs.emailing import Choice
    from sheetsync.runs.previewing import Preview

_SIGNS = {
    "sent": "✔",
    "already sent": "·",
    "held": "‖",
    "failed": "✘",
    "waiting": "…",
    "unknown": "?",
    "skipped": "·",
    "cancelled": "✘",
    "superseded": "·",
    "paused": "‖",
    "clock": "✘",
}


_LONGEST_REASON = 600  # characters; a mail server's last word has up to 500


@click.group("email")
def email_command() -> None:
    """Preview or send the review emails, and look after those on their way."""


for _command in (status_command, approve_command, resend_command, pause_command):
    email_command.add_command(_command)

_to = click.option("--to", metavar="NAME", help="Only about this person, or to this partner.")
_kind = click.option("--kind", type=click.Choice(list(KINDS)), help="Only this kind; all of them otherwise.")
_period = click.option("--period", metavar="PERIOD", help="Only this period, such as 2026-W07 or 2026-Q1.")


@email_command.command("preview")
@_to
@_kind
@_period
@click.option("--sample", is_flag=True, help="With made-up people and numbers.")
@click.option("--open", "open_wanted", is_flag=True, help="Open them in the browser.")
@as_json
@pass_context
def preview_command(
    context: Context,
    to: str | None,
    kind: str | None,
    period: str | None,
    sample: bool,
    open_wanted: bool,
    json_wanted: bool,
) -> None:
    """Render every kind of email into files, with a page that shows them side by side, and send nothing."""
    from sheetsync.mail.cleaning import header_text
    from sheetsync.runs.emailing import Choice
    from sheetsync.runs.previewing import INDEX

    found = _samples(context, Choice(kind=kind)) if sample else _previews(context, Choice(to, period, kind))
    if json_wanted:
        say_json([{**asdict(one), "path": str(one.path)} for one in found])
        return
    for one in found:
        why = f"\n  not sent now: {header_text(one.why_not, 200)}" if one.why_not else ""
        who = header_text(f"{one.person or 'you'} → {one.recipient or 'no address'}", 100)
        context.say(f"{one.kind}: {who}: {one.subject}\n  {one.path}{why}")
    if len(found) > 1:
        context.say(f"\nAll of them side by side: {found[0].path.with_name(INDEX)}")
    if open_wanted and found:
        click.launch(str(found[0].path if len(found) == 1 else found[0].path.with_name(INDEX)))
    elif len(found) == 1:
        context.say(f"\n{found[0].text}")
    if not found:
        context.say("Nobody to write to: in People there is no partner and no group, or nobody yet.")


def _previews(context: Context, choice: "Choice") -> "list[Preview]":
    with context.opened(exclusive=False) as run:
        from sheetsync.runs.previewing import preview

        return preview(run, choice, run.config.outbox_path / "preview")


def _samples(context: Context, choice: "Choice") -> "list[Preview]":
    from sheetsync.config import load_config
    from sheetsync.runs.previewing import preview_samples

    config = load_config(context.config_path)
    return preview_samples(config, choice, config.outbox_path / "preview")


@email_command.command("send")
@_to
@_kind
@_period
@as_json
@pass_context
def send_command(context: Context, to: str | None, kind: str | None, period: str | None, json_wanted: bool) -> None:
    """Send the emails that are due and were not sent yet."""
    with context.opened() as run:
        from sheetsync.runs.delivering import undone
        from sheetsync.runs.emailing import Choice, send

        context.log.start("email send")
        deliveries = send(run, Choice(to, period, kind))
    log_deliveries(context, deliveries)
    if json_wanted:
        say_json([_fields(delivery) for delivery in deliveries])
    else:
        say_deliveries(context, deliveries)
        if not deliveries:
            context.say("No email is due: see email.schedule, and who is in People.")
    if left := undone(deliveries):
        raise left


def _fields(delivery: "Delivery") -> dict[str, str]:
    """An email for JSON; an error is said on stderr."""
    return {each.name: getattr(delivery, each.name) for each in fields(delivery) if each.compare}


def say_deliveries(context: Context, deliveries: "Sequence[Delivery]") -> None:
    """One line an email; typed text cannot reach the terminal as it is."""
    for one in deliveries:
        context.say(delivery_line(one))


def delivery_line(one: "Delivery") -> str:
    """What became of one email."""
    from sheetsync.mail.cleaning import header_text

    why = f" ({header_text(one.why, _LONGEST_REASON)})" if one.why else ""
    who = f"{header_text(one.person or one.kind, 80)} → {header_text(one.recipient or '?', 80)}"
    return f"{_SIGNS[one.outcome]} {who}, {one.kind} {one.period}: {one.outcome}{why}"


def log_deliveries(context: Context, deliveries: "Sequence[Delivery]") -> None:
    """An event an email, for programs."""
    for one in deliveries:
        level: Level = "warning" if one.outcome in {"failed", "unknown", "clock"} else "info"
        context.log.event("email", level, **_fields(one))
