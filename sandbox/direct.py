"""Direct channels: one for each set of people, found again and never made twice."""

from django.db import transaction
from django.db.models import Count

from sandbox import clock, ids
from sandbox.models import Channel, Membership, Person


def find(person_ids: set[str]) -> Channel | None:
    """The direct channel of exactly these people."""
    some = sorted(person_ids)
    mine = Membership.objects.filter(person_id=some[0], channel__channel_type=Channel.Type.DIRECT)
    candidates = (
        Membership.objects.filter(channel_id__in=list(mine.values_list("channel_id", flat=True)))
        .values("channel_id")
        .annotate(size=Count("id"))
        .filter(size=len(some))
    )
    for candidate in candidates:
        members = Membership.objects.filter(channel_id=candidate["channel_id"]).values_list(
            "person_id", flat=True
        )
        if set(members) == person_ids:
            return Channel.objects.get(pk=candidate["channel_id"])
    return None


def open_channel(creator: Person, person_ids: set[str]) -> tuple[Channel, bool]:
    """The direct channel of these people, made if there is none; true when it was made just now."""
    with transaction.atomic():
        found = find(person_ids)
        if found is not None:
            return found, False
        channel = Channel.objects.create(
            id=ids.new_id(),
            workspace_id=creator.workspace_id,
            channel_type=Channel.Type.DIRECT,
            creator_id=creator.id,
            created_ms=clock.now_ms(),
        )
        Membership.objects.bulk_create(
            Membership(channel=channel, person_id=person_id, added_by_id=creator.id)
            for person_id in sorted(person_ids)
        )
        return channel, True
