"""`email preview` and `email send`: what partners get, once, and only those who may be written to."""

import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.cli import NOW, Desk, small_desk
from tests.smtp_server import smtp_server

WEEK = "2026-W41"  # the Friday before NOW


@pytest.fixture
def desk(mailing: Desk, tmp_path: Path) -> Desk:
    """A copy, to send from."""
    return mailing.copy(tmp_path / "desk")


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Ann's partner is Dana, Ben's is Ann; everybody at example.com may be written to."""
    desk = small_desk(tmp_path_factory.mktemp("mailing"))
    with desk.edited() as book:
        sheet = book["People"]
        for row, partner in ((2, "Dana"), (3, "Ann")):
            sheet.cell(row, 4).value = partner
            sheet.cell(row, 5).value = f"{partner.lower()}@example.com"
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    desk.ok("sync")
    return desk


def outbox(desk: Desk, suffix: str = ".eml") -> list[Path]:
    """The files of the file transport."""
    return sorted((desk.folder / "outbox").glob(f"*{suffix}"))


def parsed(content: bytes) -> EmailMessage:
    """A message as a mail program reads it."""
    return message_from_bytes(content, policy=policy.default)


def outcomes(desk: Desk, *arguments: str, code: int = 0) -> dict[str, str]:
    """What became of each person's email."""
    import json

    result = desk.run("email", "send", "--json", *arguments)
    assert result.code == code, result
    return {d["person"]: d["outcome"] for d in json.loads(result.out)}


def change(desk: Desk, place: str, value: Any, tab: str = "People") -> None:
    """A person types into a cell, and cron syncs."""
    with desk.edited() as book:
        book[tab][place] = value
    desk.ok("sync")


# ---- preview ------------------------------------------------------------------------------------------------------


def test_preview_writes_html_and_text_and_sends_nothing(desk: Desk) -> None:
    """A page and a text for each person; nothing is queued, so sending later sends."""
    said = desk.ok("email", "preview").out
    folder = desk.folder / "outbox" / "preview"
    assert {path.name for path in folder.iterdir()} == {
        f"{WEEK}-{who}{suffix}" for who in ("ann", "ben") for suffix in (".html", ".txt")
    }
    assert str(folder) in said
    html = (folder / f"{WEEK}-ann.html").read_text(encoding="utf-8")
    text = (folder / f"{WEEK}-ann.txt").read_text(encoding="utf-8")
    assert text.startswith("Subject: ")
    assert all("Cold call" in part and "Revenue" in part for part in (html, text))
    assert outbox(desk) == []
    assert outcomes(desk) == {"Ann": "sent", "Ben": "sent"}


def test_preview_of_one_person_and_week(desk: Desk) -> None:
    """--to takes the person or the partner; one email is shown in the terminal as well."""
    shown = desk.ok("email", "preview", "--to", "dana", "--period", "2026-w40", "--json").json
    assert [(p["person"], p["recipient"], p["period"]) for p in shown] == [("Ann", "dana@example.com", "2026-W40")]
    assert shown[0]["text"] in desk.ok("email", "preview", "--to", "Dana", "--period", "2026-W40").out


def test_preview_works_without_the_workbook(desk: Desk) -> None:
    """Emails are made from the ledger."""
    desk.workbook.unlink()
    assert len(desk.ok("email", "preview", "--json").json) == 2


# ---- send ---------------------------------------------------------------------------------------------------------


def test_send_writes_one_message_a_partner(desk: Desk) -> None:
    """Each message has one recipient, both parts, and the headers a mail program needs."""
    assert outcomes(desk) == {"Ann": "sent", "Ben": "sent"}
    messages = [parsed(path.read_bytes()) for path in outbox(desk)]
    assert sorted(m["To"] for m in messages) == ["Ann <ann@example.com>", "Dana <dana@example.com>"]
    for message in messages:
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert message["From"] == "Sales goals <goals@example.com>"
        assert message["Reply-To"] in {"ann@example.com", "ben@example.com"}
        assert message["List-Unsubscribe"]
        assert message["Message-ID"].endswith("@example.com>")
    assert len(outbox(desk, ".html")) == len(outbox(desk, ".txt")) == 2


def test_sending_twice_sends_once(desk: Desk) -> None:
    """However often it is called in a week, also by `run`, and whatever is logged meanwhile."""
    outcomes(desk)
    before = [(path, path.read_bytes()) for path in outbox(desk)]
    change(desk, "D2", 40, "Log")
    assert outcomes(desk) == {"Ann": "already sent", "Ben": "already sent"}
    desk.ok("run", at=NOW.replace(hour=20))
    assert [(path, path.read_bytes()) for path in outbox(desk)] == before
    friday = NOW.replace(day=16, hour=16)
    assert desk.run("run", at=friday).code == 0
    assert len(outbox(desk)) == 4


def test_only_what_is_due_is_sent(desk: Desk) -> None:
    """A minute before the time it is still last week's; a person's own day and zone count."""
    due = {"Ann": NOW.replace(day=16, hour=15, minute=59), "Ben": NOW.replace(day=16, hour=16)}
    weeks = [desk.run("email", "preview", "--json", at=at).json[0]["period"] for at in due.values()]
    assert weeks == ["2026-W41", "2026-W42"]
    change(desk, "F2", "Monday")
    assert {p["person"]: p["period"] for p in desk.ok("email", "preview", "--json").json} == {
        "Ann": "2026-W42", "Ben": "2026-W41",
    }  # fmt: skip


def test_to_narrows_the_sending(desk: Desk) -> None:
    """Only the one asked for goes out, by the partner's name too; the other is still to come."""
    assert outcomes(desk, "--to", "Dana") == {"Ann": "sent"}
    assert outcomes(desk, "--to", "dana@example.com") == {"Ann": "already sent"}
    assert outcomes(desk) == {"Ann": "already sent", "Ben": "sent"}


def test_another_week_than_the_due_one_is_not_sent(desk: Desk) -> None:
    """--period says which week is meant: another one is skipped, and said so."""
    assert outcomes(desk, "--period", "2026-W20") == {"Ann": "skipped", "Ben": "skipped"}
    assert outbox(desk) == []
    assert outcomes(desk, "--period", WEEK) == {"Ann": "sent", "Ben": "sent"}


def test_others_are_held_until_they_are_allowed(desk: Desk) -> None:
    """Nobody outside the list is written to; the run says whom, and how; once allowed it goes out."""
    desk.configure('"*@example.com"', '"ann@example.com"')
    said = desk.ok("email", "send").out
    assert "Ann → dana@example.com" in said
    assert "held" in said
    assert "email.recipients" in said
    assert [parsed(path.read_bytes())["To"] for path in outbox(desk)] == ["Ann <ann@example.com>"]
    desk.configure('"ann@example.com"', '"*@EXAMPLE.com"')
    assert outcomes(desk)["Ann"] == "sent"
    assert len(outbox(desk)) == 2


@pytest.mark.parametrize(
    "address", ["dana@example.com, eve@evil.org", "dana", "dana@example.com\nBcc: eve@evil.org", None]
)
def test_no_address_is_no_email(desk: Desk, address: str | None) -> None:
    """What is not exactly one address is skipped, and said so; nothing is guessed."""
    change(desk, "E2", address)
    result = desk.ok("email", "send").out
    assert "skipped" in result
    assert len(outbox(desk)) == 1
    assert b"evil" not in outbox(desk)[0].read_bytes()


@pytest.mark.parametrize(
    ("mail", "why"), [("paused", "Mail is paused"), ("stop", "Mail is stop"), ("?", "Mail is paused")]
)
def test_the_mail_column_stops_it(desk: Desk, mail: str, why: str) -> None:
    """Who writes paused or stop, or what nobody understands, gets nothing sent about them."""
    change(desk, "G2", mail)
    said = desk.ok("email", "send").out
    assert f"Ann → dana@example.com, {WEEK}: skipped ({why})" in said
    assert [parsed(path.read_bytes())["To"] for path in outbox(desk)] == ["Ann <ann@example.com>"]
    change(desk, "G2", "on")
    assert outcomes(desk)["Ann"] == "sent"


def test_a_blank_report_is_never_sent(desk: Desk) -> None:
    """Whoever never logged a row has no email due."""
    with desk.edited() as book:
        book["People"].append(["Cleo", "cleo@example.com", None, "Dana", "dana@example.com"])
    desk.ok("sync")
    assert outcomes(desk)["Cleo"] == "skipped"
    assert len(outbox(desk)) == 2


def test_nothing_is_sent_before_the_first_sync(desk: Desk) -> None:
    """Without a sync there is nothing to tell."""
    desk.ledger.unlink()
    desk.run("email", "send").refused(3, "nothing was synced yet")
    desk.run("email", "preview").refused(3, "nothing was synced yet")
    assert not (desk.folder / "outbox").exists()


def test_own_templates_come_first(desk: Desk) -> None:
    """A file of the same name in `emails` beside the configuration replaces ours; the others stay."""
    folder = desk.folder / "emails"
    folder.mkdir()
    (folder / "partner-weekly.subject.txt.j2").write_text("Only for you", encoding="utf-8")
    assert {p["subject"] for p in desk.ok("email", "preview", "--json").json} == {"Only for you"}


@pytest.mark.parametrize("text", ["{{ nothing.here }}", "{% if %}", "{{ ''.__class__.__mro__ }}"])
def test_a_wrong_template_is_said_and_nothing_is_sent(desk: Desk, text: str) -> None:
    """Exit 3, one line with the template's name; no email is queued half-made."""
    (desk.folder / "emails").mkdir()
    own = desk.folder / "emails" / "partner-weekly.subject.txt.j2"
    own.write_text(text, encoding="utf-8")
    desk.run("email", "send").refused(3, "partner-weekly.subject.txt.j2")
    assert outbox(desk) == []
    own.unlink()
    assert outcomes(desk) == {"Ann": "sent", "Ben": "sent"}


def test_hostile_cells_cannot_shape_the_email(desk: Desk) -> None:
    """Markup, headers and template code in cells are text in the email."""
    change(desk, "D2", "Dana\r\nBcc: eve@evil.org")
    change(desk, "I2", "{{ 7 * 7 }}<img src=x onerror=alert(1)>", "Goals")
    assert outcomes(desk)["Ann"] == "sent"
    for path in outbox(desk):
        message = parsed(path.read_bytes())
        assert "bcc" not in [name.lower() for name in message]
        html = message.get_body(("html",))
        assert html is not None
        assert "<img src=x" not in html.get_content()


# ---- smtp ---------------------------------------------------------------------------------------------------------


def _by_smtp(desk: Desk, port: int) -> None:
    desk.configure("transport: file", "transport: smtp")
    desk.configure("smtp.example.com", "localhost")
    desk.configure("port: 587", f"port: {port}")


def _trust(context: ssl.SSLContext, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that trusts the mail server's authority."""
    certificates = "".join(map(ssl.DER_cert_to_PEM_cert, context.get_ca_certs(binary_form=True)))
    (folder / "ca.pem").write_text(certificates)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))


def test_smtp_delivers_exactly_one_message(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over STARTTLS with a login from the environment: one message with both parts, once."""
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    with smtp_server("starttls", user="goals", password="hunter2") as server:
        _trust(server.context, desk.folder, monkeypatch)
        _by_smtp(desk, server.port)
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
        _trust(server.context, desk.folder, monkeypatch)
        _by_smtp(desk, server.port)
        line = desk.run("email", "send").refused(6, "localhost")
        assert "hunter" not in line
        monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
        assert set(outcomes(desk).values()) <= {"sent", "already sent"}
        assert sorted(m.recipients for m in server.messages) == [("ann@example.com",), ("dana@example.com",)]


def test_a_password_that_is_not_set(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable's name, and no connection."""
    monkeypatch.delenv("SMTP_PASSWORD", raising=False)
    with smtp_server("none") as server:
        _by_smtp(desk, server.port)
        desk.run("email", "send").refused(3, "SMTP_PASSWORD")
        assert server.commands == []


def test_a_mail_server_that_is_down_gets_it_later(desk: Desk) -> None:
    """Exit 4 with the reason; the same email goes out when the server is back, once."""
    with smtp_server("none") as server:
        _by_smtp(desk, server.port)
        desk.configure("security: starttls", "security: none")
        desk.configure("username: goals", "username: null")
        desk.configure('password: "${SMTP_PASSWORD}"', "password: null")
        server.replies["connect"] = "421 closed for today"
        result = desk.run("email", "send")
        result.refused(4, "emails were not sent")
        assert result.out.count("waiting") == 2
        server.replies.clear()
        again = desk.ok("email", "send").out
        assert again.count("sent") == len(again.splitlines()) == 2
        assert len(server.messages) == 2
        outcomes(desk)
        assert len(server.messages) == 2


def test_a_refused_recipient_does_not_stop_the_others(desk: Desk) -> None:
    """An address the server never takes fails, is said, and is not tried again."""
    with smtp_server("none") as server:
        _by_smtp(desk, server.port)
        desk.configure("security: starttls", "security: none")
        desk.configure("username: goals", "username: null")
        desk.configure('password: "${SMTP_PASSWORD}"', "password: null")
        server.replies["rcpt"] = "550 no such user"
        said = desk.run("email", "send")
        said.refused(1, "emails were not sent")
        assert said.out.count("550 no such user") == 2
        server.replies.clear()
        outcomes(desk)
        assert server.messages == []


def test_an_empty_schedule_sends_nothing(desk: Desk) -> None:
    """Whoever schedules no email gets none, and may still look at one."""
    desk.configure('schedule:\n    partner-weekly: "Fri 16:00"', "schedule: {}")
    assert "sent" not in desk.ok("email", "send").out
    desk.ok("email", "preview")
    assert list((desk.folder / "outbox" / "preview").glob("*.html"))
