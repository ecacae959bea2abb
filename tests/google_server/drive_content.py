"""Drive: what is inside a file, going out, coming in, and commented on.

Decided here: CSV and TSV are the first tab's formatted values with CRLF between the lines and none at the end;
an imported CSV replaces all tabs by one that is named like the file, in Los Angeles time (both recorded); of the
other export formats only XLSX is there, with values alone.
"""

from __future__ import annotations

import csv
import io

from tests.google_server.access import Call
from tests.google_server.book import Book
from tests.google_server.calculation import calculate
from tests.google_server.cells import EMPTY
from tests.google_server.drive_files import drive_time, projected
from tests.google_server.drive_state import DriveFile
from tests.google_server.entered import typed
from tests.google_server.errors import drive_error
from tests.google_server.rendering import formatted
from tests.google_server.sheet import new_sheet
from tests.google_server.wire import Answer, Json

CSV = "text/csv"
TSV = "text/tab-separated-values"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXPORTS = {
    "application/x-vnd.oasis.opendocument.spreadsheet": "ods",
    TSV: "tsv",
    "application/pdf": "pdf",
    XLSX: "xlsx",
    CSV: "csv",
    "application/zip": "zip",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
}
IMPORT_ZONE = "America/Los_Angeles"
PICTURE = "https://lh3.googleusercontent.com/a/default-user=s64"


def export(call: Call) -> Answer:
    file, kind = call.file(), call.option("mimeType")
    if file.book is None or kind not in EXPORTS:
        raise drive_error(400, "badRequest", "The requested conversion is not supported.", parameter="convertTo")
    if kind in (CSV, TSV):
        content = _separated(file.book, "," if kind == CSV else "\t").encode()
    elif kind == XLSX:
        content = _workbook(file)
    else:
        raise drive_error(501, "notImplemented", f"google_server does not export {kind}.")
    headers = {"Content-Type": kind, "Content-Disposition": "attachment"}
    return Answer(200, None, headers, raw=content)


def import_content(call: Call) -> Json:
    """Drive v2's simple upload over a spreadsheet, as gspread's import_csv does it."""
    file = call.file(write=True)
    if file.book is None or not call.flag("convert"):
        raise drive_error(501, "notImplemented", "google_server converts uploads to spreadsheets only.")
    rows = list(csv.reader(io.StringIO(call.raw.decode("utf-8-sig"))))
    book = file.book.copy()
    width = max((len(row) for row in rows), default=0)
    sheet = new_sheet(call.workspace.new_number(), file.name, max(1000, len(rows)), max(26, width))
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            sheet.put(i, j, typed(EMPTY, text, book.conventions))
    book.sheets, book.named_ranges, book.metadata = [sheet], [], []
    book.time_zone, book.stale = IMPORT_ZONE, True
    book.check_size()
    file.book = book
    call.workspace.touched(file)
    return _second_version(call, file)


def list_comments(call: Call) -> Json:
    file, fields = call.file(), _needed_fields(call)
    size, start = int(call.option("pageSize", "20")), int(call.option("pageToken") or "0")
    page = file.comments[start : start + size]
    result: Json = {"kind": "drive#commentList", "comments": page}
    if start + size < len(file.comments):
        result["nextPageToken"] = str(start + size)
    return projected(result, fields, "CommentList")


def create_comment(call: Call) -> Json:
    file, fields = call.file(), _needed_fields(call)
    now = drive_time(call.workspace.now())
    comment: Json = {
        "id": f"AAAA{call.workspace.new_number()}",
        "kind": "drive#comment",
        "createdTime": now,
        "modifiedTime": now,
        "author": {"kind": "drive#user", "displayName": call.token.email, "me": True},
        "deleted": False,
        "content": call.body.get("content", ""),
        "replies": [],
    }
    comment |= {"anchor": call.body["anchor"]} if "anchor" in call.body else {}
    file.comments.append(comment)
    return projected(comment, fields, "Comment")


def _needed_fields(call: Call) -> str:
    if not call.option("fields"):
        text = "The 'fields' parameter is required for this method."
        raise drive_error(400, "required", text, parameter="fields")
    return call.option("fields")


def _separated(book: Book, separator: str) -> str:
    calculate(book)
    sheet = book.sheets[0]
    used = sheet.used(sheet.whole)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    for row in range(used.bottom):
        cells = [formatted(sheet.cell(row, column), book.conventions) or "" for column in range(used.right)]
        writer.writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def _workbook(file: DriveFile) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    assert file.book is not None
    book.remove(book.worksheets[0])
    for sheet in file.book.sheets:
        tab = book.create_sheet(sheet.title[:31])
        for row, column in sheet.places(sheet.whole):
            cell = sheet.cell(row, column)
            tab.cell(row + 1, column + 1, cell.value if cell.formula is None else cell.formula)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _second_version(call: Call, file: DriveFile) -> Json:
    """The file as Drive v2 shows it after an upload; etags and links that are signed say nothing here."""
    here = f"https://www.googleapis.com/drive/v2/files/{file.id}"
    export_link = f"https://docs.google.com/spreadsheets/export?id={file.id}&exportFormat="
    owner = next((each["emailAddress"] for each in file.permissions if each["role"] == "owner"), "")
    parent = file.parents[0]
    return {
        "kind": "drive#file",
        "userPermission": _own_permission(call, file, here),
        "selfLink": here,
        "ownerNames": [owner],
        "lastModifyingUserName": call.token.email,
        "editable": True,
        "writersCanShare": True,
        "mimeType": file.mime_type,
        "exportLinks": {kind: export_link + name for kind, name in EXPORTS.items()},
        "parents": [
            {
                "selfLink": f"{here}/parents/{parent}",
                "id": parent,
                "isRoot": parent.startswith("root-of-"),
                "kind": "drive#parentReference",
                "parentLink": f"https://www.googleapis.com/drive/v2/files/{parent}",
            }
        ],
        "thumbnailLink": f"https://docs.google.com/feeds/vt?gd=true&id={file.id}&v=1",
        "appDataContents": False,
        "iconLink": f"https://drive-thirdparty.googleusercontent.com/16/type/{file.mime_type}",
        "shared": len(file.permissions) > 1,
        "lastModifyingUser": _user(call, call.token.email),
        "owners": [_user(call, owner)],
        "copyable": True,
        "etag": f'"{int(file.modified.timestamp() * 1000)}"',
        "alternateLink": f"https://docs.google.com/spreadsheets/d/{file.id}/edit?usp=drivesdk",
        "embedLink": f"https://docs.google.com/spreadsheets/d/{file.id}/htmlembed",
        "fileSize": "1024",
        "copyRequiresWriterPermission": False,
        "spaces": ["drive"],
        "id": file.id,
        "title": file.name,
        "labels": {"viewed": True, "restricted": False, "starred": False, "hidden": False, "trashed": file.trashed},
        "explicitlyTrashed": file.trashed,
        "createdDate": drive_time(file.created),
        **dict.fromkeys(("modifiedDate", "modifiedByMeDate", "lastViewedByMeDate"), drive_time(file.modified)),
        "markedViewedByMeDate": "1970-01-01T00:00:00.000Z",
        "quotaBytesUsed": "1024",
        "version": "5",
        "capabilities": {"canEdit": True, "canCopy": True},
    }


def _own_permission(call: Call, file: DriveFile, here: str) -> Json:
    return {
        "id": "me",
        "type": "user",
        "role": file.role(call.token.email),
        "kind": "drive#permission",
        "selfLink": f"{here}/permissions/me",
        "etag": '"me"',
        "pendingOwner": False,
    }


def _user(call: Call, email: str) -> Json:
    return {
        "displayName": email,
        "kind": "drive#user",
        "isAuthenticatedUser": email == call.token.email,
        "permissionId": call.workspace.permission(email, "owner")["id"],
        "emailAddress": email,
        "picture": {"url": PICTURE},
    }
