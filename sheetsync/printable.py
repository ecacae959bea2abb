"""What may stand in a line of output: nothing that moves a cursor, turns text around, ends a line, or is a secret."""

import re
import unicodedata
from collections.abc import Collection

_LINE_ENDS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INSTEAD = "\ufffd"
_HIDDEN = "***"
_SHORTEST = 4  # characters; what is shorter is in every other word, and no secret


def one_line(text: str) -> str:
    """The text on one line, without control and bidi characters and lone surrogates."""
    return text if text.isprintable() else _visible(_LINE_ENDS.sub(" ", text).replace("\t", " "))


def lines(text: str) -> str:
    """The text as `one_line` has it, but for its line feeds, which are ours."""
    return text if text.isprintable() else "\n".join(one_line(line) for line in text.split("\n"))


def redacted(text: str, secrets: Collection[str]) -> str:
    """The text with *** in place of each secret of four characters or more; longer ones first."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, _HIDDEN)
    return text


def _visible(text: str) -> str:
    return "".join(_INSTEAD if char in BIDI or unicodedata.category(char) in {"Cc", "Cs"} else char for char in text)
