"""`schedule cron` and `schedule systemd`: they print what to install, and install nothing."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sheetsync.cli.context import Context, pass_context
from sheetsync.crontab import read_every

if TYPE_CHECKING:
    from sheetsync.crontab import Job


@click.group("schedule")
def schedule_command() -> None:
    """Print what cron or systemd needs to run this unattended; nothing is installed."""


def _parse_every(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    minutes = read_every(value)
    if minutes is None:
        raise click.BadParameter(f"{value!r}: write 5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h or 1d")
    return minutes


_every: Callable[[Any], Any] = click.option(
    "--every", default="1h", show_default=True, callback=_parse_every, metavar="TIME",
    help="How often: 15m, 30m, 1h, 2h ...",
)  # fmt: skip


@schedule_command.command("cron")
@_every
@pass_context
def cron_command(context: Context, every: int) -> None:
    """Print a line for the crontab."""
    from sheetsync.crontab import cron_line

    job = _job(context, every)
    click.echo(f"""\
# sheetsync: {job.name}
# Put this into your crontab (crontab -e). cron mails what a run says to MAILTO; a run that goes well says nothing.
# To see that it works: {shlex.join([*job.command[:-1], "status"])}
# tells when the last sync was; monitoring in the configuration tells you when runs stop.{_where_secrets_go(job)}
{cron_line(job)}""")


@schedule_command.command("systemd")
@_every
@pass_context
def systemd_command(context: Context, every: int) -> None:
    """Print a service and a timer."""
    from sheetsync.crontab import service, timer

    job = _job(context, every)
    # Two configurations may lie in one folder.
    stem = "" if context.config_path.stem == "config" else f"-{_slug(context.config_path.stem)}"
    name = f"sheetsync-{_slug(Path(job.folder).name)}{stem}"
    click.echo(f"""\
# 1. Put this into /etc/systemd/system/{name}.service{_where_secrets_go(job)}

{service(job)}
# 2. Put this into /etc/systemd/system/{name}.timer

{timer(job)}
# 3. Then:
#   systemctl daemon-reload
#   systemctl enable --now {name}.timer
# To see that it works:
#   systemctl start {name}.service      does a run now
#   systemctl list-timers {name}.timer  tells when it ran last, and when it runs next
#   journalctl -u {name}.service        shows what runs said; one that went well says nothing""")


def _job(context: Context, every: int) -> "Job":
    from sheetsync.config import load_config
    from sheetsync.runs.scheduling import job_of

    return job_of(load_config(context.config_path), context.config_path, every)


def _where_secrets_go(job: "Job") -> str:
    if not job.env_file:
        return ""
    return f"""
# The configuration uses variables that neither cron nor systemd knows. Write them into the file
#   {job.env_file}
# as lines such as NAME='value', and let nobody else read it (chmod 600)."""


def _slug(text: str) -> str:
    kept = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in text)
    return kept.strip("-") or "goals"
