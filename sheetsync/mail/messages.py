"""The final bytes of a mail: exactly the intended headers, one recipient, the same bytes for the same input."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr

from sheetsync.addresses import valid_address
from sheetsync.errors import ConfigError, SheetsyncError
from sheetsync.mail.cleaning import display_name, header_text

_SUBJECT_LIMIT = 150
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")


@dataclass(frozen=True, slots=True)
class Email:
    """What a person reads: the subject, and the same text twice, plain and as HTML."""

    subject: str
    text: str
    html: str


def compose(
    email: Email,
    *,
    sender: str,
    recipient: str,
    recipient_name: str,
    reply_to: str,
    unsubscribe: str,
    message_id: str,
    date: datetime,
) -> bytes:
    """The mail as it is stored and sent.

    `sender` is an address, with a name or without; `reply_to` and `unsubscribe` are addresses, or "" for none;
    `date` knows its time zone. Raises `ConfigError` for a wrong sender, `SheetsyncError` for the rest.
    """
    name, address = parseaddr(header_text(sender, 320))
    if (plain := valid_address(address)) is None:
        raise ConfigError(f"email.from: {sender!r} is no address; write “Name <name@example.com>”")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise SheetsyncError(f"{message_id!r} is no Message-ID")
    to, subject = _address(recipient), header_text(email.subject, _SUBJECT_LIMIT)
    headers = {
        "From": _mailbox(name, plain),
        "To": _mailbox(recipient_name, to),
        "Reply-To": _address(reply_to) if reply_to else "",
        "Subject": _encoded(subject),
        "Date": format_datetime(date),
        "Message-ID": message_id,
        "List-Unsubscribe": f"<mailto:{_address(unsubscribe)}?subject=unsubscribe>" if unsubscribe else "",
        "Auto-Submitted": "auto-generated",
    }
    written = {name: value for name, value in headers.items() if value or name == "Subject"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in written.items())
    content = lines.encode("ascii") + _body(email, message_id)
    _check(content, [*written, "MIME-Version", "Content-Type"], to, subject)
    return content


def _body(email: Email, message_id: str) -> bytes:
    """The two texts and their MIME headers; nothing in it is random."""
    body = EmailMessage(policy=policy.SMTP)
    body.set_content(_encodable(email.text), cte="quoted-printable")
    body.add_alternative(_encodable(email.html), subtype="html", cte="quoted-printable")
    # "=_" cannot occur in a quoted-printable body, so this boundary never meets its own text.
    body.set_boundary("=_" + hashlib.sha256(message_id.encode()).hexdigest()[:32])
    return body.as_bytes()


def _mailbox(name: str, address: str) -> str:
    shown = display_name(name)
    return formataddr((shown, address)) if shown.isascii() else f"{_encoded(shown)} <{address}>"


def _encoded(text: str) -> str:
    """Text for a header: ASCII as it is (short enough to need no folding), else as encoded words.

    `Header` keeps every blank; the folding of `EmailMessage` loses those between encoded words.
    """
    return text if text.isascii() else Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _address(text: str) -> str:
    address = valid_address(text)
    if address is None:
        raise SheetsyncError(f"{text!r} is not exactly one mail address; mend it where it is typed")
    return address


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _check(content: bytes, intended: Sequence[str], recipient: str, subject: str) -> None:
    """Read the bytes as a receiver does: the headers must be the intended ones, the recipient the only one."""
    parsed = message_from_bytes(content, policy=policy.SMTP)
    headers, wanted = (Counter(name.lower() for name in names) for names in (parsed, intended))
    addresses = [address.addr_spec for address in parsed["To"].addresses]
    if headers != wanted or addresses != [recipient] or str(parsed["Subject"]) != subject:
        raise SheetsyncError(
            f"the mail to {recipient} would not arrive as meant (its headers come out differently); "
            "look for unusual characters in names and subject"
        )
