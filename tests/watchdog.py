"""A plugin of pytest: end the process if a test hangs and its timeout cannot end it.

A timeout raises an exception in the main thread. It cannot interrupt C code. It also does not end a fixture that hangs after a
failed test, or a thread that Python waits for at its end. Each test starts the clock again. When the time is over, the
process writes the stacks of its threads and ends.
"""

import faulthandler
import os
from collections.abc import Iterator

import pytest

# Longer than the longest timeout of a test.
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
