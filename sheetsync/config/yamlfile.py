"""Reading a YAML file kindly: every scalar is text, a key given twice is a problem, and every key knows its line.

Reading scalars as text spares people YAML's surprises: `on` is no truth value, `16:00` is not 960, `0123` not 83.
Before anything is made of a text, its shape is looked at: a few lines of YAML can stand for a million.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from sheetsync.errors import ConfigError

Location = tuple[str | int, ...]

_LONGEST = 256 * 1024  # bytes; the longest built-in template has a tenth of that
_MOST = 12_000  # keys and values, repeated ones counted each time
_LONGEST_TEXT = 10_000  # characters of one value
_DEEPEST = 20
_IN_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_TOLD, _SAID = 50, 600  # problems that are told, and characters of each
_EVENTS: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where it is there
_PLAIN_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str"})


# In C where it is there: a workbook template is long, and every command reads it.
_TYPED_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _TextLoader(yaml.SafeLoader):
    """Only `null` and a missing value are no text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  as the parent has it
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class YamlText:
    """A mapping read from YAML, and where in the text its parts are: looked up when that is asked for."""

    mapping: dict[Any, Any]
    root: yaml.Node

    @cached_property
    def nodes(self) -> Mapping[Location, yaml.Node]:
        """The nodes of the values by path."""
        return {location: node for location, _, node in self._keys}

    @cached_property
    def lines(self) -> Mapping[Location, int]:
        """The 1-based line of each key."""
        return {location: key.start_mark.line + 1 for location, key, _ in self._keys}

    @property
    def twice(self) -> tuple[Location, ...]:
        """Keys that were given more than once."""
        written = Counter(location for location, _, _ in self._keys)
        return tuple(location for location, times in written.items() if times > 1)

    @cached_property
    def _keys(self) -> Sequence[tuple[Location, yaml.Node, yaml.Node]]:
        return list(_keys(self.root, ()))


def read_text(path: Path, what: str) -> str:
    """The text of a file. Raises `ConfigError`; `what` ends the message for a file that is not there."""
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
        if len(content) > _LONGEST:
            raise ConfigError(f"{path}: has more than {_LONGEST // 1024} KB; is it the right file?")
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise ConfigError(f"{path} is not here; {what}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{path} cannot be read: {reason}; name a file that can") from None


def parse_yaml(text: str, name: str) -> YamlText:
    """The mapping that a YAML text holds; `name` is the file's. Raises `ConfigError`."""
    check_shape(text, name)
    try:
        value, root = _read(text, _TextLoader)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: {_not_yaml(error)}") from None
    return _placed(value, root, name, "workbook: goals.xlsx")


def parse_typed(text: str, name: str, *, trusted: bool = False) -> YamlText:
    """The same for people who know YAML: numbers and truth values are that. A `trusted` text's shape is as it is."""
    if not trusted:
        check_shape(text, name)
    try:
        value, root = _read(text, _TYPED_LOADER)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        parse_yaml(text, name)  # says more kindly what it does not like
        raise ConfigError(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    return _placed(value, root, name, "extends: sales")


def _read(text: str, kind: Any) -> tuple[Any, yaml.Node | None]:
    loader = kind(text)
    try:
        root = loader.get_single_node()
        return (loader.construct_document(root) if root is not None else None), root
    finally:
        loader.dispose()


def _placed(value: Any, root: yaml.Node | None, name: str, least: str) -> YamlText:
    if value is None:
        raise ConfigError(f"{name} is empty; write at least the line “{least}”")
    if not isinstance(value, dict):
        raise ConfigError(f"{name} holds no keys; write at least the line “{least}”")
    assert root is not None  # noqa: S101  it holds keys
    for node in _scalars(root, set()):
        if _IN_NO_TEXT.search(node.value):
            line = node.start_mark.line + 1
            raise ConfigError(f"{name}: line {line}: a character that no text has (NUL, half of a pair); delete it")
    return YamlText(value, root)


def _scalars(node: Any, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    """The scalars below a node, each once however often it is repeated."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield node
        return
    for part in node.value:
        for each in part if isinstance(part, tuple) else (part,):
            yield from _scalars(each, seen)


def in_short(problems: Sequence[str]) -> str:
    """All problems in one line; of hundreds the first, and of a long one its beginning."""
    said = [one if len(one) <= _SAID else one[:_SAID] + "…" for one in problems[:_TOLD]]
    more = [f"and {len(problems) - _TOLD:,} more"] if len(problems) > _TOLD else []
    return " | ".join(said + more)


def check_shape(text: str, name: str) -> None:
    """Raises `ConfigError` for a text that stands for far more than it shows, or asks for objects of Python."""
    try:
        events = _Shape(name)
        for event in yaml.parse(text, Loader=_EVENTS):
            events.take(event)
    except yaml.YAMLError:
        return  # said more kindly by what reads it


class _Shape:
    """How much the text stands for, event by event: an alias counts as much as what it repeats."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._sizes: dict[str, int] = {}
        self._open: list[tuple[str | None, int]] = []  # the anchors of what surrounds, and what was counted before it
        self._count = 0
        self._turns = 0

    def take(self, event: yaml.Event) -> None:
        """Count one event."""
        if isinstance(event, yaml.AliasEvent):
            self._count += self._size(event)
        elif isinstance(event, yaml.NodeEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self._open.pop()
            if anchor is not None:
                self._sizes[anchor] = self._count - before
        if self._count > _MOST:
            raise ConfigError(f"{self._name}: stands for more than {_MOST:,} keys and values; is it the right file?")

    def _begin(self, event: Any) -> None:
        if event.tag not in _PLAIN_TAGS:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")[:60]
            raise self._wrong(event, f"not YAML for such a file: the tag {tag}; delete it")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > _LONGEST_TEXT:
            raise self._wrong(event, f"a text of more than {_LONGEST_TEXT:,} characters; shorten it")
        before, self._count = self._count, self._count + 1
        if isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, before))
            if len(self._open) > _DEEPEST:
                raise self._wrong(event, "nested too deeply; write at most three levels")
        elif event.anchor is not None:
            self._sizes[event.anchor] = 1

    def _size(self, alias: Any) -> int:
        # A circle is harmless for those who look some levels deep, two are a bomb.
        self._turns += any(anchor == alias.anchor for anchor, _ in self._open)
        if self._turns > 1:
            raise self._wrong(alias, f"*{alias.anchor} stands within itself; write out what is meant")
        return self._sizes.get(alias.anchor, 1)

    def _wrong(self, event: Any, what: str) -> ConfigError:
        return ConfigError(f"{self._name}: line {event.start_mark.line + 1}: {what}")


def _keys(node: yaml.Node | None, above: Location) -> Iterator[tuple[Location, yaml.Node, yaml.Node]]:
    """Every key below a node: where it is, the key and its value. Deeper than any configuration is not looked at."""
    if len(above) > 8:
        return
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _keys(item, (*above, number))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            location = (*above, str(key.value))
            yield location, key, value
            yield from _keys(value, location)


def _not_yaml(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return "not YAML: it holds a character that is not text; save it as plain text"
    mark = error.problem_mark
    problem = " ".join((error.problem or "cannot be read").split())
    hint = "; indent with spaces, not tabs" if "\\t" in problem else "; is a quote, a colon or an indent wrong?"
    return f"not YAML at line {mark.line + 1}, column {mark.column + 1}: {problem}{hint}"
