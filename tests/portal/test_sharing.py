"""Connections to a server of two processes, each with threads of its own."""

import http.client
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.environment import PROJECT, free_port

CONNECTIONS = 16


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "tests.portal.who", "-b", f"127.0.0.1:{port}", "-w", "2"]
    options = ["-k", "portal.sharing.SharingWorker", "--threads", "4", "--no-control-socket"]
    process = subprocess.Popen([*command, *options], cwd=PROJECT, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while not _both_answer(port):
            assert process.poll() is None
            assert time.monotonic() < until, "two processes never answered"
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _both_answer(port: int) -> bool:
    connections = _connections(port, 8)
    answered = {_ask(connection) for connection in connections}
    for connection in connections:
        connection.close()
    return len(answered - {""}) == 2


def _connections(port: int, count: int) -> list[http.client.HTTPConnection]:
    return [http.client.HTTPConnection("127.0.0.1", port, timeout=10) for _ in range(count)]


def _ask(connection: http.client.HTTPConnection) -> str:
    """Who answers; kept open afterwards."""
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    except ConnectionRefusedError:
        return ""


@pytest.mark.parametrize("at_once", [1, CONNECTIONS])
def test_are_spread_evenly_however_they_come(port: int, at_once: int) -> None:
    connections = _connections(port, CONNECTIONS)

    with ThreadPoolExecutor(at_once) as clients:
        answered = Counter(clients.map(_ask, connections))

    for connection in connections:
        connection.close()
    assert max(answered.values()) <= CONNECTIONS * 3 / 4


def test_many_requests_on_each_are_all_answered_by_one(port: int) -> None:
    connections = _connections(port, CONNECTIONS)

    for connection in connections:
        assert len({_ask(connection) for _ in range(20)} - {""}) == 1
    for connection in connections:
        connection.close()


def test_who_does_not_hang_up_keeps_nobody_else_waiting(port: int) -> None:
    lingering = []
    for connection in _connections(port, CONNECTIONS):
        connection.request("GET", "/", headers={"Connection": "close"})
        lingering.append(connection)
    (other,) = _connections(port, 1)

    assert _ask(other)  # within the 10 s of its patience

    for connection in [*lingering, other]:
        connection.close()


def test_requests_that_come_before_their_turn_are_all_answered(port: int) -> None:
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(request * 2)
            answers = client.recv(8192)
            client.sendall(request)
            while answers.count(b"HTTP/1.1 200 OK") < 3:
                piece = client.recv(8192)
                assert piece, answers
                answers += piece
