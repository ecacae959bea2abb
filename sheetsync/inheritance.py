"""What a template that extends another one comes to: keys given replace, tabs and columns are merged by their key.

Every value keeps the place it was written at, so that a mistake is told in the file and line where it was made.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sheetsync.flaws import Flaw, Location, did_you_mean

_DEEPEST = 8  # deeper than any template; an alias to what is above it would never end
_NEEDED = {"tab": ("title", "role", "columns"), "column": ("title",)}


@dataclass(frozen=True, slots=True)
class Traced:
    """A value with the number of the file it was written in, and its place there."""

    value: Any
    source: int
    at: Location


def traced(value: Any, source: int, at: Location = ()) -> Traced:
    """A value from YAML with each part's place; `source` numbers its file."""
    if len(at) < _DEEPEST and isinstance(value, dict):
        return Traced({key: traced(item, source, (*at, str(key))) for key, item in value.items()}, source, at)
    if len(at) < _DEEPEST and isinstance(value, list):
        return Traced([traced(item, source, (*at, n)) for n, item in enumerate(value)], source, at)
    return Traced(value, source, at)


def plain(node: Traced) -> Any:
    """The value without its places."""
    if isinstance(node.value, dict):
        return {key: plain(item) if isinstance(item, Traced) else item for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) if isinstance(item, Traced) else item for item in node.value]
    return node.value


def written_at(node: Traced, at: Location) -> tuple[int, Location]:
    """The file and the place there where the value at a place of the whole was written, or should have been."""
    for depth, part in enumerate(at):
        inside = _item(node, part)
        if inside is None:
            return node.source, (*node.at, *at[depth:])
        node = inside
    return node.source, node.at


def _item(node: Traced, part: str | int) -> Traced | None:
    known = isinstance(node.value, dict) or (
        isinstance(node.value, list) and isinstance(part, int) and part < len(node.value)
    )
    item = (node.value.get(part) if isinstance(node.value, dict) else node.value[part]) if known else None
    return item if isinstance(item, Traced) else None


def extended(base: Traced, over: Traced) -> tuple[Traced, list[Flaw]]:
    """A template on top of another one, and what in `over` fits nowhere, at its place in `over`."""
    flaws: list[Flaw] = []
    merged = {**base.value, **over.value}
    kept = base.value
    if "drop" in over.value:
        kept = {**kept, "tabs": _without(base, over.value["drop"], flaws)}
    tabs = kept.get("tabs")
    if "tabs" in over.value:
        tabs = _merged(tabs, over.value["tabs"], "tab", _tab(flaws), flaws)
    if tabs is not None:
        before = {str(_key(tab)): tab for tab in _items(base.value.get("tabs"))}
        rows = [_with_examples(before.get(str(_key(tab))), tab) for tab in _items(tabs)]
        merged["tabs"] = replace(tabs, value=rows) if rows else tabs
    for key in ("extends", "drop"):
        merged.pop(key, None)
    return Traced(merged, over.source, over.at), flaws


def _items(node: Traced | None) -> list[Traced]:
    items: list[Traced] = node.value if node is not None and isinstance(node.value, list) else []
    return items


def _key(node: Traced) -> Any:
    key = node.value.get("key") if isinstance(node.value, dict) else None
    return key.value if key is not None else None


def _keys(nodes: Iterable[Traced]) -> list[str]:
    return [str(_key(node)) for node in nodes]


# ---- taking away --------------------------------------------------------------------------------------------------


def _without(base: Traced, drop: Traced, flaws: list[Flaw]) -> Traced:
    """The tabs of a template less those dropped, `tab` or `tab.column`."""
    tabs: Traced = base.value.get("tabs", base)
    known = set(_paths(_items(tabs)))
    wanted: set[str] = set()
    if not isinstance(drop.value, list):
        flaws.append(Flaw(drop.at, "a list is needed, such as [team, people.group]"))
    for node in _items(drop):
        path = str(node.value)
        wanted.add(path)
        if path not in known:
            near = did_you_mean(path, sorted(known)) or "; name a tab's key, or its key and a column's: people.group"
            flaws.append(Flaw(node.at, f"there is nothing called {path} to drop{near}"))
    left = [_narrowed(tab, wanted, drop) for tab in _items(tabs) if str(_key(tab)) not in wanted]
    # What is missing now is missing because of the line with `drop`.
    return Traced(left, drop.source, drop.at)


def _paths(tabs: Iterable[Traced]) -> Iterator[str]:
    for tab in tabs:
        yield str(_key(tab))
        if isinstance(tab.value, dict):
            yield from (f"{_key(tab)}.{key}" for key in _keys(_items(tab.value.get("columns"))))


def _narrowed(tab: Traced, dropped: set[str], drop: Traced) -> Traced:
    columns = tab.value.get("columns") if isinstance(tab.value, dict) else None
    if columns is None or not any(path.startswith(f"{_key(tab)}.") for path in dropped):
        return tab
    left = [column for column in _items(columns) if f"{_key(tab)}.{_key(column)}" not in dropped]
    return Traced({**tab.value, "columns": replace(columns, value=left)}, drop.source, drop.at)


# ---- putting on top -----------------------------------------------------------------------------------------------

Merge = Callable[[Traced, Traced], Traced]


def _merged(base: Traced | None, over: Traced, what: str, merge: Merge, flaws: list[Flaw]) -> Traced:
    """A list of tabs or columns on top of another one: merged by key, new ones behind the one named by `after`."""
    if not isinstance(over.value, list):
        return over
    items = list(_items(base))
    for node in over.value:
        keys = _keys(items)
        key = str(_key(node))
        if _key(node) is not None and key in keys:
            items[keys.index(key)] = merge(items[keys.index(key)], node)
        elif isinstance(node.value, dict) and not _is_new(node, what, keys, flaws):
            continue
        else:
            items.append(_placed_nowhere(node))
        if _key(node) is not None and "after" in node.value:
            _move(items, key, node.value["after"], what, flaws)
    return Traced(items, over.source, over.at)


def _is_new(node: Traced, what: str, known: Sequence[str], flaws: list[Flaw]) -> bool:
    """Whether a tab or column may stand alone. One that lacks much was meant for one that is there already."""
    lacking = [key for key in _NEEDED[what] if key not in node.value]
    if "key" in node.value and lacking:
        near = did_you_mean(str(_key(node)), known)
        needed = f"; a new {what} needs {' and '.join(lacking)}" if not near else ""
        flaws.append(Flaw((*node.at, "key"), f"there is no {what} {_key(node)} to change{near}{needed}"))
        return False
    return True


def _placed_nowhere(node: Traced) -> Traced:
    if not isinstance(node.value, dict) or "after" not in node.value:
        return node
    return replace(node, value={key: item for key, item in node.value.items() if key != "after"})


def _move(items: list[Traced], key: str, after: Traced, what: str, flaws: list[Flaw]) -> None:
    others = [other for other in _keys(items) if other != key]
    if str(after.value) not in others:
        flaws.append(Flaw(after.at, f"there is no {what} {after.value}{did_you_mean(str(after.value), others)}"))
        return
    moved = items.pop(_keys(items).index(key))
    items.insert(_keys(items).index(str(after.value)) + 1, moved)


def _tab(flaws: list[Flaw]) -> Merge:
    def merge(base: Traced, over: Traced) -> Traced:
        together = _column(base, over)
        columns = base.value.get("columns")
        if "columns" in over.value:
            together.value["columns"] = _merged(columns, over.value["columns"], "column", _column, flaws)
        return together

    return merge


def _column(base: Traced, over: Traced) -> Traced:
    return Traced({**base.value, **_placed_nowhere(over).value}, over.source, over.at)


def _with_examples(before: Traced | None, tab: Traced) -> Traced:
    """A tab whose inherited example rows follow its columns, which may be others now, or in another order."""
    if before is None or not isinstance(tab.value, dict):
        return tab
    examples = tab.value.get("examples")
    old, new = (_keys(_items(t.value.get("columns"))) for t in (before, tab))
    if examples is None or examples is not before.value.get("examples") or old == new:
        return tab
    rows = []
    for row in _items(examples):
        cells = dict(zip(old, _items(row), strict=False))
        rows.append(replace(row, value=[cells.get(key, Traced(None, row.source, row.at)) for key in new]))
    return replace(tab, value={**tab.value, "examples": replace(examples, value=rows)})
