"""A template is the declarative description of a workbook: its tabs, and the columns of each with a type.

Python knows roles and column keys; titles are the template's business, so that a template may say everything in
other words. Templates are parsed from a mapping (YAML elsewhere); every problem is reported at once with its path.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sheetsync.errors import ConfigError
from sheetsync.periods import Cadence

Role = Literal[
    "people", "goals", "activities", "targets", "time_off", "events", "log", "tally", "review",
    "dashboard", "summary", "insights", "team", "problems",
]  # fmt: skip
TOOL_ROLES = frozenset(("dashboard", "summary", "insights", "team", "problems"))

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


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Model):
    """One column. `note` is the header's help text, `width` is in pixels.

    `required`: a sync stops when the column is gone. `choices` are offered in a list; `choices_from` names the tab
    and column (`people.name`) whose cells are offered. `computed` columns hold a formula, set once.
    """

    key: str
    title: str
    type: ColumnType = "text"
    required: bool = False
    width: int = Field(default=120, ge=20, le=800)
    note: str = ""
    choices: tuple[str, ...] = ()
    choices_from: str | None = None
    computed: Computed | None = None
    hidden: bool = False


class Tab(_Model):
    """One tab. `window` is how many periods of activity rows a summary tab shows; `intro` stands above the header."""

    key: str
    title: str
    role: Role
    cadence: Cadence | None = None
    color: str = Field(default="#64748b", pattern=r"^#[0-9a-f]{6}$")
    intro: tuple[str, ...] = ()
    columns: tuple[Column, ...]
    activity_columns: bool = False
    frozen_columns: int = Field(default=0, ge=0)
    window: int = Field(default=0, ge=0)
    examples: tuple[tuple[str | int | float | None, ...], ...] = ()

    @property
    def is_tool_tab(self) -> bool:
        """Whether only the tool writes here."""
        return self.role in TOOL_ROLES

    @property
    def header_row(self) -> int:
        """The 1-based row of the column titles at creation; the intro stands above."""
        return len(self.intro) + 1

    def column(self, key: str) -> Column:
        """The column with this key. Raises KeyError."""
        return next((c for c in self.columns if c.key == key), None) or _missing(key)

    def position(self, key: str) -> int:
        """The 0-based position of a column at creation. Raises KeyError."""
        return self.columns.index(self.column(key))

    @model_validator(mode="after")
    def _check(self) -> Self:
        keys = [c.key for c in self.columns]
        if len(set(keys)) != len(keys):
            raise ValueError(f"tab {self.key}: two columns have the same key")
        missing = REQUIRED_COLUMNS.get(self.role, frozenset()) - set(keys)
        if missing:
            raise ValueError(f"tab {self.key}: a tab with role {self.role} needs the column {min(missing)}")
        if self.role in {"review", "summary"} and self.cadence is None:
            raise ValueError(f"tab {self.key}: a tab with role {self.role} needs a cadence")
        return self


def _missing(key: str) -> Column:
    raise KeyError(key)


class WorkbookTemplate(_Model):
    """A whole workbook. `title` may hold `{year}`."""

    name: str
    title: str
    description: str = ""
    tabs: tuple[Tab, ...]

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

    @model_validator(mode="after")
    def _check(self) -> Self:
        for what in ("key", "title"):
            values = [getattr(t, what).casefold() for t in self.tabs]
            twice = next((v for v in values if values.count(v) > 1), None)
            if twice:
                raise ValueError(f"two tabs have the {what} {twice!r}")
        for role in ("people", "activities", "log"):
            if not self.first(role):
                raise ValueError(f"no tab has the role {role}")
        self._check_choices()
        return self

    def _check_choices(self) -> None:
        for tab in self.tabs:
            for column in tab.columns:
                if column.choices_from is None:
                    continue
                source, _, key = column.choices_from.partition(".")
                if not any(t.key == source and any(c.key == key for c in t.columns) for t in self.tabs):
                    raise ValueError(f"tab {tab.key}, column {column.key}: no column {column.choices_from!r}")


def parse_template(mapping: Mapping[str, Any], where: str) -> WorkbookTemplate:
    """The template in a mapping; `where` names its file. Raises `ConfigError` with every problem and its path."""
    try:
        return WorkbookTemplate.model_validate(mapping)
    except ValidationError as error:
        problems = [_in_words(e) for e in error.errors()]
        raise ConfigError(f"{where}: " + "; ".join(problems)) from None


def _in_words(error: Any) -> str:
    path = ".".join(str(part) for part in error["loc"]) or "template"
    return f"{path}: {error['msg'].removeprefix('Value error, ')}"
