"""`email status`, `approve`, `resend` and `pause`: what becomes of emails, and a person's say in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from sheetsync.cli.context import Context, as_json, parse_day, pass_context, say_json

if TYPE_CHECKING:
    from sheetsync.ledger.outbox import Letter, Outbox, Pause
    from sheetsync.runs.opening import Opened

_STYLES = {"sent": "green", "failed": "bold red", "expired": "bold red", "unknown": "bold yellow", "held": "yellow"}
_SHOWN_FOR = timedelta(days=30)
_HEADINGS = ("ID", "Email", "Period", "About", "To", "State", "Tries", "Since", "Next try", "Last word")


@click.command("status")
@click.option("--all", "all_wanted", is_flag=True, help="Also what was queued more than 30 days ago.")
@as_json
@pass_context
def status_command(context: Context, all_wanted: bool, json_wanted: bool) -> None:
    """Show every email: those that wait, and what became of the others in the last 30 days."""
    with context.opened(exclusive=False) as run:
        from sheetsync.ledger.outbox import Outbox

        outbox = Outbox(run.ledger)
        letters = outbox.every(None if all_wanted else run.now - _SHOWN_FOR)
        pause = _pause_now(outbox, run.now)
        counts = dict(Counter(letter.state for letter in letters))
        if json_wanted:
            say_json(
                {"paused": pause and asdict(pause), "counts": counts, "emails": [_fields(one) for one in letters]}
            )
            return
        _print(context, letters, run)
        said = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        context.say(said or "No email was queued yet.")
        if began := outbox.history_until():
            day = began.astimezone(run.config.zone).date()
            context.say(
                f"Another ledger served this workbook before {day}: what was due until then is not sent again."
            )
        _say_pause(context, pause)


@click.command("approve")
@click.argument("targets", nargs=-1, metavar="[ADDRESS|ID]...")
@click.option("--all", "all_wanted", is_flag=True, help="Everything that is held.")
@pass_context
def approve_command(context: Context, targets: tuple[str, ...], all_wanted: bool) -> None:
    """Allow addresses from now on, and let go what is held for them.

    An ID is that of a held email, as `email status` shows it. The list email.recipients in the configuration remains
    the usual way; it takes patterns such as *@example.com.
    """
    if bool(targets) == all_wanted:
        raise click.UsageError("name addresses or IDs, or say --all")
    with context.opened() as run:
        from sheetsync.ledger.outbox import Outbox

        outbox = Outbox(run.ledger)
        held = [letter.recipient for letter in outbox.waiting() if letter.state == "held"]
        addresses = held if all_wanted else [_address(outbox, target) for target in targets]
        for address in dict.fromkeys(addresses):
            count = outbox.approve(address, run.now)
            context.say(
                f"{address} may be written to; {count} held {'email goes' if count == 1 else 'emails go'} next"
            )
        if not addresses:
            context.say("Nothing is held.")


@click.command("resend")
@click.argument("number", type=int, metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def resend_command(context: Context, number: int, yes: bool) -> None:
    """Send an email once more, byte for byte the same; `email status` shows the IDs."""
    with context.opened() as run:
        from sheetsync.cli.emailing import say_deliveries
        from sheetsync.ledger.outbox import Outbox
        from sheetsync.runs.delivering import resend, undone

        outbox = Outbox(run.ledger)
        letter = _letter(outbox, number)
        what = f"“{letter.subject}” to {letter.recipient}"
        if not yes:
            click.confirm(f"{what} is {letter.state}{_may_arrive_twice(letter)}. Send it once more?", abort=True)
        deliveries = [resend(run, outbox, letter)]
        say_deliveries(context, deliveries)
        if left := undone(deliveries):
            raise left


@click.command("pause")
@click.option(
    "--until", metavar="DAY", callback=parse_day, help="Go on at the start of this day, such as 2026-02-14."
)
@click.option("--off", is_flag=True, help="Go on now.")
@pass_context
def pause_command(context: Context, until: date | None, off: bool) -> None:
    """Send no email until further notice; what is due is still queued.

    What waited goes out afterwards, unless it is out of date by then.
    """
    if until and off:
        raise click.UsageError("--until and --off contradict each other")
    with context.opened() as run:
        from sheetsync.ledger.outbox import FOR_EVER, Outbox, Pause

        outbox = Outbox(run.ledger)
        end = datetime.combine(until, time.min, run.config.zone) if until else FOR_EVER
        if not off and end <= run.now:
            raise click.UsageError(f"--until {until}: that is over")
        outbox.set_pause(None if off else Pause(end, ""))
        _say_pause(context, _pause_now(outbox, run.now))
        if off:
            context.say("Emails are sent again.")


def _pause_now(outbox: "Outbox", now: datetime) -> "Pause | None":
    pause = outbox.pause()
    return pause if pause and now < pause.until else None


def _say_pause(context: Context, pause: "Pause | None") -> None:
    from sheetsync.runs.delivering import said_pause

    if pause:
        context.say(f"Emails are paused {said_pause(pause)}")


def _letter(outbox: "Outbox", number: int) -> "Letter":
    letter = outbox.letter(number)
    if letter is None:
        raise click.UsageError(f"there is no email {number}; `sheetsync email status --all` shows them")
    return letter


def _address(outbox: "Outbox", target: str) -> str:
    from sheetsync.mail import valid_address

    if target.isdecimal():
        return _letter(outbox, int(target)).recipient
    address = valid_address(target)
    if address is None:
        raise click.UsageError(f"{target!r} is neither one mail address nor the ID of an email")
    return address


def _may_arrive_twice(letter: "Letter") -> str:
    if letter.state == "sent" or letter.unclear:
        return "; it may then arrive twice"
    return ""


def _fields(letter: "Letter") -> dict[str, Any]:
    """An email for JSON, without its bytes."""
    return {name: value for name, value in asdict(letter).items() if name != "message"}


def _print(context: Context, letters: "Sequence[Letter]", run: "Opened") -> None:
    from rich.table import Table
    from rich.text import Text

    if not letters:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in _HEADINGS:
        right = heading in ("ID", "Tries")
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading not in ("To", _HEADINGS[-1]))
    for letter in letters:
        cells = [Text(context.log.clean(cell)) for cell in _cells(letter, run)]
        cells[_HEADINGS.index("State")].stylize(_STYLES.get(letter.state, ""))
        table.add_row(*cells)
    context.console().print(table)


def _cells(letter: "Letter", run: "Opened") -> Iterator[str]:
    from sheetsync.ledger.outbox import WAITING
    from sheetsync.mail.cleaning import header_text

    def local(moment: datetime | None) -> str:
        return f"{moment.astimezone(run.config.zone):%d %b %H:%M}" if moment else ""

    tried_again = letter.not_before if letter.state in WAITING else None
    yield from (str(letter.id), letter.kind, letter.period, header_text(letter.person, 80), letter.recipient)
    yield from (letter.state, str(letter.attempts), local(letter.queued_at), local(tried_again), letter.reply)
