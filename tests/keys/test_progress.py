"""Long commands on a real terminal: a bar that is gone at the end, and a Ctrl-C that loses nothing and says so."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from pumble_bridge.management.commands import maintenance
from tests.environment import PROJECT, heed_interrupts

# Many rows to go through, and a terminal that is told of the first of them.
MANY = """
import os, sys, time
from keys.management.progress import interruptible, progress
with interruptible():
    for number in progress(range(1000), total=1000, unit="row"):
        time.sleep(0.01)
"""


def environment(tmp_path: Path) -> dict[str, str]:
    own = os.environ | {"DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=PROJECT, env=own, check=True)
    return own


def on_a_terminal(
    command: list[str], env: dict[str, str], *, interrupt_at: str | None = None
) -> tuple[int, str, str]:
    """Run it with its standard error on a terminal: its exit status, what it printed and what the terminal showed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - it takes no lock
    )
    os.close(theirs)
    shown = ""
    with contextlib.suppress(OSError):  # the other end is gone
        while piece := os.read(ours, 4096):
            shown += piece.decode(errors="replace")
            if interrupt_at and interrupt_at in shown:
                process.send_signal(signal.SIGINT)
                interrupt_at = None
    out, _ = process.communicate(timeout=20)
    os.close(ours)
    return process.returncode, out, shown


@pytest.mark.slow
def test_a_terminal_shows_how_far_it_is_and_a_pipe_gets_the_result_only(tmp_path: Path) -> None:
    env = environment(tmp_path)
    manage, total = [sys.executable, "manage.py", "maintenance"], len(maintenance.PARTS)

    subprocess.run(manage, cwd=PROJECT, env=env, capture_output=True)  # sees the secrets for the first time
    status, out, shown = on_a_terminal(manage, env)
    piped = subprocess.run(manage, cwd=PROJECT, env=env, capture_output=True, text=True)

    assert (status, piped.returncode) == (0, 0)
    assert f"0/{total}" in shown
    assert out == piped.stdout
    assert "\r" not in piped.stderr


def test_ctrl_c_is_answered_in_one_line_with_the_status_of_an_interrupt(tmp_path: Path) -> None:
    script = "import django; django.setup()\nfrom django.core.management.base import BaseCommand\n"
    script += "class Command(BaseCommand):\n    def handle(self, *a, **o):\n"
    script += "\n".join("        " + line for line in MANY.strip().splitlines())
    script += "\nCommand().run_from_argv(['manage.py', 'many'])\n"
    env = os.environ | {
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }

    status, _out, shown = on_a_terminal([sys.executable, "-c", script], env, interrupt_at="rows")

    assert status == 130
    assert "Traceback" not in shown
    assert "stopped; finished work is kept" in shown
