"""Drive v3: permissions.

Decided here: only writers and owners share; an owner may be changed at once within one domain, elsewhere the new
owner must be proposed (`pendingOwner`) and accept.
"""

from __future__ import annotations

from tests.google_server.access import Call
from tests.google_server.drive_files import (
    PERMISSION_DEFAULTS,
    permission_json,
    projected,
    shown_permission,
)
from tests.google_server.drive_state import DriveFile
from tests.google_server.errors import ApiError, drive_error
from tests.google_server.wire import Json

ROLES = ("owner", "organizer", "fileOrganizer", "writer", "commenter", "reader")


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
    if kind == "domain":
        permission = {"id": f"{call.body.get('domain', '')}k", "type": kind, "domain": call.body.get("domain", "")}
        permission["role"] = role
    if role == "owner":
        _check_transfer(call, file, permission)
    return shown_permission(call, _stored(file, permission))


def list_permissions(call: Call) -> Json:
    file = call.file(write=True)
    shown = [permission_json(permission) for permission in file.permissions]
    result: Json = {"kind": "drive#permissionList", "permissions": shown}
    if text := call.option("fields"):
        return projected(result, text, "PermissionList")
    result["permissions"] = [{name: item[name] for name in PERMISSION_DEFAULTS} for item in shown]
    return result


def get_permission(call: Call) -> Json:
    return shown_permission(call, _wanted(call, call.file(write=True)))


def update_permission(call: Call) -> Json:
    file = call.file(write=True)
    old = _wanted(call, file)
    new: Json = {**old, **{name: call.body[name] for name in ("role", "pendingOwner") if name in call.body}}
    if new["role"] not in ROLES:
        raise drive_error(400, "invalid", "The specified role is invalid.", parameter="permission.role")
    if old["role"] == "owner" and new["role"] != "owner":
        raise _owner_stays()
    if new["role"] == "owner" and old["role"] != "owner":
        accepts = old.get("pendingOwner") and old.get("emailAddress") == call.token.email
        if not accepts:
            _check_transfer(call, file, new)
        new.pop("pendingOwner", None)
    return shown_permission(call, _stored(file, new))


def delete_permission(call: Call) -> None:
    file = call.file()
    permission = _wanted(call, file)
    own = permission.get("emailAddress") == call.token.email
    if permission["role"] == "owner" or not own:
        file = call.file(write=True)
    if permission["role"] == "owner":
        raise _owner_stays()
    file.permissions = [each for each in file.permissions if each is not permission]


def _stored(file: DriveFile, permission: Json) -> Json:
    """The permission in the place of an older one of the same id; a new owner makes the old one a writer."""
    if permission["role"] == "owner":
        file.permissions = [
            {**each, "role": "writer"} if each["role"] == "owner" else each for each in file.permissions
        ]
    ids = [each["id"] for each in file.permissions]
    if permission["id"] in ids:
        file.permissions[ids.index(permission["id"])] = permission
    else:
        file.permissions.append(permission)
    return permission


def _wanted(call: Call, file: DriveFile) -> Json:
    wanted = call.parameters["permissionId"]
    for permission in file.permissions:
        if permission["id"] == wanted:
            return permission
    raise drive_error(404, "notFound", f"Permission not found: {wanted}.", parameter="permissionId")


def _check_transfer(call: Call, file: DriveFile, permission: Json) -> None:
    if not call.flag("transferOwnership"):
        text = "The transferOwnership parameter must be enabled when the permission role is 'owner'."
        raise drive_error(403, "forbidden", text, parameter="transferOwnership")
    if file.role(call.token.email) != "owner":
        raise drive_error(
            403, "insufficientFilePermissions", "The user does not have sufficient permissions for this file."
        )
    if _domain(permission.get("emailAddress", "")) != _domain(call.token.email):
        text = "Consent is required to transfer ownership of a file to another user."
        raise drive_error(403, "consentRequiredForOwnershipTransfer", text)


def _domain(email: str) -> str:
    return email.rpartition("@")[2].casefold()


def _owner_stays() -> ApiError:
    return drive_error(403, "insufficientFilePermissions", "The owner of a file cannot be removed.")
