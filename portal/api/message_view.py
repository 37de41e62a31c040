"""The base view of operations that send a message: as JSON, or as a form with files."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import connection
from django.utils import timezone

from keys import authentication
from portal.api import app_permissions, multipart
from portal.api.base import WriteOperationView
from portal.api.calls import ApiCall, file_slot
from portal.api.exceptions import InvalidInput
from portal.api.parsers import StrictJsonParser
from portal.api.serializers.base import Input
from pumble_bridge import client, files
from pumble_bridge.client import Json, PumbleClient
from pumble_bridge.exceptions import PumbleError, PumbleRefused

FILES_SCOPE = "files:write"


class MessageView(WriteOperationView):
    """A subclass sets `form_serializer` beside `input_serializer`.

    A form with files has threads and a deadline of its own. They begin before its body is read.
    """

    method = "POST"
    scope = "messages:write"
    tag = "Messages"
    form_serializer: ClassVar[type[Input]]
    parser_classes = [StrictJsonParser, multipart.FormParser]

    def check_permissions(self, request: Any) -> None:
        super().check_permissions(request)
        request.is_form = multipart.is_form(request)
        if request.is_form:
            authentication.require_scope(request.auth, FILES_SCOPE)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not request.is_form:
            return self.handle(request)
        self.max_duration = timedelta(seconds=client.FILE_TIMEOUT + 10)
        with file_slot(request.auth):
            self._read_body(request)
            return self.handle(request)

    def _read_body(self, request: Any) -> None:
        """Read the form, which may take two minutes, and check the key as it is after that.

        Raises:
            InvalidBody, InvalidInput, FileTooLarge, UploadTooLarge, TooManyFiles, FilesNotStored.
            As `check_permissions`.
        """
        request.data  # noqa: B018 - it is kept for `read`
        request.auth = authentication.reload(request.auth, by=self.actor, now=timezone.now())
        super().check_permissions(request)
        authentication.require_scope(request.auth, FILES_SCOPE)

    def read(self, request: Any) -> dict[str, Any]:
        if not request.is_form:
            return super().read(request)
        serializer = self.form_serializer(data=multipart.read_form(request, self.form_serializer))
        if not serializer.is_valid():
            raise InvalidInput(serializer.errors)
        data: dict[str, Any] = serializer.validated_data
        return data

    def read_content(self, request: Any) -> Any:
        if not request.is_form:
            return super().read_content(request)
        data = multipart.read_form(request, self.form_serializer)
        return data | {multipart.PART: [multipart.describe(file) for file in data[multipart.PART]]}

    def perform(self, call: ApiCall, data: dict[str, Any]) -> Any:
        if not data.get(multipart.PART):
            return super().perform(call, data)
        connection.close_if_unusable_or_obsolete()  # as `pumble_slot`
        try:
            return self.run(call, data)
        except PumbleRefused as error:
            # Only an upload that failed has an outcome.
            app_permissions.add_hint(error, call, FILES_SCOPE if error.outcome else self.scope)
            raise


def upload_files(author: PumbleClient, data: Json) -> list[str]:
    """Upload the files of a form, and return their ids, for a message of the same author.

    Raises:
        PumbleError: a file was refused, or may have been lost. Its outcome says that no message was sent.
    """
    ids = []
    for sent in data.get(multipart.PART) or ():
        file = multipart.outgoing_file(sent)
        try:
            ids.append(files.upload(author, file))
        except PumbleError as error:
            error.outcome = f'The file "{file.name}" was not uploaded, and no message was sent'
            error.may_have_happened = False  # files without a message are seen by nobody
            raise
    return ids
