"""People's own email templates are filled in a process of their own, with bounds on time and memory.

Jinja's sandbox keeps a template from Python; nothing within a process keeps it from `{{ 10 ** (10 ** 9) }}`. The
process knows nothing of the run's secrets, stays for the next email, and ends with the run, however that ends. The
system bounds its processor time and, on Linux, its memory; elsewhere only the clock does.
"""

import atexit
import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from math import ceil
from pathlib import Path
from threading import Lock, Timer
from typing import IO, Any

from sheetsync.errors import ConfigError, Unavailable

PROCESSOR_SECONDS = 3  # for one email
MEMORY = 300 * 2**20  # bytes beyond what the process has before its first template
_SECONDS = 60.0  # by the clock, for a machine that is busy with something else
_LONGEST_ANSWER = 64 * 2**20  # bytes
_PASSED_ON = ("SYSTEMROOT", "LD_LIBRARY_PATH", "PYTHONHOME", "LANG", "LC_ALL", "LC_CTYPE")


def ask(task: str, *arguments: object) -> Any:
    """What a task of `rendering` gives, done apart; its arguments can be pickled, its result is JSON.

    Raises `ConfigError` for a template that is wrong or takes too much, `Unavailable` when no process can be started.
    """
    return _WORKER.ask(task, arguments)


class _Worker:
    """The other process, started when it is needed and again after it was ended; one question at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: IO[bytes] | None = None  # nothing is ever written; it closes when this process is no more

    def ask(self, task: str, arguments: tuple[object, ...]) -> Any:
        question = pickle.dumps((task, arguments, PROCESSOR_SECONDS))
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self.end()
                self._process, self._lifeline = _started()
            return self._answer(self._process, len(question).to_bytes(8, "big") + question)

    def _answer(self, process: "subprocess.Popen[bytes]", question: bytes) -> Any:
        assert process.stdin and process.stdout  # noqa: S101  both are pipes
        template = "email template"
        alarm = Timer(_SECONDS, process.kill)
        alarm.daemon = True
        try:
            alarm.start()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(question)
                process.stdin.flush()
            while (line := process.stdout.readline(_LONGEST_ANSWER)).endswith(b"\n"):
                answer = json.loads(line)
                if "error" in answer:
                    raise ConfigError(answer["error"])
                if "done" in answer:
                    return answer["done"]
                template = answer["begun"]
        except BaseException as error:
            if not isinstance(error, ConfigError):
                process.kill()  # whoever asks next must not get the answer to this question
                process.wait()
            raise
        finally:
            alarm.cancel()
        process.kill()
        raise ConfigError(f"{template}: {_why_it_ended(process.wait())}")

    def end(self) -> None:
        """Let the process go; it ends when nothing more can be asked."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            process.communicate(timeout=1)
        if process.poll() is None:
            process.kill()
            process.communicate()
        self._lifeline = None


def _started() -> "tuple[subprocess.Popen[bytes], IO[bytes]]":
    # Nothing of the environment but what Python needs to start: passwords may stand there.
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(str(Path(place).absolute()) for place in sys.path if place)
    kept, lifeline = os.pipe()
    lifeline_file = os.fdopen(lifeline, "wb")
    try:
        process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-P", "-B", "-m", __name__, *([str(kept)] if os.name == "posix" else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            pass_fds=(kept,) if os.name == "posix" else (),
        )
    except OSError as error:
        lifeline_file.close()
        raise Unavailable(f"no process for your own email templates can be started ({error.strerror})") from None
    finally:
        os.close(kept)
    return process, lifeline_file


def _why_it_ended(code: int) -> str:
    if code == -getattr(signal, "SIGXCPU", 0):
        return f"takes more than {PROCESSOR_SECONDS} seconds of processor time to fill; a loop too many, or too long?"
    if code == -getattr(signal, "SIGKILL", 0):
        return f"was not filled within {_SECONDS:.0f} seconds; a loop too many, or too long?"
    return f"needs more than {MEMORY >> 20} MB of memory to fill; a text too long?"


# ---- in the other process -----------------------------------------------------------------------------------------


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until there are no more questions."""
    from sheetsync.mail import rendering

    def tell(answer: object) -> None:
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()

    tasks: dict[str, Callable[..., object]] = {"render": rendering.email_parts, "index": rendering.index_page}
    rendering.warm_up()
    _bound_memory()
    while length := questions.read(8):
        # It comes from the run that started this process.
        task, arguments, seconds = pickle.loads(questions.read(int.from_bytes(length, "big")))  # noqa: S301
        _bound_time(seconds)
        tell(_done(lambda: tasks[task](*arguments, begun=lambda name: tell({"begun": name}))))  # noqa: B023


def _done(task: Callable[[], object]) -> dict[str, object]:
    try:
        return {"done": task()}
    except ConfigError as error:
        return {"error": str(error)}


def _bound_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        # No file is written and no core either.
        for nothing in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            resource.setrlimit(nothing, (0, 0))
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY,) * 2)


def _bound_time(seconds: int) -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (ceil(used.ru_utime + used.ru_stime + seconds), most))


def _end_with(lifeline: int) -> None:
    """Have the system end this process when the other end of the pipe closes: what fills a template hears nothing."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl
        import select

        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
        closed = select.poll()
        closed.register(lifeline, 0)
        if closed.poll(0):  # before the system knew
            os._exit(1)


_WORKER = _Worker()
atexit.register(_WORKER.end)

if __name__ == "__main__":
    # Who asked decides when it ends: a signal to both must not look like a template that is wrong.
    for _name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, _name):
            signal.signal(getattr(signal, _name), signal.SIG_IGN)
    for _number in sys.argv[1:]:
        _end_with(int(_number))
    serve(sys.stdin.buffer, sys.stdout.buffer)
