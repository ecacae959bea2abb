"""The People and Time off tabs: who takes part, on which days they work, and who their partner is."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from sheetsync.addresses import valid_address
from sheetsync.cells import fold
from sheetsync.errors import Problem
from sheetsync.names import Names
from sheetsync.periods import DAY, WEEKDAYS
from sheetsync.rows import Place, RowReader
from sheetsync.tables import Table

Mail = Literal["on", "paused", "stop"]
MONDAY_TO_FRIDAY = frozenset(range(5))
_HOURS_OF_A_WEEK = 168


@dataclass(frozen=True, slots=True)
class Person:
    """One row of People. `start` is the first day of work, `end` the day after the last one; None: open.

    `workdays` are 0 for Monday to 6; `holidays` is None for the workbook's own calendar, "" for none at all.
    `partner_day` is a weekday or None for the configured one.
    """

    name: str
    email: str = ""
    zone: str = ""
    partner: str = ""
    partner_email: str = ""
    partner_day: int | None = None
    mail: Mail = "on"
    workdays: frozenset[int] = MONDAY_TO_FRIDAY
    holidays: str | None = None
    hours: float | None = None
    group: str = ""
    start: date | None = None
    end: date | None = None
    place: Place = field(default=Place(), compare=False)


@dataclass(frozen=True, slots=True)
class TimeOff:
    """Days off `[start, end)` of one person (None: everyone); `half_days` is 2 for whole days, 1 for half ones."""

    who: str | None
    start: date
    end: date
    half_days: int
    note: str = ""
    place: Place = field(default=Place(), compare=False)


def parse_people(table: Table) -> tuple[list[Person], list[Problem]]:
    """The people, in order, and what could not be read. A row without a readable name is left out."""
    people: list[Person] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for number, cells in table.rows():
        row = RowReader(table, number, cells, problems)
        name = row.new_name("name")
        if not name:
            continue
        if fold(name) in seen:
            row.refuse("name", f"“{name}” is here twice", "names must differ; add an initial")
        else:
            seen.add(fold(name))
            people.append(_person(row, name))
    return people, problems


def _person(row: RowReader, name: str) -> Person:
    start, last = row.day("from"), row.day("until")
    if start and last and last < start:
        row.remark(
            "until",
            f"Until {last} is before From {start}",
            "correct one of them; the person counts as never here",
        )
    return Person(
        name=name,
        email=_address(row, "email"),
        zone=_zone(row),
        partner=row.text("partner"),
        partner_email=_address(row, "partner_email"),
        partner_day=_weekday(row),
        mail=_mail(row),
        workdays=_workdays(row),
        holidays=_holidays(row),
        hours=_hours(row),
        group=row.text("group"),
        start=start,
        end=last + DAY if last else None,
        place=row.place,
    )


def _address(row: RowReader, key: str) -> str:
    """The text as typed, whatever it is: who is left out of the mail is told what stands there."""
    text = row.text(key)
    if text and valid_address(text) is None:
        hint = "type one plain address, such as ann@example.com; nothing is mailed there until then"
        row.remark(key, f"“{text}” is not one mail address", hint)
    return text


def _zone(row: RowReader) -> str:
    zone = row.text("zone")
    if not zone:
        return ""
    try:
        return ZoneInfo(zone).key
    except (KeyError, ValueError, OSError):
        row.remark("zone", f"“{zone}” is no time zone", "such as Europe/London; the workbook's is used meanwhile")
        return ""


def _weekday(row: RowReader) -> int | None:
    text = row.text("partner_day")
    if not text:
        return None
    found = _weekday_number(fold(text))
    if found is None:
        row.remark("partner_day", f"“{text}” is no weekday", "such as Friday; the configured day is used meanwhile")
    return found


def _mail(row: RowReader) -> Mail:
    text = row.text("mail")
    wanted = fold(text)
    if wanted in {"", "on", "yes", "true"}:
        return "on"
    if wanted in {"stop", "off", "no", "false"}:
        return "stop"
    if wanted != "paused":
        row.remark("mail", f"“{text}” is neither on, paused nor stop", "mail is paused until it is one of them")
    return "paused"


def _holidays(row: RowReader) -> str | None:
    text = row.text("holidays")
    if not text:
        return None
    return "" if fold(text) in {"none", "no", "-"} else text.upper()


def _hours(row: RowReader) -> float | None:
    hours = row.number("hours")
    if hours is None or 0 <= hours <= _HOURS_OF_A_WEEK:
        return hours
    row.remark(
        "hours", f"{hours:g} hours a week", f"a week has {_HOURS_OF_A_WEEK}; the cell counts as blank meanwhile"
    )
    return None


def _workdays(row: RowReader) -> frozenset[int]:
    text = row.text("workdays")
    if not text:
        return MONDAY_TO_FRIDAY
    days = parse_workdays(text)
    if days is None:
        row.remark(
            "workdays",
            f"“{text}” are no weekdays",
            "such as Mon-Fri or Mon Tue Thu; Mon-Fri is used meanwhile",
        )
        return MONDAY_TO_FRIDAY
    return days


def _weekday_number(text: str) -> int | None:
    found = [n for n, day in enumerate(WEEKDAYS) if len(text) >= 2 and day.startswith(text.rstrip("."))]
    return found[0] if len(found) == 1 else None


def parse_workdays(text: str) -> frozenset[int] | None:
    """Weekdays such as `Mon-Fri`, `Mon, Wed, Fri` or `Sun-Thu` as numbers from 0 for Monday, or None."""
    days: set[int] = set()
    for part in re.split(r"[\s,;/+]+|\band\b", re.sub(r"\s*(?:-|–|\bto\b)\s*", "-", fold(text))):
        if not part:
            continue
        first, dash, last = part.partition("-")
        start, end = _weekday_number(first), _weekday_number(last if dash else first)
        if start is None or end is None:
            return None
        days.update((start + n) % 7 for n in range((end - start) % 7 + 1))
    return frozenset(days) if days else None


def parse_time_off(table: Table, people: Names) -> tuple[list[TimeOff], list[Problem]]:
    """The days off, and what could not be read. A flawed row counts for nothing."""
    times_off: list[TimeOff] = []
    problems: list[Problem] = []
    for number, cells in table.rows():
        row = RowReader(table, number, cells, problems)
        who, start, last = row.name("who", people), row.day("from"), row.day("until")
        part = row.number("part")
        if start is None and not row.flawed:
            row.refuse("from", "the first day off is missing", "type a date in From")
        if part not in {None, 1, 0.5}:
            row.refuse("part", "Part is neither 1 nor 0.5", "1 is a whole day off, 0.5 half of each")
        if start and last and last < start:
            row.refuse("until", f"Until {last} is before From {start}", "correct one of them")
        if not row.flawed and start is not None:
            half_days = 1 if part == 0.5 else 2
            times_off.append(TimeOff(who, start, (last or start) + DAY, half_days, row.text("note"), row.place))
    return times_off, problems
