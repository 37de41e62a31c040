"""Uploading a file in three steps, and downloading it. Source: Pumble app platform reference, 5.3.

On Pumble the second step goes to another host, which accepts only the token of the first step.
"""

import hmac
import secrets
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from sandbox import clock, files, ids
from sandbox.exceptions import (
    Forbidden,
    MethodNotAllowed,
    PlatformError,
    Unauthorized,
    ValidationError,
    error_response,
)
from sandbox.models import UploadedFile
from sandbox.rest import fields
from sandbox.rest.endpoint import ApiCall, to_response

MAX_FILE_SIZE = 512 * 1024 * 1024
SCOPE = "files:write"


def create_token(call: ApiCall) -> dict[str, Any]:
    body = call.body()
    name = files.bare_name(fields.text(body, "filename", minimum=1, maximum=files.MAX_NAME_LENGTH))
    if body.get("length") is None:
        raise ValidationError("[must not be null]")
    size = fields.bounded_number(body["length"], minimum=0, maximum=MAX_FILE_SIZE)
    row = UploadedFile.objects.create(
        id=ids.new_id(),
        app=call.app,
        owner=call.person,
        name=name,
        size=size,
        upload_token=secrets.token_urlsafe(32),
    )
    return {"token": row.upload_token}


@csrf_exempt
def upload(request: HttpRequest) -> HttpResponseBase:
    try:
        return to_response(_receive_upload(request))
    except PlatformError as error:
        return error_response(error)


def complete_upload(call: ApiCall) -> dict[str, Any]:
    """Complete an upload. The app sends back the answer of the upload host, with its signature."""
    body = call.body()
    original = body.get("original")
    if not isinstance(original, dict):
        raise ValidationError("[original must be an object]")
    file_id = fields.text(original, "requestedFileUploadId", maximum=100)
    signature = fields.text(body, "signature", maximum=100)
    row = (
        UploadedFile.objects.select_related("app").filter(pk=file_id, app=call.app, owner=call.person).first()
    )
    if row is None or not row.uploaded_ms:
        raise ValidationError("[no such upload]")
    if not hmac.compare_digest(row.signature().encode(), signature.encode()):
        raise ValidationError("[signature does not match]")
    row.completed = True
    row.save(update_fields=["completed"])
    return {"id": row.id, "path": files.url(row), "name": row.name}


def download(call: ApiCall, file_id: str, name: str) -> HttpResponseBase:
    return files.respond(call.person, file_id)


def files_for_message(call: ApiCall, value: object) -> list[dict[str, Any]]:
    """Return the files with these ids, in the form of a message. Source: 2.5 and 5.5 (MessageFile)."""
    file_ids = fields.ids(value, minimum=0, maximum=files.MAX_FILES)
    if file_ids and SCOPE not in call.scopes:
        raise Forbidden(f"Missing scope: {SCOPE}")
    rows = UploadedFile.objects.filter(
        pk__in=file_ids, app=call.app, owner__workspace_id=call.person.workspace_id, completed=True
    )
    known = {row.id: row for row in rows}
    if len(known) != len(file_ids):
        raise ValidationError("[files are not known]")
    return [files.serialize(known[file_id]) for file_id in file_ids]


def _receive_upload(request: HttpRequest) -> dict[str, Any]:
    if request.method != "POST":
        raise MethodNotAllowed
    token = request.headers.get("authtoken", "")
    row = UploadedFile.objects.select_related("app").filter(upload_token=token).first() if token else None
    if row is None:
        raise Unauthorized
    parts = files.read_parts(request, "file")
    if len(parts) != 1 or parts[0].size != row.size:
        raise ValidationError("[one part named file, of the announced length, is expected]")
    part = parts[0]
    files.store(row.id, part.chunks())
    row.mime_type = files.type_of(part)
    row.uploaded_ms, row.upload_token = clock.now_ms(), None
    row.save(update_fields=["mime_type", "uploaded_ms", "upload_token"])
    original = {
        "mimeType": row.mime_type,
        "width": 0,
        "height": 0,
        "size": row.size,
        "path": files.url(row),
        "duration": 0,
        "waveform": [],
        "requestedFileUploadId": row.id,
        "base64Value": "",
    }
    return {"original": original, "thumbs": [], "signature": row.signature()}
