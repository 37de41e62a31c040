"""A small reverse proxy with TLS in front of the test server. Each attribute is a mistake of an administrator."""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from tests.deployment import certificate

HOP_HEADERS = {"connection", "content-length", "transfer-encoding", "host"}


@dataclass
class FrontDoor:
    """
    Attributes:
        max_body: bytes; a longer request is refused with 413.
        forwarded_for: "set" replaces the header, "pass" leaves what the client sent, "drop" removes it.
        answer: a response that is sent instead of the portal's: status, body and headers.
    """

    portal: str
    url: str = ""
    max_body: int = 2 * 1024 * 1024
    forwarded_for: str = "set"
    passes_underscores: bool = False
    host: str = ""
    answer: tuple[int, bytes, dict[str, str]] | None = None


@contextlib.contextmanager
def running(portal: str, folder: Path | None = None, *, ends_in_days: float = 300) -> Iterator[FrontDoor]:
    """Run a proxy until the block ends. With a folder, it speaks TLS with a certificate that it writes there."""
    door = FrontDoor(portal)

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            received = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body, headers = door.answer or self.forward(received)
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in HOP_HEADERS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the names of http.server

        def forward(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
            if len(body) > door.max_body:
                return 413, b"too large", {}
            sent = {name: value for name, value in self.headers.items() if name.lower() not in HOP_HEADERS}
            underscored = {name: value for name, value in sent.items() if "_" in name}
            sent = {name: value for name, value in sent.items() if name not in underscored}
            if door.passes_underscores:  # as nginx with our template does
                sent |= {name.replace("_", "-"): value for name, value in underscored.items()}
            if door.forwarded_for == "set":
                sent["X-Forwarded-For"] = self.client_address[0]
            elif door.forwarded_for == "drop":
                sent.pop("X-Forwarded-For", None)
            sent["Host"] = door.host or self.headers["Host"]
            answer = requests.request(
                self.command,
                door.portal + self.path,
                headers=sent,
                data=body,
                timeout=10,
                allow_redirects=False,
            )
            return answer.status_code, answer.content, dict(answer.headers)

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: Any) -> None:
            pass  # a client that speaks no TLS

    with Server(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if folder is not None:
            scheme = "https"
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*certificate.make(folder, ends_in_days=ends_in_days))
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        door.url = f"{scheme}://localhost:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield door
        finally:
            server.shutdown()
            thread.join()
