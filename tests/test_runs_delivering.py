"""Delivery against a real mail server: what is tried when, what is never tried, and what nobody is punished for."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sheetsync.errors import AuthorizationError, ConfigError
from sheetsync.ledger.outbox import Letter, Outbox
from sheetsync.runs.delivering import deliver, undone
from sheetsync.template import WorkbookTemplate
from tests.post import HALF, HOUR, T0, TO, Post
from tests.smtp_server import SmtpServer, smtp_server


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
