"""What is refused before it is read: files that are no workbook, are damaged, or would fill the memory.

A workbook comes by mail and through cloud drives, so nothing that it says of itself is believed: sizes are limited
before anything is unpacked, and what is unpacked must be what the zip's directory says.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from sheetsync.errors import ConfigError

# Pictures make files large; beyond this every spreadsheet program gives up.
LARGEST_FILE = 512 << 20
# A log of Excel's 1,048,576 rows with every column filled unpacks to 450 to 600 MB.
LARGEST_MEMBER = 768 << 20
LARGEST_TOTAL = 2 << 30
# Tabs shrink to a tenth or a twentieth, a bomb to a thousandth.
STEEPEST, STEEP_FROM = 100, 16 << 20
# A tab with all that hangs from it is five members, a picture one. The directory takes some 60 bytes for each.
MOST_MEMBERS, LARGEST_DIRECTORY = 20_000, 4 << 20

_ENCODING = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\sencoding\s*=\s*[\"']([^\"']*)")
_PLAIN = frozenset((b"utf-8", b"utf8", b"us-ascii", b"ascii"))
_END, _LOCAL = struct.Struct("<4s4H2LH"), struct.Struct("<4s22x2H")
_LONGEST_COMMENT = 1 << 16
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_EARLIER = "restore an earlier version of the file"
_COPYING = f"let the cloud drive finish copying it, or {_EARLIER}"


def opened_zip(file: IO[bytes], size: int, shown: Path) -> ZipFile:
    """The zip in a file of so many bytes, its directory checked. Raises `ConfigError`, naming the file as `shown`."""
    if size > LARGEST_FILE:
        raise ConfigError(f"{shown} has {_mb(size)}, more than {_mb(LARGEST_FILE)}; take pictures out of it")
    if _directory_size(file, size) > LARGEST_DIRECTORY:
        raise ConfigError(f"{shown} has too many parts for a workbook; {_EARLIER}")
    try:
        archive = ZipFile(file)
        flaw = next(_flaws(archive.infolist(), archive.start_dir), None) or _other_format(file, archive)
    except (BadZipFile, NotImplementedError, ValueError) as error:
        raise ConfigError(f"{shown} is not an .xlsx file: {_what_it_is(file, size, error)}") from None
    if flaw:
        raise ConfigError(f"{shown} {flaw}")
    return archive


def unpacked(file: IO[bytes], member: ZipInfo) -> bytes:
    """The contents of a member. Raises `BadZipFile` when they are not what the directory says; reads no further."""
    file.seek(member.header_offset)
    signature, name, extra = _LOCAL.unpack(file.read(_LOCAL.size).ljust(_LOCAL.size))
    if signature != _ZIP:
        raise BadZipFile("it is not where the directory says")
    file.seek(name + extra, 1)
    contents, ended = file.read(member.compress_size), True
    if member.compress_type == ZIP_DEFLATED:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            contents = stream.decompress(contents, member.file_size + 1)
        except zlib.error as error:
            raise BadZipFile(str(error)) from None
        ended = stream.eof
    if not ended or len(contents) != member.file_size or zlib.crc32(contents) != member.CRC:
        raise BadZipFile("it is not what the directory says")
    if member.filename.endswith((".xml", ".rels")):
        _check_xml(contents[:_LONGEST_COMMENT])
    return contents


def _check_xml(start: bytes) -> None:
    """No entities are declared, for they may stand for anything; in another encoding than UTF-8 they would hide."""
    encoding = _ENCODING.match(start)
    if b"<!DOCTYPE" in start or (encoding and encoding[1].lower() not in _PLAIN) or b"\0" in start[:4]:
        raise BadZipFile("no spreadsheet program writes such XML")


def _flaws(members: Sequence[ZipInfo], end: int) -> Iterator[str]:
    """What is wrong with the directory, in words that follow the file's name; `end` is where it begins."""
    if len(members) > MOST_MEMBERS:
        yield f"has {len(members):,} parts, too many for a workbook; {_EARLIER}"
    seen: set[str] = set()
    for member in members:
        name = member.filename
        if name.casefold() in seen:  # readers differ in which one they take, and in whether case matters
            yield f"is damaged ({name} is in it twice); {_EARLIER}"
        seen.add(name.casefold())
        if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            yield f"is damaged (no part can be called {name[:80]!r}); {_EARLIER}"
        if member.flag_bits & 1:
            yield f"is password-protected ({name}); save it without a password"
        if member.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            yield f"is packed in a way that Excel does not know ({name}); save it once in Excel or LibreOffice"
        steep = member.file_size > STEEP_FROM and member.file_size > STEEPEST * member.compress_size
        if steep or member.file_size > LARGEST_MEMBER:
            yield f"would fill the memory ({name} unpacks to {_mb(member.file_size)}); {_EARLIER}"
    if (total := sum(member.file_size for member in members)) > LARGEST_TOTAL:
        yield f"would fill the memory (it unpacks to {_mb(total)}); {_EARLIER}"
    for member in sorted(members, key=lambda member: member.header_offset, reverse=True):
        if member.header_offset < 0 or member.header_offset + _LOCAL.size + member.compress_size > end:
            yield f"is damaged ({member.filename} reaches into another part); {_EARLIER}"
        end = member.header_offset


def _other_format(file: IO[bytes], archive: ZipFile) -> str | None:
    """What else the zip is, in words that follow the file's name."""
    names = archive.NameToInfo
    if "xl/workbook.bin" in names:
        return "is a binary workbook (.xlsb); save it as .xlsx"
    if "mimetype" in names and "content.xml" in names:
        return "is not an .xlsx file: it is an OpenDocument file (.ods); save it as .xlsx"
    relations = names.get("_rels/.rels")
    if relations and b"://purl.oclc.org/ooxml/" in unpacked(file, relations):
        return "is a “Strict Open XML Spreadsheet”; save it as “Excel Workbook (.xlsx)”"
    return None


def _what_it_is(file: IO[bytes], size: int, error: Exception) -> str:
    """What a file that is no zip is instead, and what to do."""
    file.seek(0)
    start = file.read(_LONGEST_COMMENT)
    text = start.lstrip(b"\xef\xbb\xbf \r\n\t")[:20].lower()
    if not start.strip(b"\0"):
        what = f"it holds nothing but zeros; {_COPYING}" if size else f"it is empty (0 bytes); {_COPYING}"
    elif start.startswith(_ZIP):
        what = f"it is cut short or damaged ({error}); {_COPYING}"
    elif start.startswith(_OLE) and _ENCRYPTED in start:
        what = "it is password-protected; save it as .xlsx without a password"
    elif start.startswith(_OLE):
        what = "it is password-protected or in the old .xls format; save it as .xlsx without a password"
    elif text.startswith((b"<!doctype html", b"<html", b"<table", b"<meta")):
        what = "it is a web page under another name; open it in Excel and save it as .xlsx"
    elif b"\0" not in start:
        what = f"it is text, such as CSV; {_EARLIER}, and bring the text in with `sheetsync import`"
    else:
        what = f"{error}; {_EARLIER}"
    return what


def _directory_size(file: IO[bytes], size: int) -> int:
    """How many bytes the directory says it has: `zipfile` reads them all before it can be asked."""
    start = max(0, size - _END.size - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read(_END.size + _LONGEST_COMMENT)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        return 0
    return int(_END.unpack_from(tail, at)[5])


def _mb(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MB"
