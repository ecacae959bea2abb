"""What can go wrong: a bad world is an exception with an exit code, bad data is a `Problem` value.

An exception's text is one line: what is wrong, where, and what to do about it. docs/exit-codes.md lists them.
"""

from dataclasses import dataclass
from typing import ClassVar


class SheetsyncError(Exception):
    """The root of all errors that a command reports in one line."""

    exit_code: ClassVar[int] = 1


class Unfinished(SheetsyncError):
    """The run ended with something left undone (a mail that was refused, say)."""

    exit_code = 1


class UsageError(SheetsyncError):
    """The command line asks for something that makes no sense."""

    exit_code = 2


class ConfigError(SheetsyncError):
    """The configuration, a template or an input file is wrong, or the workbook does not exist."""

    exit_code = 3


class Unavailable(SheetsyncError):
    """Google, the mail server or the database did not answer after retries; the next run may succeed."""

    exit_code = 4


class GuardTripped(SheetsyncError):
    """Going on might lose something; a person must decide."""

    exit_code = 5


class AuthorizationError(SheetsyncError):
    """A credential is missing, dead, or not allowed to see the workbook; a person must act."""

    exit_code = 6


class Busy(SheetsyncError):
    """Another run holds the lock, or the file is open in another program."""

    exit_code = 75


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing in the workbook that could not be used as typed.

    `tab` and `column` are titles as the person sees them, `row` is the 1-based row number (0: the whole tab).
    `what` says what is wrong, `hint` what to do, `typed` what the cell holds.
    """

    tab: str
    row: int
    column: str
    what: str
    hint: str = ""
    typed: str = ""
