"""A canary in every place where a secret can stand: it sings in no output, file, email or argument of anything."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetsync.config import load_config
from sheetsync.config.secrets import known_secrets, secrets_of
from sheetsync.printable import one_line, redacted
from tests.cli import PROJECT, Desk, Result, small_desk
from tests.smtp_server import SmtpServer, smtp_server

PASSWORD, LITERAL = "canary-Smtp%1&x", "canary-literal-2"
LEDGER, QUERY, TOKEN, KEY = "canary@L/3", "canary-query-4", "canary-Ping-token-5", "canaryPrivateKeyLine6=="
COMMANDS = (
    "sync", "run", "sync --dry-run", "status", "email send", "email status", "email preview", "doctor",
    "export activities", "schedule cron", "schedule systemd", "log Nonsense", "import nothing.csv", "status --who X",
    "email resend 1 --yes", "auth status", "upgrade", "extend",
)  # fmt: skip

FOR_PROGRAMS = {"run", "email send", "status --who X"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose configuration is full of canaries."""
    desk = small_desk(tmp_path)
    with desk.edited() as book:
        book["People"].cell(2, 4).value = "Dana"
        book["People"].cell(2, 5).value = "dana@example.com"
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    monkeypatch.setenv("PING_TOKEN", TOKEN)
    robot = {"type": "service_account", "client_email": "r@x.iam", "private_key": f"-----BEGIN-----\n{KEY}\n-----END"}
    desk.file("robot.json", json.dumps({**robot, "token_uri": "http://127.0.0.1:9/token"})).chmod(0o600)
    desk.configure("recipients: []", 'recipients: ["*@example.com"]')
    desk.configure("ping_url: null", f"ping_url: http://127.0.0.1:9/${{PING_TOKEN}}?key={QUERY}")
    return desk


def sings(text: str | bytes) -> bool:
    """Whether a canary is heard, as it is or in the forms in which servers and libraries repeat it."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return b"canary" in data or base64.b64encode(PASSWORD.encode()) in data


@pytest.fixture
def server(desk: Desk) -> Iterator[SmtpServer]:
    """A mail server that repeats what it was told."""
    with smtp_server("none") as running:
        desk.configure("transport: file", "transport: smtp")
        desk.configure("smtp.example.com", "localhost")
        desk.configure("port: 587", f"port: {running.port}")
        desk.configure("security: starttls", "security: none")
        yield running


def every_command(desk: Desk) -> Iterator[tuple[str, Result]]:
    """All commands, for people with tracebacks and for programs."""
    for command in COMMANDS:
        yield command, desk.run("-v", *command.split())
        if command in FOR_PROGRAMS:
            yield command, desk.run("-v", "--log-format", "json", *command.split())


def test_no_secret_is_heard_of_mail_monitoring_or_google(desk: Desk, server: SmtpServer) -> None:
    """Whether it goes well or not, on stdout and stderr, in the ledger, the workbook and other files."""
    server.replies["rcpt"] = f"550 5.1.1 you said {PASSWORD} and {base64.b64encode(PASSWORD.encode()).decode()}"
    desk.configure("username: goals", "username: null")
    for command, result in every_command(desk):
        assert not sings(result.out + result.err), (command, result)
    desk.configure('password: "${SMTP_PASSWORD}"', f"password: {LITERAL}")
    desk.configure("username: null", "username: goals")
    desk.configure("workbook: goals.xlsx", "workbook: 1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg")
    for command in ("run", "doctor", "sync", "auth status"):
        result = desk.run("-v", command.partition(" ")[0], *command.split()[1:])
        assert not sings(result.out + result.err), (command, result)
    for name, content in desk.state().items():
        assert name in {"config.yaml", "robot.json"} or not sings(content), name


def test_no_secret_of_the_ledger_is_heard(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password with reserved characters, in its place or as a parameter, before a server that is not there."""
    monkeypatch.setenv("LEDGER_PASSWORD", "canary%40L%2F3")
    place = "postgresql+psycopg://goals:${LEDGER_PASSWORD}@127.0.0.1:9/goals?connect_timeout=1"
    desk.configure("ledger: sqlite:///sheetsync.db", f"ledger: {place}&sslpassword={QUERY}")
    for command in ("run", "status", "doctor", "email status"):
        for options in (["-v"], ["-v", "--log-format", "json"]):
            result = desk.run(*options, *command.split())
            assert result.code != 0
            assert not sings(result.out + result.err), (command, result)
    assert LEDGER in known_secrets(desk.config)


def test_a_configuration_that_cannot_be_read_gives_nothing_away(desk: Desk) -> None:
    """Broken YAML, and a secret in a wrong place, are told without it."""
    desk.configure('password: "${SMTP_PASSWORD}"', f"password: {LITERAL}")
    desk.configure("workbook: goals.xlsx", "workbook: [goals.xlsx")
    result = desk.run("-v", "sync")
    assert result.code == 3
    assert not sings(result.err), result
    assert not sings(desk.run("-v", "doctor").out)


def test_nothing_stands_in_the_arguments_of_a_process(desk: Desk) -> None:
    """`ps` shows them to everybody on the machine; what a library raises is told without them, too."""
    script = (
        "import sys, pathlib\nfrom sheetsync.cli import run\n"
        "code = run(sys.argv[1:])\n"
        "sys.stdout.buffer.write(pathlib.Path('/proc/self/cmdline').read_bytes())\nsys.exit(code)"
    )
    command = [sys.executable, "-c", script, "-c", str(desk.config), "-v", "run"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, check=False, env=os.environ)
    assert not sings(done.stdout + done.stderr), done


def test_every_form_is_known(desk: Desk) -> None:
    """As written, decoded, encoded, and in base64; both ways of asking agree."""
    desk.configure('password: "${SMTP_PASSWORD}"', f"password: '{PASSWORD}'")
    found = known_secrets(desk.config)
    assert {PASSWORD, "canary-Smtp%251%26x", TOKEN, QUERY} <= found
    assert base64.b64encode(f"\0goals\0{PASSWORD}".encode()).decode() in found
    assert secrets_of(load_config(desk.config)) == found
    desk.configure("credentials: null", "credentials: robot.json")
    assert KEY in known_secrets(desk.config)
    assert known_secrets(desk.folder / "none.yaml") == frozenset()


@given(st.text(), st.sets(st.text(alphabet="abcß€", min_size=4, max_size=6), max_size=3))
def test_redacted_holds_no_secret(text: str, secrets: set[str]) -> None:
    """Whatever the text is; what holds none stays as it is."""
    said = redacted(text + "".join(secrets), secrets)
    assert not any(secret in said for secret in secrets)
    assert redacted(text, {"abc"}) == text


@given(st.text(alphabet=st.characters(codec=None)))
def test_one_line_is_one_line(text: str) -> None:
    """Nothing in it moves a cursor, ends a line or turns text around, and it can be encoded."""
    said = one_line(text)
    assert len(said.splitlines()) <= 1
    assert not set(said) & set("\x00\x07\x1b\x7f\x9b\u202e\u2066\u2028")
    said.encode("utf-8")
