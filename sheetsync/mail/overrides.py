"""People's own email templates: which of their files and blocks would be ignored, because nothing has that name.

A file counts if a built-in one has its name or another of theirs names it; a block, if a template it extends has it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sheetsync.errors import ConfigError
from sheetsync.names import Names

if TYPE_CHECKING:
    from jinja2.nodes import Template

_BUILT_IN = "built-in/"
_MOST = 3  # mistakes that are named at once


def check_overrides(own: Path, built_in: Path) -> None:
    """Raises `ConfigError` that names the files and blocks of `own` that mean nothing; it need not exist."""
    mine, theirs = _files(own), _files(built_in)
    parsed = {name: found for name, path in mine.items() if (found := _parsed(path)) is not None}
    mistakes = [*_unused_files(mine, Names("template", theirs), parsed)]
    for name, template in parsed.items():
        mistakes += _unused_blocks(mine[name], template, mine, theirs)
    if mistakes:
        more = f"; and {len(mistakes) - _MOST} more" if len(mistakes) > _MOST else ""
        raise ConfigError("; ".join(mistakes[:_MOST]) + more)


def _files(folder: Path) -> dict[str, Path]:
    """The files of a folder by their names in templates; what editors leave behind is none of them."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path for name, path in named.items() if not path.name.startswith(".") and name[-1] != "~"}


def _parsed(path: Path) -> "Template | None":
    """A template's syntax tree; None for what is none, or wrong, which shows when it is rendered."""
    from jinja2 import Environment, TemplateSyntaxError

    if path.suffix != ".j2":
        return None
    try:
        # Only read: it is filled, if at all, by the sandbox, which makes what is typed harmless.
        return Environment(autoescape=True).parse(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, TemplateSyntaxError, RecursionError):
        return None


def _unused_files(mine: Mapping[str, Path], known: Names, parsed: Mapping[str, "Template"]) -> Iterator[str]:
    from jinja2.meta import find_referenced_templates

    used = {*known, *(name for template in parsed.values() for name in find_referenced_templates(template) if name)}
    for name, path in mine.items():
        nearest = known.nearest(name)
        # A file that is neither a template nor like one is somebody's note.
        if name not in used and (path.suffix == ".j2" or f"{name.lower()}.j2" in known):
            hint = f"did you mean “{nearest}”?" if nearest else "docs/emails.md lists them"
            yield f"{path}: no email template is called “{name}”; {hint}"


def _unused_blocks(
    path: Path, template: "Template", mine: Mapping[str, Path], theirs: Mapping[str, Path]
) -> Iterator[str]:
    from jinja2.nodes import Block

    known: set[str] = set()
    name, seen = _parent(template), {path}
    if name is None:
        return
    while name is not None:
        within = theirs if name.startswith(_BUILT_IN) else {**theirs, **mine}
        parent = within.get(name.removeprefix(_BUILT_IN))
        above = _parsed(parent) if parent and parent not in seen else None
        if parent is None or above is None:
            return  # rendering says what is wrong with it
        seen.add(parent)
        known |= {block.name for block in above.find_all(Block)}
        name = _parent(above)
    blocks = Names("block", sorted(known))
    for block in (node for node in template.body if isinstance(node, Block) and node.name not in known):
        nearest = blocks.nearest(block.name)
        hint = f"; did you mean “{nearest}”?" if nearest else ""
        yield f"{path}, line {block.lineno}: what it extends has no block “{block.name}”{hint}"


def _parent(template: "Template") -> str | None:
    from jinja2.nodes import Const, Extends

    extends = template.find(Extends)
    named = extends.template if extends else None
    return str(named.value) if isinstance(named, Const) else None
