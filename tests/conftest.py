"""What every test may use: the built-in template, the folder of published data, and the rule about skipping.

Tests that need another program, or the published data, skip where it is absent. With SHEETSYNC_ALL_TESTS set, as on
the build machine, a skipped test fails the run, so that "passed" means all of them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sheetsync.template import WorkbookTemplate, parse_template

PROJECT = Path(__file__).parent.parent
DATA = PROJECT.parent / "shared" / "data"


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
