"""A digest becomes an email: templates say everything, typed text is made harmless before they see it.

Templates are searched folder by folder, so that a user's file replaces the built-in one of the same name; the
built-in ones stay reachable as `built-in/NAME`, to extend them.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sheetsync.digests import Digest, Line
from sheetsync.errors import ConfigError
from sheetsync.mail.bars import heights, segments, sparkline, text_bar
from sheetsync.mail.cleaning import header_text, typed_line, typed_text
from sheetsync.mail.messages import Email, valid_address

if TYPE_CHECKING:
    from jinja2 import Environment

KIND = "partner-weekly"
_SIZE_LIMIT = 100_000  # bytes; Gmail cuts a message off a little above
_NARRATIVES = ("progress", "hassles", "promise", "kept", "next_action")
_LONG, _MIDDLE, _SHORT, _WORD = 1000, 300, 80, 16
# How many lines are shown, and how many of them with charts: less and less until the email is small enough.
_AMOUNTS = ((30, 14), (20, 6), (8, 0))


def render(digest: Digest, folders: Sequence[Path]) -> Email:
    """The weekly partner email; `folders` with templates are searched in order, the built-in one is the last.

    Raises `ConfigError` that names the template and line when a template is wrong.
    """
    environment = _environment(tuple(folders))
    harmless = _harmless(digest)
    subject = _filled(environment, f"{KIND}.subject.txt.j2", digest=harmless)
    for lines, charts in _AMOUNTS:
        values = {"digest": harmless, "lines": lines, "charts": charts}
        html = _inlined(_filled(environment, f"{KIND}.html.j2", **values))
        text = _filled(environment, f"{KIND}.txt.j2", **values)
        if len(html.encode()) < _SIZE_LIMIT:
            break
    tidy = re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"
    return Email(subject=header_text(subject, 150), text=tidy, html=html)


@lru_cache(maxsize=8)
def _environment(folders: tuple[Path, ...]) -> "Environment":
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([FileSystemLoader(folders), PrefixLoader({"built-in": FileSystemLoader(folders[-1])})]),
        undefined=StrictUndefined,
        autoescape=lambda name: name is None or name.endswith(".html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "day": _day,
        "heights": heights,
        "number": _number,
        "percent": _percent,
        "sparkline": sparkline,
        "wrapped": _wrapped,
    }
    environment.globals |= {"segments": segments, "text_bar": text_bar}
    return environment


def _filled(environment: "Environment", name: str, **values: object) -> str:
    from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

    try:
        return environment.get_template(name).render(**values)
    except TemplateSyntaxError as error:
        raise ConfigError(f"{error.filename or name}, line {error.lineno}: {error.message}") from None
    except TemplateNotFound as error:
        where = _template_line(error.__traceback__) or f"email template {name}"
        raise ConfigError(f"{where}: there is no template {error.name!r}") from None
    except RecursionError:
        raise ConfigError(
            f"email template {name}: a template extends or includes itself; the built-in one is “built-in/{name}”"
        ) from None
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        where = _template_line(error.__traceback__) or f"email template {name}"
        raise ConfigError(f"{where}: {' '.join(str(error).split())}") from None


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


def _harmless(digest: Digest) -> Digest:
    """The digest with every text made safe to show; an address or link that is none becomes blank."""
    changes: dict[str, Any] = {field.name: _harmless_value(getattr(digest, field.name)) for field in fields(digest)}
    changes |= {name: typed_text(getattr(digest, name), _LONG) for name in _NARRATIVES}
    changes |= {name: typed_line(getattr(digest, name), _SHORT) for name in ("person", "partner")}
    changes |= {name: valid_address(getattr(digest, name)) or "" for name in ("person_email", "partner_email")}
    changes["link"] = _web_link(digest.link)
    return replace(digest, **changes)


def _harmless_value(value: object) -> object:
    match value:
        case str():
            return typed_line(value, _MIDDLE)
        case tuple():
            return tuple(_harmless_value(item) for item in value)
        case Line():
            return replace(
                value,
                name=typed_line(value.name, _SHORT),
                every=typed_line(value.every, _WORD),
                period=typed_line(value.period, _WORD),
                status=typed_line(value.status, _WORD),
                sentence=typed_line(value.sentence, _MIDDLE),
            )
        case _:
            return value


def _web_link(link: str | None) -> str | None:
    """The link if it is a web address and nothing else."""
    if not link or not re.fullmatch(r"[!-~]+", link):
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    return link if parts.scheme in {"http", "https"} and parts.hostname else None


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _percent(share: float) -> str:
    """As in a spreadsheet, but 99.6 % is not yet 100 %."""
    return f"{min(round(share * 100), 99) if share < 1 else round(share * 100)} %"


def _wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    """Text in lines of 72 columns, each after `indent` (the first after `first`)."""
    lines: list[str] = []
    for line in text.split("\n"):
        start = first if first is not None and not lines else indent
        lines += textwrap.wrap(line, 72, initial_indent=start, subsequent_indent=indent) or [indent]
    return "\n".join(lines)
