"""Any response of Pumble or an impostor: deadlines hold, and no response reaches the wrong call."""

import contextlib
import itertools
import socket
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from pumble_bridge import deadline, http
from pumble_bridge.client import PumbleClient
from pumble_bridge.exceptions import PumbleError, PumbleTimeout, PumbleUnavailable
from tests.pumble_bridge.misbehaving_server import (
    FINE,
    ID,
    KEPT,
    Connections,
    Serve,
    ask,
    certificate,
    dripping,
    server,
    whole,
)

MEBIBYTE = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n"
STOLEN = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"id":"stolen"}'
LONG = b'{"id":"1"' + b" " * 20_000 + b"}"


def saying(answer: bytes) -> Serve:
    return lambda connection, _over: connection.sendall(answer)


def then_keeping(answer: bytes) -> Serve:
    """Answers, and keeps the connection until the other side ends it."""

    def serve(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(answer)
        connection.settimeout(0.05)
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                if not connection.recv(65536):
                    return

    return serve


class Flood:
    """Sends `start`, then a piece after another up to 100 MiB or until nobody reads; counts what it sent."""

    def __init__(self, start: bytes, piece: bytes = bytes(64 * 1024)) -> None:
        self.start, self.piece, self.sent = start, piece, 0

    def __call__(self, connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(self.start)
        while self.sent < 100 * MEBIBYTE and not over.is_set():
            self.sent += connection.send(self.piece)


class TestAnAnswer:
    @pytest.mark.parametrize(
        "start",
        [
            OK + b"Content-Length: 104857600\r\n\r\n",
            OK + b"\r\n",
            b"HTTP/1.0 200 OK\r\n\r\n",
            CHUNKS + b"6400000\r\n",
        ],
        ids=["length", "no length", "HTTP/1.0", "chunk"],
    )
    def test_of_100_mib_is_read_to_8_mib(self, settings: Settings, start: bytes) -> None:
        flood = Flood(start)

        with pytest.raises(PumbleUnavailable, match="too long"):
            ask(settings, flood)

        assert flood.sent < 20 * MEBIBYTE  # with what the system's buffers hold

    @pytest.mark.parametrize(
        ("start", "drop"),
        [
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (OK, b"a"),
            (CHUNKS + b"1;", b"a"),
            (CHUNKS + b"0\r\n", b"X-Trailer: a\r\n"),
        ],
        ids=["interim answers", "a header's name", "a chunk's extension", "trailers"],
    )
    def test_that_drips_ends_at_the_deadline(self, settings: Settings, start: bytes, drop: bytes) -> None:
        began = time.monotonic()
        with deadline.within(0.3), pytest.raises(PumbleTimeout) as failed:
            ask(settings, dripping(start, drop))

        assert time.monotonic() - began < 2
        assert failed.value.may_have_happened

    @pytest.mark.parametrize(
        ("start", "piece"),
        [(OK, b"X-A: b\r\n" * 1000), (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), (OK, b"a" * 65536)],
        ids=["headers", "interim answers", "a header's name"],
    )
    def test_whose_head_has_no_end_is_none(self, settings: Settings, start: bytes, piece: bytes) -> None:
        with deadline.within(0.5), pytest.raises(PumbleError):
            ask(settings, Flood(start, piece))

    @pytest.mark.parametrize(
        "answer",
        [
            CHUNKS + b'zz\r\n{"id":"1"}\r\n0\r\n\r\n',
            CHUNKS + b'-a\r\n{"id":"1"}\r\n0\r\n\r\n',
            CHUNKS + b'ffffffffffffffffff\r\n{"id":"1"}\r\n0\r\n\r\n',
            CHUNKS + b'a\r\n{"id":"1"}',
            CHUNKS + b'a\r\n{"id":"1"}\r\n',
            CHUNKS + b'a\r\n{"id":"1"}\r\n0\r\n',
            CHUNKS + b"a" * 70_000,
            OK
            + b"Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b'a\r\n{"id":"1"}\r\n0\r\n\r\n',
            OK + b'Transfer-Encoding: gzip, chunked\r\n\r\na\r\n{"id":"1"}\r\n0\r\n\r\n',
            OK + b'Transfer-Encoding: identity\r\n\r\n{"id":"1"}',
            OK + b'Content-Length: 11\r\n\r\n{"id":"1"}',
            OK + b'Content-Length: 9\r\n\r\n{"id":"1"}',
            OK + b'Content-Length: 10, 9\r\n\r\n{"id":"1"}',
            b'HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\n{"id":"1"}',
            b'HTTP/2 200\r\nContent-Length: 10\r\n\r\n{"id":"1"}',
            b'HTTP/1.1 20\r\nContent-Length: 10\r\n\r\n{"id":"1"}',
            b'HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 9\r\n\r\n{"id":"1"}x',
            b"\r\n\r\n" + KEPT,
            b"\x15\x03\x03\x00\x02\x02\x28",
        ],
        ids=[
            "chunk of no number",
            "chunk of a negative number",
            "chunk without end",
            "chunk without its line's end",
            "no last chunk",
            "last chunk cut",
            "chunk's line without end",
            "length and chunks",
            "packed chunks",
            "identity",
            "longer than its length",
            "shorter than its length",
            "two lengths",
            "HTTP/1.0 cut",
            "HTTP/2",
            "short status",
            "a line that is no header",
            "empty lines",
            "an alert of TLS",
        ],
    )
    def test_that_makes_no_sense_is_none(self, settings: Settings, answer: bytes) -> None:
        with deadline.within(5), pytest.raises(PumbleUnavailable):
            ask(settings, saying(answer))

    @pytest.mark.parametrize(
        "answer",
        [
            OK[:-2],
            OK,
            OK + b"X-A: b\r\n",
            OK + b"X-A",
            CHUNKS,
            CHUNKS + b"0\r\n",
            OK + b"Content-Length: 1\r\n\r\n",
        ],
        ids=["status", "line", "header", "name", "no chunk", "last chunk", "body"],
    )
    def test_that_is_cut_short_is_a_failure_of_a_write(self, settings: Settings, answer: bytes) -> None:
        pumble = Connections(saying(answer), FINE)
        with server(pumble) as settings.PUMBLE_API_URL, pytest.raises(PumbleUnavailable) as failed:
            PumbleClient("token").delete_message(ID, ID)

        assert failed.value.may_have_happened
        assert pumble.begun == 1

    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + KEPT,
            b'HTTP/1.0 200 OK\r\n\r\n{"id":"1","channelId":"2"}',
            b'HTTP/1.0 200 OK\r\nContent-Length: 26\r\n\r\n{"id":"1","channelId":"2"}',
            CHUNKS + b'd;a=b\r\n{"id":"1","ch\r\nD\r\nannelId":"2"}\r\n0\r\nX-A: b\r\n\r\n',
            OK + b'content-encoding: Identity\r\n\r\n{"id":"1","channelId":"2"}',
        ],
        ids=["after interim ones", "HTTP/1.0", "HTTP/1.0 with length", "chunks", "packed in nothing"],
    )
    def test_in_an_unusual_form_is_taken(self, settings: Settings, answer: bytes) -> None:
        assert ask(settings, saying(answer)) == {"id": "1", "channelId": "2"}

    @pytest.mark.parametrize("status", [200, 403, 429, 503])
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            *(("7", 7), ("99999", 3600), ("", None), ("-1", None), ("soon", None)),
            *(("Sun, 29 Nov 2020 12:00:00 GMT", 1), ("Thu, 31 Dec 2099 23:59:59 GMT", 3600)),
        ],
    )
    def test_says_with_any_status_when_to_come_back(
        self, status: int, header: str, seconds: int | None
    ) -> None:
        with server(whole(f"{status} X", b"{}", f"Retry-After: {header}\r\n")) as address, deadline.within(5):
            answer = http.send("GET", f"{address}/x", headers={})

        assert answer == http.Answer(status, seconds, b"{}")


PIECES = [
    *(
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 404 No\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 204 None\r\n",
    ),
    *(
        b"Content-Length: 10\r\n",
        b"Content-Length: -1\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b" folded\r\n",
    ),
    *(
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: text/html; charset=zlib\r\n",
        b"Content-Encoding: gzip\r\n",
    ),
    *(
        b"Set-Cookie: \xff=\0;;domain=.;expires=x\r\n",
        b"Retry-After: \xb2\r\n",
        b"Connection: keep-alive\r\n",
    ),
    *(b"\r\n", b"\n", b"\r", b":", b"\0", b'{"id":"1"}', b'a\r\n{"id":"1"}\r\n', b"0\r\n\r\n", b"-1\r\n"),
]


def test_any_bytes_are_a_response_or_a_pumble_error() -> None:
    coming = [b""]

    @settings(deadline=None, max_examples=300)
    @given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=8))
    def send(pieces: list[bytes]) -> None:
        coming[0] = b"".join(pieces)
        with deadline.within(5), contextlib.suppress(PumbleError):
            http.send("GET", f"{address}/x", headers={})

    with server(lambda connection, _over: connection.sendall(coming[0])) as address:
        send()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.usefixtures("trusted")
class TestAConnectionOnWhichMoreCameThanTheAnswer:
    @pytest.mark.parametrize(
        "first",
        [
            KEPT,
            OK + b"Content-Length: %d\r\n\r\n" % len(LONG) + LONG,
            CHUNKS + b"1a\r\n" + KEPT[-26:] + b"\r\n0\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\nContent-Length: 44\r\n\r\n",
            b"HTTP/1.1 304 Not Modified\r\nContent-Length: 44\r\n\r\n",
            b"HTTP/1.1 103 Early Hints\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
            b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        ],
        ids=["length", "long", "chunks", "204", "204 with a body", "304", "103", "101", "500"],
    )
    def test_answers_no_other_call(
        self, settings: Settings, tmp_path: Path, scheme: str, first: bytes
    ) -> None:
        tls = certificate(tmp_path) if scheme == "https" else None
        pumble = Connections(then_keeping(first + STOLEN), FINE)
        with server(pumble, tls=tls) as settings.PUMBLE_API_URL:
            with contextlib.suppress(PumbleError):
                PumbleClient("somebody's").get_user(ID)

            assert PumbleClient("another's").get_user(ID)["id"] == "1"

    def test_answers_no_other_call_however_the_bytes_are_cut(
        self, settings: Settings, tmp_path: Path, scheme: str
    ) -> None:
        """Each length puts the second answer at another place in the buffers of http.client and TLS."""
        tls = certificate(tmp_path) if scheme == "https" else None
        for length in itertools.chain(range(8100, 8200, 7), (16_000, 16_384, 40_000)):
            body = b'{"id":"1"' + b" " * length + b"}"
            first = OK + b"Content-Length: %d\r\n\r\n" % len(body) + body
            pumble = Connections(then_keeping(first + STOLEN), FINE)
            with server(pumble, tls=tls) as settings.PUMBLE_API_URL:
                answers = [PumbleClient("token").get_user(ID)["id"] for _ in range(2)]

            assert answers == ["1", "1"], length


def test_a_cookie_of_pumble_reaches_no_other_call(settings: Settings) -> None:
    second: list[bytes] = []

    def twice(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(KEPT.replace(b"\r\n", b"\r\nSet-Cookie: who=somebody\r\n", 1))
        second.append(connection.recv(65536))
        connection.sendall(KEPT)

    with server(twice) as settings.PUMBLE_API_URL:
        for token in ("somebody's", "another's"):
            PumbleClient(token).get_user(ID)

    assert b"another's" in second[0]
    assert b"ookie" not in second[0]


def test_a_form_is_sent_as_multipart_with_any_values() -> None:
    received: list[bytes] = []

    def read_whole(connection: socket.socket, over: threading.Event) -> None:
        while not received[0].endswith(b"--\r\n"):
            received[0] += connection.recv(65536)
        FINE(connection, over)

    hostile = 'x\r\n--boundary\r\nContent-Disposition: form-data; name="code"\r\n\r\nother'
    with server(read_whole, received=received) as address, deadline.within(5):
        http.send("POST", f"{address}/x", headers={}, form={"client-id": "7", "code": hostile})

    head, _, body = received[0].partition(b"\r\n\r\n")
    boundary = head.partition(b"multipart/form-data; boundary=")[2].partition(b"\r\n")[0]
    parts = body.split(b"--" + boundary)
    assert [part.partition(b"\r\n\r\n")[2] for part in parts[1:-1]] == [b"7\r\n", hostile.encode() + b"\r\n"]
