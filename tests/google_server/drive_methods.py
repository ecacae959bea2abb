"""Drive v3: files and permissions.

Decided here: service accounts own nothing, so their create is refused with the newer storage text; answers
show the default fields unless a mask asks for more; only writers and owners may share.
"""

from __future__ import annotations

import re
from datetime import datetime

from tests.google_server.access import Call
from tests.google_server.drive_state import DriveFile
from tests.google_server.errors import drive_error, no_storage_quota
from tests.google_server.fields import EVERYTHING, answer_mask, project
from tests.google_server.wire import Json

FILE_DEFAULTS = ("kind", "id", "name", "mimeType")
PERMISSION_DEFAULTS = ("kind", "id", "type", "role")
ROLES = ("owner", "organizer", "fileOrganizer", "writer", "commenter", "reader")
_CLAUSE = re.compile(r"""(name|mimeType)\s*(=|!=|contains)\s*(["'])((?:\\.|(?!\3).)*)\3""")
_PARENT = re.compile(r"""(["'])(.*?)\1 in parents""")
_TRASHED = re.compile(r"trashed\s*=\s*(true|false)")


def create(call: Call) -> Json:
    if call.token.service_account:
        raise no_storage_quota()
    body = call.body
    mime_type = body.get("mimeType", "application/octet-stream")
    file = call.workspace.add_file(body.get("name", "Untitled"), mime_type, call.token.email, body.get("parents"))
    call.workspace.created_by(file, call.token)
    return _shown(call, file)


def get(call: Call) -> Json:
    return _shown(call, call.file())


def update(call: Call) -> Json:
    file = call.file(write=True)
    if "name" in call.body:
        file.rename(call.body["name"])
    file.trashed = call.body.get("trashed", file.trashed)
    added, removed = call.option("addParents"), call.option("removeParents").split(",")
    file.parents = [parent for parent in file.parents if parent not in removed]
    file.parents += [parent for parent in added.split(",") if parent]
    call.workspace.touched(file)
    return _shown(call, file)


def delete(call: Call) -> None:
    file = call.file()
    if file.role(call.token.email) != "owner":
        raise drive_error(
            403, "insufficientFilePermissions", "The user does not have sufficient permissions for this file."
        )
    del call.workspace.files[file.id]


def list_files(call: Call) -> Json:
    """The newest first, in pages of `pageSize`; the page token is the index to go on from."""
    query = call.option("q")
    found = [file for file in call.workspace.files.values() if call.sees(file) and _selected(file, query)]
    found.sort(key=lambda file: file.modified, reverse=True)
    size, start = int(call.option("pageSize", "100")), int(call.option("pageToken", "0"))
    page = [file_json(file) for file in found[start : start + size]]
    result: Json = {"kind": "drive#fileList", "incompleteSearch": False, "files": page}
    if start + size < len(found):
        result["nextPageToken"] = str(start + size)
    if text := call.option("fields"):
        return _projected(result, text, "FileList")
    result["files"] = [{name: item[name] for name in FILE_DEFAULTS} for item in page]
    return result


def create_permission(call: Call) -> Json:
    file = call.file(write=True)
    role, kind = call.body.get("role"), call.body.get("type")
    if role not in ROLES or kind not in ("user", "group", "domain", "anyone"):
        raise drive_error(400, "required", "The permission type and role fields are required.")
    email = call.body.get("emailAddress", "")
    if kind in ("user", "group") and "@" not in email:
        raise drive_error(400, "required", "The emailAddress field is required for this permission type.")
    permission = call.workspace.permission(email, role, kind)
    if kind == "anyone":
        permission = {"id": "anyoneWithLink", "type": "anyone", "role": role}
    file.permissions = [each for each in file.permissions if each["id"] != permission["id"]] + [permission]
    return _shown_permission(call, permission)


def list_permissions(call: Call) -> Json:
    file = call.file(write=True)
    shown = [_permission_json(permission) for permission in file.permissions]
    result: Json = {"kind": "drive#permissionList", "permissions": shown}
    if text := call.option("fields"):
        return _projected(result, text, "PermissionList")
    result["permissions"] = [{name: item[name] for name in PERMISSION_DEFAULTS} for item in shown]
    return result


def delete_permission(call: Call) -> None:
    file = call.file()
    wanted = call.parameters["permissionId"]
    permission = next((each for each in file.permissions if each["id"] == wanted), None)
    if permission is None:
        raise drive_error(404, "notFound", f"Permission not found: {wanted}.", parameter="permissionId")
    own = permission.get("emailAddress") == call.token.email
    if permission["role"] == "owner" or not own:
        file = call.file(write=True)
    if permission["role"] == "owner":
        raise drive_error(403, "insufficientFilePermissions", "The owner of a file cannot be removed.")
    file.permissions = [each for each in file.permissions if each is not permission]


def file_json(file: DriveFile) -> Json:
    """The parts of a File this server knows, in the order Drive shows them."""
    owners = [each for each in file.permissions if each["role"] == "owner"]
    return {
        "kind": "drive#file",
        "parents": file.parents,
        "owners": [
            {"kind": "drive#user", "displayName": each["emailAddress"], "emailAddress": each["emailAddress"]}
            for each in owners
        ],
        "id": file.id,
        "name": file.name,
        "mimeType": file.mime_type,
        "trashed": file.trashed,
        "createdTime": _time(file.created),
        "modifiedTime": _time(file.modified),
        "webViewLink": f"https://docs.google.com/spreadsheets/d/{file.id}/edit?usp=drivesdk",
        "permissions": [_permission_json(permission) for permission in file.permissions],
    }


def _shown(call: Call, file: DriveFile) -> Json:
    whole = file_json(file)
    if text := call.option("fields"):
        return _projected(whole, text, "File")
    return {name: whole[name] for name in FILE_DEFAULTS}


def _shown_permission(call: Call, permission: Json) -> Json:
    whole = _permission_json(permission)
    if text := call.option("fields"):
        return _projected(whole, text, "Permission")
    return {name: whole[name] for name in PERMISSION_DEFAULTS}


def _permission_json(permission: Json) -> Json:
    result = {"kind": "drive#permission", **permission}
    if "emailAddress" in permission:
        result |= {"displayName": permission["emailAddress"], "deleted": False, "pendingOwner": False}
    return result


def _projected(node: Json, text: str, schema: str) -> Json:
    mask = answer_mask("drive", text.replace(" ", ""), schema)
    projected: Json = project(node, mask) if mask != EVERYTHING else node
    return projected


def _selected(file: DriveFile, query: str) -> bool:
    """The clauses of `q` that tools here use, all joined by `and`."""
    for name, sign, _, quoted in _CLAUSE.findall(query):
        wanted, own = re.sub(r"\\(.)", r"\1", quoted), file.name if name == "name" else file.mime_type
        equal = wanted.casefold() in own.casefold() if sign == "contains" else wanted == own
        if equal == (sign == "!="):
            return False
    for _, parent in _PARENT.findall(query):
        if parent not in file.parents and not (parent == "root" and file.parents[0].startswith("root-of-")):
            return False
    trashed = _TRASHED.search(query)
    return trashed is None or (trashed[1] == "true") == file.trashed


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
