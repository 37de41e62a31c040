"""Download a file of a message."""

import errno
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from keys.reasons import (
    BOT_NOT_IN_CHANNEL,
    CHANNEL_NOT_ALLOWED,
    FILE_TOO_LARGE,
    NOT_FOUND,
    NOT_FOUND_CODE,
    UNKNOWN_CHANNEL,
)
from portal.api.base import OperationView
from portal.api.calls import ApiCall
from portal.api.lookup import get_accessible_channel
from portal.api.serializers.messages import FetchFileInput
from pumble_bridge import client, deadline, files, resilience
from pumble_bridge.client import Json
from pumble_bridge.exceptions import PumbleError, PumbleRefused, PumbleUnavailable
from pumble_bridge.files import Download

log = logging.getLogger(__name__)

# A browser that shows these runs no script of theirs. Any other type is for saving only.
SHOWN_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"}


class FetchFile(OperationView):
    operation = "fetchFile"
    scope = "messages:read"
    tag = "Messages"
    summary = _("Download a file of a message")
    description = _(
        "Returns the bytes of a file as an attachment. `files` of a message has the ids of its files. Images (PNG, JPEG, GIF, WebP), PDF and plain text keep their type, all other files are `application/octet-stream`."
    )
    input_serializer = FetchFileInput
    request_example = {
        "channelId": "65f0a1b2c3d4e5f607180003",
        "messageId": "65f0a1b2c3d4e5f607180004",
        "fileId": "65f0a1b2c3d4e5f607180009",
    }
    errors = (UNKNOWN_CHANNEL, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL, NOT_FOUND, FILE_TOO_LARGE)
    response_serializer = OpenApiTypes.BINARY
    response_example = None

    def run(self, call: ApiCall, data: dict[str, Any]) -> Json:
        """Return the file as the message has it.

        Raises:
            ChannelNotFound, ChannelNotAllowed, BotNotInChannel.
            PumbleRefused: there is no such message, or it has no such file.
        """
        channel_id = get_accessible_channel(call, data)["channel"]["id"]
        message = call.pumble.get_message(channel_id, data["messageId"])
        sent = message.get("files")
        for file in sent if isinstance(sent, list) else ():
            if isinstance(file, dict) and file.get("id") == data["fileId"]:
                return file
        raise PumbleRefused(404, NOT_FOUND_CODE, "", "")

    def respond(self, request: Request, call: ApiCall, data: dict[str, Any]) -> HttpResponseBase:
        connection.close_if_unusable_or_obsolete()  # as `pumble_slot`
        with ExitStack() as stack:
            stack.enter_context(resilience.FILES.slot(call.key.workspace_id))
            with deadline.within(client.FILE_TIMEOUT):
                file = self.run(call, data)
                download = open_file(call, file)
                stack.callback(download.close)
            if request.method == "HEAD":
                response: HttpResponseBase = HttpResponse()
            else:
                response = StreamingHttpResponse(_Body(download, stack.pop_all()))
        media_type = str(file.get("mimeType") or "").partition(";")[0].strip().lower()
        response["Content-Type"] = media_type if media_type in SHOWN_TYPES else files.UNKNOWN_TYPE
        response["Content-Disposition"] = content_disposition_header(
            as_attachment=True, filename=file_name(file)
        )
        if download.length is not None:
            response["Content-Length"] = str(download.length)
        return response


def open_file(call: ApiCall, file: Json) -> Download:
    """Begin to download the file. Its address and size are what Pumble says, and are not trusted.

    Raises:
        FileTooLarge, PumbleError.
    """
    path = file.get("path")
    if not isinstance(path, str):
        raise PumbleUnavailable("the file has no address")
    return files.open_download(call.pumble, path, file_name(file))


def file_name(file: Json) -> str:
    return files.clean_name(str(file.get("name") or ""))[: files.MAX_NAME_LENGTH] or "file"


class _Body:
    """The pieces of a download. Its slot is released in the end."""

    def __init__(self, download: Download, stack: ExitStack) -> None:
        self._download, self.close = download, stack.close

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._download
        except PumbleError as error:
            log.warning("file.cut_short", extra={"reason": repr(error)})
            # The head was sent. Without the connection, no client takes what it has for the whole file.
            raise ConnectionResetError(errno.ECONNRESET, "the file was cut short") from error
