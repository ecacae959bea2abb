"""What Google warns of before somebody changes it. Nothing is forbidden: whoever says yes may go on.

No warning is for the cells in which people choose what a dashboard shows. Google leaves cells out of a protection
of a whole tab only, and nothing says that it does so where it merely warns: the ranges lie around those cells.
"""

from collections.abc import Iterator

from sheetsync.workbook.google.blueprint import Blueprint, Sheet
from sheetsync.workbook.google.intro import choices
from sheetsync.workbook.google.rows import Json

_WRITTEN_OVER = "Written by sheetsync; what is typed here is written over."
_FORMULA = "One formula in the title's cell fills this column; what is typed below it stops the formula."
_THEIRS = "Other parts of the workbook build on this; change it with care."


def protections(blueprint: Blueprint, sheet: Sheet) -> Iterator[Json]:
    """The requests for the warnings of a tab."""
    tab = sheet.tab
    if tab.protected or (tab.protected is None and tab.is_tool_tab):
        said = _WRITTEN_OVER if tab.is_tool_tab else _THEIRS
        yield from (_warning(where, said) for where in _around_choices(blueprint, sheet))
    elif tab.protected is None:
        for place, column in enumerate(sheet.columns):
            if column.computed:
                yield _warning(sheet.cells(tab.header_row - 1, place, right=place + 1), _FORMULA)


def _around_choices(blueprint: Blueprint, sheet: Sheet) -> Iterator[Json]:
    """The whole tab, or what is above, beside and below the block of cells in which people choose."""
    places = choices(blueprint, sheet.tab)
    if not places:
        yield {"sheetId": sheet.id}
        return
    rows, columns = {row for row, _ in places}, {column for _, column in places}
    top, bottom, left, right = min(rows), max(rows) + 1, min(columns), max(columns) + 1
    if top:
        yield sheet.cells(0, 0, bottom=top)
    if left:
        yield sheet.cells(top, 0, bottom, left)
    yield sheet.cells(top, right, bottom)
    yield sheet.cells(bottom, 0)


def _warning(where: Json, said: str) -> Json:
    return {"addProtectedRange": {"protectedRange": {"range": where, "description": said, "warningOnly": True}}}
