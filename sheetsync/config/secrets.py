"""Which texts must appear in no output: passwords, tokens and keys that the configuration holds or leads to.

Asked for while an error is told, maybe one about the configuration itself, so nothing here may fail.
"""

import base64
import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, urlsplit

from sheetsync.config.model import Config, secret
from sheetsync.config.yamlfile import parse_yaml
from sheetsync.errors import ConfigError

_SECRET_NAME = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)
_KEYS_OF_CREDENTIALS = ("private_key", "private_key_id", "client_secret", "refresh_token", "token", "access_token")
_PASSWORD_LINE = re.compile(r"^[ \t]*password[ \t]*:\s*[\"']?([^\s\"']+)", re.MULTILINE)
_NO_WORD = re.compile(r"(?=.*[0-9A-Z]).{8,}|.{20,}")
_PLACES = (("email", "smtp", "password"), ("ledger",), ("google", "credentials"))
_PINGS = ("ping_url", "start_url", "fail_url")
_LARGEST = 1 << 20  # bytes of a file of credentials


def known_secrets(path: Path) -> frozenset[str]:
    """The secrets of a configuration, in the forms in which they may turn up; what cannot be read has none."""
    found: set[str] = set()
    # Whatever is wrong there is told by what reads it for its own sake.
    with contextlib.suppress(Exception):
        text = path.read_text(encoding="utf-8-sig")
        try:
            mapping = parse_yaml(text, path.name).mapping
        except ConfigError:
            found.update(word for word in _PASSWORD_LINE.findall(text) if not word.startswith("${"))
            return frozenset(found)
        for one in _of(mapping, path.parent):
            found.update(_forms(one))
    return frozenset(one for one in found if one)


def secrets_of(config: Config) -> frozenset[str]:
    """The secrets of a configuration that was read."""
    password = config.email.smtp.password
    mapping = config.model_dump(include={"ledger", "google", "monitoring"})
    mapping["email"] = {
        "smtp": {
            "username": config.email.smtp.username,
            "password": password.get_secret_value() if password else None,
        }
    }
    return frozenset(form for one in _of(mapping, config.folder) for form in _forms(one) if form)


def _of(mapping: dict[Any, Any], folder: Path) -> Iterator[str]:
    password, ledger, credentials = (_value(mapping, *place) for place in _PLACES)
    if password:
        username = _value(mapping, "email", "smtp", "username")
        yield password
        # As it goes over the wire, in case a server repeats it.
        yield base64.b64encode(f"\0{username}\0{password}".encode()).decode()
        yield base64.b64encode(password.encode()).decode()
    if ledger:
        yield from _of_url(ledger)
    for key in _PINGS:
        if url := _value(mapping, "monitoring", key):
            parts = urlsplit(url)
            yield url
            yield from _of_url(url)
            # The token is a part of the path that is no word, or a value.
            yield from (part for part in parts.path.split("/") if _NO_WORD.fullmatch(part))
            yield from (value for _, value in parse_qsl(parts.query) if len(value) >= 8)
    if credentials:
        yield from _of_credentials(folder / Path(credentials).expanduser())


def _of_url(url: str) -> Iterator[str]:
    """The password before the host, and the values of parameters that are named as if they were secret."""
    if found := re.match(r"[^/]+//[^/@:]*:(.*)@", url):
        yield found[1]
    for name, value in parse_qsl(urlsplit(url).query):
        if _SECRET_NAME.search(name):
            yield value


def _of_credentials(path: Path) -> Iterator[str]:
    with contextlib.suppress(OSError, ValueError):
        if path.stat().st_size > _LARGEST:
            return
        held = json.loads(path.read_text(encoding="utf-8"))
        for part in (held, *held.values()) if isinstance(held, dict) else ():
            for key in _KEYS_OF_CREDENTIALS if isinstance(part, dict) else ():
                if isinstance(part.get(key), str):
                    yield part[key]
                    # A key has many lines, and one of them alone says too much.
                    yield from (line for line in part[key].splitlines() if len(line) >= 16 and "-----" not in line)


def _value(mapping: dict[Any, Any], *place: str) -> str:
    """The text at a place, with variables replaced; "" for none."""
    value: Any = mapping
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    with contextlib.suppress(ConfigError):
        return secret(value) if isinstance(value, str) else ""
    return ""


def _forms(text: str) -> set[str]:
    """A secret as it is, as it stands in URLs, and as Python and JSON show it."""
    plain = {text, unquote(text), unquote_plus(text)}
    encoded = {form for one in plain for form in (quote(one), quote(one, safe=""), quote_plus(one))}
    return plain | encoded | {repr(one)[1:-1] for one in plain} | {json.dumps(one)[1:-1] for one in plain}
