"""`email preview` and `email send`: what partners get, once, and only those who may be written to."""

import ssl
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from sheetsync.kinds import KINDS
from tests.cli import NOW, Desk, new_desk, small_desk
from tests.smtp_server import smtp_server

WEEK = "2026-W41"  # the Friday before NOW


@pytest.fixture
def desk(mailing: Desk, tmp_path: Path) -> Desk:
    """A copy, to send from."""
    return mailing.copy(tmp_path / "desk")


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Ann's partner is Dana, Ben's is Ann; everybody at example.com may be written to."""
    desk = small_desk(tmp_path_factory.mktemp("mailing"))
    with desk.edited() as book:
        sheet = book["People"]
        for row, partner in ((2, "Dana"), (3, "Ann")):
            sheet.cell(row, 4).value = partner
            sheet.cell(row, 5).value = f"{partner.lower()}@example.com"
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    desk.ok("sync")
    return desk


def outbox(desk: Desk, suffix: str = ".eml") -> list[Path]:
    """The files of the file transport."""
    return sorted((desk.folder / "outbox").glob(f"*{suffix}"))


def parsed(content: bytes) -> EmailMessage:
    """A message as a mail program reads it."""
    return message_from_bytes(content, policy=policy.default)


def outcomes(desk: Desk, *arguments: str, code: int = 0) -> dict[str, str]:
    """What became of each person's email."""
    import json

    result = desk.run("email", "send", "--json", *arguments)
    assert result.code == code, result
    return {d["person"]: d["outcome"] for d in json.loads(result.out)}


def change(desk: Desk, place: str, value: Any, tab: str = "People") -> None:
    """A person types into a cell, and cron syncs."""
    with desk.edited() as book:
        book[tab][place] = value
    desk.ok("sync")


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


# ---- all kinds ----------------------------------------------------------------------------------------------------


def schedule(desk: Desk, *entries: str) -> None:
    """Switch kinds on."""
    line = 'partner-weekly: "Fri 16:00"'
    desk.configure(line, "\n    ".join((line, *entries)))


def kinds_sent(desk: Desk, at: datetime = NOW, *arguments: str) -> set[tuple[str, str]]:
    """The kind and person of what goes out at a moment."""
    said = desk.run("email", "send", "--json", *arguments, at=at)
    assert said.code == 0, said
    return {(d["kind"], d["person"]) for d in said.json if d["outcome"] == "sent"}


def test_a_morning_comes_on_working_days_once(desk: Desk) -> None:
    """At its time, to each person's own address, once; not before it, not on Saturday, not the day after."""
    schedule(desk, 'morning: "07:30"')
    both = {("morning", "Ann"), ("morning", "Ben")}
    desk.ok("email", "send", "--kind", "partner-weekly")
    assert kinds_sent(desk, NOW.replace(hour=7, minute=29)) == set()
    assert kinds_sent(desk) == both
    assert kinds_sent(desk, NOW.replace(hour=20)) == set()
    recipients = [parsed(path.read_bytes())["To"] for path in outbox(desk)]
    assert sorted(recipients)[-1] == "Dana <dana@example.com>" and recipients.count("Ben <ben@example.com>") == 1
    assert kinds_sent(desk, NOW + timedelta(days=1, hours=-2)) == set()
    assert kinds_sent(desk, NOW.replace(day=17), "--kind", "morning") == set()


def test_a_morning_is_not_said_in_the_evening(desk: Desk) -> None:
    """Whoever switches it on late in the day gets the first on the next day, and is told when."""
    schedule(desk, 'morning: "07:30"')
    evening = NOW.replace(hour=18, minute=5)
    said = desk.ok("email", "send", "--kind", "morning", at=evening).out
    assert "the next is due on Thu 15 Oct 2026, 07:30" in said
    assert outbox(desk) == []


def test_a_group_of_one_gets_no_group_email(desk: Desk) -> None:
    """Nobody else of the group was there in the month."""
    with desk.edited() as book:
        sheet = book["People"]
        columns = {sheet.cell(1, c).value: c for c in range(1, sheet.max_column + 1)}
        for row in (2, 3):
            sheet.cell(row, columns["Group"]).value = "North"
        sheet.cell(3, columns["Until"]).value = datetime.fromisoformat("2026-09-30")
    desk.ok("sync")
    schedule(desk, 'group-monthly: "1 09:00"')
    november = datetime.fromisoformat("2026-11-02T09:00:00+00:00")
    assert desk.run("email", "send", "--kind", "group-monthly", "--json", at=november).json == []


def test_an_evening_comes_only_when_nothing_was_logged(desk: Desk) -> None:
    """Ann logged something today, Ben did not: he is asked, she is not."""
    schedule(desk, 'evening: "18:00"')
    desk.ok("email", "send", "--kind", "partner-weekly")
    with desk.edited() as book:
        sheet = book["Log"]
        sheet.append([NOW.replace(tzinfo=None), "Ann", "Cold call", 1])
        for row in range(2, sheet.max_row + 1):
            if sheet.cell(row, 2).value == "Ben" and str(sheet.cell(row, 1).value).startswith("2026-10-14"):
                sheet.cell(row, 1).value = sheet.cell(row, 1).value - timedelta(days=1)
    desk.ok("sync")
    assert kinds_sent(desk, NOW.replace(hour=18)) == {("evening", "Ben")}


def test_weekend_quarter_year_and_group_come_to_the_person(desk: Desk) -> None:
    """Each at its own time about its own period, after the fact where it looks back."""
    with desk.edited() as book:
        sheet = book["People"]
        column = next(c for c in range(1, sheet.max_column + 1) if sheet.cell(1, c).value == "Group")
        for row in (2, 3):
            sheet.cell(row, column).value = "North"
    desk.ok("sync")
    schedule(desk, 'weekend: "Sat 09:00"', 'group-monthly: "1 09:00"', 'quarterly: "1 09:00"', 'annual: "1 09:00"')
    said = desk.run("email", "send", "--json", at=datetime.fromisoformat("2026-10-17T09:00:00+00:00"))
    assert {
        (d["kind"], d["person"], d["period"], d["outcome"]) for d in said.json if d["kind"] != "partner-weekly"
    } == {("weekend", who, "2026-W42", "sent") for who in ("Ann", "Ben")}  # the others are of two weeks ago
    late = desk.run("email", "send", "--kind", "quarterly", at=datetime.fromisoformat("2026-10-17T09:00:00+00:00"))
    assert "skipped (it was due on Thu 1 Oct 2026, 09:00; the next is due on Fri 1 Jan 2027, 09:00)" in late.out
    november = datetime.fromisoformat("2026-11-02T08:00:00+00:00")
    assert kinds_sent(desk, november, "--kind", "group-monthly") == {
        ("group-monthly", "Ann"),
        ("group-monthly", "Ben"),
    }
    january = datetime.fromisoformat("2027-01-02T08:00:00+00:00")
    for kind in ("quarterly", "annual"):
        assert kinds_sent(desk, january, "--kind", kind) == {(kind, "Ann"), (kind, "Ben")}


def test_problems_go_to_the_keeper_when_there_is_something_new(desk: Desk) -> None:
    """Once for each new thing; nothing on the day after, and nothing when a problem went away."""
    schedule(desk, 'problems: "08:00"')
    desk.ok("email", "send", "--kind", "partner-weekly")
    start = len(outbox(desk))
    change(desk, "C2", "Cold cal", "Log")
    assert kinds_sent(desk) == {("problems", "")}
    (message,) = [m for m in (parsed(path.read_bytes()) for path in outbox(desk)) if "Needs a look" in m["Subject"]]
    assert message["To"] == "goals@example.com" and message["Reply-To"] == "goals@example.com"
    text = message.get_body(("plain",))
    assert text is not None and "did you mean “Cold call”?" in text.get_content()
    tomorrow = NOW + timedelta(days=1)
    assert kinds_sent(desk, tomorrow) == set()
    change(desk, "C2", "Cold call", "Log")
    change(desk, "C3", "Ordr won", "Log")
    assert kinds_sent(desk, tomorrow + timedelta(hours=1)) == {("problems", "")}
    assert len(outbox(desk)) == start + 2


def test_mutual_partners_get_each_others(desk: Desk) -> None:
    """Two people who are each other's partners: one email to each, about the other, answered by the other."""
    change(desk, "D2", "Ben")
    change(desk, "E2", "ben@example.com")
    assert outcomes(desk) == {"Ann": "sent", "Ben": "sent"}
    messages = {m["To"]: m for m in (parsed(path.read_bytes()) for path in outbox(desk))}
    assert messages["Ben <ben@example.com>"]["Subject"].startswith("Ann’s week")
    assert messages["Ben <ben@example.com>"]["Reply-To"] == "ann@example.com"
    assert messages["Ann <ann@example.com>"]["Subject"].startswith("Ben’s week")


def test_the_first_email_to_a_partner_explains_itself(desk: Desk) -> None:
    """The first, and the first to a new partner; not the second."""
    friday = datetime.fromisoformat("2026-10-16T16:00:00+00:00")

    def explained() -> set[str]:
        texts = (path.with_suffix(".txt").read_text(encoding="utf-8") for path in outbox(desk))
        return {text.split("’s")[0] for text in texts if "YOUR FIRST OF THESE" in text}

    outcomes(desk)
    assert explained() == {"Ann", "Ben"}
    for path in (desk.folder / "outbox").iterdir():
        path.unlink()
    change(desk, "E2", "dora@example.com")
    assert kinds_sent(desk, friday) == {("partner-weekly", "Ann"), ("partner-weekly", "Ben")}
    assert explained() == {"Ann"}


def test_capitals_make_no_other_mailbox(desk: Desk) -> None:
    """A partner whose address is typed with other capitals gets no second copy."""
    outcomes(desk)
    change(desk, "E2", "Dana@Example.COM")
    assert outcomes(desk) == {"Ann": "already sent", "Ben": "already sent"}
    assert len(outbox(desk)) == 2


def test_a_reminder_that_waited_is_not_sent_to_whoever_logged_meanwhile(desk: Desk) -> None:
    """Nor on a day that is taken off meanwhile: what made it due is asked again when it goes out."""
    schedule(desk, 'evening: "18:00"')
    at = NOW.replace(hour=18)
    desk.ok("email", "send", "--kind", "partner-weekly")
    with desk.edited() as book:
        for row in book["Log"].iter_rows(min_row=2):
            if str(row[0].value).startswith("2026-10-14"):
                row[0].value -= timedelta(days=1)
    desk.ok("sync")
    desk.ok("email", "pause", at=at)
    desk.ok("email", "send", "--kind", "evening", at=at)
    with desk.edited() as book:
        book["Log"].append([NOW.replace(tzinfo=None), "Ann", "Cold call", 1])
    desk.ok("sync", at=at)
    desk.ok("email", "pause", "--off", at=at)
    said = desk.ok("email", "send", "--kind", "evening", at=at + timedelta(minutes=10)).out
    assert "cancelled (something was logged that day)" in said and "Ben → ben@example.com" in said
    assert len(outbox(desk)) == 2 + 1


def test_what_was_not_sent_is_not_called_sent(desk: Desk) -> None:
    """One that was cancelled says so; wanted again in time, it goes out as it was."""
    desk.configure('"*@example.com"', '"ann@example.com"')
    outcomes(desk)
    change(desk, "G2", "stop")
    desk.ok("email", "send")
    said = desk.ok("email", "send", "--json").json
    assert [(d["outcome"], d["why"][:25]) for d in said if d["person"] == "Ann"] == [
        ("skipped", "cancelled (Mail is stop);")
    ]
    change(desk, "G2", "on")
    desk.configure('"ann@example.com"', '"*@example.com"')
    assert outcomes(desk)["Ann"] == "sent"


def test_typed_text_does_not_reach_the_terminal_as_it_is(desk: Desk) -> None:
    """Neither its length nor what turns the reading direction."""
    change(desk, "E2", "\u202e" + "x" * 5000)
    said = desk.ok("email", "send").out
    assert "is not one address" in said and "\u202e" not in said
    assert max(map(len, said.splitlines())) < 400


@pytest.mark.parametrize("command", ["preview", "send"])
def test_a_time_to_come_has_no_email(desk: Desk, command: str) -> None:
    """Exit 2: its numbers would be those of today."""
    desk.run("email", command, "--period", "2027-Q1").refused(2, "2027-Q1 is still to come")


def test_what_waits_for_a_reader_who_says_stop_is_cancelled(desk: Desk) -> None:
    """Ann is Ben's partner: an email about him that was held for her goes out to her no more."""
    desk.configure('"*@example.com"', '"dana@example.com"')
    outcomes(desk)
    change(desk, "G2", "stop")
    desk.configure('"dana@example.com"', '"*@example.com"')
    said = desk.ok("email", "send").out
    assert "Ben → ann@example.com" in said and "cancelled (Ann’s Mail is stop)" in said


def test_what_waits_is_cancelled_when_it_is_wanted_no_longer(desk: Desk) -> None:
    """Held, and then the person writes “stop”: it never goes out."""
    desk.configure('"*@example.com"', '"ann@example.com"')
    outcomes(desk)
    change(desk, "G2", "stop")
    desk.configure('"ann@example.com"', '"*@example.com"')
    assert outcomes(desk)["Ann"] == "cancelled"
    assert [parsed(path.read_bytes())["To"] for path in outbox(desk)] == ["Ann <ann@example.com>"]


# ---- smtp ---------------------------------------------------------------------------------------------------------


def _by_smtp(desk: Desk, port: int) -> None:
    desk.configure("transport: file", "transport: smtp")
    desk.configure("smtp.example.com", "localhost")
    desk.configure("port: 587", f"port: {port}")


def _trust(context: ssl.SSLContext, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that trusts the mail server's authority."""
    certificates = "".join(map(ssl.DER_cert_to_PEM_cert, context.get_ca_certs(binary_form=True)))
    (folder / "ca.pem").write_text(certificates)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))


def test_smtp_delivers_exactly_one_message(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over STARTTLS with a login from the environment: one message with both parts, once."""
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    with smtp_server("starttls", user="goals", password="hunter2") as server:
        _trust(server.context, desk.folder, monkeypatch)
        _by_smtp(desk, server.port)
        assert outcomes(desk, "--to", "Dana") == {"Ann": "sent"}
        assert outcomes(desk, "--to", "Dana") == {"Ann": "already sent"}
        (received,) = server.messages
    assert received.recipients == ("dana@example.com",)
    assert received.encrypted
    assert received.user == "goals"
    message = parsed(received.content)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["To"] == "Dana <dana@example.com>"
    assert not (desk.folder / "outbox").exists()
    assert b"hunter2" not in desk.ledger.read_bytes()


def test_a_refused_login_is_said_without_the_password(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 6, and the email still waits: with the right password it goes out."""
    monkeypatch.setenv("SMTP_PASSWORD", "hunter3")
    with smtp_server("starttls", user="goals", password="hunter2") as server:
        _trust(server.context, desk.folder, monkeypatch)
        _by_smtp(desk, server.port)
        line = desk.run("email", "send").refused(6, "localhost")
        assert "hunter" not in line
        monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
        assert set(outcomes(desk).values()) <= {"sent", "already sent"}
        assert sorted(m.recipients for m in server.messages) == [("ann@example.com",), ("dana@example.com",)]


def test_a_password_that_is_not_set(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable's name, and no connection."""
    monkeypatch.delenv("SMTP_PASSWORD", raising=False)
    with smtp_server("none") as server:
        _by_smtp(desk, server.port)
        desk.run("email", "send").refused(3, "SMTP_PASSWORD")
        assert server.commands == []


def test_a_mail_server_that_is_down_gets_it_later(desk: Desk) -> None:
    """Exit 4 with the reason; the same email goes out when the server is back, once."""
    with smtp_server("none") as server:
        _by_smtp(desk, server.port)
        desk.configure("security: starttls", "security: none")
        desk.configure("username: goals", "username: null")
        desk.configure('password: "${SMTP_PASSWORD}"', "password: null")
        server.replies["connect"] = "421 closed for today"
        result = desk.run("email", "send")
        result.refused(4, "emails were not sent")
        assert result.out.count("waiting") == 2
        server.replies.clear()
        again = desk.ok("email", "send", at=NOW + timedelta(minutes=31)).out
        assert again.count("sent") == len(again.splitlines()) == 2
        assert len(server.messages) == 2
        outcomes(desk)
        assert len(server.messages) == 2


def test_a_refused_recipient_does_not_stop_the_others(desk: Desk) -> None:
    """An address the server never takes fails, is said, and is not tried again."""
    with smtp_server("none") as server:
        _by_smtp(desk, server.port)
        desk.configure("security: starttls", "security: none")
        desk.configure("username: goals", "username: null")
        desk.configure('password: "${SMTP_PASSWORD}"', "password: null")
        server.replies["rcpt"] = "550 no such user"
        said = desk.run("email", "send")
        said.refused(1, "emails were not sent")
        assert said.out.count("550 no such user") == 2
        server.replies.clear()
        outcomes(desk)
        assert server.messages == []


def test_an_empty_schedule_sends_nothing(desk: Desk) -> None:
    """Whoever schedules no email gets none, and may still look at one."""
    desk.configure('partner-weekly: "Fri 16:00"', "partner-weekly: off")
    assert "sent" not in desk.ok("email", "send").out
    desk.ok("email", "preview")
    assert list((desk.folder / "outbox" / "preview").glob("*.html"))
