"""An authenticated call without HTTP: its key, its clients of Pumble, and the quotas that they take."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import connection

from keys.exceptions import OwnerNotAuthorized
from keys.key_cache import KeyRecord
from keys.limits import CallBudget, PumbleQuota
from keys.models import RequestLog
from keys.pumble_ids import PUMBLE_ID, is_pumble_id
from keys.usage import CallTrace
from pumble_bridge import client, clients, deadline, resilience
from pumble_bridge.client import Json, PumbleClient

_CHANNEL = re.compile(rf"/channels/({PUMBLE_ID})")
_MESSAGE = re.compile(rf"/messages/({PUMBLE_ID})")
_SPEAKERS = {"owner": RequestLog.Speaker.PERSON, "bot": RequestLog.Speaker.BOT}


@dataclass(frozen=True)
class ApiCall:
    """The key, and clients of Pumble for its owner and for the app's bot. Both are the bot's for a workspace key.

    Attributes:
        channels_by_id: ChannelInfo of the channels that this call asked for.
    """

    key: KeyRecord
    pumble: PumbleClient
    observer: "CallObserver"
    channels_by_id: dict[str, Json] = field(default_factory=dict)

    @property
    def owner_id(self) -> str:
        return self.key.bot_user_id if self.is_workspace_key else self.key.owner_pumble_id

    @property
    def is_workspace_key(self) -> bool:
        return self.key.owner_is_bot

    @property
    def bot_user_id(self) -> str:
        return self.key.bot_user_id

    @cached_property
    def bot(self) -> PumbleClient:
        """
        Raises:
            OwnerNotAuthorized: the bot's token cannot be read.
        """
        return _require_client(clients.client_for_key_bot(self.key, self.observer.for_sender("bot")))

    def allows(self, channel_id: str) -> bool:
        """Return whether the key may use this channel."""
        return self.key.channels is None or channel_id in self.key.channels


@dataclass(slots=True)
class CallObserver:
    """Take the limits of each call to Pumble, and record what it writes.

    Attributes:
        wrote: a request that changes something was about to be sent.
        would_send: in a dry run, the requests that were not sent: `{as, method, path, body}`.
        trace: what the request log keeps of the call: the last channel and message, or those that it wrote.
    """

    budget: CallBudget
    wrote: bool = False
    would_send: list[dict[str, Any]] = field(default_factory=list)
    trace: CallTrace = field(default_factory=CallTrace)

    def for_sender(self, sender: str) -> "SenderObserver":
        """Return the observer of calls as `owner` or as `bot`."""
        return SenderObserver(self, sender)

    def trace_ids(self, *, channel_id: str = "", message_id: str = "") -> None:
        """Keep these ids for the request log, if they are ids. The id of zeros of a dry run names nothing.

        Pumble's answers are not trusted. A text that is too long for its column would make the database refuse a batch of
        calls of all keys.
        """
        if is_pumble_id(channel_id) and channel_id != client.UNKNOWN_ID:
            self.trace.channel_id = channel_id
        if is_pumble_id(message_id) and message_id != client.UNKNOWN_ID:
            self.trace.message_id = message_id


@dataclass(frozen=True, slots=True)
class SenderObserver:
    call: CallObserver
    sender: str

    def before_call(self, path: str, quota: PumbleQuota | None, *, changes: bool) -> None:
        """
        Raises:
            RateLimited.
        """
        if changes or not self.call.wrote:
            ids = [match[1] if match else "" for match in (_CHANNEL.search(path), _MESSAGE.search(path))]
            self.call.trace_ids(channel_id=ids[0], message_id=ids[1])
        self.call.budget.hit_pumble_quota(quota, changes=changes)

    def before_write(self, method: str, path: str, body: dict[str, Any] | None) -> bool:
        """Return whether the request may be sent."""
        self.call.trace.speaker = _SPEAKERS[self.sender]
        if self.call.budget.dry_run:
            self.call.would_send.append({"as": self.sender, "method": method, "path": path, "body": body})
            return False
        self.call.wrote = True
        return True


def open_call(key: KeyRecord, observer: CallObserver) -> ApiCall:
    """Return the call of this key. Neither the database nor Pumble is asked.

    Raises:
        OwnerNotAuthorized: a token is missing or cannot be decrypted.
    """
    if key.encrypted_bot_token is None:
        raise OwnerNotAuthorized
    sender = observer.for_sender("bot" if key.owner_is_bot else "owner")
    return ApiCall(key, _require_client(clients.client_for_key_owner(key, sender)), observer)


@contextlib.contextmanager
def pumble_slot(call: ApiCall) -> Iterator[None]:
    """Run the block within the deadline of a call and a slot of the key's workspace.

    Raises:
        PumbleNotAsked: no slot is free.
    """
    connection.close_if_unusable_or_obsolete()  # release the database connection while waiting for Pumble
    with deadline.within(client.CALL_TIMEOUT), resilience.CALLS.slot(call.key.workspace_id):
        yield


@contextlib.contextmanager
def file_slot(key: KeyRecord) -> Iterator[None]:
    """Run the block within the deadline of a call with files, and a slot for such calls.

    Raises:
        PumbleNotAsked: no slot is free.
    """
    connection.close_if_unusable_or_obsolete()
    with deadline.within(client.FILE_TIMEOUT), resilience.FILES.slot(key.workspace_id):
        yield


def _require_client(pumble: PumbleClient | None) -> PumbleClient:
    if pumble is None:
        raise OwnerNotAuthorized
    return pumble
