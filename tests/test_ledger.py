"""The ledger: one line for each row ever seen, on SQLite and on PostgreSQL, and its schema's history."""

import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, func, select, text

from sheetsync.activities import Activity
from sheetsync.cells import Cell
from sheetsync.errors import ConfigError, Problem, SheetsyncError, Unavailable
from sheetsync.ledger import Ledger, Reading, database
from sheetsync.ledger.outbox import FOR_EVER, Letter, Outbox, Pause
from sheetsync.ledger.tables import entries, metadata, runs
from tests.cli import new_desk, small_desk

AT = datetime(2026, 10, 14, 8, 0, tzinfo=UTC)
PEOPLE: list[list[Cell]] = [["Name"], ["Ann"], [None, 1.5, True, "ü"]]
CALL = Activity(46300, "Ann", "Cold call", 2.0, None, None, "Zoë", "")
ORDER = Activity(46301, "Ben", "Order won", 1.0, 99.5, 4.0, "", "a\nnote")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"t{abs(hash(str(tmp_path)))}"
    admin = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    yield f"{server}/{name}"


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """The ledger of one workbook, which was seen once."""
    ledger = Ledger(url, "goals.xlsx")
    ledger.remember("sales", 2026, {"log": "3"})
    yield ledger
    ledger.close()


def record(ledger: Ledger, *activities: Activity, refused: int = 0) -> tuple[int, int]:
    """What a sync does after it has read these rows; answers how many were new and gone."""
    definitions = {"people": ("People", PEOPLE)}
    reading = Reading(AT, AT.date(), len(activities) + refused, refused, activities, definitions)
    difference = ledger.compare(activities)
    ledger.record(reading, difference, {})
    return len(difference.added), len(difference.removed)


def counts(ledger: Ledger) -> tuple[int, int]:
    """How many entries there ever were, and how many runs."""
    with ledger.transaction() as connection:
        ever, synced = (connection.scalar(select(func.count()).select_from(table)) for table in (entries, runs))
    return ever or 0, synced or 0


def lines(url: str, columns: str = "activity, added_run, removed_run") -> list[tuple[object, ...]]:
    """The entries as they stand in the database."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM entries ORDER BY id"))]
    engine.dispose()
    return rows


# ---- schema -------------------------------------------------------------------------------------------------------


def test_migrations_make_exactly_the_tables(ledger: Ledger, url: str) -> None:
    """Whoever starts from nothing has the tables that the code knows, on both databases."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_ledger_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """What it remembers stays; periods that were never reported are reported from now on."""
    from alembic import command
    from alembic.config import Config

    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text("INSERT INTO workbooks (workbook, template, year, marks) VALUES ('w', 's', 2026, '{}')")
        )
    engine.dispose()
    ledger = Ledger(url, "w")
    known = ledger.remembered()
    assert known is not None and known.year == 2026
    assert ledger.reported() == {}
    ledger.close()


def test_what_was_reported_is_kept(ledger: Ledger) -> None:
    """A line a period, in the transaction of the sync; each workbook has its own."""
    reading = Reading(AT, AT.date(), 0, 0, [], {})
    closed = {("week", "2026-W07"): {("Ann", "activity", "Call"): 8.0}, ("day", "2026-02-14"): {}}
    ledger.record(reading, ledger.compare([]), closed)
    assert ledger.reported() == closed
    assert ledger.of("other.xlsx").reported() == {}
    ledger.begin(AT, "sales", 2026, {})
    assert ledger.reported() == {}


def test_opening_again_migrates_nothing(ledger: Ledger, url: str) -> None:
    """A ledger that is up to date is opened as it is."""
    record(ledger, CALL)
    again = Ledger(url, "goals.xlsx")
    assert again.activities() == [CALL]
    again.close()


def test_a_newer_ledger_is_refused(ledger: Ledger, url: str) -> None:
    """What a later sheetsync wrote is not touched by an older one."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfigError, match=r"newer sheetsync .*9999.*update sheetsync"):
        Ledger(url, "goals.xlsx")


# ---- rows ---------------------------------------------------------------------------------------------------------


def test_removed_rows_keep_their_line(ledger: Ledger, url: str) -> None:
    """Nothing is ever deleted: a row that is gone says in which run, one that comes back gets a new line."""
    assert record(ledger, CALL, ORDER) == (2, 0)
    assert record(ledger, CALL) == (0, 1)
    assert ledger.activities() == [CALL]
    assert record(ledger, ORDER, CALL) == (1, 0)
    assert lines(url) == [("Cold call", 1, None), ("Order won", 1, 2), ("Order won", 3, None)]
    assert counts(ledger) == (3, 3)


def test_a_corrected_row_is_a_removed_and_an_added_one(ledger: Ledger, url: str) -> None:
    """The old figure stays on record."""
    record(ledger, CALL)
    assert record(ledger, CALL._replace(quantity=3.0)) == (1, 1)
    assert lines(url, "quantity, removed_run") == [(2.0, 2), (3.0, None)]


def test_equal_rows_are_counted(ledger: Ledger) -> None:
    """Rows are multisets: three equal ones are three, and two of them may go."""
    record(ledger, CALL, CALL, CALL)
    assert record(ledger, CALL) == (0, 2)
    assert ledger.activities() == [CALL]
    assert list(ledger.compare([CALL, CALL]).added) == [1]
    assert ledger.activities() == [CALL]


def test_what_a_person_calls_the_same_is_the_same(ledger: Ledger) -> None:
    """Upper or lower case in a text makes no other row."""
    record(ledger, CALL)
    assert record(ledger, CALL._replace(contact="ZOË")) == (0, 0)


def test_values_come_back_as_they_were(ledger: Ledger) -> None:
    """Figures to the last digit, texts to the last character, blanks as blanks."""
    rows = [
        CALL, ORDER, Activity(46302, "Ann", "Cold call", 0.1 + 0.2, -1e11 / 3, None, "\U0001f600", "x" * 32_767),
        Activity(46303, "=1+1", "'; DROP TABLE entries; --", 0.0, 0.0, 1.0, "%s", "\\x00 \ufffd"),
    ]  # fmt: skip
    record(ledger, *rows)
    assert ledger.activities() == rows


def test_a_reading_like_the_last_leaves_no_trace(ledger: Ledger) -> None:
    """A cron job every five minutes does not fill the disk."""
    record(ledger, CALL)
    record(ledger, CALL)
    assert counts(ledger) == (1, 1)
    assert ledger.last_rows() == 1
    record(ledger, CALL, refused=1)
    assert (counts(ledger), ledger.last_rows()) == ((1, 2), 2)


def test_marks_that_do_not_fit_the_entries_are_not_believed(ledger: Ledger) -> None:
    """As after an older file was put back beside a newer write-ahead log: the next sync finds the rows again."""
    record(ledger, CALL, ORDER, ORDER)
    settled_on, _ = ledger.state()
    with ledger.transaction() as connection:
        connection.execute(delete(entries).where(entries.c.activity == ORDER.activity))
    assert ledger.state()[0] != settled_on
    assert record(ledger, CALL, ORDER, ORDER) == (2, 0)
    assert record(ledger, CALL, ORDER, ORDER) == (0, 0)


def test_workbooks_do_not_mix(ledger: Ledger, url: str) -> None:
    """Two workbooks in one database know nothing of each other."""
    other = Ledger(url, "other.xlsx")
    other.remember("sales", 2027, {})
    record(other, ORDER)
    record(ledger, CALL)
    assert (ledger.activities(), other.activities()) == ([CALL], [ORDER])
    assert record(other) == (0, 1)
    assert ledger.activities() == [CALL]
    other.remember_imported("log", ["k"])
    assert ledger.imported("log") == set()
    other.close()


def test_definitions_and_marks_are_remembered(ledger: Ledger) -> None:
    """The grids of the definition tabs come back cell by cell, with their types."""
    record(ledger, CALL)
    known = ledger.remembered()
    assert known is not None
    assert (known.template, known.year, known.marks) == ("sales", 2026, {"log": "3"})
    assert known.definitions == {"people": ("People", PEOPLE)}


def test_what_was_written_is_known_before_and_after(ledger: Ledger) -> None:
    """Between intention and confirmation both grids are ours, so that a killed run is never taken for typing."""
    ledger.intend({"team": [["a", 1.0]]}, [], AT.date())
    ledger.confirm()
    typed = Problem("Team", 3, "Who", "", "", "hello")
    ledger.intend({"team": [["b", 2.0]]}, [typed], AT.date())
    assert ledger.written() == {"team": ([["a", 1.0]], [["b", 2.0]])}
    ledger.confirm()
    assert ledger.written() == {"team": ([["b", 2.0]], [])}
    assert ledger.typed_over(AT.date()) == [(AT.date(), typed)]
    assert ledger.typed_over(date(2026, 10, 15)) == []


def test_a_failed_transaction_leaves_nothing(ledger: Ledger, url: str) -> None:
    """Recording is one transaction: when its last step fails, not even the run is there."""
    record(ledger, CALL)
    bad = ORDER._replace(day="no day")  # type: ignore[arg-type]
    before = lines(url), counts(ledger)
    if url.startswith("sqlite"):
        bad = ORDER._replace(who=None)  # type: ignore[arg-type]
    with pytest.raises(SheetsyncError):
        record(ledger, ORDER, bad)
    assert (lines(url), counts(ledger)) == before


def test_an_email_is_queued_once(ledger: Ledger) -> None:
    """The database itself refuses a second email of the same kind, period, person and recipient."""
    outbox = Outbox(ledger)
    letter = Letter("partner-weekly", "2026-W41", "Ann", "dana@example.com", "Ann’s week", b"\x00bytes\xff")
    outbox.enqueue([letter], AT)
    with pytest.raises(SheetsyncError):
        outbox.enqueue([letter], AT)
    (waiting,) = outbox.waiting()
    assert waiting.message == b"\x00bytes\xff"
    assert outbox.begin(waiting, AT)
    assert not outbox.begin(waiting, AT), "another process has it in hand"
    outbox.mark(waiting, "sent", "250 " + "x" * 1000)
    assert outbox.waiting() == []
    assert outbox.known("partner-weekly", "2026-W41", "Ann", "dana@example.com")


def test_an_email_takes_little_room_and_comes_back_as_it_was(ledger: Ledger, url: str) -> None:
    """Its bytes are kept compressed; those that an earlier version kept plainly, and odd ones, come back the same."""
    outbox, engine = Outbox(ledger), create_engine(url)
    long = b"Subject: A week\r\n\r\n" + b"<td class=line>4 of 5</td>\r\n" * 1000
    odd = (long, b"", b"x", b"\0zlib\0", b"\0zlib\0" + zlib.compress(b"x"), zlib.compress(b"x"))
    letters = [Letter("morning", f"2026-10-{14 + n}", "Ann", "ann@example.com", "x", m) for n, m in enumerate(odd)]
    outbox.enqueue(letters, AT)
    plain = {"message": b"From: Ann\r\n\r\nplain"}
    with engine.begin() as connection:
        kept = connection.execute(text("SELECT message FROM outbox WHERE period = '2026-10-14'")).scalar_one()
        connection.execute(text("UPDATE outbox SET message = :message WHERE period = '2026-10-16'"), plain)
    engine.dispose()
    assert len(kept) < len(long) / 10
    wanted = [*odd[:2], plain["message"], *odd[3:]]
    assert [letter.message for letter in outbox.waiting()] == wanted


def test_what_is_done_together_is_done_or_not(ledger: Ledger) -> None:
    """An error in the middle undoes what several methods did, of the outbox too."""
    ledger.remember("sales", 2026, {})
    with pytest.raises(KeyError), ledger.together():
        Outbox(ledger).start_over(AT)
        ledger.remember("sales", 2031, {})
        raise KeyError
    known = ledger.remembered()
    assert Outbox(ledger).history_until() is None
    assert known is not None and known.year == 2026
    with ledger.together():
        ledger.remember("sales", 2032, {})
    known = ledger.remembered()
    assert known is not None and known.year == 2032


def test_moments_of_an_email_come_back_as_they_were(ledger: Ledger) -> None:
    """When to try again, when to give up, the pause for ever, the start of a ledger: whatever zone they came in."""
    outbox, here = Outbox(ledger), timezone(timedelta(hours=13))
    later = AT + timedelta(days=5)
    letter = Letter("morning", "2026-10-14", "Ann", "ann@example.com", "x", b"x", expires_at=later.astimezone(here))
    outbox.enqueue([letter], AT.astimezone(here))
    (waiting,) = outbox.waiting()
    assert outbox.begin(waiting, later)
    (begun,) = outbox.every(since=AT.astimezone(here))
    assert (begun.expires_at, begun.not_before, begun.queued_at) == (later, later, AT)
    assert (begun.state, begun.attempts, begun.unclear, begun.approved) == ("connecting", 1, 0, False)
    outbox.commit(begun)
    assert outbox.waiting()[0].unclear == 1
    assert (outbox.pause(), outbox.history_until(), outbox.approved()) == (None, None, set())
    for until in (FOR_EVER, later):
        outbox.set_pause(Pause(until.astimezone(UTC), "why"))
        assert outbox.pause() == Pause(until, "why")
    outbox.set_pause(None)
    assert outbox.pause() is None
    outbox.start_over(AT)
    assert outbox.history_until() == AT
    assert outbox.approve("Eve@Example.com", AT) == outbox.approve("eve@example.com", AT) == 0
    assert outbox.approved() == {"eve@example.com"}
    assert Outbox(ledger.of("other.xlsx")).approved() == set()


def test_an_email_that_was_being_sent_by_an_older_version_may_have_arrived(url: str) -> None:
    """The migration counts its try as unclear, so that it is sent once more and not twice."""
    from alembic import command
    from alembic.config import Config

    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for state in ("queued", "committing"):
            row = {"workbook": "w", "kind": "k", "person": "p", "recipient": "r", "subject": "", "message": b"x"}
            rest = {"period": state, "state": state, "queued_at": AT, "attempts": 1, "reply": ""}
            columns = ", ".join({**row, **rest})
            values = ", ".join(f":{name}" for name in {**row, **rest})
            connection.execute(text(f"INSERT INTO outbox ({columns}) VALUES ({values})"), {**row, **rest})
    engine.dispose()
    ledger = Ledger(url, "w")
    assert [(one.state, one.unclear) for one in Outbox(ledger).waiting()] == [("queued", 0), ("committing", 1)]
    ledger.close()


# ---- a bad world --------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Exit 3, its place, and the file stays as it is."""
    desk = small_desk(tmp_path)
    desk.ledger.write_text("my diary, " * 200)
    before = desk.state()
    desk.run("sync").refused(3, "ledger", "sheetsync.db", "not a database")
    desk.run("status").refused(3, "ledger", "sheetsync.db", "not a database")
    assert desk.state() == before


def test_a_database_of_something_else(tmp_path: Path) -> None:
    """Somebody else's SQLite file keeps its tables."""
    path = tmp_path / "other.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE runs (x INTEGER)"))
    engine.dispose()
    with pytest.raises((ConfigError, Unavailable)):
        Ledger(f"sqlite:///{path}", "goals.xlsx")


@pytest.mark.parametrize("url", ["postgresql+psycopg://goals:hunter2@127.0.0.1:9/goals"])
def test_a_server_that_is_down(tmp_path: Path, url: str) -> None:
    """Exit 4, for the next run may succeed; the password is not shown."""
    desk = new_desk(tmp_path)
    desk.configure("ledger: sqlite:///sheetsync.db", f"ledger: {url}")
    line = desk.run("create").refused(4, "127.0.0.1:9")
    assert "hunter2" not in line
    assert not desk.workbook.exists()


@pytest.mark.postgres
def test_the_whole_job_on_postgres(tmp_path: Path, postgres_server: str) -> None:
    """The same desk with its ledger in PostgreSQL: a sync, the guard, the export and no second write."""
    desk = small_desk(tmp_path)
    before = desk.ok("export", "rollups", "--format", "json").json
    desk.configure("ledger: sqlite:///sheetsync.db", f"ledger: {postgres_server}/postgres")
    desk.ledger.unlink()
    assert desk.ok("sync", "--json").json["added"] == 60
    assert "nothing to write" in desk.ok("sync").out
    assert desk.ok("export", "rollups", "--format", "json").json == before
    assert not desk.ledger.exists()
