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


@cache
def get_subscriber(url: str) -> redis.Redis:
    """Return the client for subscriptions of this Redis. It notices a connection that broke without a sign."""
    return redis.Redis.from_url(
        url,
        socket_timeout=4 * TIMEOUT_SECONDS,
        socket_connect_timeout=4 * TIMEOUT_SECONDS,
        health_check_interval=5,
        protocol=2,
    )
