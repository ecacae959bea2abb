"""Reading tabs with calamine, and its values turned into the alphabet of cells.

calamine gets a copy of those parts only that were read and checked here. A log may have 100,000 rows, so whole
columns are looked at for what needs turning, and most need nothing.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import date, datetime, time, timedelta
from functools import partial
from html import unescape
from importlib import import_module
from threading import Thread
from typing import Any

from sheetsync.cells import EPOCH, Cell, serial
from sheetsync.errors import ConfigError
from sheetsync.workbook.xlsx.archive import Archive
from sheetsync.workbook.xlsx.extent import check_extent, text_lengths
from sheetsync.workbook.xlsx.sheet_part import column_of

_LONG = 1 << 20  # bytes, packed: some 20,000 rows
Errors = list[tuple[int, int, str]]

_DAY = timedelta(days=1)
_MIDNIGHT = datetime.combine(EPOCH, time())
_MARCH_1900 = date(1900, 3, 1)
_PLAIN = frozenset((str, float, int, bool))
_SOME_ERROR = re.compile(rb"t=[\"']e[\"']")
_ERROR_CELL = re.compile(
    rb"<(?:\w+:)?c\s([^>]*\st=[\"']e[\"'][^>]*|t=[\"']e[\"'][^>]*)>(.*?)</(?:\w+:)?c>", re.DOTALL
)
_REFERENCE = re.compile(rb"\br=[\"']([A-Z]+)([0-9]+)[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]*)<")
_SOME_FORMULA = re.compile(rb"<f[\s/>]")
_SOME_PREFIXED = re.compile(rb":f[\s/>]")
_FORMULA_CELL = re.compile(
    rb"<(?:\w+:)?c\s(?P<cell>[^>]*)>\s*<(?:\w+:)?f(?P<formula>\s[^>]*?)?(?:/>|>(?P<text>[^<]*)</(?:\w+:)?f>)"
    rb"(?P<rest>.*?)</(?:\w+:)?c>",
    re.DOTALL,
)
_ANY_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*[^>/])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_GROUP = re.compile(rb"\bsi=[\"'](\d+)[\"']")
_IS_TEXT = re.compile(rb"\bt=[\"']str[\"']")
_VOLATILE = re.compile(rb"\b(?:TODAY|NOW|RAND|RANDBETWEEN|RANDARRAY|IMPORT\w+)\s*\(", re.IGNORECASE)


def grids_of(
    archive: Archive, parts: Mapping[str, str], typed: Collection[str] = (), logged: Collection[str] = ()
) -> dict[str, list[list[Cell]]]:
    """The cells of tabs, from A1 on, trailing blanks trimmed; `parts` maps titles to members, as the answer does.

    In the tabs `typed` a formula that no program has worked out yet is its text, so that it is not taken for blank;
    in the tabs `logged` so is one that comes to something else each time. Raises `ConfigError` when the file is
    damaged, or a tab takes more room than there may be.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    errors = _checked(archive, parts, typed, logged)
    copied = archive.copy_of_what_was_read()
    try:
        with _meanwhile_loading("pandas") if copied.getbuffer().nbytes > _LONG else nullcontext():
            book = CalamineWorkbook.from_filelike(copied)
            return {
                title: _grid_of(book.get_sheet_by_name(title), errors[title], partial(archive.read, part))
                for title, part in parts.items()
            }
    except CalamineError as error:
        raise archive.damaged(str(error)) from None


@contextmanager
def _meanwhile_loading(library: str) -> Iterator[None]:
    """Load what whoever reads a long log needs next: while calamine is at it, other threads may work."""
    loading = Thread(target=import_module, args=(library,))
    loading.start()
    try:
        yield
    finally:
        loading.join()


def _checked(
    archive: Archive, parts: Mapping[str, str], typed: Collection[str], logged: Collection[str]
) -> dict[str, Errors]:
    """Read all that calamine will read. Answers the cells that it takes for something else, by title."""
    texts: list[int] = []
    for member in archive.members("/styles.xml", "/sharedstrings.xml"):
        try:
            texts += text_lengths(archive.read(member))
        except ValueError as error:
            raise archive.damaged(f"{member}: {error}") from None
    errors = {}
    for title, part in parts.items():
        xml = archive.read(part)
        try:
            check_extent(xml, texts)
        except ValueError as error:
            raise ConfigError(f"{archive.shown}: the tab “{title}” {error}") from None
        errors[title] = [*_errors(xml), *(_passing_formulas(xml, title in logged) if title in typed else ())]
    return errors


def _grid_of(sheet: Any, errors: Errors, read_xml: Callable[[], bytes]) -> list[list[Cell]]:
    grid: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    small: set[tuple[int, int]] = set()
    for at, column in enumerate(zip(*grid, strict=True)):
        if (turned := _turned(column)) is not None:
            if any(map(_is_small, set(column))):
                small.update((row_at, at) for row_at, value in enumerate(column) if _is_small(value))
            for row, cell in zip(grid, turned, strict=True):
                row[at] = cell
    for row_at, at, number in _numbers(read_xml(), small) if small else ():
        grid[row_at][at] = number
    for row_at, at, text in errors:
        grid.extend([] for _ in range(row_at + 1 - len(grid)))
        grid[row_at].extend([None] * (at + 1 - len(grid[row_at])))
        grid[row_at][at] = text
    return _trim(grid)


def _turned(column: Sequence[Any]) -> list[Cell] | None:
    """The cells of a column as our alphabet spells them, or None when they are already."""
    types = set(map(type, column))
    if types <= _PLAIN:
        return [None if value == "" else value for value in column] if "" in column else None
    # A year has few days, so each is turned once. The type is part of the key because 1 == 1.0 == True.
    known = {(type(value), value): _cell(value) for value in set(column)}
    return [value if type(value) is str and value else known.get((type(value), value)) for value in column]


def _trim(grid: list[list[Cell]]) -> list[list[Cell]]:
    """As `cells.trimmed`, in place: a copy of 100,000 rows would be felt."""
    for row in grid:
        while row and row[-1] is None:
            row.pop()
    while grid and not grid[-1]:
        grid.pop()
    return grid


def _cell(value: Any) -> Cell:
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) - _MIDNIGHT) / _DAY
    if isinstance(value, date):
        return serial(value)
    if isinstance(value, time):
        return (datetime.combine(EPOCH, value) - _MIDNIGHT) / _DAY
    if isinstance(value, timedelta):
        return value / _DAY
    return None if value == "" else value


def _is_small(value: Any) -> bool:
    """Whether it may be a count in a cell that shows days: before March 1900 calamine counts otherwise than we do."""
    if isinstance(value, date):  # or a moment
        return (value.date() if isinstance(value, datetime) else value) < _MARCH_1900
    return isinstance(value, time) and value == time()


def _numbers(xml: bytes, wanted: Collection[tuple[int, int]]) -> Iterator[tuple[int, int, float]]:
    """What is stored in these cells, each a 0-based row and column, if it is a number."""
    for cell in _ANY_CELL.finditer(xml):
        reference = _REFERENCE.search(cell[1])
        row, column = (int(reference[2]) - 1, column_of(reference[1].decode())) if reference else (-1, -1)
        if (row, column) in wanted and (value := _VALUE.search(cell[2])):
            with suppress(ValueError):
                yield row, column, float(value[1])


def _passing_formulas(xml: bytes, must_last: bool) -> Iterator[tuple[int, int, str]]:
    """The formulas without a result, or with one that does not last: 0-based row and column, and the formula."""
    shared: dict[bytes, bytes] = {}
    # An expression that begins with its letters is several times as fast; few parts have prefixes.
    some = _SOME_FORMULA.search(xml) or (b":worksheet" in xml[:2000] and _SOME_PREFIXED.search(xml))
    for cell in _FORMULA_CELL.finditer(xml) if some else ():
        reference, group = _REFERENCE.search(cell["cell"]), _GROUP.search(cell["formula"] or b"")
        formula = cell["text"] or (shared.get(group[1]) if group else None) or b""
        if group:
            shared.setdefault(group[1], formula)
        value = _VALUE.search(cell["rest"])
        worked_out = _IS_TEXT.search(cell["cell"]) or (value and value[1]) or b"<is" in cell["rest"]
        if reference and (not worked_out or (must_last and _VOLATILE.search(formula))):
            yield int(reference[2]) - 1, column_of(reference[1].decode()), f"={unescape(formula.decode())}"


def _errors(xml: bytes) -> Iterable[tuple[int, int, str]]:
    """The cells that show an error: 0-based row and column, and the error's text."""
    if not _SOME_ERROR.search(xml):
        return
    for cell in _ERROR_CELL.finditer(xml):
        reference, value = _REFERENCE.search(cell[1]), _VALUE.search(cell[2])
        if reference and value:
            yield int(reference[2]) - 1, column_of(reference[1].decode()), value[1].decode()
