"""All kinds of email: which go out when, to whom, once; and none that nobody asked for."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli import NOW, Desk
from tests.mailing import change, mailing_desk, outbox, outcomes, parsed, schedule


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A copy, to send from."""
    return mailing_desk(tmp_path)


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


def test_an_empty_schedule_sends_nothing(desk: Desk) -> None:
    """Whoever schedules no email gets none, and may still look at one."""
    desk.configure('partner-weekly: "Fri 16:00"', "partner-weekly: off")
    assert "sent" not in desk.ok("email", "send").out
    desk.ok("email", "preview")
    assert list((desk.folder / "outbox" / "preview").glob("*.html"))
