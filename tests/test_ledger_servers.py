"""PostgreSQL that stops, ends sessions, loses the answer to a COMMIT: one line, and the next run ends the same."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.engine import Connection, Engine

from sheetsync.errors import ConfigError, Unavailable
from sheetsync.ledger import Ledger, locks, server
from tests import postgres
from tests.cli import NOW, Desk, small_desk
from tests.disks import contents

pytestmark = pytest.mark.postgres
EVERY = int(os.environ.get("SHEETSYNC_EVERY_COMMIT", "3"))
DUMP = {
    "entries": "activity, who, day, quantity, amount, contact, removed_run IS NULL",
    "written": "tab, coalesce(intended, grid)",  # a write that was not confirmed is ours too
    # Not the definitions: they are as last read, before the undisturbed run wrote, after the disturbed one did.
    "workbooks": "workbook, template, year, marks, log",
    "typed_over": "tab, row, \"column\", typed",
}  # fmt: skip


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    """A server of one's own."""
    program = postgres.initdb()
    if program is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    with postgres.cluster(program) as running:
        yield running


def database(cluster: postgres.Cluster, name: str, template: str = "template1") -> str:
    """The URL of a database that was just made, a copy of another one if asked for."""
    admin = create_engine(f"{cluster.url}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    admin.dispose()
    return f"{cluster.url}/{name}"


def dump(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """What a ledger holds, without ids and moments."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            table: sorted(
                (tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM {table}"))), key=repr
            )
            for table, columns in DUMP.items()
        }
    engine.dispose()
    return found


@dataclass
class Proxy:
    """Stands between a run and the server, and cuts all connections at the n-th COMMIT.

    `delivered` tells whether the server still gets that COMMIT, whose answer is lost either way.
    """

    target: int
    at: int
    delivered: bool
    commits: int = 0
    lost: bool = False
    open: list[socket.socket] = field(default_factory=list)
    listener: socket.socket = field(default_factory=socket.socket)

    def start(self) -> int:
        """Listen; answers the port."""
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        port: int = self.listener.getsockname()[1]
        return port

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self.open += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(*ends, ends[0] is client), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, asking: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if asking and b"COMMIT" in data:
                    self.commits += 1
                    if self.commits == self.at:
                        self.lost = True
                        if not self.delivered:
                            break
                elif self.lost and not asking:
                    break  # the answer
                target.sendall(data)
        self.cut()

    def cut(self) -> None:
        """End all connections."""
        for one in self.open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(url: str, at: int, *, delivered: bool) -> Iterator[tuple[str, Proxy]]:
    """The URL of a database behind a proxy, and the proxy."""
    parsed = make_url(url)
    assert parsed.port
    proxy = Proxy(parsed.port, at, delivered)
    try:
        yield parsed.set(port=proxy.start()).render_as_string(hide_password=False), proxy
    finally:
        proxy.listener.close()
        proxy.cut()
        for one in proxy.open:
            one.close()


def on(desk: Desk, url: str) -> Desk:
    """The desk with its ledger there."""
    lines = desk.config.read_text().splitlines()
    kept = [f"ledger: {url}" if line.startswith("ledger:") else line for line in lines]
    desk.config.write_text("\n".join(kept) + "\n")
    return desk


def test_a_commit_whose_answer_is_lost(tmp_path: Path, cluster: postgres.Cluster) -> None:
    """At each third COMMIT of a sync, done or not: exit 4, one line, and the next sync ends as an undisturbed one."""
    base = on(small_desk(tmp_path), database(cluster, "base"))
    base.ok("sync")
    base.ok("log", "Cold call", "3", "--who", "Ann")
    with base.edited() as book:
        book["Team"]["A3"] = "typed over"
    whole = on(base.copy(tmp_path / "whole"), database(cluster, "whole", "base"))
    with proxied(f"{cluster.url}/whole", 0, delivered=True) as (url, proxy):
        on(whole, url).ok("sync")
    wanted, book = dump(f"{cluster.url}/whole"), contents(whole.workbook)
    assert wanted["typed_over"] and proxy.commits > 8
    for at in range(max(EVERY - 1, 1), proxy.commits + 1, EVERY):
        name = f"lost{at}"
        desk = on(base.copy(tmp_path / name), direct := database(cluster, name, "base"))
        with proxied(direct, at, delivered=at % 2 == 0) as (url, cutting):
            result = on(desk, url).run("sync")
            assert cutting.commits >= at
        result.refused(4, "ledger", "the next run may succeed")
        on(desk, direct).ok("sync")
        found = dump(direct)
        assert [table for table in DUMP if found[table] != wanted[table]] == [], at
        assert contents(desk.workbook) == book, at


def test_a_server_that_ends_sessions(cluster: postgres.Cluster) -> None:
    """Between and within statements: each transaction is all or nothing, the error says that it may succeed later."""
    url = database(cluster, "ends")
    for when in range(1, 5):
        ledger = Ledger(url, "w")
        ledger.remember("sales", 2026, {})
        seen = 0

        def end_the_session(connection: Connection, *_: object, when: int = when) -> None:
            nonlocal seen
            seen += 1
            if seen == when:
                engine = create_engine(url, isolation_level="AUTOCOMMIT")
                others = "FROM pg_stat_activity WHERE datname = 'ends' AND pid != pg_backend_pid()"
                with engine.connect() as admin:
                    admin.execute(text(f"SELECT pg_terminate_backend(pid) {others}")).all()
                engine.dispose()

        engine: Engine = ledger._engine
        event.listen(engine, "before_cursor_execute", end_the_session)
        with pytest.raises(Unavailable, match="the next run may succeed"):
            for year in (2030, 2031, 2032):
                ledger.remember("sales", year, {})
                ledger.remember_imported("log", [f"key{year}"])
        event.remove(engine, "before_cursor_execute", end_the_session)
        # The same ledger goes on with a new connection.
        ledger.remember("sales", 2026, {})
        known = ledger.remembered()
        assert known is not None and known.year == 2026
        ledger.close()
        again = Ledger(url, "w")
        again.begin(NOW, "sales", 2026, {})
        again.close()


def test_a_server_that_falls_silent(cluster: postgres.Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that hangs, while its machine answers, is let go of; so is the lock at the end."""
    monkeypatch.setattr(server, "LONGEST", 1.0)
    monkeypatch.setattr(locks, "_SOON", 1.0)
    ledger = Ledger(database(cluster, "silent"), "w")
    ledger.hold()
    sessions = text("SELECT pid FROM pg_stat_activity WHERE datname = 'silent'")
    with ledger.transaction() as connection:
        pids = connection.execute(sessions).scalars().all()
    assert len(pids) == 2
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable, match="the next run may succeed"):
            ledger.remember("sales", 2030, {})
        ledger.close()
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_stops_and_starts(tmp_path: Path, cluster: postgres.Cluster) -> None:
    """While it is down: exit 4; as soon as it is back, the sync is as if nothing had been, and nothing is lost."""
    desk = on(small_desk(tmp_path), database(cluster, "stops"))
    desk.ok("sync")
    desk.ok("log", "Cold call", "3", "--who", "Ann")
    before = desk.state()
    cluster.stop()
    try:
        desk.run("sync").refused(4, "the next run may succeed")
        desk.run("status").refused(4, "the next run may succeed")
    finally:
        cluster.start()
    assert desk.state() == before
    assert desk.ok("sync", "--json").json["added"] == 1


def test_a_database_that_may_only_be_read(cluster: postgres.Cluster) -> None:
    """A standby, or a user without rights: exit 3, what the server says, and no talk of files."""
    url = database(cluster, "standby")
    Ledger(url, "w").close()
    ledger = Ledger(f"{url}?options=-c%20default_transaction_read_only%3Don", "w")
    with pytest.raises(ConfigError, match=r"read-only transaction; is the database this tool's own"):
        ledger.remember("sales", 2026, {})
    ledger.close()


def test_eight_processes_that_migrate_at_once(cluster: postgres.Cluster) -> None:
    """One does it, the others wait for it, and all go on."""
    url = database(cluster, "migrated")
    with ThreadPoolExecutor(8) as pool:
        for ledger in list(pool.map(lambda number: Ledger(url, f"w{number}"), range(8))):
            ledger.remember("sales", 2026, {})
            ledger.close()
