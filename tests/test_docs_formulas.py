"""docs/formulas.md says what the code does: its examples are run, and every number that is shown stands on it."""

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
import yaml

from sheetsync.cells import Cell, serial
from sheetsync.findings import Findings
from sheetsync.insights import insights
from sheetsync.live import OUTCOME_LINES, TREND_LINES
from sheetsync.periods import AsOf, Calendar
from sheetsync.prospects import Prospect, due_in_words
from sheetsync.reading import Settings, find_out
from sheetsync.runs.recalling import ROLLUP_FIELDS
from sheetsync.summaries import chance_of, in_words, kept
from sheetsync.template import Column, Tab
from tests.builders import SALES, understood
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "formulas.md").read_text(encoding="utf-8")
EXAMPLES: list[dict[str, Any]] = [
    yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
]
NOT_TABS = {"example", "as of", "holidays", "now", "reported", "then"}
NUMBERS = {"number", "percent", "count", "amount", "rating"}


def days(written: str) -> Iterator[date]:
    """The days of `2026-01-05 to 2026-03-13`: Mondays to Fridays, or with `Mondays` before it Mondays only."""
    first, last = (date.fromisoformat(day) for day in re.findall(r"\d{4}-\d\d-\d\d", written))
    wanted = 1 if written.startswith("Mondays") else 5
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return (day for day in every if day.weekday() < wanted)


def typed(rows: list[dict[str, Any]]) -> Iterator[dict[str, Cell]]:
    """The rows of a tab as cells; one that is written for several days stands for one a day."""
    for row in rows:
        when = row.get("date")
        for day in days(when) if isinstance(when, str) else [when]:
            cells = {**row, "date": day} if when else row
            yield {key: serial(cell) if isinstance(cell, date) else cell for key, cell in cells.items()}


def found(example: Mapping[str, Any]) -> Findings:
    """What a sync of the example's rows finds out; Ann is alone unless it has people of its own."""
    rows = {key: list(typed(cells)) for key, cells in example.items() if key not in NOT_TABS}
    rows.setdefault("people", [{"name": "Ann"}])
    day: date = example.get("as of") or example["now"]
    read = understood(rows, Settings(Calendar(), day.year, example.get("holidays", "")), day)
    reported: dict[tuple[str, str], dict[tuple[str, str, str], float]] = {}
    for key, value in example.get("reported", {}).items():
        name, _, label = key.rpartition(" ")
        period = Calendar().parse(label)
        assert period
        reported[period.cadence.value, label] = {("Ann", "activity", name): value}
    return find_out(read, AsOf(day, under_way="now" in example), reported)


def of_rollup(findings: Findings, key: str) -> dict[str, Any]:
    """All that is said about `Call 2026-10` (Ann's) or `Ben: Call 2026-10`."""
    who, _, rest = key.rpartition(": ")
    name, _, label = rest.rpartition(" ")
    rows: list[Any] = list(findings.rollups.itertuples(index=False))
    (row,) = [r for r in rows if (r.person, r.name, r.period) == (who or "Ann", name, label)]
    prospect = findings.prospects.get((row.person, row.kind, name), Prospect())
    return {
        **row._asdict(),
        "due": due_in_words(prospect.due),
        "best four weeks": prospect.best_rate,
        "kept": kept(row, findings),
        "chance": chance_of(row, findings),
        "in words": in_words(row, findings),
    }


def said(findings: Findings, key: str) -> Any:
    """What the code says for a key of `then`."""
    if key == "Problems":
        return [problem.what for problem in findings.problems]
    if key.startswith("Insights: "):
        return "\n".join(i.finding for i in insights(findings) if i.about == key.removeprefix("Insights: "))
    if key.startswith("score "):
        return findings.scores[key.removeprefix("score "), "Ann"].score
    return of_rollup(findings, key)


def same(value: Any, written: Any) -> None:
    """The page and the code agree, numbers to the digits that the page writes."""
    if isinstance(written, dict):
        assert {key for key in written if key not in value} == set()
        for key, wanted in written.items():
            same(value[key], wanted)
    elif isinstance(written, float):
        digits = len(str(written).partition(".")[2])
        assert value == pytest.approx(written, abs=0.51 * 10**-digits)
    elif isinstance(written, int):
        assert value == pytest.approx(written, abs=1e-9)
    elif written is None:
        assert value is None or value != value
    else:
        assert value == written


@pytest.mark.parametrize("example", EXAMPLES, ids=[each["example"] for each in EXAMPLES])
def test_the_examples_come_out(example: dict[str, Any]) -> None:
    """Each example of the page, typed into a workbook, gives what the page says."""
    findings = found(example)
    for key, written in example["then"].items():
        same(said(findings, key), written)


def test_there_is_an_example_for_each_part() -> None:
    """The page keeps its examples: none is lost when it is rewritten, and each has a name of its own."""
    names = [example["example"] for example in EXAMPLES]
    assert len(set(names)) == len(names) >= 17
    asked = {key for example in EXAMPLES for wanted in example["then"].values() if isinstance(wanted, dict)
             for key in wanted}  # fmt: skip
    # What only names a rollup needs no example.
    assert set(ROLLUP_FIELDS[8:]) <= asked
    assert {"due", "best four weeks", "kept", "chance", "in words"} <= asked


def shown_in(place: str) -> set[str]:
    """The keys that the page's last table names for a place."""
    (row,) = re.findall(rf"^\| {place} \| (.*) \|$", PAGE, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", row))


PLACES = {"summary": "summary tabs", "review": "review tabs"}


FILLED = [tab for tab in SALES.tabs if tab.is_tool_tab or tab.role == "review"]


@pytest.mark.parametrize("tab", FILLED, ids=[tab.key for tab in FILLED])
def test_every_column_of_the_template_is_explained(tab: Tab) -> None:
    """Each column that the tool fills stands on the page, under the place where it is shown."""
    filled = {column.key for column in tab.columns if tab.is_tool_tab or column.computed}
    assert filled <= shown_in(PLACES.get(tab.role, tab.role))


def test_the_page_names_no_column_that_is_gone() -> None:
    """What the page says is shown in a tab is a column of it."""
    for role in ("summary", "dashboard", "team", "insights", "problems"):
        known = {column.key for tab in SALES.with_role(role) for column in tab.columns}
        assert shown_in(PLACES.get(role, role)) <= known


def test_the_page_explains_every_line_of_the_charts() -> None:
    """And names none that is not drawn."""
    assert shown_in("series") == {"key", "label", *TREND_LINES, *OUTCOME_LINES}


def test_every_key_that_the_code_fills_is_explained() -> None:
    """The keys of the rows that summaries.py lays out, and of the export, stand on the page."""
    tree = ast.parse((PROJECT / "sheetsync" / "summaries.py").read_text(encoding="utf-8"))
    rows = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and re.search("_rows?$", node.name)]
    keys = {
        key.value
        for row in rows
        for node in ast.walk(row)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
    places = ("summary tabs", "dashboard", "team", "insights", "problems")
    assert len(keys) > 30 and keys <= set().union(*map(shown_in, places))
    assert set(ROLLUP_FIELDS) == shown_in("export rollups")


WITH_NUMBERS = {"kept", "rhythm", "restated", "progress"}  # texts that are made of numbers
NUMBER_COLUMNS = [
    (tab.key, column)
    for tab in SALES.tabs
    if tab.role in {"summary", "dashboard", "team"}
    for column in tab.columns
    if column.type in NUMBERS or column.key in WITH_NUMBERS
]


@pytest.mark.parametrize(("tab", "column"), NUMBER_COLUMNS, ids=[f"{tab}-{c.key}" for tab, c in NUMBER_COLUMNS])
def test_every_number_says_in_its_header_what_it_is(tab: str, column: Column) -> None:
    """A number column of a tab that sheetsync writes has a note at its header."""
    assert column.note.endswith("."), f"{tab}: {column.title}"


def test_the_page_leads_to_the_forecast() -> None:
    """Links to other pages lead somewhere."""
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert "forecast.md" in links and all((PROJECT / "docs" / link).is_file() for link in links)
