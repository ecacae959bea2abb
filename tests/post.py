"""An outbox in tests, opened anew for each run as cron does, and an email in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sheetsync.config import load_config
from sheetsync.ledger import Ledger
from sheetsync.ledger.outbox import Letter, Outbox
from sheetsync.mail import Email, compose
from sheetsync.runs.delivering import deliver
from sheetsync.runs.opening import Opened
from sheetsync.template import WorkbookTemplate
from tests.cli import new_desk
from tests.mailing import by_smtp, without_login
from tests.smtp_server import SmtpServer

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
        by_smtp(self.desk, server.port)
        if user is None:
            without_login(self.desk)

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
    """An email about nothing."""
    message = compose(
        Email("Ann’s week", "text\n", "<p>html</p>\n"), sender="goals@example.com", recipient=to, recipient_name="",
        reply_to="", unsubscribe="", message_id=f"<{period}.{to.partition('@')[0]}@example.com>", date=T0,
    )  # fmt: skip
    return Letter("partner-weekly", period, f"about {to}", to, "Ann’s week", message, expires_at=expires)
