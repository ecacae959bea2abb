"""A template is the declarative description of a workbook: its tabs, and the columns of each with a type.

Python knows roles and column keys; titles are the template's business, so that a template may say everything in
other words. Templates are parsed from a mapping (YAML elsewhere); `flaws` says what a good one must not have.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sheetsync.cells import serial
from sheetsync.errors import ConfigError
from sheetsync.periods import Cadence

Role = Literal[
    "people", "goals", "activities", "targets", "time_off", "events", "log", "tally", "review",
    "dashboard", "summary", "insights", "team", "problems", "series",
]  # fmt: skip
TOOL_ROLES = frozenset(("dashboard", "summary", "insights", "team", "problems", "series"))

ColumnType = Literal[
    "text",
    "long_text",
    "name",
    "date",
    "period",
    "count",
    "amount",
    "rating",
    "number",
    "percent",
    "email",
    "choice",
]
Computed = Literal["done", "due", "score", "behind_on", "progress", "forecast", "promise"]

# What a line of an intro may show instead of its own text. Live lines hold formulas and choices that stand there from
# creation on: they follow the clock and people's choices by themselves, and a sync leaves them alone.
WRITTEN_LINES = ("as_of", "problems")
LIVE_LINES = (
    "banner", "links", "choose_who", "choose_activity",
    "done", "target", "so_far", "pace", "likely", "low", "high", "spread",
)  # fmt: skip
_LINE = re.compile(r"\{([a-z_]+)\}")
PIXELS_A_ROW = 20
MOST_VALUES = 54
"""The values of a row of series: the weeks that a year can touch."""

# What each role must bring, or a sync could not read it. Other keys are free.
REQUIRED_COLUMNS: Mapping[str, frozenset[str]] = {
    "people": frozenset({"name"}),
    "goals": frozenset({"goal", "measured_by", "target"}),
    "activities": frozenset({"activity", "target"}),
    "targets": frozenset({"name", "period", "target"}),
    "time_off": frozenset({"who", "from", "until"}),
    "events": frozenset({"date", "event"}),
    "log": frozenset({"date", "activity"}),
    "tally": frozenset({"date"}),
    "review": frozenset({"period"}),
}


# For keys that people write; a tally's columns of activities get others, which must not be like them.
KEY = r"^[a-z][a-z0-9_]*$"
_KEY_IS = "What the program knows it by; once used, do not change it."


def _cell(value: object) -> object:
    """YAML reads 2026-02-14 as a date; a cell holds its serial number."""
    return serial(value) if type(value) is date else value


Example = Annotated[str | int | float | None, BeforeValidator(_cell)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Model):
    """One column of a tab."""

    key: str = Field(json_schema_extra={"pattern": KEY}, description=_KEY_IS)
    title: str = Field(description="What people see in the header; columns are found by it.")
    type: ColumnType = Field(default="text", description="How its cells look and what they are checked for.")
    required: bool = Field(default=False, description="A sync stops when the column is gone or renamed.")
    width: int = Field(default=120, ge=20, le=800, description="Pixels.")
    note: str = Field(default="", description="The header's help text, shown while people type below it as well.")
    choices: tuple[str, ...] = Field(default=(), description="What a list offers to choose from.")
    choices_from: str | None = Field(
        default=None, description="A tab's column, such as people.name, whose cells a list offers."
    )
    computed: Computed | None = Field(
        default=None, description="A formula fills the column: what it shows. Only in tabs with the role review."
    )
    hidden: bool = Field(default=False, description="The column is there, and nobody sees it.")
    format: str = Field(
        default="",
        description="A number format instead of the type's own, such as 0.0 or \"£\"#,##0; blank: the type's.",
    )


Color = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class Rule(_Model):
    """A conditional format: how cells look that say something. Of two rules that hold, the first one shows."""

    when: Literal["current", "equals", "at_least", "below", "filled", "blank"] = Field(
        description="What holds of a cell; current: the row's period is under way."
    )
    value: str | float | None = Field(default=None, description="What it is compared with: equals, at_least, below.")
    columns: tuple[str, ...] = Field(default=(), description="Keys of the columns it is for; none: all of them.")
    fill: Color | None = Field(default=None, description="The colour behind the text, such as #fef3c7.")
    ink: Color | None = Field(default=None, description="The colour of the text.")
    bold: bool = Field(default=False, description="Whether the text is bold.")


class Chart(_Model):
    """A chart above the table of a dashboard, of what is chosen in its lines {choose_who} and {choose_activity}."""

    kind: Literal["outcome", "trend"] = Field(
        description="outcome: a goal through the year with its pace and forecast; trend: an activity's last 13 weeks."
    )
    title: str = Field(description="What stands above it.")
    width: int = Field(default=640, ge=200, le=1600, description="Pixels.")
    height: int = Field(default=300, ge=120, le=900, description="Pixels.")
    names: dict[str, str] = Field(
        default_factory=dict,
        description="What its lines are called: so_far, pace, likely, low, high, spread; done, target.",
    )


class Tab(_Model):
    """One tab. `window` is how many periods of activity rows a summary tab shows; `intro` stands above the header."""

    key: str = Field(json_schema_extra={"pattern": KEY}, description=_KEY_IS)
    title: str = Field(description="What people see on the tab.")
    role: Role = Field(description="What the tab is for; people type in some, the tool alone writes in others.")
    cadence: Cadence | None = Field(
        default=None, description="How often a row is due: for the roles review and summary, which need it."
    )
    color: str = Field(
        default="#64748b", pattern=r"^#[0-9a-f]{6}$", description="Of the tab and its header, such as #0f766e."
    )
    intro: tuple[str, ...] = Field(
        default=(),
        description="Lines above the header, the first one large. In tool tabs a line may show something: {as_of}, "
        "{problems}, {banner}, {links}, {choose_who}, {choose_activity}.",
    )
    charts: tuple[Chart, ...] = Field(
        default=(), description="Charts between intro and header, side by side: for the role dashboard."
    )
    rules: tuple[Rule, ...] = Field(default=(), description="Conditional formats, the strongest first.")
    protected: bool | None = Field(
        default=None, description="Whether Google warns before a change; left out: in tool tabs alone."
    )
    hidden: bool = Field(default=False, description="The tab is there, and nobody sees it.")
    columns: tuple[Column, ...] = Field(description="In the order of creation; people may move them.")
    activity_columns: bool = Field(default=False, description="A column for each activity follows (role tally).")
    frozen_columns: int = Field(default=0, ge=0, description="How many stay in sight when people scroll sideways.")
    window: int = Field(
        default=0, ge=0, description="How many recent periods show each activity: for the role summary."
    )
    examples: tuple[tuple[Example, ...], ...] = Field(
        default=(), description="Rows for `create --examples`, cells in the order of the columns."
    )

    @property
    def is_tool_tab(self) -> bool:
        """Whether only the tool writes here."""
        return self.role in TOOL_ROLES

    @property
    def header_row(self) -> int:
        """The 1-based row of the column titles at creation; intro and charts stand above."""
        return len(self.intro) + self.chart_rows + 1

    @property
    def chart_rows(self) -> int:
        """How many rows the charts cover, a blank one below them included."""
        tallest = max((chart.height for chart in self.charts), default=0)
        return -(-tallest // PIXELS_A_ROW) + 1 if tallest else 0

    @property
    def lines(self) -> dict[int, str]:
        """What lines of the intro show instead of their text, by 0-based row."""
        found = ((row, _LINE.fullmatch(line)) for row, line in enumerate(self.intro))
        return {row: match[1] for row, match in found if match}

    @property
    def live_rows(self) -> frozenset[int]:
        """The 0-based rows that hold formulas and choices since creation, which no sync writes."""
        return frozenset(row for row, shown in self.lines.items() if shown in LIVE_LINES)

    def column(self, key: str) -> Column:
        """The column with this key. Raises KeyError."""
        return next((c for c in self.columns if c.key == key), None) or _missing(key)

    def position(self, key: str) -> int:
        """The 0-based position of a column at creation. Raises KeyError."""
        return self.columns.index(self.column(key))


def _missing(key: str) -> Column:
    raise KeyError(key)


class WorkbookTemplate(_Model):
    """A whole workbook."""

    name: str = Field(min_length=1, description="What a workbook remembers to have been made from.")
    title: str = Field(description="The workbook's title; {year} stands for the plan's year.")
    description: str = Field(default="", description="One line for `template list`.")
    version: int = Field(
        default=1,
        ge=1,
        description="Counts up when a workbook made before should get what is new: `sheetsync upgrade`.",
    )
    tabs: tuple[Tab, ...] = Field(description="In the order of creation; people may move and rename them.")

    def tab(self, key: str) -> Tab:
        """The tab with this key. Raises KeyError."""
        return self._by_key[key]

    def with_role(self, role: Role, cadence: Cadence | None = None) -> Iterator[Tab]:
        """The tabs with this role (and cadence), in order."""
        return (t for t in self.tabs if t.role == role and cadence in (None, t.cadence))

    def first(self, role: Role, cadence: Cadence | None = None) -> Tab | None:
        """The first tab with this role (and cadence)."""
        return next(self.with_role(role, cadence), None)

    @cached_property
    def _by_key(self) -> dict[str, Tab]:
        return {t.key: t for t in self.tabs}


def parse_template(mapping: Mapping[str, Any], where: str) -> WorkbookTemplate:
    """The template in a mapping; `where` names its file. Raises `ConfigError` with every problem and its path."""
    from sheetsync.flaws import dotted, examined  # which is about what is defined here

    template, flaws = examined(mapping)
    if template is None:
        raise ConfigError(f"{where}: " + " | ".join(f"{dotted(flaw.at, mapping)}: {flaw.what}" for flaw in flaws))
    return template
