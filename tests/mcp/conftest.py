import pytest

from tests.contract.conftest import thread
from tests.contract.wire import Api, issue
from tests.mcp.wire import Mcp

__all__ = ["thread"]


@pytest.fixture
def key(portal: str) -> str:
    """A key of Ana, who owns Acme, with every scope."""
    return issue("ana@acme.test")


@pytest.fixture
def agent(portal: str, key: str) -> Mcp:
    return Mcp(portal, key)


@pytest.fixture
def api(portal: str, key: str) -> Api:
    """The REST API with the agent's key."""
    return Api(portal, key)
