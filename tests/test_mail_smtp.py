"""The SMTP transport against a real server: it always knows whether the mail was accepted, or says that it cannot."""

import contextlib
import itertools
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import trustme

from sheetsync.errors import AuthorizationError, ConfigError, SheetsyncError, Unavailable
from sheetsync.mail import Ambiguous, Email, Limited, Refused, SmtpTransport, compose
from sheetsync.mail.smtp import Security, Timeouts
from sheetsync.mail.transports import Marks
from tests.smtp_server import SmtpServer, Stage, smtp_server

MESSAGE = b"Subject: x\r\n\r\n.leading dot\r\n..two\r\nend \xe2\x96\x88\r\n"
SENDER, RECIPIENT = "goals@example.com", "ben@example.com"


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with smtp_server() as running:
        yield running


def transport(server: SmtpServer) -> SmtpTransport:
    return SmtpTransport("localhost", server.port, "starttls", context=server.context)


def send(server: SmtpServer, marks: Marks = lambda state, reply: None) -> str:
    return transport(server).send(MESSAGE, SENDER, RECIPIENT, marks)


def test_a_mail_is_delivered_once_byte_for_byte_over_tls(server: SmtpServer) -> None:
    """One mail arrives, encrypted, with its bytes (leading dots too) as they were; the reply is the server's."""
    marks: list[tuple[str, str]] = []
    reply = send(server, lambda *mark: marks.append(mark))
    assert reply == "250 OK queued as 1"
    assert marks == [("committing", ""), ("sent", reply)]
    [received] = server.messages
    assert (received.sender, received.recipients) == (SENDER, (RECIPIENT,))
    assert received.content == MESSAGE
    assert received.encrypted


def test_the_mark_comes_between_the_go_ahead_and_the_text(server: SmtpServer) -> None:
    """When "committing" is called the server has answered DATA but has no mail; if marking fails none is sent."""

    def fail(state: str, reply: str) -> None:
        assert server.commands == ["MAIL", "RCPT"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(server, fail)
    assert server.messages == []


@pytest.mark.parametrize("security", ["tls", "none"])
def test_other_securities(security: str) -> None:
    """Implicit TLS works, and no encryption at all to this very machine."""
    chosen: dict[str, str] = {"security": security}
    with smtp_server(**chosen) as server:  # type: ignore[arg-type]
        SmtpTransport("127.0.0.1", server.port, **chosen, context=server.context).send(  # type: ignore[arg-type]
            MESSAGE, SENDER, RECIPIENT, lambda state, reply: None
        )
        assert [m.encrypted for m in server.messages] == [security == "tls"]


def test_no_encryption_to_another_machine_must_be_meant() -> None:
    """`none` to a remote host is a configuration error unless explicitly allowed."""
    with pytest.raises(ConfigError, match="unencrypted"):
        SmtpTransport("mail.example.com", 25, "none")
    with pytest.raises(ConfigError, match="unencrypted"):
        SmtpTransport("localhost.example.com", 25, "none")
    SmtpTransport("mail.example.com", 25, "none", allow_plain=True)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_untrusted_certificate_is_refused(security: str) -> None:
    """A self-made certificate ends the conversation before log-in and mail."""
    with smtp_server(security, user="goals", password="secret") as server:  # type: ignore[arg-type]
        stranger = SmtpTransport("localhost", server.port, security, "goals", "secret")  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match="certificate is not trusted"):
            stranger.send(MESSAGE, SENDER, RECIPIENT, lambda state, reply: None)
        assert server.commands == []


def test_a_certificate_for_another_host_is_refused() -> None:
    """The name must match, even when the authority is trusted."""
    with smtp_server(names=("other.example.com",)) as server:
        with pytest.raises(ConfigError, match="certificate is not trusted"):
            send(server)
        assert server.messages == []


def test_a_server_without_starttls_is_refused() -> None:
    """Stripped STARTTLS never leads to a mail in the clear."""
    with smtp_server("none") as server:
        with pytest.raises(ConfigError, match="STARTTLS"):
            send(server)
        assert server.commands == []


def test_logging_in() -> None:
    """The right password is used; a wrong one needs a person, is tried once, and never shown."""
    with smtp_server(user="goals", password="secret") as server:
        arguments = ("localhost", server.port, "starttls", "goals")
        right = SmtpTransport(*arguments, "secret", context=server.context)  # type: ignore[arg-type]
        right.send(MESSAGE, SENDER, RECIPIENT, lambda state, reply: None)
        assert [m.user for m in server.messages] == ["goals"]
        wrong = SmtpTransport(*arguments, "hunter2", context=server.context)  # type: ignore[arg-type]
        with pytest.raises(AuthorizationError) as caught:
            wrong.send(MESSAGE, SENDER, RECIPIENT, lambda state, reply: None)
        assert "hunter2" not in str(caught.value)
        with pytest.raises(AuthorizationError, match="username"):
            send(server)
        assert len(server.messages) == 1


def test_a_password_no_server_can_take() -> None:
    """A letter that SMTP has no way to say is told before it is tried."""
    with smtp_server(user="goals", password="secret") as server:
        strange = SmtpTransport("localhost", server.port, "starttls", "goals", "pässword", context=server.context)
        with pytest.raises(ConfigError, match="ASCII"):
            strange.check()
        assert server.commands == []


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "message"])
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ("450 4.2.1 greylisted", Unavailable),
        ("421 4.7.0 too many mails", Limited),
        ("450 4.2.1 receiving mail at too high a rate", Limited),
        ("550 5.1.1 no such person", Refused),
        ("550 5.4.5 daily limit reached", Limited),
        ("550 5.7.233 limit exceeded", Limited),
        ("554 5.7.232 limit exceeded", Limited),
        ("550 5.7.23 SPF", Refused),
        ("530 5.7.0 log in first", AuthorizationError),
    ],
)
def test_a_refusal_says_whether_to_try_again(
    server: SmtpServer, stage: Stage, reply: str, error: type[SheetsyncError]
) -> None:
    """4xx: later; 5xx: never; daily limits: later; and nothing is marked before the server lets the text come."""
    server.replies[stage] = reply
    if stage == "mail" and error is Refused:
        error = ConfigError  # the sender is refused, whoever the mail is for
    marks: list[tuple[str, str]] = []
    with pytest.raises(error, match=reply[:9]) as caught:
        send(server, lambda *mark: marks.append(mark))
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)
    assert marks == ([("committing", "")] if stage == "message" else [])
    assert server.messages == []


def test_an_unwilling_server_is_unavailable(server: SmtpServer) -> None:
    """A server that greets with 554 has refused nothing of ours: try again later."""
    server.replies["connect"] = "554 no service today"
    with pytest.raises(Unavailable, match="554"):
        send(server)


def test_nobody_listening_is_unavailable() -> None:
    """No connection: nothing was sent, and the message says which server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port} cannot be used: Connection refused; nothing was sent"):
        SmtpTransport("127.0.0.1", port, "none").send(MESSAGE, SENDER, RECIPIENT, lambda state, reply: None)


@pytest.mark.parametrize("stage", ["mail", "rcpt"])
def test_a_connection_lost_before_the_text_is_unavailable(server: SmtpServer, stage: Stage) -> None:
    """Nothing of the mail had left: provably not accepted."""
    server.drop_after = stage
    with pytest.raises(Unavailable):
        send(server)
    assert server.messages == []


@pytest.mark.parametrize(("stage", "stored"), [("data", 0), ("message", 1)])
def test_a_connection_lost_after_the_text_is_ambiguous(server: SmtpServer, stage: Stage, stored: int) -> None:
    """Whether the server kept the mail cannot be told from here, and the error says so."""
    server.drop_after = stage
    with pytest.raises(Ambiguous, match="may have arrived"):
        send(server)
    assert len(server.messages) == stored


def test_a_trouble_at_the_end_counts_as_sent(server: SmtpServer) -> None:
    """421 at QUIT, or a connection that ends there, comes after the mail was accepted."""
    server.replies["quit"] = "421 closing now"
    assert send(server).startswith("250")
    server.drop_after = "quit"
    assert send(server).startswith("250")
    assert len(server.messages) == 2


def _scripted(listener: socket.socket, final: bytes | None, release: threading.Event, delay: float = 0) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 hello\r\n")
        for line in lines:
            verb = line[:4].upper()
            if verb == b"DATA":
                break
            connection.sendall(b"250 OK\r\n")
        connection.sendall(b"354 go\r\n")
        for line in lines:
            if line == b".\r\n":
                break
        if final is None:
            release.wait(10)
        else:
            time.sleep(delay)
            connection.sendall(final)


@pytest.mark.parametrize("final", [None, b"what?\r\n", b"354 again\r\n"])
def test_silence_or_nonsense_instead_of_the_final_reply_is_ambiguous(final: bytes | None) -> None:
    """A server that never confirms, or answers with something that is no answer, leaves it open."""
    release = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_scripted, args=(listener, final, release))
        thread.start()
        sender = SmtpTransport("127.0.0.1", listener.getsockname()[1], "none", timeouts=Timeouts(final=0.3))
        with pytest.raises(Ambiguous):
            sender.send(MESSAGE, SENDER, RECIPIENT, lambda state, reply: None)
        release.set()
        thread.join(5)


@pytest.mark.parametrize(
    "recipient", ["a@example.com, b@example.com", "a@example.com>\r\nRCPT TO:<b@example.com", ""]
)
def test_two_recipients_never_reach_the_server(server: SmtpServer, recipient: str) -> None:
    """The transport itself refuses what is not exactly one address."""
    with pytest.raises(Refused, match="not exactly one"):
        transport(server).send(MESSAGE, SENDER, recipient, lambda state, reply: None)
    assert server.commands == []


def test_a_slow_final_reply_is_waited_for() -> None:
    """Only the wait for the final reply is long: nine minutes of ten (here 0.9 s of 1) bring one mail, not two."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_scripted, args=(listener, b"250 at last\r\n", threading.Event(), 0.9))
        thread.start()
        patient = SmtpTransport(
            "127.0.0.1", listener.getsockname()[1], "none", timeouts=Timeouts(command=0.3, final=1.8)
        )
        assert patient.send(MESSAGE, SENDER, RECIPIENT, lambda state, reply: None) == "250 at last"
        thread.join(5)


@pytest.mark.parametrize(
    "text",
    [
        b".\r\n", b"..\r\n.\r\n", b"no end", b"a\nb\n", b"a\rb\r", b"end\n.\nMAIL FROM:<eve@evil.org>\n",
        b"end\r.\rRCPT TO:<eve@evil.org>\r", b"end\r\n.\rDATA\n.\r\n", b"\r\n\r\n.", b"\xff\xfe\r\n",
    ],
)  # fmt: skip
def test_no_text_ends_the_mail_early(server: SmtpServer, text: bytes) -> None:
    """Dots, bare CR and LF: one mail arrives, with its lines ended as they must be and nothing else changed."""
    content = b"Subject: x\r\n\r\n" + text
    transport(server).send(content, SENDER, RECIPIENT, lambda state, reply: None)
    wanted = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    [received] = server.messages
    assert received.content == wanted + b"\r\n" * (not wanted.endswith(b"\r\n"))
    assert [c for c in server.commands if c != "QUIT"] == ["MAIL", "RCPT", "DATA"]


def test_no_server_needs_8bitmime_or_smtputf8(server: SmtpServer) -> None:
    """Whatever is written, the mail is ASCII with lines that every server takes, and arrives byte for byte."""
    content = compose(
        Email("Zoë’s week 🎯", "Grüße █ " * 500, "<p>Ω</p>" * 500),
        sender="Ziele 🎯 <goals@example.com>", recipient=RECIPIENT, recipient_name="Bën", reply_to="", unsubscribe="",
        message_id="<1@example.com>", date=datetime(2026, 10, 16, tzinfo=UTC),
    )  # fmt: skip
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    transport(server).send(content, SENDER, RECIPIENT, lambda state, reply: None)
    assert server.messages[0].content == content


# ---- servers that never stop talking -------------------------------------------------------------------------------

_HURRIED = Timeouts(connect=0.4, command=0.4, final=0.4, entry=0.4)
_GOOD = {b"": b"220 hello\r\n", b"DATA": b"354 go\r\n", b".": b"250 kept\r\n", b"QUIT": b"221 bye\r\n"}


def _talk(connection: socket.socket, stage: bytes, drop: bytes, every: float) -> None:
    """Answer as is usual, and at the stage with one drop after the other."""
    with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
        in_text = False
        for line in itertools.chain([b"\r\n"], lines):
            verb = b"." if line == b".\r\n" else line[:4].strip().upper()
            if in_text and verb != b".":
                continue
            in_text = verb == b"DATA"
            if verb == stage:
                while True:
                    connection.sendall(drop)
                    time.sleep(every)
            connection.sendall(_GOOD.get(verb, b"250 OK\r\n"))


@contextlib.contextmanager
def _served(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server for one connection, which is over at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        thread = threading.Thread(target=lambda: talk(listener.accept()[0]))
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)
        assert not thread.is_alive(), "the connection was left open"


def _hurried(port: int, security: Security = "none") -> str:
    return SmtpTransport("127.0.0.1", port, security, timeouts=_HURRIED).send(
        MESSAGE, SENDER, RECIPIENT, lambda state, reply: None
    )


@pytest.mark.parametrize("drop", [b"250-more\r\n", b"2"], ids=["lines", "bytes"])
@pytest.mark.parametrize("stage", [b"", b"EHLO", b"MAIL", b"RCPT", b"DATA", b"."], ids=bytes.decode)
def test_a_reply_that_never_ends_is_a_lost_connection(stage: bytes, drop: bytes) -> None:
    """Line after line, or byte after byte: when the time is over it is provably not sent, or open after the text."""
    began = time.monotonic()
    with _served(lambda connection: _talk(connection, stage, drop, 0.05)) as port:
        with pytest.raises(Ambiguous if stage == b"." else Unavailable, match="timed out"):
            _hurried(port)
        assert time.monotonic() - began < 2


def test_a_farewell_that_never_ends_changes_nothing() -> None:
    """The mail was accepted; the connection is closed when the time for QUIT is over."""
    with _served(lambda connection: _talk(connection, b"QUIT", b"221-bye\r\n", 0.05)) as port:
        assert _hurried(port) == "250 kept"


def test_a_flood_is_a_lost_connection() -> None:
    """Nobody's memory is filled while there is time."""
    with _served(lambda connection: _talk(connection, b"EHLO", b"250-more\r\n" * 1000, 0)) as port:
        patient = SmtpTransport("127.0.0.1", port, "none")
        with pytest.raises(Unavailable, match="talks without end"):
            patient.check()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encryption_that_never_comes_about_is_a_lost_connection(security: Security) -> None:
    """A handshake may drip as well."""

    def talk(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            if security == "starttls":
                for said in (b"220 hello\r\n", b"250-hello\r\n250 STARTTLS\r\n", b"220 go\r\n"):
                    connection.sendall(said)
                    lines.readline()
            connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
            while True:
                connection.sendall(b"\x00")
                time.sleep(0.05)

    began = time.monotonic()
    with _served(talk) as port:
        with pytest.raises(Unavailable, match="timed out"):
            _hurried(port, security)
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_text_that_is_taken_drop_by_drop_is_open(security: Security) -> None:
    """A server that reads too slowly has had a part of the text: nobody knows what it makes of it."""
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)

    def talk(plain: socket.socket) -> None:
        line = serving.wrap_socket(plain, server_side=True) if security == "tls" else plain
        with contextlib.suppress(OSError), line:
            for said in (b"220 hello\r\n", b"250 OK\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n"):
                line.sendall(said)
                line.recv(1000)
            while line.recv(1000) and not over.wait(0.02):
                pass

    over, began = threading.Event(), time.monotonic()
    with _served(talk) as port:
        slow = SmtpTransport("127.0.0.1", port, security, context=trusting, timeouts=_HURRIED)
        with pytest.raises(Ambiguous, match="may have arrived"):
            slow.send(b"Subject: x\r\n\r\n" + (b"x" * 998 + b"\r\n") * 8_000, SENDER, RECIPIENT, lambda *_: None)
        over.set()
        assert time.monotonic() - began < 5  # it would take minutes
