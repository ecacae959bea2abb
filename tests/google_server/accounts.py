"""Accounts, their keys, the page on which a person consents, and the token endpoint.

Decided here: a service account proves itself with an RS256 JWT signed by a key we handed out, a person with
a refresh token, a workload with a token of its own provider; the access token is bound to the scopes that were
asked for. `aud` must be Google's own token address whatever address was called, because google-auth hard-codes it.
The page is answered at once, for the person whom the test put at the browser.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.google_server.discovery import SCOPE_PREFIX
from tests.google_server.wire import Answer, HttpRequest, Json, Query

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
CONSENT_PATH = "/o/oauth2/auth"
AUDIENCE = "https://oauth2.googleapis.com/token"
LIFETIME = 3600
CODE_LIFETIME = 600
CLOCK_SKEW = 300
SERVICE_SUFFIX = ".iam.gserviceaccount.com"
# The scopes that the page can offer; others are refused.
OFFERED = frozenset(("drive.file", "spreadsheets", "drive", "spreadsheets.readonly"))
LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
_IMPERSONATION = re.compile(r"/v1/projects/-/serviceAccounts/([^/:]+):generateAccessToken")


@dataclass(frozen=True)
class Token:
    """What an access token stands for; `app` is the Cloud project or OAuth client that asked."""

    email: str
    app: str
    scopes: frozenset[str]
    expires: float

    @property
    def service_account(self) -> bool:
        return self.email.endswith(SERVICE_SUFFIX)


@dataclass(frozen=True)
class _Grant:
    email: str
    client_id: str
    client_secret: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class Visitor:
    """The person at the browser, and what they do on the page that asks for consent."""

    email: str
    unticked: frozenset[str] = frozenset()
    refuses: bool = False


@dataclass(frozen=True)
class _Code:
    """What an authorisation code stands for until it is exchanged, once."""

    grant: _Grant
    redirect_uri: str
    challenge: str
    expires: float


@dataclass
class Accounts:
    """Every credential this server gave out; `visitor` is who opens the page of consent."""

    keys: dict[str, tuple[str, rsa.RSAPublicKey]] = field(default_factory=dict)
    grants: dict[str, _Grant] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=dict)
    codes: dict[str, _Code] = field(default_factory=dict)
    workloads: dict[str, str] = field(default_factory=dict)
    visitor: Visitor | None = None

    def service_account(self, email: str, token_uri: str) -> Json:
        """A key file for the account; every call makes one more valid key id."""
        private = _private_key(email)
        key_id = secrets.token_hex(20)
        self.keys[key_id] = (email, private.public_key())
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        project = email.partition("@")[2].removesuffix(SERVICE_SUFFIX)
        return {
            "type": "service_account",
            "project_id": project,
            "private_key_id": key_id,
            "private_key": pem.decode(),
            "client_email": email,
            "client_id": str(int.from_bytes(email.encode(), "big") % 10**21),
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }

    def authorized_user(self, email: str, scopes: frozenset[str], token_uri: str, client_id: str) -> Json:
        secret, refresh = secrets.token_urlsafe(16), "1//" + secrets.token_urlsafe(32)
        self.grants[refresh] = _Grant(email, client_id, secret, scopes)
        return {
            "type": "authorized_user",
            "account": email,
            "client_id": client_id,
            "client_secret": secret,
            "refresh_token": refresh,
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }

    def oauth_client(self, endpoint: str) -> Json:
        """The file of a new OAuth client of the type Desktop app, as the Cloud console hands it out."""
        client_id, secret = f"{secrets.randbelow(10**12)}-test.apps.googleusercontent.com", secrets.token_urlsafe(16)
        self.clients[client_id] = secret
        return {
            "installed": {
                "client_id": client_id,
                "project_id": "sheetsync-test",
                "auth_uri": endpoint + CONSENT_PATH,
                "token_uri": endpoint + "/token",
                "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
                "client_secret": secret,
                "redirect_uris": ["http://localhost"],
            }
        }

    def workload(self, name: str, endpoint: str, token_file: str, robot: str) -> tuple[str, Json]:
        """A token of a provider Google trusts, and the external_account file that trades it for a robot's token."""
        subject = secrets.token_urlsafe(24)
        self.workloads[subject] = name
        return subject, {
            "type": "external_account",
            "audience": "//iam.googleapis.com/locations/global/workforcePools/pool/providers/test",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": endpoint + "/token",
            "service_account_impersonation_url": (
                f"{endpoint}/v1/projects/-/serviceAccounts/{robot}:generateAccessToken"
            ),
            "credential_source": {"file": token_file},
        }

    def revoke(self, email: str) -> None:
        """Everything this account was given stops working at once."""
        self.keys = {name: key for name, key in self.keys.items() if key[0] != email}
        self.grants = {name: grant for name, grant in self.grants.items() if grant.email != email}
        self.tokens = {name: token for name, token in self.tokens.items() if token.email != email}

    def token(self, authorization: str) -> Token | None:
        """The live token of an Authorization header."""
        scheme, _, value = authorization.partition(" ")
        token = self.tokens.get(value) if scheme.lower() == "bearer" else None
        return token if token and token.expires > time.time() else None

    def answer(self, body: bytes) -> Answer:
        """The token endpoint."""
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        try:
            if form.get("grant_type") == JWT_GRANT:
                return self._issue(self._from_assertion(form.get("assertion", "")))
            if form.get("grant_type") == "refresh_token":
                return self._issue(self._from_refresh(form))
            if form.get("grant_type") == "authorization_code":
                return self._from_code(form)
            if form.get("grant_type") == EXCHANGE_GRANT:
                return self._issue(self._from_workload(form), EXCHANGE_GRANT)
        except _Rejected as rejected:
            return rejected.answer
        return Answer(400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type: "})

    def page(self, request: HttpRequest) -> Answer | None:
        """The page of consent, and what stands in for iamcredentials.googleapis.com; None for any other request."""
        if request.method == "GET" and request.path == CONSENT_PATH:
            try:
                return self._consented({name: values[-1] for name, values in request.query.items()})
            except _Rejected as rejected:
                return rejected.answer
        robot = _IMPERSONATION.fullmatch(request.path)
        if request.method == "POST" and robot:
            return self._impersonated(robot[1], request)
        return None

    def _consented(self, asked: dict[str, str]) -> Answer:
        """Back to the program with a code, or with the refusal; what is wrong with the request itself stays here."""
        secret = self.clients.get(asked.get("client_id", ""))
        if secret is None:
            raise _Rejected("invalid_client", "The OAuth client was not found.", 401)
        target = asked.get("redirect_uri", "")
        parts = urlsplit(target)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK:
            raise _Rejected("redirect_uri_mismatch", f"redirect_uri={target}")
        scopes = plain_scopes(asked.get("scope", "").split())
        if not scopes or not scopes <= OFFERED:
            raise _Rejected("invalid_scope", f"Some requested scopes were invalid: {sorted(scopes - OFFERED)}")
        if asked.get("response_type") != "code" or asked.get("access_type") != "offline":
            raise _Rejected("invalid_request", "Required parameter is missing: response_type")
        if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
            raise _Rejected("invalid_request", "code_challenge must be a base64url-encoded SHA-256")
        if self.visitor is None:
            raise AssertionError("the test put nobody at the browser (accounts.visitor)")
        back: Query = {"state": [asked["state"]]} if "state" in asked else {}
        granted = scopes - self.visitor.unticked
        if self.visitor.refuses or not granted:
            return _redirect(target, back | {"error": ["access_denied"]})
        code = "4/0A" + secrets.token_urlsafe(40)
        grant = _Grant(self.visitor.email, asked["client_id"], secret, granted)
        self.codes[code] = _Code(grant, target, asked["code_challenge"], time.time() + CODE_LIFETIME)
        return _redirect(target, back | {"code": [code], "scope": [_full(granted)]})

    def _from_code(self, form: dict[str, str]) -> Answer:
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or code.expires < time.time():
            raise _Rejected("invalid_grant", "Malformed auth code.")
        grant = code.grant
        if (form.get("client_id"), form.get("client_secret")) != (grant.client_id, grant.client_secret):
            raise _Rejected("invalid_client", "The provided client secret is invalid.", 401)
        if form.get("redirect_uri") != code.redirect_uri:
            raise _Rejected("redirect_uri_mismatch", "Bad Request")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code.challenge:
            raise _Rejected("invalid_grant", "Invalid code verifier.")
        refresh = "1//" + secrets.token_urlsafe(32)
        self.grants[refresh] = grant
        answer = self._issue(Token(grant.email, grant.client_id, grant.scopes, time.time() + LIFETIME))
        return Answer(200, {**(answer.body or {}), "refresh_token": refresh})

    def _from_workload(self, form: dict[str, str]) -> Token:
        name = self.workloads.get(form.get("subject_token", ""))
        if name is None:
            raise _Rejected("invalid_grant", "The given credential is rejected by the attribute condition.")
        scopes = plain_scopes(form.get("scope", "").split())
        return Token(name, "workload", scopes, time.time() + LIFETIME)

    def _impersonated(self, robot: str, request: HttpRequest) -> Answer:
        caller = self.token(request.headers.get("authorization", ""))
        if caller is None or caller.app != "workload":
            return Answer(
                403, {"error": {"code": 403, "message": "Permission denied", "status": "PERMISSION_DENIED"}}
            )
        scopes = plain_scopes(json.loads(request.body)["scope"])
        expires = time.time() + LIFETIME
        value = self._new_token(Token(robot, robot.partition("@")[2], scopes, expires))
        until = datetime.fromtimestamp(int(expires), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Answer(200, {"accessToken": value, "expireTime": until})

    def _new_token(self, token: Token) -> str:
        value = "ya29." + secrets.token_urlsafe(40)
        self.tokens[value] = token
        return value

    def _issue(self, token: Token, grant_type: str = "") -> Answer:
        body: Json = {"access_token": self._new_token(token), "expires_in": LIFETIME - 1, "token_type": "Bearer"}
        if grant_type == EXCHANGE_GRANT:
            body["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token"
        body["scope"] = _full(token.scopes)
        return Answer(200, body)

    def _from_assertion(self, assertion: str) -> Token:
        header, claims, signed, signature = _parts(assertion)
        email, public = self.keys.get(str(header.get("kid")), (None, None))
        if public is None or claims.get("iss") != email or email is None:
            raise _Rejected("invalid_grant", "Invalid grant: account not found")
        try:
            public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise _Rejected("invalid_grant", "Invalid JWT Signature.") from None
        _check_claims(header, claims)
        scopes = plain_scopes(str(claims.get("scope", "")).split())
        if not scopes:
            raise _Rejected("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        subject = str(claims.get("sub", email))
        if subject != email:
            raise _Rejected(
                "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method."
            )
        return Token(email, email.partition("@")[2], scopes, time.time() + LIFETIME)

    def _from_refresh(self, form: dict[str, str]) -> Token:
        grant = self.grants.get(form.get("refresh_token", ""))
        if grant is None:
            raise _Rejected("invalid_grant", "Token has been expired or revoked.")
        if (form.get("client_id"), form.get("client_secret")) != (grant.client_id, grant.client_secret):
            raise _Rejected("invalid_client", "Unauthorized")
        asked = plain_scopes(form["scope"].split()) if "scope" in form else grant.scopes
        if not asked <= grant.scopes:
            raise _Rejected("invalid_scope", "Some requested scopes were invalid or not granted.")
        return Token(grant.email, grant.client_id, asked, time.time() + LIFETIME)


class _Rejected(Exception):
    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.answer = Answer(status, {"error": error, "error_description": description})


def _redirect(target: str, back: Query) -> Answer:
    return Answer(302, None, {"Location": f"{target}?{urlencode(back, doseq=True)}"})


def _full(scopes: frozenset[str]) -> str:
    return " ".join(sorted(SCOPE_PREFIX + scope for scope in scopes))


def plain_scopes(scopes: list[str]) -> frozenset[str]:
    """Scopes without their common prefix."""
    return frozenset(scope.removeprefix(SCOPE_PREFIX) for scope in scopes)


@cache
def _private_key(email: str) -> rsa.RSAPrivateKey:
    # Making a key takes a tenth of a second: an account keeps one for the whole test run.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _parts(assertion: str) -> tuple[Json, Json, bytes, bytes]:
    try:
        first, second, third = assertion.split(".")
        header, claims = (json.loads(_decoded(part)) for part in (first, second))
        return header, claims, f"{first}.{second}".encode(), _decoded(third)
    except (ValueError, binascii.Error):
        raise _Rejected("invalid_grant", "Invalid JWT: Failed to parse.") from None


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _check_claims(header: Json, claims: Json) -> None:
    now = time.time()
    issued, expires = float(claims.get("iat", 0)), float(claims.get("exp", 0))
    if header.get("alg") != "RS256" or claims.get("aud") != AUDIENCE:
        raise _Rejected("invalid_grant", "Invalid JWT: Failed audience check.")
    sound = issued <= now + CLOCK_SKEW and now - CLOCK_SKEW <= expires <= issued + LIFETIME
    if not sound:
        raise _Rejected(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
            "Check your iat and exp values in the JWT claim.",
        )
