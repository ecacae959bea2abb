"""Reading a YAML file kindly: every scalar is text, a key given twice is a problem, and every key knows its line.

Reading scalars as text spares people YAML's surprises: `on` is no truth value, `16:00` is not 960, `0123` not 83.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sheetsync.errors import ConfigError

Location = tuple[str | int, ...]


class _TextLoader(yaml.SafeLoader):
    """Only `null` and a missing value are no text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  as the parent has it
        first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, slots=True)
class YamlText:
    """A mapping read from YAML: its value, the nodes of its values by path, its keys' lines, and keys given twice."""

    mapping: dict[Any, Any]
    nodes: Mapping[Location, yaml.Node]
    lines: Mapping[Location, int]
    twice: tuple[Location, ...]


def read_text(path: Path, what: str) -> str:
    """The text of a file. Raises `ConfigError`; `what` ends the message for a file that is not there."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{path} is not here; {what}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{path} cannot be read: {reason}; name a file that can") from None


def parse_yaml(text: str, name: str) -> YamlText:
    """The mapping that a YAML text holds; `name` is the file's. Raises `ConfigError`."""
    try:
        loader = _TextLoader(text)
        root = loader.get_single_node()
        value = loader.construct_document(root) if root is not None else None
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: {_not_yaml(error)}") from None
    except RecursionError:
        raise ConfigError(f"{name}: nested too deeply; write at most three levels") from None
    if value is None:
        raise ConfigError(f"{name} is empty; write at least the line “workbook: goals.xlsx”")
    if not isinstance(value, dict):
        raise ConfigError(f"{name} holds no keys; write lines such as “workbook: goals.xlsx”")
    keys = list(_keys(root, ()))
    lines = {location: key.start_mark.line + 1 for location, key, _ in keys}
    nodes = {location: node for location, _, node in keys}
    written = Counter(location for location, _, _ in keys)
    return YamlText(value, nodes, lines, tuple(location for location, times in written.items() if times > 1))


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
