"""Calls as nobody wants them, until it is told to stop: 10,000 wrong keys a minute from one address, five bodies a
second that are too large, and fifty readers that take 20 kB a few bytes at a time.

Arguments: the portal's address, a key whose answers are large.
"""

import asyncio
import sys
from urllib.parse import urlsplit

from keys import key_format
from tests.bench.load import request

_WRONG_A_SECOND = 10_000 / 60
_LARGE_A_SECOND = 5
_READERS = 50
_PAGE = "/listMessages?channelId=65f0a1b2c3d4e5f607180003&limit=50"


async def wrong_keys(host: str, port: int) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    while True:
        key = key_format.generate().text
        writer.write(request("GET", "/myInfo", ApiKey=key, X_Forwarded_For="203.0.113.66"))
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.split(b":")[1]))
        await asyncio.sleep(2 / _WRONG_A_SECOND)


async def large_bodies(host: str, port: int) -> None:
    body = b"x" * 2_000_000
    while True:
        try:
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(request("POST", "/sendMessage", body))
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            writer.close()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass  # the portal may close the door on such a body
        await asyncio.sleep(1 / _LARGE_A_SECOND)


async def slow_reader(host: str, port: int, key: str) -> None:
    while True:
        reader, writer = await asyncio.open_connection(host, port, limit=64)
        writer.write(request("GET", _PAGE, ApiKey=key))
        for _ in range(40):
            if not await reader.read(16):
                break
            await asyncio.sleep(0.25)
        writer.close()


async def main(url: str, key: str) -> None:
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or 80
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(wrong_keys(host, port))
        group.create_task(large_bodies(host, port))
        for _ in range(_READERS):
            group.create_task(slow_reader(host, port, key))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
