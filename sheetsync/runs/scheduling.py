"""What `sheetsync run` needs to come by itself on this machine: its program, its files, its secrets, its folders."""

import getpass
import os
import site
import sys
from pathlib import Path

import sheetsync
from sheetsync.config import Config
from sheetsync.crontab import Job
from sheetsync.errors import ConfigError
from sheetsync.ledger.database import ledger_file


def job_of(config: Config, config_path: Path, every: int) -> Job:
    """The job of a configuration, with absolute paths. Raises `ConfigError` for a path that no crontab can hold."""
    path = config_path.absolute()
    program, environment = _program()
    env_file = str(path.with_suffix(".env")) if config.variables else ""
    writes = _folders_written(config, path.parent)
    name = config.spreadsheet_id or str(config.workbook_path and config.workbook_path.absolute())
    for text in (*program, *environment.values(), str(path), *writes, name):
        # cron and systemd end a line there, or read a backslash each in its own way.
        if not text.isprintable() or "\\" in text:
            raise ConfigError(f"{text!r} holds a character that cron and systemd cannot; rename it")
    return Job(
        command=(*program, "-c", str(path), "run"),
        environment=environment,
        env_file=env_file,
        writes=writes,
        folder=str(path.parent),
        every=every,
        name=name,
        user=_user(),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return str(os.getuid()) if hasattr(os, "getuid") else ""


def _program() -> tuple[tuple[str, ...], dict[str, str]]:
    """The console script of this interpreter; without one, the interpreter and where it finds the package."""
    script = Path(sys.executable).with_name("sheetsync")
    if script.is_file():
        return (str(script),), {}
    root = str(Path(sheetsync.__file__).absolute().parent.parent)
    known = {*site.getsitepackages(), site.getusersitepackages()}
    return (sys.executable, "-P", "-m", "sheetsync"), {} if root in known else {"PYTHONPATH": root}


def _folders_written(config: Config, folder: Path) -> tuple[str, ...]:
    """The folders of the lock, the workbook, the ledger and the emails, without those inside of others."""
    found = [folder, config.outbox_path.absolute()] if config.email.transport == "file" else [folder]
    if config.workbook_path:
        found.append(config.workbook_path.absolute().parent)
    if ledger := ledger_file(config.ledger_url):
        found.append(ledger.absolute().parent)
    resolved = sorted({path.resolve() for path in found})
    return tuple(str(path) for path in resolved if not any(path.is_relative_to(p) for p in resolved if p != path))
