"""How long a call to Google may take, how often it is tried, and how many calls a minute are made.

Two bounds hold whatever the network does: a call with all its tries ends before two minutes are over, and a server
that sends a byte now and then gets no more time than one that is silent.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pyrate_limiter import Limiter
    from tenacity import RetryCallState, Retrying

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds but for `tries` and `calls`.

    A call is tried `tries` times within `seconds`; one try is given up after `silence` without a byte. The waits in
    between double from `first_wait` to `longest_wait`, with up to `first_wait` more at random: together they last
    longer than the minute after which Google's quota is full again. `calls` reads and as many writes are made in
    `minute`, ten less of each than Google allows a user, for other runs.
    """

    tries: int = 6
    seconds: float = 100
    connect: float = 5
    silence: float = 45
    first_wait: float = 2
    longest_wait: float = 32
    calls: int = 50
    minute: float = 60

    def retrying(self, within: float, worthwhile: Callable[[BaseException], bool]) -> "Retrying":
        """Tries again after a `worthwhile` failure, for `within` seconds; a failure may ask for a longer wait."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_before_delay

        return Retrying(
            retry=retry_if_exception(worthwhile),
            stop=stop_after_attempt(self.tries) | stop_before_delay(within),
            wait=self._wait,
            reraise=True,
        )

    def _wait(self, state: "RetryCallState") -> float:
        from tenacity import wait_exponential, wait_random

        usual = wait_exponential(self.first_wait, self.longest_wait) + wait_random(0, self.first_wait)
        failure = state.outcome.exception() if state.outcome else None
        return max(usual(state), getattr(failure, "retry_after", 0.0))


class Pace:
    """Keeps below Google's quota of calls a minute instead of running into it; reads and writes count apart.

    The first fifth of the calls is let through uncounted: a sync makes two, and need not load the library.
    """

    def __init__(self, patience: Patience) -> None:
        self._free = patience.calls // 5
        self._counted = patience.calls - self._free
        self._milliseconds = int(patience.minute * 1000)
        self._made = {"read": 0, "write": 0}
        self._limiters: dict[str, Limiter] = {}

    def wait(self, kind: str, most: float) -> bool:
        """Wait for the turn of a `read` or `write`; False when that would take more than `most` seconds."""
        self._made[kind] += 1
        if self._made[kind] <= self._free:
            return True
        try:
            return bool(self._limiter(kind).try_acquire(kind, timeout=max(most, 0.001)))
        except TimeoutError:
            return False

    def _limiter(self, kind: str) -> "Limiter":
        if kind not in self._limiters:
            from pyrate_limiter import Limiter, Rate

            self._limiters[kind] = Limiter(Rate(self._counted, self._milliseconds))
        return self._limiters[kind]


def now() -> float:
    """Seconds on a clock that nobody sets."""
    return time.monotonic()


def within(seconds: float, action: Callable[[], T]) -> T:
    """What `action` gives. Raises TimeoutError when it takes longer; it is left behind then.

    The timeouts of a socket begin anew with each byte, so only a clock of one's own bounds the whole.
    """
    outcome: Future[T] = Future()

    def act() -> None:
        try:
            outcome.set_result(action())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=act, name="sheetsync-call", daemon=True).start()
    return outcome.result(timeout=max(seconds, 0.001))
