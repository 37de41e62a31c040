"""A million audit events and as many calls: exported, checked and pruned, with how fast and in how much memory; and a Ctrl-C."""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.environment import PROJECT, heed_interrupts
from tests.soak import stack
from tests.soak.verdict import Verdict

MAX_MEMORY = 256 * 2**20


def run(verdict: Verdict, *, database: str, rows: int) -> None:
    with stack.prepared(database=database) as environment, tempfile.TemporaryDirectory() as folder:
        environment["AUDIT_RETENTION_DAYS"] = "400"
        fill = [sys.executable, "-m", "tests.soak.filling", str(rows)]
        subprocess.run(fill, cwd=PROJECT, env=environment, check=True)
        export = Path(folder) / "export.jsonl"

        def measure(what: str, *command: str, output: Path | None = None) -> None:
            seconds, memory, status = _run(command, environment, output)
            verdict.figure(
                f"rows: {what}", f"{rows / seconds:.0f} a second, at most {memory / 2**20:.0f} MiB"
            )
            verdict.require(status == 0, f"rows: {' '.join(command)} ended with {status}")
            verdict.require(memory < MAX_MEMORY, f"rows: {' '.join(command)} took {memory / 2**20:.0f} MiB")

        measure("exported", "manage.py", "audit_export", output=export)
        with export.open("rb") as lines:
            verdict.require(sum(1 for _line in lines) >= rows, "rows: the export is shorter than the chain")
        measure("export checked", "keys/audit/verifier.py", str(export))
        measure("chain checked", "manage.py", "audit_verify")
        _interrupt(verdict, environment)
        measure("events and calls pruned", "manage.py", "maintenance")


def _run(
    command: tuple[str, ...], environment: dict[str, str], output: Path | None
) -> tuple[float, int, int]:
    """Seconds, peak memory in bytes and exit status."""
    began, memory = time.monotonic(), 0
    target: Any = output.open("wb") if output else subprocess.DEVNULL
    try:
        process = subprocess.Popen([sys.executable, *command], cwd=PROJECT, env=environment, stdout=target)
        while process.poll() is None:
            memory = max(memory, _peak(process.pid))
            time.sleep(0.05)
    finally:
        if output:
            target.close()
    return time.monotonic() - began, memory, process.returncode


def _peak(pid: int) -> int:
    """The most memory that the process had so far, in bytes. `ru_maxrss` would count what its parent had, too."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _interrupt(verdict: Verdict, environment: dict[str, str]) -> None:
    """Ctrl-C while calls are pruned: a line, no traceback, and what was done stays done."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "maintenance"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - it takes no lock
    )
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=60)
    verdict.figure("rows: stopped by Ctrl-C", process.returncode)
    verdict.require(process.returncode in {0, 130}, f"rows: Ctrl-C ended with {process.returncode}")
    verdict.require("Traceback" not in err, f"rows: Ctrl-C was answered with {err[-300:]}")
