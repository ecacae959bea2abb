"""The program `sheetsync`, which is `python -m sheetsync` as well."""

import signal


def main() -> None:
    """Run the command line, and exit with its code. Ctrl-C ends it in silence while the command line is loaded."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `sheetsync.runs.stopping` listens
    from sheetsync.cli import main as run_command

    run_command()


if __name__ == "__main__":
    main()
