"""Hostile cells in every kind of email: whatever is typed, headers, recipient, structure and links stay."""

import json
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from hashlib import sha1
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.digests import Digest
from sheetsync.mail import Email, compose, render, valid_address
from tests.cli import Desk, demo_desk
from tests.conftest import PROJECT
from tests.mail_shapes import ADDRESS, ALL_KINDS, LINK, Shape, addresses, digest_of, headings

BUILT_IN = PROJECT / "templates" / "emails"
HEADERS = Counter(
    (
        "from", "to", "reply-to", "subject", "date", "message-id", "list-unsubscribe", "auto-submitted",
        "mime-version", "content-type",
    )
)  # fmt: skip
_PART = ["content-transfer-encoding", "content-type"]
PART_HEADERS = [_PART, [*_PART, "mime-version"]]
OUR_LINKS = {LINK, f"mailto:{ADDRESS}"}
LINK_LIKE = re.compile(
    r"://|\bwww\.\w|\w[@\uff20]\w|\w[.\u2024\uff0e\u3002\uff61][^\W\d_]{2,}|(?:javascript|mailto|tel|data|file):[^\s\u200b]",
    re.IGNORECASE,
)
HOSTILE = (
    "</td></tr></table></body></html><script>alert(1)</script>",
    "<img src=x onerror=alert(1)> <a href='https://evil.example.org'>click</a>",
    '" onload="alert(1)" style="position:fixed',
    "' autofocus onfocus='alert(1)",
    "</style><style>*{display:none}</style>",
    "x; background: url(https://evil.example.org/x.png)",
    "<!--[if mso]><p>only Outlook</p><![endif]-->",
    "--> ]]> <![CDATA[ <?xml version='1.0'?>",
    "&lt;script&gt; &#60;b&#62; &NotAnEntity; &",
    "<svg><style><img src=x></svg><math><mtext></p>",
    "<plaintext><textarea><title>",
    "javascript:alert(1) JAVASCRIPT:alert(1) data:text/html;base64,PHNjcmlwdD4=",
    "https://evil.example.org www.evil.example.org eve@evil.example.org evil.example",
    "eve\uff20evil\uff0eexample\u3002org evil\uff61example evil\u2024example mailto:eve tel:+123 file:/etc/passwd h2://evil",
    "{{ 7 * 7 }} {% raw %} {# x #} {{ ''.__class__.__mro__ }} ${x} %s %(x)s {0.__class__}",
    "A\r\nBcc: eve@evil.example.org\r\n\r\n<html>",
    "A\nTo: eve@evil.example.org",
    "A\rX: y\x0bX: y\x0cX: y\x85X: y\u2028X: y\u2029X: y",
    "=?utf-8?q?=0D=0ABcc:_eve=40evil.example.org?= =?utf-8?b?Cg==?=",
    "=?UTF-8?Q?=3C?==?UTF-8?Q?script=3E?=",
    "--=_boundary\r\nContent-Type: text/html\r\n\r\n<b>",
    ".\r\n.\r\nQUIT\r\n",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061c",
    "a\x00b\x07c\x1b[2Jd\x7f\ufeff\ufffe\U000e0041",
    "\ud800 \udfff",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "\n\nNEXT ACTION\n───────────\n\n  Pay eve.\n\n-- \nsheetsync",
    "========\n********\n________",
    "\u200b\u200c\u200d\u2060\u00ad\u3164\u115f",
    "=cmd|' /C calc'!A0",
)


def rendered(digest: Digest) -> Email:
    """The email as the built-in templates make it."""
    return render(digest, [BUILT_IN])


def filled(kind: str, texts: Iterator[str]) -> Digest:
    """A digest of a kind with the next text in each place; something harmless before it, lest a place be blank."""
    return digest_of(kind, lambda: "x" + next(texts))


@cache
def harmless(kind: str) -> list[list[object]]:
    """What emails of a kind are made of, for short texts up to the longest."""
    long = [text * n for text in ("x", "語") for n in (1, 90, 300, 1000, 100_000)]
    return [Shape(rendered(filled(kind, cycle([text]))).html).parts for text in long]


@cache
def outline(kind: str) -> list[str | None]:
    """The headings in the plain text of a kind; None for one that holds a text."""
    one, other = (list(headings(rendered(filled(kind, cycle([text]))).text)) for text in ("x", "y"))
    return [heading if heading == same else None for heading, same in zip(one, other, strict=True)]


def letter(digest: Digest, email: Email, recipient: str = "ben@example.com") -> bytes:
    """The final bytes, with the digest's names where the runs put names."""
    return compose(
        email,
        sender="Sales goals <goals@example.com>",
        recipient=recipient,
        recipient_name=digest.reader,
        reply_to=valid_address(digest.person_email) or "goals@example.com",
        unsubscribe="goals@example.com",
        message_id="<abc.1@example.com>",
        date=datetime(2026, 2, 13, 16, tzinfo=UTC),
    )


def check_bytes(content: bytes, recipient: str = "ben@example.com") -> EmailMessage:
    """The multiset of header names and the recipient are those intended, however one reads the bytes."""
    message = message_from_bytes(content, policy=policy.default)
    old = message_from_bytes(content, policy=policy.compat32)
    for names in (message.keys(), old.keys()):
        assert Counter(name.lower() for name in names) == HEADERS
    assert [a.addr_spec for a in message["To"].addresses] == [recipient]
    assert [a.addr_spec for a in message["Reply-To"].addresses] == [ADDRESS]
    assert [a.addr_spec for a in message["From"].addresses] == ["goals@example.com"]
    assert not message["From"].defects and not message["To"].defects and not message["Subject"].defects
    parts = [part for part in message.walk() if not part.is_multipart()]
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [sorted(name.lower() for name in part) for part in parts] == PART_HEADERS
    assert content.isascii()
    lines = content.split(b"\r\n")
    assert all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines)
    return message


def check(kind: str, digest: Digest) -> Email:
    """Everything that must hold of an email, whatever is typed."""
    email = rendered(digest)
    shape = Shape(email.html)
    assert shape.parts in harmless(kind)
    assert set(shape.links) <= OUR_LINKS
    assert len(email.html.encode("utf-8", "surrogatepass")) < 100_000
    assert len(email.text.encode("utf-8", "surrogatepass")) < 100_000
    for heading, ours in zip(headings(email.text), outline(kind), strict=True):
        assert ours in {None, heading}
    shown = (*shape.texts, *email.text.split("\n"))
    for text in shown:
        ours = text.replace(LINK, "").replace(ADDRESS, "")
        assert not LINK_LIKE.search(ours), ours
    for text in (email.html, email.text, email.subject):
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]", text)
        assert not any(unicodedata.category(c) in {"Cc", "Cs"} and c != "\n" for c in text)
    message = check_bytes(letter(digest, email))
    assert "=?" not in str(message["Subject"]) + str(message["To"])
    return email


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_hostile_text_in_every_place(kind: str) -> None:
    """Each hostile text in each place of each kind: headers, recipient, structure and links stay as intended."""
    for first in range(len(HOSTILE)):
        check(kind, filled(kind, cycle([*HOSTILE[first:], *HOSTILE[:first]])))


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_everywhere_at_once(kind: str, text: str) -> None:
    """The same text in all places, so that halves may meet: nothing joins into markup or a header."""
    check(kind, filled(kind, cycle([text])))
    check(kind, filled(kind, cycle([text[: len(text) // 2], text[len(text) // 2 :]])))


@pytest.mark.parametrize("kind", ALL_KINDS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(st.text(st.characters(), max_size=400) | st.sampled_from(HOSTILE), min_size=1, max_size=9))
def test_any_text_in_every_place(kind: str, texts: list[str]) -> None:
    """Whatever else somebody types."""
    check(kind, filled(kind, cycle(texts)))


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize(
    "text", ["x", "& < > \" '", "語", "\n", ".", "=?", "\u202e", "a.b@c://", "🦊", " ", "\u0301"]
)
def test_a_million_characters(kind: str, text: str) -> None:
    """A million characters in every place: still small, still whole, and soon done."""
    long = (text * 1_000_000)[:1_000_000]
    harmless(kind)
    begun = time.monotonic()
    check(kind, filled(kind, cycle([long])))
    assert time.monotonic() - begun < 10


@pytest.mark.realdata
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_naughty_strings_in_every_place(kind: str, data: Path) -> None:
    """The Big List of Naughty Strings: each string in every kind, over the places in turn."""
    strings = json.loads((data / "naughty" / "blns.json").read_text(encoding="utf-8"))
    for first in range(0, len(strings), 7):
        check(kind, filled(kind, cycle([*strings[first:], *strings[:first]])))


@pytest.mark.realdata
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_addresses_in_every_place(kind: str, data: Path) -> None:
    """Every address that people ever argued about, typed into all places but one: none of them becomes a link."""
    typed = addresses(data)
    for first in range(0, len(typed), 11):
        check(kind, filled(kind, cycle([*typed[first:], *typed[:first]])))


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>", "vbscript:x", "file:///etc/passwd",
        "https://", "https://x\" a=y", "//evil.example.org", "ftp://evil.example.org", "https:evil", " ", "\x00",
        "https://good\u3002example", "\thttps://x",
    ],
)  # fmt: skip
def test_a_link_is_a_web_address_or_none(kind: str, link: str) -> None:
    """No kind of email leads anywhere but to the web; what is no web address leads nowhere."""
    email = rendered(digest_of(kind, lambda: "x", link=link, home=link))
    assert set(Shape(email.html).links) <= {f"mailto:{ADDRESS}"}
    assert not link.strip() or link not in email.text


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize(
    "typed",
    [
        "anna@example.com?bcc=eve@example.org", "a@x.org,b@y.org", "A <a@x.org>", "a@x\n.org",
        "anna?bcc=eve%40example.org@example.com", "anna&bcc=eve@example.com", "anna#x@example.com",
        "anna%0Abcc=eve@example.com", '"anna?bcc=eve"@example.com',
    ],
)  # fmt: skip
def test_no_second_address_hides_in_a_mailto(kind: str, typed: str) -> None:
    """What is not exactly one address, or may say more in a link, is shown in no kind of email as one."""
    email = rendered(digest_of(kind, lambda: "x", person_email=typed))
    assert set(Shape(email.html).links) <= {LINK}
    assert "@" not in email.text


# ---- from the workbook's cells to the final bytes ------------------------------------------------------------------

SUMMARY = "Daily summary"  # the first of the tabs behind those people type in
CODES = {
    "Email", "Partner email", "Mail", "Workdays", "Of", "Every", "Period", "Day", "Week", "Month", "Quarter", "Year",
    "Time zone", "Promise kept?", "Partner day", "Holidays", "Met on", "Date", "From", "Until",
}  # fmt: skip
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # no spreadsheet stores them


def retyped(desk: Desk, word: Callable[[int], str]) -> None:
    """Replace each text that people typed by another word, the same one by the same, the titles of activities too."""
    words: dict[str, str] = {}
    with desk.edited() as book:
        for sheet in book.worksheets[1 : book.sheetnames.index(SUMMARY)]:
            header = next(row for row in sheet.iter_rows() if sum(cell.value is not None for cell in row) > 2)
            titles = {cell.column: cell.value for cell in header}
            for row in sheet.iter_rows(min_row=header[0].row + 1):
                for cell in row:
                    typed = isinstance(cell.value, str) and not cell.value.startswith("=")
                    if typed and titles.get(cell.column) not in CODES:
                        cell.value = words.setdefault(cell.value, word(len(words)))
                        cell.data_type = "s"
        for cell in book["Tally"][1]:
            cell.value = words.get(cell.value, cell.value)
    desk.configure("keeper: null", "keeper: kim@example.org")
    for kind in ALL_KINDS:
        if f"    # {kind}: " in desk.config.read_text(encoding="utf-8"):
            desk.configure(f"    # {kind}: ", f"    {kind}: ")
    desk.run("sync", "--accept-removals")


def unlike(number: int) -> str:
    """A word that is like no other, since similar ones are taken for each other's misspellings."""
    return f"q{number:04} {sha1(str(number).encode()).hexdigest()[:16]}"


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Desk]:
    """The demo twice, every text that people typed replaced: by harmless words, and by hostile ones."""
    made = demo_desk(tmp_path_factory.mktemp("twins"))[0]
    harmless, hostile = made.copy(made.folder.parent / "harmless"), made.copy(made.folder.parent / "hostile")
    retyped(harmless, unlike)
    retyped(hostile, lambda n: f"{unlike(n)} {ILLEGAL.sub('', HOSTILE[n % len(HOSTILE)])}")
    return harmless, hostile


def previews(desk: Desk) -> list[dict[str, str]]:
    """Every kind's latest emails, as files."""
    found: list[dict[str, str]] = desk.ok("email", "preview", "--json").json
    return found


def test_a_hostile_workbook_makes_the_same_emails(twins: tuple[Desk, Desk]) -> None:
    """With hostile text in each cell that people type in, names too: the same emails, made of the same elements."""
    harmless, hostile = map(previews, twins)
    assert {one["kind"] for one in harmless} == set(ALL_KINDS)
    assert [(one["kind"], one["period"]) for one in harmless] == [(one["kind"], one["period"]) for one in hostile]
    for plain, typed in zip(harmless, hostile, strict=True):
        page, other = (Path(one["path"]).read_text(encoding="utf-8") for one in (plain, typed))
        assert Shape(page).parts == Shape(other).parts, plain["kind"]
        assert set(Shape(other).links) == set(Shape(page).links)
        assert len(list(headings(plain["text"]))) == len(list(headings(typed["text"])))
        for text in (*Shape(other).texts, *typed["text"].split("\n")):
            assert not LINK_LIKE.search(re.sub(r"[a-z]+@example\.(com|org)", "", text)), text


def test_a_hostile_workbook_writes_to_the_same_people(twins: tuple[Desk, Desk], tmp_path: Path) -> None:
    """What goes out has the intended headers and one recipient, who is allowed."""
    sent = []
    for desk in (twin.copy(tmp_path / twin.folder.name) for twin in twins):
        desk.run("email", "send")
        letters = [path.read_bytes() for path in (desk.folder / "outbox").glob("*.eml")]
        messages = [message_from_bytes(content, policy=policy.default) for content in letters]
        assert all(Counter(name.lower() for name in message) == HEADERS for message in messages)
        sent.append(sorted(str(message["To"].addresses[0].addr_spec) for message in messages))
        assert all(len(message["To"].addresses) == 1 for message in messages)
    assert sent[0] == sent[1] != []
    assert all(address.endswith("@example.com") or address == "kim@example.org" for address in sent[1])
