"""`auth login`: a person consents in their browser, played here by a thread that opens the address."""

import json
import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.cli import PROJECT, Desk, Result
from tests.google_server import GoogleServer, faults
from tests.google_server.accounts import Visitor
from tests.google_workbooks import ANN, ROBOT
from tests.sign_in import DRIVE_FILE, SPREADSHEETS, asked_in, desk_of, login, token_of, visit


@pytest.fixture
def desk(tmp_path: Path, google: GoogleServer) -> Desk:
    """A desk of a local workbook, its Google the server, with an OAuth client's file."""
    return desk_of(tmp_path / "desk", google)


def nobody_signed_in(desk: Desk, before: dict[str, bytes], result: Result, *words: str) -> None:
    """Exit 6, one line, and not a file is changed."""
    result.refused(6, *words)
    assert desk.state() == before


# ---- signing in ---------------------------------------------------------------------------------------------------


def test_a_person_signs_in(desk: Desk, google: GoogleServer) -> None:
    """The token is kept for its owner only, the configuration names it and keeps its comments."""
    before = desk.config.read_text(encoding="utf-8")
    result = login(desk, desk.folder / "client.json")
    assert (result.code, result.err) == (0, ""), result
    assert f"Signed in as {ANN}" in result.out
    token = token_of(desk)
    assert (token["type"], token["account"]) == ("authorized_user", ANN)
    assert token["scopes"] == [DRIVE_FILE, SPREADSHEETS]
    assert stat.S_IMODE((desk.folder / "token.json").stat().st_mode) == 0o600
    after = desk.config.read_text(encoding="utf-8")
    assert after == before.replace("credentials: null", "credentials: token.json")
    assert "OAUTHLIB_INSECURE_TRANSPORT" not in os.environ
    assert sorted(path.name for path in desk.folder.iterdir()) == ["client.json", "config.yaml", "token.json"]


def test_what_was_signed_in_can_work(desk: Desk, google: GoogleServer) -> None:
    """`create --new` makes a spreadsheet that is Ann's, and `auth status` opens it."""
    login(desk, desk.folder / "client.json")
    desk.ok("create", "--new", "--share", f"{ROBOT}:writer")
    (made,) = google.workspace.files.values()
    assert (made.role(ANN), made.role(ROBOT)) == ("owner", "writer")
    assert f"“{made.name}” can be opened" in desk.ok("auth", "status").out


def test_signing_in_again_needs_no_client(desk: Desk, google: GoogleServer) -> None:
    """The token knows the client it was made with: after seven days, `auth login` is all."""
    login(desk, desk.folder / "client.json")
    first = token_of(desk)
    (desk.folder / "client.json").unlink()
    google.revoke(ANN)
    assert login(desk).code == 0
    again = token_of(desk)
    assert again["refresh_token"] != first["refresh_token"]
    assert {**again, "refresh_token": ""} == {**first, "refresh_token": ""}


def test_the_configuration_may_name_the_client(desk: Desk) -> None:
    """Then the token goes beside it, and is named instead."""
    desk.configure("credentials: null", "credentials: client.json  # ours")
    client = (desk.folder / "client.json").read_bytes()
    assert login(desk).code == 0
    assert "credentials: token.json  # ours" in desk.config.read_text(encoding="utf-8")
    assert (desk.folder / "client.json").read_bytes() == client


def test_the_token_goes_where_the_configuration_says(desk: Desk) -> None:
    """A file that is not there yet is made, and the configuration stays as it is."""
    desk.configure("credentials: null", "credentials: keys/ann.json")
    (desk.folder / "keys").mkdir()
    before = desk.config.read_bytes()
    assert login(desk, desk.folder / "client.json").code == 0
    assert token_of(desk, "keys/ann.json")["account"] == ANN
    assert desk.config.read_bytes() == before


def test_only_the_least_is_asked_for(desk: Desk) -> None:
    """--own-files-only leaves spreadsheets out; the request is PKCE's, for a token that lasts."""
    seen: list[str] = []

    def look(url: str) -> None:
        seen.append(url)
        visit(url)

    login(desk, desk.folder / "client.json", "--own-files-only", browse=look)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(seen[0]).query).items()}
    assert asked["scope"] == DRIVE_FILE
    assert (asked["code_challenge_method"], asked["access_type"], asked["prompt"]) == ("S256", "offline", "consent")
    assert urlsplit(asked["redirect_uri"]).hostname == "127.0.0.1"
    assert token_of(desk)["scopes"] == [DRIVE_FILE]


def test_the_port_can_be_chosen(desk: Desk) -> None:
    """For a tunnel; one that is taken is told."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        login(desk, desk.folder / "client.json", "--port", str(port)).refused(2, f"--port {port}", "choose another")
    seen: list[str] = []

    def look(url: str) -> None:
        seen.append(url)
        visit(url)

    assert login(desk, desk.folder / "client.json", "--port", str(port), browse=look).code == 0
    assert parse_qs(urlsplit(seen[0]).query)["redirect_uri"] == [f"http://127.0.0.1:{port}/"]


def test_other_visitors_are_ignored(desk: Desk) -> None:
    """A browser asks for an icon, opens idle connections, and somebody may try an answer of their own."""

    def busy(url: str) -> None:
        target = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        idle = socket.create_connection(("127.0.0.1", urlsplit(target).port or 0))
        assert requests.get(f"{target}favicon.ico", timeout=10).status_code == 404
        assert requests.get(f"{target}?code=mine&state=guessed", timeout=10).status_code == 404
        assert "Go back to the terminal" in visit(url).text
        idle.close()

    assert login(desk, desk.folder / "client.json", browse=busy).code == 0


# ---- what can go wrong --------------------------------------------------------------------------------------------


def test_refused_consent(desk: Desk, google: GoogleServer) -> None:
    """The page says so too."""
    google.workspace.accounts.visitor = Visitor(ANN, refuses=True)
    pages: list[str] = []
    before = desk.state()
    result = login(desk, desk.folder / "client.json", browse=lambda url: pages.append(visit(url).text))
    nobody_signed_in(desk, before, result, "consent was refused", "choose Allow")
    assert "may not use your account" in pages[0]


def test_partial_consent(desk: Desk, google: GoogleServer) -> None:
    """The box that was left empty is named; without spreadsheets there is another way."""
    before = desk.state()
    google.workspace.accounts.visitor = Visitor(ANN, unticked=frozenset(["spreadsheets"]))
    result = login(desk, desk.folder / "client.json")
    nobody_signed_in(desk, before, result, "may not use your spreadsheets", "tick every box", "--own-files-only")
    google.workspace.accounts.visitor = Visitor(ANN, unticked=frozenset(["drive.file"]))
    result = login(desk, desk.folder / "client.json")
    nobody_signed_in(desk, before, result, "may not use the Drive files it makes", "tick every box")


def test_nobody_answers(desk: Desk) -> None:
    """It gives up, and its port is free again."""
    before = desk.state()
    started = time.monotonic()
    result = login(desk, desk.folder / "client.json", "--wait", "1", browse=lambda url: None)
    nobody_signed_in(desk, before, result, "did not answer within", "--no-browser")
    assert time.monotonic() - started < 5


def test_a_client_with_another_secret(desk: Desk) -> None:
    """Google refuses it when the code is exchanged."""
    desk.configure("credentials: null", "credentials: null  #")
    info = json.loads((desk.folder / "client.json").read_text(encoding="utf-8"))
    info["installed"]["client_secret"] = "another"
    file = desk.file("client.json", json.dumps(info))
    before = desk.state()
    nobody_signed_in(desk, before, login(desk, file), "does not know the OAuth client", "client.json", "again")


def test_google_is_away(desk: Desk, google: GoogleServer) -> None:
    """When the code cannot be exchanged, the next try may succeed; nothing is kept."""
    before = desk.state()
    google.inject(faults.RESET_BEFORE, on="/token")
    login(desk, desk.folder / "client.json").refused(4, "sign-in cannot be reached")
    assert desk.state() == before


@pytest.mark.parametrize("fault", [faults.PERMISSION_403, faults.UNAVAILABLE], ids=["refused", "away"])
def test_a_drive_that_cannot_say_who_it_is(desk: Desk, google: GoogleServer, fault: faults.Fault) -> None:
    """Consent is kept, the account stays unknown, and why is said at once."""
    google.inject(fault, times=None, on="/drive/v3/about")
    result = login(desk, desk.folder / "client.json")
    assert result.code == 0
    assert "Signed in. The token is in" in result.out
    assert result.err.startswith("sheetsync: ")
    assert len(result.err.splitlines()) == 1
    assert "account" not in token_of(desk)


@pytest.mark.parametrize("named", ["robot.json", "token.json"])
def test_a_robots_key_is_never_written_over(desk: Desk, google: GoogleServer, named: str) -> None:
    """Whether the configuration names it, or it stands where the token would go; Google is not even asked."""
    desk.file(named, json.dumps(google.service_account(ROBOT)))
    if named == "robot.json":
        desk.configure("credentials: null", f"credentials: {named}")
    before = desk.state()
    result = login(desk, desk.folder / "client.json")
    result.refused(3, named, "service account's key", "name another file", "google.credentials")
    assert desk.state() == before
    assert asked_in(result.out) is None


def test_the_client_is_never_written_over(desk: Desk) -> None:
    """Not even when its file has the name that the token would have."""
    client = desk.file("token.json", (desk.folder / "client.json").read_bytes())
    login(desk, client).refused(3, "token.json", "holds the OAuth client itself", "such as me.json")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"web": {"client_id": "a", "client_secret": "b"}}', ("web site", "Desktop app")),
        ('{"type": "service_account"}', ("is no OAuth client", "Desktop app")),
        ("[]", ("is no OAuth client",)),
        (
            '{"installed": {"client_id": "a", "client_secret": "b", "token_uri": "http://example.com/token"}}',
            ("http://example.com/token is not https",),
        ),
    ],
)
def test_a_file_that_is_no_client(desk: Desk, content: str, words: tuple[str, ...]) -> None:
    """Exit 3 and what kind of file is needed."""
    login(desk, desk.file("wrong.json", content)).refused(3, "wrong.json", *words)


def test_no_client_at_all(desk: Desk) -> None:
    """What to make, where, and the command to give then."""
    login(desk).refused(6, "no OAuth client", "Desktop app", "sheetsync auth login FILE")
    login(desk, "none.json").refused(2, "none.json", "does not exist")
    desk.configure("credentials: null", "credentials: client.json")
    desk.run("auth", "status").refused(6, "nobody is signed in yet", "sheetsync auth login")


def test_the_token_is_never_half_written(desk: Desk, tmp_path: Path) -> None:
    """When the disk says no, the old token is whole and nothing is left lying about."""
    from sheetsync.errors import ConfigError
    from sheetsync.workbook.google.credentials import save_token

    file = tmp_path / "token.json"
    save_token(file, {"type": "authorized_user"})
    (tmp_path / "link.json").symlink_to(file)
    save_token(tmp_path / "link.json", {"type": "authorized_user", "account": ANN})
    assert (tmp_path / "link.json").is_symlink()
    before = file.read_bytes()
    with pytest.raises(TypeError):
        save_token(file, {"type": object()})
    with pytest.raises(ConfigError, match="cannot be written"):
        save_token(tmp_path / "none" / "token.json", {})
    assert file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk", "link.json", "token.json"]


# ---- as a process of its own --------------------------------------------------------------------------------------


def spawned(desk: Desk, *arguments: str | Path, **env: str) -> "subprocess.Popen[str]":
    """`auth login`, in a terminal's place pipes; without a display, unless `env` says otherwise."""
    clean = {
        name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}
    }
    command = [sys.executable, "-m", "sheetsync", "-c", str(desk.config), "auth", "login", *map(str, arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT,
        env={**clean, **env},
    )  # fmt: skip


def shown_by(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if url := asked_in(line):
            return url
    raise AssertionError(process.communicate())


def test_over_ssh_the_address_is_pasted(desk: Desk) -> None:
    """The browser of another machine cannot come back: its last address is taken from the terminal."""
    process = spawned(desk, desk.folder / "client.json")
    answer = requests.get(shown_by(process), timeout=10, allow_redirects=False).headers["Location"]
    out, err = process.communicate(f"\nhttp://127.0.0.1/?code=wrong\n{answer}\n", timeout=30)
    assert process.returncode == 0, err
    assert f"Signed in as {ANN}" in out
    assert err.splitlines() == ["That is not the address of Google's answer; paste the whole of it."]


def test_the_browser_opens(desk: Desk, tmp_path: Path) -> None:
    """The one that this machine has."""
    script = tmp_path / "browser.py"
    script.write_text("import sys, requests\nrequests.get(sys.argv[1], timeout=10)\n", encoding="utf-8")
    process = spawned(desk, desk.folder / "client.json", BROWSER=f"{sys.executable} {script} %s")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, ""), err
    assert f"Signed in as {ANN}" in out


def test_stopped(desk: Desk) -> None:
    """Ctrl-C: one line, exit 6, nothing kept."""
    import signal

    before = desk.state()
    process = spawned(desk, desk.folder / "client.json")
    shown_by(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    nobody_signed_in(desk, before, Result(process.returncode, out, err), "stopped before Google answered")
