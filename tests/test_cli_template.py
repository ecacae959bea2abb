"""`template list`, `check` and `show`, and the schema that editors read."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from sheetsync.template import LIVE_LINES, WRITTEN_LINES, WorkbookTemplate, parse_template
from sheetsync.template_schema import template_schema
from tests.cli import Desk, day_cell, days_before, new_desk, sheetsync
from tests.conftest import PROJECT
from tests.google_server import GoogleServer
from tests.google_team import ANN, ROBOT, desk_at

DOCS = PROJECT / "docs"


def test_list_names_what_can_be_used(tmp_path: Path) -> None:
    """The built-in templates and those beside the configuration, each with its description."""
    desk = new_desk(tmp_path)
    desk.file("mine.yaml", "extends: sales\ndescription: Our own words\n")
    desk.file("bad.yaml", "extends: salse\n")
    said = desk.ok("template", "list").out
    assert all(word in said for word in ("sales", "solo", "job-search", "mine.yaml", "Our own words"))
    assert "sheetsync template check bad.yaml" in said and "config.yaml" not in said
    names = [one["name"] for one in desk.ok("template", "list", "--json").json]
    assert names == ["job-search", "sales", "solo", "bad.yaml", "mine.yaml"]


def test_check_says_ok(tmp_path: Path) -> None:
    """Of the configuration's template, of one by name, and of a file relative to the configuration or to here."""
    desk = new_desk(tmp_path / "desk", "--template", "solo")
    assert desk.ok("template", "check").out.startswith("ok: solo, ")
    assert desk.ok("template", "check", "sales").out == "ok: sales, 24 tabs\n"
    path = desk.file("mine.yaml", "extends: sales\nname: mine\n")
    for named in ("mine.yaml", path):
        assert desk.ok("template", "check", named).out.startswith("ok: mine")
    assert desk.ok("template", "check", "mine.yaml", "--json").json == []
    assert sheetsync("-c", "nowhere.yaml", "template", "check", "sales").code == 0


def test_check_says_every_problem(tmp_path: Path) -> None:
    """A line each, with file and line; exit 3."""
    desk = new_desk(tmp_path)
    path = desk.file("mine.yaml", "extends: sales\ntabs:\n  - {key: log, color: red}\n  - {key: tally, titel: x}\n")
    result = desk.run("template", "check", "mine.yaml")
    assert (result.code, result.err) == (3, "")
    assert result.out.splitlines() == [
        f"{path}: line 3, tabs.log.color: “red”: a colour such as #0f766e is needed",
        f"{path}: line 4, tabs.tally.titel: unknown key; did you mean title?",
    ]
    assert desk.run("-q", "template", "check", "mine.yaml").code == 3
    as_json = json.loads(desk.run("template", "check", "mine.yaml", "--json").out)
    assert [(one["line"], one["path"]) for one in as_json] == [(3, "tabs.log.color"), (4, "tabs.tally.titel")]
    desk.configure("template: sales", "template: mine.yaml")
    desk.run("create").refused(3, "mine.yaml: line 3, tabs.log.color", "line 4, tabs.tally.titel")


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_template_that_is_not_there(tmp_path: Path, command: str) -> None:
    """One line with the nearest name."""
    desk = new_desk(tmp_path)
    desk.run("template", command, "solos").refused(3, "“solos” is unknown", "did you mean solo?")
    desk.run("template", command, "mine.yaml").refused(3, "mine.yaml is not here")


def test_show_prints_every_tab_and_column(tmp_path: Path, sales: WorkbookTemplate) -> None:
    """Tabs with their role, columns with their type, whatever the width of the output."""
    said = new_desk(tmp_path).ok("template", "show").out
    for tab in sales.tabs:
        assert f"{tab.title} ({tab.key})" in said
        assert all(column.key in said and column.type in said for column in tab.columns)
    assert "review, quarter" in said and "formula: done" in said and "list: people.name" in said
    assert max(map(len, said.splitlines())) <= 140


def test_show_json_is_the_resolved_template(tmp_path: Path) -> None:
    """With what it extends, and a template itself: JSON is YAML."""
    desk = new_desk(tmp_path)
    desk.file("mine.yaml", "extends: sales\nname: mine\ndrop: [team]\n")
    value = desk.ok("template", "show", "mine.yaml", "--json").json
    template = parse_template(value, "shown")
    assert template.name == "mine" and len(template.tabs) == 23
    desk.file("again.yaml", json.dumps(value))
    assert desk.ok("template", "show", "again.yaml", "--json").json == value


def test_the_schema_in_docs_is_current(tmp_path: Path) -> None:
    """docs/template.schema.json is what `template show --schema` prints."""
    shown = new_desk(tmp_path).ok("template", "show", "--schema").json
    assert shown == template_schema()
    assert json.loads((DOCS / "template.schema.json").read_text(encoding="utf-8")) == shown
    Draft202012Validator.check_schema(shown)


@pytest.mark.parametrize("path", sorted((PROJECT / "templates" / "workbooks").glob("*.yaml")), ids=lambda p: p.stem)
def test_built_in_templates_follow_the_schema(path: Path) -> None:
    """An editor finds nothing wrong with them."""
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    Draft202012Validator(template_schema()).validate(value)


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ({"extends": "sales"}, True),
        ({"extends": "sales", "drop": ["team"], "tabs": [{"key": "log", "after": "tally", "title": "Buch"}]}, True),
        ({"extends": "sales", "tabs": [{"key": "log", "columns": [{"key": "count", "width": 90}]}]}, True),
        ({"extends": "sales", "tabs": [{"key": "log", "columns": [{"key": "count", "widht": 90}]}]}, False),
        ({"extends": "sales", "tabs": [{"title": "Log"}]}, False),
        ({"name": "x", "title": "x", "tabs": [{"key": "log", "after": "tally"}]}, False),
        ({"drop": ["team"], "name": "x", "title": "x", "tabs": []}, False),
    ],
)
def test_the_schema_knows_both_kinds(value: Any, good: bool) -> None:
    """A template that extends another may leave out most; one that does not, may not."""
    assert Draft202012Validator(template_schema()).is_valid(value) == good


def test_the_documentation_names_every_key() -> None:
    """docs/templates.md has each key, type, role and computed value of the schema."""
    text = (DOCS / "templates.md").read_text(encoding="utf-8")
    definitions = template_schema()["$defs"]
    for definition in definitions.values():
        for key, value in definition.get("properties", {}).items():
            assert f"`{key}`" in text, key
            for choice in value.get("enum", value.get("anyOf", [{}])[0].get("enum", [])):
                assert f"`{choice}`" in text, choice
    for line in (*WRITTEN_LINES, *LIVE_LINES):
        assert f"`{{{line}}}`" in text, line


@pytest.mark.parametrize(("name", "activity"), [("solo", "Offer sent"), ("job-search", "Application sent")])
def test_a_built_in_template_does_the_whole_job(tmp_path: Path, name: str, activity: str) -> None:
    """On a local workbook: init, create, log, sync, status, an email, and a doctor with nothing to say."""
    desk = new_desk(tmp_path, "--template", name)
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    does_the_whole_job(desk, activity)


@pytest.mark.parametrize(("name", "activity"), [("solo", "Offer sent"), ("job-search", "Application sent")])
def test_a_built_in_template_does_the_whole_job_on_google(tmp_path: Path, name: str, activity: str) -> None:
    """The same on Google, where computed columns are array formulas."""
    with GoogleServer() as server:
        spreadsheet = server.create_spreadsheet("Goals", owner=ANN, share={ROBOT: "writer"})
        desk = desk_at(tmp_path, server, spreadsheet, name)
        desk.configure("recipients: []", 'recipients: ["*@example.com"]')
        (desk.folder / "robot.json").chmod(0o600)
        does_the_whole_job(desk, activity)


def does_the_whole_job(desk: Desk, activity: str) -> None:
    """From nothing to the partner's email; what was logged is in each, nothing is a problem."""
    desk.ok("create", "--examples")
    desk.ok("log", activity, "2", "--date", days_before(1).isoformat())
    assert desk.ok("sync", "--strict", "--json").json["problems"] == []
    assert activity in desk.ok("status").out
    assert activity in desk.ok("email", "preview", "--kind", "partner-weekly").out
    checks = {one["name"]: one for one in desk.run("doctor", "--json").json}
    assert not [one for one in checks.values() if one["state"] not in {"ok", "skipped"}]


def test_tabs_are_called_what_the_template_calls_them(tmp_path: Path) -> None:
    """What is said about tabs, in the terminal and in the workbook, is in the template's words."""
    desk = new_desk(tmp_path, "--template", "job-search")
    assert "fill in Aims, Steps and Seekers;" in desk.ok("create", "--examples").out
    with desk.edited() as book:
        book["Diary"].append([day_cell("2026-10-12"), None, "Aplication sent"])
    desk.ok("sync")
    assert any("see the To mend tab" in str(row[0]) for row in desk.values("Overview"))


def test_a_form_is_a_second_log(tmp_path: Path) -> None:
    """docs/templates.md: the tab that Google made for a form's answers is adopted, and counts with the Log."""
    text = (DOCS / "templates.md").read_text(encoding="utf-8")
    block = next(part for part in text.split("```") if "key: phone_log" in part).removeprefix("yaml")
    desk = new_desk(tmp_path)
    desk.file("mine.yaml", "\n".join(line[3:] for line in block.splitlines()))
    desk.ok("create", "--examples")
    desk.ok("log", "Cold call", "2")
    with desk.edited() as book:
        sheet = book.create_sheet("Form Responses 1")
        sheet.append(["Your name", "Timestamp", "Mood", "How many?", "What did you do?"])
        sheet.append(["Ann Example", datetime(2026, 10, 13, 17, 5), "good", 3, "Cold call"])  # noqa: DTZ001  a cell
    desk.configure("template: sales", "template: mine.yaml")
    assert "took the tab “Form Responses 1”" in desk.ok("doctor", "--fix").out
    assert desk.ok("sync", "--strict", "--json").json["problems"] == []
    lines = desk.ok("status", "--json").json
    assert next(line["actual"] for line in lines if line["name"] == "Cold call") == 5


@pytest.mark.parametrize("number", [0, 1])
def test_the_templates_in_the_documentation_are_good(tmp_path: Path, number: int) -> None:
    """Every YAML example of docs/templates.md passes the check and the schema."""
    text = (DOCS / "templates.md").read_text(encoding="utf-8")
    blocks = [part.removeprefix("yaml") for part in text.split("```") if part.startswith("yaml\n")]
    assert len(blocks) == 2
    source = "\n".join(line[3:] for line in blocks[number].splitlines())
    (tmp_path / "mine.yaml").write_text(source, encoding="utf-8")
    assert sheetsync("-c", tmp_path / "config.yaml", "template", "check", "mine.yaml").code == 0
    Draft202012Validator(template_schema()).validate(yaml.safe_load(source))
