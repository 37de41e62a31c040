"""A local Pumble without a portal, and a demonstration app that answers each action."""

from collections.abc import Iterator

import pytest
import requests

from tests.browser.demo import DemoApp
from tests.sandbox.pumble import Pumble


@pytest.fixture(scope="package")
def running_demo() -> Iterator[DemoApp]:
    app = DemoApp()
    yield app
    app.stop()


@pytest.fixture(scope="package")
def running_pumble(running_demo: DemoApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pumble]:
    """A local Pumble without a portal, which the page does not need."""
    pumble = Pumble(tmp_path_factory.mktemp("pumble"), "http://127.0.0.1:9", SANDBOX_LIMITS="off")
    running_demo.pumble = pumble.url
    yield pumble
    pumble.stop()


@pytest.fixture
def pumble(running_pumble: Pumble, running_demo: DemoApp) -> Pumble:
    """The seed. The demonstration app runs, but is not registered."""
    running_pumble.act("reset")
    running_demo.hooks.clear()
    running_demo.is_asleep = False
    return running_pumble


@pytest.fixture
def demo(pumble: Pumble, running_demo: DemoApp) -> DemoApp:
    """The demonstration app, registered, and installed by Ana."""
    running_demo.credentials = pumble.act("apps", manifestUrl=f"{running_demo.url}/manifest")
    allowed = pumble.act("install", userId=pumble.person("ana"), appId=running_demo.credentials["id"])
    assert requests.get(allowed["redirectUrl"], timeout=10).ok
    running_demo.hooks.clear()
    return running_demo
