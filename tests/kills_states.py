"""What is left after a run, in a form in which two courses of events can be compared: ledger, workbook, files, mails.

Left out, with the reason:
- the time of a moment (its day counts), also in an email's date line and a workbook's properties: runs lie apart;
- ids that a database or Google gives (their order counts): a try that was undone may have used one up;
- outbox.attempts and .unclear: whoever was killed with an email in hand has tried once; `kills.play` counts them;
- settled.seen: a digest of moments and ids too;
- fences.fence: it counts the runs, and a killed one had begun or not;
- the lock files, that hold nothing, and the ledger's own, that are read as a database.
"""

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC
from email import message_from_bytes
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook
from sqlalchemy import DateTime, Integer, NullPool, Table, create_engine, inspect, select

from sheetsync.ledger.tables import metadata
from tests.google_server.book import Book
from tests.google_server.calculation import calculate

State = dict[str, Any]
_LEFT_OUT = {
    "outbox": {"attempts", "unclear"},
    "settled": {"seen"},
    "fences": {"fence"},
}
_MADE_AT = re.compile(rb"(?<=W3CDTF\">\d{4}-\d\d-\d\d)T[^<]*")
_ID = re.compile(r"\b\d{6,10}\b")


def ledger_dump(url: str, titles: Mapping[str, str]) -> State:
    """The rows of all tables; `titles` are the tabs' titles by the ids that stand for them."""
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        return {}
    with engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        rows = {
            table: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in metadata.sorted_tables
            if table.name in there
        }
    engine.dispose()
    order = {
        table.name: {row["id"]: place for place, row in enumerate(found)}
        for table, found in rows.items()
        if _numbered(table)
    }
    dump: State = {
        f"ledger {table.name}": sorted((_row(table, row, order, titles) for row in found), key=repr)
        for table, found in rows.items()
        if table.name != "written"
    }
    tabs = next((found for table, found in rows.items() if table.name == "written"), ())
    return dump | {f"{which} {row['tab']}": _grid(row[which]) for row in tabs for which in ("grid", "intended")}


def _grid(packed: bytes | None) -> list[tuple[int, int, Any]] | None:
    """The cells that are not blank, each with its row and column from 0."""
    if packed is None:
        return None
    return [
        (at, place, cell)
        for at, cells in enumerate(json.loads(zlib.decompress(packed)))
        for place, cell in enumerate(cells)
        if cell not in (None, "")
    ]


def _numbered(table: Table) -> bool:
    keys = list(table.primary_key)
    return len(keys) == 1 and keys[0].name == "id" and isinstance(keys[0].type, Integer)


def _row(
    table: Table, row: Mapping[str, Any], order: Mapping[str, Mapping[int, int]], titles: Mapping[str, str]
) -> tuple[Any, ...]:
    cells = []
    for column in table.columns:
        cell = row[column.name]
        if column.name in _LEFT_OUT.get(table.name, ()):
            continue
        if isinstance(column.type, DateTime):
            cell = cell and (cell if cell.tzinfo else cell.replace(tzinfo=UTC)).astimezone(UTC).date()
        elif column.name == "id" and table.name in order:
            cell = order[table.name][cell]
        elif column.foreign_keys and cell is not None:
            parent = next(iter(column.foreign_keys)).column.table.name
            cell = order[parent].get(cell, "gone") if parent in order else cell
        elif column.name == "marks" and table.name == "workbooks":
            cell = _ID.sub(lambda found: titles.get(found[0], found[0]), cell)
        elif column.name == "message":
            cell = undated(cell)
        elif column.name == "reply":
            cell = unsigned(cell)
        cells.append((column.name, cell))
    return tuple(cells)


def undated(message: bytes) -> bytes:
    """An email without the time of day at which it was queued."""
    return re.sub(rb"(?m)^(Date: .*?\d{4}) [^\r\n]*", rb"\1", message, count=1)


def unsigned(name: str) -> str:
    """The name of an email that is a file, without the digest of its bytes, the time in them too."""
    return re.sub(r"-[0-9a-f]{8}(\.\w+)$", r"\1", name)


def folder_state(folder: Path, workbook: str, ledger: str, *, by_meaning: bool = False) -> State:
    """The files of a desk: the parts of its workbook, byte for byte; the names of all, the contents of the others.

    `by_meaning`: what stands in the cells of the workbook instead, and no copies of it.
    """
    state: State = {}
    names = []
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not path.is_file() or path.suffix == ".lock":
            continue
        if by_meaning and name.endswith(".xlsx") and not name.startswith("."):
            if name == workbook:
                state |= _cells(path)
            continue
        names.append(unsigned(name))
        if name == workbook:
            with ZipFile(path) as archive:
                state |= {f"workbook {part}": _MADE_AT.sub(b"", archive.read(part)) for part in archive.namelist()}
            state["workbook mode"] = oct(path.stat().st_mode)
        elif not name.startswith((ledger, ".")):
            state[f"file {names[-1]}"] = undated(path.read_bytes()) if path.suffix == ".eml" else path.read_bytes()
    return {**state, "files": names}


def _cells(path: Path) -> State:
    book = load_workbook(path)
    return {f"tab {sheet.title}": (sheet.sheet_state, list(sheet.values)) for sheet in book} | {
        "tabs": book.sheetnames
    }


def book_state(book: Book, *, numbers: bool) -> State:
    """A spreadsheet: whatever lies on each tab. Without `numbers` ids, given at random, count by where they stand."""
    calculate(book)
    state: State = {
        f"tab {place} {sheet.title}": (
            sheet.properties, {n: cells for n, cells in sheet.grid.items() if cells}, sheet.objects, sheet.dimensions,
            sheet.basic_filter,
        )
        for place, sheet in enumerate(book.sheets)
    }  # fmt: skip
    state |= {"title": book.title, "named ranges": book.named_ranges, "metadata": book.metadata}
    if numbers:
        return state
    known: dict[str, str] = {}
    return {
        key: _ID.sub(lambda found: known.setdefault(found[0], f"<{len(known)}>"), repr(value))
        for key, value in state.items()
    }


def message_id(message: bytes) -> str:
    """What tells emails apart."""
    return str(message_from_bytes(message)["Message-ID"])


def copies(messages: Iterable[bytes]) -> dict[str, list[bytes]]:
    """The copies of each email that arrived."""
    found: dict[str, list[bytes]] = {}
    for message in messages:
        found.setdefault(message_id(message), []).append(message)
    return found


def differences(found: State, wanted: State) -> list[str]:
    """What differs, in short: where, what was found, and what should be there."""
    return [
        f"{key}: {_shortest(found.get(key), wanted.get(key))}"
        for key in sorted({*found, *wanted})
        if found.get(key) != wanted.get(key)
    ]


def _shortest(found: Any, wanted: Any) -> str:
    if isinstance(found, list) and isinstance(wanted, list):
        more, less = [x for x in found if x not in wanted], [x for x in wanted if x not in found]
        return f"too much {_cut(more)}, missing {_cut(less)}"
    left, right = repr(found), repr(wanted)
    at = next((n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    return f"{left[max(at - 60, 0) : at + 100]} instead of {right[max(at - 60, 0) : at + 100]}"


def _cut(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 700 else text[:700] + "…"
