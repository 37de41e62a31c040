"""Uploading a file in three steps, and reading it again. Source: Pumble app platform reference, 5.3.

The second step is meant for a host of its own, which knows no tokens but the one that the first step gave out.
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
    Invalid,
    MethodNotAllowed,
    NotFound,
    PlatformError,
    Unauthorized,
    error_response,
)
from sandbox.models import Message, UploadedFile
from sandbox.rest import fields
from sandbox.rest.endpoint import Call, answer

MOST_BYTES = 512 * 1024 * 1024
MOST_NAME = 255
MOST_FILES = 20
SCOPE = "files:write"
UNKNOWN_MIME = "application/octet-stream"
_MIME = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", re.ASCII | re.IGNORECASE)


def token(call: Call) -> dict[str, Any]:
    body = call.body()
    name = fields.text(body, "filename", least=1, most=MOST_NAME).replace("\\", "/").rsplit("/", 1)[-1]
    if body.get("length") is None:
        raise Invalid("[must not be null]")
    size = fields.within(body["length"], least=0, most=MOST_BYTES)
    if not name or not name.isprintable():
        raise Invalid("[filename names no file]")
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
        return answer(_receive(request))
    except PlatformError as failure:
        return error_response(failure)


def complete(call: Call) -> dict[str, Any]:
    """The app hands back what the upload host answered; its signature must be that of the bytes."""
    body = call.body()
    original = body.get("original")
    if not isinstance(original, dict):
        raise Invalid("[original must be an object]")
    file_id = fields.text(original, "requestedFileUploadId", most=100)
    signature = fields.text(body, "signature", most=100)
    row = (
        UploadedFile.objects.select_related("app").filter(pk=file_id, app=call.app, owner=call.person).first()
    )
    if row is None or not row.uploaded_ms:
        raise Invalid("[no such upload]")
    if not hmac.compare_digest(row.signature().encode(), signature.encode()):
        raise Invalid("[signature does not match]")
    row.completed = True
    row.save(update_fields=["completed"])
    return {"id": row.id, "path": address(row), "name": row.name}


def fetch(call: Call, file_id: str, name: str) -> HttpResponseBase:
    """The bytes, for the owner and for whoever sees a message with the file."""
    row = UploadedFile.objects.filter(
        pk=file_id, name=name, completed=True, owner__workspace_id=call.person.workspace_id
    ).first()
    if row is None:
        raise NotFound
    shared = Message.objects.filter(
        channel__in=channels.channels_of(call.person), deleted=False, files__icontains=f'"{row.id}"'
    )
    content = _open_stored(row.id) if row.owner_id == call.person.id or shared.exists() else None
    if content is None:
        raise NotFound
    # As an attachment: it comes from the chat page's own origin, where foreign markup must never run.
    return FileResponse(content, as_attachment=True, filename=row.name, content_type=row.mime_type)


def of_message(call: Call, value: object) -> list[dict[str, Any]]:
    """The files that a body names by their ids, in the form of a message. Source: 2.5 and 5.5 (MessageFile)."""
    wanted = fields.ids(value, least=0, most=MOST_FILES)
    if wanted and SCOPE not in call.scopes:
        raise Forbidden(f"Missing scope: {SCOPE}")
    rows = UploadedFile.objects.filter(
        pk__in=wanted, app=call.app, owner__workspace_id=call.person.workspace_id, completed=True
    )
    found = {row.id: row for row in rows}
    if len(found) != len(wanted):
        raise Invalid("[files are not known]")
    return [_shape(found[one]) for one in wanted]


def address(row: UploadedFile) -> str:
    return f"http://127.0.0.1:{settings.SANDBOX_PORT}/files/{row.id}/{quote(row.name)}"


def _receive(request: HttpRequest) -> dict[str, Any]:
    if request.method != "POST":
        raise MethodNotAllowed
    token = request.headers.get("authtoken", "")
    row = UploadedFile.objects.select_related("app").filter(upload_token=token).first() if token else None
    if row is None:
        raise Unauthorized
    try:
        part = request.FILES.get("file")
    except MultiPartParserError:
        raise Invalid("[malformed multipart]") from None
    if not isinstance(part, Part) or part.size != row.size:
        raise Invalid("[one part named file, of the announced length, is expected]")
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
        "path": address(row),
        "duration": 0,
        "waveform": [],
        "requestedFileUploadId": row.id,
        "base64Value": "",
    }
    return {"original": original, "thumbs": [], "signature": row.signature()}


def _shape(row: UploadedFile) -> dict[str, Any]:
    return {
        "id": row.id,
        "owner": row.owner_id,
        "name": row.name,
        "mimeType": row.mime_type,
        "path": address(row),
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
    """The open file, or None where the bytes are gone."""
    try:
        return (_folder() / file_id).open("rb")
    except FileNotFoundError:
        return None


def clear_stored() -> None:
    shutil.rmtree(_folder(), ignore_errors=True)
