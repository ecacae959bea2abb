"""Sample digests for the tests of mail: a good week, a bad one, a silent one and the very first."""

from dataclasses import replace
from datetime import date

from sheetsync.digests import Digest, Line

QUESTIONS = (
    "What went better than you expected, and why?",
    "What gets in the way of the cold calls?",
    "Which one thing, done by Friday, would make next week a good week?",
)

CALLS = Line(
    name="Cold calls",
    kind="activity",
    every="week",
    period="2026-W07",
    actual=14,
    target=36.36,
    share=14 / 36.36,
    pace_share=0.5,
    status="at risk",
    change=-6,
    history=(0.8, 1.0, 1.1, None, 0.4, 0.6, 1.0, 1.0, 0.9, 0.75, 1.2, 0.55, 0.39),
    sentence="14 of 36 so far; 18 expected by Thursday’s end; 4 behind; 2.2 a day needed; at this rate 28.",
)
INVITATIONS = Line(
    name="LinkedIn invitations",
    kind="activity",
    every="week",
    period="2026-W07",
    actual=10,
    target=10,
    share=1.0,
    pace_share=0.8,
    status="met",
    change=3,
    history=(0.5, 0.7, 1.0, None, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 1.0, 0.7, 1.0),
    sentence="10 of 10: this week’s target is met, five weeks in a row.",
)
ARTICLE = Line(
    name="Article on the company blog",
    kind="activity",
    every="month",
    period="2026-02",
    actual=0,
    target=1,
    share=0.0,
    pace_share=0.4,
    status="on track",
    change=None,
    history=(),
    sentence="0 of 1 this month so far; due by Friday 27 February.",
)
MEETINGS = replace(
    CALLS,
    name="First meetings",
    actual=4,
    target=5,
    share=0.8,
    pace_share=0.8,
    status="on track",
    change=0,
    history=(0.6, 0.8, 0.8, None, 1.0, 0.4, 0.6, 1.0, 0.8, 0.6, 1.0, 0.8, 0.8),
    sentence="4 of 5 so far; 4 expected by Thursday’s end; at this rate 5.",
)
REVENUE = Line(
    name="New revenue",
    kind="goal",
    every="year",
    period="2026",
    actual=61_400,
    target=480_000,
    share=61_400 / 480_000,
    pace_share=0.118,
    status="on track",
    change=12_300,
    history=(),
    sentence="61,400 of 480,000 so far; 56,640 expected by Thursday’s end; at this rate 520,300.",
)

GOOD_WEEK = Digest(
    person="Anna Weber",
    person_email="anna@example.com",
    partner="Ben Okafor",
    partner_email="ben@example.com",
    week="2026-W07",
    start=date(2026, 2, 9),
    last_day=date(2026, 2, 12),
    so_far=True,
    headline="3 of 4 activities on track, and the invitations are done",
    score=0.87,
    last_score=0.82,
    wins=(
        "LinkedIn invitations: target met, five weeks in a row (best so far).",
        "Signed the framework contract with the Lindqvist group.",
    ),
    goals=(REVENUE,),
    activities=(INVITATIONS, MEETINGS, CALLS, ARTICLE),
    progress="Two second meetings came out of January’s trade fair. The new call script works better when I name the"
    " competitor first.",
    hassles="The dialler drops calls after twelve minutes (third week).\nLegal takes nine days for an NDA.",
    promise="Block 9 to 10 every morning for calls, phone off the hook.",
    kept="partly",
    next_action="Send the three NDAs to legal by Monday noon, then call Lindqvist.",
    questions=QUESTIONS,
    silent_since=None,
    time_off=("Anna is off on Mon 16 and Tue 17 Feb; next week’s targets are lower by two days.",),
    link="https://docs.google.com/spreadsheets/d/1aBcD/edit#gid=42",
)
BAD_WEEK = replace(
    GOOD_WEEK,
    so_far=False,
    last_day=date(2026, 2, 15),
    headline="A hard week: 1 of 4 activities met",
    score=0.41,
    last_score=0.82,
    wins=(),
    goals=(
        replace(
            REVENUE,
            status="behind",
            actual=41_400,
            share=0.086,
            change=0,
            sentence="41,400 of 480,000; 15,240 behind.",
        ),
    ),
    activities=(
        replace(CALLS, status="missed", sentence="14 of 36; the week closed 22 short."),
        replace(MEETINGS, status="missed", actual=1, share=0.2, pace_share=1.0, change=-3, sentence="1 of 5."),
        replace(INVITATIONS, change=0),
        replace(ARTICLE, status="behind", sentence="0 of 1 this month; 8 working days left."),
    ),
    progress="",
    kept="no",
    time_off=(),
)
SILENT_WEEK = replace(
    GOOD_WEEK,
    headline="Nothing logged yet this week",
    score=None,
    last_score=0.41,
    wins=(),
    goals=(replace(REVENUE, change=None),),
    activities=tuple(
        replace(
            line,
            actual=0,
            share=0.0,
            change=None,
            status="silent",
            sentence=f"Nothing logged; {line.target:.0f} is the target.",
        )
        for line in (CALLS, INVITATIONS)
    ),
    progress="",
    hassles="",
    kept="",
    next_action="",
    silent_since=date(2026, 2, 5),
    time_off=(),
)
FIRST_WEEK = replace(
    GOOD_WEEK,
    partner="",
    week="2026-W02",
    start=date(2026, 1, 5),
    last_day=date(2026, 1, 8),
    headline="The first week: a start is made",
    score=0.6,
    last_score=None,
    wins=("The first 9 calls are logged.",),
    activities=(
        replace(
            CALLS,
            period="2026-W02",
            actual=9,
            change=None,
            history=(0.25,),
            status="behind",
            sentence="9 of 36 so far.",
        ),
    ),
    goals=(),
    progress="",
    hassles="",
    promise="",
    kept="",
    time_off=(),
    link=None,
)
SAMPLES = {"good": GOOD_WEEK, "bad": BAD_WEEK, "silent": SILENT_WEEK, "first": FIRST_WEEK}
