"""The tool that reads files of messages."""

import mimetypes
from contextlib import closing
from typing import Annotated

from msgspec import Meta

from keys.unicode_text import fold
from portal.api.views import files, messages
from portal.mcp import params as parameters
from portal.mcp import text
from portal.mcp.calls import ToolCall
from portal.mcp.errors import InvalidArgument
from portal.mcp.params import Channel, MessageId, Params
from portal.mcp.tool import tool
from pumble_bridge.client import Json

MAX_TEXT_LENGTH = 40_000
MAX_BYTES = 4 * MAX_TEXT_LENGTH  # a character has up to four bytes in UTF-8
MAX_QUOTED_LENGTH = 48_000  # with the marks of lines; some hosts take 50,000 characters
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/yaml", "application/x-ndjson")


class FetchFile(Params):
    channel: Channel
    message_id: MessageId
    file: Annotated[str, Meta(description="Name or id, if the message has several")] = ""


@tool(
    name="pumble_fetch_file",
    title="Read a file of a message",
    description=(
        "The content of a text file of up to 40,000 characters. Of other files the name, type and size. Messages show the names of "
        "their files."
    ),
    operations=(files.FetchFile, messages.FetchMessage),
    params=FetchFile,
    read_only=True,
    destructive=False,
    idempotent=True,
    open_world=True,
)
def fetch_file(call: ToolCall, params: FetchFile) -> str:
    message_id = parameters.read_id(params.message_id, "message_id")
    channel = call.find_channel(params.channel)
    message = call.run(messages.FetchMessage, channelId=channel.id, messageId=message_id)
    call.operation = files.FetchFile.operation
    file = _choose(message, params.file)
    facts = [
        _label(file),
        text.line(str(file.get("mimeType") or "unknown type")),
        text.count(file["size"], "byte") if isinstance(file.get("size"), int) else "unknown size",
    ]
    about = ", ".join(facts)
    content = _read(call, file)
    if content is None:
        return f"{about}. Only text files of up to {MAX_TEXT_LENGTH:,} characters are shown."
    quoted = text.quote(content, limit=MAX_TEXT_LENGTH)
    if len(quoted) > MAX_QUOTED_LENGTH:  # many short lines
        quoted = text.quote(content, limit=MAX_TEXT_LENGTH // 3)
    return "\n".join([f"{about}, of message {message_id} in {channel}", text.NOTICE, "", quoted])


def _choose(message: Json, wanted: str) -> Json:
    """
    Raises:
        InvalidArgument: no file, or several have that name or id.
    """
    listed = message.get("files")
    sent: list[Json] = [file for file in listed if isinstance(file, dict)] if isinstance(listed, list) else []
    if not sent:
        raise InvalidArgument("message_id: this message has no files")
    name = fold(wanted)
    matches = [
        file for file in sent if not name or name in {fold(str(file.get("id"))), fold(files.file_name(file))}
    ]
    if len(matches) != 1:
        raise InvalidArgument(f"file: send the name or id of one of these: {', '.join(map(_label, sent))}")
    return matches[0]


def _label(file: Json) -> str:
    return f"{text.line(files.file_name(file))} ({text.line(str(file.get('id')))})"


def _read(call: ToolCall, file: Json) -> str | None:
    """Return the text of the file, or None if it is none or is too long."""
    media_type = str(file.get("mimeType") or "")
    named = mimetypes.guess_type(files.file_name(file))[0] or ""
    size = file.get("size")
    is_text = media_type.startswith(_TEXT_TYPES) or named.startswith(_TEXT_TYPES)
    if not is_text or not isinstance(size, int) or size > MAX_BYTES:
        return None
    content = b""
    with closing(files.open_file(call.api, file)) as download:
        for piece in download:
            content += piece
            if len(content) > MAX_BYTES:
                return None
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if len(decoded) > MAX_TEXT_LENGTH or "\0" in decoded else decoded
