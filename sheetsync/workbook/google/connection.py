"""A connection to Google: signs in at its first call, and says in our words why a call was refused."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sheetsync.errors import AuthorizationError
from sheetsync.workbook.google.credentials import Key, sign_in
from sheetsync.workbook.google.refusals import Refusal, in_words

if TYPE_CHECKING:
    from sheetsync.workbook.google.client import Client

SHEETS = "https://sheets.googleapis.com/v4/spreadsheets"
DRIVE_FILES = "https://www.googleapis.com/drive/v3/files"


class Connection:
    """Calls to Google's two APIs, JSON in and out. `key` None: application default credentials."""

    def __init__(
        self,
        key: Key | None,
        endpoint: str | None,
        tries: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._key = key
        self._endpoint = endpoint
        self._tries = tries
        self._sleep = sleep
        self._client: Client | None = None

    @property
    def robot(self) -> str | None:
        """The address of the service account; None when a person is signed in."""
        if self._key:
            return self._key.robot
        found = getattr(self._signed_in().auth, "service_account_email", None)
        return str(found) if found and "@" in str(found) else None

    @property
    def account(self) -> str:
        """Who sheetsync is to Google, for messages."""
        if self.robot:
            return self.robot
        return f"the account of {self._key.file.name}" if self._key else "your Google account"

    def call(
        self,
        method: str,
        url: str,
        *,
        about: str | None,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The JSON object that Google answers; `about` is the id of the spreadsheet, None while there is none.

        Raises `AuthorizationError`, `ConfigError`, `Unavailable`, and `Refusal` when the call itself was wrong.
        """
        client = self._signed_in()
        try:
            return client.call(method, url, dict(params or {}), json)
        except Refusal as refusal:
            raise in_words(refusal, self.account, robot=bool(self.robot), spreadsheet_id=about) from refusal
        except AuthorizationError as error:
            raise AuthorizationError(f"{self.account} cannot sign in ({error}); {self._remedy()}") from error

    def _remedy(self) -> str:
        if self.robot:
            return "make a new key for it and put it where google.credentials points"
        return "sign in again: sheetsync auth login"

    def _signed_in(self) -> "Client":
        if self._client is None:
            from sheetsync.workbook.google.client import TRIES, Client

            self._client = Client(sign_in(self._key), self._endpoint, self._tries or TRIES, self._sleep)
        return self._client
