"""The email to whoever keeps the workbook: what in it needs a look, the new things first."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sheetsync.digests.frame import STOP_KEEPER, Digest, in_period
from sheetsync.digests.sheets import Sheets
from sheetsync.errors import Problem
from sheetsync.periods import AsOf, Period
from sheetsync.sentences import counted


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that needs a look: `where` in its tab ("row 14, Activity"), what it is, what to do, what is typed."""

    where: str
    what: str
    hint: str
    typed: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class FlawedTab:
    """A tab and what needs a look in it, new things first; `new` counts those."""

    title: str
    flaws: tuple[Flaw, ...]
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Problems(Digest):
    """What the keeper reads: the tabs with something new first; `new` and `total` count the problems."""

    tabs: tuple[FlawedTab, ...]
    new: int
    total: int


def marks_of(problems: Iterable[Problem]) -> list[str]:
    """What makes each problem the same one tomorrow, in order: not its row, which sorting changes."""
    seen: Counter[tuple[str, ...]] = Counter()
    marks = []
    for problem in problems:
        key = (problem.tab, problem.column, problem.what, problem.typed)
        seen[key] += 1
        marks.append(blake2b(repr((*key, seen[key])).encode("utf-8", "replace"), digest_size=12).hexdigest())
    return marks


def problems_digest(
    problems: Sequence[Problem], known: Collection[str], day: Period, as_of: AsOf, sheets: Sheets
) -> Problems:
    """What needs a look on a day; `known` are the marks of what the keeper was told before."""
    told = set(known)
    flaws: dict[str, list[Flaw]] = {}
    for problem, mark in zip(problems, marks_of(problems), strict=True):
        place = [f"row {problem.row}"] if problem.row else []
        where = ", ".join([*place, *([problem.column] if problem.column else [])])
        flaw = Flaw(where, problem.what, problem.hint, problem.typed, mark not in told)
        flaws.setdefault(problem.tab, []).append(flaw)
    tabs = [
        FlawedTab(title, tuple(sorted(found, key=lambda f: not f.is_new)), sum(f.is_new for f in found))
        for title, found in flaws.items()
    ]
    new = sum(tab.new for tab in tabs)
    fields: dict[str, Any] = in_period(day, as_of)
    return Problems(
        kind="problems",
        reader="",
        person="",
        person_email="",
        headline=f"{counted(new, 'new thing')} to look at, {len(problems)} in all",
        link=sheets.problems.link,
        link_to=sheets.problems.title,
        home=sheets.home.link,
        reason="sheetsync sends this to whoever runs it, on days on which there is something new.",
        stop=STOP_KEEPER,
        tabs=tuple(sorted(tabs, key=lambda tab: tab.new == 0)),
        new=new,
        total=len(problems),
        **fields,
    )
