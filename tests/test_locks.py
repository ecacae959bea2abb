"""One run a workbook at a time: the lock file, the lock and the fence on PostgreSQL, and what lies in their way."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import IO

import pytest
from sqlalchemy import create_engine, text

from sheetsync.config import load_config
from sheetsync.errors import Busy
from sheetsync.ledger import Ledger
from sheetsync.runs.opening import lock_path, locked, opened
from sheetsync.workbook.xlsx.archive import replace_file
from tests.cli import NOW, PROJECT, Desk, Result, new_desk, small_desk

SHEET = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-ABCDE"
# Eight processes that open the ledger when they read a byte, say what came of it, and keep it until the next.
EIGHT = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from sheetsync.config import load_config
from sheetsync.errors import Busy
from sheetsync.runs.opening import opened
config = load_config(Path(sys.argv[1]))
children = []
for _ in range(8):
    if not (child := os.fork()):
        os.read(0, 1)
        try:
            with opened(config, datetime.now(UTC)):
                os.write(1, b"held %d\\n" % os.getpid())
                os.read(0, 1)
        except Busy as busy:
            os.write(1, b"busy %d\\n" % busy.exit_code)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
"""


@pytest.fixture
def server(postgres_server: str) -> str:
    """The URL of a throw-away PostgreSQL database."""
    return f"{postgres_server}/postgres"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A synced desk."""
    return small_desk(tmp_path)


def as_nobody(desk: Desk, *arguments: str) -> Result:
    """Run a command with no more rights than the files' modes give."""
    rights = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"] if os.geteuid() == 0 else []
    command = [*rights, sys.executable, "-m", "sheetsync", "-c", str(desk.config), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


# ---- the lock file ------------------------------------------------------------------------------------------------


def test_of_eight_runs_one_wins_and_a_killed_one_leaves_nothing(desk: Desk) -> None:
    """The other seven end at once with 75 and have touched nothing; the winner's SIGKILL lets the next one in."""
    desk.ok("sync")
    before = desk.state()
    command = [sys.executable, "-W", "ignore", "-c", EIGHT, str(desk.config)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT) as eight:
        assert eight.stdin and eight.stdout
        eight.stdin.write(b"x" * 8)
        eight.stdin.flush()
        *busy, (_, winner) = sorted(eight.stdout.readline().split() for _ in range(8))
        assert busy == [[b"busy", b"75"]] * 7
        desk.run("sync").refused(75, "another run", str(desk.workbook))
        assert {name: held for name, held in desk.state().items() if not name.endswith(("-wal", "-shm"))} == before
        os.kill(int(winner), signal.SIGKILL)
        eight.wait()
        desk.ok("sync")
    assert desk.state() == before


def test_two_configurations_of_one_workbook_exclude_each_other(desk: Desk, tmp_path: Path) -> None:
    """The lock is the workbook's, whatever folder, ledger or link it is reached by."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("config.yaml", "lean.yaml"):
        shutil.copy(desk.folder / name, elsewhere)
    (elsewhere / "goals.xlsx").symlink_to(desk.workbook)
    other = Desk(elsewhere)
    with opened(load_config(desk.config), NOW):
        other.run("sync").refused(75, "another run", "goals.xlsx")
    other.ok("sync")
    assert not (elsewhere / ".goals.xlsx.lock").exists()


def test_two_workbooks_in_one_folder_do_not_wait_for_each_other(desk: Desk) -> None:
    """Each has its lock, though they share the ledger."""
    desk.file("second.yaml", desk.config.read_text().replace("workbook: goals.xlsx", "workbook: second.xlsx"))
    shutil.copy(desk.workbook, desk.folder / "second.xlsx")
    second = load_config(desk.folder / "second.yaml")
    with opened(second, NOW) as run:
        desk.ok("sync")
        run.ledger.remember("sales", 2026, {})


def test_where_the_lock_of_a_google_sheet_is(tmp_path: Path) -> None:
    """Beside a ledger that is a file, so that two configurations with one ledger meet; else the other."""
    desk = new_desk(tmp_path, "--workbook", SHEET, "--credentials", "robot.json")
    desk.configure("ledger: sqlite:///sheetsync.db", "ledger: sqlite:///kept/sheetsync.db")
    assert lock_path(load_config(desk.config)) == (tmp_path / "kept" / f".{SHEET}.lock").resolve()
    desk.configure("ledger: sqlite:///kept/sheetsync.db", "ledger: postgresql+psycopg://goals@127.0.0.1/goals")
    assert lock_path(load_config(desk.config)) == (tmp_path / f".{SHEET}.lock").resolve()


def test_a_lock_file_is_ours_alone_and_stays(desk: Desk) -> None:
    """0600 whatever the umask, the same file afterwards; what an earlier run left there is no lock."""
    lock = desk.folder / ".goals.xlsx.lock"
    lock.unlink()
    umask = os.umask(0)
    try:
        desk.ok("sync")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    lock.write_text("4711 of a machine that burnt down")
    inode = lock.stat().st_ino
    desk.ok("sync")
    assert lock.stat().st_ino == inode


@pytest.mark.skipif(os.name != "posix", reason="rights work differently on Windows")
def test_what_lies_in_the_locks_place(desk: Desk, tmp_path: Path) -> None:
    """A folder, somebody's link, a file that may not be opened: exit 3, its name, and nothing is touched."""
    lock, target = desk.folder / ".goals.xlsx.lock", tmp_path / "precious"
    target.write_text("precious")
    before = desk.state()
    lock.unlink()
    lock.mkdir()
    desk.run("sync").refused(3, ".goals.xlsx.lock")
    lock.rmdir()
    lock.symlink_to(target)
    desk.run("sync").refused(3, ".goals.xlsx.lock")
    lock.unlink()
    assert (target.read_text(), desk.state()) == ("precious", before)
    lock.touch(0)
    as_nobody(desk, "sync").refused(3, ".goals.xlsx.lock", "Permission denied")
    assert as_nobody(desk, "status").code == 0
    lock.chmod(0o600)
    desk.ok("sync")


def test_what_a_killed_run_left_is_removed(desk: Desk) -> None:
    """Half-written files named as ours go, at the next run, whether it writes or not; nobody else's do."""
    ours = [
        ".goals.xlsx.4711.tmp",
        ".goals.xlsx.0123456789abcdef.tmp",
        ".goals (before version 3).xlsx.12ab34cd56ef7890.tmp",
    ]
    others = [
        ".goals.xlsx.tmp",
        ".goals.docx.0123456789abcdef.tmp",
        ".goals 2026.xlsx.0123456789abcdef.tmp",
        ".other.xlsx.0123456789abcdef.tmp",
        "goals.tmp",
    ]
    for name in (*ours, *others):
        desk.file(name, "half a file")
    with opened(load_config(desk.config), NOW):
        desk.run("sync").refused(75)
        desk.ok("status")
        left = {path.name for path in desk.folder.glob(".*.tmp")} | {"goals.tmp"}
        assert left == set(others)
    for name in ours:
        desk.file(name, "half a file")
    desk.ok("status")
    assert all((desk.folder / name).exists() for name in ours), "looking on holds no lock"
    desk.ok("sync")
    assert not any((desk.folder / name).exists() for name in ours)


@pytest.mark.parametrize("stem", ["g" * 78, "ü" * 95, "ü" * 100, "ü" * 105, "ü" * 122], ids=len)
def test_what_a_killed_run_left_is_removed_however_long_its_name(tmp_path: Path, stem: str) -> None:
    """Half a workbook or half a copy of it, killed before it got its name, goes at the next run; another's stays."""
    desk = new_desk(tmp_path)
    desk.configure("workbook: goals.xlsx", f"workbook: {stem}.xlsx")
    endings = ["", " (before version 3, 2026-10-14)", " of Ann"]
    names = [name for name in (f"{stem}{ending}.xlsx" for ending in endings) if len(os.fsencode(name)) <= 255]
    for name in names:
        child = os.fork()
        if not child:
            replace_file(tmp_path / name, _half, lambda: os.kill(os.getpid(), signal.SIGKILL))
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert len(list(tmp_path.glob(".*.tmp"))) == len(names)
    with locked(load_config(desk.config)):
        left = [path.name for path in tmp_path.glob(".*.tmp")]
    assert len(left) == (len(names) == 3)
    assert all(name.startswith(f".{stem} of Ann.xlsx.") for name in left)


def _half(target: IO[bytes]) -> None:
    target.write(b"half a file")


# ---- PostgreSQL ---------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_of_eight_machines_one_wins(server: str) -> None:
    """Where lock files cannot meet, the database keeps all but one out; and lets the next one in at once."""
    barrier = Barrier(8)

    def attempt(_: int) -> Ledger | None:
        ledger = Ledger(server, "eight.xlsx")
        barrier.wait()
        try:
            ledger.hold()
        except Busy:
            ledger.close()
            return None
        return ledger

    with ThreadPoolExecutor(8) as pool:
        (winner,) = [ledger for ledger in pool.map(attempt, range(8)) if ledger]
    winner.remember("sales", 2026, {})
    other = Ledger(server, "other.xlsx")
    other.hold()
    other.close()
    winner.close()
    after = Ledger(server, "eight.xlsx")
    after.hold()
    after.close()


@pytest.mark.postgres
def test_a_run_that_lost_its_lock_writes_no_more(server: str) -> None:
    """Its connection was cut, another run took over: from then on each transaction of the first is refused."""
    first = Ledger(server, "fenced.xlsx")
    first.hold()
    first.remember("sales", 2026, {})
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid != pg_backend_pid()"
        connection.execute(text(cut)).all()
    admin.dispose()
    second = Ledger(server, "fenced.xlsx")
    second.hold()
    for late in (lambda: first.remember("sales", 1999, {}), first.confirm, first.remembered):
        with pytest.raises(Busy, match=r"another run took over fenced\.xlsx"):
            late()
    first.close()
    known = second.remembered()
    assert known is not None and known.year == 2026
    second.remember("sales", 2027, {})
    second.close()


@pytest.mark.postgres
def test_a_whole_run_on_postgres_is_kept_out(desk: Desk, server: str) -> None:
    """75 and one line, nothing touched; looking on is possible meanwhile."""
    desk.configure("ledger: sqlite:///sheetsync.db", f"ledger: {server}")
    desk.ok("sync")
    before = desk.state()
    elsewhere = Ledger(server, "goals.xlsx")
    elsewhere.hold()
    desk.run("sync").refused(75, "another run", "goals.xlsx", "elsewhere")
    desk.ok("status")
    elsewhere.close()
    assert desk.state() == before
    desk.ok("sync")
