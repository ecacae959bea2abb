"""Reading tabs with calamine, and its values turned into the alphabet of cells.

calamine gets a copy of those parts only that were read and checked here. A log may have 100,000 rows, so whole
columns are looked at for what needs turning, and most need nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, datetime, time, timedelta
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
_PLAIN = frozenset((str, float, int, bool))
_SOME_ERROR = re.compile(rb"t=[\"']e[\"']")
_ERROR_CELL = re.compile(
    rb"<(?:\w+:)?c\s([^>]*\st=[\"']e[\"'][^>]*|t=[\"']e[\"'][^>]*)>(.*?)</(?:\w+:)?c>", re.DOTALL
)
_REFERENCE = re.compile(rb"\br=[\"']([A-Z]+)([0-9]+)[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]*)<")


def grids_of(archive: Archive, parts: Mapping[str, str]) -> dict[str, list[list[Cell]]]:
    """The cells of tabs, from A1 on, trailing blanks trimmed; `parts` maps titles to members, as the answer does.

    Raises `ConfigError` when the file is damaged, or a tab takes more room than there may be.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    errors = _checked(archive, parts)
    copied = archive.copy_of_what_was_read()
    try:
        with _meanwhile_loading("pandas") if copied.getbuffer().nbytes > _LONG else nullcontext():
            book = CalamineWorkbook.from_filelike(copied)
            return {title: _grid_of(book.get_sheet_by_name(title), errors[title]) for title in parts}
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


def _checked(archive: Archive, parts: Mapping[str, str]) -> dict[str, Errors]:
    """Read all that calamine will read. Answers the cells with errors, by title: calamine takes them for blank."""
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
        errors[title] = list(_errors(xml))
    return errors


def _grid_of(sheet: Any, errors: Errors) -> list[list[Cell]]:
    grid: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    for at, column in enumerate(zip(*grid, strict=True)):
        if (turned := _turned(column)) is not None:
            for row, cell in zip(grid, turned, strict=True):
                row[at] = cell
    for row_at, at, text in errors:
        if row_at < len(grid) and at < len(grid[row_at]):
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


def _errors(xml: bytes) -> Iterable[tuple[int, int, str]]:
    """The cells that show an error: 0-based row and column, and the error's text."""
    if not _SOME_ERROR.search(xml):
        return
    for cell in _ERROR_CELL.finditer(xml):
        reference, value = _REFERENCE.search(cell[1]), _VALUE.search(cell[2])
        if reference and value:
            yield int(reference[2]) - 1, column_of(reference[1].decode()), value[1].decode()
