"""Which stored events a key hears. It is decided when an event is delivered, from the key's record at that moment.

A key hears an event if the hook named its owner, its scopes and channels allow it, and the bot was named too, or the channel
is public, direct or the person's own. So a key never hears of a private channel without the bot.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from keys.exceptions import RateLimited
from keys.key_cache import KeyRecord
from pumble_bridge import metrics
from pumble_bridge.client import PumbleClient
from pumble_bridge.events import contents, feed, listeners
from pumble_bridge.events.contents import Json, Unreadable
from pumble_bridge.exceptions import PumbleError, PumbleRefused, TokenRejected
from pumble_bridge.models import ChannelType, EventFeed, StoredEvent

MAX_QUESTIONS = 10  # to Pumble in one call
MAX_BYTES = 1024 * 1024  # of a page, and one event more
_OPEN_TYPES = {"PUBLIC", "DIRECT", "SELF"}  # an unknown type is treated as private

# Opens a client that acts as the key's owner, for the time of a block.
OpenPumble = Callable[[], AbstractContextManager[PumbleClient]]


class EventsLost(Exception):
    """Events after the cursor are no longer stored, so the key has missed some."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a call asks for. `channel_id` is None for all channels."""

    types: Collection[str]
    channel_id: str | None
    includes_own: bool
    limit: int


@dataclass(frozen=True, slots=True)
class Page:
    """Events, the number up to which the feed was read, and whether it has more."""

    events: list[Json]
    number: int
    has_more: bool


@dataclass(slots=True)
class _Questions:
    """What this call asks Pumble."""

    key: KeyRecord
    open_pumble: OpenPumble
    now: datetime
    left: int = MAX_QUESTIONS
    _types: dict[str, str] = field(default_factory=dict)

    def get_channel_type(self, channel_id: str) -> str:
        """Return the type of the channel, or "" if Pumble does not show it. Pumble is asked once a minute per channel.

        Raises:
            PumbleError, RateLimited: Pumble did not answer, or was not asked. An event must not be left out for that.
        """
        if channel_id in self._types:
            return self._types[channel_id]
        rows = ChannelType.objects.filter(workspace=self.key.workspace_id, channel_id=channel_id)
        kept = rows.filter(asked_at__gt=self.now - ChannelType.RETENTION).first()
        if kept is None:
            kind = self._ask_for_type(channel_id)
            rows.update_or_create(
                workspace_id=self.key.workspace_id,
                channel_id=channel_id,
                defaults={"type": kind, "asked_at": self.now},
            )
        else:
            kind = kept.type
        self._types[channel_id] = kind
        return kind

    def fetch_message(self, data: Json) -> Json | None:
        """Return the message of an event, {} if it is gone, or None if Pumble did not answer."""
        self.left -= 1
        try:
            with self.open_pumble() as pumble:
                return pumble.get_message(data["channelId"], data["id"])
        except TokenRejected:
            raise
        except PumbleRefused as error:
            return {} if error.status in {403, 404} else None
        except (PumbleError, RateLimited):
            return None

    def _ask_for_type(self, channel_id: str) -> str:
        self.left -= 1
        try:
            with self.open_pumble() as pumble:
                kind = pumble.get_channel(channel_id)["channel"].get("channelType")
        except TokenRejected:
            raise
        except PumbleRefused as error:
            if error.status in {403, 404}:
                return ""
            raise
        return kind if isinstance(kind, str) and len(kind) <= 16 else ""


def read(
    key: KeyRecord, number: int, selection: Selection, open_pumble: OpenPumble, *, now: datetime
) -> Page:
    """Return what the key hears after this number, in order of arrival.

    Raises:
        EventsLost: events after this number were deleted for their age or because there were too many.
        PumbleError, RateLimited: Pumble did not say whether the first event may be heard.
    """
    newest, rows = _find(key, number, selection)
    questions = _Questions(key, open_pumble, now)
    events: list[Json] = []
    size = 0
    for row_number, channel_id, names_bot in rows:
        if len(events) >= selection.limit or size >= MAX_BYTES or not questions.left:
            return Page(events, number, has_more=True)
        try:
            if _is_open(key, channel_id, names_bot, questions):
                # The rest of the row is read one by one: a message may be large. It may have been deleted meanwhile.
                row = StoredEvent.objects.filter(workspace=key.workspace_id, number=row_number).first()
                if row is not None:
                    size += len(row.content)
                    events.append(_deliver(row, key, questions))
        except (PumbleError, RateLimited):
            if events:
                return Page(events, number, has_more=True)
            raise
        number = row_number
    return Page(events, newest, has_more=False)


def skip_unheard(key: KeyRecord, number: int, selection: Selection) -> int | None:
    """Return the newest number, if the key hears nothing after this one; otherwise None. Pumble is not asked.

    Raises:
        EventsLost.
    """
    newest, rows = _find(key, number, selection)
    return None if rows else newest


def _find(key: KeyRecord, number: int, selection: Selection) -> tuple[int, list[tuple[int, str, bool]]]:
    """Return the newest number of the feed, and of the events that the key may hear at most: number, channel, and whether
    the bot was named.

    The database compares the users: 10,000 lists of 500 users would take 550 MB here.

    Raises:
        EventsLost.
    """
    feed_end = EventFeed.objects.get(workspace=key.workspace_id)
    # A number beyond the last is of a database that was restored since.
    if not feed_end.cut_number <= number <= feed_end.last_number:
        raise EventsLost
    rows = StoredEvent.objects.filter(
        listeners.Reach(key.owner_pumble_id, key.scopes, key.channels).as_query(),
        workspace=key.workspace_id,
        number__gt=number,
        number__lte=feed_end.last_number,
        type__in=selection.types,
    )
    if selection.channel_id is not None:
        rows = rows.filter(channel_id=selection.channel_id)
    if not selection.includes_own:
        rows = rows.exclude(author_id__in=[key.owner_pumble_id, key.bot_user_id])
    rows = rows.annotate(names_bot=listeners.names(key.bot_user_id))
    expired_at = timezone.now() - StoredEvent.RETENTION
    found = []
    columns = ("number", "channel_id", "names_bot", "stored_at")
    for row_number, channel_id, names_bot, stored_at in rows.order_by("number").values_list(*columns):
        if stored_at <= expired_at:
            raise EventsLost
        found.append((row_number, channel_id, names_bot))
    return feed_end.last_number, found


def _is_open(key: KeyRecord, channel_id: str, names_bot: bool, questions: _Questions) -> bool:  # noqa: FBT001
    """Return whether the bot was named too, or the channel is public, direct or the person's own.

    A workspace key belongs to the bot, which is in private channels, and in direct channels with everybody. Such a key hears
    public channels, and those on its channel list.
    """
    if key.owner_is_bot:
        return key.channels is not None or questions.get_channel_type(channel_id) == "PUBLIC"
    return names_bot or questions.get_channel_type(channel_id) in _OPEN_TYPES


def _deliver(row: StoredEvent, key: KeyRecord, questions: _Questions) -> Json:
    """Return the event of the API.

    Raises:
        EventsLost: it cannot be decrypted.
    """
    workspace_id = key.workspace_pumble_id
    try:
        event_id, data = contents.decrypt(row.content, workspace_id=workspace_id, number=row.number)
    except Unreadable as error:
        raise EventsLost from error
    if row.is_partial and questions.left:
        message: Any = questions.fetch_message(data)
        if message is not None:
            data = contents.complete(data, message)
            feed.replace(row, workspace_id, event_id, data)
    metrics.EVENT_SECONDS.observe(max(0.0, (questions.now - row.stored_at).total_seconds()))
    at = row.stored_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{row.stored_at.microsecond // 1000:03d}Z"
    return {"id": event_id, "type": row.type, "at": at, "data": data}
