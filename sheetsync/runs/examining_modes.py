"""The check of who else on this machine may read what is secret or personal: a warning each, nothing is changed."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from sheetsync.config import Config
from sheetsync.runs.checking import Said, Setup, warning

_VARIABLE = re.compile(r"\$\{\w+\}")
_PASSWORD_IN_URL = re.compile(r"[^/]+//[^/@:]*:[^@]*[^@}]@")
_SQLITE_FILE = re.compile(r"sqlite(?:\+\w+)?:///([^?]+)")
_READ, _CHANGE = stat.S_IRWXG | stat.S_IRWXO, stat.S_IWOTH


def privacy(setup: Setup) -> Said:
    """Whether only this user may read secrets and people's data, and change what decides over mail."""
    if os.name != "posix":
        return Said("not looked at: this system has no such permissions", "", "skipped")
    found = [*_readable(setup.config, setup.path), *_changeable(setup.config, setup.path)]
    if not found:
        return Said("nobody else on this machine may read secrets or people’s data")
    return warning(" | ".join(what for what, _ in found), "; ".join(remedy for _, remedy in found))


def _readable(config: Config, path: Path) -> Iterator[tuple[str, str]]:
    """What others may read and should not, each with what to do."""
    if _holds_a_password(config) and _allows(path, _READ):
        yield f"others may read {path}, which has a password in it", f"chmod 600 {path}, or write ${{NAME}} there"
    ledger = _SQLITE_FILE.match(config.ledger_url)
    if ledger and _allows(Path(ledger[1]), stat.S_IROTH):
        yield f"others may read the ledger {ledger[1]}", f"chmod 600 {ledger[1]}*"
    if _allows(config.outbox_path, stat.S_IROTH | stat.S_IXOTH):
        yield f"others may read the emails in {config.outbox_path}", f"chmod 700 {config.outbox_path}"


def _changeable(config: Config, path: Path) -> Iterator[tuple[str, str]]:
    for place in (path, config.folder / "emails"):
        if _allows(place, _CHANGE):
            yield f"anybody on this machine may change {place}", f"chmod o-w {place}"


def _holds_a_password(config: Config) -> bool:
    password = config.email.smtp.password
    written = password.get_secret_value() if password else ""
    return bool(_VARIABLE.sub("", written)) or bool(_PASSWORD_IN_URL.match(config.ledger))


def _allows(path: Path, modes: int) -> bool:
    try:
        return bool(path.stat().st_mode & modes)
    except OSError:
        return False
