"""Who sheetsync is to Google: what is wrong with a credential or a share is one line that says what to do."""

from pathlib import Path
from typing import Any

import pytest

from sheetsync.errors import AuthorizationError, ConfigError
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import TabWrite
from sheetsync.workbook.google import Connection, GoogleWorkbook, connect, open_workbook
from tests.google_server import GoogleServer
from tests.google_workbooks import ANN, ROBOT, json_file


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        (None, "no such credentials file"),
        ("{", "is not JSON"),
        ("[]", "is neither a service account's key nor an authorised user's token"),
        ('{"type": "external_account"}', "is neither"),
        ('{"installed": {"client_id": "x"}}', "sheetsync auth login"),
        ('{"type": "service_account", "client_email": "a@b"}', "lacks private_key and token_uri"),
    ],
)
def test_a_wrong_credentials_file_is_told_at_once(tmp_path: Path, contents: str | None, told: str) -> None:
    """What is wrong, in which file, and what to do: before any call, in one line."""
    file = tmp_path / "robot.json"
    if contents is not None:
        file.write_text(contents)
    with pytest.raises(AuthorizationError, match=told) as caught:
        connect(file, None)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def test_a_damaged_key_is_told_at_the_first_call(
    google: GoogleServer, tmp_path: Path, sales: WorkbookTemplate
) -> None:
    """A file of the right form with a useless key is an authorisation error too."""
    key = google.service_account(ROBOT) | {
        "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    }
    connection = connect(json_file(tmp_path / "robot.json", key), google.endpoint)
    with pytest.raises(AuthorizationError, match="the key is damaged"):
        open_workbook(connection, "x" * 44, sales, None).read()


def test_the_environment_may_name_the_credentials(
    google: GoogleServer, tmp_path: Path, workbook: GoogleWorkbook, sales: WorkbookTemplate, monkeypatch: Any
) -> None:
    """Without a file, application default credentials are used."""
    file = json_file(tmp_path / "adc.json", google.service_account(ROBOT))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    connection = connect(None, google.endpoint)
    assert open_workbook(connection, workbook.id, sales, None).read()["log"].title == "Log"
    assert connection.account == ROBOT


def test_no_default_credentials(tmp_path: Path, sales: WorkbookTemplate, monkeypatch: Any) -> None:
    """When there are none either, the error says where to name a file."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(AuthorizationError, match=r"name a key file in config.yaml: google.credentials"):
        open_workbook(connect(None, "http://127.0.0.1:9"), "x" * 44, sales, None).read()


def test_a_spreadsheet_that_is_not_shared(robot: Connection, google: GoogleServer, sales: WorkbookTemplate) -> None:
    """The error names the address to share it with."""
    hidden = google.create_spreadsheet("Secret", owner=ANN)
    with pytest.raises(AuthorizationError, match=f"is not shared with {ROBOT}; open it and share it"):
        open_workbook(robot, hidden, sales, None).read()


def test_a_spreadsheet_shared_for_reading_only(
    workbook: GoogleWorkbook, google: GoogleServer, sales: WorkbookTemplate
) -> None:
    """Reading works, writing says what is missing."""
    google.share(workbook.id, ROBOT, "reader")
    workbook.read()
    with pytest.raises(AuthorizationError, match="as editor"):
        workbook.write([TabWrite("team", [["x"]], [(0, 1)])])


def test_an_unknown_spreadsheet(robot: Connection, sales: WorkbookTemplate) -> None:
    """An id that nobody has is a mistake in the configuration."""
    with pytest.raises(ConfigError) as caught:
        open_workbook(robot, "x" * 44, sales, None).read()
    assert str(caught.value) == f"no spreadsheet with the id {'x' * 44}; check 'workbook' in config.yaml"


@pytest.mark.parametrize("who", ["robot", "ann"])
def test_a_revoked_credential(
    google: GoogleServer, workbook: GoogleWorkbook, sales: WorkbookTemplate, request: pytest.FixtureRequest, who: str
) -> None:
    """A dead token needs a person: the error says whose, and how to make a new one."""
    connection: Connection = request.getfixturevalue(who)
    google.revoke(ROBOT if who == "robot" else ANN)
    with pytest.raises(AuthorizationError) as caught:
        open_workbook(connection, workbook.id, sales, workbook.layout).read()
    expected = (ROBOT, "make a new key") if who == "robot" else ("ann.json", "sheetsync auth login")
    assert all(part in str(caught.value) for part in (*expected, "invalid_grant"))


def test_nothing_but_the_endpoint_is_called(workbook: GoogleWorkbook, monkeypatch: Any) -> None:
    """google-auth's look-up in the background, which goes to an address of its own, is off."""
    asked: list[object] = []
    manager = "google.auth._regional_access_boundary_utils._RegionalAccessBoundaryManager"
    monkeypatch.setattr(f"{manager}.maybe_start_refresh", lambda *arguments: asked.append(arguments), raising=False)
    workbook.read()
    assert asked == []
