"""The client against a server of the test's own, which misbehaves byte by byte."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from pumble_bridge import deadline, transport
from pumble_bridge.client import PumbleClient
from pumble_bridge.errors import (
    PumbleError,
    PumbleRateLimited,
    PumbleRefused,
    PumbleTimeout,
    PumbleUnavailable,
    TokenRejected,
)

Serve = Callable[[socket.socket, threading.Event], None]
ID = "a" * 24


@contextlib.contextmanager
def server(serve: Serve) -> Iterator[str]:
    """Answers every connection with `serve`, which gives up when its event is set."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def accept() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError, OSError):
                    connection, _ = listener.accept()
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


def ask(settings: Settings, serve: Serve) -> object:
    with server(serve) as address:
        settings.PUMBLE_API_URL = address
        return PumbleClient("token").get_user(ID)


class TestPumbleClient:
    @pytest.mark.parametrize(
        "serve",
        [
            dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
            dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{", b" "),
            dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
            silent,
        ],
        ids=["headers", "body", "chunks", "silence"],
    )
    def test_ends_at_its_deadline_however_slowly_bytes_drip(self, settings: Settings, serve: Serve) -> None:
        began = time.monotonic()
        with deadline.within(0.3), pytest.raises(PumbleTimeout):
            ask(settings, serve)

        assert time.monotonic() - began < 2  # far below any read time-out, far above the deadline

    @pytest.mark.parametrize(
        "serve",
        [
            whole("200 OK", b"<html>hi</html>"),
            whole("200 OK", b"[]"),
            whole("200 OK", b'{"id": 5}'),
            whole("200 OK", b'{"id": "\xff"}'),
            whole("200 OK", b'{"id":"' + b"a" * transport.MAX_ANSWER_BYTES + b'"}'),
            whole("500 Oops", b'{"message":"x"}'),
            whole("302 Found", headers="Location: http://127.0.0.1:1/\r\n"),
            lambda connection, _over: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
            lambda _connection, _over: None,
            lambda connection, _over: connection.sendall(b"garbage\r\n\r\n"),
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
        ],
    )
    def test_takes_no_nonsense_for_an_answer(self, settings: Settings, serve: Serve) -> None:
        with pytest.raises(PumbleUnavailable):
            ask(settings, serve)

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

    def test_keeps_all_failures_in_one_family(self) -> None:
        families = {PumbleUnavailable, PumbleTimeout, PumbleRateLimited, PumbleRefused, TokenRejected}

        assert all(issubclass(family, PumbleError) for family in families)
