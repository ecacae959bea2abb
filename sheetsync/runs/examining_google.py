"""The checks of what only a workbook on Google has: credentials, clock, sharing, time zone, protection."""

import os
import time
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sheetsync.errors import AuthorizationError, SheetsyncError
from sheetsync.runs.checking import Said, Setup, failed, warning
from sheetsync.sentences import counted

_CLOCK_WARNS, _CLOCK_FAILS = 60, 300  # seconds; with more than that Google lets no robot sign in


def credentials(setup: Setup) -> Said:
    """Who sheetsync is to Google, and whether it can sign in."""
    from sheetsync.workbook.google.examining import connect_briefly, is_sign_in, see

    config = setup.config
    setup.connection = connection = connect_briefly(config.credentials_path, config.google.api_endpoint)
    try:
        setup.seen = see(connection, str(config.spreadsheet_id))
    except SheetsyncError as error:
        if is_sign_in(error):
            raise
        setup.refusal = error
    found = f"Google knows this machine as {connection.account}"
    key = config.credentials_path
    if key is not None and os.name == "posix" and key.stat().st_mode & 0o077:
        return warning(f"{found}, but others on this machine may read {key}", f"keep it to yourself: chmod 600 {key}")
    return Said(found)


def clock(setup: Setup) -> Said:
    """Whether this machine's clock agrees with Google's."""
    from sheetsync.workbook.google.examining import clock_of

    theirs = clock_of(setup.connection, setup.config.google.api_endpoint)
    here = setup.now + timedelta(seconds=time.monotonic() - setup.started)
    off = abs((theirs - here).total_seconds())
    if off <= _CLOCK_WARNS:
        return Said(f"{theirs:%H:%M:%S} UTC at Google, {here:%H:%M:%S} here")
    found = f"this machine's clock is {_span(off)} {'behind' if theirs > here else 'ahead of'} Google's"
    remedy = "set it, and let it be kept: timedatectl set-ntp true"
    if off <= _CLOCK_FAILS:
        return warning(found, remedy)
    return failed(f"{found}: signing in will fail", remedy, AuthorizationError)


def _span(seconds: float) -> str:
    units = ((172_800, 86_400, "day"), (7_200, 3_600, "hour"), (120, 60, "minute"), (0, 1, "second"))
    return next(counted(round(seconds / unit), name) for least, unit, name in units if seconds >= least)


def sharing(setup: Setup) -> Said:
    """Whether the spreadsheet can be opened."""
    if setup.refusal:
        raise setup.refusal
    return Said(f"“{setup.google()[1].title}” can be opened")


def time_zone(setup: Setup) -> Said:
    """Whether a day ends in the spreadsheet when it ends here."""
    theirs, ours = setup.google()[1].time_zone, setup.config.zone
    try:
        zone = ZoneInfo(theirs)
    except (ZoneInfoNotFoundError, ValueError):
        return Said(f"{theirs} in the spreadsheet, {setup.config.timezone} in the configuration")
    days = [setup.now + timedelta(days=days) for days in (0, 91, 182, 273)]
    if all(day.astimezone(zone).utcoffset() == day.astimezone(ours).utcoffset() for day in days):
        return Said(f"{setup.config.timezone}, in the spreadsheet too")
    return warning(
        f"the spreadsheet's time zone is {theirs}, the configuration says {setup.config.timezone}: a day may not end "
        "at the same time",
        "choose the same: File > Settings in the spreadsheet, or timezone in the configuration",
    )


def writing(setup: Setup) -> Said:
    """Whether the spreadsheet can be changed; tried with a cell that gets the value it has."""
    from sheetsync.workbook.google.examining import try_writing
    from sheetsync.workbook.google.refusals import Refusal

    connection, seen, spreadsheet_id = setup.google()
    tool_tabs = sorted((t for t in setup.template.tabs if t.is_tool_tab), key=lambda t: t.role != "problems")
    marks = [setup.workbook.layout.marks.get(tab.key, "") for tab in tool_tabs]
    mark = next((mark for mark in marks if mark in seen.titles), None)
    if mark is None:
        return Said("not looked at: there is no tab that sheetsync may write to", "", "skipped")
    try:
        try_writing(connection, spreadsheet_id, mark, seen.titles[mark])
    except AuthorizationError as error:
        if isinstance(error.__cause__, Refusal) and error.__cause__.status == 403:
            found = f"“{seen.title}” is shared with {connection.account} for reading only"
            return failed(found, "share it with that address as editor", AuthorizationError)
        raise
    return Said(f"“{seen.title}” can be written")


def protection(setup: Setup) -> Said:
    """Whether a protected range keeps sheetsync out of a tab."""
    _, seen, _ = setup.google()
    marks = setup.workbook.layout.marks
    locked = [tab for tab in setup.template.tabs if marks.get(tab.key) in seen.locked]
    if not locked:
        return Said("no protected range is in the way")
    titles = ", ".join(f"“{seen.titles[marks[tab.key]]}”" for tab in locked)
    found, remedy = (
        f"protected against sheetsync: {titles}",
        "Data > Protect sheets and ranges: lift it, or add the account",
    )
    if any(tab.is_tool_tab for tab in locked):
        return failed(found, remedy, AuthorizationError)
    return warning(f"{found}; log, import and extend cannot add rows there", remedy)
