"""What counts as a date when a person types it as text: a day, a month and a year, each of them there to be seen.

A month in letters may stand anywhere; in digits, the year comes first and then the month, or it comes last and day
and month may be either way round, which gives two readings. A weekday must agree, a time of day is dropped, and
anything else in the text means that it is no date. A year has four digits; two are enough beside a month in letters
where they cannot be the day. A day that has a name has no month: Easter 2026 (the western churches').
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth", "twenty first", "twenty second", "twenty third", "twenty fourth", "twenty fifth", "twenty sixth",
    "twenty seventh", "twenty eighth", "twenty ninth", "thirtieth", "thirty first",
)  # fmt: skip


def _numbered(names: tuple[str, ...], *others: tuple[str, int]) -> dict[str, int]:
    """The number of each name, from 1; also of its first three letters, and of these others."""
    numbers = {name: number for number, name in enumerate(names, 1)}
    return {**numbers, **{name[:3]: number for name, number in numbers.items()}, **dict(others)}


_MONTH = _numbered(_MONTHS, ("sept", 9))
_WEEKDAY = _numbered(_WEEKDAYS, ("tues", 2), ("weds", 3), ("thur", 4), ("thurs", 4))
_DAY = {name: number for number, name in enumerate(_ORDINALS, 1)}
_FILLING = frozenset(("the", "of", "day", "on", "in"))
_FEASTS = {
    "new year's day": (1, 1), "valentine's day": (2, 14), "saint patrick": (3, 17), "earth day": (4, 22),
    "halloween": (10, 31), "christmas eve": (12, 24), "christmas": (12, 25), "boxing day": (12, 26),
    "new year's eve": (12, 31),
}  # fmt: skip
_AFTER_EASTER = {"good friday": -2, "easter": 0, "easter sunday": 0, "easter monday": 1}
_BLACK_FRIDAY = "black friday"
_LAST_SHORT_YEAR, _FIRST_SHORT_YEAR = 2029, 1970  # 30 to 69 mean one century to one program, another to the next

_LONGEST = 60
_CLOCK = (
    r"(?:(?:[01]?\d|2[0-3])(?::[0-5]\d){1,2}(?:[.,]\d{1,9})?\s*(?:[ap]\.?m?\.?)?"
    r"|(?:0?\d|1[0-2])(?:\.[0-5]\d)?\s*[ap]\.?m\.?)"
)
_ZONE = r"(?:\s*(?:z|(?:utc|gmt)?(?:[+-]\d\d?(?::?\d\d)?)?))?"
_TIME_AFTER = re.compile(rf"(?:(?<=\d)t|[\s,]+(?:at\s+|@\s*)?|@\s*){_CLOCK}{_ZONE}$|(?:\s+at\s+|\s*@\s*)\d\d?$")
_TIME_BEFORE = re.compile(rf"^(?:at\s+)?{_CLOCK}(?:\s*,\s*|\s+)")
_TOKEN = re.compile(
    r"(?P<number>\d+)(?P<ordinal>(?:st|nd|rd|th)(?![a-z]))?|['’](?P<short>\d\d)(?!\d)"
    r"|(?P<word>(?:twenty|thirty)[\s-]+[a-z]+|[a-z]+)\.?|[\s,./()-]+"
)
_IN_DIGITS = re.compile(
    r"(?P<year>\d{4})(?:(?P<gap>\s*[-/.]\s*|\s+)(?P<month>\d\d?)(?P=gap)(?P<day>\d\d?)|(?P<mm>\d\d)(?P<dd>\d\d))"
    r"|(?P<one>\d\d?)(?P<between>\s*[-/.]\s*|\s+)(?P<other>\d\d?)(?P=between)(?P<last>\d{4})"
)
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_FEAST = re.compile(r"(?P<name>[a-z'. ]+?)(?:,? (?:of |in )?)(?P<year>\d{4})")
_AROUND = ' ,.;"“”'


# The second Monday of February is seldom the 2nd.
_NTH_WEEKDAY = re.compile(
    rf"(?<!\d)(?:[1-5](?:st|nd|rd|th)|{'|'.join(_ORDINALS[:5])}|last)\s+(?:of\s+)?(?:{'|'.join(_WEEKDAY)})\b"
)


def readings(text: str) -> list[date]:
    """The days from 1970 to 2199 that a text can mean, in order; none when it is no date."""
    if len(text) > _LONGEST:
        return []
    typed = _TIME_BEFORE.sub("", _TIME_AFTER.sub("", _plain(text).strip(_AROUND))).strip(_AROUND)
    if _NTH_WEEKDAY.search(typed):
        return []
    days = {day for day in _readings(typed) if EARLIEST <= day <= LATEST}
    weekdays = {_WEEKDAY[word] for word in re.findall("[a-z]+", typed) if word in _WEEKDAY}
    return sorted(day for day in days if weekdays <= {day.isoweekday()})


def _readings(typed: str) -> Iterable[date]:
    """What a text without its time can mean, whatever its weekday."""
    feast = _FEAST.fullmatch(typed.replace("’", "'"))
    if feast and (found := _feast(feast["name"], int(feast["year"]))):
        return [found]
    taken = _taken_apart(typed)
    if taken is None:
        return []
    numbers, words = taken
    return _in_digits(typed, words) if words <= _WEEKDAY.keys() | _FILLING else _in_letters(numbers, words)


def _feast(name: str, year: int) -> date | None:
    """The day with a name in a year."""
    from dateutil.easter import easter

    if not EARLIEST.year <= year <= LATEST.year:
        return None
    name = re.sub(r"^st\.? ", "saint ", name)
    name = re.sub(r"^(saint patrick|christmas)(?:'s)?(?: day)?$", r"\1", name)
    if name in _FEASTS:
        return date(year, *_FEASTS[name])
    if name in _AFTER_EASTER:
        return easter(year) + timedelta(days=_AFTER_EASTER[name])
    return _day_after_thanksgiving(year) if name == _BLACK_FRIDAY else None


def _day_after_thanksgiving(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)


def _plain(text: str) -> str:
    """Small letters, one kind of dash, and the digits of every script as our own."""
    if text.isascii():
        return text.lower()
    return "".join(map(_plain_character, text.translate(_DASHES))).lower()


def _plain_character(character: str) -> str:
    if character.isdecimal():
        return str(int(character))
    is_wide = "\uff01" <= character <= "\uff5e"  # the full-width forms of ASCII
    return chr(ord(character) - 0xFEE0) if is_wide else " " if character.isspace() else character


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of the text: whether it can be the day, and the year it can be, if only perhaps."""

    is_day: bool
    value: int
    year: int | None
    perhaps: bool = False


def _number(token: re.Match[str]) -> _Number:
    digits = token["number"] or token["short"]
    value = int(digits)
    if len(digits) == 4:
        return _Number(False, 0, value)
    year, perhaps = None, False
    if len(digits) == 2 and not token["ordinal"]:
        year = next((y for y in (1900 + value, 2000 + value) if _FIRST_SHORT_YEAR <= y <= _LAST_SHORT_YEAR), None)
        perhaps = year is None
    return _Number(
        len(digits) <= 2 and value <= 31 and not token["short"], value, 2000 + value if perhaps else year, perhaps
    )


def _taken_apart(text: str) -> tuple[list[_Number], set[str]] | None:
    """The numbers and the words of a text, or None when there is anything else in it."""
    numbers: list[_Number] = []
    words: list[str] = []
    end = 0
    while end < len(text):
        token = _TOKEN.match(text, end)
        if token is None:
            return None
        end = token.end()
        if token["word"]:
            words.append(" ".join(token["word"].replace("-", " ").split()))
        elif token["number"] or token["short"]:
            numbers.append(_number(token))
    once = [word for word in words if word not in _FILLING]
    known = _MONTH.keys() | _WEEKDAY.keys() | _DAY.keys() | _FILLING
    return (numbers, set(words)) if len(set(once)) == len(once) and known.issuperset(once) else None


def _in_letters(numbers: list[_Number], words: set[str]) -> list[date]:
    """A month's name, a day and a year, in any order; a day may be an ordinal in letters."""
    months = [_MONTH[word] for word in words if word in _MONTH]
    parts = [*numbers, *(_Number(True, _DAY[word], None) for word in words if word in _DAY)]
    if len(months) != 1 or len(parts) != 2:
        return []
    ways = [(d, y) for d, y in (parts, parts[::-1]) if d.is_day and y.year is not None]
    if all(year.perhaps for _, year in ways):
        return []
    days = [day for number, year in ways for day in _day(year.year or 0, months[0], number.value)]
    # "29 Feb 26" is a slip, and no day of the year 29; "30 Aug 07" may be meant as a day of 2030.
    return days if len(days) == len(ways) else []


def _in_digits(text: str, words: set[str]) -> Iterator[date]:
    """Three numbers with the same between them, or eight digits."""
    for word in words:
        text = re.sub(rf"\b{word}\b\.?", "", text)
    found = _IN_DIGITS.fullmatch(text.replace("(", " ").replace(")", " ").strip(_AROUND))
    if found is None:
        return
    if found["year"]:
        yield from _day(int(found["year"]), int(found["month"] or found["mm"]), int(found["day"] or found["dd"]))
    else:
        year, one, other = int(found["last"]), int(found["one"]), int(found["other"])
        yield from _day(year, one, other)
        yield from _day(year, other, one)


def _day(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return
