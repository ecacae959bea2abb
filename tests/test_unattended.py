"""`run` in the dark: silent when all is well, one block when not, the same for programs, and caught up afterwards."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli import NOW, Desk, days_before, small_desk
from tests.switch import switch

FRIDAY = NOW + timedelta(days=2, hours=9)  # 17:00, an hour after the partner email is due
NASTY = "\x1b[31mred\x1b[0m \u202egnp.exe \u2028 next\x07"


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Ann's partner is Dana; everybody at example.com may be written to."""
    desk = small_desk(tmp_path_factory.mktemp("mailing"))
    with desk.edited() as book:
        book["People"].cell(2, 4).value = "Dana"
        book["People"].cell(2, 5).value = "dana@example.com"
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    desk.ok("run")
    return desk


@pytest.fixture
def desk(mailing: Desk, tmp_path: Path) -> Desk:
    """A copy that was run on Wednesday."""
    return mailing.copy(tmp_path / "desk")


@pytest.fixture
def events(desk: Desk) -> Iterator[Any]:
    """Runs a command for programs; answers its code and events, each of which has all that an event has."""

    def of(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        result = desk.run("--log-format", "json", *arguments, at=FRIDAY)
        found = [json.loads(line) for line in result.err.splitlines()]
        assert all({"at", "run", "level", "event", "command"} <= event.keys() for event in found)
        assert len({event["run"] for event in found}) == 1
        return result.code, found

    yield of


def log(desk: Desk, *cells: object) -> None:
    """A row added by hand."""
    with desk.edited() as book:
        book["Log"].append(list(cells))


def mails(desk: Desk) -> list[str]:
    """The emails that went."""
    return sorted(path.name for path in (desk.folder / "outbox").glob("*.eml"))


def empty_the_log(desk: Desk) -> None:
    """Somebody deletes every row."""
    with desk.edited() as book:
        book["Log"].delete_rows(2, 1000)


# ---- silence, and what breaks it ----------------------------------------------------------------------------------


def test_all_is_well_in_silence(desk: Desk) -> None:
    """Not a byte, with a row to read, a problem row, an email to send; -v says what it does."""
    log(desk, days_before(0), "Ann", "Cold call", 7)
    log(desk, days_before(0), "Ann", "cold cal", 7)
    before = len(mails(desk))
    assert desk.ok("run", at=FRIDAY).out == ""
    assert len(mails(desk)) == before + 1
    assert "1 problem" in desk.run("run", "--strict", at=FRIDAY).err
    assert desk.run("run", "--strict", at=FRIDAY).code == 1
    assert "rows read" in desk.ok("-v", "run", at=FRIDAY).out


def test_held_is_told_once(desk: Desk) -> None:
    """In the run in which it became held, with what to do; the exit code is 0."""
    desk.configure('recipients: ["*@example.com"]', "recipients: []")
    first = desk.run("run", at=FRIDAY)
    assert (first.code, first.out) == (0, "")
    assert "dana@example.com" in first.err
    assert "email.recipients" in first.err
    desk.ok("run", at=FRIDAY + timedelta(hours=1))


def test_a_failed_sync_makes_no_email(desk: Desk) -> None:
    """Its numbers would be old ones. The block says what happened, what it means and what to do, each once."""
    before, whole = mails(desk), desk.workbook.read_bytes()
    empty_the_log(desk)
    result = desk.run("run", at=FRIDAY)
    assert (result.code, result.out) == (5, "")
    error, meaning = result.err.splitlines()
    assert "the log has 0 rows, 60 at the last sync" in error
    assert "--accept-removals" in error
    assert meaning == "  the summaries stay as they are, and no new email is made until a sync succeeds"
    assert mails(desk) == before
    desk.workbook.write_bytes(whole)
    desk.ok("run", at=FRIDAY)
    assert len(mails(desk)) == len(before) + 1


def test_what_waits_still_goes_when_the_sync_fails(desk: Desk) -> None:
    """It was made when its numbers were new."""
    desk.configure('recipients: ["*@example.com"]', "recipients: []")
    assert desk.run("run", at=FRIDAY).code == 0
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    before = mails(desk)
    empty_the_log(desk)
    assert desk.run("run", at=FRIDAY).code == 5
    assert len(mails(desk)) == len(before) + 1


def test_a_failed_sync_before_the_first(tmp_path: Path) -> None:
    """There is nothing to send, and only the sync's own error is told."""
    desk = small_desk(tmp_path)
    desk.ledger.unlink()
    desk.workbook.unlink()
    assert len(desk.run("run").err.splitlines()) == 2


# ---- for programs -------------------------------------------------------------------------------------------------


def test_events_of_a_run(desk: Desk, events: Any) -> None:
    """Beginning, counts, each email, each ping, and the end with its code."""
    with switch() as listening:
        desk.configure("ping_url: null", f"ping_url: {listening.url}/alive")
        code, found = events("run")
    names = [event["event"] for event in found]
    assert code == 0
    assert (names[:2], names[-3:]) == (["start", "sync"], ["ping", "ping", "end"])
    assert set(names[2:-3]) == {"email"}
    assert found[1]["rows"] == 60
    assert [event["outcome"] for event in found if event["event"] == "email" and event["person"] == "Ann"] == ["sent"]
    assert found[-1]["exit_code"] == 0
    assert found[-1]["seconds"] >= 0


def test_events_of_one_that_fails(desk: Desk, events: Any) -> None:
    """The error with its details, and the end all the same."""
    empty_the_log(desk)
    code, found = events("run")
    assert code == 5
    assert [event["event"] for event in found] == ["start", "error", "end"]
    assert found[1]["details"] == ["the summaries stay as they are, and no new email is made until a sync succeeds"]
    assert [event["event"] for event in events("email", "send")[1]][-1] == "end"
    assert [event["event"] for event in events("status", "--who", "Nobody")[1]] == ["error"]


def test_whatever_a_cell_holds_a_line_is_a_line(desk: Desk, events: Any) -> None:
    """Escapes and marks that turn text around reach neither a terminal nor a log."""
    desk.configure("ping_url: null", f"ping_url: null\n  # {NASTY!a}")
    with desk.edited() as book:
        book["Log"].cell(1, 1).value = "Day \u202e\u2028x"
        book["People"].cell(2, 4).value = "Dana \u202egnp"
    code, found = events("run")
    assert code == 5
    said = desk.run("-v", "run", at=FRIDAY).err + desk.run("run", at=FRIDAY).out
    for text in (said, *(str(event.get("message")) for event in found)):
        assert not set(text) & set("\x1b\u202e\u2028\x07\x85")
    other = desk.run("status", "--who", NASTY)
    assert (other.code, len(other.err.splitlines())) == (2, 1)
    assert not set(other.err) & set("\x1b\u202e\u2028\x07")
    assert events("status", "--who", NASTY + "\udc80")[0] == 2


# ---- afterwards ---------------------------------------------------------------------------------------------------


def test_after_three_weeks_off_everything_is_made_up_for(desk: Desk) -> None:
    """What is reported of each closed week is stored; of each kind only the latest email goes, once."""
    desk.configure('    # morning: "07:30"', '    morning: "07:30"')
    before, later = mails(desk), FRIDAY + timedelta(days=21)
    desk.ok("run", at=later)
    new = [name for name in mails(desk) if name not in before]
    assert len([name for name in new if "dana" in name]) == 1
    assert len(new) <= 3  # Dana's week, and this morning for Ann and Ben
    exported = json.loads(desk.ok("export", "rollups", "--format", "json", at=later).out)
    weeks = {r["period"] for r in exported if r["cadence"] == "week" and r["reported"] is not None}
    assert {"2026-W42", "2026-W43", "2026-W44"} <= weeks
    desk.ok("run", at=later + timedelta(minutes=30))
    assert [name for name in mails(desk) if name not in before] == new


def test_a_dry_run_leaves_no_trace(desk: Desk) -> None:
    """No file changes, the ledger's included, no mail goes, and nobody is told."""
    log(desk, days_before(0), "Ann", "Cold call", 7)
    with switch() as listening:
        desk.configure("ping_url: null", f"ping_url: {listening.url}/alive")
        before = desk.state()
        assert desk.ok("sync", "--dry-run", at=FRIDAY).out
        assert desk.state() == before
        assert listening.asked == []


def test_tables_and_json_obey_no_cell(desk: Desk) -> None:
    """What a person typed into a name moves no cursor in `status`, and is escaped in JSON."""
    with desk.edited() as book:
        book["People"].cell(2, 1).value = "An\u202en\x9b31m\x7f"
    synced, shown = desk.run("sync", "--json").out, desk.ok("status", "--json")
    assert "An\u202en\x9b31m\x7f" in json.dumps(shown.json, ensure_ascii=False)
    for said in (synced, shown.out, desk.ok("status").out, desk.ok("email", "status").out):
        assert not set(said) & set("\x1b\u202e\x9b\x7f")
    assert "An\ufffd" in desk.ok("status").out
