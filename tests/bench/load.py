"""One burst of calls by wrk, and what it cost the server that answered them."""

import json
import os
import random
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.bench.processes import Server

_SCRIPT = Path(__file__).with_name("calls.lua")
_folder = tempfile.TemporaryDirectory(prefix="bench-calls-")


@dataclass(frozen=True)
class Figures:
    """`refused` answers had a status of 400 or above, `broken` calls none at all. `cpu_us`: of the server, per call."""

    calls: int
    seconds: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu_us: float

    @property
    def per_second(self) -> float:
        return self.calls / self.seconds


@dataclass(frozen=True)
class Load:
    """Calls to a server, each of `requests` in turn, over so many kept connections."""

    server: Server
    requests: tuple[bytes, ...]
    connections: int = 16
    refused: bool = False

    @cached_property
    def _file(self) -> Path:
        path = Path(_folder.name) / f"{random.getrandbits(64):x}"
        path.write_bytes(b"".join(b"%d\n%b\n" % (len(request), request) for request in self.requests))
        return path

    def warmed_burst(self, seconds: int) -> Figures:
        """Return the figures of a burst after one second of the same calls: records of keys live 30 s, a round is longer."""
        self.burst(1)
        return self.burst(seconds)

    def burst(self, seconds: int) -> Figures:
        """
        Raises:
            AssertionError: calls were not answered, or not as they should be.
        """
        before = self.server.cpu_seconds()
        command = ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "--timeout", "30s"]
        environment = {"CALLS": str(self._file), "SEED": str(random.getrandbits(31))}
        done = subprocess.run(
            [*command, "-s", str(_SCRIPT), self.server.url],
            env=os.environ | environment,
            capture_output=True,
            text=True,
        )
        said = next((line for line in done.stdout.splitlines() if line.startswith("figures ")), "")
        assert said, done.stdout + done.stderr
        told = json.loads(said.removeprefix("figures "))
        cpu = self.server.cpu_seconds() - before
        figures = Figures(**told, cpu_us=1e6 * cpu / max(told["calls"], 1))
        assert figures.calls, f"{self.server.url} answered nothing"
        assert not figures.broken, f"{figures.broken} calls to {self.server.url} had no answer"
        expected = figures.calls if self.refused else 0
        assert figures.refused == expected, f"{figures.refused} of {figures.calls} were refused"
        return figures


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of one request; in the headers' names `_` stands for `-`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def addresses(count: int) -> Iterator[str]:
    """Callers in so many networks."""
    return (f"10.{number // 256}.{number % 256}.7" for number in range(count))


def with_keys(keys: Iterable[str], method: str, path: str, body: bytes = b"") -> tuple[bytes, ...]:
    """The same call with each key, each from an address of its own, as a front door passes it on."""
    keys = list(keys)
    pairs = zip(keys, addresses(len(keys)), strict=True)
    return tuple(request(method, path, body, ApiKey=key, X_Forwarded_For=address) for key, address in pairs)
