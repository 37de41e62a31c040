"""Loaded by pytest: the last resort where a test hangs and its time-out cannot end it.

A time-out raises an exception in the main thread. It cannot interrupt C code, and it is over once the test has failed, so a
fixture that hangs afterwards, or a thread that Python waits for at its end, would hold the run for ever. Each test sets the
clock anew; where it runs out, the process writes its stacks and ends.
"""

import faulthandler
import os
from collections.abc import Iterator

import pytest

# Longer than the longest time-out of a test.
SECONDS = int(os.environ.get("TESTS_WATCHDOG_SECONDS", "600"))
_ERRORS = os.dup(2)  # from before pytest captures it


def _begin() -> None:
    faulthandler.dump_traceback_later(SECONDS, exit=True, file=_ERRORS)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup() -> Iterator[None]:
    _begin()
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    _begin()
    return (yield)
