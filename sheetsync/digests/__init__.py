"""A digest is what a review email says: values only, every sentence ready, no markup and no clock.

Each kind of email has a digest of its own, and a function that makes it from a sync's findings.
"""

from sheetsync.digests.days import Ask, Evening, Morning, evening_digest, morning_digest
from sheetsync.digests.frame import Digest, Said
from sheetsync.digests.group import GroupMonthly, Member, group_digest
from sheetsync.digests.hassles import Hassle
from sheetsync.digests.lines import Line
from sheetsync.digests.looking_back import (
    Annual,
    Month,
    MonthTarget,
    Quarterly,
    Year,
    annual_digest,
    quarterly_digest,
)
from sheetsync.digests.partner import PartnerWeekly, weekly_digest
from sheetsync.digests.problems import Flaw, FlawedTab, Problems, problems_digest
from sheetsync.digests.sheets import Question, Sheet, Sheets, find_sheets
from sheetsync.digests.weekend import Target, Weekend, weekend_digest

__all__ = [
    "Annual", "Ask", "Digest", "Evening", "Flaw", "FlawedTab", "GroupMonthly", "Hassle", "Line", "Member", "Month",
    "MonthTarget", "Morning", "PartnerWeekly", "Problems", "Quarterly", "Question", "Said", "Sheet", "Sheets",
    "Target", "Weekend", "Year", "annual_digest", "evening_digest", "find_sheets", "group_digest", "morning_digest",
    "problems_digest", "quarterly_digest", "weekend_digest", "weekly_digest",
]  # fmt: skip
