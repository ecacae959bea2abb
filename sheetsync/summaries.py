"""What the tool's own tabs hold: grids laid out from rollups, one function a role.

A summary tab has a row a person and period for the plan's years (what computed columns look up by its key) and, for
the periods in the tab's window, a row a goal or activity; the newest stands first, what is to come last.
"""

from collections.abc import Iterable, Iterator, Mapping
from math import isnan
from typing import TYPE_CHECKING, Any

from sheetsync.cells import Cell, serial
from sheetsync.chances import of_first_goal
from sheetsync.findings import Findings
from sheetsync.formulas import lookup_key
from sheetsync.insights import insights
from sheetsync.periods import DAY, AsOf, Cadence, Period
from sheetsync.plan import Plan
from sheetsync.prospects import beyond_best
from sheetsync.restated import is_restated
from sheetsync.sentences import bar, full_day, restatement, sentence, sparkline
from sheetsync.series import series_rows
from sheetsync.tabs import TabContents
from sheetsync.template import Role, Tab, WorkbookTemplate

if TYPE_CHECKING:
    import pandas as pd

Grid = list[list[Cell]]
ALL = "All activities"
_LONGEST_TEXT = 500
# What fits into a cell of either kind of workbook.
_LONGEST_CELL = 32_000
_WORTH_COUNTING = 3


def lay_out(template: WorkbookTemplate, findings: Findings) -> dict[str, Grid]:
    """The whole grid of every tool tab, by the tab's key."""
    problems = template.first("problems")
    where = f": see the {problems.title} tab" if problems else ""
    return {tab.key: _grid(tab, findings, where) for tab in template.tabs if tab.is_tool_tab}


def with_live_rows(
    template: WorkbookTemplate, grids: Mapping[str, Grid], contents: Mapping[str, TabContents]
) -> dict[str, Grid]:
    """The grids with live rows as they were read: nobody writes them after creation."""
    merged = {}
    for key, grid in grids.items():
        live, read = template.tab(key).live_rows, contents[key].grid
        merged[key] = [
            (list(read[at]) if at < len(read) else []) if at in live else cells for at, cells in enumerate(grid)
        ]
    return merged


def _grid(tab: Tab, findings: Findings, where: str) -> Grid:
    grid: Grid = [[text or None] for text in _intro(tab, findings, where)]
    grid += [[] for _ in range(tab.chart_rows)]
    grid.append([column.title for column in tab.columns])
    if tab.role == "series":
        return grid + list(series_rows(findings))
    rows = _ROWS[tab.role](tab, findings)
    grid += ([_shown(row.get(column.key), column.type) for column in tab.columns] for row in rows)
    return grid


def _shown(cell: Cell, column_type: str) -> Cell:
    """A cell as people should see it: blank text is a blank cell, and no number has endless decimals.

    Whole per cents are shown, and 99.6 % must not read as reached.
    """
    if isinstance(cell, float):
        if column_type == "percent" and 0.99 < cell < 1 - 1e-9:
            return 0.99
        rounded = round(cell, 4 if column_type == "percent" else 2)
        return int(rounded) if rounded.is_integer() else rounded
    if isinstance(cell, str) and len(cell) > _LONGEST_CELL:
        return cell[: _LONGEST_CELL - 1] + "…"
    return None if cell == "" else cell


def _intro(tab: Tab, findings: Findings, where: str) -> list[str]:
    """The lines above the header, as the template says; live ones are blank, for they are not ours to write.

    `where` ends what is said about problems: it leads to them, if there is a tab for them.
    """
    count = len(findings.problems)
    needs = "1 cell needs" if count == 1 else f"{count} cells need"
    shown = {
        "as_of": as_of_line(findings.as_of),
        "problems": f"⚠ {needs} a look{where}" if count else "✓ Every row could be read",
    }
    return [shown.get(tab.lines[row], "") if row in tab.lines else line for row, line in enumerate(tab.intro)]


def as_of_line(as_of: AsOf) -> str:
    """How fresh the numbers are."""
    if as_of.under_way:
        return f"Data as of the end of {full_day(as_of.day - DAY)}; {full_day(as_of.day)} is under way"
    return f"Data as of the end of {full_day(as_of.day)}"


Row = dict[str, Cell]


def _summary_rows(tab: Tab, findings: Findings) -> Iterator[Row]:
    cadence = tab.cadence or Cadence.WEEK
    plan, as_of = findings.plan, findings.as_of
    recent = _window(plan, cadence, as_of, tab.window)
    lines = _by_period(findings.rollups, cadence, recent)
    for period in recent:
        for person in plan.people:
            goals = lines.get((period.label, person.name), [])
            if goals or (period.label, person.name) in findings.scores:
                yield _person_row(findings, cadence, period, person.name)
            yield from (_goal_row(row) for row in goals)
    shown = {period.label for period in recent}
    last = max(plan.year.end, plan.calendar.containing(Cadence.YEAR, as_of.day).end) - DAY
    periods = list(plan.calendar.between(cadence, plan.first_day, last))
    begun = [period for period in periods if period.start <= as_of.day]
    for period in (*reversed(begun), *periods[len(begun) :]):
        for person in plan.people:
            if period.label not in shown or (
                (period.label, person.name) not in findings.scores and (period.label, person.name) not in lines
            ):
                yield _person_row(findings, cadence, period, person.name)


def _window(plan: Plan, cadence: Cadence, as_of: AsOf, length: int) -> list[Period]:
    """The last periods up to the one that holds the as-of day, newest first."""
    periods = [plan.calendar.containing(cadence, as_of.day)]
    while len(periods) < length:
        periods.append(plan.calendar.previous(periods[-1]))
    return periods if length else []


def _by_period(
    rollups: "pd.DataFrame", cadence: Cadence, periods: Iterable[Period]
) -> dict[tuple[str, str], list[Any]]:
    labels = {period.label for period in periods}
    chosen = rollups[(rollups["cadence"] == cadence.value) & rollups["period"].isin(labels)]
    found: dict[tuple[str, str], list[Any]] = {}
    rows: Iterator[Any] = chosen.itertuples(index=False)
    for row in rows:
        if row.actual or row.status not in {"off", "untargeted"}:
            found.setdefault((str(row.period), str(row.person)), []).append(row)
    return found


def _person_row(findings: Findings, cadence: Cadence, period: Period, person: str) -> Row:
    score = findings.scores.get((period.label, person))
    previous = findings.plan.calendar.previous(period).label
    due = findings.due.get((period.label, person), score.due if score else 0.0)
    return {
        "period": period.label,
        "who": person,
        "name": ALL,
        "actual": score.done if score else None,
        "target": due or None,
        "attainment": score.score if score else None,
        "behind_on": ", ".join(score.behind_on) if score else None,
        "progress": score.progress if score else None,
        "forecast": of_first_goal(findings.plan, findings.chances, period.label, person),
        "promise": findings.promises.get((previous, person)),
        "key": lookup_key(cadence, period.label, serial(period.start), person),
    }


def _goal_row(row: Any) -> Row:
    return {
        "period": row.period,
        "who": row.person,
        "name": row.name,
        "status": row.status,
        "restated": restatement(row) if is_restated(row) else None,
        **{key: _cell(getattr(row, key)) for key in _NUMBERS},
    }


_NUMBERS = (
    "actual", "target", "expected", "attainment", "pace", "behind_by", "required_rate", "projection", "streak"
)  # fmt: skip


def _cell(value: float) -> Cell:
    """A number as a cell; undefined is blank."""
    return None if isnan(value) else float(value)


def scorecard(findings: Findings) -> list[Any]:
    """The rollups to look at today: each activity in its own period, each goal in its quarter and its year."""
    rollups = findings.rollups
    if rollups.empty:
        return []
    now = rollups[rollups["end"] > findings.as_of.day]
    shown = now[now["native"] | ((now["kind"] == "goal") & (now["cadence"] == "quarter"))]
    order = {person.name: index for index, person in enumerate(findings.plan.people)}
    rows: list[Any] = list(shown.itertuples(index=False))
    rows = [row for row in rows if row.actual or row.status not in {"off", "untargeted"}]
    return sorted(rows, key=lambda row: (order[row.person], row.kind != "goal"))


def _dashboard_rows(_tab: Tab, findings: Findings) -> Iterator[Row]:
    trends = {key: sparkline(prospect.trend) for key, prospect in findings.prospects.items()}
    for row in scorecard(findings):
        pace_share = row.expected / row.target if row.target > 0 else None
        yield {
            "who": row.person,
            "name": row.name,
            "period": row.period,
            "actual": _glanced(row.actual),
            "target": _glanced(row.target),
            "progress": bar(row.attainment, pace_share),
            "attainment": _cell(row.attainment),
            "pace": _cell(row.pace),
            "status": row.status,
            "trend": trends.get((row.person, row.kind, row.name)) if row.native and row.kind == "activity" else None,
            "kept": kept(row, findings),
            "chance": chance_of(row, findings),
            "sentence": in_words(row, findings),
        }


def in_words(row: Any, findings: Findings) -> str:
    """A rollup of the scorecard as a sentence; a rate that was never reached over four weeks is said to be that."""
    prospect = findings.prospects.get((row.person, row.kind, row.name)) if row.native else None
    best = prospect.best_rate if prospect and beyond_best(row, prospect) else None
    return sentence(row, findings.as_of, best)


def kept(row: Any, findings: Findings) -> str | None:
    """The streak, and how many of the last 13 periods were met: 3 in a row, 11 of 13."""
    prospect = findings.prospects.get((row.person, row.kind, row.name)) if row.native else None
    if prospect is None or prospect.judged < _WORTH_COUNTING:
        return None
    return f"{int(row.streak)} in a row, {prospect.kept} of {prospect.judged}"


def chance_of(row: Any, findings: Findings) -> float | None:
    """The chance that a goal's target is reached in the rollup's period; None where there is no forecast."""
    chance = findings.chances.get((row.period, row.person, row.name)) if row.kind == "goal" else None
    return chance.probability if chance else None


def _glanced(value: float) -> Cell:
    """A number to take in at a glance: thousands are whole."""
    return _cell(round(value) if abs(value) >= 1000 else value)


def _insight_rows(_tab: Tab, findings: Findings) -> Iterator[Row]:
    for insight in insights(findings):
        yield {"who": insight.who, "about": insight.about, "finding": insight.finding}


def _team_rows(_tab: Tab, findings: Findings) -> Iterator[Row]:
    calendar, today = findings.plan.calendar, findings.as_of.day
    week = calendar.containing(Cadence.WEEK, today)
    month, year = (calendar.containing(cadence, today).label for cadence in (Cadence.MONTH, Cadence.YEAR))
    for person in findings.plan.people:
        this, last, monthly = (
            findings.scores.get((label, person.name)) for label in (week.label, calendar.previous(week).label, month)
        )
        logged = findings.last_logged.get(person.name)
        rhythm = findings.rhythms.get(person.name)
        diagnosis = next((d for d in findings.diagnoses if d.person == person.name), None)
        yield {
            "who": person.name,
            "group": person.group or None,
            "rhythm": f"{rhythm.kept} of {len(rhythm.weeks)}" if rhythm and rhythm.weeks else None,
            "forecast": of_first_goal(findings.plan, findings.chances, year, person.name),
            "diagnosis": diagnosis.verdict if diagnosis else None,
            "this_week": this.score if this else None,
            "last_week": last.score if last else None,
            "this_month": monthly.score if monthly else None,
            "behind_on": ", ".join(this.behind_on) if this else None,
            "last_logged": serial(logged) if logged else None,
        }


def _problem_rows(_tab: Tab, findings: Findings) -> Iterator[Row]:
    for problem in findings.problems:
        yield {
            "tab": problem.tab,
            "row": problem.row or None,
            "column": problem.column,
            "what": _clipped(problem.what),
            "hint": _clipped(problem.hint),
            "typed": _clipped(problem.typed),
        }


def _clipped(text: str) -> str:
    """A text that people can read at a glance; a cell holds 50,000 characters, and a row of them shows nothing."""
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


_ROWS: Mapping[Role, Any] = {
    "summary": _summary_rows,
    "dashboard": _dashboard_rows,
    "insights": _insight_rows,
    "team": _team_rows,
    "problems": _problem_rows,
}
