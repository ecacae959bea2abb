"""`template list`, `check` and `show`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheetsync.cli.context import Context, as_json, pass_context, say_json

if TYPE_CHECKING:
    from rich.table import Table

    from sheetsync.template import Column, Tab, WorkbookTemplate


@click.group("template")
def template_command() -> None:
    """See and check what workbooks are made from (docs/templates.md)."""


@template_command.command("list")
@as_json
@pass_context
def list_command(context: Context, json_wanted: bool) -> None:
    """The built-in templates, and those beside the configuration."""
    from sheetsync.config import known_templates

    known = known_templates(context.config_path.parent)
    if json_wanted:
        from dataclasses import asdict

        say_json([asdict(one) for one in known])
        return
    table = _table("Template", "Tabs", "What it is for")
    for one in known:
        if one.problem:
            table.add_row(one.name, "", f"cannot be used; see: sheetsync template check {one.name}")
        else:
            table.add_row(one.name, str(one.tabs), one.description)
    context.console().print(table)


@template_command.command("check")
@click.argument("name", metavar="[NAME|FILE]", required=False)
@as_json
@pass_context
def check_command(context: Context, name: str | None, json_wanted: bool) -> int:
    """Say everything that is wrong with a template, with its line; of the configuration's if none is named."""
    from sheetsync.config import TemplateError
    from sheetsync.sentences import counted

    try:
        template = _found(context, name)
    except TemplateError as error:
        if json_wanted:
            from dataclasses import asdict

            say_json([asdict(problem) for problem in error.problems])
        for problem in error.problems if not json_wanted else ():
            click.echo(f"{problem.file}: {problem}")
        return error.exit_code
    if json_wanted:
        say_json([])
    else:
        context.say(f"ok: {template.name}, {counted(len(template.tabs), 'tab')}")
    return 0


@template_command.command("show")
@click.argument("name", metavar="[NAME|FILE]", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of templates, for editors.")
@as_json
@pass_context
def show_command(context: Context, name: str | None, schema: bool, json_wanted: bool) -> None:
    """What a template comes to, with all that it extends; the configuration's if none is named."""
    if schema:
        from sheetsync.template_schema import template_schema

        say_json(template_schema())
        return
    template = _found(context, name)
    if json_wanted:
        say_json(template.model_dump(mode="json", exclude_defaults=True))
    else:
        _show(context, template)


def _found(context: Context, name: str | None) -> "WorkbookTemplate":
    """A template by its name, by a path from here or from the configuration's folder, or the configuration's."""
    from sheetsync.config import find_template, load_config

    folder = context.config_path.parent
    if name is None:
        return find_template(load_config(context.config_path).template, folder)
    return find_template(name, Path() if Path(name).expanduser().is_file() else folder)


def _show(context: Context, template: "WorkbookTemplate") -> None:
    context.say(f"{template.name}: {template.description}" if template.description else template.name)
    context.say(f"A workbook is called “{template.title}”.\n")
    table = _table("Tab", "Role", "Column", "Key", "Type", "")
    for tab in template.tabs:
        for number, column in enumerate(tab.columns):
            title, role = (f"{tab.title} ({tab.key})", _role(tab)) if number == 0 else ("", "")
            table.add_row(title, role, column.title, column.key, column.type, _more(column))
        table.add_section()
    context.console().print(table)


def _role(tab: "Tab") -> str:
    return f"{tab.role}, {tab.cadence}" if tab.cadence else tab.role


def _more(column: "Column") -> str:
    """What else is to be known about a column, on one line."""
    parts = [
        "required" if column.required else "",
        f"formula: {column.computed}" if column.computed else "",
        f"list: {column.choices_from}" if column.choices_from else "",
        f"list: {', '.join(column.choices)}" if column.choices else "",
        "hidden" if column.hidden else "",
    ]
    return "; ".join(part for part in parts if part)


def _table(*titles: str) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title in {"Tab", "Key", "Type"})
    return table
