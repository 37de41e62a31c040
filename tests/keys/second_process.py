# ruff: noqa: E402 - Django is set up before its models are imported
"""A second process of the portal, which does what it is told on standard input, line by line, and answers in JSON.

Argument: the name of the tests' database.
"""

import dataclasses
import json
import os
import sys
from typing import Any

import django
from django.conf import settings

settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from keys import authentication, chain_numbers, key_cache, lifecycle
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import KeysError
from keys.models import ApiKey
from portal.api.calls import CallObserver, open_call
from tests.authentication import budget_without_limits

API = Actor(None, Surface.API, address="203.0.113.9")


def call(raw_key: str) -> dict[str, Any]:
    """Call with that key; what came of it, and how many queries it took."""
    with CaptureQueriesContext(connection) as queries:
        try:
            record, _own_limit = authentication.authenticate(raw_key.encode(), by=API, now=timezone.now())
            record = authentication.authorize(record, by=API, now=timezone.now())
            opened = open_call(record, CallObserver(budget_without_limits(record)))
        except KeysError as error:
            return {"outcome": error.reason, "queries": len(queries)}
    return {
        "outcome": "ok",
        "name": record.name,
        "scopes": list(record.scopes),
        "channels": record.channels,
        "token": opened.pumble.token,
        "bot": opened.bot.token,
        "queries": len(queries),
    }


def grow_older(seconds: float) -> dict[str, Any]:
    """Let what is remembered be so much older."""
    for record in list(key_cache.local_cache._records.values()):
        key_cache.local_cache.put(dataclasses.replace(record, read_at=record.read_at - seconds))
    return {}


def revoke_and_die(key_id: str) -> dict[str, Any]:
    """Die between commit and raise."""
    chain_numbers.raise_number = lambda _workspace, _number: os._exit(9)  # type: ignore[assignment]
    key = ApiKey.objects.get(key_id=key_id)
    lifecycle.revoke(key=key, by=OPERATOR, reason=ApiKey.RevokeReason.BY_OPERATOR, now=timezone.now())
    return {}


DOES = {function.__name__: function for function in (call, grow_older, revoke_and_die)}
print("ready", flush=True)
for line in sys.stdin:
    name, *arguments = json.loads(line)
    print(json.dumps(DOES[name](*arguments)), flush=True)
