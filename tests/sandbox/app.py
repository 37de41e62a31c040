"""A small app at the other end: serves a manifest, receives hooks, and answers as configured."""

import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.sandbox.pumble import CREDENTIALS

ALL_SCOPES = [
    "messages:read", "messages:write", "messages:edit", "messages:delete", "attachments:write", "files:write",
    "reaction:read", "reaction:write", "channels:list", "channels:read", "channels:write", "user:read", "users:list",
    "workspace:read", "status:write", "calls:write",
]  # fmt: skip
SERVED_ID = "64a000000000000000000099"
OFFLINE = "The app is asleep, try again later."


@dataclass(frozen=True, slots=True)
class Hook:
    """A received hook. `is_valid`: its signature is right and its time within five seconds."""

    path: str
    body: dict[str, Any]
    raw: bytes
    headers: dict[str, str]
    is_valid: bool

    @property
    def event(self) -> dict[str, Any]:
        """The decoded body of an event, which is sent as a string."""
        decoded: dict[str, Any] = json.loads(self.body["body"])
        return decoded


@dataclass(slots=True)
class Response:
    """`drip`: seconds between single bytes; `hang`: seconds before the first one."""

    status: int = 200
    body: bytes = b"{}"
    drip: float = 0.0
    hang: float = 0.0


class TestApp:
    __test__ = False

    def __init__(self) -> None:
        self.signing_secret: str = CREDENTIALS["signingSecret"]
        self.hooks: list[Hook] = []
        self.answers: dict[str, Response] = {}
        self._arrived = threading.Condition()
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                # URLs may be relative to that of the manifest. The SDK serves an id as well.
                relative = {"id": SERVED_ID, "dynamicMenus": [{"url": "/menus", "onAction": "pick_key"}]}
                content = {**app.manifest(), **relative} if self.path == "/manifest" else {}
                self._send(Response(body=json.dumps(content).encode()))

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                if app.is_signed(raw, headers):
                    app.record(self.path, raw, headers)
                    self._send(app.response_to(self.path, json.loads(raw)))
                else:
                    self._send(Response(403, b"Invalid signature!"))

            def _send(self, answer: Response) -> None:
                try:
                    time.sleep(answer.hang)
                    self.send_response(answer.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    if not answer.drip:
                        self.wfile.write(answer.body)
                    for position in range(len(answer.body) if answer.drip else 0):
                        self.wfile.write(answer.body[position : position + 1])
                        self.wfile.flush()
                        time.sleep(answer.drip)
                except OSError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def manifest(self) -> dict[str, Any]:
        return {
            "name": "API",
            "displayName": "API",
            "bot": True,
            "scopes": {"botScopes": ALL_SCOPES, "userScopes": ALL_SCOPES},
            "slashCommands": [
                {
                    "command": "/api-keys",
                    "url": f"{self.url}/commands",
                    "description": "Keys",
                    "usageHint": "generate",
                },
                {"command": "/other", "url": f"{self.url}/other"},
            ],
            "shortcuts": [
                {
                    "shortcutType": "GLOBAL",
                    "name": "add_key",
                    "displayName": "Add key",
                    "url": f"{self.url}/shortcuts",
                },
                {
                    "shortcutType": "ON_MESSAGE",
                    "name": "inspect",
                    "displayName": "Inspect",
                    "url": f"{self.url}/shortcuts",
                },
            ],
            "eventSubscriptions": {
                "url": f"{self.url}/events",
                "events": ["NEW_MESSAGE", "APP_UNAUTHORIZED", "APP_UNINSTALLED", "WORKSPACE_USER_UPDATED"],
            },
            "blockInteraction": {"url": f"{self.url}/interactions"},
            "viewAction": {"url": f"{self.url}/views"},
            "dynamicMenus": [{"url": f"{self.url}/menus", "onAction": "pick_key"}],
            "redirectUrls": [f"{self.url}/redirect"],
            "welcomeMessage": "Hello from API!",
            "offlineMessage": OFFLINE,
        }

    def reset(self) -> None:
        """Forget all hooks, answer with the defaults, and use the secret of the API app."""
        with self._arrived:
            self.hooks.clear()
            self.answers.clear()
            self.signing_secret = CREDENTIALS["signingSecret"]

    def respond_with(self, path: str, body: Any = None, **more: Any) -> None:
        """Answer hooks at `path` with this. In a JSON body `"$trigger"` stands for the triggerId of the hook."""
        raw = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
        self.answers[path] = Response(body=raw, **more)

    def response_to(self, path: str, hook: dict[str, Any]) -> Response:
        answer = self.answers.get(path, Response())
        trigger = str(hook.get("triggerId", "")).encode()
        return Response(answer.status, answer.body.replace(b"$trigger", trigger), answer.drip, answer.hang)

    def is_signed(self, raw: bytes, headers: dict[str, str]) -> bool:
        """Check the digest and not the time, as the official SDK does."""
        timestamp = headers.get("x-pumble-request-timestamp", "")
        signed = timestamp.encode() + b":" + raw
        digest = hmac.new(self.signing_secret.encode(), signed, hashlib.sha256).hexdigest()
        return digest == headers.get("x-pumble-request-signature")

    def record(self, path: str, raw: bytes, headers: dict[str, str]) -> None:
        timestamp = headers.get("x-pumble-request-timestamp", "")
        fresh = len(timestamp) == 13 and abs(int(timestamp) / 1000 - time.time()) < 5
        with self._arrived:
            self.hooks.append(Hook(path, json.loads(raw), raw, headers, fresh))
            self._arrived.notify_all()

    def hooks_at(self, path: str) -> list[Hook]:
        """Return the hooks that arrived at this path."""
        return [hook for hook in self.hooks if hook.path == path]

    def events(self, kind: str, at_least: int = 1, within: float = 5.0) -> list[Hook]:
        """Return the events of this kind, when at least this many have arrived."""

        def of_kind() -> list[Hook]:
            return [hook for hook in self.hooks if hook.body.get("eventType") == kind]

        with self._arrived:
            assert self._arrived.wait_for(lambda: len(of_kind()) >= at_least, within), (
                f"no {kind} within {within} s"
            )
            return of_kind()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
