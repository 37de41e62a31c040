# ruff: noqa: E402 - Django is set up before its models are imported
"""Revokes and disables keys beside the running portal, and calls each of its processes right afterwards.

Prints how many calls were let in and how many were made. Arguments: the portal's address, the process id of its server,
how many keys; the keys come as JSON on stdin.
"""

import http.client
import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()

from django.utils import timezone

from keys import lifecycle
from keys.audit import OPERATOR
from keys.models import ApiKey
from tests.bench.trials import connections_by_worker


def main(url: str, server: int, presented: list[dict[str, str]]) -> tuple[int, int]:
    connections = connections_by_worker(url, server)
    let_in = 0
    for number, one in enumerate(presented):
        assert [_status(connection, one["key"]) for connection in connections] == [200] * len(connections)
        key, now = ApiKey.objects.get(key_id=one["id"]), timezone.now()
        if number % 2:
            lifecycle.disable(key=key, by=OPERATOR, now=now)
        else:
            lifecycle.revoke(key=key, by=OPERATOR, reason=ApiKey.RevokeReason.BY_OPERATOR, now=now)
        let_in += [_status(connection, one["key"]) for connection in connections].count(200)
    return let_in, len(presented) * len(connections)


def _status(connection: http.client.HTTPConnection, key: str) -> int:
    connection.request("GET", "/keyInfo", headers={"ApiKey": key})
    answer = connection.getresponse()
    answer.read()
    return answer.status


if __name__ == "__main__":
    print(*main(sys.argv[1], int(sys.argv[2]), json.load(sys.stdin)[: int(sys.argv[3])]))
