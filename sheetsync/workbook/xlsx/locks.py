"""Whether a file is open in Excel or LibreOffice: both leave an owner file beside it while they have it open."""

import os
from pathlib import Path

from sheetsync.errors import Busy


def refuse_if_open(path: Path) -> None:
    """Raise `Busy`, with the program and the person, when the file is open elsewhere."""
    for place in dict.fromkeys((Path(os.path.abspath(path)), Path(os.path.realpath(path)))):  # noqa: PTH100
        for program, owner_file, owner_in in (
            ("LibreOffice", place.with_name(f".~lock.{place.name}#"), _libreoffice_owner),
            ("Excel", place.with_name(f"~${place.name}"), _excel_owner),
        ):
            try:
                content = owner_file.read_bytes()
            except FileNotFoundError:
                continue
            except OSError:
                content = b""
            owner = owner_in(content)
            by = f" (by {owner})" if owner else ""
            raise Busy(
                f"{path.name} is open in {program}{by}; close it and run again"
                f" (if it is not open, delete {owner_file})"
            )


def _libreoffice_owner(content: bytes) -> str:
    """The file holds: full name, user, host, time, profile, with commas between; the first may be empty."""
    fields = content.decode("utf-8", "replace").split(",")
    named = (field.strip() for field in fields[:3])
    return _printable(next((field for field in named if field), ""))


def _excel_owner(content: bytes) -> str:
    """The file holds the length of the user's name in a byte, then the name."""
    return _printable(content[1 : 1 + content[0]].decode("cp1252", "replace").strip()) if content else ""


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
