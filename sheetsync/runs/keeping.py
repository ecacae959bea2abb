"""`backup`: the ledger, and a local workbook beside it, as they are now; where copies go, and which ones are kept.

`forget`: whether a person may be removed from the ledger now.
"""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from sheetsync.cells import fold, text_of
from sheetsync.errors import Busy, ConfigError, GuardTripped, UsageError
from sheetsync.ledger.copies import clear_leftovers, copy_to_database, copy_to_file, put_in_place
from sheetsync.ledger.database import ledger_file
from sheetsync.ledger.forgetting import Traces, addresses_of, forget, names_in
from sheetsync.names import Names
from sheetsync.runs.opening import Opened, local_path
from sheetsync.runs.stopping import unit

_FOLDER, _MOMENT = "backups", "%Y-%m-%dT%H%M"
_LONGEST_BACKUP = timedelta(hours=6)
_OURS = r"-\d{4}-\d\d-\d\dT\d{4}(-\d+)?"


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied where: `ledger` is a file, or "" for a database; `rows` counts those of each table."""

    ledger: str
    workbook: str
    rows: Mapping[str, int]
    removed: Sequence[str]


def back_up(
    run: Opened, target: str | None, *, force: bool = False, keep: int | None = None, with_workbook: bool = True
) -> Backup:
    """Copy the ledger into a file or an empty database, and a local workbook beside the file.

    Raises `ConfigError` when a file is there already and not `force`, and `UsageError` when `keep` goes with a file,
    or when a copy would take the place of the ledger, the workbook or the other copy.
    """
    if target is not None and keep is not None:
        raise UsageError("--keep is for backups with our own names; leave out FILE")
    url = target if target is not None and "://" in target else None
    if url is not None and ledger_file(url) is None:
        return Backup("", "", copy_to_database(run.ledger, url), ())
    path = _default(run) if target is None else ledger_file(url) if url else Path(target).expanduser()
    assert path is not None  # noqa: S101  a URL of a file has one
    source = local_path(run.config) if with_workbook and run.config.spreadsheet_id is None else None
    copied = None
    if source is not None:
        copied = path.with_suffix(source.suffix) if target else path.with_name(_renamed(path, source, run))
    _refuse_places(run, path, copied, force=force)
    for place in filter(None, (path, copied)):
        _clear_half_written(run, place)
    rows = copy_to_file(run.ledger, path, replace=force)
    if source is not None and copied is not None:
        put_in_place(copied, lambda temporary: _copy_workbook(source, temporary), replace=force)
    removed = _thinned(run, path.parent, keep) if keep is not None else []
    return Backup(str(path), str(copied or ""), rows, removed)


def _refuse_places(run: Opened, path: Path, copied: Path | None, *, force: bool) -> None:
    """Look at both places before anything is written to either."""
    ledger = ledger_file(run.config.ledger_url)
    live = [ledger.with_name(ledger.name + ending) for ending in ("", "-wal", "-shm")] if ledger else []
    if run.config.spreadsheet_id is None:
        live.append(local_path(run.config))
    for place in filter(None, (path, copied)):
        own = next((one for one in live if _is_same(place, one)), None)
        if own is not None:
            raise UsageError(f"a copy at {place} would take the place of {own}, which is in use; name another FILE")
    if copied is not None and _is_same(path, copied):
        raise UsageError(f"{path} is where the workbook's copy goes; name the ledger's copy {path.stem}.db")
    taken = next((place for place in filter(None, (path, copied)) if place.exists()), None)
    if taken is not None and not force:
        raise ConfigError(f"{taken} is there already; name another file, or say --force")


def _is_same(one: Path, other: Path) -> bool:
    """Whether the two are one file, whatever links lead there, and however large its letters are."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return one.exists() and other.exists() and one.samefile(other)


def _clear_half_written(run: Opened, path: Path) -> None:
    """Remove what a backup to such a name left when it was killed; a younger one may be another's, at work."""
    stem = re.sub(_OURS + "$", "", path.stem)
    ours = re.compile(re.escape(stem) + f"({_OURS})?" + re.escape(path.suffix))
    clear_leftovers(path.parent, ours, (run.now - _LONGEST_BACKUP).timestamp())


def _default(run: Opened) -> Path:
    """A new name beside the configuration: that of the ledger and the minute."""
    moment = run.now.astimezone(run.config.zone).strftime(_MOMENT)
    names = (f"{_stem(run)}-{moment}{ending}.db" for ending in ("", *(f"-{n}" for n in range(2, 1000))))
    folder = run.config.folder / _FOLDER
    return next(path for name in names if not (path := folder / name).exists())


def _stem(run: Opened) -> str:
    file = ledger_file(run.config.ledger_url)
    return file.stem if file else "ledger"


def _renamed(path: Path, source: Path, run: Opened) -> str:
    return f"{source.stem}{path.stem.removeprefix(_stem(run))}{source.suffix}"


def _copy_workbook(source: Path, target: Path) -> None:
    """Copy a workbook that nobody saves meanwhile."""
    try:
        before = source.stat()
        shutil.copyfile(source, target)
        after = source.stat()
    except FileNotFoundError:
        raise ConfigError(f"{source} does not exist; --no-workbook leaves it out") from None
    if (before.st_mtime_ns, before.st_size, before.st_ino) != (after.st_mtime_ns, after.st_size, after.st_ino):
        raise Busy(f"{source} was saved by another program just now; run again")
    try:
        with ZipFile(target) as copied:
            damaged = copied.testzip()
    except (BadZipFile, EOFError, NotImplementedError):
        damaged = "no zip"
    if damaged is not None:
        raise ConfigError(f"{source} is damaged ({damaged}); restore an earlier version, or say --no-workbook")


def _thinned(run: Opened, folder: Path, keep: int) -> list[str]:
    """Remove the older backups of this ledger and this workbook; other files are nobody's business."""
    kinds = [(_stem(run), ".db")]
    if run.config.spreadsheet_id is None:
        kinds.append((local_path(run.config).stem, local_path(run.config).suffix))
    removed = []
    for stem, suffix in kinds:
        ours = re.compile(re.escape(stem) + _OURS + re.escape(suffix))
        found = sorted((path for path in folder.iterdir() if ours.fullmatch(path.name)), key=_age)
        for path in found[: max(0, len(found) - keep)]:
            path.unlink(missing_ok=True)
            removed.append(str(path))
    return removed


def _age(path: Path) -> tuple[str, int]:
    """By minute, then by number: the second one of a minute has a 2."""
    found = re.search(r"(\d{4}-\d\d-\d\dT\d{4})(?:-(\d+))?$", path.stem)
    assert found is not None  # noqa: S101  it has our name
    return found[1], int(found[2] or 1)


@unit("the forgetting")
def forget_person(
    run: Opened, name: str, addresses: Sequence[str] = (), *, dry_run: bool = False, shown: Traces | None = None
) -> Traces:
    """Remove a person from the ledger, with the emails to these addresses and to those that were the person's alone.

    Raises `GuardTripped` while the person, or one of the addresses, stands in the People tab as last synced: the next
    sync would bring all of it back; and `Busy` when what is to be removed is no longer what was `shown`.
    """
    if not text_of(name):
        raise UsageError("whose traces? Name the person as the People tab did")
    theirs = {address.lower() for address in addresses} | addresses_of(run.ledger, name)
    known = run.ledger.remembered()
    for tab in run.template.with_role("people"):
        title, grid = (known.definitions if known else {}).get(tab.key, (tab.title, []))
        standing = {fold(text_of(cell)) for row in grid for cell in row}
        still = next((one for one in (text_of(name), *sorted(theirs)) if fold(one) in standing), None)
        if still is not None:
            raise GuardTripped(
                f"“{still}” is still in the tab {title}; clear it there and in the other tabs, run `sheetsync sync "
                "--accept-removals`, then forget again"
            )
    if shown is not None and forget(run.ledger, name, theirs, dry_run=True) != shown:
        raise Busy("the ledger changed meanwhile; nothing was removed, look again")
    return forget(run.ledger, name, theirs, dry_run=dry_run)


def nearest_to(run: Opened, name: str) -> str | None:
    """Whom of those in the ledger a name may mean."""
    return Names("person", names_in(run.ledger)).nearest(name)
