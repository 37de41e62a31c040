"""The official MCP clients: both of Python's and both of TypeScript's, each in the eras it speaks.

mcp 2.x is in the tests' own environment. The others have environments of their own: mcp 1.x under `.venv/mcp-legacy`, the
packages of npm beside Node under `.venv/node`.
"""

import asyncio
import hashlib
import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests import node
from tests.environment import PROJECT

HERE = Path(__file__).parent
TYPESCRIPT = HERE / "typescript"
LEGACY = PROJECT / ".venv/mcp-legacy"
REQUIREMENTS = PROJECT / "requirements-mcp-legacy.txt"
MAX_SECONDS = 60

Calls = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Run:
    """What a client got: the revision it agreed on, the tools it listed, and text and failure of each call."""

    version: str
    tools: list[str]
    results: list[tuple[str, bool]]


def python_2(portal: str, key: str, calls: Calls, *, mode: str) -> Run:
    async def run() -> Run:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as http,
            Client(streamable_http_client(f"{portal}/mcp", http_client=http), mode=mode) as client,
        ):
            listed = await client.list_tools()
            results = []
            for name, arguments in calls:
                result: Any = await client.call_tool(name, arguments)
                results.append((result.content[0].text, bool(result.is_error)))
            return Run(client.protocol_version, [tool.name for tool in listed.tools], results)

    return asyncio.run(run())


def python_1(portal: str, key: str, calls: Calls) -> Run:
    command: list[str | Path] = [LEGACY / "bin/python", HERE / "legacy_client.py", f"{portal}/mcp", key]
    return _run(
        subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, timeout=MAX_SECONDS)
    )


def typescript(portal: str, key: str, calls: Calls, *, package: str, mode: str) -> Run:
    program = node.modules_of(TYPESCRIPT).parent / "client.mjs"
    program.write_bytes((TYPESCRIPT / program.name).read_bytes())  # modules are found beside the program
    done = node.run(
        *("node", program),
        seconds=MAX_SECONDS,
        URL=f"{portal}/mcp",
        KEY=key,
        PACKAGE=package,
        MODE=mode,
        CALLS=json.dumps(calls),
    )
    return _run(done)


def _run(done: "subprocess.CompletedProcess[str]") -> Run:
    assert done.returncode == 0, done.stderr or done.stdout
    printed = json.loads(done.stdout)
    return Run(printed["version"], printed["tools"], [(text, failed) for text, failed in printed["results"]])


@cache
def why_missing() -> str:
    """Install what is not installed yet. Return why it cannot be, in one line; "" once it is there."""
    return _why_legacy_is_missing() or node.why_missing(TYPESCRIPT)


def _why_legacy_is_missing() -> str:
    stamp, wanted = LEGACY / "installed", hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return ""
    venv.create(LEGACY, clear=True, with_pip=True)
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r")
    done = subprocess.run([LEGACY / "bin/python", *install, REQUIREMENTS], capture_output=True, text=True)
    if done.returncode:
        return f"pip: {(done.stderr.strip().splitlines() or ['failed'])[-1]}"
    stamp.write_text(wanted)
    return ""


if __name__ == "__main__":
    sys.exit(why_missing() or None)
