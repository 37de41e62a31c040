"""Send raw bytes to a server and read its response."""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from tests.deployment.stack import Deployment


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def connect(port: int, certificate: Path | None = None, source: str = "") -> socket.socket:
    """A connection from the address `source`, over TLS where a certificate is given."""
    own = (source, 0) if source else None
    plain = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=own)
    if certificate is None:
        return plain
    return ssl.create_default_context(cafile=str(certificate)).wrap_socket(plain, server_hostname="localhost")


def through(deployment: Deployment, raw: bytes) -> list[Answer]:
    """The answers of the front door."""
    return _speak(connect(deployment.https_port, deployment.certificate), raw)


def unencrypted(deployment: Deployment, raw: bytes, port: int = 0) -> list[Answer]:
    """The answers of the front door to what comes as http://, to the port of that unless another is named."""
    return _speak(connect(port or deployment.http_port), raw)


def directly(deployment: Deployment, raw: bytes) -> list[Answer]:
    """The answers of a portal that somebody reaches without the front door."""
    return _speak(connect(deployment.a.port), raw)


def _speak(connection: socket.socket, raw: bytes) -> list[Answer]:
    said = b""
    with connection:
        try:
            connection.sendall(raw)
            while piece := connection.recv(65536):
                said += piece
                connection.settimeout(1.5)  # some servers listen on for a while to what they refused
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError, TimeoutError):
            pass  # a server may close on who makes no sense
    return list(_read(said))


def _read(said: bytes) -> list[Answer]:
    answers = []
    while said.startswith(b"HTTP/1."):
        head, _, rest = said.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        if headers.get("transfer-encoding") == "chunked":
            body, rest = _chunks(rest)
        else:
            length = int(headers.get("content-length", len(rest)))
            body, rest = rest[:length], rest[length:]
        answers.append(Answer(int(first.split()[1]), headers, body))
        said = rest
    return answers


def _chunks(said: bytes) -> tuple[bytes, bytes]:
    """The body that these chunks are, and what follows."""
    body = b""
    while True:
        size, _, said = said.partition(b"\r\n")
        if not int(size or b"0", 16):
            return body, said.removeprefix(b"\r\n")
        body, said = body + said[: int(size, 16)], said[int(size, 16) + 2 :]
