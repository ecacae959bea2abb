"""Files that are damaged, something else, or made to do harm: one clear line, soon, and in little memory."""

import io
import os
import re
import resource
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetsync.errors import ConfigError, SheetsyncError
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook.xlsx import open_workbook
from sheetsync.workbook.xlsx.refusals import MOST_MEMBERS
from tests.cli import PROJECT, Desk, Result, small_desk

GIGABYTE = 1 << 30
WORKBOOK, TEXTS, STYLES = "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"
LAUGHS = b'<!DOCTYPE lolz [<!ENTITY a0 "ha">' + b"".join(
    b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)
) + b"]>"  # fmt: skip


@dataclass(frozen=True, slots=True)
class Packed:
    """A member as it is stored: deflated bytes, and what the directory says of them."""

    deflated: bytes
    says: int


def blown_up(size: int, says: int | None = None, start: bytes = b"") -> Packed:
    """A thousandth of `size`, which unpacks to it; the directory may say something else."""
    block, deflater = b" " * (1 << 20), zlib.compressobj(9, zlib.DEFLATED, -15)
    head = deflater.compress(start) + deflater.flush(zlib.Z_FULL_FLUSH)
    once = deflater.compress(block) + deflater.flush(zlib.Z_FULL_FLUSH)
    again = deflater.compress(block) + deflater.flush(zlib.Z_FULL_FLUSH)
    end = deflater.flush()
    return Packed(head + once + again * (size // len(block) - 1) + end, size if says is None else says)


def rezip(path: Path, changes: Mapping[str, bytes | Packed], more: Callable[[ZipFile], None] | None = None) -> None:
    """Write the workbook anew with other contents in some members; `more` adds to it."""
    made = io.BytesIO()
    with ZipFile(path) as old, ZipFile(made, "w", ZIP_DEFLATED) as new:
        for name in [*old.namelist(), *(name for name in changes if name not in old.namelist())]:
            content = changes[name] if name in changes else old.read(name)
            if isinstance(content, bytes):
                new.writestr(name, content)
            else:
                info = ZipInfo(name)
                new.writestr(info, content.deflated, ZIP_STORED)
                info.compress_type, info.file_size = ZIP_DEFLATED, content.says
        if more:
            more(new)
    path.write_bytes(made.getvalue())


def member(path: Path, name: str) -> bytes:
    """The contents of a member."""
    with ZipFile(path) as archive:
        return archive.read(name)


def part_of(path: Path, title: str) -> str:
    """The member that holds a tab: those of a new workbook are numbered in order."""
    names = [text.split(b'"')[0].decode() for text in member(path, WORKBOOK).split(b'<sheet name="')[1:]]
    return f"xl/worksheets/sheet{names.index(title) + 1}.xml"


def limited(desk: Desk, *arguments: str) -> Result:
    """Run a command as a process of its own that may use 2 GB and 10 seconds of a processor."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2 * GIGABYTE, 2 * GIGABYTE))
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    command = [sys.executable, "-m", "sheetsync", "-c", str(desk.config), *arguments]
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=PROJECT, env=env, check=False, preexec_fn=limit, timeout=60
    )
    return Result(done.returncode, done.stdout, done.stderr)


def cell(name: str, value: bytes = b"<v>1</v>", more: bytes = b"") -> Callable[[bytes], bytes]:
    """Puts a cell at the end of a tab, in a row of its own."""
    digits = name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ").encode()
    row = b'<row r="%s"><c r="%s"%s>%s</c></row></sheetData>' % (digits, name.encode(), more, value)
    return lambda xml: xml.replace(b"</sheetData>", row)


def in_log(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Changes the tab Log."""
    return lambda path: rezip(path, {(part := part_of(path, "Log")): change(member(path, part))})


def with_member(name: str, content: bytes | Packed) -> Callable[[Path], None]:
    """Puts a member in."""
    return lambda path: rezip(path, {name: content})


def with_laughs(name: str) -> Callable[[Path], None]:
    """Has a member declare an entity that stands for a hundred billion letters, and show it."""

    def change(path: Path) -> None:
        xml = member(path, name)
        start = xml.index(b"?>") + 2
        rezip(path, {name: xml[:start] + LAUGHS + xml[start:].replace(b"</", b"&a11;</", 1)})

    return change


def _twice(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        rezip(path, {}, lambda archive: archive.writestr(WORKBOOK, "<workbook/>"))


def _twice_in_capitals(path: Path) -> None:
    rezip(path, {}, lambda archive: archive.writestr("XL/Workbook.xml", "<workbook/>"))


def _holding(count: int) -> Callable[[Path], None]:
    def add(archive: ZipFile) -> None:
        for number in range(count):
            archive.writestr(f"m/{number}", b"")

    return lambda path: rezip(path, {}, add)


def _packed_otherwise(path: Path) -> None:
    rezip(path, {}, lambda archive: archive.writestr("xl/more.xml", b"<a/>", ZIP_BZIP2))


def _overlapping(path: Path) -> None:
    def add(archive: ZipFile) -> None:
        archive.writestr("xl/media/1.png", b"once")
        info = archive.infolist()[0]
        archive.infolist()[-1].header_offset = info.header_offset

    rezip(path, {}, add)


def _text_shown_often(path: Path) -> None:
    """One text of 5 MB, shown by 2,000 cells: 10 GB."""
    shown = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(5000, 7000))
    part = part_of(path, "Log")
    xml = member(path, part).replace(b"</sheetData>", shown + b"</sheetData>")
    rezip(path, {part: xml, TEXTS: b"<sst><si><t>%s</t></si></sst>" % (b"abcdefgh" * 655_360)})


def _sheet_that_lies(path: Path) -> None:
    part = part_of(path, "Log")
    rezip(path, {part: blown_up(10 * GIGABYTE, 1000, member(path, part)[:900])})


DOES_HARM: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "a sheet of 10 GB": (with_member("xl/worksheets/sheet8.xml", blown_up(10 * GIGABYTE)), ("memory", "sheet8.xml")),
    "texts of 10 GB": (with_member(TEXTS, blown_up(10 * GIGABYTE)), ("fill the memory", TEXTS)),
    "a drawing of 10 GB": (with_member("xl/drawings/drawing9.xml", blown_up(10 * GIGABYTE)), ("memory", "drawing9")),
    "a sheet that says 1 kB": (_sheet_that_lies, ("damaged", "xl/worksheets/sheet")),
    "texts that say 1 kB": (with_member(TEXTS, blown_up(10 * GIGABYTE, 1000, b"<sst>")), ("damaged", TEXTS)),
    "laughs in the workbook": (with_laughs(WORKBOOK), ("damaged", WORKBOOK)),
    "laughs in the styles": (with_laughs(STYLES), ("damaged", STYLES)),
    "laughs in a sheet": (with_laughs("xl/worksheets/sheet1.xml"), ("damaged", "sheet1.xml")),
    "laughs that hide": (
        with_member(WORKBOOK, (LAUGHS.decode() + "<workbook>&a11;</workbook>").encode("utf-16")),
        ("damaged", WORKBOOK),
    ),
    "a cell far away": (in_log(cell("XFD1048576")), ("“Log” reaches to XFD1048576", "delete")),
    "a cell beyond all": (in_log(cell("C99999999")), ("“Log” reaches to", "delete")),
    "a column beyond all": (in_log(cell("ZZZZZZZ3")), ("“Log” reaches to", "delete")),
    "a far cell in small letters": (in_log(lambda xml: cell("XFD1048576")(xml).replace(b"XFD", b"xfd")), ("“Log”",)),
    "a far cell written oddly": (
        in_log(lambda xml: cell("XFD1048576")(xml).replace(b'<c r="XFD', b"<c\n a='>' r = \"XFD")), ("“Log”",)
    ),
    "a row beyond all": (
        in_log(lambda xml: xml.replace(b"</sheetData>", b'<row r="99999999"><c><v>1</v></c></row></sheetData>')),
        ("“Log” reaches to",),
    ),
    "a text shown too often": (_text_shown_often, ("“Log” shows more text",)),
    "more texts than there are": (
        with_member(TEXTS, b'<sst count="1" uniqueCount="4294967295"><si><t>x</t></si></sst>'), ("damaged", TEXTS),
    ),
    "100,000 members": (_holding(100_000), ("too many parts", "earlier version")),
    "some members too many": (_holding(MOST_MEMBERS), ("parts, too many", "earlier version")),
    "a member twice": (_twice, ("damaged", "twice")),
    "a member twice, once in capitals": (_twice_in_capitals, ("damaged", "twice")),
    "an absolute name": (with_member("/etc/passwd", b"x"), ("damaged", "/etc/passwd")),
    "a name that leads out": (with_member("xl/../../evil.xml", b"x"), ("damaged", "evil")),
    "members one in another": (_overlapping, ("damaged", "reaches into another part")),
    "another compression": (_packed_otherwise, ("packed in a way", "xl/more.xml")),
}  # fmt: skip


@pytest.mark.parametrize("kind", DOES_HARM)
def test_what_does_harm(tmp_path: Path, kind: str) -> None:
    """A file that would fill the memory, or means different things to different readers, is refused in one line."""
    desk = small_desk(tmp_path)
    spoil, words = DOES_HARM[kind]
    spoil(desk.workbook)
    assert desk.workbook.stat().st_size < 20 << 20
    before = desk.state()
    limited(desk, "sync").refused(3, "goals.xlsx", *words)
    assert desk.state() == before


def _strict(path: Path) -> None:
    ours, strict = (
        b"http://schemas.openxmlformats.org/officeDocument/2006",
        b"http://purl.oclc.org/ooxml/officeDocument",
    )
    rezip(path, {name: member(path, name).replace(ours, strict) for name in ("_rels/.rels", WORKBOOK)})


def _open_document(path: Path) -> None:
    with ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office/>")


def _binary(path: Path) -> None:
    rezip(path, {"xl/workbook.bin": b"\x83\x01"})


def _holds(content: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.write_bytes(content)

    return change


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * GIGABYTE)


def _sparse_end(path: Path) -> None:
    """A whole workbook with 400 MB of nothing before it."""
    content = path.read_bytes()
    with path.open("wb") as file:
        file.seek(400 << 20)
        file.write(content)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _unfinished(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _late_zeros(path: Path) -> None:
    """A half-synced file: as long as it should be, its second half not there yet."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))


def _one_bit(path: Path) -> None:
    with ZipFile(path) as archive:
        at = archive.getinfo(part_of(path, "Log")).header_offset + 200
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
IS_ANOTHER: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "empty": (_holds(b""), ("is empty (0 bytes)", "cloud drive")),
    "zeros": (_holds(bytes(5000)), ("nothing but zeros", "cloud drive")),
    "half a file": (_unfinished, ("cut short", "cloud drive", "earlier version")),
    "half a file, then zeros": (_late_zeros, ("cut short", "cloud drive")),
    "one bit": (_one_bit, ("is damaged", "xl/worksheets/sheet", "earlier version")),
    "encrypted": (_holds(OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le")), ("is password-protected;",)),
    "xls": (_holds(OLE + bytes(600) + "Workbook".encode("utf-16-le")), ("old .xls format", "save it as .xlsx")),
    "csv": (_holds(b"Date,Who\r\n2026-01-01,Ann\r\n"), ("text, such as CSV", "sheetsync import")),
    "web page": (
        _holds(b"\xef\xbb\xbf\r\n<HTML><body><table></table></body></HTML>"),
        ("web page", "save it as .xlsx"),
    ),
    "ods": (_open_document, ("OpenDocument", ".ods", "save it as .xlsx")),
    "xlsb": (_binary, (".xlsb", "save it as .xlsx")),
    "strict": (_strict, ("Strict", "save it as")),
    "sparse": (_sparse, ("10,240 MB", "more than 512 MB")),
    "a pipe": (_pipe, ("not a file",)),
    "a folder": (_folder, ("not a file",)),
}


@pytest.mark.parametrize("kind", IS_ANOTHER)
def test_what_is_another_thing(tmp_path: Path, kind: str) -> None:
    """A file that is no workbook, or not whole, is refused in one line that says what it is and what to do."""
    desk = small_desk(tmp_path)
    spoil, words = IS_ANOTHER[kind]
    spoil(desk.workbook)
    limited(desk, "sync").refused(3, "goals.xlsx", *words)


def test_nothing_before_the_zip(tmp_path: Path) -> None:
    """Bytes before the zip, such as a program that unpacks it, do not matter: what is read is what is checked."""
    desk = small_desk(tmp_path)
    _sparse_end(desk.workbook)
    assert limited(desk, "sync", "--json").json["rows"] == 60


def test_no_right_to_read(tmp_path: Path, sales: WorkbookTemplate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read says so. The superuser may read all: for that one, opening is made to fail."""
    path = small_desk(tmp_path).workbook
    path.chmod(0)

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    if os.geteuid() == 0:
        monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(ConfigError, match=r"goals\.xlsx cannot be read: Permission denied"):
        open_workbook(path, sales)


def test_a_copy_by_another_name(tmp_path: Path) -> None:
    """What a cloud drive calls a conflicted copy is a workbook as good as any."""
    desk = small_desk(tmp_path)
    name = "goals (Ann's conflicted copy 2026-10-14).xlsx"
    desk.workbook.rename(desk.folder / name)
    desk.configure("workbook: goals.xlsx", f'workbook: "{name}"')
    assert desk.run("sync").code == 0


def test_blank_cells_far_away(tmp_path: Path) -> None:
    """Cells that only have a look take no room: whoever paints a whole row is not refused."""
    desk = small_desk(tmp_path)
    far = b"".join(b'<c r="XFD%d" s="1"/>' % row for row in (900, 1_048_576))
    in_log(lambda xml: xml.replace(b"</sheetData>", b'<row r="1048576">%s</row></sheetData>' % far))(desk.workbook)
    assert limited(desk, "sync").code == 0


def test_cells_without_names(tmp_path: Path) -> None:
    """Some programs leave out where a cell stands: it stands behind the one before, and takes no more room."""
    desk = small_desk(tmp_path)
    in_log(lambda xml: re.sub(rb'(<c) r="[A-Z]+[0-9]+"', rb"\1", xml))(desk.workbook)
    assert limited(desk, "sync", "--dry-run", "--json").json["rows"] == 60


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage(tmp_path: Path, sales: WorkbookTemplate, data: st.DataObject) -> None:
    """Whatever bytes of a workbook are changed: it is read, or refused in one line."""
    whole = small_desk_once(tmp_path)
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(1, 40))] = data.draw(st.binary(max_size=40))
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(content)
    try:
        open_workbook(path, sales).read()
    except SheetsyncError as error:
        assert "\n" not in str(error)


def small_desk_once(folder: Path) -> bytes:
    """The bytes of a small workbook."""
    if not (folder / "small").exists():
        small_desk(folder)
    return (folder / "small" / "goals.xlsx").read_bytes()
