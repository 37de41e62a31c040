"""Uploading a file in three steps, and downloading it. Source: Pumble app platform reference, 5.3.

On Pumble the second step goes to another host, which accepts only the token of the first step.
"""

import hmac
import re
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile as Part
from django.http import FileResponse, HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from sandbox import channels, clock, ids
from sandbox.exceptions import (
    Forbidden,
    MethodNotAllowed,
    NotFound,
    PlatformError,
    Unauthorized,
    ValidationError,
    error_response,
)
from sandbox.models import Message, UploadedFile
from sandbox.rest import fields
from sandbox.rest.endpoint import ApiCall, to_response

MAX_FILE_SIZE = 512 * 1024 * 1024
MAX_NAME_LENGTH = 255
MAX_FILES = 20
SCOPE = "files:write"
UNKNOWN_MIME = "application/octet-stream"
_MIME = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", re.ASCII | re.IGNORECASE)


def create_token(call: ApiCall) -> dict[str, Any]:
    body = call.body()
    name = (
        fields.text(body, "filename", minimum=1, maximum=MAX_NAME_LENGTH)
        .replace("\\", "/")
        .rsplit("/", 1)[-1]
    )
    if body.get("length") is None:
        raise ValidationError("[must not be null]")
    size = fields.bounded_number(body["length"], minimum=0, maximum=MAX_FILE_SIZE)
    if not name or not name.isprintable():
        raise ValidationError("[filename names no file]")
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
    return {"id": row.id, "path": file_url(row), "name": row.name}


def download(call: ApiCall, file_id: str, name: str) -> HttpResponseBase:
    """Return the bytes, for the owner and for each person who sees a message with the file."""
    row = UploadedFile.objects.filter(
        pk=file_id, name=name, completed=True, owner__workspace_id=call.person.workspace_id
    ).first()
    if row is None:
        raise NotFound
    messages = Message.objects.filter(
        channel__in=channels.visible_to(call.person), deleted=False, files__icontains=f'"{row.id}"'
    )
    content = _open_stored(row.id) if row.owner_id == call.person.id or messages.exists() else None
    if content is None:
        raise NotFound
    # An attachment, because it has the origin of the chat page, where foreign markup must never run.
    return FileResponse(content, as_attachment=True, filename=row.name, content_type=row.mime_type)


def files_for_message(call: ApiCall, value: object) -> list[dict[str, Any]]:
    """Return the files with these ids, in the form of a message. Source: 2.5 and 5.5 (MessageFile)."""
    file_ids = fields.ids(value, minimum=0, maximum=MAX_FILES)
    if file_ids and SCOPE not in call.scopes:
        raise Forbidden(f"Missing scope: {SCOPE}")
    rows = UploadedFile.objects.filter(
        pk__in=file_ids, app=call.app, owner__workspace_id=call.person.workspace_id, completed=True
    )
    files = {row.id: row for row in rows}
    if len(files) != len(file_ids):
        raise ValidationError("[files are not known]")
    return [_serialize(files[file_id]) for file_id in file_ids]


def file_url(row: UploadedFile) -> str:
    return f"http://127.0.0.1:{settings.SANDBOX_PORT}/files/{row.id}/{quote(row.name)}"


def _receive_upload(request: HttpRequest) -> dict[str, Any]:
    if request.method != "POST":
        raise MethodNotAllowed
    token = request.headers.get("authtoken", "")
    row = UploadedFile.objects.select_related("app").filter(upload_token=token).first() if token else None
    if row is None:
        raise Unauthorized
    try:
        part = request.FILES.get("file")
    except MultiPartParserError:
        raise ValidationError("[malformed multipart]") from None
    if not isinstance(part, Part) or part.size != row.size:
        raise ValidationError("[one part named file, of the announced length, is expected]")
    _store(row.id, part.chunks())
    mime_type = part.content_type or ""
    row.mime_type = mime_type if _MIME.fullmatch(mime_type) else UNKNOWN_MIME
    row.uploaded_ms, row.upload_token = clock.now_ms(), None
    row.save(update_fields=["mime_type", "uploaded_ms", "upload_token"])
    original = {
        "mimeType": row.mime_type,
        "width": 0,
        "height": 0,
        "size": row.size,
        "path": file_url(row),
        "duration": 0,
        "waveform": [],
        "requestedFileUploadId": row.id,
        "base64Value": "",
    }
    return {"original": original, "thumbs": [], "signature": row.signature()}


def _serialize(row: UploadedFile) -> dict[str, Any]:
    return {
        "id": row.id,
        "owner": row.owner_id,
        "name": row.name,
        "mimeType": row.mime_type,
        "path": file_url(row),
        "thumbnails": [],
        "duration": 0,
        "size": row.size,
        "audioRecording": False,
        "videoRecording": False,
        "waveform": [],
        "uploadedAtMilli": row.uploaded_ms,
        "publicPath": "",
    }


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "pumble-files"


def _store(file_id: str, chunks: Iterable[bytes]) -> None:
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (_folder() / file_id).open("wb") as file:
        for chunk in chunks:
            file.write(chunk)


def _open_stored(file_id: str) -> BinaryIO | None:
    """Open the file, or return None if the bytes are gone."""
    try:
        return (_folder() / file_id).open("rb")
    except FileNotFoundError:
        return None


def clear_stored() -> None:
    shutil.rmtree(_folder(), ignore_errors=True)
