"""A digest becomes an email: templates say everything, typed text is made harmless before they see it.

Each kind of email has a subject, a plain text and an HTML template named after it. They are searched folder by
folder, so that a user's file replaces the built-in one of the same name; the built-in ones stay reachable as
`built-in/NAME`, to extend them. Templates that people wrote are filled apart (`apart.py`).
"""

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from sheetsync.addresses import valid_address
from sheetsync.digests import Digest
from sheetsync.errors import ConfigError
from sheetsync.mail.bars import heights, segments, text_bar
from sheetsync.mail.cleaning import header_text, typed_line, typed_text
from sheetsync.mail.messages import Email
from sheetsync.sentences import hundredths, percent, sparkline

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from jinja2 import Environment

_SIZE_LIMIT = 100_000  # bytes; Gmail cuts a message off a little above
_LONGEST = 2_000_000  # characters that one template may give; the built-in ones give a tenth of that
# What a wrong template comes to in Python.
_MISTAKES = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, OSError, SyntaxError)
_SAID = 500  # characters of what Jinja or Python says of a mistake
_LONGEST_TEMPLATE = 256 * 1024  # characters
_READ = 20_000  # characters of one text that are looked at; no email shows more than a thousand of them


@dataclass(frozen=True, slots=True)
class _Amount:
    """How much an email shows: lines in a list, how many of them with charts, characters of a text and a sentence."""

    lines: int
    charts: int
    text: int
    sentence: int


# Less and less, until the email is small enough.
_AMOUNTS = (_Amount(30, 14, 1000, 300), _Amount(20, 6, 500, 300), _Amount(8, 2, 240, 200), _Amount(5, 0, 100, 80))
# What people type in more than one line, and what else is no sentence.
_NARRATIVES = frozenset({"progress", "promise", "kept", "next_action", "planned", "plan", "meant", "text"})
_NAMES = frozenset({"name", "person", "reader", "partner", "title", "group", "link_to", "where"})
_WORDS = frozenset(
    {"kind", "every", "period", "status", "hassles_week", "since", "next_period", "next_week", "amount"}
)
_NAME, _WORD = 80, 16


def render(digest: Digest, folders: Sequence[Path]) -> Email:
    """The email of a digest; `folders` with templates are searched in order, the built-in one is the last.

    Raises `ConfigError` that names the template and line when a template is wrong or takes too much to fill.
    """
    if _any_own(folders):
        from sheetsync.mail import apart

        return Email(**apart.ask("render", digest, tuple(folders)))
    return Email(**email_parts(digest, folders))


def render_index(emails: Sequence[Mapping[str, str]], folders: Sequence[Path]) -> str:
    """A page that shows rendered emails side by side; each has what `index.html.j2` names."""
    if _any_own(folders):
        from sheetsync.mail import apart

        return str(apart.ask("index", emails, tuple(folders)))
    return index_page(emails, folders)


def _any_own(folders: Sequence[Path]) -> bool:
    return any(path.is_file() for folder in folders[:-1] for path in folder.rglob("*"))


def email_parts(
    digest: Digest, folders: Sequence[Path], begun: Callable[[str], None] = lambda _: None
) -> dict[str, str]:
    """The parts of an email, filled in this process; `begun` is told the name of each template."""
    environment = _environment(tuple(folders))
    kind = digest.kind
    for amount in _AMOUNTS:
        harmless = _harmless(digest, amount)
        values = {"digest": harmless, "lines": amount.lines, "charts": amount.charts}
        html = _inlined(_filled(environment, f"{kind}.html.j2", begun, **values))
        if len(html.encode()) < _SIZE_LIMIT:
            break
    text = _filled(environment, f"{kind}.txt.j2", begun, **values)
    subject = _filled(environment, f"{kind}.subject.txt.j2", begun, digest=harmless)
    lines = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
    tidy = re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
    return {"subject": header_text(subject, 150), "text": tidy, "html": html}


def index_page(
    emails: Sequence[Mapping[str, str]], folders: Sequence[Path], begun: Callable[[str], None] = lambda _: None
) -> str:
    """The page of `render_index`, filled in this process."""
    return _filled(_environment(tuple(folders)), "index.html.j2", begun, emails=emails)


def warm_up() -> None:
    """Import what a first email needs."""
    _environment((Path(),))
    _inlined("<p>")


@lru_cache(maxsize=8)
def _environment(folders: tuple[Path, ...]) -> "Environment":
    from jinja2 import ChoiceLoader, FileSystemLoader, FunctionLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    built_in = FileSystemLoader(folders[-1])
    first = FunctionLoader(lambda name: _first_source(folders, name))
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([first, PrefixLoader({"built-in": built_in})]),
        undefined=StrictUndefined,
        autoescape=lambda name: name is None or name.endswith(".html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "day": _day,
        "heights": heights,
        "hundredths": hundredths,
        "number": _number,
        "percent": percent,
        "sparkline": sparkline,
        "wrapped": _wrapped,
    }
    environment.globals |= {"segments": segments, "text_bar": text_bar}
    del environment.globals["lipsum"]  # fills any memory with Latin
    return environment


def _first_source(folders: Sequence[Path], name: str) -> tuple[str, str, Callable[[], bool]] | None:
    """A template as the first folder has it, and whether that is still so: somebody may put one into a folder before.

    No link leads out of a folder of people's own; the last folder is the built-in one. None: there is none.
    """
    from jinja2.loaders import split_template_path

    parts = split_template_path(name)
    found = _found(folders, parts)
    if found is None:
        return None
    folder, path, _ = found
    own = folders[:-1]
    if folder in own and not any(path.resolve().is_relative_to(one.resolve()) for one in own):
        raise ConfigError(f"{path}: leads out of its folder; put the template itself there")
    with path.open(encoding="utf-8") as file:
        text = file.read(_LONGEST_TEMPLATE + 1)
    if len(text) > _LONGEST_TEMPLATE:
        raise ConfigError(f"{path}: has more than {_LONGEST_TEMPLATE:,} characters; shorten it")
    return text, str(path), lambda: _found(folders, parts) == found


def _found(folders: Sequence[Path], parts: Sequence[str]) -> tuple[Path, Path, tuple[int, ...]] | None:
    """The first folder with such a file, the file, and what changes when it is written anew."""
    for folder in folders:
        path = folder.joinpath(*parts)
        if path.is_file():
            status = path.stat()
            return folder, path, (status.st_mtime_ns, status.st_size, status.st_ino)
    return None


def _filled(environment: "Environment", name: str, begun: Callable[[str], None], **values: object) -> str:
    from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

    begun(f"email template {name}")
    try:
        template = environment.get_template(name)
        begun(template.filename or name)
        return _bounded(template.generate(**values), name)
    except TemplateSyntaxError as error:
        raise ConfigError(f"{error.filename or name}, line {error.lineno}: {error.message}") from None
    except TemplateNotFound as error:
        where = _template_line(error.__traceback__) or f"email template {name}"
        raise ConfigError(f"{where}: there is no template {error.name!r}") from None
    except RecursionError:
        raise ConfigError(
            f"email template {name}: a template extends or includes itself, or nests too deeply; the built-in one is "
            f"“built-in/{name}”"
        ) from None
    except MemoryError as error:
        where = _template_line(error.__traceback__) or f"email template {name}"
        raise ConfigError(f"{where}: needs too much memory; a text too long?") from None
    except (TemplateError, *_MISTAKES) as error:
        where = _template_line(error.__traceback__) or f"email template {name}"
        raise ConfigError(f"{where}: {' '.join(str(error)[:_SAID].split())}") from None


def _bounded(pieces: Iterable[str], name: str) -> str:
    written, length = [], 0
    for piece in pieces:
        length += len(piece)
        if length > _LONGEST:
            raise ConfigError(f"email template {name}: gives more than {_LONGEST:,} characters; a loop too many?")
        written.append(piece)
    return "".join(written)


def _template_line(traceback: TracebackType | None) -> str | None:
    """The innermost template file and line of a failure; Jinja puts them into the traceback."""
    where = None
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if file.endswith(".j2"):
            where = f"{file}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return where


def _inlined(html: str) -> str:
    """Styles moved into the elements, where every mail program heeds them; a sheet marked “keep” stays."""
    import css_inline

    inliner = css_inline.CSSInliner(load_remote_stylesheets=False)
    return str(inliner.inline(html))


_Value = TypeVar("_Value", bound="DataclassInstance")


def _harmless(digest: _Value, amount: _Amount) -> _Value:
    """The value with every text in it made safe to show; an address or link that is none becomes blank."""
    changes = {field.name: _cleaned(field.name, getattr(digest, field.name), amount) for field in fields(digest)}
    return replace(digest, **changes)


def _cleaned(name: str, value: Any, amount: _Amount) -> Any:
    if isinstance(value, str):
        return _CLEANERS[name](value) if name in _CLEANERS else _text(name, value[:_READ], amount)
    if isinstance(value, tuple):
        return tuple(_cleaned(name, item, amount) for item in value)
    return _harmless(value, amount) if is_dataclass(value) and not isinstance(value, type) else value


def _text(name: str, text: str, amount: _Amount) -> str:
    if name in _NARRATIVES:
        return typed_text(text, amount.text)
    limit = _NAME if name in _NAMES else _WORD if name in _WORDS else amount.sentence
    return typed_line(text, limit)


def _web_link(link: str) -> str | None:
    """The link if it is a web address and nothing else."""
    if not re.fullmatch(r"[!-~]+", link):
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    return link if parts.scheme in {"http", "https"} and parts.hostname else None


def _plain_address(text: str) -> str:
    """The address if it means nothing more in a `mailto:` link, where ?, & and % do: they name others to write to."""
    address = valid_address(text) or ""
    return address if re.fullmatch(r"[\w.+'@-]+", address, re.ASCII) else ""


_CLEANERS: Mapping[str, Callable[[str], str | None]] = {
    "link": _web_link,
    "home": _web_link,
    "person_email": _plain_address,
}


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    """Text in lines of 72 columns, each after `indent` (the first after `first`)."""
    lines: list[str] = []
    for line in text.split("\n"):
        start = first if first is not None and not lines else indent
        lines += textwrap.wrap(line, 72, initial_indent=start, subsequent_indent=indent) or [indent]
    return "\n".join(lines)
