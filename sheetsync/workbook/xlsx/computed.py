"""The formulas that new rows of a review tab get: those of the rows above, or the template's in an empty tab.

People may have moved, inserted or deleted columns since creation, and the formulas that stand there know it.
"""

import re
from collections.abc import Mapping

from sheetsync.formulas import row_formula
from sheetsync.template import Tab, WorkbookTemplate
from sheetsync.workbook.xlsx.sheet_part import SheetPart, StoredRow

# What every formula of ours begins with: its own row's period is looked at first.
_OURS = r'IF\(\$?[A-Z]{{1,3}}{row}=(?:""|&quot;&quot;),'
_OWN_ROW = r"(?<![\w$!.:'])(\$?[A-Z]{{1,3}}){row}(?![\d(])"


class RowFormulas:
    """The formulas of a tab's computed columns by 0-based column, for any row."""

    def __init__(self, template: WorkbookTemplate, tab: Tab, part: SheetPart) -> None:
        self._template, self._tab = template, tab
        self._row, self._texts = (0, {}) if tab.role != "review" else self._standing(part)

    @property
    def columns(self) -> frozenset[int]:
        """The columns that hold them."""
        return frozenset(self._texts)

    def at(self, row: int) -> Mapping[int, str]:
        """The formulas of a 1-based row, as XML text without the equals sign."""
        own_row = re.compile(_OWN_ROW.format(row=self._row))
        return {column: own_row.sub(rf"\g<1>{row}", text) for column, text in self._texts.items()}

    def _standing(self, part: SheetPart) -> tuple[int, dict[int, str]]:
        blank = True
        for _, row in part.from_the_bottom():
            if found := _ours(row):
                return row.number, found
            blank = blank and (row.number <= self._tab.header_row or all(c.is_blank for c in row.cells.values()))
        return (self._tab.header_row + 1, self._from_template()) if blank else (0, {})

    def _from_template(self) -> dict[int, str]:
        first = self._tab.header_row + 1
        return {
            at: _as_xml(row_formula(self._template, self._tab, column, first).removeprefix("="))
            for at, column in enumerate(self._tab.columns)
            if column.computed
        }


def _ours(row: StoredRow) -> dict[int, str]:
    shape = re.compile(_OURS.format(row=row.number))
    return {at: cell.formula for at, cell in row.cells.items() if cell.formula and shape.match(cell.formula)}


def _as_xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
