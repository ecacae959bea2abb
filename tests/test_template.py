"""Templates: every mistake is named with its path, all at once; Python knows keys, people know titles."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sheetsync.errors import ConfigError
from sheetsync.periods import Cadence
from sheetsync.template import REQUIRED_COLUMNS, TOOL_ROLES, parse_template
from tests.builders import SALES
from tests.conftest import PROJECT

SMALL: dict[str, Any] = {
    "name": "small",
    "title": "Goals {year}",
    "tabs": [
        {"key": "who", "title": "Wer", "role": "people", "columns": [{"key": "name", "title": "Name"}]},
        {
            "key": "what", "title": "Was", "role": "activities",
            "columns": [{"key": "activity", "title": "Tun"}, {"key": "target", "title": "Ziel"}],
        },
        {
            "key": "log", "title": "Buch", "role": "log",
            "columns": [{"key": "date", "title": "Tag"}, {"key": "activity", "title": "Tun"}],
        },
    ],
}  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """The small template with one value put in at a path such as `tabs.0.role`."""
    template: Any = yaml.safe_load(yaml.safe_dump(SMALL))
    *parts, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = template
    for part in parts:
        place = place[part]
    if isinstance(place, list) and isinstance(last, int) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return template  # type: ignore[no-any-return]


def test_a_template_in_other_words() -> None:
    """Titles are the template's business: a German one with three tabs is enough."""
    template = parse_template(SMALL, "small.yaml")
    assert template.tab("log").title == "Buch" and template.first("review") is None


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("tabs.0.role", "persons", "tabs.0"),
        ("tabs.0.color", "red", "tabs.0.color"),
        ("tabs.0.columns.0.type", "colour", "tabs.0.columns.0.type"),
        ("tabs.0.columns.0.widht", 80, "tabs.0.columns.0.widht"),
        ("tabs.0.columns.0.width", 5, "tabs.0.columns.0.width"),
        ("tabs.0.columns.0.key", "nom", "needs the column name"),
        ("tabs.1.columns.1.key", "activity", "same key"),
        ("tabs.1.key", "WHO", "two tabs have the key"),
        ("tabs.1.title", "wer", "two tabs have the title"),
        ("tabs.2.role", "events", "needs the column event"),
        ("tabs.2.role", "review", "needs"),
        ("tabs.2.columns.1.choices_from", "who.nick", "no column"),
        ("tabs.2.columns.1.choices_from", "who", "no column"),
        ("tabs", [], "no tab has the role people"),
    ],
)
def test_a_mistake_is_named_with_its_path(path: str, value: Any, said: str) -> None:
    """One line with the file, the place and what is wrong."""
    with pytest.raises(ConfigError, match=said) as error:
        parse_template(changed(path, value), "mine.yaml")
    assert str(error.value).startswith("mine.yaml: ") and len(str(error.value).splitlines()) == 1


def test_all_mistakes_are_said_at_once() -> None:
    """Nobody mends one to be told the next."""
    template = changed("tabs.0.color", "red")
    template["tabs"][1]["columns"][0]["type"] = "colour"
    template["titel"] = "x"
    with pytest.raises(ConfigError) as error:
        parse_template(template, "mine.yaml")
    assert all(path in str(error.value) for path in ("tabs.0.color", "tabs.1.columns.0.type", "titel"))


@pytest.mark.parametrize("path", sorted((PROJECT / "templates" / "workbooks").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_built_in_templates_are_whole(path: Path) -> None:
    """Each has what a sync reads marked as required, a summary for every review, and examples that fit."""
    template = parse_template(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    for tab in template.tabs:
        assert (tab.role in TOOL_ROLES) == tab.is_tool_tab
        assert all(len(example) == len(tab.columns) for example in tab.examples)
        if tab.role == "review" and any(c.computed not in {None, "done"} for c in tab.columns):
            assert template.first("summary", tab.cadence), tab.key
        required = {c.key for c in tab.columns if c.required}
        # The Events and review tabs may lose columns without shifting what data means.
        assert tab.role in {"events", "review", *TOOL_ROLES} or REQUIRED_COLUMNS.get(tab.role, set()) <= required


def test_looking_up_tabs_and_columns() -> None:
    """By key, by role and by cadence; what is not there is a KeyError."""
    weekly = [tab.key for tab in SALES.with_role("review", Cadence.WEEK)]
    assert weekly == ["weekly", "partner"]
    assert SALES.tab("log").position("date") == 0 and SALES.tab("dashboard").header_row == 4
    for key in ("nothing",):
        with pytest.raises(KeyError):
            SALES.tab(key)
        with pytest.raises(KeyError):
            SALES.tab("log").column(key)
