"""`auth login` and `auth status`."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from sheetsync.cli.context import Context, as_json, now, pass_context, say_json

if TYPE_CHECKING:
    from sheetsync.config import Config
    from sheetsync.runs.authorizing import Standing

_SCOPE = "https://www.googleapis.com/auth/"
_MAY = {
    "drive.file": "make files, and use those it made",
    "spreadsheets": "read and write every spreadsheet that the account can",
}
_LASTS = {
    "person": (
        "until you revoke it (https://myaccount.google.com/connections);\n"
        "only seven days while your OAuth client's publishing status is “Testing”"
    ),
    "service account": "until its key is deleted in the Google Cloud console",
}
_GRAPHIC = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


@click.group("auth")
def auth_command() -> None:
    """Sign in to Google, and see who is signed in."""


@auth_command.command("login")
@click.argument("client_file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--no-browser", is_flag=True, help="Only print the address, to be opened on any machine.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where the browser ends; any if left out.")
@click.option("--own-files-only", is_flag=True, help="Ask for nothing but the files that sheetsync makes itself.")
@click.option(
    "--wait", type=click.IntRange(1, 3600), default=300, show_default=True, metavar="SECONDS",
    help="Give up after so long.",
)  # fmt: skip
@pass_context
def login_command(
    context: Context, client_file: Path | None, no_browser: bool, port: int, own_files_only: bool, wait: int
) -> None:
    """Sign in with your own Google account, in the browser.

    CLIENT_FILE is the OAuth client (type Desktop app) that the Google Cloud console hands out; signing in again
    needs none.
    """
    from sheetsync.config import load_config
    from sheetsync.runs.authorizing import Wanted, log_in

    browser = not no_browser and _has_browser()
    wanted = Wanted(client_file, own_files_only, port, wait)
    made = log_in(
        load_config(context.config_path), context.config_path, wanted, lambda url, take: _show(url, take, browser)
    )
    named = f", and {context.config_path} names it" if made.configured else ""
    context.say(f"Signed in{f' as {made.account}' if made.account else ''}. The token is in {made.file}{named}.")
    context.warn(made.problem)


def _has_browser() -> bool:
    """Whether a browser with a window can be opened; one in the terminal would hide what stands there."""
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in _GRAPHIC)


def _show(url: str, take: Callable[[str], bool], browser: bool) -> None:
    # Even in a quiet run: without the address nobody can sign in.
    click.echo(f"Open this address in your browser, and allow sheetsync to use your account:\n\n{url}\n")
    if browser:
        import webbrowser

        with suppress(webbrowser.Error):
            webbrowser.open(url)
        return
    click.echo(
        "If the browser is on another machine, it ends at an address that cannot be opened: copy that address\n"
        "(it begins with http://127.0.0.1) and paste it here."
    )
    Thread(target=_read_pasted, args=(take,), daemon=True).start()


def _read_pasted(take: Callable[[str], bool]) -> None:
    # A file of its own: Python could not end while a thread waits on sys.stdin itself.
    with suppress(OSError, ValueError), open(os.dup(sys.stdin.fileno()), encoding="utf-8", errors="replace") as lines:  # noqa: PTH123  a descriptor
        for line in lines:
            if take(line):
                return
            if line.strip():
                click.echo("That is not the address of Google's answer; paste the whole of it.", err=True)


@auth_command.command("status")
@as_json
@pass_context
def status_command(context: Context, json_wanted: bool) -> None:
    """Say who is signed in, what they may do, and whether the workbook can be opened."""
    from sheetsync.config import load_config
    from sheetsync.runs.authorizing import standing

    config = load_config(context.config_path)
    found = standing(config)
    if json_wanted:
        say_json(_values(config, found))
    elif found is None:
        context.say(f"{config.workbook} is a local file: no Google account is needed.")
    else:
        _print(context, config, found)
    if found and found.refusal:
        raise found.refusal


def _values(config: "Config", found: "Standing | None") -> dict[str, Any]:
    workbook = {"spreadsheet": config.spreadsheet_id, "local": None if config.spreadsheet_id else config.workbook}
    if found is None:
        return {"account": None, "kind": None, "workbook": workbook}
    return {
        "account": found.account,
        "kind": found.kind,
        "credentials": found.source,
        "scopes": found.scopes,
        "access_until": found.expires.isoformat() if found.expires else None,
        "workbook": {**workbook, "title": found.title},
        "problem": str(found.refusal) if found.refusal else None,
    }


def _print(context: Context, config: "Config", found: "Standing") -> None:
    from rich.table import Table
    from rich.text import Text

    console = context.console()
    title = Text("▲ " if found.refusal else "✔ ", style="bold dark_orange" if found.refusal else "bold green")
    console.print(title.append(found.account or "an account that Google does not name", style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in _lines(config, found, now()):
        table.add_row(name, Text(value))
    console.print(table)


def _lines(config: "Config", found: "Standing", at: datetime) -> list[tuple[str, str]]:
    lines = [("is", f"a {found.kind}"), ("key", found.source), ("may", _may(found.scopes))]
    if found.expires:
        lines.append(("access", _until(found.expires, at, config.zone)))
    lines.append(("lasts", _LASTS.get(found.kind, "as long as this machine may sign in")))
    if config.spreadsheet_id is None:
        lines.append(("workbook", f"{config.workbook}, a local file, for which no Google account is needed"))
    elif found.title is not None:
        lines.append(("workbook", f"“{found.title}” can be opened"))
    else:
        lines.append(("workbook", f"{config.spreadsheet_id} cannot be opened"))
    return lines


def _until(expires: datetime, at: datetime, zone: ZoneInfo) -> str:
    minutes = max(0, round((expires - at).total_seconds() / 60))
    return f"until {expires.astimezone(zone):%H:%M} ({zone.key}), in {minutes} minutes; then renewed by itself"


def _may(scopes: tuple[str, ...] | None) -> str:
    if scopes is None:
        return "not known here"
    names = [scope.removeprefix(_SCOPE) for scope in scopes]
    return "\n".join(f"{_MAY[name]} ({name})" if name in _MAY else name for name in names)
