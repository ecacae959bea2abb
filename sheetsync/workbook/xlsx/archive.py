"""The `.xlsx` file as a zip: its members are read, and a few replaced while all others keep their very bytes.

A member that does not change is copied as it is stored, compressed bytes, name and date included. The new file is
written beside the old one and takes its place in one step, so a run that dies leaves the old file whole.
"""

import copy
import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from sheetsync.errors import Busy, ConfigError
from sheetsync.workbook.xlsx.locks import refuse_if_open
from sheetsync.workbook.xlsx.refusals import opened_zip, unpacked

_SPEED_OVER_SIZE = 3
_DISK = (errno.EIO, errno.ESTALE)
_LONGEST = 233  # bytes of a file's name in that of a temporary one, which has 22 more and may have 255
_CANNOT_SYNC_FOLDERS = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM)


class Archive:
    """An `.xlsx` file, opened for reading. Raises `ConfigError` when there is none or it is something else."""

    def __init__(self, path: Path) -> None:
        # A symbolic link stays one: its target is what is read and replaced.
        self.shown, self.path = path, Path(os.path.realpath(path))
        self._was_read: set[str] = set()
        with ExitStack() as stack:
            try:
                self._seen = _fingerprint(self.path)
                self._file = stack.enter_context(self.path.open("rb"))
                self._zip = opened_zip(self._file, self._seen[1], path)
            except FileNotFoundError:
                raise ConfigError(f"{path} does not exist; create it with `sheetsync create`") from None
            except OSError as error:
                raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from None
            stack.pop_all()

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __contains__(self, member: str) -> bool:
        return member in self._zip.NameToInfo

    def read(self, member: str) -> bytes:
        """The contents of a member. Raises `ConfigError` when it is missing or damaged."""
        try:
            contents = unpacked(self._file, self._zip.getinfo(member))
        except (KeyError, BadZipFile, OSError) as error:
            raise self._unread(error) or self.damaged(f"{member}: {error}") from None
        self._was_read.add(member)
        return contents

    def damaged(self, what: str) -> ConfigError:
        """An error that says so, and what to do."""
        return ConfigError(f"{self.shown} is damaged ({what}); restore an earlier version of the file")

    def _unread(self, error: Exception) -> ConfigError | None:
        """An error that says that the disk, not the file, is to blame; None when it is not."""
        if not isinstance(error, OSError) or error.errno not in _DISK:
            return None
        return ConfigError(f"{self.shown} cannot be read ({error.strerror}); see to its disk, then run again")

    def members(self, *endings: str) -> list[str]:
        """The members whose names, in small letters, end so."""
        return [name for name in self._zip.NameToInfo if name.lower().endswith(endings)]

    def copy_of_what_was_read(self, instead: Mapping[str, bytes]) -> BytesIO:
        """A zip of the members that `read` has given, some with other contents.

        Whoever else reads it sees nothing that was not checked.
        """
        copied = BytesIO()
        with ZipFile(copied, "w") as new:
            for member, end in self._members():
                if member.filename in instead:
                    new.writestr(_described_as(member), instead[member.filename])
                elif member.filename in self._was_read:
                    self._copy_raw(member, end, new)
        copied.seek(0)
        return copied

    def replace(self, changed: Mapping[str, bytes], dropped: frozenset[str] = frozenset()) -> None:
        """Put a file in place whose `changed` members have new contents and whose `dropped` ones are gone.

        Members that are not there yet are added at the end.

        Raises `Busy` when the file is open in another program or was saved since it was opened here, and
        `ConfigError` when the folder cannot be written.
        """
        refuse_if_open(self.shown)
        replace_file(self.path, lambda target: self._write(target, changed, dropped), self._check_unchanged)

    def _check_unchanged(self) -> None:
        refuse_if_open(self.shown)
        if _fingerprint(self.path) != self._seen:
            raise Busy(f"{self.shown} was saved by another program just now; run again")

    def _write(self, target: IO[bytes], changed: Mapping[str, bytes], dropped: frozenset[str]) -> None:
        with ZipFile(target, "w") as new:
            new.comment = self._zip.comment
            for member, end in self._members():
                if member.filename in changed:
                    new.writestr(_described_as(member), changed[member.filename], compresslevel=_SPEED_OVER_SIZE)
                elif member.filename not in dropped:
                    self._copy_raw(member, end, new)
            for name in changed:
                if name not in self:
                    new.writestr(_described_as(ZipInfo(name)), changed[name], compresslevel=_SPEED_OVER_SIZE)

    def _copy_raw(self, member: ZipInfo, end: int, new: ZipFile) -> None:
        try:
            _copy_raw(self._file, member, end, new)
        except OSError as error:
            raise self._unread(error) or error from None

    def _members(self) -> Iterator[tuple[ZipInfo, int]]:
        """The members in the order in which they are stored, each with where the next thing begins."""
        members = sorted(self._zip.infolist(), key=lambda member: member.header_offset)
        return zip(members, [*(member.header_offset for member in members[1:]), self._zip.start_dir], strict=True)


def _copy_raw(source: IO[bytes], member: ZipInfo, end: int, new: ZipFile) -> None:
    """Copy a member with its local header as stored. zipfile has no call for that, so its list is kept by hand."""
    assert new.fp is not None  # noqa: S101  it is open
    moved = copy.copy(member)
    new.fp.seek(new.start_dir)
    moved.header_offset = new.fp.tell()
    source.seek(member.header_offset)
    remaining = end - member.header_offset
    while remaining:
        chunk = source.read(min(remaining, 1 << 20))
        if not chunk:
            raise ConfigError(f"{source.name} is cut short; restore an earlier version of the file")
        new.fp.write(chunk)
        remaining -= len(chunk)
    new.filelist.append(moved)
    new.NameToInfo[moved.filename] = moved
    new.start_dir = new.fp.tell()


def _described_as(member: ZipInfo) -> ZipInfo:
    described = ZipInfo(member.filename, member.date_time)
    described.compress_type = ZIP_DEFLATED
    described.external_attr, described.create_system = member.external_attr, member.create_system
    return described


def replace_file(path: Path, write: Callable[[IO[bytes]], None], check: Callable[[], None]) -> None:
    """Write a file beside `path`, let `check` have the last word, and put it in place in one step.

    A file that is replaced keeps its owner, its rights and its attributes. Raises `ConfigError` when the folder
    cannot be written or the disk is full.
    """
    # Of which nobody else can know the name, so that no two runs share it and none is planted there.
    temporary = path.with_name(f".{_cut_stem(path)}{path.suffix}.{secrets.token_hex(8)}.tmp")
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        replaces = path.exists()
        with os.fdopen(os.open(temporary, flags, 0o600 if replaces else 0o666), "w+b") as target:
            write(target)
            target.flush()
            if replaces:
                _take_after(path, target.fileno())
            os.fsync(target.fileno())
        check()
        os.replace(temporary, path)  # noqa: PTH105  the very call that tests make fail
        _sync_folder(path.parent)
    except PermissionError as error:
        # On Windows a file that is open elsewhere cannot be replaced.
        if os.name == "nt":
            raise Busy(f"{path} is open in another program; close it and run again") from None
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def clear_leftovers(path: Path) -> None:
    """Remove what runs that were killed left beside `path`: half-written files of it, or of its copies.

    Only under the workbook's lock: else they may be another run's.
    """
    # A copy has something in brackets after the name, of which a cut leaves as little as the blank before it.
    named = rf"{re.escape(_cut_stem(path))}( (\(.*)?)?{re.escape(path.suffix)}"
    ours = re.compile(rf"\.{named}\.([0-9a-f]{{16}}|[0-9]+)\.tmp", re.DOTALL)
    for found in path.parent.iterdir():
        if ours.fullmatch(found.name) and stat.S_ISREG(found.lstat().st_mode):
            with suppress(OSError):
                found.unlink()


def _cut_stem(path: Path) -> str:
    """A file's name without its suffix, as far as the name of a temporary one has room for both."""
    room = max(0, _LONGEST - len(os.fsencode(path.suffix)))
    return path.stem.encode(errors="surrogateescape")[:room].decode(errors="ignore")


def _take_after(path: Path, descriptor: int) -> None:
    """Give a new file the owner, the attributes (access lists are among them) and the rights of the old one."""
    old = path.stat()
    if os.name == "posix":
        new = os.fstat(descriptor)
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            for owner in (old.st_uid, -1):  # whoever may not give it away may still give it to the group
                with suppress(OSError):
                    os.fchown(descriptor, owner, old.st_gid)
                    break
        with suppress(OSError, AttributeError):
            for name in os.listxattr(path):
                os.setxattr(descriptor, name, os.getxattr(path, name))
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _sync_folder(folder: Path) -> None:
    """Have the disk keep the new name. Some file systems cannot; one that fails at it is an error."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC_FOLDERS:
            raise
    finally:
        os.close(descriptor)


def _fingerprint(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f"{path} is not a file; `workbook` names the .xlsx file")
    return status.st_ino, status.st_size, status.st_mtime_ns
