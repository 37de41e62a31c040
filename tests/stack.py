"""The portal and the local Pumble as `make run` starts them, each in its own process."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.environment import PROJECT, free_port


@dataclass(frozen=True)
class Stack:
    portal: str
    pumble: str
    data_dir: Path
    log: Path
    environment: dict[str, str]  # for commands that work on this stack


@contextlib.contextmanager
def running(data_dir: Path) -> Iterator[Stack]:
    """Start the command behind `make run`, and stop it with SIGTERM at the end."""
    log = data_dir / "run.log"
    ports = {
        "PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": "",
    }
    environment = os.environ | ports
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=PROJECT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + 60
        while "\nready portal=" not in "\n" + log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        portal, pumble = (f"http://127.0.0.1:{ports[name]}" for name in ("PORT", "SANDBOX_PORT"))
        yield Stack(portal, pumble, data_dir, log, environment)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)
