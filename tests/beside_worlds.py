"""Where the tabs are kept while people and sheetsync are at them: a local file, or a spreadsheet on the local Google.

A world saves what people have typed, says what stands in a tab, and makes things fail.
"""

import json
import pickle
import re
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import yaml

from tests.beside_sheets import Grid, Sheets, Tab, trimmed
from tests.cli import NOW, PROJECT, Desk, new_desk
from tests.google_server import GoogleServer, faults
from tests.google_team import ANN, ROBOT

PEOPLE = {"people": "People", "goals": "Goals", "activities": "Activities", "log": "Log", "tally": "Tally"}
TOOLS = ("Weekly summary", "Problems")
FAULTS = (
    faults.UNAVAILABLE, faults.INTERNAL, faults.BAD_GATEWAY, faults.QUOTA, faults.PERMISSION_403,
    faults.UNAUTHENTICATED, faults.TOKEN_500, faults.NOT_JSON, faults.RESET_BEFORE, faults.RESET_AFTER,
    faults.LOST_ANSWER_503, faults.HALF_BODY,
)  # fmt: skip
_NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def tiny_template(folder: Path) -> str:
    """The built-in template's tabs that matter here, without what only looks are made of: a sync of them is quick."""
    template = yaml.safe_load((PROJECT / "templates" / "workbooks" / "sales.yaml").read_text(encoding="utf-8"))
    kept = {*PEOPLE, "dashboard", "weekly_summary", "problems"}
    template["tabs"] = [tab for tab in template["tabs"] if tab["key"] in kept]
    for tab in template["tabs"]:
        tab.pop("rules", None)
        for column in tab["columns"]:
            for look in ("note", "width", "hidden"):
                column.pop(look, None)
        if tab["key"] == "dashboard":
            del tab["charts"]
            tab["intro"] = ["Dashboard", "{as_of}", "{problems}"]
        if tab["key"] == "weekly_summary":
            tab["window"] = 6
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(template, sort_keys=False), encoding="utf-8")
    return "tiny.yaml"


def configured(desk: Desk, ledger: str, mail_port: int) -> None:
    """A team in London whose emails go to a mail server on this machine."""
    desk.configure("ledger: sqlite:///sheetsync.db", f"ledger: {ledger}")
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    desk.configure("transport: file", "transport: smtp")
    desk.configure("smtp.example.com", "127.0.0.1")
    desk.configure("port: 587", f"port: {mail_port}")
    desk.configure("security: starttls", "security: none")
    text = desk.config.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^(timezone:).*$", r"\1 Europe/London", text)
    text = re.sub(r"(?m)^    (username|password):.*\n", "", text)
    desk.config.write_text(text, encoding="utf-8")


class World(ABC):
    """A workbook somewhere, at a desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @abstractmethod
    def load(self, title: str) -> Grid:
        """What stands in a tab, without blank ends."""

    @abstractmethod
    def _save(self, key: str, tab: Tab, before: str) -> None: ...

    @abstractmethod
    def scribble(self, title: str, words: str, random: Random) -> bool:
        """Somebody types into a tab that only sheetsync writes; False when nothing stands there yet."""

    @abstractmethod
    def state(self) -> Any:
        """Everything the workbook holds."""

    @abstractmethod
    def restore(self, state: Any) -> None:
        """Make it hold that again."""

    def fail(self, random: Random) -> str:
        """Let the next run fail in some way; which one."""
        return ""

    def heal(self) -> None:
        """Let everything work again."""
        return

    def opened(self) -> Sheets:
        """The tabs, as they were made."""
        self._titles = dict(PEOPLE)
        sheets = Sheets({key: Tab(title, self.load(title), dirty=False) for key, title in PEOPLE.items()})
        for tab in sheets.tabs.values():
            for row in tab.grid:
                row.extend([None] * (len(tab.grid[0]) - len(row)))
        people = sheets.tabs["people"]
        at = people.position("Partner")
        assert at is not None
        for row, partner in zip(people.grid[1:], ("Dana", "Eli"), strict=True):
            row[at : at + 2] = [partner, f"{partner}@example.com"]
        people.dirty = True
        tally = sheets.tabs["tally"]
        tally.grid[0][2:], tally.dirty = ["Cold call", "Meeting"], True
        return sheets

    def save(self, sheets: Sheets) -> None:
        """What people have typed is there when the next run looks."""
        for key, tab in sheets.tabs.items():
            if tab.dirty:
                self._save(key, tab, self._titles[key])
                self._titles[key], tab.dirty = tab.title, False


class Local(World):
    """A local file, saved by a program of our own: only the sheets that people changed have other bytes."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._parts: dict[str, bytes] | None = None

    def save(self, sheets: Sheets) -> None:
        """All tabs at once, in one new file."""
        if not any(tab.dirty for tab in sheets.tabs.values()):
            return
        self._parts = self._read()
        super().save(sheets)
        with zipfile.ZipFile(self.desk.workbook, "w") as file:
            for name, content in self._parts.items():
                file.writestr(name, content)

    def _read(self) -> dict[str, bytes]:
        with zipfile.ZipFile(self.desk.workbook) as file:
            return {name: file.read(name) for name in file.namelist()}

    def _part(self, parts: dict[str, bytes], title: str) -> str:
        root = ElementTree.fromstring(parts["xl/workbook.xml"])
        names = [sheet.get("name") for sheet in root.iter(f"{_NAMESPACE}sheet")]
        return f"xl/worksheets/sheet{names.index(title) + 1}.xml"

    def _save(self, key: str, tab: Tab, before: str) -> None:
        parts = self._parts
        assert parts is not None
        name = self._part(parts, before)
        rows = []
        for number, row in enumerate(tab.grid, start=1):
            cells = "".join(_cell_xml(_letters(at) + str(number), cell) for at, cell in enumerate(row))
            hidden = ' hidden="1"' if number - 1 in tab.hidden and number > 1 else ""
            rows.append(f'<row r="{number}"{hidden}>{cells}</row>')
        xml = parts[name].decode()
        data = f"<sheetData>{''.join(rows)}</sheetData>"
        xml, count = re.subn(r"<sheetData\s*/>|<sheetData>.*</sheetData>", lambda _: data, xml, count=1, flags=re.S)
        assert count == 1, name
        size = f"A1:{_letters(max(map(len, tab.grid), default=1) or 1)}{len(tab.grid)}"
        parts[name] = re.sub(r'<dimension ref="[^"]*"', f'<dimension ref="{size}"', xml).encode()
        if tab.title != before:
            self._rename(parts, before, tab.title)

    def _rename(self, parts: dict[str, bytes], before: str, after: str) -> None:
        """Formulas and names follow, as in any spreadsheet program."""
        quoted = escape("'" + after.replace("'", "''") + "'")
        for name, content in parts.items():
            if name.endswith(".xml") and name.startswith(("xl/worksheets/", "xl/workbook", "xl/charts/")):
                xml = content.decode()
                for reference in (f"'{escape(before)}'!", f"{escape(before)}!"):
                    xml = re.sub(rf"(?<![\w']){re.escape(reference)}", f"{quoted}!", xml)
                if name == "xl/workbook.xml":
                    xml = xml.replace(f"<sheet name={quoteattr(before)}", f"<sheet name={quoteattr(after)}")
                parts[name] = xml.encode()

    def load(self, title: str) -> Grid:
        """Read without sheetsync and without its libraries."""
        parts = self._read()
        shared = []
        if "xl/sharedStrings.xml" in parts:
            strings = ElementTree.fromstring(parts["xl/sharedStrings.xml"])
            shared = ["".join(t.text or "" for t in si.iter(f"{_NAMESPACE}t")) for si in strings]
        grid: Grid = []
        for row in ElementTree.fromstring(parts[self._part(parts, title)]).iter(f"{_NAMESPACE}row"):
            number = int(row.get("r", "0"))
            grid += [[] for _ in range(number - len(grid))]
            for cell in row:
                at = _position(cell.get("r", "A1"))
                grid[number - 1] += [None] * (at + 1 - len(grid[number - 1]))
                grid[number - 1][at] = _cell_of(cell, shared)
        return trimmed(grid)

    def scribble(self, title: str, words: str, random: Random) -> bool:
        """Over a cell that has something in it."""
        parts = self._read()
        name = self._part(parts, title)
        xml = parts[name].decode()
        cells = [m for m in re.finditer(r'<c r="([A-Z]+)(\d+)"[^>]*?(?:/>|>.*?</c>)', xml) if int(m[2]) > 1]
        if cells:
            cell = random.choice(cells[:60])
            fresh = _cell_xml(cell[1] + cell[2], words)
            parts[name] = (xml[: cell.start()] + fresh + xml[cell.end() :]).encode()
            with zipfile.ZipFile(self.desk.workbook, "w") as file:
                for part, content in parts.items():
                    file.writestr(part, content)
        return bool(cells)

    def state(self) -> bytes:
        """The file."""
        return self.desk.workbook.read_bytes()

    def restore(self, state: bytes) -> None:
        """The file as it was."""
        self.desk.workbook.write_bytes(state)


class Google(World):
    """A spreadsheet on the local Google, which fails on demand."""

    def __init__(self, desk: Desk, server: GoogleServer, spreadsheet: str, book: bytes) -> None:
        super().__init__(desk)
        self.server, self.spreadsheet = server, spreadsheet
        self.restore(book)
        self.heal()

    def _save(self, key: str, tab: Tab, before: str) -> None:
        browser = self.server.spreadsheet(self.spreadsheet)
        if tab.title != before:
            browser.rename_tab(before, tab.title)
        there = browser.values(tab.title)
        width = max([len(row) for row in (*there, *tab.grid)], default=1)
        blank: Grid = [[] for _ in range(len(there) - len(tab.grid))]
        rows = [
            ["" if cell is None else cell for cell in [*row, *[None] * (width - len(row))]]
            for row in (*tab.grid, *blank)
        ]
        browser.type(tab.title, "A1", rows)

    def load(self, title: str) -> Grid:
        """What a person sees."""
        return trimmed(self.server.spreadsheet(self.spreadsheet).values(title))

    def scribble(self, title: str, words: str, random: Random) -> bool:
        """Over a cell that has something in it, most likely."""
        browser = self.server.spreadsheet(self.spreadsheet)
        rows = len(browser.values(title))
        if rows > 1:
            browser.type(title, f"{_letters(random.randrange(5))}{random.randint(2, min(rows, 12))}", [[words]])
        return rows > 1

    def state(self) -> bytes:
        """The book."""
        return pickle.dumps(self.server.workspace.files[self.spreadsheet].book)

    def restore(self, state: bytes) -> None:
        """The book as it was."""
        self.server.workspace.files[self.spreadsheet].book = pickle.loads(state)

    def fail(self, random: Random) -> str:
        """A fault at one of the next requests, or at some in a row."""
        fault = random.choice(FAULTS)
        self.server.inject(fault, at=random.choice((1, 1, 2, 2, 3)), times=random.choice((1, 1, 2, None)))
        return fault.name

    def heal(self) -> None:
        """No fault is waiting any more."""
        self.server.clear_faults()
        self.server.clear_requests()


def made_local(folder: Path, ledger: str, mail_port: int) -> Desk:
    """A desk with a local workbook, in order and synced."""
    desk = new_desk(folder, "--template", tiny_template(folder))
    configured(desk, ledger, mail_port)
    return _filled(desk, "create")


def made_google(folder: Path, server: GoogleServer, ledger: str, mail_port: int) -> tuple[Desk, str, bytes]:
    """A desk with a workbook on the local Google, its id, and the book as it was made."""
    spreadsheet = server.create_spreadsheet("Goals", owner=ANN, share={ROBOT: "writer"})
    template = tiny_template(folder)
    desk = new_desk(folder, "--workbook", spreadsheet, "--credentials", "robot.json", "--template", template)
    desk.configure("api_endpoint: null", f"api_endpoint: {server.endpoint}")
    desk.file("robot.json", json.dumps(server.service_account(ROBOT)))
    configured(desk, ledger, mail_port)
    _filled(desk, "create", "--into", spreadsheet)
    return desk, spreadsheet, pickle.dumps(server.workspace.files[spreadsheet].book)


BEGIN = NOW.replace(month=3, day=18)


def _filled(desk: Desk, *create: str) -> Desk:
    team = ["--person", "Ann <ann@example.com>", "--person", "Ben <ben@example.com>"]
    desk.ok(*create, "--examples", "--year", "2026", *team, at=BEGIN)
    rows = [[f"2026-03-{1 + n % 17:02}", ("Ann", "Ben")[n % 2], "Cold call", n % 3] for n in range(25)]
    columns = ("Date", "Who", "Activity", "Count")
    desk.ok("import", desk.csv("first.csv", columns, rows), at=BEGIN)
    desk.ok("sync", at=BEGIN)
    return desk


def _letters(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _position(place: str) -> int:
    number = 0
    for letter in place.rstrip("0123456789"):
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell_xml(place: str, cell: Any) -> str:
    if cell is None or cell == "":
        return ""
    if isinstance(cell, int | float):
        return f'<c r="{place}"><v>{cell!r}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(str(cell))}</t></is></c>'


def _cell_of(cell: ElementTree.Element, shared: list[str]) -> Any:
    kind, value = cell.get("t"), cell.find(f"{_NAMESPACE}v")
    if kind == "inlineStr":
        return "".join(t.text or "" for t in cell.iter(f"{_NAMESPACE}t"))
    if value is None or value.text is None:
        return None
    return shared[int(value.text)] if kind == "s" else value.text if kind == "str" else float(value.text)
