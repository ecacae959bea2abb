"""The `q` of Drive's files.list.

Decided here: the documented grammar (terms, `and`, `or`, `not`, brackets, backslash escapes); a name `contains`
the beginning of a word, without regard to case; app properties are seen by the app that wrote them only.
What does not parse, or asks for a term not modelled here, is Google's "Invalid Value".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime

from tests.google_server.access import Call
from tests.google_server.drive_state import DriveFile
from tests.google_server.errors import drive_error

Test = Callable[[DriveFile], bool]
_TOKEN = re.compile(r"""\s*(?:("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|([A-Za-z]\w*)|(<=|>=|!=|[=<>(){}]))""")
_COMPARE: dict[str, Callable[[object, object], bool]] = {"=": operator.eq, "!=": operator.ne}
_ORDER: dict[str, Callable[[datetime, datetime], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def file_filter(call: Call, text: str) -> Test:
    """The test that a query stands for; an empty query takes every file."""
    if not text.strip():
        return lambda file: True
    try:
        parser = _Parser(call, _tokens(text))
        found = parser.any_of()
        if parser.tokens:
            raise ValueError(parser.tokens[0])
    except (ValueError, LookupError):
        raise drive_error(400, "invalid", "Invalid Value", parameter="q") from None
    return found


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(text[place:])
        tokens.append(match[0].strip())
        place = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens: `or` binds weakest, then `and`, then `not`."""

    def __init__(self, call: Call, tokens: list[str]) -> None:
        self.call = call
        self.tokens = tokens

    def any_of(self) -> Test:
        parts = [self.all_of()]
        while self._took("or"):
            parts.append(self.all_of())
        return lambda file: any(part(file) for part in parts)

    def all_of(self) -> Test:
        parts = [self.negated()]
        while self._took("and"):
            parts.append(self.negated())
        return lambda file: all(part(file) for part in parts)

    def negated(self) -> Test:
        if self._took("not"):
            inner = self.negated()
            return lambda file: not inner(file)
        if self._took("("):
            inner = self.any_of()
            self._need(")")
            return inner
        return self.term()

    def term(self) -> Test:
        name = self.tokens.pop(0)
        if name[0] in "\"'":
            return self._membership(_unquoted(name))
        sign = self.tokens.pop(0).lower()
        if sign == "has":
            return self._property(name)
        value = self.tokens.pop(0)
        if name in ("trashed", "starred"):
            wanted = {"true": True, "false": False}[value.lower()] if value.lower() in ("true", "false") else None
            if wanted is None:
                raise ValueError(value)
            return lambda file: _COMPARE[sign](getattr(file, name), wanted)
        if name in ("modifiedTime", "createdTime"):
            return _time_test(name, sign, _unquoted(value))
        return _text_test(name, sign, _unquoted(value))

    def _membership(self, value: str) -> Test:
        self._need("in")
        name = self.tokens.pop(0)
        if name == "parents":
            root = f"root-of-{self.call.token.email}"
            return lambda file: (root if value == "root" else value) in file.parents
        roles = {
            "owners": ("owner",),
            "writers": ("owner", "organizer", "fileOrganizer", "writer"),
            "readers": ("owner", "organizer", "fileOrganizer", "writer", "commenter", "reader"),
        }[name]
        who = self.call.token.email if value == "me" else value
        return lambda file: file.role(who) in roles

    def _property(self, name: str) -> Test:
        self._need("{")
        pair = {}
        for part in ("key", "value"):
            self._need(part)
            self._need("=")
            pair[part] = _unquoted(self.tokens.pop(0))
            self._need("and" if part == "key" else "}")
        if name not in ("properties", "appProperties"):
            raise ValueError(name)
        app = self.call.token.app if name == "appProperties" else ""
        return lambda file: file.properties.get(app, {}).get(pair["key"]) == pair["value"]

    def _took(self, word: str) -> bool:
        if self.tokens and self.tokens[0].lower() == word:
            self.tokens.pop(0)
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._took(word):
            raise ValueError(f"{word} expected")


def _unquoted(token: str) -> str:
    if token[0] not in "\"'":
        raise ValueError(token)
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _text_test(name: str, sign: str, value: str) -> Test:
    if name not in ("name", "mimeType"):
        raise ValueError(name)
    attribute = {"name": "name", "mimeType": "mime_type"}[name]
    if sign != "contains":
        compare = _COMPARE[sign]
        return lambda file: compare(getattr(file, attribute), value)
    start = r"(?<!\w)" if name == "name" else ""
    pattern = re.compile(start + re.escape(value), re.IGNORECASE)
    return lambda file: pattern.search(getattr(file, attribute)) is not None


def _time_test(name: str, sign: str, value: str) -> Test:
    moment = datetime.fromisoformat(value)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    attribute = {"modifiedTime": "modified", "createdTime": "created"}[name]
    if sign in _COMPARE:
        return lambda file: _COMPARE[sign](getattr(file, attribute), moment)
    if sign not in _ORDER:
        raise ValueError(sign)
    return lambda file: _ORDER[sign](getattr(file, attribute), moment)
