"""Kills a process before, in the middle of, or right after its n-th system call that changes something.

The child installs a seccomp filter for those calls only, so all others cost nothing; the parent is its tracer, counts
the calls of all its threads, and sends SIGKILL. Linux on x86-64; needs nothing but the kernel.
"""

import ctypes
import os
import platform
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Moment = Literal["before", "torn", "after"]
"""Before the call; after half of what it writes or sends; or when it is done, and its answer not yet seen."""

# The numbers of x86-64.
CALLS = {
    1: "write", 18: "pwrite64", 20: "writev", 26: "msync", 40: "sendfile", 42: "connect", 44: "sendto", 46: "sendmsg",
    48: "shutdown", 73: "flock", 74: "fsync", 75: "fdatasync", 76: "truncate", 77: "ftruncate", 82: "rename",
    83: "mkdir", 84: "rmdir", 85: "creat", 86: "link", 87: "unlink", 88: "symlink", 90: "chmod", 91: "fchmod",
    92: "chown", 93: "fchown", 94: "lchown", 188: "setxattr", 190: "fsetxattr", 258: "mkdirat", 259: "mknodat",
    260: "fchownat", 263: "unlinkat", 264: "renameat", 265: "linkat", 266: "symlinkat", 268: "fchmodat",
    277: "sync_file_range", 280: "utimensat", 285: "fallocate", 296: "pwritev", 307: "sendmmsg", 316: "renameat2",
    326: "copy_file_range", 328: "pwritev2", 452: "fchmodat2",
}  # fmt: skip
_OPEN, _OPENAT, _FCNTL = 2, 257, 72
# Opening a file is of interest when it makes or empties one, `fcntl` when it locks or unlocks.
_MAKES = os.O_CREAT | os.O_TRUNC
_LOCKING = (6, 7, 37, 38)
_NAMES = {**CALLS, _OPEN: "open", _OPENAT: "openat", _FCNTL: "fcntl"}
TEARABLE = frozenset({"write", "pwrite64", "sendto"})

_TRACEME, _CONT, _GETREGS, _SETREGS, _SYSCALL, _SETOPTIONS = 0, 7, 12, 13, 24, 0x4200
_OPTIONS = 1 | 2 | 4 | 8 | 0x80 | 0x100000  # told apart system calls, forks, clones, seccomp; dies with the tracer
_EVENT_SECCOMP = 7
_ALL_THREADS = 0x40000000  # __WALL
_RDX, _ORIG_RAX, _REGISTERS = 12, 15, 27
_FIRST, _THIRD = 24, 32  # where a filter finds the low words of the second and the third argument


@dataclass(frozen=True, slots=True)
class Trace:
    """The calls that change something, in order; the exit code, or minus the signal; whether it was killed."""

    calls: tuple[str, ...]
    code: int
    fired: bool


def is_possible() -> bool:
    """Whether this machine can do it."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def traced(work: Callable[[], int], kill_at: int = 0, moment: Moment = "before") -> Trace:
    """Fork a child that does the work and exits with its answer; kill it at its `kill_at`-th call, 0: never.

    Only for a process without other children and threads.
    """
    child = os.fork()
    if child == 0:
        code = 70
        try:
            _call(_TRACEME, 0, 0, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            _filter()
            code = work()
        finally:
            os._exit(code)
    os.waitpid(child, 0)
    _call(_SETOPTIONS, child, 0, _OPTIONS)
    return _follow(child, kill_at, moment)


def _follow(child: int, kill_at: int, moment: Moment) -> Trace:
    calls: list[str] = []
    waited_for = 0
    _call(_CONT, child, 0, 0)
    while True:
        thread, status = os.waitpid(-1, _ALL_THREADS)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if thread == child:
                return Trace(tuple(calls), os.waitstatus_to_exitcode(status), os.WIFSIGNALED(status))
            continue
        stopped_by, event = os.WSTOPSIG(status), status >> 16
        if thread == waited_for and stopped_by == signal.SIGTRAP | 0x80:  # the call is done
            os.kill(child, signal.SIGKILL)
            continue
        if event == _EVENT_SECCOMP:
            registers = (ctypes.c_ulonglong * _REGISTERS)()
            _call(_GETREGS, thread, 0, ctypes.addressof(registers))
            calls.append(_NAMES.get(registers[_ORIG_RAX], str(registers[_ORIG_RAX])))
            if len(calls) == kill_at:
                if moment == "before":
                    os.kill(child, signal.SIGKILL)
                    continue
                if moment == "torn" and calls[-1] in TEARABLE:
                    registers[_RDX] //= 2
                    _call(_SETREGS, thread, 0, ctypes.addressof(registers))
                waited_for = thread
                _call(_SYSCALL, thread, 0, 0)
                continue
        quiet = event or stopped_by in (signal.SIGTRAP, signal.SIGSTOP)
        _call(_CONT, thread, 0, 0 if quiet else stopped_by)


_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)


def _call(request: int, process: int, address: int, data: int) -> None:
    if _libc.ptrace(request, process, address, data) == -1 and ctypes.get_errno() != 3:  # it is gone: wait will say
        raise OSError(ctypes.get_errno(), f"ptrace {request}: {os.strerror(ctypes.get_errno())}")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def _filter() -> None:
    """From now on, in this process and its threads, the calls of interest stop for the tracer."""
    load, equal, any_bit, answer = 0x20, 0x15, 0x45, 0x06
    allow, trace = 0x7FFF0000, 0x7FF00000

    def tell(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    def returns(value: int) -> bytes:
        return tell(answer, value)

    steps = [tell(load, 0)]
    for number in CALLS:
        steps += [tell(equal, number, 0, 1), returns(trace)]
    for number, where in ((_OPEN, _FIRST), (_OPENAT, _THIRD)):
        inner = [tell(load, where), tell(any_bit, _MAKES, 0, 1), returns(trace), returns(allow)]
        steps += [tell(equal, number, 0, len(inner)), *inner]
    locks = [step for command in _LOCKING for step in (tell(equal, command, 0, 1), returns(trace))]
    inner = [tell(load, _FIRST), *locks, returns(allow)]
    steps += [tell(equal, _FCNTL, 0, len(inner)), *inner, returns(allow)]
    code = ctypes.create_string_buffer(b"".join(steps))
    program = _Program(len(steps), ctypes.addressof(code))
    no_new_privileges, set_seccomp, by_filter = 38, 22, 2
    for arguments in ((no_new_privileges, 1, 0, 0, 0), (set_seccomp, by_filter, ctypes.addressof(program), 0, 0)):
        if _libc.prctl(*(ctypes.c_ulong(argument) for argument in arguments)) != 0:
            raise OSError(ctypes.get_errno(), "the kernel takes no filter")
