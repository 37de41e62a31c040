"""A stand-in for Pumble that costs next to nothing: canned answers over bare HTTP/1.1, in a process of its own.

The presented token says how it answers: `delay=20;users=50` waits 20 ms and lists 50 users. Run with the port as argument.
"""

import asyncio
import json
import re
import signal
import sys
from functools import cache

_HEAD_END = b"\r\n\r\n"
_TOKEN = re.compile(rb"\r\ntoken: delay=(\d+);users=(\d+)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_ID = b"65f0a1b2c3d4e5f607180004"


def user(number: int) -> dict[str, object]:
    """A user of about 300 bytes, as Pumble describes one."""
    return {
        "id": f"{number:024x}",
        "workspaceId": "65f0a1b2c3d4e5f607180001",
        "name": f"Ana María {number}",
        "email": f"ana{number}@acme.test",
        "role": "USER",
        "status": "ACTIVATED",
        "isAddonBot": False,
        "isPumbleBot": False,
        "timeZoneId": "Europe/Madrid",
        "automaticallyTimeZone": True,
        "title": "Developer",
        "phone": "",
        "activeUntil": 0,
        "avatar": {"fullPath": f"/a/{number}.png", "scaledPath": f"/a/{number}-48.png"},
    }


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


_MESSAGE = _json({"id": _ID.decode(), "channelId": "65f0a1b2c3d4e5f607180003", "text": "hello"})
_CHANNEL = _json(
    {
        "channel": {"id": "65f0a1b2c3d4e5f607180003", "name": "general", "channelType": "PUBLIC"},
        "users": [f"{number:024x}" for number in range(5)],
        "pinnedMessages": [],
    }
)
_USER = _json(user(1))


@cache
def _users(count: int) -> bytes:
    return _json([user(number) for number in range(count)])


def _answer(head: bytes, users: int) -> bytes:
    method, path, _ = head.split(b" ", 2)
    if path.startswith(b"/v1/workspaceUsers"):
        return _users(users) if path == b"/v1/workspaceUsers" else _USER
    if path.startswith(b"/v1/channels/"):
        return _MESSAGE if method == b"POST" and path.endswith(b"/messages") else _CHANNEL
    return _json({})


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
            delay, users = (int(told[1]), int(told[2])) if told else (0, 1)
            answer = _answer(head, users)
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
