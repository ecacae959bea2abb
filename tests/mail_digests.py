"""Sample digests for the tests of mail: every kind in full and bare, and weeks of a partner's that differ."""

from dataclasses import replace
from datetime import date

from sheetsync.digests import Digest
from sheetsync.digests.samples import ARTICLE, CALLS, INVITATIONS, MEETINGS, PARTNER_WEEKLY, REVENUE, samples
from sheetsync.kinds import KINDS

GOOD_WEEK = replace(PARTNER_WEEKLY, welcome=(), restated=())
BAD_WEEK = replace(
    GOOD_WEEK,
    so_far=False,
    headline="1 of 4 on track",
    score=0.41,
    last_score=0.82,
    wins=(),
    goals=(replace(REVENUE, status="behind", actual=41_400, share=0.086, change=0, sentence="41,400 of 480,000"),),
    activities=(
        replace(CALLS, status="missed", sentence="14 of 36; the week closed 22 short."),
        replace(MEETINGS, status="missed", actual=1, share=0.2, pace_share=1.0, change=-3, sentence="1 of 5."),
        replace(INVITATIONS, change=0),
        replace(ARTICLE, status="behind", news="", sentence="0 of 1 this month; 8 working days left."),
    ),
    progress="",
    kept="no",
    time_off=(),
)
SILENT_WEEK = replace(
    GOOD_WEEK,
    headline="nothing logged",
    score=None,
    last_score=0.41,
    wins=(),
    goals=(replace(REVENUE, change=None),),
    activities=tuple(
        replace(line, actual=0, share=0.0, change=None, status="silent", sentence="nothing logged yet")
        for line in (CALLS, INVITATIONS)
    ),
    progress="",
    hassles=(),
    kept="",
    next_action="",
    silent_since=date(2026, 2, 5),
    time_off=(),
)
FIRST_WEEK = replace(
    GOOD_WEEK,
    reader="",
    welcome=PARTNER_WEEKLY.welcome,
    headline="0 of 1 on track",
    score=0.6,
    last_score=None,
    wins=("The first 9 calls are logged.",),
    activities=(replace(CALLS, actual=9, change=None, history=(0.25,), status="behind", sentence="9 of 36 so far."),),
    goals=(),
    progress="",
    hassles=(),
    promise="",
    kept="",
    time_off=(),
    link=None,
    home=None,
)
WEEKS = {"good": GOOD_WEEK, "bad": BAD_WEEK, "silent": SILENT_WEEK, "first": FIRST_WEEK}
FULL: dict[str, Digest] = {kind: samples(kind)[0] for kind in KINDS}
SAMPLES: dict[str, Digest] = {
    **WEEKS,
    **FULL,
    **{f"bare {kind}": samples(kind)[1] for kind in KINDS},
}
