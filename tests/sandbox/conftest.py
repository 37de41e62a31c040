"""One local Pumble and one app for all tests here. Each test starts with the seed."""

from collections.abc import Iterator

import pytest

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble


@pytest.fixture(scope="session")
def running_app() -> Iterator[TestApp]:
    app = TestApp()
    yield app
    app.stop()


@pytest.fixture(scope="session")
def running_pumble(running_app: TestApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pumble]:
    pumble = Pumble(tmp_path_factory.mktemp("pumble"), running_app.url)
    yield pumble
    pumble.stop()


@pytest.fixture
def app(running_app: TestApp) -> TestApp:
    running_app.reset()
    return running_app


@pytest.fixture
def pumble(running_pumble: Pumble, app: TestApp) -> Pumble:
    running_pumble.act("reset")
    app.reset()  # Again, because events of the test before may have arrived meanwhile.
    return running_pumble


@pytest.fixture(scope="session")
def running_other_app() -> Iterator[TestApp]:
    app = TestApp()
    yield app
    app.stop()


@pytest.fixture
def other_app(running_other_app: TestApp) -> TestApp:
    """A second app, not registered."""
    running_other_app.reset()
    return running_other_app
