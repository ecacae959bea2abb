"""The methods of `spreadsheets.values`.

Decided here: the shapes of their answers, the required input option, and where an error says it happened
(`Invalid data[0]: ...` in batches, nothing for a single range).
"""

from __future__ import annotations

from typing import Any

from tests.google_server.a1 import Area, area_text
from tests.google_server.access import Call
from tests.google_server.book import Book
from tests.google_server.calculation import calculate
from tests.google_server.edit import Edit, changed
from tests.google_server.errors import Refused
from tests.google_server.filters import echoed, filter_places
from tests.google_server.sheet import Sheet
from tests.google_server.shifting import Shift
from tests.google_server.tables import table_for
from tests.google_server.value_blocks import (
    Reading,
    Written,
    clear_block,
    read_block,
    rows_of,
    target_area,
    write_block,
)
from tests.google_server.wire import Json


def get(call: Call) -> Json:
    _, book = call.book()
    sheet, area, _ = book.text_area(call.parameters["range"])
    return read_block(sheet, area, _reading(call.option, "", book))


def batch_get(call: Call) -> Json:
    _, book = call.book()
    reading = _reading(call.option, "", book)
    places = [book.text_area(text)[:2] for text in call.query.get("ranges", [])]
    return _with_id(call, valueRanges=[read_block(sheet, area, reading) for sheet, area in places])


def batch_get_by_data_filter(call: Call) -> Json:
    _, book = call.book()
    reading = _reading(call.body.get, "", book)
    found: list[Json] = []
    if not call.body.get("dataFilters"):
        raise Refused("Must specify at least one data filter.")
    for i, data_filter in enumerate(call.body["dataFilters"]):
        for sheet, area in filter_places(book, data_filter, f"dataFilters[{i}]"):
            found.append({"valueRange": read_block(sheet, area, reading), "dataFilters": [echoed(data_filter)]})
    return _with_id(call, valueRanges=found)


def update(call: Call) -> Json:
    option = _input_option(call.option("valueInputOption"))

    def action(edit: Edit) -> Json:
        written = _write_text(edit, call.parameters["range"], call.body, option)
        return _update_answer(call, written, _response_reading(call, edit), edit)

    return changed(call, action)


def batch_update(call: Call) -> Json:
    option = _input_option(call.body.get("valueInputOption", ""))

    def action(edit: Edit) -> Json:
        reading = _body_response_reading(call, edit)
        done = []
        for i, value_range in enumerate(call.body.get("data", [])):
            with_place = _Prefixed(f"data[{i}]")
            done.append(with_place(_write_text, edit, value_range.get("range", ""), value_range, option))
        answers = [_update_answer(call, written, reading, edit) for written in done]
        return _with_id(call, **_totals(done), responses=answers)

    return changed(call, action)


def batch_update_by_data_filter(call: Call) -> Json:
    option = _input_option(call.body.get("valueInputOption", ""))

    def action(edit: Edit) -> Json:
        reading = _body_response_reading(call, edit)
        done, answers = [], []
        for i, item in enumerate(call.body.get("data", [])):
            for sheet, area in filter_places(edit.book, item.get("dataFilter", {}), f"data[{i}].dataFilter"):
                written = _Prefixed(f"data[{i}]")(_write_place, edit, (sheet, area), item, option)
                done.append(written)
                answer = _update_answer(call, written, reading, edit)
                del answer["spreadsheetId"]
                answers.append({**answer, "dataFilter": echoed(item["dataFilter"])})
        return _with_id(call, **_totals(done), responses=answers)

    return changed(call, action)


def append(call: Call) -> Json:
    option = _input_option(call.option("valueInputOption"))
    insert = call.option("insertDataOption") == "INSERT_ROWS"

    def action(edit: Edit) -> Json:
        text = call.parameters["range"]
        sheet, asked, _ = edit.book.text_area(text)
        rows = rows_of(call.body)
        table = table_for(sheet, asked)
        top, left = (asked.top, asked.left) if table is None else (table.bottom, table.left)
        _make_room(edit, sheet, top, len(rows), insert)
        target = target_area(sheet, text, Area(top, left, top + 1, left + 1), True, rows)
        written = write_block(edit, sheet, target, rows, option)
        updates = _update_answer(call, written, _response_reading(call, edit), edit)
        table_range = {} if table is None else {"tableRange": area_text(sheet.title, table)}
        return _with_id(call, **table_range, updates=updates)

    return changed(call, action)


def clear(call: Call) -> Json:
    def action(edit: Edit) -> Json:
        sheet, area, _ = edit.book.text_area(call.parameters["range"])
        return _with_id(call, clearedRange=clear_block(edit, sheet, area))

    return changed(call, action)


def batch_clear(call: Call) -> Json:
    def action(edit: Edit) -> Json:
        places = [edit.book.text_area(text)[:2] for text in call.body.get("ranges", [])]
        return _with_id(call, clearedRanges=[clear_block(edit, sheet, area) for sheet, area in places])

    return changed(call, action)


def batch_clear_by_data_filter(call: Call) -> Json:
    def action(edit: Edit) -> Json:
        places = []
        for i, data_filter in enumerate(call.body.get("dataFilters", [])):
            places += filter_places(edit.book, data_filter, f"dataFilters[{i}]")
        return _with_id(call, clearedRanges=[clear_block(edit, sheet, area) for sheet, area in places])

    return changed(call, action)


class _Prefixed:
    """Calls a function and puts the item's place before a refusal."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __call__(self, action: Any, *arguments: Any) -> Written:
        try:
            written: Written = action(*arguments)
        except Refused as refused:
            raise Refused(f"Invalid {self.where}: {refused}") from None
        return written


def _write_text(edit: Edit, text: str, value_range: Json, option: str) -> Written:
    sheet, area, single = edit.book.text_area(text)
    rows = rows_of(value_range)
    return write_block(edit, sheet, target_area(sheet, text, area, single, rows), rows, option)


def _write_place(edit: Edit, place: tuple[Sheet, Area], value_range: Json, option: str) -> Written:
    sheet, area = place
    rows = rows_of(value_range)
    single = area.rows == 1 and area.columns == 1
    target = target_area(sheet, area_text(sheet.title, area), area, single, rows)
    return write_block(edit, sheet, target, rows, option)


def _make_room(edit: Edit, sheet: Sheet, top: int, count: int, insert: bool) -> None:
    """Rows grow as needed, columns never do (googlesheets reports: OpenRefine #2760, pygsheets #120)."""
    if insert and top < sheet.rows:
        edit.book.shift(Shift(sheet.id, "ROWS", top, count))
    sheet.grow(top + count, sheet.columns)
    edit.book.check_size()


def _input_option(option: str) -> str:
    if option in ("", "INPUT_VALUE_OPTION_UNSPECIFIED"):
        raise Refused("'valueInputOption' is required but not specified")
    return option


def _reading(option: Any, prefix: str, book: Book) -> Reading:
    def name(text: str) -> str:
        return prefix + text[0].upper() + text[1:] if prefix else text

    return Reading(
        option(name("valueRenderOption"), "FORMATTED_VALUE"),
        option(name("dateTimeRenderOption"), "SERIAL_NUMBER"),
        option("majorDimension", "ROWS"),
        book.conventions,
    )


def _response_reading(call: Call, edit: Edit) -> Reading | None:
    return _reading(call.option, "response", edit.book) if call.flag("includeValuesInResponse") else None


def _body_response_reading(call: Call, edit: Edit) -> Reading | None:
    return _reading(call.body.get, "response", edit.book) if call.body.get("includeValuesInResponse") else None


def _update_answer(call: Call, written: Written, reading: Reading | None, edit: Edit) -> Json:
    answer = _with_id(call, updatedRange=area_text(written.sheet.title, written.area), **written.counts())
    if reading is not None:
        calculate(edit.book)
        answer["updatedData"] = read_block(written.sheet, written.area, reading)
    return answer


def _totals(done: list[Written]) -> Json:
    """Rows and columns are counted once however many ranges touch them."""
    totals = {
        "totalUpdatedRows": len({(written.sheet.id, row) for written in done for row in written.rows}),
        "totalUpdatedColumns": len({(written.sheet.id, column) for written in done for column in written.columns}),
        "totalUpdatedCells": sum(written.cells for written in done),
        "totalUpdatedSheets": len({written.sheet.id for written in done if written.cells}),
    }
    return {name: count for name, count in totals.items() if count}


def _with_id(call: Call, **rest: Any) -> Json:
    kept = {name: item for name, item in rest.items() if item != []}
    return {"spreadsheetId": call.parameters["spreadsheetId"], **kept}
