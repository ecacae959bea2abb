"""Who sheetsync is to Google: a service account (a robot with an address of its own) or a person who signed in.

Reading the key file is cheap and comes first, so that a wrong file is told at once; google-auth is imported when the
key is used. A token file is replaced whole, and only its owner may read it.
"""

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import Any
from urllib.parse import urlsplit

from sheetsync.errors import AuthorizationError, ConfigError

# drive.file reaches the files that sheetsync made; spreadsheets those that a person made and shared with it.
SCOPES = ("https://www.googleapis.com/auth/drive.file", "https://www.googleapis.com/auth/spreadsheets")
_NEEDED = {
    "service_account": ("client_email", "private_key", "token_uri"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
}
_KINDS = {
    "oauth2.credentials": "person",
    "oauth2.service_account": "service account",
    "auth.compute_engine.credentials": "service account of this machine",
    "auth.impersonated_credentials": "impersonated service account",
}
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
# Where key files of any kind say that secrets are to be sent.
_SECRETS_GO_TO = ("token_uri", "token_url", "token_info_url", "service_account_impersonation_url", "revoke_url")
_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105  an address, no secret


@dataclass(frozen=True, slots=True)
class Key:
    """The contents of a credentials file. `robot` is a service account's address, None for a person."""

    file: Path
    info: Mapping[str, Any]

    @property
    def robot(self) -> str | None:
        """The address to share a spreadsheet with."""
        return str(self.info["client_email"]) if self.info["type"] == "service_account" else None

    @property
    def account(self) -> str | None:
        """The address that is known without asking Google."""
        return self.robot or self.info.get("account") or None

    def __repr__(self) -> str:
        return f"Key({self.file})"  # never the secret


def contents(file: Path) -> Any:
    """The JSON value in a file. Raises `AuthorizationError` when it is missing, unreadable or no JSON."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AuthorizationError(
            f"{file}: no such credentials file; put it there, mend google.credentials, or run: sheetsync auth login"
        ) from None
    except OSError as error:
        raise AuthorizationError(f"{file}: cannot be read ({error.strerror}); mend its permissions") from None
    except ValueError:
        raise AuthorizationError(f"{file}: is not JSON; download or make the file again") from None


def read_key(file: Path) -> Key:
    """The key in a file. Raises `AuthorizationError` when it is missing, unreadable or no credential."""
    info = contents(file)
    if isinstance(info, dict) and ("installed" in info or "web" in info):
        raise AuthorizationError(f"{file}: names an OAuth client, nobody is signed in yet; run: sheetsync auth login")
    kind = info.get("type") if isinstance(info, dict) else None
    if not isinstance(kind, str) or kind not in _NEEDED:
        raise AuthorizationError(
            f"{file}: is neither a service account's key nor an authorised user's token; use one of the two"
        )
    missing = [name for name in _NEEDED[kind] if not isinstance(info.get(name), str)]
    if missing:
        raise AuthorizationError(f"{file}: lacks {' and '.join(missing)}; download or make the file again")
    return Key(file, info)


def save_token(file: Path, info: Mapping[str, Any]) -> None:
    """Write a token file, or put it in the place of an older one, in one step. Raises `ConfigError`."""
    place = file.resolve()  # a link stays a link
    unfinished = None
    try:
        handle, unfinished = mkstemp(dir=place.parent, prefix=f".{place.name}.")  # which nobody else may read
        with os.fdopen(handle, "w", encoding="utf-8") as text:
            json.dump(info, text, indent=2)
            text.write("\n")
            text.flush()
            os.fsync(text.fileno())
        Path(unfinished).replace(place)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror}); mend the folder's permissions") from None
    finally:
        if unfinished:
            Path(unfinished).unlink(missing_ok=True)


def on_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    return _host(url) in _LOOPBACK


def may_have_secrets(url: str, endpoint: str | None) -> bool:
    """Whether secrets may go to a URL: to Google over TLS, to what stands in for it, and then within this machine."""
    host, scheme = _host(url), url.partition(":")[0].lower()
    if host is None or (scheme != "https" and host not in _LOOPBACK):
        return False
    if endpoint and (host == _host(endpoint) or (host in _LOOPBACK and on_loopback(endpoint))):
        return True
    return scheme == "https" and (host == "accounts.google.com" or host.endswith(".googleapis.com"))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname if url.isascii() and url.isprintable() and "\\" not in url else None
    except ValueError:
        return None


def sign_in(key: Key | None, endpoint: str | None = None) -> Any:
    """The google-auth credentials of a key, or the application default ones. No call to Google's API yet.

    `endpoint` stands in for Google's hosts. Raises `AuthorizationError` when there are none, when the key is damaged,
    or when it would send its secret to somebody else: files come from others, too.
    """
    if key is None:
        _check_default_file(endpoint)
        credentials = _default()
    elif key.robot is None:
        _check_hosts(str(key.file), key.info, endpoint)
        credentials = _person(key)
    else:
        _check_hosts(str(key.file), key.info, endpoint)
        credentials = _robot(key)
    # google-auth asks iamcredentials.googleapis.com in the background where a robot may work; sheetsync talks to
    # nobody but the two APIs it was told of. This one method also asks for the robot behind a workload identity.
    credentials._maybe_start_regional_access_boundary_refresh = lambda *_: None
    return credentials


def _check_default_file(endpoint: str | None) -> None:
    """Look at the file before google-auth does, which asks the hosts that are named there at once."""
    # The second is where `gcloud auth application-default login` leaves its own.
    gcloud = (
        os.environ.get("CLOUDSDK_CONFIG") or Path(os.environ.get("APPDATA") or "~/.config", "gcloud").expanduser()
    )
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS") or Path(gcloud, "application_default_credentials.json")
    try:
        info = json.loads(Path(named).read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):
        return  # google-auth says what is wrong, or looks elsewhere
    if isinstance(info, dict):
        _check_hosts(str(named), info, endpoint)


def _check_hosts(what: str, info: Mapping[str, Any], endpoint: str | None) -> None:
    for name in _SECRETS_GO_TO:
        url = info.get(name)
        if isinstance(url, str) and url and not may_have_secrets(url, endpoint):
            raise AuthorizationError(
                f"{what}: {name} is {url[:200]!r}, which is not Google: the secret would go there; "
                f"get the file again from Google"
            )
    source = info.get("source_credentials")  # of an impersonated account
    if isinstance(source, dict):
        _check_hosts(what, source, endpoint)


def _robot(key: Key) -> Any:
    from google.oauth2 import service_account

    try:
        make: Any = service_account.Credentials.from_service_account_info
        return make(key.info, scopes=SCOPES)
    except ValueError as error:
        raise AuthorizationError(
            f"{key.file}: the key is damaged ({error}); download the service account's key again"
        ) from None


def _person(key: Key) -> Any:
    from google.oauth2 import credentials

    scopes = key.info.get("scopes")
    make: Any = credentials.Credentials
    return make(
        token=None,
        refresh_token=key.info["refresh_token"],
        client_id=key.info["client_id"],
        client_secret=key.info["client_secret"],
        token_uri=key.info.get("token_uri") or _TOKEN_URI,
        # Asking for more than the person once granted would be refused; without scopes all that was granted comes.
        scopes=scopes.split() if isinstance(scopes, str) else scopes,
        quota_project_id=key.info.get("quota_project_id"),
    )


def _default() -> Any:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        with warnings.catch_warnings():
            # Advice about quota projects is for those who write programs; a refusal says it better.
            warnings.simplefilter("ignore")
            credentials, _project = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        reason = str(error.args[0]).splitlines()[0].rstrip(".")
        if "default credentials were not found" in reason:
            reason = "google.credentials is not set, and this machine brings none"
        raise AuthorizationError(
            f"no Google credentials: {reason}; run: sheetsync auth login, or name a key file in config.yaml: "
            f"google.credentials"
        ) from None
    return credentials


def kind_of(credentials: Any) -> str:
    """What google-auth's credentials are, in a few words."""
    module = type(credentials).__module__.removeprefix("google.")
    return _KINDS.get(module, "workload identity")
