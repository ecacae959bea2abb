"""The HTTP side: one thread per connection, keep-alive, the headers Google sends.

Decided here: bodies are pretty JSON in unescaped UTF-8 with a final newline; a 204 is empty text/html; and how an
answer leaves that a fault spoils. A wait for a fault ends when the server closes.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.google_server.wire import Answer, HttpRequest

COMMON_HEADERS = {
    "Vary": "Origin, X-Origin, Referer",
    "X-XSS-Protection": "0",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
}
SHEETS_HEADERS = {"Cache-Control": "private"}
DRIVE_HEADERS = {
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Pragma": "no-cache",
    "Expires": "Mon, 01 Jan 1990 00:00:00 GMT",
}


@dataclass(frozen=True)
class Sending:
    """How an answer leaves; as it stands here: whole and at once. Times in seconds."""

    silence: float = 0.0  # before the first byte
    reset: bool = False  # a TCP reset instead of any byte
    half: bool = False  # the Content-Length of the whole, half of the body, then closed
    pace: float = 0.0  # before every byte of the body
    slow_headers: bool = False  # the pace holds for the headers too


@dataclass(frozen=True)
class Reply:
    """What the listener shall do: send this answer in this way, or close the connection if there is none."""

    answer: Answer | None
    date: datetime
    sending: Sending


Responder = Callable[[HttpRequest], Reply]


class Listener(ThreadingHTTPServer):
    """A loopback server that hands every request to one function."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, respond: Responder) -> None:
        self.respond = respond
        self.closing = threading.Event()
        self._open: set[Any] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close kept-alive connections too: a stopped server must not go on answering on them."""
        self.closing.set()
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; everything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without this the last part of a long answer would wait for the delayed ACK.
    disable_nagle_algorithm = True
    server: Listener

    def answer(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = HttpRequest(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
        )
        self._deliver(self.server.respond(request), parts.path)

    # http.server looks these names up.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def _deliver(self, reply: Reply, path: str) -> None:
        sending = reply.sending
        self._wait(sending.silence)
        if sending.reset:
            self._reset()
        if sending.reset or reply.answer is None:
            self.close_connection = True
            return
        body = encoded(reply.answer)
        head = _head(reply.answer, len(body), path, reply.date)
        if sending.half:
            self.close_connection = True
            body = body[: len(body) // 2]
        whole = head + body
        prompt = 0 if sending.slow_headers else len(head) if sending.pace else len(whole)
        self.wfile.write(whole[:prompt])
        for i in range(prompt, len(whole)):
            self._wait(sending.pace)
            self.wfile.write(whole[i : i + 1])

    def _wait(self, seconds: float) -> None:
        if seconds and self.server.closing.wait(seconds):
            raise ConnectionAbortedError("the server is closing")

    def _reset(self) -> None:
        """Closes so that the peer gets an RST; the ordinary way says a polite FIN first."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the record of requests is GoogleServer.requests."""


def _head(answer: Answer, size: int, path: str, date: datetime) -> bytes:
    """The status line and the headers that Google sends."""
    headers = {"Server": "ESF", "Date": format_datetime(date, usegmt=True)}
    kind = "application/json; charset=UTF-8" if answer.body is not None else "text/html"
    headers |= {"Content-Type": kind, **COMMON_HEADERS}
    headers |= DRIVE_HEADERS if path.startswith("/drive/") else SHEETS_HEADERS
    headers |= answer.headers
    if answer.status != 204:
        headers["Content-Length"] = str(size)
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def encoded(answer: Answer) -> bytes:
    """The body's bytes."""
    if answer.body is None:
        return answer.raw
    return (json.dumps(answer.body, indent=2, ensure_ascii=False) + "\n").encode()
