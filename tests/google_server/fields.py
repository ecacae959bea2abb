"""Field masks: parsing, projecting an answer, and the refusal of a path that does not exist.

Decided here: `.` and `/` separate alike, `a(b,c)` nests, `*` takes everything below; a mask that matches
nothing leaves empty objects, as recorded.
"""

from __future__ import annotations

import re
from typing import Any

from tests.google_server.discovery import document
from tests.google_server.errors import Refused, drive_error, violations_error
from tests.google_server.schema import camel
from tests.google_server.wire import Json

Mask = dict[str, "Mask"]
"""A tree of names; a leaf (empty tree) takes everything below it."""

EVERYTHING: Mask = {}
_TOKENS = re.compile(r"[A-Za-z0-9_@-]+|\*|[.,/()]")


def parse_mask(text: str) -> Mask:
    """The tree of a mask; `*` alone is the empty tree. Raises ValueError when it does not parse."""
    tokens = _TOKENS.findall(text)
    if "".join(tokens) != text:
        raise ValueError(text)
    mask = _group(tokens)
    if tokens:
        raise ValueError(text)
    return EVERYTHING if "*" in mask else mask


def required_mask(text: str | None) -> Mask:
    """The `fields` of an update request, which must name something."""
    if not text:
        raise Refused("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    try:
        return parse_mask(text)
    except ValueError:
        raise Refused(f"Invalid field: {text}") from None


def checked_update_mask(text: str | None, schema: str) -> Mask:
    mask = required_mask(text)
    fault = _unknown_path("sheets", schema, mask, "")
    if fault:
        raise Refused(f"Invalid field: {fault}")
    return mask


def answer_mask(service: str, text: str, schema: str) -> Mask:
    """The `fields` query parameter, refused when it names what the answer can't have."""
    try:
        mask = parse_mask(text)
        fault = _unknown_path(service, schema, mask, "")
    except ValueError:
        fault = text
    if fault is None:
        return mask
    if service == "drive":
        raise drive_error(400, "invalidParameter", f"Invalid field selection {fault}", parameter="fields")
    description = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{fault}'."
    raise violations_error([{"field": fault, "description": description}], "Request contains an invalid argument.")


def project(node: Any, mask: Mask) -> Any:
    """The part of an answer a mask asks for, in the answer's own order."""
    if not mask:
        return node
    if isinstance(node, list):
        return [project(item, mask) for item in node]
    if not isinstance(node, dict):
        return node
    return {name: project(item, mask[name]) for name, item in node.items() if name in mask}


def reaches(mask: Mask, *path: str) -> bool:
    """Whether a mask takes anything at or below a path."""
    for name in path:
        if not mask:
            return True
        if name not in mask:
            return False
        mask = mask[name]
    return True


def overlay(old: Json, new: Json, mask: Mask) -> Json:
    """`old` with the masked fields taken from `new`; a masked field that `new` lacks is cleared."""
    if not mask:
        return dict(new)
    result = dict(old)
    for name, inner in mask.items():
        if inner and isinstance(old.get(name), dict | None) and isinstance(new.get(name), dict | None):
            value: Any = overlay(old.get(name) or {}, new.get(name) or {}, inner)
        else:
            value = new.get(name)
        if value is None or value == {}:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def _group(tokens: list[str]) -> Mask:
    mask: Mask = {}
    while True:
        _path(tokens, mask)
        if not tokens or tokens[0] != ",":
            return mask
        tokens.pop(0)


def _path(tokens: list[str], mask: Mask) -> None:
    if not tokens or tokens[0] in ".,/()":
        raise ValueError("a name was expected")
    name = camel(tokens.pop(0))
    known_whole = name in mask and not mask[name]
    below: Mask = {}
    if tokens and tokens[0] in "./":
        tokens.pop(0)
        _path(tokens, below)
    elif tokens and tokens[0] == "(":
        tokens.pop(0)
        below = _group(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise ValueError("a closing bracket was expected")
    if "*" in below:
        below = {}
    mask[name] = {} if known_whole or not below else _merged(mask.get(name, {}), below)


def _merged(one: Mask, other: Mask) -> Mask:
    result = dict(one)
    for name, inner in other.items():
        whole = name in result and (not result[name] or not inner)
        result[name] = {} if whole else _merged(result.get(name, {}), inner)
    return result


def _unknown_path(service: str, schema: str | None, mask: Mask, prefix: str) -> str | None:
    properties = document(service).schemas[schema].get("properties", {}) if schema else {}
    for name, inner in mask.items():
        path = f"{prefix}.{name}" if prefix else name
        if name not in properties:
            return path
        target = properties[name]
        while target.get("type") == "array":
            target = target["items"]
        if inner and (fault := _unknown_path(service, target.get("$ref"), inner, path)):
            return fault
    return None
