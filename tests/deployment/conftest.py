import shutil
from collections.abc import Iterator

import pytest

from tests import services
from tests.deployment import stack
from tests.deployment.stack import Deployment


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Everything, up until the run ends."""
    for name, there in {
        "nginx": shutil.which("nginx") or shutil.which("/usr/sbin/nginx"),
        "redis-server": shutil.which("redis-server"),
        "PostgreSQL": services.find_postgres(),
    }.items():
        if not there:
            pytest.skip(f"there is no {name}")
    with stack.running(tmp_path_factory.mktemp("deployment")) as running:
        yield running
