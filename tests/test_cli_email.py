"""`email preview` and `email send`: what partners get, once, and only those who may be written to."""

from pathlib import Path

import pytest

from sheetsync.kinds import KINDS
from tests.cli import NOW, Desk, new_desk
from tests.mailing import change, mailing_desk, outbox, outcomes, parsed, schedule

WEEK = "2026-W41"  # the Friday before NOW


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A copy, to send from."""
    return mailing_desk(tmp_path)


# ---- preview ------------------------------------------------------------------------------------------------------


def test_preview_writes_html_and_text_and_sends_nothing(desk: Desk) -> None:
    """A page and a text for each kind and person; nothing is queued, so sending later sends."""
    said = desk.ok("email", "preview").out
    folder = desk.folder / "outbox" / "preview"
    names = {path.name for path in folder.iterdir()}
    assert {f"partner-weekly-{WEEK}-{who}{suffix}" for who in ("ann", "ben") for suffix in (".html", ".txt")} < names
    shown = {name.rpartition("-20")[0] for name in names if name.endswith(".html")}
    assert set(KINDS) - {"group-monthly"} == shown - {""}  # the two are of no group
    assert str(folder) in said
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert all(f'src="{name}"' in index for name in names if name.endswith(".html") and name != "index.html")
    html = (folder / f"partner-weekly-{WEEK}-ann.html").read_text(encoding="utf-8")
    text = (folder / f"partner-weekly-{WEEK}-ann.txt").read_text(encoding="utf-8")
    assert text.startswith("Subject: ")
    assert all("Cold call" in part and "Revenue" in part for part in (html, text))
    assert outbox(desk) == []
    assert outcomes(desk) == {"Ann": "sent", "Ben": "sent"}


def test_previews_of_any_name_have_files_of_their_own(desk: Desk) -> None:
    """A name longer than a file's may be, and two that differ by a hyphen only."""
    names = ("语" * 100, "Anna Maria", "Anna-Maria")
    with desk.edited() as book:
        for name in names:
            book["People"].append([name, "a@example.com", None, "Dana", "dana@example.com"])
    desk.ok("sync")
    shown = desk.ok("email", "preview", "--kind", "partner-weekly", "--json").json
    assert len({one["path"].lower() for one in shown}) == len(shown) == 2 + len(names)
    assert all(Path(one["path"]).exists() for one in shown)


def test_a_preview_says_why_it_would_not_be_sent(desk: Desk) -> None:
    """Beneath each in the terminal: not scheduled, or what else holds; nothing for those that are due."""
    change(desk, "G2", "paused")
    said = desk.ok("email", "preview").out
    assert "not sent now: not in email.schedule" in said
    assert "not sent now: Mail is paused" in said and "not sent now: Ann’s Mail is paused" in said


def test_preview_of_one_person_and_week(desk: Desk) -> None:
    """--to takes the person or the partner; one email is shown in the terminal as well."""
    chosen = ("--kind", "partner-weekly", "--period", "2026-W40")
    shown = desk.ok("email", "preview", "--to", "dana", *chosen, "--json").json
    assert [(p["person"], p["recipient"], p["period"]) for p in shown] == [("Ann", "dana@example.com", "2026-W40")]
    assert shown[0]["text"] in desk.ok("email", "preview", "--to", "Dana", *chosen).out


def test_preview_works_without_the_workbook(desk: Desk) -> None:
    """Emails are made from the ledger."""
    desk.workbook.unlink()
    assert len(desk.ok("email", "preview", "--kind", "partner-weekly", "--json").json) == 2


def test_a_period_of_another_rhythm_is_refused(desk: Desk) -> None:
    """A kind and a period that do not go together, and a period that is none."""
    desk.run("email", "preview", "--kind", "morning", "--period", "2026-W40").refused(2, "--period", "day")
    desk.run("email", "preview", "--period", "soon").refused(2, "--period", "2026-W07")
    shown = desk.ok("email", "preview", "--period", "2026-Q3", "--json").json
    assert {one["kind"] for one in shown} == {"quarterly"}


def test_a_preview_of_samples_needs_no_workbook(tmp_path: Path) -> None:
    """Before there is anything: every kind with made-up numbers, own templates included."""
    desk = new_desk(tmp_path / "new")
    own = desk.folder / "emails" / "morning.subject.txt.j2"
    own.parent.mkdir()
    own.write_text("Up, {{ digest.reader }}!", encoding="utf-8")
    shown = desk.ok("email", "preview", "--sample", "--json").json
    assert [one["kind"] for one in shown] == list(KINDS)
    assert shown[1]["subject"] == "Up, Anna Weber!"
    assert not desk.ledger.exists()


# ---- send ---------------------------------------------------------------------------------------------------------


def test_send_writes_one_message_a_partner(desk: Desk) -> None:
    """Each message has one recipient, both parts, and the headers a mail program needs."""
    assert outcomes(desk) == {"Ann": "sent", "Ben": "sent"}
    messages = [parsed(path.read_bytes()) for path in outbox(desk)]
    assert sorted(m["To"] for m in messages) == ["Ann <ann@example.com>", "Dana <dana@example.com>"]
    for message in messages:
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert message["From"] == "Sales goals <goals@example.com>"
        assert message["Reply-To"] in {"ann@example.com", "ben@example.com"}
        assert message["List-Unsubscribe"]
        assert message["Message-ID"].endswith("@example.com>")
    assert len(outbox(desk, ".html")) == len(outbox(desk, ".txt")) == 2


def test_sending_twice_sends_once(desk: Desk) -> None:
    """However often it is called in a week, also by `run`, and whatever is logged meanwhile."""
    outcomes(desk)
    before = [(path, path.read_bytes()) for path in outbox(desk)]
    change(desk, "D2", 40, "Log")
    assert outcomes(desk) == {"Ann": "already sent", "Ben": "already sent"}
    desk.ok("run", at=NOW.replace(hour=20))
    assert [(path, path.read_bytes()) for path in outbox(desk)] == before
    friday = NOW.replace(day=16, hour=16)
    assert desk.run("run", at=friday).code == 0
    assert len(outbox(desk)) == 4


def test_only_what_is_due_is_sent(desk: Desk) -> None:
    """A minute before the time it is still last week's; a person's own day and zone count."""
    due = {"Ann": NOW.replace(day=16, hour=15, minute=59), "Ben": NOW.replace(day=16, hour=16)}
    weekly = ("email", "preview", "--kind", "partner-weekly", "--json")
    weeks = [desk.run(*weekly, at=at).json[0]["period"] for at in due.values()]
    assert weeks == ["2026-W41", "2026-W42"]
    change(desk, "F2", "Wednesday")
    evening = desk.ok(*weekly, at=NOW.replace(hour=18)).json
    assert {p["person"]: p["period"] for p in evening} == {"Ann": "2026-W42", "Ben": "2026-W41"}


def test_early_in_the_week_the_talk_is_about_the_week_before(desk: Desk) -> None:
    """On a Monday or Tuesday there is nothing to tell of a week yet."""
    weekly = ("email", "preview", "--kind", "partner-weekly", "--json")
    for day in ("Monday", "Tuesday"):
        change(desk, "F2", day)
        assert desk.ok(*weekly).json[0]["period"] == "2026-W41"


def test_to_narrows_the_sending(desk: Desk) -> None:
    """Only the one asked for goes out, by the partner's name too; the other is still to come."""
    assert outcomes(desk, "--to", "Dana") == {"Ann": "sent"}
    assert outcomes(desk, "--to", "dana@example.com") == {"Ann": "already sent"}
    assert outcomes(desk) == {"Ann": "already sent", "Ben": "sent"}


def test_another_week_than_the_due_one_is_not_sent(desk: Desk) -> None:
    """--period says which week is meant: another one is skipped, and said so."""
    assert outcomes(desk, "--period", "2026-W20") == {"Ann": "skipped", "Ben": "skipped"}
    assert outbox(desk) == []
    assert outcomes(desk, "--period", WEEK) == {"Ann": "sent", "Ben": "sent"}


def test_others_are_held_until_they_are_allowed(desk: Desk) -> None:
    """Nobody outside the list is written to; the run says whom, and how; once allowed it goes out."""
    desk.configure('"*@example.com"', '"ann@example.com"')
    said = desk.ok("email", "send").out
    assert "Ann → dana@example.com" in said
    assert "held" in said
    assert "email.recipients" in said
    assert [parsed(path.read_bytes())["To"] for path in outbox(desk)] == ["Ann <ann@example.com>"]
    desk.configure('"ann@example.com"', '"*@EXAMPLE.com"')
    assert outcomes(desk)["Ann"] == "sent"
    assert len(outbox(desk)) == 2


@pytest.mark.parametrize(
    "address", ["dana@example.com, eve@evil.org", "dana", "dana@example.com\nBcc: eve@evil.org", None]
)
def test_no_address_is_no_email(desk: Desk, address: str | None) -> None:
    """What is not exactly one address is skipped, and said so; nothing is guessed."""
    change(desk, "E2", address)
    result = desk.ok("email", "send").out
    assert "skipped" in result
    assert len(outbox(desk)) == 1
    assert b"evil" not in outbox(desk)[0].read_bytes()


@pytest.mark.parametrize(
    ("mail", "why"), [("paused", "Mail is paused"), ("stop", "Mail is stop"), ("?", "Mail is paused")]
)
def test_the_mail_column_stops_it(desk: Desk, mail: str, why: str) -> None:
    """Who writes paused or stop, or what nobody understands, is the subject and the reader of nothing."""
    change(desk, "G2", mail)
    said = desk.ok("email", "send").out
    assert f"Ann → dana@example.com, partner-weekly {WEEK}: skipped ({why})" in said
    assert f"Ben → ann@example.com, partner-weekly {WEEK}: skipped (Ann’s {why})" in said
    assert outbox(desk) == []
    change(desk, "G2", "on")
    assert outcomes(desk) == {"Ann": "sent", "Ben": "sent"}


def test_a_blank_report_is_never_sent(desk: Desk) -> None:
    """Whoever never logged a row has no email due."""
    with desk.edited() as book:
        book["People"].append(["Cleo", "cleo@example.com", None, "Dana", "dana@example.com"])
    desk.ok("sync")
    assert outcomes(desk)["Cleo"] == "skipped"
    assert len(outbox(desk)) == 2


def test_nothing_is_sent_before_the_first_sync(desk: Desk) -> None:
    """Without a sync there is nothing to tell."""
    desk.ledger.unlink()
    desk.run("email", "send").refused(3, "nothing was synced yet")
    desk.run("email", "preview").refused(3, "nothing was synced yet")
    assert not (desk.folder / "outbox").exists()


def test_own_templates_come_first(desk: Desk) -> None:
    """A file of the same name in `emails` beside the configuration replaces ours; the others stay."""
    folder = desk.folder / "emails"
    folder.mkdir()
    (folder / "partner-weekly.subject.txt.j2").write_text("Only for you", encoding="utf-8")
    shown = desk.ok("email", "preview", "--kind", "partner-weekly", "--json").json
    assert {p["subject"] for p in shown} == {"Only for you"}


@pytest.mark.parametrize("text", ["{{ nothing.here }}", "{% if %}", "{{ ''.__class__.__mro__ }}"])
def test_a_wrong_template_is_said_and_nothing_is_sent(desk: Desk, text: str) -> None:
    """Exit 3, one line with the template's name; no email is queued half-made."""
    (desk.folder / "emails").mkdir()
    own = desk.folder / "emails" / "partner-weekly.subject.txt.j2"
    own.write_text(text, encoding="utf-8")
    desk.run("email", "send").refused(3, "partner-weekly.subject.txt.j2")
    assert outbox(desk) == []
    own.unlink()
    assert outcomes(desk) == {"Ann": "sent", "Ben": "sent"}


def test_a_mistake_in_a_template_that_is_not_due_is_said_too(desk: Desk) -> None:
    """All kinds in the schedule are tried before anything is sent; others are nobody's business yet."""
    (desk.folder / "emails").mkdir()
    own = desk.folder / "emails" / "annual.txt.j2"
    own.write_text("one\ntwo {{ digest.nothing }}", encoding="utf-8")
    assert outcomes(desk, "--to", "Dana") == {"Ann": "sent"}
    schedule(desk, 'annual: "1 09:00"')
    desk.run("email", "send").refused(3, "annual.txt.j2", "line 2")
    assert len(outbox(desk)) == 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("partner-weekly.tx.j2", "Hello", "did you mean “partner-weekly.txt.j2”?"),
        ("partner-weekly.subject.txt.j2", "{# none #}", "the subject is empty"),
    ],
)
def test_an_own_template_that_changes_nothing_is_said(desk: Desk, name: str, text: str, said: str) -> None:
    """A misspelt name, or a subject that is none: exit 3 when sending and when looking at samples."""
    (desk.folder / "emails").mkdir()
    (desk.folder / "emails" / name).write_text(text, encoding="utf-8")
    desk.run("email", "send").refused(3, name, said)
    desk.run("email", "preview", "--sample").refused(3, name, said)
    assert outbox(desk) == []


def test_hostile_cells_cannot_shape_the_email(desk: Desk) -> None:
    """Markup, headers and template code in cells are text in the email."""
    change(desk, "D2", "Dana\r\nBcc: eve@evil.org")
    change(desk, "I2", "{{ 7 * 7 }}<img src=x onerror=alert(1)>", "Goals")
    assert outcomes(desk)["Ann"] == "sent"
    for path in outbox(desk):
        message = parsed(path.read_bytes())
        assert "bcc" not in [name.lower() for name in message]
        html = message.get_body(("html",))
        assert html is not None
        assert "<img src=x" not in html.get_content()
