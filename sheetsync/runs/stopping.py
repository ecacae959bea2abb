"""When a signal ends a run: at once between units, after the unit at hand within one, and at once again when it is
the second. While a run ends, whyever, the first signal changes nothing, and another one ends the process.

A unit is what belongs together: recording and writing a sync, appending rows and remembering them, the dialogue with
the mail server about one email. Cut off inside one, the next run mends it (as after a kill); this saves it the work.

Nothing is raised while a module is imported: Python's own import machinery may then keep a lock for ever, and what is
still to be done in another thread, such as telling monitoring, waits for it in vain.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Seconds within which a further signal is the same wish: `timeout` of coreutils sends each of its signals twice.
_ONE_WISH = 0.5
# Seconds after which a signal that came at a bad moment is looked at again.
_SOON = 0.01
_CAN_WAIT = hasattr(signal, "setitimer")  # Windows has no timers


class Stopped(BaseException):
    """A signal ends the run. Like KeyboardInterrupt it is no `Exception`, so that nothing but the end takes it."""

    def __init__(self, number: int, after: str = "") -> None:
        self.number = number
        what = f"stopped by {signal.Signals(number).name}"
        done = f" after {after}" if after else ""
        super().__init__(f"{what}{done}; the next run goes on from here")

    @property
    def exit_code(self) -> int:
        """As shells have it: 143 for SIGTERM, 130 for SIGINT."""
        return 128 + self.number


class Interrupted(Stopped, KeyboardInterrupt):
    """Ctrl-C, which prompts and `auth login` understand."""


@dataclass(slots=True)
class _State:
    """`depth` is that of the units we are in, `asked` the signal that came last, and `at` when the first did, on the
    monotonic clock; `again` whether a second one was sent; `ending` whether the run is on its way out, where nothing
    may be raised any more; `raised` what was."""

    depth: int = 0
    asked: int = 0
    at: float = 0.0
    again: bool = False
    ending: bool = False
    raised: Stopped | None = None

    def end(self, after: str = "") -> None:
        """Raise what was asked for, unless the end has begun."""
        if self.asked and not self.ending:
            self.ending = True
            self.raised = (Interrupted if self.asked == signal.SIGINT else Stopped)(self.asked, after)
            raise self.raised


_state = _State()


def listen() -> None:
    """From now on signals end the run as this module has it. For the main thread of a program of our own."""
    for number in SIGNALS:
        # Whoever started us with `nohup` or `&` in a script meant that ^C is not for us.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _asked)
    if _CAN_WAIT:
        signal.signal(signal.SIGALRM, _reminded)


@contextmanager
def unit(what: str = "") -> Iterator[None]:
    """What belongs together, as a block or a decorator; `what` ("the sync") tells where the run was stopped after."""
    if not _state.depth:
        _state.end()  # what came in a place that swallowed it
    _state.depth += 1
    try:
        yield
    finally:
        _state.depth -= 1
    if not _state.depth:
        _state.end(what)


def ending() -> None:
    """The run is on its way out, well or not: from now on no signal raises anything."""
    _state.ending = True
    if _CAN_WAIT and _state.asked:
        signal.setitimer(signal.ITIMER_REAL, 0)  # an alarm that comes when Python is gone kills the process


def stopped() -> Stopped | None:
    """The signal that ended the run, whatever libraries made of it on its way up; None when none did."""
    return _state.raised


def _asked(number: int, frame: FrameType | None) -> None:
    first = not _state.asked
    if first:
        _state.at = time.monotonic()
    elif time.monotonic() - _state.at < _ONE_WISH:
        return
    elif _state.ending:
        # Whoever asks again does not want to wait for what the end waits for, such as an answer of monitoring.
        os._exit(128 + number)
    _state.asked, _state.again = number, not first
    _meet(frame)


def _reminded(_number: int, frame: FrameType | None) -> None:
    _meet(frame)


def _meet(frame: FrameType | None) -> None:
    """Raise what was asked for, or leave it to the end of the unit, of the run, or of what is imported."""
    if _state.ending or (_state.depth and not _state.again):
        return
    if _CAN_WAIT and _is_importing(frame):
        signal.setitimer(signal.ITIMER_REAL, _SOON)
        return
    _state.end()


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
