"""Looking at everything that a first-time or broken set-up can have: what each check finds, and what to do about it.

Nothing is changed, but for one cell that gets the value it has.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from sheetsync.addresses import valid_address
from sheetsync.cells import text_of
from sheetsync.config import find_template, load_config, secret
from sheetsync.errors import Busy, ConfigError, GuardTripped, SheetsyncError, Unfinished
from sheetsync.ledger import Ledger
from sheetsync.periods import DAY, AsOf, Cadence
from sheetsync.reading import find_tables
from sheetsync.review_tabs import last_row_before
from sheetsync.runs import examining_google, examining_modes
from sheetsync.runs.checking import Check, Said, Setup, Step, failed, look_through, warning
from sheetsync.runs.mending import drifts, last_tables
from sheetsync.runs.opening import as_far_as_made, identity, local_path, lock_path, locked
from sheetsync.sentences import counted, full_day
from sheetsync.summaries import as_of_line
from sheetsync.workbook import Layout, Workbook

_SYNC_WARNS = 2  # days
_LOOKED_BACK = 400
_FULL = 0.8
_ROWS_OF_A_FILE = 1_048_576


def examine(path: Path, now: datetime) -> list[Check]:
    """Make every check of the set-up behind a configuration, in order; never raises."""
    setup = Setup(path, now)
    try:
        return list(look_through(_STEPS, setup))
    finally:
        if setup.ledger is not None:
            setup.ledger.close()


def exit_code(checks: Sequence[Check]) -> int:
    """That of the first check that failed; 0 when none did."""
    return next((check.exit_code or 1 for check in checks if check.state == "failed"), 0)


def mendable(checks: Sequence[Check]) -> bool:
    """Whether tabs or columns are gone or not there yet, or a sync would stop because the log lost its rows."""
    return any(
        (check.name in {"version", "tabs", "columns"} and check.state in {"warning", "failed"})
        or (check.name == "sync" and check.exit_code == GuardTripped.exit_code)
        for check in checks
    )


# ---- the configuration and what lies beside it --------------------------------------------------------------------


def _configuration(setup: Setup) -> Said:
    config = load_config(setup.path)
    where = f"the spreadsheet {config.spreadsheet_id}" if config.spreadsheet_id else f"the file {config.workbook}"
    setup.config = config
    return Said(f"{setup.path}: {where}, template {config.template}, {config.timezone}")


def _template(setup: Setup) -> Said:
    setup.template = find_template(setup.config.template, setup.config.folder)
    return Said(f"{setup.template.name}: {counted(len(setup.template.tabs), 'tab')}")


def _folder(setup: Setup) -> Said:
    folder = lock_path(setup.config).parent
    try:
        with locked(setup.config):
            return Said(f"{folder}: can be written, no other run is at work")
    except Busy:
        return warning(f"another run is at work on {setup.config.workbook}", "wait until it is done, then look again")


def _ledger(setup: Setup) -> Said:
    from sqlalchemy import make_url

    ledger = Ledger(setup.config.ledger_url, identity(setup.config))
    setup.ledger = ledger
    ledger.look_over()
    # A password may stand in the query too.
    shown = make_url(setup.config.ledger_url).set(query={}).render_as_string(hide_password=True)
    known = ledger.remembered()
    if known is None:
        return Said(f"{shown}: knows nothing of this workbook yet")
    with suppress(Busy), locked(setup.config):
        # The same again: can it be written? Beside another run it might be an older layout that is written back.
        again = ledger.remembered() or known
        ledger.remember(again.template, again.year, again.marks, again.version)
    rows = ledger.last_rows()
    return Said(f"{shown}: up to date, " + ("never synced" if rows is None else f"{counted(rows, 'row')} of the log"))


# ---- the workbook -------------------------------------------------------------------------------------------------


def _writing(setup: Setup) -> Said:
    if setup.on_google:
        return examining_google.writing(setup)
    from sheetsync.workbook.xlsx.locks import refuse_if_open

    path = local_path(setup.config)
    refuse_if_open(path)
    if not (os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK | os.X_OK)):
        found = f"{path} or its folder cannot be written"
        return failed(found, "let this user write there: a sync puts a new file in its place", ConfigError)
    return Said(f"{path.name} can be written and is not open elsewhere")


def _workbook(setup: Setup) -> Said:
    setup.workbook = _opened(setup)
    layout = setup.workbook.layout
    if layout.template != setup.template.name:
        return warning(
            f"{setup.workbook.location} was made from the template {layout.template}, not from {setup.template.name}",
            f"set template: {layout.template} in the configuration, unless that is meant",
        )
    return Said(f"{setup.workbook.location}, made for {layout.year}")


def _opened(setup: Setup) -> Workbook:
    config, calendar = setup.config, setup.config.calendar
    if config.spreadsheet_id is None:
        from sheetsync.workbook import xlsx

        return xlsx.open_workbook(local_path(config), setup.template, calendar)
    from sheetsync.workbook import google

    known = setup.ledger.remembered() if setup.ledger else None
    layout = Layout(known.year, known.template, known.marks, known.version) if known and known.marks else None
    return google.open_workbook(setup.google()[0], config.spreadsheet_id, setup.template, layout, calendar)


def _version(setup: Setup) -> Said:
    layout, template = setup.workbook.layout, setup.template
    if layout.version >= template.version or layout.template != template.name:
        return Said(f"version {layout.version} of {layout.template}")
    # What it never had is not gone.
    setup.template = as_far_as_made(template, setup.workbook, setup.ledger)
    setup.workbook = _opened(setup)
    return warning(
        f"made from version {layout.version} of {template.name}, and there is version {template.version}",
        "sheetsync upgrade adds what is new, after a backup copy",
    )


def _year(setup: Setup) -> Said:
    """The plan's first year stays what it was; whether somebody has extended it, the rows say."""
    plan, calendar = setup.workbook.layout.year, setup.config.calendar
    year = calendar.containing(Cadence.YEAR, setup.today)
    if int(year.label) <= plan:
        return Said(f"{plan}" if int(year.label) == plan else f"{plan} is still to come")
    if not setup.workbook.missing_tabs():
        with suppress(SheetsyncError):  # said of the tabs
            setup.contents = setup.workbook.read()
            tables, _ = find_tables(setup.template, setup.contents)
            if last_row_before(tables.values(), calendar, year):
                found = f"the tabs for reviews have no rows for {year}; the workbook was made for {plan}"
                return warning(found, f"sheetsync extend --year {year} adds them; or create a workbook for {year}")
    return Said(f"{year}; the workbook was made for {plan}")


def _tabs(setup: Setup) -> Said:
    template, gone = setup.template, setup.workbook.missing_tabs()
    if gone:
        titles = " and ".join(f"“{template.tab(key).title}”" for key in gone)
        found = f"gone: the tab{'s' if len(gone) > 1 else ''} {titles}"
        remedy = "sheetsync doctor --fix makes them again; an earlier version of the file has all that stood in them"
        return failed(found, remedy, GuardTripped)
    if not hasattr(setup, "contents"):
        setup.contents = setup.workbook.read()
    renamed = [
        f"“{tab.title}” is called “{setup.contents[tab.key].title}”"
        for tab in template.tabs
        if setup.contents[tab.key].title != tab.title
    ]
    told = [*renamed, *(["some stand in another order"] if _moved(setup) else [])]
    return Said(f"all {len(template.tabs)} are there" + (f" ({', '.join(told)}: that is fine)" if told else ""))


def _moved(setup: Setup) -> bool:
    if setup.seen is None:
        return False
    order = list(setup.seen.titles)
    marks = setup.workbook.layout.marks
    places = [order.index(marks[tab.key]) for tab in setup.template.tabs if marks.get(tab.key) in order]
    return any(after < before for before, after in pairwise(places))


def _columns(setup: Setup) -> Said:
    before = last_tables(setup.run()) if setup.ledger else {}
    found = drifts(setup.template, setup.contents, before)
    stopping = [line for drift in found for line in drift.lines(required=True)]
    others = [line for drift in found for line in drift.lines(required=False)]
    if not stopping and not others:
        return Said("every column of the template is there")
    remedies = dict.fromkeys(remedy for _, remedy in (*stopping, *others))
    text, remedy = " | ".join(line for line, _ in (*stopping, *others)), " | ".join(remedies)
    return failed(text, remedy, GuardTripped) if stopping else warning(text, remedy)


def _size(setup: Setup) -> Said:
    logs = [tab.key for tab in setup.template.tabs if tab.role == "log"]
    rows = max(max(0, len(setup.contents[key].grid) - 1) for key in logs)
    if setup.seen is None:
        used, found = rows / _ROWS_OF_A_FILE, f"{rows:,} of {_ROWS_OF_A_FILE:,} rows in the log"
    else:
        from sheetsync.workbook.google.examining import MOST_CELLS

        used = setup.seen.cells / MOST_CELLS
        logged = counted(rows, "row")
        found = f"{setup.seen.cells:,} of {MOST_CELLS:,} cells, {logged} in the log; 2 calls a sync, of 60 a minute"
    if used < _FULL:
        return Said(found)
    return warning(found, "begin a new workbook with the next year; delete blank rows and columns until then")


def _sync(setup: Setup) -> Said:
    from sheetsync.runs.syncing import plan_sync

    run = setup.run()
    setup.plan = plan = plan_sync(run, run.as_of(None))
    logged = plan.understood.logged
    found = f"a sync would read {counted(logged.rows, 'row')} of the log and write {counted(len(plan.writes), 'tab')}"
    problems = len(plan.findings.problems)
    if plan.warning:
        return warning(f"{found}; {plan.warning}", "see the tab Problems after a sync; change the names back")
    if not problems:
        return Said(found)
    return warning(
        f"{found}; {counted(problems, 'cell')} cannot be used as typed", "see the tab Problems after a sync"
    )


# ---- mail, and what keeps it running ------------------------------------------------------------------------------


def _mail(setup: Setup) -> Said:
    from sheetsync.mail import SmtpTransport
    from sheetsync.runs.delivering import transport_of

    email = setup.config.email
    if email.transport == "file":
        return _outbox(setup.config.outbox_path)
    transport = transport_of(setup.config)
    assert isinstance(transport, SmtpTransport)  # noqa: S101  there is no third way
    transport.check()
    who = f", logged in as {secret(email.smtp.username)}" if email.smtp.username else ", without logging in"
    return Said(f"{email.smtp.host}:{email.smtp.port} answers ({email.smtp.security}){who}; nothing was sent")


def _outbox(folder: Path) -> Said:
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        found = f"emails are written to {folder}, which cannot be written"
        return failed(found, "let this user write there, or name another folder: email.outbox_dir", ConfigError)
    return Said(f"emails are written to the folder {folder}; nothing is sent")


def _emails(setup: Setup) -> Said:
    """People's own templates, and a ledger from the future, which keeps every email back."""
    from sheetsync.ledger.outbox import Outbox
    from sheetsync.runs.delivering import clock_went_back
    from sheetsync.runs.emailing import check_templates

    check_templates(setup.config)
    later = clock_went_back(Outbox(setup.ledger), setup.now) if setup.ledger else None
    if later:
        found = f"the clock was, or is, wrong: an email was queued on {full_day(later.date())}, later than now"
        remedy = "set the clock; no email goes by itself until then: sheetsync email send --period 2026-W42 sends one"
        return failed(found, remedy, Unfinished)
    own = setup.config.folder / "emails"
    return Said(f"no mistake in your own templates in {own}" if own.is_dir() else "made from the built-in templates")


def _recipients(setup: Setup) -> Said:
    email = setup.config.email
    if not email.recipients:
        return warning(
            "email.recipients is empty: every email is held",
            'say who may be written to, such as recipients: ["*@example.com"]',
        )
    if "sender" not in email.model_fields_set:
        return warning(f"email.from is missing: emails come from {email.sender}", "put your own address there")
    people = setup.plan.understood.plan.people if setup.plan else ()
    typed = {address for p in people for address in (p.email, p.partner_email) if address}
    partners = {address for p in people if (address := valid_address(p.partner_email))}
    wrong = sorted(address for address in typed if valid_address(address) is None)
    held = sorted(address for address in partners if not email.allows(address))
    told = []
    if wrong:
        found = f"not one mail address, in People: {', '.join(wrong)}"
        told.append((found, "type one plain address in each cell, such as ann@example.com"))
    if held:
        strangers = f"{counted(len(held), 'partner')} not among email.recipients"
        told.append(
            (f"{strangers}, whose emails are held: {', '.join(held)}", "add them there, if they may be written to")
        )
    if told:
        return warning(" | ".join(found for found, _ in told), " | ".join(remedy for _, remedy in told))
    return Said(f"may be written to: {', '.join(email.recipients)}; from {email.sender}")


def _last_sync(setup: Setup) -> Said:
    """The ledger keeps what was last written, the as-of line with its day too."""
    ledger = setup.run().ledger
    grids = [grid for pair in ledger.written().values() for grid in pair]
    lines = {text_of(cell) for grid in grids for row in grid[:5] for cell in row}
    days = (setup.today - DAY * back for back in range(_LOOKED_BACK))
    last = next((day for day in days if as_of_line(AsOf(day, under_way=True)) in lines), None)
    remedy = "let cron run it every hour or so: sheetsync run"
    if last is None:
        never = ledger.last_rows() is None
        return warning("never synced" if never else "no sync since a long time", f"sheetsync sync; then {remedy}")
    age = (setup.today - last).days
    if age > _SYNC_WARNS:
        return warning(f"the last sync was on {full_day(last)}, {age} days ago", f"is cron at work? {remedy}")
    return Said(f"on {full_day(last)}")


def _monitoring(setup: Setup) -> Said:
    url = setup.config.monitoring.ping_url
    if not url:
        return Said("no monitoring.ping_url: nobody is told when runs stop")
    parts = urlsplit(secret(url))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return failed("monitoring.ping_url is no URL", "write it as https://example.com/ping", ConfigError)
    return Said(f"{parts.hostname} is told of each good run (not called now)")


_STEPS = (
    Step("configuration", _configuration),
    Step("template", _template, ("configuration",)),
    Step("folder", _folder, ("configuration",)),
    Step("ledger", _ledger, ("configuration",)),
    Step("privacy", examining_modes.privacy, ("configuration",)),
    Step("credentials", examining_google.credentials, ("configuration",), google=True),
    Step("clock", examining_google.clock, ("configuration",), google=True),
    Step("sharing", examining_google.sharing, ("credentials",), google=True),
    Step("time zone", examining_google.time_zone, ("sharing",), google=True),
    Step("workbook", _workbook, ("configuration", "template", "sharing")),
    Step("version", _version, ("workbook",)),
    Step("writing", _writing, ("workbook",)),
    Step("protection", examining_google.protection, ("workbook",), google=True),
    Step("year", _year, ("workbook",)),
    Step("tabs", _tabs, ("workbook",)),
    Step("columns", _columns, ("tabs",)),
    Step("size", _size, ("tabs",)),
    Step("sync", _sync, ("folder", "ledger", "columns")),
    Step("mail", _mail, ("configuration",)),
    Step("emails", _emails, ("configuration", "ledger")),
    Step("recipients", _recipients, ("configuration",)),
    Step("last sync", _last_sync, ("configuration", "template", "ledger")),
    Step("monitoring", _monitoring, ("configuration",)),
)
