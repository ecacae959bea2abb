"""How Google gives back what it was given.

Decided here, all driven by the schemas: colours are float32 without zero components and are mirrored into
`...Style.rgbColor`; false, zero, empty and `..._UNSPECIFIED` fields vanish, except where the API tracks
presence (indexes of ranges, the parts of a text format, the one-of of a cell value).
"""

from __future__ import annotations

import struct
from typing import Any

from tests.google_server.discovery import document
from tests.google_server.wire import Json

# Messages whose fields tell "unset" from "zero": recorded answers keep their zeros and falses.
PRESENCE_TRACKED = frozenset({"TextFormat", "ExtendedValue", "SortSpec"})
TRACKED_FIELDS = frozenset({"startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex", "startIndex"})


def canonical(schema: str, value: Json) -> Json:
    """The message as a later read gives it back."""
    properties = document("sheets").schemas[schema]["properties"]
    mirrored = _mirror_colours(properties, value)
    result: Json = {}
    for name, item in mirrored.items():
        cleaned = _field(properties[name], item)
        if not _omitted(schema, name, cleaned):
            result[name] = cleaned
    return result


def float32(value: float) -> float:
    """The shortest decimal that names the same 32-bit float, which is what Google prints."""
    packed = struct.pack("f", value)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("f", float(text)) == packed:
            return tidy(float(text))
    return tidy(float(struct.unpack("f", packed)[0]))


def tidy(number: float) -> float:
    """A whole double prints without its fraction: 2, not 2.0."""
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < 1e15 else number


def _field(spec: Json, value: Any) -> Any:
    if "$ref" in spec:
        return canonical(spec["$ref"], value) if isinstance(value, dict) else value
    if spec["type"] == "array" and isinstance(value, list):
        return [_field(spec["items"], item) for item in value]
    if spec.get("format") == "float":
        return float32(value)
    return tidy(value) if spec["type"] == "number" else value


def _mirror_colours(properties: Json, value: Json) -> Json:
    result = dict(value)
    for name in value:
        style = f"{name}Style"
        if properties.get(name, {}).get("$ref") == "Color" and properties.get(style, {}).get("$ref") == "ColorStyle":
            result.setdefault(style, {"rgbColor": value[name]})
        plain = name.removesuffix("Style")
        if plain != name and properties.get(plain, {}).get("$ref") == "Color" and "rgbColor" in value[name]:
            result.setdefault(plain, value[name]["rgbColor"])
    return result


def _omitted(schema: str, name: str, value: Any) -> bool:
    if schema in PRESENCE_TRACKED or name in TRACKED_FIELDS or (schema, name) in KEPT_ZEROS:
        return False
    if isinstance(value, str):
        return value == "" or value.endswith("_UNSPECIFIED")
    return value is False or value == [] or (isinstance(value, int | float) and value == 0)


# Plain fields that recorded answers show with their zero.
KEPT_ZEROS = frozenset(
    {("SheetProperties", "sheetId"), ("SheetProperties", "index"), ("DeveloperMetadataLocation", "sheetId")}
)
