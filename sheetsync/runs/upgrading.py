"""Giving a workbook what a newer version of its template has: a backup copy, then the tabs and columns that it lacks,
then the tool's own tabs anew. What people typed and where they put it stays.

Cut off anywhere, the next upgrade does all of it again: the workbook is of the new version when everything is done.
"""

from collections.abc import Iterator

from sheetsync.errors import Unfinished
from sheetsync.runs.mending import mend
from sheetsync.runs.opening import Opened
from sheetsync.runs.stopping import unit
from sheetsync.sentences import counted
from sheetsync.workbook import Workbook


def is_due(run: Opened) -> bool:
    """Whether the workbook was made from an earlier version of its template."""
    layout = run.workbook().layout
    return layout.template == run.template.name and layout.version < run.template.version


def upgrade(run: Opened, *, copy: bool = True) -> Iterator[str]:
    """Bring the workbook up to its template's version; a sentence for each step when it is done.

    Without `copy` somebody made one by hand: a robot cannot copy a Google Sheet. Raises `Unfinished` then.
    """
    workbook, version = run.workbook(), run.template.version
    before = workbook.layout.version
    if copy:
        yield f"kept a copy as it was: {_copied(workbook, f'before version {version}, {run.today}')}"
    there = [tab.key for tab in run.template.tabs if tab.is_tool_tab and tab.key not in workbook.missing_tabs()]
    yield from mend(run)
    with unit("the tabs were made anew"):
        workbook = run.workbook()
        workbook.remake_tabs(there, version)
        layout = workbook.layout
        run.ledger.remember(layout.template, layout.year, layout.marks, layout.version)
        contents = workbook.read()
        # The next sync must not take what stands in them now for somebody's typing.
        run.ledger.intend({key: contents[key].grid for key in there}, [], run.today)
    yield f"made {counted(len(there), 'tab')} of sheetsync's own anew; what you added to them is in the copy"
    yield f"the workbook is of version {version} of {layout.template} now, {before} before; the next sync fills it"


def _copied(workbook: Workbook, name: str) -> str:
    try:
        return workbook.backup(name)
    except Unfinished as error:
        raise Unfinished(f"{error}, then run: sheetsync upgrade --no-copy") from None
