"""The long runs in small, each in a process of its own with everything it needs; `make soak` runs them in full."""

import os
import subprocess
import sys

import pytest

from tests.environment import PROJECT
from tests.soak import stack

pytestmark = [pytest.mark.both_databases, pytest.mark.slow, pytest.mark.timeout(400)]


def soak(*arguments: str) -> None:
    """Fails with what it told where something that must hold did not."""
    command = [sys.executable, "-m", "tests.soak", *arguments]
    done = subprocess.run(command, cwd=PROJECT, env=dict(os.environ), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def on_postgres() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def test_a_process_that_dies_at_any_step_leaves_no_key_that_nobody_was_shown() -> None:
    soak("--only=kills", f"--kills={5 if on_postgres() else 1}")


@pytest.mark.skipif(not on_postgres() or not stack.has_redis(), reason="needs PostgreSQL and Redis")
def test_under_load_and_faults_everything_adds_up() -> None:
    soak("--only=load", "--minutes=0.3", "--clients=8")


@pytest.mark.skipif(not on_postgres() or not stack.has_redis(), reason="needs PostgreSQL and Redis")
def test_nobody_sees_of_a_key_what_was_changed_before_they_called() -> None:
    soak("--only=remembering", "--seconds=10")


@pytest.mark.skipif(not on_postgres() or not stack.has_redis(), reason="needs PostgreSQL and Redis")
def test_three_killed_runners_of_maintenance_leave_nothing_undone_and_nothing_done_twice() -> None:
    soak("--only=runners", "--seconds=5")


@pytest.mark.skipif(on_postgres(), reason="the same on both")
def test_wrong_keys_hold_no_right_one_up() -> None:
    soak("--only=flood", "--wrong-keys=800", "--per-minute=0")


@pytest.mark.skipif(on_postgres(), reason="the disk is SQLite's")
def test_a_full_disk_loses_nothing_and_claims_nothing() -> None:
    soak("--only=disk")
