"""The file transport leaves whole files with safe, readable names."""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sheetsync.errors import Unavailable
from sheetsync.mail import Email, FileTransport, compose


def message(subject: str = "Anna’s week") -> bytes:
    return compose(
        Email(subject, "plain ████\n", "<p>Grüße</p>\n"),
        sender="goals@example.com",
        recipient="ben@example.com",
        recipient_name="",
        reply_to="",
        unsubscribe="",
        message_id="<1@example.com>",
        date=datetime(2026, 2, 13, 16, tzinfo=UTC),
    )


def test_a_mail_becomes_three_files(tmp_path: Path) -> None:
    """The message byte for byte, and its two parts; the reply says where, the mark is set before."""
    outbox = tmp_path / "a" / "outbox"
    marks: list[tuple[str, str]] = []
    reply = FileTransport(outbox).send(
        message(), "goals@example.com", "ben@example.com", lambda *mark: marks.append(mark)
    )
    stems = {path.stem for path in outbox.iterdir()}
    assert {path.suffix for path in outbox.iterdir()} == {".eml", ".html", ".txt"}
    assert len(stems) == 1
    stem = stems.pop()
    assert stem.startswith("2026-02-13-annas-week-ben-example-com-")
    assert (outbox / f"{stem}.eml").read_bytes() == message()
    assert (outbox / f"{stem}.html").read_text(encoding="utf-8") == "<p>Grüße</p>\n"
    assert (outbox / f"{stem}.txt").read_text(encoding="utf-8") == "plain ████\n"
    assert str(outbox / f"{stem}.eml") in reply
    assert marks == [("committing", ""), ("sent", reply)]


def test_the_same_mail_again_is_the_same_file(tmp_path: Path) -> None:
    """A resend after a crash leaves one mail; another mail to the same person is another file."""
    transport = FileTransport(tmp_path)
    for content in (message(), message(), message("../../etc/passwd\0 " + "x" * 300)):
        transport.send(content, "goals@example.com", "ben@example.com", lambda state, reply: None)
    names = sorted(path.name for path in tmp_path.glob("*.eml"))
    assert len(names) == 2
    assert all(path.parent == tmp_path and len(path.name) < 130 for path in tmp_path.iterdir())


def _send(outbox: Path, told: Callable[[str], None]) -> None:
    FileTransport(outbox).send(message(), "a@example.com", "ben@example.com", lambda state, reply: told(state))


def test_the_disk_keeps_the_names_before_the_mail_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut after it is marked sent takes no file away: the folder was synced, and the one above it."""
    told: list[str] = []
    outbox = tmp_path / "outbox"
    names = {outbox: "outbox", tmp_path: "above"}

    def sync(descriptor: int) -> None:
        opened = os.fstat(descriptor)
        there = [name for path, name in names.items() if path.exists() and os.path.samestat(path.stat(), opened)]
        told.append(there[0] if there else "file")

    monkeypatch.setattr(os, "fsync", sync)
    _send(outbox, told.append)
    assert told == ["committing", "file", "file", "file", "outbox", "above", "sent"]


@pytest.mark.parametrize(("number", "sent"), [(errno.EIO, False), (errno.ENOSPC, False), (errno.EINVAL, True)])
def test_a_folder_that_is_not_kept_is_no_mail_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sent: bool
) -> None:
    """It waits when the disk fails at it; a file system that cannot sync folders at all is no reason."""
    told: list[str] = []

    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", sync)
    with nullcontext() if sent else pytest.raises(Unavailable, match="cannot write the mail"):
        _send(tmp_path, told.append)
    assert told == ["committing", "sent"][: 1 + sent]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A file in the folder's place: one line with the setting, so that the mail waits."""
    (tmp_path / "outbox").write_text("")
    with pytest.raises(Unavailable, match=r"email\.outbox_dir"):
        FileTransport(tmp_path / "outbox").send(
            message(), "a@example.com", "ben@example.com", lambda state, reply: None
        )
