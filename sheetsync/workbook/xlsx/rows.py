"""New rows for a tab's XML: the whole of a tool tab, rows added to a tab of people, and results of formulas.

New cells take their style from the cell that was there or from their column, and text is inline, so neither the
style table nor the shared strings of the file change. Text is never read as a formula.
"""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from sheetsync.cells import ERRORS, Cell, column_letters
from sheetsync.workbook import Progress, Results
from sheetsync.workbook.xlsx.computed import RowFormulas
from sheetsync.workbook.xlsx.looks import POINTS_A_LINE, lines_of
from sheetsync.workbook.xlsx.sheet_part import WIDEST, SheetPart, StoredRow

_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
_IMPOSSIBLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_ROW_LOOKS = ("ht", "customHeight", "s", "customFormat")
_PROGRESS_EVERY = 5000
_USUAL_WIDTH = 9.0
_NAME = re.compile(rb"\sr=[\"']([A-Z]+[0-9]+)[\"']")
_TYPE = re.compile(rb"\st=[\"'](\w+)[\"']")
_FORMULA_CELL = re.compile(
    rb"<(?P<p>(?:\w+:)?)c(?P<attributes>\s[^>]*[^/>])>\s*"
    rb"(?P<formula><(?P=p)f(?:\s[^>]*)?(?:/>|>[^<]*</(?P=p)f>))\s*"
    rb"(?:<(?P=p)v(?:\s[^>]*)?(?:/>|>(?P<value>[^<]*)</(?P=p)v>))?\s*</(?P=p)c>"
)

MOST_CHARACTERS = 32_767
"""What a cell of Excel holds at most; longer text would make Excel call the file damaged."""


def with_grid(
    part: SheetPart,
    grid: Sequence[Sequence[Cell]],
    header_rows: int,
    wrapped: frozenset[int],
    kept: Collection[int] = (),
) -> bytes:
    """A tool tab's XML that holds `grid` and nothing else; its first `header_rows` rows keep their looks.

    Of these the 0-based rows in `kept` stay as they are, whatever `grid` holds there. A formula in a cell of the
    others that `grid` leaves blank stays as well: it is ours, from the day of creation. `wrapped` are the 0-based
    columns whose text flows over several lines.
    """
    header: dict[int, StoredRow] = {}
    for row in part.from_the_top():
        if row.number > header_rows:
            break
        header[row.number] = row
    written = []
    for number in range(1, max([len(grid), *header]) + 1):
        cells = grid[number - 1] if number <= len(grid) else ()
        if number - 1 in kept:
            written.append(header[number].xml.decode() if number in header else "")
        elif number in header:
            written.append(_in_its_looks(part, header[number], cells, {}, keep_formulas=True))
        elif any(cell is not None for cell in cells):
            height = _height(part, cells, wrapped)
            written.append(_row(part, number, _cells(number, cells, part.styles), height))
    columns = max([1, *map(len, grid), *(column + 1 for row in header.values() for column in row.cells)])
    return part.with_rows("".join(written).encode(), columns, max([len(grid), *header]))


def with_rows_appended(
    part: SheetPart,
    rows: Sequence[Sequence[Cell]],
    formulas: RowFormulas,
    wrapped: frozenset[int],
    progress: Progress | None,
) -> bytes:
    """A tab's XML with `rows` after its last row with data. Formatted blank rows below are filled."""
    end, last, below = _end_of_data(part, formulas.columns)
    width = max([0, *map(len, rows), *(column + 1 for column in formulas.columns)])
    written: list[str] = []
    for number, cells in enumerate(rows, start=last.number + 1):
        padded = [*cells, *[None] * (width - len(cells))]
        made = formulas.at(number) if formulas.columns else {}
        if number in below:
            written.append(_in_its_looks(part, below.pop(number), padded, made, keep_formulas=False))
        else:
            height = _height(part, cells, wrapped)
            written.append(_row(part, number, _cells(number, padded, part.styles, made), height))
        if progress and len(written) % _PROGRESS_EVERY == 0:
            progress(_PROGRESS_EVERY)
    if progress and len(written) % _PROGRESS_EVERY:
        progress(len(written) % _PROGRESS_EVERY)
    rest = [row.xml for row in sorted(below.values(), key=lambda row: row.number)]
    body = b"".join((part.rows[:end], "".join(written).encode(), *rest))
    columns = max([width, *(column + 1 for column in last.cells)])
    return part.with_rows(body, columns, max([last.number + len(rows), *below]))


def _end_of_data(part: SheetPart, computed: frozenset[int]) -> tuple[int, StoredRow, dict[int, StoredRow]]:
    """The offset behind the last row with data, that row, and the rows below by number.

    A person's own formula is data; one of ours alone in a row is not.
    """
    below: dict[int, StoredRow] = {}
    for start, row in part.from_the_bottom():
        ours = {at for at in computed & row.cells.keys() if row.cells[at].formula is not None}
        if any(not cell.is_blank for at, cell in row.cells.items() if at not in ours):
            return start + len(row.xml), row, below
        below[row.number] = row
    return 0, StoredRow(0, {}, b"", {}), below


def with_results(xml: bytes, results: Results) -> bytes:
    """A tab's XML in which only the stored results of formulas at these positions differ."""
    wanted = {f"{column_letters(column)}{row + 1}".encode(): value for (row, column), value in results.items()}

    def replaced(found: re.Match[bytes]) -> bytes:
        name = _NAME.search(found["attributes"])
        if name is None or name[1] not in wanted:
            return found[0]
        type_, value = (text.encode() for text in _result(wanted[name[1]]))
        if _shows(found, type_, value):
            return found[0]
        attributes = _TYPE.sub(b"", found["attributes"]) + (b' t="%b"' % type_ if type_ != b"n" else b"")
        p = found["p"]
        return b"<%bc%b>%b<%bv>%b</%bv></%bc>" % (p, attributes, found["formula"], p, value, p, p)

    return _FORMULA_CELL.sub(replaced, xml)


def _result(value: Cell) -> tuple[str, str]:
    """The type and text of a formula's stored result."""
    if isinstance(value, bool):
        return "b", str(int(value))
    if isinstance(value, str):
        return ("e" if value in ERRORS else "str"), _escaped(value)
    return ("n", _number(value)) if value is not None and math.isfinite(value) else ("str", "")


def _shows(found: re.Match[bytes], type_: bytes, value: bytes) -> bool:
    """Whether the cell holds this result already, however its number is written."""
    stored_type = _TYPE.search(found["attributes"])
    stored = found["value"] or b""
    if (stored_type[1] if stored_type else b"n") != type_:
        return False
    if type_ != b"n" or not stored:
        return stored == value and found["value"] is not None
    return float(stored) == float(value)


def _in_its_looks(
    part: SheetPart, row: StoredRow, cells: Sequence[Cell], made: Mapping[int, str], *, keep_formulas: bool
) -> str:
    """A row whose cells keep the styles they have, and perhaps the formulas where `cells` are blank."""
    width = max([len(cells), *(column + 1 for column in row.cells)])
    padded = [*cells, *[None] * (width - len(cells))]
    written = []
    for column, cell in enumerate(padded):
        name, stored = f"{column_letters(column)}{row.number}", row.cells.get(column)
        style = stored.style if stored else part.styles.get(column)
        if column in made:
            written.append(_formula(name, style, made[column]))
        elif keep_formulas and cell is None and stored and stored.formula is not None:
            named = "".join(f' {key}="{value}"' for key, value in stored.attributes.items())
            written.append(f"<c{named}>{stored.body.decode()}</c>")
        elif cell is not None or stored:
            written.append(_cell(name, style, cell))
    return _row(part, row.number, written, {k: v for k, v in row.attributes.items() if k in _ROW_LOOKS})


def _height(part: SheetPart, cells: Sequence[Cell], wrapped: frozenset[int]) -> Mapping[str, str]:
    """The attributes of a row that is high enough for its wrapped text: LibreOffice and previews compute none."""
    lines = 1
    for column in wrapped:
        if column < len(cells) and isinstance(text := cells[column], str):
            lines = max(lines, lines_of(text, part.widths.get(column, _USUAL_WIDTH)))
    return {"ht": f"{POINTS_A_LINE * lines}"} if lines > 1 else {}


def _row(part: SheetPart, number: int, cells: Iterable[str], looks: Mapping[str, str] | None = None) -> str:
    described = "".join(f' {name}="{value}"' for name, value in (looks or {}).items())
    return f'<row{part.namespace} r="{number}"{described}>{"".join(cells)}</row>'


def _cells(
    number: int, cells: Sequence[Cell], styles: Mapping[int, str], made: Mapping[int, str] | None = None
) -> Iterator[str]:
    for column, cell in enumerate(cells):
        if made and column in made:
            yield _formula(f"{_letters(column)}{number}", styles.get(column), made[column])
        elif cell is not None:
            yield _cell(f"{_letters(column)}{number}", styles.get(column), cell)


def _formula(name: str, style: str | None, formula: str) -> str:
    styled = f' s="{style}"' if style else ""
    return f'<c r="{name}"{styled} t="str"><f>{formula}</f><v></v></c>'


def _cell(name: str, style: str | None, value: Cell) -> str:
    start = f'<c r="{name}" s="{style}"' if style else f'<c r="{name}"'
    if isinstance(value, str):
        return f'{start} t="inlineStr"><is><t xml:space="preserve">{_escaped(value)}</t></is></c>'
    if isinstance(value, bool):
        return f'{start} t="b"><v>{int(value)}</v></c>'
    if value is None or not math.isfinite(value):
        return f"{start}/>"
    return f"{start}><v>{_number(value)}</v></c>"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _escaped(text: str) -> str:
    """Text as XML. What XML cannot hold is written the way Excel does (`_x0001_`)."""
    text = _IMPOSSIBLE.sub("\ufffd", text)
    text = _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text[:MOST_CHARACTERS])
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_letters = lru_cache(maxsize=WIDEST)(column_letters)
