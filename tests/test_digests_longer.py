"""The emails about a week, a month, a quarter and a year, and the one about problems."""

from datetime import date
from typing import Any

import pytest

from sheetsync.cells import Cell, serial
from sheetsync.digests import (
    Annual,
    GroupMonthly,
    Quarterly,
    Sheets,
    Weekend,
    annual_digest,
    find_sheets,
    group_digest,
    problems_digest,
    quarterly_digest,
    weekend_digest,
)
from sheetsync.digests.problems import marks_of
from sheetsync.digests.samples import samples
from sheetsync.errors import Problem
from sheetsync.kinds import KINDS
from sheetsync.periods import DAY, AsOf, Cadence, Calendar
from sheetsync.reading import find_out
from tests.builders import SALES, understood

Row = dict[str, Cell]


def sheets(**titles: str) -> Sheets:
    """The tabs of the built-in template, on the web."""
    return find_sheets(SALES, titles, lambda key: f"https://x.org/{key}")


def logged(day: date, activity: str, count: float, who: str = "Ann") -> Row:
    """A row of the log."""
    return {"date": serial(day), "who": who, "activity": activity, "count": count}


def rows(**more: list[Row]) -> dict[str, list[Row]]:
    """Ann and Ben of one group, with calls and customers."""
    common: dict[str, list[Row]] = {
        "people": [
            {"name": "Ann", "email": "ann@example.com", "group": "North"},
            {"name": "Ben", "email": "ben@example.com", "group": "north "},
            {"name": "Cy", "email": "cy@example.com", "group": "South"},
        ],
        "goals": [{"goal": "Customers", "measured_by": "Order", "target": 26}],
        "activities": [{"activity": "Call", "target": 10}, {"activity": "Order"}],
    }
    return common | more


def written(make: Any, label: str, more: dict[str, list[Row]], day: date | None = None, who: int = 0) -> Any:
    """A digest of a period, as of a day under way, or of its last day."""
    found, period = understood(rows(**more)), Calendar().parse(label)
    assert period
    as_of = AsOf(day, under_way=True) if day else AsOf(period.end - DAY, under_way=False)
    return make(find_out(found, as_of), found.plan.people[who], period, found.reviews, sheets())


# ---- weekend ------------------------------------------------------------------------------------------------------


def weekend(**more: list[Row]) -> Weekend:
    """Ann's weekend of the seventh week, on its Saturday."""
    found: Weekend = written(weekend_digest, "2026-W07", more, date(2026, 2, 14))
    return found


def test_a_weekend_looks_back_and_forward() -> None:
    """The week's score, wins first, then what the next one asks for, time off taken off."""
    off: list[Row] = [{"who": "Ann", "from": serial(date(2026, 2, 16)), "until": serial(date(2026, 2, 17))}]
    found = weekend(log=[logged(date(2026, 2, 9), "Call", 10)], time_off=off)
    assert found.score == 1.0 and found.headline == "everything on track"
    assert found.wins == ("Call: 10 of 10 this week",)
    assert [(target.name, target.amount) for target in found.targets] == [("Call", "6")]
    assert found.next_week == "2026-W08" and found.time_off == ("Mon 16 Feb – Tue 17 Feb",)


def test_a_weekend_asks_what_has_no_answer() -> None:
    """The questions are those of the weekly tab, in its own words, without what was answered."""
    assert [q.title for q in weekend().questions] == [
        "How did the week go?", "Goals for next week", "Actions for next week",
    ]  # fmt: skip
    weekly: Row = {"period": "2026-W07", "who": "Ann", "review": "Fine"}
    assert [q.key for q in weekend(weekly=[weekly]).questions] == ["goals", "actions"]


def test_a_silent_weekend_says_since_when() -> None:
    """Nothing logged this week: the last day is named."""
    found = weekend(log=[logged(date(2026, 1, 30), "Call", 3)])
    assert found.silent_since == date(2026, 1, 30) and found.headline == "nothing logged"


def test_titles_that_people_changed_are_used() -> None:
    """A renamed tab has its new name, and its link leads to it."""
    found = sheets(weekly="My week")
    assert (found.weekly.title, found.weekly.link) == ("My week", "https://x.org/weekly")
    assert found.partner.title == "Partner" and "met_on" not in {q.key for q in found.partner.questions}


# ---- group --------------------------------------------------------------------------------------------------------


def group(who: int = 0, **more: list[Row]) -> GroupMonthly:
    """The group's January, for one of its members."""
    found: GroupMonthly = written(group_digest, "2026-01", more, who=who)
    return found


def test_a_group_sees_everyones_month() -> None:
    """The reader first, each in three lines; other groups are not in it."""
    log = [logged(date(2026, 1, 12), "Call", 44), logged(date(2026, 1, 12), "Order", 3, "Ben")]
    found = group(1, log=log)
    assert [member.name for member in found.members] == ["Ben", "Ann"]
    ben, ann = found.members
    assert ben.lines[0].startswith("Customers: 3 of 2.2: reached")
    assert ben.lines[1] == "0 of 1 activity target reached; short: Call 0 of 44."
    assert ann.lines[1] == "1 of 1 activity target reached." and ann.score == 1.0
    assert ann.lines[2].startswith("The year: 0 of 26")
    assert found.headline == "Customers 3 of 4.4 together" and found.month == "January 2026"


def test_a_silent_month_is_no_score_of_nought() -> None:
    """Nothing is known of a month without a row: no bar and no percentage, and no list of what is short."""
    log = [logged(date(2026, 1, 12), "Call", 44), logged(date(2025, 12, 15), "Call", 4, "Ben")]
    _, ben = group(log=log).members
    assert ben.score is None
    assert ben.lines == ("Nothing was logged in January; some months get away. What would help now?",)


def test_a_group_reads_what_was_typed() -> None:
    """Under the titles of the tab; and what was meant to be done, from the month before."""
    monthly: list[Row] = [
        {"period": "2025-12", "who": "Ann", "next": "Call earlier"},
        {"period": "2026-01", "who": "Ann", "doing": "Calling", "ideas": "Ask twice"},
    ]
    found = group(monthly=monthly, log=[logged(date(2026, 1, 12), "Call", 1)])
    (ann, _) = found.members
    assert ann.meant == "Call earlier"
    assert [(each.title, each.text) for each in ann.said] == [
        ("What I'm doing", "Calling"), ("Ideas from the group", "Ask twice"),
    ]  # fmt: skip
    assert [q.key for q in found.questions] == ["headed", "next"]


def test_a_member_with_mail_paused_is_only_named() -> None:
    """Whoever paused their mail is not reported on."""
    people: list[Row] = [{"name": "Ann", "group": "N"}, {"name": "Ben", "group": "N", "mail": "paused"}]
    found = group(people=people, log=[logged(date(2026, 1, 12), "Call", 1)])
    assert [member.name for member in found.members] == ["Ann"] and found.absent == ("Ben",)


def test_a_member_who_left_is_not_there() -> None:
    """Those who were not there in the month are not in its email."""
    people: list[Row] = [
        {"name": "Ann", "group": "N"},
        {"name": "Ben", "group": "N", "until": serial(date(2025, 12, 1))},
    ]
    assert [m.name for m in group(people=people).members] == ["Ann"]


# ---- quarter and year ---------------------------------------------------------------------------------------------


def test_a_quarter_says_what_came_of_its_priorities() -> None:
    """Priorities as typed, the months against what was aimed at, and the questions of the new quarter."""
    quarterly: list[Row] = [
        {
            "period": "2026-Q1",
            "who": "Ann",
            "priority_1": "Pilots",
            "priority_2": "Script",
            "month_1": 4,
            "must": "List",
        },
        {"period": "2026-Q2", "who": "Ann", "priority_1": "Close"},
    ]
    log = [logged(date(2026, 1, 12), "Order", 5), logged(date(2026, 2, 12), "Order", 2)]
    found: Quarterly = written(quarterly_digest, "2026-Q1", {"quarterly": quarterly, "log": log})
    assert found.priorities == ("Pilots", "Script") and found.headline == "1 of 1 goal reached"
    (january,) = found.months
    assert (january.month, january.sentence) == (
        "January",
        "4 aimed at, 5 came (Customers)",
    ) and january.share == 1.25
    assert [(each.title, each.text) for each in found.said] == [("What must get done", "List")]
    assert found.goals[0].period == "2026-Q1" and found.next_priorities == ("Close",)
    assert "priority_1" not in {q.key for q in found.questions} >= {"priority_2", "must", "actions"}


def test_a_year_in_twelve_columns() -> None:
    """Big picture, reached or not, and a column a month for the score and all that has a target."""
    annual: list[Row] = [{"period": "2026", "who": "Ann", "picture": "A firm of ten", "target": 400000}]
    log = [logged(date(2026, month, 12), "Order", 3) for month in range(1, 13)]
    found: Annual = written(annual_digest, "2026", {"annual": annual, "log": log})
    assert [(each.title, each.text) for each in found.said] == [
        ("Big picture", "A firm of ten"),
        ("Target", "400,000"),
    ]
    assert found.headline == "1 of 1 goal reached" and [year.name for year in found.years] == [
        "Score",
        "Customers",
        "Call",
    ]
    customers = found.years[1]
    assert [month.name for month in customers.months][:2] == ["Jan", "Feb"] and len(customers.months) == 12
    assert all(month.share is not None and month.share > 1 for month in customers.months)
    assert found.next_period == "2027" and found.questions[0].title == "Big picture"


def test_a_period_without_anything_reads_as_such() -> None:
    """No goal, no row: no number is made up."""
    nothing: dict[str, list[Row]] = {"goals": [], "activities": []}
    quarter: Quarterly = written(quarterly_digest, "2026-Q1", nothing)
    assert quarter.headline == "nothing to measure" and quarter.goals == () and quarter.diagnosis == ""
    year: Annual = written(annual_digest, "2026", nothing)
    assert year.years == () and year.score is None
    assert weekend(goals=[], activities=[]).targets == () and group(goals=[], activities=[]).members[0].lines == (
        "Nothing was logged in January; some months get away. What would help now?",
    )


# ---- problems -----------------------------------------------------------------------------------------------------

TODAY = Calendar().containing(Cadence.DAY, date(2026, 2, 12))
AS_OF = AsOf(TODAY.start, under_way=True)
OLD = Problem("Log", 3, "Count", "“two” is no number", "type 2", "two")
NEW = Problem("Log", 9, "Who", "unknown person “Bne”", "did you mean “Ben”?", "Bne")
OTHER = Problem("Goals", 0, "", "the months do not add up")


def test_new_problems_come_first() -> None:
    """Tabs with something new first, in them the new things first; old ones still stand there."""
    found = problems_digest([OTHER, OLD, NEW], marks_of([OTHER, OLD]), TODAY, AS_OF, sheets())
    assert [(tab.title, tab.new) for tab in found.tabs] == [("Log", 1), ("Goals", 0)]
    assert [(flaw.where, flaw.is_new) for flaw in found.tabs[0].flaws] == [
        ("row 9, Who", True),
        ("row 3, Count", False),
    ]
    assert (found.new, found.total) == (1, 3) and found.headline == "1 new thing to look at, 3 in all"


def test_sorting_the_log_makes_no_problem_new() -> None:
    """A problem is the same one in another row; a second one like it is new."""
    moved = Problem("Log", 77, "Count", OLD.what, OLD.hint, OLD.typed)
    assert marks_of([moved]) == marks_of([OLD])
    assert len(set(marks_of([OLD, moved])) - set(marks_of([OLD]))) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_samples(kind: str) -> None:
    """One with everything in it, one with as little as can be."""
    full, bare = samples(kind)
    assert full.kind == bare.kind == kind and full != bare
