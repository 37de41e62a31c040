"""Servers of the run: started, waited for, asked what they cost, and ended."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.environment import PROJECT

_TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A server that answers. `ready_after`: the seconds from its start until then."""

    url: str
    pid: int
    log: Path
    ready_after: float

    def workers(self) -> list[int]:
        """The processes that do the work: its children, or itself where it has none."""
        return children_of(self.pid) or [self.pid]

    def cpu_seconds(self) -> float:
        """What all its processes have computed so far."""
        return sum(map(cpu_seconds, [self.pid, *children_of(self.pid)]))


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mib(pid: int) -> float:
    """What the process costs: its own memory, and its share of what it has in common with others."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextlib.contextmanager
def running(
    command: list[str], *, url: str, log: Path, answers: str = "/", environment: Mapping[str, str] = {}
) -> Iterator[Server]:
    """The server that `command` starts, from when it answers below 500 until the block ends."""
    began = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        while not _answers(url + answers):
            assert process.poll() is None, f"{command[:4]} ended:\n{log.read_text()[-3000:]}"
            assert time.monotonic() - began < START_SECONDS, f"{command[:4]} does not answer"
            time.sleep(0.02)
        yield Server(url, process.pid, log, time.monotonic() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - an address of ours
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
    return True
