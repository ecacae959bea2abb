"""Where a spreadsheet's tabs are: read from the marks that `create` left in its developer metadata."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sheetsync.errors import ConfigError
from sheetsync.workbook import Layout
from sheetsync.workbook.google.connection import SHEETS, Connection

TAB, YEAR, TEMPLATE, VERSION = "sheetsync.tab", "sheetsync.plan", "sheetsync.template", "sheetsync.version"
_MARKS = "developerMetadata(metadataKey,metadataValue)"
_FIELDS = f"properties.title,{_MARKS},sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)),{_MARKS})"


@dataclass(frozen=True, slots=True)
class Look:
    """A spreadsheet seen from afar: its title, the size (rows, columns) of each tab by sheet id, and its marks.

    `tabs` are the sheet ids by key, `marked` all that have a mark: a copy of a tab has its original's.
    """

    title: str
    sizes: Mapping[int, tuple[int, int]]
    marks: Mapping[str, str]
    tabs: Mapping[str, int]
    marked: frozenset[int]

    def layout(self, location: str) -> Layout:
        """The layout that `create` left. Raises `ConfigError` when the spreadsheet is not sheetsync's."""
        year = self.marks.get(YEAR, "")
        if not year.isdigit():
            raise ConfigError(
                f'"{self.title}" at {location} was not made by sheetsync; '
                f"check 'workbook' in config.yaml, "
                f"or fill a blank spreadsheet: sheetsync create --into ID"
            )
        version = self.marks.get(VERSION, "")
        tabs = {key: str(mark) for key, mark in self.tabs.items()}
        # Workbooks that say nothing about it are older than the mark.
        return Layout(int(year), self.marks.get(TEMPLATE, ""), tabs, int(version) if version.isdecimal() else 1)


def look_at(connection: Connection, spreadsheet_id: str) -> Look:
    """One call, without any cell."""
    found = connection.call("get", f"{SHEETS}/{spreadsheet_id}", about=spreadsheet_id, params={"fields": _FIELDS})
    sizes, tabs, marked = {}, {}, set()
    # A tab that a person duplicated has its original's mark too. Made by create, the original has the smaller id.
    for sheet in sorted(found.get("sheets", []), key=_sheet_id, reverse=True):
        grid = sheet["properties"].get("gridProperties", {})
        sizes[_sheet_id(sheet)] = (grid.get("rowCount", 0), grid.get("columnCount", 0))
        key = _marks(sheet.get("developerMetadata", [])).get(TAB)
        if key:
            tabs[key] = _sheet_id(sheet)
            marked.add(_sheet_id(sheet))
    title = str(found.get("properties", {}).get("title", ""))
    return Look(title, sizes, _marks(found.get("developerMetadata", [])), tabs, frozenset(marked))


def tabs_made(
    connection: Connection, spreadsheet_id: str, requests: Iterable[Mapping[str, Any]]
) -> Callable[[], dict[str, Any] | None] | None:
    """How to find out whether a call that makes tabs was carried out (`Connection.call`); None when it makes none.

    A call is atomic, so its tabs are there or not.
    """
    ids = {request["addSheet"]["properties"]["sheetId"] for request in requests if "addSheet" in request}
    if not ids:
        return None
    return lambda: {} if ids <= look_at(connection, spreadsheet_id).sizes.keys() else None


def _sheet_id(sheet: Mapping[str, Any]) -> int:
    return int(sheet["properties"].get("sheetId", 0))


def _marks(metadata: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {item["metadataKey"]: item.get("metadataValue", "") for item in metadata}
