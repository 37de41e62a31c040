"""A stand-in for Pumble that costs next to nothing: canned answers over bare HTTP/1.1, in a process of its own.

The presented token says how: with `delay=20;size=20000` after 20 ms and, where it is about messages, with about 20,000
bytes of them. Run with the port as argument.
"""

import asyncio
import json
import re
import signal
import sys
from functools import cache

_HEAD_END = b"\r\n\r\n"
_TOKEN = re.compile(rb"\r\ntoken: delay=(\d+);size=(\d+)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_ID = "65f0a1b2c3d4e5f607180004"
_CHANNEL_ID = "65f0a1b2c3d4e5f607180003"


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


def _message(text: str) -> dict[str, object]:
    """A message as Pumble describes one; without its text about 500 bytes long."""
    return {
        "id": _ID,
        "workspaceId": _ID,
        "channelId": _CHANNEL_ID,
        "author": _ID,
        "text": text,
        "blocks": [
            {
                "type": "rich_text",
                "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": text[:100]}]}
                ],
            }
        ],
        "timestamp": "2026-11-22T10:00:00Z",
        "timestampMilli": 1795341600000,
        "subtype": "",
        "localId": "0b7f2a",
        "attachments": [],
        "files": [],
        "linkPreviews": [],
        "reactions": [],
        "deleted": False,
        "edited": False,
        "isFollowing": False,
        "savedTimestampMilli": 0,
        "threadRootInfo": None,
        "threadReplyInfo": None,
    }


_MESSAGE = _json(_message("hello"))
_USER = _json(
    {
        "id": _ID,
        "workspaceId": _ID,
        "name": "Ana María",
        "email": "ana@acme.test",
        "role": "USER",
        "status": "ACTIVATED",
        "isAddonBot": False,
        "isPumbleBot": False,
        "timeZoneId": "Europe/Madrid",
        "automaticallyTimeZone": True,
        "title": "Developer",
        "phone": "",
        "activeUntil": 0,
        "avatar": {"fullPath": "/a/1.png", "scaledPath": "/a/1-48.png"},
    }
)
_CHANNEL = _json(
    {
        "channel": {"id": _CHANNEL_ID, "name": "general", "channelType": "PUBLIC"},
        "users": [_ID],
        "pinnedMessages": [],
    }
)


@cache
def _long_message(size: int) -> bytes:
    return _json(_message("hello "[: max(size, 1)] + "añadido " * (size // 9)))


@cache
def _page(size: int) -> bytes:
    messages = [_message("hello everybody") for _ in range(max(1, size // 560))]
    return _json({"messages": messages, "hasMoreBefore": False, "hasMoreAfter": None})


def _answer(head: bytes, size: int) -> bytes:
    method, path, _ = head.split(b" ", 2)
    if path.startswith(b"/v1/workspaceUsers"):
        return _USER
    if not path.startswith(b"/v1/channels/"):
        return _json({})
    _, _, messages = path.partition(b"/messages")
    if method == b"POST":
        return _MESSAGE
    if messages.startswith(b"/"):
        return _long_message(size)
    return _page(size) if b"/messages" in path else _CHANNEL


class Upstream(asyncio.Protocol):
    def __init__(self) -> None:
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(_HEAD_END)) >= 0:
            head = self._unread[: end + 2]
            length = _LENGTH.search(head)
            whole = end + len(_HEAD_END) + (int(length[1]) if length else 0)
            if len(self._unread) < whole:
                return
            self._unread = self._unread[whole:]
            told = _TOKEN.search(head)
            delay, size = (int(told[1]), int(told[2])) if told else (0, 0)
            answer = _answer(head, size)
            if delay:
                asyncio.get_running_loop().call_later(delay / 1000, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    async with await loop.create_server(Upstream, "127.0.0.1", port, backlog=512):
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
