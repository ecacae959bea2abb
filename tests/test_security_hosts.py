"""Secrets go to Google alone: key files are made by others, and say where their secrets are to be sent."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sheetsync.errors import AuthorizationError, ConfigError, Unavailable
from sheetsync.workbook.google import Connection, connect
from sheetsync.workbook.google.connection import SHEETS
from sheetsync.workbook.google.consent import read_client
from sheetsync.workbook.google.credentials import Key, may_have_secrets, read_key, sign_in
from sheetsync.workbook.google.patience import Patience
from tests.google_server import GoogleServer
from tests.google_workbooks import ROBOT

ELSEWHERE = [
    "https://evil.example/token",
    "https://oauth2.googleapis.com.evil.example/token",
    "https://oauth2.googleapis.com@evil.example/token",
    "https://evil.example#oauth2.googleapis.com",
    "https://evilgoogleapis.com/token",
    "https://evil.example\\@oauth2.googleapis.com/token",
    "https://оauth2.googleapis.com/token",  # a Cyrillic o
    "http://oauth2.googleapis.com/token",
    "http://169.254.169.254/token",
    "http://127.0.0.1:9/token",
    "http://localhost/token",
    "https://[::1]/token",
    "https://[oops/token",
    "file:///etc/passwd",
    "//oauth2.googleapis.com/token",
    "https:oauth2.googleapis.com",
    " https://oauth2.googleapis.com/token",
    "https://oauth2.googleapis.com\n.evil.example/token",
]
GOOGLE = [
    "https://oauth2.googleapis.com/token",
    "https://accounts.google.com/o/oauth2/token",
    "https://www.googleapis.com/oauth2/v4/token",
    "https://oauth2-mine.p.googleapis.com/token",
    "https://oauth2.googleapis.com:443/token",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_key_that_sends_its_secret_elsewhere_is_refused(url: str) -> None:
    """In one line that says where to, before anything is sent; a person's token as well as a robot's key."""
    person = {
        "type": "authorized_user",
        "client_id": "a",
        "client_secret": "b",
        "refresh_token": "c",
        "token_uri": url,
    }
    robot = {"type": "service_account", "client_email": ROBOT, "private_key": "x", "token_uri": url}
    for info in (person, robot):
        with pytest.raises(AuthorizationError, match="which is not Google: the secret would go there") as caught:
            sign_in(Key(Path("key.json"), info))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", GOOGLE)
def test_google_gets_its_secrets(url: str) -> None:
    """Each way in which Google's own files name it."""
    assert may_have_secrets(url, None)


def test_what_stands_in_for_google_gets_them_when_the_configuration_says_so() -> None:
    """A proxy over TLS, or something on this machine; not somebody else, and not without TLS."""
    assert may_have_secrets("https://proxy.example/token", "https://proxy.example")
    assert may_have_secrets("http://127.0.0.1:81/token", "http://localhost:80")
    assert not may_have_secrets("https://other.example/token", "https://proxy.example")
    assert not may_have_secrets("http://127.0.0.1:81/token", "https://proxy.example")
    assert not may_have_secrets("http://proxy.example/token", "https://proxy.example")


@pytest.mark.parametrize(
    "endpoint", ["http://proxy.example", "HTTP://10.0.0.1:80", "ftp://proxy.example", "http://127.0.0.1.evil.example"]
)
def test_tokens_do_not_travel_in_clear(endpoint: str) -> None:
    """An `api_endpoint` elsewhere must be https."""
    with pytest.raises(ConfigError, match=r"google\.api_endpoint: .* is not https"):
        connect(None, endpoint)


def test_the_endpoint_of_tests_works_without_tls(google: GoogleServer, tmp_path: Path) -> None:
    """Within this machine nobody listens who could not read the key file."""
    path = tmp_path / "robot.json"
    path.write_text(json.dumps(google.service_account(ROBOT)))
    connection = connect(path, google.endpoint)
    assert isinstance(connection, Connection)
    assert connection.credentials is not None


@pytest.mark.parametrize("name", ["auth_uri", "token_uri"])
@pytest.mark.parametrize(
    "url", ["https://evil.example/o", "http://evil.example/o", "https://[oops", "file:///etc/passwd"]
)
def test_an_oauth_client_leads_to_google(tmp_path: Path, name: str, url: str) -> None:
    """The person would type a password into the page at `auth_uri`."""
    path = tmp_path / "client.json"
    path.write_text(json.dumps({"installed": {"client_id": "a", "client_secret": "b", name: url}}))
    with pytest.raises(ConfigError, match=r"is not (Google|https)"):
        read_client(path)


def test_default_credentials_of_others_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the environment names may want to send this machine's identity anywhere."""
    held = tmp_path / "subject"
    held.write_text("subject")
    path = tmp_path / "adc.json"
    info = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://evil.example/token",
        "credential_source": {"file": str(held)},
    }
    path.write_text(json.dumps(info))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(AuthorizationError, match=r"https://evil\.example/token"):
        sign_in(None)


def test_what_gcloud_left_is_looked_at_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody named it: google-auth would take it from gcloud's own folder."""
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    info = {"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"}
    info["token_uri"] = "https://evil.example/token"
    (tmp_path / "application_default_credentials.json").write_text(json.dumps(info))
    with pytest.raises(AuthorizationError, match=r"https://evil\.example/token"):
        sign_in(None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirection_is_followed(tmp_path: Path, google: GoogleServer, status: int) -> None:
    """Google sends nobody elsewhere; whoever does gets neither the token nor what the call says to another place."""
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status if self.path.startswith("/v4") else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    path = tmp_path / "robot.json"
    path.write_text(json.dumps(google.service_account(ROBOT)))
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        connection = Connection(
            read_key(path), f"http://127.0.0.1:{server.server_port}", Patience(tries=1, seconds=15)
        )
        with pytest.raises(Unavailable, match="wants us to go elsewhere"):
            connection.call("GET", f"{SHEETS}/x", about="x")
        server.shutdown()
    assert asked == ["/v4/spreadsheets/x"]
