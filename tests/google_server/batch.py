"""`spreadsheets.batchUpdate`: all requests or none.

Decided here: the requests run in order on one copy of the book; the first refusal names its request and
throws the copy away. A kind this server does not know is a 400 that says so.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.google_server import (
    batch_cells,
    batch_dimensions,
    batch_metadata,
    batch_objects,
    batch_overlays,
    batch_paste,
    batch_sheets,
    sheet_copies,
)
from tests.google_server.access import Call
from tests.google_server.calculation import calculate
from tests.google_server.describe import spreadsheet_json
from tests.google_server.edit import Edit, changed
from tests.google_server.errors import Refused
from tests.google_server.fields import EVERYTHING
from tests.google_server.wire import Json

Kind = Callable[[Edit, Json], Json | None]
KINDS: dict[str, Kind] = {
    **batch_sheets.KINDS,
    **batch_cells.KINDS,
    **batch_paste.KINDS,
    **batch_overlays.KINDS,
    **sheet_copies.KINDS,
    **batch_dimensions.KINDS,
    **batch_objects.KINDS,
    **batch_metadata.KINDS,
}


def batch_update(call: Call) -> Json:
    requests = call.body.get("requests", [])
    # Who may not write learns that before anything about the requests.
    call.book(write=True)
    if not requests:
        raise Refused("Must specify at least one request.")

    def action(edit: Edit) -> Json:
        replies = [_apply(edit, request, i) for i, request in enumerate(requests)]
        return {"spreadsheetId": edit.book.id, "replies": replies, **_whole_answer(edit, call.body)}

    return changed(call, action)


def _whole_answer(edit: Edit, body: Json) -> Json:
    """The spreadsheet as it is after the batch, if the request asks for it."""
    if not body.get("includeSpreadsheetInResponse"):
        return {}
    calculate(edit.book)
    places = [edit.book.text_area(text)[:2] for text in body.get("responseRanges", [])] or None
    grid_data = bool(body.get("responseIncludeGridData"))
    return {"updatedSpreadsheet": spreadsheet_json(edit.book, edit.actor, places, grid_data, EVERYTHING)}


def _apply(edit: Edit, request: Json, i: int) -> Json:
    if len(request) != 1:
        text = "No request set." if not request else "More than one request set."
        raise Refused(f"Invalid requests[{i}]: {text}")
    ((kind, body),) = request.items()
    handler = KINDS.get(kind)
    if handler is None:
        raise Refused(f"Invalid requests[{i}].{kind}: this test server does not know this kind of request.")
    try:
        reply = handler(edit, body)
        edit.book.check_size()
    except Refused as refused:
        raise Refused(f"Invalid requests[{i}].{kind}: {refused}") from None
    return {} if reply is None else {kind: reply}
