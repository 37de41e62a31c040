"""Three runners of `maintenance` at once, each killed again and again: notices, Home tabs and deletions come out right."""

import json
import os
import signal
import subprocess

from tests import pumble
from tests.soak import stack
from tests.soak.stack import Stack
from tests.soak.verdict import Verdict


def run(verdict: Verdict, *, database: str, seconds: float) -> None:
    with stack.running(database=database, redis=True) as there:
        pumble.act("install", userId=pumble.person("gita@globex.test").id)
        for name in ("carla", "dan"):
            pumble.act("authorize", userId=pumble.person(f"{name}@acme.test").id)
        _run(there, "manage.py", "seed")
        os.kill(there.portal.arbiter, signal.SIGTERM)  # else it does most of the work
        there.environment["LOG_FORMAT"] = "json"
        done = _run(there, "-m", "tests.soak.runner", str(seconds))
    books = json.loads(done.stdout.splitlines()[-1])
    verdict.figure("maintenance: kills, notices", f"{books['kills']}, {books['notices']}")
    verdict.figure("maintenance: nothing left to do after", f"{books['settled']} s")
    failed = [line for line in done.stderr.splitlines() if '"level": "error"' in line.lower()]
    verdict.violations += [f"maintenance: {problem}" for problem in [*books["problems"], *failed[:5]]]


def _run(there: Stack, *command: str) -> subprocess.CompletedProcess[str]:
    done = there.run(*command)
    assert done.returncode == 0, done.stderr[-2000:]
    return done
