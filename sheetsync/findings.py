"""Everything a sync found out: what the tool's tabs, the terminal and the emails are laid out from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from sheetsync.chances import Chance
from sheetsync.diagnoses import Diagnosis
from sheetsync.errors import Problem
from sheetsync.funnels import Funnel
from sheetsync.payoffs import Payoff
from sheetsync.periods import AsOf
from sheetsync.plan import Plan
from sheetsync.prospects import Key, Prospect
from sheetsync.rhythms import Rhythm
from sheetsync.scores import Score

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Findings:
    """`rollups` has a row a person, goal and period that has begun, with what was reported of it.

    `due` is what each person has to do on each day of the plan's years, by (label, person); `last_logged` each
    person's last day with a row; `promises` each person's next action by week label; `chances` how outcome goals will
    end, by (label, person, goal).
    """

    plan: Plan
    as_of: AsOf
    rollups: "pd.DataFrame"
    scores: Mapping[tuple[str, str], Score]
    due: Mapping[tuple[str, str], float]
    last_logged: Mapping[str, date]
    problems: Sequence[Problem]
    promises: Mapping[tuple[str, str], str] = field(default_factory=dict)
    prospects: Mapping[Key, Prospect] = field(default_factory=dict)
    rhythms: Mapping[str, Rhythm] = field(default_factory=dict)
    diagnoses: Sequence[Diagnosis] = ()
    funnels: Sequence[Funnel] = ()
    payoffs: Sequence[Payoff] = ()
    chances: Mapping[tuple[str, str, str], Chance] = field(default_factory=dict)
