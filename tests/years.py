"""A simulated team over years, run as cron would run it, and checked against what `years_team` says must follow.

    python -m tests.years --days 3000 --template lean --backend xlsx --seed 1

People type into the workbook, join, leave, take time off and change targets; machines are off for weeks; years turn.
After each run: the emails that arrived are those due, once. Each week: the numbers of closed periods, and what was
reported of them; now and then, that a second run changes nothing. What grows is printed each quarter.
"""

import argparse
import json
import random
import re
import sqlite3
import sys
import time as clock
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import SMTP
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import holidays as public

from sheetsync.ledger.tables import Squeezed
from tests.cli import Desk, lean_template, new_desk
from tests.google_server import GoogleServer
from tests.google_team import ROBOT, desk_at
from tests.naive import CADENCES, DAY, NATIVE, Plan, Who
from tests.smtp_server import SmtpServer, smtp_server
from tests.years_office import Office
from tests.years_pens import Browser, Pen, Program
from tests.years_team import KEEPER, TIMES, Activity, Mail, Member, Team

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october")
_SENTENCE = r" {} \[[a-z ]+\] .*?(?:([\d.,]+) of ([\d.,]+)|nothing logged [a-z ]+; the target (?:is|was) ([\d.,]+))"
_TABLES = ("runs", "entries", "outbox", "reported", "typed_over", "written", "told", "settled")


@dataclass(frozen=True)
class Setting:
    """What is simulated: `days` from `first` on, with so many `runs` a day.

    `outage` is for how many days a machine is off at most; `asleep` for how many nothing runs at first.
    """

    seed: int = 1
    days: int = 60
    first: date = date(2026, 1, 5)
    template: str = "lean"
    backend: str = "xlsx"
    zone: str = "Europe/London"
    week_starts: int = 0
    year_starts: int = 1
    holidays: str = ""
    runs: float = 2.0
    outage: int = 25
    asleep: int = 0
    extends: bool = True


@dataclass
class Tally:
    """What was seen since the last line that was printed."""

    changed: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    total: Counter[str] = field(default_factory=Counter)


class Years:
    """One simulated team at its desk."""

    def __init__(
        self, setting: Setting, desk: Desk, pen: Pen, server: SmtpServer, google: GoogleServer | None
    ) -> None:
        self.setting, self.desk, self.pen, self.server, self.google = setting, desk, pen, server, google
        self.random = random.Random(setting.seed)
        self.zone = ZoneInfo(setting.zone)
        calendar = Plan([], [], setting.first, week_starts=setting.week_starts, year_starts=setting.year_starts)
        if setting.holidays:
            country, _, part = setting.holidays.partition("-")
            known = public.country_holidays(country, subdiv=part or None, years=range(2024, 2040))
            calendar.holidays = frozenset(known)
        members = [
            Member(Who("Ann"), 2, partner="Dana", group="North"),
            Member(Who("Ben"), 3, zone="America/New_York", partner="Cleo", partner_day=0, group="North"),
        ]
        activities = [
            Activity("Cold call", Fraction(10), "week"),
            Activity("Meeting", Fraction(1), "working day"),
            Activity("Article", Fraction(2), "month"),
        ]
        self.team = Team(setting.zone, calendar.year_start(setting.first), calendar, members, activities)
        self.office = Office(self.team, pen, self.random)
        self.reported: dict[tuple[str, str, str, str], Fraction] = {}
        self.ran_until = self.team.first_day
        self.extended: set[str] = set()
        self.last_letter = 0
        self.tally = Tally()

    # -- what cron does ----------------------------------------------------------------------------------------------

    def command(self, *arguments: str, at: datetime) -> str:
        """A command that must succeed without a word on stderr."""
        result = self.desk.run(*arguments, at=at)
        assert (result.code, result.err) == (0, ""), f"{at}: {arguments}: {result}"
        return result.out

    def run(self, at: datetime) -> None:
        """One run of cron's, and what must follow from it."""
        today = at.astimezone(self.zone).date()
        self.pen.save()
        self._close(today)
        expected = self.team.due(at)
        before = self._workbook()
        started = clock.process_time()
        self.command("run", at=at)
        taken = clock.process_time() - started
        (self.tally.idle if self._workbook() == before else self.tally.changed).append(taken)
        got = self._arrived(at)
        assert got == expected, f"{at}: missing {expected - got}, not due {got - expected}"
        self.tally.total["runs"] += 1
        self.tally.total["mails"] += len(got)

    def _close(self, today: date) -> None:
        """Keep what this run will report: the actuals of the periods that ended since the last one."""
        team, day = self.team, self.ran_until
        while day < today:
            for cadence in CADENCES:
                days = team.calendar.days_of(cadence, day)
                for member in team.members if days[-1] == day else ():
                    for activity in team.activities:
                        key = (cadence, team.calendar.labelled(cadence, day), member.name, activity.name)
                        self.reported.setdefault(key, team.actual(member, activity, days))
            day += DAY
        self.ran_until = max(self.ran_until, today)

    def _workbook(self) -> object:
        if self.google is None:
            return self.desk.workbook.read_bytes()
        writes = [r for r in self.google.requests if r.path.endswith(":batchUpdate")]
        return len(writes)

    def _arrived(self, at: datetime) -> set[Mail]:
        """What the mail server took: the bytes that the ledger keeps, each once."""
        received = sorted(message.content for message in self.server.messages)
        self.server.messages.clear()
        self.server.commands.clear()
        if not received:
            return set()
        with closing(sqlite3.connect(self.desk.ledger)) as ledger:
            query = "select id, kind, period, person, recipient, message from outbox where id > ? order by id"
            found = ledger.execute(query, (self.last_letter,)).fetchall()
        plain = Squeezed().process_result_value
        letters = [(*letter, plain(message, None)) for *letter, message in found]
        assert sorted(letter[5] for letter in letters) == received, f"{at}: other bytes than those kept"
        self.last_letter = letters[-1][0]
        for letter in letters:
            self.team.was_sent(Mail(*letter[1:5]), at)
            if letter[1] in ("partner-weekly", "weekend"):
                self._read(Mail(*letter[1:5]), letter[5], at)
        return {Mail(*letter[1:5]) for letter in letters}

    def _read(self, mail: Mail, content: bytes, at: datetime) -> None:
        """What an email about a week says of the activities that have weekly targets, as its reader sees it."""
        body = message_from_bytes(content, policy=SMTP).get_body(("plain",))
        assert body is not None
        text, team, day = " ".join(body.get_content().split()), self.team, at.astimezone(self.zone).date() + DAY
        while team.calendar.label("week", day) != mail.period:
            day -= DAY
        days = team.calendar.days_of("week", day)
        member = next(m for m in team.members if m.name == mail.person)
        for activity in team.activities:
            wanted = team.closed(member, activity, days)
            if NATIVE[activity.every] == "month" or not wanted.target:
                continue
            found = re.search(_SENTENCE.format(re.escape(activity.name)), text)
            assert found, f"{at}: {mail}: nothing of {activity.name} in: {text}"
            said = [
                float((number or "0").rstrip(".,").replace(",", "")) for number in (found[1], found[2] or found[3])
            ]
            near = [abs(a - float(b)) <= 0.006 * float(b) + 0.05 for a, b in zip(said, wanted[:2], strict=True)]
            assert all(near), f"{at}: {mail}: {activity.name}: {said}, not {wanted}"
            self.tally.total["sentences"] += 1

    def again(self, at: datetime) -> None:
        """A run right after another changes nothing and mails nothing."""
        before = self._workbook()
        self.command("run", at=at + timedelta(seconds=20))
        assert self._workbook() == before, f"{at}: a second run wrote"
        assert not self.server.messages, f"{at}: a second run mailed"
        self.tally.total["second runs"] += 1

    # -- what must be true -------------------------------------------------------------------------------------------

    def check(self, at: datetime, since: date) -> None:
        """Every period that closed since a day, against plain loops; what was reported, of all periods."""
        today, team = at.astimezone(self.zone).date(), self.team
        exported = json.loads(self.command("export", "rollups", "--format", "json", at=at))
        people = {member.name: member for member in team.members}
        activities = {activity.name: activity for activity in team.activities}
        for row in exported:
            key = (row["cadence"], row["period"], row["person"], row["name"])
            end = date.fromisoformat(row["end"])
            if row["kind"] != "activity":
                continue
            kept = self.reported.get(key)
            assert row["reported"] == (None if kept is None else float(kept)), f"{at}: {key}: reported {kept}: {row}"
            if end > today or end <= since:
                continue
            member, activity = people[row["person"]], activities[row["name"]]
            days = team.calendar.days_of(row["cadence"], end - DAY)
            wanted = team.closed(member, activity, days)
            got = (row["actual"], row["target"], row["status"])
            near = abs(got[0] - wanted.actual) < 1e-9 and abs(got[1] - wanted.target) < 1e-9
            assert near and got[2] == wanted.status, f"{at}: {key}: {got}, not {wanted}"
            if row["cadence"] == NATIVE[activity.every]:
                streak = team.streak(member, activity, end - DAY)
                assert row["streak"] == streak, f"{at}: {key}: streak {row['streak']}, not {streak}"
            self.tally.total["numbers"] += 1
        self.tally.total["checks"] += 1

    def report(self, today: date) -> str:
        """One line: how big and how slow everything has become."""
        tally, self.tally = self.tally, Tally()
        with closing(sqlite3.connect(self.desk.ledger)) as ledger:
            there = {name for (name,) in ledger.execute("select name from sqlite_master where type='table'")}
            rows = {n: ledger.execute(f"select count(*) from {n}").fetchone()[0] for n in _TABLES if n in there}
        status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        memory = next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) >> 10
        book = self.desk.workbook.stat().st_size >> 10 if self.google is None else 0
        return (
            f"{today} {_mean(tally.changed)} of CPU a run that writes, {_mean(tally.idle)} one that does not; "
            f"workbook {book} KiB, ledger {self.desk.ledger.stat().st_size >> 10} KiB, RSS {memory} MiB, "
            f"{len(list(Path('/proc/self/fd').iterdir()))} files open; {dict(tally.total)}, "
            f"{self.office.logged} rows typed so far; ledger rows {rows}"
        )

    # -- all of it ---------------------------------------------------------------------------------------------------

    def live(self) -> Iterator[str]:
        """Day by day; yields a line for people each quarter, and at the end."""
        today, last_check, check_due = self.setting.first, self.team.first_day, self.setting.first
        off_until = self.setting.first + self.setting.asleep * DAY
        for number in range(self.setting.days):
            today = self.setting.first + number * DAY
            self._turn(number, today)
            if self.random.random() < 0.004:
                off_until = max(off_until, today + self.random.randint(2, max(2, self.setting.outage)) * DAY)
            moments = self._moments(today)
            rounds: list[datetime | None] = [*moments] or [None]
            for at in rounds:
                self.office.work(today)
                if at is None or today < off_until:
                    continue
                self.run(at)
                if self.random.random() < 0.05:
                    self.again(at)
            if moments and today >= max(check_due, off_until):
                self.check(moments[-1], last_check)
                often = 7 if number < 400 else 28
                last_check, check_due = today - 120 * DAY, today + often * DAY
            if self.team.calendar.days_of("quarter", today)[0] == today and self.ran_until > self.team.first_day:
                yield self.report(today)
        yield self.report(today)

    def _turn(self, number: int, today: date) -> None:
        """People come and go; somebody adds the next year's rows, or the keeper hears of it two weeks ahead."""
        at = datetime.combine(today, time(5), self.zone).astimezone(UTC)
        if number and self.office.come_and_go(number, today):
            self.command("extend", at=at)
        last = self.team.calendar.days_of("year", today)[-1]
        following = self.team.calendar.label("year", last + DAY)
        if self.setting.extends and (last - today).days <= 20 and following not in self.extended:
            self.pen.save()
            self.command("extend", "--year", following, at=at)
            self.extended.add(following)
        if not self.setting.extends and (last - today).days == 13:
            self.team.new_problems += 1

    def _moments(self, today: date) -> list[datetime]:
        """When cron runs on a day: mostly in the morning and evening, and at odd times."""
        whole = int(self.setting.runs) + (self.random.random() < self.setting.runs % 1)
        usual = [time(8, 10), time(18, 10), time(16, 5)][:whole]
        if whole == 1:
            usual = [self.random.choice((time(8, 10), time(16, 5), time(18, 10), time(21, 0)))]
        if whole and self.random.random() < 0.1:
            usual += [time(self.random.randrange(24), self.random.randrange(60)) for _ in range(3)]
        return sorted({datetime.combine(today, at, self.zone).astimezone(UTC) for at in usual})


def _mean(times: list[float]) -> str:
    return f"{sum(times) / len(times):.3f} s" if times else "none"


def _with_mail(desk: Desk, port: int) -> None:
    """All eight kinds of email, by a server on this machine."""
    desk.configure("transport: file", "transport: smtp")
    desk.configure("host: smtp.example.com", "host: 127.0.0.1")
    desk.configure("port: 587", f"port: {port}")
    desk.configure("security: starttls", "security: none")
    desk.configure("username: goals", "username: null")
    desk.configure('password: "${SMTP_PASSWORD}"', "password: null")
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    desk.configure("keeper: null", f"keeper: {KEEPER}")
    for kind in TIMES:
        if kind != "partner-weekly":
            desk.configure(f"# {kind}:", f"{kind}:")


@contextmanager
def years(setting: Setting, folder: Path) -> Iterator[Years]:
    """A team that is about to begin, in a new folder."""
    weekday = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")[setting.week_starts]
    with ExitStack() as stack:
        server = stack.enter_context(smtp_server("none"))
        google: GoogleServer | None = None
        desk_folder = folder / "desk"
        template = lean_template(desk_folder) if setting.template == "lean" else setting.template
        if setting.backend == "google":
            google = stack.enter_context(GoogleServer())
            book = google.create_spreadsheet("Goals", owner="ann@example.com", share={ROBOT: "writer"})
            desk = desk_at(desk_folder, google, book, template)
            pen: Pen = Browser(google.spreadsheet(book))
        else:
            desk = new_desk(desk_folder, "--template", template)
            pen = Program(desk.workbook)
        desk.configure("timezone: UTC", f"timezone: {setting.zone}")
        desk.configure("week_starts: monday", f"week_starts: {weekday}")
        desk.configure("year_starts: january", f"year_starts: {_MONTHS[setting.year_starts - 1]}")
        if setting.holidays:
            desk.configure("holidays: null", f"holidays: {setting.holidays}")
        _with_mail(desk, server.port)
        simulated = Years(setting, desk, pen, server, google)
        began = datetime.combine(setting.first, time(6), ZoneInfo(setting.zone)).astimezone(UTC)
        label = simulated.team.calendar.label("year", setting.first)
        people = [word for member in simulated.team.members for word in ("--person", member.name)]
        simulated.command("create", "--year", label, *people, at=began)
        simulated.office.begin()
        yield simulated


def main(arguments: list[str]) -> int:
    """Simulate, and print what grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds: dict[str, Callable[[str], object]] = {
        "seed": int, "days": int, "first": date.fromisoformat, "template": str, "backend": str, "zone": str,
        "holidays": str, "runs": float, "outage": int, "asleep": int,
    }  # fmt: skip
    for name, kind in kinds.items():
        parser.add_argument(f"--{name}", type=kind, default=getattr(Setting, name))
    parser.add_argument("--week-starts", type=int, default=0, help="0: Monday")
    parser.add_argument("--year-starts", type=int, default=1, help="1: January")
    parser.add_argument(
        "--no-extend", dest="extends", action="store_false", help="nobody adds the rows of a new year"
    )
    setting = Setting(**vars(parser.parse_args(arguments)))
    with TemporaryDirectory(prefix="sheetsync-years-") as folder, years(setting, Path(folder)) as simulated:
        started = clock.perf_counter()
        for line in simulated.live():
            print(f"[{clock.perf_counter() - started:6.0f} s] {line}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
