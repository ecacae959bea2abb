"""A sync that changed nothing is not done again while all that it depends on is as it was.

That is safe because a sync is a function: of the workbook's bytes, the configuration, the template, the day, what
the ledger holds, and the code. When it left alone whatever of that it reads, the same again would find, say and keep
the same. Whatever differs, if only in one byte, and a Google Sheet always, is read in full.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from sheetsync.errors import Problem
from sheetsync.periods import AsOf
from sheetsync.runs.opening import Opened

if TYPE_CHECKING:
    from sheetsync.runs.syncing import TabChange

_PACKAGE = Path(__file__).parent.parent
_LARGEST = 256 << 20  # bytes, which are read in a fraction of a second


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sync found and changed, to be told; rows `added` and `removed` are those since the last sync.

    `warning` is a line that nobody should miss, "" for none.
    """

    location: str
    as_of: AsOf
    rows: int
    refused: int
    added: int
    removed: int
    problems: Sequence[Problem]
    changes: "Sequence[TabChange]"
    warning: str = ""


def sync(
    run: Opened, as_of: AsOf, *, accept_removals: bool = False, dry_run: bool = False, most_cells: int = 0
) -> Outcome:
    """Sync, or say again what the last sync said if nothing can have changed. A dry run touches nothing.

    The outcome shows up to `most_cells` of each tab that changes. Raises as `plan_sync` does.
    """
    before = _all_it_depends_on(run, as_of)
    said = run.ledger.settled(before.seen) if before else None
    if said is not None:
        problems = [Problem(**problem) for problem in said["problems"]]
        return Outcome(said["location"], as_of, said["rows"], said["refused"], 0, 0, problems, ())
    from sheetsync.runs.syncing import carry_out, plan_sync, tab_changes

    plan = plan_sync(run, as_of, accept_removals=accept_removals)
    logged, difference, problems = plan.understood.logged, plan.difference, list(plan.findings.problems)
    outcome = Outcome(
        plan.workbook.location, as_of, logged.rows, logged.refused, len(difference.added), len(difference.removed),
        problems, tab_changes(plan, most_cells), plan.warning and f"{plan.workbook.location}: {plan.warning}",
    )  # fmt: skip
    if not dry_run:
        carry_out(run, plan)
        after = None if plan.writes or plan.results else _all_it_depends_on(run, as_of)
        if before and after and before.read == after.read:
            told = {"location": outcome.location, "rows": outcome.rows, "refused": outcome.refused}
            run.ledger.settle(after.seen, {**told, "problems": [asdict(problem) for problem in problems]})
    return outcome


@dataclass(frozen=True, slots=True)
class _Depends:
    """Digests: of all that a sync reads, and of that and what it keeps in the ledger besides."""

    read: bytes
    seen: bytes


def _all_it_depends_on(run: Opened, as_of: AsOf) -> _Depends | None:
    """Digests of all that a sync depends on; None for a Google Sheet, a huge file, and what is no file."""
    path = run.config.workbook_path
    try:
        if path is None or not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        with path.open("rb") as file:
            workbook = file_digest(file, blake2b).digest()
    except OSError:
        return None
    digest = blake2b(workbook, digest_size=32)
    for part in (
        repr((as_of, run.today, str(path))),
        run.config.model_dump_json(),
        run.template.model_dump_json(),
        repr((sys.version, *_code())),
    ):
        digest.update(part.encode())
    read, kept = run.ledger.state()
    digest.update(read)
    return _Depends(digest.digest(), digest.digest() + kept)


def _code() -> Iterator[str]:
    """What stands for the code, ours and the libraries': another version may know a holiday or round otherwise."""
    for path in sorted(_PACKAGE.rglob("*.py")):
        yield f"{path} {path.stat().st_mtime_ns}"
    for folder in map(Path, sys.path):
        if folder.is_dir():
            yield from sorted(entry.name for entry in folder.iterdir() if entry.suffix == ".dist-info")
