"""The arithmetic of goals over many periods: pace, slack, required rate, projection, status, streak.

The formulas are those of docs/formulas.md; "on track" and "behind" at 99 % and 81 % of pace are
Recruiterflow's published bounds. All arrays have one element a period; the periods of many goals stand one behind the
other, so that a team costs a few array operations and not thousands.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

ON_TRACK, BEHIND = 0.99, 0.81
_SMALL_TARGET, _SMALL_GAP = 5, 1
RARE_TARGET = 2
_DAYS_TO_PROJECT = 3


@dataclass(slots=True)
class Measures:
    """What is known of each period: sums of what was logged, of shares and of days.

    `finished` is the part of `actual` before the boundary, `untouched` the target before time off, `days` the working
    days, `rows` the person's logged rows of any kind. `native`: a period of the goal's own cadence, where streaks
    are; `small`: of a week or more, where a rare goal is expected late. `begins`: the first of a goal and cadence.
    """

    actual: "Floats"
    finished: "Floats"
    target: "Floats"
    expected: "Floats"
    untouched: "Floats"
    days: "Floats"
    days_finished: "Floats"
    rows: "Floats"
    closed: "Booleans"
    native: "Booleans"
    small: "Booleans"
    begins: "Booleans"
    quality: "Floats" = field(repr=False)
    amount: "Floats" = field(repr=False)

    @staticmethod
    def columns() -> tuple[str, ...]:
        """The columns that `statuses` gives, in order."""
        return (
            "actual", "finished", "target", "expected", "attainment", "pace", "slack", "behind_by", "required_rate",
            "projection", "status", "streak", "best_streak", "quality", "amount",
        )  # fmt: skip


def reached(actual: "Floats", wanted: "Floats") -> "Booleans":
    """Whether `actual` >= `wanted`, but for the last digits of a float."""
    import numpy as np

    result: Booleans = actual >= wanted - 1e-9 * np.maximum(1.0, np.abs(wanted))
    return result


def statuses(m: Measures) -> dict[str, Any]:
    """The columns of a rollup, each an array with one element a period; NaN where undefined."""
    import numpy as np

    off = m.days == 0
    untargeted = ~off & (m.target <= 0)
    judged = ~off & ~untargeted
    expected = _expected(m)
    days_left = m.days - m.days_finished
    projected = m.days_finished >= _DAYS_TO_PROJECT
    ahead = reached(m.finished, expected)
    pace = _ratio(m.finished, expected)
    met = judged & reached(m.actual, m.target)
    silent = (m.days_finished > 0) & (m.rows == 0)
    gap = expected - m.finished
    on_track = (expected <= 0) | reached(np.nan_to_num(pace), np.full(len(pace), ON_TRACK))
    nearly = reached(np.nan_to_num(pace), np.full(len(pace), BEHIND)) | (
        (m.target < _SMALL_TARGET) & reached(np.full(len(gap), float(_SMALL_GAP)), gap)
    )
    status = np.select(
        [off, untargeted, met, silent, m.closed, on_track, nearly],
        ["off", "untargeted", "met", "silent", "missed", "on track", "behind"],
        "at risk",
    )
    streak, best = _streaks(judged & m.native, met & m.native, m)
    return {
        "actual": m.actual,
        "finished": m.finished,
        "target": np.where(off | untargeted, 0.0, m.target),
        "expected": np.where(judged, expected, np.nan),
        "attainment": np.where(judged, _ratio(m.actual, m.target), np.nan),
        "pace": np.where(judged, pace, np.nan),
        "slack": np.where(judged & ~m.closed, _slack(m, expected, ahead, days_left), np.nan),
        "behind_by": np.where(judged, np.where(ahead, 0.0, np.maximum(0.0, gap)), np.nan),
        "required_rate": np.where(judged, _ratio(np.maximum(0.0, m.target - m.actual), days_left), np.nan),
        "projection": np.where(projected, _ratio(m.finished * m.days, m.days_finished), np.nan),
        "status": status.astype(object),
        "streak": np.where(m.native, streak, np.nan),
        "best_streak": np.where(m.native, best, np.nan),
        "quality": m.quality,
        "amount": m.amount,
    }  # fmt: skip


def _ratio(numerator: "Floats", denominator: "Floats") -> "Floats":
    import numpy as np

    result: Floats = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
    return result


def is_rare(m: Measures) -> "Booleans":
    """Whether a period is a goal's own and asks for one or two, before time off."""
    import numpy as np

    few = reached(np.full(len(m.untouched), float(RARE_TARGET)), m.untouched)
    return m.small & (m.untouched > 0) & few


def _expected(m: Measures) -> "Floats":
    """The shares of finished days; a goal of one or two in its period is expected in the last quarter of it."""
    import numpy as np

    gone = np.nan_to_num(_ratio(m.days_finished, m.days))
    return np.where(is_rare(m), m.target * np.maximum(0.0, 4 * gone - 3), m.expected)


def _slack(m: Measures, expected: "Floats", ahead: "Booleans", days_left: "Floats") -> "Floats":
    """Whole idle working days that can be afforded."""
    import numpy as np

    affordable = _ratio((m.finished - expected) * m.days, m.target)
    idle = np.floor(np.minimum(np.nan_to_num(affordable), days_left) + 1e-9)
    return np.where(ahead, np.maximum(idle, 0.0), 0.0)


def _streaks(judged: "Booleans", met: "Booleans", m: Measures) -> tuple["Floats", "Floats"]:
    """Met periods in a row up to and with each one, and the longest run so far.

    A streak is the number of met periods so far less that number at the last break; periods that are neither met nor
    missed change neither.
    """
    import numpy as np

    runs = np.cumsum(met, dtype=np.int64)
    before = runs - met
    broken = judged & ~met & m.closed
    since = np.maximum.accumulate(np.where(m.begins, before, np.where(broken, runs, 0)))
    streaks = runs - since
    # A best of an earlier goal must not count: each goal is lifted above all that came before it.
    lift = np.cumsum(m.begins, dtype=np.int64) * (len(met) + 1)
    bests = np.maximum.accumulate(streaks + lift) - lift
    return streaks.astype(float), bests.astype(float)
