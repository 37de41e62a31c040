"""Which channels a person can see and write to, and direct channels."""

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from sandbox import clock, ids
from sandbox.exceptions import Forbidden, NotFound
from sandbox.models import Channel, Membership, Person
from sandbox.switches import SWITCHES


def visible_to(person: Person) -> QuerySet[Channel]:
    """Return public channels of the workspace and all that the person is in; for guests only the latter."""
    joined = Q(memberships__person=person)
    visible = joined if person.is_guest else joined | Q(channel_type=Channel.Type.PUBLIC)
    return Channel.objects.filter(visible, workspace_id=person.workspace_id).distinct()


def get_visible(person: Person, channel_id: str) -> Channel:
    """Return the channel if the person can see it.

    Raises:
        NotFound: the channel is unknown or invisible.
    """
    channel = visible_to(person).filter(pk=channel_id).first()
    if channel is None:
        raise NotFound
    return channel


def get_postable(person: Person, channel_id: str) -> Channel:
    """Return the channel if the person may write there.

    A bot may write to each channel of its workspace, unless the switch `botPostsAnywhere` is off.
    Source: Pumble app platform reference, 2.5 and 9 (row 9).

    Raises:
        NotFound: the channel is unknown or invisible.
        Forbidden: the bot is not in this private channel, and `botPostsAnywhere` is off.
    """
    if not person.is_bot:
        return get_visible(person, channel_id)
    channel = Channel.objects.filter(pk=channel_id, workspace_id=person.workspace_id).first()
    if channel is None:
        raise NotFound
    if not SWITCHES.bot_posts_anywhere and not visible_to(person).filter(pk=channel_id).exists():
        raise Forbidden("The app's bot is not a member of this channel")
    return channel


def find_direct(person_ids: set[str]) -> Channel | None:
    """Return the direct channel of exactly these people, or None."""
    ordered_ids = sorted(person_ids)
    memberships = Membership.objects.filter(
        person_id=ordered_ids[0], channel__channel_type=Channel.Type.DIRECT
    )
    candidates = (
        Membership.objects.filter(channel_id__in=list(memberships.values_list("channel_id", flat=True)))
        .values("channel_id")
        .annotate(size=Count("id"))
        .filter(size=len(ordered_ids))
    )
    for candidate in candidates:
        members = Membership.objects.filter(channel_id=candidate["channel_id"]).values_list(
            "person_id", flat=True
        )
        if set(members) == person_ids:
            return Channel.objects.get(pk=candidate["channel_id"])
    return None


def get_or_create_direct(creator: Person, person_ids: set[str]) -> tuple[Channel, bool]:
    """Return the direct channel of these people, and whether it was created now."""
    with transaction.atomic():
        existing = find_direct(person_ids)
        if existing is not None:
            return existing, False
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
