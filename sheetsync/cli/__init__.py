"""The command line: parse, open, call, print, exit. Each command is a module of its own, loaded when it is called."""

import errno
import gc
import io
import os
import sys
import traceback
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

import click

from sheetsync import __version__
from sheetsync.cli.context import Context
from sheetsync.cli.saying import Log
from sheetsync.errors import ConfigError, SheetsyncError
from sheetsync.runs.stopping import Interrupted, Stopped, ending, listen, stopped

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
    "history": ("remembering", "What was logged when: first seen, changed, gone, back."),
    "restore": ("remembering", "Bring deleted rows back into the log."),
    "backup": ("remembering", "Copy the ledger, and a local workbook, as they are now."),
    "forget": ("remembering", "Remove a person from the ledger, for good."),
    "template": ("templating", "See and check what workbooks are made from."),
    "schedule": ("scheduling", "Print what cron or systemd needs to run this unattended."),
    "doctor": ("examining", "Look at everything a set-up needs; say what is wrong and what to do."),
    "auth": ("authorizing", "Sign in to Google, and see who is signed in."),
}


_UNSHOWN = "what there was to show could not be written"
# Bytes. The first sync of the demo takes 340 MB of addresses, and a year of a team some more. With too few of them
# libraries fail in words of their own, or never come back: OpenBLAS asks for a buffer again and again.
_ROOM = 1 << 30
_LIMITS = {"RLIMIT_AS": ("ulimit -v", "LimitAS"), "RLIMIT_DATA": ("ulimit -d", "LimitDATA")}
# What a machine, or a limit, may not give.
_LACKS = {
    errno.EMFILE: "too many open files for one process; raise that limit (ulimit -n)",
    errno.ENFILE: "too many open files on this machine; end what opens them, then run it again",
    errno.ENOMEM: "too little memory; end other programs, or raise the limit there is (ulimit -v), then run it again",
}


class _Commands(click.Group):
    """Loads a command's module only when the command is called, so that starting up stays light."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. At Ctrl-C Click begins a new line, which is none of JSON."""
        log: Log = ctx.obj
        try:
            return super().invoke(ctx)
        except Interrupted as end:
            if not log.is_json:
                raise
            return _stopped(end, log)

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
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", expose_value=False,  # see `Log`
    help="How stderr is written.",
)  # fmt: skip
@click.version_option(__version__, prog_name="sheetsync")
@click.pass_context
def cli(ctx: click.Context, config: str, verbose: bool, quiet: bool) -> None:
    """Goals become activities people log in a spreadsheet, and are looked at on a rhythm."""
    log = ctx.obj if isinstance(ctx.obj, Log) else Log()
    log.command = ctx.invoked_subcommand or ""
    ctx.obj = Context(config, verbose=verbose, quiet=quiet, log=log)
    _refuse_little_room()  # first: to look for the secrets that a line must not show takes memory too
    log.config_path = ctx.obj.config_path


def _refuse_little_room() -> None:
    """Raise `ConfigError` when a limit leaves less memory than a run may need."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    for name, (command, setting) in _LIMITS.items():
        soft, _ = resource.getrlimit(getattr(resource, name))
        if 0 <= soft < _ROOM:
            raise ConfigError(
                f"memory is limited to {soft >> 20} MB ({command}; {setting} in systemd), and sheetsync needs "
                f"{_ROOM >> 20}: run `{command} unlimited`, or `{command} {_ROOM >> 10}`, before it"
            )


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit with its code (docs/exit-codes.md). A signal ends it in good order."""
    # Nothing here is worth more than one thread, and each takes 40 MB of addresses in each library that has OpenBLAS.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # What a locale's letters lack must not end a run.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # What a run reads stays to its end, so to look for garbage again and again takes a fifth of the time for nothing.
    gc.disable()
    code = run(sys.argv[1:] if arguments is None else arguments, listening=True)
    gc.freeze()  # nor is it looked for at the end
    sys.exit(code)


def run(arguments: list[str], *, listening: bool = False) -> int:
    """Run a command; answers its exit code. An error is one line; `-v` shows the traceback as well.

    `listening` to signals is for the main thread of a program of our own.
    """
    log = Log(arguments)
    code = _run(arguments, log, listening=listening)
    if log.unshown:
        code = log.failed(f"{_UNSHOWN} ({log.unshown}); the work itself is done, see to the disk", code or 1)
    log.end(code)
    return code


def _run(arguments: list[str], log: Log, *, listening: bool) -> int:
    try:
        try:
            if listening:
                listen()
            result: Any = cli.main(arguments, prog_name="sheetsync", standalone_mode=False, obj=log)
            return result if isinstance(result, int) else 0
        finally:
            ending()  # in here, so that a signal that comes before it is still met below
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        return _refused(error, log)
    except BrokenPipeError:
        if sys.stderr is not None:
            sys.stderr.close()  # or Python complains about the pipe once more while it shuts down
        return 141
    except (Stopped, click.exceptions.Abort, KeyboardInterrupt) as end:
        return _stopped(end, log)
    except Exception as error:
        where = traceback.format_exc() if {"-v", "--verbose"} & set(arguments) else ""
        return _failed(error, where, log)


def _failed(error: Exception, where: str, log: Log) -> int:
    if stopped() and not isinstance(error, SheetsyncError):  # `auth login` has words of its own for it
        return _stopped(error, log)
    if isinstance(error, OSError) and _is_about_showing(error):
        log.unshown = error.strerror or type(error).__name__
        return 0
    code = error.exit_code if isinstance(error, SheetsyncError) else 1
    ours = f"an error in sheetsync itself, {type(error).__name__}: {error}; -v shows where"
    text = str(error) if isinstance(error, SheetsyncError) else _lack(error) or ours
    return log.failed(text, code, getattr(error, "__notes__", ()), where)


def _lack(error: Exception) -> str:
    """What this machine, or a limit, did not give, and what to do about it; "" for any other error."""
    if isinstance(error, MemoryError):
        return _LACKS[errno.ENOMEM]
    if isinstance(error, OSError):
        return _LACKS.get(error.errno or 0, "")
    if isinstance(error, ImportError):
        # A library that cannot be loaded; the system's loader says why in words only, and not always the usual ones.
        words = str(error).replace("failed to map segment", os.strerror(errno.ENOMEM))
        return next((told for number, told in _LACKS.items() if os.strerror(number) in words), "")
    return ""


def _is_about_showing(error: OSError) -> bool:
    """Whether it came up while something was printed, by Click or rich; work is done before it is shown."""
    files = [Path(frame.f_code.co_filename).parts[-2:] for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool({("click", "utils.py"), ("rich", "console.py")} & set(files))


def _stopped(end: BaseException, log: Log) -> int:
    signal = stopped()  # Click has its own name for Ctrl-C, and other libraries have theirs
    if signal is None:
        return log.failed("stopped", 130)
    notes = {id(each): getattr(each, "__notes__", []) for each in (signal, end)}
    return log.failed(str(signal), signal.exit_code, list(chain.from_iterable(notes.values())))


def _refused(error: click.ClickException, log: Log) -> int:
    """Click's words on one line, and which help page says how it is done."""
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # Click before 8.2 has none
        error.show()
        return error.exit_code
    words = " ".join(error.format_message().split()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    help_page = f"; {context.command_path} --help shows how" if context else ""
    return log.failed(words + help_page, error.exit_code)
