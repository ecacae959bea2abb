"""From an HTTP request to an answer: route, token, scopes, schema, method, and the check of the answer.

Decided here: the order of the refusals (unknown path, token, scope, query, body, then the method's own), and
that an answer against Google's schema is the server's own fault: a 500 that says why and fails the test.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from tests.google_server import (
    batch,
    drive_about,
    drive_content,
    drive_methods,
    drive_permissions,
    sheet_copies,
    sheets_methods,
    values_methods,
)
from tests.google_server.access import Call, check_scopes
from tests.google_server.discovery import Method, document, find_method
from tests.google_server.drive_state import Workspace
from tests.google_server.errors import ApiError, Refused, drive_error, sheets_error, unauthenticated, violations_error
from tests.google_server.schema import PACKAGES, TYPE_PREFIX, checked_body, schema_faults, snake
from tests.google_server.wire import Answer, HttpRequest, Json

METHODS: dict[str, Callable[[Call], Json | Answer | None]] = {
    "sheets.spreadsheets.create": sheets_methods.create,
    "sheets.spreadsheets.get": sheets_methods.get,
    "sheets.spreadsheets.getByDataFilter": sheets_methods.get_by_data_filter,
    "sheets.spreadsheets.batchUpdate": batch.batch_update,
    "sheets.spreadsheets.developerMetadata.get": sheets_methods.get_metadata,
    "sheets.spreadsheets.developerMetadata.search": sheets_methods.search_metadata,
    "sheets.spreadsheets.sheets.copyTo": sheet_copies.copy_to,
    "sheets.spreadsheets.values.get": values_methods.get,
    "sheets.spreadsheets.values.batchGet": values_methods.batch_get,
    "sheets.spreadsheets.values.batchGetByDataFilter": values_methods.batch_get_by_data_filter,
    "sheets.spreadsheets.values.update": values_methods.update,
    "sheets.spreadsheets.values.batchUpdate": values_methods.batch_update,
    "sheets.spreadsheets.values.batchUpdateByDataFilter": values_methods.batch_update_by_data_filter,
    "sheets.spreadsheets.values.append": values_methods.append,
    "sheets.spreadsheets.values.clear": values_methods.clear,
    "sheets.spreadsheets.values.batchClear": values_methods.batch_clear,
    "sheets.spreadsheets.values.batchClearByDataFilter": values_methods.batch_clear_by_data_filter,
    "drive.about.get": drive_about.get,
    "drive.files.create": drive_methods.create,
    "drive.files.get": drive_methods.get,
    "drive.files.copy": drive_methods.copy,
    "drive.files.list": drive_methods.list_files,
    "drive.files.update": drive_methods.update,
    "drive.files.delete": drive_methods.delete,
    "drive.files.export": drive_content.export,
    "drive.comments.create": drive_content.create_comment,
    "drive.comments.list": drive_content.list_comments,
    "drive.drives.get": drive_methods.get_drive,
    "drive.drives.list": drive_methods.list_drives,
    "drive.permissions.create": drive_permissions.create_permission,
    "drive.permissions.get": drive_permissions.get_permission,
    "drive.permissions.list": drive_permissions.list_permissions,
    "drive.permissions.update": drive_permissions.update_permission,
    "drive.permissions.delete": drive_permissions.delete_permission,
    "drive2.files.update": drive_content.import_content,
}
# Google binds these bodies to a named field, and its messages show that name.
BODY_ROOTS = {
    "sheets.spreadsheets.values.update": "data",
    "sheets.spreadsheets.values.append": "data",
    "sheets.spreadsheets.create": "spreadsheet",
}


def answer(workspace: Workspace, request: HttpRequest) -> Answer:
    """The answer to one API request; never raises."""
    try:
        with _no_collecting():
            return workspace.accounts.page(request) or _checked_answer(workspace, request)
    except ApiError as refused:
        return refused.answer
    except Refused as refused:
        return sheets_error(400, str(refused)).answer
    except Exception as fault:
        # A fault of this server must reach the test as an answer, with its reason.
        return sheets_error(500, f"google_server: {type(fault).__name__}: {fault}").answer


@contextmanager
def _no_collecting() -> Iterator[None]:
    """A large body is millions of new objects and no garbage; walking them again and again takes most of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _checked_answer(workspace: Workspace, request: HttpRequest) -> Answer:
    found = find_method(request.method, request.path)
    if found is None:
        raise ApiError(Answer(404, {"error": {"code": 404, "message": "Not Found", "status": "NOT_FOUND"}}))
    method, raw_parameters = found
    token = workspace.accounts.token(request.headers.get("authorization", ""))
    if token is None:
        raise unauthenticated()
    check_scopes(token, method)
    handler = METHODS.get(method.id)
    if handler is None:
        raise sheets_error(501, f"google_server does not know {method.id}.")
    _check_query(method, request)
    body = _body(method, request)
    parameters = {name: unquote(value) for name, value in raw_parameters.items()}
    result = handler(Call(method, parameters, request.query, body, token, workspace, request.body))
    if result is None:
        return Answer(204, None)
    if isinstance(result, Answer):
        return result
    _check_result(method, result, "fields" in request.query)
    return Answer(200, result)


def _body(method: Method, request: HttpRequest) -> Json:
    if method.request is None or not request.body.strip():
        return {}
    try:
        parsed = json.loads(request.body)
    except ValueError:
        text = "Invalid JSON payload received. Unexpected token.\n" + request.body[:40].decode("utf-8", "replace")
        raise violations_error([{"description": text}]) from None
    return checked_body(method.service, method.request, parsed, BODY_ROOTS.get(method.id, ""))


def _check_query(method: Method, request: HttpRequest) -> None:
    """Sheets refuses unknown parameters; Drive ignores them (gspread's files.get sends one, recorded as 200)."""
    violations: list[Json] = []
    known = method.parameters | document(method.service).common
    for name, values in request.query.items():
        if name not in known:
            if method.service == "sheets":
                violations.append({"description": _unknown_parameter(name)})
            continue
        violations += [fault for value in values if (fault := _wrong_parameter(method, name, known[name], value))]
    if violations and method.service != "sheets":
        raise drive_error(400, "invalidParameter", violations[0]["description"], parameter=violations[0]["field"])
    if violations:
        raise violations_error(violations)


def _unknown_parameter(name: str) -> str:
    return (
        f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
        f"Field '{name}' could not be found in request message."
    )


def _wrong_parameter(method: Method, name: str, spec: Json, value: str) -> Json | None:
    kind = spec["type"]
    if "enum" in spec:
        good, type_name = value in spec["enum"], TYPE_PREFIX + PACKAGES[method.service] + name[0].upper() + name[1:]
    elif kind == "boolean":
        good, type_name = value.lower() in ("true", "false", "1", "0"), "TYPE_BOOL"
    elif kind == "integer":
        good, type_name = value.lstrip("-").isdigit(), "TYPE_INT32"
    else:
        return None
    field = snake(name)
    text = f"Invalid value at '{field}' ({type_name}), {json.dumps(value, ensure_ascii=False)}"
    return None if good else {"field": field, "description": text}


def _check_result(method: Method, result: Any, masked: bool) -> None:
    faults = schema_faults(method.service, method.response, result) if method.response else []
    if faults:
        raise AssertionError(f"the answer of {method.id} breaks its schema: {'; '.join(faults[:3])}")
    if not masked and method.service == "sheets" and _empty_parts(result):
        raise AssertionError(f"the answer of {method.id} carries null")


def _empty_parts(node: Any) -> bool:
    """Google never sends null."""
    if isinstance(node, dict):
        return any(_empty_parts(item) for item in node.values())
    if isinstance(node, list):
        return None in node or any(_empty_parts(item) for item in node if isinstance(item, dict | list))
    return node is None
