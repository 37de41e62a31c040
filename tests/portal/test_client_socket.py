"""What a client sees of its connection, and what the server sees of a client that takes its time."""

import errno
import socket
import struct
import tempfile
import threading
from collections.abc import Iterator

import pytest

from portal.client_socket import ClientSocket

HEAD, BODY = b"HTTP/1.1 200 OK\r\n\r\n", b"body"


@pytest.fixture
def pair() -> Iterator[tuple[ClientSocket, socket.socket]]:
    """Ours, and the client's end, which says at once when there is nothing to read."""
    accepted, client = socket.socketpair()
    ours = ClientSocket(accepted)
    client.settimeout(0)
    with ours, client:
        yield ours, client


def test_a_head_leaves_together_with_its_body(pair: tuple[ClientSocket, socket.socket]) -> None:
    ours, client = pair
    ours.begin_answer()
    ours.sendall(HEAD)
    with pytest.raises(BlockingIOError):
        client.recv(100)

    ours.sendall(BODY)
    assert client.recv(100) == HEAD + BODY
    ours.sendall(BODY)
    assert client.recv(100) == BODY
    ours.end_answer()
    with pytest.raises(BlockingIOError):
        client.recv(100)


def test_a_head_without_a_body_leaves_at_the_end_of_its_answer(
    pair: tuple[ClientSocket, socket.socket],
) -> None:
    ours, client = pair
    for _ in range(2):
        ours.begin_answer()
        ours.sendall(HEAD)
        ours.end_answer()

        assert client.recv(100) == HEAD


def test_a_file_follows_its_head(pair: tuple[ClientSocket, socket.socket]) -> None:
    ours, client = pair
    with tempfile.TemporaryFile() as file:
        file.write(BODY)
        file.seek(0)
        ours.begin_answer()
        ours.sendall(HEAD)
        ours.sendfile(file)
        ours.end_answer()

    assert client.recv(100) == HEAD + BODY


def test_who_sends_too_slowly_counts_as_gone(pair: tuple[ClientSocket, socket.socket]) -> None:
    ours, _client = pair
    ours.settimeout(0.01)

    with pytest.raises(TimeoutError) as gave_up:
        ours.recv(1)

    assert gave_up.value.errno == errno.ECONNRESET


def test_who_reads_too_slowly_counts_as_gone(pair: tuple[ClientSocket, socket.socket]) -> None:
    ours, _client = pair
    ours.settimeout(0.01)

    with pytest.raises(TimeoutError) as gave_up:
        ours.sendall(b"x" * 10_000_000)

    assert gave_up.value.errno == errno.ECONNRESET


def test_what_came_while_somebody_waited_for_it_is_read_once(
    pair: tuple[ClientSocket, socket.socket],
) -> None:
    ours, client = pair
    assert not ours.has_more(0.01)
    client.send(b"request")

    assert ours.has_more(0.01)
    assert (ours.recv(3), ours.recv(100)) == (b"req", b"uest")
    assert not ours.has_more(0.01)


def test_what_was_kept_is_not_lost_by_waiting_for_more(pair: tuple[ClientSocket, socket.socket]) -> None:
    ours, client = pair
    client.send(b"first")
    assert ours.has_more(0.01)
    client.send(b"second")

    assert ours.has_more(0.01)
    assert ours.has_more(0)
    assert (ours.recv(100), ours.recv(100)) == (b"first", b"second")
    assert not ours.has_more(0)


def test_a_short_wait_for_more_shortens_no_read(pair: tuple[ClientSocket, socket.socket]) -> None:
    ours, client = pair
    assert not ours.has_more(0.01)
    later = threading.Timer(0.1, client.send, [b"late"])
    later.start()

    assert ours.recv(100) == b"late"
    later.join()


@pytest.mark.parametrize("breaks", [False, True])
def test_the_end_of_a_connection_is_worth_a_look(breaks: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        ours = ClientSocket(listener.accept()[0])
    if breaks:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()

    with ours:
        assert ours.has_more(5)
        assert ours.recv(100) == b""


def test_gunicorns_switching_between_blocking_and_not_changes_nothing(
    pair: tuple[ClientSocket, socket.socket],
) -> None:
    ours, client = pair
    ours.setblocking(False)  # noqa: FBT003 - as gunicorn does
    ours.settimeout(0.01)
    with pytest.raises(TimeoutError):
        ours.recv(1)

    client.send(b"x")
    assert ours.recv(1) == b"x"
    assert ours.gettimeout() == 0.01
