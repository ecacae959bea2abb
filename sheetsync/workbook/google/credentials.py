"""Who sheetsync is to Google: a service account (a robot with an address of its own) or a person who signed in.

Reading the key file is cheap and comes first, so that a wrong file is told at once; google-auth is imported when the
key is used.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sheetsync.errors import AuthorizationError

# drive.file reaches the files that sheetsync made; spreadsheets those that a person made and shared with it.
SCOPES = ("https://www.googleapis.com/auth/drive.file", "https://www.googleapis.com/auth/spreadsheets")
_NEEDED = {
    "service_account": ("client_email", "private_key", "token_uri"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
}
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

    def __repr__(self) -> str:
        return f"Key({self.file})"  # never the secret


def read_key(file: Path) -> Key:
    """The key in a file. Raises `AuthorizationError` when it is missing, unreadable or no credential."""
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AuthorizationError(
            f"{file}: no such credentials file; put a service account's key there, or mend google.credentials"
        ) from None
    except OSError as error:
        raise AuthorizationError(f"{file}: cannot be read ({error.strerror}); mend its permissions") from None
    except ValueError:
        raise AuthorizationError(f"{file}: is not JSON; download the service account's key again") from None
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


def sign_in(key: Key | None) -> Any:
    """The google-auth credentials of a key, or the application default ones. No call to Google's API yet.

    Raises `AuthorizationError` when there are none or the key is damaged.
    """
    if key is None:
        credentials = _default()
    elif key.robot is None:
        credentials = _person(key)
    else:
        credentials = _robot(key)
    # google-auth asks iamcredentials.googleapis.com in the background where a robot may work; sheetsync talks to
    # nobody but the two APIs it was told of.
    credentials._is_regional_access_boundary_lookup_required = lambda: False
    return credentials


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
        credentials, _project = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise AuthorizationError(
            f"no Google credentials: {reason}; name a key file in config.yaml: google.credentials"
        ) from None
    return credentials
