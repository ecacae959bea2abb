"""Telling a dead man's switch how runs go, so that somebody hears of it when they fail, and when there are none.

A ping is asked for in a thread of its own: it has ten seconds in all, whatever the network does, holds up no work,
and changes nothing about the run. Its URL, which may hold a token, is told to nobody.
"""

import base64
import ipaddress
import os
import ssl
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPMessage, HTTPSConnection
from threading import Thread
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
    getproxies,
    proxy_bypass,
)

from sheetsync.config import Config, secret
from sheetsync.config.model import Moment
from sheetsync.errors import ConfigError

SECONDS = 10
# Where clouds keep the keys of their machines.
_OFF_LIMITS = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))


class Watch:
    """Who watches one run. Each moment is told once at most, and a failure only when no success was."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._asked: dict[Moment, _Ping] = {}

    def begin(self) -> None:
        """Tell that the run begins, without waiting for an answer."""
        self._ask("start")

    def end(self, *, well: bool) -> list[tuple[str, str]]:
        """Tell how the run ended; answers what was asked for, as (moment, why it failed or "")."""
        if {"success", "fail"} & self._asked.keys():
            return []
        if start := self._asked.get("start"):
            start.wait()  # or it could arrive after the end
        self._ask("success" if well else "fail")
        return [(moment, ping.wait()) for moment, ping in self._asked.items()]

    def _ask(self, moment: Moment) -> None:
        try:
            url = self._config.monitoring.url(moment)
            if url is not None:
                self._asked[moment] = _Ping(secret(url))
        except (ConfigError, ValueError, RuntimeError, MemoryError) as error:  # no thread, no memory, no variable
            self._asked[moment] = _Ping(None, str(error) if isinstance(error, ConfigError) else _name(error))


class _Ping:
    """One request under way; without a URL it has failed already."""

    def __init__(self, url: str | None, why: str = "it took too long") -> None:
        self._why, self._until, self._thread = why, time.monotonic() + SECONDS, None
        if url is not None:
            self._thread = Thread(target=self._run, args=(url,), daemon=True)
            self._thread.start()

    def wait(self) -> str:
        """Why it failed, or "", at the latest when its time is over."""
        if self._thread is not None:
            self._thread.join(max(0.0, self._until - time.monotonic()))
        return self._why

    def _run(self, url: str) -> None:
        try:
            ask(url)
        except Exception as error:  # whatever it is, the run goes on
            self._why = _name(error)
            if isinstance(error, HTTPError):
                error.close()
        else:
            self._why = ""


class Refused(OSError):
    """An address that no ping goes to."""


def ask(url: str) -> None:
    """Ask for a URL. Raises `OSError` or an `HTTPException` when that fails, or leads where no ping goes."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refused("only http:// and https:// are asked")
    headers = {"User-Agent": "sheetsync"}
    credentials, _, place = parts.netloc.rpartition("@")
    if credentials:
        plain = ":".join(map(unquote, credentials.split(":", 1)))
        headers["Authorization"] = "Basic " + base64.b64encode(plain.encode()).decode()
    proxies = {} if proxy_bypass(parts.hostname) else getproxies()
    if parts.scheme not in proxies:
        _refuse_off_limits(parts.hostname)
    asked = quote(parts._replace(netloc=place, fragment="").geturl(), safe="/%:@!$&'()*+,;=?~[]")
    request = Request(asked, headers=headers)  # noqa: S310  checked above
    with _opener(proxies, parts.scheme in proxies).open(request, timeout=SECONDS) as answer:
        answer.read(1)


def _opener(proxies: dict[str, str], by_proxy: bool) -> OpenerDirector:
    """What asks: by the proxy of the environment, with the system's certificates, with no password of ~/.netrc."""
    kinds = (HTTPConnection, HTTPSConnection) if by_proxy else (_Plain, _Encrypted)
    return build_opener(ProxyHandler(proxies), _Http(kinds[0]), _Https(kinds[1]), _SameHost())


def _refuse_off_limits(address: str) -> None:
    """Raises `Refused` for an address that is off limits; a name is looked at when it has become an address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if any(ip in network for network in _OFF_LIMITS if network.version == ip.version):
        raise Refused("link-local addresses are not asked")


class _Plain(HTTPConnection):
    def connect(self) -> None:
        """Connect, and let go at once of an address that is off limits, before a word is said."""
        super().connect()
        _refuse_off_limits(self.sock.getpeername()[0])


class _Encrypted(HTTPSConnection):
    def connect(self) -> None:
        """As for `_Plain`."""
        super().connect()
        _refuse_off_limits(self.sock.getpeername()[0])


class _Http(HTTPHandler):
    def __init__(self, kind: Callable[..., HTTPConnection]) -> None:
        super().__init__()
        self._kind = kind

    def http_open(self, req: Request) -> Any:
        """Ask over a connection of our kind."""
        return self.do_open(self._kind, req)


class _Https(HTTPSHandler):
    def __init__(self, kind: Callable[..., HTTPConnection]) -> None:
        super().__init__()
        self._kind = kind

    def https_open(self, req: Request) -> Any:
        """Ask over a connection of our kind, trusting whom the system trusts, and requests."""
        import certifi

        trusted = ssl.create_default_context()
        trusted.load_verify_locations(os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where())
        return self.do_open(self._kind, req, context=trusted)


class _SameHost(HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917  as the parent has it
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Follow a server to another page of its own only: a token goes to nobody else, and never back to clear."""
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        safe = after.scheme == before.scheme or (before.scheme, after.scheme) == ("http", "https")
        if not safe or after.hostname != before.hostname:
            raise HTTPError(req.full_url, code, "it leads to another server", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _name(error: Exception) -> str:
    """What went wrong, in words in which no URL can be."""
    if isinstance(error, HTTPError):
        return f"HTTP {error.code}"
    if isinstance(error, Refused):
        return str(error)
    reason = getattr(error, "reason", error)
    if isinstance(reason, Refused | TimeoutError):
        return str(reason) if isinstance(reason, Refused) else "it took too long"
    return type(reason if isinstance(reason, Exception) else error).__name__
