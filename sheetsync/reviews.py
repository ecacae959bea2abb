"""What people write in the review tabs: their own words, by tab, period and person."""

from collections.abc import Iterable
from dataclasses import dataclass

from sheetsync.activities import Vocabulary
from sheetsync.cells import Misread, is_blank, read_date, text_of
from sheetsync.errors import Problem
from sheetsync.periods import Cadence, Calendar
from sheetsync.tables import Table


@dataclass(frozen=True, slots=True)
class Review:
    """One row with something typed in it. `answers` maps column keys to texts, blanks left out."""

    tab: str
    cadence: Cadence
    period: str
    who: str
    answers: dict[str, str]


def parse_reviews(
    tables: Iterable[Table], vocabulary: Vocabulary, calendar: Calendar
) -> tuple[list[Review], list[Problem]]:
    """The rows of the review tabs in which something is typed, and those whose period or person is unknown."""
    reviews: list[Review] = []
    problems: list[Problem] = []
    for table in tables:
        asked = [c.key for c in table.tab.columns if not c.computed and c.key not in {"period", "who"}]
        cadence = table.tab.cadence or Cadence.WEEK
        seen: set[tuple[str, str]] = set()
        for number, cells in table.rows():
            answers = {key: text_of(cells.get(key)) for key in asked if not is_blank(cells.get(key))}
            if not answers:
                continue
            who = vocabulary.read_person(cells.get("who"))
            label = read_label(cells.get("period"), cadence, calendar)
            for key, value in (("period", label), ("who", who)):
                if isinstance(value, Misread):
                    typed = text_of(cells.get(key))
                    problems.append(Problem(table.title, number, table.heading(key), value.what, value.hint, typed))
            if not (isinstance(who, str) and isinstance(label, str)):
                continue
            if (label, who) in seen:
                what = f"{who} has another row for {label}, which is read instead"
                hint = "put both together in one row"
                problems.append(Problem(table.title, number, table.heading("period"), what, hint, label))
                continue
            seen.add((label, who))
            reviews.append(Review(table.tab.key, cadence, label, who, answers))
    return reviews, problems


def read_label(cell: object, cadence: Cadence, calendar: Calendar) -> str | Misread:
    """A period's label; a date means the period that holds it."""
    if isinstance(cell, int | float) and cadence is Cadence.YEAR:
        cell = text_of(cell)
    if isinstance(cell, str):
        period = calendar.parse(text_of(cell))
        if period and period.cadence is cadence:
            return period.label
    if not isinstance(cell, str | int | float):
        return Misread("the period is missing", f"type a {cadence}, as in the rows above")
    day = read_date(cell)
    return day if isinstance(day, Misread) else calendar.containing(cadence, day).label
