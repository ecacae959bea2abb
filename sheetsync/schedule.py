"""When a review email is due: the latest moment of a weekly slot that has passed, in the person's own time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def latest_slot(weekday: int, at: time, now: datetime, zone: ZoneInfo) -> date:
    """The local day of the latest moment of a weekly slot (`weekday` is 0 for Monday) up to `now`, an aware datetime.

    A moment that a clock change skips comes as much later as the clock jumped; one that comes twice is the first.
    """
    today = now.astimezone(zone).date()
    day = today - timedelta(days=(today.weekday() - weekday) % 7)
    moment = datetime.combine(day, at, zone).astimezone(UTC)
    return day if moment <= now else day - timedelta(days=7)
