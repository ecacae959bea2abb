"""Drive on the local Google server: files, folders, shared drives, permissions, what goes in and out."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import gspread
import openpyxl
import pytest

from tests.google_callers import ANN, FILE_SCOPE, ROBOT, make_log, person, refusal, robot
from tests.google_server import GoogleServer

SHEET_KIND = "application/vnd.google-apps.spreadsheet"
FOLDER_KIND = "application/vnd.google-apps.folder"


@pytest.fixture
def log_id(google: GoogleServer) -> str:
    return make_log(google)


def drive(client: gspread.Client, google: GoogleServer, method: str, path: str, **more: Any) -> Any:
    """The JSON of a call below /drive/v3; parameters in `params`, a body in `json`."""
    return client.http_client.request(method, f"{google.endpoint}/drive/v3/{path}", **more).json()


def found(client: gspread.Client, google: GoogleServer, query: str) -> list[str]:
    """The names a query finds, in their order."""
    answer = drive(client, google, "get", "files", params={"q": query, "orderBy": "name", "fields": "files(name)"})
    return [item["name"] for item in answer["files"]]


def test_drive_lists_shares_and_deletes(google: GoogleServer) -> None:
    """A person creates, finds by title, shares with the robot and deletes; Drive's 404 is its own shape."""
    ann = person(google)
    book = ann.create("Team goals")
    book.share(ROBOT, perm_type="user", role="writer", notify=False)
    assert robot(google).open("Team goals").id == book.id
    permissions = book.list_permissions()
    assert {each["emailAddress"]: each["role"] for each in permissions} == {ANN: "owner", ROBOT: "writer"}
    ann.del_spreadsheet(book.id)
    deleted = google.requests[-1]
    assert (deleted.method, deleted.status, deleted.response) == ("DELETE", 204, None)
    error = refusal(lambda: ann.del_spreadsheet(book.id))
    assert error == {
        "code": 404,
        "message": f"File not found: {book.id}.",
        "errors": [
            {
                "message": f"File not found: {book.id}.",
                "domain": "global",
                "reason": "notFound",
                "location": "fileId",
                "locationType": "parameter",
            }
        ],
    }


def test_queries_have_the_whole_grammar(google: GoogleServer) -> None:
    """Comparisons, and/or/not, brackets, escaped quotes, parents, trash; nonsense is "Invalid Value"."""
    ann = person(google)
    folder = drive(ann, google, "post", "files", json={"name": "Ann's folder", "mimeType": FOLDER_KIND})["id"]
    inside = drive(
        ann, google, "post", "files", json={"name": 'Bo\'s "goals"', "mimeType": SHEET_KIND, "parents": [folder]}
    )
    ann.create("Team goals 2026")
    gone = ann.create("Old goals")
    drive(ann, google, "patch", f"files/{gone.id}", json={"trashed": True})
    kind = f"mimeType = '{SHEET_KIND}'"
    expected = {
        f"{kind} and trashed = false": ['Bo\'s "goals"', "Team goals 2026"],
        f"not {kind}": ["Ann's folder"],
        "name = 'Ann\\'s folder' or name='Old goals'": ["Ann's folder", "Old goals"],
        'name = "Bo\'s \\"goals\\""': ['Bo\'s "goals"'],
        f"'{folder}' in parents": ['Bo\'s "goals"'],
        f"'root' in parents and trashed=false and not ({kind})": ["Ann's folder"],
        "name contains 'goal' and trashed != true": ['Bo\'s "goals"', "Team goals 2026"],
        "name contains 'oals'": [],
        "modifiedTime > '2020-01-01T00:00:00' and 'me' in owners and name != 'Old goals' and " + kind: [
            'Bo\'s "goals"',
            "Team goals 2026",
        ],
    }
    assert {query: found(ann, google, query) for query in expected} == expected
    for query in ("name == 'x'", "name = x", "name = 'x' and", "size > 5", "(trashed = false"):
        error = refusal(partial(found, ann, google, query))
        assert (error["code"], error["message"], error["errors"][0]["location"]) == (400, "Invalid Value", "q")
    assert drive(ann, google, "get", f"files/{inside['id']}", params={"fields": "parents"}) == {"parents": [folder]}


def test_app_properties_are_the_apps_own(google: GoogleServer, log_id: str) -> None:
    """They are found by key and value, updated one by one, taken away by null, and hidden from other apps."""
    ann, bot = person(google), robot(google)
    made = ann.create("Marked")
    body = {"appProperties": {"sheetsync": "o'clock", "kind": "goals"}, "properties": {"team": "A"}}
    drive(ann, google, "patch", f"files/{made.id}", json=body)
    query = "appProperties has { key='sheetsync' and value='o\\'clock' }"
    assert found(ann, google, query + " and trashed = false") == ["Marked"]
    assert found(ann, google, "appProperties has {key='sheetsync' and value='other'}") == []
    shown = drive(
        ann,
        google,
        "patch",
        f"files/{made.id}",
        json={"appProperties": {"kind": None}},
        params={"fields": "appProperties,properties"},
    )
    assert shown == {"appProperties": {"sheetsync": "o'clock"}, "properties": {"team": "A"}}
    made.share(ROBOT, perm_type="user", role="writer", notify=False)
    assert found(bot, google, query) == []
    assert found(bot, google, "properties has { key='team' and value='A' }") == ["Marked"]
    long = {"appProperties": {"k": "é" * 62}}
    assert refusal(lambda: drive(ann, google, "patch", f"files/{made.id}", json=long))["code"] == 400


def test_a_copy_is_the_copiers_own(google: GoogleServer, log_id: str) -> None:
    """Tabs and cells come along, permissions do not, comments when gspread copies them; the source stays."""
    ann = person(google)
    comment = {"content": "well done", "anchor": "A1"}
    drive(ann, google, "post", f"files/{log_id}/comments", json=comment, params={"fields": "id"})
    copy = ann.copy(log_id)
    assert copy.title == "Copy of Goals 2026"
    assert [each["emailAddress"] for each in copy.list_permissions()] == [ANN]
    listed = drive(ann, google, "get", f"files/{copy.id}/comments", params={"fields": "comments(content,anchor)"})
    assert listed == {"comments": [comment]}
    copy.sheet1.update([["changed"]], "A1")
    assert google.spreadsheet(log_id).values("Log")[0][0] == "Date"
    assert ann.copy(log_id, title="Next").title == "Next"
    error = refusal(lambda: drive(ann, google, "get", f"files/{log_id}/comments"))
    assert error["message"] == "The 'fields' parameter is required for this method."
    assert refusal(lambda: robot(google).copy(log_id))["errors"][0]["reason"] == "storageQuotaExceeded"


def test_csv_goes_out_and_comes_in(google: GoogleServer, log_id: str) -> None:
    """Export quotes as CSV does and has no last line end; an import leaves one tab named like the file."""
    ann = person(google)
    google.spreadsheet(log_id).type("Log", "B2", [['A "b", c']])
    exported = ann.export(log_id, gspread.utils.ExportFormat.CSV)
    assert exported == b'Date,Who,Count\r\n2026-01-05,"A ""b"", c",3\r\n2026-01-06,Bo,4.5'
    excel = openpyxl.load_workbook(io.BytesIO(ann.export(log_id, gspread.utils.ExportFormat.EXCEL)))
    assert excel["Log"]["C3"].value == 4.5
    assert refusal(lambda: ann.export(log_id, gspread.utils.ExportFormat.PDF))["code"] == 501
    answer: dict[str, Any] = dict(ann.import_csv(log_id, 'a,5\nb,"c\nd"\n') or {})
    assert (answer["title"], answer["mimeType"]) == ("Goals 2026", SHEET_KIND)
    book = ann.open_by_key(log_id)
    assert [tab.title for tab in book.worksheets()] == ["Goals 2026"]
    assert google.spreadsheet(log_id).values("Goals 2026") == [["a", 5], ["b", "c\nd"]]


def test_a_shared_drive_takes_what_a_robot_creates(google: GoogleServer) -> None:
    """Its files have no owner and are there only for calls that support shared drives; folders pass roles on."""
    place = google.workspace.add_drive(
        "Sales", {ROBOT: "fileOrganizer", ANN: "organizer", "bo@example.com": "reader"}
    )
    bot, ann, bo = robot(google), person(google), person(google, "bo@example.com")
    book = bot.create("Robot's own", folder_id=place)
    book.sheet1.update([["x"]], "A1")
    assert bo.open_by_key(book.id).sheet1.acell("A1").value == "x"
    assert refusal(lambda: bo.open_by_key(book.id).sheet1.update([["y"]], "A1"))["code"] == 403
    assert refusal(lambda: bo.create("No", folder_id=place))["errors"][0]["reason"] == "insufficientParentPermissions"
    assert bot.open("Robot's own").id == book.id
    assert found(ann, google, "trashed = false") == []
    error = refusal(lambda: drive(ann, google, "get", f"files/{book.id}"))
    assert error["message"] == f"File not found: {book.id}."
    asked = {"supportsAllDrives": "true", "fields": "driveId,owners,ownedByMe"}
    assert drive(ann, google, "get", f"files/{book.id}", params=asked) == {"driveId": place, "ownedByMe": False}
    assert drive(ann, google, "get", "drives")["drives"] == [{"kind": "drive#drive", "id": place, "name": "Sales"}]
    assert (
        "not found"
        in refusal(lambda: drive(person(google, "eve@x.com"), google, "get", f"drives/{place}"))["message"]
    )


def test_a_shared_folder_gives_its_files_no_home(google: GoogleServer) -> None:
    """What a person puts into it is reached by all who reach it; a robot still has no storage there."""
    ann = person(google)
    folder = drive(ann, google, "post", "files", json={"name": "Team", "mimeType": FOLDER_KIND})["id"]
    drive(
        ann,
        google,
        "post",
        f"files/{folder}/permissions",
        json={"role": "writer", "type": "user", "emailAddress": ROBOT},
    )
    book = ann.create("Inside", folder_id=folder)
    assert robot(google).open_by_key(book.id).title == "Inside"
    error = refusal(lambda: robot(google).create("Mine", folder_id=folder))
    assert error["errors"][0]["reason"] == "storageQuotaExceeded"
    assert refusal(lambda: ann.create("Lost", folder_id="nowhere"))["message"] == "File not found: nowhere."


def test_ownership_moves_by_consent_or_within_a_domain(google: GoogleServer) -> None:
    """The transfer parameter is needed; across domains the new owner is proposed and must accept."""
    ann, eve = person(google), person(google, "eve@other.org")
    book = ann.create("Handed over")
    for email in ("bo@example.com", "eve@other.org"):
        book.share(email, perm_type="user", role="writer", notify=False)
    ids = {str(each["emailAddress"]): str(each["id"]) for each in book.list_permissions()}
    place = f"files/{book.id}/permissions/"
    owner = {"role": "owner"}
    missing = refusal(lambda: drive(ann, google, "patch", place + ids["bo@example.com"], json=owner))
    assert missing["errors"][0]["location"] == "transferOwnership"
    yes = {"transferOwnership": "true"}
    refused = refusal(lambda: drive(ann, google, "patch", place + ids["eve@other.org"], json=owner, params=yes))
    assert refused["errors"][0]["reason"] == "consentRequiredForOwnershipTransfer"
    book.transfer_ownership(ids["eve@other.org"])
    eve.open_by_key(book.id).accept_ownership(ids["eve@other.org"])
    roles = {each["emailAddress"]: each["role"] for each in eve.open_by_key(book.id).list_permissions()}
    assert roles == {ANN: "writer", "bo@example.com": "writer", "eve@other.org": "owner"}
    one = drive(eve, google, "get", place + ids["bo@example.com"])
    assert one == {"kind": "drive#permission", "id": ids["bo@example.com"], "type": "user", "role": "writer"}


def test_drive_file_sees_what_the_app_made(google: GoogleServer, log_id: str) -> None:
    """A list with drive.file alone has only the app's own files."""
    own_app = person(google, scopes=(FILE_SCOPE,))
    own_app.create("Made by the app")
    assert [item["name"] for item in own_app.list_spreadsheet_files()] == ["Made by the app"]
