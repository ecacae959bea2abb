"""Cells as Google's JSON, and the cutting of long lists of requests into calls of a good size.

Text is always a `stringValue`: nothing that a person typed is ever parsed, so no text becomes a formula.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sheetsync.cells import Cell, trimmed
from sheetsync.errors import ConfigError

Json = dict[str, Any]

# Google recommends at most 2 MB a call; what stands around the rows has to fit as well.
CALL_BYTES = 1_900_000
CELL_CHARACTERS = 50_000
_RANGE = re.compile(r"(?:'(?P<quoted>.*)'|(?P<plain>.*))!(?P<cells>[A-Z]+[0-9]+(?::[A-Z]+[0-9]+)?)", re.DOTALL)
_CORNER = re.compile(r"([A-Z]+)([0-9]+)")


def cell_data(cell: Cell) -> Json:
    """A cell with its value; blank is an empty object, which clears the cell.

    Raises `ConfigError` when a text is too long for a cell.
    """
    match cell:
        case None | "":
            return {}
        case bool():
            return {"userEnteredValue": {"boolValue": cell}}
        case str():
            if len(cell) > CELL_CHARACTERS:
                raise ConfigError(
                    f"a text of {len(cell)} characters does not fit into a cell, Google allows {CELL_CHARACTERS}; "
                    f"shorten “{cell[:40]}…”"
                )
            return {"userEnteredValue": {"stringValue": cell}}
        case _:
            return {"userEnteredValue": {"numberValue": cell}}


def row_data(row: Sequence[Cell]) -> Json:
    """A row of cells."""
    return {"values": [cell_data(cell) for cell in row]}


def grid_of(values: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """What Google answered to a read, in the alphabet of `cells`: blank is None."""
    return trimmed([[None if cell == "" else cell for cell in row] for row in values])


def title_and_size(answered: str) -> tuple[str, int, int]:
    """Today's title, rows and columns of a tab, from the range that a read of all of it answers.

    `'Ann''s log'!A1:H1000` is `Ann's log`, 1000, 8. Raises ValueError when it is no such range.
    """
    found = _RANGE.fullmatch(answered)
    if not found:
        raise ValueError(f"no range of cells: {answered}")
    title = found["plain"] if found["quoted"] is None else found["quoted"].replace("''", "'")
    letters, number = _CORNER.findall(found["cells"])[-1]
    columns = 0
    for letter in letters:
        columns = 26 * columns + ord(letter) - 64
    return title, int(number), columns


def size_of(value: Any) -> int:
    """How many bytes this takes in a call."""
    return len(json.dumps(value))


def cut(rows: Iterable[Sequence[Cell]]) -> Iterator[list[Json]]:
    """The rows as JSON, in pieces of which several fit into a call."""
    piece: list[Json] = []
    size = 0
    for row in rows:
        data = row_data(row)
        bytes_more = size_of(data) + 2
        if piece and size + bytes_more > CALL_BYTES // 4:
            yield piece
            piece, size = [], 0
        piece.append(data)
        size += bytes_more
    if piece:
        yield piece


def calls(requests: Iterable[Json]) -> Iterator[list[Json]]:
    """The requests in order, as many in a call as fit; nearly always that is one call."""
    batch: list[Json] = []
    size = 0
    for request in requests:
        bytes_more = size_of(request) + 2
        if batch and size + bytes_more > CALL_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(request)
        size += bytes_more
    if batch:
        yield batch
