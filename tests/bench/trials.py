"""What no load of a round can tell: the start, the spread, memory, hooks, revocation, and calls among bad ones."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.bench import loads, processes, stage
from tests.bench.load import Load
from tests.bench.stage import Stage
from tests.environment import PROJECT, free_port


def heaviest_share(load: Load, draws: int) -> list[float]:
    """Of each draw: which share of the work the busiest process had."""
    shares = []
    for _ in range(draws):
        workers = load.server.workers()
        before = [processes.cpu_seconds(worker) for worker in workers]
        load.burst(1)
        worked = [processes.cpu_seconds(worker) - was for worker, was in zip(workers, before, strict=True)]
        shares.append(max(worked) / sum(worked))
    return shares


def memory(load: Load, calls: int) -> tuple[float, float]:
    """MiB of the largest process after half of so many further calls, and after all of them."""

    def after(more: int) -> float:
        while more > 0:
            more -= load.burst(5).calls
        return max(map(processes.memory_mib, load.server.workers()))

    return after(calls // 2), after(calls - calls // 2)


def seconds_to_ready(staged: Stage, times: int) -> list[float]:
    """How long one more portal takes from its start until it is ready."""
    seconds = []
    with tempfile.TemporaryDirectory(prefix="bench-start-") as folder:
        for number in range(times):
            with stage.portal(staged.portal_environment, Path(folder) / f"{number}.log") as portal:
                seconds.append(portal.ready_after)
    return seconds


def seconds_of_a_fresh_run() -> float:
    """How long `make run` takes where nothing is installed yet; what it downloads may be in pip's cache."""
    with tempfile.TemporaryDirectory(prefix="bench-fresh-") as folder:
        subprocess.run(["git", "clone", "-q", str(PROJECT), folder], check=True)
        environment = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port()), "DATA_DIR": "var"}
        began = time.monotonic()
        make = subprocess.Popen(
            ["make", "-s", "run"],
            cwd=folder,
            env={name: value for name, value in os.environ.items() if name != "MAKEFLAGS"} | environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert make.stdout is not None
        try:
            for line in make.stdout:
                if line.startswith("ready portal="):
                    return time.monotonic() - began
        finally:
            make.send_signal(signal.SIGTERM)
            make.wait(30)
            shutil.rmtree(folder, ignore_errors=True)
    raise AssertionError("`make run` never said that it was ready")


def hooks(staged: Stage, seconds: int) -> tuple[float, float]:
    """Of `/api-keys generate`, many at once: the 99th percentile in ms, and how long Pumble took for its part.

    Raises:
        AssertionError: some hook made no key.
    """
    load = loads.hooks(staged, 600 * seconds)
    before, asked = _keys_of_hooks(staged), _calls_to_pumble(staged)
    figures = load.burst(seconds)
    assert figures.calls <= len(load.requests), "the hooks did not last"
    made = _keys_of_hooks(staged) - before
    assert figures.calls <= made <= figures.calls + load.connections, f"{figures.calls} hooks, {made} keys"
    each = round((_calls_to_pumble(staged) - asked) / made)
    return figures.p99_ms, 20.0 * each


def let_through(staged: Stage, tries: int) -> tuple[int, int]:
    """How many calls with keys just revoked or disabled were let in, of how many; each is tried at every process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.revoking", staged.portal.url, str(staged.portal.pid), str(tries)],
        cwd=PROJECT,
        env=os.environ | staged.portal_environment,
        input=json.dumps(staged.keys["revoked"][:tries]),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # its log: the notices that it sends
        text=True,
        check=True,
    )
    passed, made = done.stdout.split()
    return int(passed), int(made)


@contextmanager
def nuisance(staged: Stage) -> Iterator[None]:
    """Wrong keys, bodies that are too large and readers that are slow, until the block ends."""
    large = staged.keys["large"][0]["key"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.nuisance", staged.portal.url, large], cwd=PROJECT
    )
    try:
        time.sleep(1)
        assert process.poll() is None
        yield
        assert process.poll() is None, "the bad calls ended by themselves"
    finally:
        process.terminate()
        process.wait(10)


def searches_per_call(staged: Stage, load: Load, seconds: int) -> float:
    """How often the database was asked for keys, for each call."""
    with psycopg.connect(staged.portal_environment["DATABASE_URL"], autocommit=True) as database:

        def searched() -> int:
            time.sleep(
                11
            )  # what was done before is told by then: a server that has nothing to do waits 10 s with it
            row = database.execute(
                "SELECT pg_stat_clear_snapshot(), (SELECT seq_scan + idx_scan FROM pg_stat_user_tables "
                "WHERE relname = 'keys_apikey')"
            ).fetchone()
            assert row is not None
            return int(row[1])

        before = searched()
        calls = load.burst(seconds).calls
        return (searched() - before) / calls


def _keys_of_hooks(staged: Stage) -> int:
    with psycopg.connect(staged.portal_environment["DATABASE_URL"]) as database:
        row = database.execute("SELECT count(*) FROM keys_apikey WHERE name LIKE 'hook %'").fetchone()
    assert row is not None
    return int(row[0])


def _calls_to_pumble(staged: Stage) -> int:
    """How many calls the portal counted but those for Home tabs, which no hook waits for."""
    token = staged.portal_environment["METRICS_TOKEN"]
    asked = urllib.request.Request(  # noqa: S310 - an address of ours
        f"{staged.portal.url}/metrics", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - as above
        lines = answer.read().decode().splitlines()
    counts = (
        line for line in lines if line.startswith("portal_pumble_seconds_count") and "homeView" not in line
    )
    return int(sum(float(line.rpartition(" ")[2]) for line in counts))


def connections_by_worker(url: str, server: int) -> list[http.client.HTTPConnection]:
    """A kept connection to each of the server's processes."""
    address = urlsplit(url)
    found: dict[int, http.client.HTTPConnection] = {}
    workers = processes.children_of(server)
    until = time.monotonic() + 20
    while len(found) < len(workers):
        assert time.monotonic() < until, "no connection came to one of the processes"
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        holder = _holder_of(connection.sock.getsockname()[1], workers)
        if holder is None or holder in found:
            connection.close()
        else:
            found[holder] = connection
    return list(found.values())


def _holder_of(port: int, workers: list[int]) -> int | None:
    """Which process has the other end of the local connection from `port`."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    inodes = {row[9] for row in rows if int(row[2].rpartition(":")[2], 16) == port}
    for worker in workers:
        for descriptor in Path(f"/proc/{worker}/fd").iterdir():
            try:
                if str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]") in inodes:
                    return worker
            except FileNotFoundError:
                continue
    return None
