"""Templates in files: found by name or path, extending one another, and wrong with file, line and remedy."""

from pathlib import Path

import pytest

from sheetsync.config import TemplateError, find_template, known_templates
from sheetsync.errors import ConfigError
from sheetsync.template import Tab, WorkbookTemplate
from tests.conftest import PROJECT

BUILT_IN = ("job-search", "sales", "solo")


def template(folder: Path, text: str, name: str = "mine.yaml") -> WorkbookTemplate:
    """The template in a file with this text."""
    (folder / name).write_text(text, encoding="utf-8")
    return find_template(name, folder)


def refusal(folder: Path, text: str) -> list[str]:
    """What is said of a wrong one, a line each."""
    with pytest.raises(TemplateError) as caught:
        template(folder, text)
    assert len(str(caught.value).splitlines()) == 1 and caught.value.exit_code == 3
    return [f"{Path(problem.file).name}: {problem}" for problem in caught.value.problems]


def keys(tab: Tab) -> list[str]:
    """The keys of a tab's columns."""
    return [column.key for column in tab.columns]


def test_a_template_that_only_extends_is_the_same(tmp_path: Path, sales: WorkbookTemplate) -> None:
    """Everything is taken over, the name too: the workbook of the one is a workbook of the other."""
    assert template(tmp_path, "extends: sales") == sales


def test_keys_given_replace(tmp_path: Path, sales: WorkbookTemplate) -> None:
    """Of the whole, of a tab and of a column; what is not given stays."""
    mine = template(
        tmp_path,
        "extends: sales\ntitle: Ziele {year}\ntabs:\n"
        "  - {key: log, title: Buch, columns: [{key: count, title: Anzahl}, {key: contact, note: Whom}]}\n"
        "  - {key: goals, columns: [{key: measured_by, choices_from: null}]}\n",
    )
    log = mine.tab("log")
    assert (mine.title, mine.name, log.title, log.role) == ("Ziele {year}", "sales", "Buch", "log")
    assert keys(log) == keys(sales.tab("log"))
    assert (log.column("count").title, log.column("count").type) == ("Anzahl", "count")
    assert log.column("contact").title == "Contact" and log.column("contact").note == "Whom"
    assert mine.tab("goals").column("measured_by").choices_from is None
    assert [tab.key for tab in mine.tabs] == [tab.key for tab in sales.tabs]


def test_new_ones_are_appended_or_placed(tmp_path: Path, sales: WorkbookTemplate) -> None:
    """A new tab or column goes to the end, or behind the one named by `after`, which moves one that is there too."""
    mine = template(
        tmp_path,
        "extends: sales\ntabs:\n"
        "  - key: phone\n    title: Phone log\n    role: log\n    after: log\n    columns:\n"
        "      - {key: date, title: Timestamp, type: date}\n      - {key: who, title: Your name}\n"
        "      - {key: activity, title: What}\n      - {key: count, title: How many}\n"
        "  - {key: log, columns: [{key: place, title: Place, after: contact}, {key: mood, title: Mood}]}\n"
        "  - {key: problems, after: dashboard}\n"
        "  - {key: notes, title: Notes, role: events, columns: [{key: date, title: D}, {key: event, title: E}]}\n",
    )
    order = [tab.key for tab in mine.tabs]
    assert order[:2] == ["dashboard", "problems"] and order[-1] == "notes"
    assert order[order.index("log") + 1] == "phone"
    assert keys(mine.tab("log"))[-4:] == ["contact", "place", "notes", "mood"]
    assert len(mine.tabs) == len(sales.tabs) + 2


def test_drop_removes(tmp_path: Path, sales: WorkbookTemplate) -> None:
    """A tab, or a column of one; one that is dropped and given anew starts from nothing."""
    mine = template(
        tmp_path,
        "extends: sales\ndrop: [team, people.group, events]\ntabs:\n"
        "  - {key: events, title: E, role: events, columns: [{key: date, title: D}, {key: event, title: E}]}\n",
    )
    assert {tab.key for tab in sales.tabs} - {tab.key for tab in mine.tabs} == {"team"}
    assert "group" not in keys(mine.tab("people"))
    assert keys(mine.tab("events")) == ["date", "event"]


def test_example_rows_follow_their_columns(tmp_path: Path, sales: WorkbookTemplate) -> None:
    """Inherited rows stay right when columns go, come or move; rows given replace them."""
    mine = template(
        tmp_path,
        "extends: sales\ndrop: [people.email, goals.who]\ntabs:\n"
        "  - {key: people, columns: [{key: hours, after: name}, {key: phone, title: Phone, after: name}]}\n"
        "  - {key: activities, examples: [[Call]]}\n",
    )
    people = mine.tab("people")
    assert keys(people)[:3] == ["name", "phone", "hours"]
    assert people.examples[0][:3] == ("Ann Example", None, 37)
    assert mine.tab("goals").examples[0][:2] == ("Revenue", "Order won")
    assert mine.tab("activities").examples == (("Call",),)
    assert sales.tab("people").examples[0][1] == "ann@example.com"


def test_a_chain_is_relative_to_each_file(tmp_path: Path) -> None:
    """A path is relative to the file that names it; the nearest word wins."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "house.yaml").write_text("extends: base.yaml\nname: house\n", encoding="utf-8")
    (tmp_path / "shared" / "base.yaml").write_text(
        "extends: sales\nname: base\ndescription: Ours\ntitle: House {year}\n", encoding="utf-8"
    )
    mine = template(tmp_path, "extends: shared/house.yaml\ntitle: Mine {year}\n")
    assert (mine.name, mine.description, mine.title) == ("house", "Ours", "Mine {year}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: mine.yaml", "mine.yaml: line 1, extends: goes round in a circle: mine.yaml → mine.yaml"),
        ("name: x\nextends: salse", "mine.yaml: line 2, extends: “salse” is unknown; there is job-search"),
        ("extends: gone.yaml", "gone.yaml is not here; built-in templates are"),
        ("extends: [sales]", "line 1, extends: a template's name or path is needed"),
        ("extends: sales\ndrop: team", "line 2, drop: a list is needed, such as [team, people.group]"),
        ("extends: sales\ndrop: [taem]", "line 2, drop.0: there is nothing called taem to drop; did you mean team?"),
        ("extends: sales\ndrop:\n  - log.nots", "line 2, drop.0: there is nothing called log.nots to drop; did you"),
        ("extends: sales\ndrop: [log]", "mine.yaml: line 2, tabs: no tab has the role log"),
        (
            "extends: sales\ndrop: [goals.goal]",
            "mine.yaml: line 2, tabs.goals: a tab with the role goals needs a column with the key goal",
        ),
        (
            "extends: sales\ntabs:\n  - key: lgo\n    title: Buch",
            "line 3, tabs.lgo.key: there is no tab lgo to change; did you mean log?",
        ),
        (
            "extends: sales\ntabs:\n  - key: brand_new\n    title: Neu",
            "there is no tab brand_new to change; a new tab needs role and columns",
        ),
        (
            "extends: sales\ntabs:\n  - key: log\n    columns:\n      - {key: cuont, width: 90}",
            "line 5, tabs.log.columns.cuont.key: there is no column cuont to change; did you mean count?",
        ),
        (
            "extends: sales\ntabs:\n  - key: log\n    after: tlly",
            "line 4, tabs.log.after: there is no tab tlly; did you mean tally?",
        ),
        (
            "extends: sales\ntabs:\n  - key: log\n\n    columns:\n      - key: count\n        widht: 90",
            "line 7, tabs.log.columns.count.widht: unknown key; did you mean width?",
        ),
        ("extends: sales\ntabs: {log: {}}", "line 2, tabs: a list is needed"),
        ("extends: sales\ntabs:\n  - log", "line 2, tabs.24: keys are needed here, such as key and title"),
        ("extends: sales\ntabs:\n  - title: X", "line 3, tabs.24.key: is missing"),
        ("extends: sales\ntitel: X", "line 2, titel: unknown key; did you mean title?"),
        ("extends: sales\nname: a\nname: b", "line 3, name: given twice; keep one"),
        ("extends: sales\ntabs: &a\n  - {key: log, columns: *a}", "line 3, tabs.log.columns"),
    ],
)
def test_a_mistake_is_told_in_its_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    """Where it was written, with what to do; a mistake that an extension causes in what it extends is told there."""
    lines = refusal(tmp_path, text)
    assert any(said in line for line in lines), lines


def test_all_mistakes_of_all_files_at_once(tmp_path: Path) -> None:
    """In the order of files and lines."""
    (tmp_path / "house.yaml").write_text("extends: sales\ntabs:\n  - {key: log, color: red}\n", encoding="utf-8")
    lines = refusal(
        tmp_path,
        "extends: house.yaml\ntabs:\n  - {key: tally, colour: x}\n  - {key: people, columns: [{key: naem}]}\n",
    )
    assert [line.partition(":")[0] for line in lines] == ["house.yaml", "mine.yaml", "mine.yaml"]
    assert [line.split(", ")[0].split()[-1] for line in lines] == ["3", "3", "4"]


def test_a_circle_over_several_files(tmp_path: Path) -> None:
    """Each file of it is named."""
    (tmp_path / "a.yaml").write_text("extends: b.yaml\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("extends: ./mine.yaml\n", encoding="utf-8")
    assert "mine.yaml → a.yaml → b.yaml → mine.yaml" in refusal(tmp_path, "extends: a.yaml")[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty; write at least the line “extends: sales”"), ("- log", "holds no keys"), ("tabs: [", "not YAML")],
)
def test_a_file_that_is_no_template(tmp_path: Path, text: str, said: str) -> None:
    """One line, whatever it holds."""
    with pytest.raises(ConfigError, match=said):
        template(tmp_path, text)


def test_templates_beside_a_configuration_are_known(tmp_path: Path) -> None:
    """The built-in ones, and every YAML file that looks like one; a broken one says why."""
    for name, text in {
        "mine.yaml": "extends: sales\ndescription: Ours\n", "bad.yml": "extends: salse\n",
        "config.yaml": "workbook: x\n", "notes.txt": "tabs:\n",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    known = {one.name: one for one in known_templates(tmp_path)}
    assert tuple(known) == (*BUILT_IN, "bad.yml", "mine.yaml")
    assert known["mine.yaml"].description == "Ours" and not known["mine.yaml"].built_in
    assert "salse" in known["bad.yml"].problem and known["bad.yml"].tabs == 0
    assert all(known[name].built_in and known[name].description and not known[name].problem for name in BUILT_IN)


def titles(one: WorkbookTemplate) -> set[str]:
    """Every title of tabs people type in and their columns, in small letters."""
    typed_in = [tab for tab in one.tabs if not tab.is_tool_tab]
    return {text.casefold() for tab in typed_in for text in (tab.title, *(column.title for column in tab.columns))}


def test_a_template_for_something_else_uses_other_words(sales: WorkbookTemplate) -> None:
    """Few titles of the job search are those of sales: words that fit anything, such as Date and Week."""
    other = find_template("job-search", PROJECT)
    natural = {
        "name",
        "email",
        "time zone",
        "date",
        "from",
        "until",
        "day",
        "week",
        "month",
        "quarter",
        "year",
        "who",
    }
    assert titles(other) & titles(sales) <= natural


def test_solo_is_small(sales: WorkbookTemplate) -> None:
    """Fewer tabs than for a team, yet every cadence but the month."""
    solo = find_template("solo", PROJECT)
    assert len(solo.tabs) < len(sales.tabs) * 0.75
    assert [str(tab.cadence) for tab in solo.with_role("review")] == ["day", "week", "quarter", "year"]
    assert {"tally", "log", "problems", "dashboard"} <= {tab.role for tab in solo.tabs}
