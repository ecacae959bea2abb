"""The ways out for a mail, and the one that leaves it in a folder to look at."""

import errno
import hashlib
import os
import re
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Protocol

from sheetsync.errors import SheetsyncError, Unavailable

Marks = Callable[[str, str], None]
"""Called with "committing" and "" when, from now on until the reply, nobody can know whether the mail was accepted;
and with "sent" and the reply as soon as it is, before anything else is done."""

_CANNOT_SYNC_FOLDERS = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM)


class Limited(Unavailable):
    """The account may send no more for now, whatever the mail; `pause` says how long it is better left alone."""

    def __init__(self, text: str, pause: timedelta) -> None:
        super().__init__(text)
        self.pause = pause


class Refused(SheetsyncError):
    """The server will never take this mail; trying again does not help."""


class Ambiguous(SheetsyncError):
    """The connection ended after the mail's text had begun: it may or may not have been accepted."""


class Transport(Protocol):
    """Hands one mail over to one recipient."""

    def send(self, message: bytes, sender: str, recipient: str, marks: Marks) -> str:
        """Send the bytes and return the server's reply.

        Raises `Unavailable` (not accepted, try later; `Limited` when that holds for every mail), `Refused` (never) or
        `Ambiguous` (nobody knows).
        """


class FileTransport:
    """Leaves each mail in a folder: `.eml` is the mail itself, `.html` and `.txt` are for looking at it."""

    def __init__(self, outbox_dir: Path) -> None:
        self._folder = outbox_dir

    def send(self, message: bytes, sender: str, recipient: str, marks: Marks) -> str:  # noqa: ARG002
        """Write the files, each whole or not at all, and return where; the same bytes get the same name."""
        parsed = message_from_bytes(message, policy=policy.SMTP)
        name = _file_name(parsed, recipient, message)
        marks("committing", "")
        try:
            private_folder(self._folder)
            for kind, suffix in (("html", ".html"), ("plain", ".txt")):
                part = parsed.get_body((kind,))
                if part is not None:
                    self._write(name + suffix, str(part.get_content()).replace("\r\n", "\n").encode())
            self._write(f"{name}.eml", message)
            for folder in (self._folder, self._folder.parent):  # which may hold a new name too
                _sync(folder)
        except OSError as error:
            raise Unavailable(
                f"{self._folder}: cannot write the mail: {error.strerror}; check email.outbox_dir and the disk"
            ) from None
        reply = f"written to {self._folder / name}.eml"
        marks("sent", reply)
        return reply

    def _write(self, name: str, content: bytes) -> None:
        write_privately(self._folder / name, content)


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner may look into, unless it is there. Raises `OSError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_privately(path: Path, content: bytes) -> None:
    """Put a file there, whole or not at all, that only its owner may read; a link there is replaced, not followed.

    Raises `OSError`.
    """
    partial = path.with_name(f".{path.name}.part")
    partial.unlink(missing_ok=True)  # of a run that was killed
    with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _sync(folder: Path) -> None:
    """Have the disk keep new names, where the file system can; one that fails at it raises `OSError`."""
    if os.name != "posix":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC_FOLDERS:
            raise


def _file_name(parsed: EmailMessage, recipient: str, message: bytes) -> str:
    day = parsedate_to_datetime(parsed["Date"]).date() if parsed["Date"] else "undated"
    digest = hashlib.sha256(message).hexdigest()[:8]
    return f"{day}-{_slug(str(parsed['Subject']))}-{_slug(recipient)}-{digest}"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("’", "")).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:40].strip("-") or "mail"
