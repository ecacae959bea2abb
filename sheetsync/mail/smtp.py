"""Sending by SMTP, so that it is known which of three things happened: accepted, not accepted, or nobody can know.

smtplib's `sendmail` hides where in the dialogue it failed, so the dialogue is spelled out here. Certificates are
always verified. The wait for the final reply is ten minutes (RFC 5321, 4.5.3.2.6): giving up sooner sends copies.
Nothing waits longer than `Timeouts` says, however slowly a server talks on.
"""

import contextlib
import io
import ipaddress
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sheetsync.addresses import valid_address
from sheetsync.errors import AuthorizationError, ConfigError, SheetsyncError, Unavailable
from sheetsync.mail.transports import Ambiguous, Limited, Marks, Refused

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How many seconds a server has in all: to let us in (`entry`), to take the addresses (`command`), to take the
    text and answer (`final`), to say goodbye (`connect`).

    On the way in it may be silent for `connect` of them, before it answers the log-in for `command`.
    """

    connect: float = 30.0
    command: float = 300.0
    final: float = 600.0
    entry: float = 120.0


TIMEOUTS = Timeouts()
# Replies that are about the account, not about the mail, and how long it is then left alone: the daily limits of
# Google and Microsoft (with a 5xx code that means "not today", not "never"), and "too much at once".
_LIMITS = (
    (re.compile(rb"55\d (5\.4\.5|5\.7\.232|5\.7\.233)\b"), timedelta(hours=24)),
    (re.compile(rb"(421|454) 4\.7\.0\b|4\d\d 4\.7\.28\b|450 4\.2\.1\b.*\brate\b", re.DOTALL), timedelta(hours=1)),
)


# Bytes that a server may say in one dialogue; what is usual is a few hundred.
_MOST_SAID = 1 << 20


class _Dialogue(smtplib.SMTP):
    """smtplib's, with a clock: whatever is said or not meanwhile, what takes longer raises `TimeoutError`.

    `tls` encrypts from the start.
    """

    def __init__(self, host: str, port: int, timeouts: Timeouts, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self.said = 0
        self.allow(timeouts.entry, timeouts.connect)
        super().__init__(host, port)

    def allow(self, seconds: float, silence: float | None = None) -> None:
        """From now on the server has these seconds in all, and may be silent for `silence` of them."""
        self._until = time.monotonic() + seconds
        self.be_patient(silence or seconds)

    def be_patient(self, silence: float) -> None:
        """From now on the server may be silent for these seconds, if it has as many left."""
        self._silence = silence

    def left(self) -> float:
        """The seconds that what comes next may take; none, or fewer, when the time is over."""
        return min(self._silence, self._until - time.monotonic())

    def hurry(self, line: socket.socket) -> None:
        """Give what comes next on the line the time that is left. Raises `TimeoutError` when there is none."""
        left = self.left()
        if left <= 0:
            raise TimeoutError("timed out")
        line.settimeout(left)

    def connect(self, host: str = "localhost", port: int = 0, source_address: object = None) -> tuple[int, bytes]:  # noqa: ARG002
        """Connect, encrypt if that comes first, and hear the greeting."""
        line = self._line(host, port)
        self.sock = self._tls.wrap_socket(line, server_hostname=host) if self._tls else line
        return self.getreply()

    def _line(self, host: str, port: int) -> socket.socket:
        """A connection to the first of the host's addresses that takes one."""
        refusal = OSError(f"{host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            line = socket.socket(family, kind, protocol)
            try:
                self.hurry(line)
                line.connect(address)
                self.hurry(line)
            except OSError as error:
                line.close()
                refusal = error
            else:
                return line
        raise refusal

    def send(self, s: Any) -> None:
        """Send the bytes, all of them within the time there is."""
        if self.sock is not None:
            self.hurry(self.sock)
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """The server's reply, all of it within the time there is."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Replies(self))
        return super().getreply()


class _Replies(io.RawIOBase):
    """What the server says, with a look at the clock before each piece."""

    def __init__(self, dialogue: _Dialogue) -> None:
        self._dialogue = dialogue

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next piece; see `RawIOBase`. Raises `OSError`, for one that says too much as well."""
        dialogue, line = self._dialogue, self._dialogue.sock
        if line is None:
            return 0
        dialogue.hurry(line)
        count = line.recv_into(buffer)
        dialogue.said += count
        if dialogue.said > _MOST_SAID:
            raise OSError("it talks without end")
        # What may come next is encryption, which has no clock but this.
        line.settimeout(max(dialogue.left(), 0.001))
        return count


class SmtpTransport:
    """Sends through one server, a connection a mail, one recipient a mail.

    `security` "none" is refused for hosts other than this machine unless `allow_plain` says that it is meant.
    `context` replaces the system's list of trusted certificates.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: Security = "starttls",
        username: str | None = None,
        password: str | None = None,
        *,
        context: ssl.SSLContext | None = None,
        allow_plain: bool = False,
        timeouts: Timeouts | None = None,
    ) -> None:
        if security == "none" and not allow_plain and not _is_local(host):
            raise ConfigError(
                f"email.smtp.security: none would send mail to {host} unencrypted; set it to starttls or tls"
            )
        self._host, self._port, self._security = host, port, security
        self._username, self._password = username, password
        self._context = context or ssl.create_default_context()
        self._timeouts = timeouts or TIMEOUTS

    def send(self, message: bytes, sender: str, recipient: str, marks: Marks) -> str:
        """Deliver the mail and return the server's reply; see `Transport.send`.

        Raises `AuthorizationError` for a wrong password, `ConfigError` for a server whose certificate is not
        trusted or that lacks STARTTLS, besides `Unavailable`, `Refused` and `Ambiguous`.
        """
        if valid_address(recipient) is None:
            raise Refused(f"{recipient!r} is not exactly one mail address; mend it where it is typed")
        with self._connection() as server:
            with self._not_accepted():
                self._envelope(server, sender, recipient)
            marks("committing", "")
            reply = self._body(server, message, recipient)
            # The mail is accepted: whatever happens on the way out no longer matters.
            marks("sent", reply)
            self._leave(server)
            return reply

    def check(self) -> None:
        """Connect, encrypt and log in as for a mail, and send none. Raises as `send` does."""
        with self._connection() as server:
            self._leave(server)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[_Dialogue]:
        with self._not_accepted():
            tls = self._context if self._security == "tls" else None
            server = _Dialogue(self._host, self._port, self._timeouts, tls)
        try:
            with self._not_accepted():
                self._greet(server)
            yield server
        finally:
            server.close()

    def _greet(self, server: _Dialogue) -> None:
        server.ehlo_or_helo_if_needed()
        if self._security == "starttls":
            server.starttls(context=self._context)
            server.ehlo()
        server.be_patient(self._timeouts.command)
        if self._username:
            self._log_in(server)

    def _log_in(self, server: _Dialogue) -> None:
        """One try: smtplib's own `login` tries every mechanism, and two wrong tries a run lock an account sooner."""
        offered = server.esmtp_features.get("auth", "").upper().split()
        mechanism = next((name for name in ("PLAIN", "LOGIN", "CRAM-MD5") if name in offered), None)
        if mechanism is None:
            raise smtplib.SMTPNotSupportedError(
                f"it offers no log-in that is known here ({' '.join(offered) or 'none'})"
            )
        server.user, server.password = self._username or "", self._password or ""
        server.auth(mechanism, getattr(server, f"auth_{mechanism.lower().replace('-', '_')}"))

    def _envelope(self, server: _Dialogue, sender: str, recipient: str) -> None:
        server.allow(self._timeouts.command)
        try:
            self._expect(server.mail(sender), 250, f"a mail from {sender}")
        except Refused as error:
            # That is about whoever sends, so it would be the same for everybody.
            raise ConfigError(f"{error}; check email.from and what this account may send as") from None
        self._expect(server.rcpt(recipient), 250, f"a mail to {recipient}")
        self._expect(server.docmd("DATA"), 354, f"the mail to {recipient}")

    def _body(self, server: _Dialogue, message: bytes, recipient: str) -> str:
        lines = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
        stuffed = re.sub(rb"(?m)^\.", b"..", lines)
        end = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            server.allow(self._timeouts.final)
            server.send(stuffed + end)
            code, text = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Ambiguous(
                f"{self._where}: the connection ended before the mail to {recipient} was confirmed "
                f"({_words(error)}); it may have arrived"
            ) from None
        if code // 100 not in (2, 4, 5):
            raise Ambiguous(f"{self._where}: no clear answer for the mail to {recipient}; it may have arrived")
        self._expect((code, text), 250, f"the mail to {recipient}")
        return f"{code} {_decoded(text)}"

    def _leave(self, server: _Dialogue) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.allow(self._timeouts.connect)
            server.quit()

    @property
    def _where(self) -> str:
        return f"mail server {self._host}:{self._port}"

    def _expect(self, reply: tuple[int, bytes], wanted: int, what: str) -> None:
        """Raise what the reply means unless it is the wanted kind (RFC 5321, 4.2.1: the first digit decides)."""
        code, text = reply
        if code // 100 == wanted // 100:
            return
        answer = f"{self._where} refuses {what}: {code} {_decoded(text)}"
        if code == 530:
            raise AuthorizationError(f"{answer}; set email.smtp.username and password")
        self._limit(code, text, answer)
        if not 500 <= code < 600:
            raise Unavailable(f"{answer}; the next run tries again")
        raise Refused(answer)

    def _limit(self, code: int, text: bytes, answer: str) -> None:
        """Raise `Limited` for a reply that is about the account."""
        for limit, pause in _LIMITS:
            if limit.match(b"%d %b" % (code, text)):
                raise Limited(f"{answer}; the account is left alone for {pause // timedelta(hours=1)} h", pause)

    @contextlib.contextmanager
    def _not_accepted(self) -> Iterator[None]:
        """Say what a failure means while nothing of the mail has left yet."""
        try:
            yield
        except SheetsyncError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise ConfigError(
                f"{self._where}: its certificate is not trusted ({error.verify_message}); "
                "check email.smtp.host, nothing was sent"
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            raise ConfigError(
                f"{self._where}: {_words(error)}; check email.smtp.port and security, nothing was sent"
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            if 400 <= error.smtp_code < 500:
                words = f"{self._where}: log-in is not possible now: {_words(error)}"
                self._limit(error.smtp_code, _bytes(error.smtp_error), words)
                raise Unavailable(words) from None
            raise AuthorizationError(
                f"{self._where} does not accept the user name or password: {_words(error)}; "
                "check email.smtp.username and password"
            ) from None
        except UnicodeEncodeError:
            raise ConfigError(
                "email.smtp: the user name and password may have ASCII characters only, as mail servers expect"
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"{self._where} cannot be used: {_words(error)}; nothing was sent") from None


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _decoded(text: bytes) -> str:
    """A reply in one line, without what a terminal would take for a command."""
    words = " ".join(text.decode("utf-8", "replace").split())
    return "".join(c for c in words if c.isprintable())[:300]


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _words(error: Exception) -> str:
    """An error in one line; a server's reply in its own words."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decoded(_bytes(error.smtp_error))}"
    # A system's error without its number.
    said = (isinstance(error, OSError) and error.strerror) or str(error)
    return " ".join(said.split()) or type(error).__name__
