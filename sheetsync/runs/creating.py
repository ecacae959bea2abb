"""Generating a workbook from a template, locally or on Google, with the review rows of a year and its people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sheetsync.cells import Cell, fold, serial
from sheetsync.errors import UsageError
from sheetsync.periods import DAY, Cadence, Calendar, Period
from sheetsync.runs.opening import Opened, identity, local_path
from sheetsync.runs.stopping import unit
from sheetsync.template import Tab, WorkbookTemplate

if TYPE_CHECKING:
    from sheetsync.ledger import Ledger

RowsByTab = Mapping[str, Iterable[Mapping[str, Cell]]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to generate: `rows` by tab key and column key are there from the start; `year` is a fiscal year's label.

    `into` is the spreadsheet to fill, `new` asks for a new one on Google; else the configuration says where.
    """

    year: int
    rows: RowsByTab
    into: str | None = None
    new: bool = False
    share: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Created:
    """Where the workbook is, and the value of `workbook` in the configuration that leads to it.

    `configured` when it says so; `free` when what it says instead was never made, and so may be replaced.
    """

    location: str
    workbook: str
    tabs: int
    configured: bool
    free: bool = False


@unit("the workbook was made")
def create(run: Opened, wanted: Wanted) -> Created:
    """Generate the workbook and remember where its tabs are. Refuses a workbook that has content."""
    template, config = run.template, run.config
    year = config.calendar.year(wanted.year)
    rows = rows_by_position(template, with_review_rows(template, config.calendar, year, wanted.rows))
    title = template.title.format(year=year.label)
    activities = _activity_titles(template, wanted.rows)
    into = wanted.into or config.spreadsheet_id
    if into is None and not wanted.new:
        if wanted.share:
            raise UsageError(f"--share: {config.workbook} is a local file; only a Google Sheet can be shared")
        from sheetsync.workbook import xlsx

        path = local_path(config)
        xlsx.create(
            path, template, wanted.year, title, rows, activities, calendar=config.calendar,
            first=lambda: _begin(run, run.ledger, wanted.year),
        )  # fmt: skip
        layout = xlsx.open_workbook(path, template).layout
        run.ledger.remember(layout.template, layout.year, layout.marks, layout.version)
        return Created(str(path), config.workbook, len(template.tabs), configured=True)
    from sheetsync.workbook import google

    connection = google.connect(config.credentials_path, config.google.api_endpoint)
    workbook = google.create(
        connection, template, wanted.year, title, rows,
        activity_titles=activities, into=None if wanted.new else into, share=wanted.share, calendar=config.calendar,
        # Under the spreadsheet's own id, which need not be the configured workbook yet.
        first=lambda id: _begin(run, run.ledger.of(id), wanted.year),
    )  # fmt: skip
    layout = workbook.layout
    run.ledger.of(workbook.id).remember(layout.template, layout.year, layout.marks, layout.version)
    configured = config.workbook_path
    free = configured is not None and not configured.exists()
    return Created(workbook.location, workbook.id, len(template.tabs), workbook.id == identity(config), free)


def _begin(run: Opened, ledger: "Ledger", year: int) -> None:
    """Begin before the workbook is there: whoever is killed in between finds none of an old one's past in the way."""
    ledger.begin(run.now, run.template.name, year, {}, run.template.version)


def starting_rows(template: WorkbookTemplate, people: Iterable[str], *, examples: bool) -> RowsByTab:
    """The rows of a new workbook: people given as `Name` or `Name <address>`, and the template's examples."""
    rows: dict[str, list[dict[str, Cell]]] = {}
    for tab in template.tabs if examples else ():
        keys = [column.key for column in tab.columns]
        rows[tab.key] = [dict(zip(keys, example, strict=False)) for example in tab.examples]
    named = [_person(text) for text in people]
    if named:
        rows[next(template.with_role("people")).key] = named
    return rows


def _person(text: str) -> dict[str, Cell]:
    name, bracket, rest = text.partition("<")
    if not name.strip() or (bracket and not rest.endswith(">")):
        raise UsageError(f"--person {text!r}: write “Ann” or “Ann Lee <ann@example.com>”")
    return {"name": " ".join(name.split()), "email": rest.removesuffix(">").strip() or None}


def with_review_rows(
    template: WorkbookTemplate, calendar: Calendar, year: Period, rows: RowsByTab
) -> dict[str, list[Mapping[str, Cell]]]:
    """The rows, and in each review tab one for every period of the year and person (one without name for nobody)."""
    merged = {key: list(given) for key, given in rows.items()}
    names = [str(row["name"]) for row in merged.get(next(template.with_role("people")).key, []) if row.get("name")]
    for tab in template.with_role("review"):
        typed = {place_of(row): row for row in merged.get(tab.key, [])}
        people: list[str | None] = [*names] or [None]
        pairs = [(period, who) for period in _periods(tab, calendar, year) for who in people]
        wanted = [_review_row(period, who) for period, who in pairs]
        places = {place_of(row) for row in wanted}
        earlier = [row for place, row in typed.items() if place not in places]
        merged[tab.key] = [*earlier, *(typed.get(place_of(row), row) for row in wanted)]
    return merged


def _periods(tab: Tab, calendar: Calendar, year: Period) -> Iterator[Period]:
    return calendar.between(tab.cadence or Cadence.WEEK, year.start, year.end - DAY)


def _review_row(period: Period, who: str | None) -> dict[str, Cell]:
    label: Cell = serial(period.start) if period.cadence is Cadence.DAY else period.label
    return {"period": label, "who": who}


def place_of(row: Mapping[str, Cell]) -> tuple[str, str]:
    """What tells review rows apart: their period and person."""
    return str(row.get("period")), fold(str(row.get("who") or ""))


def rows_by_position(template: WorkbookTemplate, rows: RowsByTab) -> dict[str, list[list[Cell]]]:
    """Rows by column key as lists in the template's order; a tally's activities follow its own columns."""
    activities = _activity_titles(template, rows)
    placed = {}
    for key, given in rows.items():
        tab = template.tab(key)
        keys = [c.key for c in tab.columns] + (list(activities) if tab.activity_columns else [])
        placed[key] = [[row.get(k) for k in keys] for row in given]
    return placed


def _activity_titles(template: WorkbookTemplate, rows: RowsByTab) -> list[str]:
    tab = next(template.with_role("activities"))
    return list(dict.fromkeys(str(row["activity"]) for row in rows.get(tab.key, []) if row.get("activity")))
