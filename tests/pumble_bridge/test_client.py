"""The client against a server of the test's own, which misbehaves byte by byte."""

import contextlib
import datetime
import gzip
import io
import socket
import ssl
import struct
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from keys import sockets
from pumble_bridge import client, deadline, transport
from pumble_bridge.client import PumbleClient
from pumble_bridge.errors import (
    PumbleError,
    PumbleRateLimited,
    PumbleRefused,
    PumbleTimeout,
    PumbleUnavailable,
    PumbleUnreachable,
    TokenRejected,
)

Serve = Callable[[socket.socket, threading.Event], None]
ID = "a" * 24


@contextlib.contextmanager
def server(serve: Serve, *, tls: Path | None = None) -> Iterator[str]:
    """Answers every connection with `serve`, which gives up when its event is set; under TLS with that certificate."""
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
                        connection.recv(65536)
                        serve(connection, over)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def certificate(folder: Path) -> Path:
    """A file with a key, and a certificate for 127.0.0.1 that it signed itself."""
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
    """What a server does on its first connection, its second and so on; `begun` of them were made."""

    def __init__(self, *each: Serve) -> None:
        self.each, self.begun = each, 0

    def __call__(self, connection: socket.socket, over: threading.Event) -> None:
        self.begun += 1
        self.each[self.begun - 1](connection, over)


FINE = whole("200 OK", b'{"id":"1","channelId":"2"}')
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n{"id":"1","channelId":"2"}\r\n'
KEPT = b'HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n{"id":"1","channelId":"2"}'


def gone(_connection: socket.socket, _over: threading.Event) -> None:
    """Ends the connection when the request is there, without a byte."""


def reset(connection: socket.socket, _over: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def one_more_then_gone(connection: socket.socket, _over: threading.Event) -> None:
    """Answers and keeps the connection; ends it when the second request is there."""
    connection.sendall(KEPT)
    while (piece := connection.recv(65536)) and b" HTTP/1.1\r\n" not in piece:
        pass  # the first one's body


def kept_for_a_while(connection: socket.socket, _over: threading.Event) -> None:
    """Answers, promises to keep the connection, and ends it."""
    connection.sendall(KEPT)


class TestPumbleClient:
    @pytest.mark.parametrize(
        ("scheme", "serve"),
        [
            ("http", dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")),
            ("http", dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{", b" ")),
            ("http", dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")),
            ("http", silent),
            ("https", dripping(b"\x16\x03\x03\x40\x00", b"\x02")),
            ("https", silent),
        ],
        ids=["headers", "body", "chunks", "silence", "handshake", "silence of TLS"],
    )
    def test_ends_at_its_deadline_however_slowly_bytes_drip(
        self, settings: Settings, scheme: str, serve: Serve
    ) -> None:
        began = time.monotonic()
        with deadline.within(0.3), pytest.raises(PumbleTimeout):
            ask(settings, serve, scheme=scheme)

        assert time.monotonic() - began < 2  # far below any read time-out, far above the deadline

    @pytest.mark.parametrize(
        "serve",
        [
            whole("200 OK", b"<html>hi</html>"),
            whole("200 OK", b"[]"),
            whole("200 OK", b'{"id": 5}'),
            whole("200 OK", b'{"id": "\xff"}'),
            whole("200 OK", b'{"id":"' + b"a" * (transport.MAX_ANSWER_BYTES + 2**20) + b'"}'),
            whole("500 Oops", b'{"message":"x"}'),
            whole("302 Found", headers="Location: http://127.0.0.1:1/\r\n"),
            lambda connection, _over: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
            lambda _connection, _over: None,
            lambda connection, _over: connection.sendall(b"garbage\r\n\r\n"),
            lambda connection, _over: connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 20_000),
            lambda connection, _over: connection.sendall(b"HTTP/1.1 200 OK\r\nX-A"),
            lambda connection, _over: connection.sendall(CHUNKED + b"0"),
            whole("200 OK", b'{"id":"1"}', headers="Content-Length: 9\r\n"),
            whole("200 OK", b'{"id":"1"}', headers="Transfer-Encoding: chunked\r\n"),
            whole("101 Switching", headers="Upgrade: websocket\r\n"),
        ],
        ids=[
            "html",
            "list",
            "wrong type",
            "not utf-8",
            "too long",
            "500",
            "redirect",
            "cut",
            "closed",
            "garbage",
            "head without end",
            "head cut",
            "chunks cut",
            "two lengths",
            "length and chunks",
            "upgrade",
        ],
    )
    def test_takes_no_nonsense_for_an_answer(self, settings: Settings, serve: Serve) -> None:
        with pytest.raises(PumbleUnavailable):
            ask(settings, serve)

    @pytest.mark.parametrize("body", [b"{}", b'{"users":[]}', b'"x"', b"null", b"[7]", b'[{"id":7}]'])
    def test_takes_no_nonsense_for_a_list(self, settings: Settings, body: bytes) -> None:
        with server(whole("200 OK", body)) as settings.PUMBLE_API_URL, pytest.raises(PumbleUnavailable):
            PumbleClient("token").list_users()

    def test_ends_at_its_deadline_where_nobody_reads(self, settings: Settings) -> None:
        with server(silent) as settings.PUMBLE_API_URL, deadline.within(0.3), pytest.raises(PumbleTimeout):
            PumbleClient("token").post_message(ID, {"text": "x" * 20_000_000})

    def test_sends_nothing_where_its_time_is_over_before_it_began(self, settings: Settings) -> None:
        asked = Connections(FINE)
        with (
            server(asked) as settings.PUMBLE_API_URL,
            deadline.within(0),
            pytest.raises(PumbleTimeout) as failed,
        ):
            PumbleClient("token").post_message(ID, {"text": "hello"})

        assert (asked.begun, failed.value.may_have_happened) == (0, False)

    def test_says_unreachable_where_nobody_has_the_name(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unknown(*_args: object, **_options: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        settings.PUMBLE_API_URL = "http://pumble.test"

        with pytest.raises(PumbleUnreachable, match="not known") as failed:
            PumbleClient("token").post_message(ID, {"text": "hello"})

        assert not failed.value.may_have_happened

    def test_ends_at_its_deadline_where_the_name_is_not_looked_up(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        over = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: over.wait(10))
        settings.PUMBLE_API_URL = "http://pumble.test"
        try:
            began = time.monotonic()
            with deadline.within(0.2), pytest.raises(PumbleTimeout) as failed:
                PumbleClient("token").get_user(ID)
            assert time.monotonic() - began < 2
        finally:
            over.set()

        assert not failed.value.may_have_happened

    def test_tries_each_address_of_a_name(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        look_up = socket.getaddrinfo

        def two(host: str, port: int, *args: int, **options: int) -> list[Any]:
            found = look_up("127.0.0.1", port, *args, **options)
            return found if host != "pumble.test" else [*look_up("127.0.0.1", 1, *args, **options), *found]

        monkeypatch.setattr(socket, "getaddrinfo", two)
        with server(FINE) as address:
            settings.PUMBLE_API_URL = address.replace("127.0.0.1", "pumble.test")

            assert PumbleClient("token").get_user(ID)["id"] == "1"

    def test_trusts_no_certificate_of_its_own_making(self, settings: Settings, tmp_path: Path) -> None:
        with server(FINE, tls=certificate(tmp_path)) as address:
            settings.PUMBLE_API_URL = address.replace("http", "https")
            with pytest.raises(PumbleUnavailable) as failed:
                PumbleClient("token").get_user(ID)

        assert "CERTIFICATE_VERIFY_FAILED" in str(failed.value)

    def test_speaks_tls_to_a_server_of_a_trusted_authority(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trusting = ssl.create_default_context(cafile=certificate(tmp_path))
        monkeypatch.setattr(transport, "_tls", lambda: trusting)
        kept = Connections(one_more_then_gone, FINE)
        with server(kept, tls=certificate(tmp_path)) as address:
            settings.PUMBLE_API_URL = address.replace("http", "https")

            assert [PumbleClient("token").get_user(ID)["id"] for _ in range(2)] == ["1", "1"]
        assert kept.begun == 2

    def test_follows_no_redirect_and_uses_no_proxy_of_the_environment(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        elsewhere = Connections(FINE)
        with server(elsewhere) as other:
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, other)
            with pytest.raises(PumbleUnavailable):
                ask(settings, whole("302 Found", headers=f"Location: {other}/\r\n"))

        assert elsewhere.begun == 0

    def test_takes_a_packed_answer(self, settings: Settings) -> None:
        packed = gzip.compress(b'{"id":"1"}')

        assert ask(settings, whole("200 OK", packed, "Content-Encoding: gzip\r\n")) == {"id": "1"}

    @pytest.mark.parametrize(
        ("packed", "encoding"),
        [
            (gzip.compress(b'{"id":"1"}')[:-4], "gzip"),
            (b"no gzip", "gzip"),
            (zlib.compress(b'{"id":"1"}'), "deflate"),
            (b"?", "br"),
        ],
        ids=["cut", "none", "deflate", "br"],
    )
    def test_takes_nothing_that_it_cannot_unpack(
        self, settings: Settings, packed: bytes, encoding: str
    ) -> None:
        with pytest.raises(PumbleUnavailable):
            ask(settings, whole("200 OK", packed, f"Content-Encoding: {encoding}\r\n"))

    def test_unpacks_eight_megabytes_and_no_more(self, settings: Settings) -> None:
        bomb = gzip.compress(bytes(200 * 1024 * 1024), 1)
        tracemalloc.start()
        try:
            with pytest.raises(PumbleUnavailable, match="too long"):
                ask(settings, whole("200 OK", bomb, "Content-Encoding: gzip\r\n"))
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert most < 40 * 1024 * 1024

    def test_reads_an_answer_whose_connection_ends_with_it(self, settings: Settings) -> None:
        def in_pieces(connection: socket.socket, over: threading.Event) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            for piece in (b'{"id":', b'"1"}'):
                over.wait(0.02)
                connection.sendall(piece)

        assert ask(settings, in_pieces) == {"id": "1"}

    def test_says_unavailable_when_nobody_listens(self, settings: Settings) -> None:
        settings.PUMBLE_API_URL = "http://127.0.0.1:1"

        with pytest.raises(PumbleUnavailable):
            PumbleClient("token").get_user(ID)

    @pytest.mark.parametrize(
        ("serve", "family", "shown"),
        [
            (
                whole("401 No", b'{"message":"Unauthorized"}'),
                TokenRejected,
                (401, None, "Unauthorized", "Unauthorized"),
            ),
            (
                whole("400 No", b'{"message":"m","localizedMessage":"l","code":400000}'),
                PumbleRefused,
                (400, 400000, "m", "l"),
            ),
            (whole("404 No", b"<html>"), PumbleRefused, (404, None, "", "")),
            (whole("403 No", b'{"message":7,"code":"x"}'), PumbleRefused, (403, None, "", "")),
        ],
    )
    def test_passes_a_refusal_on_in_its_own_words(
        self, settings: Settings, serve: Serve, family: type[PumbleRefused], shown: tuple[object, ...]
    ) -> None:
        with pytest.raises(family) as refused:
            ask(settings, serve)

        error = refused.value
        assert (error.status, error.code, error.message, error.localized_message) == shown

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [("Retry-After: 7\r\n", 7), ("", 1), ("Retry-After: soon\r\n", 1), ("Retry-After: 99999\r\n", 3600)],
    )
    def test_reads_how_long_a_limit_lasts(self, settings: Settings, header: str, seconds: int) -> None:
        with pytest.raises(PumbleRateLimited) as limited:
            ask(settings, whole("429 Slow down", headers=header))

        assert limited.value.retry_after == seconds

    @pytest.mark.parametrize(
        "hostile", ["../oauth2/me", "a" * 23, "A" * 24, "a" * 24 + "/x", "", "a" * 24 + "\n"]
    )
    def test_puts_nothing_but_ids_into_a_path(self, hostile: str) -> None:
        with pytest.raises(ValueError, match="not an id"):
            PumbleClient("token").get_user(hostile)

    def test_shows_its_token_in_no_repr(self) -> None:
        assert "sesame" not in repr(PumbleClient("sesame"))

    def test_keeps_its_connection_between_calls(self, settings: Settings) -> None:
        def thrice(connection: socket.socket, _over: threading.Event) -> None:
            connection.sendall(KEPT)
            for _ in range(2):
                connection.recv(65536)
                connection.sendall(KEPT)

        kept = Connections(thrice)
        with server(kept) as address:
            settings.PUMBLE_API_URL = address
            for _ in range(3):
                PumbleClient("token").get_user(ID)

        assert kept.begun == 1

    def test_gives_nobody_the_answer_that_follows_an_early_hint(self, settings: Settings) -> None:
        def hint_first(connection: socket.socket, _over: threading.Event) -> None:
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
            with contextlib.suppress(OSError):
                connection.recv(65536)  # the next request, if it came this way
                connection.sendall(KEPT)

        told = Connections(hint_first, whole("200 OK", b'{"id": "mine"}'))
        with server(told) as address:
            settings.PUMBLE_API_URL = address
            with pytest.raises(PumbleUnavailable):
                PumbleClient("token").get_user(ID)

            assert PumbleClient("token").get_user(ID)["id"] == "mine"

    def test_gives_nobody_an_answer_that_nobody_asked_for(self, settings: Settings) -> None:
        twice = Connections(lambda connection, _over: connection.sendall(KEPT * 2), FINE)
        with server(twice) as address:
            settings.PUMBLE_API_URL = address
            for _ in range(2):
                PumbleClient("token").get_user(ID)

        assert twice.begun == 2

    @pytest.mark.parametrize("ending", [CHUNKED + b"0\r\n\r\n", KEPT], ids=["chunks", "length"])
    def test_reads_an_answer_in_whatever_pieces_it_comes(self, settings: Settings, ending: bytes) -> None:
        def in_pieces(connection: socket.socket, over: threading.Event) -> None:
            for place in range(len(ending)):
                connection.sendall(ending[place : place + 1])
                over.wait(0.0005)

        assert ask(settings, in_pieces) == {"id": "1", "channelId": "2"}

    @pytest.mark.parametrize("token", ["a\r\nX-Other: b", "a\nb", "a\0b", "ñ"])
    def test_sends_no_token_that_would_end_its_line(self, settings: Settings, token: str) -> None:
        asked = Connections(FINE)
        with server(asked) as settings.PUMBLE_API_URL, pytest.raises(ValueError, match="request"):
            PumbleClient(token).get_user(ID)

        assert asked.begun == 0

    def test_keeps_all_failures_in_one_family(self) -> None:
        families = {PumbleUnavailable, PumbleTimeout, PumbleRateLimited, PumbleRefused, TokenRejected}

        assert all(issubclass(family, PumbleError) for family in families)


class TestAConnectionThatBreaks:
    @pytest.mark.parametrize("broken", [gone, reset], ids=["gone", "reset"])
    def test_is_made_anew_once_for_a_read_and_the_log_says_so(
        self, settings: Settings, broken: Serve, log_lines: io.StringIO
    ) -> None:
        pumble = Connections(broken, FINE)

        assert ask(settings, pumble) == {"id": "1", "channelId": "2"}

        assert pumble.begun == 2
        assert log_lines.getvalue().count("pumble.asked_again call='GET /v1/workspaceUsers/{id}'") == 1

    def test_twice_is_unavailable(self, settings: Settings) -> None:
        pumble = Connections(gone, gone, FINE)

        with pytest.raises(PumbleUnavailable):
            ask(settings, pumble)

        assert pumble.begun == 2

    @pytest.mark.parametrize("serve", [kept_for_a_while, one_more_then_gone], ids=["seen", "while sending"])
    def test_between_two_reads_is_not_noticed(self, settings: Settings, serve: Serve) -> None:
        pumble = Connections(serve, FINE)
        with server(pumble) as address:
            settings.PUMBLE_API_URL = address
            for _ in range(2):
                assert PumbleClient("token").get_user(ID)["id"] == "1"

    def test_after_a_write_may_have_left_sends_it_no_second_time(self, settings: Settings) -> None:
        pumble = Connections(one_more_then_gone, FINE)
        with server(pumble) as address:
            settings.PUMBLE_API_URL = address
            PumbleClient("token").post_message(ID, {"text": "first"})
            with pytest.raises(PumbleUnavailable) as failed:
                PumbleClient("token").post_message(ID, {"text": "second"})

        assert failed.value.may_have_happened
        assert pumble.begun == 1

    def test_before_a_write_left_is_made_anew_once(self, settings: Settings, log_lines: io.StringIO) -> None:
        settings.PUMBLE_API_URL = "http://127.0.0.1:1"

        with pytest.raises(PumbleUnavailable) as failed:
            PumbleClient("token").post_message(ID, {"text": "x"})

        assert not failed.value.may_have_happened
        assert log_lines.getvalue().count("pumble.asked_again") == 1

    def test_with_a_search_which_changes_nothing_asks_again(self, settings: Settings) -> None:
        pumble = Connections(gone, whole("200 OK", b'{"content":[]}'))
        with server(pumble) as address:
            settings.PUMBLE_API_URL = address

            assert PumbleClient("token").search_messages({"text": "x"}) == {"content": []}

    @pytest.mark.parametrize("status", ["400 No", "404 No", "429 Slow down", "500 Oops", "503 Later"])
    def test_is_something_else_than_an_answer(self, settings: Settings, status: str) -> None:
        pumble = Connections(whole(status), FINE)

        with pytest.raises(PumbleError):
            ask(settings, pumble)

        assert pumble.begun == 1

    def test_shortly_before_the_deadline_stays_broken(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client, "_BETWEEN_TRIES", (9.0, 9.0))
        pumble = Connections(gone, FINE)

        with pytest.raises(PumbleUnreachable):
            ask(settings, pumble)

        assert pumble.begun == 1

    def test_between_two_writes_is_noticed_before_the_second_leaves(self, settings: Settings) -> None:
        pumble = Connections(kept_for_a_while, FINE)
        with server(pumble) as address:
            settings.PUMBLE_API_URL = address
            PumbleClient("token").post_message(ID, {"text": "first"})
            while not sockets.has_something_to_read(transport._idle[address][-1].fileno()):
                pass  # the end of the connection is on its way

            PumbleClient("token").post_message(ID, {"text": "second"})

        assert pumble.begun == 2


def test_five_failures_spare_pumble_the_sixth_call(settings: Settings) -> None:
    pumble = Connections(*[whole("503 Down")] * 9)
    with server(pumble) as address:
        settings.PUMBLE_API_URL = address
        for _ in range(9):
            with pytest.raises(PumbleUnavailable):
                PumbleClient("token").get_user(ID)

    assert pumble.begun == 5
