from collections.abc import Iterator
from pathlib import Path

import pytest

from pumble_bridge import http
from tests.pumble_bridge.misbehaving_server import certificate


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add the certificate of the test servers to the system's authorities."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)))
    http._adapter.cache_clear()
    yield
    http._adapter.cache_clear()


class Clock:
    """A monotonic clock that does not advance."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()
