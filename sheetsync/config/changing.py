"""Changing one value in a configuration that a person wrote: comments, order and ends of lines stay."""

import json
import os
import re
import shutil
from pathlib import Path

from sheetsync.config.yamlfile import Location, parse_yaml
from sheetsync.errors import ConfigError

_PLAIN = re.compile(r"[A-Za-z0-9][\w./-]*")


def change(path: Path, at: Location, value: str) -> None:
    """Give the key at `at` (a key, or a section and its key) this value, in one step.

    Raises `ConfigError` when the file cannot be written, or is written in a way that is better left alone.
    """
    # Not read_text: ends of lines stay as they are.
    text = path.read_bytes().decode("utf-8-sig")
    wanted = parse_yaml(text, str(path)).mapping
    if len(at) == 1:
        wanted[at[0]] = value
    else:
        wanted[at[0]] = {**(wanted.get(at[0]) or {}), at[1]: value}
    remedy = f"put there: {'.'.join(map(str, at))}: {value}"
    changed = _changed(text, at, value)
    try:
        right = parse_yaml(changed, str(path)).mapping == wanted
    except ConfigError:
        right = False
    if not right:
        raise ConfigError(f"{path} could not be changed; {remedy}")
    try:
        _replace(path.resolve(), changed.encode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}); {remedy}") from None


def _replace(path: Path, content: bytes) -> None:
    """Give a file other contents and its own mode, or leave it as it was. Raises `OSError`."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)  # of a run that was killed
    try:
        # It may hold secrets.
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            shutil.copymode(path, fresh)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _changed(text: str, at: Location, value: str) -> str:
    """The YAML text with another value in its place, which may not have been there."""
    nodes = parse_yaml(text, "").nodes
    written = value if _PLAIN.fullmatch(value) else json.dumps(value)
    there = nodes.get(at)
    if there is not None:
        start, end = there.start_mark.index, there.end_mark.index
        return f"{text[:start]}{'' if end > start else ' '}{written}{text[end:]}"
    if len(at) == 1:
        return f"{text.rstrip()}\n{at[0]}: {written}\n"
    section = nodes.get(at[:1])
    if section is None:
        return f"{text.rstrip()}\n\n{at[0]}:\n  {at[1]}: {written}\n"
    start, end = section.start_mark.index, section.end_mark.index
    if isinstance(section.value, str):
        return f"{text[:start]}\n  {at[1]}: {written}{text[end:]}"
    return f"{text[:start]}{at[1]}: {written}\n{' ' * section.start_mark.column}{text[start:]}"
