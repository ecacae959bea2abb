"""`email send` by a mail server: exactly once, with a log-in, and later when the server is down."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli import NOW, Desk
from tests.mailing import by_smtp, mailing_desk, outcomes, parsed, trust, without_login
from tests.smtp_server import smtp_server


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A copy, to send from."""
    return mailing_desk(tmp_path)


def test_smtp_delivers_exactly_one_message(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over STARTTLS with a login from the environment: one message with both parts, once."""
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    with smtp_server("starttls", user="goals", password="hunter2") as server:
        trust(server.context, desk.folder, monkeypatch)
        by_smtp(desk, server.port)
        assert outcomes(desk, "--to", "Dana") == {"Ann": "sent"}
        assert outcomes(desk, "--to", "Dana") == {"Ann": "already sent"}
        (received,) = server.messages
    assert received.recipients == ("dana@example.com",)
    assert received.encrypted
    assert received.user == "goals"
    message = parsed(received.content)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["To"] == "Dana <dana@example.com>"
    assert not (desk.folder / "outbox").exists()
    assert b"hunter2" not in desk.ledger.read_bytes()


def test_a_refused_login_is_said_without_the_password(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 6, and the email still waits: with the right password it goes out."""
    monkeypatch.setenv("SMTP_PASSWORD", "hunter3")
    with smtp_server("starttls", user="goals", password="hunter2") as server:
        trust(server.context, desk.folder, monkeypatch)
        by_smtp(desk, server.port)
        line = desk.run("email", "send").refused(6, "localhost")
        assert "hunter" not in line
        monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
        assert set(outcomes(desk).values()) <= {"sent", "already sent"}
        assert sorted(m.recipients for m in server.messages) == [("ann@example.com",), ("dana@example.com",)]


def test_a_password_that_is_not_set(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable's name, and no connection."""
    monkeypatch.delenv("SMTP_PASSWORD", raising=False)
    with smtp_server("none") as server:
        by_smtp(desk, server.port)
        desk.run("email", "send").refused(3, "SMTP_PASSWORD")
        assert server.commands == []


def test_a_mail_server_that_is_down_gets_it_later(desk: Desk) -> None:
    """Exit 4 with the reason; the same email goes out when the server is back, once."""
    with smtp_server("none") as server:
        by_smtp(desk, server.port)
        without_login(desk)
        server.replies["connect"] = "421 closed for today"
        result = desk.run("email", "send")
        result.refused(4, "emails were not sent")
        assert result.out.count("waiting") == 2
        server.replies.clear()
        again = desk.ok("email", "send", at=NOW + timedelta(minutes=31)).out
        assert again.count("sent") == len(again.splitlines()) == 2
        assert len(server.messages) == 2
        outcomes(desk)
        assert len(server.messages) == 2


def test_a_refused_recipient_does_not_stop_the_others(desk: Desk) -> None:
    """An address the server never takes fails, is said, and is not tried again."""
    with smtp_server("none") as server:
        by_smtp(desk, server.port)
        without_login(desk)
        server.replies["rcpt"] = "550 no such user"
        said = desk.run("email", "send")
        said.refused(1, "emails were not sent")
        assert said.out.count("550 no such user") == 2
        server.replies.clear()
        outcomes(desk)
        assert server.messages == []
