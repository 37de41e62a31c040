"""Who sees which channel: public ones of the workspace, and all one is in; guests only those they are in."""

from django.db.models import Q, QuerySet

from sandbox.errors import Forbidden, NotFound
from sandbox.models import Channel, Person
from sandbox.switches import SWITCHES


def channels_of(person: Person) -> QuerySet[Channel]:
    own = Q(memberships__person=person)
    seen = own if person.is_guest else own | Q(channel_type=Channel.Type.PUBLIC)
    return Channel.objects.filter(seen, workspace_id=person.workspace_id).distinct()


def channel_for(person: Person, channel_id: str) -> Channel:
    """The channel, if this person sees it.

    Raises:
        NotFound: unknown and invisible channels alike.
    """
    channel = channels_of(person).filter(pk=channel_id).first()
    if channel is None:
        raise NotFound
    return channel


def channel_to_post(person: Person, channel_id: str) -> Channel:
    """The channel, if this person may write there. A bot may write to any of its workspace, unless switched off.

    Source: Pumble app platform reference, 2.5 and 9 (row 9).

    Raises:
        NotFound: unknown or invisible.
        Forbidden: a bot outside a private channel, while `botPostsAnywhere` is off.
    """
    if not person.is_bot:
        return channel_for(person, channel_id)
    channel = Channel.objects.filter(pk=channel_id, workspace_id=person.workspace_id).first()
    if channel is None:
        raise NotFound
    if not SWITCHES.bot_posts_anywhere and not channels_of(person).filter(pk=channel_id).exists():
        raise Forbidden("The app's bot is not a member of this channel")
    return channel
