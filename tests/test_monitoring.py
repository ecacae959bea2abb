"""A dead man's switch hears how each run goes, and a broken one breaks nothing."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from sheetsync.config import load_config
from sheetsync.runs import monitoring
from sheetsync.runs.monitoring import Refused, Watch, ask
from tests.cli import Desk, new_desk, sheetsync, small_desk
from tests.switch import Switch, switch

TOKEN = "b1c5a7d0-6f3e-4e0e-9d3a-0123456789ab"


@pytest.fixture
def listening() -> Iterator[Switch]:
    """A switch that works."""
    with switch() as one:
        yield one


def watched_desk(folder: Path, url: str, more: str = "") -> Desk:
    """A synced local workbook that is watched at `url`."""
    desk = small_desk(folder)
    desk.configure("ping_url: null", f"ping_url: {url}{more}")
    return desk


def watch(folder: Path, url: str, more: str = "") -> Watch:
    """The watch of a bare configuration."""
    desk = new_desk(folder)
    desk.configure("  start_url: null\n  fail_url: null\n", "")
    desk.configure("ping_url: null", f"ping_url: {url}{more}")
    return Watch(load_config(desk.config))


def test_every_run_tells_its_beginning_and_its_end(tmp_path: Path, listening: Switch) -> None:
    """/start first, then the URL itself or /fail, as the exit code says; a dry run tells nothing."""
    desk = watched_desk(tmp_path, f"{listening.url}/{TOKEN}?x=1")
    for command in ("sync", "run"):
        desk.ok(command)
        assert listening.asked == [f"/{TOKEN}/start?x=1", f"/{TOKEN}?x=1"]
        listening.asked.clear()
    desk.ok("sync", "--dry-run")
    desk.ok("email", "send")
    assert listening.asked == []
    desk.workbook.unlink()
    for command in ("sync", "run"):
        assert desk.run(command).code == 3
        assert listening.asked == [f"/{TOKEN}/start?x=1", f"/{TOKEN}/fail?x=1"]
        listening.asked.clear()


def test_strict_is_told_as_it_ends(tmp_path: Path, listening: Switch) -> None:
    """Exit 1 for a problem row is a failure for whoever watches, too."""
    desk = watched_desk(tmp_path, f"{listening.url}/alive")
    with desk.edited() as book:
        book["Log"].append([None, "Ann", "no such thing", 1])
    assert desk.run("sync", "--strict").code == 1
    assert listening.asked == ["/alive/start", "/alive/fail"]


def test_another_run_at_work_tells_for_itself(tmp_path: Path, listening: Switch) -> None:
    """A run that ends at once because of another one says nothing; a ledger that cannot be opened is a failure."""
    desk = watched_desk(tmp_path, f"{listening.url}/alive")
    with FileLock(next(desk.folder.glob(".*.lock"))):
        assert desk.run("run").code == 75
    assert listening.asked == []
    desk.ledger.write_bytes(b"no database at all, but long enough to look at" * 100)
    assert desk.run("run").code not in {0, 75}
    assert listening.asked == ["/alive/fail"]


def test_urls_of_services_that_have_it_otherwise(tmp_path: Path, listening: Switch) -> None:
    """A URL of its own for each moment, or `off` for a service that knows only success."""
    start, fail = f"{listening.url}/push?status=begins", f"{listening.url}/push?status=down"
    first = watch(tmp_path / "a", f"{listening.url}/up", f"\n  start_url: {start}\n  fail_url: {fail}")
    first.begin()
    assert first.end(well=False) == [("start", ""), ("fail", "")]
    second = watch(tmp_path / "b", f"{listening.url}/up", "\n  start_url: off\n  fail_url: off")
    second.begin()
    assert second.end(well=False) == []
    third = watch(tmp_path / "c", f"{listening.url}/up", "\n  start_url: off\n  fail_url: off")
    third.begin()
    assert third.end(well=True) == [("success", "")]
    assert third.end(well=False) == []
    assert listening.asked == ["/push?status=begins", "/push?status=down", "/up"]


def test_a_dead_switch_is_one_warning(tmp_path: Path) -> None:
    """The run went well all the same, its exit code says so, and the URL is in no word of it."""
    desk = watched_desk(tmp_path, f"http://127.0.0.1:9/{TOKEN}")
    result = desk.run("sync")
    assert result.code == 0
    assert len(result.err.splitlines()) == 1
    assert "monitoring did not answer (ConnectionRefusedError) when told of the start and success" in result.err
    assert TOKEN not in result.out + result.err


def test_an_answer_that_is_no_success_is_a_warning(tmp_path: Path, listening: Switch) -> None:
    """A switch that was deleted answers 404, and somebody should know."""
    listening.code = 404
    one = watch(tmp_path / "a", f"{listening.url}/gone")
    assert one.end(well=True) == [("success", "HTTP 404")]


def test_a_ping_has_its_time_however_slowly_it_is_answered(
    tmp_path: Path, listening: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte now and then is no answer, and the work begins at once."""
    monkeypatch.setattr(monitoring, "SECONDS", 0.4)
    listening.drips = True
    one, began = watch(tmp_path / "a", f"{listening.url}/alive"), time.monotonic()
    one.begin()
    assert time.monotonic() - began < 0.3
    assert one.end(well=True) == [("start", "it took too long"), ("success", "it took too long")]
    assert time.monotonic() - began < 2


def test_nothing_follows_a_switch_to_another_host(listening: Switch) -> None:
    """Another page of the same host is asked for, another host is not: it would learn the token."""
    with switch() as other:
        listening.leads_to = other.url.replace("127.0.0.1", "localhost") + "/theirs"
        with pytest.raises(OSError, match="another server"):
            ask(f"{listening.url}/{TOKEN}")
        assert other.asked == []


@pytest.mark.parametrize("address", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"])
def test_link_local_addresses_are_not_asked(address: str) -> None:
    """Where clouds keep the keys of a machine."""
    with pytest.raises(Refused, match="link-local"):
        ask(f"http://{address}/latest/meta-data")
    with pytest.raises(Refused, match="http://"):
        ask("file:///etc/passwd")


def test_nor_is_a_name_that_becomes_one(listening: Switch, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is where the connection leads, not what the name said before; no request is sent."""
    monkeypatch.setattr(socket.socket, "getpeername", lambda _self: ("169.254.169.254", 80))
    with pytest.raises(OSError, match="link-local"):
        ask(f"{listening.url}/latest")
    assert listening.asked == []


def test_no_password_of_netrc_goes_along(listening: Switch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the one that stands in the URL itself does, and a proxy of the environment is asked instead."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password canary\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    ask(f"{listening.url}/alive")
    assert "Authorization" not in listening.headers[0]
    ask(listening.url.replace("//", "//ann:p%40ss@") + "/alive")
    assert listening.headers[1]["Authorization"] == "Basic YW5uOnBAc3M="
    monkeypatch.setenv("http_proxy", listening.url)
    ask("http://switch.example.com/alive")
    assert listening.asked[2] == "http://switch.example.com/alive"


def test_a_url_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said at its line; one that comes from a variable is not known before, and is a warning then."""
    desk: Any = new_desk(tmp_path / "a")
    desk.configure("fail_url: null", "fail_url: gopher://x")
    sheetsync("-c", desk.config, "sync").refused(3, "monitoring.fail_url", "URL")
    monkeypatch.setenv("PING", "file:///etc/passwd")
    assert watch(tmp_path / "b", "${PING}").end(well=True) == [("success", "only http:// and https:// are asked")]
    assert watch(tmp_path / "c", "${NO_PING}").end(well=True)[0][1].startswith("the configuration uses ${NO_PING}")
