"""Work on a thread of its own: done when it is woken and as time goes by, whatever happens, until the process ends."""

import os
import subprocess
import sys
import threading

import pytest

from keys.background import BackgroundTask
from tests.environment import PROJECT


class TestABackgroundTask:
    def test_does_its_work_when_it_is_woken(self) -> None:
        done = threading.Event()
        task = BackgroundTask("test", done.set)
        task.start()
        assert not done.is_set()

        task.wake()

        assert done.wait(5)
        task.stop()

    def test_does_its_work_again_and_again(self) -> None:
        rounds = threading.Semaphore(0)
        task = BackgroundTask("test", rounds.release, every=0.001)
        task.start()

        assert all(rounds.acquire(timeout=5) for _ in range(3))
        task.stop()

    def test_goes_on_after_a_failure_and_says_so_in_one_line(self, caplog: pytest.LogCaptureFixture) -> None:
        rounds = threading.Semaphore(0)
        failed = threading.Event()

        def work() -> None:
            if not failed.is_set():
                failed.set()
                raise RuntimeError("out of order")
            rounds.release()

        task = BackgroundTask("test", work, every=0.001)
        task.start()
        assert rounds.acquire(timeout=5)
        task.stop()

        assert [record.message for record in caplog.records] == ["test.failed"]

    def test_has_one_thread_however_often_it_is_started(self) -> None:
        task = BackgroundTask("of this test", lambda: None)
        for _ in range(3):
            task.start()

        assert [thread.name for thread in threading.enumerate()].count("of this test") == 1
        task.stop()

    def test_that_was_stopped_ends_and_is_not_started_again(self) -> None:
        task = BackgroundTask("of this test", lambda: None)
        task.start()
        task.stop()
        task.start()

        assert "of this test" not in [thread.name for thread in threading.enumerate()]

    def test_that_never_began_can_be_stopped(self) -> None:
        last = threading.Event()
        BackgroundTask("test", lambda: None, on_stop=last.set).stop()

        assert not last.is_set()


_FORKED = """
import os, sys
from keys.background import BackgroundTask

task = BackgroundTask("test", lambda: None, on_stop=lambda: print("done by", os.getpid(), flush=True))
task.start()
if not os.fork():
    task.start()
    print("is", os.getpid(), flush=True)
    sys.exit()
os.wait()
"""


class TestAProcess:
    def test_that_was_forked_has_a_thread_of_its_own_and_each_has_the_last_work_done(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", _FORKED],
            cwd=PROJECT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings"},
            capture_output=True,
            text=True,
            timeout=30,
        )

        lines = done.stdout.split("\n")[:-1]
        (child,) = (line.removeprefix("is ") for line in lines if line.startswith("is "))
        assert done.returncode == 0, done.stderr
        assert len(lines) == 3
        assert lines[1] == f"done by {child}"
        assert lines[2].startswith("done by ")
        assert lines[2] != lines[1]
