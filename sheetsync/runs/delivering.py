"""Sending what waits in the outbox: which emails may go now, one try an email and run, and what became of each.

Exactly once, as near as mail allows (docs/mail-reliability.md): an email whose text had left when the connection or
this process died is sent once more, byte for byte the same, and never a third time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Literal

from sheetsync.config import Config, secret
from sheetsync.config.secrets import secrets_of
from sheetsync.errors import AuthorizationError, ConfigError, SheetsyncError, Unavailable, Unfinished, UsageError
from sheetsync.kinds import KINDS
from sheetsync.ledger.outbox import Letter, Outbox, Pause
from sheetsync.mail import Ambiguous, FileTransport, Limited, SmtpTransport, Transport
from sheetsync.periods import Cadence
from sheetsync.printable import redacted
from sheetsync.runs.opening import Opened
from sheetsync.runs.stopping import unit

# A try with an unclear outcome is repeated once: a mail too few is worse than one too many, two too many are not.
_UNCLEAR_TRIES = 2
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=30), timedelta(hours=4)
# Far above what a team sends in a run, far below the smallest daily limit of a provider (500): what goes wrong shows
# before the account is closed. The rest goes with the next run.
MOST_A_RUN = 100
# More than three times the usual recipients is a mistake until a person says otherwise, but not among a handful.
_UNUSUAL, _HANDFUL = 3, 10
_REFUSALS = 3
_NOT_TRIED = "not tried; see the error"

Outcome = Literal[
    "sent", "already sent", "held", "failed", "waiting", "unknown", "skipped", "cancelled", "superseded", "paused",
    "clock",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one email, and why.

    `stopped` is the error that ended the round here, to be raised at last. `is_news` is false for what was so, for
    the same reason, at the end of the last run already.
    """

    kind: str
    person: str
    recipient: str
    period: str
    outcome: Outcome
    why: str = ""
    stopped: SheetsyncError | None = field(default=None, compare=False)
    is_news: bool = field(default=True, compare=False)


def why_not_queue(
    outbox: Outbox, kind: str, period: str, person: str, recipient: str, *, due: datetime, asked: bool = False
) -> str:
    """Why an email that is due must not be queued, in words; "" when it may. `asked`: a person named this period.

    Periods only go forward, so that a clock that is set back mails nothing again; and what was due before this ledger
    began may have been mailed by the one that was lost.
    """
    if outbox.known(kind, period, person, recipient):
        return "it is done or waiting"
    if asked:
        return ""
    if (latest := outbox.latest(kind, person)) > period:
        return f"{latest} was due already, and is later; is the clock right? --period {period} sends it"
    began = outbox.history_until()
    if began and due <= began:
        return (
            f"was due before this ledger began ({began:%Y-%m-%d}) and may have been sent; --period {period} sends it"
        )
    return ""


def clock_went_back(outbox: Outbox, now: datetime) -> datetime | None:
    """When an email was queued that is from later than now: the clock was, or is, wrong."""
    last = outbox.last_queued()
    return last if last and last > now else None


def deliver(
    run: Opened,
    outbox: Outbox,
    chosen: Callable[[Letter], bool] = lambda letter: True,  # noqa: ARG005
    still_wanted: Callable[[Letter], str] = lambda letter: "",  # noqa: ARG005
) -> list[Delivery]:
    """Send what waits and is chosen, oldest first; `still_wanted` says why an email is wanted no longer, or "".

    An error that is about all emails (the mail server accepts nobody's mail, say) ends the round, and the rest wait:
    what was sent before it must be told first, so it is not raised but handed on for `undone`.
    """
    round_, found = _Round(run, outbox, still_wanted), list[Delivery]()
    for letter in filter(chosen, outbox.waiting()):
        if found and (found[-1].stopped or found[-1].why == _NOT_TRIED):
            found.append(_told(letter, "waiting", _NOT_TRIED))
            continue
        try:
            found.append(round_.handle(letter))
        except SheetsyncError as error:
            found.append(replace(_told(letter, "waiting", str(error)), stopped=error))
    return found


def resend(run: Opened, outbox: Outbox, letter: Letter) -> Delivery:
    """Send an email again now, byte for byte the same, whatever became of it.

    Raises `UsageError` while emails are paused, or for an address that may not be written to.
    """
    round_ = _Round(run, outbox, lambda letter: "")  # noqa: ARG005
    if round_.pause:
        raise UsageError(f"emails are paused {said_pause(round_.pause)}; `sheetsync email pause --off` ends that")
    if not round_.allowed(letter):
        raise UsageError(f"{letter.recipient} may not be written to; `sheetsync email approve {letter.id}` allows it")
    outbox.mark(letter, letter.state, unclear=0)  # what was unclear, a person has looked at
    return round_.send(replace(letter, unclear=0))


class _Round:
    """The emails of one run."""

    def __init__(self, run: Opened, outbox: Outbox, still_wanted: Callable[[Letter], str]) -> None:
        self._run, self._outbox, self._still_wanted = run, outbox, still_wanted
        self._approved = outbox.approved()
        self._tries = 0
        self._unusual: dict[str, str] = {}
        pause = outbox.pause()
        self.pause = pause if pause and run.now < pause.until else None

    def handle(self, letter: Letter) -> Delivery:
        """Bring one email as far as it may go."""
        for look in (self._ended, self._held, self._later):
            if (delivery := look(letter)) is not None:
                return delivery
        return self.send(letter)

    def _ended(self, letter: Letter) -> Delivery | None:
        """What needs no sending any more."""
        if letter.unclear >= _UNCLEAR_TRIES:
            why = "the connection died twice while it was sent; it may or may not have arrived"
            return self._end(letter, "unknown", "unknown", why)
        # One that a person asked for is queued after those of later periods.
        if (latest := self._outbox.latest(letter.kind, letter.person, after=letter.id)) > letter.period:
            return self._end(letter, "superseded", "superseded", f"{latest} is due by now")
        if why := self._still_wanted(letter):
            return self._end(letter, "cancelled", "cancelled", why)
        if letter.expires_at and letter.expires_at <= self._run.now:
            if letter.state == "held" and KINDS[letter.kind].cadence is Cadence.DAY:
                # It was told every time; a reminder that nobody let go is nothing left undone.
                return self._end(letter, "expired", "skipped", "it was held until it was out of date")
            tries = {0: "was never tried", 1: "one try"}.get(letter.attempts, f"{letter.attempts} tries")
            why = f"given up, for it is out of date ({tries}); {letter.reply}".rstrip("; ")
            return self._end(letter, "expired", "failed", why)
        return None

    def _held(self, letter: Letter) -> Delivery | None:
        if not self.allowed(letter):
            why = "not among email.recipients; add the address there, or `email approve` it"
        elif letter.approved:
            return None
        elif self._outbox.refused(letter.recipient, _REFUSALS):
            why = f"the last {_REFUSALS} emails to this address were refused; correct it, or `email approve` it"
        else:
            why = self._crowd(letter.kind)
        if not why:
            return None
        if letter.state == "held" and letter.reply == why:
            return replace(_told(letter, "held", why), is_news=False)
        self._outbox.mark(letter, "held", why)
        return _told(letter, "held", why)

    def _later(self, letter: Letter) -> Delivery | None:
        if self.pause:
            said = said_pause(self.pause)
            # What a person wants so is nothing left undone.
            return _told(letter, "waiting", f"paused {said}") if self.pause.why else _told(letter, "paused", said)
        # A wait longer than the longest was reckoned by a clock that was wrong.
        if letter.not_before and self._run.now < letter.not_before <= self._run.now + _LONGEST_WAIT:
            return _told(
                letter, "waiting", f"next try after {letter.not_before:%H:%M} UTC; {letter.reply}".rstrip("; ")
            )
        if self._tries >= MOST_A_RUN:
            return _told(letter, "waiting", f"{MOST_A_RUN} emails are the most in one run")
        return None

    @unit("the email at hand")
    def send(self, letter: Letter) -> Delivery:
        """One try. What is said of an email whose text has left is never more than what the server said."""
        outbox, now, transport = self._outbox, self._run.now, self._transport
        if not outbox.begin(letter, now + _wait(letter.attempts)):
            return _told(letter, "waiting", "another run has it in hand")
        self._tries += 1
        accepted = False

        def mark(state: str, reply: str) -> None:
            nonlocal accepted
            accepted = state == "sent"
            if accepted:
                self._keep(letter, reply)
            else:
                outbox.commit(letter)

        try:
            reply = transport.send(letter.message, self._run.config.email.sender_address, letter.recipient, mark)
        except SheetsyncError as error:
            if accepted:
                raise  # the ledger is away: nothing may be said of this email but that its outcome is unclear
            return self._not_sent(letter, error)
        return _told(letter, "sent", reply)

    def _not_sent(self, letter: Letter, error: SheetsyncError) -> Delivery:
        # A server may repeat what it was sent, the password too; the ledger keeps the words.
        outbox, words = self._outbox, redacted(str(error), secrets_of(self._run.config))
        match error:
            case AuthorizationError() | ConfigError():
                outbox.give_back(letter)
                raise error
            case Limited():
                outbox.give_back(letter)
                self.pause = Pause(self._run.now + error.pause, words)
                outbox.set_pause(self.pause)
            case Ambiguous() if letter.unclear + 1 >= _UNCLEAR_TRIES:
                return self._end(letter, "unknown", "unknown", words)
            case Ambiguous():
                outbox.mark(letter, "committing", words)
                words += "; it is sent once more, byte for byte the same"
            case Unavailable():
                outbox.mark(letter, "queued", words, unclear=letter.unclear)
            case _:
                return self._end(letter, "failed", "failed", words)
        return _told(letter, "waiting", words)

    def _keep(self, letter: Letter, reply: str) -> None:
        """Nothing is worse to forget than that it was sent, so a database away for a moment is asked again."""
        from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

        keep = retry(
            retry=retry_if_exception_type(Unavailable), stop=stop_after_attempt(5), wait=wait_exponential(0.5, 4),
            reraise=True,
        )  # fmt: skip
        keep(self._outbox.mark)(letter, "sent", reply, not_before=None, unclear=letter.unclear)

    def _end(self, letter: Letter, state: str, outcome: Outcome, why: str) -> Delivery:
        """An end. Whatever came later, an email whose text left once may have arrived."""
        if letter.unclear and state in ("failed", "expired"):
            state, outcome, why = "unknown", "unknown", f"it may have arrived at an earlier try; {why}"
        self._outbox.mark(letter, state, why, not_before=None)
        return _told(letter, outcome, why)

    def allowed(self, letter: Letter) -> bool:
        """Whether the address may be written to."""
        return self._run.config.email.allows(letter.recipient) or letter.recipient.lower() in self._approved

    def _crowd(self, kind: str) -> str:
        """Why a kind's emails go to suspiciously many, or ""."""
        if kind not in self._unusual:
            now = {letter.recipient for letter in self._outbox.waiting() if letter.kind == kind}
            sent = list(self._outbox.sent_to(kind).values())[-8:]
            usual = median(sent) if sent else 0
            many = len(now) > max(_HANDFUL, _UNUSUAL * usual) if sent else False
            why = f"{len(now)} recipients, usually {usual:g}: is that right? `email approve --all` lets them go"
            self._unusual[kind] = why if many else ""
        return self._unusual[kind]

    @cached_property
    def _transport(self) -> Transport:
        return transport_of(self._run.config)


def said_pause(pause: Pause) -> str:
    """Until when, and why."""
    until = "until someone ends it" if pause.until.year == 9999 else f"until {pause.until:%Y-%m-%d %H:%M} UTC"
    return f"{until}: {pause.why}" if pause.why else until


def transport_of(config: Config) -> Transport:
    """The configured way out."""
    email = config.email
    if email.transport == "file":
        return FileTransport(config.outbox_path)
    smtp = email.smtp
    return SmtpTransport(
        smtp.host or "localhost",
        smtp.port,
        smtp.security,
        secret(smtp.username) if smtp.username else None,
        secret(smtp.password) if smtp.password else None,
    )


def undone(deliveries: Sequence[Delivery]) -> SheetsyncError | None:
    """What to raise when something was left undone: a server that was not there is worth another run."""
    if stopped := next((delivery.stopped for delivery in deliveries if delivery.stopped), None):
        return stopped
    outcomes = {delivery.outcome for delivery in deliveries}
    if outcomes & {"failed", "unknown", "clock"}:
        return Unfinished("some emails were not sent; see why with each")
    if "waiting" in outcomes:
        return Unavailable("some emails were not sent; the next run tries again")
    return None


def _wait(attempts: int) -> timedelta:
    """How long to wait after another try: half an hour, doubled each time, at most four hours."""
    return min(_FIRST_WAIT * (1 << min(attempts, 10)), _LONGEST_WAIT)


def _told(letter: Letter, outcome: Outcome, why: str) -> Delivery:
    return Delivery(letter.kind, letter.person, letter.recipient, letter.period, outcome, why)
