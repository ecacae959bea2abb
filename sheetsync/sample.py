"""A believable year of three salespeople for `sheetsync demo`: what they would have typed until this morning.

Ann is steady, Ben fades after January, Carla joined half a year ago. Each person's day is drawn from a generator
seeded with that day and person, so a day always looks the same. A handful of rows hold mistakes, as real logs do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sheetsync.cells import Cell, serial
from sheetsync.periods import DAY, Cadence, Calendar, Period
from sheetsync.sample_texts import ANNUAL, BRANCHES, COMPANIES, DAILY, MONTHLY, NOTES, PARTNER, QUARTERLY, WEEKLY

Row = dict[str, Cell]

_HISTORY = timedelta(days=364)
_ENOUGH_OF_A_YEAR = timedelta(weeks=10)
_MONDAY_TO_FRIDAY, _MONDAY_TO_THURSDAY = range(5), range(4)

# How often each thing is logged on an ordinary working day, for a person with intensity 1.
_RATES = {"Cold call": 1.6, "Invitation": 0.8, "Follow-up": 1.35, "Meeting": 0.63, "Order won": 0.14}
_TALLIED = ("Cold call", "Invitation", "Follow-up")

_TARGETS = {"Ann": 400_000, "Ben": 240_000, "Carla": 110_000}
_QUARTERLY_OF_BEN = (72_000, 60_000, 48_000, 60_000)


@dataclass(frozen=True, slots=True)
class _Person:
    """Who logs, when, and how eagerly: `intensity` is 1 for an ordinary day, `deal` the usual size of an order."""

    name: str
    start: date
    workdays: range
    deal: int
    quality: tuple[int, ...]
    intensity: Callable[[date, Period], float]


def sample_year(today: date, calendar: Calendar) -> Period:
    """The plan's fiscal year: the one holding `today`, or the one before while this one is younger than ten weeks."""
    year = calendar.containing(Cadence.YEAR, today)
    return year if today - year.start >= _ENOUGH_OF_A_YEAR else calendar.previous(year)


def sample_rows(today: date, calendar: Calendar) -> dict[str, list[Row]]:
    """The rows people typed until the morning of `today`, by the tab's key, each by column key.

    Tab and column keys are those of the template `sales`; a row of `tally` has its activities' names as further keys.
    """
    team = _team(today)
    log, tally = _logged(team, today, calendar)
    return {
        "people": _people(team),
        "goals": _goals(),
        "activities": _activities(),
        "targets": _targets(team, today, calendar),
        "time_off": _time_off(today),
        "events": [_event(today)],
        "log": [*_with_mistakes(log, today), _late_deal(today)],
        "tally": tally,
        "daily": _daily(team, today),
        **_weekly_reviews(team, today, calendar),
        **_long_reviews(team, today, calendar),
    }


def _team(today: date) -> tuple[_Person, ...]:
    joined = (today - timedelta(days=180)).replace(day=1)
    first = today - _HISTORY
    return (
        _Person("Ann", first, _MONDAY_TO_FRIDAY, 7200, (3, 4, 4, 5, 5), _of_ann),
        _Person("Ben", first, _MONDAY_TO_FRIDAY, 6800, (2, 3, 3, 4), _of_ben),
        _Person("Carla", joined, _MONDAY_TO_THURSDAY, 5200, (3, 3, 4, 5), _of_carla),
    )


def _of_ann(day: date, week: Period) -> float:
    if _seeded(day, "Ann", "slow").random() < 0.02:
        return 0.0
    return _seeded(week.start, "Ann").choice((0.9, 1.0, 1.0, 1.05, 1.1, 1.1, 1.5))


def _of_ben(day: date, week: Period) -> float:
    """Strong in January, less each month, silent in some weeks, everything at once in a month's last days."""
    if (day + timedelta(days=4)).month != day.month:
        return 1.3
    if day.month > 2 and _seeded(week.start, "Ben").random() < 0.28:
        return 0.0
    return max(0.3, 1.25 - 0.14 * (day.month - 1))


def _of_carla(day: date, week: Period) -> float:  # noqa: ARG001  every person is asked for the same day and week
    return _seeded(week.start, "Carla").choice((0.8, 1.0, 1.0, 1.15))


def _seeded(day: date, *what: str) -> Random:
    return Random(f"sheetsync {day} {what}")  # noqa: S311  a story, not a secret


def _workday(day: date) -> date:
    """The day, or the Friday before when it is a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _latest(month: int, day: int, today: date) -> date:
    """The last time that this day of the year was, before today."""
    this_year = date(today.year, month, day)
    return this_year if this_year < today else date(today.year - 1, month, day)


def _closed(day: date) -> bool:
    """The office is closed from Christmas to New Year's Day."""
    return (day.month, day.day) >= (12, 25) or (day.month, day.day) == (1, 1)


def _summer(today: date) -> tuple[date, date]:
    """Ann's two weeks off, first and last day: the latest that are over."""
    augusts = [date(today.year - ago, 8, 1) for ago in (0, 1)]
    last = next(end for first in augusts if (end := first + timedelta(days=-first.weekday() % 7 + 11)) < today)
    return last - timedelta(days=11), last


# ---- the plan -----------------------------------------------------------------------------------------------------


def _people(team: tuple[_Person, ...]) -> list[Row]:
    partners = {"Ann": "Ben", "Ben": "Ann", "Carla": "Dana Reed"}
    return [
        {
            "name": person.name,
            "email": f"{person.name.lower()}@example.com",
            "partner": partners[person.name],
            "partner_email": f"{partners[person.name].split()[0].lower()}@example.com",
            "mail": "on",
            "workdays": "Mon-Thu" if person.name == "Carla" else "Mon-Fri",
            "hours": 28 if person.name == "Carla" else 37,
            "group": "South" if person.name == "Carla" else "North",
            "from": serial(person.start) if person.name == "Carla" else None,
        }
        for person in team
    ]


def _goals() -> list[Row]:
    why = {
        "Ann": "A second engineer, so that weekends are free again",
        "Ben": "To hand the small accounts over",
        "Carla": "To show that the south can carry itself",
    }
    baseline = {"Ann": 352_000, "Ben": 231_000, "Carla": None}
    revenue: list[Row] = [
        {"goal": "Revenue", "who": who, "measured_by": "Order won", "of": "amount", "baseline": baseline[who],
         "target": target, "why": why[who]}
        for who, target in _TARGETS.items()
    ]  # fmt: skip
    customers: Row = {
        "goal": "New customers", "measured_by": "New customer", "of": "count", "target": 18,
        "why": "Regulars come from somewhere",
    }  # fmt: skip
    return [*revenue, customers]


def _activities() -> list[Row]:
    planned: tuple[tuple[str, int, str, str, int, int], ...] = (
        ("Cold call", 10, "week", "New customers", 15, 1),
        ("Invitation", 5, "week", "New customers", 10, 1),
        ("Follow-up", 2, "working day", "Revenue", 10, 1),
        ("Meeting", 3, "week", "Revenue", 60, 2),
        ("Article", 1, "month", "New customers", 240, 1),
    )
    keys = ("activity", "target", "every", "serves", "minutes", "weight")
    rows: list[Row] = [dict(zip(keys, values, strict=True)) for values in planned]
    return [*rows, {"activity": "Order won"}, {"activity": "New customer"}]


def _targets(team: tuple[_Person, ...], today: date, calendar: Calendar) -> list[Row]:
    """Ben's quarters add up to his year; Carla began with fewer calls."""
    years = {sample_year(today, calendar), calendar.containing(Cadence.YEAR, today)}
    rows: list[Row] = [
        {"name": "Revenue", "who": "Ben", "period": quarter.label, "target": target}
        for year in sorted(years)
        for quarter, target in zip(
            calendar.between(Cadence.QUARTER, year.start, year.end - DAY), _QUARTERLY_OF_BEN, strict=True
        )
    ]
    carla = next(person for person in team if person.name == "Carla")
    return [*rows, {"name": "Cold call", "who": "Carla", "period": carla.start.isoformat(), "target": 8}]


def _time_off(today: date) -> list[Row]:
    first, last = _summer(today)
    half, christmas = _workday(today - timedelta(days=23)), _latest(12, 25, today)
    new_year = date(christmas.year + 1, 1, 1)
    rows: list[tuple[str | None, date, date, float, str]] = [
        ("Ann", first, last, 1, "Summer holiday"),
        (None, christmas, new_year, 1, "The office is closed"),
        ("Ben", half, half, 0.5, "Dentist in the afternoon"),
    ]
    return [
        {"who": who, "from": serial(start), "until": serial(end), "part": part, "note": note}
        for who, start, end, part, note in sorted(rows, key=lambda row: row[1])
    ]


def _event(today: date) -> Row:
    day = _workday(today - timedelta(days=130))
    return {"date": serial(day), "event": "Phone training", "note": "Two days with an outside trainer, all of us"}


# ---- what was done ------------------------------------------------------------------------------------------------


def _logged(team: tuple[_Person, ...], today: date, calendar: Calendar) -> tuple[list[Row], list[Row]]:
    """Log and Tally, by date. Of today there is only the morning."""
    log: list[Row] = []
    tally: list[Row] = []
    for offset in range(_HISTORY.days + 1):
        day = today - _HISTORY + timedelta(days=offset)
        for person in team:
            if not _works(person, day, today):
                continue
            rows = list(_day(person, day, calendar))
            if day == today:
                rows = [row for row in rows if row["activity"] == "Cold call"][:2]
            if person.name == "Carla" and day.weekday() in (0, 3):
                tally += _tallied(rows, day)
                rows = [row for row in rows if row["activity"] not in _TALLIED]
            log += rows
    return log, tally


def _works(person: _Person, day: date, today: date) -> bool:
    if day < person.start or _closed(day):
        return False
    first, last = _summer(today)
    if person.name == "Ann" and first <= day <= last:
        return False
    # Once in a while somebody answers a customer on a Saturday.
    return day.weekday() in person.workdays or (day.weekday() == 5 and _seeded(day, person.name).random() < 0.03)


def _day(person: _Person, day: date, calendar: Calendar) -> Iterator[Row]:
    """One person's rows of a day."""
    random = _seeded(day, person.name, "day")
    intensity = person.intensity(day, calendar.containing(Cadence.WEEK, day))
    for activity, rate in _RATES.items():
        mean = rate * intensity * (0.25 if day.weekday() == 5 else 1)
        for _ in range(int(mean) + (random.random() < mean % 1)):
            row = _row(person, day, activity, random)
            yield row
            if activity == "Order won" and random.random() < 0.45:
                yield {**row, "activity": "New customer", "amount": None, "notes": None}
    if intensity > 0.5 and day == _article_day(person, day):
        title = random.choice(NOTES["Article"])
        yield {"date": serial(day), "who": person.name, "activity": "Article", "notes": f"“{title}”"}


def _row(person: _Person, day: date, activity: str, random: Random) -> Row:
    row: Row = {"date": serial(day), "who": person.name, "activity": activity}
    row["contact"] = f"{random.choice(COMPANIES)} {random.choice(BRANCHES)}"
    if activity in _TALLIED and random.random() < 0.35:
        row["count"] = random.choice((2, 2, 3))
        row["contact"] = None
    if activity == "Meeting":
        row["quality"] = random.choice(person.quality)
    if activity == "Order won":
        row["amount"] = max(900, round(random.lognormvariate(0, 0.6) * person.deal / 50) * 50)
    if random.random() < 0.35:
        row["notes"] = random.choice(NOTES[activity])
    return row


def _article_day(person: _Person, day: date) -> date:
    """The day of the month on which this person finishes an article."""
    chosen = day.replace(day=_seeded(day.replace(day=1), person.name, "article").randint(6, 24))
    return max(d for ago in range(5) if (d := chosen - timedelta(days=ago)).weekday() in person.workdays)


def _tallied(rows: list[Row], day: date) -> list[Row]:
    counts: Row = {}
    for activity in _TALLIED:
        done = sum(int(row.get("count") or 1) for row in rows if row["activity"] == activity)
        counts[activity] = done or None
    return [{"date": serial(day), "who": "Carla", **counts}] if any(counts.values()) else []


def _late_deal(today: date) -> Row:
    day = _workday(today - timedelta(days=38))
    return {
        "date": serial(day), "who": "Ann", "activity": "Order won", "amount": 64_000, "contact": "Meridian Hotels",
        "notes": "framework for all six houses; the signed copy only came now",
    }  # fmt: skip


def _with_mistakes(log: list[Row], today: date) -> list[Row]:
    """The log with the slips that people make: seven that cannot be used as typed, and a text date that can."""
    slips: tuple[tuple[float, Row], ...] = (
        (0.15, {"activity": "cold cal"}),
        (0.35, {"count": "2 calls"}),
        (0.55, {"who": "Bne"}),
        (0.75, {"count": -2}),
        (0.90, {"activity": None}),
        (0.97, {"date": serial(today + timedelta(days=330))}),
    )
    rows = list(log)
    for share, slip in slips:
        at = next(n for n in range(int(share * len(rows)), len(rows)) if rows[n]["activity"] == "Cold call")
        rows[at] = {**rows[at], **slip}
    for day, text in ((_latest(4, 3, today), "03/04/{}"), (_latest(3, 5, today), "5 Mar {}")):
        at = next(n for n, row in enumerate(rows) if isinstance(row["date"], int) and row["date"] > serial(day))
        slip_row: Row = {
            "date": text.format(day.year),
            "who": "Ann",
            "activity": "Invitation",
            "contact": "Sable Tools",
        }
        rows.insert(at, slip_row)
    return rows


# ---- the reviews --------------------------------------------------------------------------------------------------


def _daily(team: tuple[_Person, ...], today: date) -> list[Row]:
    """The plans of the last ten days; this morning there is a plan and no review yet. Ben writes few."""
    rows: list[Row] = []
    for ago in range(10, -1, -1):
        day = today - timedelta(days=ago)
        for number, person in enumerate(team):
            off = day.weekday() not in person.workdays or not _works(person, day, today)
            if off or (person.name == "Ben" and ago % 3):
                continue
            plan, review, following = DAILY[(day.toordinal() + 3 * number) % len(DAILY)]
            row: Row = {"period": serial(day), "who": person.name, "plan": plan}
            rows.append(row if ago == 0 else {**row, "review": review, "next": following})
    return rows


def _weekly_reviews(team: tuple[_Person, ...], today: date, calendar: Calendar) -> dict[str, list[Row]]:
    """The weekly and the partner tab of the last eight weeks whose Friday is over. Ben does every other."""
    weeks = list(calendar.between(Cadence.WEEK, today - timedelta(weeks=8), today))
    weekly: list[Row] = []
    partner: list[Row] = []
    for number, week in enumerate(weeks):
        friday = week.start + timedelta(days=(4 - week.start.weekday()) % 7)
        for person in team:
            if friday >= today or (person.name == "Ben" and number % 2):
                continue
            key: Row = {"period": week.label, "who": person.name}
            turn = number // 2 if person.name == "Ben" else number
            texts, talks = WEEKLY[person.name], PARTNER[person.name]
            weekly.append({**key, **dict(zip(("review", "goals", "actions"), texts[turn % len(texts)], strict=True))})
            said = dict(
                zip(("progress", "hassles", "next_action", "promise_kept"), talks[turn % len(talks)], strict=True)
            )
            met = friday - DAY if person.name == "Carla" else friday
            partner.append({**key, "met_on": serial(met), **said})
    return {"weekly": weekly, "partner": partner}


def _long_reviews(team: tuple[_Person, ...], today: date, calendar: Calendar) -> dict[str, list[Row]]:
    """The last three closed months, this quarter and the one before, and this year."""
    month = calendar.containing(Cadence.MONTH, today)
    quarter, year = (calendar.containing(cadence, today) for cadence in (Cadence.QUARTER, Cadence.YEAR))
    months = list(calendar.between(Cadence.MONTH, month.start - timedelta(days=80), month.start - DAY))
    monthly: list[Row] = []
    for number, closed in enumerate(months):
        for place, person in enumerate(team):
            if person.name == "Ben" and number == len(months) - 1:
                continue
            said = dict(
                zip(("doing", "headed", "next", "ideas"), MONTHLY[(number + place) % len(MONTHLY)], strict=True)
            )
            monthly.append({"period": closed.label, "who": person.name, **said})
    return {
        "monthly": monthly,
        "quarterly": [_quarterly(q, p.name) for q in (calendar.previous(quarter), quarter) for p in team],
        "annual": [_annual(year, person.name) for person in team],
    }


def _quarterly(quarter: Period, who: str) -> Row:
    keys = ("priority_1", "priority_2", "priority_3", "must", "actions")
    share = _TARGETS[who] // 12
    months: Row = {f"month_{n}": round(share * part / 500) * 500 for n, part in ((1, 0.9), (2, 1), (3, 1.1))}
    return {
        "period": quarter.label,
        "who": who,
        **dict(zip(keys, QUARTERLY[who][0], strict=True)),
        **months,
    }


def _annual(year: Period, who: str) -> Row:
    said = dict(zip(("picture", "todo", "will_it"), ANNUAL[who][0], strict=True))
    return {"period": year.label, "who": who, "target": _TARGETS[who], **said}
