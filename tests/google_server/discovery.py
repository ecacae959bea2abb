"""Google's own discovery documents, as shipped in google-api-python-client.

Decided here: routes, accepted scopes, query parameters and schemas all come from these documents, so
the server can't drift from the published API by a typing error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from tests.google_server.wire import Json

SCOPE_PREFIX = "https://www.googleapis.com/auth/"
# `key`, `alt` and the like are accepted by every method of both services.
COMMON_PARAMETERS = "parameters"


@dataclass(frozen=True)
class Method:
    """One API method: how it is reached and what it takes and gives."""

    id: str
    service: str
    http_method: str
    pattern: re.Pattern[str]
    parameters: Json
    request: str | None
    response: str | None
    scopes: frozenset[str]


@dataclass(frozen=True)
class Document:
    """One service's schemas and methods."""

    service: str
    schemas: Json
    common: Json
    methods: tuple[Method, ...]


@cache
def document(service: str) -> Document:
    name = {"sheets": "sheets.v4.json", "drive": "drive.v3.json", "drive2": "drive.v2.json"}[service]
    place = resources.files("googleapiclient.discovery_cache.documents") / name
    raw = json.loads(place.read_text(encoding="utf-8"))
    if service == "drive2":
        methods = tuple(_upload(each) for each in _methods(raw) if "mediaUpload" in each)
    else:
        methods = tuple(_method(service, "/" + raw["servicePath"] + each["path"], each) for each in _methods(raw))
    return Document(service, raw["schemas"], raw[COMMON_PARAMETERS], methods)


def find_method(http_method: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """The method a raw (still encoded) path reaches, with its still encoded path parameters."""
    for service in ("sheets", "drive", "drive2"):
        for method in document(service).methods:
            if method.http_method == http_method and (match := method.pattern.fullmatch(path)):
                return method, match.groupdict()
    return None


def _methods(node: Json) -> Iterator[Json]:
    yield from node.get("methods", {}).values()
    for resource in node.get("resources", {}).values():
        yield from _methods(resource)


def _upload(raw: Json) -> Method:
    """The simple upload of a Drive v2 method, whose body is a file; the rest of v2 is not served."""
    whole = _method("drive2", raw["mediaUpload"]["protocols"]["simple"]["path"], raw)
    return replace(whole, id=raw["id"].replace("drive.", "drive2."), request=None)


def _method(service: str, path: str, raw: Json) -> Method:
    return Method(
        id=raw["id"],
        service=service,
        http_method=raw["httpMethod"],
        pattern=_pattern(path),
        parameters=raw.get("parameters", {}),
        request=_reference(raw.get("request")),
        response=_reference(raw.get("response")),
        scopes=frozenset(scope.removeprefix(SCOPE_PREFIX) for scope in raw.get("scopes", [])),
    )


def _pattern(template: str) -> re.Pattern[str]:
    """A range may hold a raw colon ("A1:B2"); every other path parameter ends before the verb's colon."""
    escaped = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
    text = re.sub(r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{'[^/]+' if m[1] == 'range' else '[^/:]+'})", escaped)
    return re.compile(text)


def _reference(node: Any) -> str | None:
    return node["$ref"] if node else None
