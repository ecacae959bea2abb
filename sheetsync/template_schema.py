"""The JSON Schema of templates, for editors: whole templates, and those that extend another one."""

from copy import deepcopy
from typing import Any

from sheetsync.template import KEY, WorkbookTemplate

_EXTENDS = {"type": "string", "description": "A built-in template's name, or a path relative to this file."}
_DROP = {
    "type": "array",
    "items": {"type": "string"},
    "description": "What not to take over: keys of tabs (team) and columns (people.group).",
}
_AFTER = {"type": "string", "pattern": KEY, "description": "The key of the tab or column it stands behind."}


def template_schema() -> dict[str, Any]:
    """The schema, in which a template with `extends` may leave out what the other one gives."""
    whole = WorkbookTemplate.model_json_schema()
    parts = whole.pop("$defs")
    changes = deepcopy(whole)
    changes["required"] = ["extends"]
    changes["properties"] = {
        "extends": _EXTENDS,
        "drop": _DROP,
        **changes["properties"],
        "tabs": _list_of("TabChange", "Merged with those of the other template by key."),
    }
    for name, below in (("Tab", "columns"), ("Column", None)):
        change = deepcopy(parts[name])
        change["title"], change["required"] = f"{name}Change", ["key"]
        change["properties"]["after"] = _AFTER
        if below:
            change["properties"][below] = _list_of("ColumnChange", "Merged with those of the other tab by key.")
        parts[f"{name}Change"] = change
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A sheetsync workbook template",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/$defs/Extension"},
        "else": {"$ref": "#/$defs/Template"},
        "$defs": {**parts, "Template": whole, "Extension": changes},
    }


def _list_of(name: str, description: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}, "description": description}
