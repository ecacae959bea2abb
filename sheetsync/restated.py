"""Frozen periods: what was reported of a period at the first sync after its end, and whether it has changed since.

`actual` is always live. What was reported is stored once and never changes, so that a number which somebody was told
can be found again beside the one it became.
"""

from collections.abc import Mapping
from math import isclose, isnan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Reported = Mapping[tuple[str, str], Mapping[tuple[str, str, str], float]]
"""By cadence and period, then by person, kind and name: the actual that was reported."""


def newly_closed(
    rollups: "pd.DataFrame", known: Reported
) -> dict[tuple[str, str], dict[tuple[str, str, str], float]]:
    """What is to be stored: the actuals of the closed periods of which nothing is stored yet."""
    found: dict[tuple[str, str], dict[tuple[str, str, str], float]] = {}
    if rollups.empty:
        return found
    closed = rollups[rollups["closed"].to_numpy(dtype=bool)]
    columns = (closed[name].tolist() for name in ("cadence", "period", "person", "kind", "name", "actual"))
    for cadence, period, person, kind, name, actual in zip(*columns, strict=True):
        if (cadence, period) not in known:
            found.setdefault((cadence, period), {})[person, kind, name] = actual
    return found


def with_reported(rollups: "pd.DataFrame", reported: Reported) -> "pd.DataFrame":
    """The rollups with a column `reported`: NaN while a period is open, and where nothing was stored."""
    import numpy as np

    values = np.full(len(rollups), np.nan)
    if reported and len(rollups):
        places = np.flatnonzero(rollups["closed"].to_numpy(dtype=bool))
        closed = rollups.iloc[places]
        columns = (closed[name].tolist() for name in ("cadence", "period", "person", "kind", "name"))
        for place, cadence, period, person, kind, name in zip(places, *columns, strict=True):
            values[place] = reported.get((cadence, period), {}).get((person, kind, name), np.nan)
    return rollups.assign(reported=values)


def is_restated(row: Any) -> bool:
    """Whether later entries changed what was reported of a rollup's period."""
    return not isnan(row.reported) and not isclose(row.reported, row.actual, rel_tol=1e-9, abs_tol=1e-9)
