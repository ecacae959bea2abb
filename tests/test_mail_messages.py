"""The bytes of a mail: the intended headers and one recipient, whatever is in names, subjects and addresses."""

import json
import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sheetsync.errors import ConfigError, SheetsyncError
from sheetsync.mail import Email, compose, valid_address

EMAIL = Email("Anna’s week", "Grüße ████░░\n.\nFrom here\n", "<!DOCTYPE html><html><p>Grüße</p></html>")
HEADERS = Counter(
    (
        "from", "to", "reply-to", "subject", "date", "message-id", "list-unsubscribe", "auto-submitted",
        "mime-version", "content-type",
    )
)  # fmt: skip
ANY_TEXT = st.text(st.characters(), max_size=300)
INJECTIONS = (
    "A 💩 s=?UTF-8?Q?=0A?=Bcc: evil@example.org",
    "x\r\nBcc: evil@example.org",
    "x\n",
    "=?utf-8?b?Cg==?=",
    "a, b",
)


def composed(subject: str = "Anna’s week", sender: str = "Sales goals <goals@example.com>", **changes: str) -> bytes:
    values = {
        "sender": sender,
        "recipient": "ben@example.com",
        "recipient_name": "Ben Okafor",
        "reply_to": "anna@example.com",
        "unsubscribe": "goals@example.com",
        "message_id": "<abc.1@example.com>",
    } | changes
    email = Email(subject, EMAIL.text, EMAIL.html)
    return compose(email, **values, date=datetime(2026, 2, 13, 16, tzinfo=UTC))


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def check(content: bytes) -> EmailMessage:
    """The headers are the intended ones, the recipient the only one, lines are short and end in CRLF."""
    message = parsed(content)
    assert Counter(name.lower() for name in message) == HEADERS
    assert [a.addr_spec for a in message["To"].addresses] == ["ben@example.com"]
    assert [a.addr_spec for a in message["From"].addresses] == ["goals@example.com"]
    lines = content.split(b"\r\n")
    assert all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines)
    assert content.isascii()
    return message


def test_a_mail_says_what_it_should() -> None:
    """Each header has its value; both parts arrive as written."""
    message = check(composed())
    assert str(message["From"]) == "Sales goals <goals@example.com>"
    assert str(message["To"]) == "Ben Okafor <ben@example.com>"
    assert str(message["Reply-To"]) == "anna@example.com"
    assert str(message["Subject"]) == "Anna’s week"
    assert str(message["Date"]) == "Fri, 13 Feb 2026 16:00:00 +0000"
    assert str(message["Message-ID"]) == "<abc.1@example.com>"
    assert str(message["List-Unsubscribe"]) == "<mailto:goals@example.com?subject=unsubscribe>"
    assert str(message["Auto-Submitted"]) == "auto-generated"
    text, html = (part for part in message.iter_parts() if isinstance(part, EmailMessage))
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    contents = tuple(part.get_content().replace("\r\n", "\n").rstrip() for part in (text, html))
    assert contents == (EMAIL.text.rstrip(), EMAIL.html)


def test_the_same_input_gives_the_same_bytes() -> None:
    """Nothing in a mail is random or of the moment: a resend can be byte-identical."""
    assert composed() == composed()
    assert composed() != composed(message_id="<abc.2@example.com>")


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
@example(*INJECTIONS[:3])
@example(*INJECTIONS[2:])
def test_names_and_subjects_cannot_touch_the_headers(subject: str, name: str, own: str) -> None:
    """Any text at all in the names and the subject: the headers stay the intended ones."""
    sender = own.replace("<", "").replace(">", "").replace('"', "").replace("\\", "")
    message = check(composed(subject, f'"{sender}" <goals@example.com>', recipient_name=name))
    for header in ("subject", "to", "from"):
        shown = str(message[header])
        assert "=?" not in shown
        assert not any(unicodedata.category(c) in {"Cc", "Cs"} or c in "\u2028\u2029\u202e\u2066" for c in shown)


@pytest.mark.realdata
def test_naughty_strings_cannot_touch_the_headers(data: Path) -> None:
    """The Big List of Naughty Strings as names and subjects."""
    for text in json.loads((data / "naughty" / "blns.json").read_text(encoding="utf-8")):
        check(composed(text, recipient_name=text))
        check(composed("x " + text + "\r\nBcc: evil@example.org", recipient_name=text * 3))


@pytest.mark.parametrize(
    "text",
    [
        "a@example.com, b@example.com", "a@example.com;b@example.com", "a@example.com b@example.com",
        "<a@example.com>", '"bob@internal" <evil@example.org>', "Bob <a@example.com>", "a@b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com\0", "a@[127.0.0.1]", '"a b"@example.com', "a@", "@example.com", "a", "", "a@example",
        "a" * 300 + "@example.com", "a@example.com(comment)", "a@example.com?subject=x", "mailto:a@example.com",
        "ü@example.com",
    ],
)  # fmt: skip
def test_what_is_no_plain_address(text: str) -> None:
    """Two addresses, names, comments, literals and tricks are no address, and no mail is made for them."""
    assert valid_address(text) is None
    with pytest.raises(SheetsyncError, match="not exactly one"):
        composed(recipient=text)


def test_addresses_are_normalised() -> None:
    """Blanks around go, the domain is lower case and ASCII."""
    assert valid_address(" Ben.O'Hara+x@Example.COM ") == "Ben.O'Hara+x@example.com"
    assert valid_address("ben@bücher.example.com") == "ben@xn--bcher-kva.example.com"


@pytest.mark.realdata
def test_published_addresses_never_make_two_recipients(data: Path) -> None:
    """The is_email test set: what it calls an error is refused, what is accepted is one recipient."""
    accepted = 0
    for test in ET.parse(data / "email" / "isemail_tests.xml").iter("test"):
        symbols = test.findtext("address") or ""
        text = "".join(chr(ord(c) - 0x2400) if 0x2400 <= ord(c) < 0x2420 else c for c in symbols)
        address = valid_address(text)  # blanks around are trimmed, as in any cell
        if address is None:
            continue
        accepted += 1
        assert test.findtext("category") != "ISEMAIL_ERR" or text != text.strip(), text
        message = parsed(composed(recipient=text))
        assert [a.addr_spec for a in message["To"].addresses] == [address]
    assert accepted > 10


def test_a_wrong_sender_is_a_configuration_error() -> None:
    """The sender comes from the configuration, so the message names the setting."""
    with pytest.raises(ConfigError, match=r"email\.from"):
        composed(sender="Sales goals")


@pytest.mark.parametrize("wrong", ["abc", "<abc>", "<a b@example.com>", "<a@example.com>\r\nBcc: x@example.com"])
def test_a_wrong_message_id_is_refused(wrong: str) -> None:
    """A Message-ID is never mended, since a resend must carry the same one."""
    with pytest.raises(SheetsyncError, match="Message-ID"):
        composed(message_id=wrong)


def test_reply_to_and_unsubscribe_may_be_missing() -> None:
    """An empty one leaves the header out."""
    message = parsed(composed(reply_to="", unsubscribe=""))
    assert message["Reply-To"] is None
    assert message["List-Unsubscribe"] is None
