"""Syncs on a disk that runs full: files that may not grow beyond a limit, and a file system with little room left.

`python -m tests.disks DESK SCRATCH KIND BYTES...` copies a desk for each number of bytes, syncs the copy with that
limit (KIND `limit`: of each file's size; `room`: free on a small tmpfs, for which it needs namespaces of its own),
lifts it, looks, and syncs again. It prints a line of JSON for each. All in forks of one process: imports cost most.
"""

import ctypes
import json
import os
import resource
import signal
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cli import Desk

_SIZE = 8 << 20


@dataclass(frozen=True, slots=True)
class Seen:
    """A sync on a full disk, and the one after it; of contents there are digests: before, after one, after both."""

    bytes: int
    code: int
    err: str
    out: str
    integrity: str
    rows: tuple[int, int, int]
    workbooks: tuple[int, int, int]
    strays: tuple[list[str], list[str]]
    next_code: int
    next_err: str


def sync_in_fork(desk: Desk, prepare: Callable[[], None]) -> tuple[int, str, str]:
    """Exit code, output and errors of a sync in a process of its own, which `prepare` has made worse."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        prepare()
        result = desk.run("sync")
        os.write(writing, json.dumps([result.code, result.out, result.err]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told = answer.read()
    _, status = os.waitpid(child, 0)
    code, out, err = json.loads(told) if told else (status, "", "no answer")
    return code, out, err


def contents(workbook: Path) -> int:
    """A digest of all members of a workbook, however they are packed."""
    with zipfile.ZipFile(workbook) as book:
        return hash(tuple((member.filename, member.CRC) for member in book.infolist()))


def rows(ledger: Path) -> int:
    """How many rows of the log a ledger knows."""
    with closing(sqlite3.connect(ledger)) as connection:
        found: int = connection.execute("SELECT count(*) FROM entries WHERE removed_run IS NULL").fetchone()[0]
        return found


def integrity(ledger: Path) -> str:
    """What SQLite says of a ledger."""
    with closing(sqlite3.connect(ledger)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def strays(desk: Desk) -> list[str]:
    """Files that should not be there while nothing runs."""
    return sorted(path.name for path in desk.folder.iterdir() if path.name.endswith((".tmp", "-wal", "-shm")))


def seen(template: Desk, folder: Path, kind: str, amount: int) -> Seen:
    """What came of one case."""
    desk = template.copy(folder)
    counted, told = [rows(desk.ledger)], [contents(desk.workbook)]
    filler = folder.parent / "filler"
    if kind == "room":
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(free - amount, 1))

    def prepare() -> None:
        if kind == "limit":
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (amount, resource.RLIM_INFINITY))

    code, out, err = sync_in_fork(desk, prepare)
    filler.unlink(missing_ok=True)
    left = [name for name in strays(desk) if name.endswith(".tmp")]
    checked = integrity(desk.ledger)
    counted.append(rows(desk.ledger))
    told.append(contents(desk.workbook))
    next_code, _, next_err = sync_in_fork(desk, lambda: None)
    counted.append(rows(desk.ledger))
    told.append(contents(desk.workbook))
    return Seen(
        amount, code, err, out, checked, (counted[0], counted[1], counted[2]), (told[0], told[1], told[2]),
        (left, strays(desk)), next_code, next_err,
    )  # fmt: skip


def mounted(folder: Path) -> None:
    """Mount an empty tmpfs there, for this namespace only."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={_SIZE}".encode()) != 0:
        raise OSError(ctypes.get_errno(), f"tmpfs on {folder}")


def main(template: Desk, scratch: Path, kind: str, amounts: list[int]) -> None:
    """Go through the amounts."""
    import sheetsync.runs.syncing
    import sheetsync.workbook.xlsx  # noqa: F401  what each fork would import

    if kind == "room":
        mounted(scratch)
    for amount in amounts:
        folder = scratch / f"{kind}{amount}"
        folder.mkdir()
        print(json.dumps(asdict(seen(template, folder / "desk", kind, amount))), flush=True)
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


if __name__ == "__main__":
    main(Desk(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3], [int(text) for text in sys.argv[4:]])
