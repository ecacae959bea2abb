"""A person signs in: Google asks them in their browser, and its answer comes back to a port of this machine.

The answer may also be handed in, for a browser on another machine ends at an address that leads nowhere. Only an
answer with the state of this one request counts; its code is worth nothing without the verifier (PKCE) kept here.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from queue import Empty, Queue
from socketserver import ThreadingTCPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sheetsync.errors import AuthorizationError, ConfigError, Unavailable, UsageError
from sheetsync.workbook.google.credentials import contents, may_have_secrets, on_loopback

_GOOGLE = {
    "auth_uri": "https://accounts.google.com/o/oauth2/auth",
    "token_uri": "https://oauth2.googleapis.com/token",
}
_SECONDS_TO_EXCHANGE = 60.0
_IN_WORDS = {
    "https://www.googleapis.com/auth/drive.file": "the Drive files it makes",
    "https://www.googleapis.com/auth/spreadsheets": "your spreadsheets",
}
_PAGE = """<!doctype html><meta charset="utf-8"><title>sheetsync</title>
<p style="font: 1.2em sans-serif; margin: 4em auto; max-width: 30em">{}</p>"""


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """The program that asks, as Google knows it: an OAuth client of the type Desktop app."""

    file: Path
    client_id: str
    client_secret: str = field(repr=False)
    auth_uri: str
    token_uri: str


def what_is(file: Path) -> str:
    """What a file holds: `client`, `token`, `key` (a service account's), `nothing` or `something else`."""
    if not file.exists():
        return "nothing"
    info = contents(file)
    if isinstance(info, dict) and ("installed" in info or "web" in info):
        return "client"
    kind = info.get("type") if isinstance(info, dict) else None
    return {"authorized_user": "token", "service_account": "key"}.get(str(kind), "something else")


def read_client(file: Path) -> OAuthClient:
    """The OAuth client in the file that Google's console hands out, or in a token that was made with it."""
    info = contents(file)
    if isinstance(info, dict) and "web" in info:
        raise ConfigError(f"{file}: is an OAuth client for a web site; make one of the type Desktop app")
    client = info.get("installed", info) if isinstance(info, dict) else None
    names = ("client_id", "client_secret")
    if not isinstance(client, dict) or not all(isinstance(client.get(name), str) for name in names):
        raise ConfigError(
            f"{file}: is no OAuth client; download one of the type Desktop app from the Google Cloud console"
        )
    uris = {name: str(client.get(name) or usual) for name, usual in _GOOGLE.items()}
    for uri in uris.values():
        if not uri.startswith("https://") and not on_loopback(uri):
            raise ConfigError(f"{file}: {uri} is not https; download the OAuth client again")
        # This machine may stand in for Google: whoever answers there is here already.
        if not may_have_secrets(uri, uri if on_loopback(uri) else None):
            raise ConfigError(f"{file}: {uri} is not Google; download the OAuth client again from Google")
    return OAuthClient(file, client["client_id"], client["client_secret"], **uris)


def ask(
    client: OAuthClient,
    scopes: Sequence[str],
    show: Callable[[str, Callable[[str], bool]], None],
    *,
    port: int = 0,
    seconds: float = 300.0,
) -> dict[str, Any]:
    """The contents of a token file, once the person has consented.

    `show` gets the address to open, and a function that takes the address at which the browser ended (and says
    whether it is the right one). `port` 0 is any free one. Raises `AuthorizationError`, after `seconds` at most.
    """
    from google_auth_oauthlib.flow import InstalledAppFlow  # type: ignore[import-untyped]

    known = {name: getattr(client, name) for name in ("client_id", "client_secret", "auth_uri", "token_uri")}
    flow: Any = InstalledAppFlow.from_client_config(
        {"installed": known}, list(scopes), autogenerate_code_verifier=True
    )
    with _landing(port) as landing, _insecure_on_loopback(client):
        flow.redirect_uri = landing.address
        url, landing.state = flow.authorization_url(access_type="offline", prompt="consent")
        try:
            show(url, landing.take)
            answer = landing.wait(seconds)
        except KeyboardInterrupt:
            raise AuthorizationError("nobody is signed in: stopped before Google answered") from None
        token = _token(client, flow, _code(answer))
    _check_granted(token, scopes)
    return {
        "type": "authorized_user",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "refresh_token": token["refresh_token"],
        "auth_uri": client.auth_uri,
        "token_uri": client.token_uri,
        "scopes": list(scopes),
    }


class _Landing(ThreadingTCPServer):
    """Where the browser ends: takes the one answer that has the right `state`, and ignores whatever else comes."""

    daemon_threads = True
    # On Windows this would let another program listen on the same port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, port: int) -> None:
        self.state = ""
        self._answers: Queue[dict[str, str]] = Queue()
        super().__init__(("127.0.0.1", port), _Visit)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def take(self, address: str) -> bool:
        """Whether this address, with its query, is the answer that is waited for."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address.strip()).query).items()}
        right = bool(self.state) and compare_digest(query.get("state", "").encode(), self.state.encode())
        if right:
            self._answers.put(query)
        return right

    def wait(self, seconds: float) -> dict[str, str]:
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            raise AuthorizationError(
                f"nobody is signed in: Google did not answer within {seconds / 60:.3g} minutes; run it again, with "
                f"--no-browser if no browser opened here"
            ) from None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no news."""


class _Visit(BaseHTTPRequestHandler):
    # Browsers open connections in advance, on which nothing ever comes.
    timeout = 10
    server: _Landing

    def do_GET(self) -> None:
        """Any request of a browser."""
        right = self.server.take(self.path)
        refused = "error=" in self.path
        text = "This is no answer to sheetsync's question. Open the address it shows once more."
        if right:
            text = "sheetsync may not use your account." if refused else "Thank you."
            text += " Go back to the terminal: what came of it stands there. You may close this window."
        body = _PAGE.format(text).encode()
        self.send_response(200 if right else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the code is nobody's business."""


@contextmanager
def _landing(port: int) -> Iterator[_Landing]:
    try:
        landing = _Landing(port)
    except (OSError, OverflowError):
        raise UsageError(f"--port {port}: cannot be listened on; choose another, or none") from None
    thread = Thread(target=landing.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield landing
    finally:
        landing.shutdown()
        thread.join()
        landing.server_close()


@contextmanager
def _insecure_on_loopback(client: OAuthClient) -> Iterator[None]:
    """Let oauthlib talk plain HTTP, but only within this machine."""
    name = "OAUTHLIB_INSECURE_TRANSPORT"
    if name in os.environ or not (on_loopback(client.auth_uri) and on_loopback(client.token_uri)):
        yield
        return
    os.environ[name] = "1"
    try:
        yield
    finally:
        del os.environ[name]


def _code(answer: dict[str, str]) -> str:
    if answer.get("error") == "access_denied":
        raise AuthorizationError("nobody is signed in: consent was refused; run it again and choose Allow")
    if "code" not in answer:
        raise AuthorizationError(f"nobody is signed in: Google refused ({answer.get('error', 'no reason given')})")
    return answer["code"]


def _token(client: OAuthClient, flow: Any, code: str) -> dict[str, Any]:
    from oauthlib.oauth2.rfc6749.errors import (  # type: ignore[import-untyped]
        InvalidClientError,
        OAuth2Error,
    )
    from requests.exceptions import RequestException

    # oauthlib raises a bare Warning when less is granted than was asked for; it is compared here instead.
    flow.oauth2session.scope = None
    try:
        token: dict[str, Any] = flow.fetch_token(code=code, include_client_id=True, timeout=_SECONDS_TO_EXCHANGE)
    except InvalidClientError as error:
        raise AuthorizationError(
            f"Google does not know the OAuth client in {client.file} ({_said(error)}); download it again"
        ) from None
    except OAuth2Error as error:
        raise AuthorizationError(
            f"nobody is signed in: Google gave no token ({_said(error)}); run it again"
        ) from None
    except RequestException:
        raise Unavailable("Google's sign-in cannot be reached; check the network, then run it again") from None
    if not token.get("refresh_token"):
        raise AuthorizationError("nobody is signed in: Google gave no lasting token; run it again")
    return token


def _said(error: Any) -> str:
    return ": ".join(part for part in (error.error, error.description) if part).rstrip(".")


def _check_granted(token: dict[str, Any], scopes: Sequence[str]) -> None:
    granted = token.get("scope") or scopes
    missing = [_IN_WORDS.get(scope, scope) for scope in scopes if scope not in granted]
    if missing:
        instead = ""
        if missing == ["your spreadsheets"]:
            instead = ", or with --own-files-only if it shall only use files it made"
        raise AuthorizationError(
            f"nobody is signed in: sheetsync may not use {' and '.join(missing)}; run it again and tick every box"
            f"{instead}"
        )
