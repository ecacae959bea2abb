"""`doctor`: each thing that can be wrong has a line of its own with what to do; --fix puts back what is gone."""

import json
import re
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.builders import SALES
from tests.checkups import checks, failed, states, warned
from tests.cli import NOW, TODAY, Desk, lean_template, new_desk, sheetsync, small_desk
from tests.mailing import trust
from tests.smtp_server import smtp_server


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann and Ben, 60 rows, synced."""
    return small_desk(tmp_path)


# ---- a healthy set-up ---------------------------------------------------------------------------------------------


def test_a_healthy_set_up(desk: Desk) -> None:
    """Exit 0; nothing changes; the only thing to say is that nobody may be written to yet."""
    before = desk.state()
    found = checks(desk)
    assert states(found, "warning") == {"recipients"}
    assert states(found, "failed", "skipped") == set()
    assert "60 rows" in found["sync"]["found"]
    assert desk.state() == before


def test_plain_lines_in_a_pipe(desk: Desk) -> None:
    """A line a check: its state, its name, what was found and what to do; and a sum at the end."""
    said = desk.ok("doctor").out.splitlines()
    assert "ok       columns: every column of the template is there" in said
    assert any(line.startswith("warning  recipients: ") and " → " in line for line in said)
    assert said[-1] == "17 ok, 1 warning"


def test_a_mistake_in_an_email_template_is_found(desk: Desk) -> None:
    """It would stop every email, so it fails the check: exit 3, with file and line."""
    (desk.folder / "emails").mkdir()
    own = desk.folder / "emails" / "partner-weekly.txt.j2"
    own.write_text("one\ntwo {{ digest.nothing }}", encoding="utf-8")
    said = desk.run("doctor")
    assert said.code == 3 and "emails: " in said.out and "partner-weekly.txt.j2, line 2" in said.out
    own.unlink()
    assert "no mistake in your own templates" in desk.ok("doctor").out


def test_a_list_on_a_terminal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign and a colour a check, what to do below what was found, and what was skipped in one line."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    desk.workbook.unlink()
    said = desk.run("doctor").out
    assert "\x1b[32m✔" in said
    lines = re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()
    failing = next(n for n, line in enumerate(lines) if line.startswith("✘ workbook"))
    assert lines[failing + 1].strip() == "→ create it with `sheetsync create`"
    assert any("writing, year, tabs, columns, size, sync: not looked at, workbook comes first" in x for x in lines)


def test_quiet_says_what_failed_only(desk: Desk) -> None:
    """One line on stderr a failed check, as errors are said."""
    desk.workbook.unlink()
    result = sheetsync("-q", "-c", desk.config, "doctor")
    assert (result.code, result.out) == (3, "")
    assert result.err == "sheetsync: workbook: " + result.err.partition("workbook: ")[2]
    assert "sheetsync create" in result.err


def test_a_new_set_up_is_led_to_its_next_step(tmp_path: Path) -> None:
    """Without a configuration: init; without a workbook: create; without a sync: sync."""
    desk = Desk(tmp_path)
    found = failed(desk, "configuration", 3, "sheetsync init")
    assert states(found, "skipped") >= {"template", "ledger", "workbook", "tabs", "sync", "mail"}
    assert "configuration comes first" in found["tabs"]["found"]
    assert list(tmp_path.iterdir()) == []
    desk = new_desk(tmp_path / "new", "--template", lean_template(tmp_path / "new"))
    failed(desk, "workbook", 3, "goals.xlsx", "sheetsync create")
    desk.ok("create", "--person", "Ann")
    warned(desk, "last sync", "never synced", "sheetsync sync")


# ---- what can be wrong locally ------------------------------------------------------------------------------------


def test_all_problems_of_the_configuration(tmp_path: Path) -> None:
    """Each with its line."""
    desk = Desk(tmp_path)
    desk.config.write_text("workbok: a.xlsx\ntimezone: Europe/Londn\n", encoding="utf-8")
    failed(desk, "configuration", 3, "line 1, workbok", "line 2, timezone", "workbook: is missing")


@pytest.mark.parametrize(
    ("old", "new", "name", "words"),
    [
        ("template: lean.yaml", "template: salse", "template", ("salse", "did you mean sales?")),
        ("workbook: goals.xlsx", "workbook: gaols.xlsx", "workbook", ("gaols.xlsx does not exist", "create")),
        ("workbook: goals.xlsx", "workbook: ${NO_SUCH}", "configuration", ("NO_SUCH", "set it")),
        (
            "ledger: sqlite:///sheetsync.db",
            "ledger: sqlite:///no/such/x.db",
            "ledger",
            ("no/such/x.db", "does its folder exist"),
        ),
        (
            "ledger: sqlite:///sheetsync.db",
            "ledger: sqlite:///lean.yaml",
            "ledger",
            ("lean.yaml", "move the file away"),
        ),
        ("outbox_dir: outbox", "outbox_dir: lean.yaml/x", "mail", ("lean.yaml", "email.outbox_dir")),
        ("ping_url: null", 'ping_url: "${NO_SUCH_URL}"', "monitoring", ("NO_SUCH_URL", "set it")),
    ],
)
def test_a_wrong_value(desk: Desk, old: str, new: str, name: str, words: tuple[str, ...]) -> None:
    """Exit 3, and what is wrong where; checks that do not need it are made all the same."""
    desk.configure(old, new)
    found = failed(desk, name, 3, *words)
    if name not in {"configuration", "mail"}:
        assert found["mail"]["state"] == "ok"


def test_a_ledger_that_may_only_be_read(desk: Desk) -> None:
    """It opens, but a sync could not write it."""
    desk.configure("ledger: sqlite:///sheetsync.db", f"ledger: sqlite:///file:{desk.ledger}?mode=ro&uri=true")
    failed(desk, "ledger", 3, "cannot be opened", "may you write?")


def test_a_ledger_of_a_newer_version(desk: Desk) -> None:
    """It is not touched."""
    with sqlite3.connect(desk.ledger) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    failed(desk, "ledger", 3, "newer sheetsync", "update sheetsync")


def test_another_run_at_work(desk: Desk) -> None:
    """That is no fault: it will end."""
    with FileLock(desk.folder / ".goals.xlsx.lock"):
        warned(desk, "folder", "another run is at work", "wait")


def test_a_workbook_that_is_open_elsewhere(desk: Desk) -> None:
    """Neither is that, but a sync cannot write meanwhile."""
    desk.file(".~lock.goals.xlsx#", "Ann,,,")
    warned(desk, "writing", "open in LibreOffice (by Ann)", "delete")


def test_a_file_that_is_no_workbook_of_ours(desk: Desk) -> None:
    """Damaged, or made by somebody else."""
    desk.workbook.write_bytes(b"PK nonsense")
    failed(desk, "workbook", 3, "goals.xlsx")


def test_a_plan_of_another_year(desk: Desk) -> None:
    """The new year has begun, the workbook is of the old one."""
    result = desk.run("doctor", "--json", at=NOW + timedelta(days=100))
    (year,) = [check for check in json.loads(result.out) if check["name"] == "year"]
    assert (result.code, year["state"]) == (0, "warning")
    assert "extend --year 2027" in year["remedy"]


def test_a_dead_cron(desk: Desk) -> None:
    """Two days are a weekend, three are not."""
    for days, state in ((0, "ok"), (2, "ok"), (3, "warning")):
        result = desk.run("doctor", "--json", at=NOW + timedelta(days=days))
        (sync,) = [check for check in json.loads(result.out) if check["name"] == "last sync"]
        assert sync["state"] == state
        assert "Wed 14 Oct 2026" in sync["found"]


def test_a_log_that_lost_its_rows(desk: Desk) -> None:
    """What would stop a sync is known before: exit 5, and how to go on."""
    with desk.edited() as book:
        book["Log"].delete_rows(2, 60)
    failed(desk, "sync", 5, "the log has 0 rows", "--accept-removals")


def test_rows_that_cannot_be_used(desk: Desk) -> None:
    """A sync goes on with them."""
    with desk.edited() as book:
        book["Log"]["C2"] = "Cold cal"
    warned(desk, "sync", "1 cell cannot be used")


# ---- columns ------------------------------------------------------------------------------------------------------


def test_a_renamed_column_is_not_added_again(desk: Desk) -> None:
    """The similar title is named; --fix leaves it alone, for a second column would split the data."""
    with desk.edited() as book:
        book["Log"]["C1"] = "Activty"
        book["Log"]["F1"] = "Qualty"
    found = failed(desk, "columns", 5, "“Activity”; is it “Activty” in column C?", "call it “Activity” again")
    assert "“Quality”; is it “Qualty” in column F?" in found["columns"]["found"]
    before = desk.cells()
    assert checks(desk, "--fix", code=5)["fix"]["found"] == ""
    assert desk.cells() == before


def test_two_columns_with_one_title(desk: Desk) -> None:
    """One of them is read; nobody should have to guess which."""
    with desk.edited() as book:
        book["Log"]["I1"], book["Log"]["I2"] = "count", 5
    warned(desk, "columns", "in “Log” “count” is here twice", "another title")


def test_a_required_column_with_data_is_not_put_back_blank(desk: Desk) -> None:
    """A blank Count would count each row once: the guard must stay, and the remedy is an earlier version."""
    with desk.edited() as book:
        book["Log"].delete_cols(4)
    failed(desk, "columns", 5, "“Log” has no column “Count”", "an earlier version")
    assert checks(desk, "--fix", code=5)["fix"]["found"] == ""


def test_columns_are_put_back(desk: Desk) -> None:
    """Optional ones, and required ones in which nothing stood; the next sync finds nothing amiss."""
    rollups = desk.ok("export", "rollups", "--format", "json").out
    with desk.edited() as book:
        book["Log"].delete_cols(6)  # Quality
        book["Goals"].delete_cols(8)  # Until: required, blank
        rows = {title: list(book[title].iter_rows(values_only=True)) for title in ("Log", "Goals")}
    failed(desk, "columns", 5, "“Goals” has no column “Until”", "“Log” has no column “Quality”", "doctor --fix")
    found = checks(desk, "--fix")
    assert "“Log”: put back the column “Quality”" in found["fix"]["found"]
    assert "“Goals”: put back the column “Until”" in found["fix"]["found"]
    for title, before in rows.items():
        for old, new in zip(before, desk.cells()[title], strict=False):
            assert [cell or None for cell in new[: len(old)]] == [cell or None for cell in old]
    desk.ok("sync")
    assert desk.ok("export", "rollups", "--format", "json").out == rollups


# ---- the row of titles ---------------------------------------------------------------------------------------------

TYPED_IN = ("People", "Goals", "Activities", "Log", "Tally", "Weekly")
REMEDY = re.compile(r"(?:above|into) row (\d+).*?, from column A on: ([^|;]*)")


def _delete_titles(sheet: Any, row: int) -> None:
    sheet.delete_rows(row)


def _clear_titles(sheet: Any, row: int) -> None:
    for cell in sheet[row]:
        cell.value = None


def _typed_in_everywhere(desk: Desk) -> None:
    """Something stands in every tab, and a column where people put it."""
    with desk.edited() as book:
        book["Tally"]["A2"], book["Tally"]["B2"], book["Tally"]["C2"] = TODAY, "Ann", 3
        book["Weekly"]["E5"] = "A good one"
        for row in book["People"].iter_rows():
            row[0].value, row[1].value = row[1].value, row[0].value
    desk.ok("sync")


@pytest.mark.parametrize("damage", [_delete_titles, _clear_titles])
def test_a_lost_row_of_titles_is_not_made_worse(desk: Desk, damage: Callable[[Any, int], None]) -> None:
    """--fix writes nothing beside rows and ends with 5, as a sync does; what both say to do brings all back."""
    _typed_in_everywhere(desk)
    tally = desk.values("Tally")[0][2]
    rollups = desk.ok("export", "rollups", "--format", "json").out
    rows = {tab.title: tab.header_row for tab in SALES.tabs}
    with desk.edited() as book:
        for title in TYPED_IN:
            damage(book[title], rows[title])
    before = desk.cells()
    found = checks(desk, "--fix", code=5)
    assert found["fix"]["found"] == "" and desk.cells() == before
    for title in TYPED_IN:
        assert f"“{title}” has lost its row of titles" in found["columns"]["found"]
    assert "is it" not in found["columns"]["found"]
    remedies = found["columns"]["remedy"].split(" | ")
    said = desk.run("sync").refused(5, *remedies[: len(TYPED_IN) - 1])
    assert desk.cells() == before and "put it back" not in said
    with desk.edited() as book:
        for title, remedy in zip(TYPED_IN, remedies, strict=True):
            told = REMEDY.search(remedy)
            assert told and int(told[1]) == rows[title], remedy
            if damage is _delete_titles:
                book[title].insert_rows(rows[title])
            for column, name in enumerate(told[2].split(", "), start=1):
                book[title].cell(rows[title], column).value = name
        book["Tally"]["C1"] = tally
    desk.ok("sync")
    assert desk.ok("export", "rollups", "--format", "json").out == rollups


def test_a_review_tab_without_titles_is_told(desk: Desk) -> None:
    """It stops no sync, which says in Problems that nothing of the tab is read; --fix leaves it alone."""
    with desk.edited() as book:
        book["Weekly"].delete_rows(SALES.tab("weekly").header_row)
    before = desk.cells()["Weekly"]
    found = checks(desk, "--fix")
    assert found["columns"]["state"] == "warning" and found["fix"]["found"] == ""
    assert "insert a row above row 3" in found["columns"]["remedy"]
    (problem,) = desk.ok("sync", "--json").json["problems"]
    assert (problem["tab"], problem["what"]) == (
        "Weekly",
        "the row of titles is gone, and nothing of this tab is read",
    )
    assert desk.cells()["Weekly"] == before


def test_titles_in_other_words_are_no_lost_row(desk: Desk) -> None:
    """Most of them misspelt: each is asked about; all in another language: they may be typed over."""
    with desk.edited() as book:
        for column, title in enumerate(("Dat", "Whom", "Activty", "Cuont", "Ammount"), start=1):
            book["Log"].cell(1, column).value = title
        for column, title in enumerate(("Name der Person", "Post"), start=1):
            book["People"].cell(1, column).value = title
    found = checks(desk, code=5)["columns"]["found"]
    assert "“Activity”; is it “Activty” in column C?" in found and "lost" not in found
    with desk.edited() as book:
        for cell in book["Log"][1]:
            cell.value = "Spalte"
    found = checks(desk, code=5)["columns"]
    assert "“Log” has lost its row of titles" in found["found"] and "(or type over it" in found["remedy"]


# ---- tabs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "words"),
    [("Goals", "with 1 row"), ("Weekly", "rows"), ("Dashboard", "the next sync fills it"), ("Log", "60 rows"),
     ("Tally", "put back the tab “Tally”"), ("People", "with 2 rows")],
)  # fmt: skip
def test_a_lost_tab_comes_back(desk: Desk, title: str, words: str) -> None:
    """With the rows that the last sync read; afterwards a sync counts the same and finds nothing typed over."""
    with desk.edited() as book:
        if title == "Weekly":
            book["Weekly"]["E5"] = "A good one"
    desk.ok("sync")
    rollups = desk.ok("export", "rollups", "--format", "json").out
    before = desk.values(title)
    with desk.edited() as book:
        del book[title]
    failed(desk, "tabs", 5, f"gone: the tab “{title}”", "doctor --fix")
    found = checks(desk, "--fix")
    assert words in found["fix"]["found"]
    problems = desk.ok("sync", "--json").json["problems"]
    assert problems == []
    assert desk.ok("export", "rollups", "--format", "json").out == rollups
    if title not in {"Log", "Dashboard", "Weekly"}:
        assert desk.values(title) == before
    if title == "Weekly":
        assert desk.values(title)[4][4] == "A good one"


def test_what_a_person_must_mend_stays_said(desk: Desk) -> None:
    """A lost log and a renamed column elsewhere: the log's rows come back, the column waits for its person."""
    rollups = desk.ok("export", "rollups", "--format", "json").out
    with desk.edited() as book:
        del book["Log"]
        book["People"]["A1"] = "Nam"
    found = checks(desk, "--fix", code=5)
    assert "60 rows" in found["fix"]["found"]
    assert "is it “Nam” in column A?" in found["columns"]["found"]
    with desk.edited() as book:
        book["People"]["A1"] = "Name"
    desk.ok("sync")
    assert desk.ok("export", "rollups", "--format", "json").out == rollups


# ---- mail ---------------------------------------------------------------------------------------------------------


def _mail(desk: Desk, server_port: int, *, security: str = "starttls", password: str = "hunter2") -> None:
    desk.configure("transport: file", "transport: smtp")
    text = desk.config.read_text(encoding="utf-8")
    start = text.index("  smtp:")
    end = text.index("  recipients:")
    smtp = (
        f"  smtp: {{host: localhost, port: {server_port}, security: {security}, "
        f"username: goals, password: {password}}}\n"
    )
    desk.config.write_text(text[:start] + smtp + text[end:], encoding="utf-8")


def test_the_mail_server_is_logged_in_to(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect, TLS, log in, and go: no mail is begun."""
    with smtp_server(user="goals", password="hunter2") as server:
        trust(server.context, desk.folder, monkeypatch)
        _mail(desk, server.port)
        found = checks(desk)
        assert found["mail"]["state"] == "ok"
        assert "logged in as goals; nothing was sent" in found["mail"]["found"]
        assert set(server.commands) == {"AUTH", "QUIT"}
        assert server.messages == []


def test_a_wrong_password_is_never_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 6, where to correct it; the password stands nowhere."""
    with smtp_server(user="goals", password="hunter2") as server:
        trust(server.context, desk.folder, monkeypatch)
        _mail(desk, server.port, password="swordfish")
        failed(desk, "mail", 6, "does not accept the user name or password", "email.smtp.username")
        assert "swordfish" not in desk.run("-v", "doctor").out


def test_a_certificate_that_is_not_trusted(desk: Desk) -> None:
    """Exit 3: the host's name is wrong, or somebody is in between."""
    with smtp_server() as server:
        _mail(desk, server.port)
        failed(desk, "mail", 3, "certificate is not trusted", "email.smtp.host")


def test_a_mail_server_that_is_not_there(desk: Desk) -> None:
    """Exit 4."""
    _mail(desk, 9)
    failed(desk, "mail", 4, "localhost:9", "nothing was sent")


def test_a_partner_whom_nobody_may_write_to(desk: Desk) -> None:
    """Their emails would be held."""
    with desk.edited() as book:
        book["People"]["E2"] = "ben@example.com"
    desk.configure("recipients: []", 'recipients: ["*@example.org"]')
    warned(desk, "recipients", "ben@example.com", "held")


def test_what_is_no_mail_address_is_told_apart_from_who_may_not_be_written_to(desk: Desk) -> None:
    """More recipients would not help it; whoever writes from another domain in its own letters is no stranger."""
    with desk.edited() as book:
        book["People"]["B2"], book["People"]["E2"] = "ann@example", "ben@bücher.example.com"
    desk.configure("recipients: []", 'recipients: ["*@xn--bcher-kva.example.com"]')
    found = checks(desk)["recipients"]
    assert (found["state"], found["found"]) == ("warning", "not one mail address, in People: ann@example")
    assert "such as ann@example.com" in found["remedy"] and "add them" not in found["remedy"]
    with desk.edited() as book:
        book["People"]["E2"], book["People"]["E3"] = "mailto:ben@example.com", "carla@example.org"
    warned(desk, "recipients", "ann@example, mailto:ben@example.com | 1 partner not among", "carla@example.org")


def test_a_log_comes_back_without_doubling_the_tally(desk: Desk) -> None:
    """While the Tally cannot be read nobody knows what is lost; once it can, all of it comes back, once."""
    with desk.edited() as book:
        sheet = book["Tally"]
        sheet["C1"] = "Meeting"
        for row in range(2, 7):
            sheet.cell(row, 1).value, sheet.cell(row, 2).value, sheet.cell(row, 3).value = TODAY, "Ann", 3
    desk.ok("sync")
    before = desk.ok("export", "activities").out
    with desk.edited() as book:
        del book["Log"]
        book["Tally"]["A1"] = "Wann"
    assert "still missing" in checks(desk, "--fix", code=5)["fix"]["found"]
    with desk.edited() as book:
        book["Tally"]["A1"] = "Date"
    assert "60 rows" in checks(desk, "--fix")["fix"]["found"]
    desk.ok("sync")
    assert sorted(desk.ok("export", "activities").out.splitlines()) == sorted(before.splitlines())


def test_no_password_of_the_ledger_is_shown(desk: Desk) -> None:
    """Wherever it stands in the address."""
    desk.configure("ledger: sqlite:///sheetsync.db", "ledger: postgresql+psycopg://u@127.0.0.1:9/x?password=qq3cret")
    for command in ("doctor", "sync"):
        result = desk.run(command)
        assert result.code == 4, result
        assert "qq3cret" not in result.out + result.err
