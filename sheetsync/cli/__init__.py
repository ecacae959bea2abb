"""The command line: parse, open, call, print, exit. Each command is a module of its own, loaded when it is called."""

import gc
import sys
import traceback
from importlib import import_module
from itertools import pairwise
from typing import Any

import click

from sheetsync import __version__
from sheetsync.cli.context import Context
from sheetsync.errors import SheetsyncError

# Where each command is, in the order of the help page.
_COMMANDS = {
    "demo": ("setting_up", "A year of sample activity in a local workbook: the whole job without an account."),
    "init": ("setting_up", "Write a commented config.yaml."),
    "create": ("setting_up", "Generate the workbook from its template."),
    "extend": ("setting_up", "Append review rows for a new year or new people."),
    "upgrade": ("setting_up", "Give the workbook what a newer version of its template has."),
    "sync": ("syncing", "Read what people logged, roll it up, write the summary tabs."),
    "run": ("syncing", "Sync, then send the emails that are due: the one cron line."),
    "import": ("adding", "Add the rows of a CSV or Excel file to a tab."),
    "log": ("adding", "Log one activity."),
    "status": ("reporting", "Show the scorecard."),
    "export": ("reporting", "Hand activities or rollups on as CSV or JSON."),
    "email": ("emailing", "Preview or send the partner emails."),
    "template": ("templating", "See and check what workbooks are made from."),
    "doctor": ("examining", "Look at everything a set-up needs; say what is wrong and what to do."),
    "auth": ("authorizing", "Sign in to Google, and see who is signed in."),
}


class _Commands(click.Group):
    """Loads a command's module only when the command is called, so that starting up stays light."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands, in the order of the help page."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, or None."""
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"sheetsync.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c", "--config", default="config.yaml", show_default=True, envvar="SHEETSYNC_CONFIG", metavar="FILE",
    help="The configuration.",
)  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Say more; show tracebacks.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="How errors are written.")
@click.version_option(__version__, prog_name="sheetsync")
@click.pass_context
def cli(ctx: click.Context, config: str, verbose: bool, quiet: bool, log_format: str) -> None:
    """Goals become activities people log in a spreadsheet, and are looked at on a rhythm."""
    ctx.obj = Context(config, verbose=verbose, quiet=quiet, log_format=log_format)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit with its code (docs/exit-codes.md)."""
    # What a run reads stays to its end, so to look for garbage again and again takes a fifth of the time for nothing.
    gc.disable()
    code = run(sys.argv[1:] if arguments is None else arguments)
    gc.freeze()  # nor is it looked for at the end
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run a command; answers its exit code. An error is one line; `-v` shows the traceback as well."""
    try:
        result: Any = cli.main(arguments, prog_name="sheetsync", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        return _refused(error, arguments)
    except BrokenPipeError:
        sys.stderr.close()  # or Python complains about the pipe once more while it shuts down
        return 141
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _said("stopped", 130, arguments)
    except Exception as error:
        code = error.exit_code if isinstance(error, SheetsyncError) else 1
        if {"-v", "--verbose"} & set(arguments):
            traceback.print_exc()
        ours = f"an error in sheetsync itself, {type(error).__name__}: {error}; -v shows where"
        return _said(str(error) if isinstance(error, SheetsyncError) else ours, code, arguments)


def _refused(error: click.ClickException, arguments: list[str]) -> int:
    """Click's words on one line, and which help page says how it is done."""
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # Click before 8.2 has none
        error.show()
        return error.exit_code
    words = " ".join(error.format_message().split()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    help_page = f"; {context.command_path} --help shows how" if context else ""
    return _said(words + help_page, error.exit_code, arguments)


def _said(text: str, code: int, arguments: list[str]) -> int:
    line = " ".join(text.splitlines())
    if any("json" in pair and "log-format" in pair for pair in map("=".join, pairwise(["", *arguments, ""]))):
        import json

        click.echo(json.dumps({"level": "error", "exit_code": code, "message": line}, ensure_ascii=False), err=True)
    else:
        click.echo(f"sheetsync: {line}", err=True)
    return code
