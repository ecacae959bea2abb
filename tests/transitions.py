"""Every time zone with every change of its distance from UTC, 1990 to 2037, found by asking its clock alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

FIRST, LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to before `end` (in UTC) a zone's clocks are `offset` ahead of UTC."""

    start: datetime
    end: datetime
    offset: timedelta


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone and its spans in order, without gaps."""

    name: str
    spans: tuple[Span, ...]

    def due(self, local: datetime) -> datetime:
        """When the clocks show a local time (without zone) first; when they skip it, as much later as they jump."""
        for span in self.spans:
            if span.start <= (shown := (local - span.offset).replace(tzinfo=UTC)) < span.end:
                return shown
        return next(
            skipped
            for before, after in zip(self.spans, self.spans[1:], strict=False)
            if (skipped := (local - before.offset).replace(tzinfo=UTC)) >= before.end
            and (local - after.offset).replace(tzinfo=UTC) < after.start
        )


def zone_named(name: str) -> Zone:
    """A zone by its name."""
    return Zone(name, tuple(_spans(ZoneInfo(name))))


def zones() -> list[Zone]:
    """All zones; of several that share all their spans, one."""
    found: dict[tuple[Span, ...], Zone] = {}
    for zone in map(zone_named, sorted(available_timezones())):
        found.setdefault(zone.spans, zone)
    return list(found.values())


def _spans(zone: ZoneInfo) -> Iterator[Span]:
    # No two changes since 1990 are less than six days apart. Begun earlier and ended later, to look around.
    start = now = int((FIRST - timedelta(days=600)).timestamp())
    end, step = int((LAST + timedelta(days=600)).timestamp()), 4 * 24 * 3600
    offset = _offset(zone, now)
    while now < end:
        if _offset(zone, now + step) != offset:
            change = _change(zone, now, now + step)
            yield Span(_moment(start), _moment(change), offset)
            start, offset = change, _offset(zone, change)
        now += step
    yield Span(_moment(start), _moment(now), offset)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _offset(zone: ZoneInfo, seconds: int) -> timedelta:
    return datetime.fromtimestamp(seconds, zone).utcoffset() or timedelta()


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The second between the two at which the distance changes."""
    old = _offset(zone, before)
    while after - before > 1:
        between = (before + after) // 2
        before, after = (between, after) if _offset(zone, between) == old else (before, between)
    return after
