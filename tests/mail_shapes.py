"""Digests of every kind with any text in every place where text stands, and the shape of what is made of them."""

import re
import types
import typing
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

from sheetsync.digests import Digest
from sheetsync.kinds import KINDS

LINK = "https://docs.google.com/spreadsheets/d/1aBcD/edit#gid=42"
ADDRESS = "anna@example.com"
# What a reader sees or hears; all other attributes are ours.
_TEXTS = frozenset({"aria-label", "title", "alt"})
# Nobody types a period's label, and templates ask whether a line is about another period than the email.
_OURS: dict[str, object] = {"link": LINK, "home": LINK, "person_email": ADDRESS, "period": "2026-W07"}


def digest_of(kind: str, text: Callable[[], str], items: int = 2, **given: object) -> Digest:
    """The digest of a kind with a text of its own in each text field, however deep, and `items` in each list."""
    name = "".join(part.title() for part in kind.split("-"))
    found = next(made for made in Digest.__subclasses__() if made.__name__ == name)
    digest = _made(found, text, items, {**_OURS, "kind": kind, **given})
    assert isinstance(digest, Digest)
    return digest


def _made(of: type[Any], text: Callable[[], str], items: int, given: dict[str, object]) -> Any:
    values = {}
    for field, hint in ((field, typing.get_type_hints(of)[field.name]) for field in fields(of)):
        ours = field.name in given and typing.get_origin(hint) is not typing.Literal
        values[field.name] = given[field.name] if ours else _value(hint, text, items, given)
    return of(**values)


def _value(hint: Any, text: Callable[[], str], items: int, given: dict[str, object]) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return tuple(_value(inner[0], text, items, given) for _ in range(items))
    if origin in {types.UnionType, typing.Union, typing.Literal}:
        return inner[0] if origin is typing.Literal else _value(inner[0], text, items, given)
    if is_dataclass(hint):
        return _made(typing.cast(type[Any], hint), text, items, given)
    return text() if hint is str else _PLAIN[hint]


_PLAIN: dict[Any, object] = {bool: True, int: 2, float: 0.5, date: date(2026, 2, 9)}


class Shape(HTMLParser):
    """What a page is made of but for its text: elements with all attributes that are ours, comments, style sheets."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[object] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self._in_style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.parts.append((tag, [(name, None if name in _TEXTS else value) for name, value in attrs]))
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action", "background"}]
        self.texts += [value or "" for name, value in attrs if name in _TEXTS]
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        self.parts.append(("/" + tag, []))
        self._in_style = False

    def handle_data(self, data: str) -> None:
        """Text between elements."""
        if self._in_style:
            self.parts.append(data)
        else:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        """A comment, which some mail programs obey."""
        self.parts.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        """The document type."""
        self.parts.append(("declaration", decl))

    def unknown_decl(self, data: str) -> None:
        """A section that HTML does not know."""
        self.parts.append(("unknown", data))

    def handle_pi(self, data: str) -> None:
        """An instruction that HTML does not know."""
        self.parts.append(("instruction", data))


def headings(text: str) -> Iterator[str]:
    """The headings of a plain text: lines with a rule below."""
    for line, rule in pairwise(text.split("\n")):
        if line.strip() and rule and not rule.strip("─━═-=_*~"):
            yield line


def addresses(data: Path) -> list[str]:
    """The addresses of the isemail tests, their pictures of control characters made real."""
    tree = ET.parse(data / "email" / "isemail_tests.xml")
    found = [test.findtext("address") or "" for test in tree.getroot().iter("test")]
    return [re.sub("[\u2400-\u241f]", lambda c: chr(ord(c[0]) - 0x2400), text) for text in found]


ALL_KINDS = tuple(KINDS)
