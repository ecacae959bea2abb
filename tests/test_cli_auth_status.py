"""`auth status`, and whatever credentials a machine brings: who is signed in, what they may do, until when."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.cli import Desk
from tests.google_server import GoogleServer
from tests.google_workbooks import ANN, ROBOT
from tests.sign_in import DRIVE_FILE, NOWHERE, SPREADSHEETS, desk_of, login


@pytest.fixture
def desk(tmp_path: Path, google: GoogleServer) -> Desk:
    """A desk of a local workbook, its Google the server, with an OAuth client's file."""
    return desk_of(tmp_path / "desk", google)


# ---- status -------------------------------------------------------------------------------------------------------


def test_status_of_a_local_workbook(desk: Desk, google: GoogleServer) -> None:
    """No account is needed, and nobody is asked."""
    assert desk.ok("auth", "status").out == "goals.xlsx is a local file: no Google account is needed.\n"
    assert desk.ok("auth", "status", "--json").json["kind"] is None
    assert google.token_requests == 0


def test_status_of_a_person(desk: Desk) -> None:
    """Who, what they may do, until when, and what ends it."""
    login(desk, desk.folder / "client.json")
    said = desk.ok("auth", "status").out
    for words in (f"✔ {ANN}", "a person", "token.json", "those it made", "every spreadsheet", "(UTC), in 60 minutes",
                  "seven days", "local file"):  # fmt: skip
        assert words in said
    found = desk.ok("auth", "status", "--json").json
    assert (found["account"], found["kind"], found["scopes"]) == (ANN, "person", [DRIVE_FILE, SPREADSHEETS])
    assert found["access_until"].endswith("+00:00")
    assert found["problem"] is None


def team(folder: Path, google: GoogleServer, share: dict[str, str]) -> Desk:
    """A desk that names a spreadsheet of Ben's."""
    spreadsheet = google.create_spreadsheet("Goals 2026", owner="ben@example.com", share=share)
    return desk_of(folder, google, spreadsheet)


def test_status_of_a_robot(tmp_path: Path, google: GoogleServer) -> None:
    """Its address, its scopes, and the spreadsheet's title."""
    desk = team(tmp_path / "desk", google, {ROBOT: "writer"})
    desk.configure("credentials: null", "credentials: robot.json")
    desk.file("robot.json", json.dumps(google.service_account(ROBOT)))
    found = desk.ok("auth", "status", "--json").json
    assert (found["account"], found["kind"]) == (ROBOT, "service account")
    assert found["scopes"] == [DRIVE_FILE, SPREADSHEETS]
    assert found["workbook"]["title"] == "Goals 2026"
    assert "“Goals 2026” can be opened" in desk.ok("auth", "status").out


def test_status_of_a_robot_that_nobody_shared_with(tmp_path: Path, google: GoogleServer) -> None:
    """Who it is stands there all the same; the line says with whom to share; exit 6."""
    desk = team(tmp_path / "desk", google, {})
    desk.configure("credentials: null", "credentials: robot.json")
    desk.file("robot.json", json.dumps(google.service_account(ROBOT)))
    result = desk.run("auth", "status")
    result.refused(6, "is not shared with", ROBOT)
    assert f"▲ {ROBOT}" in result.out
    assert "cannot be opened" in result.out
    told = desk.run("auth", "status", "--json")
    told.refused(6, "is not shared with")
    assert ROBOT in json.loads(told.out)["problem"]


def test_status_of_own_files_only(tmp_path: Path, google: GoogleServer) -> None:
    """Google says that Ben's file is not there; the line says that it may only be hidden."""
    desk = team(tmp_path / "desk", google, {ANN: "writer"})
    login(desk, desk.folder / "client.json", "--own-files-only")
    desk.run("auth", "status").refused(6, "no spreadsheet with the id", "without --own-files-only")


def test_status_when_drive_is_refused(tmp_path: Path, google: GoogleServer) -> None:
    """A spreadsheet that can be opened is enough: Drive is only needed to make and share."""
    desk = team(tmp_path / "desk", google, {ANN: "writer"})
    desk.configure("credentials: null", "credentials: ann.json")
    desk.file("ann.json", json.dumps(google.authorized_user(ANN, [SPREADSHEETS])))
    assert desk.ok("auth", "status", "--json").json["account"] == ANN


@pytest.mark.parametrize("command", ["status", "sync"])
def test_a_dead_token(tmp_path: Path, google: GoogleServer, command: str) -> None:
    """Exit 6 and the command that mends it, in one sentence."""
    desk = team(tmp_path / "desk", google, {ANN: "writer"})
    login(desk, desk.folder / "client.json")
    google.revoke(ANN)
    line = desk.run(*(["auth", "status"] if command == "status" else ["sync"])).refused(6)
    assert re.fullmatch(
        r"sheetsync: .+ cannot sign in \(invalid_grant: Token has been expired or revoked\.?\); "
        r"sign in again: sheetsync auth login",
        line,
    ), line


# ---- what the machine itself brings -------------------------------------------------------------------------------


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Path]:
    """Application default credentials with these contents."""

    def put(info: Any) -> Path:
        file = tmp_path / "adc.json"
        file.write_text(json.dumps(info), encoding="utf-8")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        return file

    return put


def test_a_robot_by_default(tmp_path: Path, google: GoogleServer, brought: Callable[[Any], Path]) -> None:
    """A service account's key, named by the environment."""
    desk = team(tmp_path / "desk", google, {ROBOT: "writer"})
    file = brought(google.service_account(ROBOT))
    found = desk.ok("auth", "status", "--json").json
    assert (found["account"], found["kind"]) == (ROBOT, "service account")
    assert (found["credentials"], found["workbook"]["title"]) == (str(file), "Goals 2026")


def gcloud_file(google: GoogleServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What `gcloud auth application-default login` writes; google-auth has Google's token address built in."""
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", google.token_uri)
    client = "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com"
    info = google.authorized_user(ANN, client_id=client)
    kept = ("client_id", "client_secret", "refresh_token", "type", "universe_domain")
    return {"account": "", **{name: info[name] for name in kept}}


def test_a_person_by_default(
    tmp_path: Path, google: GoogleServer, brought: Callable[[Any], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who signed in with gcloud; advice that is meant for programmers is not shown."""
    desk = team(tmp_path / "desk", google, {ANN: "writer"})
    brought(gcloud_file(google, monkeypatch))
    found = desk.ok("auth", "status", "--json").json
    assert (found["account"], found["kind"], found["scopes"]) == (ANN, "person", None)
    assert found["workbook"]["title"] == "Goals 2026"
    assert "not known here" in desk.ok("auth", "status").out


def test_a_dead_default(
    tmp_path: Path, google: GoogleServer, brought: Callable[[Any], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remedy is gcloud's."""
    desk = team(tmp_path / "desk", google, {ANN: "writer"})
    brought(gcloud_file(google, monkeypatch))
    google.revoke(ANN)
    line = desk.run("auth", "status").refused(6, "invalid_grant")
    assert line.endswith("sign in again: gcloud auth application-default login")


def test_a_workload_by_default(tmp_path: Path, google: GoogleServer, brought: Callable[[Any], Path]) -> None:
    """A token of another provider is traded for a robot's."""
    desk = team(tmp_path / "desk", google, {ROBOT: "writer"})
    held = tmp_path / "workload.jwt"
    subject, info = google.workspace.accounts.workload("runner", google.endpoint, str(held), ROBOT)
    held.write_text(subject, encoding="utf-8")
    brought(info)
    found = desk.ok("auth", "status", "--json").json
    assert (found["account"], found["kind"]) == (ROBOT, "workload identity")
    assert found["workbook"]["title"] == "Goals 2026"


def test_nothing_is_brought(tmp_path: Path, google: GoogleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways out are named."""
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    desk = desk_of(tmp_path / "desk", google, NOWHERE)
    desk.run("auth", "status").refused(6, "google.credentials is not set", "sheetsync auth login", "key file")


# ---- the server's own rules ---------------------------------------------------------------------------------------


def test_a_code_is_good_for_one_exchange(google: GoogleServer) -> None:
    """With the right verifier, secret and address; the page refuses what Google's refuses."""
    client = google.workspace.accounts.oauth_client(google.endpoint)["installed"]
    asked = {
        "client_id": client["client_id"], "redirect_uri": "http://127.0.0.1:1/", "response_type": "code",
        "scope": DRIVE_FILE, "state": "s", "access_type": "offline", "code_challenge_method": "S256",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    }  # fmt: skip

    def page(**other: str) -> requests.Response:
        return requests.get(client["auth_uri"], {**asked, **other}, timeout=10, allow_redirects=False)

    def exchange(code: str, **other: str) -> str:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": asked["redirect_uri"],
            "client_id": client["client_id"], "client_secret": client["client_secret"],
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        }  # fmt: skip
        answer: dict[str, str] = requests.post(client["token_uri"], {**form, **other}, timeout=10).json()
        return answer.get("error", "fine")

    def code() -> str:
        return parse_qs(urlsplit(page().headers["Location"]).query)["code"][0]

    for wrong, error in (
        ({"client_id": "other"}, "invalid_client"),
        ({"redirect_uri": "https://example.com/"}, "redirect_uri_mismatch"),
        ({"scope": "https://mail.google.com/"}, "invalid_scope"), ({"response_type": "token"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
    ):  # fmt: skip
        refused = page(**wrong)
        assert (refused.status_code >= 400, refused.json()["error"]) == (True, error)
    once = code()
    assert [exchange(once), exchange(once)] == ["fine", "invalid_grant"]
    assert exchange(code(), code_verifier="x" * 43) == "invalid_grant"
    assert exchange(code(), client_secret="x") == "invalid_client"
    assert exchange(code(), redirect_uri="http://127.0.0.1:2/") == "redirect_uri_mismatch"


def test_drive_about_wants_fields(google: GoogleServer) -> None:
    """As its document says."""
    login_token = google.workspace.accounts.authorized_user(ANN, frozenset(["drive.file"]), google.token_uri, "c")
    form = {name: login_token[name] for name in ("client_id", "client_secret", "refresh_token")}
    token = requests.post(google.token_uri, {**form, "grant_type": "refresh_token"}, timeout=10).json()[
        "access_token"
    ]
    about, bearer = f"{google.endpoint}/drive/v3/about", {"Authorization": f"Bearer {token}"}
    assert requests.get(about, headers=bearer, timeout=10).status_code == 400
    shown = requests.get(about, {"fields": "user(emailAddress)"}, headers=bearer, timeout=10).json()
    assert shown == {"user": {"emailAddress": ANN}}
