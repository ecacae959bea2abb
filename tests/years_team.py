"""What is known of a simulated team without sheetsync: its plan and log, and in plain loops what must follow.

The numbers of closed periods by docs/formulas.md, and which emails are due when by docs/emails.md.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.naive import DAY, NATIVE, Dated, Entry, Off, Plan, Who

TIMES = {
    "partner-weekly": ("week", time(16)), "morning": ("day", time(7, 30)), "evening": ("day", time(18)),
    "weekend": ("week", time(9)), "group-monthly": ("month", time(9)), "quarterly": ("quarter", time(9)),
    "annual": ("year", time(9)), "problems": ("day", time(8)),
}  # fmt: skip
KEEPER = "keeper@example.com"


@dataclass(eq=False)
class Member:
    """A person, in row `row` of People."""

    who: Who
    row: int
    zone: str = ""
    partner: str = ""
    partner_day: int | None = None
    mail: str = "on"
    group: str = ""

    @property
    def name(self) -> str:
        """Their name."""
        return self.who.name

    @property
    def address(self) -> str:
        """Their address."""
        return f"{self.name.lower()}@example.com"


@dataclass(eq=False)
class Activity:
    """A goal for everyone."""

    name: str
    target: Fraction
    every: str


class Closed(NamedTuple):
    """What must be said of a period that is over."""

    actual: Fraction
    target: Fraction
    status: str


class Mail(NamedTuple):
    """One email: what tells it from all others."""

    kind: str
    period: str
    person: str
    recipient: str


@dataclass
class Team:
    """Everything people have typed. `calendar` only answers which days belong together, and what they are called."""

    zone: str
    first_day: date
    calendar: Plan
    members: list[Member]
    activities: list[Activity]
    dated: list[Dated] = field(default_factory=list)
    off: list[Off] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)
    counts: dict[tuple[str, str, date], Fraction] = field(default_factory=dict)
    days: dict[str, dict[date, int]] = field(default_factory=dict)
    sent: dict[Mail, datetime] = field(default_factory=dict)
    latest: dict[tuple[str, str], str] = field(default_factory=dict)
    new_problems: int = 0
    _shares: dict[tuple[str, str, date], Fraction] = field(default_factory=dict)

    # -- what people do ----------------------------------------------------------------------------------------------

    def count(self, entry: Entry, sign: int = 1) -> None:
        """Count a row of the log, or count it no more."""
        key, days = (entry.who, entry.activity, entry.day), self.days.setdefault(entry.who, {})
        self.counts[key] = self.counts.get(key, Fraction(0)) + sign * entry.count
        days[entry.day] = days.get(entry.day, 0) + sign
        if not days[entry.day]:
            del days[entry.day]

    def replanned(self) -> None:
        """The plan changed: every share is computed anew."""
        self._shares.clear()
        self.calendar.off = self.off
        self.calendar._kept.clear()

    # -- numbers -----------------------------------------------------------------------------------------------------

    def work(self, member: Member, day: date) -> Fraction:
        """How much of a day a person works."""
        return self.calendar.work(member.who, day, calendar_days=False)

    def target_on(self, activity: Activity, day: date) -> Fraction:
        """The target in force on a day."""
        started = [(n, d.period) for n, d in enumerate(self.dated) if d.name == activity.name]
        holding = [(p, n) for n, p in started if p <= day.isoformat()]
        return self.dated[max(holding)[1]].target if holding else activity.target

    def share(self, member: Member, activity: Activity, day: date) -> Fraction:
        """The share of a day in an activity's target."""
        key = (member.name, activity.name, day)
        if key not in self._shares:
            native = NATIVE[activity.every]
            within = self.calendar.days_of(native, day)
            usual = (self.calendar.work(member.who, d, calendar_days=False, planned=True) for d in within)
            whole = sum(usual, Fraction(0)) if self.work(member, day) else Fraction(1)
            each = Fraction(1) if native == "day" else 1 / whole
            self._shares[key] = self.target_on(activity, day) * self.work(member, day) * each
        return self._shares[key]

    def actual(self, member: Member, activity: Activity, days: list[date]) -> Fraction:
        """What was done on some days."""
        return sum((self.counts.get((member.name, activity.name, day), Fraction(0)) for day in days), Fraction(0))

    def closed(self, member: Member, activity: Activity, days: list[date]) -> Closed:
        """What must be said of a period that is over and has these days."""
        works = any(self.work(member, day) for day in days)
        target = sum((self.share(member, activity, day) for day in days), Fraction(0))
        actual, logged = self.actual(member, activity, days), self.days.get(member.name, {})
        if not works:
            return Closed(actual, target, "off")
        if not target:
            return Closed(actual, target, "untargeted")
        met = "met" if actual >= target else "missed" if any(day in logged for day in days) else "silent"
        return Closed(actual, target, met)

    def streak(self, member: Member, activity: Activity, last: date) -> int:
        """How many native periods in a row, the one with the day `last` included, were met."""
        kept, day = 0, last
        while day >= self.first_day:
            days = self.calendar.days_of(NATIVE[activity.every], day)
            status = self.closed(member, activity, days).status
            if status in ("missed", "silent"):
                break
            kept, day = kept + (status == "met"), days[0] - DAY
        return kept

    # -- emails ------------------------------------------------------------------------------------------------------

    def due(self, now: datetime) -> set[Mail]:
        """The emails that the first run at this moment sends."""
        found = set()
        for kind, (cadence, at) in TIMES.items():
            if kind == "problems":
                found |= self._due(kind, cadence, at, now, None)
                continue
            for member in self.members:
                if kind != "partner-weekly" or member.partner:
                    found |= self._due(kind, cadence, at, now, member)
        return found

    def _due(self, kind: str, cadence: str, at: time, now: datetime, member: Member | None) -> set[Mail]:
        zone = ZoneInfo((member and member.zone) or self.zone)
        day = now.astimezone(zone).date() + DAY
        weekday = (member.partner_day if member and member.partner_day is not None else 4) if "partner" in kind else 5
        while not self._is_due_day(cadence, weekday, day) or _moment(day, at, zone) > now:
            day -= DAY
        if now >= self._until(kind, cadence, day, at, zone):
            return set()
        days = self.calendar.days_of(cadence, day)
        early = cadence == "week" and (day - days[0]).days < 2
        if early or cadence in ("month", "quarter", "year"):
            days = self.calendar.days_of(cadence, days[0] - DAY)
        label = self.calendar.label(cadence, days[0])
        name = "" if member is None else member.name
        reader = member.partner if member and kind == "partner-weekly" else name
        mail = Mail(kind, label, name, f"{reader.lower()}@example.com" if member else KEEPER)
        wanted = self.new_problems > 0 if member is None else self._wanted(kind, cadence, member, days)
        return {mail} if wanted and mail not in self.sent and label > self.latest.get((kind, name), "") else set()

    def _is_due_day(self, cadence: str, weekday: int, day: date) -> bool:
        if cadence == "week":
            return day.weekday() == weekday
        return cadence == "day" or self.calendar.days_of(cadence, day)[0] == day

    @staticmethod
    def _until(kind: str, cadence: str, day: date, at: time, zone: ZoneInfo) -> datetime:
        came = _moment(day, at, zone)
        if cadence == "day":
            midnight = _moment(day + DAY, time(), zone)
            return min(midnight, came + timedelta(hours=5)) if kind == "morning" else midnight
        return _moment(day + 7 * DAY, at, zone) if cadence == "week" else came + timedelta(days=14)

    def _wanted(self, kind: str, cadence: str, member: Member, days: list[date]) -> bool:
        who, after = member.who, days[-1] + DAY
        away = (who.first and who.first >= after) or (who.last and who.last < days[0]) or after <= self.first_day
        if member.mail != "on" or away:
            return False
        if cadence == "day":
            logged = kind == "evening" and days[0] in self.days.get(member.name, {})
            return bool(self.work(member, days[0])) and not logged
        readers = [member]
        if kind == "group-monthly":
            together = (m for m in self.members if m.group and m.group == member.group)
            readers = [
                m for m in together
                if not (m.who.first and m.who.first >= after) and not (m.who.last and m.who.last < days[0])
            ]  # fmt: skip
            if len(readers) < 2:
                return False
        return any(day < after for each in readers for day in self.days.get(each.name, {}))

    def was_sent(self, mail: Mail, now: datetime) -> None:
        """Remember an email that arrived. Raises AssertionError for one that came before."""
        assert mail not in self.sent, f"{mail} came twice: {self.sent[mail]} and {now}"
        self.sent[mail] = now
        self.latest[mail.kind, mail.person] = mail.period
        if mail.kind == "problems":
            self.new_problems = 0


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
