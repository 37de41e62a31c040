"""Many call with one key while two change it, on two processes: nobody sees what was changed before they called.

Meanwhile Redis is killed, and comes back empty, again and again.
"""

import bisect
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests import services
from tests.environment import PROJECT
from tests.soak import stack
from tests.soak.stack import Stack
from tests.soak.verdict import Verdict

WRITERS, READERS, WORKERS = 2, 50, 2
REDIS_LIVES, REDIS_AWAY = 8.0, 0.5  # seconds


def run(verdict: Verdict, *, database: str, seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        redis = services.Redis(Path(folder))
        redis.start()
        try:
            with stack.running(database=database, redis=True, redis_url=redis.url, workers=WORKERS) as there:
                _race(verdict, there, redis, seconds)
        finally:
            redis.stop()


def _race(verdict: Verdict, there: Stack, redis: services.Redis, seconds: float) -> None:
    made = json.loads(
        there.run(
            *("manage.py", "create_key", "--workspace=Acme", "--member=ana@acme.test", "--name=0", "--json")
        ).stdout
    )["key"]
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.soak.renaming", made.split("_")[1], str(seconds)],
            cwd=PROJECT,
            env=there.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # its log: that Redis was away
            text=True,
        )
        for _ in range(WRITERS)
    ]
    over, killed = threading.Event(), 0
    seen: list[list[tuple[float, str]]] = [[] for _ in range(READERS)]
    readers = [threading.Thread(target=_read, args=(there, made, over, each)) for each in seen]
    for reader in readers:
        reader.start()
    ends = time.monotonic() + seconds
    while time.monotonic() + REDIS_LIVES + REDIS_AWAY < ends:
        time.sleep(REDIS_LIVES)
        redis.stop()
        time.sleep(REDIS_AWAY)
        redis.start()
        killed += 1
    written = [
        line.split()
        for writer in writers
        for line in writer.communicate(timeout=seconds + 60)[0].splitlines()
    ]
    over.set()
    for reader in readers:
        reader.join()
    changes = sorted((float(at), int(version)) for version, at in written)
    reads = [read for each in seen for read in each]
    named = [(began, int(name)) for began, name in reads if name.isdigit()]
    stale = _stale(changes, named)
    verdict.figure("remembering: changes, reads", f"{len(changes)}, {len(named)}")
    verdict.figure("remembering: Redis killed and back empty", killed)
    verdict.require(not stale, f"remembering: {len(stale)} calls saw what was over, such as {stale[:3]}")
    others = sorted({name for _began, name in reads if not name.isdigit()})
    verdict.require(not others, f"remembering: calls were answered {others}")
    verdict.require(len(changes) > seconds and len(named) > 20 * seconds, "remembering: too little happened")


def _stale(changes: list[tuple[float, int]], named: list[tuple[float, int]]) -> list[tuple[int, int]]:
    """Of the reads: what was seen, and what had been answered for before the call began."""
    moments, newest, floors = [at for at, _version in changes], 0, []
    for _at, version in changes:
        newest = max(newest, version)
        floors.append(newest)
    found = []
    for began, version in named:
        place = bisect.bisect_left(moments, began)
        floor = floors[place - 1] if place else 0
        if version < floor:
            found.append((version, floor))
    return found


def _read(there: Stack, key: str, over: threading.Event, seen: list[tuple[float, str]]) -> None:
    """Call over one kept connection, so that fifty of them reach both processes."""
    address = urlsplit(there.portal.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=15)
    while not over.is_set():
        began = time.monotonic()
        try:
            connection.request("GET", "/keyInfo", headers={"ApiKey": key})
            answer = connection.getresponse()
            body = json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            connection.close()  # it was idle for too long
            continue
        if answer.status != 429:  # as many calls as one key may have in a minute
            seen.append((began, str(body.get("name", body.get("reason")))))
    connection.close()
