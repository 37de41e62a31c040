"""Redis: connection, mode, eviction policy, memory."""

from collections.abc import Iterator
from typing import Any

import redis
from django.conf import settings
from django.utils.translation import gettext_noop as _

from keys import redis_client
from portal.doctor.findings import Finding, failure, ok, warning

_SECONDS = 2.0  # longer than a request may wait, so that a slow server is told from a dead one
_NEARLY_FULL = 0.9


def check() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield ok("redis", _("Redis is not used. The process counts its own calls."))
        return
    try:
        info: dict[str, Any] = redis_client.get_client(settings.REDIS_URL, _SECONDS).info()
    except redis.ResponseError:  # NOPERM of a managed server
        yield warning(
            "redis",
            _("Redis answers, but does not let this account ask for its mode and memory."),
            _("Allow the command INFO, or check maxmemory-policy yourself: it must be noeviction."),
        )
        return
    except redis.RedisError as error:
        yield failure(
            "redis",
            _("Redis cannot be reached (%(error)s)."),
            _("Check REDIS_URL, and that Redis runs."),
            error=type(error).__name__,
        )
        return
    yield ok("redis", _("Redis %(version)s answers."), version=str(info.get("redis_version", "")))
    yield _check_mode(info)
    yield _check_eviction(str(info.get("maxmemory_policy", "")))
    yield _check_memory(int(info.get("used_memory", 0)), int(info.get("maxmemory", 0)))


def _check_mode(info: dict[str, Any]) -> Finding:
    mode, role = str(info.get("redis_mode", "standalone")), str(info.get("role", "master"))
    if mode == "cluster" or info.get("cluster_enabled"):
        return failure(
            "redis.mode",
            _("Redis runs in cluster mode, which is not supported."),
            _("Use one Redis server."),
        )
    if role != "master":
        return failure(
            "redis.mode",
            _("This Redis server is a replica and refuses changes."),
            _("Let REDIS_URL name the primary server."),
        )
    return ok("redis.mode", _("Redis is one server that accepts changes."))


def _check_eviction(policy: str) -> Finding:
    if policy and policy != "noeviction":
        return failure(
            "redis.eviction",
            _("Redis deletes data when its memory is full (maxmemory-policy %(policy)s)."),
            _("Set maxmemory-policy to noeviction. Else limits restart at random."),
            policy=policy,
        )
    return ok("redis.eviction", _("Redis keeps its data when its memory is full."))


def _check_memory(used: int, maximum: int) -> Finding:
    mib = 1024 * 1024
    values = {"used": used // mib, "maximum": maximum // mib}
    if maximum and used > maximum * _NEARLY_FULL:
        return warning(
            "redis.memory",
            _("Redis uses %(used)s of %(maximum)s MiB."),
            _("Raise maxmemory. At the limit, Redis refuses changes."),
            **values,
        )
    if maximum:
        return ok("redis.memory", _("Redis uses %(used)s of %(maximum)s MiB."), **values)
    return ok("redis.memory", _("Redis uses %(used)s MiB, without a limit."), used=used // mib)
