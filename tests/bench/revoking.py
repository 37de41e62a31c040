# ruff: noqa: E402 - Django is set up before its models are imported
"""Changes keys beside the running portal, and calls each of its processes with them afterwards.

Prints how many calls were let in and how many were made. Arguments: the portal's address, the process id of its server,
and optionally that of Redis, which is then paused for 10 s while the keys change. The keys come as JSON on stdin.
"""

import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import cycle

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()

from django.utils import timezone

from keys import lifecycle, membership
from keys.audit import OPERATOR
from keys.models import ApiKey
from tests.bench.trials import connections_by_worker

PAUSE_SECONDS, SETTLE_SECONDS = 10, 2


def revoke(key: ApiKey, now: datetime) -> None:
    lifecycle.revoke(key=key, by=OPERATOR, reason=ApiKey.RevokeReason.BY_OPERATOR, now=now)


def disable(key: ApiKey, now: datetime) -> None:
    lifecycle.disable(key=key, by=OPERATOR, now=now)


def narrow(key: ApiKey, now: datetime) -> None:
    """`/myInfo` needs another scope than the one that is left."""
    lifecycle.narrow(key=key, rights=replace(key.rights, scopes=["status:write"]), by=OPERATOR, now=now)


def off_board(key: ApiKey, now: datetime) -> None:
    membership.end_authorization(member=key.owner, by=OPERATOR, now=now)


CHANGES: tuple[Callable[[ApiKey, datetime], None], ...] = (revoke, disable, narrow, off_board)


def change_and_call(
    keys: list[dict[str, str]], connections: list[http.client.HTTPConnection]
) -> Iterator[int]:
    """Each key is changed and called at once; the statuses."""
    for key, change in zip(keys, cycle(CHANGES), strict=False):
        require_let_in(key, connections)
        change(ApiKey.objects.select_related("owner").get(key_id=key["id"]), timezone.now())
        yield from (status(connection, key["key"]) for connection in connections)


def change_while_paused(keys: list[dict[str, str]], url: str, server: int, redis: int) -> Iterator[int]:
    """All keys are changed while Redis stands still, and called 2 s after it goes on; the statuses."""
    connections = connections_by_worker(url, server)
    for key in keys:
        require_let_in(key, connections)
    os.kill(redis, signal.SIGSTOP)
    until = time.monotonic() + PAUSE_SECONDS
    try:
        for key, change in zip(keys, cycle(CHANGES), strict=False):
            change(ApiKey.objects.select_related("owner").get(key_id=key["id"]), timezone.now())
        time.sleep(max(0, until - time.monotonic()))
    finally:
        os.kill(redis, signal.SIGCONT)
    time.sleep(SETTLE_SECONDS)
    connections = connections_by_worker(url, server)  # the server has closed those that were idle
    for key in keys:
        yield from (status(connection, key["key"]) for connection in connections)


def require_let_in(key: dict[str, str], connections: list[http.client.HTTPConnection]) -> None:
    assert {status(connection, key["key"]) for connection in connections} == {200}


def status(connection: http.client.HTTPConnection, key: str) -> int:
    connection.request("GET", "/myInfo", headers={"ApiKey": key})
    response = connection.getresponse()
    response.read()
    return response.status


def main(url: str, server: str, *redis: str) -> None:
    keys: list[dict[str, str]] = json.load(sys.stdin)
    if redis:
        trial = change_while_paused(keys, url, int(server), int(redis[0]))
    else:
        trial = change_and_call(keys, connections_by_worker(url, int(server)))
    statuses = list(trial)
    print(statuses.count(200), len(statuses))


if __name__ == "__main__":
    main(*sys.argv[1:])
