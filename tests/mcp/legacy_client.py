"""A program for mcp 1.x: list the tools of a server, make the calls that come on standard input, print what came back.

It runs in the environment of mcp 1.x, where nothing of the project is installed.
"""

import asyncio
import json
import sys
from typing import Any


async def main(url: str, key: str, calls: list[tuple[str, dict[str, Any]]]) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client  # type: ignore[attr-defined]

    async with (
        streamablehttp_client(url, headers={"Authorization": f"Bearer {key}"}) as (
            reading,
            writing,
            _session_id,
        ),
        ClientSession(reading, writing) as session,
    ):
        begun: Any = await session.initialize()
        tools = [tool.name for tool in (await session.list_tools()).tools]
        results = []
        for name, arguments in calls:
            result: Any = await session.call_tool(name, arguments)
            results.append([result.content[0].text, result.isError])
        print(json.dumps({"version": begun.protocolVersion, "tools": tools, "results": results}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], json.load(sys.stdin)))
