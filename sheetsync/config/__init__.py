"""What a person decides once, in `config.yaml`: where the workbook is, how time is cut, who may be written to.

A configuration is read whole, and everything that is wrong with it is said at once, each with its line and path.
Templates are found beside it (`templates`), since they are files that the configuration names.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sheetsync.config.model import Config, Email, did_you_mean, keys_of, secret
from sheetsync.config.templates import (
    TemplateError,
    TemplateProblem,
    find_template,
    known_templates,
    templates_folder,
)
from sheetsync.config.yamlfile import Location, YamlText, in_short, parse_yaml, read_text
from sheetsync.errors import ConfigError

__all__ = [
    "Config", "Email", "TemplateError", "TemplateProblem", "find_template", "known_templates", "load_config",
    "secret", "templates_folder", "write_config",
]  # fmt: skip

_PACKAGE = Path(__file__).parent.parent
_PLAIN = re.compile(r"[A-Za-z0-9./][\w./@+ -]*(?<! )")
_WORDS = {
    "string_type": "a text is needed",
    "int_parsing": "a whole number is needed",
    "int_type": "a whole number is needed",
    "greater_than_equal": "a number from 1 to 65535 is needed",
    "less_than_equal": "a number from 1 to 65535 is needed",
    "tuple_type": 'a list is needed, such as ["*@example.com"]',
    "model_type": "keys are needed below it, each on an indented line of its own",
    "dict_type": "keys are needed below it, each on an indented line of its own",
    "mapping_type": "keys are needed below it, each on an indented line of its own",
    "invalid_key": "a key is a text",
    "missing": "is missing; name a file such as goals.xlsx, or the URL or id of a Google Sheet",
}


def load_config(path: Path) -> Config:
    """The configuration in a file. Raises `ConfigError` with every problem, each with its line and dotted path."""
    remedy = "write one with 'sheetsync init' or name it with -c"
    config = _parse(read_text(path, remedy), str(path))
    config._folder = path.parent
    return config


def write_config(
    path: Path,
    *,
    workbook: str,
    template: str = "sales",
    timezone: str = "Europe/London",
    week_starts: str = "monday",
    year_starts: str = "january",
    holidays: str | None = None,
    credentials: str | None = None,
    sender: str | None = None,
    recipients: Sequence[str] = (),
) -> None:
    """Write the commented example with these values. Raises `ConfigError` for a wrong value or an existing file."""
    values: dict[Location, object] = {
        ("workbook",): workbook,
        ("template",): template,
        ("timezone",): timezone,
        ("week_starts",): week_starts,
        ("year_starts",): year_starts,
        ("holidays",): holidays,
        ("google", "credentials"): credentials,
        ("email", "recipients"): list(recipients),
    }
    if sender is not None:
        values["email", "from"] = sender
    text = _filled(_example(), values)
    _parse(text, str(path))
    try:
        # It may come to hold a password.
        with open(path, "x", encoding="utf-8", newline="\n", opener=_private) as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; change it by hand, or name another file with -c") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _parse(text: str, name: str) -> Config:
    read = parse_yaml(text, name)
    problems = _given_twice(read)
    try:
        config = Config.model_validate(read.mapping)
    except RecursionError:
        raise ConfigError(f"{name}: a value has far too many brackets; write it plainly") from None
    except ValidationError as error:
        problems += [_placed(read, e["loc"], _in_words(e)) for e in error.errors(include_url=False)]
        raise ConfigError(_one_line(name, problems)) from None
    _raise_if_any(name, problems)
    return config


def _given_twice(read: YamlText) -> list[tuple[int, str]]:
    return [(read.lines[at], f"{_dotted(at)}: given twice; keep one") for at in read.twice]


def _raise_if_any(name: str, problems: Sequence[tuple[int, str]]) -> None:
    if problems:
        raise ConfigError(_one_line(name, problems))


def _one_line(name: str, problems: Sequence[tuple[int, str]]) -> str:
    """All problems in the order of their lines; 0 is a problem without one."""
    said = [f"line {line}, {what}" if line else what for line, what in sorted(problems)]
    return f"{name}: " + in_short(said)


def _placed(read: YamlText, location: Location, words: str) -> tuple[int, str]:
    """A problem with its path and the line of the nearest key that is really written."""
    at = tuple(part for part in location if part != "[key]")
    line = next((read.lines[at[:n]] for n in range(len(at), 0, -1) if at[:n] in read.lines), 0)
    return line, f"{_dotted(at)}: {words}"


def _dotted(location: Location) -> str:
    return ".".join(str(part) for part in location) or "configuration"


def _in_words(error: Any) -> str:
    """What pydantic found, as a person would say it. What is typed in a secret's place is never repeated."""
    kind = error["type"]
    if kind == "extra_forbidden":
        return "unknown key" + _right_key(error["loc"])
    if kind == "literal_error":
        choices = error["ctx"]["expected"].replace("'", "")
        names = re.split(r", | or ", choices)
        return f"“{error['input']}” is none of {choices}{did_you_mean(str(error['input']), names)}"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    return _WORDS.get(kind, str(error["msg"]))


def _right_key(location: Location) -> str:
    """The known key that is meant: a similar one in the same section, or the same one in another section."""
    paths = list(_all_keys(Config, ()))
    above, written = location[:-1], str(location[-1])
    near = did_you_mean(written, [str(p[-1]) for p in paths if p[:-1] == above])
    elsewhere = next((f"; did you mean {_dotted(p)}?" for p in paths if p[-1] == written), "")
    siblings = ", ".join(str(p[-1]) for p in paths if p[:-1] == above)
    return near or elsewhere or f"; known here are {siblings}"


def _all_keys(section: type[BaseModel], above: Location) -> Iterator[Location]:
    for key, kind in keys_of(section).items():
        yield (*above, key)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _all_keys(kind, (*above, key))


def _example() -> str:
    installed = _PACKAGE / "config.example.yaml"
    path = installed if installed.is_file() else _PACKAGE.parent / "config.example.yaml"
    return read_text(path, "install sheetsync again")


def _filled(text: str, values: Mapping[Location, object]) -> str:
    """The YAML text with other values in the same places: comments and order stay."""
    nodes = parse_yaml(text, "config.example.yaml").nodes
    for at, value in sorted(values.items(), key=lambda item: -nodes[item[0]].start_mark.index):
        start, end = nodes[at].start_mark.index, nodes[at].end_mark.index
        text = text[:start] + _scalar(value) + text[end:]
    return text


def _scalar(value: object) -> str:
    """A value as YAML on one line, quoted only where needed; JSON is YAML."""
    plain = (
        isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in {"null", "on", "off", "yes", "no"}
    )
    return str(value) if plain else json.dumps(value, ensure_ascii=False)
