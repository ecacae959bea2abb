"""Dates as people type them: read as the one day that was meant, or not at all."""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from dateutil.easter import easter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sheetsync.cells import Misread, read_date
from sheetsync.dates import EARLIEST, LATEST, readings

DAYS = st.dates(EARLIEST, LATEST)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Four digits, as a word of their own or at the head of eight.
FOUR_DIGITS = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)|(?<!\d)(19|20)\d{6}(?!\d)")
# Two digits where a year stands, or a year in words.
SHORT = re.compile(r"\d[-/.]\d\d?[-/.]\d\d(?!\d)|['’]\d\d(?!\d)|\b(of|first) \d\d$|\bnineteen (\w+ )*\w+$")
SINGLE = {"datetimeV2.date", "datetimeV2.datetime"}


@dataclass(frozen=True, slots=True)
class Published:
    """A text that somebody typed, and the days it may mean: none when it is no single day, or no day."""

    text: str
    meant: frozenset[str]


def published(data: Path, *names: str) -> list[Published]:
    """The matched texts of the published examples."""
    found = []
    for name in names:
        for case in json.loads((data / "dates" / name).read_text(encoding="utf-8-sig")):
            for result in case["Results"]:
                values = (result.get("Resolution") or {}).get("values", [])
                days = (
                    {str(value.get("value"))[:10] for value in values} if result.get("TypeName") in SINGLE else set()
                )
                meant = {day for day in days if re.fullmatch(r"\d{4}-\d\d-\d\d", day)}
                found.append(Published(result["Text"], frozenset(meant)))
    return found


def as_read(text: str) -> str | None:
    """The day as it is read from a cell, or None."""
    read = read_date(text)
    return None if isinstance(read, Misread) else read.isoformat()


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("names", "goal", "count"),
    [
        (("english_datetime.json",), 0.90, 49),
        (("english_dayfirst_datetime.json",), 1.00, 7),
        (("english_datetime.json", "english_dayfirst_datetime.json"), 0.90, 56),
    ],
)
def test_published_dates_with_a_year(data: Path, names: tuple[str, ...], goal: float, count: int) -> None:
    """Of the published dates with a year of four digits in them, 9 in 10 and more are read right."""
    dated = [case for case in published(data, *names) if case.meant and FOUR_DIGITS.search(case.text)]
    right = [case for case in dated if as_read(case.text) in case.meant]
    assert len(dated) == count
    assert len(right) / len(dated) >= goal, [case.text for case in dated if case not in right]


@pytest.mark.realdata
def test_published_dates_with_any_kind_of_year(data: Path) -> None:
    """Counting years of two digits and in words too, three in four are read: 12/12/30 is in which century?"""
    both = published(data, "english_datetime.json", "english_dayfirst_datetime.json")
    dated = [case for case in both if case.meant and (FOUR_DIGITS.search(case.text) or SHORT.search(case.text))]
    right = [case for case in dated if as_read(case.text) in case.meant]
    assert len(dated) >= 65 and len(right) / len(dated) >= 0.75


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["english_datetime.json", "english_dayfirst_datetime.json"])
def test_no_published_text_is_read_wrong(data: Path, name: str) -> None:
    """Ranges, times, durations, days without a year, days that never were: none is read as another day."""
    for case in published(data, name):
        for text in (case.text, case.text.title(), case.text.upper(), f" {case.text} "):
            assert as_read(text) in {None, *case.meant}, text


def spellings(day: date) -> Iterator[str]:
    """A day as people write it, in ways that can mean this day only."""
    d, y, full, short = day.day, day.year, f"{day:%B}", f"{day:%b}"
    ordinal = f"{d}{'th' if 10 < d < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(d % 10, 'th')}"
    iso = day.isoformat()
    yield from (
        iso,
        f"{day:%Y/%m/%d}",
        f"{day:%Y.%m.%d}",
        f"{y}-{day.month}-{d}",
        f"{y} {day.month} {d}",
        f"{day:%Y%m%d}",
    )
    yield from (f"{d} {full} {y}", f"{d}. {short}. {y}", f"{d}-{short}-{y}", f"{d}{short}{y}", f"{short}-{d}-{y}")
    yield from (
        f"{full} {d}, {y}",
        f"{full} {ordinal} {y}",
        f"the {ordinal} of {full}, {y}",
        f"{ordinal} day of {short} {y}",
    )
    yield from (f"{y}/{short}/{d}", f"{y} {full} {d}", f"{d} {short} in {y}", f"on {short.upper()} {ordinal}, {y}")
    yield from (f"{day:%A}, {full} {d}, {y}", f"{day:%a} {d} {short} {y}", f"{iso} ({day:%a})", f"{day:%a} {iso}")
    yield from (
        f"{iso}T17:49:19Z",
        f"{iso} 6:30 pm",
        f"{short} {d}, {y} at 5pm",
        f"8.30am {d} {short} {y}",
        f"{iso}T08:05:00+02:00",
    )
    yield from (
        iso.translate({n + 48: n + 0xFF10 for n in range(10)}),
        iso.translate({n + 48: n + 0x660 for n in range(10)}),
    )
    yield from (f"\u00a0{d}\u00a0{short}\u00a0{y} ", f"{y}\u2011{day:%m}\u2011{day:%d}", f"{iso}.", f"“{iso}”")


@given(DAYS)
@example(date(2000, 2, 29))
@settings(max_examples=150)
def test_a_written_day_is_read_as_itself(day: date) -> None:
    """Year first, or with the month in letters, a text means one day, with or without weekday and time."""
    for text in spellings(day):
        assert as_read(text) == day.isoformat(), text


def test_every_day_is_read_back() -> None:
    """Each day from 1970 to 2199 is read back, in one spelling after the other."""
    days = (LATEST - EARLIEST).days + 1
    count = len(list(spellings(EARLIEST)))
    for number in range(days):
        day = EARLIEST + timedelta(days=number)
        text = list(spellings(day))[number % count] if number % 7 == 0 else f"{day.day} {day:%b} {day.year}"
        assert readings(text) == [day], text


@given(DAYS, st.sampled_from(["/", ".", "-", " ", " / "]))
def test_day_and_month_in_digits_are_never_guessed(day: date, gap: str) -> None:
    """3/5/2026 is March or May: the answer names both, unless they are one day or only one exists."""
    for first, second in ((day.day, day.month), (day.month, day.day)):
        read = readings(f"{first}{gap}{second}{gap}{day.year}")
        assert day in read and len(read) == (2 if day.day <= 12 and day.day != day.month else 1)


@given(DAYS, st.integers(1, 6))
def test_a_weekday_must_agree(day: date, later: int) -> None:
    """Another day's weekday makes it no date; of two readings the weekday tells which is meant."""
    wrong = day + timedelta(days=later)
    assert not readings(f"{wrong:%A} {day.day} {day:%B} {day.year}")
    assert day in readings(f"{day:%a} {day.day}/{day.month}/{day.year}")
    other = readings(f"{day.month}/{day.day}/{day.year}")
    assert readings(f"{day:%a} {day.month}/{day.day}/{day.year}") == [
        d for d in other if d.weekday() == day.weekday()
    ]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("14 Feb '26", ["2026-02-14"]), ("Feb 3rd, 26", ["2026-02-03"]), ("15 April of 87", ["1987-04-15"]),
        ("January first 12", ["2012-01-01"]), ("14 Feb 26", ["2014-02-26", "2026-02-14"]),
        ("5 Feb 05", ["2005-02-05"]), ("29 Feb 26", []), ("30 Feb 26", []), ("14 Feb 45", []),
        ("5/6/26", []), ("12/13/14", []), ("03/18/40", []),
        ("'26-02-14", []), ("14 Feb ’2026", []), ("14/2/'26", []),
    ],
)  # fmt: skip
def test_years_of_two_digits(text: str, days: list[str]) -> None:
    """Two digits are a year beside a month in letters, where they cannot be the day; 30 to 69 never are."""
    assert [day.isoformat() for day in readings(text)] == days


@pytest.mark.parametrize("year", [1999, 2010, 2024, 2026, 2027])
def test_days_with_names(year: int) -> None:
    """Days that have a name, and a year."""
    assert readings(f"Easter {year}") == readings(f"easter sunday, {year}") == [easter(year)]
    assert readings(f"Good Friday {year}") == [easter(year) - timedelta(days=2)]
    assert readings(f"St. Patrick’s Day {year}") == readings(f"saint patrick {year}") == [date(year, 3, 17)]
    assert readings(f"Christmas Eve {year}") == [date(year, 12, 24)]
    [friday] = readings(f"Black Friday {year}")
    assert friday.weekday() == 4 and 23 <= friday.day <= 29 and friday.month == 11
    assert not readings(f"week of Easter {year}") and not readings("Easter") and not readings("Easter 1900")


@pytest.mark.parametrize(
    "text",
    [
        "14-15 Feb 2026", "14–15 Feb 2026", "2026-02-14 2026-02-15", "2026-02-14 to 2026-02-15", "Feb 14 and 15 2026",
        "before 14 Feb 2026", "since 2026-02-14", "by 2026-02-14", "2 weeks before May 13 1999", "until 2026-02-14",
        "16 days from 01/02/2018", "Monday 14 Feb 2026", "Mon Sat 14 Feb 2026", "Feb March 14 2026", "Feb 2026",
        "14 Feb", "2026", "02/2026", "2026-W07", "2026-Q1", "10:30", "tomorrow", "14 Feb 02026", "14 Feb 20261",
        "2026-02-30", "31/02/2026", "2026-13-01", "2026-00-10", "2026-02-00", "0026-02-14", "2300-01-01",
        "1900-01-01", "1/2.2026", "1-2/2026", "2026-02/14", "2026--02--14", "14 Feb -2026 ½", "2026-02-1²",
        "14 Feb 2026?", "~2026-02-14", "2026-02-14 10:00 ABC", "2026-02-14 25:00", "2026-02-14 10:99", "=2026-02-14",
        "14 февраля 2026", "14 Feb 2026 🎉", "202602144", "2026021", "20261402", "2026.0214", "2026-02-14" * 8,
        "second Monday of February 2015", "3rd Sunday of May 2026", "1st of Thu, May 2026", "last Friday May 1 2026",
        "2026-05-12T24:00", "14 Feb\u200d 2026", "14 F\u0435b 2026", "14 Feb 2026\u202e", "14\u20442\u20442026",
    ],
)  # fmt: skip
def test_texts_that_are_no_single_day(text: str) -> None:
    """Two days, half a date, a day that never was, or a word that may change which day is meant: no day."""
    assert isinstance(read_date(text), Misread)


PIECES = """
2026 1999 '26 14 2 02 31 29 0 20260214 feb February MAY Sat mon the of in on day at noon 5pm 10:30 10:30Z T10:00 first
twenty-first 4th 22nd - / . , ( ) @ ’ ½ ² ٢ ２ – until easter christmas to &
"""
ALMOST = st.lists(st.one_of(st.sampled_from(PIECES.split()), st.text(max_size=3)), max_size=9)


@given(ALMOST, st.sampled_from(["", " ", "-", "/"]))
@settings(max_examples=600)
def test_no_day_is_read_that_is_not_in_the_text(parts: list[str], gap: str) -> None:
    """Whatever is typed is read without a crash, and of a day that is read, year, month and day stand in the text."""
    text = gap.join(parts)
    for day in readings(text):
        assert EARLIEST <= day <= LATEST
        seen = "".join(str(unicodedata.decimal(c, c)) for c in text).lower()
        if re.search("easter|christmas", seen):
            assert str(day.year) in seen
            continue
        assert f"{day:%y}" in seen
        assert MONTHS[day.month - 1] in seen or re.search(rf"0?{day.month}", seen)
        assert re.search(rf"0?{day.day}", seen) or re.search("first|twenty", seen)


def test_a_number_of_eight_digits() -> None:
    """Spreadsheets take 20260214 for a number; it is no serial number of any day that counts."""
    assert read_date(20260214) == read_date(20260214.0) == date(2026, 2, 14)
    assert isinstance(read_date(20260230.0), Misread) and isinstance(read_date(20260214.5), Misread)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)))  # noqa: DTZ001
def test_times_do_not_move_the_day(moment: datetime) -> None:
    """The time of day is dropped, whatever its zone: people mean the day that they typed."""
    for time in (
        f"{moment:%H:%M:%S}",
        f"{moment:%I:%M %p}",
        f"{moment:%H:%M} UTC",
        f"{moment:%I:%M:%S %p} GMT+01:00",
    ):
        assert readings(f"{moment:%Y-%m-%d} {time}") == readings(f"{moment:%B %-d, %Y} at {time}") == [moment.date()]
    assert readings(moment.isoformat()) == readings(f"{moment:%a %b %d %Y %H:%M:%S} GMT-0800") == [moment.date()]
