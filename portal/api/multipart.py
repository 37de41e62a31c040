"""Read a message with files: `multipart/form-data` with the fields of the operation and 1 to 10 parts named `file`.

Files go to FILE_UPLOAD_TEMP_DIR piece by piece. Nothing is sent to Pumble before the body was read and checked.
"""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters
from rest_framework import serializers
from rest_framework.parsers import BaseParser, DataAndFiles
from rest_framework.request import Request

from keys import key_format
from portal.api.exceptions import FilesNotStored, InvalidBody, InvalidInput, TooManyFiles, UploadTooLarge
from portal.api.parsers import read_body
from portal.api.serializers.base import MAX_FILES, BlocksField, Input
from pumble_bridge import deadline, files, strict_json
from pumble_bridge.hints import Hint
from pumble_bridge.http import OutgoingFile

MEDIA_TYPE = "multipart/form-data"
PART = "file"
CHUNKED = "portal.chunked"  # in the WSGI environment: the length of the body is not known
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", re.ASCII | re.IGNORECASE)
_NOT_A_FILE = "must be a file: -F file=@report.pdf"


def is_form(request: Request) -> bool:
    """Return whether the body is a form. A body of up to 1 MiB is read, because clients send JSON under any type.

    Raises:
        InvalidBody: the body is incomplete.
    """
    if not is_form_type(request.META.get("CONTENT_TYPE", "")):
        return False
    is_large = int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return is_large or read_body(request).lstrip().startswith(b"--")


def is_form_type(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == MEDIA_TYPE


class FormParser(BaseParser):
    """Parse a form with files. Everything is kept or refused: no part is dropped."""

    media_type = MEDIA_TYPE

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[QueryDict, MultiValueDict[str, UploadedFile[bytes]]]":
        """
        Raises:
            InvalidBody: the body is no form, or is incomplete.
            InvalidInput: a part has a wrong name, is empty, or is no file.
            FileTooLarge, UploadTooLarge, TooManyFiles.
            FilesNotStored: the disk is full, or the folder cannot be written.
        """
        meta = (parser_context or {})["request"].META
        handler = _FileHandler()
        try:
            Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
            fields, sent = _Form(meta, stream, handler).parse()
        except UnicodeDecodeError as error:
            raise InvalidBody(Hint.NOT_UTF_8) from error
        except MultiPartParserError as error:
            raise InvalidBody(Hint.BROKEN_FORM) from error
        except (UnreadablePostError, deadline.DeadlineExceeded) as error:
            raise InvalidBody(Hint.CUT_SHORT) from error
        except OSError as error:
            raise FilesNotStored from error
        finally:
            handler.upload_interrupted()
        return DataAndFiles(fields, sent)


def read_form(request: Request, input_serializer: type[Input]) -> dict[str, Any]:
    """Return the fields as the serializer expects them, and the files as a list in `file`.

    As in a query, empty fields count as absent.

    Raises:
        InvalidInput: a field was sent twice, or is no JSON where JSON is due.
    """
    data = cast(QueryDict, request.data)
    fields = input_serializer().fields
    values: dict[str, Any] = {}
    for name in data:
        if name == PART:
            values[name] = data.getlist(name)
            continue
        field = fields.get(input_serializer.aliases.get(name, name))
        sent = [value for value in data.getlist(name) if value != ""]
        if field is None or not sent:
            continue
        if isinstance(field, BlocksField):
            values[name] = [block for text in sent for block in _load_blocks(name, text)]
        elif isinstance(field, serializers.ListField):
            values[name] = sent
        elif len(sent) > 1:
            raise InvalidInput({name: f"was sent {len(sent)} times"})
        else:
            values[name] = sent[0]
    return values


def outgoing_file(sent: "UploadedFile[bytes]") -> OutgoingFile:
    """Return the file as it goes to Pumble. Its type is what the sender says, or else what its name says."""
    name, media_type = sent.name or "", sent.content_type or ""
    if not media_type:
        media_type = mimetypes.guess_type(name)[0] or files.UNKNOWN_TYPE
    elif not _MEDIA_TYPE.fullmatch(media_type):
        media_type = files.UNKNOWN_TYPE
    return OutgoingFile(name, media_type, sent.size or 0, cast(BinaryIO, sent.file))


def describe(file: "UploadedFile[bytes]") -> list[Any]:
    """Return what tells this file from another: name, type, and digest of the bytes."""
    file.seek(0)
    digest = hashlib.file_digest(cast(Any, file), "sha256").hexdigest()
    return [file.name, file.content_type, digest]


def _load_blocks(name: str, text: str) -> list[Any]:
    """Return the blocks in one part: a list, or one block, as Swagger UI sends each."""
    try:
        value = strict_json.loads(text.encode())
    except strict_json.InvalidJson as error:
        raise InvalidInput({name: "must be JSON"}) from error
    return value if isinstance(value, list) else [value]


def _decode(text: str) -> str:
    """Return the text of a form. Django's parser reads it as Latin-1, because it would replace bytes that are not UTF-8."""
    return text.encode("latin-1").decode()


class _FileHandler(TemporaryFileUploadHandler):
    """Write each file to the disk, and stop at the first byte over a limit."""

    chunk_size = 64 * 1024

    def __init__(self) -> None:
        super().__init__()
        self._count, self._is_open = 0, False

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        self._count += 1
        if field_name != PART:
            # The log of calls has the names of wrong fields. This name is the client's own, and could be a key.
            shown = key_format.redact(_decode(field_name))[:100]
            raise InvalidInput({PART: f'"{shown}" is a file: name its part "{PART}"'})
        if self._count > MAX_FILES:
            raise TooManyFiles(MAX_FILES)
        super().new_file(field_name, file_name, *args, **kwargs)
        self._is_open = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > settings.MAX_FILE_BYTES:
            raise files.too_large(self.file_name or "")
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> Any:
        if not file_size:
            raise InvalidInput({PART: f'"{self.file_name}" is empty'})
        self._is_open = False
        return super().file_complete(file_size)

    def upload_interrupted(self) -> None:
        """Remove a file that was not read to its end."""
        if self._is_open:
            self._is_open = False
            super().upload_interrupted()


class _CountedStream:
    """The body of a form. Count its bytes and delimiters, within the size of a request and the deadline."""

    def __init__(self, meta: Mapping[str, Any], stream: Any) -> None:
        self._stream = stream
        # Without a length, the server notices itself if the body ends early.
        self._length = None if CHUNKED in meta else int(meta.get("CONTENT_LENGTH") or 0)
        self._count, self._tail, self._is_closed = 0, b"", False
        self.delimiter, self.delimiters = b"", 0

    def read(self, size: int) -> bytes:
        """
        Raises:
            UploadTooLarge, DeadlineExceeded, UnreadablePostError.
        """
        deadline.require_remaining()
        try:
            data: bytes = self._stream.read(size)
        except Exception as error:  # each server has its own exceptions for malformed chunks
            raise UnreadablePostError(*error.args) from error
        self._count += len(data)
        if self._count > settings.MAX_UPLOAD_BYTES:
            raise UploadTooLarge
        # A delimiter may begin in one piece and end in the next.
        length = len(self.delimiter)
        self.delimiters += (self._tail[-length + 1 :] + data).count(self.delimiter)
        self._is_closed |= self.delimiter + b"--" in self._tail + data
        self._tail = (self._tail + data)[-length - 1 :]
        return data

    @property
    def is_complete(self) -> bool:
        return self._is_closed and self._length in {None, self._count}


class _Form(MultiPartParser):
    """Django's parser drops what it cannot read: parts, and bytes that are not UTF-8. This one refuses them."""

    def __init__(self, meta: Mapping[str, Any], stream: Any, handler: _FileHandler) -> None:
        self._counted = _CountedStream(meta, stream)
        super().__init__(meta, cast(Any, self._counted), [handler], "latin-1")  # see `_decode`
        boundary = parse_header_parameters(meta["CONTENT_TYPE"])[1]["boundary"]
        self._counted.delimiter = b"--" + boundary.encode("ascii")

    def parse(self) -> "tuple[QueryDict, MultiValueDict[str, UploadedFile[bytes]]]":
        """
        Raises:
            InvalidBody: the body ends before its end, or a part has no readable name.
            InvalidInput: there is no file.
        """
        raw, sent = super().parse()
        try:
            self._require_complete(raw, sent)
            fields = QueryDict(mutable=True)
            for name, values in raw.lists():
                for value in values:
                    fields.appendlist(_decode(name), _decode(value))
        except Exception:
            for _name, sent_files in sent.lists():
                for file in sent_files:
                    file.close()
            raise
        return fields, sent

    def sanitize_file_name(self, file_name: str) -> str:
        name = files.clean_name(_decode(file_name))
        if not 1 <= len(name) <= files.MAX_NAME_LENGTH:
            limit = files.MAX_NAME_LENGTH
            raise InvalidInput({PART: f"the name of a file must have 1 to {limit} visible characters"})
        return name

    def _require_complete(self, *parts: "MultiValueDict[str, Any]") -> None:
        fields, sent = parts
        if not self._counted.is_complete:
            raise InvalidBody(Hint.CUT_SHORT)
        if self._counted.delimiters != 1 + sum(
            len(values) for group in parts for _name, values in group.lists()
        ):
            raise InvalidBody(Hint.BROKEN_FORM)
        if PART in fields:
            raise InvalidInput({PART: _NOT_A_FILE})
        if not sent:
            raise InvalidBody(Hint.FORM_WITHOUT_FILE)
