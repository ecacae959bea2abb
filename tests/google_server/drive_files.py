"""A Drive file as the File resource, and masks on Drive's answers.

Decided here: answers show Drive's few default fields unless a mask asks for more; `*` is everything; app
properties are shown to the app that wrote them; a file of a shared drive has no owners.
"""

from __future__ import annotations

from datetime import datetime

from tests.google_server.access import Call
from tests.google_server.drive_state import WRITERS, DriveFile
from tests.google_server.fields import EVERYTHING, answer_mask, project
from tests.google_server.wire import Json

FILE_DEFAULTS = ("kind", "id", "name", "mimeType")
PERMISSION_DEFAULTS = ("kind", "id", "type", "role")


def file_json(call: Call, file: DriveFile) -> Json:
    """The parts of a File this server knows, in the order Drive shows them."""
    role = file.role(call.token.email)
    writes = role in WRITERS
    result: Json = {
        "kind": "drive#file",
        "id": file.id,
        "name": file.name,
        "mimeType": file.mime_type,
        "description": file.description,
        "starred": file.starred,
        "trashed": file.trashed,
        "parents": file.parents,
        "properties": file.properties.get("", {}),
        "appProperties": file.properties.get(call.token.app, {}),
        "driveId": file.drive_id,
        "webViewLink": f"https://docs.google.com/spreadsheets/d/{file.id}/edit?usp=drivesdk",
        "createdTime": drive_time(file.created),
        "modifiedTime": drive_time(file.modified),
        "owners": [_user(call, each) for each in file.permissions if each["role"] == "owner"],
        "ownedByMe": role == "owner",
        "shared": len(file.permissions) > 1,
        "capabilities": {"canEdit": writes, "canCopy": True, "canShare": writes, "canDelete": role == "owner"},
        "permissions": [permission_json(each) for each in file.permissions],
    }
    kept = ("kind", "id", "name", "mimeType", "parents")
    return {name: item for name, item in result.items() if name in kept or item not in ("", {}, [])}


def shown_file(call: Call, file: DriveFile) -> Json:
    whole = file_json(call, file)
    if text := call.option("fields"):
        return projected(whole, text, "File")
    return {name: whole[name] for name in FILE_DEFAULTS}


def permission_json(permission: Json) -> Json:
    result = {"kind": "drive#permission", **permission}
    if "emailAddress" in permission:
        result = {"displayName": permission["emailAddress"], "deleted": False, "pendingOwner": False} | result
    return result


def shown_permission(call: Call, permission: Json) -> Json:
    whole = permission_json(permission)
    if text := call.option("fields"):
        return projected(whole, text, "Permission")
    return {name: whole[name] for name in PERMISSION_DEFAULTS}


def projected(node: Json, text: str, schema: str) -> Json:
    """What a `fields` of a Drive call leaves of an answer."""
    mask = answer_mask("drive", text.replace(" ", ""), schema)
    kept: Json = project(node, mask) if mask != EVERYTHING else node
    return kept


def drive_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _user(call: Call, permission: Json) -> Json:
    email = permission["emailAddress"]
    return {
        "kind": "drive#user",
        "displayName": email,
        "me": email == call.token.email,
        "permissionId": permission["id"],
        "emailAddress": email,
    }
