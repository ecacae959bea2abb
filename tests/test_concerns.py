"""Concerns and slips of the plan: each is one row in Problems that says what and what to do; the rest is computed."""

from datetime import date
from typing import Any

import pytest

from sheetsync.cells import Cell, serial
from sheetsync.periods import AsOf, Calendar
from sheetsync.reading import Settings, Understood, find_out
from sheetsync.summaries import lay_out
from tests.builders import SALES, understood

Rows = list[dict[str, Cell]]
Tabs = dict[str, Rows]
TODAY = date(2026, 3, 2)
COLUMNS = ["cadence", "period", "actual", "target", "expected", "status", "streak"]


def on(month: int, day: int, year: int = 2026) -> int:
    """A day as a cell."""
    return serial(date(year, month, day))


def base() -> Tabs:
    """A plan without a flaw: Ann and Ben sell; Ben's visits are what nothing below touches."""
    visited: Rows = [{"date": on(2, day), "who": "Ben", "activity": "Visit"} for day in (3, 4, 11)]
    return {
        "people": [{"name": "Ann", "hours": 40}, {"name": "Ben"}],
        "goals": [{"goal": "Revenue", "measured_by": "Order", "of": "amount", "target": 1200}],
        "activities": [
            {"activity": "Call", "target": 10, "minutes": 15, "serves": "revenue"},
            {"activity": "Visit", "who": "Ben", "target": 2, "serves": "Order"},
            {"activity": "Order"},
        ],
        "log": [{"date": on(2, 3), "who": "Ann", "activity": "Call", "count": 12}, *visited],
    }


def typed(added: Tabs, **more: Any) -> Understood:
    """What the workbook says with rows added below those of the plan."""
    rows = base()
    for key, cells in added.items():
        rows[key] = [*rows.get(key, []), *cells]
    return understood(rows, **{"today": TODAY, **more})


def visits(found: Understood) -> list[list[Any]]:
    """All that is computed about Ben's visits; the tabs can be laid out."""
    findings = find_out(found, AsOf(TODAY, under_way=True))
    assert all(lay_out(SALES, findings).values())
    frame = findings.rollups[(findings.rollups["person"] == "Ben") & (findings.rollups["name"] == "Visit")]
    rows: list[list[Any]] = frame[COLUMNS].fillna(-1).to_numpy().tolist()
    return rows


UNTOUCHED = visits(typed({}))


def test_a_plan_without_a_flaw() -> None:
    """Nothing is said about the plan that the cases below add to."""
    assert typed({}).problems == ()


def goal(**cells: Cell) -> Tabs:
    """One more goal; only tracked, so that nothing need serve it."""
    return {"goals": [{"goal": "Orders", "measured_by": "Order", **cells}]}


def tracked(*names: str) -> Tabs:
    """More goals that are only tracked."""
    return {"goals": [{"goal": name, "measured_by": "Order"} for name in names]}


def activity(**cells: Cell) -> Tabs:
    """One more activity."""
    return {"activities": [{"activity": "Tea", **cells}]}


def target(*rows: tuple[str, Cell, Cell], who: str | None = None) -> Tabs:
    """Rows of Targets: name, period, target."""
    return {"targets": [{"name": n, "who": who, "period": p, "target": t} for n, p, t in rows]}


def off(*rows: tuple[Cell, Cell, Cell, str], who: str | None = "Ann") -> Tabs:
    """Rows of Time off: from, until, part, note."""
    return {"time_off": [{"who": who, "from": f, "until": u, "part": p, "note": n} for f, u, p, n in rows]}


def quarter(*priorities: str, who: str = "Ann", **cells: Cell) -> Tabs:
    """A row of the quarterly review."""
    numbered: dict[str, Cell] = {f"priority_{n}": text for n, text in enumerate(priorities, 1)}
    return {"quarterly": [{"period": "2026-Q1", "who": who, **numbered, **cells}]}


SLIPS: list[tuple[Tabs, tuple[str, int, str], str]] = [
    # -- people
    ({"people": [{"name": "ann"}]}, ("People", 4, "Name"), "here twice"),
    ({"people": [{"name": "Cy", "workdays": "none"}]}, ("People", 4, "Workdays"), "no weekdays"),
    ({"people": [{"name": "Cy", "workdays": "0"}]}, ("People", 4, "Workdays"), "no weekdays"),
    ({"people": [{"name": "Cy", "holidays": "Atlantis"}]}, ("People", 4, "Holidays"), "“ATLANTIS”"),
    ({"people": [{"name": "Cy", "hours": -1}]}, ("People", 4, "Hours a week"), "-1 hours"),
    ({"people": [{"name": "Cy", "hours": 169}]}, ("People", 4, "Hours a week"), "169 hours"),
    ({"people": [{"name": "Cy", "from": on(5, 1), "until": on(4, 30)}]}, ("People", 4, "Until"), "before From"),
    # -- goals and activities
    (goal(measured_by="Orders won"), ("Goals", 3, "Measured by"), "unknown activity"),
    (goal(measured_by=None), ("Goals", 3, "Measured by"), "no activity measures"),
    (goal(baseline="lots"), ("Goals", 3, "Baseline"), "no number"),
    (goal(target=0), ("Goals", 3, "Target"), "asks for nothing"),
    (goal(target=-5), ("Goals", 3, "Target"), "below 0"),
    (goal(who="Zoe"), ("Goals", 3, "Who"), "unknown person"),
    (goal(**{"from": on(5, 1), "until": on(4, 30)}), ("Goals", 3, "Until"), "before From"),
    (goal(until=on(12, 31, 2025)), ("Goals", 3, "Until"), "the plan begins on 2026-01-01"),
    (activity(target=0), ("Activities", 5, "Target"), "asks for nothing"),
    (activity(target=-1), ("Activities", 5, "Target"), "below 0"),
    (activity(target="<= 3"), ("Activities", 5, "Target"), "no target to reach"),
    (activity(target="at most 3"), ("Activities", 5, "Target"), "no target to reach"),
    (activity(target=3, every="at most"), ("Activities", 5, "Every"), "no rhythm"),
    (activity(target=3, every="<= 3"), ("Activities", 5, "Every"), "no rhythm"),
    (activity(target=3, every="fortnight"), ("Activities", 5, "Every"), "no rhythm"),
    (activity(target=3, weight=-1), ("Activities", 5, "Weight"), "below 0"),
    (activity(target=3, minutes=-5), ("Activities", 5, "Minutes"), "-5 minutes"),
    (activity(target=3, minutes="long"), ("Activities", 5, "Minutes"), "no number"),
    (activity(who="Zoe", target=3), ("Activities", 5, "Who"), "unknown person"),
    (activity(target=3, serves="Reveneu"), ("Activities", 5, "Serves"), "unknown goal or activity"),
    (activity(**{"from": on(5, 1), "until": on(4, 30)}), ("Activities", 5, "Until"), "before From"),
    ({"activities": [{"activity": "call", "target": 15, "from": on(3, 1)}]}, ("Activities", 2, "Activity"),
     "is also in row 5, which counts instead from 2026-03-01"),
    ({"activities": [{"activity": "Visit", "who": "Ann", "target": 1, "until": on(6, 30)},
                     {"activity": "Visit", "who": "Ann", "target": 3, "from": on(6, 30)}]},
     ("Activities", 5, "Activity"), "is also in row 6, which counts instead on 2026-06-30"),
    ({"activities": [{"activity": "Visit", "who": "Ann", "target": 1, "every": "day", "until": on(6, 30)},
                     {"activity": "Visit", "who": "Ann", "target": 3, "from": on(7, 1)}]},
     ("Activities", 6, "Activity"), "is counted otherwise in row 5"),
    ({"goals": [{"goal": "Revenue", "measured_by": "Order", "of": "amount", "target": 9, "until": on(6, 30)}]},
     ("Goals", 2, "Goal"), "is also in row 3, which counts instead until 2026-06-30"),
    ({"goals": [{"goal": "Fame", "measured_by": "Tea", "target": 5}], "activities": [{"activity": "Tea"}]},
     ("Goals", 3, "Goal"), "nothing that is planned serves “Fame”"),
    # -- dated targets
    (target(("Call", "Q5", 5)), ("Targets", 2, "Period"), "there is no quarter “Q5”"),
    (target(("Call", "2026-Q5", 5)), ("Targets", 2, "Period"), "there is no quarter “2026-Q5”"),
    (target(("Call", "2026-W54", 5)), ("Targets", 2, "Period"), "there is no week “2026-W54”"),
    (target(("Call", "2025-W53", 5)), ("Targets", 2, "Period"), "there is no week “2025-W53”"),
    (target(("Call", "2026-13", 5)), ("Targets", 2, "Period"), "there is no month “2026-13”"),
    (target(("Call", "Q1", 5)), ("Targets", 2, "Period"), "no period"),
    (target(("Call", "soon", 5)), ("Targets", 2, "Period"), "no period"),
    (target(("Call", "2026-Q2", -5)), ("Targets", 2, "Target"), "below 0"),
    (target(("Call", "2026-Q2", "max. 5")), ("Targets", 2, "Target"), "no target to reach"),
    (target(("Cold", "2026-Q2", 5)), ("Targets", 2, "Name"), "unknown goal or activity"),
    (target(("Call", "2026-Q2", 5), who="Zoe"), ("Targets", 2, "Who"), "unknown person"),
    (target(("Visit", "2026-Q2", 5), who="Ann"), ("Targets", 2, "Who"), "Ann has no goal or activity “Visit”"),
    (target(("Call", "2025-Q4", 5)), ("Targets", 2, "Period"), "the plan begins on 2026-01-01"),
    (target(("Call", "2026-Q2", 5), ("Call", "2026-q2", 6)), ("Targets", 2, "Target"), "has two targets for 2026-Q2"),
    (target(("Call", "2026-04-01", 5), ("Call", on(4, 1), 6)), ("Targets", 2, "Target"), "from 2026-04-01 on"),
    (activity(until=on(6, 30)) | target(("Tea", "2026-Q3", 5)), ("Targets", 2, "Period"), "holds in 2026-Q3"),
    (activity(until=on(6, 30)) | target(("Tea", on(7, 1), 5)), ("Targets", 2, "Period"), "holds from that day on"),
    (off((on(5, 4), on(5, 10), None, "")) | target(("Call", "2026-W19", 5), who="Ann"), ("Targets", 2, "Period"),
     "2026-W19 has no working day of Ann"),
    (goal() | {"activities": [{"activity": "Orders"}]} | target(("Orders", "2026-Q2", 5)), ("Targets", 2, "Name"),
     "is a goal and an activity"),
    (target(*(("Revenue", f"2026-{n:02}", 100) for n in (1, 2, 3)), ("Revenue", "2026-Q1", 280)),
     ("Targets", 5, "Target"), "the months of 2026-Q1 add up to 300, not to 280"),
    (target(*(("Call", f"2026-Q{n}", 100) for n in (1, 2, 3, 4)), ("Call", "2026", 500)),
     ("Targets", 6, "Target"), "the quarters of 2026 add up to 400, not to 500"),
    (target(*(("Call", f"2026-{n:02}", 10) for n in range(1, 13)), ("Call", 2026, 500)),
     ("Targets", 14, "Target"), "the months of 2026 add up to 120, not to 500"),
    (target(*(("Revenue", f"2026-Q{n}", 250) for n in (1, 2, 3, 4))), ("Goals", 2, "Target"),
     "the quarters of 2026 add up to 1,000, not to 1,200"),
    # -- time off
    (off((on(5, 2), on(5, 1), None, "")), ("Time off", 2, "Until"), "before From"),
    (off((on(5, 1), None, 0.25, "")), ("Time off", 2, "Part"), "neither 1 nor 0.5"),
    (off((on(5, 1), None, None, ""), who="Zoe"), ("Time off", 2, "Who"), "unknown person"),
    (off((on(5, 1), None, 0.5, ""), (on(5, 1), None, 0.5, "")), ("Time off", 3, "From"), "off already on 2026-05-01"),
    (off((on(5, 1), None, 0.5, "a"), (on(5, 1), None, 1, "b")), ("Time off", 3, "From"), "by row 2"),
    (off((on(5, 4), on(5, 8), 1, "a"), (on(5, 1), on(5, 5), 1, "b")), ("Time off", 2, "From"),
     "off already from 2026-05-04 until 2026-05-05, by row 3"),
    (off((on(5, 1), None, 0.5, "a"), (on(5, 1), None, 0.5, "b"), (on(5, 1), None, 0.5, "c")), ("Time off", 4, "From"),
     "off already"),
    # -- what is logged
    ({"log": [{"date": on(3, 3), "who": "Ann", "activity": "Call"}]}, ("Log", 6, "Date"), "in the future"),
    # -- how much is too much
    (activity(who="Ann", target=10, every="working day", minutes=60), ("People", 2, "Hours a week"),
     "the plan takes 52.5 hours a week; Ann has 40"),
    (activity(who="Ann", target=40, minutes=60, **{"from": on(7, 1)}), ("People", 2, "Hours a week"),
     "the plan takes 42.5 hours a week, from 2026-07-01 on; Ann has 40"),
    (target(("Call", on(6, 1), 170)), ("People", 2, "Hours a week"), "42.5 hours a week, from 2026-06-01 on"),
    (target(("Call", "2026-W20", 170)), ("People", 2, "Hours a week"), "from 2026-05-11 on"),
    (quarter("1. Meridian 2. Referrals", "Articles", "Rest"), ("Quarterly", 4, "Priority 1"), "4 priorities"),
    (quarter("Meridian; referrals", "Articles\nand posts"), ("Quarterly", 4, "Priority 1"), "4 priorities"),
    ({"quarterly": [*quarter("a", "b")["quarterly"], *quarter("c", "d", who="ANN")["quarterly"]]},
     ("Quarterly", 5, "Quarter"), "Ann has another row for 2026-Q1"),
    (tracked("A", "B", "C", "D") | target(*((g, "2026-Q2", 5) for g in "ABCD")),
     ("Targets", 5, "Period"), "2026-Q2 has targets for 4 goals"),
]  # fmt: skip


@pytest.mark.parametrize(("added", "place", "says"), SLIPS, ids=[f"{p[0]}-{s[:40]}" for _, p, s in SLIPS])
def test_each_slip_is_one_problem_and_all_else_is_computed(
    added: Tabs, place: tuple[str, int, str], says: str
) -> None:
    """One row in Problems with its place, plain words and what to do; Ben's visits are as they would be without."""
    found = typed(added)
    assert [(p.tab, p.row, p.column) for p in found.problems] == [place], found.problems
    problem = found.problems[0]
    assert says in problem.what and problem.hint
    assert not {"None", "Period(", "datetime"} & set(problem.what.split())
    assert visits(found) == UNTOUCHED


RIGHT: list[Tabs] = [
    activity(target=0.5),
    activity(target=3, weight=0),
    activity(target=3, serves="call"),
    target(("Call", "2026-Q2", 0)),
    target(("Call", on(3, 4), 15)),
    target(("Call", "2026-01", 10), ("Call", "2026-02", 10), ("Call", "2026-Q1", 50)),
    target(("Call", "2026-W07", 10), ("Call", "2026-02", 50), ("Call", "2026-02-03", 12)),
    target(*(("Revenue", f"2026-Q{n}", 100) for n in (1, 2, 3, 4)), who="Ann"),
    target(*(("Call", f"2026-{n:02}", 0.1) for n in (1, 2, 3)), ("Call", "2026-Q1", 0.3)),
    off((on(5, 4), on(5, 10), None, "")) | target(("Call", "2026-W19", 0), who="Ann"),
    off((on(5, 4), on(5, 10), None, "")) | target(("Call", "2026-W19", 5)),
    off((on(5, 1), None, 0.5, "dentist"), (on(5, 1), None, 0.5, "school")),
    off((on(5, 1), None, 0.5, ""), (on(5, 2), None, 0.5, "")),
    {"time_off": [*off((on(5, 1), None, 1, ""))["time_off"], *off((on(5, 1), None, 1, ""), who=None)["time_off"]]},
    {"activities": [{"activity": "Call", "who": "Ann", "target": 15}]},
    {"activities": [{"activity": "Tea", "target": 1, "until": on(6, 30)},
                    {"activity": "Tea", "target": 2, "from": on(7, 1)}]},
    activity(who="Ann", target=37.5, minutes=60),
    activity(who="Ben", target=500, minutes=60),
    activity(who="Ann", target=500, minutes=60, until=on(2, 28)),
    quarter("Meridian", "Referrals", "Articles (2. draft)"),
    {"quarterly": [*quarter("a", "b")["quarterly"], *quarter("c", "d", who="Ben")["quarterly"]]},
]  # fmt: skip


@pytest.mark.parametrize("added", RIGHT)
def test_what_is_right_is_not_a_concern(added: Tabs) -> None:
    """A half target, a rate from a Wednesday on, two different halves of a day ... are plans like any other."""
    assert typed(added).problems == ()


def test_a_fourth_priority_in_a_column_of_its_own() -> None:
    """Who puts in a column “Priority 4” has four."""
    added = quarter("a", "b", "c", **{"Priority 4": "d"})
    found = typed(added, extra={"quarterly": ["Priority 4", "Mood"]})
    assert [(p.tab, p.row, p.what) for p in found.problems] == [
        ("Quarterly", 4, "4 priorities are listed for this quarter, more than three")
    ]


def test_dates_are_shown_as_dates() -> None:
    """A date that is wrong is shown as the person sees it, not as a serial number."""
    (problem,) = typed(off((on(5, 2), on(5, 1), None, ""))).problems
    assert problem.typed == "2026-05-01"
    (problem,) = typed(activity(until=on(6, 30)) | target(("Tea", on(7, 1), 5))).problems
    assert problem.typed == "2026-07-01"


def test_months_follow_the_fiscal_year() -> None:
    """With a year from April, 2026-Q1 is April to June 2025."""
    months = [("Call", f"2025-{n:02}", 10) for n in (4, 5, 6)]
    settings = Settings(Calendar(year_starts=4), 2026)
    assert typed(target(*months, ("Call", "2026-Q1", 30)), settings=settings).problems == ()
    (problem,) = typed(target(*months, ("Call", "2026-Q1", 31)), settings=settings).problems
    assert problem.what == "the months of 2026-Q1 add up to 30, not to 31"


def test_hours_follow_the_day() -> None:
    """A plan that was too much until yesterday is none of today's concern; before the plan its first day counts."""
    much = activity(who="Ann", target=500, minutes=60, until=on(2, 28))
    assert len(typed(much, today=date(2026, 2, 28)).problems) == 1
    assert typed(much, today=date(2026, 3, 1)).problems == ()
    (problem, *future) = typed(much, today=date(2025, 12, 1)).problems
    assert problem.what == "the plan takes 502.5 hours a week; Ann has 40" and all(p.tab == "Log" for p in future)


def test_looked_at_before_the_plan_begins() -> None:
    """There is nothing to sum up yet; the tabs are laid out all the same."""
    found = understood({**base(), "log": []}, today=date(2025, 12, 1))
    findings = find_out(found, AsOf(date(2025, 12, 1), under_way=True))
    assert found.problems == () and findings.rollups.empty
    assert all(lay_out(SALES, findings).values())


def test_a_period_without_working_days_is_off() -> None:
    """A week away is off, not missed, and no problem."""
    found = typed(off((on(2, 9), on(2, 15), None, "")))
    rollups = find_out(found, AsOf(TODAY, under_way=True)).rollups
    week = rollups[(rollups["period"] == "2026-W07") & (rollups["person"] == "Ann") & (rollups["name"] == "Call")]
    assert found.problems == () and week["status"].tolist() == ["off"] and week["target"].tolist() == [0]


def test_a_rate_that_changes_in_the_middle_of_a_week() -> None:
    """10 a week until Tuesday, 15 from Wednesday: the week asks for 13."""
    found = typed(target(("Call", on(2, 11), 15)))
    rollups = find_out(found, AsOf(TODAY, under_way=True)).rollups
    week = rollups[(rollups["period"] == "2026-W07") & (rollups["person"] == "Ann") & (rollups["name"] == "Call")]
    assert found.problems == () and week["target"].tolist() == [pytest.approx(13)]


def test_of_two_equal_targets_the_later_row_counts() -> None:
    """As the problem says."""
    found = typed(target(("Call", "2026-W07", 5), ("Call", "2026-W07", 6)))
    rollups = find_out(found, AsOf(TODAY, under_way=True)).rollups
    week = rollups[(rollups["period"] == "2026-W07") & (rollups["person"] == "Ann") & (rollups["name"] == "Call")]
    assert week["target"].tolist() == [6] and found.problems[0].hint.endswith("row 3 counts (6)")


def weekly(*weeks: str, who: str = "Ann") -> Tabs:
    """Rows of the weekly review."""
    return {"weekly": [{"period": week, "who": who} for week in weeks]}


def test_the_rows_for_reviews_end_with_the_year() -> None:
    """Two weeks before a year without rows one problem says which command adds them; it goes when they are there."""
    rows: Tabs = weekly("2026-W52", "2026-W53", "2026-W01")
    assert typed(rows, today=date(2026, 12, 17)).problems == ()
    for today in (date(2026, 12, 18), date(2027, 1, 5)):
        (problem,) = typed(rows, today=today).problems
        assert (problem.tab, problem.row, problem.column, problem.typed) == ("Weekly", 5, "Week", "2026-W53")
        assert problem.what == "the tabs for reviews have no rows for 2027"
        assert "`sheetsync extend --year 2027`" in problem.hint
    assert typed(weekly("2026-W53", "2027-W01"), today=date(2026, 12, 18)).problems == ()
    assert typed({}, today=date(2026, 12, 18)).problems == ()


def test_a_plan_of_long_ago_lacks_no_rows() -> None:
    """A month after the last rows nobody waits for new ones: not for a year, and not for who has none."""
    old: Tabs = {**weekly("2026-W53"), "monthly": [{"period": "2026-12", "who": "Ann"}]}
    lacking = {
        today: [p.what for p in typed(old, today=today).problems if "reviews" in p.what] for today in DAYS_AFTER
    }
    assert [len(what) for what in lacking.values()] == [2, 2, 0, 0, 0]


DAYS_AFTER = (date(2026, 12, 31), date(2027, 2, 4), date(2027, 2, 5), date(2028, 6, 1), date(2037, 1, 1))


def test_the_rows_for_reviews_end_with_the_fiscal_year() -> None:
    """A year from April ends in March; a person’s own words in the place of a period are not taken for one."""
    settings = Settings(Calendar(year_starts=4), 2026)
    rows: Tabs = {"quarterly": [{"period": "2026-Q4", "who": "Ann"}, {"period": "next year", "who": "Ann"}]}
    assert typed(rows, settings=settings, today=date(2026, 3, 17)).problems == ()
    (problem,) = typed(rows, settings=settings, today=date(2026, 3, 18)).problems
    assert (problem.row, problem.what) == (4, "the tabs for reviews have no rows for 2027")
