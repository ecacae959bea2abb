"""Faults, quotas and people on demand: what a plain client on a real socket sees of the local Google server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from requests.exceptions import ChunkedEncodingError, JSONDecodeError, ReadTimeout
from requests.exceptions import ConnectionError as Disconnected

from tests.google_server import GoogleServer, faults
from tests.google_server.faults import Fault
from tests.google_server.quotas import Quotas

ANN = "ann@example.com"
BO = "bo@example.com"
ROWS: list[list[Any]] = [["Who", "Count"], ["Cy", 3], ["Ann", 1], ["Bo", 2]]


class Caller:
    """A person's program without any library between it and HTTP but requests, on one kept-alive connection."""

    def __init__(self, google: GoogleServer, email: str, file_id: str) -> None:
        self.google = google
        self.info = google.authorized_user(email)
        self.place = f"/v4/spreadsheets/{file_id}"
        self.session = requests.Session()
        self.sign_in()

    def sign_in(self) -> requests.Response:
        form = {name: self.info[name] for name in ("client_id", "client_secret", "refresh_token")}
        form["grant_type"] = "refresh_token"
        answer = requests.post(self.google.token_uri, data=form, timeout=5)
        if answer.ok:
            self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer

    def send(self, method: str, path: str, json: Any = None, timeout: float = 5) -> requests.Response:
        return self.session.request(method, self.google.endpoint + path, json=json, timeout=timeout)

    def read(self, timeout: float = 5) -> requests.Response:
        return self.send("GET", f"{self.place}/values/Log!A1:B9?valueRenderOption=UNFORMATTED_VALUE", timeout=timeout)

    def append(self, *row: Any, timeout: float = 5) -> requests.Response:
        path = f"{self.place}/values/Log!A1:append?valueInputOption=RAW"
        return self.send("POST", path, {"values": [row]}, timeout)


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    with GoogleServer() as server:
        yield server


@pytest.fixture
def file_id(google: GoogleServer) -> str:
    """Ann's spreadsheet with a tab Log of three rows, which Bo may edit."""
    made = google.create_spreadsheet("Goals", owner=ANN, share={BO: "writer"})
    google.spreadsheet(made).rename_tab("Sheet1", "Log")
    google.spreadsheet(made).type("Log", "A1", ROWS)
    return made


@pytest.fixture
def ann(google: GoogleServer, file_id: str) -> Caller:
    return Caller(google, ANN, file_id)


def log(google: GoogleServer, file_id: str) -> list[list[Any]]:
    return google.spreadsheet(file_id).values("Log")


REFUSALS = [
    (faults.UNAVAILABLE, 503, "UNAVAILABLE"),
    (faults.INTERNAL, 500, "INTERNAL"),
    (faults.BAD_GATEWAY, 502, "Error 502"),
    (faults.UNAVAILABLE_HTML, 503, "Error 503"),
    (faults.QUOTA, 429, "RATE_LIMIT_EXCEEDED"),
    (faults.QUOTA_HTML, 429, "Sorry..."),
    (faults.quota_after(7), 429, "RESOURCE_EXHAUSTED"),
    (faults.RATE_LIMIT_403, 403, "userRateLimitExceeded"),
    (faults.PERMISSION_403, 403, "The caller does not have permission"),
    (faults.STORAGE_403, 403, "storageQuotaExceeded"),
    (faults.UNAUTHENTICATED, 401, "UNAUTHENTICATED"),
    (faults.NOT_JSON, 200, "Sign in"),
    (faults.STRING_ERROR, 400, '"error": "text"'),
]


@pytest.mark.parametrize(("fault", "status", "text"), REFUSALS, ids=repr)
def test_an_answer_in_place_of_googles(
    google: GoogleServer, file_id: str, ann: Caller, fault: Fault, status: int, text: str
) -> None:
    """Status, body and content type arrive, nothing is written, it is on record, and the connection lives on."""
    google.inject(fault)
    answer = ann.append("Di", 4)
    assert answer.status_code == status
    assert text in answer.text
    html = answer.headers["Content-Type"].startswith("text/html")
    assert html == answer.text.startswith("<!DOCTYPE html>")
    assert answer.headers.get("Retry-After") == ("7" if "quota_after" in repr(fault) else None)
    assert log(google, file_id) == ROWS
    recorded = google.requests[-1]
    assert (recorded.status, recorded.body) == (status, {"values": [["Di", 4]]})
    assert recorded.response == (answer.text if html else answer.json())
    assert recorded.size == len(b'{"values": [["Di", 4]]}')
    assert ann.append("Di", 4).status_code == 200
    assert log(google, file_id) == [*ROWS, ["Di", 4]]


def test_the_quota_body_is_googles(google: GoogleServer, ann: Caller) -> None:
    """A 429 names metric, limit, unit and project, with a Help link and without a Retry-After."""
    google.inject(faults.QUOTA)
    error = ann.read().json()["error"]
    assert error["message"] == (
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service "
        "'sheets.googleapis.com' for consumer 'project_number:603366585132'."
    )
    info, links = error["details"]
    assert info["metadata"]["quota_unit"] == "1/min/{project}/{user}"
    assert links["@type"] == "type.googleapis.com/google.rpc.Help"


def test_a_page_for_an_answer_is_no_json(google: GoogleServer, ann: Caller) -> None:
    """The login page of a network is a 200 that does not parse."""
    google.inject(faults.NOT_JSON)
    with pytest.raises(JSONDecodeError):
        ann.read().json()


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [(faults.INVALID_GRANT, 400, "invalid_grant"), (faults.TOKEN_500, 500, "internal_failure")],
    ids=repr,
)
def test_the_token_endpoint_refuses(google: GoogleServer, ann: Caller, fault: Fault, status: int, error: str) -> None:
    """Token faults strike token requests only; these are counted and not on record."""
    google.inject(fault)
    assert ann.read().status_code == 200
    answer = ann.sign_in()
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ann.sign_in().status_code == 200
    assert (google.token_requests, len(google.requests)) == (3, 1)
    google.clear_requests()
    assert (google.token_requests, google.requests) == (0, [])


def test_any_fault_may_strike_token_requests(google: GoogleServer, ann: Caller) -> None:
    """With on="/token" a page or a reset comes from the token endpoint; without it never."""
    google.inject(faults.RESET_BEFORE, times=None, on="/token")
    google.inject(faults.UNAVAILABLE)
    with pytest.raises(Disconnected):
        ann.sign_in()
    assert ann.read().status_code == 503
    assert ann.read().status_code == 200


def test_faults_strike_where_and_when_they_are_told(google: GoogleServer, ann: Caller) -> None:
    """`at` counts matching requests from now on, `times` repeats, `on` picks, the first of two wins."""
    ann.read()
    google.inject(faults.UNAVAILABLE, at=2, times=2)
    google.inject(faults.INTERNAL, at=3, times=2)
    assert [ann.read().status_code for _ in range(5)] == [200, 503, 503, 500, 200]
    google.inject(faults.PERMISSION_403, at=2, on=":append")
    google.inject(faults.BAD_GATEWAY, times=None, on="GET /v4/")
    calls: list[Callable[[], requests.Response]] = [ann.read, ann.append, ann.read, ann.append, ann.append]
    assert [call().status_code for call in calls] == [502, 200, 502, 403, 200]
    google.clear_faults()
    assert ann.read().status_code == 200


def raw_answer(ann: Caller) -> bytes:
    """All bytes of the answer to a read, off a socket of our own."""
    head = f"GET {ann.place}/values/Log HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: "
    host, port = ann.google.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(f"{head}{ann.session.headers['Authorization']!s}\r\n\r\n".encode())
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


@pytest.mark.parametrize(("fault", "applied"), [(faults.RESET_BEFORE, False), (faults.RESET_AFTER, True)], ids=repr)
def test_a_reset_is_a_real_one(google: GoogleServer, file_id: str, ann: Caller, fault: Fault, applied: bool) -> None:
    """The peer gets an RST, not an end of data; the request was applied or not; its status is 0."""
    google.inject(fault, times=2)
    with pytest.raises(ConnectionResetError):
        raw_answer(ann)
    with pytest.raises(Disconnected, match="reset by peer"):
        ann.append("Di", 4)
    assert log(google, file_id) == [*ROWS, *([["Di", 4]] if applied else [])]
    assert [(each.status, each.response) for each in google.requests] == [(0, None), (0, None)]
    assert ann.read().status_code == 200


def test_an_answer_is_lost_behind_a_503(google: GoogleServer, file_id: str, ann: Caller) -> None:
    """The row is there although the answer says that the service was not."""
    google.inject(faults.LOST_ANSWER_503)
    assert ann.append("Di", 4).status_code == 503
    assert log(google, file_id) == [*ROWS, ["Di", 4]]
    assert google.requests[-1].status == 503


def test_half_a_body(google: GoogleServer, file_id: str, ann: Caller) -> None:
    """Content-Length tells the whole, half arrives, then the connection ends; the request was applied."""
    google.inject(faults.HALF_BODY, times=2)
    head, _, body = raw_answer(ann).partition(b"\r\n\r\n")
    (length,) = (int(line.split()[1]) for line in head.splitlines() if line.startswith(b"Content-Length"))
    assert len(body) == length // 2
    with pytest.raises((ChunkedEncodingError, Disconnected)):
        ann.append("Di", 4)
    assert log(google, file_id) == [*ROWS, ["Di", 4]]


def test_a_dripping_body_outlives_a_read_timeout(google: GoogleServer, ann: Caller) -> None:
    """Headers come at once, each byte within the client's timeout, the whole far beyond it, and it is complete."""
    google.inject(faults.drip(0.002))
    begin = time.perf_counter()
    answer = ann.read(timeout=0.2)
    took = time.perf_counter() - begin
    assert answer.json()["values"] == ROWS
    assert took > 0.002 * len(answer.content) > answer.elapsed.total_seconds()
    assert ann.read().status_code == 200


def test_dripping_headers(google: GoogleServer, ann: Caller) -> None:
    """With headers=True the status line is slow too."""
    google.inject(faults.drip(0.001, headers=True))
    begin = time.perf_counter()
    received = raw_answer(ann)
    assert time.perf_counter() - begin > 0.001 * len(received)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("applied", [True, False])
def test_a_hang_outlasts_the_client(google: GoogleServer, file_id: str, ann: Caller, applied: bool) -> None:
    """A client with a timeout gives up; others are served meanwhile; leaving does not wait for the hang."""
    google.inject(faults.hang(30, applied=applied))
    with pytest.raises(ReadTimeout):
        ann.append("Di", 4, timeout=0.1)
    assert ann.read().status_code == 200
    assert log(google, file_id) == [*ROWS, *([["Di", 4]] if applied else [])]
    assert google.requests[0].status == (200 if applied else 0)


def test_a_patient_client_outlasts_a_hang(google: GoogleServer, file_id: str, ann: Caller) -> None:
    """After the silence comes the answer, or the end of the connection if nothing was applied."""
    google.inject(faults.hang(0.1, applied=True))
    google.inject(faults.hang(0.1, applied=False), at=2)
    answer = ann.append("Di", 4)
    assert (answer.status_code, answer.elapsed >= timedelta(seconds=0.1)) == (200, True)
    with pytest.raises(Disconnected, match="Remote end closed"):
        ann.append("Ed", 5)
    assert log(google, file_id) == [*ROWS, ["Di", 4]]


@pytest.mark.parametrize("fault", [faults.hang(60, applied=True), faults.drip(60)], ids=repr)
def test_leaving_ends_every_wait(fault: Fault) -> None:
    """The server stops at once under a client that waits, and no thread of it is left."""
    failed: list[Exception] = []

    def wait(caller: Caller) -> None:
        try:
            caller.read()
        except requests.RequestException as error:
            failed.append(error)

    before = set(threading.enumerate())
    with GoogleServer() as google:
        caller = Caller(google, ANN, google.create_spreadsheet("Goals", owner=ANN))
        google.inject(fault)
        client = threading.Thread(target=wait, args=(caller,))
        client.start()
        while not google.requests:
            time.sleep(0.005)
        begin = time.perf_counter()
    client.join(timeout=2)
    assert time.perf_counter() - begin < 1
    assert len(failed) == 1
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=2)
    assert set(threading.enumerate()) <= before


def test_people_act_between_a_read_and_a_write(google: GoogleServer, file_id: str, ann: Caller) -> None:
    """Sorted after the read and before the write: what was read no longer says where the rows are."""
    book = google.spreadsheet(file_id)
    google.after(1, lambda: book.sort("Log", 0))
    google.before(2, lambda: book.type("Log", "A5", [["Ed", 5]]))
    assert ann.read().json()["values"] == ROWS
    assert log(google, file_id) == [ROWS[0], ["Ann", 1], ["Bo", 2], ["Cy", 3]]
    assert ann.append("Di", 4).json()["updates"]["updatedRange"] == "Log!A6:B6"
    assert [row[0] for row in log(google, file_id)] == ["Who", "Ann", "Bo", "Cy", "Ed", "Di"]
    assert len(google.requests) == 2


def test_people_act_on_a_lost_request_too(google: GoogleServer, file_id: str, ann: Caller) -> None:
    """Requests are counted from the call on, whether or not a fault swallows them; each person acts once."""
    acted: list[str] = []
    ann.read()
    google.before(1, lambda: acted.append("before"))
    google.after(2, lambda: acted.append("after"))
    google.inject(faults.UNAVAILABLE, times=2)
    seen = [(ann.read().status_code, list(acted)) for _ in range(3)]
    assert seen == [(503, ["before"]), (503, ["before", "after"]), (200, ["before", "after"])]


def test_a_person_who_stumbles_fails_the_test() -> None:
    """An action that raises does not spoil the answer, but leaving the server raises it."""

    def visit() -> None:
        with GoogleServer() as google:
            file_id = google.create_spreadsheet("Goals", owner=ANN)
            google.before(1, lambda: google.spreadsheet(file_id).sort("Nowhere", 0))
            assert Caller(google, ANN, file_id).send("GET", f"/v4/spreadsheets/{file_id}").status_code == 200

    with pytest.raises(KeyError, match="Nowhere"):
        visit()


def test_tokens_expire_and_are_refreshed(google: GoogleServer, ann: Caller) -> None:
    """What was given out is a 401 from then on; a refresh token buys one that works."""
    google.expire_tokens()
    assert ann.read().json()["error"]["status"] == "UNAUTHENTICATED"
    ann.sign_in()
    assert ann.read().status_code == 200


def test_the_clock_of_the_date_header(google: GoogleServer, ann: Caller) -> None:
    """Date is true, or ahead by the offset."""
    for offset in (timedelta(), timedelta(hours=-7), timedelta(days=2)):
        google.clock_offset = offset
        ahead = parsedate_to_datetime(ann.read().headers["Date"]) - datetime.now(UTC)
        assert abs(ahead - offset) < timedelta(seconds=5)


def test_a_quota_of_reads_refills(google: GoogleServer, ann: Caller) -> None:
    """So many reads in a window, whichever method; then a 429 that names them; writes go on; then reads again."""
    google.quotas = Quotas(reads_per_user=3, window=0.3)
    begin = time.monotonic()
    ann.read()
    body = {"dataFilters": [{"a1Range": "Log!A1"}]}
    statuses = [ann.send("POST", ann.place + verb, body).status_code for verb in (":getByDataFilter",) * 2]
    assert statuses == [200, 200]
    error = ann.send("POST", f"{ann.place}/values:batchGetByDataFilter", body).json()["error"]
    metadata = error["details"][0]["metadata"]
    assert (metadata["quota_limit"], metadata["quota_limit_value"]) == ("ReadRequestsPerMinutePerUser", "3")
    assert ann.append("Di", 4).status_code == 200
    time.sleep(max(0.0, begin + 0.2 - time.monotonic()))
    while (answer := ann.read()).status_code == 429:
        time.sleep(0.02)
    assert answer.status_code == 200
    assert time.monotonic() - begin >= 0.3


def test_quotas_are_counted_in_a_sliding_window(google: GoogleServer, ann: Caller) -> None:
    """Never more than the limit in any window, also across a full minute; what is refused costs nothing."""
    now = [50.0]
    google.quotas = Quotas(writes_per_user=2, clock=lambda: now[0])

    def at(second: float) -> int:
        now[0] = second
        return ann.append("Di", second).status_code

    assert [at(second) for second in (50, 59, 61, 109, 110, 111, 118, 119)] == [
        200,
        200,
        429,
        429,
        200,
        429,
        429,
        200,
    ]


def test_users_share_the_quota_of_their_project(google: GoogleServer, file_id: str, ann: Caller) -> None:
    """Everyone has a quota of their own, until the project's has run out."""
    bo = Caller(google, BO, file_id)
    google.quotas = Quotas(writes_per_user=2, writes_per_project=3)
    assert [caller.append("x").status_code for caller in (ann, ann, bo)] == [200, 200, 200]
    messages = [caller.append("x").json()["error"]["message"] for caller in (ann, bo)]
    assert "limit 'Write requests per minute per user' of" in messages[0]
    assert "limit 'Write requests per minute' of" in messages[1]
    assert "project_number:764086051850" in messages[1]


def test_drive_has_a_quota_of_its_own(google: GoogleServer, ann: Caller) -> None:
    """Drive's calls take nothing from Sheets', and too many are a 403 of the domain usageLimits."""
    google.quotas = Quotas(reads_per_user=1, drive_per_user=2)
    answers = [ann.send("GET", "/drive/v3/files") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    (error,) = answers[-1].json()["error"]["errors"]
    assert (error["domain"], error["reason"]) == ("usageLimits", "userRateLimitExceeded")
    assert [ann.read().status_code for _ in range(2)] == [200, 429]


def test_what_a_fault_swallows_costs_no_quota(google: GoogleServer, ann: Caller) -> None:
    """Refusals before Google counts are free; a request with a lost answer has been counted."""
    google.quotas = Quotas(writes_per_user=2)
    google.inject(faults.UNAVAILABLE, times=5)
    google.inject(faults.LOST_ANSWER_503, at=6)
    assert [ann.append("x").status_code for _ in range(8)] == [503] * 6 + [200, 429]
