"""A sample digest of every kind: to try templates with, and to see emails before there is anything to tell.

Each kind has two: one with everything in it, and one in which all that may be absent is.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any

from sheetsync.digests.days import Ask, Evening, Morning
from sheetsync.digests.frame import STOP_KEEPER, STOP_OWN, STOP_PARTNER, Digest, Said
from sheetsync.digests.group import GroupMonthly, Member
from sheetsync.digests.hassles import Hassle
from sheetsync.digests.lines import Line
from sheetsync.digests.looking_back import Annual, Month, MonthTarget, Quarterly, Year
from sheetsync.digests.partner import PartnerWeekly
from sheetsync.digests.problems import Flaw, FlawedTab, Problems
from sheetsync.digests.sheets import Question, Sheet
from sheetsync.digests.weekend import Target, Weekend

_LINK = "https://docs.google.com/spreadsheets/d/1aBcD/edit#gid=42"
_FRAME: Mapping[str, Any] = {
    "reader": "Anna Weber", "person": "Anna Weber", "person_email": "anna@example.com", "so_far": True,
    "link": _LINK, "home": "https://docs.google.com/spreadsheets/d/1aBcD/edit", "stop": STOP_OWN,
}  # fmt: skip
_WEEK: Mapping[str, Any] = {"period": "2026-W07", "start": date(2026, 2, 9), "last_day": date(2026, 2, 15)}
_TODAY: Mapping[str, Any] = {"period": "2026-02-12", "start": date(2026, 2, 12), "last_day": date(2026, 2, 12)}

CALLS = Line(
    "Cold calls", "activity", "week", "2026-W07", 14, 36.36, 14 / 36.36, 0.5, "at risk", -6,
    (0.8, 1.0, 1.1, None, 0.4, 0.6, 1.0, 1.0, 0.9, 0.75, 1.2, 0.55, 0.39),
    "14 of 36 so far; 18 expected by Thursday’s end; 4 behind; 2.2 a day needed; at this rate 28",
)  # fmt: skip
INVITATIONS = Line(
    "LinkedIn invitations", "activity", "week", "2026-W07", 10, 10, 1.0, 0.8, "met", 3,
    (0.5, 0.7, 1.0, None, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 1.0, 0.7, 1.0), "10 of 10: reached",
)  # fmt: skip
MEETINGS = replace(
    CALLS, name="First meetings", actual=4, target=5, share=0.8, pace_share=0.8, status="on track", change=0,
    history=(0.6, 0.8, 0.8, None, 1.0, 0.4, 0.6, 1.0, 0.8, 0.6, 1.0, 0.8, 0.8),
    sentence="4 of 5 so far; 4 expected by Thursday’s end; at this rate 5",
)  # fmt: skip
ARTICLE = Line(
    "Article on the company blog", "activity", "month", "2026-02", 0, 1, 0.0, 0.4, "on track", None, (),
    "0 of 1 so far", "new since Mon 9 Feb",
)  # fmt: skip
REVENUE = Line(
    "New revenue", "goal", "year", "2026", 61_400, 480_000, 61_400 / 480_000, 0.118, "on track", 12_300, (),
    "61,400 of 480,000 so far; 56,640 expected by Thursday’s end; at this rate 520,300",
)  # fmt: skip
_LISTS: Mapping[str, Any] = {
    "score": 0.87, "last_score": 0.82, "goals": (REVENUE,), "activities": (INVITATIONS, MEETINGS, CALLS, ARTICLE),
}  # fmt: skip
_RHYTHM = "9 of the last 13 weeks had all three: log, weekly review and partner meeting; 4 weeks in a row now."
_DAILY = Sheet("Daily", _LINK, (Question("next", "Tomorrow's actions"),))

PARTNER_WEEKLY = PartnerWeekly(
    **{**_FRAME, "reader": "Ben Okafor", "stop": STOP_PARTNER}, **_WEEK, **_LISTS, kind="partner-weekly",
    headline="3 of 4 on track", link_to="Partner",
    reason="sheetsync sends you this each Friday because Anna Weber named you as partner for the year’s goals.",
    welcome=(
        "Anna Weber has goals for this year and named you as the partner to talk about them with.",
        "What you can do with it: talk for a quarter of an hour. You need no account.",
    ),
    wins=("Kept last week’s promise", "LinkedIn invitations: 10 of 10 this week, 5 weeks in a row"),
    restated=("Cold calls: last week is 20 now, 18 when it was reported",),
    progress="Two second meetings came out of January’s trade fair. The new call script works better when I name the"
    " competitor first.",
    hassles=(
        Hassle("The dialler drops calls", "2026-W05", 3),
        Hassle("Legal takes nine days for an NDA", "2026-W07", 1),
    ),
    hassles_week="2026-W07",
    promise="Block 9 to 10 every morning for calls, phone off the hook.", kept="partly",
    next_action="Send the three NDAs to legal by Monday noon, then call Lindqvist.",
    questions=(
        "What got in the way of “Cold calls”, and what would make it easier next week?",
        "“The dialler drops calls” has been in the way for 3 weeks: what would remove it for good?",
        "What else would make your next action certain to happen?",
    ),
    silent_since=None, time_off=("Mon 16 Feb – Tue 17 Feb",),
)  # fmt: skip
MORNING = Morning(
    **_FRAME, **_TODAY, kind="morning", headline="3 × Cold calls, 1 × First meetings", link_to="Daily",
    reason="sheetsync sends you this on the mornings of your working days.",
    asks=(
        Ask("Cold calls", "3", "14 of 36 this week so far", CALLS),
        Ask("First meetings", "1", "4 of 5 this week so far", MEETINGS),
    ),
    ahead=("Article on the company blog: 1 by Fri 27 Feb",),
    planned="Ring Lindqvist before ten.\nOffer for the harbour project.",
    promise="Block 9 to 10 every morning for calls, phone off the hook.", partner="Ben Okafor",
    deadline=date(2026, 2, 13), score=0.87, daily=_DAILY,
)  # fmt: skip
EVENING = Evening(
    **_FRAME, **_TODAY, kind="evening", headline="nothing logged yet today", link_to="Tally",
    reason="sheetsync sends you this in the evening of a working day on which nothing was logged.",
    question="What was the best moment of your day?", planned="Ring Lindqvist before ten.",
    steps=(
        "In “Tally”: a row with today’s date, and a number below each activity you did. Done.",
        "A day without any is fine, too: a 0 says so. A blank says only that nothing was logged.",
    ),
    next_day=date(2026, 2, 13), tomorrow=("Cold calls: 8", "First meetings: 1"), plan="Finish the offer first.",
    questions=_DAILY.questions, daily=_DAILY,
)  # fmt: skip
WEEKEND = Weekend(
    **_FRAME, **_WEEK, **_LISTS, kind="weekend", headline="3 of 4 on track", link_to="Weekly",
    reason="sheetsync sends you this at the end of each week.",
    wins=PARTNER_WEEKLY.wins, restated=PARTNER_WEEKLY.restated, rhythm=_RHYTHM, silent_since=None,
    questions=(Question("review", "How did the week go?"), Question("goals", "Goals for next week", "at most three")),
    next_week="2026-W08", targets=(Target("Cold calls", "24"), Target("First meetings", "3")),
    time_off=PARTNER_WEEKLY.time_off,
)  # fmt: skip
_MONTHLY = (
    Said("What I'm doing", "Fewer, longer calls."), Said("Where I'm headed", "Ten customers by summer."),
    Said("Ideas from the group", "Ask for the second meeting in the first."),
)  # fmt: skip
GROUP_MONTHLY = GroupMonthly(
    **{**_FRAME, "so_far": False}, kind="group-monthly", period="2026-01", start=date(2026, 1, 1),
    last_day=date(2026, 1, 31), headline="New revenue 61,400 of 80,000 together", link_to="Monthly",
    reason="sheetsync sends this once a month to each member of the group North, before you meet.",
    group="North", month="January 2026",
    members=(
        Member(
            "Anna Weber", 0.91, 0.84,
            ("New revenue: 41,400 of 38,000: reached, 3,400 more.", "3 of 4 activity targets reached.",
             "The year: 41,400 of 480,000 so far; at this rate 497,000."),
            "Call before ten, every day.", _MONTHLY,
        ),
        Member("Ben Okafor", 0.62, None, ("1 of 3 activity targets reached; short: Visits 2 of 8.",), "", ()),
    ),
    absent=("Carla Reyes",), questions=(Question("next", "What I'll do next month"),),
)  # fmt: skip
_QUARTER: Mapping[str, Any] = {
    "goals": (replace(REVENUE, every="quarter", period="2026-Q1", sentence="61,400 of 101,000; 39,600 short"),),
    "activities": (
        replace(CALLS, every="quarter", period="2026-Q1", sentence="402 of 460; 58 short", status="missed"),
    ),
}
QUARTERLY = Quarterly(
    **{**_FRAME, "so_far": False}, **{**_LISTS, **_QUARTER},
    kind="quarterly", period="2026-Q1", start=date(2026, 1, 1), last_day=date(2026, 3, 31),
    headline="0 of 1 goal reached", link_to="Quarterly", reason="sheetsync sends you this after each quarter.",
    priorities=("Three pilots with logistics firms", "A call script that works", "An assistant for the paperwork"),
    months=(
        MonthTarget("January", "38,000 aimed at, 41,400 came (New revenue)", 1.09),
        MonthTarget("February", "40,000 aimed at, 20,000 came (New revenue)", 0.5),
    ),
    said=(Said("What must get done", "The price list."),), wins=PARTNER_WEEKLY.wins[1:],
    diagnosis="New revenue is at 61 % of what was expected in 2026-Q1, although 87 % of the activities were done: "
    "change the activities.",
    rhythm=_RHYTHM, next_period="2026-Q2", next_priorities=("Close two of the pilots",),
    questions=(Question("priority_1", "Priority 1", "At most three."), Question("must", "What must get done")),
)  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ANNUAL = Annual(
    **{**_FRAME, "so_far": False}, kind="annual", period="2026", start=date(2026, 1, 1), last_day=date(2026, 12, 31),
    headline="1 of 1 goal reached", link_to="Annual", reason="sheetsync sends you this after each year.", score=0.87,
    said=(Said("Big picture", "A firm of ten that does not need me every day."),),
    goals=(replace(REVENUE, status="met", actual=489_000, share=1.02, sentence="489,000 of 480,000: reached"),),
    activities=(replace(CALLS, every="year", period="2026", sentence="402 of 460; 58 short", status="missed"),),
    years=tuple(
        Year(name, total, tuple(Month(m, f"{n + 30} of 40", (n + 30) / 40) for n, m in enumerate(_MONTHS)))
        for name, total in (("Score", "How much of each month’s activities was done"), ("Cold calls", "402 of 460"))
    ),
    rhythm=_RHYTHM, next_period="2027", questions=(Question("picture", "Big picture"),),
)  # fmt: skip
PROBLEMS = Problems(
    **{**_FRAME, "reader": "", "person": "", "person_email": "", "stop": STOP_KEEPER}, **_TODAY, kind="problems",
    headline="2 new things to look at, 3 in all", link_to="Problems",
    reason="sheetsync sends this to whoever runs it, on days on which there is something new.",
    tabs=(
        FlawedTab("Log", (
            Flaw("row 14, Activity", "unknown activity “cold cal”", "did you mean “Cold call”?", "cold cal", True),
            Flaw("row 31, Date", "2026-13-04 is no day", "write it as 2026-02-14", "2026-13-04", True),
        ), 2),
        FlawedTab("Targets", (Flaw("row 3", "the months do not add up to the quarter", "", "", False),), 0),
    ),
    new=2, total=3,
)  # fmt: skip

_ALL: Mapping[str, Digest] = {
    d.kind: d
    for d in (PARTNER_WEEKLY, MORNING, EVENING, WEEKEND, GROUP_MONTHLY, QUARTERLY, ANNUAL, PROBLEMS)
}  # fmt: skip
_MAY_BE_NONE = frozenset({"score", "last_score", "deadline", "next_day", "link", "home", "silent_since"})
_ALWAYS = frozenset(
    {"kind", "person", "period", "headline", "reason", "stop", "month", "group", "partner", "next_week", "question"}
)


def samples(kind: str) -> tuple[Digest, Digest]:
    """The sample of a kind with everything in it, and the one with as little as can be."""
    digest = _ALL[kind]
    return digest, replace(digest, **{f.name: _less(f.name, getattr(digest, f.name)) for f in fields(digest)})


def _less(name: str, value: Any) -> Any:
    if name in _MAY_BE_NONE:
        return None
    if name in _ALWAYS:
        return value
    return () if isinstance(value, tuple) else "" if isinstance(value, str) else value
