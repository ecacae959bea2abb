"""A throw-away PostgreSQL server for tests."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def initdb() -> str | None:
    """The program that makes a PostgreSQL cluster, if it is installed."""
    installed = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))
    return shutil.which("initdb") or next(iter(installed), None)


@contextmanager
def postgres_server(program: str) -> Iterator[str]:
    """The URL of a running server, without the database's name; `program` is its `initdb`."""
    programs = Path(os.path.realpath(program)).parent
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="sheetsync-pg-", ignore_cleanup_errors=True) as folder:
        if user:
            shutil.chown(folder, user)
        port = _free_port()
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = f"{folder}/log"

        def execute(*command: str) -> None:
            subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)

        cluster = f"{folder}/data"
        execute(str(programs / "initdb"), "-D", cluster, "-U", "goals", "-A", "trust", "-E", "UTF8", "--no-sync")
        execute(str(programs / "pg_ctl"), "-D", cluster, "-o", options, "-l", log, "-w", "start")
        try:
            yield f"postgresql+psycopg://goals@127.0.0.1:{port}"
        finally:
            execute(str(programs / "pg_ctl"), "-D", cluster, "-m", "immediate", "stop")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
