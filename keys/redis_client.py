"""The connection to Redis that limits, workspace numbers and their scripts share: one pool for each process."""

from functools import cache

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

ANSWER_SECONDS = 0.25
PREFIX = "pumble-keys:"


@cache
def connect(url: str) -> redis.Redis:
    """Return the client of this Redis, which waits 0.25 s for a connection and for each answer.

    A pooled connection that Redis has closed is replaced once. A Redis that is too slow is not asked twice.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        protocol=2,  # a new connection needs no HELLO
    )
