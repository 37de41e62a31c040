import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import services
from tests.deployment import stack
from tests.deployment.stack import Deployment


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever test is the first has everything started for it, and some end and start parts of it."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Everything, up until the run ends."""
    for name, there in {
        "nginx": shutil.which("nginx") or shutil.which("/usr/sbin/nginx"),
        "caddy": shutil.which("caddy"),
        "redis-server": shutil.which("redis-server"),
        "PostgreSQL": services.find_postgres(),
    }.items():
        if not there:
            pytest.skip(f"there is no {name}")
    with stack.running(tmp_path_factory.mktemp("deployment")) as running:
        yield running
