"""A test server in place of Pumble that misbehaves byte by byte."""

import contextlib
import datetime
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from pumble_bridge.client import PumbleClient

Serve = Callable[[socket.socket, threading.Event], None]
ID = "a" * 24


@contextlib.contextmanager
def server(serve: Serve, *, tls: Path | None = None, received: list[bytes] | None = None) -> Iterator[str]:
    """Handle every connection with `serve`, which must end when its event is set. `tls` is a certificate file.

    The first bytes of each connection are appended to `received`.
    """
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def accept() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError, OSError):
                    connection, _ = listener.accept()
                    if tls is not None:
                        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                        context.load_cert_chain(tls)
                        connection = context.wrap_socket(connection, server_side=True)
                    with connection:
                        first = connection.recv(65536)
                        if received is not None:
                            received.append(first)
                        serve(connection, over)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def certificate(folder: Path) -> Path:
    """Return a file with a key and a self-signed certificate for 127.0.0.1."""
    path = folder / "tls.pem"
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.datetime.now(datetime.UTC)
        signed = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def whole(status: str, body: bytes = b"", headers: str = "") -> Serve:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return lambda connection, _over: connection.sendall(head.encode() + body)


def dripping(start: bytes, drop: bytes) -> Serve:
    def serve(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.wait(0.02):
            connection.sendall(drop)

    return serve


def silent(_connection: socket.socket, over: threading.Event) -> None:
    over.wait(10)


def ask(settings: Settings, serve: Serve, *, scheme: str = "http") -> object:
    with server(serve) as address:
        settings.PUMBLE_API_URL = address.replace("http", scheme)
        return PumbleClient("token").get_user(ID)


class Connections:
    """One `Serve` for each successive connection. `begun` counts the connections."""

    def __init__(self, *each: Serve) -> None:
        self.each, self.begun = each, 0

    def __call__(self, connection: socket.socket, over: threading.Event) -> None:
        self.begun += 1
        self.each[self.begun - 1](connection, over)


FINE = whole("200 OK", b'{"id":"1","channelId":"2"}')
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n{"id":"1","channelId":"2"}\r\n'
KEPT = b'HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n{"id":"1","channelId":"2"}'


def gone(_connection: socket.socket, _over: threading.Event) -> None:
    """Close the connection after the request, without a response."""


def reset(connection: socket.socket, _over: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def one_more_then_gone(connection: socket.socket, _over: threading.Event) -> None:
    """Respond and keep the connection, then close it after the second request."""
    connection.sendall(KEPT)
    while (piece := connection.recv(65536)) and b" HTTP/1.1\r\n" not in piece:
        pass  # the first one's body


def kept_for_a_while(connection: socket.socket, _over: threading.Event) -> None:
    """Respond with keep-alive, but close the connection."""
    connection.sendall(KEPT)
