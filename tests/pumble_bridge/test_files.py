"""Downloads from hosts that misbehave, uploads to them, and files that a killed process left."""

import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from pumble_bridge import deadline, files, resilience
from pumble_bridge.client import PumbleClient
from pumble_bridge.exceptions import (
    FileTooLarge,
    PumbleNotAsked,
    PumbleTimeout,
    PumbleUnavailable,
    PumbleUnreachable,
)
from pumble_bridge.files import Download
from pumble_bridge.http import OutgoingFile
from tests.pumble_bridge.misbehaving_server import Serve, dripping, server, silent, whole

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture(autouse=True)
def closed_circuits() -> Iterator[None]:
    yield
    resilience.reset()


@contextmanager
def download(settings: Settings, serve: Serve, seconds: float = 5) -> Iterator[Download]:
    with server(serve) as settings.PUMBLE_FILEUPLOAD_URL, deadline.within(seconds):
        opened = files.open_download(PumbleClient("token"), f"{settings.PUMBLE_FILEUPLOAD_URL}/f/1", "a.bin")
        try:
            yield opened
        finally:
            opened.close()


class TestDownload:
    def test_comes_from_the_upload_host_too(self, settings: Settings) -> None:
        with download(settings, whole("200 OK", b"bytes")) as opened:
            assert (opened.length, b"".join(opened)) == (5, b"bytes")

    def test_without_a_length_is_read_to_its_end(self, settings: Settings) -> None:
        def serve(connection: socket.socket, _over: threading.Event) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")

        with download(settings, serve) as opened:
            assert (opened.length, b"".join(opened)) == (None, b"abc")

    def test_that_is_cut_short_is_an_error(self, settings: Settings) -> None:
        def serve(connection: socket.socket, _over: threading.Event) -> None:
            connection.sendall(HEAD % 9 + b"half")

        with download(settings, serve) as opened, pytest.raises(PumbleUnreachable):
            list(opened)

    def test_that_drips_ends_at_the_deadline_of_its_begin(self, settings: Settings) -> None:
        began = time.monotonic()
        drips = dripping(HEAD % 9_000, b"x")
        with download(settings, drips, seconds=0.5) as opened, pytest.raises(PumbleTimeout):
            list(opened)

        assert time.monotonic() - began < 3

    def test_over_the_limit_is_refused_by_its_head_or_while_it_comes(self, settings: Settings) -> None:
        settings.MAX_FILE_BYTES = 1000
        with pytest.raises(FileTooLarge), download(settings, whole("200 OK", bytes(1001))):
            pass

        def endless(connection: socket.socket, over: threading.Event) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not over.wait(0.001):
                connection.sendall(bytes(100))

        with download(settings, endless) as opened, pytest.raises(FileTooLarge):
            list(opened)

    def test_with_a_strange_answer_is_unavailable(self, settings: Settings) -> None:
        for serve in (
            whole("302 Found", b"", "Location: http://example.com/\r\n"),
            whole("204 No Content"),
            whole("206 Partial Content", b"x"),
            whole("200 OK", b"x", "Content-Encoding: gzip\r\n"),
        ):
            with pytest.raises(PumbleUnavailable), download(settings, serve):
                pass

    def test_fails_fast_after_failures_and_leaves_other_calls_alone(self, settings: Settings) -> None:
        for _ in range(resilience.FAILURE_THRESHOLD):
            with pytest.raises(PumbleUnavailable), download(settings, whole("500 Oops")):
                pass

        with pytest.raises(PumbleNotAsked), download(settings, whole("200 OK", b"bytes")):
            pass
        with resilience.guard(None):
            pass  # the circuit of the API is closed


class TestUpload:
    def upload(self, settings: Settings, token: bytes, host: Serve, seconds: float = 5) -> str:
        content = io.BytesIO(bytes(100_000))
        file = OutgoingFile("a.bin", "application/octet-stream", 100_000, content)
        received = self.received = list[bytes]()
        with (
            server(whole("200 OK", token)) as settings.PUMBLE_API_URL,
            server(host, received=received) as settings.PUMBLE_FILEUPLOAD_URL,
            deadline.within(seconds),
        ):
            return files.upload(PumbleClient("secret-token"), file)

    def test_gives_the_upload_host_no_token_of_the_api(self, settings: Settings) -> None:
        token = b'{"token": "upload-token", "remoteProductToken": "product", "id": "%s"}' % (b"a" * 24)

        assert self.upload(settings, token, whole("200 OK", b"{}")) == "a" * 24
        assert b"authtoken: upload-token\r\n" in self.received[0]
        assert b"Remote-Product-Token: product\r\n" in self.received[0]
        assert b"secret-token" not in b"".join(self.received)
        assert settings.PUMBLE_APP_KEY.encode() not in b"".join(self.received)

    @pytest.mark.parametrize(
        "token",
        [
            b"{}",
            b'{"token": null}',
            b'{"token": "a\\r\\nX-Injected: 1", "id": "x"}',
            b'{"token": "a b\\u00e9", "id": "x"}',
            b'{"token": "fine", "remoteProductToken": "a\\nb", "id": "x"}',
            b'{"token": "fine", "id": "../../channels"}',
        ],
    )
    def test_trusts_no_answer(self, settings: Settings, token: bytes) -> None:
        with pytest.raises(PumbleUnavailable):
            self.upload(settings, token, whole("200 OK", b"{}"))

        assert b"X-Injected" not in b"".join(self.received)

    def test_to_a_host_that_hangs_ends_at_the_deadline(self, settings: Settings) -> None:
        with pytest.raises(PumbleTimeout):
            self.upload(settings, b'{"token": "fine"}', silent, seconds=0.5)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "clean"),
        [
            ("report.pdf", "report.pdf"),
            ("/etc/passwd", "passwd"),
            ("C:\\x\\y.txt", "y.txt"),
            ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
            ("evil\u202egpj.exe", "evilgpj.exe"),
            ("..", ""),
            ("dir/", ""),
            ("\0\u200b", ""),
        ],
    )
    def test_lose_folders_and_invisible_characters(self, name: str, clean: str) -> None:
        assert files.clean_name(name) == clean


class TestLeftovers:
    def test_are_deleted_when_no_call_can_use_them(self, settings: Settings, tmp_path: Path) -> None:
        settings.FILE_UPLOAD_TEMP_DIR = tmp_path
        names = ["tmpold.upload.png", "tmpnew.upload.png", "other"]
        for name in names:
            (tmp_path / name).write_bytes(b"x")
        for name in ("tmpold.upload.png", "other"):
            os.utime(tmp_path / name, (0, time.time() - 3600))

        assert files.delete_leftovers(timezone.now()) == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "tmpnew.upload.png"]

    def test_need_no_folder(self, settings: Settings, tmp_path: Path) -> None:
        settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "none"

        assert files.delete_leftovers(timezone.now()) == 0
