"""Values as the ledger keeps them: JSON, compressed. What cannot be read back is a damaged ledger."""

import json
import zlib
from typing import Any

from sheetsync.errors import ConfigError
from sheetsync.ledger.sqlite import damaged


def packed(value: Any) -> bytes:
    """A JSON value as the ledger keeps it."""
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def unpacked(value: bytes) -> Any:
    """The JSON value that the ledger keeps so. Raises `ConfigError` when it is none."""
    return parsed(expanded(value))


def parsed(text: str | bytes) -> Any:
    """A value of JSON. Raises `ConfigError` when it is none."""
    try:
        return json.loads(text)
    except (ValueError, TypeError) as error:
        raise ConfigError(damaged("", str(error))) from None


def expanded(value: bytes) -> bytes:
    """Bytes that were compressed. Raises `ConfigError` when they were not."""
    try:
        return zlib.decompress(value)
    except (zlib.error, TypeError) as error:
        raise ConfigError(damaged("", str(error))) from None
