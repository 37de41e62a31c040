"""Erasing a person: their grant ends, what the bot had to say to them is dropped, and `keys` forgets who they were."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from keys import erasure
from keys.audit import Actor
from keys.models import Member
from pumble_bridge import oauth
from pumble_bridge.models import Notice


def erase(member: Member, *, by: Actor, now: datetime) -> Iterator[int]:
    """Erase the person; how many rows of their log of calls each step changed.

    Their keys, token and sessions end with the first step, their name and e-mail go with the last but the log's rest:
    until then they can be found by it, so that an erasure that was stopped can be begun again.
    """
    oauth.forget_member(member, by=by, now=now)
    yield from erasure.forget_calls(member)
    with transaction.atomic():
        erasure.anonymise(member, by=by, now=now)
        waiting = Notice.objects.filter(member=member, state__in=(Notice.State.QUEUED, Notice.State.SENDING))
        waiting.update(state=Notice.State.DROPPED)
    yield from erasure.forget_calls(member)  # what was refused meanwhile
