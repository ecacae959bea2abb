"""Where templates are, and reading them: built-in ones by name, others by path, each with what it extends.

What is wrong is said at once, each problem with the file and line where it was written.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sheetsync.config.model import did_you_mean
from sheetsync.config.yamlfile import Location, YamlText, in_short, parse_typed, read_text
from sheetsync.errors import ConfigError
from sheetsync.flaws import Flaw, dotted, examined
from sheetsync.inheritance import Traced, extended, plain, traced, written_at
from sheetsync.template import WorkbookTemplate

_PACKAGE = Path(__file__).parent.parent
_ENDINGS = (".yaml", ".yml")
_IS_A_TEMPLATE = re.compile(r"^(tabs|extends)\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class TemplateProblem:
    """One thing that is wrong with a template: `line` is 1-based, 0 when there is none; `path` is dotted."""

    file: str
    line: int
    path: str
    what: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.path}" if self.line else self.path
        return f"{where}: {self.what}"


class TemplateError(ConfigError):
    """A template that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: Iterable[TemplateProblem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        files = groupby(self.problems, key=lambda problem: problem.file)
        super().__init__(" | ".join(f"{file}: " + in_short([str(one) for one in found]) for file, found in files))


@dataclass(frozen=True, slots=True)
class Known:
    """A template that can be named in the configuration. `problem` says why it cannot be used."""

    name: str
    built_in: bool
    tabs: int
    description: str
    problem: str = ""


def templates_folder() -> Path:
    """The folder of the built-in templates: inside the installed package, or at the top of a checkout."""
    installed = _PACKAGE / "templates"
    return installed if installed.is_dir() else _PACKAGE.parent / "templates"


def find_template(name: str, folder: Path) -> WorkbookTemplate:
    """The template with a built-in's name, or in the file `name` relative to `folder`.

    Raises `ConfigError`, `TemplateError` for a file that says something wrong.
    """
    return _resolved(_opened(name, folder, "template"))


def known_templates(folder: Path) -> list[Known]:
    """The built-in templates, then those in a folder, each by name."""
    found = [_known(name, folder, built_in=True) for name in _built_in()]
    files = sorted(path for path in folder.glob("*") if path.suffix in _ENDINGS and path.is_file())
    return found + [_known(path.name, folder, built_in=False) for path in files if _looks_like_one(path)]


def _known(name: str, folder: Path, *, built_in: bool) -> Known:
    try:
        template = find_template(name, folder)
    except ConfigError as error:
        return Known(name, built_in, 0, "", str(error))
    return Known(name, built_in, len(template.tabs), template.description)


def _looks_like_one(path: Path) -> bool:
    try:
        return bool(_IS_A_TEMPLATE.search(read_text(path, "")))
    except ConfigError:
        return False


def _built_in() -> dict[str, Path]:
    return {path.stem: path for path in sorted((templates_folder() / "workbooks").glob("*.yaml"))}


# ---- one file -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _File:
    """A template's file, and the problems seen while reading it."""

    path: Path
    read: YamlText
    built_in: bool

    @property
    def mapping(self) -> Mapping[str, Any]:
        """What it says."""
        return self.read.mapping

    def problem(self, at: Location, what: str) -> TemplateProblem:
        """A problem at a place in this file, with the line of the nearest key that is written there."""
        return TemplateProblem(str(self.path), self._line(at), dotted(at, self.mapping), what)

    def _line(self, at: Location) -> int:
        for depth in range(len(at), 0, -1):
            if at[:depth] in self.read.lines:
                return self.read.lines[at[:depth]]
            within = [line for place, line in self.read.lines.items() if place[:depth] == at[:depth]]
            if within:
                return min(within)
        return 0


def _opened(name: str, folder: Path, key: str) -> _File:
    """The file of a template named in `key` of some file in `folder`."""
    built_in = _built_in()
    path = built_in.get(name) or folder / Path(name).expanduser()
    if name not in built_in and not path.is_file() and not name.endswith(_ENDINGS):
        near = did_you_mean(name, built_in)
        raise ConfigError(f"{key}: “{name}” is unknown; there is {', '.join(built_in)}, or name a .yaml file{near}")
    text = read_text(path, f"built-in templates are {', '.join(built_in)}")
    return _File(path, parse_typed(text, str(path), trusted=name in built_in), name in built_in)


# ---- a file and what it extends -----------------------------------------------------------------------------------


def _resolved(file: _File) -> WorkbookTemplate:
    files = _with_bases(file)
    problems = [problem for one in files for problem in _given_twice(one)]
    whole = traced(files[-1].mapping, len(files) - 1)
    for number in range(len(files) - 2, -1, -1):
        whole, misfits = extended(whole, traced(files[number].mapping, number))
        problems += (files[number].problem(flaw.at, flaw.what) for flaw in misfits)
    mapping = plain(whole)
    template, flaws = examined(mapping)
    problems += (_placed(flaw, whole, mapping, files) for flaw in flaws)
    if problems or template is None:
        raise TemplateError(problems)
    return template


def _with_bases(file: _File) -> list[_File]:
    """A file, the one it extends, and so on."""
    files = [file]
    while "extends" in files[-1].mapping:
        last = files[-1]
        name = last.mapping["extends"]
        if not isinstance(name, str):
            raise TemplateError([last.problem(("extends",), "a template's name or path is needed")])
        try:
            base = _opened(name, last.path.parent, "extends")
        except ConfigError as error:
            said = str(error).removeprefix("extends: ")
            raise TemplateError([last.problem(("extends",), said)]) from None
        if any(base.path.resolve() == one.path.resolve() for one in files):
            circle = " → ".join([*(one.path.name for one in files), base.path.name])
            raise TemplateError([last.problem(("extends",), f"goes round in a circle: {circle}; extend another one")])
        files.append(base)
    return files


def _given_twice(file: _File) -> list[TemplateProblem]:
    if file.built_in:
        return []
    return [
        TemplateProblem(str(file.path), file.read.lines[at], ".".join(map(str, at)), "given twice; keep one")
        for at in file.read.twice
    ]


def _placed(flaw: Flaw, whole: Traced, mapping: Any, files: list[_File]) -> TemplateProblem:
    """A flaw of the whole, in the file where it was written."""
    number, at = written_at(whole, flaw.at)
    found = files[number].problem(at, flaw.what)
    return TemplateProblem(found.file, found.line, dotted(flaw.at, mapping), found.what)
