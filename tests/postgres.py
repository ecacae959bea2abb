"""A throw-away PostgreSQL server for tests."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


def initdb() -> str | None:
    """The program that makes a PostgreSQL cluster, if it is installed."""
    installed = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))
    return shutil.which("initdb") or next(iter(installed), None)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL server that can be stopped and started again; `url` is without the database's name."""

    url: str
    programs: Path
    folder: str
    options: str
    user: str | None

    def execute(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user that owns the cluster."""
        command = [str(self.programs / program), "-D", f"{self.folder}/data", *arguments]
        subprocess.run(command, check=True, capture_output=True, user=self.user, cwd=self.folder)

    def start(self) -> None:
        """Start the server; it listens when this returns."""
        self.execute("pg_ctl", "-o", self.options, "-l", f"{self.folder}/log", "-w", "start")

    def stop(self) -> None:
        """Stop the server at once, as a crash would."""
        self.execute("pg_ctl", "-m", "immediate", "stop")


@contextmanager
def cluster(program: str, *, fsync: bool = False) -> Iterator[Cluster]:
    """A running server of one's own; `program` is its `initdb`."""
    programs = Path(os.path.realpath(program)).parent
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="sheetsync-pg-", ignore_cleanup_errors=True) as folder:
        if user:
            shutil.chown(folder, user)
        port = _free_port()
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync={'on' if fsync else 'off'}"
        made = Cluster(f"postgresql+psycopg://goals@127.0.0.1:{port}", programs, folder, options, user)
        made.execute("initdb", "-U", "goals", "-A", "trust", "-E", "UTF8", "--no-sync")
        made.start()
        try:
            yield made
        finally:
            made.stop()


@contextmanager
def postgres_server(program: str) -> Iterator[str]:
    """The URL of a running server, without the database's name; `program` is its `initdb`."""
    with cluster(program) as running:
        yield running.url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
