"""Makes tabs and columns of a spreadsheet again, out of the very requests that `create` makes them with.

Tabs and columns may have been renamed and moved since: lists of choices and formulas are built from the workbook as
it is found. Nothing that a person typed is written; a formula of ours is, where it points into a tab made again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from sheetsync.cells import Cell
from sheetsync.errors import ConfigError
from sheetsync.standing import with_columns_at
from sheetsync.template import Column, WorkbookTemplate
from sheetsync.workbook import Layout
from sheetsync.workbook.google import design
from sheetsync.workbook.google.blueprint import NOWHERE, Blueprint, Sheet
from sheetsync.workbook.google.heads import Found, Head
from sheetsync.workbook.google.intro import live
from sheetsync.workbook.google.layout import VERSION
from sheetsync.workbook.google.mending import cell_request, mended
from sheetsync.workbook.google.rows import Json, cell_data

_FIRST_ID, _LAST_SMALL_ID = 1000, 1_000_000


@dataclass(frozen=True, slots=True)
class Restoration:
    """The requests that make tabs again, and where the tabs are afterwards."""

    requests: list[Json]
    layout: Layout


def lost_tabs(found: Found, rows: Mapping[str, Sequence[Sequence[Cell]]], titles: Sequence[str]) -> Restoration:
    """What makes the tabs with the keys of `rows` again, each in its place among the tabs that are there.

    `titles` name the columns of tally tabs.
    """
    blueprint, layout, ids = _again(found, rows)
    made = [
        Sheet(tab, ids[tab.key], rows[tab.key], titles if tab.activity_columns else ())
        for tab in blueprint.template.tabs
        if tab.key in ids
    ]
    requests = list(design.requests(blueprint, made))
    _put_in_place(requests, blueprint.template, layout.marks, list(found.there))
    return Restoration([*requests, *mended(blueprint, found, ids)], layout)


def remade_tabs(found: Found, keys: Sequence[str], version: int) -> Restoration:
    """What replaces tool tabs that are there by new ones, each in its place and with what people chose in it.

    The spreadsheet is marked as of this version of its template. Raises `ConfigError` for a tab people type in.
    """
    for key in keys:
        if not found.template.tab(key).is_tool_tab:
            raise ConfigError(f"tab “{found.template.tab(key).title}”: people type in it, so it is not made anew")
    blueprint, layout, ids = _again(found, keys)
    layout = replace(layout, version=version)
    old = {key: int(found.layout.marks[key]) for key in ids if found.head(key)}
    made = [Sheet(tab, ids[tab.key]) for tab in blueprint.template.tabs if tab.key in ids]
    requests = [_renamed(number, found.there[number]) for number in old.values()]
    requests += design.requests(blueprint, made)
    _put_in_place(requests, blueprint.template, layout.marks, list(found.there), old)
    for key, number in old.items():
        requests += _choices_kept(blueprint, key, found.there[number])
        requests.append({"deleteSheet": {"sheetId": number}})
    return Restoration([*requests, *mended(blueprint, found, ids)], layout)


def version_mark(version: int, *, marked: bool) -> Json:
    """What says of which version of its template a spreadsheet is; `marked`: it says so of another one by now."""
    if not marked:
        return design.mark(VERSION, str(version), {"spreadsheet": True})
    lookup = [{"developerMetadataLookup": {"metadataKey": VERSION}}]
    change = {"dataFilters": lookup, "developerMetadata": {"metadataValue": str(version)}, "fields": "metadataValue"}
    return {"updateDeveloperMetadata": change}


def _again(found: Found, keys: Collection[str]) -> tuple[Blueprint, Layout, dict[str, int]]:
    """The workbook in which the tabs with these keys have new ids; and the ids."""
    wanted = [tab.key for tab in found.template.tabs if tab.key in keys]
    ids = dict(zip(wanted, _free_ids(found), strict=False))
    marks = {**found.layout.marks, **{key: str(number) for key, number in ids.items()}}
    there = {key: int(mark) for key, mark in marks.items() if key in ids or int(mark) in found.there}
    placed = {tab.key: there.get(tab.key, NOWHERE) for tab in found.template.tabs}
    blueprint = Blueprint(found.standing(), found.layout.year, found.calendar, placed)
    return blueprint, replace(found.layout, marks=marks), ids


def _free_ids(found: Found) -> Iterator[int]:
    """Ids beyond those of `create`: of two tabs with one mark, the original is the one with the smaller id."""
    taken = {*found.there, *map(int, found.layout.marks.values())}
    start = max((number + 1 for number in taken if number < _LAST_SMALL_ID), default=_FIRST_ID)
    return (number for number in count(max(start, _FIRST_ID)) if number not in taken)


def _put_in_place(
    requests: Sequence[Json],
    template: WorkbookTemplate,
    marks: Mapping[str, str],
    order: list[int],
    old: Mapping[str, int] | None = None,
) -> None:
    """Each new tab goes before the old one that it replaces, or else behind the one before it in the template."""
    new = {r["addSheet"]["properties"]["sheetId"]: r["addSheet"]["properties"] for r in requests if "addSheet" in r}
    place = 0
    for tab in template.tabs:
        number = int(marks.get(tab.key, -1))
        if number in new:
            replaced = (old or {}).get(tab.key)
            place = place if replaced is None else order.index(replaced)
            new[number]["index"] = place
            order.insert(place, number)
        if number in order:
            place = order.index(number) + 1


def _renamed(number: int, head: Head) -> Json:
    """Out of the way of the new tab with its title, for as long as both are there."""
    aside = {"sheetId": number, "title": f"{head.title[:80]} (old {number})"}
    return {"updateSheetProperties": {"properties": aside, "fields": "title"}}


def _choices_kept(blueprint: Blueprint, key: str, old: Head) -> Iterator[Json]:
    """What people chose in the old tab, found by its label: the line may be another one now."""
    cells = live(blueprint, blueprint.template.tab(key))
    for (row, column), cell in cells.items():
        label = cells.get((row, column - 1))
        if cell.look == "choice" and label:
            beside = [line[column] for line in old.grid if len(line) > column and line[column - 1] == label.text]
            for chosen in beside[:1]:
                yield cell_request(blueprint.ids[key], (row, column), cell_data(chosen), "userEnteredValue")


def added_columns(found: Found, key: str, header: int, columns: Mapping[int, Column]) -> list[Json]:
    """What makes these columns in blank ones of a tab, at 0-based positions below the 0-based row `header`."""
    blueprint, _, _ = _again(found, ())
    sheet_id = blueprint.ids[key]
    head = found.there[sheet_id]
    blueprint = replace(blueprint, template=with_columns_at(blueprint.template, key, header, columns))
    requests: list[Json] = []
    if max(columns) >= head.columns:
        longer = {"sheetId": sheet_id, "dimension": "COLUMNS", "length": max(columns) + 1 - head.columns}
        requests.append({"appendDimension": longer})
    for request in design.requests(blueprint, [Sheet(blueprint.template.tab(key), sheet_id)]):
        requests += _within(request, sheet_id, header, columns)
    return requests


def _within(request: Json, sheet_id: int, header: int, places: Mapping[int, Column]) -> Iterator[Json]:
    """The part of a request of `create`'s that is about these columns."""
    ((kind, body),) = request.items()
    if kind == "updateCells":
        titles = body["rows"][-1]["values"]
        for place in places:
            yield cell_request(sheet_id, (header, place), titles[place], body["fields"])
    elif kind in {"repeatCell", "setDataValidation"}:
        if body["range"]["startColumnIndex"] in places:
            yield request
    elif kind == "addProtectedRange":
        if body["protectedRange"]["range"].get("startColumnIndex") in places:
            yield request
    elif kind == "updateDimensionProperties" and body["range"]["startIndex"] in places:
        yield request
