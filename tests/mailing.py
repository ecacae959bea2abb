"""A desk that mails: Ann's partner is Dana, Ben's is Ann; and what went out."""

import json
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.cli import Desk, small_desk

_once = TemporaryDirectory()


@cache
def _mailing() -> Desk:
    desk = small_desk(Path(_once.name))
    with desk.edited() as book:
        sheet = book["People"]
        for row, partner in ((2, "Dana"), (3, "Ann")):
            sheet.cell(row, 4).value = partner
            sheet.cell(row, 5).value = f"{partner.lower()}@example.com"
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    desk.ok("sync")
    return desk


def mailing_desk(folder: Path) -> Desk:
    """A copy of a synced desk whose partners have addresses; everybody at example.com may be written to."""
    return _mailing().copy(folder / "desk")


def outbox(desk: Desk, suffix: str = ".eml") -> list[Path]:
    """The files of the file transport."""
    return sorted((desk.folder / "outbox").glob(f"*{suffix}"))


def parsed(content: bytes) -> EmailMessage:
    """A message as a mail program reads it."""
    return message_from_bytes(content, policy=policy.default)


def outcomes(desk: Desk, *arguments: str, code: int = 0) -> dict[str, str]:
    """What became of each person's email."""
    result = desk.run("email", "send", "--json", *arguments)
    assert result.code == code, result
    return {d["person"]: d["outcome"] for d in json.loads(result.out)}


def change(desk: Desk, place: str, value: Any, tab: str = "People") -> None:
    """A person types into a cell, and cron syncs."""
    with desk.edited() as book:
        book[tab][place] = value
    desk.ok("sync")


def schedule(desk: Desk, *entries: str) -> None:
    """Switch kinds on."""
    line = 'partner-weekly: "Fri 16:00"'
    desk.configure(line, "\n    ".join((line, *entries)))


def by_smtp(desk: Desk, port: int) -> None:
    """Send by a server of this machine, with a log-in."""
    desk.configure("transport: file", "transport: smtp")
    desk.configure("smtp.example.com", "localhost")
    desk.configure("port: 587", f"port: {port}")


def without_login(desk: Desk) -> None:
    """Send in the clear, and to whoever asks for no password."""
    desk.configure("security: starttls", "security: none")
    desk.configure("username: goals", "username: null")
    desk.configure('password: "${SMTP_PASSWORD}"', "password: null")


def trust(context: ssl.SSLContext, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that trusts the mail server's authority."""
    certificates = "".join(map(ssl.DER_cert_to_PEM_cert, context.get_ca_certs(binary_form=True)))
    (folder / "ca.pem").write_text(certificates)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
