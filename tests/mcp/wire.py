"""A client of `/mcp` that sends what it is told, byte for byte."""

import json
from typing import Any

import requests

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
}


class Mcp:
    """An agent with a key."""

    def __init__(self, portal: str, key: str, **headers: str) -> None:
        self.url = f"{portal}/mcp"
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} | headers

    def post(self, message: Any) -> requests.Response:
        return requests.post(self.url, data=json.dumps(message), headers=self.headers, timeout=15)

    def ask(self, method: str, **params: Any) -> Any:
        """Return the result of a method, in the legacy era."""
        answer = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def list_tools(self) -> list[dict[str, Any]]:
        tools: list[dict[str, Any]] = self.ask("tools/list")["result"]["tools"]
        return tools

    def call(self, tool: str, /, **arguments: Any) -> str:
        """Return the text of a call that works."""
        text, is_error = self.try_call(tool, **arguments)
        assert not is_error, text
        return text

    def fail(self, tool: str, /, **arguments: Any) -> str:
        """Return the text of a call that fails."""
        text, is_error = self.try_call(tool, **arguments)
        assert is_error, text
        return text

    def try_call(self, tool: str, /, **arguments: Any) -> tuple[str, bool]:
        result = self.ask("tools/call", name=tool, arguments=arguments)["result"]
        assert [block["type"] for block in result["content"]] == ["text"]
        assert "structuredContent" not in result
        return result["content"][0]["text"], result["isError"]


def modern(method: str, message_id: Any = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": message_id, "method": method, "params": params | {"_meta": _META}}
