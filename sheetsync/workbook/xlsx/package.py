"""Which part of the file is which tab: read from the workbook part, its relations and its defined names.

A mark is a hidden defined name that points into the tab, so it follows the tab when that is renamed or moved.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sheetsync.cells import EARLIEST, LATEST
from sheetsync.errors import ConfigError
from sheetsync.workbook.xlsx.archive import Archive

MARK = "_sheetsync."
YEAR, TEMPLATE, VERSION = "plan", "template", "version"
RELATIONS_OF_FILE = "_rels/.rels"
CONTENT_TYPES = "[Content_Types].xml"


@dataclass(frozen=True, slots=True)
class Package:
    """What the workbook part says.

    `titles` maps a tab's key to its title today (a tab that is gone is missing), `parts` a title to its member of
    the archive. `year` and `template` are None when the file was not made by `create`, `version` when it was made
    before templates had one.
    """

    workbook_part: str
    calculation_chain: str | None
    dates_from_1904: bool
    recalculated_on_load: bool
    parts: Mapping[str, str]
    titles: Mapping[str, str]
    marks: Mapping[str, str]
    year: int | None
    template: str | None
    version: int | None


def read_package(archive: Archive) -> Package:
    """Read the workbook part. Raises `ConfigError` when the file is no workbook."""
    workbook_part = _workbook_part(archive)
    workbook = _parsed(archive, workbook_part)
    relations = {r.get("Id"): r for r in _parsed(archive, relations_of(workbook_part))}
    parts = {}
    for sheet in workbook.iterfind(".//{*}sheets/{*}sheet"):
        relation = next((relations[v] for k, v in sheet.items() if k.endswith("}id") and v in relations), None)
        if relation is not None:
            parts[sheet.get("name")] = _target(workbook_part, relation)
    names = _marks(workbook)
    chain = next((r for r in relations.values() if r.get("Type", "").endswith("/calcChain")), None)
    return Package(
        workbook_part=workbook_part,
        calculation_chain=_target(workbook_part, chain) if chain is not None else None,
        dates_from_1904=_is_true(workbook.find("{*}workbookPr"), "date1904"),
        recalculated_on_load=_recalculated_on_load(workbook.find("{*}calcPr")),
        parts=parts,
        titles={k: t for k, formula in names.items() if (t := _title_in(formula, parts)) is not None},
        marks={key: MARK + key for key in names if key not in (YEAR, TEMPLATE, VERSION)},
        year=_year(names.get(YEAR, "")),
        template=names[TEMPLATE][1:-1].replace('""', '"') if TEMPLATE in names else None,
        version=_number(names.get(VERSION, "")),
    )


def relations_of(part: str) -> str:
    """The member that holds the relations of a part."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _parsed(archive: Archive, member: str) -> Any:
    from lxml import etree

    try:
        # Nothing outside the file is ever fetched or expanded.
        return etree.fromstring(archive.read(member), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise ConfigError(
            f"{archive.path} is damaged ({member}: {error}); restore an earlier version of the file"
        ) from None


def _workbook_part(archive: Archive) -> str:
    if RELATIONS_OF_FILE not in archive:
        raise ConfigError(f"{archive.path} is not an .xlsx file; `workbook` names one made by `sheetsync create`")
    for relation in _parsed(archive, RELATIONS_OF_FILE):
        if relation.get("Type", "").endswith("/officeDocument"):
            part = relation.get("Target", "").lstrip("/")
            if part in archive and part.endswith(".xml"):
                return str(part)
    raise ConfigError(f"{archive.path} is no Excel workbook; `workbook` names one made by `sheetsync create`")


def _target(source: str, relation: Any) -> str:
    target = str(relation.get("Target"))
    return (
        target.lstrip("/")
        if target.startswith("/")
        else posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    )


def _marks(workbook: Any) -> dict[str, str]:
    """The formula of each mark, by key. A tab that was copied has names of its own, which mean nothing here."""
    return {
        name.get("name")[len(MARK) :]: (name.text or "").strip().removeprefix("=")
        for name in workbook.iterfind(".//{*}definedNames/{*}definedName")
        if name.get("name", "").startswith(MARK) and name.get("localSheetId") is None
    }


def _title_in(formula: str, parts: Mapping[str, str]) -> str | None:
    """The tab that a reference points into, also when the cell itself was deleted (`Log!#REF!`)."""
    quoted = re.match(r"\$?'((?:[^']|'')+)'[!.]", formula)
    plain = re.match(r"\$?([^'!]+)!", formula)
    title = quoted[1].replace("''", "'") if quoted else plain[1] if plain else None
    return title if title in parts else None


def _year(formula: str) -> int | None:
    year = _number(formula)
    return year if year and EARLIEST.year <= year <= LATEST.year else None


def _number(formula: str) -> int | None:
    return int(formula) if re.fullmatch(r"[1-9]\d{0,3}", formula) else None


def _is_true(element: Any, attribute: str) -> bool:
    return element is not None and element.get(attribute) in ("1", "true")


def _recalculated_on_load(calculation: Any) -> bool:
    """Excel trusts the results in a file that it saved itself (`calcId`), unless it is told not to."""
    return calculation is None or calculation.get("calcId") is None or _is_true(calculation, "fullCalcOnLoad")


def keep_calculated(
    archive: Archive, package: Package, *, same_formulas: bool
) -> tuple[dict[str, bytes], frozenset[str]]:
    """What else must change with cells so that Excel calculates rightly: changed members, and those to drop.

    In a file that sheetsync or LibreOffice saved this is nothing. Excel, however, trusts its own results unless told
    otherwise, and calls a file damaged whose order of calculation names a cell without a formula.
    """
    changed: dict[str, bytes] = {}
    dropped: set[str] = set()
    if not package.recalculated_on_load:
        xml = re.sub(rb'\sfullCalcOnLoad="[^"]*"', b"", archive.read(package.workbook_part))
        changed[package.workbook_part] = re.sub(rb"(<(?:\w+:)?calcPr)\b", rb'\1 fullCalcOnLoad="1"', xml, count=1)
    if package.calculation_chain and not same_formulas:
        name = re.escape(posixpath.basename(package.calculation_chain).encode())
        for member, element in ((relations_of(package.workbook_part), b"Relationship"), (CONTENT_TYPES, b"Override")):
            mention = rb"<(?:\w+:)?" + element + rb"\b[^>]*[/\"']" + name + rb"[\"'][^>]*/>"
            changed[member] = re.sub(mention, b"", archive.read(member))
        dropped.add(package.calculation_chain)
    return changed, frozenset(dropped)
