"""What the generated workbook looks like: fonts, colours, number formats, widths, panes and the printed page."""

from collections.abc import Sequence
from typing import Any

from sheetsync.template import Column, Tab

_FONT = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
_FILTERED_ROLES = frozenset(("log", "review", "summary"))
LAST_ROW = 1_048_575
INK, MUTED, ALARM, WELL = "#0f172a", "#64748b", "#9a3412", "#0f766e"
_HEADER_HEIGHT = 34

# Whole numbers show no point; a rule in `rules` shows the decimals of those that have any.
WHOLE, FRACTION = "#,##0", "#,##0.0#"
_NUMBER_FORMATS = {
    "date": "yyyy-mm-dd",
    "period": "@",
    "count": WHOLE,
    "number": WHOLE,
    "amount": "#,##0.00",
    "percent": "0%",
    "rating": "0",
}
_RIGHT = frozenset(("count", "number", "amount", "percent"))
_WRAPPED_KEYS = frozenset(("behind_on", "promise"))
_LINE_COLOR = "#e2e8f0"
POINTS_A_LINE, _MOST_LINES = 15, 27


def wraps(column: Column) -> bool:
    """Whether the text of a column flows over several lines, and so asks for higher rows.

    That of a formula does not: it changes by itself, and the heights of people's rows are theirs.
    """
    wrapped = column.type == "long_text" or column.key in _WRAPPED_KEYS
    return wrapped and not column.hidden and not column.computed


def lines_of(text: str, width: float) -> int:
    """How many lines a text takes in a column that is `width` digits wide, words kept whole, roughly."""
    fitting = max(1, int(width * 0.92))
    if len(text) <= fitting and "\n" not in text:
        return 1
    return min(_MOST_LINES, sum(1 + max(0, len(line) - 1) // fitting for line in text.split("\n")))


def _is_title(tab: Tab, row: int) -> bool:
    return row == 0 and row not in tab.lines


class Looks:
    """The cell formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def made(self, **properties: Any) -> Any:
        """The format with these XlsxWriter properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]

    def intro(self, tab: Tab, row: int) -> Any:
        """The lines above the header: a title, then what is said about it."""
        if _is_title(tab, row):
            return self.made(font_name="Calibri", font_size=20, bold=True, font_color=INK, valign="vcenter")
        return self.made(font_name="Calibri", font_size=11, font_color=MUTED, valign="vcenter")

    def header(self, tab: Tab, column: Column) -> Any:
        """A column's title: white on the tab's colour, above its numbers or text."""
        return self.made(
            font_name="Calibri", font_size=11, bold=True, font_color="#ffffff", bg_color=tab.color,
            text_wrap=True, valign="vcenter", bottom=1, bottom_color=tab.color, indent=1,
            align="right" if column.type in _RIGHT else "left",
        )  # fmt: skip

    def cell(self, tab: Tab, column: Column) -> Any:
        """The data cells of a column."""
        properties: dict[str, Any] = dict(_FONT, font_color=INK)
        if number_format := column.format or _NUMBER_FORMATS.get(column.type):
            properties["num_format"] = number_format
        properties |= {"align": "right" if column.type in _RIGHT else "left", "indent": 1}
        if wraps(column):
            properties["text_wrap"] = True
        if column.computed:
            properties |= {"italic": True, "font_color": MUTED, "bg_color": "#f8fafc"}
        if tab.is_tool_tab and column.key == "name":
            properties["bold"] = True
        if tab.role == "dashboard" and column.key in {"progress", "trend"}:
            properties["font_color"] = tab.color
        return self.made(**properties)

    def live(self, tab: Tab, look: str) -> Any:
        """The live cells above a header. A choice looks like a field to fill in, a link needs no line under it."""
        properties: dict[str, Any] = _FONT | {"font_color": MUTED, "valign": "vcenter"}
        match look:
            case "banner":
                properties |= {"font_color": WELL}
            case "link":
                properties |= {"font_color": tab.color, "bold": True}
            case "choice":
                properties |= {"font_color": INK, "bold": True, "indent": 1}
                properties |= {"bg_color": "#f0fdfa", "border": 1, "border_color": tab.color}
        return self.made(**properties)

    def rule(self, tab: Tab, **properties: Any) -> Any:
        """The format of a conditional rule. In tool tabs it draws the line as well: some programs apply one rule."""
        line = {"bottom": 1, "bottom_color": _LINE_COLOR} if tab.is_tool_tab else {}
        return self.made(**line, **properties)

    def note(self, text: str) -> dict[str, Any]:
        """How a header's note is shown: large enough to be read whole."""
        lines = sum(1 + len(line) // 38 for line in text.split("\n"))
        return {"author": "sheetsync", "font_name": "Calibri", "font_size": 10, "x_scale": 1.9,
                "y_scale": max(0.4, 0.26 * lines), "color": "#fffbeb"}  # fmt: skip


def dress(sheet: Any, tab: Tab, columns: Sequence[Column], looks: Looks) -> None:
    """Set up a tab before anything is written: widths, formats of whole columns, panes and the printed page."""
    sheet.set_tab_color(tab.color)
    for at, column in enumerate(columns):
        sheet.set_column_pixels(at, at, column.width, looks.cell(tab, column), {"hidden": column.hidden})
    for row in range(len(tab.intro)):
        sheet.set_row(row, 32 if _is_title(tab, row) else 18, looks.intro(tab, row))
    # The rows that charts cover are as high as rows are: `template.PIXELS_A_ROW`.
    sheet.set_row(tab.header_row - 1, _HEADER_HEIGHT)
    # Frozen rows with charts in them would fill the screen of a phone, which then cannot scroll, and a frozen column
    # would cut the charts in two.
    if not tab.charts:
        sheet.freeze_panes(tab.header_row, tab.frozen_columns)
    if tab.is_tool_tab:
        sheet.hide_gridlines(2)
    if tab.role in _FILTERED_ROLES:
        sheet.autofilter(tab.header_row - 1, 0, LAST_ROW, len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(tab.header_row - 1)
    sheet.set_footer("&L&9&A&C&9&F&R&9&P / &N")
