"""Accounts, their keys, and the token endpoint.

Decided here: a service account proves itself with an RS256 JWT signed by a key we handed out, a person with
a refresh token; the access token is bound to the scopes that were asked for. `aud` must be Google's own
token address whatever address was called, because google-auth hard-codes it.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.google_server.discovery import SCOPE_PREFIX
from tests.google_server.wire import Answer, Json

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"
LIFETIME = 3600
CLOCK_SKEW = 300
SERVICE_SUFFIX = ".iam.gserviceaccount.com"


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


@dataclass
class Accounts:
    """Every credential this server gave out."""

    keys: dict[str, tuple[str, rsa.RSAPublicKey]] = field(default_factory=dict)
    grants: dict[str, _Grant] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)

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
        except _Rejected as rejected:
            return Answer(400, {"error": rejected.error, "error_description": rejected.description})
        return Answer(400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type: "})

    def _issue(self, token: Token) -> Answer:
        value = "ya29." + secrets.token_urlsafe(40)
        self.tokens[value] = token
        body: Json = {"access_token": value, "expires_in": LIFETIME - 1, "token_type": "Bearer"}
        body["scope"] = " ".join(sorted(SCOPE_PREFIX + scope for scope in token.scopes))
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
    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


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
