"""A dead man's switch on loopback for tests: it notes what it is asked for, and misbehaves where it is told to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass(slots=True)
class Switch:
    """A running one: its URL, the paths it was asked for, and the headers that came with each.

    `code` is what it answers, `leads_to` where it sends the caller instead, `drips` says that it never comes to an
    end: a byte now and then until `closing`.
    """

    url: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    code: int = 200
    leads_to: str = ""
    drips: bool = False
    closing: Event = field(default_factory=Event)


@contextmanager
def switch() -> Iterator[Switch]:
    """One that listens until the end."""
    state = Switch()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            state.headers.append(dict(self.headers.items()))
            if state.drips:
                self._drip()
                return
            self.send_response(302 if state.leads_to else state.code)
            if state.leads_to:
                self.send_header("Location", state.leads_to)
            self.end_headers()

        def _drip(self) -> None:
            self.close_connection = True
            for byte in b"HTTP/1.0 200 OK" + b" " * 1000:
                if state.closing.is_set():
                    return
                self.wfile.write(bytes([byte]))
                time.sleep(0.1)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
