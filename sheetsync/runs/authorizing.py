"""Signing a person in to Google, and saying who is signed in.

A sign-in ends in a token file beside the configuration, which names it from then on. What a robot's key or anybody
else's file holds is never written over.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sheetsync.config import Config
from sheetsync.config.changing import change
from sheetsync.errors import AuthorizationError, ConfigError, SheetsyncError

if TYPE_CHECKING:
    from sheetsync.workbook.google.credentials import Key

TOKEN = "token.json"  # noqa: S105  a file's name
_KEY = ("google", "credentials")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to sign in: `port` 0 is any free one; `seconds` is how long to wait for the person."""

    client_file: Path | None = None
    own_files_only: bool = False
    port: int = 0
    seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Where the token is; `configured` when the configuration was changed to name it.

    `account` is None when Google could not say who it is, and `problem` why.
    """

    file: Path
    configured: bool
    account: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Who sheetsync is to Google. `scopes` None: not known; `expires`: until when the access token lives.

    `title` is the spreadsheet's, when the configuration names one that can be opened; `refusal` says why it cannot.
    """

    account: str | None
    kind: str
    source: str
    scopes: tuple[str, ...] | None
    expires: datetime | None
    title: str | None
    refusal: SheetsyncError | None


def log_in(
    config: Config, config_path: Path, wanted: Wanted, show: Callable[[str, Callable[[str], bool]], None]
) -> SignedIn:
    """Let a person consent in their browser, keep the token, and name it in the configuration.

    `show` is as in `consent.ask`. Raises `AuthorizationError` when nobody signed in, and `ConfigError` before asking
    when the token would have no place.
    """
    from sheetsync.workbook.google import consent, credentials

    client = consent.read_client(wanted.client_file or _known_client(config))
    token_file = _place_for_token(config)
    scopes = credentials.SCOPES[:1] if wanted.own_files_only else credentials.SCOPES
    info = consent.ask(client, scopes, show, port=wanted.port, seconds=wanted.seconds)
    account, problem = None, None
    try:
        account = _address(config, credentials.Key(token_file, info))
    except SheetsyncError as error:
        problem = str(error)
    credentials.save_token(token_file, info | ({"account": account} if account else {}))
    configured = token_file != config.credentials_path
    if configured:
        try:
            change(config_path, _KEY, TOKEN)
        except ConfigError as error:
            raise ConfigError(f"you are signed in, but {error}") from None
    return SignedIn(token_file, configured, account, problem)


def standing(config: Config) -> Standing | None:
    """Who sheetsync is to Google; None when nothing needs Google.

    Raises `AuthorizationError` when nobody is signed in any more, and `Unavailable`.
    """
    if config.spreadsheet_id is None and config.credentials_path is None:
        return None
    from sheetsync.workbook import google
    from sheetsync.workbook.google import credentials, examining

    key = credentials.read_key(config.credentials_path) if config.credentials_path else None
    connection = google.Connection(key, config.google.api_endpoint)
    account, title = key.account if key else connection.robot, None
    refusal: SheetsyncError | None = None
    try:
        account = examining.who_is(connection)
    except AuthorizationError as error:
        refusal = error
        if not connection.credentials.token:
            raise  # not a question of what is allowed: nobody is signed in
    if config.spreadsheet_id:
        refusal = None  # Drive may be out of reach for one who only needs this spreadsheet
        try:
            title = examining.title_of(connection, config.spreadsheet_id)
        except (AuthorizationError, ConfigError) as error:
            refusal = error
    auth = connection.credentials
    scopes = getattr(auth, "granted_scopes", None) or getattr(auth, "scopes", None)
    if isinstance(refusal, ConfigError) and list(scopes or ()) == [credentials.SCOPES[0]]:
        refusal = AuthorizationError(f"{refusal}; or sign in without --own-files-only, for this file is not its own")
    return Standing(
        account, credentials.kind_of(auth), _source(config), tuple(scopes) if scopes else None,
        auth.expiry.replace(tzinfo=UTC) if auth.expiry else None, title, refusal,
    )  # fmt: skip


def _source(config: Config) -> str:
    """Where the credentials are from."""
    if config.credentials_path:
        return str(config.credentials_path)
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    return named or "application default credentials"


def _known_client(config: Config) -> Path:
    """The file that `google.credentials` names, when it knows an OAuth client; a token knows the one it is from."""
    from sheetsync.workbook.google import consent

    file = config.credentials_path
    if file and consent.what_is(file) in {"client", "token"}:
        return file
    raise AuthorizationError(
        "there is no OAuth client to sign in with; make one of the type Desktop app in the Google Cloud console, "
        "download its JSON file, then: sheetsync auth login FILE (docs/google-setup.md)"
    )


def _place_for_token(config: Config) -> Path:
    """Where the token goes: the file that `google.credentials` names, or one beside the configuration."""
    from sheetsync.workbook.google import consent

    named = config.credentials_path
    place = config.folder / TOKEN if named is None or consent.what_is(named) == "client" else named
    found = consent.what_is(place)
    if found not in {"nothing", "token"}:
        what = {"key": "a service account's key", "client": "the OAuth client itself"}.get(found, found)
        raise ConfigError(
            f"{place}: holds {what}, which is not written over; name another file in config.yaml: "
            f"google.credentials, such as {TOKEN if place.name != TOKEN else 'me.json'}"
        )
    if not os.access(place.parent, os.W_OK):
        raise ConfigError(f"{place}: no file can be written there; mend the folder's permissions")
    return place


def _address(config: Config, key: "Key") -> str:
    from sheetsync.workbook.google import Connection
    from sheetsync.workbook.google.examining import who_is
    from sheetsync.workbook.google.patience import Patience

    # A person waits, and can do without the name.
    return who_is(Connection(key, config.google.api_endpoint, Patience(tries=1, seconds=15)))
