"""A connection to Google: signs in at its first call, and says in our words why a call was refused."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sheetsync.errors import AuthorizationError, ConfigError
from sheetsync.workbook.google.credentials import Key, on_loopback, sign_in
from sheetsync.workbook.google.patience import Patience
from sheetsync.workbook.google.refusals import Refusal, in_words

if TYPE_CHECKING:
    from sheetsync.workbook.google.client import Client

SHEETS = "https://sheets.googleapis.com/v4/spreadsheets"
DRIVE_FILES = "https://www.googleapis.com/drive/v3/files"


class Connection:
    """Calls to Google's two APIs, JSON in and out. `key` None: application default credentials.

    Raises `ConfigError` for an endpoint to which tokens would go unprotected.
    """

    def __init__(self, key: Key | None, endpoint: str | None, patience: Patience | None = None) -> None:
        if endpoint and not endpoint.lower().startswith("https://") and not on_loopback(endpoint):
            raise ConfigError(
                f"google.api_endpoint: {endpoint} is not https: anybody on the way could read the access token; "
                f"write https://, or an address of this machine"
            )
        self._key = key
        self._endpoint = endpoint
        self._patience = patience or Patience()
        self._client: Client | None = None

    @property
    def last_date(self) -> datetime | None:
        """What Google's clock said in its last answer, in UTC."""
        return self._client.server_time if self._client else None

    @property
    def credentials(self) -> Any:
        """google-auth's credentials: what they may do, and until when their access token lives."""
        return self._signed_in().auth

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
        applied: Callable[[], dict[str, Any] | None] | None = None,
    ) -> dict[str, Any]:
        """The JSON object that Google answers; `about` is the id of the spreadsheet, None while there is none.

        `applied` finds out by a read whether a call whose answer was lost was carried out (`Client.call`).
        Raises `AuthorizationError`, `ConfigError`, `Unavailable`, and `Refusal` when the call itself was wrong.
        """
        client = self._signed_in()
        try:
            return client.call(method, url, dict(params or {}), json, applied)
        except Refusal as refusal:
            raise in_words(refusal, self.account, robot=bool(self.robot), spreadsheet_id=about) from refusal
        except AuthorizationError as error:
            raise AuthorizationError(
                f"{self.account} cannot sign in ({error}); {self._remedy(str(error))}"
            ) from error

    def _remedy(self, reason: str) -> str:
        if "timeframe" in reason:
            return "set this machine's clock, which is wrong"
        if self.robot:
            return "make a new key for it and put it where google.credentials points"
        if self._key is None:
            return "sign in again: gcloud auth application-default login"
        return "sign in again: sheetsync auth login"

    def _signed_in(self) -> "Client":
        if self._client is None:
            from sheetsync.workbook.google.client import Client

            self._client = Client(sign_in(self._key, self._endpoint), self._endpoint, self._patience)
        return self._client
