"""`demo`, `init`, `create`, `extend`."""

from pathlib import Path

import click

from sheetsync.cli.context import Context, as_json, now, pass_context, say_json


@click.command("demo")
@click.option("--dir", "folder", default="sheetsync-demo", show_default=True, help="A new folder for everything.")
@pass_context
def demo_command(context: Context, folder: str) -> None:
    """A year of sample activity in a local workbook, synced, its partner emails rendered."""
    from sheetsync.runs.demonstrating import demonstrate

    made = demonstrate(Path(folder), now())
    config = made.config
    emails = "\n            ".join(str(path) for path in made.emails)
    context.say(
        f"A year of three salespeople: {made.rows:,} rows logged, {made.problems} of them in need of a look.\n\n"
        f"  workbook  {made.workbook}\n"
        f"  emails    {emails}\n"
        f"  config    {config}\n\n"
        "What to do next:\n"
        "  1. Open the workbook: the Dashboard first, then Log. Add a row, save, close.\n"
        f"  2. sheetsync -c {config} sync            reads it, and writes the summary tabs\n"
        f"  3. sheetsync -c {config} status          the scorecard in the terminal\n"
        f"  4. sheetsync -c {config} email preview   what the partners will read\n"
        "For your own goals: sheetsync init, then sheetsync create."
    )


@click.command("init")
@click.option(
    "--workbook", default="goals.xlsx", show_default=True, help="A file name, or a Google Sheets URL or id."
)
@click.option("--template", default="sales", show_default=True, help="A template's name or path.")
@click.option("--timezone", default=None, help="Such as Europe/London; this machine's if left out.")
@click.option("--week-starts", default="monday", show_default=True, help="First day of the week.")
@click.option("--year-starts", default="january", show_default=True, help="First month of the fiscal year.")
@click.option("--holidays", default=None, help="Public holidays, such as GB-ENG.")
@click.option("--credentials", default=None, help="Google credentials: a service account's or a user's JSON file.")
@pass_context
def init_command(
    context: Context,
    workbook: str,
    template: str,
    timezone: str | None,
    week_starts: str,
    year_starts: str,
    holidays: str | None,
    credentials: str | None,
) -> None:
    """Write a commented config.yaml (or the file named with -c)."""
    from sheetsync.config import find_template, write_config

    path = context.config_path
    find_template(template, path.parent)
    write_config(
        path, workbook=workbook, template=template, timezone=timezone or _local_timezone(),
        week_starts=week_starts, year_starts=year_starts, holidays=holidays, credentials=credentials,
    )  # fmt: skip
    context.say(f"Wrote {path}. Look it over, then: sheetsync -c {path} create")


def _local_timezone() -> str:
    """This machine's time zone, or UTC when it does not say."""
    import os
    from zoneinfo import available_timezones

    name = os.environ.get("TZ", "").lstrip(":")
    if not name and Path("/etc/localtime").is_symlink():
        name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    return name if name in available_timezones() else "UTC"


def _share(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> list[tuple[str, str]]:
    shares = []
    for value in values:
        email, _, role = value.partition(":")
        if "@" not in email:
            raise click.BadParameter(f"{value!r}: write EMAIL:writer, EMAIL:commenter or EMAIL:reader")
        shares.append((email, role or "writer"))
    return shares


@click.command("create")
@click.option("--year", type=click.IntRange(1970, 2199), help="The fiscal year's label; this year if left out.")
@click.option("--into", metavar="ID", help="Fill this blank Google spreadsheet (an id or URL shared with the robot).")
@click.option("--new", is_flag=True, help="Make a new spreadsheet in your Google Drive.")
@click.option("--share", multiple=True, callback=_share, metavar="EMAIL:ROLE", help="Share it (Google only).")
@click.option("--person", multiple=True, metavar="NAME", help="Who takes part, as “Ann” or “Ann <ann@example.com>”.")
@click.option("--examples", is_flag=True, help="Put the template's example rows in.")
@as_json
@pass_context
def create_command(
    context: Context,
    year: int | None,
    into: str | None,
    new: bool,
    share: list[tuple[str, str]],
    person: tuple[str, ...],
    examples: bool,
    json_wanted: bool,
) -> None:
    """Generate the workbook from its template. Refuses to touch one that has content."""
    from sheetsync.periods import Cadence
    from sheetsync.runs.creating import Wanted, create, starting_rows

    with context.opened() as run:
        this_year = int(run.config.calendar.containing(Cadence.YEAR, run.today).label)
        rows = starting_rows(run.template, person, examples=examples)
        made = create(run, Wanted(year or this_year, rows, into, new, share))
        to_fill = [tab.title for tab in run.template.tabs if tab.role in {"people", "goals", "activities"}]
    if made.free:
        from sheetsync.config.changing import change

        change(context.config_path, ("workbook",), made.workbook)
    if json_wanted:
        say_json({"location": made.location, "workbook": made.workbook, "tabs": made.tabs})
        return
    context.say(f"Created {made.location} with {made.tabs} tabs.")
    if made.free:
        context.say(f"{context.config_path} now says workbook: {made.workbook}")
    elif not made.configured:
        context.say(
            f"Put this line into {context.config_path}, in place of the one there:\n\n  workbook: {made.workbook}\n"
        )
    context.say(
        f"Next: fill in {', '.join(to_fill[:-1])} and {to_fill[-1]}"
        + ("" if person or examples else " (then `sheetsync extend` adds each person's review rows)")
        + f"; log what you do; then: sheetsync -c {context.config_path} sync"
    )


@click.command("extend")
@click.option(
    "--year", type=click.IntRange(1970, 2199), help="The fiscal year's label; this year, or the plan's, if left out."
)
@pass_context
def extend_command(context: Context, year: int | None) -> None:
    """Append the review rows that are missing, for a new year or new people."""
    from sheetsync.runs.extending import extend

    with context.opened() as run:
        from sheetsync.sentences import counted

        added = extend(run, year)
    for tab, rows in added.items():
        context.say(f"{tab}: {counted(rows, 'row')} added")
    if not added:
        context.say("Nothing to add: every period and person has a row.")


@click.command("upgrade")
@click.option("--no-copy", is_flag=True, help="Make no backup copy: you have made one.")
@pass_context
def upgrade_command(context: Context, no_copy: bool) -> None:
    """Give the workbook what a newer version of its template has, after a backup copy."""
    with context.opened() as run:
        from sheetsync.runs.upgrading import is_due, upgrade

        if not is_due(run):
            context.say(f"Nothing to do: the workbook is of version {run.template.version} of {run.template.name}.")
            return
        for done in upgrade(run, copy=not no_copy):
            context.say(done[0].upper() + done[1:])
