"""Parts of an `.xlsx` file as trees, and parts that come over from another file with all that they refer to.

Pictures, charts and notes hang from a tab by relations: whatever a relation leads to is brought too, each part
under a name that is not in use.
"""

import posixpath
import re
from collections.abc import Collection
from typing import Any

from sheetsync.errors import ConfigError
from sheetsync.workbook.xlsx.archive import Archive
from sheetsync.workbook.xlsx.package import CONTENT_TYPES, relations_of

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def tree_of(xml: bytes, member: str) -> Any:
    """The root element of a part. Raises `ConfigError` when the part is damaged."""
    from lxml import etree

    try:
        return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as error:
        raise ConfigError(
            f"the workbook is damaged ({member}: {error}); restore an earlier version of the file"
        ) from None


def bytes_of(tree: Any) -> bytes:
    """A tree as the contents of a part."""
    from lxml import etree

    xml: bytes = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
    return xml


def name_in(element: Any) -> str:
    """An element's name without its namespace; a comment has none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def related(archive: Archive, part: str, kind: str) -> str:
    """The member that a relation of this kind (`styles`) leads to. Raises `ConfigError` when there is none."""
    for relation in tree_of(archive.read(relations_of(part)), relations_of(part)):
        if relation.get("Type", "").endswith(f"/{kind}"):
            return _target(part, relation)
    raise ConfigError(f"the workbook has no {kind}; save it once in Excel or LibreOffice, then run again")


def reached(archive: Archive, part: str, stop: Collection[str] = ()) -> set[str]:
    """All parts that relations lead to from a part ("" for the file), but not through those in `stop`."""
    found: set[str] = set()
    ahead = [part]
    while ahead:
        source = ahead.pop()
        relations = relations_of(source)
        if source in stop or relations not in archive:
            continue
        for relation in tree_of(archive.read(relations), relations):
            target = _target(source, relation)
            if relation.get("TargetMode") != "External" and target not in found:
                found.add(target)
                ahead.append(target)
    return found


class Transplant:
    """Parts on their way from `source` to `target`; `contents` holds what comes over, by its new name."""

    def __init__(self, source: Archive, target: Archive) -> None:
        self._source, self._target = source, target
        self._types = tree_of(source.read(CONTENT_TYPES), CONTENT_TYPES)
        self._names: dict[str, str] = {}
        self.contents: dict[str, bytes] = {}

    def bring(self, part: str, content: bytes | None = None, instead_of: str | None = None) -> str:
        """Bring a part, with other content perhaps, and what it refers to. Answers its new name.

        It may take the place of a part of the target; all that it refers to gets names that are not in use.
        """
        if part in self._names:
            return self._names[part]
        name = self._names[part] = instead_of or self._unused(part)
        self.contents[name] = self._source.read(part) if content is None else content
        relations = relations_of(part)
        if relations in self._source:
            tree = tree_of(self._source.read(relations), relations)
            for relation in tree:
                if relation.get("TargetMode") != "External":
                    new = self.bring(_target(part, relation))
                    relation.set("Target", posixpath.relpath(new, posixpath.dirname(name)))
            self.contents[relations_of(name)] = bytes_of(tree)
        return name

    def declared_in(self, content_types: Any) -> None:
        """Say in a tree of content types what the parts that came over are."""
        declared = {o.get("PartName"): o for o in content_types if name_in(o) == "Override"}
        for part, name in self._names.items():
            override = declared.get(f"/{name}")
            if override is None:
                override = content_types.makeelement(content_types.tag.replace("Types", "Override"), {})
                override.set("PartName", f"/{name}")
                content_types.append(override)
            override.set("ContentType", self._type_of(part))

    def _unused(self, part: str) -> str:
        found = re.fullmatch(r"(.*?)(\d*)(\.\w+)", part)
        stem, number, ending = found.groups() if found else (part, "", "")
        name, next_number = part, int(number or 1)
        while name in self._target or name in self.contents:
            next_number += 1
            name = f"{stem}{next_number}{ending}"
        return name

    def _type_of(self, part: str) -> str:
        by_ending = ""
        for declared in self._types:
            if declared.get("PartName") == f"/{part}":
                return str(declared.get("ContentType"))
            if part.endswith(f".{declared.get('Extension')}"):
                by_ending = declared.get("ContentType")
        return by_ending


def _target(source: str, relation: Any) -> str:
    target = str(relation.get("Target"))
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(source), target)).lstrip("/")
