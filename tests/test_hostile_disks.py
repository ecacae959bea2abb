"""Disks and files that fail: full, read-only, damaged, not ours, locked, gone. One line, nothing half-done."""

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pytest
from sqlalchemy import create_engine, text

from sheetsync.errors import ConfigError
from sheetsync.ledger import Ledger, database
from sheetsync.ledger.sqlite import on_network
from sheetsync.workbook.xlsx.archive import clear_leftovers, replace_file
from tests.cli import PROJECT, Desk, Result, new_desk, small_desk
from tests.disks import contents, integrity, rows, strays

STRACE = shutil.which("strace")
SYNCS = "fsync,fdatasync"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A synced desk."""
    return small_desk(tmp_path)


@pytest.fixture
def behind(desk: Desk) -> Desk:
    """A desk whose next sync has two rows to record and summaries to write."""
    desk.ok("log", "Cold call", "3", "--who", "Ann")
    desk.ok("log", "Order won", "1", "--who", "Ben", "--amount", "500")
    return desk


def mode(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def with_rights(*command: str) -> Result:
    """Run a program with no more rights than the files' modes give, which root is not held to."""
    rights = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*rights, *command], capture_output=True, text=True, cwd=PROJECT, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


def old_ledger(path: Path, version: str) -> str:
    """The URL of a ledger of an earlier version, which knows a workbook."""
    from alembic import command
    from alembic.config import Config

    url = f"sqlite:///{path}"
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        known = "INSERT INTO workbooks (workbook, template, year, marks) VALUES ('w', 's', 2026, '{}')"
        connection.execute(text(known))
    engine.dispose()
    return url


def asked(path: Path, query: str) -> list[tuple[object, ...]]:
    """The answer of an SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


# ---- the disk runs full -------------------------------------------------------------------------------------------


def _judge(kind: str, desk: Desk, scratch: Path, amounts: tuple[int, ...]) -> None:
    scratch.mkdir()
    own = ["unshare", "-rm"] if kind == "room" else []
    command = [*own, sys.executable, "-W", "ignore", "-m", "tests.disks", str(desk.folder), str(scratch), kind]
    done = subprocess.run(
        [*command, *map(str, amounts)], capture_output=True, text=True, cwd=PROJECT, check=False, timeout=300
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [case["bytes"] for case in found] == list(amounts), done.stderr
    for case in found:
        assert case["code"] == 3, case
        Result(case["code"], case["out"], case["err"]).refused(3)
        assert case["integrity"] == "ok", case
        assert case["rows"] in ([60, 60, 62], [60, 62, 62]), "all of a transaction, or nothing"
        old, kept, new = case["workbooks"]
        assert kept == old != new, "the file is as it was, and whole"
        assert case["strays"] == [[], []], case
        assert (case["next_code"], case["next_err"]) == (0, ""), case
    assert len({case["workbooks"][2] for case in found}) == 1, "they all end in the same state"


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process's files are tested on Linux")
def test_files_that_may_not_grow(behind: Desk, tmp_path: Path) -> None:
    """A quota hits the ledger's log, or the workbook: exit 3, one line, old contents whole; then it goes on."""
    _judge("limit", behind, tmp_path / "scratch", (0, 60_000, 150_000))


def test_a_disk_without_room(behind: Desk, tmp_path: Path) -> None:
    """A real full file system, with room for nothing, for a piece of the ledger's log, of the workbook."""
    allowed = (
        subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
        if shutil.which("unshare")
        else None
    )
    if allowed is None or allowed.returncode != 0:
        pytest.skip("this user may not mount a file system of their own (unshare -rm)")
    _judge("room", behind, tmp_path / "scratch", (0, 60_000, 250_000))


# ---- the disk fails -----------------------------------------------------------------------------------------------


def _injected(desk: Desk, what: str, *arguments: str) -> tuple[Result, int]:
    """A command under strace, which makes calls fail; and how many of them there were."""
    trace = desk.folder.parent / "trace"
    tracer = [str(STRACE), "-f", "-qq", "-o", str(trace), "-e", f"trace={SYNCS}", *(["-e", what] if what else [])]
    command = [*tracer, sys.executable, "-m", "sheetsync", "-c", str(desk.config), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    return Result(done.returncode, done.stdout, done.stderr), len(re.findall("sync\\(", trace.read_text()))


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
def test_a_disk_that_fails_to_keep_what_it_was_given(behind: Desk, tmp_path: Path) -> None:
    """The k-th fsync answers EIO: one line and exit 3, or, where SQLite needs no answer, a good end; never a half."""
    whole = behind.copy(tmp_path / "whole")
    _, count = _injected(whole, "", "sync")
    assert 6 <= count <= 14, "each sync of the disk is slow: has their number grown?"
    failures = 0
    every = int(os.environ.get("SHEETSYNC_EVERY_FSYNC", "3"))
    for number in range(2, count + 1, every):
        desk = behind.copy(tmp_path / str(number))
        before = contents(desk.workbook)
        result, _ = _injected(desk, f"inject={SYNCS}:error=EIO:when={number}", "sync")
        if result.code:
            result.refused(3, "")
            failures += 1
        assert integrity(desk.ledger) == "ok"
        assert rows(desk.ledger) in (60, 62)
        assert contents(desk.workbook) in (before, contents(whole.workbook))
        assert desk.spawn("sync").code == 0
        assert contents(desk.workbook) == contents(whole.workbook)
        assert strays(desk) == []
    assert failures


# ---- the ledger ---------------------------------------------------------------------------------------------------


def test_a_ledger_is_for_its_owner_alone(tmp_path: Path) -> None:
    """0600 whatever the umask, its log too; a file that is there keeps its mode. Every commit is on the disk."""
    umask = os.umask(0)
    try:
        ledger = Ledger(f"sqlite:///{tmp_path / 'new.db'}", "w")
        ledger.remember("sales", 2026, {})
        names = ("new.db", "new.db-wal", "new.db-shm")
        assert {path.name: mode(path) for path in tmp_path.iterdir()} == dict.fromkeys(names, 0o600)
        with ledger.transaction() as connection:
            ways = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
            assert [*ways, connection.exec_driver_sql("PRAGMA foreign_keys").scalar()] == ["wal", 2, 1]
        ledger.close()
        (tmp_path / "new.db").chmod(0o640)
        Ledger(f"sqlite:///{tmp_path / 'new.db'}", "w").close()
    finally:
        os.umask(umask)
    assert mode(tmp_path / "new.db") == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["new.db"]


def _flip(path: Path) -> None:
    damaged = bytearray(path.read_bytes())
    for at in range(5_000, len(damaged), 4_096):
        damaged[at : at + 40] = bytes(40)
    path.write_bytes(damaged)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _cut_in_a_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10_000])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_flip, ("is damaged", "put a backup in its place")),
        (_truncate, ("is damaged", "put a backup in its place")),
        (_cut_in_a_page, ("is damaged", "mails nothing again")),
        (lambda path: path.write_text("my diary, " * 200), ("not a database", "move the file away")),
        (_folder, ("cannot be opened",)),
    ],
)
def test_a_ledger_that_is_spoilt(behind: Desk, spoil: Callable[[Path], None], words: tuple[str, ...]) -> None:
    """Exit 3, one line with what to do; nothing is written to it or to the workbook."""
    good = behind.ledger.read_bytes()
    spoil(behind.ledger)
    before = behind.state()
    behind.run("sync").refused(3, "ledger", "sheetsync.db", *words)
    behind.run("email", "send").refused(3, "ledger", "sheetsync.db", *words)
    assert behind.state() == before
    if behind.ledger.is_dir():
        behind.ledger.rmdir()
    behind.ledger.write_bytes(good)
    behind.ok("sync")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("workbooks", "definitions", b"garbage"),
        ("workbooks", "marks", "{"),
        ("written", "grid", b"garbage"),
        ("runs", "at", "2026-10-14 08:00:00.000A00"),
        ("alembic_version", "version_num", ""),
        ("alembic_version", "version_num", "zzzz"),
    ],
)
def test_a_ledger_whose_contents_are_spoilt(behind: Desk, table: str, column: str, value: Any) -> None:
    """Its pages are sound, what stands there is not: exit 3 with what to do, where it is needed."""
    with closing(sqlite3.connect(behind.ledger)) as connection, connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
    command = {"runs": "history", "workbooks": "status"}.get(table, "sync")
    behind.run(command).refused(3, "is damaged", "put a backup in its place")


def test_a_ledger_that_is_gone_or_empty(behind: Desk) -> None:
    """A new one is begun from the workbook, as if it had never been known; nothing is said twice."""
    for spoil in (Path.unlink, lambda path: path.write_bytes(b"")):
        spoil(behind.ledger)
        behind.ok("sync")
        assert rows(behind.ledger) == 62
        behind.ok("sync")


def test_a_ledger_that_somebody_keeps_locked(behind: Desk) -> None:
    """75 and one line when it stays so; a moment later the sync goes on. Whoever only reads need not wait."""
    behind.configure("ledger: sqlite:///sheetsync.db", "ledger: sqlite:///sheetsync.db?timeout=0.2")
    before = behind.workbook.read_bytes()
    with closing(sqlite3.connect(behind.ledger)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        behind.run("sync").refused(75, "sheetsync.db", "locked", "run again")
        behind.ok("status")
        behind.ok("export", "activities")
        somebody.rollback()
    assert behind.workbook.read_bytes() == before
    behind.ok("sync")


def test_what_may_only_be_read_can_be_read(behind: Desk) -> None:
    """In a folder without rights: looking on works, writing is refused with 3, and not a byte changes."""
    before = behind.state()
    behind.ledger.chmod(0o400)
    behind.folder.chmod(0o500)
    command = (sys.executable, "-m", "sheetsync", "-c", str(behind.config))
    try:
        assert with_rights(*command, "status").code == 0
        assert "Contact 1" in with_rights(*command, "export", "activities").out
        with_rights(*command, "sync").refused(3, "may you write")
    finally:
        behind.folder.chmod(0o700)
        behind.ledger.chmod(0o600)
    assert behind.state() == before


def test_network_file_systems_are_told_by_their_mounts(tmp_path: Path) -> None:
    """They cannot share the log's memory between machines, so the ledger keeps the older kind of journal there."""
    mounts = tmp_path / "mounts"
    real = os.path.realpath(tmp_path)
    mounts.write_text(
        f"/dev/sda / ext4 rw 0 0\nnas:/x {real}/my\\040nas nfs4 rw 0 0\n/dev/b {real}/my\\040nas/b xfs rw 0 0\n"
    )
    assert on_network(tmp_path / "my nas" / "sheetsync.db", mounts)
    assert not on_network(tmp_path / "my nas" / "b" / "sheetsync.db", mounts)
    assert not on_network(tmp_path / "sheetsync.db", mounts)
    assert not on_network(tmp_path / "sheetsync.db", tmp_path / "none")


# ---- migrations ---------------------------------------------------------------------------------------------------


def test_a_copy_is_kept_before_a_ledger_changes(tmp_path: Path) -> None:
    """Beside it, as it was, 0600; what a killed run left of an earlier copy does not matter; a new one has none."""
    path, copy = tmp_path / "old.db", tmp_path / "old.db.before-0007"
    url = old_ledger(path, "0006")
    (tmp_path / ".old.db.before-0007.tmp").write_text("half a copy")
    umask = os.umask(0)
    try:
        Ledger(url, "w").close()
    finally:
        os.umask(umask)
    assert asked(copy, "SELECT version_num FROM alembic_version") == [("0006",)]
    assert asked(copy, "SELECT workbook FROM workbooks") == asked(path, "SELECT workbook FROM workbooks") == [("w",)]
    assert mode(copy) == 0o600
    kept = copy.read_bytes()
    Ledger(url, "w").close()
    assert copy.read_bytes() == kept
    assert sorted(found.name for found in tmp_path.iterdir()) == ["old.db", "old.db.before-0007"]
    Ledger(f"sqlite:///{tmp_path / 'new.db'}", "w").close()
    assert not (tmp_path / "new.db.before-0007").exists()


def test_a_migration_that_fails_has_changed_nothing(tmp_path: Path) -> None:
    """Five of its six steps were done: not one of them is there afterwards, and the next try may succeed."""
    path = tmp_path / "old.db"
    url = old_ledger(path, "0001")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE fences (x)")
    tables = asked(path, "SELECT sql FROM sqlite_master ORDER BY 1")
    with pytest.raises(ConfigError, match="fences"):
        Ledger(url, "w")
    assert asked(path, "SELECT sql FROM sqlite_master ORDER BY 1") == tables
    assert asked(path, "SELECT version_num FROM alembic_version") == [("0001",)]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE fences")
    ledger = Ledger(url, "w")
    known = ledger.remembered()
    ledger.close()
    assert known is not None and known.year == 2026


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
def test_a_migration_that_is_killed_has_changed_nothing(tmp_path: Path) -> None:
    """SIGKILL in the middle of writing the new tables: the old ones are there, and the next run migrates."""
    path = tmp_path / "old.db"
    url = old_ledger(path, "0006")
    opens = "import sys; from sheetsync.ledger import Ledger; Ledger(sys.argv[1], 'w').close()"
    trace = tmp_path.parent / f"{tmp_path.name}-trace"
    tracer = [str(STRACE), "-qq", "-o", str(trace), "-e", "trace=pwrite64"]
    program = [sys.executable, "-c", opens]
    shutil.copy(path, tmp_path / "counted.db")
    subprocess.run([*tracer, *program, f"sqlite:///{tmp_path / 'counted.db'}"], cwd=PROJECT, check=True)
    count = trace.read_text().count("pwrite64(")
    (tmp_path / "counted.db").unlink()
    (tmp_path / "counted.db.before-0007").unlink()
    unfinished = 0
    for number in (count // 2, count - 12, count - 8, count - 6):
        fault = ["-e", f"inject=pwrite64:signal=SIGKILL:when={number}"]
        killed = subprocess.run([*tracer, *fault, *program, url], cwd=PROJECT, capture_output=True, check=False)
        unfinished += (tmp_path / "old.db-journal").exists()
        assert killed.returncode, number
        assert integrity(path) == "ok"
        assert asked(path, "SELECT version_num FROM alembic_version") == [("0006",)]
        assert asked(path, "SELECT name FROM sqlite_master WHERE name = 'fences'") == []
    assert unfinished, "one of them was killed between its first and its last page"
    Ledger(url, "w").close()
    assert asked(path, "SELECT version_num FROM alembic_version") == [(database.HEAD,)]
    assert {found.name for found in tmp_path.iterdir()} == {"old.db", "old.db.before-0007"}


# ---- the file that is replaced ------------------------------------------------------------------------------------


def _write(target: IO[bytes]) -> None:
    target.write(b"new")


def _unchecked() -> None:
    pass


def test_a_replaced_file_keeps_what_it_had(tmp_path: Path) -> None:
    """Mode, owner and attributes; while it is written nobody else may read it. A new file follows the umask."""
    path = tmp_path / "goals.xlsx"
    path.write_bytes(b"old")
    path.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(path, 1234, 4321)
    attributes = sys.platform == "linux"
    try:
        os.setxattr(path, "user.color", b"blue")
    except (OSError, AttributeError):
        attributes = False  # not every file system has them

    def write(target: IO[bytes]) -> None:
        (temporary,) = tmp_path.glob(".goals.xlsx.*.tmp")
        assert mode(temporary) == 0o600
        target.write(b"new")

    replace_file(path, write, _unchecked)
    status = path.stat()
    assert (path.read_bytes(), mode(path)) == (b"new", 0o664)
    if os.geteuid() == 0:
        assert (status.st_uid, status.st_gid) == (1234, 4321)
    if attributes:
        assert os.getxattr(path, "user.color") == b"blue"
    umask = os.umask(0o027)
    try:
        replace_file(tmp_path / "new.xlsx", _write, _unchecked)
    finally:
        os.umask(umask)
    assert mode(tmp_path / "new.xlsx") == 0o640
    assert sorted(found.name for found in tmp_path.iterdir()) == ["goals.xlsx", "new.xlsx"]


def test_what_stands_in_the_way_of_a_replacement(tmp_path: Path) -> None:
    """A folder that vanished, one in the file's place, a write that fails: one line, no file of ours is left."""
    folder = tmp_path / "gone"
    with pytest.raises(ConfigError, match=r"goals\.xlsx cannot be written: No such file"):
        replace_file(folder / "goals.xlsx", _write, _unchecked)
    folder.mkdir()
    path = folder / "goals.xlsx"
    path.write_bytes(b"old")

    def vanish() -> None:
        shutil.rmtree(folder)

    with pytest.raises(ConfigError, match=r"goals\.xlsx cannot be written: No such file"):
        replace_file(path, _write, vanish)
    (folder / "goals.xlsx").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"goals\.xlsx cannot be written: Is a directory"):
        replace_file(path, _write, _unchecked)
    assert [found.name for found in folder.iterdir()] == ["goals.xlsx"]


def test_a_long_name_has_room_for_its_temporary_one(tmp_path: Path) -> None:
    """A name may have 255 bytes; that of the file beside it is longer, and so is cut."""
    path = tmp_path / ("ü" * 120 + ".xlsx")
    for content in (b"old", b"new"):
        replace_file(path, lambda target, content=content: target.write(content) and None, _unchecked)  # type: ignore[misc]
        assert path.read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_among_the_leftovers_is_not_followed(tmp_path: Path) -> None:
    """Only plain files go, and a link's target never."""
    target, link = tmp_path / "precious", tmp_path / ".goals.xlsx.0123456789abcdef.tmp"
    target.write_text("precious")
    link.symlink_to(target)
    clear_leftovers(tmp_path / "goals.xlsx")
    assert (target.read_text(), link.is_symlink()) == ("precious", True)


def test_a_workbook_in_a_folder_that_is_gone(tmp_path: Path) -> None:
    """Exit 3 and its name, whatever the command."""
    desk = new_desk(tmp_path)
    desk.configure("workbook: goals.xlsx", "workbook: gone/goals.xlsx")
    for command in (["sync"], ["create"], ["log", "Cold call"]):
        desk.run(*command).refused(3, "the folder", "gone does not exist")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml"]
