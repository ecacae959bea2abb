"""Numbers in plain words: one sentence a goal, the same in the workbook, the terminal and the email."""

from collections.abc import Sequence
from datetime import date
from math import isclose, isnan
from typing import Any

from sheetsync.periods import DAY, AsOf
from sheetsync.restated import is_restated

_BAR = 10
_BLOCKS = "▁▂▃▄▅▆▇█"
_FULL = len(_BLOCKS) - 1


def number(value: float | None) -> str:
    """What was counted, as people write it: 1,240 · 250.5 · 14 · 0.25; "" when undefined."""
    return _written(value, 0 if value is not None and abs(value) >= 1000 else 2)


def about(value: float | None) -> str:
    """What was computed, as exact as it matters: 1,240 · 36 (for 36.36) · 12.5 · 2.2 · 0.25; "" when undefined."""
    size = abs(value or 0.0)
    whole = size >= 1000 or (size >= 10 and not isclose(size, round(size, 1), abs_tol=1e-9))
    return _written(value, 0 if whole else 1 if size >= 1 else 2)


def _written(value: float | None, digits: int) -> str:
    if value is None or isnan(value):
        return ""
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text.replace("-", "−")


def counted(count: int, thing: str) -> str:
    """How many of a thing: 1 row, 3,806 rows."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def percent(value: float | None) -> str:
    """A share as whole per cent; "" when undefined."""
    return "" if value is None or isnan(value) else f"{hundredths(value)} %"


def hundredths(share: float) -> int:
    """Whole per cent as in a spreadsheet, but 99.6 % never reads as reached."""
    return min(round(share * 100), 99) if share < 1 - 1e-9 else round(share * 100)


def day(value: date) -> str:
    """A day as people write it: Thu 19 Nov."""
    return f"{value:%a} {value.day} {value:%b}"


def full_day(value: date) -> str:
    """A day with its year: Thu 19 Nov 2026."""
    return f"{day(value)} {value.year}"


def bar(share: float | None, pace_share: float | None) -> str:
    """Progress in ten blocks, with a line where an even pace would be: ██████┃░░░."""
    if share is None or isnan(share):
        return ""
    filled = min(_BAR, int(max(0.0, share) * _BAR + 1e-9))
    blocks = ["█"] * filled + ["░"] * (_BAR - filled)
    if pace_share is not None and 0 < pace_share < 1:
        blocks.insert(round(pace_share * _BAR), "┃")
    return "".join(blocks)


def sparkline(shares: Sequence[float | None]) -> str:
    """Attainments, oldest first, as blocks: a full one for the target or more, a dot where there was no target."""
    return "".join(
        "·" if share is None or isnan(share) else _BLOCKS[min(_FULL, int(max(0.0, share) * _FULL + 1e-9))]
        for share in shares
    )


def sentence(row: Any, as_of: AsOf, beyond: float | None = None) -> str:
    """One rollup in plain words, such as

    "14 of 36 so far; 18 expected by Thursday's end; 4 behind; 2.2 a day needed; at this rate 28".

    `row` has the attributes of a rollup's columns (see `rollups.roll_up` and `restated.with_reported`). Of a closed
    period that was reported otherwise both numbers are said. `beyond`: the best rate of four weeks, where more is
    needed than that.
    """
    told = _told(row, as_of, beyond)
    return f"{told}; restated: {restatement(row)}" if is_restated(row) else told


def restatement(row: Any) -> str:
    """What was reported of a period, and what it became: 8 → 10."""
    return f"{number(row.reported)} → {number(row.actual)}"


def _told(row: Any, as_of: AsOf, beyond: float | None) -> str:
    actual = number(row.actual)
    match row.status:
        case "off":
            return f"{actual} logged; no working days" if row.actual else "off"
        case "untargeted":
            return f"{actual} logged, no target" if row.actual else "nothing logged, no target"
        case "met":
            more = about(row.actual - row.target)
            return f"{actual} of {about(row.target)}: reached" + (f", {more} more" if more not in {"0", ""} else "")
        case "missed":
            return f"{actual} of {about(row.target)}; {about(row.target - row.actual)} short"
        case "silent" if row.closed:
            return f"nothing logged at all; the target was {about(row.target)}"
    parts = [f"{actual} of {about(row.target)} so far"]
    if row.status == "silent":
        parts = [f"nothing logged yet; the target is {about(row.target)}"]
    if row.expected > 0:
        parts.append(f"{about(row.expected)} expected by {_by(as_of, row.start)}")
    if row.status == "on track":
        parts.append(_ahead(row))
    elif row.behind_by > 0:
        parts.append(f"{about(row.behind_by)} behind")
    if row.required_rate > 0:
        best = f", beyond the best four weeks ({about(beyond)})" if beyond is not None else ""
        parts.append(f"{about(row.required_rate)} a day needed{best}")
    if not isnan(row.projection) and row.status != "silent":
        parts.append(f"at this rate {about(row.projection)}")
    return "; ".join(part for part in parts if part)


def _ahead(row: Any) -> str:
    idle = int(row.slack) if not isnan(row.slack) else 0
    return f"{idle} idle {'day' if idle == 1 else 'days'} to spare" if idle else ""


def _by(as_of: AsOf, start: date) -> str:
    last = as_of.boundary - DAY
    if (last - start).days < 7:
        return f"{last:%A}’s end"
    return f"the end of {last.day} {last:%b}"
