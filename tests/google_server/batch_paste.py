"""Requests that move, copy and replace what is in cells.

Decided here: a copy repeats over a destination that is a multiple of its source and reaches beyond a smaller one;
relative references move along with a copy and not with a cut; merges and protections are not copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tests.google_server.a1 import Area
from tests.google_server.book import Book
from tests.google_server.calculation import calculate
from tests.google_server.cells import EMPTY, Cell, CellError, with_value
from tests.google_server.edit import Edit
from tests.google_server.entered import typed
from tests.google_server.errors import Refused
from tests.google_server.formulas import copied
from tests.google_server.rendering import formatted
from tests.google_server.sheet import Sheet
from tests.google_server.wire import Json

Paste = Callable[[Cell, Cell], Cell]
Block = list[list[Cell]]


def copy_paste(edit: Edit, body: Json) -> None:
    calculate(edit.book)
    source, area = edit.book.grid_area(body.get("source", {}))
    turned = body.get("pasteOrientation") == "TRANSPOSE"
    block = _block(source, area)
    block = [list(line) for line in zip(*block, strict=True)] if turned else block
    target, wanted = edit.book.grid_area(body.get("destination", {}))
    height, width = _filled(wanted.rows, len(block)), _filled(wanted.columns, len(block[0]))
    whole = Area(wanted.top, wanted.left, wanted.top + height, wanted.left + width)
    target.check_limits(whole)
    edit.guard(target, whole)
    paste = _paste(body)
    for row in range(height):
        for column in range(width):
            i, j = row % len(block), column % len(block[0])
            own_row, own_column = (area.top + j, area.left + i) if turned else (area.top + i, area.left + j)
            place = whole.top + row, whole.left + column
            moved = _moved(block[i][j], place[0] - own_row, place[1] - own_column)
            target.put(*place, paste(target.cell(*place), moved))


def cut_paste(edit: Edit, body: Json) -> None:
    calculate(edit.book)
    source, area = edit.guarded_area(body.get("source", {}))
    start = body.get("destination", {})
    target = edit.book.sheet(start.get("sheetId", 0))
    top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
    whole = Area(top, left, top + area.rows, left + area.columns)
    target.check_limits(whole)
    edit.guard(target, whole)
    block, paste = _block(source, area), _paste(body)
    for row in range(area.top, area.bottom):
        for column in range(area.left, area.right):
            source.put(row, column, paste(source.cell(row, column), EMPTY))
    for i, line in enumerate(block):
        for j, cell in enumerate(line):
            target.put(top + i, left + j, paste(target.cell(top + i, left + j), cell))


def paste_data(edit: Edit, body: Json) -> None:
    """Text split by a delimiter and typed in."""
    if "delimiter" not in body:
        raise Refused("this test server pastes delimited text only.")
    start = body.get("coordinate", {})
    sheet = edit.book.sheet(start.get("sheetId", 0))
    top, left = start.get("rowIndex", 0), start.get("columnIndex", 0)
    rows = [line.split(body["delimiter"]) for line in body.get("data", "").splitlines()]
    whole = Area(top, left, top + max(len(rows), 1), left + max((len(row) for row in rows), default=1))
    sheet.check_limits(whole)
    edit.guard(sheet, whole)
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            sheet.put(top + i, left + j, typed(sheet.cell(top + i, left + j), text, edit.book.conventions))


def insert_range(edit: Edit, body: Json) -> None:
    """Blank cells push what was there down or to the right; the grid grows if it must."""
    sheet, area = edit.guarded_area(body.get("range", {}))
    down = _by_rows(body)
    rest = _rest(sheet, area, down)
    edit.guard(sheet, rest)
    block, used = _block(sheet, rest), sheet.used(rest, values_only=False)
    sheet.grow(used.bottom + area.rows if down else 0, 0 if down else used.right + area.columns)
    _wipe(sheet, rest)
    _write(sheet, rest.top + (area.rows if down else 0), rest.left + (0 if down else area.columns), block)


def delete_range(edit: Edit, body: Json) -> None:
    """What lies below or to the right comes up into the place of the deleted cells."""
    sheet, area = edit.guarded_area(body.get("range", {}))
    down = _by_rows(body)
    rest = _rest(sheet, area, down)
    edit.guard(sheet, rest)
    block = _block(sheet, rest)
    block = block[area.rows :] if down else [line[area.columns :] for line in block]
    _wipe(sheet, rest)
    _write(sheet, rest.top, rest.left, block)


def find_replace(edit: Edit, body: Json) -> Json:
    if not body.get("find"):
        raise Refused("find can't be empty.")
    calculate(edit.book)
    pattern = _search_pattern(body)
    counts = dict.fromkeys(("valuesChanged", "formulasChanged", "occurrencesChanged"), 0)
    rows, sheets = set(), set()
    for sheet, area in _scope(edit, body):
        for row, column in sorted(sheet.places(area)):
            changed, kind, times = _replaced(edit.book, sheet.cell(row, column), pattern, body)
            if times:
                edit.guard(sheet, Area(row, column, row + 1, column + 1))
                sheet.put(row, column, changed)
                counts[kind] += 1
                counts["occurrencesChanged"] += times
                rows.add((sheet.id, row))
                sheets.add(sheet.id)
    result = {**counts, "rowsChanged": len(rows), "sheetsChanged": len(sheets)}
    return {name: count for name, count in result.items() if count}


def trim_whitespace(edit: Edit, body: Json) -> Json:
    sheet, area = edit.guarded_area(body.get("range", {}))
    count = 0
    for row, column in sheet.places(area):
        cell = sheet.cell(row, column)
        trimmed = " ".join(cell.value.split()) if isinstance(cell.value, str) and cell.formula is None else cell.value
        if trimmed != cell.value:
            sheet.put(row, column, with_value(cell, trimmed))
            count += 1
    return {"cellsChangedCount": count} if count else {}


def delete_duplicates(edit: Edit, body: Json) -> Json:
    """Later rows of a range that repeat an earlier one in the compared columns go; those below move up."""
    calculate(edit.book)
    sheet, area = edit.guarded_area(body.get("range", {}))
    compared = [
        column
        for span in body.get("comparisonColumns", [])
        for column in range(span.get("startIndex", 0), span.get("endIndex", sheet.columns))
    ] or list(range(area.left, sheet.used(area, False).right))
    block, seen, kept = _block(sheet, sheet.used(area, False)), set(), []
    for line in block:
        key = tuple(
            value.casefold() if isinstance(value, str) else value
            for value in (line[column - area.left].value for column in compared)
        )
        if key not in seen:
            kept.append(line)
        seen.add(key)
    _wipe(sheet, area)
    _write(sheet, area.top, area.left, kept)
    removed = len(block) - len(kept)
    return {"duplicatesRemovedCount": removed} if removed else {}


def _block(sheet: Sheet, area: Area) -> Block:
    return [
        [sheet.cell(row, column) for column in range(area.left, area.right)] for row in range(area.top, area.bottom)
    ]


def _wipe(sheet: Sheet, area: Area) -> None:
    for place in sheet.places(area):
        sheet.put(*place, EMPTY)


def _write(sheet: Sheet, top: int, left: int, block: Block) -> None:
    """Cells that keep something; the others are blank already."""
    for i, line in enumerate(block):
        for j, cell in enumerate(line):
            if not cell.bare:
                sheet.put(top + i, left + j, cell)


def _filled(wanted: int, size: int) -> int:
    """How far a destination is filled: whole repeats if they fit exactly, else the source once."""
    return wanted if wanted > size and wanted % size == 0 else size


def _moved(cell: Cell, rows: int, columns: int) -> Cell:
    return cell if cell.formula is None else replace(cell, formula=copied(cell.formula, rows, columns))


def _paste(body: Json) -> Paste:
    """What of a copied cell comes into the place of another."""
    kind = body.get("pasteType", "PASTE_NORMAL")
    pastes: dict[str, Paste] = {
        "PASTE_NORMAL": lambda old, new: new,
        "PASTE_VALUES": lambda old, new: old.holding(new.value),
        "PASTE_FORMAT": lambda old, new: replace(old, format=new.format),
        "PASTE_NO_BORDERS": lambda old, new: replace(new, format=_without_borders(new.format)),
        "PASTE_FORMULA": lambda old, new: old.holding(new.value, new.formula),
        "PASTE_DATA_VALIDATION": lambda old, new: replace(old, validation=new.validation),
    }
    if kind not in pastes:
        raise Refused(f"this test server does not know {kind}.")
    return pastes[kind]


def _without_borders(form: Json | None) -> Json | None:
    return {name: item for name, item in (form or {}).items() if name != "borders"} or None


def _by_rows(body: Json) -> bool:
    dimension = body.get("shiftDimension", "DIMENSION_UNSPECIFIED")
    if dimension == "DIMENSION_UNSPECIFIED":
        raise Refused("Must specify a shiftDimension.")
    return bool(dimension == "ROWS")


def _rest(sheet: Sheet, area: Area, down: bool) -> Area:
    """The range and all below it, or to the right of it."""
    return Area(area.top, area.left, sheet.rows if down else area.bottom, area.right if down else sheet.columns)


def _scope(edit: Edit, body: Json) -> list[tuple[Sheet, Area]]:
    if body.get("allSheets"):
        return [(sheet, sheet.whole) for sheet in edit.book.sheets]
    if "range" in body:
        return [edit.book.grid_area(body["range"])]
    if "sheetId" in body:
        sheet = edit.book.sheet(body["sheetId"])
        return [(sheet, sheet.whole)]
    raise Refused("Must specify a scope: range, sheetId or allSheets.")


def _search_pattern(body: Json) -> re.Pattern[str]:
    text = body["find"] if body.get("searchByRegex") else re.escape(body["find"])
    text = rf"\A(?:{text})\Z" if body.get("matchEntireCell") else text
    try:
        return re.compile(text, 0 if body.get("matchCase") else re.IGNORECASE)
    except re.error:
        raise Refused(f"Invalid regular expression: {body['find']}") from None


def _replaced(book: Book, cell: Cell, pattern: re.Pattern[str], body: Json) -> tuple[Cell, str, int]:
    """The cell with its text replaced, what kind of change that is, and how often; formulas only when asked."""
    new = body.get("replacement", "")
    new = re.sub(r"\$(\d+)", r"\\g<\1>", new) if body.get("searchByRegex") else new.replace("\\", r"\\")
    if cell.formula is not None:
        if not body.get("includeFormulas"):
            return cell, "formulasChanged", 0
        text, times = pattern.subn(new, cell.formula)
        return typed(cell, text, book.conventions), "formulasChanged", times
    if cell.value is None or isinstance(cell.value, CellError):
        return cell, "valuesChanged", 0
    text, times = pattern.subn(new, formatted(cell, book.conventions) or "")
    return typed(cell, text, book.conventions), "valuesChanged", times


KINDS = {
    "copyPaste": copy_paste,
    "cutPaste": cut_paste,
    "pasteData": paste_data,
    "insertRange": insert_range,
    "deleteRange": delete_range,
    "findReplace": find_replace,
    "trimWhitespace": trim_whitespace,
    "deleteDuplicates": delete_duplicates,
}
