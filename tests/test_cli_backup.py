"""`backup` and `forget`, on SQLite and PostgreSQL: a copy is a working ledger; who is forgotten is gone."""

import errno
import os
import re
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.cli import NOW, Desk, small_desk

LATER = NOW + timedelta(days=1)
# Nobody's name or address but hers, anywhere.
NAME, ADDRESS = "Zebedea Quux", "zebedea@example.com"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann and Ben, 60 rows, synced."""
    return small_desk(tmp_path)


@pytest.fixture
def database(postgres_server: str, tmp_path: Path) -> str:
    """The URL of an empty database."""
    name = f"b{abs(hash(str(tmp_path)))}"
    admin = create_engine(f"{postgres_server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return f"{postgres_server}/{name}"


def known(desk: Desk) -> list[str]:
    """What the ledger says, in every way there is to ask it offline."""
    questions = [
        ("export", "activities"), ("export", "rollups"), ("status", "--json"), ("history", "--json"),
        ("history", "--all", "--json"), ("email", "status", "--all", "--json"),
    ]  # fmt: skip
    return [desk.ok(*question, at=LATER).out for question in questions]


def moved_to(desk: Desk, url: str) -> None:
    """The configuration names another ledger."""
    (line,) = re.findall(r"^ledger: .*$", desk.config.read_text(encoding="utf-8"), re.MULTILINE)
    desk.configure(line, f"ledger: {url}")


def mailed(desk: Desk) -> None:
    """A week's emails are written to files."""
    if "recipients: []" in desk.config.read_text(encoding="utf-8"):
        desk.configure("recipients: []", 'recipients: ["*@example.com"]')
        with desk.edited() as book:
            people = book["People"]
            people.cell(2, [cell.value for cell in people[1]].index("Partner email") + 1).value = "pat@example.com"
    desk.run("run", at=NOW + timedelta(days=3))


# ---- backup -------------------------------------------------------------------------------------------------------


def test_a_backup_is_a_working_ledger(desk: Desk) -> None:
    """Named in the configuration it says what the ledger says, syncs to nothing new, and mails nothing again."""
    mailed(desk)
    before, sent = known(desk), sorted((desk.folder / "outbox").rglob("*"))
    assert sent
    made = desk.run("backup", "--json").json
    assert made["ledger"].endswith("backups/sheetsync-2026-10-14T0800.db")
    assert made["workbook"].endswith("backups/goals-2026-10-14T0800.xlsx")
    assert Path(made["workbook"]).read_bytes() == desk.workbook.read_bytes()
    assert made["rows"]["entries"] == 60
    for file in (made["ledger"], made["workbook"]):
        assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600
    assert sorted(path.name for path in (desk.folder / "backups").iterdir()) == [
        "goals-2026-10-14T0800.xlsx", "sheetsync-2026-10-14T0800.db"
    ]  # fmt: skip
    moved_to(desk, "sqlite:///backups/sheetsync-2026-10-14T0800.db")
    assert known(desk) == before
    mailed(desk)
    assert sorted((desk.folder / "outbox").rglob("*")) == sent


def test_names_and_what_is_kept(desk: Desk) -> None:
    """One of our own names is never taken twice; --keep removes the older ones of ours and nothing else."""
    folder = desk.folder / "backups"
    for minute in range(3):
        desk.ok("backup", at=NOW + timedelta(minutes=minute))
    desk.ok("backup")
    (folder / "sheetsync-of-mine.db").write_text("mine")
    (folder / "other-2026-10-14T0800.db").write_text("other")
    assert (folder / "sheetsync-2026-10-14T0800-2.db").exists()
    assert "4 older files removed" in desk.ok("backup", "--keep", "3", at=NOW + timedelta(minutes=3)).out
    assert sorted(path.name for path in folder.iterdir()) == [
        "goals-2026-10-14T0801.xlsx", "goals-2026-10-14T0802.xlsx", "goals-2026-10-14T0803.xlsx",
        "other-2026-10-14T0800.db", "sheetsync-2026-10-14T0801.db", "sheetsync-2026-10-14T0802.db",
        "sheetsync-2026-10-14T0803.db", "sheetsync-of-mine.db",
    ]  # fmt: skip
    desk.run("backup", "there.db", "--keep", "3").refused(2, "--keep")


def test_a_file_is_never_replaced_unasked(desk: Desk) -> None:
    """A file that is there stays, byte for byte, until --force; what cannot be written leaves nothing behind."""
    target = desk.folder / "safe" / "copy.db"
    desk.ok("backup", target)
    assert (target.with_suffix(".xlsx")).exists()
    target.write_text("precious")
    desk.run("backup", target).refused(3, "there already", "--force")
    assert target.read_text() == "precious"
    desk.ok("backup", target, "--force", "--no-workbook")
    assert target.read_bytes().startswith(b"SQLite format 3")
    desk.run("backup", desk.config / "copy.db").refused(3, "copy.db")
    assert not list(desk.folder.rglob("*.tmp"))


def test_what_is_in_use_is_never_replaced(desk: Desk) -> None:
    """Not even with --force, by whatever name: neither the live files nor the copy just written."""
    (desk.folder / "link.db").symlink_to(desk.ledger)
    (desk.folder / "taken.xlsx").write_text("precious")
    files = {path: path.read_bytes() for path in (desk.workbook, desk.ledger)}
    for name, code, words in (
        ("goals.db", 2, "goals.xlsx, which is in use"), ("goals.xlsx", 2, "goals.xlsx, which is in use"),
        ("sheetsync.db", 2, "sheetsync.db, which is in use"), ("link.db", 2, "sheetsync.db, which is in use"),
        ("sheetsync.db-wal", 2, "in use"), ("b.xlsx", 2, "b.db"),
    ):  # fmt: skip
        desk.run("backup", desk.folder / name, "--force").refused(code, words)
    desk.run("backup", f"sqlite:///{desk.ledger}", "--force").refused(2, "in use")
    desk.run("backup", desk.folder / "taken.db").refused(3, "taken.xlsx is there already")
    assert {path: path.read_bytes() for path in files} == files
    assert (desk.folder / "link.db").is_symlink()
    assert not (desk.folder / "taken.db").exists()
    assert not (desk.folder / "b.xlsx").exists()
    desk.ok("backup", desk.folder / "goals.db", "--no-workbook")


def test_what_a_killed_backup_left(desk: Desk) -> None:
    """The next one clears it, but nothing that may be another's at work, nor anybody else's."""
    desk.ok("backup")
    folder, end = desk.folder / "backups", f".{'a1' * 8}.tmp"
    old = [f".sheetsync-2026-10-13T0800.db{end}", f".sheetsync-2026-10-13T0800-2.db{end}-journal",
           f".goals-2026-10-13T0800.xlsx{end}"]  # fmt: skip
    others = [f".other-2026-10-13T0800.db{end}", f".sheetsync-2026-10-14T0755.db{end}", ".sheetsync.tmp"]
    for name in (*old, *others):
        (folder / name).write_text("half")
        at = (NOW if "T0755" in name else NOW - timedelta(days=1)).timestamp()
        os.utime(folder / name, (at, at))
    desk.ok("backup")
    assert sorted(path.name for path in folder.glob(".*")) == sorted(others)


def test_where_folders_cannot_be_synced(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that does not know how to sync a folder still takes a backup; a failing disk is said."""
    real, answer = os.fsync, errno.EINVAL

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(answer, os.strerror(answer))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    desk.ok("backup")
    answer = errno.EIO
    desk.run("backup").refused(3, os.strerror(errno.EIO))


def test_a_workbook_that_is_damaged_or_gone(desk: Desk) -> None:
    """Said in one line; without the workbook the ledger can still be copied."""
    desk.workbook.write_bytes(desk.workbook.read_bytes()[:5000])
    desk.run("backup").refused(3, "goals.xlsx", "--no-workbook")
    desk.workbook.unlink()
    desk.run("backup").refused(3, "goals.xlsx", "--no-workbook")
    desk.ok("backup", "--no-workbook", desk.folder / "ledger.db")


def test_while_others_write(desk: Desk) -> None:
    """A copy made in the midst of writing is whole, and as the ledger was at one moment."""
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(desk.ledger, isolation_level=None, timeout=20)) as connection:
            number = 0
            while not stop.is_set():
                number += 1
                # Two lines in one transaction: a copy has both or none.
                connection.execute("BEGIN IMMEDIATE")
                for tab in ("a", "b"):
                    connection.execute("INSERT INTO imports VALUES ('w', ?, ?)", (tab, str(number)))
                connection.execute("COMMIT")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            desk.ok("backup", desk.folder / f"{number}.db", "--no-workbook")
            with closing(sqlite3.connect(desk.folder / f"{number}.db")) as copy:
                counts = copy.execute(
                    "SELECT tab, count(*) FROM imports WHERE workbook = 'w' GROUP BY tab"
                ).fetchall()
                assert len({count for _, count in counts}) <= 1
    finally:
        stop.set()
        writer.join()


@pytest.mark.postgres
def test_to_postgresql_and_back(desk: Desk, database: str) -> None:
    """Brought to an empty database it goes on there, brought back into a file it is as it was; never over another."""
    mailed(desk)
    before = known(desk)
    desk.ok("backup", database)
    moved_to(desk, database)
    assert known(desk) == before
    with desk.edited() as book:
        book["Log"].delete_rows(2, 3)
    assert desk.run("sync", "--json", at=LATER).json["removed"] == 3
    assert "3 rows are back" in desk.ok("restore", "--yes", at=LATER).out
    desk.ok("sync", at=LATER)
    after = known(desk)
    assert after != before
    made = desk.run("backup", "--json", at=LATER).json
    assert made["ledger"].endswith("backups/ledger-2026-10-15T0800.db")
    desk.run("backup", database).refused(3, "not empty")
    moved_to(desk, "sqlite:///backups/ledger-2026-10-15T0800.db")
    assert known(desk) == after


# ---- forget -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A third person had rows, emails and closed periods, and typed where nobody should; then she left."""
    desk = small_desk(tmp_path_factory.mktemp("forget"))
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    with desk.edited() as book:
        people = book["People"]
        titles = {cell.value: cell.column for cell in people[1]}
        hers = {"Name": NAME, "Email": ADDRESS, "Partner": "Pat", "Partner email": "pat@example.com"}
        for title, value in hers.items():
            people.cell(4, titles[title]).value = value
        for day in range(5):
            book["Log"].append([(NOW - timedelta(days=day)).date(), NAME, "Cold call", 3, None, None, "Zoë", ""])
    desk.ok("sync")
    with desk.edited() as book:
        book["Dashboard"].cell(30, 2).value = f"{NAME} was here"
    assert desk.run("run", at=NOW + timedelta(days=3)).code == 0
    desk.run("forget", NAME, "--yes").refused(5, NAME, "People", "sync")
    desk.run("forget", "Ann", "--yes").refused(5, "Ann", "People")
    with desk.edited() as book:
        for sheet in book:
            for row in sheet.iter_rows(min_row=2):
                if any(cell.value == NAME for cell in row[:3]):
                    for cell in row:
                        cell.value = None
    desk.ok("sync", "--accept-removals", at=NOW + timedelta(days=4))
    return desk


@pytest.fixture
def without_her(once: Desk, tmp_path: Path) -> Desk:
    """The desk that she left, for one test."""
    return once.copy(tmp_path / "left")


def traces(desk: Desk) -> list[str]:
    """The ledger's files that hold her name or address anywhere, in any coding of mails or packed values."""
    from sheetsync.ledger.packing import unpacked

    found = []
    for path in desk.folder.glob("sheetsync.db*"):
        content = path.read_bytes()
        if b"Zebedea" in content or b"zebedea" in content:
            found.append(path.name)
    with closing(sqlite3.connect(desk.ledger)) as connection:
        for table, column in (
            ("workbooks", "definitions"), ("written", "grid"), ("written", "intended"), ("reported", "actuals"),
            ("settled", "said"),
        ):  # fmt: skip
            for (packed,) in connection.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"):
                if "ebedea" in str(unpacked(packed)):
                    found.append(f"{table}.{column}")
    return found


def counts(url: str) -> dict[str, int]:
    """How many lines the tables have from which others never delete."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() or 0
            for table in ("entries", "reported", "outbox", "runs")
        }
    engine.dispose()
    return found


def test_who_is_forgotten_is_gone_to_the_byte(without_her: Desk) -> None:
    """Nothing of her is left in the ledger's files, in any coding, and all else is as it was."""
    desk, after = without_her, NOW + timedelta(days=4)
    assert {"sheetsync.db", "reported.actuals"} <= set(traces(desk))
    others = [line for line in desk.ok("export", "activities", at=after).out.splitlines() if NAME not in line]
    before = counts(f"sqlite:///{desk.ledger}")
    dry = desk.ok("forget", NAME.lower(), "--dry-run").out
    assert re.search(r"5 logged rows, 1 email, \d+ reported periods, 1 typed-over cell in the ledger", dry), dry
    assert counts(f"sqlite:///{desk.ledger}") == before
    assert "--yes" in desk.run("forget", NAME).err
    assert "is forgotten here" in desk.ok("forget", NAME, "--yes").out
    assert traces(desk) == []
    left = counts(f"sqlite:///{desk.ledger}")
    assert left == {**before, "entries": before["entries"] - 5, "outbox": before["outbox"] - 1}
    assert desk.ok("export", "activities", at=after).out.splitlines() == others
    assert f"Nothing of “{NAME}” is in the ledger" in desk.ok("forget", NAME, "--yes").out
    said = desk.run("sync", "--json", at=after).json
    assert (said["added"], said["removed"]) == (0, 0)
    assert traces(desk) == []


def test_a_slip_of_the_finger(desk: Desk) -> None:
    """Nobody is said to be forgotten who never was there; who may be meant is named."""
    out = desk.ok("forget", "Bne", "--yes").out
    assert out == "Nothing of “Bne” is in the ledger; did you mean “Ben”?\n"


def test_forgotten_while_another_program_reads(without_her: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The removal is done, making the file anew is not: said in one line, and the next try does the rest."""
    from sheetsync.ledger import sqlite

    monkeypatch.setattr(sqlite, "PATIENCE", 0.1)
    desk = without_her
    with closing(sqlite3.connect(desk.ledger)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchall()
        desk.run("forget", NAME, "--yes").refused(75, "removed, but another program", "run it again")
    assert f"Nothing of “{NAME}” is in the ledger" in desk.ok("forget", NAME, "--yes").out
    assert traces(desk) == []


def test_what_is_others_stays(desk: Desk) -> None:
    """A colleague's row that names somebody is the colleague's; names that only begin alike are other names."""
    with desk.edited() as book:
        book["Log"].append([NOW.date(), "Ann", "Cold call", 3, None, None, f"with {NAME}", ""])
        book["Log"].append([NOW.date(), "Ann", "Cold call", 3, None, None, f"with {NAME}ling", ""])
    desk.ok("sync")
    said = desk.ok("forget", NAME, "--yes").out
    assert f"Nothing of “{NAME}” is in the ledger" in said
    assert "  1 row of others names them as well, and stays as it is" in said
    assert NAME in desk.ok("export", "activities").out


@pytest.mark.postgres
def test_forgotten_on_postgresql_too(without_her: Desk, database: str) -> None:
    """The same through the same code."""
    desk = without_her
    desk.ok("backup", database)
    moved_to(desk, database)
    before = counts(database)
    desk.ok("forget", NAME, "--yes")
    assert counts(database) == {**before, "entries": before["entries"] - 5, "outbox": before["outbox"] - 1}
    assert f"Nothing of “{NAME}” is in the ledger" in desk.ok("forget", NAME, "--yes").out


def test_nothing_else_ever_deletes(desk: Desk) -> None:
    """With a trigger on every delete of what was seen or mailed, all other commands do their work."""
    with closing(sqlite3.connect(desk.ledger)) as connection:
        for table in ("entries", "runs", "outbox", "reported"):
            connection.execute(
                f"CREATE TRIGGER keep_{table} BEFORE DELETE ON {table} BEGIN SELECT raise(ABORT, 'deleted'); END"
            )
        connection.commit()
    with desk.edited() as book:
        book["Log"].delete_rows(2, 45)
    desk.run("sync").refused(5, "15 rows")
    commands: list[tuple[Any, ...]] = [
        ("sync", "--accept-removals"), ("restore", "--yes"), ("log", "Cold call", "--who", "Ann"), ("run",),
        ("email", "status"), ("history",), ("backup",), ("forget", "Somebody else", "--yes"),
    ]  # fmt: skip
    for number, command in enumerate(commands):
        result = desk.run(*command, at=NOW + timedelta(days=3, minutes=number))
        assert result.code == 0, (command, result)


def test_only_the_removal_has_such_statements() -> None:
    """Only forgetting deletes entries or emails, and only a workbook made anew loses what was reported."""
    import sheetsync

    package = Path(sheetsync.__file__).parent
    found = {
        (path.name, match)
        for path in package.rglob("*.py")
        if "migrations" not in path.parts
        for match in re.findall(r"delete\((\w+)\)", path.read_text(encoding="utf-8"))
        if match in {"entries", "runs", "outbox", "reported", "table"}
    }
    assert found <= {
        ("forgetting.py", "table"),  # entries, outbox, typed_over
        ("told.py", "table"),  # told
        ("__init__.py", "table"),  # imports, reported, written, of a workbook that is made anew
    }
