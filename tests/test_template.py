"""Templates: every mistake is named with its path, all at once; Python knows keys, people know titles."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetsync.cells import serial
from sheetsync.config import find_template
from sheetsync.errors import ConfigError
from sheetsync.periods import Cadence
from sheetsync.template import LIVE_LINES, REQUIRED_COLUMNS, TOOL_ROLES, WRITTEN_LINES, parse_template
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
        ("tabs.0.role", "poeple", "tabs.who.role: “poeple” is none of people, .*did you mean people?"),
        ("tabs.0.color", "red", "tabs.who.color: “red”: a colour such as #0f766e is needed"),
        ("tabs.0.key", "The people", "small letters, digits and _"),
        ("tabs.0.key", "plan", "no tab may have the key plan"),
        ("tabs.0.intro", "Hello", "tabs.who.intro: a list is needed"),
        ("tabs.0.extra", True, "tabs.who.extra: unknown key; known here are key, title, role"),
        ("tabs.0.after", "log", "tabs.who.after: unknown key .only in a template that extends another"),
        ("tabs.0.activity_columns", True, "only a tab with the role tally"),
        ("tabs.0.columns.0.type", "colour", "tabs.who.columns.name.type"),
        ("tabs.0.columns.0.widht", 80, "tabs.who.columns.name.widht: unknown key; did you mean width?"),
        ("tabs.0.columns.0.width", 5, "a number from 20 on is needed"),
        ("tabs.0.columns.0.width", 5000, "a number up to 800 is needed"),
        ("tabs.0.columns.0.width", "wide", "a whole number is needed"),
        ("tabs.0.columns.0.required", "perhaps", "true or false is needed"),
        ("tabs.0.columns.0.title", 2026, "a text is needed; put it between quotes"),
        ("tabs.0.columns.0.title", " ", "columns are found by their titles"),
        ("tabs.0.columns.0.choices", [True, "off"], "a text is needed; put it between quotes"),
        ("tabs.0.columns.0.key", "nam", "the role people needs a column with the key name; is it nam?"),
        ("tabs.0.columns.0.computed", "score", "only a tab with the role review"),
        ("tabs.0.columns.0", "name", "keys are needed here"),
        ("tabs.0.examples", [["Ann", "Ben"]], "2 cells for 1 columns"),
        ("tabs.0.examples", ["Ann"], "a list of lists"),
        ("tabs.1.columns.1.key", "activity", "another column of this tab has the key “activity” too"),
        ("tabs.1.columns.1.title", "TUN", "another column of this tab has the title “TUN” too"),
        ("tabs.1.key", "who", "another tab has the key “who” too"),
        ("tabs.1.title", "wer", "another tab has the title “wer” too"),
        ("tabs.1.title", "x" * 32, "32 characters, and Excel takes 31 .Google 100"),
        ("tabs.1.title", "Calls [new]", "Excel refuses .* in the title of a tab"),
        ("tabs.1.title", "Ours'", "Excel refuses ' at the beginning or end"),
        ("tabs.1.title", "History", "Excel keeps the title History"),
        ("tabs.1.title", "", "is blank"),
        ("tabs.2.role", "events", "the role events needs a column with the key event"),
        ("tabs.2.role", "review", "needs a column with the key period"),
        ("tabs.2.role", "summary", "the role summary needs a cadence: day, week"),
        ("tabs.2.cadence", "weekly", "“weekly” is none of day, week, month, quarter, year; did you mean week?"),
        ("tabs.2.columns.1.choices_from", "who.nick", "there is no column who.nick"),
        ("tabs.2.columns.1.choices_from", "who.nme", "did you mean who.name?"),
        ("tabs.2.columns.1.choices_from", "who", "there is no column who"),
        ("tabs.2.columns.1.type", "choice", "needs choices or choices_from"),
        ("tabs", [], "no tab has the role people; add one, with the columns name"),
        ("title", "Goals {yaer}", "title: only {year} may stand between braces"),
        ("name", "", "name: is blank"),
        ("drop", ["who"], "drop: unknown key .only with extends"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_path(path: str, value: Any, said: str) -> None:
    """One line with the file, the place by keys, what is wrong, and what to do."""
    with pytest.raises(ConfigError, match=said) as error:
        parse_template(changed(path, value), "mine.yaml")
    assert str(error.value).startswith("mine.yaml: ") and len(str(error.value).splitlines()) == 1


REVIEW: dict[str, Any] = {
    "key": "look", "title": "Blick", "role": "review", "cadence": "week",
    "columns": [{"key": "period", "title": "Woche"}, {"key": "who", "title": "Wer"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("cadence", "computed", "dropped", "said"),
    [
        ("week", "score", "", "looked up in a tab with the role summary and the cadence week; add one"),
        ("week", "done", "", "done counts a day, and this tab's rows are none"),
        ("day", "done", "", "tabs.log: look.done counts this tab's rows and needs a column with the key count"),
        ("week", "score", "who", "no column with the key who"),
    ],
)
def test_a_computed_column_that_cannot_work(cadence: str, computed: str, dropped: str, said: str) -> None:
    """A column that would stay blank for ever is a mistake, told where it can be mended."""
    columns = [column for column in REVIEW["columns"] if column["key"] != dropped]
    columns.append({"key": "sum", "title": "Summe", "computed": computed})
    template = changed("tabs.3", {**REVIEW, "cadence": cadence, "columns": columns})
    with pytest.raises(ConfigError, match=said):
        parse_template(template, "mine.yaml")


@pytest.mark.parametrize(
    ("tab", "said"),
    [
        ("weekly_summary.attainment", "tabs.weekly_summary: weekly.score is looked up here and needs a column"),
        ("weekly_summary.key", "needs a column with the key key"),
        ("partner.next_action", "partner.columns.last_promise.computed: promise is last week's next_action"),
        ("goals", "no tab has the role goals"),
    ],
)
def test_what_computed_columns_look_up_must_be_there(tab: str, said: str) -> None:
    """Each of the parts of the built-in template that its formulas need is missed when it is gone."""
    mapping = SALES.model_dump(mode="json", exclude_defaults=True)
    key, _, column = tab.partition(".")
    for one in mapping["tabs"]:
        if one["key"] == key:
            one["columns"] = [each for each in one["columns"] if each["key"] != column]
    mapping["tabs"] = [one for one in mapping["tabs"] if column or one["key"] != key]
    with pytest.raises(ConfigError, match=said):
        parse_template(mapping, "sales.yaml")


def changed_in_sales(path: str, value: Any) -> dict[str, Any]:
    """The built-in template with one value at a path such as `dashboard.charts.0.kind`; "" for the whole tab."""
    template: Any = SALES.model_dump(mode="json", exclude_defaults=True)
    key, *parts = path.split(".")
    if not parts:
        template["tabs"] = [tab for tab in template["tabs"] if tab["key"] != key]
        return template  # type: ignore[no-any-return]
    place: Any = next(tab for tab in template["tabs"] if tab["key"] == key)
    for part in parts[:-1]:
        place = place[int(part)] if part.isdigit() else place[part]
    place[int(parts[-1]) if parts[-1].isdigit() else parts[-1]] = value
    return template  # type: ignore[no-any-return]


LINES = ["{done}", "{target}", "{so_far}", "{pace}", "{likely}", "{low}", "{high}", "{spread}"]
RULES = "weekly.rules"
RULE = {"when": "filled", "fill": "#fef3c7"}
CHART = {"kind": "trend", "title": "x"}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        # Lines that show something.
        ("dashboard.intro", ["x", "{as_off}"], "tabs.dashboard.intro.1: .* {as_off}; did you mean {as_of}?"),
        ("dashboard.intro", ["{done}"], "tabs.dashboard.intro.0: a tab with the role dashboard cannot show {done}"),
        ("weekly.intro", ["{as_of}"], "tabs.weekly.intro.0: .* the role review cannot show {as_of}; leave it"),
        ("team.intro", ["{banner}"], "tabs.team.intro.0: a tab with the role team cannot show {banner}"),
        ("insights.intro", ["{zzzzzz}"], "cannot show {zzzzzz}; here are {as_of}, {problems}"),
        ("series.intro", [*LINES, "{as_off}"], "tabs.series.intro.8: .* cannot show {as_off}"),
        ("dashboard.intro", [5], "tabs.dashboard.intro.0: a text is needed"),
        ("dashboard.intro", 5, "tabs.dashboard.intro: a list is needed"),
        ("series.intro", 5, "tabs.series.intro: a list is needed"),
        ("series.intro", None, "tabs.series.intro: a list is needed"),
        # What draws needs its values.
        ("series", None, "tabs.dashboard.charts: a tab with the role series must hold the values"),
        ("series", None, "tabs.dashboard.intro: .* the values for {banner}, {choose_who}, {choose_activity}"),
        ("series.intro", LINES[1:], "tabs.series.intro: Dashboard needs the lines {done} here"),
        ("series.intro", LINES[:2], "needs the lines {so_far}, {pace}, {likely}, {low}, {high}"),
        # What no program would take, or what would mean two things.
        ("dashboard.charts.0.names", {"so_fr": "x"}, "names.so_fr: .* no line so_fr; did you mean so_far"),
        ("weekly.rules", [{"when": "below", "value": float("inf"), "bold": True}], "value: below compares numbers"),
        ("weekly.rules", [{"when": "at_least", "value": "abc", "bold": True}], "at_least compares numbers"),
        ("log.columns.3.format", "0.0;;;;", "format: a format has four parts at most"),
        ("log.columns.3.format", '"x', "is not closed; such as 0.0"),
        ("dashboard.hidden", True, "tabs.dashboard.hidden: the first tab is always seen"),
        # Charts.
        ("team.charts", [CHART], "tabs.team.charts: only a tab with the role dashboard has charts"),
        ("dashboard.charts.0.kind", "outcom", "tabs.dashboard.charts.0.kind: “outcom” is none of .* mean outcome?"),
        ("dashboard.charts.0.kind", ["trend"], "tabs.dashboard.charts.0.kind: "),
        ("dashboard.charts", [{"kind": "trend"}], "tabs.dashboard.charts.0.title: is missing"),
        ("dashboard.charts.0.width", 100, "tabs.dashboard.charts.0.width: a number from 200 on"),
        ("dashboard.charts.0.height", 1000, "tabs.dashboard.charts.0.height: a number up to 900"),
        ("dashboard.charts.0.colour", "red", "tabs.dashboard.charts.0.colour: unknown key"),
        ("dashboard.charts.0.names", {"done": 5}, "tabs.dashboard.charts.0.names.done: a text is needed"),
        ("dashboard.charts.0.names", ["Done"], "tabs.dashboard.charts.0.names: keys are needed"),
        ("dashboard.charts", {"kind": "trend"}, "tabs.dashboard.charts: a list is needed"),
        # Rules.
        (RULES, [{"when": "filed", "bold": True}], "tabs.weekly.rules.0.when: “filed” is none of .* mean filled?"),
        (RULES, [{"bold": True}], "tabs.weekly.rules.0.when: is missing"),
        (RULES, [{**RULE, "columns": ["scoer"]}], "tabs.weekly.rules.0.columns: .* scoer; did you mean score?"),
        (RULES, [{**RULE, "columns": ["zzzzz"]}], "there is no column zzzzz; name keys of this tab"),
        (RULES, [{**RULE, "columns": 5}], "tabs.weekly.rules.0.columns: a list is needed"),
        (RULES, [{**RULE, "when": "equals"}], "tabs.weekly.rules.0: equals needs a value"),
        (RULES, [{**RULE, "when": "at_least"}], "tabs.weekly.rules.0: at_least needs a value"),
        (RULES, [{**RULE, "when": "below"}], "tabs.weekly.rules.0: below needs a value"),
        (RULES, [{"when": "filled"}], "tabs.weekly.rules.0: changes nothing; give it a fill, an ink or bold"),
        (RULES, [RULE, {**RULE, "fill": "red"}], "tabs.weekly.rules.1.fill: “red”: a colour such as"),
        (RULES, [{**RULE, "ink": "#FFF"}], "tabs.weekly.rules.0.ink: “#FFF”: a colour"),
        (RULES, [{**RULE, "bold": "perhaps"}], "tabs.weekly.rules.0.bold: true or false is needed"),
        (RULES, [{**RULE, "value": [5]}], "tabs.weekly.rules.0.value"),
        (RULES, {"when": "filled"}, "tabs.weekly.rules: a list is needed"),
        ("team.rules", [{**RULE, "when": "current"}], "tabs.team.rules.0.when: only rows of .* role review"),
        # The rest of what is new.
        ("log.hidden", "perhaps", "tabs.log.hidden: true or false is needed"),
        ("log.protected", "perhaps", "tabs.log.protected: true or false is needed"),
        ("log.columns.0.format", 5, "tabs.log.columns.date.format: a text is needed"),
    ],
)  # fmt: skip
def test_a_mistake_in_what_is_shown_is_named_with_its_path(path: str, value: Any, said: str) -> None:
    """Lines, charts, rules and formats: the place by keys, what is wrong, and what to do."""
    with pytest.raises(ConfigError, match=said) as error:
        parse_template(changed_in_sales(path, value), "mine.yaml")
    assert str(error.value).startswith("mine.yaml: ") and len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "said"), [(0, "a number from 1 on"), ("two", "a whole number"), (1.5, "a whole number")]
)
def test_a_version_is_a_number_that_counts_up(value: Any, said: str) -> None:
    """From 1, which it is if nothing is said."""
    assert parse_template(SMALL, "small.yaml").version == 1
    assert parse_template({**SMALL, "version": 3}, "small.yaml").version == 3
    with pytest.raises(ConfigError, match=f"version: {said}"):
        parse_template({**SMALL, "version": value}, "small.yaml")


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "{done}", "week"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", "when", "kind"]), inner),
    max_leaves=5,
)
PLACES = st.sampled_from([
    "dashboard.intro", "dashboard.intro.3", "dashboard.role", "dashboard.charts", "dashboard.charts.0",
    "dashboard.charts.0.kind", "dashboard.charts.0.names", "weekly.rules", "weekly.rules.0", "weekly.rules.0.when",
    "weekly.rules.0.columns", "weekly.rules.0.value", "weekly.key", "weekly.cadence", "weekly.columns.1.format",
    "series.intro", "series.role", "series.hidden", "series.columns", "log.columns.2.choices_from",
    "daily.columns.2.computed",
])  # fmt: skip


def below(place: Any, part: str) -> Any:
    """What stands under a key, or at a number; nothing if it was replaced by something else."""
    if isinstance(place, list):
        return place[int(part)] if part.isdigit() and int(part) < len(place) else None
    return place.get(part) if isinstance(place, dict) else None


@settings(max_examples=300)
@given(st.lists(st.tuples(PLACES, ANYTHING), min_size=1, max_size=2))
def test_whatever_is_written_is_a_template_or_a_mistake(changes: list[tuple[str, Any]]) -> None:
    """Nothing that YAML can say, in any place, ends in anything but a line with what to do."""
    template: Any = SALES.model_dump(mode="json", exclude_defaults=True)
    tabs = {tab["key"]: tab for tab in template["tabs"]}
    for path, value in changes:
        key, *parts = path.split(".")
        place: Any = tabs[key]
        for part in parts[:-1]:
            place = below(place, part)
        if isinstance(place, dict):
            place[parts[-1]] = value
        elif isinstance(place, list) and place:
            place[0] = value
    try:
        assert parse_template(template, "mine.yaml").name == "sales"
    except ConfigError as error:
        assert len(str(error).splitlines()) == 1


def test_lines_say_what_they_show() -> None:
    """Written by a sync, or live since creation; other lines are text, braces in the midst of it included."""
    intro = ["Board", "{as_of}", "see {as_of}", "{problems}", "{banner}", "{links}"]
    tab = parse_template(changed_in_sales("dashboard.intro", intro), "mine.yaml").tab("dashboard")
    assert tab.lines == {1: "as_of", 3: "problems", 4: "banner", 5: "links"} and tab.live_rows == {4, 5}
    assert tab.header_row == 6 + tab.chart_rows + 1 and SALES.tab("log").chart_rows == 0
    assert {*WRITTEN_LINES, *LIVE_LINES} >= {shown for each in SALES.tabs for shown in each.lines.values()}


def test_all_mistakes_are_said_at_once() -> None:
    """Nobody mends one to be told the next: a wrong value does not hide what parts are to each other."""
    template = changed("tabs.0.color", "red")
    template["tabs"][1]["columns"][0]["type"] = "colour"
    template["tabs"][2]["columns"][0]["choices_from"] = "who.nick"
    template["titel"] = "x"
    with pytest.raises(ConfigError) as error:
        parse_template(template, "mine.yaml")
    places = ("tabs.who.color", "tabs.what.columns.activity.type", "titel", "tabs.log.columns.date.choices_from")
    assert all(path in str(error.value) for path in places)


def test_a_date_in_an_example_is_what_a_cell_holds() -> None:
    """YAML reads 2026-02-14 as a date; the row has its serial number."""
    template = parse_template(changed("tabs.2.examples", [[date(2026, 2, 14), "Call"]]), "mine.yaml")
    assert template.tab("log").examples == ((serial(date(2026, 2, 14)), "Call"),)


@pytest.mark.parametrize("path", sorted((PROJECT / "templates" / "workbooks").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_built_in_templates_are_whole(path: Path) -> None:
    """Each has what a sync reads marked as required, a summary for every review, and examples that fit."""
    template = find_template(path.stem, PROJECT)
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
    assert SALES.tab("log").position("date") == 0 and SALES.tab("dashboard").header_row == 24
    for key in ("nothing",):
        with pytest.raises(KeyError):
            SALES.tab(key)
        with pytest.raises(KeyError):
            SALES.tab("log").column(key)
