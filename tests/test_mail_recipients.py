"""Who is written to: nobody but those whom the configuration allows, whatever is typed as an address."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sheetsync.config import Config
from sheetsync.errors import SheetsyncError
from sheetsync.mail import Email, compose, valid_address
from tests.mail_shapes import addresses

PATTERNS = ["*@example.com", "boss@partner.example", "*@Bücher.example"]
# Told otherwise than the program tells it: what each allowed address looks like, letter by letter.
ALLOWED = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@(example\.com|xn--bcher-kva\.example)|boss@partner\.example", re.IGNORECASE
)
LOOK_ALIKES = (
    "a@example.com.evil.example",
    "a@evil.example,b@example.com",
    "b@example.com,a@evil.example",
    "a@evil.example;b@example.com",
    "a@evil.example b@example.com",
    "a@evil.example\r\nTo: b@example.com",
    "a@evil.example\nRCPT TO:<b@example.com>",
    '"a@evil.example"@example.com',
    '"a@evil.example,b"@example.com',
    '"x@evil.example>\r\nRCPT TO:<y"@example.com',
    "a@evil.example@example.com",
    "@evil.example:a@example.com",
    "<a@evil.example>b@example.com",
    "Ann <a@evil.example>",
    "a@evil.example (b@example.com)",
    "a@(b@example.com)evil.example",
    "a@evil.example?x=@example.com",
    "a@evil.example#@example.com",
    "a@evil.example\x00@example.com",
    "a@evil.example\u200b@example.com",
    "a@ex\u0430mple.com",
    "a@example\u3002com",
    "a@ｅｘａｍｐｌｅ.com",
    "a@example.com\u202e",
    "a@example\u00adcom",
    "a@[127.0.0.1]",
    "a@example.co",
    "a@exampleacom",
    "a@sub.example.com",
    "a@bucher.example",
    "boss@partner.example.evil.example",
    "xboss@partner.example",
    "bo\u017fs@partner.example",
    "=?utf-8?q?a=40evil.example?= <b@example.com>",
    "=?utf-8?q?a=40evil.example=2C?=b@example.com",
    "group: a@evil.example, b@example.com;",
    "undisclosed:;",
    "*@example.com",
    "?@example.com",
    "a@*.example",
    "a%evil.example@example.com",
    "a!evil.example@example.com",
)


def config() -> Config:
    """A configuration with some patterns."""
    return Config.model_validate({"workbook": "goals.xlsx", "email": {"recipients": PATTERNS}})


def composed(recipient: str, name: str = "", reply_to: str = "") -> bytes:
    """A mail to this address."""
    return compose(
        Email("Subject", "Text\n", "<p>Text</p>"),
        sender="goals@example.com",
        recipient=recipient,
        recipient_name=name,
        reply_to=reply_to,
        unsubscribe="",
        message_id="<abc.1@example.com>",
        date=datetime(2026, 2, 13, 16, tzinfo=UTC),
    )


def reached(typed: str) -> str | None:
    """To whom a mail goes when this is typed into a cell, as the runs do it; None: nobody, it is held or said."""
    address = valid_address(typed)
    if address is None or not config().email.allows(address):
        return None
    content = composed(address, typed)
    found = [a.addr_spec for a in message_from_bytes(content, policy=policy.default)["To"].addresses]
    assert found == [address]
    return address


def mixed() -> st.SearchStrategy[str]:
    """Addresses made of what is allowed, what is not, and what could blur the border."""
    part = st.sampled_from(["a", "boss", "example", "evil", "com", "bücher", "xn--bcher-kva", "partner", "BOSS"])
    glue = st.sampled_from(
        [".", "@", ",", ";", " ", "<", ">", '"', "(", ")", ":", "\r\n", "\x00", "%", "!", "\\", "*"]
    )
    odd = st.sampled_from(["\u3002", "\uff20", "\u200b", "\u202e", "\u0430", "\uff0e", "=?utf-8?q?=40?="])
    loose = st.lists(part | glue | odd, max_size=12).map("".join)
    near = st.builds("{}{}@{}{}".format, loose, part, st.sampled_from(["example.com", "evil.example"]), loose)
    return loose | near | st.emails() | st.emails().map(lambda text: f"{text},a@example.com")


@given(mixed())
@settings(max_examples=600)
@example("a@example.com")
@example("=?utf-8?q?=40?=a@example.com")
@example("a@bücher.example")
def test_mail_goes_only_to_who_is_allowed(typed: str) -> None:
    """Whatever is typed as an address: mail goes to one that a pattern allows letter by letter, or to nobody."""
    address = reached(typed)
    assert address is None or ALLOWED.fullmatch(address)


@pytest.mark.parametrize("typed", LOOK_ALIKES)
def test_look_alikes_are_not_let_in(typed: str) -> None:
    """Lists, look-alikes, quoted and routed addresses reach nobody outside; most reach nobody at all."""
    address = reached(typed)
    assert address is None or (ALLOWED.fullmatch(address) and "evil" not in address.rpartition("@")[2])
    assert not config().email.allows(typed) or ALLOWED.fullmatch(typed)


@pytest.mark.realdata
def test_argued_addresses_are_not_let_in(data: Path) -> None:
    """Of the addresses that people argue about, nobody outside is reached."""
    for typed in addresses(data):
        address = reached(typed)
        assert address is None or ALLOWED.fullmatch(address)
        for combined in (
            f"{typed},a@example.com",
            f"a@example.com,{typed}",
            f"{typed}@example.com",
            f'"{typed}"@example.com',
        ):
            address = reached(combined)
            assert address is None or ALLOWED.fullmatch(address)


@given(st.text(st.characters(), max_size=60) | mixed())
def test_only_one_plain_address_can_be_a_recipient(typed: str) -> None:
    """What is no plain address is refused before a byte is made, even if everybody may be written to."""
    assume(valid_address(typed) is None)
    with pytest.raises(SheetsyncError, match="not exactly one mail address"):
        composed(typed)
    with pytest.raises(SheetsyncError, match="not exactly one mail address"):
        composed("ben@example.com", reply_to=typed or " ")


@pytest.mark.realdata
def test_replies_go_to_one_address(data: Path) -> None:
    """Whatever stands in the column Email: a reply goes to that one address, if it is one."""
    for address in filter(None, map(valid_address, addresses(data))):
        message = message_from_bytes(composed("ben@example.com", reply_to=address), policy=policy.default)
        assert [a.addr_spec for a in message["Reply-To"].addresses] == [address]
