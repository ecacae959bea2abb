"""`status` and `export`."""

from collections.abc import Iterator
from datetime import date
from math import isnan
from typing import TYPE_CHECKING, Any

import click

from sheetsync.cli.context import Context, as_json, parse_day, pass_context, say_json

if TYPE_CHECKING:
    from sheetsync.findings import Findings
    from sheetsync.runs.recalling import Export

_STYLES = {
    "met": "bold green",
    "on track": "green",
    "behind": "yellow",
    "at risk": "bold dark_orange",
    "missed": "red",
    "silent": "magenta",
}
_SIGNS = {"met": "✔", "on track": "●", "behind": "◐", "at risk": "▲", "missed": "✘", "silent": "○"}


@click.command("status")
@click.option("--who", help="Only this person.")
@click.option("--as-of", callback=parse_day, metavar="DAY", help="As at the end of this day.")
@as_json
@pass_context
def status_command(context: Context, who: str | None, as_of: date | None, json_wanted: bool) -> None:
    """Show the scorecard of the last sync."""
    with context.opened(exclusive=False) as run:
        from sheetsync.reading import find_out
        from sheetsync.runs.recalling import known_person, recall

        understood = recall(run)
        name = known_person(understood, who)
        day = run.as_of(as_of)
        findings = find_out(understood, day, run.reported(day))
    if json_wanted:
        say_json(_values(findings, name))
    else:
        _print(context, findings, name)


def _values(findings: "Findings", who: str | None) -> list[dict[str, Any]]:
    from sheetsync.summaries import chance_of, in_words, kept, scorecard

    fields = ("person", "kind", "name", "period", "actual", "target", "attainment", "pace", "status")
    return [
        {
            **{field: _plain(getattr(row, field)) for field in fields},
            "kept": kept(row, findings),
            "chance": chance_of(row, findings),
            "sentence": in_words(row, findings),
        }
        for row in scorecard(findings)
        if who in (None, row.person)
    ]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and isnan(value) else value


# The columns of the scorecard: title, whether numbers stand in it, and how wide a terminal must be to have it: a
# number that is cut off is another number.
_SCORECARD = (
    ("", False, 0), ("Goal or activity", False, 0), ("Period", False, 0), ("So far", True, 0), ("Target", True, 0),
    ("Progress", False, 100), ("Pace", True, 0), ("Status", False, 0), ("Kept", False, 100), ("Chance", True, 0),
    ("In words", False, 140),
)  # fmt: skip


def _print(context: Context, findings: "Findings", who: str | None) -> None:
    from rich.table import Table
    from rich.text import Text

    from sheetsync.sentences import about, bar, number, percent
    from sheetsync.summaries import as_of_line, chance_of, in_words, kept, scorecard

    console = context.console()
    rows = [row for row in scorecard(findings) if who in (None, row.person)]
    console.print(as_of_line(findings.as_of), style="dim")
    if not rows:
        console.print("No goals yet: fill in People, Goals and Activities, then sync.")
        return
    table = Table(box=None, padding=(0, 1), header_style="bold")
    shown = [column for column in _SCORECARD if console.width >= column[2]]
    for title, right, _ in shown:
        table.add_column(title, justify="right" if right else "left", no_wrap=title != "In words")
    person = None
    for row in rows:
        if row.person != person:
            person = row.person
            table.add_row(Text(person, style="bold underline"), end_section=False)
        style = _STYLES.get(row.status, "dim")
        pace_share = row.expected / row.target if row.target > 0 else None
        cells: tuple[str | Text, ...] = (
            Text(_SIGNS.get(row.status, "·"), style=style),
            Text(row.name),
            Text(row.period, style="dim"),
            number(row.actual),
            about(row.target),
            Text(bar(row.attainment, pace_share), style=style),
            percent(row.pace),
            Text(row.status, style=style),
            Text(_short(kept(row, findings)), style="dim"),
            percent(chance_of(row, findings)),
            Text(in_words(row, findings), style="dim"),
        )
        table.add_row(*(cell for cell, column in zip(cells, _SCORECARD, strict=True) if column in shown))
    console.print(table)
    notes = Table(box=None, padding=(0, 1), show_header=False)
    for whose, subject, finding in _to_look_at(findings, who):
        notes.add_row(Text(whose, style="bold"), Text(subject, style="cyan"), Text(finding))
    if notes.row_count:
        console.print()
        console.print(notes)


def _short(text: str | None) -> str:
    """3 in a row, 11 of 13 as 3 · 11/13."""
    return (text or "").replace(" in a row, ", " · ").replace(" of ", "/")


def _to_look_at(findings: "Findings", who: str | None) -> "Iterator[tuple[str, str, str]]":
    """The insights that call for something to be done; the workbook has them all."""
    from sheetsync.insights import insights

    for insight in insights(findings):
        if insight.about in {"Log", "Diagnosis", "Next seven days"} and who in (None, insight.who):
            yield insight.who, insight.about, insight.finding


@click.command("export")
@click.argument("what", type=click.Choice(["activities", "rollups"]))
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option(
    "--as-of", callback=parse_day, metavar="DAY", help="As at the end of this day; later rows are left out."
)
@pass_context
def export_command(context: Context, what: str, form: str, as_of: date | None) -> None:
    """Print what the last sync knew, for other tools; needs no network."""
    with context.opened(exclusive=False) as run:
        from sheetsync.runs.recalling import export_activities, export_rollups

        day = run.as_of(as_of)
        export = export_rollups(run, day) if what == "rollups" else export_activities(run, day)
    if form == "json":
        say_json(export.rows)
    else:
        _print_csv(export)


def _print_csv(export: "Export") -> None:
    import csv
    import io

    rows = ([_inert(row[field]) for field in export.fields] for row in export.rows)
    for cells in (export.fields, *rows):
        line = io.StringIO()
        # With this line end the module quotes both of its characters; the line itself ends with one of them.
        csv.writer(line, lineterminator="\r\n").writerow(cells)
        click.echo(line.getvalue().removesuffix("\r\n"))


def _inert(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it; `import` takes it off again."""
    from sheetsync.runs.tabular import inert

    return inert(value) if isinstance(value, str) else value
