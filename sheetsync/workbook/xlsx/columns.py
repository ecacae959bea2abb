"""Columns added to a tab where it is blank, with the looks, lists and formulas that `create` gives them.

Nobody's cell changes: a title is written where there is none, a formula where a row has data and no value there.
"""

import html
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from sheetsync.cells import Cell, column_letters, is_blank
from sheetsync.errors import GuardTripped
from sheetsync.formulas import row_formula
from sheetsync.template import Column, Tab, WorkbookTemplate
from sheetsync.workbook.xlsx.parts import MAIN, bytes_of, name_in, tree_of
from sheetsync.workbook.xlsx.sheet_part import SheetPart, StoredRow, column_of, split
from sheetsync.workbook.xlsx.styles import Styles

# What may stand before each of these around the cells of a tab; Excel insists on the order.
_UP_TO_CELLS = ("sheetPr", "dimension", "sheetViews", "sheetFormatPr")
_UP_TO_RULES = (
    *_UP_TO_CELLS, "cols", "sheetData", "sheetCalcPr", "sheetProtection", "protectedRanges", "scenarios",
    "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells", "phoneticPr",
    "conditionalFormatting",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Added:
    """Columns of a tab by 0-based position; `template` has them there, with titles in the 0-based row `header`.

    `shown` are the titles that people see in that row now.
    """

    template: WorkbookTemplate
    tab: Tab
    header: int
    columns: Mapping[int, Column]
    shown: Sequence[Cell]


def with_columns(part: SheetPart, added: Added, fresh: bytes, styles: Styles) -> bytes:
    """A tab's XML with further columns; `fresh` is the XML of the same tab in a workbook generated from the template.

    Raises `GuardTripped` when there is a title already.
    """
    made = tree_of(fresh, added.tab.title)
    around = tree_of(part.with_rows(b"", 1, 1), added.tab.title)
    looks = {at: _look(made, at, styles) for at in added.columns}
    for at, look in looks.items():
        _set_look(around, at, look)
        _add_rules(around, made, at, styles)
    rows = list(_rows(part, added, fresh, {at: look.get("style") for at, look in looks.items()}, styles))
    widest = max([*added.columns, *(column for row in part.from_the_top() for column in row.cells)]) + 1
    return split(bytes_of(around)).with_rows(b"".join(xml for _, xml in rows), widest, rows[-1][0])


def _rows(
    part: SheetPart, added: Added, fresh: bytes, body: Mapping[int, str], styles: Styles
) -> Iterator[tuple[int, bytes]]:
    """Each row's number and XML, the row of titles among them even if it was not there."""
    titles, computed = added.header + 1, [at for at, column in added.columns.items() if column.computed]
    seen = False
    for row in part.from_the_top():
        if row.number >= titles and not seen:
            seen = True
            there = row if row.number == titles else StoredRow(titles, {}, b"", {})
            yield titles, _with_cells(part, there, _titles(there, added, fresh, styles))
        if row.number < titles or (row.number > titles and all(cell.is_blank for cell in row.cells.values())):
            yield row.number, row.xml
        elif row.number > titles:
            blank = [at for at in computed if at not in row.cells or row.cells[at].is_blank]
            yield row.number, _with_cells(part, row, {at: _formula(added, at, row.number, body[at]) for at in blank})
    if not seen:
        there = StoredRow(titles, {}, b"", {})
        yield titles, _with_cells(part, there, _titles(there, added, fresh, styles))


def _titles(row: StoredRow, added: Added, fresh: bytes, styles: Styles) -> dict[int, str]:
    """The cells with the titles. Each looks like the title nearest to it, or else like the generated one."""
    formulas = {at for at, cell in row.cells.items() if cell.formula is not None}
    taken = [at for at in added.columns if at in formulas or not is_blank(next(iter(added.shown[at:]), None))]
    if taken:
        place = f"{column_letters(taken[0])}{row.number}"
        raise GuardTripped(f"tab “{added.tab.title}”: somebody typed in {place} just now; run again")
    dressed = {at: c.style for at, c in row.cells.items() if c.style != "0" and not c.is_blank}
    generated = next(r for r in split(fresh).from_the_top() if r.number == row.number).cells
    cells = {}
    for at, column in added.columns.items():
        nearest = min(dressed, key=lambda other, at=at: (abs(other - at), other), default=None)  # type: ignore[misc]
        style = styles.cell(generated[at].style) if nearest is None else dressed[nearest]
        text = f'<is><t xml:space="preserve">{html.escape(column.title, quote=False)}</t></is>'
        cells[at] = f'<c r="{column_letters(at)}{row.number}" s="{style}" t="inlineStr">{text}</c>'
    return cells


def _formula(added: Added, at: int, row: int, style: str) -> str:
    formula = row_formula(added.template, added.tab, added.columns[at], row).removeprefix("=")
    text = html.escape(formula, quote=False)
    return f'<c r="{column_letters(at)}{row}" s="{style}" t="str"><f>{text}</f><v></v></c>'


def _with_cells(part: SheetPart, row: StoredRow, cells: Mapping[int, str]) -> bytes:
    """A row's XML with cells added; the others keep what is in them."""
    if not cells:
        return row.xml
    described = {"r": str(row.number), **row.attributes}
    described.pop("spans", None)
    every = dict(cells)
    for at, cell in row.cells.items():
        every.setdefault(at, f"<c{_as_text(cell.attributes)}>{cell.body.decode()}</c>")
    inside = "".join(every[at] for at in sorted(every))
    return f"<row{part.namespace}{_as_text(described)}>{inside}</row>".encode()


def _as_text(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{value}"' for name, value in attributes.items())


def _look(made: Any, at: int, styles: Styles) -> Any:
    """The element of a generated column, for it alone and with this file's style."""
    look = deepcopy(next(c for c in made.iterfind("{*}cols/{*}col") if _holds(c, at)))
    look.set("style", styles.cell(look.get("style", "0")))
    return _narrowed(look, at + 1, at + 1)


def _set_look(around: Any, at: int, look: Any) -> None:
    columns = around.find("{*}cols")
    if columns is None:
        columns = _inserted(around, "cols", _UP_TO_CELLS)
    place = sum(int(c.get("max")) <= at for c in columns)
    old = columns[place] if place < len(columns) and _holds(columns[place], at) else None
    pieces = [look]
    if old is not None:
        before, after = _narrowed(old, int(old.get("min")), at), _narrowed(old, at + 2, int(old.get("max")))
        pieces = [c for c in (before, look, after) if int(c.get("min")) <= int(c.get("max"))]
        columns.remove(old)
    columns[place:place] = pieces


def _holds(column: Any, at: int) -> bool:
    return int(column.get("min")) <= at + 1 <= int(column.get("max"))


def _narrowed(column: Any, first: int, last: int) -> Any:
    narrowed = deepcopy(column)
    narrowed.set("min", str(first))
    narrowed.set("max", str(last))
    return narrowed


def _add_rules(around: Any, made: Any, at: int, styles: Styles) -> None:
    """Check and colour the column as a generated one, unless something checks or colours it already."""
    for name in ("conditionalFormatting", "dataValidation"):
        if any(_touches(rule, at) for rule in around.iter(f"{{*}}{name}")):
            continue
        for rule in [_for_one(r, at) for r in made.iter(f"{{*}}{name}") if _touches(r, at)]:
            if name == "conditionalFormatting":
                _insert(around, _renumbered(rule, around, styles), _UP_TO_RULES)
            else:
                checks = around.find("{*}dataValidations")
                if checks is None:
                    checks = _inserted(around, "dataValidations", _UP_TO_RULES)
                checks.append(rule)
                checks.set("count", str(len(checks)))


def _for_one(rule: Any, at: int) -> Any:
    """A generated rule for one of its columns; of the others, if it is about whole rows, it is said already."""
    alone, letters = deepcopy(rule), column_letters(at)
    ends = (letters + re.sub(r"[A-Z]+", "", end) for end in rule.get("sqref").split(":"))
    alone.set("sqref", ":".join(ends))
    return alone


def _renumbered(rules: Any, around: Any, styles: Styles) -> Any:
    last = max((int(rule.get("priority", "0")) for rule in around.iter("{*}cfRule")), default=0)
    for priority, rule in enumerate(rules.iterfind("{*}cfRule"), start=last + 1):
        rule.set("priority", str(priority))
        if rule.get("dxfId") is not None:
            rule.set("dxfId", styles.rule(rule.get("dxfId")))
    return rules


def _touches(rule: Any, at: int) -> bool:
    """Whether a rule is about this column. Newer ones say where they apply in an element."""
    place = rule.get("sqref") or next((e.text for e in rule.iter() if name_in(e) == "sqref"), None)
    return any(first <= at <= last for first, last in _columns(place or ""))


def _columns(place: str) -> list[tuple[int, int]]:
    """The first and last 0-based columns of each range: those of "A2:B9 D1" are 0 and 1, 3 and 3."""
    ends = (area.partition(":") for area in place.replace("$", "").split())
    return [(column_of(first), column_of(last or first)) for first, _, last in ends]


def _inserted(around: Any, name: str, before: Collection[str]) -> Any:
    return _insert(around, around.makeelement(f"{{{MAIN}}}{name}", {}), before)


def _insert(around: Any, element: Any, before: Collection[str]) -> Any:
    around.insert(sum(name_in(child) in before for child in around), element)
    return element
