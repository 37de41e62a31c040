"""What no load of a round can tell: the start, the spread, memory, hooks, revocation, and calls among bad ones."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

from tests.bench import loads, processes, stage
from tests.bench.load import Load
from tests.bench.stage import Stage
from tests.environment import PROJECT, free_port
from tests.services import Redis

KILLED, PAUSED = "while Redis is killed and returns empty", "2 s after Redis was paused for 10 s"


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
    """Of `/api-keys generate`, 16 at once: the 99th percentile in ms, and how long Pumble took for its part.

    Raises:
        AssertionError: some hook made no key.
    """
    load = loads.hooks(staged, 600 * seconds, connections=16)
    before, asked = _keys_of_hooks(staged), _calls_to_pumble(staged)
    figures = load.burst(seconds)
    assert figures.calls <= len(load.requests), "the hooks did not last"
    made = _keys_of_hooks(staged) - before
    assert figures.calls <= made <= figures.calls + load.connections, f"{figures.calls} hooks, {made} keys"
    each = round((_calls_to_pumble(staged) - asked) / made)
    return figures.p99_ms, 20.0 * each


def slowest_of_many_hooks(staged: Stage) -> float:
    """Return the slowest of `/api-keys generate`, 50 at once, in ms."""
    return loads.hooks(staged, 2000, connections=50).burst(3).max_ms


def let_through(staged: Stage, fault: str, keys: list[dict[str, str]]) -> tuple[int, int]:
    """Return how many calls with keys just changed were let in, of how many; each key is tried at every process."""
    paused = [str(staged.redis.pid)] if fault == PAUSED else []
    with killed_again_and_again(staged.redis) if fault == KILLED else nullcontext():
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.bench.revoking"),
                *(staged.portal.url, str(staged.portal.pid), *paused),
            ],
            cwd=PROJECT,
            env=os.environ | staged.portal_environment,
            input=json.dumps(keys),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # its log: the notices that it sends
            text=True,
            check=True,
        )
    passed, made = done.stdout.split()
    return int(passed), int(made)


@contextmanager
def killed_again_and_again(redis: Redis) -> Iterator[None]:
    """Until the block ends, Redis is away for half a second of each, and comes back empty."""
    done = threading.Event()

    def kill() -> None:
        while not done.wait(0.5):
            redis.stop()
            done.wait(0.5)
            redis.start()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


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


@dataclass(frozen=True)
class Cost:
    """What a call asks of others: transactions of PostgreSQL (a query outside of one counts as one), scripts of Redis."""

    transactions: float
    trips: float


def cost(staged: Stage, load: Load, seconds: int) -> Cost:
    """Return the cost per call of a load whose keys were used a moment ago."""
    store = redis.Redis.from_url(staged.redis.url)
    with psycopg.connect(staged.portal_environment["DATABASE_URL"], autocommit=True) as database:

        def transactions() -> int:
            time.sleep(11)  # an idle server publishes its counts after 10 s
            row = database.execute(
                "SELECT pg_stat_clear_snapshot(), (SELECT xact_commit + xact_rollback FROM pg_stat_database "
                "WHERE datname = current_database())"
            ).fetchone()
            assert row is not None
            return int(row[1])

        def scripts() -> int:
            told = store.info("commandstats")
            return sum(told.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))

        load.burst(2)  # records live 30 s, so they are still there after the pause for the counts
        before, ran = transactions(), scripts()
        calls = load.burst(seconds).calls
        ran = scripts() - ran
        return Cost((transactions() - before) / calls, round(ran / calls, 1))


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
