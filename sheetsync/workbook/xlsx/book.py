"""An open `.xlsx` workbook: each call reads the file anew, and replaces it whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copyfileobj
from types import MappingProxyType

from sheetsync.cells import Cell
from sheetsync.charts import rows_covered
from sheetsync.errors import ConfigError, GuardTripped
from sheetsync.periods import Calendar
from sheetsync.standing import as_it_stands, with_columns_at
from sheetsync.template import TOOL_ROLES, Column, Tab, WorkbookTemplate
from sheetsync.workbook import Layout, Progress, Results, TabContents, TabWrite
from sheetsync.workbook.xlsx.archive import Archive, replace_file
from sheetsync.workbook.xlsx.columns import Added, with_columns
from sheetsync.workbook.xlsx.computed import RowFormulas
from sheetsync.workbook.xlsx.create import USUAL
from sheetsync.workbook.xlsx.date_system import count_from_1900, counted_from_1904
from sheetsync.workbook.xlsx.extent import MOST_COLUMNS, MOST_ROWS
from sheetsync.workbook.xlsx.fresh import LONGEST_TITLE, generated
from sheetsync.workbook.xlsx.looks import wraps
from sheetsync.workbook.xlsx.package import MARK, Package, keep_calculated, read_package
from sheetsync.workbook.xlsx.parts import related
from sheetsync.workbook.xlsx.reading import grids_of
from sheetsync.workbook.xlsx.remaking import choices_of, with_tabs_remade
from sheetsync.workbook.xlsx.restoring import TabList, with_tabs_of
from sheetsync.workbook.xlsx.rows import with_grid, with_results, with_rows_appended
from sheetsync.workbook.xlsx.sheet_part import split
from sheetsync.workbook.xlsx.styles import Styles


class XlsxWorkbook:
    """A local workbook; implements `sheetsync.workbook.Workbook`."""

    def __init__(self, path: Path, template: WorkbookTemplate, calendar: Calendar = USUAL) -> None:
        """Raises `ConfigError` when there is no such file, or it was not made by `create`."""
        self._path, self._template, self._calendar = path, template, calendar
        with Archive(path) as archive:
            package = read_package(archive)
        if package.year is None or package.template is None:
            raise ConfigError(f"{path} was not made by `sheetsync create`; create a workbook under another name")
        self._layout = Layout(package.year, package.template, dict(package.marks), package.version or 1)

    @property
    def location(self) -> str:
        """The path, for people."""
        return str(self._path)

    @property
    def layout(self) -> Layout:
        """The plan's year, the template's name and each tab's defined name."""
        return self._layout

    def read(self) -> dict[str, TabContents]:
        """Read every tab of the template. Raises `GuardTripped` when one is gone, naming it."""
        with Archive(self._path) as archive:
            package = read_package(archive)
            titles = {tab.key: self._title(package, tab.key) for tab in self._template.tabs}
            return self._contents(archive, package, titles)

    def write(self, writes: Sequence[TabWrite], results: Mapping[str, Results] | None = None) -> None:
        """Write tool tabs, and the stored results of formulas in the tabs of `results`, all or nothing.

        Only formulas at these places are touched; they take the place of what a spreadsheet program would compute.
        Live lines, with what people chose in them, and rows that charts cover stay as they are, whatever is written.
        Raises `Busy` when the file is open elsewhere and `GuardTripped` when a tab is gone.
        """
        with Archive(self._path) as archive:
            package = read_package(archive)
            changed: dict[str, bytes] = {}
            for write in writes:
                tab = self._template.tab(write.key)
                part = package.parts[self._title(package, write.key)]
                grid = _as_counted(write.grid, tab, package)
                kept = tab.live_rows.union(rows_covered(tab))
                changed[part] = with_grid(split(archive.read(part)), grid, tab.header_row, _wrapped(tab), kept)
            for key, shown in (results or {}).items():
                part = package.parts[self._title(package, key)]
                before = changed.get(part) or archive.read(part)
                after = with_results(before, shown)
                if after != before:
                    changed[part] = after
            _replace(archive, package, changed)

    def append(self, key: str, rows: Sequence[Sequence[Cell]], progress: Progress | None = None) -> None:
        """Add rows after the last row with data in a tab people type in; no other cell changes.

        Blank cells of a review tab's computed columns get their formulas. Raises as `write` does.
        """
        if not rows:
            return
        tab = self._template.tab(key)
        with Archive(self._path) as archive:
            package = read_package(archive)
            part = package.parts[self._title(package, key)]
            sheet = split(archive.read(part))
            formulas = RowFormulas(self._template, tab, sheet)
            xml = with_rows_appended(sheet, _as_counted(rows, tab, package), formulas, _wrapped(tab), progress)
            _replace(archive, package, {part: xml})

    def missing_tabs(self) -> list[str]:
        """Keys of the template's tabs that are gone, in the template's order."""
        with Archive(self._path) as archive:
            titles = read_package(archive).titles
        return [tab.key for tab in self._template.tabs if tab.key not in titles]

    def restore_tabs(self, rows: Mapping[str, Sequence[Sequence[Cell]]], activity_titles: Sequence[str] = ()) -> None:
        """Make the tabs with these keys again as `create` makes them, at the end, with these rows below the header.

        Nothing else changes: formulas of other tabs that became #REF! stay so. A tab whose title is taken gets
        another. Raises `GuardTripped` when one of the tabs is there, and else as `write` does.
        """
        if not rows:
            return
        with Archive(self._path) as archive:
            package = read_package(archive)
            there = [title for key, title in package.titles.items() if key in rows]
            if there:
                raise GuardTripped(f'the tab "{there[0]}" is in {self._path.name} already; nothing was restored')
            keys = [tab.key for tab in self._template.tabs if tab.key in rows]
            counted = {key: _as_counted(rows[key], self._template.tab(key), package) for key in keys}
            template = as_it_stands(self._template, self._there(archive, package), package.parts, LONGEST_TITLE)
            others, dropped = keep_calculated(archive, package, same_formulas=False)
            year, calendar = self._layout.year, self._calendar
            with generated(template, year, counted, activity_titles, calendar=calendar) as fresh:
                archive.replace(with_tabs_of(archive, package, fresh, keys, others), dropped)
        self._layout = replace(self._layout, marks={**self._layout.marks, **{key: MARK + key for key in keys}})

    def add_columns(self, key: str, header: int, columns: Mapping[int, Column]) -> None:
        """Title the blank columns at these 0-based positions as `create` does: title, look, width, formulas.

        `header` is the 0-based row of titles. The new titles look like those beside them and carry no notes. Raises
        `GuardTripped` when there is a title already or the tab is gone, and else as `write` does.
        """
        with Archive(self._path) as archive:
            package = read_package(archive)
            part = package.parts[self._title(package, key)]
            contents = self._there(archive, package)
            standing = as_it_stands(self._template, contents, package.parts, LONGEST_TITLE)
            template = with_columns_at(standing, key, header, columns)
            shown = next(iter(contents[key].grid[header:]), [])
            added = Added(template, template.tab(key), header, columns, shown)
            with generated(template, self._layout.year, {}, calendar=self._calendar) as (source, made):
                table = related(archive, package.workbook_part, "styles")
                styles = Styles(archive.read(table), source.read(related(source, made.workbook_part, "styles")))
                fresh = source.read(made.parts[made.titles[key]])
            xml = with_columns(split(archive.read(part)), added, fresh, styles)
            looks = {} if styles.xml == archive.read(table) else {table: styles.xml}
            _replace(archive, package, {part: xml}, looks)

    def remake_tabs(self, keys: Sequence[str], version: int) -> None:
        """Replace the tool tabs with these keys that are there by new ones as `create` makes them, each in its place.

        What people chose in them is kept; what else stands there, charts and notes of their own included, is not. The
        workbook is of this version of its template then. Raises `ConfigError` when people type in one of the tabs,
        and else as `write` does.
        """
        for tab in map(self._template.tab, keys):
            if not tab.is_tool_tab:
                raise ConfigError(f'the tab "{tab.title}" is one that people type in; it is never made anew')
        with Archive(self._path) as archive:
            package = read_package(archive)
            contents = self._there(archive, package)
            template = as_it_stands(self._template, contents, package.parts, LONGEST_TITLE)
            choices = {
                key: choices_of(template, template.tab(key), self._calendar, contents[key].grid)
                for key in keys
                if key in contents
            }
            base, chain = keep_calculated(archive, package, same_formulas=False)
            with generated(template, self._layout.year, {}, calendar=self._calendar) as fresh:
                changed, gone = with_tabs_remade(archive, package, fresh, choices, version=version, base=base)
                archive.replace(changed, gone | chain)
        self._layout = replace(self._layout, version=version)

    def unmarked(self) -> dict[int, TabContents]:
        """The tabs that are not the template's, by their place in the file."""
        with Archive(self._path) as archive:
            package = read_package(archive)
            marked = set(package.titles.values())
            others = {str(at): title for at, title in enumerate(package.parts) if title not in marked}
            grids = grids_of(archive, {title: package.parts[title] for title in others.values()})
        return {int(at): TabContents("", t, grids[t], MOST_ROWS, MOST_COLUMNS) for at, t in others.items()}

    def adopt(self, key: str, number: int) -> None:
        """Take the tab at this place for the template's tab `key`: it gets its mark, and no cell changes."""
        with Archive(self._path) as archive:
            package = read_package(archive)
            titles, title = list(package.parts), self._template.tab(key).title
            if key in package.titles:
                raise ConfigError(
                    f"{self._path.name} has the tab “{title}” already; no second one can take its place"
                )
            if number >= len(titles) or titles[number] in package.titles.values():
                raise ConfigError(f"{self._path.name} has no tab {number} that could be taken for “{title}”")
            listed = TabList(archive, package, {})
            listed.mark(key, titles[number])
            archive.replace(listed.members)
        self._layout = replace(self._layout, marks={**self._layout.marks, key: MARK + key})

    def backup(self, name: str) -> str:
        """Copy the file, with `name` in the copy's own. Answers the copy's path; no file is ever replaced.

        Raises `ConfigError` when the folder cannot be written.
        """
        endings = ("", *(f" {number}" for number in range(2, 1000)))
        names = (f"{self._path.stem} ({name}){ending}{self._path.suffix}" for ending in endings)
        copy = next(path for path in map(self._path.with_name, names) if not path.exists())
        with self._path.open("rb") as source:
            replace_file(copy, lambda target: copyfileobj(source, target), lambda: None)
        return str(copy)

    def _there(self, archive: Archive, package: Package) -> dict[str, TabContents]:
        """The tabs that are there."""
        keys = [tab.key for tab in self._template.tabs if tab.key in package.titles]
        return self._contents(archive, package, {key: package.titles[key] for key in keys})

    def _contents(self, archive: Archive, package: Package, titles: Mapping[str, str]) -> dict[str, TabContents]:
        """These tabs of the template, by key."""
        roles = {title: self._template.tab(key).role for key, title in titles.items()}
        typed = {title for title, role in roles.items() if role not in TOOL_ROLES | {"review"}}
        logged = {title for title, role in roles.items() if role in {"log", "tally"}}
        grids = grids_of(archive, {title: package.parts[title] for title in roles}, typed, logged)
        there = {key: TabContents(key, title, grids[title], MOST_ROWS, MOST_COLUMNS) for key, title in titles.items()}
        if package.dates_from_1904:
            for contents in there.values():
                if contents.title in typed:
                    count_from_1900(self._template.tab(contents.key), contents)
        return there

    def _title(self, package: Package, key: str) -> str:
        if key not in package.titles:
            title = self._template.tab(key).title
            raise GuardTripped(
                f'the tab "{title}" is gone from {self._path.name}; '
                "restore it (undo, or an earlier version of the file), or have it made again: sheetsync doctor --fix"
            )
        return package.titles[key]


def open_workbook(path: Path, template: WorkbookTemplate, calendar: Calendar = USUAL) -> XlsxWorkbook:
    """Open a workbook that `create` made; `calendar` is for the tabs that are made again.

    Raises `ConfigError` when the file is missing, unreadable, no `.xlsx` or not made by `create`.
    """
    return XlsxWorkbook(path, template, calendar)


def first_tab(path: Path) -> list[list[Cell]]:
    """The cells of the first tab of any `.xlsx` file. Raises `ConfigError` when there is none, or it is damaged."""
    with Archive(path) as archive:
        title, part = next(iter(read_package(archive).parts.items()), ("", ""))
        return grids_of(archive, {title: part}, {title}, {title})[title]


def _replace(
    archive: Archive,
    package: Package,
    changed: Mapping[str, bytes],
    beside: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    """Replace tabs by these, and members `beside` them that hold no cells."""
    if not changed:
        return
    # Around the rows nothing changes, so another number of formula-like tags is another number of formulas.
    same_formulas = all(archive.read(part).count(b"<f") == xml.count(b"<f") for part, xml in changed.items())
    others, dropped = keep_calculated(archive, package, same_formulas=same_formulas)
    archive.replace({**changed, **beside, **others}, dropped)


def _as_counted(rows: Sequence[Sequence[Cell]], tab: Tab, package: Package) -> Sequence[Sequence[Cell]]:
    return counted_from_1904(tab, rows) if package.dates_from_1904 else rows


def _wrapped(tab: Tab) -> frozenset[int]:
    return frozenset(at for at, column in enumerate(tab.columns) if wraps(column))
