"""Hassles and potholes with their age: the same hassle, week after week, is the one worth a conversation."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sheetsync.cells import fold
from sheetsync.periods import Calendar, Period
from sheetsync.reviews import Review

# Cells are read as one line, so that a list is known by its bullets or numbers.
_PARTS = re.compile(r"[\n;•]+|(?:^|\s)[1-9][.)](?=\s)")
_DASHES = re.compile(r"(?:^|\s)[-*–](?=\s)")
_NONE = re.compile(
    r"(?:(?:none|nothing)(?: (?:worth|special|new|much|really|to|this|at all)\b.*)?|no|nil|n/a|-|–)[.!]?"
)
_ALIKE = 80  # of 100, words in any order
_SHORT, _MOST, _WEEKS_BACK = 40, 12, 52


@dataclass(frozen=True, slots=True)
class Hassle:
    """What is in the way. `since` is the week in which it was first named, `weeks` how many weeks ago that makes it.

    A hassle of this week is 1 week old.
    """

    text: str
    since: str
    weeks: int

    @property
    def age(self) -> str:
        """Its age in words; "" while it is new."""
        return f"for {self.weeks} weeks now, since {self.since}" if self.weeks > 1 else ""


def hassles_of(reviews: Iterable[Review], calendar: Calendar, week: Period, key: str = "hassles") -> list[Hassle]:
    """The hassles that a person named in a week, the oldest first.

    A hassle is the same as one of an earlier week when its words are nearly the same; weeks in which nothing was
    typed are passed over. `reviews` are those of the person's weeks.
    """
    typed = {review.period: review.answers[key] for review in reviews if review.answers.get(key)}
    earlier: list[tuple[str, int, list[str]]] = []
    before = week
    for back in range(1, _WEEKS_BACK + 1):
        before = calendar.previous(before)
        if before.label in typed:
            earlier.append((before.label, back, _parts(typed[before.label])))
    found = [_aged(text, week.label, earlier) for text in _parts(typed.get(week.label, ""))[:_MOST]]
    return sorted(found, key=lambda hassle: -hassle.weeks)


def _aged(text: str, label: str, earlier: Iterable[tuple[str, int, list[str]]]) -> Hassle:
    since, weeks = label, 1
    for period, back, parts in earlier:
        if not any(_alike(text, part) for part in parts):
            break
        since, weeks = period, back + 1
    return Hassle(text, since, weeks)


def _parts(text: str) -> list[str]:
    """The hassles in a cell: those of a list, or behind a semicolon; “none” is none."""
    lists = _DASHES.sub(";", text) if _DASHES.match(text) else text
    parts = (part.strip() for part in _PARTS.split(lists))
    return [part for part in parts if part and not (len(part) < _SHORT and _NONE.fullmatch(fold(part)))]


def _alike(one: str, other: str) -> bool:
    from rapidfuzz.fuzz import token_sort_ratio

    return fold(one) == fold(other) or token_sort_ratio(fold(one)[:300], fold(other)[:300]) >= _ALIKE
