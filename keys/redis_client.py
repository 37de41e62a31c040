"""The connection to Redis that limits, workspace numbers and their scripts share: one pool for each process."""

from functools import cache

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 0.25
PREFIX = "pumble-keys:"


@cache
def get_client(url: str, seconds: float = TIMEOUT_SECONDS) -> redis.Redis:
    """Return the client of this Redis, which waits for a connection and for each answer as long as that.

    A pooled connection that Redis has closed is replaced once. A Redis that is too slow is not asked twice.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        protocol=2,  # a new connection needs no HELLO
    )
