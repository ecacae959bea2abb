"""PostgreSQL as the ledger needs it: a server that falls silent holds a run for minutes, not for ever."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

# Seconds, for the network; a URL may say otherwise.
_LIBPQ = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "tcp_user_timeout": 60_000}
# Seconds that a transaction may take. The network's clocks do not see a process that hangs on a machine that answers.
LONGEST = 600.0


def options(url: "URL") -> dict[str, Any]:
    """How an engine connects."""
    return {"connect_args": {name: value for name, value in _LIBPQ.items() if name not in url.query}}


@contextmanager
def bounded(connection: "Connection", seconds: float | None = None) -> Iterator[None]:
    """Cut a connection that is still at the same thing after so many seconds; then the database raises its error.

    None is `LONGEST`. Databases of other kinds have nobody to wait for.
    """
    driver = connection.connection.driver_connection
    if connection.dialect.name != "postgresql" or driver is None:
        yield
        return
    clock = Timer(LONGEST if seconds is None else seconds, _cut, (driver,))
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def _cut(driver: Any) -> None:
    # The library waits for this socket in the other thread, and finds that nothing more will come.
    with suppress(Exception), socket.socket(fileno=os.dup(driver.fileno())) as its_own:
        its_own.shutdown(socket.SHUT_RDWR)
