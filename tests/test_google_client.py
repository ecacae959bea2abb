"""The client against an unreliable Google: bounded in tries and time, and nothing is ever done twice."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sheetsync.cells import Cell
from sheetsync.errors import ConfigError, GuardTripped, SheetsyncError, Unavailable
from sheetsync.template import WorkbookTemplate
from sheetsync.workbook import TabWrite
from sheetsync.workbook.google import Connection, GoogleWorkbook, create, open_workbook
from sheetsync.workbook.google.client import is_repeatable
from sheetsync.workbook.google.credentials import read_key
from sheetsync.workbook.google.layout import look_at
from sheetsync.workbook.google.patience import Pace, Patience, within
from tests.google_server import GoogleServer, faults
from tests.google_server.faults import Fault
from tests.google_server.quotas import Quotas
from tests.google_server.wire import Answer
from tests.google_workbooks import ANN, ROBOT, json_file

HURRIED = Patience(tries=4, seconds=3, connect=1, silence=0.4, first_wait=0.02, longest_wait=0.08)
READ = "values:batchGetByDataFilter"
ROW: list[Cell] = [46023, "Ann", "Meeting", 2.5, None, None, "Zoë", "=1+1"]
# What the client gets over by itself, whatever the call is: Google did nothing, or a read tells.
PASSING = [
    faults.UNAVAILABLE, faults.UNAVAILABLE_HTML, faults.INTERNAL, faults.BAD_GATEWAY, faults.QUOTA, faults.QUOTA_HTML,
    faults.RATE_LIMIT_403, faults.NOT_JSON, faults.RESET_BEFORE, faults.RESET_AFTER, faults.LOST_ANSWER_503,
    faults.HALF_BODY, faults.UNAUTHENTICATED, faults.TOKEN_500, faults.hang(2, applied=True), faults.quota_after(0),
]  # fmt: skip
# The ones after which nobody knows what happened.
LOSING = [
    faults.UNAVAILABLE, faults.RESET_BEFORE, faults.RESET_AFTER, faults.LOST_ANSWER_503, faults.HALF_BODY,
    faults.hang(30, applied=True),
]  # fmt: skip


@pytest.fixture
def hurried(
    workbook: GoogleWorkbook, google: GoogleServer, sales: WorkbookTemplate, tmp_path: Path
) -> GoogleWorkbook:
    """The workbook, opened by a robot with little patience."""
    return open_workbook(_connection(google, tmp_path), workbook.id, sales, workbook.layout)


def _connection(
    google: GoogleServer, folder: Path, patience: Patience = HURRIED, endpoint: str | None = None
) -> Connection:
    key = read_key(json_file(folder / "hurried.json", google.service_account(ROBOT)))
    return Connection(key, endpoint or google.endpoint, patience)


# --- what passes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", PASSING, ids=repr)
def test_a_read_gets_over_it(hurried: GoogleWorkbook, google: GoogleServer, fault: Fault) -> None:
    """Classified by status, whatever the body is: the same grid as without."""
    google.inject(fault)
    assert hurried.read()["log"].grid[1][:4] == [46023, "Ann", "Cold call", 3]


@pytest.mark.parametrize("fault", PASSING, ids=repr)
def test_a_write_gets_over_it(hurried: GoogleWorkbook, google: GoogleServer, fault: Fault) -> None:
    """Given cells may be written twice: what stands there is what was to be written."""
    hurried.read()
    grid: list[list[Cell]] = [[f"{row}", row] for row in range(300)]  # longer than the tab
    google.inject(fault)
    hurried.write([TabWrite("insights", grid, [(0, 300)])])
    assert google.spreadsheet(hurried.id).values("Insights") == grid


@pytest.mark.parametrize("fault", PASSING, ids=repr)
def test_an_append_leaves_exactly_one_row(hurried: GoogleWorkbook, google: GoogleServer, fault: Fault) -> None:
    """When the answer is lost, one read tells whether the row is there; an equal row of yesterday is another one."""
    hurried.read()
    hurried.append("log", [ROW])
    google.clear_requests()
    google.inject(fault)
    hurried.append("log", [ROW])
    shown = ["" if cell is None else cell for cell in ROW]
    assert google.spreadsheet(hurried.id).values("Log")[2:] == [shown, shown]
    assert sum(READ in request.path for request in google.requests) <= 1


def test_a_lost_answer_costs_one_call_more(hurried: GoogleWorkbook, google: GoogleServer) -> None:
    """Read, append, look: the row is there, so it is not added again."""
    google.inject(faults.RESET_AFTER, on="batchUpdate")
    hurried.read()
    hurried.append("log", [ROW])
    assert [request.path.rpartition("/")[2].partition(":")[2] for request in google.requests] == [
        "batchGetByDataFilter",
        "batchUpdate",
        "batchGetByDataFilter",
    ]


def test_a_large_append_survives_a_lost_answer_in_its_middle(hurried: GoogleWorkbook, google: GoogleServer) -> None:
    """Each call of several is verified by itself, also when all rows are the same."""
    hurried.read()
    rows: list[list[Cell]] = [[46023, "Ann", "Cold call", 1, None, None, None, "x" * 2000]] * 2500
    google.inject(faults.LOST_ANSWER_503, at=2, on="batchUpdate")
    google.inject(faults.UNAVAILABLE, at=4, on="batchUpdate")
    hurried.append("log", rows)
    assert len(google.spreadsheet(hurried.id).values("Log")) == 2 + 2500


def test_an_append_that_hangs_is_not_repeated(hurried: GoogleWorkbook, google: GoogleServer) -> None:
    """What hangs may still be carried out: it is looked for, not done again, and a person is told where to look."""
    hurried.read()
    google.clear_requests()
    google.inject(faults.hang(60, applied=False), on="batchUpdate")
    with pytest.raises(Unavailable, match=r"did not answer in time; .*see whether Log has the new rows"):
        hurried.append("log", [ROW])
    assert sum("batchUpdate" in request.path for request in google.requests) == 1
    assert len(google.spreadsheet(hurried.id).values("Log")) == 2


def test_without_a_read_an_append_in_doubt_is_not_repeated(hurried: GoogleWorkbook, google: GoogleServer) -> None:
    """Nobody knows what was there before, so nobody can tell."""
    google.inject(faults.UNAVAILABLE)
    with pytest.raises(Unavailable, match="see whether Log has the new rows"):
        hurried.append("log", [ROW])
    assert len(google.requests) == 1


@pytest.mark.parametrize("fault", LOSING, ids=repr)
@pytest.mark.parametrize("call", ["POST /drive/v3/files", "batchUpdate", "POST /drive/v3/files/"])
def test_create_makes_everything_once(
    google: GoogleServer, sales: WorkbookTemplate, tmp_path: Path, fault: Fault, call: str
) -> None:
    """Whichever of the calls of `create` fails or loses its answer: one file, its tabs, one share, one email."""
    key = read_key(json_file(tmp_path / "ann.json", google.authorized_user(ANN)))
    google.inject(fault, on=fault.on or call)
    # The local Google takes a second to carry out the large call.
    connection = Connection(key, google.endpoint, replace(HURRIED, seconds=40, silence=4))
    book = create(connection, sales, 2026, "Goals", {}, share=[("bo@x.com", "reader")])
    assert list(google.workspace.files) == [book.id]
    assert len(google.spreadsheet(book.id).titles()) == len(sales.tabs)
    file = google.workspace.files[book.id]
    assert [one["emailAddress"] for one in file.permissions] == [ANN, "bo@x.com"]
    posts = [request.path.rpartition("/")[2] for request in google.requests if request.method == "POST"]
    if fault.applied:
        assert len(posts) == 3
        assert len(google.requests) == 4


# --- what lasts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [faults.UNAVAILABLE, faults.QUOTA_HTML, faults.RESET_BEFORE, faults.NOT_JSON], ids=repr
)
def test_tries_come_to_an_end(hurried: GoogleWorkbook, google: GoogleServer, fault: Fault) -> None:
    """After so many tries the run ends with exit code 4; the next may succeed, and does."""
    google.inject(fault, times=None)
    with pytest.raises(Unavailable) as caught:
        hurried.read()
    assert caught.value.exit_code == 4 and "\n" not in str(caught.value)
    assert len(google.requests) == HURRIED.tries
    google.clear_faults()
    assert hurried.read()["log"].title == "Log"


@pytest.mark.parametrize(
    "fault", [faults.hang(60, applied=True), faults.drip(0.05), faults.drip(0.05, headers=True)], ids=repr
)
def test_no_server_can_keep_it_waiting(hurried: GoogleWorkbook, google: GoogleServer, fault: Fault) -> None:
    """Silence or a byte now and then: the whole call ends when its time is up."""
    hurried.read()  # signed in, and the libraries loaded: what is timed is the call
    google.inject(fault, times=None)
    begun = time.monotonic()
    with pytest.raises(Unavailable, match=r"http://127.0.0.1:\d+ did not answer in time; check the network"):
        hurried.read()
    assert time.monotonic() - begun < HURRIED.seconds + 0.5


def test_a_wait_that_google_asks_for_is_kept(hurried: GoogleWorkbook, google: GoogleServer) -> None:
    """Retry-After is longer than our own waits here; one that is beyond our patience ends the run at once."""
    google.inject(faults.quota_after(1))
    begun = time.monotonic()
    hurried.read()
    assert time.monotonic() - begun >= 1
    google.inject(faults.quota_after(3600))
    with pytest.raises(Unavailable, match="429"):
        hurried.read()
    assert len(google.requests) == 3


def test_the_default_patience_ends_within_two_minutes() -> None:
    """All its tries, their waits included, and the waits last longer than a quota's minute."""
    patience = Patience()
    assert patience.seconds + patience.connect < 120
    waits = [min(patience.first_wait * 2**n, patience.longest_wait) for n in range(patience.tries - 1)]
    assert patience.minute < sum(waits) < patience.seconds


def test_an_action_that_takes_too_long_is_left_behind() -> None:
    """Its result and its errors come through; its delay does not."""
    assert within(5, lambda: 1) == 1
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.05, lambda: time.sleep(1))
    assert time.monotonic() - begun < 0.9


# --- quotas and tokens ------------------------------------------------------------------------------------------


def test_many_calls_stay_below_the_quota(
    workbook: GoogleWorkbook, google: GoogleServer, sales: WorkbookTemplate, tmp_path: Path
) -> None:
    """More calls than a window allows are spread over time, so that not one is refused."""
    google.quotas = Quotas(reads_per_user=6, writes_per_user=6, window=0.4)
    patience = Patience(calls=5, minute=0.45)
    book = open_workbook(_connection(google, tmp_path, patience), workbook.id, sales, workbook.layout)
    for number in range(12):
        book.read()
        book.append("log", [[46023 + number, "Ann", "Cold call"]])
    assert {request.status for request in google.requests} == {200}
    assert len(google.requests) == 24


def test_a_turn_that_comes_too_late_is_not_waited_for() -> None:
    """The pace knows how long a call may take."""
    pace = Pace(Patience(calls=2, minute=5))
    begun = time.monotonic()
    assert [pace.wait("read", 0.05) for _ in range(3)] == [True, True, False]
    assert pace.wait("write", 0.05)
    assert time.monotonic() - begun < 1


def test_a_quota_that_others_use_up_is_waited_for(hurried: GoogleWorkbook, google: GoogleServer) -> None:
    """Another program with the same account: refused, tried again, done."""
    google.quotas = Quotas(reads_per_user=1, window=0.1)
    hurried.read()
    hurried.read()
    assert 429 in {request.status for request in google.requests}


def test_an_expired_token_is_renewed(hurried: GoogleWorkbook, google: GoogleServer) -> None:
    """In the middle of a run: nobody notices."""
    hurried.read()
    google.expire_tokens()
    hurried.append("log", [ROW])
    assert google.token_requests == 2
    assert len(google.spreadsheet(hurried.id).values("Log")) == 3


@pytest.mark.parametrize(
    ("fault", "told", "code"),
    [
        (faults.INVALID_GRANT, "(invalid_grant: Token has been expired or revoked.); make a new key for it", 6),
        (
            Fault("skew", Answer(400, {"error": "invalid_grant", "error_description":
                  "Invalid JWT: Token must be a short-lived token and in a reasonable timeframe."}), on="/token"),
            "set this machine's clock, which is wrong", 6,
        ),
        (faults.UNAUTHENTICATED, "does not accept the credentials", 6),
        (faults.PERMISSION_403, "is not shared with", 6),
        (faults.STORAGE_403, "service accounts own no files", 6),
        (faults.STRING_ERROR, "400 text", 1),
        (Fault("teapot", Answer(418, {"error": {"message": "I'm a teapot"}})), "418 I'm a teapot", 1),
        (Fault("scopes", Answer(403, {"error": {"errors": [{"reason": "insufficientPermissions"}]}})),
         "sign in again and allow both", 6),
        (Fault("off", Answer(403, {"error": {"message": "has not been used", "details": [
            {"reason": "SERVICE_DISABLED", "metadata": {"activationUrl": "https://console/on"}}]}})),
         "switch it on: https://console/on", 6),
    ],
    ids=lambda value: getattr(value, "name", ""),
)  # fmt: skip
def test_refusals_in_words(hurried: GoogleWorkbook, google: GoogleServer, fault: Fault, told: str, code: int) -> None:
    """Each refusal has its exit code and one line that says what to do; none of them is asked again and again."""
    google.inject(fault, times=None)
    with pytest.raises(SheetsyncError) as caught:
        hurried.read()
    assert told in str(caught.value)
    assert caught.value.exit_code == code
    assert "\n" not in str(caught.value)
    assert len(google.requests) <= 3  # google-auth renews a refused token twice


def test_a_creation_that_breaks_off_says_what_is_left(
    google: GoogleServer, tmp_path: Path, sales: WorkbookTemplate
) -> None:
    """A spreadsheet that was made but not filled, or filled but not shared, is named with its address."""
    denied = Answer(403, {"error": {"message": "You cannot share.", "errors": [{"reason": "cannotShare"}]}})
    key = read_key(json_file(tmp_path / "ann.json", google.authorized_user(ANN)))
    for fault, on, code, told in (
        (faults.UNAVAILABLE, "batchUpdate", 4, "could not be filled: Google is not available"),
        (Fault("denied", denied), "permissions", 1, "is made, but not shared with bo@example.com"),
    ):
        google.inject(fault, times=None, on=on)
        with pytest.raises(SheetsyncError) as caught:
            create(
                Connection(key, google.endpoint, HURRIED),
                sales,
                2026,
                "Goals",
                {},
                share=[("bo@example.com", "reader")],
            )
        google.clear_faults()
        newest = list(google.workspace.files)[-1]
        assert str(caught.value).startswith(f"https://docs.google.com/spreadsheets/d/{newest}/edit {told}")
        assert caught.value.exit_code == code


def test_nobody_listens(google: GoogleServer, tmp_path: Path, sales: WorkbookTemplate) -> None:
    """A dead endpoint, or a dead place where tokens are made: a few tries, then exit code 4 with the address."""
    with pytest.raises(Unavailable, match=r"http://127.0.0.1:9 cannot be reached"):
        open_workbook(_connection(google, tmp_path, endpoint="http://127.0.0.1:9"), "x" * 44, sales, None).read()
    key = google.service_account(ROBOT) | {"token_uri": "http://127.0.0.1:9/token"}
    connection = Connection(read_key(json_file(tmp_path / "robot.json", key)), google.endpoint, HURRIED)
    with pytest.raises(Unavailable, match="sign-in cannot be reached"):
        open_workbook(connection, "x" * 44, sales, None).read()


def test_a_sign_in_that_is_not_available(google: GoogleServer, tmp_path: Path, sales: WorkbookTemplate) -> None:
    """google-auth tries three times by itself; then it is said that it was the sign-in."""
    google.inject(faults.TOKEN_500, times=None)
    once = _connection(google, tmp_path, Patience(tries=1))
    with pytest.raises(Unavailable, match="Google's sign-in is not available"):
        open_workbook(once, "x" * 44, sales, None).read()
    assert google.requests == [] and google.token_requests == 3


def test_going_round_in_circles_is_unavailable(hurried: GoogleWorkbook, google: GoogleServer) -> None:
    """A portal that sends one back to where one came from is not Google."""
    circle = Answer(302, {}, {"Location": f"{google.endpoint}/v4/spreadsheets/x"})
    google.inject(Fault("circle", circle), times=None)
    with pytest.raises(Unavailable, match="check the network"):
        hurried.read()


def test_an_endpoint_that_is_no_address(google: GoogleServer, tmp_path: Path, sales: WorkbookTemplate) -> None:
    """A mistyped api_endpoint is a mistake in the configuration."""
    with pytest.raises(ConfigError, match=r"google\.api_endpoint: localhost"):
        open_workbook(_connection(google, tmp_path, endpoint="localhost"), "x" * 44, sales, None).read()


def test_the_clock_of_the_last_answer_is_known(
    google: GoogleServer, tmp_path: Path, workbook: GoogleWorkbook
) -> None:
    """For a look at whether this machine's own is right."""
    google.clock_offset = timedelta(hours=1)
    connection = _connection(google, tmp_path)
    before = connection.last_date
    look_at(connection, workbook.id)
    after = connection.last_date
    assert before is None
    assert after is not None
    assert timedelta(minutes=59) < after - datetime.now(UTC) < timedelta(minutes=61)


# --- people in between ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda book: book.sort("Log", 0),
        lambda book: book.rename_tab("Log", "My log"),
        lambda book: book.type("Log", "A3", [[46024, "Ann", "Cold call"]]),
        lambda book: book.insert_rows("Log", 1, 2),
        lambda book: book.delete_rows("Log", 500, 400),
    ],
    ids=["sort", "rename", "type", "insert rows", "delete rows"],
)
def test_a_row_is_added_below_whatever_people_did_meanwhile(
    hurried: GoogleWorkbook, google: GoogleServer, change: Callable[[Any], None]
) -> None:
    """Between our read and our append somebody rearranges the tab: one row more, and none of theirs is touched."""
    hurried.read()
    book = google.spreadsheet(hurried.id)
    google.before(1, lambda: change(book))
    google.inject(faults.RESET_AFTER)
    hurried.append("log", [ROW])
    (title,) = {"Log", "My log"} & set(book.titles())
    rows = [row for row in book.values(title)[1:] if any(cell != "" for cell in row)]
    assert rows[-1] == ["" if cell is None else cell for cell in ROW]
    assert rows.count(rows[-1]) == 1
    assert [46023, "Ann", "Cold call", 3] in [row[:4] for row in rows]


def test_a_tab_deleted_between_read_and_write_is_named(hurried: GoogleWorkbook, google: GoogleServer) -> None:
    """The write is atomic: nothing of it was done."""
    hurried.read()
    google.before(1, lambda: google.spreadsheet(hurried.id).delete_tab("Team"))
    with pytest.raises(GuardTripped, match='the tab "Team" is gone'):
        hurried.write([TabWrite("insights", [["x"]], [(0, 1)]), TabWrite("team", [["x"]], [(0, 1)])])
    assert google.spreadsheet(hurried.id).values("Insights")[0] != ["x"]


def test_rows_deleted_between_read_and_write_come_back(hurried: GoogleWorkbook, google: GoogleServer) -> None:
    """The grid is shorter than it was read: it is measured again, and the same cells are written."""
    hurried.read()
    google.before(1, lambda: google.spreadsheet(hurried.id).delete_rows("Insights", 1, 200))
    grid: list[list[Cell]] = [[f"row {row}"] for row in range(150)]
    hurried.write([TabWrite("insights", grid, [(0, 150)])])
    assert google.spreadsheet(hurried.id).values("Insights") == grid


# --- pure parts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "url", "body", "repeatable"),
    [
        ("get", "https://h/v4/spreadsheets/1", None, True),
        ("post", "https://h/v4/spreadsheets/1/values:batchGetByDataFilter", {"dataFilters": []}, True),
        ("post", "https://h/1:batchUpdate", {"requests": [{"appendDimension": {}}, {"updateCells": {}}]}, True),
        ("post", "https://h/1:batchUpdate", {"requests": [{"updateCells": {}}, {"appendCells": {}}]}, False),
        ("post", "https://h/1:batchUpdate", {"requests": [{"insertDimension": {}}]}, False),
        ("post", "https://h/drive/v3/files", {"name": "x"}, False),
    ],
)
def test_what_may_be_repeated(method: str, url: str, body: Any, repeatable: bool) -> None:
    """A call is repeatable when doing it twice is the same as doing it once."""
    assert is_repeatable(method, url, body) is repeatable
