"""A real SMTP server on loopback for tests: aiosmtpd in a thread, TLS by trustme, misbehaving where it is told to.

with smtp_server(security="starttls") as server:
    SmtpTransport("localhost", server.port, "starttls", context=server.context).send(...)
    assert server.messages[0].recipients == ("ben@example.com",)
"""

import asyncio
import os
import signal
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import trustme
from aiosmtpd.smtp import SMTP, AuthResult

Stage = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "message", "quit"]
Fault = Literal["4xx", "5xx", "disconnect", "stall", "kill"]

# What a server says that cannot now, and one that never will.
NOT_NOW: dict[Stage, str] = {
    "connect": "421 4.3.2 closing for maintenance", "ehlo": "421 4.3.2 closing", "starttls": "454 4.7.0 no TLS now",
    "auth": "454 4.7.0 temporary authentication failure", "mail": "451 4.3.0 try later",
    "rcpt": "451 4.2.0 mailbox busy", "data": "451 4.3.0 try later", "message": "452 4.3.1 out of space",
    "quit": "421 4.3.2 closing",
}  # fmt: skip
NEVER: dict[Stage, str] = {
    "connect": "554 5.3.2 no service", "ehlo": "550 5.7.1 go away", "starttls": "501 5.5.4 no",
    "auth": "535 5.7.8 wrong", "mail": "550 5.7.1 sender refused", "rcpt": "550 5.1.1 no such person",
    "data": "554 5.5.1 no", "message": "554 5.6.0 content refused", "quit": "500 5.5.1 no",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Received:
    """A mail the server accepted: the envelope, and the bytes as they came, dots unstuffed."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    user: str | None


@dataclass(slots=True)
class SmtpServer:
    """A running server. `context` trusts its certificate; everything else may be changed while it runs.

    `replies` maps a stage of the dialogue to the reply given there instead of the usual one; `drop_after` ends the
    connection at that stage without a word ("message": the mail is stored first; "data": it is not).
    `fault` happens once, at its stage: "kill" ends the process `victim`; `keeps` says whether a mail that is in by
    then ("message") is stored all the same.
    """

    port: int
    context: ssl.SSLContext
    replies: dict[Stage, str] = field(default_factory=dict)
    drop_after: Stage | None = None
    fault: tuple[Stage, Fault] | None = None
    keeps: bool = False
    victim: int | None = None
    messages: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


class _Handler:
    def __init__(self) -> None:
        self.server: SmtpServer

    async def handle_MAIL(self, smtp: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        self.server.commands.append("MAIL")
        envelope.mail_from = address
        return self._reply(smtp, "mail", "250 OK")

    async def handle_RCPT(self, smtp: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        self.server.commands.append("RCPT")
        reply = self._reply(smtp, "rcpt", "250 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, smtp: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.server.commands.append("DATA")
        reply = self.server.replies.get("message", "250 OK queued as 1")
        troubled = self.server.fault is not None and self.server.fault[0] == "message"
        if (self.server.keeps or not troubled) and reply.startswith("2") and self.server.drop_after != "data":
            user = session.auth_data.decode() if session.auth_data else None
            received = Received(
                envelope.mail_from,
                tuple(envelope.rcpt_tos),
                envelope.original_content,
                session.ssl is not None or smtp.transport.get_extra_info("sslcontext") is not None,
                user,
            )
            self.server.messages.append(received)
        if self.server.drop_after in ("data", "message"):
            smtp.transport.abort()
        return reply if await smtp.behaves("message") else ""

    async def handle_QUIT(self, smtp: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.server.commands.append("QUIT")
        return self._reply(smtp, "quit", "221 Bye")

    def _reply(self, smtp: Any, stage: Stage, usual: str) -> str:
        if self.server.drop_after == stage:
            smtp.transport.abort()
        return self.server.replies.get(stage, usual)


class _Protocol(SMTP):
    """aiosmtpd's server, which by itself misbehaves nowhere."""

    transport: Any
    session: Any

    async def behaves(self, stage: Stage) -> bool:
        """Whether all is well at this stage; if not, what was asked for has happened."""
        server: SmtpServer = self.event_handler.server
        if server.fault is None or server.fault[0] != stage:
            return True
        fault, server.fault = server.fault[1], None
        if fault in ("4xx", "5xx"):
            reply = (NOT_NOW if fault == "4xx" else NEVER)[stage]
            await self.push(reply)
            if reply.startswith("421") or stage == "connect":
                self.transport.close()
            return False
        if fault == "stall":
            await asyncio.sleep(60)
        if fault == "kill":
            while server.victim is None:
                await asyncio.sleep(0.01)
            os.kill(server.victim, signal.SIGKILL)
        self.transport.abort()
        return False

    async def _handle_client(self) -> None:
        if await self.behaves("connect"):
            await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        # Once TLS is on, the client says EHLO again: that is not the phase that is meant.
        if self.session.ssl is not None or await self.behaves("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        if await self.behaves("starttls"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        if await self.behaves("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802
        if await self.behaves("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802
        if await self.behaves("rcpt"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        reply = self.event_handler.server.replies.get("data")
        if reply is not None:
            await self.push(reply)
        elif await self.behaves("data"):
            await super().smtp_DATA(arg)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        if await self.behaves("quit"):
            await super().smtp_QUIT(arg)

    async def push(self, status: Any) -> None:
        if not status:
            return
        greeting = self.event_handler.server.replies.get("connect")
        await super().push(greeting if greeting and str(status).startswith("220 ") else status)


@contextmanager
def smtp_server(
    security: Literal["starttls", "tls", "none"] = "starttls",
    *,
    user: str | None = None,
    password: str | None = None,
    names: tuple[str, ...] = ("localhost", "127.0.0.1"),
) -> Iterator[SmtpServer]:
    """A server on 127.0.0.1 that wants a log-in when `user` is given; its certificate is for `names`."""
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(*names).configure_cert(serving)
    authority.configure_trust(trusting)
    handler = _Handler()
    loop = asyncio.new_event_loop()

    def authenticate(smtp: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        handler.server.commands.append("AUTH")
        right = (data.login.decode(), data.password.decode()) == (user, password)
        return AuthResult(success=right, handled=False, auth_data=data.login)

    def protocol() -> SMTP:
        serving_one = _Protocol(
            handler,
            hostname="localhost",
            tls_context=serving if security == "starttls" else None,
            require_starttls=security == "starttls",
            auth_required=user is not None,
            authenticator=authenticate,
            loop=loop,
        )
        # aiosmtpd knows STARTTLS only: TLS from the start looks like none to it, and saying so at once makes it warn.
        serving_one._auth_require_tls = security == "starttls"
        return serving_one

    listening = loop.run_until_complete(
        loop.create_server(protocol, "127.0.0.1", 0, ssl=serving if security == "tls" else None)
    )
    handler.server = SmtpServer(listening.sockets[0].getsockname()[1], trusting)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield handler.server
    finally:
        asyncio.run_coroutine_threadsafe(_stop(listening), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _stop(listening: asyncio.Server) -> None:
    """Close the listener, and end the conversations still open."""
    listening.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
