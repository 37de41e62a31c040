"""Configurations that connect an AI client to `/mcp`. The key stays in an environment variable, or is asked for."""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings

_BEARER = "Bearer {}"


@dataclass(frozen=True)
class McpClient:
    """A client, the file in which its configuration belongs ("" for a command), and the configuration."""

    name: str
    file: str
    source: str


def mcp_url() -> str:
    return f"{settings.PUBLIC_URL}/mcp"


def list_clients() -> list[McpClient]:
    """Return the clients in the order of the page. Sources: the clients' own documentation."""
    url = mcp_url()
    return [
        McpClient(
            "Claude Code",
            "",
            f'claude mcp add --transport http pumble {url} \\\n  --header "Authorization: Bearer $PUMBLE_API_KEY"',
        ),
        McpClient("Claude Desktop", "claude_desktop_config.json", _claude_desktop(url)),
        McpClient("VS Code", ".vscode/mcp.json", _vs_code(url)),
        McpClient(
            "Cursor",
            "~/.cursor/mcp.json",
            _json({"mcpServers": {"pumble": _server(url, "${env:PUMBLE_API_KEY}")}}),
        ),
        McpClient(
            "Codex",
            "~/.codex/config.toml",
            f'[mcp_servers.pumble]\nurl = "{url}"\nbearer_token_env_var = "PUMBLE_API_KEY"',
        ),
        McpClient(
            "curl",
            "",
            f"curl {url} \\\n"
            '  -H "Authorization: Bearer $PUMBLE_API_KEY" \\\n'
            "  -H 'Content-Type: application/json' \\\n"
            """  -d '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'""",
        ),
    ]


def _claude_desktop(url: str) -> str:
    """Return the configuration of `mcp-remote`. Windows breaks arguments with blanks, so the header has none."""
    insecure = [] if url.startswith("https:") else ["--allow-http"]
    header = ["--header", "Authorization:${AUTHORIZATION}"]
    return _json(
        {
            "mcpServers": {
                "pumble": {
                    "command": "npx",
                    "args": ["-y", "mcp-remote", url, "--transport", "http-only", *insecure, *header],
                    "env": {"AUTHORIZATION": _BEARER.format("pmb_...")},
                }
            }
        }
    )


def _vs_code(url: str) -> str:
    prompt = {"type": "promptString", "id": "pumble-key", "description": "Pumble API key", "password": True}
    return _json(
        {"inputs": [prompt], "servers": {"pumble": {"type": "http"} | _server(url, "${input:pumble-key}")}}
    )


def _server(url: str, key: str) -> dict[str, Any]:
    return {"url": url, "headers": {"Authorization": _BEARER.format(key)}}


def _json(configuration: dict[str, Any]) -> str:
    return json.dumps(configuration, indent=2)
