"""Exactly once, as near as mail allows: a smaller cross of `python -m tests.mail_matrix`, and lost ledgers.

Every phase of the dialogue fails in every way that leaves the sender alive; the sender dies where it matters most.
"""

import shutil
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from sheetsync.mail import smtp
from tests.cli import NOW, Desk
from tests.mail_matrix import Case, Outcome, Send, by_process, dialogue_cases, mailing_desk, play
from tests.smtp_server import SmtpServer

FRIDAY = datetime(2026, 10, 16, 16, 5, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk at which one email is due: about Ann, to Dana."""
    return mailing_desk(tmp_path_factory.mktemp("made") / "desk")


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    """A copy, to send from."""
    return made.copy(tmp_path / "desk")


@pytest.fixture
def by_call(monkeypatch: pytest.MonkeyPatch) -> Send:
    """Runs `email send` in this process, with a mail server that is waited for only briefly."""
    monkeypatch.setattr(smtp, "TIMEOUTS", smtp.Timeouts(0.5, 0.5, 0.5))
    monkeypatch.setenv("SMTP_PASSWORD", "secret")

    def send(desk: Desk, at: datetime, death: str, server: SmtpServer) -> int:
        monkeypatch.setenv("SSL_CERT_FILE", str(desk.folder / "ca.pem"))
        return desk.run("email", "send", "--to", "Dana", at=at).code

    return send


ALIVE = [case for case in dialogue_cases() if case.fault != "kill"]


@pytest.mark.parametrize("case", ALIVE, ids=lambda case: f"{case.stage}-{case.fault}{'-stored' * case.keeps}")
def test_whatever_the_server_does_the_email_arrives_once_or_is_shown(case: Case, desk: Desk, by_call: Send) -> None:
    """Refused for ever: failed, and said. Anything else: one copy in the end, two alike if nobody could know."""
    found = play(case, desk, by_call)
    if case.fault == "5xx" and case.stage in ("rcpt", "data", "message"):
        assert found == Outcome(1, "failed", 0, identical=True)
        return
    first = 0 if case.stage == "quit" else 6 if (case.stage, case.fault) == ("auth", "5xx") else found.code
    assert found == Outcome(first, "sent", 2 if case.ambiguous else 1, identical=True)
    assert found.code in (0, 3, 4, 6)


@pytest.mark.parametrize(
    "case",
    [
        Case("message", "kill"), Case("message", "kill", keeps=True), Case("quit", "kill"),
        Case(death="unsettled queued"), Case(death="after committing"), Case(death="before sent"),
    ],
    ids=lambda case: case.death.replace(" ", "-") or f"{case.stage}{'-stored' * case.keeps}",
)  # fmt: skip
def test_whenever_the_sender_is_killed_the_email_arrives(case: Case, desk: Desk) -> None:
    """The next runs finish it, without a person; a second copy comes from the ambiguous window only."""
    found = play(case, desk, by_process)
    assert found == Outcome(-9, "sent", 2 if case.ambiguous else 1, identical=True)


# ---- ledgers that are lost, and come back -------------------------------------------------------------------------


@pytest.fixture
def files(desk: Desk) -> Desk:
    """The desk, whose emails are written to files."""
    desk.configure("transport: smtp", "transport: file")
    return desk


def arrived(desk: Desk) -> list[str]:
    """The Message-IDs of what was written."""
    paths = sorted((desk.folder / "outbox").glob("*.eml"))
    return [str(message_from_bytes(path.read_bytes(), policy=policy.default)["Message-ID"]) for path in paths]


def test_a_lost_ledger_mails_nothing_again(files: Desk) -> None:
    """A new ledger finds an as-of line it never wrote: what was due is history, unless a person names the week."""
    files.ok("run", at=FRIDAY)
    (sent,) = arrived(files)
    files.ledger.unlink()
    for minutes in (10, 20, 60 * 24):
        files.ok("run", at=FRIDAY + timedelta(minutes=minutes))
        said = files.ok("email", "send", at=FRIDAY + timedelta(minutes=minutes)).out
        assert "was due before this ledger began" in said
    assert "Another ledger" in files.ok("email", "status").out
    assert arrived(files) == [sent]
    files.ok("run", at=FRIDAY + WEEK)
    assert len(arrived(files)) == 2
    files.ok("email", "send", "--period", "2026-W43", at=FRIDAY + WEEK)
    assert len(arrived(files)) == 2


def test_the_week_may_be_asked_for(files: Desk) -> None:
    """Whoever knows that the lost ledger had not sent it says which week is meant."""
    files.ok("sync", at=FRIDAY)
    files.ledger.unlink()
    files.ok("run", at=FRIDAY)
    assert "--period 2026-W42 sends it" in files.ok("email", "send", at=FRIDAY).out
    assert arrived(files) == []
    files.ok("email", "send", "--period", "2026-W42", at=FRIDAY)
    assert len(arrived(files)) == 1


def test_a_ledger_from_a_backup_mails_nothing_again(files: Desk, tmp_path: Path) -> None:
    """Restored after the mailing, it sees that the workbook is as of a later day than it ever wrote."""
    files.ok("run", at=FRIDAY - timedelta(days=1))
    shutil.copy(files.ledger, tmp_path / "backup.db")
    sent = len(arrived(files))
    files.ok("run", at=FRIDAY)
    assert len(arrived(files)) == sent + 1
    shutil.copy(tmp_path / "backup.db", files.ledger)
    files.ok("run", at=FRIDAY + timedelta(hours=1))
    assert "was due before this ledger began" in files.ok("email", "send", at=FRIDAY + timedelta(hours=1)).out
    assert len(arrived(files)) == sent + 1
    files.ok("run", at=FRIDAY + WEEK)
    assert len(arrived(files)) == sent + 2


def test_what_waited_in_a_backup_is_left_to_a_person(files: Desk, tmp_path: Path) -> None:
    """The lost ledger may have sent it, so it is unknown, shown, and sent only if a person says so."""
    files.ok("email", "pause", at=FRIDAY)
    files.ok("run", at=FRIDAY)
    shutil.copy(files.ledger, tmp_path / "backup.db")
    files.ok("email", "pause", "--off", at=FRIDAY)
    files.ok("run", at=FRIDAY + timedelta(days=1))
    (sent,) = arrived(files)
    shutil.copy(tmp_path / "backup.db", files.ledger)
    files.ok("email", "pause", "--off", at=FRIDAY + timedelta(days=1))
    files.ok("run", at=FRIDAY + timedelta(days=1, hours=1))
    assert arrived(files) == [sent]
    (email,) = files.ok("email", "status", "--json", at=FRIDAY + timedelta(days=2)).json["emails"]
    assert (email["state"], email["reply"][:12]) == ("unknown", "the workbook")


def test_an_older_workbook_stops_no_email(files: Desk, tmp_path: Path) -> None:
    """A person who takes back yesterday's version of the file has not lost the ledger."""
    shutil.copy(files.workbook, tmp_path / "old.xlsx")
    files.ok("sync", at=FRIDAY - timedelta(hours=2))
    shutil.copy(tmp_path / "old.xlsx", files.workbook)
    files.ok("run", at=FRIDAY)
    assert len(arrived(files)) == 1


def test_a_new_workbook_mails_what_is_due(files: Desk) -> None:
    """Where no other ledger was at work, the first email goes out with the first run."""
    files.ok("run", at=NOW)
    assert len(arrived(files)) == 1


def test_a_clock_set_back_mails_nothing_again(files: Desk) -> None:
    """An hour, a week or a year: no week is mailed that lies before one that was."""
    files.ok("run", at=FRIDAY)
    for back in (timedelta(hours=1), WEEK, 26 * WEEK):
        files.run("run", at=FRIDAY - back)
    files.ok("run", at=FRIDAY + timedelta(hours=1))
    assert len(arrived(files)) == 1


def test_one_run_in_the_future_does_not_mute_in_silence(files: Desk) -> None:
    """Back at the right time each run says so and ends with 1, doctor too, and a person may name the week."""
    files.ok("run", at=FRIDAY + timedelta(days=400))
    result = files.run("run", at=FRIDAY)
    assert result.code == 1
    assert "is the clock right? --period 2026-W42 sends it" in result.err
    doctor = files.run("doctor", at=FRIDAY)
    assert doctor.code == 1 and "emails: the clock was, or is, wrong" in doctor.out
    files.run("email", "send", "--period", "2026-W42", at=FRIDAY)
    files.run("email", "send", "--period", "2026-W42", at=FRIDAY)
    assert len(arrived(files)) == 2


def test_after_weeks_asleep_only_the_latest_week_is_mailed(files: Desk) -> None:
    """Three Fridays without a run are made up for by one email."""
    files.ok("run", at=FRIDAY)
    files.ok("run", at=FRIDAY + 4 * WEEK)
    assert len(arrived(files)) == 2
