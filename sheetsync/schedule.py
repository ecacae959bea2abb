"""When a review email is due: the latest moment of a weekly slot that has passed, in the person's own time zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sheetsync.periods import WEEKDAYS


@dataclass(frozen=True, slots=True)
class Slot:
    """A weekly slot such as Friday 16:00; `weekday` is 0 for Monday."""

    weekday: int
    at: time

    def latest(self, now: datetime, zone: ZoneInfo) -> date:
        """The local day of the slot's latest moment up to `now` (an aware datetime).

        A moment that a clock change skips is the first one after the gap; one that comes twice is the first.
        """
        today = now.astimezone(zone).date()
        day = today - timedelta(days=(today.weekday() - self.weekday) % 7)
        moment = datetime.combine(day, self.at, zone).astimezone(UTC)
        return day if moment <= now else day - timedelta(days=7)


def parse_slot(text: str) -> Slot | None:
    """A slot such as `Fri 16:00`, or None."""
    found = re.fullmatch(r"\s*([A-Za-z]{3,9})\s+(\d{1,2}):(\d\d)\s*", text)
    if not found:
        return None
    weekday = next((n for n, name in enumerate(WEEKDAYS) if name.startswith(found[1].lower())), None)
    hour, minute = int(found[2]), int(found[3])
    if weekday is None or hour > 23 or minute > 59:
        return None
    return Slot(weekday, time(hour, minute))
