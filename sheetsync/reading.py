"""Understanding a workbook: from the grids of its tabs to a plan, activities, reviews and problems.

The same function reads what was just fetched and what the ledger remembers, so that `status` and `export` give
offline what a sync gives.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sheetsync.activities import Logged, Vocabulary, gathered, parse_log, parse_tally
from sheetsync.cells import EPOCH, Cell, Moment, text_of
from sheetsync.chances import chances
from sheetsync.concerns import concerns
from sheetsync.diagnoses import diagnoses
from sheetsync.errors import Problem
from sheetsync.events import Event, parse_events
from sheetsync.findings import Findings
from sheetsync.funnels import funnels
from sheetsync.names import Names
from sheetsync.payoffs import payoffs
from sheetsync.periods import DAY, AsOf, Cadence, Calendar, Period
from sheetsync.plan import Plan, parse_plan
from sheetsync.prospects import prospects
from sheetsync.restated import Reported, with_reported
from sheetsync.reviews import Review, parse_reviews
from sheetsync.rhythms import MET_ON, PARTNER, WeeklyTabs, rhythms
from sheetsync.rollups import planned, roll_up
from sheetsync.scores import scores
from sheetsync.tables import Table, find_columns, known_columns
from sheetsync.tabs import TabContents
from sheetsync.template import Tab, WorkbookTemplate

LOGGING_ROLES = frozenset({"log", "tally"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says about time: `holidays` is a code such as GB-ENG, "" for none."""

    calendar: Calendar
    year: int
    holidays: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """What a workbook says. `problems` holds those of all tabs, in the order of tabs and rows."""

    plan: Plan
    logged: Logged
    reviews: tuple[Review, ...]
    problems: tuple[Problem, ...]
    events: tuple[Event, ...] = ()
    weekly: WeeklyTabs = field(default_factory=WeeklyTabs)


def find_tables(
    template: WorkbookTemplate, contents: Mapping[str, TabContents]
) -> tuple[dict[str, Table], list[str]]:
    """The tabs people type in with their columns found, and a line for each required column that is gone."""
    tables: dict[str, Table] = {}
    gone: list[str] = []
    for tab in template.tabs:
        if tab.is_tool_tab or tab.key not in contents:
            continue
        found = find_columns(tab, contents[tab.key])
        if isinstance(found, str):
            gone.append(found)
        else:
            tables[tab.key] = found
    return tables, gone


def definitions(
    template: WorkbookTemplate, contents: Mapping[str, TabContents]
) -> dict[str, tuple[str, list[list[Cell]]]]:
    """The titles and grids of the tabs that the ledger keeps whole: all that people type in but the log."""
    return {
        tab.key: (contents[tab.key].title, _without_looks(tab, contents[tab.key]))
        for tab in template.tabs
        if not tab.is_tool_tab and tab.role not in LOGGING_ROLES
    }


def _without_looks(tab: Tab, contents: TabContents) -> list[list[Cell]]:
    """The grid with days and times as text where none belong: how a number looks is not kept, only what it is."""
    positions = known_columns(tab, contents).positions
    days = {at for key, at in positions.items() if tab.column(key).type in ("date", "period")}
    return [
        [text_of(cell) if isinstance(cell, Moment) and at not in days else cell for at, cell in enumerate(row)]
        if any(isinstance(cell, Moment) for cell in row)
        else row
        for row in contents.grid
    ]


def understand(tables: Mapping[str, Table], settings: Settings, today: date) -> Understood:
    """What the tables say; rows dated after `today` are problems."""
    calendar = settings.calendar
    plan, problems = parse_plan(tables.values(), calendar, calendar.year(settings.year), settings.holidays)
    vocabulary = Vocabulary(Names("person", [p.name for p in plan.people]), Names("activity", plan.activities), today)
    logs = [parse_log(t, vocabulary) for t in tables.values() if t.tab.role == "log"]
    tallies = [parse_tally(t, vocabulary) for t in tables.values() if t.tab.role == "tally"]
    logged = gathered([*logs, *tallies])
    reviewed = [t for t in tables.values() if t.tab.role == "review"]
    reviews, unclear = parse_reviews(reviewed, vocabulary, calendar)
    order = {table.title: index for index, table in enumerate(tables.values())}
    events, undated = _events(tables.values(), vocabulary.people)
    unread = [problem for table in tables.values() for problem in (*table.doubled(), *table.above())]
    worries = concerns(plan, tables.values(), today)
    found = sorted(
        [*unread, *problems, *worries, *logged.problems, *unclear, *undated],
        key=lambda p: (order.get(p.tab, 0), p.row),
    )
    return Understood(plan, logged, tuple(reviews), tuple(found), tuple(events), _weekly(tables.values()))


def _events(tables: Iterable[Table], people: Names) -> tuple[list[Event], list[Problem]]:
    read = [parse_events(table, people) for table in tables if table.tab.role == "events"]
    return [event for events, _ in read for event in events], [problem for _, found in read for problem in found]


def find_out(understood: Understood, as_of: AsOf, reported: Reported | None = None) -> Findings:
    """The rollups of what was understood, and all that the tool's tabs and the emails are laid out from.

    `reported` is what was stored of closed periods when they had just closed.
    """
    plan, activities = understood.plan, understood.logged.activities
    rollups = with_reported(roll_up(plan, activities, as_of), reported or {})
    last_day = max(plan.year.end, plan.calendar.containing(Cadence.YEAR, as_of.day).end) - DAY
    scored = scores(rollups)
    rhythm = rhythms(plan, activities, understood.reviews, as_of, understood.weekly)
    return Findings(
        plan=plan,
        as_of=as_of,
        rollups=rollups,
        scores=scored,
        due=planned(plan, plan.first_day, last_day),
        last_logged=_last_days(understood, as_of),
        problems=understood.problems,
        promises=_promises(understood.reviews, plan.calendar.containing(Cadence.WEEK, as_of.day)),
        prospects=prospects(plan, rollups, as_of),
        rhythms=rhythm,
        diagnoses=diagnoses(plan, rollups, scored, rhythm, as_of),
        funnels=funnels(plan, activities, rollups, as_of),
        payoffs=payoffs(plan, activities, understood.events, as_of),
        chances=chances(plan, activities, rollups, as_of),
    )


def _last_days(understood: Understood, as_of: AsOf) -> dict[str, date]:
    last: dict[str, int] = {}
    limit = (as_of.day - EPOCH).days
    for activity in understood.logged.activities:
        if activity.day <= limit and activity.day > last.get(activity.who, 0):
            last[activity.who] = activity.day
    return {who: EPOCH + DAY * day for who, day in last.items()}


def _promises(reviews: Iterable[Review], week: Period) -> dict[tuple[str, str], str]:
    """Each person's next action by week, up to the week of the as-of day."""
    return {
        (review.period, review.who): review.answers["next_action"]
        for review in reviews
        if review.cadence is Cadence.WEEK and review.period <= week.label and "next_action" in review.answers
    }


def _weekly(tables: Iterable[Table]) -> WeeklyTabs:
    weekly = [table.tab for table in tables if table.tab.role == "review" and table.tab.cadence is Cadence.WEEK]
    met = any(tab.key == PARTNER or any(column.key == MET_ON for column in tab.columns) for tab in weekly)
    return WeeklyTabs(review=any(tab.key != PARTNER for tab in weekly), partner=met)
