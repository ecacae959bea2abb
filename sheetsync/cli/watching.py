"""A run that is watched: monitoring hears of its beginning and end, people of what needs them, in one block."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sheetsync.cli.context import Context
from sheetsync.errors import Busy
from sheetsync.runs.stopping import ending, unit

if TYPE_CHECKING:
    from sheetsync.runs.delivering import Delivery
    from sheetsync.runs.monitoring import Watch
    from sheetsync.runs.opening import Opened

Work = Callable[["Opened", list[str]], int]
"""Does the run and answers its exit code; what a person should hear of goes into the list, a line each."""

_LEFT_UNDONE = frozenset({"failed", "unknown", "waiting", "clock"})


def watched(context: Context, command: str, work: Work) -> int:
    """Do the work under the lock, and tell everybody how it ended; answers its exit code, or raises what it raised.

    A run that finds another one at work tells monitoring nothing: the other one does.
    """
    from sheetsync.config import load_config
    from sheetsync.runs.monitoring import Watch

    config = load_config(context.config_path)
    watch, lines, at_work = Watch(config), list[str](), False
    try:
        context.log.start(command)
        with context.opened(config=config) as run:
            at_work = True
            with unit():  # so that its end waits for it
                watch.begin()
            code = work(run, lines)
    except BaseException as error:
        ending()  # a signal while monitoring is told must not take the place of what went wrong
        if at_work or not isinstance(error, Busy):
            lines += _told(context, watch, well=False)
        for line in lines:
            error.add_note(line)
        raise
    ending()  # what is done is done
    lines += _told(context, watch, well=code == 0)
    if lines:
        context.log.warned(lines[0], lines[1:])
    return code


def _told(context: Context, watch: "Watch", *, well: bool) -> list[str]:
    """Tell monitoring how the run ended; answers what is to be said about that."""
    failed: dict[str, list[str]] = {}
    for moment, why in watch.end(well=well):
        context.log.event("ping", "warning" if why else "info", moment=moment, failed=why)
        if why:
            failed.setdefault(why, []).append(moment)
    return [
        f"monitoring did not answer ({why}) when told of the {' and '.join(moments)}; the run itself is not affected"
        for why, moments in failed.items()
    ]


def undone_lines(deliveries: "Sequence[Delivery]") -> list[str]:
    """What a person should hear about emails: what is left undone, and what became held; like with like."""
    from sheetsync.cli.emailing import delivery_line

    groups: dict[tuple[str, str], list[Delivery]] = {}
    for one in deliveries:
        # The error that ended the round is told by itself.
        if one.stopped is None and (one.outcome in _LEFT_UNDONE or (one.outcome == "held" and one.is_news)):
            groups.setdefault((one.outcome, one.why), []).append(one)
    return [
        delivery_line(group[0]) + (f"; and {len(group) - 1} more" if len(group) > 1 else "")
        for group in groups.values()
    ]
