"""What every test may use: the built-in template, the folder of published data, and the rule about skipping.

Tests that need another program, or the published data, skip where it is absent. With SHEETSYNC_ALL_TESTS set, as on
the build machine, a skipped test fails the run, so that "passed" means all of them.
"""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import settings

from sheetsync.template import WorkbookTemplate, parse_template

if TYPE_CHECKING:
    from sheetsync.workbook.google import Connection, GoogleWorkbook
    from tests.google_server import GoogleServer
    from tests.google_team import MadeTeam, Team
    from tests.google_workbooks import Make

PROJECT = Path(__file__).parent.parent
# How long an example may take says more about the machine than about the code.
settings.register_profile("sheetsync", deadline=None)
settings.load_profile("sheetsync")
# Whoever starts the tests in the background has them, and the commands they run, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
DATA = PROJECT.parent / "shared" / "data"


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[str]:
    """The URL of a throw-away PostgreSQL server, without the database's name."""
    from tests import postgres

    program = postgres.initdb()
    if program is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    with postgres.postgres_server(program) as url:
        yield url


@pytest.fixture(scope="session")
def sales() -> WorkbookTemplate:
    """The built-in template `sales`."""
    path = PROJECT / "templates" / "workbooks" / "sales.yaml"
    return parse_template(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real input made by others; the test skips where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the published data sets are not beside this checkout (../shared/data)")
    return DATA


@pytest.fixture(autouse=True)
def strangers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of other machines that a test asked for, in vain: no test reaches the network."""
    look_up, asked = socket.getaddrinfo, []

    def only_here(host: Any, *rest: Any, **more: Any) -> Any:
        if host not in {"127.0.0.1", "localhost", "::1", "", None}:
            asked.append(str(host))
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is not on this machine")
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", only_here)
    return asked


@pytest.fixture
def google(strangers: list[str], monkeypatch: pytest.MonkeyPatch) -> "Iterator[GoogleServer]":
    """A Google of the test's own, at whose browser Ann sits; no other one is asked for."""
    from tests.google_server import GoogleServer
    from tests.google_server.accounts import Visitor
    from tests.google_workbooks import ANN

    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "OAUTHLIB_INSECURE_TRANSPORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with GoogleServer() as server:
        server.workspace.accounts.visitor = Visitor(ANN)
        yield server
    assert strangers == []


@pytest.fixture
def robot(google: "GoogleServer", tmp_path: Path) -> "Connection":
    """The service account's connection."""
    from sheetsync.workbook.google import connect
    from tests.google_workbooks import ROBOT, json_file

    return connect(json_file(tmp_path / "robot.json", google.service_account(ROBOT)), google.endpoint)


@pytest.fixture
def ann(google: "GoogleServer", tmp_path: Path) -> "Connection":
    """The connection of a person who signed in."""
    from sheetsync.workbook.google import connect
    from tests.google_workbooks import ANN, json_file

    return connect(json_file(tmp_path / "ann.json", google.authorized_user(ANN)), google.endpoint)


@pytest.fixture
def blank(google: "GoogleServer") -> str:
    """A blank spreadsheet of Ann's, shared with the robot."""
    from tests.google_workbooks import ANN, ROBOT

    return google.create_spreadsheet("Ann's sheet", owner=ANN, share={ROBOT: "writer"})


@pytest.fixture(scope="session")
def made(sales: WorkbookTemplate, tmp_path_factory: pytest.TempPathFactory) -> "Make":
    """Creates a workbook with given rows and activities, once each."""
    from tests.google_workbooks import maker

    return maker(sales, tmp_path_factory.mktemp("made"))


@pytest.fixture
def workbook(
    robot: "Connection", blank: str, sales: WorkbookTemplate, google: "GoogleServer", made: "Make"
) -> "GoogleWorkbook":
    """A workbook in Ann's spreadsheet, shared with the robot; no request is on record yet."""
    from tests.google_workbooks import ROWS, copied

    return copied(made(ROWS, ("Cold call", "Article")), robot, blank, sales, google)


@pytest.fixture(scope="session")
def made_team() -> "Iterator[MadeTeam]":
    """A team with its workbook on Google, in order and synced."""
    from tests.google_team import made_team

    with made_team() as made:
        yield made


@pytest.fixture
def team(made_team: "MadeTeam", tmp_path: Path) -> "Team":
    """The team as it was made, for one test."""
    return made_team.again(tmp_path / "desk")


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say aloud that nothing may be skipped here."""
    yield
    if os.environ.get("SHEETSYNC_ALL_TESTS") and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("SHEETSYNC_ALL_TESTS is set: a skipped test fails the run", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when a test was skipped that should not have been."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("SHEETSYNC_ALL_TESTS") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
