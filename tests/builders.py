"""Small builders: the tabs of a workbook from plain rows, and random plans for the property tests."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import yaml
from hypothesis import strategies as st

from sheetsync.cells import Cell, serial, trimmed
from sheetsync.periods import AsOf, Calendar
from sheetsync.reading import Settings, Understood, find_tables, understand
from sheetsync.tables import Table, find_columns
from sheetsync.tabs import TabContents
from sheetsync.template import Tab, WorkbookTemplate, parse_template
from tests import naive
from tests.conftest import PROJECT

SALES = parse_template(
    yaml.safe_load((PROJECT / "templates" / "workbooks" / "sales.yaml").read_text(encoding="utf-8")), "sales.yaml"
)
Rows = Sequence[Mapping[str, Cell]]
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def of_tabs(template: WorkbookTemplate, tabs: list[Tab]) -> WorkbookTemplate:
    """The template with other tabs."""
    return WorkbookTemplate(name=template.name, title=template.title, tabs=tuple(tabs))


def renamed(template: WorkbookTemplate, **titles: str) -> WorkbookTemplate:
    """The template with other titles of tabs."""
    return of_tabs(template, [t.model_copy(update={"title": titles.get(t.key, t.title)}) for t in template.tabs])


def contents(tab: Tab, rows: Rows = (), extra: Sequence[str] = ()) -> TabContents:
    """A tab as it is created, with rows given as cells by column key; `extra` titles are keys of their own."""
    keys = [column.key for column in tab.columns] + list(extra)
    grid: list[list[Cell]] = [[line or None] for line in tab.intro]
    grid.append([*(column.title for column in tab.columns), *extra])
    grid += ([row.get(key) for key in keys] for row in rows)
    return TabContents(tab.key, tab.title, trimmed(grid), max(len(grid), 100), len(keys))


def workbook(rows: Mapping[str, Rows], extra: Mapping[str, Sequence[str]] | None = None) -> dict[str, TabContents]:
    """All tabs people type in, by key; tabs that are not given are empty but for their header."""
    return {
        tab.key: contents(tab, rows.get(tab.key, ()), (extra or {}).get(tab.key, ()))
        for tab in SALES.tabs
        if not tab.is_tool_tab
    }


def table(tab: Tab, rows: Rows, extra: Sequence[str] = ()) -> Table:
    """A tab with its columns found."""
    found = find_columns(tab, contents(tab, rows, extra))
    assert isinstance(found, Table), found
    return found


def understood(
    rows: Mapping[str, Rows],
    settings: Settings | None = None,
    today: date = date(2026, 12, 31),
    extra: Mapping[str, Sequence[str]] | None = None,
) -> Understood:
    """What a workbook with these rows says."""
    tables, gone = find_tables(SALES, workbook(rows, extra))
    assert not gone
    return understand(tables, settings or Settings(Calendar(), 2026), today)


# -- the rows of a naive plan ------------------------------------------------------------------------------------


def _day(day: date | None) -> Cell:
    return None if day is None else serial(day)


def _number(value: Fraction | int | None) -> Cell:
    return None if value is None else float(value)


def rows_of(plan: naive.Plan) -> tuple[dict[str, list[dict[str, Cell]]], list[str]]:
    """What a person would type for a plan, by tab, and the activity columns of the Tally.

    Every other bare log row goes to the Tally.
    """
    rows: dict[str, list[dict[str, Cell]]] = {
        "people": [_person(who) for who in plan.people],
        "goals": [_aim(aim) for aim in plan.aims if aim.kind == "goal"],
        "activities": [_aim(aim) for aim in plan.aims if aim.kind == "activity"],
        "targets": [
            {"name": row.name, "who": row.who, "period": row.period, "target": _number(row.target)}
            for row in plan.dated
        ],
        "time_off": [
            {"who": row.who, "from": _day(row.first), "until": _day(row.last), "part": _number(row.part)}
            for row in plan.off
        ],
        "log": [],
        "tally": [],
    }
    named = {aim.name for aim in plan.aims if aim.kind == "activity"}
    measured = {aim.measured_by for aim in plan.aims} | {entry.activity for entry in plan.log}
    rows["activities"] += [{"activity": name, "who": "Nobody"} for name in sorted(measured - named - {""})]
    tallied = []
    for number, entry in enumerate(plan.log):
        if number % 2 and entry.amount is None and entry.quality is None:
            tallied.append(entry.activity)
            rows["tally"].append({"date": _day(entry.day), "who": entry.who, entry.activity: _number(entry.count)})
        else:
            rows["log"].append(_entry(entry))
    return rows, sorted(set(tallied))


def _person(who: naive.Who) -> dict[str, Cell]:
    workdays = " ".join(WEEKDAYS[n] for n in sorted(who.weekdays))
    return {"name": who.name, "workdays": workdays, "from": _day(who.first), "until": _day(who.last)}


def _aim(aim: naive.Aim) -> dict[str, Cell]:
    common = {"who": aim.who, "target": _number(aim.target), "from": _day(aim.first), "until": _day(aim.last)}
    if aim.kind == "goal":
        return common | {"goal": aim.name, "measured_by": aim.measured_by, "of": aim.of}
    return common | {"activity": aim.name, "every": aim.every, "weight": _number(aim.weight)}


def _entry(entry: naive.Entry) -> dict[str, Cell]:
    return {
        "date": _day(entry.day),
        "who": entry.who,
        "activity": entry.activity,
        "count": None if entry.count == 1 else _number(entry.count),
        "amount": _number(entry.amount),
        "quality": entry.quality,
    }


def settings_of(plan: naive.Plan, holidays: str = "") -> Settings:
    """The settings of a plan."""
    return Settings(Calendar(plan.week_starts, plan.year_starts), plan.year, holidays)


def as_of(plan: naive.Plan) -> AsOf:
    """The day a plan is looked at."""
    return AsOf(plan.as_of, plan.under_way)


# -- random plans ------------------------------------------------------------------------------------------------

ACTIVITIES, GOALS = ("Call", "Visit", "Order"), ("Revenue",)
counts = st.sampled_from([Fraction(n, 4) for n in (0, 1, 2, 4, 4, 4, 8, 12, 20, 37)])
targets = st.sampled_from([Fraction(n, 2) for n in (0, 1, 2, 3, 4, 6, 10, 20, 45, 80, 500)])


@st.composite
def plans(draw: st.DrawFn) -> naive.Plan:
    """A small plan: a few people, aims and rows, at a day in or shortly before or after its year."""
    year_starts, year = draw(st.integers(1, 12)), draw(st.sampled_from((2024, 2026)))
    begins = date(year if year_starts == 1 else year - 1, year_starts, 1)

    def days(before: int, after: int) -> st.SearchStrategy[date]:
        return st.integers(-before, after).map(lambda n: begins + timedelta(days=n))

    def limits(first: int, last: int) -> st.SearchStrategy[tuple[date | None, date | None]]:
        return st.tuples(
            st.one_of(st.none(), st.none(), days(20, first)), st.one_of(st.none(), st.none(), days(-first - 1, last))
        )

    people = [draw(_people(name, limits(40, 400))) for name in ("Ann", "Ben")[: draw(st.integers(1, 2))]]
    owners = st.sampled_from(["", *(who.name for who in people)])
    aims = draw(_aims(owners, limits(60, 300)))
    as_of_day = draw(st.one_of(days(5, 60), days(5, 60), days(0, 400), st.sampled_from(_odd_days(begins))))
    plan = naive.Plan(
        people=people,
        aims=aims,
        as_of=as_of_day,
        under_way=draw(st.booleans()),
        year=year,
        week_starts=draw(st.integers(0, 6)),
        year_starts=year_starts,
    )
    names = sorted({aim.name for aim in aims})
    for _ in range(draw(st.integers(0, 4))):
        day = draw(days(10, 150))
        cadence = draw(st.sampled_from(("day", *naive.CADENCES)))
        plan.dated.append(
            naive.Dated(draw(st.sampled_from(names)), draw(owners), plan.label(cadence, day), draw(targets))
        )
    for _ in range(draw(st.integers(0, 3))):
        first = draw(days(5, 80))
        last = first + timedelta(days=draw(st.sampled_from((0, 0, 1, 4, 9, 40))))
        plan.off.append(naive.Off(draw(owners), first, last, draw(st.sampled_from((Fraction(1), Fraction(1, 2))))))
    reach = max((as_of_day - begins).days + 3, -5)
    plan.log = draw(st.lists(_entries([who.name for who in people], days(12, reach)), max_size=14))
    if draw(st.booleans()):
        plan.log += _busy(plan, begins, draw(st.integers(0, 10**6)))
    return plan


def _odd_days(begins: date) -> list[date]:
    """The days of a year that calendars get wrong: the end of February, and the Sundays on which clocks change."""
    year = [begins + timedelta(days=n) for n in range(366)]
    february = [day for day in year if (day + timedelta(days=1)).month == 3 and day.month == 2]
    sundays = [day for day in year if day.weekday() == 6 and day.month in (3, 10) and day.day > 24]
    return february + sundays


def _busy(plan: naive.Plan, begins: date, seed: int) -> list[naive.Entry]:
    """A log with rows on most days, for streaks and all that is reached."""
    chance = random.Random(seed)
    days = [begins + timedelta(days=n) for n in range((plan.as_of - begins).days + 1)]
    return [
        naive.Entry(day, who.name, activity, Fraction(chance.choice((1, 1, 2, 5)), chance.choice((1, 1, 2))))
        for day in days
        for who in plan.people
        for activity in ACTIVITIES
        if chance.random() < 0.4
    ]


@st.composite
def _people(draw: st.DrawFn, name: str, limits: st.SearchStrategy[tuple[date | None, date | None]]) -> naive.Who:
    weekdays = draw(st.one_of(st.just(frozenset(range(5))), st.frozensets(st.integers(0, 6), min_size=1)))
    return naive.Who(name, weekdays, *draw(limits))


@st.composite
def _aims(
    draw: st.DrawFn, owners: st.SearchStrategy[str], limits: st.SearchStrategy[tuple[date | None, date | None]]
) -> list[naive.Aim]:
    aims: list[naive.Aim] = []
    every = {name: draw(st.sampled_from(list(naive.NATIVE))) for name in ACTIVITIES}
    of, measured_by = draw(st.sampled_from(("count", "amount"))), draw(st.sampled_from(ACTIVITIES))
    for _ in range(draw(st.integers(1, 4))):
        name, who, (first, last) = draw(st.sampled_from((*ACTIVITIES, *GOALS))), draw(owners), draw(limits)
        target = draw(st.sampled_from((True, True, True, False)).flatmap(lambda t: targets if t else st.none()))
        common: dict[str, Any] = {"name": name, "who": who, "target": target, "first": first, "last": last}
        if name in GOALS:
            aims.append(naive.Aim("goal", measured_by=measured_by, of=of, **common))
        else:
            weight = draw(st.sampled_from((Fraction(1), Fraction(1, 2), Fraction(3), Fraction(0))))
            # Another row may have another rhythm, but days are working days in all of them or in none.
            others = (
                st.just("day") if every[name] == "day" else st.sampled_from([n for n in naive.NATIVE if n != "day"])
            )
            rhythm = draw(st.one_of(st.just(every[name]), others))
            aims.append(naive.Aim("activity", every=rhythm, weight=weight, **common))
    # The order in which the tabs are read: goals, then activities.
    return sorted(aims, key=lambda aim: aim.kind, reverse=True)


def _entries(names: Sequence[str], days: st.SearchStrategy[date]) -> st.SearchStrategy[naive.Entry]:
    amounts = st.one_of(st.none(), st.integers(-400, 4000).map(lambda n: Fraction(n, 4)))
    return st.builds(
        naive.Entry,
        days,
        st.sampled_from(list(names)),
        st.sampled_from(ACTIVITIES),
        counts,
        amounts,
        st.one_of(st.none(), st.integers(1, 5)),
    )
