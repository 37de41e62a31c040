"""The bytes of files, who may read them, and their form in messages."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile as Part
from django.http import FileResponse, HttpRequest
from django.http.multipartparser import MultiPartParserError

from sandbox import channels, clock, ids
from sandbox.ephemerals import EPHEMERALS
from sandbox.exceptions import NotFound, ValidationError
from sandbox.models import Message, Person, UploadedFile

MAX_FILES = 20
MAX_NAME_LENGTH = 255
_UNKNOWN_TYPE = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", re.ASCII | re.IGNORECASE)


def bare_name(name: str) -> str:
    """Return the name without folders.

    Raises:
        ValidationError: nothing is left, or a character cannot be shown.
    """
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    if not bare or not bare.isprintable():
        raise ValidationError("[filename names no file]")
    return bare


def type_of(part: "Part[bytes]") -> str:
    """Return the media type that the sender names, if it has the form of one."""
    media_type = part.content_type or ""
    return media_type if _TYPE.fullmatch(media_type) else _UNKNOWN_TYPE


def read_parts(request: HttpRequest, name: str) -> "list[Part[bytes]]":
    """Return the files of a form in these parts.

    Raises:
        ValidationError: the form is malformed.
    """
    try:
        return request.FILES.getlist(name)
    except MultiPartParserError:
        raise ValidationError("[malformed multipart]") from None


def store(file_id: str, chunks: Iterable[bytes]) -> None:
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (_folder() / file_id).open("wb") as file:
        for chunk in chunks:
            file.write(chunk)


def create_from_person(person: Person, part: "Part[bytes]") -> UploadedFile:
    """Store a file that a person sends on the chat page."""
    row = UploadedFile(
        id=ids.new_id(),
        owner=person,
        name=bare_name(part.name or "")[-MAX_NAME_LENGTH:],
        size=part.size or 0,
        mime_type=type_of(part),
        uploaded_ms=clock.now_ms(),
        completed=True,
    )
    store(row.id, part.chunks())
    row.save(force_insert=True)
    return row


def respond(person: Person, file_id: str) -> FileResponse:
    """Return the bytes, for the owner and for each person who sees a message with the file.

    The response is an attachment, because it has the origin of the chat page, where foreign markup must never run.

    Raises:
        NotFound: there is no such file, or the person cannot see it.
    """
    row = UploadedFile.objects.filter(
        pk=file_id, completed=True, owner__workspace_id=person.workspace_id
    ).first()
    content = _open_stored(row.id) if row is not None and _may_read(person, row) else None
    if row is None or content is None:
        raise NotFound
    return FileResponse(content, as_attachment=True, filename=row.name, content_type=row.mime_type)


def serialize(row: UploadedFile) -> dict[str, Any]:
    """Return the file in the form of a message. Source: Pumble app platform reference, 5.5 (MessageFile)."""
    return {
        "id": row.id,
        "owner": row.owner_id,
        "name": row.name,
        "mimeType": row.mime_type,
        "path": url(row),
        "thumbnails": [],
        "duration": 0,
        "size": row.size,
        "audioRecording": False,
        "videoRecording": False,
        "waveform": [],
        "uploadedAtMilli": row.uploaded_ms,
        "publicPath": "",
    }


def url(row: UploadedFile) -> str:
    return f"http://127.0.0.1:{settings.SANDBOX_PORT}/files/{row.id}/{quote(row.name)}"


def clear_stored() -> None:
    shutil.rmtree(_folder(), ignore_errors=True)


def _may_read(person: Person, row: UploadedFile) -> bool:
    if row.owner_id == person.id:
        return True
    messages = Message.objects.filter(
        channel__in=channels.visible_to(person), deleted=False, files__icontains=f'"{row.id}"'
    )
    return messages.exists() or any(
        file["id"] == row.id
        for message in EPHEMERALS.all_visible_to(person.id)
        for file in message.message["files"]
    )


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "pumble-files"


def _open_stored(file_id: str) -> BinaryIO | None:
    """Open the file, or return None if the bytes are gone."""
    try:
        return (_folder() / file_id).open("rb")
    except FileNotFoundError:
        return None
