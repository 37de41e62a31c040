"""The Redis client of this process. Limits and workspace numbers share its connection pool."""

from functools import cache

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 0.25
PREFIX = "pumble-keys:"


@cache
def get_client(url: str, seconds: float = TIMEOUT_SECONDS) -> redis.Redis:
    """Return the client of this Redis.

    Args:
        seconds: the timeout of connecting and of each answer.

    A command is retried once if Redis had closed the pooled connection, and never after a timeout.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        protocol=2,  # a new connection needs no HELLO
    )
