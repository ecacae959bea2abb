"""A local Google: Sheets v4, Drive v3 and the OAuth token endpoint on a loopback socket.

What is known true, what is assumed, and on which evidence: README.md next to this file.
"""

from tests.google_server.browser import OpenBook
from tests.google_server.cells import Cell
from tests.google_server.server import GoogleServer
from tests.google_server.wire import Recorded

__all__ = ["Cell", "GoogleServer", "OpenBook", "Recorded"]
