"""Whether the tabs for reviews have the rows they should: for the year that comes, and for who has joined.

What is wrong is given as its place, the key of its column, what is wrong and what to do. Nothing is said of a plan
whose rows ended long ago: it is looked at, not worked with.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from sheetsync.cells import fold, is_blank, text_of
from sheetsync.periods import Cadence, Calendar, Period
from sheetsync.plan import Plan
from sheetsync.reviews import read_label
from sheetsync.rows import Place
from sheetsync.tables import Table

Lack = tuple[Place, str, str, str]

_AHEAD = timedelta(days=14)  # in which to add the rows of the next year
_AFTER = timedelta(days=31)  # in which somebody may still have forgotten it
_MADE = 2  # tabs for reviews with rows: they were made by `create` or `extend`
_OVERHANG = timedelta(days=7)  # the last week of a year may end in the next one
_HINT = "which adds them below and changes nothing else"


def lacks(plan: Plan, tables: Iterable[Table], today: date) -> Iterator[Lack]:
    """What the review tabs among these tabs lack on a day."""
    reviews = [table for table in tables if table.tab.role == "review"]
    yield from _no_rows_ahead(plan, reviews, today)
    yield from _no_rows_for(plan, reviews, today)


def last_row_before(tables: Iterable[Table], calendar: Calendar, year: Period) -> Place | None:
    """The last row of the first review tab that has none for a year; None: each has.

    A tab without rows is one that nobody uses.
    """
    found = _end_before(tables, calendar, year)
    return found[1] if found else None


def _no_rows_ahead(plan: Plan, reviews: Iterable[Table], today: date) -> Iterator[Lack]:
    """The review tabs end with the year, which is over in two weeks: said once, at the first tab that does."""
    if today + _AHEAD < plan.year.end:
        return
    year = plan.calendar.containing(Cadence.YEAR, today + _AHEAD)
    found = _end_before(reviews, plan.calendar, year)
    if found and today <= found[0] + _AFTER:
        what = f"the tabs for reviews have no rows for {year}"
        yield found[1], "period", what, f"run `sheetsync extend --year {year}`, {_HINT}"


def _end_before(tables: Iterable[Table], calendar: Calendar, year: Period) -> tuple[date, Place] | None:
    """When the rows of the first review tab that has none for a year end, and the last of them."""
    for table in tables:
        last = _last(table, calendar)
        if last and last[0] <= year.start + _OVERHANG:
            return last[0], Place(table.title, last[1])
    return None


def _last(table: Table, calendar: Calendar) -> tuple[date, int] | None:
    """The end of the last period of a review tab, and its row."""
    cadence = table.tab.cadence or Cadence.WEEK
    if table.tab.role != "review" or "period" not in table.positions:
        return None
    cells = {cell: row for row, cell in enumerate(table.column("period"), start=table.header + 2)}
    labels = [(read_label(cell, cadence, calendar), row) for cell, row in cells.items()]
    periods = [(calendar.parse(label), row) for label, row in labels if isinstance(label, str)]
    return max(((period.end, row) for period, row in periods if period), default=None)


def _no_rows_for(plan: Plan, reviews: Iterable[Table], today: date) -> Iterator[Lack]:
    """People who take part today and have no row in any review tab: they joined, and nobody ran `extend`.

    Rows in one tab alone somebody may have typed, for whom they liked.
    """
    made = [table for table in reviews if "who" in table.positions and any(table.rows())]
    named = {fold(text_of(cell)) for table in made for cell in set(table.column("who"))}
    # Where there is one person, a row without a name is theirs.
    if len(made) < _MADE or (len(plan.people) == 1 and "" in named):
        return
    here = [p for p in plan.people if (not p.start or p.start <= today) and (not p.end or today < p.end)]
    lacking = [person for person in here if fold(person.name) not in named]
    if lacking and not _is_over(plan, made, today):
        names = " and ".join(filter(None, (", ".join(p.name for p in lacking[:-1]), lacking[-1].name)))
        what = f"{names} {'has' if len(lacking) == 1 else 'have'} no rows in the tabs for reviews"
        yield lacking[0].place, "name", what, f"run `sheetsync extend`, {_HINT}"


def _is_over(plan: Plan, made: Iterable[Table], today: date) -> bool:
    """Whether all rows ended long ago."""
    if today < plan.year.end + _AFTER:
        return False
    ends = [last[0] for table in made if (last := _last(table, plan.calendar))]
    return bool(ends) and max(ends) + _AFTER < today


def without_titles(tables: Iterable[Table]) -> Iterator[Lack]:
    """Tabs that stop no sync, and of which nothing is read because no title is there."""
    for table in tables:
        if not table.positions and not all(is_blank(cell) for row in table.grid for cell in row):
            what = "the row of titles is gone, and nothing of this tab is read"
            hint = "undo that, or put the titles back: `sheetsync doctor` says where"
            yield Place(table.title, table.header + 1), table.tab.columns[0].key, what, hint
