"""Delivery against a real mail server: what is tried when, what is never tried, and what nobody is punished for."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sheetsync.config import load_config
from sheetsync.errors import AuthorizationError, ConfigError, Unavailable, Unfinished, UsageError
from sheetsync.ledger import Ledger
from sheetsync.ledger.outbox import FOR_EVER, Letter, Outbox, Pause
from sheetsync.mail import Email, compose, smtp
from sheetsync.runs import delivering
from sheetsync.runs.delivering import Delivery, deliver, resend, undone, why_not_queue
from sheetsync.runs.opening import Opened
from sheetsync.template import WorkbookTemplate
from tests.cli import new_desk
from tests.smtp_server import SmtpServer, smtp_server

T0 = datetime(2026, 10, 16, 16, 5, tzinfo=UTC)
HALF, HOUR = timedelta(minutes=30), timedelta(hours=1)
TO = "dana@example.com"


class Post:
    """A configured outbox, opened anew for each run as cron does."""

    def __init__(self, folder: Path, template: WorkbookTemplate) -> None:
        self._template = template
        self.desk = new_desk(folder)
        self.desk.configure("recipients: []", 'recipients: ["*@example.com"]')

    def by(self, server: SmtpServer, user: str | None = None) -> None:
        """Send by this server."""
        self.desk.configure("transport: file", "transport: smtp")
        self.desk.configure("smtp.example.com", "localhost")
        self.desk.configure("port: 587", f"port: {server.port}")
        if user is None:
            self.desk.configure("security: starttls", "security: none")
            self.desk.configure("username: goals", "username: null")
            self.desk.configure('password: "${SMTP_PASSWORD}"', "password: null")

    @contextmanager
    def open(self, at: datetime = T0) -> Iterator[tuple[Opened, Outbox]]:
        """The outbox, at a moment."""
        config = load_config(self.desk.config)
        ledger = Ledger(config.ledger_url, "goals.xlsx")
        yield Opened(config, self._template, ledger, at), Outbox(ledger)
        ledger.close()

    def queue(self, *recipients: str, period: str = "2026-W42", expires: datetime | None = None) -> None:
        """Queue an email to each."""
        with self.open() as (_, outbox):
            outbox.enqueue([letter(to, period, expires) for to in recipients], T0)

    def run(self, at: datetime = T0) -> list[tuple[str, str]]:
        """One run: the outcome and reason of each email; raises what ended it before its time."""
        with self.open(at) as (run, outbox):
            found = deliver(run, outbox)
        if error := next((one.stopped for one in found if one.stopped), None):
            raise error
        return [(one.outcome, one.why) for one in found]

    def letters(self) -> list[Letter]:
        """What the ledger says."""
        with self.open() as (_, outbox):
            return outbox.every()

    @property
    def states(self) -> list[str]:
        """The states, in the order of queueing."""
        return [one.state for one in self.letters()]


def letter(to: str = TO, period: str = "2026-W42", expires: datetime | None = None) -> Letter:
    message = compose(
        Email("Ann’s week", "text\n", "<p>html</p>\n"), sender="goals@example.com", recipient=to, recipient_name="",
        reply_to="", unsubscribe="", message_id=f"<{period}.{to.partition('@')[0]}@example.com>", date=T0,
    )  # fmt: skip
    return Letter("partner-weekly", period, f"about {to}", to, "Ann’s week", message, expires_at=expires)


@pytest.fixture
def post(tmp_path: Path, sales: WorkbookTemplate) -> Post:
    return Post(tmp_path / "desk", sales)


@pytest.fixture
def server(post: Post) -> Iterator[SmtpServer]:
    """A server without log-in, used by the post."""
    with smtp_server("none") as running:
        post.by(running)
        yield running


def outcomes(said: list[tuple[str, str]]) -> list[str]:
    return [outcome for outcome, _ in said]


# ---- when to try again --------------------------------------------------------------------------------------------


def test_waits_double_from_half_an_hour_to_four_hours(post: Post, server: SmtpServer) -> None:
    """A minute too early nothing is tried: 30 minutes, 1, 2, 4 and again 4 hours lie between tries."""
    server.replies["rcpt"] = "450 4.2.0 busy"
    post.queue(TO)
    tries = []
    for minutes in (0, 29, 30, 89, 90, 209, 210, 449, 450, 689, 690):
        before = server.commands.count("RCPT")
        assert outcomes(post.run(T0 + timedelta(minutes=minutes))) == ["waiting"]
        if server.commands.count("RCPT") > before:
            tries.append(minutes)
    assert tries == [0, 30, 90, 210, 450, 690]
    server.replies.clear()
    assert outcomes(post.run(T0 + 24 * HOUR)) == ["sent"]
    assert len(server.messages) == 1


def test_what_waits_says_until_when_and_why(post: Post, server: SmtpServer) -> None:
    """A run in which nothing may be tried still says what is the matter, and ends as "the next run may succeed"."""
    server.replies["rcpt"] = "450 4.2.0 busy"
    post.queue(TO)
    post.run()
    (said,) = post.run(T0 + timedelta(minutes=10))
    assert said[0] == "waiting"
    assert "16:35" in said[1] and "450 4.2.0 busy" in said[1]


def test_an_email_is_given_up_when_it_is_out_of_date(post: Post, server: SmtpServer) -> None:
    """After its expiry it is not tried, is shown as failed once, and stays so."""
    server.replies["mail"] = "451 4.3.0 later"
    post.queue(TO, expires=T0 + 2 * HOUR)
    post.run()
    server.replies.clear()
    (said,) = post.run(T0 + 2 * HOUR)
    assert said[0] == "failed"
    assert "out of date" in said[1] and "451 4.3.0 later" in said[1]
    assert post.states == ["expired"]
    assert post.run(T0 + 3 * HOUR) == []
    assert server.messages == []


def test_a_wait_from_a_clock_that_was_wrong_is_no_wait(post: Post, server: SmtpServer) -> None:
    """Set ten years ahead and back again, the clock delays nothing by ten years."""
    server.replies["mail"] = "451 4.3.0 later"
    post.queue(TO)
    post.run(T0 + timedelta(days=3650))
    server.replies.clear()
    assert outcomes(post.run(T0)) == ["sent"]


# ---- when nobody can know -----------------------------------------------------------------------------------------


def test_an_unclear_email_is_sent_once_more_and_never_a_third_time(post: Post, server: SmtpServer) -> None:
    """Twice the connection dies after the text: the two copies are alike, then a person decides."""
    server.drop_after = "message"
    post.queue(TO)
    assert outcomes(post.run()) == ["waiting"]
    assert outcomes(post.run(T0 + HOUR)) == ["unknown"]
    for hours in (2, 10, 100):
        assert post.run(T0 + hours * HOUR) == []
    assert len(server.messages) == 2
    assert server.messages[0].content == server.messages[1].content
    assert post.states == ["unknown"]


def test_clear_refusals_do_not_use_up_the_one_resend(post: Post, server: SmtpServer) -> None:
    """Tries that surely did not deliver are no tries with an unclear outcome."""
    server.replies["message"] = "452 4.3.1 full"
    post.queue(TO)
    for hours in (0, 1, 3):
        post.run(T0 + hours * HOUR)
    assert (post.letters()[0].attempts, post.letters()[0].unclear) == (3, 0)
    server.replies.clear()
    server.drop_after = "data"
    assert outcomes(post.run(T0 + 8 * HOUR)) == ["waiting"]
    server.drop_after = None
    assert outcomes(post.run(T0 + 16 * HOUR)) == ["sent"]
    assert len(server.messages) == 1


def test_what_may_have_arrived_is_never_called_failed(post: Post, server: SmtpServer) -> None:
    """Refused at the resend, or out of date by then: the first copy may be there, so it is unknown."""
    server.drop_after = "message"
    post.queue(TO, "ben@example.com", expires=T0 + 5 * HOUR)
    post.run()
    server.drop_after, server.replies["rcpt"] = None, "550 5.1.1 no such person"
    said = post.run(T0 + HOUR)
    assert outcomes(said) == ["unknown", "unknown"]
    assert all("may have arrived" in why for _, why in said)


# ---- what is not about this email ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "hours"),
    [
        ("421 4.7.0 try again later", 1),
        ("454 4.7.0 too many", 1),
        ("450 4.2.1 receiving mail at too high a rate", 1),
        ("550 5.4.5 daily sending quota exceeded", 24),
        ("550 5.7.232 limit", 24),
        ("554 5.7.233 limit", 24),
    ],
)
def test_a_limit_pauses_the_account_and_fails_nobody(post: Post, server: SmtpServer, reply: str, hours: int) -> None:
    """One is tried, the others not at all, no attempt is used up; when the pause is over all go out."""
    server.replies["rcpt"] = reply
    post.queue(TO, "ben@example.com", "cleo@example.com")
    assert outcomes(post.run()) == ["waiting"] * 3
    assert server.commands.count("RCPT") == 1
    assert [one.attempts for one in post.letters()] == [0, 0, 0]
    server.replies.clear()
    said = post.run(T0 + hours * HOUR - HALF)
    assert outcomes(said) == ["waiting"] * 3
    assert all("paused until" in why and reply[:9] in why for _, why in said)
    assert outcomes(post.run(T0 + hours * HOUR)) == ["sent"] * 3


def test_a_wrong_password_is_tried_once_a_run(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """One AUTH for any number of emails, whatever the server offers; no attempt is used up, exit 6."""
    monkeypatch.setenv("SMTP_PASSWORD", "hunter3")
    with smtp_server("starttls", user="goals", password="hunter2") as server:
        trust(server, post.desk.folder, monkeypatch)
        post.by(server, "goals")
        post.queue(TO, "ben@example.com")
        with pytest.raises(AuthorizationError):
            post.run()
        assert server.commands.count("AUTH") == 1
        assert [(one.state, one.attempts, one.not_before) for one in post.letters()] == [("queued", 0, None)] * 2
        monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
        assert outcomes(post.run(T0 + timedelta(minutes=1))) == ["sent", "sent"]


def test_what_was_sent_before_an_error_is_told(post: Post, server: SmtpServer) -> None:
    """The second finds the server changed its mind about the sender: one sent, one that says why, one not tried."""
    post.queue(TO, "ben@example.com", "cleo@example.com")
    with post.open() as (run, outbox):
        answers = iter(("250 OK", "550 5.7.1 not your address"))

        def wanted(_: Letter) -> str:
            server.replies["mail"] = next(answers)
            return ""

        found = deliver(run, outbox, still_wanted=wanted)
    assert [one.outcome for one in found] == ["sent", "waiting", "waiting"]
    assert "550 5.7.1" in found[1].why and "not tried" in found[2].why
    assert isinstance(undone(found), ConfigError)
    assert post.states == ["sent", "queued", "queued"]


def trust(server: SmtpServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that trusts the mail server's authority."""
    authority = "".join(map(ssl.DER_cert_to_PEM_cert, server.context.get_ca_certs(binary_form=True)))
    (folder / "ca.pem").write_text(authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))


def test_a_strange_certificate_fails_nobody(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the configuration's or the network's matter: exit 3, and the emails wait as they were."""
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    with smtp_server("starttls", user="goals", password="hunter2") as server:
        post.by(server, "goals")
        post.queue(TO)
        with pytest.raises(ConfigError, match="certificate"):
            post.run()
    assert [(one.state, one.attempts) for one in post.letters()] == [("queued", 0)]


def test_another_process_with_the_same_ledger_sends_nothing_twice(post: Post, server: SmtpServer) -> None:
    """Two machines with one database share no lock file: whoever marks an email first has it."""
    post.queue(TO)
    with post.open() as (run, ours):
        (seen,) = ours.waiting()
        theirs = Outbox(run.ledger)
        assert theirs.begin(seen, T0)
        assert outcomes([(d.outcome, d.why) for d in deliver(run, _Stale(run.ledger, [seen]))]) == ["waiting"]
    assert server.messages == []


class _Stale(Outbox):
    """What waits, as it was seen a moment ago."""

    def __init__(self, ledger: object, seen: list[Letter]) -> None:
        super().__init__(ledger)  # type: ignore[arg-type]
        self._seen = seen

    def waiting(self) -> list[Letter]:
        return self._seen


# ---- what is not sent ---------------------------------------------------------------------------------------------


def test_one_refused_recipient_fails_alone(post: Post, server: SmtpServer) -> None:
    """5xx at RCPT is the end of that email; it is said once and the others go."""
    post.queue("gone@example.com")
    server.replies["rcpt"] = "550 5.1.1 no such person"
    said = post.run()
    assert outcomes(said) == ["failed"] and "550 5.1.1" in said[0][1]
    server.replies.clear()
    post.queue(TO)
    assert outcomes(post.run(T0 + HOUR)) == ["sent"]
    assert post.states == ["failed", "sent"]


def test_who_was_refused_three_times_is_held(post: Post, server: SmtpServer) -> None:
    """A dead address is not knocked at every week; a person's word lets it try again, and success forgets."""
    server.replies["rcpt"] = "550 5.1.1 no such person"
    for week in (39, 40, 41):
        post.queue(TO, period=f"2026-W{week}")
        assert outcomes(post.run()) == ["failed"]
    server.replies.clear()
    post.queue(TO)
    (said,) = post.run()
    assert said[0] == "held" and "refused" in said[1]
    with post.open() as (_, outbox):
        assert outbox.approve(TO.upper(), T0) == 1
    assert outcomes(post.run()) == ["sent"]
    post.queue(TO, period="2026-W43")
    assert outcomes(post.run()) == ["sent"]


def test_who_is_not_allowed_is_held_until_a_person_says_so(post: Post, server: SmtpServer) -> None:
    """An approved address is allowed from then on, for later emails too."""
    post.queue("eve@elsewhere.org")
    assert outcomes(post.run()) == ["held"]
    assert server.commands == []
    with post.open() as (_, outbox):
        assert outbox.approve("eve@elsewhere.org", T0) == 1
    assert post.letters()[0].reply == "approved"
    assert outcomes(post.run()) == ["sent"]
    post.queue("eve@elsewhere.org", period="2026-W43")
    assert outcomes(post.run()) == ["sent"]


def test_more_than_three_times_the_usual_recipients_is_held(post: Post) -> None:
    """A mistake in the sheet is no mass mailing; --all of `approve` says that it is meant."""
    team = [f"person{n}@example.com" for n in range(4)]
    for week in (40, 41):
        post.queue(*team, period=f"2026-W{week}")
        assert set(outcomes(post.run())) == {"sent"}
    crowd = [f"someone{n}@example.com" for n in range(13)]
    post.queue(*crowd)
    said = post.run()
    assert set(outcomes(said)) == {"held"}
    assert "13 recipients, usually 4" in said[0][1]
    post.desk.ok("email", "approve", "--all")
    assert set(outcomes(post.run())) == {"sent"}


def test_a_growing_team_is_no_crowd(post: Post) -> None:
    """Four partners where there was one are written to; so is the very first mailing, whatever its size."""
    post.queue(TO, period="2026-W40")
    assert outcomes(post.run()) == ["sent"]
    post.queue(*(f"person{n}@example.com" for n in range(10)))
    assert set(outcomes(post.run())) == {"sent"}


def test_a_run_sends_no_more_than_a_hundred(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest goes with the next run and costs no attempt."""
    monkeypatch.setattr(delivering, "MOST_A_RUN", 3)
    post.queue(*(f"person{n}@example.com" for n in range(5)))
    assert outcomes(post.run()) == ["sent"] * 3 + ["waiting"] * 2
    assert [one.attempts for one in post.letters()] == [1, 1, 1, 0, 0]
    assert outcomes(post.run()) == ["sent"] * 2


def test_only_the_latest_period_is_sent(post: Post, server: SmtpServer) -> None:
    """After weeks without a mail server, a person's partner gets this week's email, not all of them."""
    server.replies["connect"] = "421 closed"
    for week in (40, 41, 42):
        post.queue(TO, period=f"2026-W{week}")
        post.run()
    server.replies.clear()
    assert set(outcomes(post.run(T0 + HOUR))) == {"sent"}
    assert post.states == ["superseded", "superseded", "sent"]
    assert len(server.messages) == 1


def test_what_is_wanted_no_longer_is_cancelled(post: Post, server: SmtpServer) -> None:
    """The reason is asked for when it would be sent, and shown."""
    post.queue(TO, "ben@example.com")
    with post.open() as (run, outbox):
        gone = deliver(run, outbox, still_wanted=lambda one: "Mail is stop" if one.recipient == TO else "")
    assert [(d.outcome, d.why[:12]) for d in gone] == [("cancelled", "Mail is stop"), ("sent", "250 OK queue")]
    assert post.states == ["cancelled", "sent"]


# ---- a person's say -----------------------------------------------------------------------------------------------


def test_nothing_is_sent_while_a_person_pauses(post: Post, server: SmtpServer) -> None:
    """Queueing goes on; a pause by a person is nothing left undone, and ends by itself or by their word."""
    post.queue(TO)
    for until in (FOR_EVER, T0 + HOUR):
        with post.open() as (_, outbox):
            outbox.set_pause(Pause(until, ""))
        assert outcomes(post.run()) == ["paused"]
    assert server.commands == []
    assert outcomes(post.run(T0 + HOUR)) == ["sent"]


def test_a_person_may_have_any_email_sent_again(post: Post, server: SmtpServer) -> None:
    """Byte for byte the same; not while paused, and not to whom one may not write."""
    post.queue(TO, "eve@elsewhere.org")
    post.run()
    with post.open(T0 + HOUR) as (run, outbox):
        sent, held = outbox.every()
        again, other = outbox.letter(sent.id), outbox.letter(held.id)
        assert again and other
        assert resend(run, outbox, again).outcome == "sent"
        with pytest.raises(UsageError, match="approve 2"):
            resend(run, outbox, other)
        outbox.set_pause(Pause(FOR_EVER, ""))
        with pytest.raises(UsageError, match="paused"):
            resend(run, outbox, again)
    assert [m.content for m in server.messages] == [again.message] * 2


def test_a_resend_that_finds_nobody_is_tried_again_by_itself(post: Post, server: SmtpServer) -> None:
    """An unknown email that a person sends again has its one resend before it, like any other."""
    server.drop_after = "data"
    post.queue(TO)
    post.run()
    post.run(T0 + HOUR)
    assert post.states == ["unknown"]
    server.drop_after, server.replies["connect"] = None, "421 closed"
    with post.open(T0 + 2 * HOUR) as (run, outbox):
        found = outbox.letter(1)
        assert found and resend(run, outbox, found).outcome == "waiting"
    server.replies.clear()
    assert outcomes(post.run(T0 + 8 * HOUR)) == ["sent"]
    assert len(server.messages) == 1


# ---- what may be queued at all ------------------------------------------------------------------------------------


def test_periods_only_go_forward(post: Post) -> None:
    """Known is known, and when the clock is set back a year no earlier week is mailed."""
    post.queue(TO)
    with post.open() as (_, outbox):
        place = ("partner-weekly", f"about {TO}", TO)

        def why(period: str, to: str = TO) -> str:
            return why_not_queue(outbox, place[0], period, place[1], to, due=T0)

        assert "done or waiting" in why("2026-W42")
        assert "is the clock right" in why("2026-W41")
        assert "is the clock right" in why("2025-W50")
        assert why("2026-W43") == ""
        assert why("2026-W42", "new@example.com") == ""
        assert "done or waiting" in why("2026-W42", TO.upper())
        assert why_not_queue(outbox, place[0], "2026-W41", place[1], TO, due=T0, asked=True) == ""


def test_an_earlier_period_that_a_person_asks_for_is_sent(post: Post, server: SmtpServer) -> None:
    """Queued after a later one, it is not superseded by that: the clock had been far ahead."""
    post.queue(TO, period="2027-W46")
    post.run()
    post.queue(TO)
    assert outcomes(post.run()) == ["sent"]
    assert len(server.messages) == 2


def test_a_held_reminder_that_is_out_of_date_is_no_failure(post: Post, server: SmtpServer) -> None:
    """It was told each time that it is held; a weekly email that nobody let go is a failure."""
    with post.open() as (_, outbox):
        weekly = letter("eve@elsewhere.org", expires=T0 + HOUR)
        outbox.enqueue([weekly, replace(weekly, kind="evening", period="2026-10-16")], T0)
    (said, _) = post.run()
    assert said[0] == "held" and "email approve" in said[1]
    assert outcomes(post.run(T0 + HOUR)) == ["failed", "skipped"]
    assert post.states == ["expired", "expired"] and server.commands == []


def test_what_another_ledger_may_have_sent_is_not_queued(post: Post) -> None:
    """What was due before it began is left alone unless a person names the period; what waited then is unknown."""
    post.queue(TO)
    with post.open() as (_, outbox):
        outbox.start_over(T0)
        place = ("partner-weekly", "2026-W43", "Ann", TO)
        assert "before this ledger began" in why_not_queue(outbox, *place, due=T0)
        assert why_not_queue(outbox, *place, due=T0, asked=True) == ""
        assert why_not_queue(outbox, *place, due=T0 + HOUR) == ""
    assert post.states == ["unknown"]
    assert post.run() == []


def test_the_exit_code_says_the_worst() -> None:
    """Refused or unknown is 1, waiting is 4, and what a person wanted so is no trouble."""

    def code(*found: str) -> int:
        left = undone([Delivery("k", "p", "r", "w", outcome) for outcome in found])  # type: ignore[arg-type]
        return left.exit_code if left else 0

    assert code("sent", "waiting", "failed") == Unfinished.exit_code
    assert code("unknown") == Unfinished.exit_code
    assert code("sent", "waiting") == Unavailable.exit_code
    assert code("sent", "held", "paused", "cancelled", "superseded", "skipped", "already sent") == 0


def test_the_final_reply_is_waited_for_ten_minutes() -> None:
    """RFC 5321, 4.5.3.2.6: giving up sooner sends copies."""
    assert smtp.TIMEOUTS.final == 600
