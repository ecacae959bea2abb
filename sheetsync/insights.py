"""What stands out, in plain words: person by person, what to look at first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import isnan
from typing import Any

from sheetsync.findings import Findings
from sheetsync.periods import DAY, Cadence
from sheetsync.prospects import due_in_words
from sheetsync.rhythms import worked
from sheetsync.sentences import about, full_day, number
from sheetsync.workdays import Horizon

_IDLE = 7  # days without a row after which it is said


@dataclass(frozen=True, slots=True)
class Insight:
    """One finding about a person ("Everyone" for what concerns all): what it is about, and what it says."""

    who: str
    about: str
    finding: str


def insights(findings: Findings) -> Iterator[Insight]:
    """The insights of every person in the order of the plan, then those about everyone."""
    goals = _open_goals(findings)
    for person in findings.plan.people:
        for about_, finding in _of(findings, person.name, goals.get(person.name, [])):
            yield Insight(person.name, about_, finding)
    for payoff in findings.payoffs:
        if payoff.who is None:
            yield Insight("Everyone", _event(payoff.event.name), payoff.sentence)


def _open_goals(findings: Findings) -> dict[str, list[Any]]:
    """The rollups of outcome goals in the periods that are open, by person."""
    rollups, found = findings.rollups, dict[str, list[Any]]()
    if not rollups.empty:
        goals = rollups[(rollups["kind"] == "goal").to_numpy() & (rollups["end"] > findings.as_of.day).to_numpy()]
        rows: Iterator[Any] = goals.itertuples(index=False)
        for row in rows:
            found.setdefault(row.person, []).append(row)
    return found


def _of(findings: Findings, who: str, goals: Sequence[Any]) -> Iterator[tuple[str, str]]:
    yield from _silence(findings, who)
    for diagnosis in findings.diagnoses:
        if diagnosis.person == who:
            yield "Diagnosis", diagnosis.sentence
    ahead = [(name, p.due) for (person, _, name), p in findings.prospects.items() if person == who and p.due]
    if ahead:
        yield "Next seven days", "; ".join(f"{name}: {due_in_words(due)}" for name, due in ahead) + "."
    if who in findings.rhythms:
        yield "Rhythm", findings.rhythms[who].sentence
    yield from _goals(findings, who, goals)
    for funnel in findings.funnels:
        if funnel.person == who:
            yield f"{funnel.activity} → {funnel.goal}", funnel.sentence
    for payoff in findings.payoffs:
        if payoff.who == who:
            yield _event(payoff.event.name), payoff.sentence


def _event(name: str) -> str:
    return f"Is “{name}” paying off?"


def _silence(findings: Findings, who: str) -> Iterator[tuple[str, str]]:
    last = findings.last_logged.get(who)
    if last is None:
        yield "Log", "Nothing logged yet."
    elif (idle := (findings.as_of.day - last).days) > _IDLE and _worked_since(findings, who, last):
        yield "Log", f"Nothing logged since {full_day(last)}: {idle} days."


def _worked_since(findings: Findings, who: str, last: date) -> bool:
    """Whether a person who may have left, or be on holiday, had a working day since then."""
    person = next(each for each in findings.plan.people if each.name == who)
    return bool(worked(findings.plan, person, Horizon(last + DAY, findings.as_of.boundary)).any())


def _goals(findings: Findings, who: str, rows: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Each outcome goal's open year: its forecast, or where the rate of now would lead, beside last year's figure."""
    baselines = {(g.name, g.who): g.baseline for g in findings.plan.goals if g.baseline}
    for row in rows:
        chance = findings.chances.get((row.period, who, row.name))
        baseline = baselines.get((row.name, who), baselines.get((row.name, None)))
        if chance and row.cadence in {Cadence.QUARTER.value, Cadence.YEAR.value}:
            yield row.name, chance.sentence + (_beside(chance.forecast.point, baseline) if row.native else "")
        elif row.native and row.target > 0 and not isnan(row.projection):
            text = f"At this rate {about(row.projection)} in {row.period}, against a target of {about(row.target)}."
            yield row.name, text + _beside(row.projection, baseline)


def _beside(value: float, baseline: float | None) -> str:
    if not baseline:
        return ""
    change = value / baseline - 1
    compared = f" ({'+' if change >= 0 else '−'}{abs(change) * 100:.0f} %)" if baseline > 0 else ""
    return f" Last year: {number(baseline)}{compared}."
