"""Reading tabs with calamine, and its values turned into the alphabet of cells.

calamine gets a copy of those parts only that were read and checked here. A log may have 100,000 rows, so whole
columns are looked at for what needs turning, and most need nothing.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import date, datetime, time, timedelta
from html import unescape
from importlib import import_module
from threading import Thread
from typing import Any

from sheetsync.cells import EPOCH, Cell, Moment, serial
from sheetsync.errors import ConfigError
from sheetsync.workbook.xlsx.archive import Archive
from sheetsync.workbook.xlsx.extent import check_extent, text_lengths
from sheetsync.workbook.xlsx.plain_xml import plain
from sheetsync.workbook.xlsx.sheet_part import column_of

_LONG = 1 << 20  # bytes, packed: some 20,000 rows
Errors = list[tuple[int, int, str]]

_DAY = timedelta(days=1)
_MIDNIGHT = datetime.combine(EPOCH, time())
_FIRST_DAY = date(2000, 1, 1)
_PLAIN = frozenset((str, float, int, bool))
_SOME_ERROR = re.compile(rb"t=[\"']e[\"']")
_ERROR_CELL = re.compile(
    rb"<(?:\w+:)?c\s([^>]*\st=[\"']e[\"'][^>]*|t=[\"']e[\"'][^>]*)>(.*?)</(?:\w+:)?c>", re.DOTALL
)
_REFERENCE = re.compile(rb"\br=[\"']([A-Z]+)([0-9]+)[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]*)<")
_READABLE_ERRORS = frozenset((b"#DIV/0!", b"#N/A", b"#NAME?", b"#NULL!", b"#NUM!", b"#REF!", b"#VALUE!"))
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

    In the tabs `typed` a formula that no program has worked out yet is its text, so that it is not taken for blank,
    and a number that looks like a day or a time is a `Moment`; in the tabs `logged` a formula that comes to something
    else each time is its text too. Raises `ConfigError` when the file is
    damaged, or a tab takes more room than there may be.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    members = {title: archive.read(part) for title, part in parts.items()}
    odd = {title: xml for title in typed if (xml := plain(members[title])) is not members[title]}
    members |= odd
    errors = _checked(archive, members, typed, logged)
    written = {parts[title]: xml for title, xml in odd.items()}
    copied = archive.copy_of_what_was_read(written | _with_known_errors(members, parts, errors))
    try:
        with _meanwhile_loading("pandas") if copied.getbuffer().nbytes > _LONG else nullcontext():
            book = CalamineWorkbook.from_filelike(copied)
            return {
                title: _grid_of(book.get_sheet_by_name(title), errors[title], members[title], is_typed=title in typed)
                for title in parts
            }
    except (CalamineError, OverflowError) as error:
        raise archive.damaged(str(error)) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust's, which is no `Exception`
            raise
        raise archive.damaged(f"calamine: {error}") from None


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
    archive: Archive, parts: Mapping[str, bytes], typed: Collection[str], logged: Collection[str]
) -> dict[str, Errors]:
    """Read all that calamine will read. Answers the cells that it takes for something else, by title."""
    texts: list[int] = []
    for member in archive.members("/styles.xml", "/sharedstrings.xml"):
        try:
            texts += text_lengths(archive.read(member))
        except ValueError as error:
            raise archive.damaged(f"{member}: {error}") from None
    errors = {}
    for title, xml in parts.items():
        try:
            check_extent(xml, texts)
        except ValueError as error:
            raise ConfigError(f"{archive.shown}: the tab “{title}” {error}") from None
        errors[title] = [*_errors(xml), *(_passing_formulas(xml, title in logged) if title in typed else ())]
    return errors


def _with_known_errors(
    members: Mapping[str, bytes], parts: Mapping[str, str], errors: Mapping[str, Errors]
) -> dict[str, bytes]:
    """The parts with errors that calamine would stop at, such as `#SPILL!`, each made one that it knows."""
    return {
        part: _ERROR_CELL.sub(lambda cell: _VALUE.sub(_as_known_error, cell[0]), members[title])
        for title, part in parts.items()
        if any(text[:1] != "=" and text.encode() not in _READABLE_ERRORS for _, _, text in errors[title])
    }


def _as_known_error(value: re.Match[bytes]) -> bytes:
    return value[0] if value[1] in _READABLE_ERRORS else value[0].replace(value[1], b"#N/A")


def _grid_of(sheet: Any, errors: Errors, xml: bytes, *, is_typed: bool) -> list[list[Cell]]:
    grid: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    counts: set[tuple[int, int]] = set()
    for at, column in enumerate(zip(*grid, strict=True)):
        if (turned := _turned(column, Moment if is_typed else float)) is not None:
            if any(map(_is_count, set(column))):
                counts.update((row_at, at) for row_at, value in enumerate(column) if _is_count(value))
            for row, cell in zip(grid, turned, strict=True):
                row[at] = cell
    for row_at, at, number in _numbers(xml, counts) if counts else ():
        grid[row_at][at] = number
    for row_at, at, text in errors:
        grid.extend([] for _ in range(row_at + 1 - len(grid)))
        grid[row_at].extend([None] * (at + 1 - len(grid[row_at])))
        grid[row_at][at] = text
    return _trim(grid)


def _turned(column: Sequence[Any], moment: type[float]) -> list[Cell] | None:
    """The cells of a column as our alphabet spells them, or None when they are already."""
    types = set(map(type, column))
    if types <= _PLAIN:
        return [None if value == "" else value for value in column] if "" in column else None
    # A year has few days, so each is turned once. The type is part of the key because 1 == 1.0 == True.
    known = {(kind, value): _cell(value, moment) for kind, value in set(zip(map(type, column), column, strict=True))}
    return [value if type(value) is str and value else known[(type(value), value)] for value in column]


def _trim(grid: list[list[Cell]]) -> list[list[Cell]]:
    """As `cells.trimmed`, in place: a copy of 100,000 rows would be felt."""
    for row in grid:
        while row and row[-1] is None:
            row.pop()
    while grid and not grid[-1]:
        grid.pop()
    return grid


def _cell(value: Any, moment: type[float]) -> Cell:
    """A value of calamine's: days and times as serial numbers, of that type."""
    if isinstance(value, datetime):
        return moment((value.replace(tzinfo=None) - _MIDNIGHT) / _DAY)
    if isinstance(value, date):
        return moment(serial(value))
    if isinstance(value, time):
        return moment((datetime.combine(EPOCH, value) - _MIDNIGHT) / _DAY)
    if isinstance(value, timedelta):
        return moment(value / _DAY)
    return None if value == "" else value


def _is_count(value: Any) -> bool:
    """Whether it is a count in a cell that has a day's format by chance: a day before 2000 was typed by nobody."""
    if isinstance(value, date):  # or a moment
        return (value.date() if isinstance(value, datetime) else value) < _FIRST_DAY
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
