"""A dead man's switch hears of each good run, and a broken one breaks nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sheetsync.cli import run


@contextmanager
def switch() -> Iterator[tuple[str, list[str]]]:
    """A server that notes what is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def configured(folder: Path, url: str) -> str:
    """A new local workbook whose good runs are told to `url`."""
    config = folder / "config.yaml"
    config.write_text(f"workbook: goals.xlsx\nmonitoring:\n  ping_url: {url}\n", encoding="utf-8")
    assert run(["-q", "-c", str(config), "create"]) == 0
    return str(config)


def test_a_good_sync_is_told_and_a_dry_run_is_not(tmp_path: Path) -> None:
    """One request a good run; none for a dry run or a failed one."""
    with switch() as (url, asked):
        config = configured(tmp_path, f"{url}/alive")
        assert run(["-q", "-c", config, "sync", "--dry-run"]) == 0
        assert asked == []
        assert run(["-q", "-c", config, "sync"]) == 0
        assert asked == ["/alive"]
        (tmp_path / "goals.xlsx").unlink()
        assert run(["-q", "-c", config, "sync"]) == 3
        assert asked == ["/alive"]


def test_a_dead_switch_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The run went well all the same, and its exit code says so."""
    config = configured(tmp_path, "http://127.0.0.1:9/alive")
    assert run(["-q", "-c", config, "sync"]) == 0
    assert "did not answer" in capsys.readouterr().err
