"""The HTTP side: one thread per connection, keep-alive, the headers Google sends.

Decided here: bodies are pretty JSON in unescaped UTF-8 with a final newline; a 204 is empty text/html.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.google_server.wire import Answer, HttpRequest

Responder = Callable[[HttpRequest], Answer]
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


class Listener(ThreadingHTTPServer):
    """A loopback server that hands every request to one function."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, respond: Responder) -> None:
        self.respond = respond
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
    # Headers and body leave as two writes; without this each answer would wait for the delayed ACK.
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
        self._write(self.server.respond(request), parts.path)

    # http.server looks these names up.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def _write(self, answer: Answer, path: str) -> None:
        body = b"" if answer.body is None else encoded(answer.body)
        self.send_response(answer.status)
        kind = "text/html" if answer.body is None else "application/json; charset=UTF-8"
        per_service = DRIVE_HEADERS if path.startswith("/drive/") else SHEETS_HEADERS
        headers = {"Content-Type": kind, **COMMON_HEADERS, **per_service, **answer.headers}
        if answer.status != 204:
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """The Server header Google sends."""
        return "ESF"

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the record of requests is GoogleServer.requests."""

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def encoded(body: Any) -> bytes:
    return (json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode()
