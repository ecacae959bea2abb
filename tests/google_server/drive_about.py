"""Drive v3: who is signed in.

Decided here: `fields` is required, as the discovery document says; a person is shown by their address.
"""

from __future__ import annotations

from tests.google_server.access import Call
from tests.google_server.errors import drive_error
from tests.google_server.fields import EVERYTHING, answer_mask, project
from tests.google_server.wire import Json


def get(call: Call) -> Json:
    text = call.option("fields").replace(" ", "")
    if not text:
        message = "The 'fields' parameter is required for this method."
        raise drive_error(400, "required", message, parameter="fields")
    email = call.token.email
    user = {
        "kind": "drive#user",
        "displayName": email,
        "me": True,
        "permissionId": call.workspace.permission(email, "owner")["id"],
        "emailAddress": email,
    }
    whole: Json = {"kind": "drive#about", "user": user}
    mask = answer_mask("drive", text, "About")
    projected: Json = project(whole, mask) if mask != EVERYTHING else whole
    return projected
