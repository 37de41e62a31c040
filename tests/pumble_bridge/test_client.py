"""The client against a test server that misbehaves byte by byte."""

import contextlib
import gzip
import io
import socket
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from pumble_bridge import client, deadline, http
from pumble_bridge.client import PumbleClient
from pumble_bridge.exceptions import (
    PumbleBusy,
    PumbleError,
    PumbleRateLimited,
    PumbleRefused,
    PumbleTimeout,
    PumbleUnavailable,
    PumbleUnreachable,
    TokenRejected,
)
from tests.pumble_bridge.misbehaving_server import (
    CHUNKED,
    FINE,
    ID,
    KEPT,
    Connections,
    Serve,
    ask,
    certificate,
    dripping,
    gone,
    kept_for_a_while,
    one_more_then_gone,
    reset,
    server,
    silent,
    whole,
)

RETRY_AFTER = {
    "7": 7,
    " 30 ": 30,
    "0": 1,
    "99999": 3600,
    "9" * 400: 3600,
    "Fri, 31 Dec 2099 23:59:59 GMT": 3600,
    "Sun, 06 Nov 1994 08:49:37 GMT": 1,
}
NO_RETRY_AFTER = ["", "soon", "-5", "1.5", "7, 8", "9" * 5000, "Wed, 99 Foo 2099 99:99:99 GMT", "\xb2"]


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
            whole("200 OK", b'{"id":"' + b"a" * (http.MAX_ANSWER_BYTES + 2**20) + b'"}'),
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
    def test_refuses_an_invalid_response(self, settings: Settings, serve: Serve) -> None:
        with pytest.raises(PumbleUnavailable):
            ask(settings, serve)

    @pytest.mark.parametrize("body", [b"{}", b'{"users":[]}', b'"x"', b"null", b"[7]", b'[{"id":7}]'])
    def test_refuses_an_invalid_list(self, settings: Settings, body: bytes) -> None:
        with server(whole("200 OK", body)) as settings.PUMBLE_API_URL, pytest.raises(PumbleUnavailable):
            PumbleClient("token").list_users()

    @pytest.mark.parametrize("scheme", ["http", "https"])
    @pytest.mark.usefixtures("trusted")
    def test_ends_at_its_deadline_if_the_server_does_not_read(
        self, settings: Settings, tmp_path: Path, scheme: str
    ) -> None:
        tls = certificate(tmp_path) if scheme == "https" else None
        began = time.monotonic()
        with (
            server(silent, tls=tls) as settings.PUMBLE_API_URL,
            deadline.within(0.5),
            pytest.raises(PumbleTimeout),
        ):
            PumbleClient("token").post_message(ID, {"text": "x" * 20_000_000})

        assert time.monotonic() - began < 2

    def test_sends_nothing_after_the_deadline(self, settings: Settings) -> None:
        connections = Connections(FINE)
        with (
            server(connections) as settings.PUMBLE_API_URL,
            deadline.within(0),
            pytest.raises(PumbleTimeout) as failed,
        ):
            PumbleClient("token").post_message(ID, {"text": "hello"})

        assert (connections.begun, failed.value.may_have_happened) == (0, False)

    def test_raises_unreachable_for_an_unknown_host(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unknown(*_args: object, **_options: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        settings.PUMBLE_API_URL = "http://pumble.test"

        with pytest.raises(PumbleUnreachable, match="not known") as failed:
            PumbleClient("token").post_message(ID, {"text": "hello"})

        assert not failed.value.may_have_happened

    def test_sends_nothing_if_the_dns_lookup_took_too_long(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        look_up = socket.getaddrinfo

        def slow(_host: str, port: int, *args: int, **options: int) -> list[Any]:
            while deadline.remaining() > 0:
                pass
            return look_up("127.0.0.1", port, *args, **options)

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        received: list[bytes] = []
        with server(lambda _connection, _over: None, received=received) as address:
            settings.PUMBLE_API_URL = address.replace("127.0.0.1", "pumble.test")
            with deadline.within(0.1), pytest.raises(PumbleTimeout) as failed:
                PumbleClient("token").post_message(ID, {"text": "hello"})

        assert not failed.value.may_have_happened
        assert not any(received)

    def test_tries_each_address_of_a_name(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        look_up = socket.getaddrinfo

        def two(host: str, port: int, *args: int, **options: int) -> list[Any]:
            addresses = look_up("127.0.0.1", port, *args, **options)
            return (
                addresses
                if host != "pumble.test"
                else [*look_up("127.0.0.1", 1, *args, **options), *addresses]
            )

        monkeypatch.setattr(socket, "getaddrinfo", two)
        with server(FINE) as address:
            settings.PUMBLE_API_URL = address.replace("127.0.0.1", "pumble.test")

            assert PumbleClient("token").get_user(ID)["id"] == "1"

    def test_trusts_the_systems_authorities_and_no_others(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = str(certificate(tmp_path))
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, own)
        monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", own)
        with (
            server(FINE, tls=certificate(tmp_path)) as settings.PUMBLE_API_URL,
            pytest.raises(PumbleUnreachable, match="CERTIFICATE_VERIFY_FAILED") as failed,
        ):
            PumbleClient("token").post_message(ID, {"text": "hello"})

        assert not failed.value.may_have_happened

    @pytest.mark.usefixtures("trusted")
    def test_trusts_no_certificate_of_another_host(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        look_up = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda _host, *args, **options: look_up("127.0.0.1", *args, **options)
        )
        with server(FINE, tls=certificate(tmp_path)) as address:
            settings.PUMBLE_API_URL = address.replace("127.0.0.1", "pumble.test")
            with pytest.raises(PumbleUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
                PumbleClient("token").get_user(ID)

    @pytest.mark.usefixtures("trusted")
    def test_speaks_tls_to_a_server_of_a_trusted_authority(self, settings: Settings, tmp_path: Path) -> None:
        kept = Connections(one_more_then_gone, FINE)
        with server(kept, tls=certificate(tmp_path)) as settings.PUMBLE_API_URL:
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

    @pytest.mark.parametrize(
        ("packed", "encoding"),
        [
            (gzip.compress(b'{"id":"1"}'), "gzip"),
            (zlib.compress(b'{"id":"1"}'), "deflate"),
            (b'{"id":"1"}', "br"),
            (b'{"id":"1"}', "identity, gzip"),
        ],
        ids=["gzip", "deflate", "br", "two"],
    )
    def test_refuses_a_compressed_response(self, settings: Settings, packed: bytes, encoding: str) -> None:
        with pytest.raises(PumbleUnavailable, match="compressed"):
            ask(settings, whole("200 OK", packed, f"Content-Encoding: {encoding}\r\n"))

    def test_reads_a_response_that_ends_with_the_connection(self, settings: Settings) -> None:
        def in_pieces(connection: socket.socket, over: threading.Event) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            for piece in (b'{"id":', b'"1"}'):
                over.wait(0.02)
                connection.sendall(piece)

        assert ask(settings, in_pieces) == {"id": "1"}

    def test_raises_unavailable_if_no_server_listens(self, settings: Settings) -> None:
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
    def test_keeps_the_text_of_a_refusal(
        self, settings: Settings, serve: Serve, family: type[PumbleRefused], shown: tuple[object, ...]
    ) -> None:
        with pytest.raises(family) as refused:
            ask(settings, serve)

        error = refused.value
        assert (error.status, error.code, error.message, error.localized_message) == shown

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            *((f"Retry-After: {text}\r\n", seconds) for text, seconds in RETRY_AFTER.items()),
            *((f"Retry-After: {text}\r\n", 1) for text in NO_RETRY_AFTER),
            ("", 1),
        ],
    )
    def test_reads_retry_after_of_a_rate_limit(self, settings: Settings, header: str, seconds: int) -> None:
        with pytest.raises(PumbleRateLimited) as limited:
            ask(settings, whole("429 Slow down", headers=header))

        assert limited.value.retry_after == seconds

    @pytest.mark.parametrize("status", ["500 Oops", "502 Gate", "503 Later", "504 Late"])
    @pytest.mark.parametrize(("text", "seconds"), RETRY_AFTER.items())
    def test_reads_retry_after_of_a_5xx(
        self, settings: Settings, status: str, text: str, seconds: int
    ) -> None:
        with pytest.raises(PumbleBusy) as busy:
            ask(settings, whole(status, headers=f"Retry-After: {text}\r\n"))

        assert busy.value.retry_after == seconds
        assert busy.value.may_have_happened

    @pytest.mark.parametrize("text", NO_RETRY_AFTER)
    def test_ignores_an_invalid_retry_after(self, settings: Settings, text: str) -> None:
        with pytest.raises(PumbleUnavailable) as failed:
            ask(settings, whole("503 Later", headers=f"Retry-After: {text}\r\n"))

        assert not isinstance(failed.value, PumbleBusy)

    @pytest.mark.parametrize(
        "hostile", ["../oauth2/me", "a" * 23, "A" * 24, "a" * 24 + "/x", "", "a" * 24 + "\n"]
    )
    def test_puts_only_ids_into_a_path(self, hostile: str) -> None:
        with pytest.raises(ValueError, match="not a Pumble id"):
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

    def test_does_not_use_the_response_after_an_early_hint(self, settings: Settings) -> None:
        def hint_first(connection: socket.socket, _over: threading.Event) -> None:
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
            with contextlib.suppress(OSError):
                connection.recv(65536)  # the next request, if it came this way
                connection.sendall(KEPT)

        connections = Connections(hint_first, whole("200 OK", b'{"id": "mine"}'))
        with server(connections) as address:
            settings.PUMBLE_API_URL = address
            with pytest.raises(PumbleUnavailable):
                PumbleClient("token").get_user(ID)

            assert PumbleClient("token").get_user(ID)["id"] == "mine"

    def test_does_not_use_an_unrequested_response(self, settings: Settings) -> None:
        twice = Connections(lambda connection, _over: connection.sendall(KEPT * 2), FINE)
        with server(twice) as address:
            settings.PUMBLE_API_URL = address
            for _ in range(2):
                PumbleClient("token").get_user(ID)

        assert twice.begun == 2

    @pytest.mark.parametrize("ending", [CHUNKED + b"0\r\n\r\n", KEPT], ids=["chunks", "length"])
    def test_reads_a_response_in_pieces_of_any_size(self, settings: Settings, ending: bytes) -> None:
        def in_pieces(connection: socket.socket, over: threading.Event) -> None:
            for place in range(len(ending)):
                connection.sendall(ending[place : place + 1])
                over.wait(0.0005)

        assert ask(settings, in_pieces) == {"id": "1", "channelId": "2"}

    @pytest.mark.parametrize("token", ["a\r\nX-Other: b", "a\nb", "a\0b", "ñ"])
    def test_refuses_a_token_with_a_line_break(self, settings: Settings, token: str) -> None:
        connections = Connections(FINE)
        with server(connections) as settings.PUMBLE_API_URL, pytest.raises(ValueError, match="request"):
            PumbleClient(token).get_user(ID)

        assert connections.begun == 0

    def test_keeps_all_failures_in_one_family(self) -> None:
        families = {PumbleUnavailable, PumbleTimeout, PumbleRateLimited, PumbleRefused, TokenRejected}

        assert all(issubclass(family, PumbleError) for family in families)


class TestAConnectionThatBreaks:
    @pytest.mark.parametrize("broken", [gone, reset], ids=["gone", "reset"])
    def test_is_retried_once_for_a_read_and_logged(
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

    def test_does_not_send_a_write_twice(self, settings: Settings) -> None:
        pumble = Connections(one_more_then_gone, FINE)
        with server(pumble) as address:
            settings.PUMBLE_API_URL = address
            PumbleClient("token").post_message(ID, {"text": "first"})
            with pytest.raises(PumbleUnavailable) as failed:
                PumbleClient("token").post_message(ID, {"text": "second"})

        assert failed.value.may_have_happened
        assert pumble.begun == 1

    def test_before_a_write_was_sent_is_retried_once(
        self, settings: Settings, log_lines: io.StringIO
    ) -> None:
        settings.PUMBLE_API_URL = "http://127.0.0.1:1"

        with pytest.raises(PumbleUnavailable) as failed:
            PumbleClient("token").post_message(ID, {"text": "x"})

        assert not failed.value.may_have_happened
        assert log_lines.getvalue().count("pumble.asked_again") == 1

    def test_is_retried_for_a_search(self, settings: Settings) -> None:
        pumble = Connections(gone, whole("200 OK", b'{"content":[]}'))
        with server(pumble) as address:
            settings.PUMBLE_API_URL = address

            assert PumbleClient("token").search_messages({"text": "x"}) == {"content": []}

    @pytest.mark.parametrize("status", ["400 No", "404 No", "429 Slow down", "500 Oops", "503 Later"])
    def test_differs_from_an_error_response(self, settings: Settings, status: str) -> None:
        pumble = Connections(whole(status), FINE)

        with pytest.raises(PumbleError):
            ask(settings, pumble)

        assert pumble.begun == 1

    def test_shortly_before_the_deadline_is_not_retried(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client, "_RETRY_DELAY", (9.0, 9.0))
        pumble = Connections(gone, FINE)

        with pytest.raises(PumbleUnreachable):
            ask(settings, pumble)

        assert pumble.begun == 1

    def test_between_two_writes_is_noticed_before_the_second_is_sent(self, settings: Settings) -> None:
        ended = threading.Event()

        def kept_until_read(connection: socket.socket, _over: threading.Event) -> None:
            connection.sendall(KEPT)
            connection.shutdown(socket.SHUT_WR)
            ended.set()

        pumble = Connections(kept_until_read, FINE)
        with server(pumble) as address:
            settings.PUMBLE_API_URL = address
            PumbleClient("token").post_message(ID, {"text": "first"})
            assert ended.wait(5)
            PumbleClient("token").post_message(ID, {"text": "second"})

        assert pumble.begun == 2


def test_after_five_failures_the_sixth_call_is_not_sent(settings: Settings) -> None:
    pumble = Connections(*[whole("503 Down")] * 9)
    with server(pumble) as address:
        settings.PUMBLE_API_URL = address
        for _ in range(9):
            with pytest.raises(PumbleUnavailable):
                PumbleClient("token").get_user(ID)

    assert pumble.begun == 5
