"""What is written: for its owner alone, named by nobody's typing; no link is followed, no formula is run."""

import csv
import io
import os
import stat
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from sheetsync.cli.reporting import _print_csv
from sheetsync.config import write_config
from sheetsync.mail.transports import FileTransport, write_privately
from sheetsync.runs.previewing import _file_part
from sheetsync.runs.recalling import Export
from sheetsync.runs.tabular import inert, read_file
from tests.checkups import checks, warned
from tests.cli import small_desk

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
MAIL = b"From: a@example.com\r\nDate: Wed, 14 Oct 2026 08:00:00 +0000\r\nSubject: %s\r\n\r\nHello\r\n"
NAMES = [
    "../../x", "/etc/passwd", "CON", "nul.txt", "x" * 300, "a\0b", "a/b", "a\nb", "..", ".", "", "\u202egnp.exe", "~",
    "-rf", "Ünï", "😀" * 200,
]  # fmt: skip


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def _open_hearted() -> Iterator[None]:
    """The most generous umask there is: cron jobs may have it."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_only_the_owner_may_read_what_is_mailed(tmp_path: Path) -> None:
    """The folder of emails and each file in it, whatever the umask."""
    outbox = tmp_path / "outbox"
    FileTransport(outbox).send(MAIL % b"Week", "a@example.com", "b@example.com", lambda *_: None)
    assert _mode(outbox) == 0o700
    assert {_mode(path) for path in outbox.iterdir()} == {0o600}


def test_only_the_owner_may_read_previews_and_the_configuration(tmp_path: Path) -> None:
    """Previews hold what the emails hold; the configuration may come to hold a password."""
    desk = small_desk(tmp_path)
    assert desk.run("email", "preview", "--sample", "--kind", "partner-weekly").code == 0
    previews = list((desk.folder / "outbox" / "preview").iterdir())  # the folder is made by it
    assert previews
    assert {_mode(path) for path in previews} == {0o600}
    assert _mode(desk.folder / "outbox") == _mode(desk.folder / "outbox" / "preview") == 0o700
    write_config(tmp_path / "new.yaml", workbook="goals.xlsx")
    assert _mode(tmp_path / "new.yaml") == 0o600


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    """Whoever may write into the folder cannot have another file written over; a dead run's rest is in no way."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    place = tmp_path / "mail.eml"
    place.symlink_to(victim)
    (tmp_path / ".mail.eml.part").symlink_to(victim)
    write_privately(place, b"mail")
    assert victim.read_text() == "precious"
    assert not place.is_symlink()
    assert place.read_bytes() == b"mail"


@pytest.mark.parametrize("name", NAMES)
def test_no_name_decides_where_a_file_goes(tmp_path: Path, name: str) -> None:
    """People, subjects and addresses name files, but only by letters and digits."""
    part = _file_part(name)
    assert len(part.encode()) <= 200
    assert not set(part) & set("/\\\0\n:.~")
    outbox = tmp_path / "outbox"
    subject = name.replace("\0", "").replace("\n", " ").encode()
    FileTransport(outbox).send(MAIL % subject, "a@example.com", f"{name}@example.com", lambda *_: None)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert {path.parent for path in written} == {outbox}
    assert all(path.name.startswith("2026-10-14-") and len(path.name) < 140 for path in written)


def test_doctor_warns_of_what_others_may_read(tmp_path: Path) -> None:
    """A password in the configuration, the ledger and the emails; and what anybody may change."""
    desk = small_desk(tmp_path)
    config = desk.folder / "config.yaml"
    for path in desk.folder.glob("sheetsync.db*"):
        path.chmod(0o600)
    config.chmod(0o644)
    assert checks(desk)["privacy"]["state"] == "ok"
    desk.configure('password: "${SMTP_PASSWORD}"', "password: hunter2")
    warned(desk, "privacy", "which has a password in it", f"chmod 600 {config}")
    desk.configure("password: hunter2", 'password: "${SMTP_PASSWORD}"')
    config.chmod(0o666)
    warned(desk, "privacy", "anybody on this machine may change", f"chmod o-w {config}")
    config.chmod(0o600)
    (desk.folder / "sheetsync.db").chmod(0o644)
    warned(desk, "privacy", "others may read the ledger", "chmod 600")
    (desk.folder / "sheetsync.db").chmod(0o600)
    (desk.folder / "outbox").mkdir(mode=0o755)
    warned(desk, "privacy", "others may read the emails", "chmod 700")


_TROUBLE = st.sampled_from("'=+-@\t\r\n＝＋－＠\v\f\x1c\x85\u2028,;|\"ab1 ")
TEXTS = st.text(st.one_of(_TROUBLE, st.characters(exclude_categories=["Cs"], exclude_characters="\0")))


@given(st.lists(TEXTS, min_size=1, max_size=4), st.floats(allow_nan=False, allow_infinity=False))
@example(["=1+1", "'=1", "''@x", "a\u2028b"], -1.5)
def test_an_export_runs_nothing_and_comes_back_as_it_was(texts: list[str], number: float) -> None:
    """No cell of a CSV export begins a formula, numbers stay numbers, and `import` reads the very texts again."""
    fields = (*(f"t{n}" for n in range(len(texts))), "number")
    row = dict(zip(fields, [*texts, number], strict=True))
    out = io.StringIO()
    with redirect_stdout(out):
        _print_csv(Export(fields, [row]))
    cells = list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1]
    assert not [cell for cell in cells[:-1] if cell[:1] in set("=+-@\t\r\n＝＋－＠")]
    assert float(cells[-1]) == number
    assert cells[:-1] == [inert(text) for text in texts]


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_import_reads_what_export_wrote(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Text for text, apostrophes and strange line ends too."""
    path = tmp_path_factory.mktemp("export") / "log.csv"
    row = {"day": "2026-01-01", **{f"t{n}": text for n, text in enumerate(texts)}}
    out = io.StringIO()
    with redirect_stdout(out):
        _print_csv(Export(tuple(row), [row]))
    path.write_bytes(out.getvalue().encode())
    assert [cell or "" for cell in read_file(path).rows[0][1:]] == texts


def test_what_is_imported_into_a_workbook_is_text(tmp_path: Path) -> None:
    """No cell of the log becomes a formula or a link, whatever its text begins with; nor does it in a tool tab."""
    desk = small_desk(tmp_path)
    bad = [
        "=1+1",
        "+1",
        "@SUM(A1)",
        "-1",
        "\t=1",
        "＝1",
        '=HYPERLINK("http://evil.example")',
        "{=1}",
        "=cmd|' /C calc'!A0",
    ]
    rows = [["2026-10-12", "Ann", "Calls", 1, text] for text in bad]
    file = desk.csv("more.csv", ["Date", "Who", "Activity", "Count", "Notes"], rows)
    before = _formulas(desk.workbook)
    desk.ok("import", file)
    desk.ok("sync")
    added = _formulas(desk.workbook) - before
    assert not [text for text in added if any(one.strip() in text for one in bad if len(one) > 4)]
    assert {"=1+1", "@SUM(A1)", "=cmd|' /C calc'!A0"} <= _texts(desk.workbook)


def _formulas(path: Path) -> set[str]:
    cells = (cell for tab in load_workbook(path) for row in tab.iter_rows() for cell in row if cell.data_type == "f")
    return {str(getattr(cell.value, "text", cell.value)) for cell in cells}


def _texts(path: Path) -> set[str]:
    cells = (cell for tab in load_workbook(path) for row in tab.iter_rows() for cell in row)
    return {str(cell.value) for cell in cells if cell.data_type in {"s", "inlineStr"}}
