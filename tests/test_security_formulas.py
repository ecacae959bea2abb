"""No text that anybody typed becomes a formula, a link or a name of a workbook, whichever command writes it."""

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli import LOG_COLUMNS, TODAY, Desk, day_cell, demo_desk, lean_template, new_desk, small_desk
from tests.google_team import Team
from tests.naughty import INJECTIONS, INVISIBLE, NUMBERS, TWISTED

TOKEN = "7E57"
# What neither a file of Excel nor a command line can hold is typed by nobody.
_HOLDABLE = re.compile("[^\0\x01\x08\x1b\ud800-\udfff\ufffe\uffff]+")
_SHORT = [text for text in NUMBERS if len(text) < 20]
TEXTS = [
    f"{text}{TOKEN}"
    for text in (*INJECTIONS, *TWISTED, *INVISIBLE, *_SHORT, "=A1&", "=-", "＋", "－", "＠", "http://evil.example/")
    if _HOLDABLE.fullmatch(text)
]
# Below each tab, where every name is a person and an activity, and all people have all activities: some are enough.
FEW = TEXTS[::20]
_FORMULA = re.compile(r"<(?:\w+:)?(?:formula1|formula2|formula|f|definedName)(?:\s[^>]*)?>([^<]*)<")
_CELL = re.compile(r'<c r="([A-Z]+\d+)"[^>]*><f')


def _parts(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels"))}


def carried(path: Path) -> list[str]:
    """The formulas of a file, in cells, lists, rules, charts and names, that hold what was typed; and any link."""
    parts = _parts(path)
    found = [one for text in parts.values() for one in _FORMULA.findall(text) if TOKEN in one]
    return found + links(parts)


def links(parts: Mapping[str, str]) -> list[str]:
    """The parts with links, in a cell or beside the cells."""
    return [name for name, text in parts.items() if re.search(r"<hyperlink|relationships/hyperlink", text)]


def places(path: Path) -> dict[str, list[str]]:
    """The cells with formulas, by part."""
    return {name: _CELL.findall(text) for name, text in _parts(path).items() if "/worksheets/" in name}


def shown(desk: Desk, tab: str) -> set[str]:
    """The texts of a tab."""
    return {cell for row in desk.values(tab) for cell in row if isinstance(cell, str)}


def in_google(team: Team) -> Iterator[str]:
    """What a spreadsheet holds of that kind, and where."""
    book = team.browser.book
    for sheet in book.sheets:
        for row, cells in sheet.lines(sheet.whole):
            for column, cell in cells.items():
                if TOKEN in (cell.formula or ""):
                    yield f"{sheet.title} {row} {column}: {cell.formula}"
                if TOKEN in str(cell.rest) + str(cell.validation):
                    yield f"{sheet.title} {row} {column}: {cell.rest} {cell.validation}"


def test_the_texts_are_many() -> None:
    """A corpus, not a sample."""
    assert len(TEXTS) >= 150


def test_people_who_are_named_at_creation(tmp_path: Path) -> None:
    """Names and addresses of --person are text, in the tab, in the lists one chooses from and in review rows."""
    desk = new_desk(tmp_path / "desk", "--template", lean_template(tmp_path / "desk"))
    bad = ["=1+1", "+1", "@SUM(A1)", "-1", "{=1}", "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil.example")', "＝1"]
    names = [f"{text}{TOKEN}" for text in bad]
    named = [f"{name} <={TOKEN}@example.com>" for name in names]
    desk.ok("create", "--examples", *(part for one in named for part in ("--person", one)))
    assert carried(desk.workbook) == []
    assert {*names, f"={TOKEN}@example.com"} <= shown(desk, "People")
    rows = [(TODAY, name, "Cold call", 1, "", "", "", "") for name in names]
    desk.ok("import", desk.csv("log.csv", LOG_COLUMNS, rows))
    desk.run("sync")
    assert carried(desk.workbook) == []


def test_what_is_imported_logged_and_restored(tmp_path: Path) -> None:
    """Every naughty text in every typed column of the log, then in a sync, and brought back after it was deleted."""
    desk = small_desk(tmp_path)
    rows = [("2026-10-12", text, text, text, text, text, text, text) for text in TEXTS]
    good = [("2026-10-12", "Ann", "Cold call", 1, "", "", text, text) for text in TEXTS]
    desk.run("import", desk.csv("bad.csv", LOG_COLUMNS, rows))
    desk.ok("import", desk.csv("good.csv", LOG_COLUMNS, good))
    assert carried(desk.workbook) == []
    for text in ("=1+1", "@x", "-1+1", "=cmd|' /C calc'!A0"):
        desk.ok("log", "Cold call", "1", "--who", "Ann", "--contact", text + TOKEN, "--note", text + TOKEN)
    desk.run("sync")
    assert carried(desk.workbook) == []
    before = shown(desk, "Log")
    assert {f"=1+1{TOKEN}", f"@SUM(1+1){TOKEN}", f"{{=1}}{TOKEN}"} <= before
    with desk.edited() as book:
        book["Log"].delete_rows(2, book["Log"].max_row)
    assert desk.run("sync").code == 5
    assert desk.run("restore", "--yes").code == 0
    desk.run("sync")
    assert carried(desk.workbook) == []
    assert {f"=1+1{TOKEN}", f"@SUM(1+1){TOKEN}", f"{{=1}}{TOKEN}"} <= shown(desk, "Log")


def test_what_people_type_in_any_tab(tmp_path: Path) -> None:
    """Naughty texts below every tab, typed as text into each of its columns, are text in the tabs of the tool."""
    desk = small_desk(tmp_path)
    texts = [re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text) for text in FEW]
    with desk.edited() as book:
        for sheet in book:
            below = sheet.max_row + 1
            for at, text in enumerate(texts):
                for column in range(1, min(sheet.max_column, 12) + 1):
                    cell = sheet.cell(below + at, column)
                    cell.value, cell.data_type = text, "s"
    for command in ("sync", "extend", "sync"):
        desk.run(command)
        assert carried(desk.workbook) == [], command
    told = {text.partition("”")[0].removeprefix("“") for text in shown(desk, "Problems")}
    assert len(told & set(texts)) > len(texts) / 2


def test_formulas_that_people_typed_stay_theirs(tmp_path: Path) -> None:
    """A formula in the log is the person's own; its value, whatever text it gives, is no formula in a tool tab."""
    desk = small_desk(tmp_path)
    with desk.edited() as book:
        book["Log"].append([day_cell("2026-10-12"), "Ann", "Cold call", 1, None, None, f'="=1+{TOKEN}"', None])
        book["Log"].append([day_cell("2026-10-12"), f"={TOKEN}", "Cold call", 1])
    desk.run("sync")
    others = [name for name in _parts(desk.workbook) if "worksheets" in name and "charts" not in name]
    holding = [name for name in others if any(TOKEN in one for one in _FORMULA.findall(_parts(desk.workbook)[name]))]
    assert len(holding) <= 1


def test_the_demo_holds_only_formulas_of_ours(tmp_path: Path) -> None:
    """It is made without anybody's typing: no link, and no formula in the log."""
    desk, _ = demo_desk(tmp_path)
    assert links(_parts(desk.workbook)) == []
    log = [cell for row in desk.cells()["Log"] for cell in row]
    assert not [cell for cell in log if isinstance(cell, str) and cell.startswith("=")]


WORDS = ("=1+7E57", '"&7E57&"', "=Log!$A$1")


def _worded(template: dict[str, Any], word: str) -> None:
    """Put a text before everything that a template says in words: no title of a tab may begin with all of them."""
    template["description"] = template["title"] = f"{word} {{year}}"
    for tab in template["tabs"]:
        if not set("'[]*?/\\:") & set(word):
            tab["title"] = f"{word[:9]} {tab['title']}"[:31]
        if "intro" in tab:
            tab["intro"] = [line if "{" in str(line) else f"{word} {line}" for line in tab["intro"]]
        for chart in tab.get("charts", []):
            chart["title"] = word
        for column in tab["columns"]:
            column["title"], column["note"] = f"{word} {column['title']}", word
            if "choices" in column and "choices_from" not in column and column["key"] in {"mail", "source"}:
                column["choices"] = [*column["choices"], word]


@pytest.mark.parametrize("word", WORDS)
def test_words_of_a_template_are_words(tmp_path: Path, word: str) -> None:
    """Titles, notes, lines, charts and descriptions that begin like a formula add none to those of the template."""
    plain, worded = (new_desk(tmp_path / name, "--template", lean_template(tmp_path / name)) for name in ("a", "b"))
    file = worded.folder / "lean.yaml"
    template = yaml.safe_load(file.read_text(encoding="utf-8"))
    _worded(template, word)
    file.write_text(yaml.safe_dump(template, sort_keys=False), encoding="utf-8")
    for desk in (plain, worded):
        desk.ok("create", "--examples", "--person", "Ann")
    assert places(worded.workbook) == places(plain.workbook)
    titles = _titles(_parts(plain.workbook)), _titles(_parts(worded.workbook))
    assert titles[0] == titles[1]
    assert links(_parts(worded.workbook)) == []


def _titles(parts: dict[str, str]) -> dict[str, int]:
    """How many formulas each part has."""
    return {name: len(_FORMULA.findall(text)) for name, text in parts.items()}


def test_google_gets_text_as_text(team: Team) -> None:
    """Import, log, sync, restore: no cell of the spreadsheet holds a formula, a link or a rule with a typed text."""
    rows = [("2026-10-12", text, text, text, text, text, text, text) for text in TEXTS]
    good = [("2026-10-12", "Ann", "Cold call", 1, "", "", text, text) for text in TEXTS]
    team.desk.run("import", team.desk.csv("bad.csv", LOG_COLUMNS, rows))
    team.desk.ok("import", team.desk.csv("good.csv", LOG_COLUMNS, good))
    team.desk.ok("log", "Cold call", "1", "--who", "Ann", "--contact", f"=1+1{TOKEN}", "--note", f"@x{TOKEN}")
    team.desk.run("sync")
    assert list(in_google(team)) == []
    before = {cell for row in team.browser.values("Log") for cell in row if TOKEN in str(cell)}
    assert {f"=1+1{TOKEN}", f"{{=1}}{TOKEN}"} <= before
    team.browser.delete_rows("Log", 1, len(team.browser.values("Log")) - 1)
    assert team.desk.run("sync").code == 5
    assert team.desk.run("restore", "--yes").code == 0
    team.desk.run("sync")
    assert list(in_google(team)) == []


def test_google_gets_what_people_typed_as_text(team: Team) -> None:
    """Naughty texts below every tab: the tabs of the tool show them as text."""
    for title in team.browser.titles():
        there = team.browser.values(title)
        width = min(len(there[-1]) if there else 1, 12)
        team.browser.type(title, f"A{len(there) + 1}", [[text] * width for text in FEW])
    typed = set(in_google(team))
    team.desk.run("sync")
    assert set(in_google(team)) <= typed
