"""What is not delivered: what is too late, held, unwanted or refused; and what a person says about it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sheetsync.errors import Unavailable, Unfinished, UsageError
from sheetsync.ledger.outbox import FOR_EVER, Pause
from sheetsync.mail import smtp
from sheetsync.runs import delivering
from sheetsync.runs.delivering import Delivery, deliver, resend, undone, why_not_queue
from sheetsync.template import WorkbookTemplate
from tests.post import HOUR, T0, TO, Post, letter
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
