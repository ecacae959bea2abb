"""What the generated workbook looks like: fonts, colours, number formats, widths, panes and the printed page."""

from collections.abc import Sequence
from typing import Any

from sheetsync.template import Column, Tab

_FONT = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
_INK, _MUTED = "#0f172a", "#64748b"
_HEADER_HEIGHT = 34
_TOP_ALIGNED = {"valign": "top"}

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
_CENTERED = frozenset(("rating", "choice", "period", "date"))
_WRAPPED_KEYS = frozenset(("behind_on", "promise"))


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

    def intro(self, row: int) -> Any:
        """The lines above the header: a title, then what is said about it."""
        if row == 0:
            return self.made(font_name="Calibri", font_size=20, bold=True, font_color=_INK, valign="vcenter")
        return self.made(font_name="Calibri", font_size=11, font_color=_MUTED, valign="vcenter")

    def header(self, tab: Tab) -> Any:
        """The column titles: white on the tab's colour."""
        return self.made(
            font_name="Calibri", font_size=11, bold=True, font_color="#ffffff", bg_color=tab.color,
            text_wrap=True, valign="vcenter", align="left", indent=0, bottom=1, bottom_color=tab.color,
        )  # fmt: skip

    def cell(self, tab: Tab, column: Column) -> Any:
        """The data cells of a column."""
        properties: dict[str, Any] = dict(_FONT, font_color=_INK)
        if column.type in _NUMBER_FORMATS:
            properties["num_format"] = _NUMBER_FORMATS[column.type]
        if column.type in _CENTERED:
            properties["align"] = "left"
        if column.type == "long_text" or column.computed in _WRAPPED_KEYS or column.key == "behind_on":
            properties["text_wrap"] = True
        if column.computed:
            properties |= {"italic": True, "font_color": _MUTED, "bg_color": "#f8fafc"}
        if tab.is_tool_tab and column.key in ("who", "name", "period"):
            properties["bold"] = column.key == "name"
        return self.made(**properties)

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
        sheet.set_row(row, 32 if row == 0 else 18, looks.intro(row))
    sheet.set_row(tab.header_row - 1, _HEADER_HEIGHT)
    sheet.freeze_panes(tab.header_row, tab.frozen_columns)
    if tab.is_tool_tab:
        sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(tab.header_row - 1)
    sheet.set_footer("&L&9&A&C&9&F&R&9&P / &N")
