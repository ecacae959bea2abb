"""Bad input: an exit code and one line that says what, where and what to do; nothing is left half-written."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook

from sheetsync import errors
from tests.cli import PROJECT, Desk, Result, new_desk, sheetsync, small_desk
from tests.google_server import GoogleServer

ROBOT = "robot@demo.iam.gserviceaccount.com"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann and Ben, 60 rows, synced."""
    return small_desk(tmp_path)


@pytest.fixture
def bare(tmp_path: Path) -> Desk:
    """Nothing but a configuration."""
    return new_desk(tmp_path / "bare")


# ---- the configuration --------------------------------------------------------------------------------------------


def test_a_missing_configuration(tmp_path: Path) -> None:
    """Its path, and how to get one."""
    sheetsync("-c", tmp_path / "none.yaml", "sync").refused(3, "none.yaml", "sheetsync init", "-c")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workbok: goals.xlsx", ("line 1", "workbok", "did you mean workbook?")),
        ("workbook: goals.xlsx\nemail:\n  smtp:\n    hots: x", ("line 4", "email.smtp.hots", "did you mean host?")),
        ("workbook: goals.xlsx\nrecipients: [a@b.c]", ("recipients", "did you mean email.recipients?")),
        (
            "workbook: goals.xlsx\ntimezone: Europe/Londn\nweek_starts: mon",
            ("Europe/London", "| line 3, week_starts"),
        ),
        ("workbook: goals.xlsx\nworkbook: b.xlsx", ("workbook", "twice")),
        ("workbook: [goals.xlsx", ("config.yaml", "line 1")),
        ("- a\n- b", ("config.yaml",)),
        ("", ("config.yaml", "workbook")),
        ("workbook: goals.xlsx\ntemplate: salse", ("template", "salse", "did you mean sales?")),
        ("workbook: goals.xlsx\ntemplate: my.yaml", ("my.yaml", "sales")),
        ("workbook: goals.xlsx\nledger: mysql://x/y", ("ledger", "sqlite:///")),
        ("workbook: goals.xlsx\nledger: sqlite:///no/such/folder/x.db", ("ledger", "no/such/folder")),
        ("workbook: goals.xlsx\nledger: ${NO_SUCH_VARIABLE}", ("NO_SUCH_VARIABLE", "not set")),
    ],
)
def test_a_wrong_configuration(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    """Every problem at once, with line, path and the nearest right one."""
    desk = Desk(tmp_path)
    desk.config.write_text(text, encoding="utf-8")
    desk.run("sync").refused(3, *words)
    assert {path.name for path in tmp_path.iterdir()} <= {"config.yaml", ".goals.xlsx.lock"}


def test_errors_as_json(tmp_path: Path) -> None:
    """--log-format json: the same line, for machines; and usage errors too."""
    result = sheetsync("-c", tmp_path / "none.yaml", "--log-format", "json", "sync")
    assert result.code == 3
    assert result.err.startswith('{"level": "error", "exit_code": 3, "message": "')
    assert sheetsync("--log-format=json", "sync", "--as-of", "x").err.startswith('{"level": "error", "exit_code": 2')


def test_a_traceback_only_when_asked_for(tmp_path: Path) -> None:
    """-v shows where it happened; the line is there all the same."""
    said = sheetsync("-v", "-c", tmp_path / "none.yaml", "sync")
    assert "Traceback" in said.err
    assert said.err.splitlines()[-1].startswith("sheetsync: ")


# ---- the command line ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sync", "--as-of", "2026-02-30"], ("--as-of", "2026-02-30", "2026-02-14")),
        (["sync", "--as-of", "yesterday"], ("--as-of", "yesterday")),
        (["sync", "--dryrun"], ("--dryrun", "--dry-run")),
        (["synk"], ("synk", "--help")),
        (["export", "rollup"], ("rollup", "activities")),
        (["export", "rollups", "--format", "xml"], ("--format", "xml", "json")),
        (["status", "--who", "Bne Smith"], ("--who", "Bne Smith", "Ann, Ben")),
        (["import"], ("FILE", "sheetsync import --help")),
        (["import", "log.csv", "--map", "Date"], ("Date", "COLUMN=VALUE")),
        (["create", "--year", "26"], ("--year", "26", "1970")),
        (["email", "preview", "--to", "Nobody"], ("--to", "Nobody")),
        (["email", "preview", "--period", "2026-77"], ("--period", "2026-77", "2026-W07")),
        (["email", "preview", "--kind", "monthly"], ("--kind", "monthly", "partner-weekly")),
    ],
)  # fmt: skip
def test_a_wrong_option(desk: Desk, arguments: list[str], words: tuple[str, ...]) -> None:
    """What is wrong with which option, and what would be right."""
    before = desk.state()
    desk.run(*arguments).refused(2, *words)
    assert desk.state() == before


def test_no_command_shows_the_help_page() -> None:
    """The commands, and exit code 2 as the shell expects."""
    result = sheetsync()
    assert result.code == 2
    assert "Commands:" in result.out + result.err


# ---- the workbook -------------------------------------------------------------------------------------------------


def _absent(path: Path) -> None:
    path.unlink()


def _text(path: Path) -> None:
    path.write_text("Date,Who\n")


def _old_excel(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _foreign(path: Path) -> None:
    Workbook().save(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_absent, ("does not exist", "sheetsync create")),
        (_text, ("not an .xlsx file",)),
        (_old_excel, (".xls", "save it as .xlsx")),
        (_cut_off, ("not an .xlsx file", "earlier version")),
        (_empty, ("not an .xlsx file",)),
        (_foreign, ("not made by `sheetsync create`",)),
        (_folder, ("goals.xlsx",)),
    ],
)
def test_a_workbook_that_is_none(desk: Desk, spoil: Callable[[Path], None], words: tuple[str, ...]) -> None:
    """Exit 3 whatever the command, and the file stays as it is."""
    spoil(desk.workbook)
    before = desk.state()
    file = desk.csv("more.csv", ["Date", "Activity"], [["2026-10-01", "Cold call"]])
    before["more.csv"] = file.read_bytes()
    for arguments in (["sync"], ["sync", "--dry-run"], ["extend"], ["import", str(file)], ["log", "Cold call"]):
        desk.run(*arguments).refused(3, "goals.xlsx", *words)
    assert desk.state() == before


def _without_rights(*arguments: str | Path) -> Result:
    """Run a command as somebody who may only do what rights allow, which root is not unless told so."""
    rights = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"] if os.geteuid() == 0 else []
    command = [*rights, sys.executable, "-m", "sheetsync", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(os.name != "posix", reason="rights work differently on Windows")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Whoever has no rights is told so, and nothing is left behind; looking on is still possible."""
    desk = small_desk(tmp_path)
    desk.ok("sync")
    before = desk.state()
    new = desk.folder / "new"
    refusals: tuple[tuple[list[str | Path], tuple[str, ...]], ...] = (
        (["-c", desk.config, "sync"], ("ledger", "may you write")),
        (["-c", desk.folder / "new.yaml", "init"], ("new.yaml", "permission denied")),
        (["demo", "--dir", new], (str(new), "Permission denied")),
    )
    desk.folder.chmod(0o555)
    try:
        for arguments, words in refusals:
            _without_rights(*arguments).refused(3, *words)
            assert desk.state() == before
        assert _without_rights("-c", desk.config, "status").code == 0
    finally:
        desk.folder.chmod(0o755)


# ---- Google -------------------------------------------------------------------------------------------------------


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    """A Google of one's own."""
    with GoogleServer() as server:
        yield server


def _at(folder: Path, server: GoogleServer, workbook: str) -> Desk:
    desk = new_desk(folder / "google", "--workbook", workbook, "--credentials", "robot.json")
    desk.configure("api_endpoint: null", f"api_endpoint: {server.endpoint}")
    return desk


def _key(server: GoogleServer) -> str:
    import json

    return json.dumps(server.service_account(ROBOT))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ("robot.json", "no such credentials file", "google.credentials")),
        ("not JSON", ("robot.json", "not JSON")),
        ("[]", ("robot.json", "neither a service account")),
        ('{"type": "service_account", "client_email": "a@b.c"}', ("robot.json", "lacks private_key")),
        ('{"installed": {}}', ("robot.json", "OAuth client")),
    ],
)
def test_wrong_credentials(tmp_path: Path, google: GoogleServer, content: str | None, words: tuple[str, ...]) -> None:
    """Exit 6, the file, and what to do; Google is not asked at all, and the key is never shown."""
    desk = _at(tmp_path, google, google.create_spreadsheet("Goals", "ann@example.com"))
    if content is not None:
        desk.file("robot.json", content)
    for arguments in (["sync"], ["create"]):
        desk.run(*arguments).refused(6, *words)
    assert google.requests == []


def test_a_dead_key(tmp_path: Path, google: GoogleServer) -> None:
    """A key that was revoked: exit 6, whose it is, and how to get a new one."""
    desk = _at(tmp_path, google, google.create_spreadsheet("Goals", "ann@example.com", {ROBOT: "writer"}))
    desk.file("robot.json", _key(google))
    google.revoke(ROBOT)
    line = desk.run("sync").refused(6, ROBOT, "new key")
    assert "PRIVATE" not in line


def test_an_unknown_spreadsheet(tmp_path: Path, google: GoogleServer) -> None:
    """An id that leads nowhere is a wrong configuration: exit 3."""
    unknown = "1" + "x9" * 21 + "x"
    desk = _at(tmp_path, google, unknown)
    desk.file("robot.json", _key(google))
    for arguments in (["sync"], ["create"]):
        desk.run(*arguments).refused(3, unknown, "workbook")


def test_a_spreadsheet_that_is_not_shared(tmp_path: Path, google: GoogleServer) -> None:
    """Exit 6, with the address to share it with."""
    spreadsheet = google.create_spreadsheet("Goals", "ann@example.com")
    desk = _at(tmp_path, google, spreadsheet)
    desk.file("robot.json", _key(google))
    desk.run("sync").refused(6, spreadsheet, ROBOT, "share")
    desk.run("create").refused(6, spreadsheet, ROBOT, "share")


def test_a_spreadsheet_that_nobody_created(tmp_path: Path, google: GoogleServer) -> None:
    """A blank, shared spreadsheet is no workbook yet: exit 3 and how to fill it."""
    spreadsheet = google.create_spreadsheet("Goals", "ann@example.com", {ROBOT: "writer"})
    desk = _at(tmp_path, google, spreadsheet)
    desk.file("robot.json", _key(google))
    desk.run("sync").refused(3, "create")
    assert google.spreadsheet(spreadsheet).titles() == ["Sheet1"]


# ---- the machine --------------------------------------------------------------------------------------------------


def _limited(desk: Desk, limits: dict[str, int], *arguments: str) -> Result:
    """Run a command as a process with these limits of the system's."""
    import resource

    def limit() -> None:
        for name, most in limits.items():
            resource.setrlimit(getattr(resource, name), (most, most))

    command = [sys.executable, "-m", "sheetsync", "-c", str(desk.config), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=PROJECT, check=False, preexec_fn=limit, timeout=60
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize(("limit", "command"), [("RLIMIT_AS", "ulimit -v"), ("RLIMIT_DATA", "ulimit -d")])
def test_a_limit_that_leaves_too_little_memory(desk: Desk, limit: str, command: str) -> None:
    """Told at once, with the limit, what is needed and what to do: libraries would hang with 340 MB."""
    before = desk.state()
    for most in (40_000, 340_000, (1 << 20) - 1):
        refused = _limited(desk, {limit: most << 10}, "run")
        refused.refused(3, f"{most >> 10} MB", "1024", f"`{command} unlimited`", f"`{command} 1048576`")
    assert desk.state() == before
    assert _limited(desk, {limit: 40_000 << 10}, "--version").code == 0


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_the_memory_that_is_asked_for_is_enough(desk: Desk) -> None:
    """With no more than that, a first sync and the emails go through, whatever the number of processors."""
    desk.ledger.unlink()
    done = _limited(desk, {"RLIMIT_AS": 1 << 30, "RLIMIT_DATA": 1 << 30}, "run")
    assert (done.code, done.err) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_too_few_open_files(desk: Desk) -> None:
    """Wherever they run out, one line says so, or what could not be opened; none calls it an error of ours."""
    told = [_limited(desk, {"RLIMIT_NOFILE": most}, "sync") for most in range(5, 10)]
    for result in told:
        if result.code:
            assert "itself" not in result.err
            result.refused(result.code)
    assert any("too many open files for one process" in result.err for result in told)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("MemoryError()", "too little memory"),
        ("OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))", "too little memory"),
        ("ImportError('libx.so: failed to map segment from shared object')", "too little memory"),
        ("OSError(errno.ENFILE, os.strerror(errno.ENFILE))", "too many open files on this machine"),
        ("ImportError('libx.so: cannot open: Too many open files')", "too many open files for one process"),
        ("ImportError('no such thing')", "an error in sheetsync itself"),
        ("OSError(5, 'Input/output error')", "an error in sheetsync itself"),
    ],
)
def test_what_the_machine_does_not_give_is_told_as_that(desk: Desk, error: str, words: str) -> None:
    """Memory and open files that run out are no error of sheetsync's; exit 1, and the cure."""
    script = (
        "import errno, os, sys\n"
        "class Failing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == 'sheetsync.runs.syncing': raise {error}\n"
        "sys.meta_path.insert(0, Failing())\n"
        "from sheetsync.__main__ import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script, "-c", str(desk.config), "sync"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    Result(done.returncode, done.stdout, done.stderr).refused(1, words)


# ---- the list -----------------------------------------------------------------------------------------------------


def _documented() -> dict[int, str]:
    text = (PROJECT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| *(\d+) *\|(.+)\|$", text, re.MULTILINE)
    return {int(code): rest for code, rest in rows}


def test_every_exit_code_is_documented() -> None:
    """docs/exit-codes.md has meaning, examples and remedy of each code of `sheetsync.errors`, and of no other."""
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.SheetsyncError)]
    codes = {c.exit_code for c in classes}
    documented = _documented()
    assert codes == {1, 2, 3, 4, 5, 6, 75}
    assert set(documented) - {0, 130, 141, 143} == codes
    for row in documented.values():
        cells = [cell.strip() for cell in row.split("|")]
        assert len(cells) == 3
        assert all(cells)
