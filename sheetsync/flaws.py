"""What is wrong with a template, all of it at once: each flaw with its place, in words, and with what to do.

First what each value must be, then what the parts must be to each other. The second looks at whatever the first
could make sense of, so that one misspelt key hides no other mistake.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from pydantic import BaseModel, ValidationError

from sheetsync.cells import fold
from sheetsync.formulas import LOOKED_UP
from sheetsync.live import OUTCOME_LINES, TREND_LINES
from sheetsync.names import Names
from sheetsync.template import KEY, REQUIRED_COLUMNS, TOOL_ROLES, Column, Tab, WorkbookTemplate

Location = tuple[str | int, ...]

# Excel takes no more, and Google 100; a template is for both.
_LONGEST_TITLE = 31
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
# The names beside those that mark the tabs of a local workbook.
_RESERVED = frozenset(("plan", "template", "version"))
# What a line of an intro may show, by role.
_WRITTEN = ["{as_of}", "{problems}"]
_SHOWN = {
    **dict.fromkeys(TOOL_ROLES, _WRITTEN),
    "dashboard": [*_WRITTEN, "{banner}", "{links}", "{choose_who}", "{choose_activity}"],
    "series": [f"{{{line}}}" for line in (*TREND_LINES, *OUTCOME_LINES)],
}
_NEEDED_ROLES = ("people", "activities", "log")
_WORDS = {
    "missing": "is missing",
    "string_type": "a text is needed; put it between quotes",
    "bool_type": "true or false is needed",
    "bool_parsing": "true or false is needed",
    "int_type": "a whole number is needed",
    "int_parsing": "a whole number is needed",
    "int_from_float": "a whole number is needed",
    "tuple_type": "a list is needed",
    "model_type": "keys are needed here, such as key and title",
    "dict_type": "keys are needed here, such as key and title",
    "mapping_type": "keys are needed here, such as key and title",
    "invalid_key": "a key is a text; put it between quotes",
    "string_too_short": "is blank; give it a name",
    "greater_than_equal": "a number from {ge} on is needed",
    "less_than_equal": "a number up to {le} is needed",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong: where in the mapping, and what, with its remedy."""

    at: Location
    what: str


def examined(mapping: Mapping[str, Any]) -> tuple[WorkbookTemplate | None, list[Flaw]]:
    """The template in a mapping, or None and its flaws in the order of their places."""
    template, flaws = None, []
    try:
        template = WorkbookTemplate.model_validate(mapping)
    except ValidationError as error:
        flaws = list(dict.fromkeys(_of_a_value(e) for e in error.errors(include_url=False)))
    flaws += _between_parts(mapping)
    return (None if flaws else template), flaws


def dotted(at: Location, mapping: Any) -> str:
    """A place for people: tabs and columns by their keys, `tabs.log.columns.date.width`."""
    parts: list[str] = []
    value = mapping
    for part in at:
        value = _below(value, part)
        key = value.get("key") if isinstance(part, int) and isinstance(value, Mapping) else None
        parts.append(str(key) if key else str(part))
    return ".".join(parts) or "template"


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the most similar known text, or nothing."""
    nearest = Names("key", known).nearest(text) if len(text) > 1 else None
    return f"; did you mean {nearest}?" if nearest else ""


def _below(value: Any, part: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(part)
    inside = isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)
    return value[part] if inside else None


# ---- what each value must be --------------------------------------------------------------------------------------


def _of_a_value(error: Any) -> Flaw:
    """What pydantic found, as a person would say it."""
    kind, at = error["type"], tuple(part for part in error["loc"] if part != "[key]")
    if "examples" in at:
        # A cell may be one of several things, and pydantic says of each why it is not.
        return Flaw(at[:5], "a text, a number, a date or nothing is needed in each cell of a list of lists")
    if kind == "extra_forbidden":
        return Flaw(at, f"unknown key{_right_key(at)}")
    if kind in {"literal_error", "enum"}:
        names = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        return Flaw(at, f"“{error['input']}” is none of {', '.join(names)}{did_you_mean(str(error['input']), names)}")
    if kind == "string_pattern_mismatch":
        return Flaw(at, f"“{error['input']}”: a colour such as #0f766e is needed")
    return Flaw(at, _WORDS.get(kind, str(error["msg"])).format(**error.get("ctx", {})))


def _right_key(at: Location) -> str:
    known = list(_model_at(at).model_fields)
    special = {"extends": "", "drop": " (only with extends)", "after": " (only in a template that extends another)"}
    written = str(at[-1])
    return special.get(written) or did_you_mean(written, known) or f"; known here are {', '.join(known)}"


def _model_at(at: Location) -> type[BaseModel]:
    return Column if "columns" in at else Tab if "tabs" in at and len(at) > 2 else WorkbookTemplate


# ---- what the parts must be to each other -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """A tab or column as far as it can be understood; what is missing or of a wrong type is blank."""

    at: Location
    values: Mapping[str, Any]

    def __getitem__(self, key: str) -> str:
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def parts(self, key: str) -> list["_Part"]:
        """The tabs or columns in the list under a key."""
        listed = self.values.get(key)
        items = enumerate(listed) if isinstance(listed, list | tuple) else ()
        return [_Part((*self.at, key, n), item) for n, item in items if isinstance(item, Mapping)]

    def texts(self, key: str) -> list[str]:
        """The texts in the list under a key."""
        listed = self.values.get(key)
        return [item for item in listed if isinstance(item, str)] if isinstance(listed, list | tuple) else []

    def keys(self) -> list[str]:
        """The keys of the columns."""
        return [column["key"] for column in self.parts("columns")]


def _between_parts(mapping: Mapping[str, Any]) -> Iterator[Flaw]:
    whole = _Part((), mapping)
    tabs = whole.parts("tabs")
    try:
        whole["title"].format(year="")
    except (LookupError, ValueError, AttributeError):
        yield Flaw(("title",), "only {year} may stand between braces")
    yield from _keys_and_titles(tabs, "tab")
    for role in _NEEDED_ROLES:
        if all(tab["role"] != role for tab in tabs):
            needed = " and ".join(sorted(REQUIRED_COLUMNS[role]))
            yield Flaw(("tabs",), f"no tab has the role {role}; add one, with the columns {needed}")
    yield from _of_charts(tabs)
    if tabs and tabs[0].values.get("hidden") is True:
        yield Flaw((*tabs[0].at, "hidden"), "the first tab is always seen; hide another one, or move it")
    for tab in tabs:
        yield from _of_a_tab(tab)
        for column in tab.parts("columns"):
            yield from _of_a_column(tab, column, tabs)


def _keys_and_titles(parts: Sequence[_Part], what: str) -> Iterator[Flaw]:
    for part in parts:
        if part["key"] and not re.fullmatch(KEY, part["key"]):
            yield Flaw(
                (*part.at, "key"), f"“{part['key']}”: small letters, digits and _ are needed, such as time_off"
            )
    for key in ("key", "title"):
        seen: set[str] = set()
        for part in parts:
            value = fold(part[key])
            if value and value in seen:
                yield Flaw((*part.at, key), f"another {what} has the {key} “{part[key]}” too; change one")
            seen.add(value)


def _of_a_tab(tab: _Part) -> Iterator[Flaw]:
    role, columns = tab["role"], tab.parts("columns")
    if tab["key"] in _RESERVED:
        yield Flaw((*tab.at, "key"), f"no tab may have the key {tab['key']}; choose another one")
    yield from (Flaw((*tab.at, "title"), what) for what in _wrong_with_title(tab.values.get("title")))
    yield from _keys_and_titles(columns, "column of this tab")
    yield from _of_its_display(tab)
    for key in sorted(REQUIRED_COLUMNS.get(role, frozenset()) - set(tab.keys())):
        near = did_you_mean(key, tab.keys()).replace("did you mean", "is it").replace("?", "? Then give it that key")
        yield Flaw(tab.at, f"a tab with the role {role} needs a column with the key {key}{near}")
    if role in {"review", "summary"} and tab.values.get("cadence") is None:
        yield Flaw(tab.at, f"a tab with the role {role} needs a cadence: day, week, month, quarter or year")
    if tab.values.get("activity_columns") is True and role != "tally":
        yield Flaw((*tab.at, "activity_columns"), "only a tab with the role tally has a column for each activity")
    if tab.values.get("intro") and columns and columns[0].values.get("hidden") is True:
        yield Flaw((*columns[0].at, "hidden"), "the intro stands in the first column; hide another one, or move it")
    examples = tab.values.get("examples")
    for number, example in enumerate(examples if isinstance(examples, list | tuple) else ()):
        if role in TOOL_ROLES:
            yield Flaw((*tab.at, "examples"), f"a tab with the role {role} is written by the tool; leave them out")
            break
        if isinstance(example, list | tuple) and len(example) > len(columns):
            cells = f"{len(example)} cells for {len(columns)} columns"
            yield Flaw((*tab.at, "examples", number), f"{cells}; write one for each column, in their order")


def _of_its_display(tab: _Part) -> Iterator[Flaw]:
    """What is wrong with the lines above the header, the charts and the conditional formats."""
    role, intro, rules = tab["role"], tab.values.get("intro"), tab.parts("rules")
    for number, line in enumerate(intro if isinstance(intro, list | tuple) else ()):
        known = [shown for shown in _SHOWN.get(role, ()) if isinstance(line, str) and line.strip().startswith("{")]
        if isinstance(line, str) and line.startswith("{") and line not in known:
            near = did_you_mean(line, known) or ("; here are " + ", ".join(known) if known else "; leave it out")
            yield Flaw((*tab.at, "intro", number), f"a tab with the role {role} cannot show {line}{near}")
    for chart in tab.parts("charts"):
        yield from _of_names(chart)
    if tab.parts("charts") and role != "dashboard":
        yield Flaw((*tab.at, "charts"), "only a tab with the role dashboard has charts")
    for rule in rules:
        for key in rule.texts("columns"):
            if key not in (known := tab.keys()):
                near = did_you_mean(key, known) or "; name keys of this tab"
                yield Flaw((*rule.at, "columns"), f"there is no column {key}{near}")
        value = rule.values.get("value")
        if rule["when"] in {"equals", "at_least", "below"} and value is None:
            yield Flaw(rule.at, f"{rule['when']} needs a value")
        elif rule["when"] in {"at_least", "below"} and not _is_finite(value):
            yield Flaw((*rule.at, "value"), f"{rule['when']} compares numbers; write one, such as 0.85")
        if rule["when"] == "current" and role != "review":
            yield Flaw((*rule.at, "when"), "only rows of tabs with the role review are about a period")
        if not (rule.values.get("fill") or rule.values.get("ink") or rule.values.get("bold")):
            yield Flaw(rule.at, "changes nothing; give it a fill, an ink or bold")


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _of_names(chart: _Part) -> Iterator[Flaw]:
    lines = {"trend": TREND_LINES, "outcome": OUTCOME_LINES}.get(chart["kind"], (*TREND_LINES, *OUTCOME_LINES))
    names = chart.values.get("names")
    for key in names if isinstance(names, Mapping) else ():
        if key not in lines:
            near = did_you_mean(str(key), lines) or f"; its lines are {', '.join(lines)}"
            yield Flaw((*chart.at, "names", str(key)), f"this chart has no line {key}{near}")


def _wrong_with_format(text: str) -> str:
    """Why no program would take a number format, in words; "" for one that looks right."""
    bare = re.sub(r'"[^"]*"|\\.', "", text)
    if '"' in bare:
        return 'a " is not closed'
    if bare.count("[") != bare.count("]"):
        return "a [ is not closed, or there is one too many"
    return "a format has four parts at most, between semicolons" if bare.count(";") > 3 else ""


def _of_charts(tabs: Sequence[_Part]) -> Iterator[Flaw]:
    """What draws or tells the time needs the tab with its values."""
    series = next((tab for tab in tabs if tab["role"] == "series"), None)
    for tab in tabs:
        needing = [line for line in tab.texts("intro") if line in {"{banner}", "{choose_who}", "{choose_activity}"}]
        for key in ("charts", "intro"):
            if series is None and (needing if key == "intro" else tab.parts(key)):
                yield Flaw(
                    (*tab.at, key),
                    f"a tab with the role series must hold the values for {', '.join(needing) or 'them'}",
                )
        drawn = [chart["kind"] for chart in tab.parts("charts")]
        chosen = "{choose_activity}" in tab.texts("intro")
        needed = [
            *(TREND_LINES if "trend" in drawn or chosen else ()),
            *(OUTCOME_LINES if "outcome" in drawn else ()),
        ]
        there = series.texts("intro") if series else []
        missing = [f"{{{line}}}" for line in needed if f"{{{line}}}" not in there]
        if series is not None and missing:
            yield Flaw((*series.at, "intro"), f"{tab['title']} needs the lines {', '.join(missing)} here")


def _wrong_with_title(title: object) -> Iterator[str]:
    if not isinstance(title, str):
        return
    if not title.strip():
        yield "is blank, which neither Excel nor Google takes; give the tab a title"
    if len(title) > _LONGEST_TITLE:
        yield f"{len(title)} characters, and Excel takes {_LONGEST_TITLE} (Google 100); shorten it"
    found = sorted(set(_NOT_IN_TITLES.findall(title)))
    if found:
        yield f"Excel refuses {' '.join(found)} in the title of a tab; leave it out"
    if title.startswith("'") or title.endswith("'"):
        yield "Excel refuses ' at the beginning or end of a tab's title; leave it out"
    if fold(title) == "history":
        yield "Excel keeps the title History for itself; choose another one"


def _of_a_column(tab: _Part, column: _Part, tabs: Sequence[_Part]) -> Iterator[Flaw]:
    if isinstance(column.values.get("title"), str) and not column["title"].strip():
        yield Flaw((*column.at, "title"), "is blank; columns are found by their titles")
    if wrong := _wrong_with_format(column["format"]):
        yield Flaw((*column.at, "format"), f"{wrong}; such as 0.0 or #,##0")
    source, choices = column["choices_from"], column.values.get("choices")
    if source:
        known = [f"{t['key']}.{key}" for t in tabs for key in t.keys()]  # noqa: SIM118  no mapping
        if source not in known:
            near = did_you_mean(source, known) or "; name a tab's key and a column's key, such as people.name"
            yield Flaw((*column.at, "choices_from"), f"there is no column {source}{near}")
        if choices:
            yield Flaw((*column.at, "choices_from"), "choices are given too; keep one of the two")
    elif column["type"] == "choice" and not choices:
        yield Flaw(column.at, "a column of the type choice needs choices or choices_from")
    if column["computed"]:
        for at, what in _uncomputable(tab, column["computed"], tabs):
            yield Flaw(at or (*column.at, "computed"), what)


def _uncomputable(tab: _Part, computed: str, tabs: Sequence[_Part]) -> Iterator[tuple[Location, str]]:
    """Why a computed column would stay blank, and which other tab is the reason, if one is."""
    if computed not in {"done", *LOOKED_UP}:
        return
    if tab["role"] != "review":
        yield (), "only a tab with the role review has computed columns: they are about a row's period and person"
        return
    for key in sorted({"period", "who"} - set(tab.keys())):
        yield (), f"{computed} is about a period and a person, and this tab has no column with the key {key}"
    cadence = str(tab.values.get("cadence") or "")
    if computed == "done":
        yield from _uncountable(tab, cadence, tabs)
        return
    summary = next((t for t in tabs if t["role"] == "summary" and t.values.get("cadence") == cadence), None)
    if summary is None:
        yield (), f"{computed} is looked up in a tab with the role summary and the cadence {cadence}; add one"
        return
    for key in sorted({"key", LOOKED_UP[computed]} - set(summary.keys())):
        yield summary.at, f"{tab['key']}.{computed} is looked up here and needs a column with the key {key}"
    if computed == "promise" and not _asks_for_a_promise(tabs):
        yield (), "promise is last week's next_action, and no tab with the cadence week has a column with that key"
    if computed in {"progress", "forecast"} and all(t["role"] != "goals" for t in tabs):
        yield (), f"{computed} is about a person's first goal, and no tab has the role goals"


def _uncountable(tab: _Part, cadence: str, tabs: Sequence[_Part]) -> Iterator[tuple[Location, str]]:
    if cadence != "day":
        yield (), "done counts a day, and this tab's rows are none; use score"
    for log in tabs:
        needed = {"log": {"date", "who", "count", "activity"}, "tally": {"date", "who"}}.get(log["role"], set())
        for key in sorted(needed - REQUIRED_COLUMNS.get(log["role"], frozenset()) - set(log.keys())):
            yield log.at, f"{tab['key']}.done counts this tab's rows and needs a column with the key {key}"


def _asks_for_a_promise(tabs: Iterable[_Part]) -> bool:
    weekly = (tab for tab in tabs if tab["role"] == "review" and tab.values.get("cadence") == "week")
    return any("next_action" in tab.keys() for tab in weekly)  # noqa: SIM118  no mapping
