"""Fills a database with old audit events and calls: `python -m tests.soak.filling ROWS` of each."""

import os
import sys
from datetime import timedelta

import django

OLD = timedelta(days=500)
AT_ONCE = 5_000


def fill(rows: int) -> None:
    from django.utils import timezone

    from keys.models import ApiKey, Member, RequestLog, Workspace
    from tests.keys.chains import lengthen

    now = timezone.now()
    workspace = Workspace.objects.create(pumble_id="a" * 24, name="Acme", installed_at=now, created_at=now)
    owner = Member.objects.create(
        workspace=workspace, pumble_user_id="b" * 24, username="b", name="Bea", authorized_at=now
    )
    key = ApiKey.objects.create(
        key_id="c" * 12,
        owner=owner,
        name="nightly",
        digest=b"d" * 32,
        pepper_number=1,
        scopes=[],
        created_at=now - OLD,
        confirmed_at=now - OLD,
    )
    lengthen(workspace, rows, at=now - OLD, key=key)
    call = {"key": key, "operation": "sendMessage", "outcome": "ok", "status": 200, "duration_ms": 9}
    for first in range(0, rows, AT_ONCE):
        ages = (OLD - timedelta(seconds=number) for number in range(first, min(first + AT_ONCE, rows)))
        calls = [RequestLog(**call, request_id="r", at=now - age) for age in ages]
        RequestLog.objects.bulk_create(calls)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    fill(int(sys.argv[1]))
