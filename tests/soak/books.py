"""Closes the books: does what the database has of keys agree with its audit log and with what people saw?

Reads `{"shown": [KEY_ID], "revoked": [KEY_ID]}` on standard input, which keys were shown to somebody and of which somebody
was told that they are revoked; prints `{"keys", "live", "events", "problems"}`.
"""

import json
import os
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


def close(seen: dict[str, list[str]]) -> dict[str, Any]:
    from django.utils import timezone

    from keys import lifecycle
    from keys.models import ApiKey, AuditEvent

    later = timezone.now() + lifecycle.PENDING_TIMEOUT + timedelta(minutes=1)
    lifecycle.revoke_stale_pending(now=later)
    shown, revoked = set(seen["shown"]), set(seen["revoked"])
    problems: list[str] = []
    events: Counter[tuple[str, str]] = Counter(AuditEvent.objects.values_list("key__key_id", "type"))
    keys = list(ApiKey.objects.order_by("pk"))
    for key in keys:
        told = {
            kind: events[key.key_id, f"key.{kind}"] for kind in ("issued", "confirmed", "revoked", "rotated")
        }
        happened = {
            "issued": 1,
            "confirmed": int(key.confirmed_at is not None),
            "revoked": int(key.revoked_at is not None),
            "rotated": int(key.retires_at is not None),
        }
        if told != happened:
            problems.append(f"{key.key_id}: what happened is {happened}, the audit log tells {told}")
        if key.revoked_at is None and key.key_id not in shown:
            problems.append(f"{key.key_id} works, and nobody was shown it")
        if key.revoked_at is None and key.key_id in revoked:
            problems.append(f"{key.key_id} works, and somebody was told that it is revoked")
    if lost := (shown | revoked) - {key.key_id for key in keys}:
        problems.append(f"keys that people saw and nobody knows of: {sorted(lost)}")
    live = sum(key.revoked_at is None for key in keys)
    return {"keys": len(keys), "live": live, "events": events.total(), "problems": problems}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(close(json.load(sys.stdin))))
