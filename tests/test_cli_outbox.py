"""`email status`, `approve`, `resend` and `pause`, as a person uses them."""

import io
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli import NOW, Desk, sheetsync
from tests.mail_matrix import mailing_desk


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk at which one email is due, about Ann, to Dana, who may not be written to yet."""
    desk = mailing_desk(tmp_path_factory.mktemp("made") / "desk")
    desk.configure("transport: smtp", "transport: file")
    desk.configure('recipients: ["*@example.com"]', "recipients: []")
    return desk


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    """A copy, to send from."""
    return made.copy(tmp_path / "desk")


def sent(desk: Desk) -> list[bytes]:
    """What was sent."""
    return [path.read_bytes() for path in sorted((desk.folder / "outbox").glob("*.eml"))]


def test_status_shows_every_email_and_why_it_waits(desk: Desk) -> None:
    """A table for people, the same for programs; nothing is sent by looking."""
    assert "No email was queued yet" in desk.ok("email", "status").out
    desk.ok("email", "send")
    shown = desk.ok("email", "status").out
    for word in ("partner-weekly", "2026-W41", "Ann", "dana@example.com", "held", "14 Oct 08:00", "1 held"):
        assert word in shown, shown
    status = desk.ok("email", "status", "--json").json
    assert (status["paused"], status["counts"]) == (None, {"held": 1})
    (email,) = status["emails"]
    assert (email["id"], email["state"], email["recipient"]) == (1, "held", "dana@example.com")
    assert "message" not in email
    assert email["queued_at"] == "2026-10-14T08:00:00+00:00"
    assert "email.recipients" in email["reply"]
    assert sent(desk) == []


def test_status_leaves_out_what_is_long_over(desk: Desk) -> None:
    """What came to an end a month ago is shown with --all."""
    desk.ok("email", "approve", "dana@example.com")
    desk.ok("email", "send")
    later = NOW + timedelta(days=40)
    assert desk.ok("email", "status", "--json", at=later).json["emails"] == []
    assert len(desk.ok("email", "status", "--all", "--json", at=later).json["emails"]) == 1


@pytest.mark.parametrize("target", ["dana@example.com", "1", "--all"])
def test_approve_lets_go_what_is_held(desk: Desk, target: str) -> None:
    """By address, by the ID of a held email, or all; from then on without asking."""
    desk.ok("email", "send")
    assert "dana@example.com may be written to; 1 held email goes next" in desk.ok("email", "approve", target).out
    desk.ok("email", "send")
    assert len(sent(desk)) == 1
    desk.ok("run", at=NOW.replace(day=16, hour=16))
    assert len(sent(desk)) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["approve"], "name addresses or IDs"),
        (["approve", "7"], "no email 7"),
        (["approve", "a@example.com, b@example.com"], "neither one mail address"),
        (["resend", "7", "--yes"], "no email 7"),
        (["pause", "--until", "2026-10-14"], "that is over"),
        (["pause", "--until", "2026-11-14", "--off"], "contradict"),
        (["pause", "--until", "tomorrow"], "no day"),
    ],
)
def test_what_makes_no_sense_is_said(desk: Desk, arguments: list[str], words: str) -> None:
    """Exit 2 and one line."""
    desk.run("email", *arguments).refused(2, words)


def test_resend_sends_the_same_bytes_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks first, for a sent one arrives twice; the bytes are those of the first time."""
    desk.ok("email", "approve", "dana@example.com")
    desk.ok("email", "send")
    (first,) = sent(desk)
    for path in (desk.folder / "outbox").iterdir():
        path.unlink()
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert desk.run("email", "resend", "1").code == 130
    assert sent(desk) == []
    assert "sent" in desk.ok("email", "resend", "1", "--yes").out
    assert sent(desk) == [first]


def test_pause_queues_and_sends_later(desk: Desk) -> None:
    """`run` says that it is paused and is content; afterwards the email goes."""
    desk.ok("email", "approve", "dana@example.com")
    assert "until 2026-10-16 00:00 UTC" in desk.ok("email", "pause", "--until", "2026-10-16").out
    said = desk.ok("-v", "run").out
    assert "paused (until 2026-10-16 00:00 UTC)" in said
    assert desk.ok("email", "status", "--json").json["paused"]["until"].startswith("2026-10-16")
    assert sent(desk) == []
    desk.ok("run", at=NOW + timedelta(days=2))
    assert len(sent(desk)) == 1
    assert "until someone ends it" in desk.ok("email", "pause").out
    assert "sent again" in desk.ok("email", "pause", "--off").out
    assert desk.ok("email", "status", "--json").json["paused"] is None


def test_help_names_the_commands() -> None:
    """All of them stand in the group's help."""
    shown = sheetsync("email", "--help").out
    assert all(name in shown for name in ("preview", "send", "status", "approve", "resend", "pause"))
