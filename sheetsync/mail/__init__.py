"""Mail: a digest becomes an `Email`, an email the final bytes, and a transport hands those bytes over, once.

`rendering` knows templates, `messages` headers, `transports` and `smtp` the way out. Whatever was typed
in a cell is hostile here: it never changes the HTML's structure, a header or a recipient.
"""

from sheetsync.addresses import valid_address
from sheetsync.mail.messages import Email, compose
from sheetsync.mail.overrides import check_overrides
from sheetsync.mail.rendering import render, render_index
from sheetsync.mail.smtp import SmtpTransport
from sheetsync.mail.transports import Ambiguous, FileTransport, Limited, Refused, Transport

__all__ = [
    "Ambiguous",
    "Email",
    "FileTransport",
    "Limited",
    "Refused",
    "SmtpTransport",
    "Transport",
    "check_overrides",
    "compose",
    "render",
    "render_index",
    "valid_address",
]
