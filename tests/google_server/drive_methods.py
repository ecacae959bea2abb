"""Drive v3: files and shared drives.

Decided here: service accounts own nothing, so they create in shared drives only and are refused elsewhere with
the newer storage text; files of shared drives are there only for calls that say they support them.
"""

from __future__ import annotations

from copy import deepcopy

from tests.google_server.access import Call
from tests.google_server.drive_files import FILE_DEFAULTS, file_json, projected, shown_file
from tests.google_server.drive_query import file_filter
from tests.google_server.drive_state import FOLDER, WRITERS, DriveFile, SharedDrive
from tests.google_server.errors import drive_error, file_not_found, no_storage_quota
from tests.google_server.wire import Json

MAX_PROPERTY_BYTES = 124
_ORDERS = {"createdTime": "created", "modifiedTime": "modified", "name": "name", "name_natural": "name"}


def create(call: Call) -> Json:
    body = call.body
    parents = _checked_parents(call, body.get("parents"))
    _check_owner(call, parents)
    mime_type = body.get("mimeType", "application/octet-stream")
    file = call.workspace.add_file(body.get("name", "Untitled"), mime_type, call.token.email, parents)
    call.workspace.created_by(file, call.token)
    _describe(call, file)
    return shown_file(call, file)


def get(call: Call) -> Json:
    return shown_file(call, call.file())


def copy(call: Call) -> Json:
    """A copy belongs to who makes it; it keeps tabs, ids and properties and no permissions or comments."""
    source = call.file()
    parents = _checked_parents(call, call.body.get("parents") or (source.parents if source.drive_id else None))
    _check_owner(call, parents)
    name = call.body.get("name") or f"Copy of {source.name}"
    file = call.workspace.add_file(name, source.mime_type, call.token.email, parents)
    file.modified = file.created
    file.properties = deepcopy(source.properties)
    if source.book is not None:
        file.book = source.book.copy()
        file.book.id, file.book.title = file.id, name
    call.workspace.created_by(file, call.token)
    _describe(call, file)
    return shown_file(call, file)


def update(call: Call) -> Json:
    file = call.file(write=True)
    if "name" in call.body:
        file.rename(call.body["name"])
    _describe(call, file)
    removed = call.option("removeParents").split(",")
    added = _checked_parents(call, [parent for parent in call.option("addParents").split(",") if parent]) or []
    if added:
        call.workspace.place(file, call.token.email, added)
    else:
        file.parents = [parent for parent in file.parents if parent not in removed]
    call.workspace.touched(file)
    return shown_file(call, file)


def delete(call: Call) -> None:
    file = call.file()
    if file.role(call.token.email) not in ("owner", "organizer"):
        raise drive_error(
            403, "insufficientFilePermissions", "The user does not have sufficient permissions for this file."
        )
    del call.workspace.files[file.id]


def list_files(call: Call) -> Json:
    """The newest first unless ordered, in pages of `pageSize`; the page token is the index to go on from."""
    selected = file_filter(call, call.option("q"))
    found = [file for file in call.workspace.files.values() if _listed(call, file) and selected(file)]
    found.sort(key=lambda file: file.modified, reverse=True)
    for order in reversed([each for each in call.option("orderBy").split(",") if each]):
        name, _, direction = order.strip().partition(" ")
        if name not in _ORDERS:
            raise drive_error(400, "invalid", "Invalid Value", parameter="orderBy")
        found.sort(key=lambda file: getattr(file, _ORDERS[name]), reverse=direction == "desc")
    size, start = int(call.option("pageSize", "100")), int(call.option("pageToken") or "0")
    page = [file_json(call, file) for file in found[start : start + size]]
    result: Json = {"kind": "drive#fileList", "incompleteSearch": False, "files": page}
    if start + size < len(found):
        result["nextPageToken"] = str(start + size)
    if text := call.option("fields"):
        return projected(result, text, "FileList")
    result["files"] = [{name: item[name] for name in FILE_DEFAULTS} for item in page]
    return result


def get_drive(call: Call) -> Json:
    drive = call.workspace.drives.get(call.parameters["driveId"])
    if drive is None or call.token.email not in drive.members:
        raise drive_error(
            404, "notFound", f"Shared drive not found: {call.parameters['driveId']}", parameter="driveId"
        )
    return _shown_drive(drive)


def list_drives(call: Call) -> Json:
    drives = [drive for drive in call.workspace.drives.values() if call.token.email in drive.members]
    result = {"kind": "drive#driveList", "drives": [_shown_drive(drive) for drive in drives]}
    return projected(result, text, "DriveList") if (text := call.option("fields")) else result


def _shown_drive(drive: SharedDrive) -> Json:
    return {"kind": "drive#drive", "id": drive.id, "name": drive.name}


def _listed(call: Call, file: DriveFile) -> bool:
    if file.drive_id and not (call.flag("includeItemsFromAllDrives") and call.flag("supportsAllDrives")):
        return False
    return call.sees(file) and call.option("driveId") in ("", file.drive_id)


def _checked_parents(call: Call, parents: list[str] | None) -> list[str] | None:
    """The folders a file is to lie in, with `root` resolved; they must be there for the caller to write to."""
    if not parents:
        return None
    if len(parents) > 1:
        raise drive_error(
            400,
            "multipleParentsNotSupported" if not call.option("fileId") else "cannotAddParent",
            "A file cannot be in more than one folder.",
        )
    root = f"root-of-{call.token.email}"
    if parents[0] in ("root", root):
        return [root]
    drive, folder = call.workspace.drives.get(parents[0]), call.workspace.files.get(parents[0])
    if drive is not None and call.flag("supportsAllDrives"):
        role = drive.members.get(call.token.email)
    else:
        seen = folder is not None and call.sees(folder) and (not folder.drive_id or call.flag("supportsAllDrives"))
        role = folder.role(call.token.email) if folder is not None and seen else None
    if role is None:
        raise file_not_found(parents[0])
    if role not in WRITERS or (folder is not None and folder.mime_type != FOLDER):
        raise drive_error(403, "insufficientParentPermissions", "Insufficient permissions for the specified parent.")
    return parents


def _check_owner(call: Call, parents: list[str] | None) -> None:
    """A service account has no storage; what lies in a shared drive needs none of it."""
    place = parents[0] if parents else ""
    folder = call.workspace.files.get(place)
    if call.token.service_account and place not in call.workspace.drives and not (folder and folder.drive_id):
        raise no_storage_quota()


def _describe(call: Call, file: DriveFile) -> None:
    body = call.body
    file.trashed = body.get("trashed", file.trashed)
    file.starred = body.get("starred", file.starred)
    file.description = body.get("description", file.description)
    for name, app in (("properties", ""), ("appProperties", call.token.app)):
        kept = {**file.properties.get(app, {}), **body.get(name, {})}
        for key, value in body.get(name, {}).items():
            if value is not None and len((key + value).encode()) > MAX_PROPERTY_BYTES:
                text = f"The key and value of a property may have {MAX_PROPERTY_BYTES} bytes together."
                raise drive_error(400, "badRequest", text)
        file.properties[app] = {key: value for key, value in kept.items() if value is not None}
