"""What typed text must lose before it may stand in a mail: control and bidi characters, links, excess length."""

import re
import unicodedata

from sheetsync.printable import BIDI

_LINE_BREAKS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_FORBIDDEN = frozenset(("Cc", "Cs", "Cn", "Co"))
# Mail programs make links of what looks like one (javascript:x, mailto:x too); a zero-width space after the dot, the
# at sign or the colon prevents it. Some programs take the wide forms of these for them.
_LINK_LIKE = re.compile(
    r"(?<=\w)(?:[.\u2024\uff0e\u3002\uff61](?=[^\W\d_])|:(?=//)|(?<=[^\W\d_]):(?=\S)|[@\uff20](?=\w))"
)
_NOT_IN_NAMES = re.compile(r"[\"<>@,;:\\()\[\]]+")
_ENCODED_WORD = re.compile(r"=\?|\?=")


def typed_text(text: str, limit: int) -> str:
    """Typed text of at most `limit` characters: visible ones and line breaks, nothing that turns into a link."""
    lines = (" ".join(_visible(line).split()) for line in _LINE_BREAKS.split(text))
    kept = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    if len(kept) > limit:
        kept = kept[: limit - 1].rstrip() + "…"
    return _LINK_LIKE.sub(lambda found: found[0] + "\u200b", kept)


def typed_line(text: str, limit: int) -> str:
    """Typed text as one line."""
    return typed_text(_LINE_BREAKS.sub(" ", text), limit)


def header_text(text: str, limit: int) -> str:
    """Text for a header: one line of at most `limit` characters that cannot be taken for an encoded word."""
    line = " ".join(_visible(_LINE_BREAKS.sub(" ", text), keep_invisible=False).split())
    while _ENCODED_WORD.search(line):
        line = " ".join(_ENCODED_WORD.sub("", line).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def display_name(text: str, limit: int = 80) -> str:
    """A name that can stand before an address without being, or seeming, an address itself."""
    return header_text(_NOT_IN_NAMES.sub(" ", header_text(text, limit)), limit)


def _visible(text: str, *, keep_invisible: bool = True) -> str:
    """The text without control, unassigned and bidi characters; on request without other invisible ones."""
    return "".join(
        " " if char == "\t" else char
        for char in text
        if char == "\t"
        or (
            char not in BIDI
            and (category := unicodedata.category(char)) not in _FORBIDDEN
            and (keep_invisible or category != "Cf" or char == "\u200d")
        )
    )
