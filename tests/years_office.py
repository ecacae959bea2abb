"""What the people of a simulated team do: in their workbook, and at once in what is known of the team."""

from datetime import date
from fractions import Fraction
from random import Random

from tests.naive import DAY, Dated, Entry, Off, Who
from tests.years_pens import Pen, Typed
from tests.years_team import Member, Team

_ZONES = ("", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/Santiago")


class Office:
    """People at work. `logged` counts the rows they have added to the log."""

    def __init__(self, team: Team, pen: Pen, random: Random) -> None:
        self.team, self.pen, self.random = team, pen, random
        self.free = {"Log": 2, "Time off": 2, "Targets": 2, "Events": 2}
        self.rows: dict[int, Entry] = {}
        self.bad: list[int] = []
        self.logged = 0

    def begin(self) -> None:
        """The plan, as the team's first day finds it."""
        for member in self.team.members:
            self._type_person(member)
        for row, activity in enumerate(self.team.activities, start=2):
            self.pen.type("Activities", {row: {1: activity.name, 3: int(activity.target), 4: activity.every}})
        self.pen.type("Goals", {2: {1: "Revenue", 3: "Cold call", 4: "count", 6: 500}})
        self.pen.save()

    def _type_person(self, member: Member) -> None:
        day = None if member.partner_day is None else ("Monday", "Tuesday")[member.partner_day]
        partner = f"{member.partner.lower()}@example.com" if member.partner else None
        cells: list[Typed] = [
            member.name, member.address, member.zone or None, member.partner or None, partner, day, member.mail,
            None, None, None, member.group or None, member.who.first, member.who.last,
        ]  # fmt: skip
        typed: dict[int, Typed] = dict(enumerate(cells, start=1))
        self.pen.type("People", {member.row: typed})

    def work(self, today: date) -> None:
        """What people do between two runs."""
        chance = self.random.random
        for member in self.team.members:
            if chance() < 0.6 and not (member.who.last and today > member.who.last):
                self._log(member, today)
        if self.rows and chance() < 0.08:
            self._correct(chance() < 0.2)
        for often, action in (
            (0.01, self._blunder),
            (0.012, self._go_away),
            (0.006, self._aim),
            (0.02, self._settle),
        ):
            if chance() < often:
                action(today)

    def _log(self, member: Member, today: date) -> None:
        late = self.random.choice((1, 1, 2, 5, 20, 60)) if self.random.random() < 0.1 else 0
        day = max(today - late * DAY, self.team.first_day, member.who.first or self.team.first_day)
        if day > today:
            return
        activity = self.random.choice(self.team.activities).name
        entry = Entry(day, member.name, activity, Fraction(self.random.choice((0, 1, 2, 3, 5)) * 2 + 1, 2))
        row = self._next("Log")
        self._type_entry(row, entry)
        self.team.count(entry)
        self.rows[row] = entry
        self.logged += 1

    def _type_entry(self, row: int, entry: Entry) -> None:
        self.pen.type("Log", {row: {1: entry.day, 2: entry.who, 3: entry.activity, 4: float(entry.count)}})

    def _next(self, tab: str) -> int:
        self.free[tab] += 1
        return self.free[tab] - 1

    def _correct(self, gone: bool) -> None:
        """A recent row gets another count, or is cleared."""
        row = self.random.choice(list(self.rows)[-60:])
        entry = self.rows[row]
        self.team.count(entry, -1)
        if gone:
            del self.rows[row]
            self.pen.type("Log", {row: dict.fromkeys(range(1, 9))})
            return
        entry.count = Fraction(self.random.randint(1, 9))
        self.team.count(entry)
        self._type_entry(row, entry)

    def _blunder(self, today: date) -> None:
        row = self._next("Log")
        self.pen.type("Log", {row: {1: today, 2: "Ann", 3: "Cold call", 4: f"many {row}"}})
        self.bad.append(row)
        self.team.new_problems += 1

    def _settle(self, today: date) -> None:
        """Whoever keeps it running mends what they were told of; people pause their emails, move, or come back."""
        if self.bad and not self.team.new_problems:
            self.pen.type("Log", {self.bad.pop(): dict.fromkeys(range(1, 9))})
        member = self.random.choice(self.team.members)
        if self.random.random() < 0.5:
            member.mail = self.random.choice(("on", "on", "paused", "stop"))
        else:
            member.zone = self.random.choice(_ZONES)
        self._type_person(member)
        self.pen.type("Events", {self._next("Events"): {1: today, 2: member.name, 3: "Training"}})

    def _go_away(self, today: date) -> None:
        """Time off, that no earlier row covers; for everyone now and then."""
        who = self.random.choice(["", *(m.name for m in self.team.members)])
        first = today + self.random.randint(-3, 20) * DAY
        last = first + self.random.randint(0, 12) * DAY
        if any(o.first <= last and o.last >= first for o in self.team.off):
            return
        part = self.random.choice((Fraction(1), Fraction(1, 2)))
        self.team.off.append(Off(who, first, last, part))
        self.pen.type("Time off", {self._next("Time off"): {1: who or None, 2: first, 3: last, 4: float(part)}})
        self.team.replanned()

    def _aim(self, today: date) -> None:
        """A new target for everyone, from a day on."""
        activity = self.random.choice(self.team.activities)
        since = (today + self.random.randint(0, 14) * DAY).isoformat()
        if any((d.name, d.period) == (activity.name, since) for d in self.team.dated):
            return
        target = Fraction(self.random.randint(1, 12))
        self.team.dated.append(Dated(activity.name, "", since, target))
        cells: dict[int, Typed] = {1: activity.name, 3: date.fromisoformat(since), 4: int(target)}
        self.pen.type("Targets", {self._next("Targets"): cells})
        self.team.replanned()

    def come_and_go(self, number: int, today: date) -> bool:
        """One joins after forty days and each year, and leaves after 300 days. Whether somebody joined."""
        joined = number % 365 == 40
        if joined:
            count = len(self.team.members) + 1
            first = today if number % 2 else None
            member = Member(Who(f"Joiner{count}", first=first), count + 1, partner="Dana", group="North")
            self.team.members.append(member)
            self._type_person(member)
            self.pen.save()
        for member in self.team.members[2:]:
            if number % 365 == 340 and member.who.last is None:
                member.who.last = today + 5 * DAY
                self._type_person(member)
                self.team.replanned()
        return joined
