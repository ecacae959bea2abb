"""A JSON body against a discovery schema, by proto3-JSON rules and in Google's words.

Decided here: camelCase or snake_case names, null means unset, numbers may come as strings, enums by name.
The result is the same body with camelCase names, real numbers and no nulls, which is all that the rest of
the server ever sees. Paths in messages are snake_case, as Google prints them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from tests.google_server.discovery import Document, document
from tests.google_server.errors import violations_error
from tests.google_server.wire import Json

INT32 = range(-(2**31), 2**31)
TYPE_PREFIX = "type.googleapis.com/"
PACKAGES = {"sheets": "google.apps.sheets.v4.", "drive": "google.apps.drive.v3.", "drive2": "google.apps.drive.v2."}
PROTO_TYPES = {"string": "TYPE_STRING", "boolean": "TYPE_BOOL", "number": "TYPE_DOUBLE", "integer": "TYPE_INT32"}
_DROP = object()


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", lambda m: "_" + m[1].lower(), name)


def camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda m: m[1].upper(), name)


def checked_body(service: str, schema: str, body: Any, root: str = "") -> Json:
    """The normalised body, or the 400 that lists everything wrong with it."""
    if _clean_message(service, schema)(body):
        clean: Json = body
        return clean
    # Drive ignores names it does not know: gspread's `share` sends one ("withLink") with every call.
    walk = _Walk(document(service), strict_names=service == "sheets")
    result = walk.message(schema, body, root)
    if walk.violations:
        raise violations_error(walk.violations)
    return result if isinstance(result, dict) else {}


def schema_faults(service: str, schema: str, body: Any) -> list[str]:
    """What a body that we are about to send has against its schema; empty when clean."""
    if _clean_message(service, schema)(body):
        return []
    walk = _Walk(document(service))
    walk.message(schema, body, "")
    return [violation["description"] for violation in walk.violations]


Check = Callable[[Any], bool]


@cache
def _clean_message(service: str, schema: str) -> Check:
    """Whether a message has nothing wrong and nothing to normalise: what large bodies are, and quick to say."""
    properties: Json = document(service).schemas[schema].get("properties", {})
    # Filled at the first sight of each name, because messages may hold themselves.
    checks: dict[str, Check] = {}

    def check(value: Any) -> bool:
        if type(value) is not dict:
            return False
        for name, item in value.items():
            test = checks.get(name)
            if test is None:
                if name not in properties:
                    return False
                test = checks[name] = _clean_field(service, properties[name])
            if not test(item):
                return False
        return True

    return check


def _clean_field(service: str, spec: Json) -> Check:
    if "$ref" in spec:
        return _clean_message(service, spec["$ref"])
    kind = spec["type"]
    if kind == "array":
        if spec["items"].get("type") == "any":
            return lambda value: type(value) is list
        inner = _clean_field(service, spec["items"])
        return lambda value: type(value) is list and all(map(inner, value))
    if "enum" in spec:
        names = frozenset(spec["enum"])
        return lambda value: type(value) is str and value in names
    simple: dict[str, Check] = {
        "string": lambda value: type(value) is str,
        "boolean": lambda value: type(value) is bool,
        "number": lambda value: type(value) is float or type(value) is int,
        "integer": lambda value: type(value) is int and value in INT32,
        "any": lambda value: value is not None,
    }
    # Maps are for the careful walk.
    return simple.get(kind, lambda value: False)


class _Walk:
    """One pass over a body, collecting violations instead of stopping at the first, as Google does."""

    def __init__(self, source: Document, strict_names: bool = True) -> None:
        self.source = source
        self.strict_names = strict_names
        self.violations: list[Json] = []

    def message(self, schema: str, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return self.wrong(path, TYPE_PREFIX + PACKAGES[self.source.service] + schema, value)
        properties = self.source.schemas[schema].get("properties", {})
        result: Json = {}
        for name, item in value.items():
            known = name if name in properties else camel(name)
            if known not in properties:
                if self.strict_names:
                    self.unknown(name, path)
            elif item is not None:
                parsed = self.field(known, properties[known], item, _join(path, known))
                if parsed is not _DROP:
                    result[known] = parsed
        return result

    def field(self, name: str, spec: Json, value: Any, path: str) -> Any:
        if "$ref" in spec:
            return self.message(spec["$ref"], value, path)
        kind = spec["type"]
        if kind == "array":
            return self.array(name, spec["items"], value, path)
        if kind == "any":
            return value
        if kind == "object":
            return self.mapping(name, spec, value, path)
        if isinstance(value, list):
            return self.not_repeating(name, path)
        return self.scalar(name, kind, spec, value, path)

    def array(self, name: str, items: Json, value: Any, path: str) -> Any:
        if not isinstance(value, list):
            return self.wrong(path, self.type_name(name, items), value)
        if items.get("type") == "any":
            # A row of values: nothing to check, and there may be a hundred thousand of them.
            return value
        return [self.field(name, items, item, f"{path}[{i}]") for i, item in enumerate(value)]

    def mapping(self, name: str, spec: Json, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return self.wrong(path, self.type_name(name, spec), value)
        inner = spec.get("additionalProperties", {"type": "any"})
        # A null in a map is kept: it takes an app property away.
        kept = [(key, item) for key, item in value.items() if item is not None]
        return {**dict.fromkeys(value), **{key: self.field(key, inner, item, f"{path}.{key}") for key, item in kept}}

    def scalar(self, name: str, kind: str, spec: Json, value: Any, path: str) -> Any:
        if "enum" in spec:
            good = isinstance(value, str) and value in spec["enum"]
            return value if good else self.wrong(path, self.type_name(name, spec), value)
        if kind == "string":
            good = isinstance(value, str)
        elif kind == "boolean":
            good = isinstance(value, bool)
        else:
            value, good = _number(kind, value)
        return value if good else self.wrong(path, PROTO_TYPES[kind], value)

    def type_name(self, name: str, spec: Json) -> str:
        package = TYPE_PREFIX + PACKAGES[self.source.service]
        if "$ref" in spec:
            return package + str(spec["$ref"])
        if spec["type"] == "array":
            return TYPE_PREFIX + "google.protobuf.ListValue"
        if "enum" in spec:
            # The document does not name its enums; Google's are mostly named like the field.
            return package + name[0].upper() + name[1:]
        return PROTO_TYPES.get(spec["type"], TYPE_PREFIX + "google.protobuf.Value")

    def wrong(self, path: str, type_name: str, value: Any) -> Any:
        shown = json.dumps(value, ensure_ascii=False) if not isinstance(value, dict | list) else "invalid"
        self.add(path, f"Invalid value at '{path}' ({type_name}), {shown}")
        return _DROP

    def unknown(self, name: str, path: str) -> None:
        where = f" at '{path}'" if path else ""
        self.add(path, f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')

    def not_repeating(self, name: str, path: str) -> Any:
        parent = path.rpartition(".")[0]
        where = f" at '{parent}'" if parent else ""
        self.add(
            parent,
            f'Invalid JSON payload received. Unknown name "{name}"{where}: '
            "Proto field is not repeating, cannot start list.",
        )
        return _DROP

    def add(self, path: str, description: str) -> None:
        self.violations.append({"field": path, "description": description} if path else {"description": description})


def _join(path: str, name: str) -> str:
    return f"{path}.{snake(name)}" if path else snake(name)


def _number(kind: str, value: Any) -> tuple[Any, bool]:
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value, False
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return value, False
    else:
        number = value
    if kind == "number":
        return number, True
    whole = int(number) if number == number and abs(number) != float("inf") and number == int(number) else None
    return (value, False) if whole is None or whole not in INT32 else (whole, True)
